"""Which wishes ask for something; the sentences are made for this test."""

from __future__ import annotations

import doctest

import pytest

from gistill.digest.group import asking
from gistill.digest.group.asking import asked, asks
from gistill.digest.group.points import find_points
from gistill.schema import Opinion, Quote, Record, Span
from test_points import ENOUGH, embed


def test_the_examples_in_the_docstrings_run() -> None:
    assert doctest.testmod(asking).failed == 0


@pytest.mark.parametrize(
    "words",
    [
        "Make sure it fits",
        "should replace your filter",
        "Do n't buy it",
        "should have just bought one",
        "do n't leave it in the sun",
        "all you need is a spoon",
        "need it",
        "prefer a wooden one",
        "tempted to return them",
        "you should measure your shelf",
        "just add a spoon of flour",
        "add water and stir",
        "please note the size",
        "please do n't waste your money",
        "my boots needed to be dry",
        "water needs to be hot",
        "who needs two of them",
        "it meets my needs",
    ],
)
def test_advice_to_other_customers_asks_for_nothing(words: str) -> None:
    assert not asks(words, words)


@pytest.mark.parametrize(
    "words",
    [
        "wish I had known",
        "wish I bought two",
        "i only wished i purchased a pair",
        "wish we could have stayed longer",
        "wish I could give it six stars",
        "wish we had more time in Rome",
        "wish my parrot liked it",
        "should have gone to the cinema",
        "on my wish list",
        "would love to come back",
        "would like to buy another",
        "'d like to try it in the garden",
        "best wishes to the team",
    ],
)
def test_regrets_and_plans_ask_for_nothing(words: str) -> None:
    assert not asks(words, words)


@pytest.mark.parametrize(
    "words",
    [
        "hope it lasts longer than the last one",
        "hope this one works",
        "should be fine for a year",
        "should last a lifetime",
        "works as it should",
        "would be great for a picnic",
        "would be nice as a gift",
        "hope you enjoyed the meal",
        "would have kept it if it were not broken",
        "the shorter handle",
        "envision a lower price",
    ],
)
def test_hopes_expectations_and_facts_ask_for_nothing(words: str) -> None:
    assert not asks(words, words)


@pytest.mark.parametrize(
    "words",
    [
        "check-out should be later",
        "let me skip chapters",
        "needs a kids mode",
        "make it twelve",
        "would prefer a wooden one",
        "would have preferred a wooden one",
        "don't change it",
        "need more flavor",
        "hope they bring it back",
        "hoping that the price comes down",
        "I wish the handle was longer",
        "wish I could turn off the beep",
        "they should try another glue",
        "the seller should change the title",
        "you should add a lid",
        "would be nice if it had pockets",
        "A hook would have been nice.",
        "would be better without the logo",
        "could use a stronger magnet",
        "could be a bit longer",
        "the carpets need replacing",
        "in dire need of paint",
        "please add a dark mode",
        "bigger buttons pls",
        "my only suggestion is a lid",
        "the only thing I would change is the colour",
        "would like to see more colours",
        "if only it came in red",
        "I'd buy a second if it came in red",
        "it would be improved by a map",
        "would it be possible to pay at the desk",
        "next time add a cover",
    ],
)
def test_what_speaks_to_those_who_make_it_asks(words: str) -> None:
    assert asks(words, words)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Ich wünsche mir eine längere Schnur", True),
        ("Es wäre schön, wenn die Tasse größer wäre", True),
        ("Der Griff sollte länger sein", True),
        ("Man sollte die Schuhe größer bestellen", False),
        ("Il faudrait une notice en français", True),
        ("J'aimerais une poignée plus longue", True),
        ("Sería mejor con una tapa", True),
        ("Me gustaría volver a este hotel", False),
        ("Ojalá tuviera más colores", True),
        ("Dovrebbe essere più lungo", True),
        ("Seria melhor com uma tampa", True),
        ("Het zou fijn zijn met een deksel", True),
        ("もっと長いケーブルが欲しい", True),  # its words of asking are not known: as the reader read it
    ],
)
def test_other_languages(words: str, expected: bool) -> None:
    assert asks(words, words) is expected


def wish(record: str, text: str, words: str) -> tuple[Opinion, Record]:
    at = text.index(words)
    quote = Quote(start=at, end=at + len(words), text=words)
    made = Opinion(
        id=record, record=record, sentence=Span(start=0, end=len(text)), aspect=None, opinion=quote,
        polarity="neutral", kind="wish", category="size", confidence=None,
    )  # fmt: skip
    return made, Record(id=record, text=text)


def test_the_words_of_asking_may_stand_before_the_words_of_the_opinion_in_their_clause() -> None:
    assert asked(*wish("a", "It is fine, but I wish the strap was longer.", "longer"))
    assert not asked(*wish("a", "I wish them well, but the strap is longer.", "longer"))
    assert not asked(*wish("a", "You should take the longer strap.", "longer strap"))


def test_who_says_the_same_without_asking_counts_with_those_who_ask_and_is_not_quoted_for_them() -> None:
    rows = [
        wish("a", "I wish it was short.", "short"),
        wish("b", "It should be too short for a cat.", "too short"),
        wish("c", "Get the short.", "short"),
        wish("d", "You should buy the one that is too short.", "too short"),
    ]
    found = find_points([one for one, _ in rows], [record for _, record in rows], embed=embed, enough=ENOUGH)
    (point,) = found.points
    assert set(point.opinions) == {"a", "b", "c", "d"}
    assert point.tally.people == 4
    assert set(point.quotes) <= {"a", "b"}


@pytest.mark.parametrize("asking", [1, 2])
def test_what_few_ask_for_is_in_no_point(asking: int) -> None:
    rows = [wish(f"a{n}", "I wish it was short.", "short") for n in range(asking)]
    rows += [wish(f"b{n}", "Get the short.", "short") for n in range(3)]
    found = find_points([one for one, _ in rows], [record for _, record in rows], embed=embed, enough=ENOUGH)
    assert not found.points
    assert len(found.once) == len(rows)
