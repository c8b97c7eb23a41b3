"""CSV and TSV: the dialect found out, and rows that survive whatever a spreadsheet or a script wrote."""

from __future__ import annotations

import csv
import itertools
import statistics
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from gistill.schema import Failure
from gistill.tables.columns import is_known_name
from gistill.tables.values import parse_date, parse_rating
from gistill.text import count_words

DELIMITERS = (",", ";", "\t", "|")
NO_DELIMITER = "\x1f"  # for a table of one column: a character that prose does not hold
MAX_ROW_LINES = 5_000  # a quoted cell that runs on for longer was never closed
MAX_ROW_CHARACTERS = 2_000_000
_SAMPLE_ROWS = 200


class Dialect(NamedTuple):
    """How a delimited file is written."""

    delimiter: str  # NO_DELIMITER for one column
    quoted: bool  # cells may be quoted with ", doubled inside
    width: int  # cells in most rows
    spaced: bool  # a space follows each delimiter, and is not part of the cell
    agreement: float  # share of the sampled rows that have `width` cells


class RawRow(NamedTuple):
    """The cells of one row and the number, from 1, of the line it starts on."""

    line: int
    cells: list[str]


def find_dialect(lines: Sequence[str], *, delimiters: Sequence[str] = DELIMITERS) -> Dialect:
    """Find out delimiter and quoting: what makes most rows equally wide, with more than one cell.

    Prose holds commas, so a delimiter counts only where at least 80% of the rows agree on the width, or 50% if the
    first row holds a known column name; where two are as good, the first of `delimiters` counts. Quotes count as
    quoting unless they are malformed as such and reading them as plain characters makes more rows agree: some TSV
    exports are unquoted.

    Args:
        lines: The first lines of the file, with their line endings.
        delimiters: The characters to try; a single one is taken as given.
    """
    found = [_score(lines, delimiter) for delimiter in delimiters]
    several = [
        dialect
        for dialect in found
        if dialect.width > 1 and (dialect.agreement >= 0.8 or (dialect.agreement >= 0.5 and is_named(lines, dialect)))
    ]
    if several:
        return max(several, key=lambda dialect: (round(dialect.agreement, 2), dialect.width))
    if len(delimiters) == 1 and found[0].width > 1:
        return found[0]
    return _score(lines, NO_DELIMITER)


def is_named(lines: Sequence[str], dialect: Dialect) -> bool:
    """Say whether the first row has several cells and one of them is a known column name."""
    first = next(read_rows(iter(enumerate(lines, 1)), dialect), None)
    return isinstance(first, RawRow) and len(first.cells) > 1 and any(map(is_known_name, first.cells))


def _score(lines: Sequence[str], delimiter: str) -> Dialect:
    later = lines[0].rstrip("\r\n").split(delimiter)[1:] if lines else []
    start = Dialect(
        delimiter, quoted=True, width=0, spaced=bool(later) and all(cell[:1] == " " for cell in later), agreement=0
    )
    best, malformed = _agree(lines, start)
    if malformed:
        best, _ = _agree(lines, best)  # now that the width is known, some of the malformed rows can be saved
        plain, _ = _agree(lines, start._replace(quoted=False))
        return plain if plain.agreement > best.agreement else best
    return best


def _agree(lines: Sequence[str], dialect: Dialect) -> tuple[Dialect, bool]:
    """Read the sample in a dialect; give it with the commonest width, and say whether quotes were malformed."""
    rows = list(itertools.islice(read_rows(iter(enumerate(lines, 1)), dialect), _SAMPLE_ROWS))
    widths = Counter(len(row.cells) for row in rows if isinstance(row, RawRow))
    width, count = widths.most_common(1)[0] if widths else (1, 0)
    malformed = any(isinstance(row, Failure) for row in rows)
    return dialect._replace(width=width, agreement=count / max(len(rows), 1)), malformed


def read_rows(lines: Iterator[tuple[int, str]], dialect: Dialect) -> Iterator[RawRow | Failure]:
    """Yield the rows of a delimited file; blank lines are no rows.

    A quote that is opened and never closed would swallow the rest of the file. Here the row it stands in is read again
    with its quotes as plain characters, and kept if it then has `dialect.width` cells; if not, that line alone becomes
    a `bad_row`, and reading goes on with the next line.

    Args:
        lines: Numbered lines with their line endings.
        dialect: What `find_dialect` found; width 0 accepts any.
    """
    csv.field_size_limit(MAX_ROW_CHARACTERS * 8)  # the default of 131,072 is shorter than some reviews; process-wide
    feed = _Feed(lines)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if dialect.quoted else csv.QUOTE_NONE
    reader = csv.reader(
        feed, delimiter=dialect.delimiter, quoting=quoting, skipinitialspace=dialect.spaced, strict=True
    )
    while True:
        feed.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _reread(feed, dialect, str(error))
            continue
        if cells and any(line.strip() for _, line in feed.taken):
            yield RawRow(feed.taken[0][0], cells)


