"""Figures in, small SVG drawings out: bars with interval whiskers, and trends. No script, no style attributes.

Bars use percentages of their own width, so one drawing fits a phone and a wide screen without stretched strokes.
Colours are CSS classes; the page gives each its light, dark and printed value.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from markupsafe import Markup

from gistill.digest.report import words
from gistill.digest.report.view import View
from gistill.schema import Period, Point, Tally
from gistill.svg import drawing, element, number

_WIDTH, _NET_TOP, _NET_BOTTOM, _PEOPLE_TOP, _PEOPLE_BOTTOM = 260.0, 8.0, 68.0, 80.0, 104.0
_LEFT, _RIGHT = 34.0, 254.0


def share_bar(tally: Tally, widest: float) -> Markup:
    """Draw the share of people as a bar from 0 to `widest`, with a whisker over its 95% interval; cut off there."""
    share = tally.share
    title = words.share_of(share)
    if share.value is None:
        return _bar(title, _axis(0))
    parts = [_axis(0), _rect("vol", 0, min(1.0, share.value / widest))]
    if share.low is not None and share.high is not None:
        parts.append(_whisker(share.low / widest, share.high / widest))
    return _bar(title, *parts)


def net_bar(tally: Tally) -> Markup:
    """Draw a Net Sentiment as a bar from the middle (0) to the left (−100) or right (+100), with its whisker."""
    estimate = tally.net_sentiment
    title = f"Net Sentiment {words.net(estimate)}"
    if estimate.value is None:
        return _bar(title, _axis(0.5))
    middle = (estimate.value + 1) / 2
    side = "pos" if estimate.value > 0 else "neg"
    parts = [_track(), _rect(side, min(middle, 0.5), max(middle, 0.5)), _axis(0.5)]
    if estimate.low is not None and estimate.high is not None and estimate.low < estimate.high:
        parts.append(_whisker((estimate.low + 1) / 2, (estimate.high + 1) / 2))
    return _bar(title, *parts)


def split_bar(tally: Tally) -> Markup:
    """Draw how a group's opinions divide into positive, neutral and negative."""
    title = f"{tally.positive:,} positive, {tally.neutral:,} neutral, {tally.negative:,} negative"
    if not tally.mentions:
        return _bar("No opinions", _axis(0))
    total = tally.mentions
    first, second = tally.positive / total, (tally.positive + tally.neutral) / total
    parts = [_rect("pos", 0, first), _rect("neu", first, second), _rect("neg", second, 1)]
    return _bar(title, *parts)


def _bar(title: str, *parts: str) -> Markup:
    return element("svg", element("title", title), *parts, class_="bar", role="img", width="100%", height="18")


def _rect(kind: str, left: float, right: float) -> Markup:
    if right <= left:
        return Markup("")
    return element("rect", class_=kind, x=_percent(left), y="4", width=_percent(right - left), height="10")


def _track() -> Markup:
    return element("line", class_="track", x1="0", y1="9", x2="100%", y2="9")


def _axis(place: float) -> Markup:
    return element("line", class_="axis", x1=_percent(place), y1="0", x2=_percent(place), y2="18")


def _whisker(low: float, high: float) -> Markup:
    left, right = _percent(max(low, 0)), _percent(min(high, 1))
    strokes = [(left, 9, right, 9), (left, 5, left, 13), (right, 5, right, 13)]
    lines = (element("line", class_="whisker", x1=x1, y1=y1, x2=x2, y2=y2) for x1, y1, x2, y2 in strokes)
    return Markup("").join(lines)


def _percent(share: float) -> str:
    return f"{number(100 * share)}%"


def trend(name: str, steps: Sequence[Period], most: int) -> Markup:
    """Draw a trend: Net Sentiment as a line with its 95% band above, people as bars below.

    Args:
        name: Whose trend it is, for the text alternative.
        steps: In order of time, at least one. A step where nothing was measured leaves a gap, never a zero.
        most: People at the full height of the lower bars, so that drawings side by side can be compared.
    """
    first, last = steps[0].start, steps[-1].start
    spots = [(_across(step.start, first, last), step.tally) for step in steps]
    known = sum(tally.net_sentiment.value is not None for _, tally in spots)
    title = f"Trend of {name} from {words.period(steps[0])} to {words.period(steps[-1])}"
    text = f"Net Sentiment and people in {known} {steps[0].unit}s; latest: {words.net(steps[-1].tally.net_sentiment)}"
    body = [*_scale(), *_bands(spots), *_lines(spots), *_people(spots, most)]
    said = (element("title", title), element("desc", text))
    return element("svg", *said, *body, class_="trend", role="img", viewBox="0 0 260 108")


def _across(start: dt.date, first: dt.date, last: dt.date) -> float:
    days = (last - first).days
    return (_LEFT + _RIGHT) / 2 if not days else _LEFT + 4 + (_RIGHT - _LEFT - 8) * (start - first).days / days


def _height(value: float) -> float:
    return (_NET_TOP + _NET_BOTTOM) / 2 - value * (_NET_BOTTOM - _NET_TOP) / 2


def _scale() -> list[Markup]:
    grid = [_level("track", _height(value)) for value in (1, -1)]
    base = [_level("axis", y) for y in (_height(0), _PEOPLE_BOTTOM)]
    return [*grid, *base, *(_tick(value) for value in (1, 0, -1))]


