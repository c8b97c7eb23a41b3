"""Strict triplet scores: a prediction counts when aspect, opinion and polarity are all exactly right."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import NamedTuple


class Score(NamedTuple):
    """Micro precision, recall and F1 in [0, 1], with the counts they come from."""

    precision: float
    recall: float
    f1: float
    correct: int
    predicted: int
    gold: int


def counts(gold: Iterable[Hashable], predicted: Iterable[Hashable]) -> tuple[int, int, int]:
    """Count one text's `(correct, predicted, gold)`; repeated items count once, as the published scorers have it."""
    wanted, given = set(gold), set(predicted)
    return len(wanted & given), len(given), len(wanted)


def score(per_text: Iterable[tuple[int, int, int]]) -> Score:
    """Sum the counts of all texts and give micro scores; a ratio with nothing below the line is 0, as published."""
    rows = list(per_text)
    correct, predicted, gold = (sum(row[i] for row in rows) for i in range(3))
    precision = correct / predicted if predicted else 0.0
    recall = correct / gold if gold else 0.0
    f1 = 2 * correct / (predicted + gold) if predicted + gold else 0.0
    return Score(precision, recall, f1, correct, predicted, gold)
