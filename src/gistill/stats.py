"""Counts in, intervals out: proportions, net sentiment, and scores resampled by record.

Every interval is 95%. Nothing measured gives None, never 0. No global random state: what is drawn takes a seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gistill.schema import Estimate, Proportion

Z95 = 1.959963984540054  # 0.975 quantile of the normal distribution
NET_SENTIMENT = "ratio estimate, linearised by cluster, with one cluster added on each side"
_CELLS = 4_000_000  # resampling weights held at once: 32 MB


def wilson(count: int, of: int) -> Proportion:
    """Bound a proportion by the Wilson score interval, which stays sound for few people and near 0 and 1.

    Args:
        count: Those who did, 0 to `of`.
        of: Those who were asked. 0 gives None for value and bounds: nothing was measured.

    Returns:
        The proportion with its bounds in [0, 1]; low is exactly 0 at count 0 and high exactly 1 at count `of`.

    Raises:
        ValueError: Not 0 <= count <= of.

    Source:
        Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    """
    if not 0 <= count <= of:
        raise ValueError(f"{count} of {of} is not a proportion")
    if of == 0:
        return Proportion(count=0, of=0, value=None, low=None, high=None)
    value, z2 = count / of, Z95 * Z95
    centre = (value + z2 / (2 * of)) / (1 + z2 / of)
    half = Z95 / (1 + z2 / of) * math.sqrt(value * (1 - value) / of + z2 / (4 * of * of))
    low = 0.0 if count == 0 else max(0.0, centre - half)
    high = 1.0 if count == of else min(1.0, centre + half)
    return Proportion(count=count, of=of, value=value, low=min(low, value), high=max(high, value))


def net_sentiments(group: ArrayLike, counts: ArrayLike, groups: int) -> list[Estimate]:
    """Estimate net sentiment for many groups of opinions in one pass.

    Args:
        group: The group of each row, shape (N,), 0 to `groups` - 1.
        counts: Positive, negative and neutral opinions of one cluster in that group, shape (N, 3). A cluster is what
            stands or falls together: a record, or all records of a person. Rows of zeros change nothing.
        groups: How many groups to answer for.

    Returns:
        One estimate a group, as `net_sentiment` describes it.
    """
    rows = np.asarray(counts, dtype=np.float64).reshape(-1, 3)
    keys = np.asarray(group, dtype=np.int64).reshape(-1)
    size = rows.sum(axis=1)
    difference = rows[:, 0] - rows[:, 1]

    def total(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(keys, weights, minlength=groups).astype(np.float64)

    clusters, mentions, surplus = total((size > 0).astype(np.float64)), total(size), total(difference)
    safe = np.maximum(clusters, 1)
    mean = mentions / safe
    value = surplus / np.maximum(mentions, 1)
    # One cluster of average size wholly positive and one wholly negative.
    n, k, mass = mentions + 2 * mean, clusters + 2, 2 * mean * mean
    centre = surplus / np.maximum(n, 1)
    squares = total(difference**2) + mass - 2 * centre * total(difference * size) + centre**2 * (total(size**2) + mass)
    half = Z95 * np.sqrt(k / (k - 1) * np.maximum(squares, 0)) / np.maximum(n, 1)
    low = np.minimum(np.maximum(centre - half, -1), value)
    high = np.maximum(np.minimum(centre + half, 1), value)
    return [
        Estimate(value=float(value[i]), low=float(low[i]), high=float(high[i]), method=NET_SENTIMENT)
        if mentions[i]
        else Estimate(value=None)
        for i in range(groups)
    ]


def net_sentiment(per_record: ArrayLike) -> Estimate:
    """Estimate (positive - negative) / mentions, with an interval that knows that opinions of one record stand
    together.

    The ratio is linearised and its variance taken over records. Alone that fails for few records: where all agree
    it gives no width at all. So the interval (not the value) is computed as if one record of average length had been
    wholly positive and one wholly negative. Coverage measured over 3 to 1,000 records, 1 or 3 opinions a record,
    correlated or not, true net 0 to 0.88: 0.94 to 1.00, against 0.30 to 0.96 without the two records.

    Args:
        per_record: Positive, negative and neutral opinions of each record, shape (N, 3).

    Returns:
        Value and bounds in [-1, 1]; None where there is no opinion at all. It speaks for the sampling of records only,
        not for the reader's mistakes.

    Source:
        Cochran, Sampling Techniques (1977), section 6.3 (the ratio); Agresti and Caffo, The American Statistician 54
        (2000) (one added on each side).
    """
    rows = np.asarray(per_record).reshape(-1, 3)
    return net_sentiments(np.zeros(len(rows), dtype=np.int64), rows, 1)[0]


def mean(values: ArrayLike) -> Estimate:
    """Estimate a mean, with the interval of Student's t; None for no value, without bounds for one."""
    known = np.asarray(values, dtype=np.float64)
    if not len(known):
        return Estimate(value=None)
    value = float(known.mean())
    if len(known) < 2:
        return Estimate(value=value)
    half = _t95(len(known) - 1) * math.sqrt(float(known.var(ddof=1)) / len(known))
    return Estimate(value=value, low=value - half, high=value + half, method="Student's t")


