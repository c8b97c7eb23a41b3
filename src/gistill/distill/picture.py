"""How far a walk is, as one SVG file that stands alone: a row a student, a box a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gistill.svg import drawing, element

_FILLS = {"done": "#3b7d3a", "now": "#c2571a", "begun": "#e3b58f", "waiting": "#dddddd"}
_LETTER, _HIGH, _GAP, _TOP = 7.0, 24.0, 6.0, 44.0


def draw(rows: Mapping[str, Sequence[tuple[str, str]]]) -> str:
    """Draw trainings as boxes, filled by how far each is.

    Args:
        rows: Student -> (what the box says, "done", "now", "begun" or "waiting"), in order.
    """
    left = 16 + _LETTER * max((len(name) for name in rows), default=0)
    wide = 14 + _LETTER * max((len(words) for boxes in rows.values() for words, _ in boxes), default=0)
    body, done, count = list[str](), 0, 0
    for row, (name, boxes) in enumerate(rows.items()):
        y = _TOP + row * (_HIGH + _GAP)
        body.append(element("text", name, x=left - 8, y=y + 16, text_anchor="end", fill="#222"))
        for column, (words, state) in enumerate(boxes):
            x = left + column * (wide + _GAP)
            ink = "#fff" if state in ("done", "now") else "#222"
            hint = element("title", f"{name}, {words}: {state}")
            body += [
                element("rect", hint, x=x, y=y, width=wide, height=_HIGH, rx="3", fill=_FILLS[state]),
                element("text", words, x=x + wide / 2, y=y + 16, text_anchor="middle", fill=ink),
            ]
            done, count = done + (state == "done"), count + 1
    title = f"{done} of {count} trainings are done"
    across = left + max((len(boxes) for boxes in rows.values()), default=0) * (wide + _GAP) + 10
    down = _TOP + len(rows) * (_HIGH + _GAP) + 8
    heading = element("text", title, x=left, y=26, font_size="14", fill="#222")
    font = {"font_family": "system-ui, sans-serif", "font_size": "12"}
    return drawing(title, heading, *body, width=across, height=down, **font)
