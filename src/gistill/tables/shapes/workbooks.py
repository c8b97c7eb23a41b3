"""Workbooks (XLSX, XLSM, XLSB, XLS, ODS): a source in, a `Sheet` out. A workbook is held as a whole.

calamine, which reads them, makes a rectangle of each sheet, from the first to the last filled cell, in memory; where
that is not to be had, the process aborts. So an XLSX is measured first, and others are tried in a process of their own.
"""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple

from gistill.errors import InputError, SettingError
from gistill.tables.shapes.archives import BROKEN
from gistill.tables.shapes.grids import Numbered, name_cells, unescape
from gistill.tables.shapes.headers import Header, find_header
from gistill.tables.shapes.limits import LARGE, MAX_CELL, MAX_COLUMNS, MAX_SHEET_CELLS, MAX_WORKBOOK, PACKED_TIGHT
from gistill.tables.shapes.sheets import Layout, Row, Rows, Sheet
from gistill.tables.shapes.sources import ByteSource
from gistill.text import count_words

_SAMPLE = 200  # rows
_CELL = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*(?<!/)>(?!</)')
_BLOCK = 1 << 20  # bytes
# Opens every sheet with the memory of a process bounded; what it prints is not read, only whether it ends well.
_TRY = """
import sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (4_000_000_000, 4_000_000_000))
    resource.setrlimit(resource.RLIMIT_CPU, (50, 50))
except ImportError:
    pass
import python_calamine
book = python_calamine.CalamineWorkbook.from_filelike(sys.stdin.buffer)
cells = [sheet.height * sheet.width for sheet in map(book.get_sheet_by_name, book.sheet_names) if sheet.start]
sys.exit(max(cells, default=0) > int(sys.argv[1]) and 7)
"""


class _Table(NamedTuple):
    """A sheet that holds rows, and what was found out about it."""

    name: str
    rows: Iterator[Numbered]
    header: Header
    last: int  # the number of the header's last row
    words: int  # of prose in the first rows, twice where the table has several columns
    rows_seen: int  # below the header, in the first rows


def open_workbook(source: ByteSource, how: Layout) -> Sheet:
    """Open the sheet that holds most text, and all visible sheets with its header; the others are named in a note.

    A merged cell holds for all the rows it covers. Where several sheets are read, the column "sheet" says which.

    Raises:
        InputError: It cannot be read, is too large, holds no rows, or has a cell far away from all others.
        SettingError: There is no sheet of that name, or no such header row in it.
    """
    import python_calamine as calamine

    handle = source.seekable()
    _measure(source, handle)
    handle.seek(0)
    try:
        book = calamine.CalamineWorkbook.from_filelike(handle)
        visible = [sheet.name for sheet in book.sheets_metadata if sheet.visible == calamine.SheetVisibleEnum.Visible]
        names = _chosen(how.get("sheet"), visible or book.sheet_names, book.sheet_names, source.name)
        sheets = [(name, book.get_sheet_by_name(name)) for name in names]
    except (calamine.CalamineError, OSError) as error:
        raise _unreadable(source, error) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # what calamine raises for files it did not foresee
            raise
        raise _unreadable(source, error) from None
    tables = [_look(name, sheet, how, source.name) for name, sheet in sheets if sheet.start is not None]
    filled = [table for table in tables if table is not None]
    if not filled:
        raise InputError("holds no rows", file=source.name)
    best = max(filled, key=lambda table: (table.rows_seen > 1, table.words))
    alike = [table for table in filled if _is_alike(table, best)]
    apart = [table.name for table in filled if table not in alike]
    notes = list(best.header.notes)
    if apart:
        notes.append(f"these sheets are not read: {', '.join(map(repr, apart[:10]))} (--sheet NAME reads one)")
    header = tuple(dict.fromkeys(name for table in alike for name in table.header.names))
    column = "sheet" if "sheet" not in header else "sheet name"
    return Sheet(
        "xlsx",
        _rows(alike, column if len(alike) > 1 else None),
        (*header, column) if len(alike) > 1 else header,
        has_header=best.header.place is not None,
        notes=tuple(notes),
        questions=best.header.questions,
    )


def _chosen(wanted: str | None, visible: Sequence[str], every: Sequence[str], file: str) -> list[str]:
    if wanted is None:
        return list(visible)
    found = [name for name in every if name == wanted] or [n for n in every if n.casefold() == wanted.casefold()]
    if not found:
        listed = ", ".join(map(repr, every[:20]))
        raise SettingError(f"there is no sheet {wanted!r}; the sheets are: {listed}", file=file)
    return found[:1]


def _is_alike(table: _Table, best: _Table) -> bool:
    one, other = set(table.header.names), set(best.header.names)
    if table is best:
        return True
    named = table.header.place is not None and best.header.place is not None
    return named and len(one & other) >= 0.8 * max(len(one), len(other))


def _rows(tables: Sequence[_Table], column: str | None) -> Rows:
    for table in tables:
        for row in name_cells(table.rows, table.header, last=table.last):
            if isinstance(row, Row) and column is not None:
                row = row._replace(cells={**row.cells, column: table.name})
            yield row


def _look(name: str, sheet: Any, how: Layout, file: str) -> _Table | None:
    numbered = _numbered(sheet)
    first: list[Numbered] = []
    for row in numbered:
        first.append(row)
        if len(first) == _SAMPLE:
            break
    if not first:
        return None
    texts = [(number, ["" if cell is None else str(cell) for cell in cells]) for number, cells in first]
    width = max(len(cells) for _, cells in texts)
    try:
        header = find_header(
            texts, width=width, named=how.get("header"), header_row=how.get("header_row"), file=f"{file}, sheet {name}"
        )
    except SettingError:
        if how.get("sheet") is not None:
            raise
        return None
    last = 0 if header.place is None else texts[header.place + header.rows - 1][0]
    words = sum(count_words(cell) for number, cells in texts if number > last for cell in cells if len(cell) > 12)
    below = sum(number > last for number, _ in texts)
    rows = _filled_down(itertools.chain(first, numbered), sheet, last)
    return _Table(name, rows, header, last, words * (2 if len(header.names) > 1 else 1), below)


