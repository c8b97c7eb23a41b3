"""Telephone numbers as people write them, in the forms of a dozen countries.

A form that nothing else has ("+49 ...", "(555) 555-0123", "06 12 34 56 78") stands for itself; bare digits need a word
beside them that says so, and no form stands against a word that says order, article or version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gistill.privacy.checksums import digits
from gistill.privacy.cues import has_unit, is_of_a_phone, is_of_a_thing
from gistill.privacy.found import SPACED, Found

_EXTENSION = r"(?:[ ,]{0,2}(?:ext(?:ension|n)?\.?|x|durchwahl|dw|poste|#)[ :]{0,2}\d{1,5}\b)?"
_START, _END = rf"(?<![{SPACED}+])(?<!\d[.,/:-])", rf"(?![{SPACED}]|[.,:-]\d|[-/][{SPACED}])"

_INTERNATIONAL = re.compile(
    rf"(?<![{SPACED}+])\(?(?:\+|00(?=[1-9 (])|011[ -](?=[1-9])) ?\(?[1-9]\d{{0,3}}\)?(?:(?:[ .()/-]{{0,3}}|"
    rf"[ .-]?\n ?)\d){{6,13}}(?!\d){_EXTENSION}",
    re.IGNORECASE,
)
_CERTAIN = re.compile(
    _START
    + "(?:"
    + "|".join(
        (
            r"(?:1[ .-]?)?\((?:[2-9]\d{2}|123)\) ?\d{3}[ .-]?\d{4}",  # US, Canada
            r"(?:1[ .-])?(?:[2-9]\d{2}|123)([.-])\d{3}\1\d{4}",
            r"(?:1[ .-])?(?:[2-9]\d{2}|123)[ -][2-9]\d{2}[ -]\d{4}",
            r"(?:[2-9]\d{2}|123)[.-]\d{3}[.-]? ?\n ?\d{4}",
            r"\(?[1-9]\d\)? ?9\d{4}[ -]\d{4}",  # Brazil
            r"\([1-9]\d\) ?\d{4}-\d{4}",
            r"[6-9]\d{4}[ -]\d{5}",  # India
            r"[4-9]\d{2}[ -]\d{3}[ -]\d{3}",  # Spain, Poland, Portugal
            r"[6-9]\d{2}([ .-])\d{2}\2\d{2}\2\d{2}",
            r"9\d[ -]\d{3}[ -]\d{2}[ -]\d{2}",
            r"3[2-9]\d[ ./-]\d{6,7}",  # Italy
            r"1[3-9]\d[ -]\d{4}[ -]\d{4}",  # China
            r"1[38]00[ -]\d{3}[ -]\d{3}",  # Australia
        )
    )
    + f"){_EXTENSION}{_END}",
    re.IGNORECASE,
)
_LEADING_ZERO = re.compile(
    rf"{_START}(?:\(0[1-9]\d{{0,3}}\)|0[1-9]\d{{0,4}})(?:(?:[ ./-]{{1,3}}|(?<=\))|"
    rf"[ .-]?\n)\d{{2,8}}){{1,5}}{_EXTENSION}{_END}",
    re.IGNORECASE,
)
_BARE = re.compile(rf"{_START}(?:0[1-9]\d{{8,10}}|1[3-9]\d{{9}}){_END}")
_CUED = re.compile(rf"{_START}\(?\d(?:[ .()/-]{{0,2}}\d){{6,12}}{_END}")
_DATE = re.compile(
    r"\d{1,2}([./-])\d{1,2}\1\d{2,4}(?!\d)|\d{4}-\d{2}-\d{2}(?!\d)|\d{1,2}[.:]\d{2} ?- ?\d{1,2}[.:]\d{2}"
)
_PAIRS = re.compile(r"\d\d(?:\D\d\d)+")
_HAN = re.compile("[\u3400-\u9fff]")


def phones(text: str) -> Iterator[Found]:
    """Find telephone and fax numbers."""
    for match in _INTERNATIONAL.finditer(text):
        if 8 <= len(digits(match[0])) <= 16:
            yield _found(match)
    for match in _CERTAIN.finditer(text):
        if not is_of_a_thing(text, match.start()) and not has_unit(text, match.end()):
            yield _found(match)
    for match in _LEADING_ZERO.finditer(text):
        if _is_grouped_phone(match[0]) and not is_of_a_thing(text, match.start()):
            yield _found(match)
    for match in _BARE.finditer(text):
        known = match[0][0] == "0" or _HAN.search(text) or is_of_a_phone(text, match.start())
        if known and not is_of_a_thing(text, match.start()) and not has_unit(text, match.end()):
            yield _found(match)
    for match in _CUED.finditer(text):
        start = match.start()
        if (
            not _DATE.match(match[0])
            and is_of_a_phone(text, start)
            and not is_of_a_thing(text, start)
            and not has_unit(text, match.end())
        ):
            yield _found(match)


def _is_grouped_phone(number: str) -> bool:
    if _DATE.match(number):
        return False
    if _PAIRS.fullmatch(number):
        return len(digits(number)) == 10  # as in France; other rows of pairs are dates, times, lottery numbers
    return 9 <= len(digits(number)) <= 13


def _found(match: re.Match[str]) -> Found:
    # An opening bracket belongs to the number only with its closing one.
    skip = match[0].startswith("(") and ")" not in match[0]
    return Found(match.start() + skip, match.end(), "PHONE")
