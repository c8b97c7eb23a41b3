"""What a find is, and which kinds there are."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from typing import NamedTuple

# In order of trust: where two finds overlap they become one, of the kind that comes first.
KINDS = ("SECRET", "URL", "EMAIL", "IBAN", "CARD", "ID", "IP", "DATE_OF_BIRTH", "PHONE", "ADDRESS", "USER", "NAME")

NameDetector = Callable[[str], Iterable[tuple[int, int]]]  # text -> spans of people's names, in code points

# What a character class of letters and digits holds that are written with spaces between words. Patterns end where
# these end, and not where \w does, because Han and kana stand right beside a number.
SPACED = r"0-9A-Za-z_\u00c0-\u024f\u0370-\u052f"


def _letters(category: str) -> str:
    """Write the Latin, Greek and Cyrillic letters of a category as the inside of a character class."""
    return "".join(char for char in map(chr, range(0x41, 0x530)) if unicodedata.category(char) == category)


UPPER, LOWER = _letters("Lu"), _letters("Ll")


class Found(NamedTuple):
    """A stretch of a text that is personal, `[start, end)` in Unicode code points, and of which kind (see `KINDS`)."""

    start: int
    end: int
    kind: str
