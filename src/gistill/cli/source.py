"""Opening what the user named, and showing how it is read before it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gistill.tables import Table, TableInfo
    from gistill.tables.shapes.sheets import Layout, Source


def open_source(
    source: Source,
    columns: Mapping[str, str],
    how: Layout,
    *,
    say: Callable[[str], None] = lambda message: None,
) -> Table:
    """Open a source and say what it was taken for and which column plays which role."""
    from gistill.tables import open_table

    table = open_table(source, columns=columns, **how)
    say(describe(table.info))
    for note in table.info.notes:
        say(f"Note: {note}.")
    return table


def describe(info: TableInfo) -> str:
    """Say in one line what a source was taken for."""
    name = "standard input" if info.file == "-" else info.file
    how = ", ".join(part for part in (info.format, info.encoding) if part)
    roles = ", ".join(role if role == column else f"{role} = {column!r}" for role, column in info.columns.items())
    return f"Reading {name} ({how}): {roles}." if roles else f"Reading {name} ({how})."
