"""Counts from a few drawn sentences: worked by hand, and holding in worlds where the truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from gistill.digest.correction.prediction_powered import allocate, count_estimate, draw, net_estimate, totals
from gistill.schema import Estimate

Floats = NDArray[np.float64]
REPEATED = 300


def bounds(estimate: Estimate) -> tuple[float, float]:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.low, estimate.high


def test_a_sample_is_divided_by_size_and_weight_and_leaves_no_stratum_out() -> None:
    assert allocate([100, 300, 0, 1], 41) == [10, 30, 0, 1]
    assert allocate([1000, 1000, 3], 20)[2] == 2
    assert allocate([5, 5], 100) == [5, 5]
    assert allocate([100, 100], 30, weights=[2, 1]) == [20, 10]


def test_what_is_drawn_is_drawn_without_replacement_within_its_stratum() -> None:
    stratum = np.array([0] * 10 + [1] * 30)
    places = draw(stratum, [4, 6], seed=3)
    assert len(set(places.tolist())) == 10
    assert np.bincount(stratum[places]).tolist() == [4, 6]
    assert draw(stratum, [4, 6], seed=3).tolist() == places.tolist()
    assert draw(stratum, [4, 6], seed=4).tolist() != places.tolist()


def test_totals_worked_by_hand() -> None:
    """Six sentences of one stratum, three drawn. The reader's slope is 1, and it misses one opinion in three sentences.

    Read 1 1 0 0 1 0, drawn the first three: marked 2 1 0. The differences are 1 0 0, 1/3 on average; so the total is
    3 + 6 / 3 = 5 with full trust. The slope of 2 1 0 on 1 1 0 is 3/2, which is cut to 1.
    """
    read = np.array([[1, 0, 0], [1, 0, 0], [0, 0, 0], [0, 0, 0], [1, 0, 0], [0, 0, 0]])
    found = totals(read, np.arange(6), np.zeros(6, dtype=int), [0, 1, 2], [[2, 0, 0], [1, 0, 0], [0, 0, 0]])
    assert found.values.tolist() == pytest.approx([5, 0, 0])


def test_a_reader_that_says_nothing_of_use_is_not_believed() -> None:
    """Marked 1 0 1 0 where read 0 1 0 1: the slope is -1, so trust is 0 and the total is that of the sample alone."""
    read = np.array([[0.0], [1.0]] * 10)
    found = totals(read, np.arange(20), np.zeros(20, dtype=int), [0, 1, 2, 3], [[1], [0], [1], [0]])
    assert found.values.tolist() == pytest.approx([10])


def test_where_every_sentence_is_marked_only_people_are_left_to_chance() -> None:
    rng = np.random.default_rng(1)
    truth, who = rng.integers(0, 3, (40, 3)).astype(float), np.repeat(np.arange(10), 4)
    found = totals(rng.integers(0, 3, (40, 3)), who, np.zeros(40, dtype=int), np.arange(40), truth)
    assert found.values == pytest.approx(truth.sum(axis=0))
    by_person = truth.reshape(10, 4, 3).sum(axis=1)
    assert found.covariance == pytest.approx(10 * np.cov(by_person.T))


def test_a_few_sentences_without_a_mistake_do_not_prove_that_there_is_none() -> None:
    read = np.tile([[1.0, 0, 0], [0, 1, 0]], (50, 1))
    found = totals(read, np.zeros(100, dtype=int), np.tile([0, 1], 50), np.arange(10), read[:10])
    estimate = net_estimate(found)
    assert estimate.value == pytest.approx(0)
    assert bounds(estimate)[0] < -0.2


def test_a_stratum_without_enough_marks_is_an_error() -> None:
    with pytest.raises(ValueError, match="needs 2 drawn"):
        totals(np.zeros((9, 1)), np.arange(9), [0] * 5 + [1] * 4, [0, 1, 2, 5], np.zeros((4, 1)))


def world(rng: np.random.Generator, people: int, *, terrible: bool = False) -> tuple[Floats, Floats, Floats]:
    """Who wrote each sentence, what stands in it, and what a fair or a terrible reader finds."""
    who = np.repeat(np.arange(people), rng.poisson(4, people) + 1)
    mood = np.clip(rng.normal(0.3, 0.5, people), -0.95, 0.95)[who]
    number = rng.poisson(0.8, len(who))
    neutral = rng.binomial(number, 0.06)
    positive = rng.binomial(number - neutral, (1 + mood) / 2)
    truth = np.stack([positive, number - neutral - positive, neutral], axis=1).astype(float)
    kept = rng.binomial(truth.astype(int), 0.7 if terrible else [0.75, 0.5, 0.3]).astype(float)
    turned = kept[:, [1, 0, 2]] if terrible else kept
    invented = (rng.random((len(who), 3)) < [0.06, 0.02, 0.01]).astype(float)
    return who, truth, turned + invented


def strata(read: Floats) -> NDArray[np.int64]:
    return np.where(read[:, 1] > 0, 0, np.where(read[:, 0] > 0, 1, np.where(read[:, 2] > 0, 2, 3)))


@pytest.mark.parametrize("terrible", [False, True])
def test_intervals_hold_in_95_of_100_worlds_whatever_the_reader_does(terrible: bool) -> None:
    rng = np.random.default_rng(11)
    _, many, _ = world(rng, 40_000, terrible=terrible)
    whole = many.sum(axis=0)
    net, per_person = (whole[0] - whole[1]) / whole.sum(), whole / 40_000
    holds, counts = 0, np.zeros(3)
    for repetition in range(REPEATED):
        who, truth, read = world(rng, 150, terrible=terrible)
        stratum = strata(read)
        sizes = np.bincount(stratum, minlength=4)
        drawn = draw(stratum, allocate(sizes, 100, weights=[1, 1, 1, 0.6]), seed=repetition)
        found = totals(read, who, stratum, drawn, truth[drawn])
        estimate = net_estimate(found)
        low, high = bounds(estimate)
        holds += low <= net <= high
        for k in range(3):
            least, most = bounds(count_estimate(found, (k,)))
            counts[k] += least <= 150 * per_person[k] <= most
    assert 0.92 <= holds / REPEATED <= 0.98
    assert (counts / REPEATED >= 0.92).all()


def test_a_better_reader_makes_the_interval_narrower() -> None:
    rng = np.random.default_rng(5)
    who, truth, read = world(rng, 400)
    widths = []
    for said in (truth, read, np.zeros_like(truth)):
        stratum = strata(said)
        drawn = draw(stratum, allocate(np.bincount(stratum, minlength=4), 120), seed=1)
        estimate = net_estimate(totals(said, who, stratum, drawn, truth[drawn]))
        low, high = bounds(estimate)
        widths.append(high - low)
    assert widths[0] < widths[1] < widths[2]


def test_correcting_only_the_wrong_negatives_that_somebody_sees_moves_the_raw_count_and_not_the_estimate() -> None:
    """Somebody goes through the report and takes back every negative that is none, and nothing else.

    The raw counts change in one direction; the estimate is made of the reader's readings and the drawn sentences alone,
    and holds as often as without.
    """
    rng = np.random.default_rng(23)
    _, many, _ = world(rng, 40_000)
    net = (many[:, 0].sum() - many[:, 1].sum()) / many.sum()
    holds, raw_holds, moved = 0, 0, 0
    for repetition in range(REPEATED):
        who, truth, read = world(rng, 150)
        raw = read.copy()
        raw[:, 1] = np.minimum(read[:, 1], truth[:, 1])  # the chosen marks
        moved += raw[:, 1].sum() < read[:, 1].sum()
        raw_net = (raw[:, 0].sum() - raw[:, 1].sum()) / raw.sum()
        stratum = strata(read)
        drawn = draw(stratum, allocate(np.bincount(stratum, minlength=4), 100), seed=repetition)
        estimate = net_estimate(totals(read, who, stratum, drawn, truth[drawn]))
        low, high = bounds(estimate)
        holds += low <= net <= high
        half = (high - low) / 2
        raw_holds += abs(raw_net - net) <= half / 2
    assert moved > 0.9 * REPEATED
    assert 0.92 <= holds / REPEATED <= 0.98
    assert raw_holds / REPEATED < 0.5  # the corrected raw figure is further off than before, and says nothing of it
