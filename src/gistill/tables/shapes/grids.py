"""Rows of cells to rows of named cells: for every form that is a grid, be it CSV, a workbook or markup."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from gistill.schema import Failure
from gistill.tables.shapes.headers import Header, is_total
from gistill.tables.shapes.limits import MAX_CELL
from gistill.tables.shapes.sheets import Row, Rows

Numbered = tuple[int, Sequence[object]]  # the number of a row, from 1, and its cells
# What a spreadsheet shows where a formula failed: nothing that anybody wrote.
ERRORS = frozenset(("#NAME?", "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#FIELD!"))
_TEXT_NUMBER = re.compile(r"'[+-]?\d+(?:[.,]\d+)?")  # the apostrophe keeps a spreadsheet from reading a number
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def name_cells(
    rows: Iterator[Numbered | Failure],
    header: Header,
    *,
    last: int,
    fit: Callable[[Sequence[object], int], Sequence[object] | str] | None = None,
) -> Rows:
    """Give each row's cells the names of their columns.

    Blank rows, the header where it comes again in files that were put together, and rows that sum up the others are no
    rows. A cell of more than `MAX_CELL` characters makes its row a failure.

    Args:
        rows: All rows, those above the header too.
        header: What `find_header` found.
        last: The number of the last row of the header; rows up to it are passed over. 0 where there is none.
        fit: Makes a row fit the number of columns, or says why it does not; None where short rows are filled up.
    """
    names = header.names
    for row in rows:
        number = row.row or 0 if isinstance(row, Failure) else row[0]
        if number <= last:
            continue
        if isinstance(row, Failure):
            yield row
            continue
        cells = [plain(cell) for cell in row[1]]
        if not any(cell is not None and cell != "" and str(cell).strip() for cell in cells) or (
            header.place is not None and _is_no_row(cells, names)
        ):
            continue
        fitted = fit(cells, len(names)) if fit is not None and len(cells) != len(names) else cells
        if isinstance(fitted, str):
            yield Failure(kind="bad_row", row=number, detail=fitted)
        elif too_long := next((n for n, cell in zip(names, fitted, strict=False) if _is_too_long(cell)), None):
            yield Failure(
                kind="bad_row", row=number, detail=f"column {too_long!r} holds more than {MAX_CELL:,} characters"
            )
        else:
            yield Row(number, dict(zip(names, fitted, strict=False)))


def _is_no_row(cells: Sequence[object], names: Sequence[str]) -> bool:
    first = next((str(cell).strip() for cell in cells if cell is not None and str(cell).strip()), "")
    if len(first) > 40:
        return False
    return is_total([str(cell) for cell in cells if cell is not None]) or (
        len(cells) >= len(names) > 1 and all(str(c).strip() == n for c, n in zip(cells, names, strict=False))
    )


def _is_too_long(cell: object) -> bool:
    return isinstance(cell, str) and len(cell) > MAX_CELL


def plain(cell: object) -> object:
    """Take from a cell what a spreadsheet shows where a formula failed."""
    return "" if isinstance(cell, str) and cell[:1] == "#" and cell.strip() in ERRORS else cell


def unescape(cell: object) -> object:
    r"""Undo a workbook's ways to write: "_x000D_" is a carriage return, "\r\n" a line break, "'5" the number 5."""
    if not isinstance(cell, str):
        return cell
    if _TEXT_NUMBER.fullmatch(cell):
        return cell[1:]
    if "_x" in cell:
        cell = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), cell)
    return cell.replace("\r\n", "\n").replace("\r", "\n")
