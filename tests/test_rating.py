"""The rating skill: one label of a text, read strictly, on the same labels as what an analysis amounts to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gistill.schema import SENTIMENTS, Failure, Target
from gistill.skills.rating import (
    LEVELS,
    POLARITIES,
    STARS,
    Labels,
    Rated,
    RatingInput,
    convert,
    overall,
    parse,
    render,
)

SETS = (POLARITIES, LEVELS, STARS)


def targets(*levels: str) -> list[Target]:
    return [Target(aspect="a", sentiment=level, reasoning="r") for level in levels]  # type: ignore[arg-type]


@pytest.mark.parametrize("labels", SETS)
def test_every_label_is_shown_once_and_read_back(labels: Labels) -> None:
    asked = render(RatingInput("Fine.", labels, shots=True))
    assert [m.content for m in asked if m.role == "assistant"] == list(labels)
    assert len({m.content for m in asked if m.role == "user"}) == len(labels) + 1
    for label in labels:
        assert parse(label, labels) == Rated(label, mended=False)


def test_without_examples_the_question_is_the_same_but_for_them() -> None:
    short, long = render(RatingInput("Fine.")), render(RatingInput("Fine.", shots=True))
    assert (short[0], short[-1]) == (long[0], long[-1])
    assert len(short) == 2
    assert "positive, neutral, negative" in short[0].content


@pytest.mark.parametrize(
    ("answer", "labels", "label"),
    [
        ("Positive.", POLARITIES, "positive"),
        ("**Negative**\n\nThe customer is not positive at all.", POLARITIES, "negative"),
        ("Sentiment: neutral", POLARITIES, "neutral"),
        ("I would say this is very negative.", LEVELS, "very negative"),
        ("4 stars", STARS, "4"),
        ("4/5", STARS, "4"),
        ("Rating: 2 out of 5", STARS, "2"),
    ],
)
def test_a_label_in_few_words_is_read(answer: str, labels: Labels, label: str) -> None:
    assert parse(answer, labels) == Rated(label, mended=True)


@pytest.mark.parametrize(
    ("answer", "labels", "kind"),
    [
        ("", POLARITIES, "empty_answer"),
        ("...", POLARITIES, "empty_answer"),
        ("not positive", POLARITIES, "ambiguous"),
        ("It isn't negative", POLARITIES, "ambiguous"),
        ("positive or neutral", POLARITIES, "ambiguous"),
        ("very positive", POLARITIES, "unparsable"),
        ("mixed, more positive", POLARITIES, "unparsable"),
        ("positively", POLARITIES, "unparsable"),
        ("4.5", STARS, "unparsable"),
        ("14", STARS, "unparsable"),
        ("6 stars", STARS, "unparsable"),
        ("3 or 4 stars", STARS, "ambiguous"),
        ("I cannot help with that.", POLARITIES, "refused"),
        ("The customer begins with much that sounds positive to me but who can say really", POLARITIES, "unparsable"),
    ],
)
def test_nothing_is_guessed(answer: str, labels: Labels, kind: str) -> None:
    read = parse(answer, labels)
    assert isinstance(read, Failure)
    assert read.kind == kind


@given(st.text(), st.sampled_from(SETS))
def test_any_answer_is_a_label_of_the_set_or_a_failure(answer: str, labels: Labels) -> None:
    read = parse(answer, labels)
    assert isinstance(read, Failure) or read.label in labels


@pytest.mark.parametrize(
    ("levels", "five", "three", "stars"),
    [
        ((), "neutral", "neutral", "3"),
        (("very positive",), "very positive", "positive", "5"),
        (("very positive", "positive"), "positive", "positive", "4"),  # 1.5, a tie: towards neutral
        (("positive", "neutral"), "neutral", "neutral", "3"),  # 0.5, a tie
        (("positive", "positive", "neutral"), "positive", "positive", "4"),  # 0.67
        (("negative", "very positive", "very negative"), "neutral", "neutral", "3"),  # -0.33
        (("negative", "very negative"), "negative", "negative", "2"),  # -1.5, a tie
        (("very negative", "very negative", "negative"), "very negative", "negative", "1"),  # -1.67
    ],
)
def test_an_analysis_amounts_to_the_mean_of_its_levels(
    levels: tuple[str, ...], five: str, three: str, stars: str
) -> None:
    found = targets(*levels)
    assert (overall(found, LEVELS), overall(found), overall(found, STARS)) == (five, three, stars)


@given(st.lists(st.sampled_from(SENTIMENTS)))
def test_turning_every_feeling_round_turns_the_whole_round(levels: list[str]) -> None:
    turned = [SENTIMENTS[4 - SENTIMENTS.index(level)] for level in levels]  # type: ignore[arg-type]
    assert LEVELS.index(overall(targets(*levels), LEVELS)) == 4 - LEVELS.index(overall(targets(*turned), LEVELS))


def test_labels_are_said_in_another_set() -> None:
    assert [convert(star, STARS, POLARITIES) for star in STARS] == ["positive"] * 2 + ["neutral"] + ["negative"] * 2
    assert [convert(side, POLARITIES, LEVELS) for side in POLARITIES] == list(POLARITIES)
    with pytest.raises(ValueError, match="middle"):
        convert("yes", ("yes", "no"), POLARITIES)
