"""Briefs of conversations: turns and channels, how a conversation ended, and sentences that stand on turns."""

from __future__ import annotations

import pytest

from gistill.digest.briefs.outcome import ending
from gistill.digest.briefs.talk import Said, channel_by_shape, talk_of
from gistill.grounding.spoken import SpokenTurn, check_spoken
from gistill.schema import Apart, Record, Turn


def talk(*turns: tuple[str, str], **about: object) -> Record:
    """Make a record of turns, written one under another."""
    text, made = "", []
    for role, words in turns:
        start = len(text) + len(role) + 2
        text += f"{role}: {words}\n"
        if words:
            made.append(Turn(start=start, end=start + len(words), role=role))
    return Record.model_validate({"id": "c1", "text": text, "turns": made, **about})


def said(*turns: tuple[str, str]) -> tuple[Said, ...]:
    return talk_of(talk(*turns)).said


def test_turns_have_speakers_and_signatures_are_not_words() -> None:
    record = talk(("user", "It broke."), ("bot", "Hi!"), ("Ann", "Sorry. Kind regards, Ann"), ("internal note", "vip"))
    at = record.text.index("Kind regards")
    found = talk_of(record.model_copy(update={"apart": (Apart(start=at, end=at + 17, reason="signature"),)}))
    assert [(turn.number, turn.speaker, turn.text) for turn in found.said] == [
        (1, "customer", "It broke."),
        (2, "bot", "Hi!"),
        (3, "agent", "Sorry."),
        (4, "note", "vip"),
    ]


def test_a_text_without_turns_is_the_customers_and_nothing_is_nothing() -> None:
    assert [turn.speaker for turn in talk_of(Record(id="a", text="My kettle leaks.")).said] == ["customer"]
    assert talk_of(Record(id="a", text="")).said == ()
    assert talk_of(Record(id="a", text="My kettle leaks.")).channel is None


@pytest.mark.parametrize(
    ("column", "cell", "channel"),
    [
        ("Channel", "Live chat", "teammate chat"),
        ("channel", "CHATBOT", "bot chat"),
        ("Source", "E-mail", "e-mail"),
        ("via", "web_form", "web form"),
        ("Medium", "carrier pigeon", "teammate chat"),  # not known, so the shape decides
        ("Mood", "e-mail", "teammate chat"),  # no such column
    ],
)
def test_a_column_says_the_channel_else_the_shape_does(column: str, cell: str, channel: str) -> None:
    assert talk_of(talk(("user", "Hi"), ("agent", "Hello"), meta={column: cell})).channel == channel


def test_the_channel_by_shape() -> None:
    letter = "Dear team, " + "the parcel that I ordered in May has not come. " * 5
    assert channel_by_shape(said(("user", letter), ("agent", letter))) == "e-mail"
    assert channel_by_shape(said(("bot", "Hi, I am Dot."), ("user", "agent"), ("agent", "Hello"))) == "bot chat"
    form = "Name: Ann\nOrder: 12\nIt broke."
    assert channel_by_shape(said(("user", form), ("agent", "We send a new one."))) == "web form"
    assert (
        channel_by_shape(
            said(
                ("user", "hello?"),
            )
        )
        is None
    )


SOLVED = (("user", "My bill is wrong."), ("agent", "I have corrected it."), ("user", "Thanks, works now."))
MOVED = (("user", "I was charged twice."), ("agent", "I've forwarded this, our billing team will call you."))
OPEN = (("user", "Where is it?"), ("agent", "I can't say. I will ask the driver."), ("user", "And my refund?"))


@pytest.mark.parametrize(("turns", "outcome", "turn"), [(SOLVED, "solved", 3), (MOVED, "moved", 2), (OPEN, "open", 3)])
def test_the_last_turns_say_how_it_ended(turns: tuple[tuple[str, str], ...], outcome: str, turn: int) -> None:
    assert ending(said(*turns)) == (outcome, turn)


def test_thanks_at_the_beginning_solve_nothing_and_one_side_alone_is_not_judged() -> None:
    assert ending(said(("user", "Thanks for nothing."), *OPEN)) == ("open", 4)
    assert ending(said(("user", "It works, thank you!"))) is None
    assert ending(()) is None
    nothing = ending(said(("user", "abc"), ("agent", "def"), ("internal note", "forwarded")))
    assert nothing == ("open", 2)


LAMP = [
    SpokenTurn(1, True, "My lamp came broken on 4 May, order 7712, and the box was not damaged."),
    SpokenTurn(2, False, "Sorry! A new lamp comes by courier on Friday."),
]


@pytest.mark.parametrize(
    ("sentence", "turns"),
    [
        ("The customer says that the lamp of order 7712 came broken.", (1,)),
        ("The agent sends a new lamp by courier on Friday.", (2,)),
        ("A broken lamp is replaced by a new lamp from the courier on Friday.", (1, 2)),
    ],
)
def test_a_sentence_stands_on_the_turns_of_its_speaker(sentence: str, turns: tuple[int, ...]) -> None:
    grounded = check_spoken(sentence, LAMP)
    assert grounded.check.verdict == "supported", grounded.check.reasons
    assert grounded.turns == turns


@pytest.mark.parametrize(
    ("sentence", "code", "words"),
    [
        ("The customer says that order 7721 came with a broken lamp.", "support", "7721"),
        ("The customer sends a new lamp by courier on Friday.", "support", "new"),  # it was the agent
        ("The agent sends the lamp by courier to Lisbon on Friday.", "support", "Lisbon"),
        ("The customer says that the box was damaged.", "contradiction", "damaged"),
        ("The agent is happy to help the customer.", "support", None),
        ("We send a new lamp on Friday.", "person", "We"),
        ("Der Kunde hat eine kaputte Lampe.", "support", "Der"),
        ("The agent provided help.", "support", None),
    ],
)
def test_a_sentence_falls_with_code_and_place(sentence: str, code: str, words: str | None) -> None:
    check = check_spoken(sentence, LAMP).check
    assert check.verdict == "not_supported"
    found = next(finding for finding in check.findings if finding.code == code)
    assert (found.span and sentence[found.span.start : found.span.end]) == words


def test_one_word_of_five_may_be_the_writers_own() -> None:
    own = "The agent says that a replacement lamp comes by courier on Friday, which is new."
    assert check_spoken(own, LAMP).check.verdict == "supported"
    assert check_spoken("The agent mentions a replacement lamp.", LAMP).check.failed == ("support",)
