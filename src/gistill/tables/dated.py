"""Dates that stand in several columns: "Year" and "Month", perhaps "Day"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gistill.tables.asked import tokens
from gistill.tables.dates import join_day
from gistill.tables.names import HINTS
from gistill.tables.values import cell_text

_PARTS = {part: frozenset(HINTS[part].split()) for part in ("year", "month", "day")}
_OTHER = frozenset(HINTS["other dates"].split())


def find_dated(
    header: Sequence[str], labels: Mapping[str, str], rows: Sequence[Mapping[str, object]]
) -> tuple[str, ...]:
    """Find the columns that make a date together: of a year and of a month, and of a day where one goes with them.

    Their names are the same but for the last word ("review_year", "review_month"), and at least 95% of the rows that
    fill them give a month.

    Args:
        header: Column names.
        labels: Column -> what it is called.
        rows: Sampled rows.

    Returns:
        Year, month and perhaps day; empty where there are none.
    """
    found: dict[tuple[tuple[str, ...], str], str] = {}
    for name in header:
        words = tokens(labels[name])
        part = next((part for part, known in _PARTS.items() if words and words[-1] in known), None)
        if part is not None and not _OTHER & set(words):
            found.setdefault((tuple(words[:-1]), part), name)
    for (before, part), year in found.items():
        month, day = found.get((before, "month")), found.get((before, "day"))
        if part != "year" or month is None:
            continue
        for columns in ((year, month, day), (year, month)) if day else ((year, month),):
            cells = [[row.get(name) for name in columns if name] for row in rows]
            filled = [row for row in cells if all(cell_text(cell).strip() for cell in row)]
            if filled and sum(join_day(*row) is not None for row in filled) >= 0.95 * len(filled):
                return tuple(name for name in columns if name)
    return ()
