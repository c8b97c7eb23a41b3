"""The benchmark of writers counts right, on answers written by hand."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import writers  # noqa: E402

from gistill.bench.fsa.sets import BenchSet  # noqa: E402
from gistill.corpora.tuples import Example  # noqa: E402
from gistill.lm.fake import ScriptedModel  # noqa: E402
from gistill.schema import OpinionTuple  # noqa: E402

GOOD = OpinionTuple("lid", None, "nice", "positive")


class Set(BenchSet):
    """A set whose guideline does not know opinions about what is not named."""

    implicit_aspects = False  # type: ignore[assignment]


def named(name: str) -> BenchSet:
    return Set(name, "aste", (Example("the lid is nice", "aste", (GOOD,)),), Path())


def said(seconds: float, *answers: object, tokens: int = 0) -> writers.Said:
    return writers.Said(seconds, 100.0, tokens, list(answers))


def test_reader_and_writer_are_scored_on_the_same_sentences() -> None:
    sets = [named("one/dev:aste"), named("two/dev:aste")]
    right, wrong = ["lid | nice | positive\n- | nice | positive", True], ["lid | nice | negative", True]
    turns = {
        "reader": [said(1.0, [GOOD], []), said(2.0, [GOOD], [])],
        "torch": [said(4.0, right, wrong, tokens=40), said(4.0, wrong, wrong, tokens=40)],
        "openvino-int8": [said(2.0, right, ["lid | ni", False], tokens=10), said(1.0, right, right, tokens=10)],
    }
    reader, torch, small = writers.rows(turns, sets)
    assert reader["rates"] == [2.0, 1.0]
    assert (reader["tokens"], reader["as_torch"]) == (None, None)
    assert torch["tokens"] == [10.0, 10.0]
    assert torch["first_times"] == [4.0, 2.0]
    assert (torch["as_torch"], small["as_torch"]) == (1.0, 0.5)
    f1s = [[row["scores"][on.name]["f1"]["value"] for on in sets] for row in (reader, torch, small)]
    assert f1s == [[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]]
    assert small["scores"]["two/dev:aste"]["failures"] == {"truncated": 1}
    page = writers.shown([reader, torch, small], sets)
    assert "| reader        | 1.0, 1.5, 2.0" in page
    assert "reader is ... times as fast" in page


def test_an_engine_is_timed_and_its_answers_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import io

    run = writers.writing(ScriptedModel(["lid | nice | positive", "none"]), 8)
    monkeypatch.setattr(writers, "start", lambda *_: run)
    asked = [{"text": "the lid is nice", "task": "aste"}] * 2
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(asked) + "\n"))
    writers.work("torch", None, 1, 8)
    found = writers.Said(**json.loads(capsys.readouterr().out))
    assert found.answers == [["lid | nice | positive", True], ["none", True]]
    assert found.tokens == 6
    assert found.seconds > 0
    assert found.peak_mb > 1
    assert asdict(found).keys() == {"seconds", "peak_mb", "tokens", "answers"}


def test_without_data_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("GISTILL_DATA", raising=False)
    assert writers.main([]) == 2
    assert "GISTILL_DATA names no folder" in capsys.readouterr().err
