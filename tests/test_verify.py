"""The checks that let a sentence stand: what is true passes, and every way of being wrong that we know is caught."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gistill.grounding.checking import CHECKS
from gistill.grounding.counting import Voices, count_voices
from gistill.grounding.verify import verify
from gistill.grounding.wording import clauses, content, number, signs, stem
from gistill.schema import Check, Opinion, Polarity, Quote
from opinions import BATTERY, World, world

HERE = world(BATTERY)  # 7 people: 5 praise, 2 complain
PRAISE, BLAME = HERE.of("positive"), HERE.of("negative")


def check(sentence: str, cites: Sequence[Opinion] = PRAISE, here: World = HERE) -> Check:
    terms = ("battery", "battery life")
    return verify(sentence, cites=cites, records=here.records, tally=here.tally, voices=here.voices, terms=terms)


@pytest.mark.parametrize(
    "sentence",
    [
        "Most people like the battery, for example because it lasts all day.",
        "Most customers praise the battery life.",
        "The battery is great and lasts all day.",
        "One person says the battery lasts two days.",
        "One person says the battery lasts 2 days.",
        "One customer reports that the battery is charging quickly.",
        "5 of the 7 people who mention battery life are positive: “lasts two days” and “Great battery life”.",
        "5 people are positive about the battery.",
        "71% of the people are positive about the battery.",
        "About 70% of the people praise the battery.",
        "More than 4 people praise the battery.",
        "Five out of seven people are positive about the battery.",
        "Many people praise the battery.",
    ],
)
def test_true_praise_stands(sentence: str) -> None:
    found = check(sentence)
    assert found == Check(verdict="supported", by=CHECKS), found.reasons


@pytest.mark.parametrize(
    "sentence",
    [
        "Some people dislike the battery, for example because it died after a week and does not hold a charge.",
        "A few people complain about the battery.",
        "2 of the 7 people who mention the battery are negative: “died after a week” and “does not hold a charge”.",
        "One person complains that it gets too hot.",
        "29% of the people are negative about the battery.",
    ],
)
def test_true_blame_stands(sentence: str) -> None:
    found = check(sentence, BLAME)
    assert found.verdict == "supported", found.reasons


def test_praise_and_blame_in_one_sentence_stand_on_both() -> None:
    both = "Five of seven people are positive about the battery, but two are negative."
    assert check(both, HERE.opinions).verdict == "supported"
    assert check(both, PRAISE).verdict == "not_supported"
    assert check("Two of seven people are positive about the battery, but five are negative.", HERE.opinions).reasons


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        # numbers
        ("6 of the 7 people who mention battery life are positive.", "does not match the counts"),
        ("5 of the 8 people who mention battery life are positive.", "does not match the counts"),
        ("7 people praise the battery.", "does not match the counts"),
        ("80% of the people are positive about the battery.", "does not match the counts"),
        ("Two thirds of the people praise the battery, three quarters of them praise it.", "does not match"),
        ("Six people praise the battery.", "does not match the counts"),
        ("Twenty five people praise the battery.", "does not match the counts"),
        ("More than 5 people praise the battery.", "does not match the counts"),
        ("Nearly 5 people praise the battery.", "does not match the counts"),
        ("5 people say that the battery lasts all day.", "does not match the counts"),
        ("5 people say the battery has “Great battery life”, and 9 people are positive.", "does not match"),
        ("One person says the battery lasts three days.", "do not mention “three”"),
        ("One person says the 4000 battery lasts all day.", "do not mention “4000”"),
        # quantities
        ("Everyone likes the battery.", "“everyone” does not fit"),
        ("All customers praise the battery.", "“all customers” does not fit"),
        ("Every customer praises the battery.", "“every customer” does not fit"),
        ("Almost all people praise the battery.", "does not fit the counts"),
        ("The vast majority praise the battery.", "does not fit the counts"),
        ("Half of the customers praise the battery.", "does not fit the counts"),
        ("Few people praise the battery.", "does not fit the counts"),
        ("Some people praise the battery.", "does not fit the counts"),
        ("Hundreds of people praise the battery.", "does not fit the counts"),
        ("Nobody complains about the battery.", "cannot be checked"),
        ("No one complains about the battery.", "cannot be checked"),
        ("Not everyone praises the battery.", "cannot be checked"),
        ("More people praise the battery than complain about it.", "cannot be checked"),
        ("Most people say that the battery lasts all day.", "“most” does not fit"),
        ("Most people like the battery because it lasts all day.", "gives this reason"),
        # polarity
        ("Most people like the battery, for example because it does not last all day.", "bad"),
        ("Most people dislike the battery.", "bad"),
        ("The battery is not great at all.", "bad"),
        ("The battery could be better.", "bad"),
        ("One person says the battery never charges.", "the opposite"),
        ("One person mentions the battery.", "cannot be told"),
        # support
        ("The battery is great and waterproof.", "do not mention “waterproof”"),
        ("Most people praise the battery from Duracell.", "do not mention “duracell”"),
        ("One person praises the sturdy battery that lasts all day.", "do not mention “sturdy”"),
        ("One person praises the battery, which charges all day.", "joins words"),
        # quotes
        ("One person is positive about the battery: “awesome battery”.", "“awesome battery” is not in the words"),
        ("One person is positive about the battery: “reat battery”.", "“reat battery” is not in the words"),
        ("One person is positive about the battery: “great Battery life”.", "is not in the words"),
        ("One person is positive about the battery: “Great battery life.", "do not match"),
        # form
        ("I love the battery because it lasts all day.", "speaks as somebody"),
        ("You get a great battery that lasts all day.", "speaks as somebody"),
        ("Buy this great battery that lasts all day.", "advice"),
        ("Customers should buy the great battery that lasts all day.", "advice"),
        ("Visit www.evil.example for a great battery.", "address"),
        ("The battery is great, see evil.com for more.", "address"),
        ("The battery is <b>great</b> and lasts all day.", "marks"),
        ("- The battery is great and lasts all day.", "complete sentence"),
        ("The battery is great and lasts all", "complete sentence"),
        ("the battery is great and lasts all day.", "complete sentence"),
        ("The battery is great. It lasts all day.", "more than one"),
        ("Great battery!", "words long"),
        ("The battery is great " + "and lasts all day " * 12 + "long.", "words long"),
        ("The battery is great\u202e and lasts all day.", "cannot be shown"),
        ("The battery lasts all day and it lasts all day.", ""),
        ("The battery is great and great.", "repeats itself"),
        ("Most people praise the battery because it is great and it is great.", "repeats itself"),
        ("The summary says the battery is great.", "told to do"),
    ],
)
def test_what_is_wrong_with_praise_is_caught_and_said(sentence: str, reason: str) -> None:
    found = check(sentence)
    assert found.verdict == "not_supported"
    assert any(reason in clause for clause in found.reasons), found.reasons


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("Most people dislike the battery.", "“most” does not fit"),
        ("The battery is bad.", "stated as a fact"),
        ("Some people like the battery, for example because it died after a week.", "good"),
        ("One person complains that the battery does hold a charge.", "the opposite"),
        ("One person says that it holds a charge without problems.", "good"),
        ("Many people complain about the battery.", "“many” does not fit"),
        ("Customers complain that the battery died after a week.", "too many"),
        ("5 of the 7 people who mention the battery are negative.", "does not match"),
    ],
)
def test_what_is_wrong_with_blame_is_caught_and_said(sentence: str, reason: str) -> None:
    found = check(sentence, BLAME)
    assert found.verdict == "not_supported"
    assert any(reason in clause for clause in found.reasons), found.reasons


def test_everyone_may_be_said_where_everyone_says_so() -> None:
    glad = world(BATTERY[:5])
    assert check("Everyone likes the battery.", glad.opinions, glad).verdict == "supported"
    assert check("All 5 people who mention the battery are positive.", glad.opinions, glad).verdict == "supported"


def test_the_true_sentence_of_the_documentation_stands() -> None:
    page = (Path(__file__).parent.parent / "docs" / "extending.md").read_text(encoding="utf-8")
    [code] = re.findall(r"```python\n(def test_a_year.*?)```", page, re.DOTALL)
    names = dict(globals())
    exec(compile(code, "docs/extending.md", "exec"), names)
    names["test_a_year_that_somebody_names_stands"]()


def test_people_are_authors_so_one_who_writes_three_times_is_one() -> None:
    here = world(BATTERY[:3], authors=["ann", "ann", "ann"])
    assert count_voices(here.opinions, here.records) == Voices(1, 1, 0, 0)
    assert check("3 people praise the battery.", here.opinions, here).verdict == "not_supported"
    assert check("One person praises the battery.", here.opinions, here).verdict == "supported"


def test_a_number_of_people_cannot_stand_without_the_people_behind_it() -> None:
    here = {"cites": PRAISE, "records": HERE.records, "tally": HERE.tally, "terms": ("battery",)}
    assert verify("5 people are positive about the battery.", **here).verdict == "not_supported"
    assert verify("5 of the 7 opinions are positive.", **here).verdict == "supported"


def test_a_sentence_that_cites_nobody_fails() -> None:
    assert check("The battery is great.", []).reasons == ("it cites nobody's words",)


@pytest.mark.parametrize(
    "change",
    [
        {"record": "nowhere"},
        {"aspect": Quote(start=0, end=3, text="Thx")},
        {"opinion": Quote(start=20, end=25, text="awful")},
        {"opinion": Quote(start=4000, end=4005, text="great")},
    ],
)
def test_a_citation_that_does_not_stand_in_its_record_fails(change: dict[str, object]) -> None:
    forged = PRAISE[0].model_copy(update=change)
    found = check("The battery is great.", [forged, *PRAISE])
    assert found.verdict == "not_supported"
    assert found.by == ("quotes",)


@given(st.data())
def test_a_quote_with_any_character_changed_is_always_caught(data: st.DataObject) -> None:
    opinion = data.draw(st.sampled_from(PRAISE))
    text = HERE.records[opinion.record].text
    start = data.draw(st.integers(0, len(text) - 4))
    quote = text[start : data.draw(st.integers(start + 3, len(text)))]
    at = data.draw(st.integers(0, len(quote) - 1))
    letter = data.draw(st.characters(codec="utf-8", exclude_characters="“”\"«»‘’'" + quote[at]))
    forged = quote[:at] + letter + quote[at + 1 :]
    if not any(forged in HERE.records[other.record].text for other in PRAISE):
        assert check(f"5 of the 7 people are positive: “{forged}”.").verdict == "not_supported"


@given(st.integers(0, 60), st.integers(0, 60))
def test_only_the_true_counts_stand(some: int, of: int) -> None:
    found = check(f"{some} of the {of} people who mention the battery are positive.")
    assert (found.verdict == "supported") == ((some, of) == (5, 7))


@given(st.integers(0, 100))
def test_only_the_rounded_percentage_stands(percent: int) -> None:
    found = check(f"{percent}% of the people are positive about the battery.")
    assert (found.verdict == "supported") == (percent == 71)


@given(st.sampled_from(PRAISE + BLAME), st.sampled_from(["positive", "negative"]))
def test_praise_that_cites_blame_is_always_caught(opinion: Opinion, claimed: Polarity) -> None:
    verb = "praises" if claimed == "positive" else "complains about"
    found = check(f"One person {verb} the battery.", [opinion])
    assert (found.verdict == "supported") == (opinion.polarity == claimed)


@given(st.text(max_size=120))
def test_any_text_is_checked_without_an_error(text: str) -> None:
    assert check(text).verdict in ("supported", "not_supported")
    assert check(f"The battery is great and {text}.").by == CHECKS


def test_what_the_same_sentence_says_of_something_else_is_no_reason() -> None:
    for text in ("Great battery, screen flickers.", "Great battery and the screen flickers."):
        here = world([(text, "battery", "Great", "positive")] * 3)
        said = "Most people like the battery, for example because the screen flickers."
        assert check(said, here.opinions, here).reasons == ("the people it cites do not mention “screen”",)
    here = world([("Great battery and lasts for weeks.", "battery", "Great", "positive")] * 3)
    assert check("Most people like the battery because it lasts for weeks.", here.opinions, here).verdict == "supported"


def test_foreign_words_fail_closed() -> None:
    german = world([("Der Akku ist sehr gut.", "Akku", "gut", "positive")] * 3)
    found = verify(
        "Der Akku ist sehr schlecht.",
        cites=german.opinions,
        records=german.records,
        tally=german.tally,
        voices=german.voices,
        terms=["Akku"],
    )
    assert found.verdict == "not_supported"


def test_an_aspect_named_with_a_word_of_feeling_or_a_number_says_nothing_itself() -> None:
    here = world([("The 2 year noise problem is gone.", "noise problem", "gone", "positive")] * 2)
    found = verify(
        "One person praises the noise problem.",
        cites=here.opinions,
        records=here.records,
        tally=here.tally,
        voices=here.voices,
        terms=["noise problem"],
    )
    assert found.verdict == "supported", found.reasons


# The words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("it is not good", [-1]),
        ("no problems", [1]),
        ("it never broke", [1]),
        ("not only great", [1]),
        ("could be better", [-1]),
        ("it is too loud", [-1]),
        ("did n't work well", [-1]),
        ("easy to break", [-1]),
        ("it feels like tin", []),
        ("people like it", [1]),
    ],
)
def test_feelings_follow_negation_wishes_and_too(text: str, expected: list[int]) -> None:
    assert [sign for clause in clauses(text) for sign in signs(clause)] == expected


def test_forms_of_a_word_share_a_stem() -> None:
    for forms in (
        "last lasts lasted lasting",
        "easy easily",
        "break broke broken breaks",
        "quick quickly",
        "stop stopped",
    ):
        assert len({stem(word) for word in forms.split()}) == 1, forms


def test_numbers_are_read_in_digits_and_words() -> None:
    assert [number(word) for word in ("1,200", "3.5", "seven", "²", "x", "1,2")] == [1200, 3.5, 7, None, None, None]
    assert {w.stem for c in clauses("two 2") for w in content(c)} == {"#2"}
