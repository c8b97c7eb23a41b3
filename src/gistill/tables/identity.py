"""Which record is which, whatever stands before it in the file and whatever else is known of it.

A record's id is its identity: what was found in it, and what somebody said about that, stays with it while the file
grows. So it never holds the place in the file, the rating or the date, which change while the record stays the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from gistill.files import hash_json, short_hash
from gistill.schema import Failure, Record
from gistill.tables.shapes.sheets import Row
from gistill.tables.values import cell_text
from gistill.text import clean

_DIGITS = 12  # of a made id: two different records of a million share one with a probability of 0.2%, and are numbered
_FIRST_NUMBERS = (0, 1, 2)  # a data frame's index, a row's number, a row's number in a sheet with a header


def id_cell(cells: Mapping[str, object], column: str | None) -> str:
    """Give a row's id as its column has it, trimmed; empty where there is none."""
    return clean(cell_text(cells.get(column)).strip()) if column is not None else ""


def why_not_ids(rows: Iterable[Row | Failure], column: str) -> str:
    """Say why a column does not tell records apart; empty where it does.

    Its cells must be distinct, empty ones aside, and more than the rows' numbers in the order of the file, which name
    another record as soon as a row is inserted.

    Args:
        rows: From the first; read up to the first repeated cell. 8 bytes of each cell are remembered.
        column: Its name.
    """
    seen: set[int] = set()
    first: int | None = None
    numbers = True
    for place, row in enumerate(rows):
        cell = "" if isinstance(row, Failure) else id_cell(row.cells, column)
        if not cell:
            continue
        known = short_hash(cell)
        if known in seen:
            return "repeats"
        seen.add(known)
        if numbers:
            start = int(cell) - place if cell.isdecimal() and len(cell) < 20 else -1
            first = start if first is None else first
            numbers = start == first and first in _FIRST_NUMBERS
    return "only numbers the rows" if numbers and seen else ""


class Names:
    """Gives each record of a file its id, in the order of the file.

    Args:
        use_cells: Whether ids that the file gives are taken; one that is empty or was taken is made all the same.
    """

    def __init__(self, *, use_cells: bool) -> None:
        self._use_cells = use_cells
        self._taken: set[int] = set()
        self._equal: Counter[str] = Counter()  # of made ids, those that were made before

    def named(self, record: Record) -> Record:
        """Give a record, whose id is its cell's, the id that it goes by."""
        if self._use_cells and record.id and self._take(record.id):
            return record
        base = made_id(record)
        name = base
        while not self._take(name):
            self._equal[base] += 1
            name = f"{base}-{self._equal[base] + 1}"
        return record.model_copy(update={"id": name})

    def _take(self, name: str) -> bool:
        known = short_hash(name)
        free = known not in self._taken
        self._taken.add(known)
        return free


def made_id(record: Record) -> str:
    """Make an id of what a record says, and of who says it about what: 12 hexadecimal digits.

    What is set apart is no matter, since what recurs over records is found by counting them.
    """
    turns = [(turn.role, turn.start, turn.end) for turn in record.turns]
    parts = [[part.column, part.start, part.end] for part in record.parts]
    return hash_json([record.text, turns, record.author, record.entity, *([parts] if parts else [])])[:_DIGITS]
