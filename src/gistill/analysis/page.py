"""Figures and the worst cases in, one HTML page out that loads nothing and runs nothing."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from gistill.analysis.figures import Analysis
from gistill.analysis.tiers import Seen
from gistill.digest.report.words import visible
from gistill.files import hash_text
from gistill.grounding.faults.taxonomy import Taxonomy
from gistill.schema import Proportion, Span

TEMPLATES = Path(__file__).parent / "templates"
_AROUND = 300  # characters of a long source shown on either side of what is lit
_WHOLE = 2500  # a source up to so many characters is shown whole


class Piece(NamedTuple):
    """A stretch of a text, the numbers of the findings that light it; `cut` stands where something is left out."""

    text: str
    marks: tuple[int, ...] = ()
    cut: bool = False


def lit(text: str, spans: Sequence[Span | None], *, whole: int | None = None) -> list[Piece]:
    """Cut a text at the borders of spans, and say which span lights which piece.

    Args:
        text: The text.
        spans: In it; a span's number is its place in this list, from 1.
        whole: Longest text that is shown whole; of a longer one only what is near a span. None shows all.
    """
    known = [(number, one) for number, one in enumerate(spans, 1) if one is not None and one.end <= len(text)]
    borders = sorted({0, len(text), *(place for _, one in known for place in (one.start, one.end))})
    pieces = []
    for start, end in pairwise(borders):
        marks = tuple(number for number, one in known if one.start <= start and end <= one.end)
        if marks or whole is None or len(text) <= whole or end - start <= 2 * _AROUND:
            pieces.append(Piece(text[start:end], marks))
            continue
        if start:
            pieces.append(Piece(text[start : start + _AROUND]))
        pieces.append(Piece("", cut=True))
        if end < len(text):
            pieces.append(Piece(text[end - _AROUND : end]))
    return pieces


def render_analysis(analysis: Analysis, worst: Sequence[Seen], taxonomy: Taxonomy) -> str:
    """Write the figures and the worst cases, each beside its source, as a page."""
    shown = [
        {
            "id": seen.case.id,
            "channel": seen.case.channel,
            "summary": lit(seen.case.summary, [one.span for one in seen.faults]),
            "source": lit(seen.case.source, [one.source for one in seen.faults], whole=_WHOLE),
            "faults": list(enumerate(seen.faults, 1)),
        }
        for seen in worst
    ]
    return _page("analysis.html.j2", analysis=analysis, cases=shown, taxonomy=taxonomy)


def render_revisions(**values: Any) -> str:
    """Write summaries before and after as a page; see revisions.html.j2 for the values."""
    return _page("revisions.html.j2", **values)


def _page(name: str, **values: Any) -> str:
    style = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(bytes.fromhex(hash_text(style))).decode("ascii")
    return _template(name).render(style=Markup(style), style_hash=Markup(digest), **values)


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES, encoding="utf-8"),
        autoescape=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(rate=rate, percent=percent, codes=_codes)
    return environment.get_template(name)


def rate(share: Proportion) -> str:
    """Write a proportion with its interval and what it is of; "not asked" where nothing was measured.

    >>> from gistill.stats import wilson
    >>> rate(wilson(3, 10))
    '30% (11% to 60%), 3 of 10'
    """
    if share.value is None or share.low is None or share.high is None:
        return "not asked"
    bounds = f"{percent(share.low)} to {percent(share.high)}"
    return f"{percent(share.value)} ({bounds}), {share.count:,} of {share.of:,}"


def percent(value: float | None) -> str:
    """Write a share as a percentage; below 10% with one decimal."""
    if value is None:
        return "not measured"
    return f"{100 * value:.1f}%" if 0 < value < 0.0995 else f"{100 * value:.0f}%"


def _codes(names: Iterable[str]) -> str:
    return ", ".join(names)
