"""Which sentences of a source bear a stretch of a summary out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from gistill.grounding.faults.reading import Reading, Said, Sentence


class Found(NamedTuple):
    """A sentence of the source, how much of what was looked for it says, in [0, 1], and the stems that it shares."""

    sentence: Sentence
    share: float
    shared: frozenset[str]


def evidence(
    words: Iterable[Said], source: Reading, *, most: int = 3, among: Sequence[Sentence] | None = None
) -> list[Found]:
    """Find the sentences that say most of some words, best first; rare words count for more.

    Args:
        words: What is looked for.
        source: Where.
        most: How many sentences are given.
        among: The sentences that may be given; None is all.

    Returns:
        At most `most`, none that shares nothing; of equals the earlier one first.
    """
    wanted = {word.stem for word in words}
    total = sum(source.weight(root) for root in wanted)
    if not total:
        return []
    found = []
    for one in source.sentences if among is None else among:
        shared = wanted & {word.stem for word in one.words}
        if shared:
            found.append(Found(one, sum(source.weight(root) for root in shared) / total, frozenset(shared)))
    return sorted(found, key=lambda one: (-one.share, one.sentence.start))[:most]


def covered(words: Collection[Said], sentences: Iterable[Sentence], source: Reading) -> float | None:
    """Give the share of words that some sentences say together, rare words counting for more; None without words."""
    wanted = {word.stem for word in words}
    total = sum(source.weight(root) for root in wanted)
    if not total:
        return None
    there = {word.stem for one in sentences for word in one.words}
    return sum(source.weight(root) for root in wanted & there) / total
