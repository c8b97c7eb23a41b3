"""How far a walk is, as one SVG file that stands alone: a row a student, a box a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

_FILLS = {"done": "#3b7d3a", "now": "#c2571a", "begun": "#e3b58f", "waiting": "#dddddd"}
_LETTER, _HIGH, _GAP, _TOP = 7.0, 24.0, 6.0, 44.0


def draw(rows: Mapping[str, Sequence[tuple[str, str]]]) -> str:
    """Draw trainings as boxes, filled by how far each is.

    Args:
        rows: Student -> (what the box says, "done", "now", "begun" or "waiting"), in order.
    """
    left = 16 + _LETTER * max((len(name) for name in rows), default=0)
    wide = 14 + _LETTER * max((len(words) for boxes in rows.values() for words, _ in boxes), default=0)
    body, done, count = [], 0, 0
    for row, (name, boxes) in enumerate(rows.items()):
        y = _TOP + row * (_HIGH + _GAP)
        body.append(f'<text x="{left - 8:g}" y="{y + 16:g}" text-anchor="end" fill="#222">{escape(name)}</text>')
        for column, (words, state) in enumerate(boxes):
            x = left + column * (wide + _GAP)
            ink = "#fff" if state in ("done", "now") else "#222"
            body.append(
                f'<rect x="{x:g}" y="{y:g}" width="{wide:g}" height="{_HIGH:g}" rx="3" fill="{_FILLS[state]}">'
                f"<title>{escape(f'{name}, {words}: {state}')}</title></rect>"
                f'<text x="{x + wide / 2:g}" y="{y + 16:g}" text-anchor="middle" fill="{ink}">{escape(words)}</text>'
            )
            done, count = done + (state == "done"), count + 1
    title = f"{done} of {count} trainings are done"
    across = left + max((len(boxes) for boxes in rows.values()), default=0) * (wide + _GAP) + 10
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{across:g}" '
        f'height="{_TOP + len(rows) * (_HIGH + _GAP) + 8:g}" font-family="system-ui, sans-serif" font-size="12">'
        f'<title>{title}</title><rect width="100%" height="100%" fill="#fff"/>'
        f'<text x="{left:g}" y="26" font-size="14" fill="#222">{title}</text>{"".join(body)}</svg>\n'
    )
