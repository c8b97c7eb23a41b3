"""A source whose form is known: what was found out about it, and its rows as cells by column name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypedDict

from gistill.schema import Failure
from gistill.tables.shapes.sources import TextSource

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame


class Row(NamedTuple):
    """One row: where it stands, and its cells by column name."""

    number: int | None  # from 1; None where a file is one record
    cells: Mapping[str, object]
    file: str | None = None  # where it is not the source itself: a file of a folder


Rows = Iterator[Row | Failure]
# a file, a folder, "-", several files, or a data frame (of pandas, polars, pyarrow: what narwhals reads)
Source: TypeAlias = "str | Path | Sequence[str | Path] | IntoDataFrame"


class Layout(TypedDict, total=False):
    """What the user says of a source's form; what is not named, or None, is found out."""

    format: str | None  # one of formats.FORMATS; any of them may be gzipped
    encoding: str | None  # a Python codec name, for text formats
    header: bool | None  # whether there is a row that names the columns
    header_row: int | None  # its number, from 1, as an editor counts lines and a sheet counts rows
    sheet: str | None  # the only sheet of a workbook to be read
    records: str | None  # where in a JSON document the records are: "feed.entry", "$.products[*].reviews"


@dataclass(frozen=True)
class Sheet:
    """A source whose form is known: what was found out about it, and its rows, to be read once."""

    format: str
    rows: Rows
    header: tuple[str, ...] | None = None  # None: the keys of the sampled rows
    encoding: str | None = None
    delimiter: str | None = None
    has_header: bool = True
    text: TextSource | None = None
    notes: tuple[str, ...] = ()
    questions: Mapping[str, str] = field(
        default_factory=dict
    )  # column -> what was asked, where a second header says it


def source_name(source: Source) -> str:
    """Name a source for messages: the path as the user wrote it; of several files the first and how many follow."""
    if isinstance(source, str | Path):
        return str(source)
    if not isinstance(source, Sequence):
        return "data frame"
    return str(source[0]) + (f" and {len(source) - 1} more" if len(source) > 1 else "")


def comes_twice(source: Source) -> bool:
    """Say whether a source can be opened again: what comes through a pipe comes once."""
    if not isinstance(source, str | Path | Sequence):
        return True  # a data frame
    paths = [source] if isinstance(source, str | Path) else source
    return all(str(path) != "-" and Path(path).is_file() for path in paths)


def flatten(value: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Name the members of nested objects with a dot: {"user": {"name": 1}} gives {"user.name": 1}."""
    cells: dict[str, object] = {}
    for key, member in value.items():
        if isinstance(member, Mapping) and prefix.count(".") < 8:
            cells.update(flatten(member, f"{prefix}{key}."))
        else:
            cells[f"{prefix}{key}"] = member
    return cells
