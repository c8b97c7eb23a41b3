"""Intervals: worked by hand, and covering what they claim to cover."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gistill.schema import Estimate
from gistill.stats import (
    bootstrap_interval,
    mean,
    mean_difference,
    net_sentiment,
    net_sentiments,
    paired_bootstrap,
    wilson,
)


def f1(total: np.ndarray) -> float:
    found, predicted, gold = total
    return float(2 * found / (predicted + gold)) if predicted + gold else 0.0


def test_wilson_as_worked_by_hand() -> None:
    """8 of 10: centre (0.8 + 0.19207) / 1.38415 = 0.71674, half width 0.22658."""
    tenth = wilson(8, 10)
    assert (tenth.count, tenth.of, tenth.value) == (8, 10, 0.8)
    assert tenth.low == pytest.approx(0.490162, abs=1e-6)
    assert tenth.high == pytest.approx(0.943318, abs=1e-6)


def test_wilson_ends_are_exact() -> None:
    """0 of 4: low 0, high z^2 / (4 + z^2) = 3.841459 / 7.841459."""
    nobody, everybody = wilson(0, 4), wilson(4, 4)
    assert (nobody.low, everybody.high) == (0.0, 1.0)
    assert nobody.high == pytest.approx(0.489891, abs=1e-6)
    assert everybody.low == pytest.approx(1 - 0.489891, abs=1e-6)


def test_wilson_of_nobody_is_not_measured() -> None:
    assert wilson(0, 0).model_dump() == {"count": 0, "of": 0, "value": None, "low": None, "high": None}


@pytest.mark.parametrize(("count", "of"), [(2, 1), (-1, 3), (0, -1)])
def test_wilson_refuses_what_is_no_proportion(count: int, of: int) -> None:
    with pytest.raises(ValueError, match="not a proportion"):
        wilson(count, of)


@given(st.integers(0, 10**9).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_wilson_is_ordered_and_mirrors(pair: tuple[int, int]) -> None:
    count, of = pair
    one, other = wilson(count, of), wilson(of - count, of)
    if of == 0:
        assert one.low is None
        return
    assert one.value is not None
    assert one.low is not None
    assert one.high is not None
    assert other.high is not None
    assert 0 <= one.low <= one.value <= one.high <= 1
    assert one.low == pytest.approx(1 - other.high, abs=1e-9)


@pytest.mark.parametrize(("of", "true"), [(10, 0.3), (50, 0.05), (400, 0.5)])
def test_wilson_covers(of: int, true: float) -> None:
    counts = np.random.default_rng(7).binomial(of, true, size=1500)
    bounds = {count: wilson(count, of) for count in map(int, set(counts))}
    covered = np.mean([bounds[int(c)].low <= true <= bounds[int(c)].high for c in counts])  # type: ignore[operator]
    assert 0.92 <= covered <= 0.985


def test_net_sentiment_as_worked_by_hand() -> None:
    """Records of 2, 1 and 1 opinions: (+2), (-1), (neutral).

    Net (2 - 1) / 4 = 0.25. Mean size m = 4/3; with one record of m on each side N = 20/3 and the centre 1 / N = 0.15.
    Squares: 4 + 1 + 0 + 2 m^2 = 8.5556; - 2 * 0.15 * (4 - 1) = - 0.9; + 0.0225 * (4 + 1 + 1 + 3.5556) = 0.215.
    Half width 1.96 * sqrt(5/4 * 7.870556) / 6.6667 = 0.922150.
    """
    estimate = net_sentiment([[2, 0, 0], [0, 1, 0], [0, 0, 1]])
    assert estimate.value == 0.25
    assert estimate.low == pytest.approx(0.15 - 0.922150, abs=1e-5)
    assert estimate.high == 1.0


def test_net_sentiment_is_not_measured_without_opinions() -> None:
    assert net_sentiment(np.zeros((0, 3))) == Estimate(value=None)
    assert net_sentiment([[0, 0, 0], [0, 0, 0]]) == Estimate(value=None)


def test_net_sentiment_of_agreement_is_not_certain() -> None:
    """Two of two positive does not prove that everybody is pleased."""
    estimate = net_sentiment([[1, 0, 0], [1, 0, 0]])
    assert (estimate.value, estimate.high) == (1.0, 1.0)
    assert estimate.low is not None
    assert estimate.low < 0.2


def test_opinions_of_one_record_do_not_count_as_many_witnesses() -> None:
    together = net_sentiment([[10, 0, 0], [0, 10, 0], [10, 0, 0], [10, 0, 0]])
    apart = net_sentiment([[1, 0, 0]] * 30 + [[0, 1, 0]] * 10)
    assert together.value == apart.value == 0.5
    assert together.high - together.low > 1.5 * (apart.high - apart.low)  # type: ignore[operator]


counts = st.lists(st.tuples(*[st.integers(0, 5)] * 3), max_size=30)


@given(counts, st.randoms(use_true_random=False))
def test_net_sentiment_is_bounded_and_knows_no_order(rows: list[tuple[int, ...]], random: object) -> None:
    estimate = net_sentiment(np.array(rows).reshape(-1, 3))
    if estimate.value is not None:
        assert -1 <= estimate.low <= estimate.value <= estimate.high <= 1  # type: ignore[operator]
    turned = net_sentiment(np.array(rows[::-1]).reshape(-1, 3)[:, [1, 0, 2]])
    assert turned.value == (None if estimate.value is None else pytest.approx(-estimate.value))
    assert turned.low == (None if estimate.high is None else pytest.approx(-estimate.high))


@given(st.lists(st.tuples(st.integers(0, 3), *[st.integers(0, 4)] * 3), max_size=30))
def test_many_groups_at_once_are_each_alone(rows: list[tuple[int, ...]]) -> None:
    table = np.array(rows).reshape(-1, 4)
    many = net_sentiments(table[:, 0], table[:, 1:], 4)
    for group, estimate in enumerate(many):
        alone = net_sentiment(table[table[:, 0] == group, 1:])
        assert estimate.value == alone.value
        assert estimate.low == (None if alone.low is None else pytest.approx(alone.low))


@pytest.mark.parametrize(("records", "share"), [(5, 0.5), (5, 0.95), (30, 0.8), (200, 0.99)])
def test_net_sentiment_covers(records: int, share: float) -> None:
    """Opinions of a record agree more than those of others; 10% are neutral, so the truth is 0.9 (2 p - 1)."""
    generator = np.random.default_rng(3)
    covered = 0
    for _ in range(600):
        size = 1 + generator.poisson(2, records)
        neutral = generator.binomial(size, 0.1)
        positive = generator.binomial(size - neutral, generator.beta(5 * share, 5 * (1 - share), records))
        estimate = net_sentiment(np.stack([positive, size - neutral - positive, neutral], axis=1))
        covered += estimate.low <= 0.9 * (2 * share - 1) <= estimate.high  # type: ignore[operator]
    assert covered / 600 >= 0.93


def test_bootstrap_of_a_constant_has_no_width() -> None:
    assert bootstrap_interval([[1, 2, 2]] * 20, f1) == (0.5, 0.5)


def test_bootstrap_agrees_with_the_normal_interval_of_a_mean() -> None:
    """400 records, half with 1 and half with 0: standard error 0.025, so 0.451 to 0.549."""
    rows = [[1, 1]] * 200 + [[0, 1]] * 200
    low, high = bootstrap_interval(rows, lambda total: float(total[0] / total[1]), resamples=4000)
    assert low == pytest.approx(0.451, abs=0.004)
    assert high == pytest.approx(0.549, abs=0.004)


def test_bootstrap_depends_on_the_seed_and_not_on_the_order() -> None:
    rows = np.random.default_rng(0).integers([0, 4, 4], [4, 8, 8], (60, 3))
    assert bootstrap_interval(rows, f1, seed=1) == bootstrap_interval(rows[::-1], f1, seed=1)
    assert bootstrap_interval(rows, f1, seed=1) != bootstrap_interval(rows, f1, seed=2)


def test_bootstrap_covers() -> None:
    generator = np.random.default_rng(5)
    covered = 0
    for trial in range(200):
        size = 1 + generator.poisson(2, 60)
        rows = np.stack([generator.binomial(size, generator.beta(3, 2, 60)), size], axis=1)
        low, high = bootstrap_interval(rows, lambda total: float(total[0] / total[1]), resamples=300, seed=trial)
        covered += low <= 0.6 <= high
    assert 0.88 <= covered / 200 <= 0.99


def test_bootstrap_of_many_different_records_is_bounded_in_time() -> None:
    rows = np.arange(30_000).reshape(10_000, 3)  # no two alike: the worst case
    start = time.process_time()
    bootstrap_interval(rows, f1, resamples=2000)
    assert time.process_time() - start < 10


def test_bootstrap_refuses_what_it_cannot_bound() -> None:
    with pytest.raises(ValueError, match="at least two records"):
        bootstrap_interval([[1, 1, 1]], f1)
    with pytest.raises(ValueError, match="not a number"):
        bootstrap_interval([[0, 0], [0, 0]], lambda total: float("nan"))


def test_paired_bootstrap_sees_a_small_steady_difference() -> None:
    """b misses one more than a on every record: paired, the difference is certain though both scores vary widely."""
    gold = np.random.default_rng(2).integers(2, 40, 50)
    a, b = np.stack([gold, gold, gold], axis=1), np.stack([gold - 1, gold, gold], axis=1)
    difference = paired_bootstrap(a, b, f1)
    assert difference.value == pytest.approx(50 / gold.sum())
    assert difference.low is not None
    assert difference.low > 0
    assert paired_bootstrap(a, a, f1).model_dump(exclude={"method"}) == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_paired_bootstrap_refuses_different_records() -> None:
    with pytest.raises(ValueError, match="same records"):
        paired_bootstrap([[1, 1, 1]] * 3, [[1, 1, 1]] * 4, f1)


def test_a_mean_has_the_interval_of_students_t() -> None:
    """1, 2 and 3: mean 2, deviation 1, t of 2 degrees of freedom 4.30265: half width 4.30265 / sqrt 3."""
    found = mean([1, 2, 3])
    assert found.value == 2
    assert found.low == pytest.approx(2 - 4.30265 / 3**0.5, abs=1e-4)
    assert found.high == pytest.approx(2 + 4.30265 / 3**0.5, abs=1e-4)
    assert mean([]) == Estimate(value=None)
    assert mean([4]) == Estimate(value=4)  # one value says nothing of how far off it may be


def test_a_difference_of_means_is_welchs() -> None:
    """Five of variance 2.5 and five of variance 10: sqrt(0.5 + 2), 2.5^2 / (0.25 / 4 + 4 / 4) = 5.882 degrees."""
    found = mean_difference([1, 2, 3, 4, 5], [2, 4, 6, 8, 10])
    assert found.value == -3
    assert found.high is not None
    assert found.high + 3 == pytest.approx(2.4588 * 2.5**0.5, rel=2e-3)  # t of 5.882 degrees of freedom
    assert mean_difference([], [1, 2]) == Estimate(value=None)
    assert mean_difference([1, 1], [3, 3]) == Estimate(value=-2)
    assert mean_difference([1], [3, 4]) == Estimate(value=-2.5)


@given(st.lists(st.integers(1, 5), min_size=2, max_size=30), st.lists(st.integers(1, 5), min_size=2, max_size=30))
def test_a_difference_turned_round_has_the_same_interval_turned_round(a: list[int], b: list[int]) -> None:
    one, other = mean_difference(a, b), mean_difference(b, a)
    assert one.value == pytest.approx(-(other.value or 0))
    if one.low is not None and other.high is not None:
        assert one.low == pytest.approx(-other.high)
        assert one.low < (one.value or 0)
