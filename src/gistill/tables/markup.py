"""HTML tags in cells: what they are changed into so that only the words between them are read."""

from __future__ import annotations

import re

Change = tuple[int, int, str]  # of `text[start:end]` into what

# Only tags that editors, help desks and shops write; "<3" and "I <really> mean it" are the customer's.
_INLINE = (
    "a|abbr|b|big|center|cite|code|del|em|font|i|ins|kbd|mark|q|s|small|span|strike|strong|sub|sup|tt|u|img|o:p|label"
)
_BLOCK = (
    "address|article|aside|blockquote|body|br|button|caption|col|colgroup|dd|div|dl|dt|figure|footer|form|h[1-6]|head|"
    "header|hr|html|iframe|input|li|link|main|meta|nav|ol|p|pre|section|table|tbody|td|tfoot|th|thead|title|tr|ul|video"
)
_TAG = re.compile(
    r"<!--.*?-->|<!doctype[^<>]{0,200}>|<(script|style)\b[^<>]{0,500}>.*?</\1\s*>|"
    rf"</?(?:(?P<inline>{_INLINE})|(?P<block>{_BLOCK}))(?:\s[^<>]{{0,2000}})?\s*/?>",
    re.IGNORECASE | re.DOTALL,
)


def find_tags(text: str) -> list[Change]:
    """List the tags of a text with what is read in their place: a line break for a block or a break, else nothing.

    >>> find_tags("Good<br/>and <b>cheap</b> <3")
    [(4, 9, '\\n'), (13, 16, ''), (21, 25, '')]
    """
    if "<" not in text or ">" not in text:
        return []
    return [(found.start(), found.end(), "\n" if found["block"] else "") for found in _TAG.finditer(text)]


def has_markup(text: str) -> bool:
    """Say whether a text holds a tag."""
    return "<" in text and _TAG.search(text) is not None
