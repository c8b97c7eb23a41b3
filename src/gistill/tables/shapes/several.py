"""Several tables as one: files that were named together, a folder of tables, an archive. The file is a column."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from gistill.errors import GistillError, InputError
from gistill.schema import Failure
from gistill.tables.shapes.sheets import Row, Rows, Sheet
from gistill.tables.values import cell_text
from gistill.text import count_words

_SAMPLE = 100  # rows of each table that say what it holds


class Table(NamedTuple):
    """One of several tables: what it is called, and how it is opened, which may be done more than once."""

    name: str
    open: Callable[[], Sheet]


def open_tables(tables: Sequence[Table], *, file: str, column: str = "file", named: bool = False) -> Sheet:
    """Read tables one after another as one, with what each is called in a column of its own.

    The one with most prose says which columns belong together. Those that share half of its columns, or of their own,
    are read too; the others are named in a note, or refused where the user named each of them.

    Args:
        tables: At least one, in order.
        file: What they are together, for errors.
        column: The name of the column with the tables' names; there is none where only one is read.
        named: Whether the user named each table.

    Raises:
        InputError: None can be opened; or one that was named cannot, or has other columns than the others.
    """
    looked, failed = _look(tables, named=named)
    if not looked:
        if len(failed) == 1 and len(tables) == 1:
            raise next(iter(failed.values()))
        listed = "; ".join(str(error) for error in itertools.islice(failed.values(), 3))
        raise InputError(f"holds no table that can be read: {listed}", file=file)
    best = max(looked, key=lambda name: (looked[name].prose, looked[name].rows))
    main = looked[best]
    alike = {name for name, one in looked.items() if _share(one.header, main.header)}
    apart = [name for name in looked if name not in alike]
    if named and apart:
        raise InputError(
            f"has other columns than {best}, so they cannot be read as one", file=apart[0], hint="Read them one by one."
        )
    names = list(dict.fromkeys(name for one in looked for name in looked[one].header if one in alike))
    header = tuple(names)
    if len(alike) > 1:
        column = next(name for name in (column, f"{column} name", f"{column} (2)") if name not in header)
        header = (*header, column)
    chosen = [table for table in tables if table.name in alike]
    rows = _rows(chosen, column if len(alike) > 1 else None, failed)
    notes = [note for name in alike for note in looked[name].sheet.notes]
    if apart:
        notes.append(f"not read, because their columns are others: {', '.join(apart[:10])}")
    return replace(
        main.sheet,
        rows=rows,
        header=header,
        text=None,
        notes=tuple(dict.fromkeys(notes)),
        questions={key: text for name in alike for key, text in looked[name].sheet.questions.items()},
    )


class _Looked(NamedTuple):
    sheet: Sheet  # its rows are used up
    header: tuple[str, ...]
    prose: int  # words, in the first rows
    rows: int


def _look(tables: Sequence[Table], *, named: bool) -> tuple[dict[str, _Looked], dict[str, GistillError]]:
    looked: dict[str, _Looked] = {}
    failed: dict[str, GistillError] = {}
    for table in tables:
        try:
            sheet = table.open()
        except GistillError as error:
            if named:
                raise
            failed[table.name] = error
            continue
        rows = [row for row in itertools.islice(sheet.rows, _SAMPLE) if isinstance(row, Row)]
        close_rows(sheet.rows)
        header = sheet.header or tuple(dict.fromkeys(name for row in rows for name in row.cells))
        prose = sum(_words(row.cells) for row in rows)
        looked[table.name] = _Looked(sheet, header, prose, len(rows))
    return looked, failed


def _words(cells: Mapping[str, object]) -> int:
    counts = (count_words(cell_text(cell)[:2_000]) for cell in cells.values() if isinstance(cell, str | list))
    return sum(count for count in counts if count > 2)


def _share(one: Sequence[str], other: Sequence[str]) -> bool:
    common = len(set(one) & set(other))
    return common > 0 and common >= 0.5 * min(len(set(one)), len(set(other)))


def _rows(tables: Sequence[Table], column: str | None, failed: Mapping[str, GistillError]) -> Rows:
    for name, error in failed.items():
        yield Failure(kind="unreadable", record=name, detail=str(error))
    for table in tables:
        try:
            sheet = table.open()
        except GistillError as error:
            yield Failure(kind="unreadable", record=table.name, detail=str(error))
            continue
        try:
            for row in sheet.rows:
                if isinstance(row, Row) and column is not None:
                    row = row._replace(cells={**row.cells, column: table.name}, file=row.file or table.name)
                yield row
            if sheet.text is not None and sheet.text.recoded:
                yield Failure(
                    kind="encoding", record=table.name, detail=f"{sheet.text.recoded} bytes are not {sheet.encoding}"
                )
        finally:
            close_rows(sheet.rows)


def close_rows(rows: Iterator[object]) -> None:
    """Close what rows are read from, where they were not read to their end."""
    close = getattr(rows, "close", None)
    if close is not None:
        close()
