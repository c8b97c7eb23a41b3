"""Summaries of chosen sentences: what many say comes first, with how many; nothing is not the source's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gistill.cli import app
from gistill.digest import extractive
from gistill.digest.extractive import summarize_records
from gistill.digest.kinds import find_kind
from gistill.likeness import load_likeness
from gistill.record import Record, Turn
from gistill.vectors import load_vectors

REVIEWS = [
    "The staff was friendly. We came by train.",
    "Friendly staff! The breakfast was cold.",
    "Our children drew a horse. The staff were so friendly.",
    "The breakfast was cold. A dog barked once.",
    "It rained in Oulby all week.",
]
RECORDS = [Record(id=f"r{number}", text=text) for number, text in enumerate(REVIEWS)]
MODELS = {"encoder": load_likeness(), "vectors": load_vectors()}


def test_what_most_people_say_comes_first() -> None:
    first, second, *_ = summarize_records(RECORDS, "reviews", words=9, **MODELS)  # type: ignore[arg-type]
    assert "riendly" in first.text
    assert second.text == "The breakfast was cold."


def test_every_sentence_stands_in_its_record() -> None:
    texts = {record.id: record.text for record in RECORDS}
    for shape in ("reviews", "document"):
        found = summarize_records(RECORDS, shape, words=40, **MODELS)  # type: ignore[arg-type]
        assert found
        assert all(texts[one.record][one.start : one.end] == one.text for one in found)


def test_an_aspect_brings_what_is_said_about_it_and_nothing_else() -> None:
    (food, *others) = summarize_records(RECORDS, "reviews", aspect="food", words=4, **MODELS)  # type: ignore[arg-type]
    assert food.text == "The breakfast was cold."
    assert not others
    assert not summarize_records(RECORDS[-1:], "reviews", aspect="breakfast", **MODELS)  # type: ignore[arg-type]
    assert not summarize_records([], "document", **MODELS)  # type: ignore[arg-type]


def test_a_document_keeps_its_order_and_says_nothing_twice() -> None:
    text = "The pump leaks. The pump is leaking. Replace the seal of the pump. Bananas are yellow."
    found = summarize_records([Record(id="d", text=text)], "document", words=10, **MODELS)  # type: ignore[arg-type]
    assert [one.start for one in found] == sorted(one.start for one in found)
    assert sum("leak" in one.text for one in found) == 1


def test_of_a_large_file_sentences_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extractive, "MOST", 8)
    monkeypatch.setattr(extractive, "_AT_ONCE", 7)
    many = [Record(id=f"r{n}", text="The staff was friendly.") for n in range(24)]
    many += [Record(id=f"q{n}", text="The breakfast was cold.") for n in range(24)]
    told: list[tuple[int, int]] = []
    found = summarize_records(many, "reviews", words=8, progress=lambda *at: told.append(at), **MODELS)  # type: ignore[arg-type]
    assert {one.text for one in found} == {"The staff was friendly.", "The breakfast was cold."}
    assert told == [(7, 8), (8, 8)]


def test_of_a_long_document_as_many_sentences_are_read_as_memory_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extractive, "MOST_OF_DOCUMENT", 4)
    found = summarize_records(RECORDS * 3, "document", words=200, **MODELS)  # type: ignore[arg-type]
    assert 0 < len(found) <= 4


def kind(*texts: str, form: str = "csv", columns: tuple[str, ...] = ("text",), turns: bool = False) -> str:
    said = (Turn(role="user", start=0, end=2),) if turns else ()
    records = [Record(id=str(n), text=text, turns=said) for n, text in enumerate(texts)]
    return find_kind(records, format=form, columns=columns).shape


def test_the_kind_of_a_file_is_found_by_its_form_and_its_first_texts() -> None:
    page = "The pump is serviced twice a year by two people. " * 30
    assert kind(*REVIEWS, columns=("hotel", "review")) == "reviews"
    assert kind(*REVIEWS, form="lines") == "reviews"
    assert kind("Hi there", "Bye", turns=True) == "conversation"
    assert kind("It broke.", "It leaks.", columns=("ticket", "agent", "text")) == "conversation"
    assert kind("Please help.", "Thanks.", form="mbox") == "conversation"
    assert kind("Dear support, my lamp broke.", form="text") == "conversation"
    assert kind(page, form="text") == "document"
    assert kind(page, page, form="folder") == kind(page, page, form="lines") == "document"
    assert kind("Nice place.", "Bad food.", form="folder") == "reviews"
    assert kind("1 Pumps", page, "2 Seals", page, form="paragraphs") == "document"
    assert kind(*REVIEWS, form="paragraphs") == "reviews"
    assert kind() == "reviews"


def test_the_command_says_what_it_took_a_file_for_and_can_be_overruled(tmp_path: Path) -> None:
    file = tmp_path / "reviews.csv"
    file.write_text("review\n" + "\n".join(f'"{text}"' for text in REVIEWS), encoding="utf-8")
    done = CliRunner().invoke(app, ["summarize", str(file), "--to", "json"])
    assert "Taken for reviews, because it holds several texts that nobody answers." in done.stderr
    assert "--as conversations or --as document" in done.stderr
    assert json.loads(done.stdout)["as"] == "reviews"
    assert json.loads(done.stdout)["records"] == 5
    other = CliRunner().invoke(app, ["summarize", str(file), "--to", "json", "--as", "document"])
    assert "Taken for" not in other.stderr
    assert json.loads(other.stdout)["as"] == "document"


@pytest.mark.parametrize("form", ["markdown", "csv", "json"])
def test_the_command_sums_up_reviews_by_aspect(form: str, tmp_path: Path) -> None:
    file = tmp_path / "reviews.csv"
    file.write_text("review\n" + "\n".join(f'"{text} <b>*"' for text in REVIEWS), encoding="utf-8")
    asked = ["--as", "reviews", "--aspect", "food", "--aspect", "staff", "--to", form, "--text-column", "review"]
    done = CliRunner().invoke(app, ["summarize", str(file), *asked])
    assert done.exit_code == 0, done.output
    if form == "json":
        found = json.loads(done.stdout)
        assert [one["aspect"] for one in found["summaries"]] == ["food", "staff"]
        assert set(found["summaries"][1]["sentences"][0]) == {"record", "start", "end", "text"}
        assert "riendly" in found["summaries"][1]["sentences"][0]["text"]
    elif form == "csv":
        assert done.stdout.splitlines()[0] == "aspect,sentence,record,start,end"
        assert "staff" in done.stdout
    else:
        assert "## food" in done.stdout
        assert "say alike" not in done.stdout, "no such count holds for whole sentences"
        assert "<b>" not in done.stdout
        assert "No model wrote this" in done.stdout
