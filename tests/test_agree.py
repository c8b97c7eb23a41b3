"""Several answers to one question: what they agree on, and by how much."""

from __future__ import annotations

import json
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from gistill.distill import agree as module
from gistill.distill.agree import Agreed
from gistill.skills.all import SKILLS
from gistill.skills.skill import Answer


def agree(answers: list[Answer | None], **options: float) -> Agreed:
    """Vote as the skill whose answers these are does."""
    field = next((name for answer in answers if answer for name in answer), "")
    way = next((skill.teacher for skill in SKILLS.values() if skill.teacher.field == field), SKILLS["opinions"].teacher)
    return module.agree(answers, way.vote, way.field, **options)


def opinions(*names: str) -> Answer:
    return {"opinions": [{"aspect": name, "polarity": "positive"} for name in names]}


def named(answer: Answer | None, field: str = "opinions") -> list[tuple[str, float]]:
    parts = cast("list[dict[str, Any]]", (answer or {}).get(field, []))
    return [(part.get("aspect") or part["target"], part["agreement"]) for part in parts]


def test_one_answer_stands_as_it_is_and_has_no_agreement() -> None:
    assert agree([opinions("soup")]) == (opinions("soup"), None, ())
    assert agree([None]) == (None, None, ())
    assert agree([]) == (None, None, ())


def test_each_opinion_is_voted_on_by_itself() -> None:
    """soup has 3 of 4 votes, bread 2, wine 1: at a half the first two stand, with a mean of (3/4 + 2/4) / 2."""
    found = agree([opinions("soup", "bread"), opinions("soup", "wine"), opinions("bread", "soup"), None])
    assert named(found.answer) == [("soup", 0.75), ("bread", 0.5)]
    assert found.agreement == 0.625
    assert [json.loads(part)["aspect"] for part in found.dropped] == ["wine"]


def test_an_opinion_said_twice_in_one_answer_has_one_vote() -> None:
    found = agree([opinions("soup", "soup"), opinions("soup"), opinions(), opinions()], least=0.75)
    assert named(found.answer) == []
    assert [json.loads(part)["agreement"] for part in found.dropped] == [0.5]


def test_that_there_is_no_opinion_is_voted_on_too() -> None:
    assert agree([opinions(), opinions(), opinions("soup")]) == (
        {"opinions": []},
        0.6667,
        ('{"agreement": 0.3333, "aspect": "soup", "polarity": "positive"}',),
    )
    divided = agree([opinions("a"), opinions("b"), opinions()])
    assert divided.answer is None
    assert len(divided.dropped) == 2


def test_answers_that_cannot_be_read_agree_with_nothing() -> None:
    assert agree([opinions("soup"), None, None]).answer is None
    assert agree([opinions("soup"), None, None], least=0.3).answer is not None


def target(words: str, sentiment: str) -> dict[str, Any]:
    return {"target": words, "span": [0, len(words)], "sentiment": sentiment, "reasoning": words}


def test_targets_are_voted_on_by_place_and_then_by_sentiment() -> None:
    answers: list[Answer | None] = [
        {"targets": [target("soup", "positive"), target("bread", "neutral")]},
        {"targets": [target("soup", "negative"), target("bread", "positive")]},
        {"targets": [target("soup", "negative")]},
    ]
    found = agree(answers)
    assert named(found.answer, "targets") == [("soup", 0.6667)]
    assert cast("Any", found.answer)["targets"][0]["sentiment"] == "negative"
    assert found.agreement == 0.6667
    assert len(found.dropped) == 1  # bread: named by two, but no two agree how it was


def test_a_rating_is_the_one_most_give() -> None:
    votes = [{"rating": "positive"}, {"rating": "negative"}, {"rating": "negative"}]
    assert agree(cast("list[Answer | None]", votes))[:2] == ({"rating": "negative"}, 0.6667)
    assert agree(cast("list[Answer | None]", votes), least=0.7).answer is None
    tie = agree(cast("list[Answer | None]", votes[:2]))
    assert tie[:2] == ({"rating": "positive"}, 0.5)


def test_free_text_is_not_voted_on() -> None:
    assert agree([None, {"rewriting": "I liked it."}, {"rewriting": "We did."}]) == (
        {"rewriting": "I liked it."},
        None,
        (),
    )


@given(st.lists(st.none() | st.lists(st.sampled_from("abc"), max_size=4), min_size=2, max_size=6), st.floats(0.1, 1))
def test_what_stands_has_its_share_and_nothing_is_lost(answers: list[list[str] | None], least: float) -> None:
    read = [None if names is None else opinions(*names) for names in answers]
    found = agree(read, least=least)
    kept = dict(named(found.answer))
    assert all(share >= least for share in kept.values())
    for name, share in kept.items():
        assert share == round(sum(name in (names or ()) for names in answers) / len(answers), 4)
    dropped = {json.loads(part)["aspect"] for part in found.dropped}
    assert dropped | set(kept) == {name for names in answers for name in names or ()}
    assert not dropped & set(kept)
    assert found.agreement is None or 0 < found.agreement <= 1