def _numbered(sheet: Any) -> Iterator[Numbered]:
    """Give the rows of a sheet that hold anything, with their numbers as the sheet shows them."""
    start = sheet.start[0] + 1
    rows = sheet.to_python(skip_empty_area=True)
    for number, row in enumerate(rows, start):
        if any(cell != "" and cell is not None for cell in row):
            yield number, [unescape(cell) for cell in row]


def _filled_down(rows: Iterator[Numbered], sheet: Any, last: int) -> Iterator[Numbered]:
    """Give the cells that are merged with one above them its value."""
    try:
        ranges = sheet.merged_cell_ranges or []
    except Exception:
        ranges = []
    left = sheet.start[1]
    merged = {
        (row + 1, start[1] - left): start[0] + 1
        for start, end in ranges[:10_000]
        if start[0] + 1 > last and end[0] - start[0] < 10_000
        for row in range(start[0] + 1, end[0] + 1)
    }
    tops = {(top, column) for (_, column), top in merged.items()}
    values: dict[tuple[int, int], object] = {}
    for number, cells in rows:
        filled = list(cells)
        for column in range(len(filled)) if merged else ():
            if (number, column) in tops:
                values[number, column] = filled[column]
            elif (top := merged.get((number, column))) is not None and filled[column] in ("", None):
                filled[column] = values.get((top, column), "")
        yield number, filled


def _measure(source: ByteSource, handle: BinaryIO) -> None:
    """Refuse what would not fit into the memory.

    Raises:
        InputError: A sheet reaches too far, a text in it is too long, or it unpacks to too much.
    """
    if source.head.startswith(b"PK") and _measure_parts(source, handle):
        return
    handle.seek(0)
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", _TRY, str(MAX_SHEET_CELLS)], stdin=handle, capture_output=True, timeout=60
        )
    except subprocess.TimeoutExpired:
        raise InputError("takes more than a minute to open, so it is not read", file=source.name) from None
    if done.returncode in (0, 1):  # 1: an error that the same call here says in words
        return
    raise InputError(
        "has a cell too far away from the others, or more text than a workbook can be held with",
        file=source.name,
        hint="Delete what stands outside of the table, or save it as CSV.",
    )


def _measure_parts(source: ByteSource, handle: BinaryIO) -> bool:
    """Measure what the parts of a workbook unpack to, of an XLSX also its cells; False where it is of another kind."""
    try:
        with zipfile.ZipFile(handle) as archive:
            infos = archive.infolist()
            xlsx = any(info.filename == "xl/workbook.xml" for info in infos)
            total = 0
            for info in infos:
                if not xlsx or (info.filename.startswith("xl/") and info.filename.endswith(".xml")):
                    with archive.open(info) as part:
                        total += _measure_part(source, info, iter(lambda part=part: part.read(_BLOCK), b""), total)  # type: ignore[misc]
    except BROKEN as error:
        raise _unreadable(source, error) from None
    return xlsx


def _measure_part(source: ByteSource, info: zipfile.ZipInfo, blocks: Iterator[bytes], before: int) -> int:
    """Measure one part: its size, its longest text, and how far its cells reach."""
    size = text = last_row = last_column = 0
    first_row, first_column = 1 << 30, 1 << 30
    rest = b""
    for block in blocks:
        size += len(block)
        if before + size > MAX_WORKBOOK or (size > LARGE and size > PACKED_TIGHT * max(info.compress_size, 1)):
            raise _too_large(source, "unpacks to far more than a table of its size holds")
        if not info.filename.endswith(".xml"):  # an XLSB's is not made of tags
            continue
        first, last = block.find(b"<"), block.rfind(b"<")
        if max(text + (first if first >= 0 else len(block)), _longest(block)) > 4 * MAX_CELL:
            raise _too_large(source, f"has a cell of more than {MAX_CELL:,} characters")
        text = len(block) - last if last >= 0 else text + len(block)
        if not info.filename.startswith("xl/worksheets/"):
            continue
        data = rest + block
        for found in _CELL.finditer(data):
            row, column = int(found[2]), _column(found[1])
            first_row, first_column = min(first_row, row), min(first_column, column)
            last_row, last_column = max(last_row, row), max(last_column, column)
        rest = data[-200:] if len(data) > 200 else data
    if last_row and last_column - first_column + 1 > MAX_COLUMNS:
        raise _too_large(source, f"has a cell in column {last_column:,}; at most {MAX_COLUMNS:,} columns are read")
    if last_row and (last_row - first_row + 1) * (last_column - first_column + 1) > MAX_SHEET_CELLS:
        raise _too_large(source, f"has a sheet of {last_row:,} rows and {last_column:,} columns")
    return size


def _longest(block: bytes) -> int:
    return max(map(len, re.findall(rb">[^<]{100000,}", block)), default=0)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _too_large(source: ByteSource, reason: str) -> InputError:
    return InputError(reason, file=source.name, hint="Delete what stands outside of the table, or save it as CSV.")


def _unreadable(source: ByteSource, error: BaseException) -> InputError:
    detail = str(error).strip().split("\n")[0][:200]
    return InputError(f"is not a workbook that can be read: {detail}", file=source.name)
