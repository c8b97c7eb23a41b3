"""Split text into the stretches that are read one at a time, without losing or moving a character.

Borders come from three places: lines that their author ended on purpose, the sentence rules of sentencex, and, for
what is still too long for the reader, the clauses inside. Offsets are code points of the text as it was given.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from gistill.schema import Span
from gistill.text import UNSPACED

MAX_WORDS = 80  # about 110 word pieces, so a reader with room for 128 never cuts a sentence in silence

_NEWLINE = re.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]")
_BULLET = re.compile(r"[ \t]*(?:[-*+•·●▪◦‣–—]|\d{1,2}[.)])\s")
# A line of this many characters may have been wrapped by a mail program; a shorter or longer one ended where it ends.
_WRAPPED = range(50, 101)

# In scripts written without spaces a character counts as a word.
_WORD = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]{{1,12}}|[^\w\s]")
_CLAUSE_END = frozenset(";:…—–|；：")
_COMMA = frozenset(",،、，)]}")
_FULL_WIDTH = frozenset("；：、，")
_JOINER = frozenset("\u200c\u200d\ufe0e\ufe0f")


def split(text: str, language: str | None = None, *, max_words: int = MAX_WORDS) -> list[Span]:
    """Split a text into sentences, or into clauses where a sentence is too long to be read at once.

    Args:
        text: Any text; lone surrogates and control characters included.
        language: ISO 639-1 code for the abbreviations ("Dr." ends no sentence); None reads as English, whose rules
            know the full stops of every script.
        max_words: Longest stretch, in words of up to 12 letters; a punctuation mark, an emoji and a character of a
            script without spaces each count as one.

    Returns:
        Spans in order and disjoint, none empty, none with white space at its ends; together they cover every
        character that is not white space. An empty or blank text gives an empty list.

    >>> [(s.start, s.end) for s in split("Great sound. Dr. Hale agrees!")]
    [(0, 12), (13, 29)]
    """
    return [
        Span(start=start, end=end)
        for block in _blocks(text)
        for sentence in _sentences(text, *block, language=language)
        for start, end in _clauses(text, *sentence, max_words=max_words)
    ]


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Cut at blank lines, before list bullets, and after lines that cannot have been wrapped."""
    block = line = 0
    for newline in _NEWLINE.finditer(text):
        length = len(text[line : newline.start()].strip())
        if length not in _WRAPPED or _BULLET.match(text, newline.end()) or _blank_after(text, newline.end()):
            yield block, newline.end()
            block = newline.end()
        line = newline.end()
    yield block, len(text)


def _blank_after(text: str, start: int) -> bool:
    following = _NEWLINE.search(text, start)
    return not text[start : following.start() if following else len(text)].strip()


def _sentences(text: str, start: int, end: int, *, language: str | None) -> Iterator[tuple[int, int]]:
    block = text[start:end]
    if not block.strip():
        return
    from sentencex import segment  # here, so that `import gistill.sentences` costs nothing

    # sentencex takes UTF-8, which has no lone surrogates; any other character keeps the offsets as they are
    readable = block.encode("utf-8", "replace").decode("utf-8") if _has_surrogate(block) else block
    pieces = segment((language or "en").split("-")[0].lower(), readable)
    if sum(map(len, pieces)) != len(block):  # not seen in 1.0.32; one long sentence is better than shifted quotes
        pieces = [block]
    for piece in pieces:
        yield start, start + len(piece)
        start += len(piece)


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _clauses(text: str, start: int, end: int, *, max_words: int) -> Iterator[tuple[int, int]]:
    """Yield the stretch without its outer white space, in several pieces where it has too many words."""
    words = [match.span() for match in _WORD.finditer(text, start, end)]
    first = 0
    while len(words) - first > max_words:
        # Not before the middle: a list of short clauses should not fall into crumbs.
        cuts = range(first + max(1, max_words // 2), first + max_words + 1)
        cut = max(cuts, key=lambda k: (_border(text, words[k - 1], words[k]), k))
        yield words[first][0], words[cut - 1][1]
        first = cut
    if first < len(words):
        yield words[first][0], words[-1][1]


def _border(text: str, left: tuple[int, int], right: tuple[int, int]) -> int:
    """Rank how naturally a sentence can be cut between two neighbouring words: 4 a new line ... -1 inside an emoji."""
    gap, last, following = text[left[1] : right[0]], text[left[1] - 1], text[right[0]]
    if _NEWLINE.search(gap):
        return 4
    if gap or last in _FULL_WIDTH:  # "3,500" and "12:30" are no borders
        return 3 if last in _CLAUSE_END else 2 if last in _COMMA else 1
    joined = last in _JOINER or following in _JOINER or not following.isprintable()
    return -1 if joined or unicodedata.category(following).startswith("M") else 0
