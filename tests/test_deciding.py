"""Which words decided an opinion's polarity: each is left out, and the reader is asked again."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from fake_reader import FakeReader
from gistill.cli import app
from gistill.digest.deciding import Explained, explain
from gistill.reader import Reading, load_readers
from gistill.schema import Failure

RUN = CliRunner()


class Cleaner:
    """Reads "clean" as praise of the room (0.9) and, after "not", as blame (0.8); "very" makes it surer by 0.05."""

    name, hash = "cleaner", "c0"

    def __init__(self, *, measured: bool = True) -> None:
        self.measured = measured
        self.calls: list[list[str]] = []

    def read(self, sentences: Sequence[str]) -> list[list[Reading]]:
        self.calls.append(list(sentences))
        return [[self._reading(text, found) for found in re.finditer("clean|😍", text)] for text in sentences]

    def _reading(self, text: str, found: re.Match[str]) -> Reading:
        room = re.search("room", text)
        blamed = "not" in text[: found.start()].split()
        sure = (0.8 if blamed else 0.9) + 0.05 * ("very" in text)
        return Reading(
            aspect=room.span() if room and found[0] == "clean" else None,
            opinion=found.span(),
            polarity="negative" if blamed else "positive",
            confidence=sure if self.measured else None,
        )


@pytest.fixture(scope="module")
def shipped() -> Any:
    return load_readers()


@pytest.fixture
def loaded_once(shipped: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gistill.reader.load_readers", lambda path: shipped)


def told(one: Explained) -> list[tuple[str, str | None, float | None]]:
    return [(left.word.text, left.polarity, left.fall) for left in one.without]


def words(one: Explained) -> list[str]:
    return [word.text for word in one.decided_by]


def test_words_that_turn_or_end_an_opinion_decide_it_and_others_take_from_its_confidence() -> None:
    reader = Cleaner()
    (found,) = explain("The room was not very clean.", reader=reader).opinions
    assert found.opinion.polarity == "negative"
    assert told(found) == [
        ("The", "negative", 0.0),
        ("room", "negative", 0.0),
        ("was", "negative", 0.0),
        ("not", "positive", None),  # of another polarity the fall is not measured
        ("very", "negative", pytest.approx(0.05)),
        ("clean", None, None),
    ]
    assert words(found) == ["not", "clean"]
    assert [word.start for word in found.decided_by] == [13, 22]
    assert set(reader.calls[1]) == {
        "room was not very clean.",
        "The was not very clean.",
        "The room not very clean.",
        "The room was very clean.",
        "The room was not clean.",
        "The room was not very .",
    }


def test_the_reader_is_asked_twice_whatever_the_number_of_words_and_not_about_sentences_without_opinions() -> None:
    reader = Cleaner()
    found = explain("We came by train. The room was clean. It is clean.", reader=reader)
    assert [words(one) for one in found.opinions] == [["clean"], ["clean"]]
    assert len(reader.calls) == 2
    assert not any("train" in sentence for sentence in reader.calls[1])
    assert [found.text[one.opinion.opinion.start :][:5] for one in found.opinions if one.opinion.opinion] == [
        "clean"
    ] * 2


def test_another_opinion_of_the_sentence_is_not_taken_for_the_one_that_is_gone() -> None:
    both = explain("great sound, bad sound", reader=FakeReader()).opinions
    assert [one.opinion.polarity for one in both] == ["positive", "negative"]
    # without "great" the sentence still has blame of the sound, which is the other opinion
    assert [words(one) for one in both] == [["great"], ["bad"]]


def test_of_words_that_say_the_same_none_decides_alone() -> None:
    class Twice(Cleaner):
        def read(self, sentences: Sequence[str]) -> list[list[Reading]]:
            return [[Reading(None, (0, len(s)), "negative", 0.7)] if "bad" in s else [] for s in sentences]

    (found,) = explain("bad, bad", reader=Twice()).opinions
    assert (words(found), found.without[0].fall) == ([], 0.0)


def test_a_confidence_that_nobody_measured_does_not_fall() -> None:
    (found,) = explain("The room was very clean.", reader=Cleaner(measured=False)).opinions
    assert [left.fall for left in found.without] == [None] * 5
    assert words(found) == ["clean"]


def test_emoji_and_characters_of_unspaced_scripts_are_left_out_one_by_one_and_punctuation_is_not() -> None:
    (found,) = explain("太好 isn't it, — 😍", reader=Cleaner()).opinions
    assert [left.word.text for left in found.without] == ["太", "好", "isn't", "it", "😍"]
    assert words(found) == ["😍"]


@pytest.mark.parametrize("text", ["", "   ", "\n\n"])
def test_of_an_empty_text_nothing_is_explained_and_the_reason_is_said(text: str) -> None:
    reader = Cleaner()
    found = explain(text, reader=reader)
    assert found.opinions == ()
    assert [failure.kind for failure in found.failures] == ["nothing_to_read"]
    assert not any(reader.calls)


def test_what_a_reader_answered_in_no_usable_form_is_kept() -> None:
    class Broken(Cleaner):
        def read(self, sentences: Sequence[str]) -> list[list[Reading | Failure]]:  # type: ignore[override]
            return [[Failure(kind="unparsable")] for _ in sentences]

    found = explain("The room was clean.", reader=Broken())
    assert (found.opinions, [failure.kind for failure in found.failures]) == ((), ["unparsable"])


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=30), st.text(max_size=30))
def test_in_any_text_the_words_stand_where_it_is_said(before: str, after: str) -> None:
    found = explain(f"{before} great {after}", reader=FakeReader())
    for one in found.opinions:
        sentence = one.opinion.sentence
        for left in one.without:
            assert found.text[left.word.start : left.word.end] == left.word.text
            assert sentence.start <= left.word.start < left.word.end <= sentence.end
        assert "great" in [left.word.text for left in one.without] or one.opinion.opinion is not None


def test_the_shipped_reader_is_turned_by_a_negation_and_leans_on_what_is_negated(shipped: Any) -> None:
    (found,) = explain("The room was not clean.", reader=shipped).opinions
    assert found.opinion.polarity == "negative"
    assert words(found) == ["not"]
    fall = {left.word.text: left.fall for left in found.without}
    assert fall["not"] is None
    assert max((word for word in fall if fall[word] is not None), key=lambda word: fall[word] or 0) == "clean"
    assert fall["clean"] == pytest.approx(0.07, abs=0.02)


@pytest.mark.usefixtures("loaded_once")
def test_the_command_tells_it_in_a_line_and_as_json() -> None:
    said = RUN.invoke(app, ["explain", "The room was not clean."])
    assert (said.exit_code, said.stdout) == (
        0,
        "negative about “room”: decided by “not” (without it: positive); less sure without “clean” (by 0.07).\n",
    )
    data = json.loads(RUN.invoke(app, ["explain", "The room was not clean.", "--json"]).stdout)
    assert data["text"] == "The room was not clean."
    assert [word["text"] for word in data["opinions"][0]["decided_by"]] == ["not"]
    assert RUN.invoke(app, ["explain", ""]).stdout == "No opinions were found; skipped: 1 nothing_to_read.\n"


@pytest.mark.usefixtures("loaded_once")
def test_nothing_in_a_text_acts_on_the_terminal() -> None:
    for flags in ([], ["--json"]):
        said = RUN.invoke(app, ["explain", "The ro\x1b[31mom \u202ewas not clean\x00.", *flags])
        assert said.exit_code == 0
        assert not re.search("[\x00\x1b\u202e]", said.stdout)