def mean_difference(a: ArrayLike, b: ArrayLike) -> Estimate:
    """Estimate mean(a) - mean(b) for two groups that may spread differently.

    Args:
        a: One value for each person.
        b: Of other people.

    Returns:
        The difference with Welch's interval; None where a group is empty, without bounds where one has fewer than two
        values or neither spreads, since then nothing says how far off it may be.

    Source:
        Welch, The generalization of 'Student's' problem when several different population variances are involved,
        Biometrika 34 (1947).
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if not len(first) or not len(second):
        return Estimate(value=None)
    value = float(first.mean() - second.mean())
    if len(first) < 2 or len(second) < 2:
        return Estimate(value=value)
    u, v = float(first.var(ddof=1)) / len(first), float(second.var(ddof=1)) / len(second)
    if u + v == 0:
        return Estimate(value=value)
    freedom = (u + v) ** 2 / (u * u / (len(first) - 1) + v * v / (len(second) - 1))
    half = _t95(freedom) * math.sqrt(u + v)
    return Estimate(value=value, low=value - half, high=value + half, method="Welch")


def _t95(freedom: float) -> float:
    """Give the 0.975 quantile of Student's t: within 0.2% from 3 degrees of freedom on; fewer are rounded down.

    Source:
        Cornish and Fisher's expansion: Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.7.5.
    """
    if freedom < 2:
        return 12.706204736
    if freedom < 3:
        return 4.302652730
    z = Z95
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * freedom**4)
    )


def resample(rows: NDArray[np.float64], resamples: int, seed: int) -> NDArray[np.float64]:
    """Draw records with replacement and sum their counts: shape (resamples, k).

    Equal rows are drawn together by one multinomial: the same distribution, the same answer in any row order, and a
    tenth of the work, since counts repeat.
    """
    kinds, times = np.unique(rows, axis=0, return_counts=True)
    generator = np.random.default_rng(seed)
    share, step = times / len(rows), max(1, _CELLS // len(kinds))
    parts = [
        generator.multinomial(len(rows), share, size=min(step, resamples - start)) @ kinds
        for start in range(0, resamples, step)
    ]
    return np.concatenate(parts)


def _bounds(scores: NDArray[np.float64]) -> tuple[float, float]:
    if not np.isfinite(scores).all():
        raise ValueError("the score is not a number on some resamples; it must say what it is when nothing is counted")
    low, high = np.percentile(scores, [2.5, 97.5])
    return float(low), float(high)


def bootstrap_interval(
    per_record: ArrayLike, score: Callable[[NDArray[np.float64]], float], *, resamples: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Bound a corpus score by resampling whole records.

    Opinions within one record stand or fall together, so the record is what is resampled; resampling single opinions
    would make the interval too narrow.

    Args:
        per_record: Counts per record that add up, such as (true positives, predicted, gold); shape (N, k), N >= 2.
        score: Turns the k summed counts into a number, as F1 does. It must be a number for every sum, zeros included.
        resamples: Bootstrap draws.
        seed: Same seed and same rows in any order, same interval.

    Returns:
        The 2.5th and 97.5th percentiles of the resampled score. They speak for the sampling of records only, not for
        training seeds or annotators.

    Raises:
        ValueError: Fewer than two records (there is nothing to resample), or a score that is not a number.

    Source:
        Percentile interval: Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 13.3.
    """
    rows = _rows(per_record)
    return _bounds(np.array([score(total) for total in resample(rows, resamples, seed)], dtype=np.float64))


