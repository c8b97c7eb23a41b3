"""Scores over many tasks with their intervals: what stands together is resampled together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gistill.schema import Estimate
from gistill.stats import bootstrap_interval, paired_bootstrap

RESAMPLES = 2000
Counts = Sequence[float]
Score = Callable[[NDArray[np.float64]], float]


def ratio(counts: NDArray[np.float64]) -> float:
    """Give points of possible points; 0 where nothing was to be had."""
    return float(counts[0] / counts[1]) if counts[1] > 0 else 0.0


def estimate(runs: Sequence[Sequence[Counts]], clusters: Sequence[str], score: Score, *, seed: int = 0) -> Estimate:
    """Give the mean score of several runs over the same tasks, with its interval over clusters of tasks.

    Args:
        runs: For each run (a seed) the counts of each task, which add up.
        clusters: What each task is resampled with.
        score: Turns summed counts into a number, zeros included.
        seed: Of the bootstrap, which draws the same clusters for all runs.

    Returns:
        None where nothing was counted; without bounds for fewer than two clusters.
    """
    rows = _by_cluster(runs, clusters)
    if not rows.any():
        return Estimate(value=None)
    mean = _mean(score, len(runs))
    if len(rows) < 2:
        return Estimate(value=mean(rows.sum(axis=0)))
    low, high = bootstrap_interval(rows, mean, resamples=RESAMPLES, seed=seed)
    method = f"bootstrap over {len(rows)} clusters of texts, {RESAMPLES} resamples, seed {seed}"
    return Estimate(value=mean(rows.sum(axis=0)), low=low, high=high, method=method)


def difference(
    first: Sequence[Sequence[Counts]],
    second: Sequence[Sequence[Counts]],
    clusters: Sequence[str],
    score: Score,
    *,
    seed: int = 0,
) -> Estimate:
    """Bound by how much one system is above another on the same tasks, each the mean over its runs.

    Returns:
        first - second; None where nothing was counted, or for fewer than two clusters.
    """
    a, b = _by_cluster(first, clusters), _by_cluster(second, clusters)
    if len(a) < 2 or not (a.any() or b.any()):
        return Estimate(value=None)
    width = len(first[0][0])
    first_mean, second_mean = (rows.reshape(len(rows), -1, width).mean(axis=1) for rows in (a, b))
    return paired_bootstrap(first_mean, second_mean, score, resamples=RESAMPLES, seed=seed)


def _by_cluster(runs: Sequence[Sequence[Counts]], clusters: Sequence[str]) -> NDArray[np.float64]:
    """Sum the counts of each cluster; those of all runs stand in one row, so that runs are resampled together."""
    order = {name: place for place, name in enumerate(dict.fromkeys(clusters))}
    counts = np.array(runs, dtype=np.float64)  # (runs, tasks, counts)
    rows = np.zeros((len(order), counts.shape[0] * counts.shape[2]))
    for task, name in enumerate(clusters):
        rows[order[name]] += counts[:, task].reshape(-1)
    return rows


def _mean(score: Score, runs: int) -> Score:
    return lambda total: float(np.mean([score(one) for one in total.reshape(runs, -1)]))
