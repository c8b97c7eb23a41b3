"""Summaries of chosen sentences: what many say comes first, with how many; nothing is not the source's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gistill.cli import app
from gistill.digest import extractive
from gistill.digest.extractive import summarize_records
from gistill.likeness import load_likeness
from gistill.record import Record
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


def test_what_most_people_say_comes_first_with_how_many_say_so() -> None:
    first, second, *_ = summarize_records(RECORDS, "reviews", words=9, **MODELS)  # type: ignore[arg-type]
    assert "riendly" in first.text
    assert first.alike == 3
    assert second.text == "The breakfast was cold."
    assert second.alike == 2


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
    assert all(one.alike is None for one in found)


def test_a_large_file_is_drawn_from_so_that_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extractive, "MOST", 4)
    found = summarize_records(RECORDS * 3, "document", words=200, **MODELS)  # type: ignore[arg-type]
    assert 0 < len(found) <= 4


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
        assert found["summaries"][1]["sentences"][0]["alike"] == 3
    elif form == "csv":
        assert done.stdout.splitlines()[0] == "aspect,sentence,record,start,end,say_alike,of"
        assert "staff" in done.stdout
    else:
        assert "## food" in done.stdout
        assert "(3 of 5 say alike)" in done.stdout
        assert "<b>" not in done.stdout
        assert "No model wrote this" in done.stdout
