"""Scores that are points of possible points, summed over texts: an F1, a share, or a mean; with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gistill.schema import Estimate
from gistill.stats import bootstrap_interval, paired_bootstrap

RESAMPLES = 2000
Ratio = tuple[float, float]  # points, and how many were to be had


def estimate(runs: Sequence[Sequence[Ratio]], *, seed: int = 0) -> Estimate:
    """Give the mean score of several runs over the same texts, with its interval over texts.

    Args:
        runs: The points of each text; at least one run.
        seed: Of the bootstrap, which draws the same texts for all runs.

    Returns:
        The mean of sum(points) / sum(possible). None where a run had nothing to get, its bounds also for fewer than two
        texts.
    """
    rows = _side_by_side(runs)
    total = rows.sum(axis=0).reshape(-1, 2)
    if not len(rows) or not total[:, 1].all():
        return Estimate(value=None)
    if len(rows) < 2:
        return Estimate(value=_mean(total))
    low, high = bootstrap_interval(rows, _mean, resamples=RESAMPLES, seed=seed)
    method = f"bootstrap over texts, {RESAMPLES} resamples, seed {seed}"
    return Estimate(value=_mean(total), low=low, high=high, method=method)


def difference(first: Sequence[Sequence[Ratio]], second: Sequence[Sequence[Ratio]], *, seed: int = 0) -> Estimate:
    """Bound by how much one system's mean score over seeds is above another's on the same texts.

    Args:
        first: The points of each text, for each seed of one system.
        second: Of the other, with as many seeds.
        seed: Of the bootstrap, which draws the same texts for both.

    Returns:
        mean of `first` - mean of `second`. None where nothing was to be had, or for fewer than two texts.

    Raises:
        ValueError: Not the same texts, or not as many seeds.
    """
    a, b = _side_by_side(first), _side_by_side(second)
    if len(a) < 2 or not (a.any() or b.any()):
        return Estimate(value=None)
    return paired_bootstrap(a, b, _mean, resamples=RESAMPLES, seed=seed)


def _side_by_side(runs: Sequence[Sequence[Ratio]]) -> NDArray[np.float64]:
    """Put the points of all runs on a text into one row, so that runs are resampled together."""
    return np.array(runs, dtype=np.float64).reshape(len(runs), -1, 2).transpose(1, 0, 2).reshape(-1, 2 * len(runs))


def _mean(total: NDArray[np.float64]) -> float:
    """Average points / possible, one pair or more in a row; 0 where nothing was to be had."""
    points, possible = total.reshape(-1, 2).T
    return float(np.mean(np.divide(points, possible, out=np.zeros_like(points), where=possible > 0)))
