"""CSV and TSV: the dialect found out, and rows that survive whatever a spreadsheet or a script wrote."""

from __future__ import annotations

import csv
import itertools
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from gistill.schema import Failure
from gistill.tables.columns import is_known_name
from gistill.tables.shapes.headers import header_strength, is_value
from gistill.text import count_words

DELIMITERS = (",", ";", "\t", "|", "~", "^", "\x01", "||", "::")
NO_DELIMITER = "\x1f"  # for a table of one column: a character that prose does not hold
MAX_ROW_LINES = 5_000  # a quoted cell that runs on for longer was never closed
MAX_ROW_CHARACTERS = 2_000_000
_SAMPLE_ROWS = 200
_JOINED = "\x1e"  # stands for a delimiter of two characters, which the csv module cannot split at
_CUT, _BREAK = "\x1c", "\x1d"  # stand for an escaped delimiter and an escaped line break until the row is split


class Dialect(NamedTuple):
    """How a delimited file is written."""

    delimiter: str  # NO_DELIMITER for one column
    quoted: bool  # cells may be quoted with `quote`, doubled inside
    width: int  # cells in most rows
    spaced: bool  # a space follows each delimiter, and is not part of the cell
    agreement: float  # share of the sampled rows that have `width` cells
    quote: str = '"'
    escaped: bool = False  # a backslash takes the meaning from the next character, and \N is an empty cell
    padded: bool = False  # spaces stand between a closing quote and the delimiter

    @property
    def splits_at(self) -> str:
        """The one character at which the lines are split after `prepare`."""
        return self.delimiter if len(self.delimiter) == 1 else _JOINED


class RawRow(NamedTuple):
    """The cells of one row and the number, from 1, of the line it starts on."""

    line: int
    cells: list[str]


def find_dialect(lines: Sequence[str], *, delimiters: Sequence[str] = DELIMITERS) -> Dialect:
    """Find out delimiter and quoting: what makes most rows equally wide, with more than one cell.

    Prose holds commas, so a delimiter counts only where at least 80% of the rows agree on the width, or 50% if the
    first row, or the first one as wide as most, is a header; where two are as good, the first of `delimiters` counts.
    Quotes count as quoting unless they are malformed as such and reading them as plain characters makes more rows
    agree: some TSV exports are unquoted. Where quotes are malformed, backslashes before them, single quotes and spaces
    behind them are tried too.

    Args:
        lines: The first lines of the file, with their line endings.
        delimiters: The characters to try; a single one is taken as given.
    """
    head = "".join(lines[:_SAMPLE_ROWS])
    found = [_score(lines, delimiter) for delimiter in delimiters if delimiter in head or len(delimiters) == 1]
    found = [one if one.width > 1 and one.agreement >= 0.8 else _below_titles(lines, one) for one in found]
    several = [
        dialect
        for dialect in found
        if dialect.width > 1 and (dialect.agreement >= 0.8 or (dialect.agreement >= 0.5 and is_named(lines, dialect)))
    ]
    if several:
        best = max(several, key=lambda dialect: (round(dialect.agreement, 2), dialect.width))
        double = next((dialect for dialect in several if dialect.delimiter == best.delimiter * 2), None)
        return double if double is not None and 2 * double.width - 1 == best.width else best
    if len(delimiters) == 1 and found[0].width > 1:
        return found[0]
    return _score(lines, NO_DELIMITER)


def is_named(lines: Sequence[str], dialect: Dialect) -> bool:
    """Say whether a header of several cells stands first, or below titles and preambles."""
    rows = _sample(lines, dialect)
    if rows and len(rows[0]) > 1 and any(map(is_known_name, rows[0])):
        return True
    return dialect.width > 1 and _start(rows, dialect.width) > 0


def _sample(lines: Sequence[str], dialect: Dialect) -> list[list[str]]:
    read = itertools.islice(read_rows(iter(enumerate(lines, 1)), dialect), _SAMPLE_ROWS)
    return [row.cells for row in read if isinstance(row, RawRow)]


def _start(rows: Sequence[Sequence[str]], width: int) -> int:
    """Find the first row of a width that is a header; -1 where there is none among the first ones."""
    for place, row in enumerate(rows[:40]):
        if len(row) == width and header_strength(rows[place:]) > 1:
            return place
    return -1