class _Feed:
    """Lines for csv.reader that remembers those of the current row, so that they can be read again."""

    def __init__(self, lines: Iterator[tuple[int, str]]) -> None:
        self._lines = lines
        self._again: deque[tuple[int, str]] = deque()
        self.taken: list[tuple[int, str]] = []
        self._characters = 0

    def begin(self) -> None:
        self.taken, self._characters = [], 0

    def give_back(self) -> None:
        """Let everything but the first line of the current row be read again."""
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_ROW_LINES or (self.taken and self._characters > MAX_ROW_CHARACTERS):
            raise StopIteration  # csv.reader then says that a quote was not closed
        numbered = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(numbered)
        self._characters += len(numbered[1])
        return numbered[1]


def _reread(feed: _Feed, dialect: Dialect, error: str) -> RawRow | Failure:
    """Make what can be made of a row whose quotes are wrong, and go on after it."""
    number, line = feed.taken[0]
    literal = [_unquote(cell) for cell in _split(line, dialect)]
    if len(literal) == dialect.width:
        feed.give_back()
        return RawRow(number, literal)
    # What follows is part of the row only if none of it looks like a row of its own.
    own = any(len(_split(text, dialect)) == dialect.width for _, text in feed.taken[1:])
    if "unexpected end" not in error and not own:
        texts = (text for _, text in feed.taken)
        cells = next(csv.reader(texts, delimiter=dialect.delimiter, skipinitialspace=dialect.spaced))
        if len(cells) == dialect.width:
            return RawRow(number, cells)
    feed.give_back()
    return Failure(
        kind="bad_row", row=number, detail="a quote is not closed, or one inside a quoted cell is not doubled"
    )


def _split(line: str, dialect: Dialect) -> list[str]:
    cells = line.rstrip("\r\n").split(dialect.delimiter)
    return [cell.removeprefix(" ") for cell in cells] if dialect.spaced else cells


def _unquote(cell: str) -> str:
    inner = cell[1:-1]
    well_formed = len(cell) >= 2 and cell[0] == cell[-1] == '"' and '"' not in inner.replace('""', "")
    return inner.replace('""', '"') if well_formed else cell


def name_columns(first: Sequence[str]) -> tuple[str, ...]:
    """Make header cells into column names: trimmed, "column 3" where empty, "text (2)" where repeated."""
    names: list[str] = []
    for place, cell in enumerate(first, 1):
        name = " ".join(cell.split()) or f"column {place}"
        base, times = name, 1
        while name in names:
            times += 1
            name = f"{base} ({times})"
        names.append(name)
    return tuple(names)


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Say whether the first row names the columns.

    Args:
        rows: The first rows of the file, at least one.

    Returns:
        True if a cell is a name of `names` and none reads as a value. Without a known name: True if every cell is short
        and different, none reads as a number or a date, and in some column the other rows do, or are much longer.
    """
    first = [cell.strip() for cell in rows[0]]
    if any(cell and _is_value(cell) for cell in first):
        return False
    if any(map(is_known_name, first)):
        return all(count_words(cell) <= 12 for cell in first)
    filled = [cell for cell in first if cell]
    if not filled or len(set(filled)) < len(filled) or any(len(cell) > 60 for cell in filled):
        return False
    return any(
        _names(cell, [row[place] for row in rows[1:] if place < len(row)]) for place, cell in enumerate(first) if cell
    )


def _names(cell: str, values: list[str]) -> bool:
    values = [value.strip() for value in values if value.strip()]
    if not values or cell in values:
        return False
    if sum(_is_value(value) for value in values) >= 0.8 * len(values):
        return True
    return statistics.median(map(len, values)) >= 3 * len(cell) and cell[-1:] not in ".!。！"


def _is_value(cell: str) -> bool:
    return parse_rating(cell) is not None or parse_date(cell) is not None or cell.replace(".", "", 1).isdigit()
