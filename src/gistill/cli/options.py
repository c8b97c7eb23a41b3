"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_COLUMNS = "Columns (default: guessed)"

File = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="CSV, TSV, JSONL(.gz), Parquet, XLSX, text, a folder of text files, or - for standard input.",
    ),
]
Limit = Annotated[int | None, typer.Option(min=1, metavar="N", help="Read only the first N records. Default: all.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Start from the beginning. Default: continue an earlier run.")]
Seed = Annotated[int, typer.Option(help="Random seed.")]
ReaderPath = Annotated[
    Path | None, typer.Option("--reader", metavar="PATH", help="Folder of a reader. Default: the one in the package.")
]
Format = Annotated[
    str | None,
    typer.Option("--format", metavar="NAME", help="File format: csv, jsonl, parquet, lines, ... Default: detected."),
]

Encoding = Annotated[
    str | None, typer.Option(metavar="NAME", help="Text encoding: utf-8, cp1252, ... Default: detected.")
]

TextColumn = Annotated[str | None, typer.Option(metavar="NAME", rich_help_panel=_COLUMNS, help="Column with the text.")]
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


def columns(**named: str | None) -> dict[str, str]:
    """Keep the columns that were named, role -> column; "" says that no column plays a role."""
    return {role: column for role, column in named.items() if column is not None}
