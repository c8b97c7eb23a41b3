"""What a summary looks like beside its sources: length, whole sentences, repetition, novelty."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from gistill.evaluate.summaries.words import sentences, words

Ratio = tuple[float, float]  # points, and how many were to be had
_WHOLE = re.compile(r"[.!?…。！？؟।]['\"”’»)\]」』]*$")
_LINE = re.compile(r"^\s*(?:[-*•·]|\d{1,2}[.)])\s")
_GRAM = 3


def complete_sentences(text: str) -> Ratio:
    """Count the sentences that end as one ends; a bullet counts too where it is not the last line.

    >>> complete_sentences("The room was clean. Breakfast was")
    (1.0, 2.0)
    """
    found = sentences(text)
    last = len(found) - 1
    whole = [bool(_WHOLE.search(one)) or bool(at < last and _LINE.match(one)) for at, one in enumerate(found)]
    return float(sum(whole)), float(len(found))


def repetition(text: str) -> Ratio:
    """Count the runs of three words that were there before; 0 of 0 for fewer than three words.

    >>> repetition("very very very very good")
    (1.0, 3.0)
    """
    said = words(text)
    grams = list(zip(*(said[at:] for at in range(_GRAM)), strict=False))
    return float(len(grams) - len(set(grams))), float(len(grams))


def novelty(text: str, sources: Sequence[str]) -> Ratio:
    """Count the pairs of neighbouring words that stand in no source: 0 for what is copied.

    >>> novelty("The room was tiny.", ["The room was small."])
    (1.0, 3.0)
    """
    known = _pairs(tuple(sources))
    said = list(pairwise(words(text)))
    return float(sum(pair not in known for pair in said)), float(len(said))


@lru_cache(maxsize=8)  # all systems' texts about a task, and all tasks about the same sources, come one after the other
def _pairs(sources: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    return frozenset(pair for source in sources for pair in pairwise(words(source)))


def length_ratio(text: str, references: Sequence[str]) -> float | None:
    """Give the words of a summary by those of a reference, the mean over references; None without one."""
    counted = [len(words(reference)) for reference in references if words(reference)]
    return sum(len(words(text)) / count for count in counted) / len(counted) if counted else None
