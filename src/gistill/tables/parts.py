"""Where a stretch of a record's text stands in the cell that it was read from, as the cell was."""

from __future__ import annotations

from gistill.schema import Part, Record, Span


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
    if not pieces:
        return Span(start=span.start - first, end=span.end - first)
    touched = [piece for piece in pieces if piece.start < span.end and span.start < piece.end]
    begin, end = touched[0], touched[-1]
    copied = begin.end - begin.start == begin.cell_end - begin.cell_start
    start = begin.cell_start + (max(span.start - begin.start, 0) if copied else 0)
    copied = end.end - end.start == end.cell_end - end.cell_start
    stop = end.cell_end - (max(end.end - span.end, 0) if copied else 0)
    return Span(start=start, end=stop)
