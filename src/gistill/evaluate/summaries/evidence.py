"""How far a summary keeps to the marked evidence, and how much of that it has; without references or a model."""

from __future__ import annotations

from collections.abc import Sequence

from gistill.evaluate.summaries.words import content

Ratio = tuple[float, float]  # points, and how many were to be had


def relevance(text: str, evidence: Sequence[str]) -> Ratio:
    """Count the words with a meaning, each once, that stand in the evidence, of all of the summary.

    >>> relevance("The battery lasts two days.", ["Battery life: two days.", "It lasts."])
    (4.0, 4.0)
    """
    said, known = set(content(text)), {word for one in evidence for word in content(one)}
    return float(len(said & known)), float(len(said))


def coverage(text: str, evidence: Sequence[str]) -> Ratio:
    """Count the words with a meaning of the evidence, each once, that the summary has.

    >>> coverage("The battery is great.", ["Battery life: two days."])
    (1.0, 4.0)
    """
    said, known = set(content(text)), {word for one in evidence for word in content(one)}
    return float(len(said & known)), float(len(known))