def _level(kind: str, y: float) -> Markup:
    return element("line", class_=kind, x1=_LEFT, y1=y, x2=_RIGHT, y2=y)


def _tick(value: float) -> Markup:
    place = {"x": "29", "y": number(_height(value) + 3)}
    return element("text", words.signed(value), class_="tick", **place, text_anchor="end")


def _runs(spots: Sequence[tuple[float, Tally]]) -> list[list[tuple[float, Tally]]]:
    """Split a trend where a step was not measured."""
    runs: list[list[tuple[float, Tally]]] = [[]]
    for spot in spots:
        if spot[1].net_sentiment.value is None:
            runs.append([])
        else:
            runs[-1].append(spot)
    return [run for run in runs if run]


def _bands(spots: Sequence[tuple[float, Tally]]) -> list[Markup]:
    bands = []
    for run in _runs(spots):
        wide = 1.5 if len(run) == 1 else 0.0  # an area needs two places; a lone step gets a narrow one
        ends = [
            (x + shift, t.net_sentiment.low, t.net_sentiment.high) for x, t in run for shift in sorted({-wide, wide})
        ]
        upper = [(x, _height(high)) for x, _, high in ends if high is not None]
        lower = [(x, _height(low)) for x, low, _ in ends if low is not None]
        if upper and lower:
            bands.append(element("polygon", class_="band", points=_points([*upper, *reversed(lower)])))
    return bands


def _lines(spots: Sequence[tuple[float, Tally]]) -> list[Markup]:
    drawn = []
    for run in _runs(spots):
        points = [(x, _height(net)) for x, tally in run if (net := tally.net_sentiment.value) is not None]
        drawn.append(element("polyline", class_="line", points=_points(points)))
        if len(spots) <= 60:  # more dots than that hide the line
            kinds = ["dot hollow" if words.is_few(tally) else "dot" for _, tally in run]
            marked = zip(kinds, points, strict=True)
            drawn += [element("circle", class_=kind, cx=x, cy=y, r="2") for kind, (x, y) in marked]
    return drawn


def _people(spots: Sequence[tuple[float, Tally]], most: int) -> list[Markup]:
    width = max(1.0, min(14.0, 0.7 * (_RIGHT - _LEFT) / max(1, len(spots))))
    tall = _PEOPLE_BOTTOM - _PEOPLE_TOP
    heights = [(x, tall * tally.people / max(1, most)) for x, tally in spots if tally.people]
    return [
        element("rect", class_="vol", x=x - width / 2, y=_PEOPLE_BOTTOM - high, width=width, height=high)
        for x, high in heights
    ]


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{number(x)},{number(y)}" for x, y in points)


SIDE = 5  # problems, and as many praises, in the chart for slides
_ROW, _BAR_LEFT, _BAR_WIDE, _NAME = 38.0, 400.0, 400.0, 42
_SIDES = (("Problems", "#d0562f", "#a8391a"), ("Loved", "#1b8a7e", "#0d6b62"))


def main_chart(view: View) -> str:
    """Draw the first problems and praises as bars of people with their bounds: a file of its own, for slides."""
    title, people = words.visible(view.digest.title), words.counted(view.digest.people, *view.preset.people)
    lists = (view.problems[:SIDE], view.loved[:SIDE])
    ends = [point.bounds[1] if point.bounds else 1.0 for points in lists for point in points]
    widest = max(ends, default=1.0)
    inside = [_words(title, 24, 40, size=24, weight="bold")]
    inside.append(_words(f"Share of {people}; the line is the range that it may be in", 24, 66))
    y = 80.0
    for (side, bar, ink), points in zip(_SIDES, lists, strict=True):
        if points:
            inside.append(_words(side, 24, y + 30, size=18, weight="bold", fill=ink))
            y += 42
        for point in points:
            inside += _row(point, y, widest, bar)
            y += _ROW
    if not ends:
        inside.append(_words("Nothing is said alike by two people or more.", 24, y + 30))
        y += 42
    return drawing(
        f"{title}: problems and praise", *inside, viewBox=f"0 0 960 {number(y + 16)}", width=960, height=y + 16,
        font_family="system-ui, 'Segoe UI', 'Noto Sans', sans-serif",
    )  # fmt: skip


def _row(point: Point, y: float, widest: float, fill: str) -> list[Markup]:
    share, middle = point.tally.share, y + _ROW / 2
    name = words.visible(" ".join(point.name.split()))
    parts = [_words(name if len(name) <= _NAME else f"{name[: _NAME - 2]} …", 24, middle + 6)]
    if share.value is None or point.bounds is None:
        return [*parts, _words(words.NOT_MEASURED, _BAR_LEFT, middle + 6)]
    scale = _BAR_WIDE / widest
    low, end, high = (_BAR_LEFT + place * scale for place in (point.bounds[0], share.value, point.bounds[1]))
    said = f"{share.count:,} ({words.percent(share.value)}%)"
    return [
        *parts,
        element("rect", x=_BAR_LEFT, y=middle - 9, width=max(1.0, end - _BAR_LEFT), height=18, fill=fill),
        element("line", x1=low, y1=middle, x2=high, y2=middle, stroke="#111", stroke_width=1.5),
        _words(said, high + 12, middle + 6),
    ]


def _words(text: str, x: float, y: float, *, size: int = 16, weight: str = "normal", fill: str = "#111") -> Markup:
    return element("text", text, x=x, y=y, font_size=size, font_weight=weight, fill=fill)