def _below_titles(lines: Sequence[str], dialect: Dialect) -> Dialect:
    """Judge a dialect by what stands below the titles and preambles of a table, where there are any."""
    rows = _sample(lines, dialect)
    width = max(map(len, rows), default=1)
    place = _start(rows, width) if width > 1 else -1
    if place < 1:
        return dialect
    below = rows[place:]
    agreement = sum(len(row) == width for row in below) / len(below)
    return dialect._replace(width=width, agreement=agreement) if agreement >= 0.8 and len(below) > 1 else dialect


def _score(lines: Sequence[str], delimiter: str) -> Dialect:
    split = lines[0].rstrip("\r\n").split(delimiter)[1:] if lines else []
    start = Dialect(
        delimiter, quoted=True, width=0, spaced=bool(split) and all(cell[:1] == " " for cell in split), agreement=0
    )
    best, malformed = _agree(lines, start)
    others: list[Dialect] = []
    head = "".join(lines[:_SAMPLE_ROWS])
    if malformed:
        best, _ = _agree(lines, best)  # now that the width is known, some of the malformed rows can be saved
        others.append(start._replace(quoted=False))
        if _padding(delimiter).search(lines[0]):
            others.append(start._replace(padded=True, spaced=True))
    if _is_escaped(head, delimiter, malformed=malformed):
        others.append(start._replace(escaped=True))
    wrapped = _is_wrapped(lines, best)
    single = rf"(?:^|{re.escape(delimiter)})'[^\n]*'(?:\r?$|{re.escape(delimiter)})"
    if wrapped or (best.agreement < 1 and re.search(single, head, re.M)):
        others.append(start._replace(quote="'"))
    for other in others:
        tried, _ = _agree(lines, other)
        as_good = other.escaped or (wrapped and other.quote == "'")
        if tried.agreement > best.agreement or (as_good and tried.agreement >= best.agreement):
            best = tried
    return best


def _is_wrapped(lines: Sequence[str], dialect: Dialect) -> bool:
    """Say whether single quotes stand round all cells of a column below the first row."""
    below = _sample(lines, dialect)[1:]
    columns = [[row[place] for row in below if len(row) > place and row[place]] for place in range(dialect.width)]
    return any(
        len(cells) > 1 and all(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in cells) for cells in columns
    )


def _is_escaped(head: str, delimiter: str, *, malformed: bool) -> bool:
    """Say whether backslashes escape, as MySQL writes them: before quotes, or as \\N for an empty cell."""
    cut = re.escape(delimiter)
    null = re.search(rf"(?:^|{cut})\\N(?:\r?$|{cut})", head, re.MULTILINE)
    return bool(null) or (malformed and '\\"' in head)


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
    feed = _Feed(_prepared(lines, dialect))
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if dialect.quoted else csv.QUOTE_NONE
    reader = csv.reader(
        feed,
        delimiter=dialect.splits_at,
        quotechar=dialect.quote,
        quoting=quoting,
        skipinitialspace=dialect.spaced,
        strict=True,
    )
    while True:
        feed.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _restored(_reread(feed, dialect, str(error)), dialect)
            continue
        if cells and any(line.strip() for _, line in feed.taken):
            yield _restored(RawRow(feed.taken[0][0], cells), dialect)


def _prepared(lines: Iterator[tuple[int, str]], dialect: Dialect) -> Iterator[tuple[int, str]]:
    """Rewrite lines so that the csv module can split them; `_restored` undoes it in the cells."""
    if dialect.escaped:
        lines = _unescaped(lines, dialect.delimiter)
    if len(dialect.delimiter) > 1:
        lines = ((number, line.replace(dialect.delimiter, _JOINED)) for number, line in lines)
    if dialect.padded:
        padding = _padding(dialect.splits_at)
        lines = ((number, padding.sub('"', line)) for number, line in lines)
    return lines


def _padding(delimiter: str) -> re.Pattern[str]:
    """Match a closing quote and the spaces between it and the delimiter."""
    return re.compile(rf'(?<!")"[ \t]+(?={re.escape(delimiter)}|\r?\n?$)')


