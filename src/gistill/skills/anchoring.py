"""Where the words that a model names stand in a text: exactly, or so nearly that they can be nothing else."""

from __future__ import annotations

import re
from typing import NamedTuple

from rapidfuzz import fuzz

from gistill.text import places

NEAREST = 90.0  # of 100 (rapidfuzz ratio): words less like the place they are nearest to do not stand there
_QUOTED = re.compile(r"[\"“]([^\"“”\n]+)[\"”]")
_SINGLE = re.compile(r"(?<!\w)['‘]([^'‘’\n]+(?:['’]\w[^'‘’\n]*)*)['’](?!\w)")
_COMMENT = re.compile(
    r"\s?(?:\(|--|[,;]?\s(?:which|as in|as a|i\.e\.|referring|refers|indicating|implied|meaning)\b).*$", re.DOTALL
)
_UNNAMED = re.compile(
    r"^\s*-\s*$|^\W*(?:none|null|n/?a|implicit|implied|unnamed|unspecified)\W*$"
    r"|\bimplicit|\bimplied\b|\binferred\b|\bnot (?:explicitly |directly )?(?:mentioned|named|stated)\b",
    re.IGNORECASE,
)


_VERB = re.compile(
    r"(?:\b(?:is|are|was|were|am|be|been|does|did|will|would|could|should|can|won't|can't|cannot|don't)\b|\w+n['’]t\b"
    r"|\b(?:it|that|there|they|he|she|you|we|i)['’](?:s|re|m|ve|ll|d)\b)",
    re.IGNORECASE,
)
_LONGEST_NAME = 10  # words


class Named(NamedTuple):
    """What a target line says: words it may mean, best first, and whether more was written than words.

    Attributes:
        words: Candidates; the first that stands in the text is the target.
        several: More than one thing is named.
        comment: There is a remark beside the words.
        implicit: The line itself says that the text does not name the thing.
    """

    words: tuple[str, ...]
    several: bool
    comment: bool
    implicit: bool


def named(line: str) -> Named:
    """Take a target line apart: quotation marks, brackets, remarks, several things at once.

    >>> named('"lid", which refers to the kettle').words
    ('lid',)
    """
    quoted = _QUOTED.findall(line) or (_SINGLE.findall(line) if line[:1] in "'‘" else [])
    rest = _SINGLE.sub("", _QUOTED.sub("", line)) if quoted else ""
    bare = line.strip(" \t\"'“”‘’<>[]{}.,;:*")
    plain = _COMMENT.sub("", bare).strip(" \"'“”")
    inside = [part for part in re.findall(r"\(([^()]+)\)", bare) if len(part.split()) <= 2]
    parts = [plain, *inside, plain.split(",")[0]]  # "Food (Pho)", "Will, Server"
    words = [word.strip(" ,;:") for word in quoted] or [line.strip(), bare, *parts]
    return Named(
        words=tuple(dict.fromkeys(word for word in words if re.search(r"\w", word))),
        several=len(quoted) > 1,
        comment=bool(re.search(r"\w", rest)) or (not quoted and plain != bare),
        implicit=bool(_UNNAMED.search(line)),
    )


def is_clause(words: str) -> bool:
    """Say whether words tell something instead of naming it: there is a plain verb in them, or they are too many."""
    count = len(words.split())
    return count > _LONGEST_NAME or (count > 1 and bool(_VERB.search(words)))


def quotations(words: str) -> list[str]:
    """Give what stands between quotation marks, cut at dots that stand for words left out."""
    found = [*_QUOTED.findall(words), *_SINGLE.findall(_QUOTED.sub("", words))]
    parts = (part.strip() for quote in found for part in re.split(r"\.{2,}|…|\[.*?\]", quote))
    return [part for part in parts if re.search(r"\w", part)]


def stands(quote: str, *texts: str) -> bool:
    """Say whether a quotation stands in one of some texts, apart from case, spaces and marks, or nearly so."""
    wanted = _letters(quote)[0]
    if any(wanted in _letters(text)[0] for text in texts):
        return True
    return len(wanted) >= 8 and any(fuzz.partial_ratio(normal(quote), normal(text)) >= NEAREST for text in texts)


class Place(NamedTuple):
    """Where words stand in a text, and by which mending they were found; "" for none."""

    start: int
    end: int
    how: str


def place(words: str, text: str) -> Place | None:
    """Find the place that words are said to name: exactly, else nearly, and then counted by how.

    In this order: as they are ("" or "part_of_word"), with another case ("case"), other spaces or marks ("marks"),
    without an article or pronoun before them ("determiner"), and at the nearest place of the text ("nearest"), if that
    is at least `NEAREST` alike as whole words.

    Returns:
        The first such place, so that `text[start:end]` are the text's own words; None where there is none.
    """
    if found := places(words, text):
        return Place(*found[0], "")
    letters, where = _letters(text)
    if found_place := _place_letters(words, text, letters, where):
        return found_place
    bare = re.sub(r"^(?:(?:the|an?|this|that|these|those|my|your|his|her|its|our|their)\s+)+", "", words, flags=re.I)
    if bare != words and (found_place := _place_letters(bare, text, letters, where)):
        return found_place._replace(how="determiner")
    return _nearest(bare, text)


def _letters(text: str) -> tuple[str, list[int]]:
    """Give the letters and digits of a text, folded, and where each one came from."""
    pairs = [(char, at) for at, raw in enumerate(text) for char in raw.casefold() if char.isalnum()]
    return "".join(char for char, _ in pairs), [at for _, at in pairs]


def _place_letters(words: str, text: str, letters: str, where: list[int]) -> Place | None:
    wanted = _letters(words)[0]
    at = letters.find(wanted) if wanted else -1
    while at >= 0:
        start, end = where[at], where[at + len(wanted) - 1] + 1
        if (start, end) in places(text[start:end], text):
            same = normal(words) == normal(text[start:end])
            return Place(start, end, "case" if same else "marks")
        at = letters.find(wanted, at + 1)
    return None


def _nearest(words: str, text: str) -> Place | None:
    wanted = normal(words)
    if len(wanted) < 5:
        return None
    spans = [found.span() for found in re.finditer(r"\S+", text)]
    count = len(wanted.split())
    best, score = None, NEAREST
    for size in range(max(1, count - 1), count + 2):
        for first in range(len(spans) - size + 1):
            start, end = _trimmed(text, spans[first][0], spans[first + size - 1][1])
            alike = fuzz.ratio(wanted, normal(text[start:end]), score_cutoff=score)
            if alike > score or (alike == score and best is None):
                best, score = Place(start, end, "nearest"), alike
    return best


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end - 1 and not text[start].isalnum():
        start += 1
    while end > start + 1 and not text[end - 1].isalnum():
        end -= 1
    return start, end


def normal(text: str) -> str:
    """Fold case and white space."""
    return " ".join(text.casefold().split())
