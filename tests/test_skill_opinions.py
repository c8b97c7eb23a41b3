"""The opinions skill: what is written can be read, and nothing else can."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gistill.schema import ELEMENTS, OpinionTuple
from gistill.skills.opinions import OpinionsInput, anchor, orders, parse, render, vote, write
from gistill.text import places

FOOD = OpinionsInput("The food was great but they were slow .", "aste")


def kinds(answer: str, asked: OpinionsInput = FOOD, **options: object) -> list[str]:
    return [failure.kind for failure in parse(answer, asked, **options).failures]  # type: ignore[arg-type]


def test_a_question_names_the_elements_in_their_order() -> None:
    messages = render(FOOD._replace(order=("polarity", "opinion", "aspect")))
    assert [m.role for m in messages] == ["system", "user"]
    assert messages[0].content == "List each opinion: polarity | opinion | aspect."
    assert messages[1].content == FOOD.text


def test_shots_and_categories_are_shown() -> None:
    shot = ("Soup was cold .", (OpinionTuple("Soup", "food", "cold", "negative"),))
    messages = render(OpinionsInput("x", "asqp", categories=("food", "service"), shots=(shot,)))
    assert "Categories: food, service." in messages[0].content
    assert messages[2].content == "Soup | food | cold | negative"


def test_an_answer_is_read() -> None:
    read = parse("food | great | positive\n- | slow | negative\n", FOOD)
    assert read.failures == ()
    assert read.tuples == (
        OpinionTuple("food", None, "great", "positive"),
        OpinionTuple(None, None, "slow", "negative"),
    )


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("food | great", "unparsable"),
        ("food | great | fine", "unparsable"),
        ("food | | positive", "unparsable"),
        ("food | great | positive | food", "unparsable"),
        ("pasta | great | positive", "unanchored"),
        ("Food | great | positive", "unanchored"),
        ("foo | great | positive", "unanchored"),
        ("food | great | positive\nfood | great | positive", "repeated"),
        ("none\nfood | great | positive", "unparsable"),
        ("", "empty_answer"),
    ],
)
def test_what_is_not_exactly_right_is_a_failure_by_name(answer: str, kind: str) -> None:
    assert kinds(answer) == [kind]


def test_a_cut_off_answer_loses_its_last_line() -> None:
    read = parse("food | great | positive\nthey | slow | neg", FOOD, complete=False)
    assert [f.kind for f in read.failures] == ["truncated"]
    assert len(read.tuples) == 1


def test_an_unknown_category_is_a_failure() -> None:
    asked = FOOD._replace(task="asa")
    assert kinds("drinks | positive", asked, categories=frozenset({"food"})) == ["unknown_category"]
    assert kinds("food | positive", asked, categories=frozenset({"food"})) == []


def test_nothing_is_said_as_none() -> None:
    assert write((), "aste") == "none"
    assert parse("none", FOOD) == ((), ())


WORDS = st.text("abcdéß食é", min_size=1, max_size=4)


@given(
    st.lists(WORDS, min_size=2, max_size=8).flatmap(
        lambda words: st.tuples(
            st.just(words),
            st.lists(
                st.builds(
                    OpinionTuple,
                    st.sampled_from([*words, None]),
                    st.sampled_from(["food", "service quality"]),
                    st.sampled_from([*words, None]),
                    st.sampled_from(["positive", "negative", "neutral"]),
                ),
                max_size=4,
            ),
        )
    ),
    st.sampled_from(sorted(ELEMENTS)),
    st.randoms(),
)
def test_what_is_written_is_read_back(drawn: tuple[list[str], list[OpinionTuple]], task: str, lot: object) -> None:
    """Every task, any order of its elements, any script: parse(write(x)) == x."""
    words, tuples = drawn
    order = list(ELEMENTS[task])  # type: ignore[index]
    lot.shuffle(order)  # type: ignore[attr-defined]
    asked = OpinionsInput(" ".join(words), task, tuple(order))  # type: ignore[arg-type]
    kept = [OpinionTuple(**{e: getattr(t, e) for e in order}) for t in tuples]
    read = parse(write(tuples, asked.task, order=asked.order), asked)
    assert read.failures == ()
    assert read.tuples == tuple(dict.fromkeys(kept))


@given(st.text(max_size=200))
def test_nothing_a_model_says_raises(answer: str) -> None:
    for t in parse(answer, FOOD).tuples:
        assert t.aspect is None or t.aspect in FOOD.text


def test_words_are_found_as_whole_words() -> None:
    assert places("art", "art is no part of art") == [(0, 3), (18, 21)]
    assert places("好", "很好吃") == [(1, 2)]
    assert places("a", "") == []
    assert places("", "art") == []


def test_a_tuple_is_anchored_where_its_words_are_nearest() -> None:
    text = "food here, other food good, service bad"
    assert anchor(OpinionTuple("food", None, "good", "positive"), text) == ((17, 21), (22, 26))
    assert anchor(OpinionTuple(None, None, "bad", "negative"), text) == (None, (36, 39))


def test_votes_are_counted_once_an_answer() -> None:
    a, b = OpinionTuple("a"), OpinionTuple("b")
    assert vote([[a, a], [a, b], [b]], share=0.6) == (a, b)
    assert vote([[a], [a], [b]], share=0.5) == (a,)
    assert vote([[], [], []]) == ()


def test_orders_begin_with_the_usual_one_and_do_not_repeat() -> None:
    assert orders("tsa", 5) == [("aspect", "polarity"), ("polarity", "aspect")]
    assert orders("asqp", 1) == [ELEMENTS["asqp"]]
    drawn = orders("asqp", 5)
    assert (len(drawn), drawn[0], len(set(drawn))) == (5, ELEMENTS["asqp"], 5)
    assert drawn == orders("asqp", 24)[:5]  # a vote knows what was taught
