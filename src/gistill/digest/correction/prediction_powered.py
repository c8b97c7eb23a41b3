"""A reader's counts of every sentence and a person's counts of a few drawn ones in, counts with sound intervals out.

The reader decides how narrow the interval is, never whether it holds: what it says of all sentences is corrected by how
it differs from the person on sentences that were drawn at random with known probabilities. Nothing that somebody chose
to look at may go in here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gistill.schema import Estimate
from gistill.stats import Z95

METHOD = "prediction-powered inference: stratified random sentences, clusters of people"
LEAST = 2  # sentences of a stratum: of one alone nobody knows how much they differ
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Totals:
    """Estimated counts, shape (k,), and their covariance, shape (k, k)."""

    values: Floats
    covariance: Floats


def allocate(sizes: ArrayLike, n: int, *, weights: ArrayLike | None = None) -> list[int]:
    """Divide a sample among strata: in proportion to size times weight, and `LEAST` of each at the least.

    Args:
        sizes: Sentences of each stratum.
        n: Sentences to draw in all; more where `LEAST` of each stratum needs more.
        weights: How much the sentences of a stratum are expected to differ; None takes them as equal.

    Returns:
        How many to draw from each stratum, never more than it has.
    """
    size = np.asarray(sizes, dtype=np.int64)
    share = size * (1.0 if weights is None else np.asarray(weights, dtype=np.float64))
    taken = np.minimum(size, LEAST)
    for _ in range(max(0, min(n, int(size.sum())) - int(taken.sum()))):
        need = np.where(taken < size, share / (taken + 1), -1.0)
        taken[int(np.argmax(need))] += 1
    return [int(count) for count in taken]


def draw(stratum: ArrayLike, counts: list[int], *, seed: int) -> Ints:
    """Draw without replacement within each stratum: places in the frame, in increasing order.

    Args:
        stratum: The stratum of each sentence, 0 to len(counts) - 1.
        counts: How many to draw of each.
        seed: Same seed and same strata, same sentences.
    """
    generator, of = np.random.default_rng(seed), np.asarray(stratum)
    parts = [generator.choice(np.flatnonzero(of == h), size=count, replace=False) for h, count in enumerate(counts)]
    return np.sort(np.concatenate(parts)).astype(np.int64) if parts else np.zeros(0, dtype=np.int64)


def totals(read: ArrayLike, person: ArrayLike, stratum: ArrayLike, drawn: ArrayLike, marked: ArrayLike) -> Totals:
    """Estimate what the person would have counted in all sentences.

    Within each stratum the reader's counts are shifted by the mean difference on the drawn sentences. By how much the
    reader is believed (0 to 1, for each count) is what makes the variance smallest. The variance is that of the sums
    of people: what a person says stands or falls together, and the interval speaks for other people like these as well
    as for the draw. To each stratum's differences two sentences are added for the variance alone, in one of which an
    opinion was missed and in the other invented: a few sentences without a mistake do not prove that there is none.

    Args:
        read: What the reader counted in every sentence, shape (s, k).
        person: Who wrote each sentence, shape (s,).
        stratum: The stratum of each sentence, shape (s,), numbers from 0.
        drawn: Places of the sentences that were drawn at random within their strata, shape (n,).
        marked: What the person counted in those, shape (n, k).

    Raises:
        ValueError: A stratum with sentences has fewer than `LEAST` drawn ones (and has as many), or shapes differ.

    Source:
        Angelopoulos et al., Prediction-powered inference, Science 382 (2023), and PPI++ (2023) for the power; Särndal,
        Swensson and Wretman, Model Assisted Survey Sampling (1992), section 6.5 (the same as a difference estimator).
    """
    said = np.asarray(read, dtype=np.float64)
    who, of = np.asarray(person, dtype=np.int64), np.asarray(stratum, dtype=np.int64)
    places, truth = np.asarray(drawn, dtype=np.int64), np.asarray(marked, dtype=np.float64)
    if said.ndim != 2 or truth.shape != (len(places), said.shape[1]) or not len(said) == len(who) == len(of):
        raise ValueError(f"counts of shape {said.shape} do not fit marks of shape {truth.shape}")
    k, strata = said.shape[1], int(of.max(initial=-1)) + 1
    size, taken = np.bincount(of, minlength=strata), np.bincount(of[places], minlength=strata)
    if (taken < np.minimum(size, LEAST)).any():
        raise ValueError(f"each stratum needs {LEAST} drawn sentences, there are {taken.tolist()}")
    weight = size / np.maximum(taken, 1)
    within = of[places]
    seen = said[places]
    trust = _trust(seen, truth, within, size, taken)
    differences = truth - trust * seen
    sums = np.stack([np.bincount(within, differences[:, j], minlength=strata) for j in range(k)], axis=1)
    mean = sums / np.maximum(taken, 1)[:, None]
    predicted = trust * said + mean[of]
    scale = np.where(taken < size, np.sqrt(taken / np.maximum(taken - 1, 1)), 1.0)
    rest = (differences - mean[within]) * (weight * scale)[within][:, None]
    people = np.unique(who, return_inverse=True)[1]
    each = np.zeros((int(people.max(initial=-1)) + 1, k))
    np.add.at(each, people, predicted)
    np.add.at(each, people[places], rest)
    spread = each - each.mean(axis=0)
    covariance = spread.T @ spread * (len(each) / max(len(each) - 1, 1))
    unsure = np.where(taken < size, (weight**2) * (1 - taken / np.maximum(size, 1)), 0.0).sum()
    covariance += np.eye(k) * unsure
    return Totals(predicted.sum(axis=0), covariance)


def _trust(seen: Floats, truth: Floats, within: Ints, size: Ints, taken: Ints) -> Floats:
    """Find for each count how far the reader is believed: the slope of the person's counts on the reader's."""
    over = np.zeros(seen.shape[1])
    under = np.zeros(seen.shape[1])
    for h in np.flatnonzero(taken):
        mine, its = truth[within == h], seen[within == h]
        factor = size[h] ** 2 / taken[h] ** 2 * (1 - taken[h] / size[h])
        its = its - its.mean(axis=0)
        over += factor * (its * (mine - mine.mean(axis=0))).sum(axis=0)
        under += factor * (its**2).sum(axis=0)
    return np.where(under > 0, np.clip(over / np.where(under > 0, under, 1), 0, 1), 1.0)


def count_estimate(counts: Totals, places: tuple[int, ...]) -> Estimate:
    """Bound the sum of some of the counts; never below 0."""
    pick = np.zeros(len(counts.values))
    pick[list(places)] = 1
    value = max(0.0, float(pick @ counts.values))
    half = Z95 * math.sqrt(float(pick @ counts.covariance @ pick))
    return Estimate(value=value, low=max(0.0, value - half), high=value + half, method=METHOD)


def net_estimate(counts: Totals) -> Estimate:
    """Bound net sentiment, where the first three counts are of positive, negative and neutral opinions."""
    positive, negative, neutral = (float(value) for value in np.maximum(counts.values[:3], 0))
    whole = positive + negative + neutral
    if whole <= 0:
        return Estimate(value=None)
    value = (positive - negative) / whole
    slope = np.array([1 - value, -1 - value, -value])
    half = Z95 * math.sqrt(float(slope @ counts.covariance[:3, :3] @ slope)) / whole
    return Estimate(value=value, low=max(-1.0, value - half), high=min(1.0, value + half), method=METHOD)
