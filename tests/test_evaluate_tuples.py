"""Strict tuple scores: worked by hand, and properties that any scorer of sets must have."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gistill.evaluate.tuples import counts_by_text, score, score_seeds
from gistill.schema import Failure, OpinionTuple, TupleAnswer
from gistill.skills.opinions import OpinionsInput, parse

FOOD = OpinionTuple("food", None, "great", "positive")
SLOW = OpinionTuple("service", None, "slow", "negative")
DRINKS = OpinionTuple("drinks", None, "fine", "neutral")


def said(*tuples: OpinionTuple, failures: int = 0) -> TupleAnswer:
    return TupleAnswer(tuples, (Failure(kind="unparsable"),) * failures)


def test_micro_scores_worked_by_hand() -> None:
    """Two right of three given and four marked: 2/3, 2/4, and 4/7 between them."""
    gold = [[FOOD, SLOW], [DRINKS], [SLOW]]
    card = score(gold, [said(FOOD), said(DRINKS, FOOD), said()])
    assert (card.correct, card.predicted, card.gold, card.texts) == (2, 3, 4, 3)
    assert card.precision == pytest.approx(2 / 3)
    assert card.recall == 0.5
    assert card.f1.value == pytest.approx(4 / 7)
    assert card.f1.low is not None
    assert card.f1.high is not None
    assert card.f1.low <= 4 / 7 <= card.f1.high
    assert card.failures == {}


def test_an_illegal_prediction_is_a_wrong_one_unless_counted_as_published() -> None:
    gold, answers = [[FOOD], [SLOW]], [said(FOOD, failures=2), said(SLOW)]
    strict = score(gold, answers)
    assert (strict.predicted, strict.precision, strict.f1.value) == (4, 0.5, pytest.approx(2 * 2 / (4 + 2)))
    assert strict.failures == {"unparsable": 2}
    published = score(gold, answers, as_published=True)
    assert (published.predicted, published.precision, published.f1.value) == (2, 1.0, 1.0)
    assert published.failures == {"unparsable": 2}  # counted, though it costs nothing there
    assert published.as_published


def test_what_the_parser_refuses_counts_by_its_name() -> None:
    asked = OpinionsInput("The food was great", "aste")
    answer = parse("food | great | positive\nfood | great | positive\nfood | awful | negative\nwell", asked)
    card = score([[FOOD]], [answer])
    assert card.failures == {"repeated": 1, "unanchored": 1, "unparsable": 1}
    assert (card.correct, card.predicted) == (1, 4)


def test_words_are_compared_case_by_case_and_with_single_spaces() -> None:
    wide = OpinionTuple("food  and\tdrinks", None, "great", "positive")
    plain = OpinionTuple("food and drinks", None, "great", "positive")
    assert score([[wide]], [said(plain)]).correct == 1
    assert score([[FOOD]], [said(FOOD._replace(aspect="Food"))]).correct == 0


def test_every_element_must_be_right() -> None:
    quad = OpinionTuple("food", "food quality", "great", "positive")
    for wrong in (
        quad._replace(aspect=None),
        quad._replace(category="food prices"),
        quad._replace(opinion=None),
        quad._replace(polarity="neutral"),
    ):
        assert score([[quad]], [said(wrong)]).correct == 0


def test_nothing_to_divide_by_is_not_zero() -> None:
    nothing = score([], [])
    assert (nothing.precision, nothing.recall, nothing.f1.value, nothing.f1.low) == (None, None, None, None)
    silent = score([[], []], [said(), said()])
    assert silent.f1.value is None
    unmarked = score([[], []], [said(FOOD), said()])
    assert (unmarked.precision, unmarked.recall, unmarked.f1.value) == (0.0, None, 0.0)
    missed = score([[FOOD], []], [said(), said()])
    assert (missed.precision, missed.recall, missed.f1.value) == (None, 0.0, 0.0)


def test_one_text_has_a_score_and_no_interval() -> None:
    card = score([[FOOD]], [said(FOOD)])
    assert (card.f1.value, card.f1.low, card.f1.high) == (1.0, None, None)


def test_every_text_needs_an_answer() -> None:
    with pytest.raises(ValueError, match="zip"):
        score([[FOOD]], [])
    with pytest.raises(ValueError, match="no seed"):
        score_seeds([[FOOD]], [])


def test_seeds_have_a_mean_a_deviation_and_the_interval_of_the_mean() -> None:
    """F1 1 and 1/2 (one of two right, both given): mean 3/4, deviation sqrt(1/8)."""
    gold = [[FOOD], [SLOW]]
    card = score_seeds(gold, [[said(FOOD), said(SLOW)], [said(FOOD), said(DRINKS)]])
    assert [run.f1.value for run in card.seeds] == [1.0, 0.5]
    assert card.f1.value == 0.75
    assert card.deviation == pytest.approx(0.125**0.5)
    assert card.precision == 0.75
    # texts drawn twice: (1, 1), (1, 1/2) or (1, 0) -> means 1, 3/4, 1/2
    assert (card.f1.low, card.f1.high) == (0.5, 1.0)


def test_one_seed_is_its_own_mean() -> None:
    gold, answers = [[FOOD], [SLOW], []], [said(FOOD), said(), said(DRINKS)]
    card = score_seeds(gold, [answers])
    assert card.f1 == score(gold, answers).f1
    assert card.deviation is None


def test_a_view_without_texts_is_not_measured_for_any_seed() -> None:
    card = score_seeds([], [[], []])
    assert (card.texts, card.f1.value, card.deviation, card.precision) == (0, None, None, None)


TUPLES = st.builds(
    OpinionTuple,
    st.sampled_from([None, "food", "service"]),
    st.just(None),
    st.sampled_from([None, "great", "slow"]),
    st.sampled_from(["positive", "negative"]),
)
TEXTS = st.lists(
    st.tuples(st.lists(TUPLES, max_size=4), st.lists(TUPLES, max_size=4), st.integers(0, 2)), min_size=1, max_size=6
)


@given(TEXTS, st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_the_order_of_texts_and_tuples_changes_nothing(
    texts: list[tuple[list[OpinionTuple], list[OpinionTuple], int]], lot: random.Random
) -> None:
    shuffled = [(lot.sample(g, len(g)), lot.sample(p, len(p)), f) for g, p, f in lot.sample(texts, len(texts))]

    def card(of: list[tuple[list[OpinionTuple], list[OpinionTuple], int]]) -> object:
        return score([g for g, _, _ in of], [said(*p, failures=f) for _, p, f in of])

    assert card(texts) == card(shuffled)


@given(TEXTS)
def test_counts_are_of_sets(texts: list[tuple[list[OpinionTuple], list[OpinionTuple], int]]) -> None:
    """Duplicates count once, nothing right beyond what is given or marked, and failures only add predictions."""
    gold = [g for g, _, _ in texts]
    once = counts_by_text(gold, [said(*p, failures=f) for _, p, f in texts])
    twice = counts_by_text([[*g, *g] for g in gold], [said(*p, *p, failures=f) for _, p, f in texts])
    assert once == twice
    kept = counts_by_text(gold, [said(*p, failures=f) for _, p, f in texts], as_published=True)
    for (correct, predicted, marked), (correct_kept, predicted_kept, _), (_, _, failures) in zip(
        once, kept, texts, strict=True
    ):
        assert correct == correct_kept <= min(predicted_kept, marked)
        assert predicted == predicted_kept + failures


@given(TEXTS)
@settings(max_examples=30)
def test_perfect_answers_have_a_perfect_score(
    texts: list[tuple[list[OpinionTuple], list[OpinionTuple], int]],
) -> None:
    gold = [g for g, _, _ in texts]
    card = score(gold, [said(*g) for g in gold])
    assert card.f1.value in ((1.0,) if any(gold) else (None,))
