"""Who would come back, who recommends it, whom it suits: counted of people, only where they say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from fake_reader import FakeReader
from gistill.digest.intent import find_intent
from gistill.digest.report.writing import digest_json
from gistill.digest.run import digest
from gistill.schema import Record, Turn


def said(*texts: str, authors: str = "") -> list[Record]:
    return [Record(id=f"r{n}", text=text, author=authors[n] if authors else None) for n, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("I would buy it again.", True),
        ("We will definitely be back!", True),
        ("Can't wait to come back.", True),
        ("I will never buy this again.", False),
        ("We won\N{RIGHT SINGLE QUOTATION MARK}t stay here again.", False),
        ("Never again!", False),
        ("That was the last time.", False),
        ("Would you buy it again?", None),
        ("If they fix it I would buy it again.", None),
        ("It broke again.", None),
        ("It came back.", None),
        ("It can not be bought here anymore.", None),
        ("I had to send it back.", None),
    ],
)
def test_who_would_buy_again_is_told_from_who_would_not(text: str, again: bool | None) -> None:
    found = find_intent(said(text))
    if again is None:
        assert found is None
    else:
        assert found is not None
        assert found.again is not None
        assert (found.again.share.count, found.again.share.of) == (int(again), 1)
        assert (found.again.yes, found.again.no) == (("r0",), ()) if again else ((), ("r0",))


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ("I highly recommend it.", True),
        ("Highly recommended.", True),
        ("I would not hesitate to recommend it.", True),
        ("I would not recommend this hotel.", False),
        ("I cannot recommend it.", False),
        ("A friend was recommended to us.", None),
        ("Do you recommend it?", None),
    ],
)
def test_who_recommends_it_is_told_from_who_does_not(text: str, yes: bool | None) -> None:
    found = find_intent(said(text))
    assert (found and found.recommend and found.recommend.share.count) == (None if yes is None else int(yes))


def test_people_are_counted_once_and_those_who_say_both_not_at_all() -> None:
    """Ann says yes twice, Bo no, Cy both."""
    found = find_intent(
        said("I will buy it again.", "We will be back.", "Never again.", "I will be back. Never again.", authors="abbc")
    )
    assert found is not None
    assert found.again is not None
    assert found.again.share.of == 1  # b says yes in one text and no in another
    assert found.again.yes == ("r0",)


def test_whom_it_suits_needs_two_people_and_a_known_kind() -> None:
    found = find_intent(
        said(
            "Great for kids.",
            "Perfect for my toddler!",
            "Not suitable for children.",
            "It is perfect for travel.",
            "Good for the price. Great for Peter and for me.",
            "Ideal for trips.",
        )
    )
    assert found is not None
    assert [(one.who, one.fits, one.people, one.records) for one in found.suits] == [
        ("children", True, 2, ("r0", "r1")), ("travel", True, 2, ("r3", "r5"))
    ]  # fmt: skip


def test_only_customers_are_heard() -> None:
    text = "agent: You will buy it again.\nuser: Hello."
    turns = (Turn(role="agent", start=7, end=29), Turn(role="user", start=36, end=42))
    assert find_intent([Record(id="a", text=text, turns=turns)]) is None


def test_a_report_speaks_of_it_only_where_it_was_found(tmp_path: Path) -> None:
    with_it = said(
        "The lamp is bad. I would buy it again.", "A good lamp. Never again.", "A bad lamp. We recommend it."
    )
    made = digest(with_it, folder=tmp_path / "a", reader=FakeReader(), writer=None)
    assert made.intent is not None
    assert '"intent"' in (tmp_path / "a" / "digest.json").read_text("utf-8")
    page = (tmp_path / "a" / "report.html").read_text("utf-8")
    assert "Would they again?" in page
    assert "1 of 2 people (50%" in page
    short = (tmp_path / "a" / "report.md").read_text("utf-8")
    assert "- Recommend it: 1 of 1 person (100%" in short
    plain = digest(said("The lamp is bad.", "A good lamp."), folder=tmp_path / "b", reader=FakeReader(), writer=None)
    assert "intent" not in digest_json(plain)
    assert "Would they again?" not in (tmp_path / "b" / "report.html").read_text("utf-8")