def paired_bootstrap(
    a: ArrayLike,
    b: ArrayLike,
    score: Callable[[NDArray[np.float64]], float],
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Bound the difference of two systems' scores on the same records.

    Both are resampled with the same records each time, so that what is hard for both does not blur the difference.

    Args:
        a: Counts per record of the first system, shape (N, k), N >= 2.
        b: Counts of the second on the same records in the same order.
        score: See `bootstrap_interval`.
        resamples: Bootstrap draws.
        seed: Same seed, same interval.

    Returns:
        score(a) - score(b) over all records with its 95% interval; an interval without 0 is a difference beyond the
        sampling of records.

    Raises:
        ValueError: The shapes differ, fewer than two records, or a score that is not a number.
    """
    first, second = _rows(a), _rows(b)
    if first.shape != second.shape:
        raise ValueError(f"the systems were not counted on the same records: shapes {first.shape} and {second.shape}")
    k = first.shape[1]
    totals = resample(np.hstack([first, second]), resamples, seed)
    low, high = _bounds(np.array([score(total[:k]) - score(total[k:]) for total in totals], dtype=np.float64))
    value = float(score(first.sum(axis=0)) - score(second.sum(axis=0)))
    method = f"paired bootstrap over records, {resamples} resamples, seed {seed}"
    return Estimate(value=value, low=low, high=high, method=method)


def _rows(per_record: ArrayLike) -> NDArray[np.float64]:
    rows = np.asarray(per_record, dtype=np.float64)
    if rows.ndim != 2 or len(rows) < 2:
        raise ValueError(f"need counts of shape (N, k) for at least two records, got shape {rows.shape}")
    return rows


def fisher(count: int, of: int, other: int, other_of: int) -> float:
    """Test whether two shares differ, by Fisher's exact test: twice the smaller tail, at most 1.

    Args:
        count: Those who did in one group.
        of: The size of that group.
        other: Those who did in the other group.
        other_of: Its size.

    Returns:
        How likely a difference at least as large in that direction is where there is none, doubled.

    Raises:
        ValueError: A count is negative or larger than its group.
    """
    if not (0 <= count <= of and 0 <= other <= other_of):
        raise ValueError(f"{count} of {of} and {other} of {other_of} are not two shares")
    did, everyone = count + other, of + other_of
    low, high = max(0, did - other_of), min(did, of)
    total = _log_choose(everyone, did)
    chances = [math.exp(_log_choose(of, k) + _log_choose(other_of, did - k) - total) for k in range(low, high + 1)]
    at = count - low
    return min(1.0, 2 * min(math.fsum(chances[: at + 1]), math.fsum(chances[at:])))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def holm(p: Sequence[float]) -> list[float]:
    """Correct p-values for how many there are, so that the chance of any false alarm stays below the level.

    Source:
        Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6 (1979).

    >>> [round(value, 4) for value in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    corrected, highest = [0.0] * len(p), 0.0
    for rank, i in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        highest = max(highest, min(1.0, (len(p) - rank) * p[i]))
        corrected[i] = highest
    return corrected
