"""A writer in the place of a reader: words anchored, failures named, a killed run ends with the same bytes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gistill.cli import main
from gistill.digest import written
from gistill.digest.extract import extract, extract_to
from gistill.digest.written import WriterReader, held_out_precision, load_writer_reader
from gistill.errors import ModelMissingError
from gistill.lm import Request
from gistill.lm.fake import ScriptedModel
from gistill.lm.seam import Completion
from gistill.reader import Reading
from gistill.schema import Failure, Opinion, Record


def reader(*answers: str | Failure | Completion, precision: float | None = None) -> WriterReader:
    return WriterReader(ScriptedModel(answers), precision=precision)


def test_words_are_anchored_in_the_sentence_as_it_stands() -> None:
    sentence = "The  battery \n life is great , the screen dim ."
    (found,) = reader("battery life | great | positive\nscreen | dim | negative", precision=0.6).read([sentence])
    first, second = found
    assert isinstance(first, Reading)
    assert isinstance(second, Reading)
    assert first.aspect is not None
    assert sentence[slice(*first.aspect)] == "battery \n life"
    assert [sentence[slice(*span)] for span in (first.opinion, second.aspect, second.opinion) if span] == [
        "great",
        "screen",
        "dim",
    ]
    assert (first.polarity, second.polarity, first.confidence) == ("positive", "negative", 0.6)


def test_implicit_parts_have_no_place_and_none_is_no_opinion() -> None:
    implicit, nothing = reader("- | slow | negative\nfood | - | positive", "none").read(["slow food", "It came."])
    assert implicit == [Reading(None, (0, 4), "negative", None), Reading((5, 9), None, "positive", None)]
    assert nothing == []


def test_what_is_no_opinion_of_the_sentence_is_a_failure_by_name() -> None:
    cut = Completion(text="a | b", prompt_tokens=1, completion_tokens=1, stop="length")
    answers = reader("a | good | positive\nx | good | positive\nnonsense", Failure(kind="too_long"), cut, "").read(
        ["a good", "b", "c", "d"]
    )
    kinds = [[item.kind if isinstance(item, Failure) else "" for item in answer] for answer in answers]
    assert kinds == [["", "unanchored", "unparsable"], ["too_long"], ["truncated"], ["empty_answer"]]


def test_failures_reach_the_account_with_their_record() -> None:
    records = [Record(id="a", text="a good", row=2), Record(id="b", text="a good", row=3), Record(id="c", text="so")]
    got = extract(records, reader=reader("nothing of the kind", "a | good | positive\nz | good | positive"))
    assert [(f.kind, f.record, f.row) for f in got.failures] == [
        ("unanchored", "a", 2),
        ("unanchored", "b", 3),
        ("unparsable", "c", None),
    ]
    assert [(o.record, o.confidence) for o in got.opinions] == [("a", None), ("b", None)]


@given(st.text(), st.text())
def test_whatever_is_asked_and_answered_every_span_lies_in_its_sentence(sentence: str, answer: str) -> None:
    words = sentence.split()
    lines = f"{answer}\n{' '.join(words[:2])} | {' '.join(words[1:3])} | positive\n- | {' '.join(words)} | neutral"
    (found,) = reader(lines).read([sentence])
    for item in found:
        if isinstance(item, Reading):
            for span in (item.aspect, item.opinion):
                assert span is None or 0 <= span[0] < span[1] <= len(sentence)
    if not words:
        assert found == []


def test_a_sentence_of_white_space_is_not_asked_about() -> None:
    model = ScriptedModel(["none"])
    assert WriterReader(model).read([" ", "x"]) == [[], []]
    assert len(model.calls[0]) == 1


def answer(request: Request) -> str:
    first = request.messages[-1].content.split()[0]
    return f"{first} | - | positive\nnowhere | {first} | negative"


class Stopping(ScriptedModel):
    """Answers, and dies at the nth call."""

    def __init__(self, calls: int) -> None:
        super().__init__(answer)
        self.left = calls

    def complete(self, requests: object) -> list[Completion]:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return super().complete(requests)  # type: ignore[arg-type]


@pytest.mark.parametrize("calls", [1, 3, 4])
def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(tmp_path: Path, calls: int) -> None:
    records = [Record(id=str(n), text=f"word{n} is here. Another{n} too.") for n in range(200)]
    whole, torn = tmp_path / "whole.jsonl", tmp_path / "torn.jsonl"
    chunk = written.CHUNK_SENTENCES
    extract_to(whole, records, reader=WriterReader(ScriptedModel(answer)), chunk_sentences=chunk)
    with pytest.raises(KeyboardInterrupt):
        extract_to(torn, records, reader=WriterReader(Stopping(calls)), chunk_sentences=chunk)
    done = extract_to(torn, records, reader=WriterReader(ScriptedModel(answer)), chunk_sentences=chunk)
    assert torn.read_bytes() == whole.read_bytes()
    assert (done.failures, done.opinions) == ({"unanchored": 400}, 400)
    assert done.kept == (calls // 2) * 64


def test_the_precision_on_held_out_texts_is_the_confidence(tmp_path: Path) -> None:
    assert held_out_precision(tmp_path) is None
    file = tmp_path / "gistill.json"
    for content, expected in [
        ({"held_out": {"aste": {"precision": 0.61}}}, 0.61),
        ({"held_out": {"aste": {"precision": 61}}}, None),
        ({"held_out": {"aste": {"precision": None}}}, None),
        ({"held_out": None}, None),
        ([], None),
    ]:
        file.write_text(json.dumps(content), encoding="utf-8")
        assert held_out_precision(tmp_path) == expected


def test_without_an_adapter_in_the_package_the_command_that_makes_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gistill.lm.weights.SHIPPED", tmp_path)
    with pytest.raises(ModelMissingError) as caught:
        load_writer_reader()
    assert "gistill finetune writer" in caught.value.hint
    with pytest.raises(ModelMissingError, match="nowhere"):
        load_writer_reader(str(tmp_path / "nowhere"))


# The command


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["gistill", *arguments])
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_the_command_reads_with_a_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str | None] = []

    def load(path: str | None = None) -> WriterReader:
        asked.append(path)
        return WriterReader(ScriptedModel(answer), precision=0.5)

    monkeypatch.setattr(written, "load_writer_reader", load)
    (tmp_path / "in.csv").write_text("text\nBattery lasts long.\nScreen is dim.\n", encoding="utf-8")
    out = tmp_path / "out.jsonl"
    assert run(monkeypatch, "extract", str(tmp_path / "in.csv"), "--model", "writer:a:b", "-o", str(out)) == 0
    opinions = [Opinion.model_validate_json(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [(o.aspect and o.aspect.text, o.polarity, o.confidence) for o in opinions] == [
        ("Battery", "positive", 0.5),
        ("Screen", "positive", 0.5),
    ]
    told = capsys.readouterr()
    assert "2 unanchored" in told.out
    assert "Reading with the writer scripted" in told.err
    assert run(monkeypatch, "extract", str(tmp_path / "in.csv"), "--model", "writer") == 0
    assert asked == ["a:b", None]


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        (["--model", "poet"], "there is no model 'poet'"),
        (["--model", "writer", "--reader", "x"], "--model and --reader name two models"),
        (["--model", "reader:y", "--reader", "x"], "--model and --reader name two models"),
    ],
)
def test_models_that_cannot_be_meant_are_refused_before_anything_is_read(
    given_: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "extract", "nowhere.csv", *given_) == 2
    assert message in capsys.readouterr().err
