"""Find personal data in a text: every pattern looks, overlaps become one, and no find crosses a line.

Patterns are regular expressions with checksums and the words beside a number, in a dozen languages. They are ours
because they are several times faster than presidio's and find more of what stands in reviews; docs/privacy.md has the
comparison.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from gistill.privacy.contacts import contacts, phones
from gistill.privacy.found import KINDS, Found, NameDetector
from gistill.privacy.numbers import ids, numbers
from gistill.privacy.people import people
from gistill.privacy.places import places

# A find holds none of these, so that a restored placeholder never breaks the JSON string it stands in.
_BREAKS = re.compile(r'[\n\r\v\f\x1c-\x1f\x85\u2028\u2029"\\]+')
_PLACEHOLDER = re.compile(rf"\[(?:{'|'.join(KINDS)}|TEXT)_\d+\]")  # is nothing personal, whatever stands beside it
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]")
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_SPACES = "\t\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_RANK = {kind: rank for rank, kind in enumerate([*KINDS, "TEXT"])}


def find(text: str, *, names: NameDetector | None = None) -> list[Found]:
    """Find what would tell who somebody is or how to reach them.

    Args:
        text: Any text, in any language; reviews and conversations are what was measured.
        names: Finds people's names; without it only those beside a sure sign ("my name is") are found.

    Returns:
        Finds in order of place. They do not overlap, are not empty, and hold no line break, no double quote and no
        backslash. A find is not proof, and a text without one is not proved to be anonymous.
    """
    if names is None:
        return list(_found(text))
    return merged(text, [*_found(text), *(Found(start, end, "NAME") for start, end in names(text))])


@lru_cache(maxsize=4096)  # a run asks with the same instructions and examples thousands of times
def _found(text: str) -> tuple[Found, ...]:
    folded, offsets = fold(text)
    finds = [*contacts(folded), *people(folded)]
    if any(map(str.isdigit, folded)):
        finds += [*numbers(folded), *ids(folded), *phones(folded), *places(folded)]
    else:
        finds += numbers(folded)  # a key or a password need not have a digit
    if offsets is not None:
        finds = [Found(offsets[one.start], offsets[one.end - 1] + 1, one.kind) for one in finds]
    gaps = [match.span() for match in _PLACEHOLDER.finditer(text)]
    return tuple(one for one in merged(text, finds) if not any(a <= one.start and one.end <= b for a, b in gaps))


def merged(text: str, finds: Iterable[Found]) -> list[Found]:
    """Make one find of those that overlap, of the most trusted kind, and split at line breaks and quotation marks.

    The union is taken and not the better one, because what only the other covers would leave.
    """
    together: list[Found] = []
    for one in sorted(finds):
        if together and one.start < together[-1].end:
            last = together[-1]
            kind = min(last.kind, one.kind, key=_RANK.__getitem__)
            together[-1] = Found(last.start, max(last.end, one.end), kind)
        else:
            together.append(one)
    return [piece for one in together for piece in _pieces(text, one)]


def _pieces(text: str, one: Found) -> Iterable[Found]:
    start = one.start
    for match in _BREAKS.finditer(text, one.start, one.end):
        yield from _trimmed(text, start, match.start(), one.kind)
        start = match.end()
    yield from _trimmed(text, start, one.end, one.kind)


def _trimmed(text: str, start: int, end: int, kind: str) -> Iterable[Found]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield Found(start, end, kind)


def fold(text: str) -> tuple[str, list[int] | None]:
    """Write a text as the patterns expect it: plain digits, spaces and dashes, nothing invisible.

    Args:
        text: Any text.

    Returns:
        The folded text, and for each of its characters (and its end) the offset in the text it came from; None where
        they are the same offsets, which is nearly always.
    """
    if text.isascii():
        return text.replace("\t", " "), None
    if not _INVISIBLE.search(text):
        return text.translate(_PLAIN), None
    kept = [offset for offset, char in enumerate(text) if not _INVISIBLE.match(char)]
    return "".join(text[offset] for offset in kept).translate(_PLAIN), [*kept, len(text)]


def _plain_characters() -> dict[int, str]:
    """Map digits of every script, full-width letters, dashes and spaces to their plain forms, one for one."""
    plain = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    plain |= {code: str(unicodedata.decimal(chr(code))) for code in range(0x660, sys.maxunicode) if _is_digit(code)}
    return plain | dict.fromkeys(map(ord, _DASHES), "-") | dict.fromkeys(map(ord, _SPACES), " ")


def _is_digit(code: int) -> bool:
    return 0x660 <= code < 0x1FC00 and unicodedata.category(chr(code)) == "Nd"


_PLAIN = _plain_characters()
