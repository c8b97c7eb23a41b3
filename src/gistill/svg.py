"""SVG as text: one element at a time, its texts and attributes escaped, its numbers the same on every machine."""

from __future__ import annotations

from markupsafe import Markup

_NAMESPACE = "http://www.w3.org/2000/svg"


def element(name: str, *inside: str, **attributes: str | float) -> Markup:
    """Write an element.

    Args:
        name: `rect`, `line`, `text`, ...
        inside: What stands in it: text, which is escaped, or elements. None at all makes it an empty element.
        attributes: In the order they are written. `text_anchor` is `text-anchor`, `class_` is `class`; a number is
            written as `number` writes it.
    """
    given = Markup("").join(
        Markup(' {}="{}"').format(key.strip("_").replace("_", "-"), value if isinstance(value, str) else number(value))
        for key, value in attributes.items()
    )
    if not inside:
        return Markup("<{}{}/>").format(name, given)
    return Markup("<{0}{1}>{2}</{0}>").format(name, given, Markup("").join(inside))


def drawing(title: str, *inside: str, **attributes: str | float) -> str:
    """Write a drawing on white that stands alone as a file, with a title for those who do not see it."""
    white = element("rect", width="100%", height="100%", fill="#fff")
    body = (element("title", title), white, *inside)
    return f"{element('svg', *body, xmlns=_NAMESPACE, role='img', **attributes)}\n"


def number(value: float) -> str:
    """Write a number with at most two places behind the point, and never -0."""
    return f"{round(value, 2) + 0.0:g}"
