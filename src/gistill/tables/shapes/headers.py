"""Where the header of a table stands: below titles and preambles, with second header rows, or nowhere."""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gistill.errors import InputError, SettingError
from gistill.tables.columns import is_known_name
from gistill.tables.dates import parse_date
from gistill.tables.shapes.limits import MAX_COLUMNS
from gistill.tables.values import fold, parse_rating
from gistill.text import count_words

_DEEPEST = 40  # rows above a header
_FILLERS = {"", "-", "--", "n/a", "na", "nan", "none", "null", "nil", "unknown", "?", "."}
# What the second header row of a survey says above answers that have no choices.
_GENERIC = {"response", "open-ended response", "antwort", "offene antwort", "reponse", "respuesta"}
_TOTALS = {
    "total", "totals", "grand total", "sum", "average", "mean", "gesamt", "summe", "durchschnitt", "gesamtergebnis",
    "somme", "moyenne", "total general", "promedio", "suma", "totale", "media", "合计", "总计", "合計",
}  # fmt: skip
_IMPORT_ID = re.compile(r"""\s*\{\s*["']+ImportId["']""")
_ASKS = re.compile(r"[?？]\s*(?:[\[(].*[\])])?\s*\*?$|[:：]\s*\*?$|\]\s*$", re.DOTALL)
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0e-\x1f\x7f-\x9f]")


class Header(NamedTuple):
    """Where the header stands in the rows that were looked at, and what it says."""

    place: int | None  # in the rows given; None where no row names the columns
    rows: int  # how many rows belong to it, 0 where there is none
    names: tuple[str, ...]
    questions: Mapping[str, str]  # column -> what was asked, where a second row says it
    notes: tuple[str, ...] = ()


def find_header(
    rows: Sequence[tuple[int, Sequence[str]]],
    *,
    width: int = 0,
    named: bool | None = None,
    header_row: int | None = None,
    file: str = "",
) -> Header:
    """Find the row that names the columns, and the rows after it that belong to it.

    Args:
        rows: The first rows with their numbers from 1, blank ones left out; at least one.
        width: Columns to be named at least; 0 for as many as the widest row has.
        named: Whether there is a header; None to find it out. True: it is the first row.
        header_row: The number of its row, as the user gave it.
        file: Named in errors.

    Raises:
        InputError: There are more than `MAX_COLUMNS` columns.
        SettingError: `header_row` is not the number of one of the rows.
    """
    cells = [list(row) for _, row in rows]
    width = width or max(map(len, cells))
    _check_width(max(width, len(cells[0])), file)
    place: int | None
    if header_row is not None:
        numbers = [number for number, _ in rows]
        if header_row not in numbers:
            raise SettingError(
                f"row {header_row} cannot be the header: it is not one of the first filled rows", file=file
            )
        place = numbers.index(header_row)
    elif named is not None:
        place = 0 if named else None
    else:
        place = _find(cells)
    if place is None:
        names = name_columns([""] * max(width, len(cells[0])), file=file)
        return Header(None, 0, names, {}, (_NO_HEADER,) if named is None else ())
    width = max(width, len(cells[place]))
    extra = _extra_rows(cells[place:])
    labels = _filled_up(cells[place], width)
    asked: list[str] = [""] * width
    if extra:
        labels, asked = _two_rows(labels, _filled_up(cells[place + 1], width))
    names = name_columns(labels, file=file)
    questions = {name: text for name, text in zip(names, asked, strict=True) if text}
    above = f"the columns are named in row {rows[place][0]}; what stands above it is not read"
    return Header(place, 1 + extra, names, questions, (above,) if place and header_row is None else ())


_NO_HEADER = "the first row is read as data: it does not look like a header"


def _filled_up(cells: Sequence[str], width: int) -> list[str]:
    return [*cells[:width], *[""] * (width - len(cells))]


