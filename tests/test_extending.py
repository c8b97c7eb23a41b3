"""The examples of docs/extending.md for a corpus and an engine run and do what the page says of them."""

from __future__ import annotations

import re
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import gistill
from fake_reader import FakeReader
from gistill.corpora import index
from gistill.errors import InputError, ModelMissingError, SettingError
from gistill.files import hash_file
from gistill.lm.seam import Request
from gistill.schema import Failure, Message, OpinionTuple

PAGE = Path(__file__).parent.parent / "docs" / "extending.md"


def blocks(section: str, language: str = "python") -> list[str]:
    """Code blocks of one language in a section of the page."""
    text = PAGE.read_text(encoding="utf-8").partition(f"## {section}\n")[2].partition("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def run(code: str, **names: Any) -> dict[str, Any]:
    exec(compile(code, str(PAGE), "exec"), names)
    return names


@pytest.fixture
def salons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The module of the example, known to the index by the line the page gives, with its file in place."""
    module, line, _ = blocks("How to add a corpus")
    [rows] = blocks("How to add a corpus", "text")
    (tmp_path / "absa" / "salons").mkdir(parents=True)
    (tmp_path / "absa" / "salons" / "train.tsv").write_bytes(rows.encode())
    made, known = run(module), index._domains

    def domains() -> dict[str, Any]:
        found = known()
        run(line, found=found, salons=SimpleNamespace(**made), partial=partial, **_private())
        return found

    monkeypatch.setattr(index, "_domains", domains)
    return made


def _private() -> dict[str, Any]:
    return {name: getattr(index, name) for name in ("_Domain", "_tuples")}


@pytest.mark.usefixtures("salons")
def test_a_corpus_is_loaded_by_its_name_and_by_tasks_that_ask_for_less(tmp_path: Path) -> None:
    assert {name for name in index.names() if name.startswith("salons")} == {
        "salons/train:aste", "salons/train:aope", "salons/train:tsa",
    }  # fmt: skip
    found = index.load("salons/train:aste", folder=tmp_path)
    assert [example.tuples for example in found] == [
        (OpinionTuple("scissors", None, "blunt", "negative"),),
        (OpinionTuple("people", None, "Friendly", "positive"), OpinionTuple("price", None, "fair", "positive")),
        (),
    ]
    assert {example.source for example in found} == {"salons/train"}
    [first, *_] = index.load("salons/train:tsa", folder=tmp_path)
    assert first.tuples == (OpinionTuple("scissors", None, None, "negative"),)
    assert (index.licence("salons/train"), index.may_ship("salons/train")) == ("CC-BY-4.0", True)
    with pytest.raises(SettingError, match="no part"):
        index.load("salons/test:aste", folder=tmp_path)


def test_the_test_of_the_example_corpus_passes(
    salons: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = SimpleNamespace(**salons)
    run(blocks("How to add a corpus")[2], salons=made, index=index, hash_file=hash_file, OpinionTuple=OpinionTuple)[
        "test_a_line_is_a_text_with_its_opinions"
    ](tmp_path, monkeypatch)


def test_a_corpus_with_other_bytes_or_another_format_is_refused(salons: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "absa" / "salons" / "train.tsv"
    file.write_bytes(file.read_bytes() + b"A line more.\tline\tmore\tgood\n")
    with pytest.raises(InputError, match="differs from the published one"):
        index.load("salons/train:aste", folder=tmp_path)
    salons["SOURCE"].files["train.tsv"] = hash_file(file)
    with pytest.raises(InputError, match=r"train\.tsv, row 4: not a text with aspects"):
        index.load("salons/train:aste", folder=tmp_path)


ANSWERS = """
import sys, time
asked = sys.stdin.read()
if "fail" in asked: sys.exit("out of luck")
if "sleep" in asked: time.sleep(60)
if "bytes" in asked: sys.stdout.buffer.write(b"\\xff")
else: print("People like the sound. END And more.")
"""


@pytest.fixture
def engine(tmp_path: Path) -> Any:
    program = tmp_path / "my-model.py"
    program.write_text(ANSWERS, encoding="utf-8")
    made = run(blocks("How to add an engine")[0])["ProgramModel"]
    return partial(made, [sys.executable, str(program)], name="my-model")


def ask(text: str, beginning: str = "", **settings: Any) -> Request:
    messages = [Message(role="user", content=text)]
    if beginning:
        messages.append(Message(role="assistant", content=beginning))
    return Request(messages=tuple(messages), **settings)


def test_an_engine_answers_in_order_and_its_failures_are_data(engine: Any) -> None:
    model = engine(version="1", seconds=5)
    asked = [ask("fail"), ask("now"), ask("now", stop=("END", "like")), ask("now", "So: ", stop=("END",)), ask("bytes")]
    answers = model.complete(asked)
    assert [answer.text for answer in answers] == [
        "", "People like the sound. END And more.", "People ", "So: People like the sound. ", "",
    ]  # fmt: skip
    assert [answer.failure for answer in answers] == [
        Failure(kind="program_failed", detail="out of luck"), None, None, None,
        Failure(kind="unparsable", detail="the answer is not UTF-8"),
    ]  # fmt: skip
    assert answers[1].prompt_tokens is None
    assert model.complete([]) == []
    [late] = engine(version="1", seconds=0.2).complete([ask("sleep")])
    assert late.failure == Failure(kind="timeout", detail="no answer within 0.2 seconds")


def test_an_engines_hash_is_of_the_command_and_its_version(engine: Any) -> None:
    assert engine(version="1").hash == engine(version="1").hash != engine(version="2").hash
    with pytest.raises(ModelMissingError, match="There is no program 'no-such-program'"):
        engine.func(["no-such-program"], name="my-model", version="1")


def test_an_engine_writes_the_summaries_of_a_report(
    engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"Great sound in room {n}.\n" for n in range(6))
    (tmp_path / "reviews.csv").write_text("text\n" + rows, encoding="utf-8")
    monkeypatch.setattr("gistill.digest.run.load_readers", FakeReader)
    made = run(blocks("How to add an engine")[1], ProgramModel=lambda command, name, version: engine(version=version))
    digest: gistill.Digest = made["digest"]
    assert digest.made_with["writer"].startswith("my-model ")
    assert "my-model" in (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
