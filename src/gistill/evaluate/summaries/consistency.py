"""Whether a summary keeps to its aspect, and feels about things as its sources do; whoever judges is passed in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

Ratio = tuple[float, float]  # points, and how many were to be had
Feeling = tuple[str, str]  # a category, and the polarity of an opinion about it
_OPPOSITE = {"positive": "negative", "negative": "positive"}


def purity(statements: Sequence[str], near: Callable[[str], Sequence[float]], own: int) -> Ratio:
    """Count the sentences of a summary that are nearer to its aspect than to every other.

    Args:
        statements: The sentences.
        near: A sentence -> how near it is to each aspect.
        own: The place of the summary's own aspect among these.

    Returns:
        The sentences about it, and all that are near to any; what is near to none tells nothing.
    """
    pure = judged = 0.0
    for statement in statements:
        values = near(statement)
        best = max(values, default=0.0)
        if best > 0:
            judged += 1
            pure += values[own] >= best
    return pure, judged


def polarity_consistency(said: Sequence[Feeling], there: Sequence[Feeling]) -> Ratio:
    """Count the opinions of a summary that its sources have too, in category and polarity, and not as the minority.

    An opinion is consistent where at least as many opinions of the sources about the same category have its polarity as
    have the opposite one; a neutral one where any has its polarity. What the sources have no opinion about is not
    judged.

    >>> polarity_consistency([("food", "positive"), ("room", "negative"), ("pool", "positive")],
    ...                      [("food", "positive"), ("food", "negative"), ("room", "positive")])
    (1.0, 2.0)
    """
    counts, known = Counter(there), {category for category, _ in there}
    judged = [one for one in said if one[0] in known]
    right = sum(
        bool(counts[category, polarity]) and counts[category, polarity] >= counts[category, _OPPOSITE.get(polarity, "")]
        for category, polarity in judged
    )
    return float(right), float(len(judged))
