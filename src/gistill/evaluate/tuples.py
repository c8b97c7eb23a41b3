"""Strict scores of opinion tuples: micro precision, recall and F1 where every element of a tuple must be right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import fmean, stdev

import numpy as np
from numpy.typing import NDArray

from gistill.evaluate.triplets import score as totals
from gistill.schema import Estimate, Noun, OpinionTuple, TupleAnswer
from gistill.skills.opinions import count_tuples
from gistill.stats import bootstrap_interval, paired_bootstrap

_RESAMPLES = 2000


class TupleScorecard(Noun):
    """How well predicted tuples match the marked ones, in [0, 1]. None where there was nothing to divide by."""

    texts: int
    precision: float | None
    recall: float | None
    f1: Estimate  # with its bootstrap interval over texts
    correct: int
    predicted: int  # illegal ones included, unless as published
    gold: int
    failures: dict[str, int]  # illegal predictions by kind
    as_published: bool


class SeedScorecard(Noun):
    """The scores of one system's seeds on the same texts."""

    texts: int
    precision: float | None  # mean over seeds
    recall: float | None  # mean over seeds
    f1: Estimate  # mean over seeds, with the bootstrap interval over texts of that mean
    deviation: float | None  # of F1 over seeds (n - 1 below the line); None for one seed
    seeds: tuple[TupleScorecard, ...]


def score(
    gold: Sequence[Iterable[OpinionTuple]],
    predicted: Sequence[TupleAnswer],
    *,
    as_published: bool = False,
    seed: int = 0,
) -> TupleScorecard:
    """Score answers against what people marked.

    A prediction is right when all its elements equal a marked tuple's: words case by case, white space as single
    spaces. A text's equal tuples count once. Whatever an answer holds that is no legal tuple was predicted too,
    so each failure counts as a wrong prediction.

    Args:
        gold: The marked tuples of each text.
        predicted: The answer about each text, in the same order.
        as_published: Leave illegal predictions out instead, as the code of Distilling Fine-grained Sentiment
            Understanding (arXiv 2412.18552) does. It flatters a model that writes nonsense: for comparison only.
        seed: Of the bootstrap.

    Returns:
        The scores. F1 is None where nothing is marked and nothing predicted, its bounds also for fewer than two texts.

    Raises:
        ValueError: Not one answer a text.
    """
    rows = counts_by_text(gold, predicted, as_published=as_published)
    total = totals(rows)
    return TupleScorecard(
        texts=len(rows),
        precision=total.precision if total.predicted else None,
        recall=total.recall if total.gold else None,
        f1=_estimate([rows], seed=seed),
        correct=total.correct,
        predicted=total.predicted,
        gold=total.gold,
        failures=dict(sorted(Counter(f.kind for answer in predicted for f in answer.failures).items())),
        as_published=as_published,
    )


def score_seeds(
    gold: Sequence[Iterable[OpinionTuple]],
    predicted: Sequence[Sequence[TupleAnswer]],
    *,
    as_published: bool = False,
    seed: int = 0,
) -> SeedScorecard:
    """Score several seeds of one system, and bound the mean of their F1 by resampling texts for all at once.

    Args:
        gold: See `score`.
        predicted: The answers of each seed; at least one seed.
        as_published: See `score`.
        seed: Of the bootstrap.

    Returns:
        Mean and deviation. The interval speaks for the choice of texts, the deviation for the training seed.

    Raises:
        ValueError: No seed, or not one answer a text.
    """
    cards = tuple(score(gold, answers, as_published=as_published, seed=seed) for answers in predicted)
    if not cards:
        raise ValueError("there is no seed to score")
    runs = [counts_by_text(gold, answers, as_published=as_published) for answers in predicted]
    values = [card.f1.value for card in cards if card.f1.value is not None]
    return SeedScorecard(
        texts=cards[0].texts,
        precision=_mean([card.precision for card in cards]),
        recall=_mean([card.recall for card in cards]),
        f1=_estimate(runs, seed=seed) if len(runs) > 1 else cards[0].f1,
        deviation=stdev(values) if len(values) == len(cards) > 1 else None,
        seeds=cards,
    )


def counts_by_text(
    gold: Sequence[Iterable[OpinionTuple]], predicted: Sequence[TupleAnswer], *, as_published: bool = False
) -> list[tuple[int, int, int]]:
    """Count `(correct, predicted, gold)` of each text, to be summed, resampled or compared; see `score`."""
    return [
        count_tuples(marked, answer, as_published=as_published) for marked, answer in zip(gold, predicted, strict=True)
    ]


def difference(
    gold: Sequence[Iterable[OpinionTuple]],
    first: Sequence[Sequence[TupleAnswer]],
    second: Sequence[Sequence[TupleAnswer]],
    *,
    seed: int = 0,
) -> Estimate:
    """Bound by how much one system's mean F1 over seeds is above another's on the same texts.

    Args:
        gold: See `score`.
        first: The answers of each seed of one system.
        second: Of the other; as many seeds.
        seed: Of the bootstrap, which draws the same texts for both.

    Returns:
        mean F1 of `first` - mean F1 of `second`. None where nothing is marked and nothing predicted, or for fewer than
        two texts. The interval speaks for the choice of texts, not of training seeds.

    Raises:
        ValueError: Not one answer a text, or not as many seeds.
    """
    a, b = (_side_by_side([counts_by_text(gold, answers) for answers in runs]) for runs in (first, second))
    if len(gold) < 2 or not (a.any() or b.any()):
        return Estimate(value=None)
    return paired_bootstrap(a, b, _mean_f1, resamples=_RESAMPLES, seed=seed)


def _estimate(runs: Sequence[Sequence[tuple[int, int, int]]], *, seed: int) -> Estimate:
    """Give the mean F1 of runs over the same texts, with its interval."""
    rows = _side_by_side(runs)
    total = rows.sum(axis=0).reshape(-1, 3)
    if not total[:, 1:].any(axis=1).all():
        return Estimate(value=None)
    low, high = bootstrap_interval(rows, _mean_f1, resamples=_RESAMPLES, seed=seed) if len(rows) > 1 else (None, None)
    method = f"bootstrap over texts, {_RESAMPLES} resamples, seed {seed}" if len(rows) > 1 else ""
    return Estimate(value=_mean_f1(total), low=low, high=high, method=method)


def _side_by_side(runs: Sequence[Sequence[tuple[int, int, int]]]) -> NDArray[np.float64]:
    """Put the counts of all runs on a text into one row, so that runs are resampled together."""
    return np.array(runs, dtype=np.float64).reshape(len(runs), -1, 3).transpose(1, 0, 2).reshape(-1, 3 * len(runs))


def _mean_f1(total: NDArray[np.float64]) -> float:
    """Average the F1 of summed (correct, predicted, gold), one or more in a row; 0 where nothing was counted."""
    correct, predicted, gold = total.reshape(-1, 3).T
    return float(np.mean(2 * correct / np.maximum(predicted + gold, 1)))


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known and len(known) == len(values) else None
