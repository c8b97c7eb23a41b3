"""Cells to the text of a record and back: what is changed in them, how they are joined, where a stretch came from."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypeVar

from gistill.fillers import is_error_cell, is_filler
from gistill.schema import Apart, Part, Piece, Record, Span, Turn
from gistill.tables.apart import find_apart
from gistill.tables.markup import Change, find_tags
from gistill.tables.repair import repairs
from gistill.tables.transcripts import split_labels
from gistill.tables.values import cell_text
from gistill.text import clean, is_blank

BETWEEN = "\n\n"  # the texts of two columns

_Span = TypeVar("_Span", bound=Span)


class Cell(NamedTuple):
    """A cell's text as it is read; offsets of `pieces`, `apart` and `turns` count in it."""

    text: str
    pieces: tuple[Piece, ...] = ()  # the way back to the cell as it was; empty where nothing was changed
    apart: tuple[Apart, ...] = ()
    turns: tuple[Turn, ...] = ()  # who says what, where the cell is a transcript
    was: str = ""  # the cell as it was, where something was changed


class Asked(NamedTuple):
    """Which column a cell is of, and what that says about it: see `schema.Part`."""

    column: str
    question: str | None = None
    side: Literal["positive", "negative"] | None = None


class Joined(NamedTuple):
    """The fields of a record that its cells make."""

    text: str
    parts: tuple[Part, ...] = ()
    apart: tuple[Apart, ...] = ()
    pieces: tuple[Piece, ...] = ()
    turns: tuple[Turn, ...] = ()
    cells: Mapping[str, str] = {}


def read_cell(value: object) -> Cell:
    """Give a cell's text as it is read: repaired, without tags, and empty where a spreadsheet could not compute it.

    What stands in it and is not the customer's own words is set apart; see `apart.find_apart`.
    """
    text = clean(cell_text(value))
    if is_error_cell(text):
        return Cell("")
    cell = Cell(text)
    for find in (*repairs(text), find_tags):
        cell = changed(cell, find(cell.text))
    return cell._replace(
        apart=tuple(Apart(**stretch._asdict()) for stretch in find_apart(cell.text)),
        turns=tuple(Turn(**turn._asdict()) for turn in split_labels(cell.text)),
        was=text if cell.pieces else "",
    )


def changed(cell: Cell, changes: Sequence[Change]) -> Cell:
    """Replace stretches of a cell, and keep the way back to what it was before the first change.

    Args:
        cell: With nothing set apart yet: what is removed is no place for that.
        changes: In the order of the text, not overlapping; an empty replacement removes.
    """
    changes = [change for change in changes if cell.text[change[0] : change[1]] != change[2]]
    if not changes:
        return cell
    whole = Piece(start=0, end=len(cell.text), cell_start=0, cell_end=len(cell.text))
    before = cell.pieces or (whole,)
    texts: list[str] = []
    pieces: list[Piece] = []
    place = length = 0
    for start, end, new in [*changes, (len(cell.text), len(cell.text), "")]:
        for piece in _cut(before, place, start):
            at = length + piece.start - place
            pieces.append(piece.model_copy(update={"start": at, "end": at + piece.end - piece.start}))
        length += start - place
        if new:
            back = _back(before, start, end)
            pieces.append(Piece(start=length, end=length + len(new), cell_start=back[0], cell_end=back[1]))
        texts += [cell.text[place:start], new]
        length += len(new)
        place = end
    return Cell("".join(texts), tuple(pieces))


def _cut(pieces: Sequence[Piece], start: int, end: int) -> list[Piece]:
    """Give the pieces of a stretch, those at its borders shortened; what was replaced as a whole keeps its origin."""
    found = []
    for piece in pieces:
        first, last = max(piece.start, start), min(piece.end, end)
        if first >= last:
            continue
        back = _back([piece], first, last)
        found.append(Piece(start=first, end=last, cell_start=back[0], cell_end=back[1]))
    return found


def _back(pieces: Sequence[Piece], start: int, end: int) -> tuple[int, int]:
    """Give the place in the cell as it was; between two pieces where something is inserted."""
    touched = [piece for piece in pieces if piece.start < end and start < piece.end]
    if not touched:
        near = next((piece for piece in pieces if piece.start <= start < piece.end), None)
        at = near.cell_start + min(start - near.start, near.cell_end - near.cell_start) if near else pieces[-1].cell_end
        return at, at
    first, last = touched[0], touched[-1]
    begin = first.cell_start + (max(start - first.start, 0) if _is_copied(first) else 0)
    stop = last.cell_end - (max(last.end - end, 0) if _is_copied(last) else 0)
    return begin, stop


def _is_copied(piece: Piece) -> bool:
    return piece.end - piece.start == piece.cell_end - piece.cell_start


def join(cells: Sequence[tuple[Asked, Cell]], *, alone: bool) -> Joined:
    """Make one text of the cells of a record.

    Cells with nothing in them, and those that say nothing ("N/A") beside others that do, are left out.

    Args:
        cells: In the order of the columns.
        alone: Whether the table has one text column; its cell, where the column says nothing, is the text as it is.
    """
    filled = [(source, cell) for source, cell in cells if not is_blank(cell.text)]
    telling = [(source, cell) for source, cell in filled if not is_filler(cell.text, source.side)]
    if alone and cells and cells[0][0].side is None and cells[0][0].question is None:
        [(_, cell)] = cells
        return Joined(cell.text, (), cell.apart, cell.pieces, cell.turns, _as_they_were(cells))
    kept = telling or filled[:1]
    ends = itertools.accumulate(len(cell.text) + len(BETWEEN) for _, cell in kept)
    starts = [0, *ends][: len(kept)]
    placed = [(start, source, cell) for start, (source, cell) in zip(starts, kept, strict=True)]
    return Joined(
        BETWEEN.join(cell.text for _, cell in kept),
        tuple(Part(start=at, end=at + len(cell.text), **source._asdict()) for at, source, cell in placed),
        tuple(_moved(apart, at) for at, _, cell in placed for apart in cell.apart),
        tuple(_moved(piece, at) for at, _, cell in placed for piece in cell.pieces),
        tuple(_moved(turn, at) for at, _, cell in placed for turn in cell.turns),
        _as_they_were(kept),
    )


def _as_they_were(cells: Sequence[tuple[Asked, Cell]]) -> dict[str, str]:
    return {source.column: cell.was for source, cell in cells if cell.pieces}


def _moved(span: _Span, by: int) -> _Span:
    return span.model_copy(update={"start": span.start + by, "end": span.end + by})


def part_of(record: Record, span: Span) -> Part | None:
    """Give the part that a stretch of the text lies in; None where the record has no parts or it lies in none."""
    return next((part for part in record.parts if part.start <= span.start and span.end <= part.end), None)


def in_cell(record: Record, span: Span) -> Span:
    """Give the code points of the cell, as it was, that a stretch of the text was made of.

    A border inside of a piece that was replaced as a whole widens to the piece, so that nothing that was written
    for the stretch is left out.

    Args:
        record: What the stretch is of.
        span: It, inside of one part.
    """
    part = part_of(record, span)
    first, last = (0, len(record.text)) if part is None else (part.start, part.end)
    pieces = [piece for piece in record.pieces if first <= piece.start and piece.end <= last]
    start, end = _back(pieces, span.start, span.end) if pieces else (span.start - first, span.end - first)
    return Span(start=start, end=max(end, start + 1))
