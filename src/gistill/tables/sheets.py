"""A source whose form is known: what was found out about it, and its rows as cells by column name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from gistill.schema import Failure
from gistill.tables.sources import TextSource


class Row(NamedTuple):
    """One row: where it stands, and its cells by column name."""

    number: int | None  # from 1; None where a file is one record
    cells: Mapping[str, object]
    file: str | None = None  # where it is not the source itself: a file of a folder


Rows = Iterator[Row | Failure]


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


def flatten(value: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Name the members of nested objects with a dot: {"user": {"name": 1}} gives {"user.name": 1}."""
    cells: dict[str, object] = {}
    for key, member in value.items():
        if isinstance(member, Mapping) and prefix.count(".") < 8:
            cells.update(flatten(member, f"{prefix}{key}."))
        else:
            cells[f"{prefix}{key}"] = member
    return cells
