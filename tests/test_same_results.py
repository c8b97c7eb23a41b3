"""Results are compared without the ids of records and opinions, and nothing else goes unseen."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import canonical  # noqa: E402
import same_results  # noqa: E402
import scripted  # noqa: E402

from fake_reader import FakeReader  # noqa: E402
from gistill.cli import app  # noqa: E402
from gistill.digest.run import digest  # noqa: E402
from gistill.schema import Record  # noqa: E402
from gistill.skills.summary import SummaryInput, parse, render  # noqa: E402
from teacher_server import TeacherServer  # noqa: E402

TEXTS = [
    "Great sound! Bad battery.",
    "Great sound, and I love the case.",
    "Bad battery; it broke.",
    "Great sound, okay battery.",
]
ROOMS = ["a kitchen", "the garage", "my attic", "two halls"]


def records(name: str, texts: list[str] = TEXTS) -> list[Record]:
    return [Record(id=name.format(n), text=text, entity="Nimbus", row=n + 2) for n, text in enumerate(texts)]


def walked(folder: Path, name: str, texts: list[str] = TEXTS) -> canonical.Results:
    digest(records(name, texts), folder=folder / "digest-x", reader=FakeReader(), writer=None)
    return canonical.results_of(folder)


def test_other_ids_are_the_same_results_and_other_words_are_not(tmp_path: Path) -> None:
    first = walked(tmp_path / "1", "{}")
    assert walked(tmp_path / "2", "key-{}*b_c") == first
    assert {name.partition(": ")[2] for name in first} == {
        "opinions", "confidences", "counts", "aspects", "sentences", "records", "table", "report",
    }  # fmt: skip
    assert all(first.values())
    other = walked(tmp_path / "3", "{}", [*TEXTS[:-1], "Great sound, bad battery."])
    told = list(same_results.compare(first, other, 5))
    assert "digest-x: opinions: 2 of 8 lines gone, 2 of 8 new" in told
    assert any(line.startswith("digest-x: sentences:") for line in told)


def test_fields_that_are_new_or_null_make_no_difference(tmp_path: Path) -> None:
    first = walked(tmp_path, "{}")
    path = tmp_path / "digest-x" / "digest.json"
    found = json.loads(path.read_text("utf-8"))
    for summary in found["summaries"]:
        for sentence in summary["sentences"]:
            sentence["check"]["codes"] = ["quote"]
    found["aspects"][0]["category"] = None
    found["new"] = 1
    path.write_text(json.dumps(found), "utf-8")
    assert canonical.results_of(tmp_path) == first
    found["summaries"][0]["sentences"][0]["check"]["verdict"] = "not_supported"
    path.write_text(json.dumps(found), "utf-8")
    (told, *lines) = same_results.compare(first, canonical.results_of(tmp_path), 5)
    assert told.startswith("digest-x: sentences: 1 of ")
    assert [line[:4] for line in lines] == ["  - ", "  + "]


def test_a_confidence_that_nobody_measured_is_seen_apart_from_the_opinion(tmp_path: Path) -> None:
    first = walked(tmp_path, "{}")
    path = tmp_path / "digest-x" / "opinions.jsonl"
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    lines[0]["confidence"] = None
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    told = list(same_results.compare(first, canonical.results_of(tmp_path), 0))
    assert told == ["digest-x: confidences: 1 of 8 lines gone, 0 of 7 new"]


def corpus(folder: Path, name: str, skill: str) -> canonical.Results:
    """Annotate with a journal, by the command."""
    folder.mkdir()
    given = folder / "reviews.csv"
    texts = [f"{text} Great sound, it fills {room} with warm bass." for text, room in zip(TEXTS, ROOMS, strict=True)]
    rows = (f'{record.id},"{record.text}"' for record in records(name, texts))
    given.write_text("\n".join(["id,text", *rows]) + "\n", encoding="utf-8")
    out = folder / f"annotate-{skill}"
    with TeacherServer(answer=scripted.answer({})) as server:
        asked = ["--server", server.url, "--model", "teacher", "--shard-size", "3", "--go-on"]
        done = CliRunner().invoke(app, ["annotate", str(given), "--skill", skill, "-o", str(out), *asked])
    assert done.exit_code == 0, done.output
    return canonical.results_of(folder)


@pytest.mark.parametrize("skill", ["opinions", "summary"])
def test_a_corpus_is_the_same_under_other_ids_with_all_calls_of_its_journal(
    tmp_path: Path, skill: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gistill.reader.load_readers", lambda path=None: FakeReader())
    first = corpus(tmp_path / "1", "{}", skill)
    assert corpus(tmp_path / "2", "key-{}", skill) == first
    assert set(first) == {f"annotate-{skill}: {part}" for part in ("rows", "lessons", "failures", "counts", "calls")}
    assert len(first[f"annotate-{skill}: calls"]) == (9 if skill == "opinions" else 2)  # sentences; sound and battery
    with closing(sqlite3.connect(tmp_path / "2" / f"annotate-{skill}" / "journal.sqlite")) as journal, journal:
        journal.execute("UPDATE attempts SET key = 'other' WHERE id = 1")
    told = list(same_results.compare(first, canonical.results_of(tmp_path / "2"), 0))
    assert [line.partition(",")[0] for line in told] == [
        f"annotate-{skill}: calls: 1 of {len(first[f'annotate-{skill}: calls'])} lines gone"
    ]


def test_time_and_memory_are_no_results(tmp_path: Path) -> None:
    def scored(folder: str, value: float, **cost: Any) -> canonical.Results:
        place = tmp_path / folder / "bench-x"
        for part in ("scorecards", "answers"):
            (place / part).mkdir(parents=True)
        card = {"system": "reader", "set": "a/dev", "texts": 2, "views": {"all": value}, "signature": {}, **cost}
        (place / "scorecards" / "a.json").write_text(json.dumps(card), "utf-8")
        chunk = {"from": 0, "replies": [["lid"], []], "seconds": cost["seconds"], "peak_mb": None}
        (place / "answers" / f"{value}.jsonl").write_text(json.dumps(chunk) + "\n", "utf-8")
        return canonical.results_of(tmp_path / folder)

    first = scored("1", 0.5, seconds=1.0, peak_mb=10.0)
    assert scored("2", 0.5, seconds=2.0) == first
    assert first["bench-x: answers"] == ['["lid"]', "[]"]
    assert list(same_results.compare(first, scored("3", 0.25, seconds=1.0), 0)) == [
        "bench-x: scores: 1 of 1 lines gone, 1 of 1 new"
    ]


def test_a_distillation_is_compared_without_paths_hashes_and_times(tmp_path: Path) -> None:
    def trained(folder: str, weights: bytes, speed: str) -> canonical.Results:
        place = tmp_path / folder / "distill-x"
        student = place / "students" / "taught" / "triplets-0"
        student.mkdir(parents=True)
        learned = [{"set": hashlib.sha256(folder.encode()).hexdigest()[:16]}, {"set": "aste/14lap/train:aste"}]
        (student / "whole.json").write_text(json.dumps({"model": f"/{folder}/tiny", "train": learned}), "utf-8")
        (student / "adapter_model.safetensors").write_bytes(weights)
        above = "| student | F1 above untaught |\n| --- | --- |\n| taught | +1.0 |\n"
        page = f"# x\n\nEvery student (/{folder}/tiny).\n\n{above}\n| system | sentences/s |\n| taught | {speed} |\n"
        (place / "table.md").write_text(page, "utf-8")
        return canonical.results_of(tmp_path / folder)

    first = trained("1", b"a", "4.0")
    assert trained("2", b"a", "5.0") == first
    assert first["distill-x: table"] == ["| student | F1 above untaught |", "| --- | --- |", "| taught | +1.0 |"]
    assert '"model": "tiny"' in first["distill-x: steps"][0]
    assert list(same_results.compare(first, trained("3", b"b", "4.0"), 0)) == [
        "distill-x: weights: 1 of 1 lines gone, 1 of 1 new"
    ]


def test_another_order_and_a_missing_result_are_told(tmp_path: Path) -> None:
    told = same_results.compare({"a": ["1", "2"], "b": []}, {"a": ["2", "1"]}, 5)
    assert list(told) == ["a: the same 2 lines in another order", "b: only in the first folder"]


def test_a_tree_that_is_none_and_a_folder_in_use_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="holds no gistill"):
        same_results.source_environment(tmp_path)
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(SystemExit, match="is not empty"):
        same_results.run(tmp_path, tmp_path, tmp_path, [])


def test_a_tree_can_run_with_the_models_of_another(tmp_path: Path) -> None:
    for part in ("new/gistill/weights/reader", "old/reader"):
        (tmp_path / part).mkdir(parents=True)
    (tmp_path / "new" / "gistill" / "weights" / "reader" / "model").write_text("new", "utf-8")
    (tmp_path / "old" / "reader" / "model").write_text("old", "utf-8")
    (tmp_path / "new" / "gistill" / "__init__.py").write_text("", "utf-8")
    tree = same_results.with_weights(tmp_path / "new", tmp_path / "old", tmp_path / "copy")
    assert (tree / "gistill" / "weights" / "reader" / "model").read_text("utf-8") == "old"
    assert same_results.source_environment(tree)["PYTHONPATH"] == str(tree)
    with pytest.raises(SystemExit, match="holds no reader"):
        same_results.with_weights(tmp_path / "new", tmp_path / "new", tmp_path / "copy")


def test_the_scripted_teacher_says_the_same_again_and_goes_on_from_what_was_begun() -> None:
    asked = render(SummaryInput("battery", "negative", "Some people", ("It dies at noon.", "Flat by noon!")))
    body = {"messages": [message.model_dump() for message in asked[:-1]]}
    said = scripted.answer({})(body)
    assert said == scripted.answer({})(body)
    assert isinstance(parse(asked[-1].content + said), tuple)
    review = {"messages": [{"content": "Analyze the review: ..."}, {"content": "Nice  lid ."}]}
    assert scripted.answer({("analysis", "Nicelid"): "lid | fit | positive | Nice."})(review).startswith("lid")
    assert scripted.answer({})(review).startswith("I cannot")
