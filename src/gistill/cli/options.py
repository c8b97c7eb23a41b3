"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gistill.tables.columns import Overrides
    from gistill.tables.shapes.sheets import Layout

_COLUMNS = "Columns (default: guessed)"

Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE...",
        help="Tables, JSON, workbooks, texts, mail, archives: see docs/files.md. Several files or a folder are read as "
        "one; - is standard input.",
    ),
]
Limit = Annotated[int | None, typer.Option(min=1, metavar="N", help="Read only the first N records. Default: all.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Start from the beginning. Default: continue an earlier run.")]
Seed = Annotated[int, typer.Option(help="Random seed.")]
ReaderPath = Annotated[
    Path | None,
    typer.Option(
        "--reader",
        metavar="NAME",
        help="small, multilingual, large (not shipped yet), or the folder of a reader. Default: small, and for "
        "languages that it does not read multilingual where that is installed.",
    ),
]
Format = Annotated[
    str | None,
    typer.Option("--format", metavar="NAME", help="File format: csv, jsonl, parquet, lines, ... Default: detected."),
]

Encoding = Annotated[
    str | None, typer.Option(metavar="NAME", help="Text encoding: utf-8, cp1252, ... Default: detected.")
]
HeaderRow = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Number of the row that names the columns. Default: found."),
]
SheetName = Annotated[
    str | None, typer.Option("--sheet", metavar="NAME", help="Read only this sheet of a workbook. Default: found.")
]
RecordsPath = Annotated[
    str | None,
    typer.Option("--records", metavar="PATH", help="Where a JSON file holds its records: feed.entry. Default: found."),
]

TextColumn = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", rich_help_panel=_COLUMNS, help="Column with text; give it once for each of several."),
]
By = Annotated[
    list[str] | None,
    typer.Option(
        "--by",
        metavar="NAME",
        rich_help_panel=_COLUMNS,
        help="Count by each value of this column too: version, device, store, agent, ...; may be given several times.",
    ),
]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="DATE",
        rich_help_panel=_COLUMNS,
        help="Day on which the file was made, to read dates such as 2 weeks ago. Default: they are left empty.",
    ),
]
MessagesColumn = Annotated[
    str | None,
    typer.Option(metavar="NAME", rich_help_panel=_COLUMNS, help="Column with conversations: [{role, content}, ...]."),
]
IdColumn = Annotated[
    str | None, typer.Option(metavar="NAME", rich_help_panel=_COLUMNS, help="Column that identifies a record.")
]
EntityColumn = Annotated[
    str | None,
    typer.Option(metavar="NAME", rich_help_panel=_COLUMNS, help="Column with the product, hotel, service, ..."),
]
AuthorColumn = Annotated[
    str | None,
    typer.Option(metavar="NAME", rich_help_panel=_COLUMNS, help="Column with the person; people are counted by it."),
]
RatingColumn = Annotated[
    str | None, typer.Option(metavar="NAME", rich_help_panel=_COLUMNS, help="Column with a rating, for example stars.")
]
DateColumn = Annotated[str | None, typer.Option(metavar="NAME", rich_help_panel=_COLUMNS, help="Column with the date.")]
LanguageColumn = Annotated[
    str | None, typer.Option(metavar="NAME", rich_help_panel=_COLUMNS, help="Column with the language, for example en.")
]


def layout(
    table_format: str | None, encoding: str | None, header_row: int | None, sheet: str | None, records: str | None
) -> Layout:
    """Gather what the user said of the form of a file."""
    return {
        "format": table_format,
        "encoding": encoding,
        "header_row": header_row,
        "sheet": sheet,
        "records": records,
    }


def columns(**named: str | list[str] | None) -> Overrides:
    """Keep the columns that were named, role -> column or columns; "" says that no column plays a role."""
    return {role: column for role, column in named.items() if column is not None}
