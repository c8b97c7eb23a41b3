"""What a text must hold for a pattern to match in it, read from the pattern itself, so that most need not look.

There are over a hundred patterns, and a review gives most of them nothing to find. Each says, as far as it is told by
its parts, how many digits a match has at least and one of which words it must have. To count digits and to look for
plain words is many times faster than to try a pattern at every place, and what is found is the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

# Characters that "ignore case" takes for others than `str.lower` does; where a text has one, every pattern looks.
_ODD = re.compile(
    "[\u00b5\u0130\u0131\u017f\u0345\u0370-\u03ff\u1c80-\u1c8a\u1e9b\u1e9e\u1f00-\u1fff\u2126\u212a\u212b\ufb00-\ufb06]"
)
_DIGIT = re.compile(r"\d")
_MOST_WORDS = 400  # to look for more takes longer than the pattern does


class _Need(NamedTuple):
    digits: int  # in a match, at least
    words: tuple[frozenset[str], ...]  # of each of these one, in small letters, is in a match or right beside it


_KNOWN: dict[int, tuple[re.Pattern[str], int, list[str]]] = {}  # id -> the pattern, which stays, and its need


def look(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Do what `pattern.finditer(text)` does, and nothing where there cannot be a match.

    Args:
        pattern: Of this package; it is remembered for ever.
        text: See `fold`.
    """
    known = _KNOWN.get(id(pattern))
    if known is None:
        known = _KNOWN[id(pattern)] = (pattern, *_need(pattern))
    _, least, words = known
    digits, small = _facts(text)
    if digits < least or (words and small is not None and not _has_one(words, small)):
        return iter(())
    return pattern.finditer(text)


def _has_one(words: Iterable[str], small: str) -> bool:
    for word in words:  # noqa: SIM110 - `any` with a generator takes three times as long
        if word in small:
            return True
    return False


@lru_cache(maxsize=2)
def _facts(text: str) -> tuple[int, str | None]:
    """Count digits, and give the text in small letters where that is all that "ignore case" means in it."""
    return len(_DIGIT.findall(text)), None if _ODD.search(text) else text.lower()


def _need(pattern: re.Pattern[str]) -> tuple[int, list[str]]:
    digits, found = _of(_parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE))
    best = max(found, key=_tells, default=frozenset[str]())
    if not best or _tells(best)[0] < 2 or len(best) > _MOST_WORDS:
        return digits, []
    return digits, sorted((word for word in best if not any(one in word for one in best if one != word)), key=len)


def _of(sequence: Any) -> _Need:
    """Say what a sequence of parts needs: what all of them do."""
    digits, run = 0, ""
    found: list[frozenset[str]] = []
    for kind, about in sequence:
        if kind is _constants.LITERAL:
            char = chr(about)
            digits += char in "0123456789"
            if len(char.lower()) == 1 and not _ODD.match(char):
                run += char.lower()
                continue
        elif kind in (_constants.AT, _constants.ASSERT_NOT):  # of no width
            continue
        found += [frozenset([run])] if run else []
        run = ""
        inner = _inside(kind, about)
        digits += inner.digits
        found += inner.words
    found += [frozenset([run])] if run else []
    return _Need(digits, tuple(found))


def _inside(kind: Any, about: Any) -> _Need:
    if kind is _constants.IN:
        return _Need(int(all(map(_is_digit, about))), ())
    if kind is _constants.SUBPATTERN:
        return _of(about[-1])
    if kind is _constants.ATOMIC_GROUP:
        return _of(about)
    if kind is _constants.BRANCH:
        needs = [_of(branch) for branch in about[1]]
        best = [max(need.words, key=_tells, default=frozenset[str]()) for need in needs]
        together = (frozenset[str]().union(*best),) if all(best) else ()
        return _Need(min(need.digits for need in needs), together)
    if kind is _constants.ASSERT:
        return _Need(0, _of(about[1]).words)
    if kind in (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT) and about[0]:
        need = _of(about[2])
        return _Need(about[0] * need.digits, need.words)
    return _Need(0, ())


def _is_digit(one: tuple[Any, Any]) -> bool:
    kind, about = one
    if kind is _constants.RANGE:
        return bool(ord("0") <= about[0] and about[1] <= ord("9"))
    return about is _constants.CATEGORY_DIGIT or (kind is _constants.LITERAL and chr(about) in "0123456789")


def _tells(words: frozenset[str]) -> tuple[int, int]:
    """Rank by how seldom the most frequent of them is: long before short, signs before letters."""
    least = min(len(word) + 2 * any(not char.isalnum() and char not in " .,'-" for char in word) for word in words)
    return least, -len(words)
