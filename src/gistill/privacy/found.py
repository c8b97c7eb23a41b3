"""What a find is, which kinds there are, and the form of a text in which the patterns look."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Iterable
from typing import NamedTuple

# In order of trust: where two finds overlap they become one, of the kind that comes first.
KINDS = ("SECRET", "URL", "EMAIL", "IBAN", "CARD", "ID", "IP", "DATE_OF_BIRTH", "PHONE", "ADDRESS", "USER", "NAME")

NameDetector = Callable[[str], Iterable[tuple[int, int]]]  # text -> spans of people's names, in code points

# What a character class of letters and digits holds that are written with spaces between words. Patterns end where
# these end, and not where \w does, because Han and kana stand right beside a number.
SPACED = r"0-9A-Za-z_\u00c0-\u024f\u0370-\u052f"
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]")
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_SPACES = "\t\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"


class Found(NamedTuple):
    """A stretch of a text that is personal, `[start, end)` in Unicode code points, and of which kind (see `KINDS`)."""

    start: int
    end: int
    kind: str


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
