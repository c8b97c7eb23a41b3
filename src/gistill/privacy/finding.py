"""Find personal data in a text: every pattern looks, overlaps become one, and no find crosses a line.

Patterns are regular expressions with checksums and the words beside a number, in a dozen languages. They are ours
because they are several times faster than presidio's and find more of what stands in reviews; docs/privacy.md has the
comparison.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from gistill.privacy.contacts import contacts
from gistill.privacy.found import KINDS, Found, NameDetector, fold
from gistill.privacy.ids import ids
from gistill.privacy.numbers import numbers
from gistill.privacy.people import people
from gistill.privacy.phones import phones
from gistill.privacy.places import places

# A find holds none of these, so that a restored placeholder never breaks the JSON string it stands in.
_BREAKS = re.compile(r'[\n\r\v\f\x1c-\x1f\x85\u2028\u2029"\\]+')
_PLACEHOLDER = re.compile(rf"\[(?:{'|'.join(KINDS)}|TEXT)_\d+\]")  # is nothing personal, whatever stands beside it
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
