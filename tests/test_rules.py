"""Sentences that a rule reads: scores have the score's sign, and questions that only ask hold no opinion."""

from __future__ import annotations

import pytest

from fake_reader import FakeReader
from gistill.digest.extract import extract
from gistill.digest.rules import only_asks, read_score
from gistill.schema import Record

NEGATIVE = (
    "One star.|1 star|Zero stars!|0 stars|No stars|0/10|1/5|2/5|1 out of 5|3/10|★☆☆☆☆|★★☆☆☆|⭐⭐|☆☆☆☆☆|One star!!!|"
    "1-star|1 star out of 5|Half a star|Minus five stars|-1 stars|Two stars.|2 out of 10|Rating: 1/5|Score 2/10|20/100|"
    "Ein Stern.|Une étoile|Una estrella|Due stelle|Uma estrela|Één ster|1*|(1/5)|I give it one star|"
    "Only 2 stars|A star!"
)
POSITIVE = (
    "5 stars|Five stars!|10/10|5/5|★★★★★|⭐⭐⭐⭐⭐|★★★★☆|5 out of 5|9/10|4/5|"
    "Four stars|100/100|10 out of 10|5-star|4.5/5|4,5/5|"
    "4 out of 5 stars|I give it 5 stars|A solid 5 stars|Five stars from me|Fünf Sterne|Cinq étoiles|Cinco estrellas|5*|"
    "10 stars|My rating: 9/10|Overall: 5/5|5 von 5 Sternen|5 sur 5|⭐️⭐️⭐️⭐️⭐️"
)
NEUTRAL = "3/5|3 stars|Three stars.|★★★☆☆|5/10|6/10|3 out of 5|50/100|Drei Sterne|3.5/5"
NONE = (
    "|5 star service|10/10 taste|24/7|1/2|9/11|12/10|a 5 stars hotel|No stars visible|*|***|★|100|5/12/2024|"
    "One of five|Stars|The lift was slow.|5 stars but the lift was slow|★★★★★★★★"
)


@pytest.mark.parametrize(
    ("sentence", "polarity"),
    [(s, "negative") for s in NEGATIVE.split("|")]
    + [(s, "positive") for s in POSITIVE.split("|")]
    + [(s, "neutral") for s in NEUTRAL.split("|")],
)
def test_a_score_alone_has_the_sign_of_the_score(sentence: str, polarity: str) -> None:
    score = read_score(sentence)
    assert score is not None
    assert (score.polarity, score.aspect, score.confidence) == (polarity, None, None)
    assert score.opinion is not None
    assert sentence[slice(*score.opinion)].strip(" .!?()") == sentence.strip(" .!?()")


@pytest.mark.parametrize("sentence", NONE.split("|"))
def test_what_is_more_or_less_than_a_score_is_the_readers(sentence: str) -> None:
    assert read_score(sentence) is None


@pytest.mark.parametrize(
    "sentence",
    [
        "Was the staff friendly?",
        "Is it waterproof?",
        "Are these good for wide feet?",
        "Does anyone know whether the charger is safe?",
        "Can you tell me if the lid is tight?",
        "Is there a pool?",
    ],
)
def test_a_question_that_only_asks_holds_no_opinion(sentence: str) -> None:
    assert only_asks(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Why is the app so slow?",
        "Isn't the screen beautiful?",
        "Is it too much to ask for a lid that closes?",
        "Can you believe the price?",
        "Could you please fix the app?",
        "Did the cook ever taste this?",
        "Was the staff friendly? No.",
        "The staff was friendly?",
        "Is it good.",
    ],
)
def test_a_question_that_says_something_is_the_readers(sentence: str) -> None:
    assert not only_asks(sentence)


def test_the_reader_is_not_asked_what_a_rule_decides() -> None:
    reader = FakeReader()
    found = extract([Record(id="a", text="One star. Is the sound good? Bad sound.")], reader=reader)
    assert reader.asked == ["Bad sound."]
    assert [(o.polarity, o.opinion and o.opinion.text, o.confidence is None) for o in found.opinions] == [
        ("negative", "One star", True),
        ("negative", "Bad", False),
    ]
    assert found.sentences == 3
