"""Opening what the user named, and showing how it is read before it is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from gistill.errors import UnsureError
    from gistill.tables import Table
    from gistill.tables.columns import Overrides
    from gistill.tables.shapes.sheets import Layout, Source


def open_source(
    source: Source,
    columns: Overrides,
    how: Layout,
    *,
    by: Sequence[str] = (),
    as_of: str | None = None,
    say: Callable[[str], None] = lambda message: None,
) -> Table:
    """Open a source and say what it was taken for, which columns are read and which are not.

    Where nothing tells which columns hold the customers' words, a terminal is asked; elsewhere an error names the flag.
    """
    from gistill.errors import UnsureError
    from gistill.tables import open_table, tell

    day = _day(as_of)
    try:
        table = open_table(source, columns=columns, by=by, as_of=day, **how)
    except UnsureError as error:
        if not is_terminal():
            raise
        chosen = {**columns, "text": _ask_for_texts(error, say)}
        table = open_table(source, columns=chosen, by=by, as_of=day, **how)
    for line in tell(table.info):
        say(line)
    for note in table.info.notes:
        say(f"Note: {note}.")
    return table


def check_out(out: Path, files: Sequence[str], *, such_as: str) -> None:
    """Refuse a file that cannot be written, or is one of those that are read.

    Raises:
        InputError: Its folder does not exist; it is a folder; it is read.
    """
    from gistill.errors import InputError

    if not out.parent.is_dir():
        raise InputError("its folder does not exist", file=str(out))
    if out.is_dir():
        raise InputError("is a folder", file=str(out), hint=f"Name the file to write, such as {such_as}.")
    if out.exists() and any(file != "-" and out.samefile(file) for file in files):
        raise InputError("is the file to be read", file=str(out), hint="Name another file with -o.")


def is_terminal() -> bool:
    """Say whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _day(as_of: str | None) -> dt.date | None:
    from gistill.errors import SettingError
    from gistill.tables.dates import parse_date

    day = None if as_of is None else parse_date(as_of)
    if as_of is not None and day is None:
        raise SettingError(f"--as-of {as_of!r} is no date", hint="Write it as 2026-05-31.")
    return day


def _ask_for_texts(error: UnsureError, say: Callable[[str], None]) -> list[str]:
    import typer

    say(f"{error}.")
    for number, column in enumerate(error.columns, 1):
        say(f"  {number}  {column}")
    answer = typer.prompt("Which of them hold the customers' words? Numbers, with commas between", err=True)
    numbers = [int(part) for part in str(answer).replace(",", " ").split() if part.isdecimal()]
    chosen = [error.columns[number - 1] for number in numbers if 1 <= number <= len(error.columns)]
    if not chosen:
        raise error
    return chosen