def _find(rows: Sequence[Sequence[str]]) -> int | None:
    """Find the row above the data: the first one not poorer than they are, whose cells name what stands below."""
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    typical = statistics.median_high(filled)
    for place in range(min(len(rows), _DEEPEST)):
        if place and filled[place] <= max(filled[:place]):
            continue
        if typical > 1 and filled[place] < max(2, 0.6 * typical):
            continue
        strength = header_strength(rows[place:])
        if strength and (place == 0 or (strength > 1 and filled[place] > 1)):
            return place
    return None


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Say whether the first row names the columns."""
    return bool(header_strength(rows))


def header_strength(rows: Sequence[Sequence[str]]) -> int:
    """Judge whether the first row names the columns: 0 no, 1 it may, 2 it does.

    No cell of a header reads as a value. It is one for certain where a cell is a known column name, where the cells
    below read as numbers or dates and it does not, or where it asks a question and the cells below do not; and it may
    be one where all cells are short and different and, in some column, the cells below are much longer.
    """
    first = [cell.strip() for cell in rows[0]]
    filled = [cell for cell in first if cell]
    if not filled or any(is_value(cell) for cell in filled):
        return 0
    below = [row for row in rows[1:] if list(map(str.strip, row)) != first]  # files put together repeat their header
    if any(map(is_known_name, first)) and all(_is_label(cell) for cell in first):
        return 2
    columns = [
        (cell, [row[place].strip() for row in below if place < len(row) and row[place].strip()])
        for place, cell in enumerate(first)
        if cell
    ]
    if any(fold(cell) not in _FILLERS and _mostly_values(values) for cell, values in columns):
        return 2
    if any(cell.casefold() in {value.casefold() for value in values} for cell, values in columns):
        return 0
    if any(_ASKS.search(cell) and values and not _mostly_ask(values) for cell, values in columns):
        return 2
    if len(set(filled)) < len(filled) or any(len(cell) > 60 for cell in filled):
        return 0
    return int(any(_much_longer(cell, values) for cell, values in columns))


def _is_label(cell: str) -> bool:
    return count_words(cell) <= 12 or bool(_ASKS.search(cell))


def _mostly_values(values: Sequence[str]) -> bool:
    return bool(values) and sum(map(is_value, values)) >= 0.8 * len(values)


def _mostly_ask(values: Sequence[str]) -> bool:
    return sum(bool(_ASKS.search(value)) for value in values) >= 0.3 * len(values)


def _much_longer(cell: str, values: Sequence[str]) -> bool:
    return bool(values) and statistics.median(map(len, values)) >= 3 * len(cell) and cell[-1:] not in ".!。！"


def is_value(cell: str) -> bool:
    """Say whether a cell is a number, a rating with a number in it, or a date, and so never a column's name."""
    if not any(char.isdigit() or char in "★⭐" for char in cell) or len(cell) > 100:
        return False
    return parse_rating(cell) is not None or parse_date(cell) is not None or cell.replace(".", "", 1).isdigit()


def _extra_rows(rows: Sequence[Sequence[str]]) -> int:
    """Count the rows that follow the first one and still belong to the header: question texts, import ids, choices."""
    for place, row in enumerate(rows[1:4], 1):
        filled = [cell for cell in row if cell.strip()]
        if filled and sum(bool(_IMPORT_ID.match(cell)) for cell in filled) >= 0.5 * len(filled):
            return place
    return int(len(rows) > 2 and _is_second_header(rows[0], rows[1], rows[2:]))


def _is_second_header(first: Sequence[str], second: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    cells = [cell.strip() for cell in _filled_up(second, len(first))]
    if any(is_value(cell) for cell in cells if cell) or not any(cells):
        return False
    columns = [[row[place].strip() for row in below if place < len(row)] for place in range(len(first))]
    hold_values = [
        place
        for place, values in enumerate(columns)
        if _mostly_values([value for value in values if value]) and sum(map(bool, values)) >= 0.8 * len(values)
    ]
    words = [place for place in hold_values if fold(cells[place]) not in _FILLERS]
    if len(words) >= 2 and len(words) >= 0.5 * len(hold_values):
        return True
    labels = [fold(cell) for cell in cells if cell]
    unnamed = any(cell and not name.strip() for cell, name in zip(cells, first, strict=True))
    known = any(label in _GENERIC or label.startswith("other (please") for label in labels)
    bare = all(not cells[place] or fold(cells[place]) in _GENERIC for place in hold_values)
    return bool(hold_values) and bare and (unnamed or known)


def _two_rows(first: Sequence[str], second: Sequence[str]) -> tuple[list[str], list[str]]:
    """Join two header rows: names of columns, and what was asked in each, "" where the name says it."""
    names: list[str] = []
    asked: list[str] = []
    left = ""
    for name, below in zip(first, second, strict=True):
        below = " ".join(below.split())
        left = name.strip() or left
        generic = not below or fold(below) in _GENERIC or bool(_IMPORT_ID.match(below))
        if not name.strip() and below and not generic:
            names.append(f"{left} [{below}]" if left else below)
            asked.append(left)
            continue
        names.append(name)
        same = re.sub(r"\W|_", "", fold(below)) == re.sub(r"\W|_", "", fold(name))
        asked.append("" if generic or same else below)
    return names, asked


def name_columns(first: Sequence[str], *, file: str = "") -> tuple[str, ...]:
    """Make header cells into column names: trimmed, "column 3" where empty, "text (2)" where repeated.

    What could move the cursor of a terminal is taken out of them.

    Raises:
        InputError: There are more than `MAX_COLUMNS`.
    """
    _check_width(len(first), file)
    names: dict[str, None] = {}
    times: dict[str, int] = {}
    for place, cell in enumerate(first, 1):
        base = " ".join(_ESCAPE.sub("", cell).split()) or f"column {place}"
        name = base
        while name in names:
            times[base] = times.get(base, 1) + 1
            name = f"{base} ({times[base]})"
        names[name] = None
    return tuple(names)


def _check_width(width: int, file: str) -> None:
    if width > MAX_COLUMNS:
        raise InputError(
            f"has {width:,} columns; at most {MAX_COLUMNS:,} are read",
            file=file,
            hint="Keep the columns that are needed and try again.",
        )


def is_total(cells: Sequence[str]) -> bool:
    """Say whether a row sums up the others: it begins with "Total" or the like, and holds nothing else but numbers."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    return len(filled) > 1 and fold(filled[0].rstrip(":")) in _TOTALS and all(map(is_value, filled[1:]))
