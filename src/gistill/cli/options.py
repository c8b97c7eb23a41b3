"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_COLUMNS = "Columns (guessed when not given)"

File = Annotated[
    str, typer.Argument(metavar="FILE", help="CSV, TSV, JSONL(.gz), Parquet, XLSX, a folder of text files, or -.")
]
Limit = Annotated[int | None, typer.Option(min=1, metavar="N", help="Read only the first N records.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Begin afresh; do not go on from an earlier run.")]
Seed = Annotated[int, typer.Option(help="Random seed.")]
ReaderPath = Annotated[
    Path | None, typer.Option("--reader", metavar="PATH", help="A reader's model folder; else the shipped one.")
]
Format = Annotated[
    str | None,
    typer.Option("--format", metavar="NAME", help="csv, jsonl, parquet, lines, ...; else found out."),
]

Encoding = Annotated[str | None, typer.Option(metavar="NAME", help="utf-8, cp1252, ...; else found out.")]

TextColumn = Annotated[str | None, typer.Option(metavar="NAME", rich_help_panel=_COLUMNS)]
MessagesColumn = Annotated[
    str | None, typer.Option(metavar="NAME", rich_help_panel=_COLUMNS, help="Conversations: [{role, content}, ...].")
]
IdColumn = Annotated[str | None, typer.Option(metavar="NAME", rich_help_panel=_COLUMNS)]
EntityColumn = Annotated[
    str | None, typer.Option(metavar="NAME", rich_help_panel=_COLUMNS, help="Product, hotel, service, ...")
]
AuthorColumn = Annotated[str | None, typer.Option(metavar="NAME", rich_help_panel=_COLUMNS)]
RatingColumn = Annotated[str | None, typer.Option(metavar="NAME", rich_help_panel=_COLUMNS)]
DateColumn = Annotated[str | None, typer.Option(metavar="NAME", rich_help_panel=_COLUMNS)]
LanguageColumn = Annotated[str | None, typer.Option(metavar="NAME", rich_help_panel=_COLUMNS)]


def columns(**named: str | None) -> dict[str, str]:
    """Keep the columns that were named, role -> column; "" says that no column plays a role."""
    return {role: column for role, column in named.items() if column is not None}
