"""Scores of points, worked by hand, and what holds of them whatever the labels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gistill.evaluate.clusters import MEASURES, counts, score

# Quotes a b c | d e | f, found a b | c d e | f.
MARKED, FOUND = [0, 0, 0, 1, 1, 2], [7, 7, 8, 8, 8, 9]


def value(marked: list[int], found: list[int], measure: str) -> float | None:
    got: float | None = getattr(score([(marked, found)]), measure).value
    return got


def test_pairs_are_counted_by_hand() -> None:
    # marked: ab ac bc de; found: ab cd ce de; right: ab de
    assert value(MARKED, FOUND, "precision") == 2 / 4
    assert value(MARKED, FOUND, "recall") == 2 / 4
    assert value(MARKED, FOUND, "pairwise") == 0.5


def test_b_cubed_is_counted_over_points_of_two_or_more() -> None:
    # precision: a 1, b 1, c 1/3, d 2/3, e 2/3 of five quotes; recall: a 2/3, b 2/3, c 1/3, d 1, e 1; f is alone in both
    precision, recall = (1 + 1 + 1 / 3 + 2 / 3 + 2 / 3) / 5, (2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5
    assert value(MARKED, FOUND, "b_cubed") == pytest.approx(2 * precision * recall / (precision + recall))


def test_people_off_compares_each_marked_point_with_the_found_one_that_holds_most_of_it() -> None:
    # abc is found as ab: one off. de is found as cde: one off.
    assert value(MARKED, FOUND, "people_off") == 1
    # One found point for two marked ones stands for the larger: 5 for 3 is two off, and de is missed: two off.
    assert value(MARKED, [1, 1, 1, 1, 1, 2], "people_off") == 2
    assert value(MARKED, [1, 1, 1, 1, 1, 2], "found") == 1 / 2
    # A found point that shares one quote with a marked one stands for none.
    assert value([0, 0, 1, 2], [3, 4, 3, 4], "people_off") == 2
    assert value([0, 0, 1, 2], [3, 4, 3, 4], "extra") == 1


def test_each_alone_has_no_pair_and_everything_missed() -> None:
    scores = score([(MARKED, [-1] * 6)])
    assert scores.pairwise.value == scores.b_cubed.value == scores.recall.value == 0
    assert scores.precision.value is None  # nothing was found that could be right
    assert scores.people_off.value == 2.5  # 3 and 2 people, two points
    assert scores.points == 2


def test_groups_are_summed_before_dividing() -> None:
    # 1 of 1 pair right in one group, 1 of 3 in the other with one marked pair
    both = score([([0, 0], [0, 0]), ([0, 0, 1], [5, 5, 5])])
    assert both.pairwise.value == 2 * 2 / ((1 + 3) + (1 + 1))
    assert both.groups == 2
    assert both.pairwise.low is not None
    assert both.pairwise.high is not None
    assert both.pairwise.low <= both.pairwise.value <= both.pairwise.high


def test_groups_without_points_measure_nothing() -> None:
    scores = score([([0, 1], [0, 1])])
    assert all(getattr(scores, measure).value is None for measure in MEASURES)


def test_labels_of_another_number_of_quotes_are_refused() -> None:
    with pytest.raises(ValueError, match="1 labels were found for 2 quotes"):
        score([([0, 0], [0])])


@given(st.lists(st.tuples(st.integers(-1, 4), st.integers(-1, 4)), max_size=12))
def test_scores_stay_within_bounds_and_ignore_what_labels_are_called(rows: list[tuple[int, int]]) -> None:
    marked, found = [m for m, _ in rows], [f for _, f in rows]
    of = dict(zip(range(-1, 5), (-3, 40, 30, 20, 10, 0), strict=True))
    assert counts(marked, found) == counts(marked, [of[label] for label in found])
    for measure in ("pairwise", "precision", "recall", "b_cubed", "found", "extra"):
        got = value(marked, found, measure)
        assert got is None or 0 <= got <= 1 + 1e-12


@given(st.lists(st.integers(0, 3), min_size=2, max_size=12))
def test_the_marks_themselves_are_perfect(marked: list[int]) -> None:
    scores = score([(marked, [9 - label for label in marked])])
    assert scores.pairwise.value in (1, None)
    assert scores.people_off.value in (0, None)