def _unescaped(lines: Iterator[tuple[int, str]], delimiter: str) -> Iterator[tuple[int, str]]:
    """Undo backslashes; a line that ends in one goes on in the next."""
    cut = re.escape(delimiter)
    null = re.compile(rf"(^|{cut})\\N(?={cut}|\r?\n?$)")
    meant = {'"': '""', "n": _BREAK, "t": "\t", "r": "", "0": "", "Z": "", "b": "", delimiter: _CUT}
    begun: list[str] = []
    start = size = 0
    for number, line in lines:
        start = start if begun else number
        body = line.rstrip("\r\n")
        begun.append(line)
        size += len(line)
        goes_on = (len(body) - len(body.rstrip("\\"))) % 2 and body != line
        if goes_on and len(begun) < MAX_ROW_LINES and size < MAX_ROW_CHARACTERS:
            begun[-1] = body[:-1] + "\\n"
            continue
        yield start, _undone("".join(begun), null, meant)
        begun, size = [], 0
    if begun:
        yield start, _undone("".join(begun), null, meant)


def _undone(line: str, null: re.Pattern[str], meant: Mapping[str, str]) -> str:
    line = null.sub(r"\1", null.sub(r"\1", line))  # twice, because two next to each other share a delimiter
    return re.sub(r"\\(.)", lambda found: meant.get(found[1], found[1]), line)


def _restored(row: RawRow | Failure, dialect: Dialect) -> RawRow | Failure:
    if isinstance(row, Failure) or not dialect.escaped:
        return row
    cells = [cell.replace(_BREAK, "\n").replace(_CUT, dialect.delimiter) for cell in row.cells]
    return row._replace(cells=cells)


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
        cells = next(
            csv.reader(texts, delimiter=dialect.splits_at, quotechar=dialect.quote, skipinitialspace=dialect.spaced)
        )
        if len(cells) == dialect.width:
            return RawRow(number, cells)
    feed.give_back()
    return Failure(
        kind="bad_row", row=number, detail="a quote is not closed, or one inside a quoted cell is not doubled"
    )


def _split(line: str, dialect: Dialect) -> list[str]:
    cells = line.rstrip("\r\n").split(dialect.splits_at)
    return [cell.removeprefix(" ") for cell in cells] if dialect.spaced else cells


def _unquote(cell: str) -> str:
    inner = cell[1:-1]
    well_formed = len(cell) >= 2 and cell[0] == cell[-1] == '"' and '"' not in inner.replace('""', "")
    return inner.replace('""', '"') if well_formed else cell


class Surplus(NamedTuple):
    """How a row with too many cells is put together again: the text held delimiters and was not quoted."""

    text: int  # the column that holds the prose
    values: frozenset[int]  # the columns that hold numbers and dates
    width: int

    def rejoin(self, cells: Sequence[str], delimiter: str) -> list[str] | None:
        """Join the surplus cells to the text; None where the other cells then do not stand in their columns."""
        more = len(cells) - self.width
        if more <= 0 or self.text < 0:
            return None
        joined = [*cells[: self.text], delimiter.join(cells[self.text : self.text + more + 1])]
        joined += cells[self.text + more + 1 :]
        fits = all(not joined[place].strip() or is_value(joined[place].strip()) for place in self.values)
        return joined if fits and self.values else None


def find_surplus(rows: Iterable[Sequence[str]], width: int) -> Surplus:
    """Find out from the rows of the right width which column holds the prose and which hold values."""
    columns = list(zip(*(row for row in rows if len(row) == width), strict=True)) or [()] * width
    filled = [[cell.strip() for cell in column if cell.strip()] for column in columns]
    values = {place for place, cells in enumerate(filled) if cells and sum(map(is_value, cells)) >= 0.8 * len(cells)}
    lengths = [
        sum(map(count_words, cells)) / len(cells) if cells and place not in values else 0.0
        for place, cells in enumerate(filled)
    ]
    best = max(range(width), key=lengths.__getitem__, default=-1)
    return Surplus(best if width and lengths[best] >= 2 else -1, frozenset(values), width)
