"""Cells and tables in Markdown, for every benchmark."""

from __future__ import annotations

from collections.abc import Sequence


def span(values: Sequence[float | None]) -> str:
    """Write the least and the most of some values; "-" where none is known."""
    known = sorted(
        {f"{value:.3g}" if value < 100 else f"{value:,.0f}": value for value in values if value}.items(),
        key=lambda pair: pair[1],
    )
    return " to ".join(dict.fromkeys((known[0][0], known[-1][0]))) if known else "-"


def most(values: Sequence[float | None]) -> str:
    """Write the most of some values; "-" where none is known."""
    peaks = [value for value in values if value is not None]
    return f"{max(peaks):,.0f}" if peaks else "-"


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Write rows as a table of Markdown, the first one as its head."""
    safe = [[text.replace("|", "\\|").replace("\n", " ") for text in row] for row in rows]
    widths = [max(len(row[i]) for row in safe) for i in range(len(safe[0]))]
    lines = ["| " + " | ".join(text.ljust(w) for text, w in zip(row, widths, strict=True)) + " |" for row in safe]
    return "\n".join([lines[0], "| " + " | ".join("-" * w for w in widths) + " |", *lines[1:]])
