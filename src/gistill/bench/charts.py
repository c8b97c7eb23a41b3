"""Two drawings as SVG files that stand alone: F1 by share of the training data, and trained on by tested on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from gistill.schema import Estimate
from gistill.svg import drawing, element, number

_COLOURS = ("#1b6ca8", "#c2571a", "#3b7d3a", "#8a3d8f", "#7a6a00", "#a8243c")  # dark enough on white, told apart
_LEFT, _RIGHT, _TOP, _BOTTOM = 60.0, 560.0, 36.0, 336.0
_CELL_HEIGHT, _LETTER = 44.0, 7.5  # a letter is hardly ever wider at this size


def curve(lines: Mapping[str, Sequence[tuple[float, Estimate]]]) -> str:
    """Draw F1 by share of the training data, a line a set, with whiskers over the 95% intervals.

    Args:
        lines: For each set (share in (0, 1], F1), smallest share first. The horizontal axis is logarithmic.
    """
    shares = sorted({share for line in lines.values() for share, _ in line})
    lowest = math.log10(min([*shares, 0.5]))

    def x(share: float) -> float:
        return _LEFT + 10 + (_RIGHT - _LEFT - 20) * (1 - math.log10(share) / lowest)

    body = []
    for percent in range(0, 101, 20):
        body.append(_line(_LEFT, _y(percent / 100), _RIGHT, _y(percent / 100), "#ddd"))
        body.append(_text(_LEFT - 8, _y(percent / 100) + 4, str(percent), "end"))
    body += [_text(x(share), _BOTTOM + 18, f"{100 * share:g}%", "middle") for share in shares]
    body.append(_text((_LEFT + _RIGHT) / 2, _BOTTOM + 40, "share of the training data", "middle"))
    body.append(_text(_LEFT - 8, _TOP - 14, "F1", "end"))
    for i, (name, line) in enumerate(lines.items()):
        colour = _COLOURS[i % len(_COLOURS)]
        known = [(x(share), _y(f1.value), f1) for share, f1 in line if f1.value is not None]
        points = " ".join(f"{number(at)},{number(high)}" for at, high, _ in known)
        body.append(element("polyline", points=points, fill="none", stroke=colour, stroke_width="2"))
        for at, high, f1 in known:
            if f1.low is not None and f1.high is not None:
                body.append(_line(at, _y(f1.low), at, _y(f1.high), colour))
            body.append(element("circle", cx=at, cy=high, r=3.5, fill=colour))
        body.append(_text(_RIGHT + 12, _TOP + 14 + 20 * i, name, "start", colour))
    return _page(_RIGHT + 240, _BOTTOM + 56, "F1 by share of the training data", body)


def matrix(trained: Sequence[str], tested: Sequence[str], scores: Sequence[Sequence[Estimate]]) -> str:
    """Draw a table of F1, the higher the darker; a pair that was not measured has a dash.

    Args:
        trained: Names of the rows.
        tested: Names of the columns.
        scores: Row by row.
    """
    left = 20 + _LETTER * max(map(len, (*trained, "trained on")))
    wide = 16 + _LETTER * max(map(len, (*tested, "tested on")))
    body = [_text(left, 16, "tested on", "start"), _text(8, 38, "trained on", "start")]
    for column, name in enumerate(tested):
        body.append(_text(left + (column + 0.5) * wide, 38, name, "middle"))
    for row, (name, values) in enumerate(zip(trained, scores, strict=True)):
        top = 48 + row * _CELL_HEIGHT
        body.append(_text(left - 8, top + 27, name, "end"))
        for column, f1 in enumerate(values):
            at, value = left + column * wide, f1.value
            depth = 0.0 if value is None else value  # what was not measured has no colour
            size = {"width": wide - 2, "height": _CELL_HEIGHT - 2}
            body.append(element("rect", x=at, y=top, **size, fill="#1b6ca8", fill_opacity=depth, stroke="#ddd"))
            shown = "-" if value is None else f"{100 * value:.1f}"
            colour = "#fff" if depth > 0.75 else "#222"
            body.append(_text(at + wide / 2, top + 27, shown, "middle", colour))
    width = left + wide * len(tested) + 10
    return _page(width, 58 + _CELL_HEIGHT * len(trained), "F1 by what was trained and tested on", body)


def _y(f1: float) -> float:
    return _BOTTOM - f1 * (_BOTTOM - _TOP)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=colour)


def _text(x: float, y: float, words: str, anchor: str, colour: str = "#222") -> str:
    return element("text", words, x=x, y=y, text_anchor=anchor, fill=colour)


def _page(width: float, height: float, title: str, body: Sequence[str]) -> str:
    view = f"0 0 {number(width)} {number(height)}"
    return drawing(title, *body, viewBox=view, font_family="sans-serif", font_size="13")
