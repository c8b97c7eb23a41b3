"""Annotating: what is asked, what is kept of the answers, what is written, and what a run that was stopped leaves."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import Result
from typer.testing import CliRunner

from fake_reader import FakeReader
from gistill.cli import app
from gistill.corpora.leaks import Apart
from gistill.distill.annotate import Annotated, annotate
from gistill.distill.settings import AnnotateSettings, task_of
from gistill.distill.tasks import Item, Task, prepared, task_named
from gistill.errors import SettingError
from gistill.lm.fake import ScriptedModel
from gistill.lm.seam import Request
from gistill.schema import Failure, Message, Record
from gistill.skills.all import SKILLS
from gistill.skills.opinions import repair
from gistill.skills.skill import Parsed, Skill, Teacher
from gistill.teacher.remote import AnswerProgress
from gistill.train.writer.examples import read_jsonl
from teacher_server import TeacherServer

ASTE = ("aspect", "opinion", "polarity")


def reviews(count: int) -> list[Record]:
    return [Record(id=f"r{n}", text=f"The soup was great {n}. We sat outside at {n}.") for n in range(count)]


def said(messages: Any) -> str:
    last = messages[-1]
    return str(last["content"] if isinstance(last, dict) else last.content)


def teach(request: Request) -> str:
    return "Sure:\n1. Soup | great | Positive" if "soup" in said(request.messages) else "none"


def served(body: dict[str, Any]) -> str:
    text = said(body["messages"])
    if "EMAIL" in text:
        return "food | Write to [EMAIL_1] | neutral"
    return "Soup | great | positive" if "soup" in text else "none"


def go(folder: Path, records: list[Record], answer: Callable[[Request], Any] = teach, **settings: Any) -> Annotated:
    return corpus(folder, records, ScriptedModel(answer), **settings)


def corpus(
    folder: Path, records: list[Any], model: ScriptedModel, *, task: Task | None = None, **settings: Any
) -> Annotated:
    """Annotate with a model in the place of a server."""
    told = AnnotateSettings(**{"skill": "opinions", **settings})
    return annotate(records, out=folder, settings=told, teachers=[model], task=task)


def rows(folder: Path) -> list[dict[str, Any]]:
    files = sorted(file for file in (folder / "shards").glob("*.jsonl") if "failures" not in file.name)
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def failures(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "failures.jsonl").read_text(encoding="utf-8").splitlines()]


def bytes_of(folder: Path) -> str:
    """Hash everything that a corpus consists of, but the journal and the card, which tells what it cost."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and ".sqlite" not in p.name and p.name != "README.md")
    return hashlib.sha256(b"".join(str(p.relative_to(folder)).encode() + p.read_bytes() for p in files)).hexdigest()


def test_records_become_rows_and_lessons_that_a_writer_is_trained_on(tmp_path: Path) -> None:
    done = go(tmp_path, reviews(3), shard_size=4)
    assert (done.manifest.rows, done.manifest.done, done.examples, done.stopped) == (6, True, 6, "")
    found = rows(tmp_path)
    assert [row["id"] for row in found[:4]] == ["r0#0", "r0#1", "r1#0", "r1#1"]
    assert found[0]["answer"]["opinions"] == [
        {"aspect": "soup", "category": None, "opinion": "great", "polarity": "positive"}
    ]
    assert found[0]["by"]["mended"] == {"case": 1, "formatting": 1, "polarity": 1, "surrounding_text": 1}
    assert "soup was great" in reviews(1)[0].text[found[0]["start"] :]
    examples = read_jsonl(tmp_path / "train.jsonl")
    assert [example.answer for example in examples[:2]] == ["soup | great | positive", "none"]
    assert examples[0].text == "The soup was great 0."
    assert len(examples[0].messages) == 2  # the student is asked without the teacher's examples


@pytest.mark.parametrize(
    ("answer", "lines", "kinds"),
    [
        ("soup | great | positive", "soup | great | positive", {}),
        ("None.", "none", {"nothing": 1}),
        ("No opinions found", "none", {"nothing": 1}),
        ("- | great | positive", "- | great | positive", {}),
        ("* Soup | “great” | POSITIVE.", "soup | great | positive", {"formatting": 2, "case": 1, "polarity": 1}),
        ("null | great | positive", "- | great | positive", {"implicit": 1}),
        ("| aspect | opinion | polarity |\n|---|---|---|\n| soup | great | positive |", None, {"formatting": 3}),
        ("<think>hm | hm | hm</think>```\nsoup | great | positive\n```", None, {"formatting": 1}),
        ("I think the soup is nice.", "I think the soup is nice.", {}),
        ("", "", {}),
    ],
)
def test_what_teachers_put_around_a_list_is_taken_off_and_counted(
    answer: str, lines: str | None, kinds: dict[str, int]
) -> None:
    found, repaired = repair(answer, "The soup was great.", ASTE)
    assert found == (lines if lines is not None else "soup | great | positive")
    assert {kind: count for kind, count in repaired.items() if count} == kinds


def test_what_is_refused_is_named_and_the_rest_of_the_answer_kept(tmp_path: Path) -> None:
    def answer(request: Request) -> str | Failure:
        text = said(request.messages)
        if "0" in text:
            return "soup | great | positive\nchef | rude | negative"
        return Failure(kind="refused", detail="no") if "1" in text else "soup and so on"

    done = go(tmp_path, [Record(id=f"r{n}", text=f"The soup was great {n}.") for n in range(3)], answer)
    assert done.manifest.failures == {"refused": 1, "unanchored": 1, "unparsable": 1}
    assert [(f["kind"], f["record"]) for f in failures(tmp_path)] == [
        ("unanchored", "r0"),
        ("refused", "r1"),
        ("unparsable", "r2"),
    ]
    (row,) = rows(tmp_path)
    assert (row["by"]["dropped"], len(row["answer"]["opinions"])) == (1, 1)


def known_tests(monkeypatch: pytest.MonkeyPatch, *prints: str) -> None:
    """Let the texts with these fingerprints be those of a test set named "mine"."""
    apart = Apart(frozenset(prints), ("mine",), ())
    monkeypatch.setattr("gistill.distill.annotate.test_texts", lambda names, folder: apart if names else None)


def test_repeats_and_test_texts_are_not_asked_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["The soup was great.", "the soup was GREAT.", "Slow waiters here.", "", "?!"]
    model = ScriptedModel(teach)
    known_tests(monkeypatch, "slowwaitershere")
    done = corpus(tmp_path, [Record(id=f"r{n}", text=text) for n, text in enumerate(texts)], model, tests=("mine",))
    assert [said(request.messages) for call in model.calls for request in call] == ["The soup was great."]
    assert done.manifest.set_apart == {"duplicate": 1, "empty": 1, "leak": 1, "not_text": 1}


def test_a_record_that_stands_in_a_test_set_does_not_pass_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "The soup was great. The bread was not."
    known_tests(monkeypatch, "thesoupwasgreatthebreadwasnot")
    done = go(tmp_path, [Record(id="r", text=text)], tests=("mine",))
    assert (done.manifest.planned, done.manifest.set_apart) == (0, {"leak": 1})


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_and_one_record_make_a_corpus_too(tmp_path: Path, count: int) -> None:
    done = go(tmp_path, reviews(count))
    assert (done.manifest.done, done.manifest.rows) == (True, 2 * count)
    assert (tmp_path / "train.jsonl").read_text().count("\n") == 2 * count


def test_hostile_texts_and_answers_are_stored_as_text(tmp_path: Path) -> None:
    bad = "The soup of the house \x00\ud800 was </script> great | =1+1 \u202e."
    done = go(
        tmp_path, [Record(id="a|b", text=bad)], lambda request: "soup | \udfffgreat | positive\nsoup | great | positive"
    )
    assert done.manifest.rows == 1
    assert rows(tmp_path)[0]["text"].startswith("The soup of the house \ufffd\ufffd was")
    assert done.manifest.failures == {"unanchored": 1}


def test_a_teacher_that_answers_garbage_is_stopped_after_fifty_answers(tmp_path: Path) -> None:
    records = reviews(60)
    model = ScriptedModel(lambda request: "as you wish")
    done = corpus(tmp_path, records, model)
    assert (done.stopped, sum(map(len, model.calls))) == ("refused", 50)
    assert done.manifest.failures == {"unparsable": 50}
    done = corpus(tmp_path, records, model, go_on=True)
    assert (done.stopped, done.manifest.asked, done.manifest.done) == ("", 120, True)


def test_texts_without_an_answer_are_asked_about_again_and_refused_ones_are_not(tmp_path: Path) -> None:
    failing = {"kind": "timeout"}

    def answer(request: Request) -> str | Failure:
        if "outside" in said(request.messages):
            return Failure(kind=failing["kind"]) if failing["kind"] else "none"
        return teach(request)

    first = go(tmp_path, reviews(3), answer, shard_size=2)
    assert (first.manifest.unanswered, first.manifest.done) == (3, False)
    failing["kind"] = "too_long"
    second = go(tmp_path, reviews(3), answer, shard_size=2)
    assert (second.manifest.unanswered, second.manifest.failures) == (0, {"too_long": 3})
    failing["kind"] = ""
    assert go(tmp_path, reviews(3), answer, shard_size=2).manifest.rows == 3


def test_equal_input_gives_equal_bytes_and_other_settings_begin_afresh(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    go(tmp_path / "a", reviews(5), shard_size=3)
    go(tmp_path / "b", reviews(5), shard_size=3)
    assert bytes_of(tmp_path / "a") == bytes_of(tmp_path / "b")
    told: list[str] = []
    settings = AnnotateSettings(skill="opinions")
    annotate(reviews(1), out=tmp_path / "a", settings=settings, teachers=[ScriptedModel(teach)], say=told.append)
    assert told[0].startswith("The texts to ask about and the settings changed")
    assert len(rows(tmp_path / "a")) == 2


def test_several_answers_are_voted_on(tmp_path: Path) -> None:
    answers = iter(["soup | great | positive", "soup | great | positive\n- | great | positive", "garbage | x"])
    record = Record(id="r", text="The soup was great.")
    done = corpus(tmp_path, [record], ScriptedModel(answers), samples=3)
    (row,) = rows(tmp_path)
    assert [(o["aspect"], o["agreement"]) for o in row["answer"]["opinions"]] == [("soup", 0.6667)]
    assert (row["by"]["agreement"], row["by"]["answers"], row["by"]["samples"]) == (0.6667, 2, 3)
    assert done.manifest.failures == {"disagreed": 1, "unparsable": 1}
    assert read_jsonl(tmp_path / "train.jsonl")[0].answer == "soup | great | positive"


def test_the_seeds_of_samples_differ_and_the_prompts_do_not(tmp_path: Path) -> None:
    model = ScriptedModel(teach)
    corpus(tmp_path, reviews(1), model, samples=2, temperature=1.0, seed=5)
    asked = model.calls[0]
    assert [request.seed for request in asked] == [5, 6, 5, 6]
    assert asked[0].messages == asked[1].messages


def test_a_schema_is_asked_for_and_the_answer_read_like_any_other(tmp_path: Path) -> None:
    pytest.importorskip("json_repair")
    answer = '{"opinions": [{"aspect": "Soup", "opinion": "great", "polarity": "positive"}]}'
    model = ScriptedModel(lambda request: answer)
    task = task_named("opinions", structured=True)
    done = corpus(tmp_path, [Record(id="r", text="The soup was great.")], model, structured=True)
    assert "polarity" in model.calls[0][0].answer_schema
    assert rows(tmp_path)[0]["answer"]["opinions"][0]["aspect"] == "soup"
    assert done.manifest.mended == {"case": 1}
    assert task_named("opinions").prompt != task.prompt


ANALYSIS = 'soup | taste | positive | "was great" praises the soup.'


@pytest.mark.parametrize(
    ("task", "answer", "kept", "lesson"),
    [
        (task_named("rating"), "Positive!", {"rating": "positive"}, "positive"),
        (task_named("analysis"), ANALYSIS, None, ANALYSIS),
        (
            task_named("rewriting"),
            "I loved the soup, and I sat outside at the table.",
            {"rewriting": "I loved the soup, and I sat outside at the table."},
            "I loved the soup, and I sat outside at the table.",
        ),
    ],
)
def test_the_other_skills_ask_read_and_teach(
    tmp_path: Path, task: Task, answer: str, kept: dict[str, Any] | None, lesson: str
) -> None:
    record = Record(id="r", text="The soup was great. We sat outside at the table.")
    done = corpus(tmp_path, [record], ScriptedModel(lambda request: answer), task=task)
    assert done.manifest.rows == 1, failures(tmp_path)
    (row,) = rows(tmp_path)
    if kept is not None:
        assert row["answer"] == kept
    else:
        assert row["answer"]["targets"][0]["span"] == [4, 8]
    assert read_jsonl(tmp_path / "train.jsonl")[0].answer == lesson


def test_a_summary_is_kept_where_the_words_it_cites_bear_it_out(tmp_path: Path) -> None:
    records = [
        Record(id=f"r{n}", text=text) for n, text in enumerate(["Great sound.", "Really great sound!", "Bad fit."])
    ]

    def answer(request: Request) -> str:
        return f"{said(request.messages)} {'it is great.' if good else 'it is loud and cheap.'}"

    good = True
    found, task = prepared(task_named("summary"), records, reader=FakeReader())
    done = corpus(tmp_path, found, ScriptedModel(answer), task=task)
    (row,) = rows(tmp_path)  # one side alone has more than one opinion
    assert row["answer"]["summary"] == "Two people like the sound, for example because it is great."
    assert (row["asked"]["feeling"], row["asked"]["quotes"]) == ("positive", ["Great sound", "Really great sound"])
    (example,) = read_jsonl(tmp_path / "train.jsonl")
    assert (example.messages[-1].role, example.answer) == ("user", row["answer"]["summary"])
    good = False
    done = corpus(tmp_path / "other", found, ScriptedModel(answer), task=task)
    assert done.manifest.failures == {"not_supported": 1}


def test_a_changed_example_changes_the_fingerprint_and_the_text_does_not() -> None:
    task = task_named("rating")
    other = task._replace(ask=lambda item: (*task.ask(item), *task.ask(item)))
    assert task.prompt == task_named("rating").prompt != other.prompt
    assert task.ask(Item(id="a#0", record="a", text="Fine."))[-1].content == "Fine."


# Over real HTTP


def table(path: Path, texts: list[str]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        writer.writerows([f"r{n}", text] for n, text in enumerate(texts))
    return path


def command(file: Path, out: Path, server: TeacherServer, *more: str) -> list[str]:
    asked = ["annotate", str(file), "-o", str(out), "--skill", "opinions", "--server", server.url, "--model", "teacher"]
    return [sys.executable, "-m", "gistill", *asked, *more]


def call(file: Path, out: Path, server: TeacherServer, *more: str) -> Result:
    """Run the command in this process; one of its own takes a second to start."""
    return CliRunner().invoke(app, command(file, out, server, *more)[3:])


FORKING = """
import json, os, sys
import openai, stamina, aiolimiter  # once, and not in every process that is made of this one
from gistill.cli import app
import gistill.distill.annotate, gistill.teacher.remote

for line in sys.stdin:
    pid = os.fork()
    if not pid:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        try:
            app(json.loads(line))
        finally:
            os._exit(0)
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


@pytest.fixture
def _teacher_extra() -> None:
    for name in ("openai", "stamina", "aiolimiter"):
        pytest.importorskip(name)


@pytest.mark.usefixtures("_teacher_extra")
def test_an_estimate_and_a_preview_and_a_budget_and_the_rest_pay_for_every_text_once(tmp_path: Path) -> None:
    file, out = table(tmp_path / "reviews.csv", [f"The soup was great {n}." for n in range(60)]), tmp_path / "corpus"
    prices = tmp_path / "prices.yaml"
    prices.write_text("teacher: {input: 1.0, output: 2.0}\n")
    with TeacherServer(answer=served) as server:
        estimated = json.loads(call(file, out, server, "--dry-run", "--prices", str(prices), "--json").stdout)
        assert (estimated["calls"], server.counts["received"]) == (60, 0)
        assert not out.exists()
        assert estimated["money_most"] > 0
        shown = call(file, out, server, "--preview", "--prices", str(prices))
        assert shown.exit_code == 0
        assert "soup | great | positive" in shown.stdout
        assert server.counts["answered"] == 20
        assert [path.name for path in out.iterdir() if ".sqlite" not in path.name] == []
        stopped = call(file, out, server, "--max-calls", "30", "--shard-size", "25", "--prices", str(prices))
        assert stopped.exit_code == 3, stopped.stderr
        assert "no answer is paid twice" in stopped.stderr
        assert server.counts["answered"] == 30
        assert len(rows(out)) == 30
        left = json.loads(call(file, out, server, "--dry-run", "--json").stdout)
        assert (left["calls"], left["hits"]) == (30, 30)
        done = call(file, out, server, "--shard-size", "25", "--prices", str(prices), "--json")
        assert (done.exit_code, server.counts["answered"]) == (0, 60)
        again = call(file, out, server, "--shard-size", "25", "--prices", str(prices))
        assert (again.exit_code, server.counts["answered"]) == (0, 60)
    told = json.loads(done.stdout)
    assert (told["rows"], told["calls"], told["done"]) == (60, 60, True)
    assert told["spent"] > 0
    card = (out / "README.md").read_text(encoding="utf-8")
    assert f"| money | {told['spent']:.4f} USD |" in card
    assert all(row["by"]["hosts"] == [f"127.0.0.1:{server.port}"] and row["by"]["keys"] for row in rows(out))


@pytest.mark.usefixtures("_teacher_extra")
@pytest.mark.parametrize("more", [(), ("--samples", "2"), ("--structured",), ("--preview",)])
def test_every_answer_moves_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    monkeypatch.setattr("gistill.cli.display.EVERY", 0.0)  # a line for each call
    file = table(tmp_path / "reviews.csv", [f"The soup was great {n}." for n in range(12)])
    with TeacherServer(answer=served) as server:
        told = call(file, tmp_path / "corpus", server, *more, "--go-on").stderr
        step = "preview" if more == ("--preview",) else "annotate"
        assert (f"Asking teacher at {server.url}." in told) == (step == "annotate")
    shown = [int(n) for n in re.findall(rf"^{step}: (\d+) of 12\b", told, re.MULTILINE)]
    assert shown == sorted(shown)
    assert set(shown) == set(range(13))


def test_answers_of_several_teachers_are_counted_by_the_text() -> None:
    seen: list[tuple[str, int, int | None]] = []
    show = AnswerProgress(lambda *told: seen.append(told), 2)  # two teachers
    show("annotate", 100, 110)
    show.answered(0, 4, 10)  # half of what is needed for four texts
    show.answered(0, 10, 10)
    show.answered(0, 1, 2)  # a second question
    show.answered(1, 10, 10)
    assert [done for _, done, _ in seen] == [100, 102, 105, 105, 110]


@pytest.mark.usefixtures("_teacher_extra")
def test_personal_data_never_leaves_and_stands_in_the_rows(tmp_path: Path) -> None:
    canary = "ada.canary@example.com"
    file, out = table(tmp_path / "reviews.csv", [f"Write to {canary} about the food."]), tmp_path / "corpus"
    with TeacherServer(answer=served) as server:
        done = call(file, out, server)
        assert canary.encode() not in server.received
        assert b"[EMAIL_1]" in server.received
    assert done.exit_code == 0, done.stderr
    (row,) = rows(out)
    assert row["answer"]["opinions"][0]["opinion"] == f"Write to {canary}"
    assert canary not in (out / "README.md").read_text(encoding="utf-8")
    with TeacherServer(answer=served) as server:
        refused = call(file, tmp_path / "other", server, "--pii", "refuse")
        assert (refused.exit_code, server.counts["received"]) == (3, 0)
    assert [f["kind"] for f in failures(tmp_path / "other")] == ["personal_data"]


@pytest.mark.usefixtures("_teacher_extra")
def test_a_batch_is_written_redacted_and_its_answers_make_the_corpus(tmp_path: Path) -> None:
    texts = [f"The soup was great {n}." for n in range(4)] + ["Write to ada.canary@example.com about the food."]
    file, out, batch = table(tmp_path / "reviews.csv", texts), tmp_path / "corpus", tmp_path / "batch"
    with TeacherServer() as server:
        written = call(file, out, server, "--write-batch", str(batch), "--json")
        assert json.loads(written.stdout)["requests"] == 5
        lines = [json.loads(line) for line in (batch / "batch-0001.jsonl").read_text().splitlines()]
        assert "ada.canary" not in json.dumps(lines)
        back = tmp_path / "back.jsonl"
        with back.open("w") as answers:
            for line in lines[1:]:
                message = {"role": "assistant", "content": served(line["body"])}
                body = {"choices": [{"index": 0, "finish_reason": "stop", "message": message}]}
                response = {"status_code": 200, "body": body}
                answers.write(json.dumps({"custom_id": line["custom_id"], "response": response, "error": None}) + "\n")
        read = call(file, out, server, "--read-batch", str(back))
        assert (read.exit_code, server.counts["received"]) == (0, 0), (read.stderr, read.exception)
    assert len(rows(out)) == 4
    assert [failure["kind"] for failure in failures(out)] == ["waiting"]
    assert "There was no answer for 1 sentence; --read-batch" in read.stderr


@pytest.mark.usefixtures("_teacher_extra")
def test_a_batch_is_priced_by_the_price_file_and_its_share(tmp_path: Path) -> None:
    file, out, batch = table(tmp_path / "r.csv", ["The soup was great."]), tmp_path / "corpus", tmp_path / "batch"
    prices = tmp_path / "prices.yaml"
    prices.write_text("teacher: {input: 1.0, output: 2.0}\n")
    more = ("--prices", str(prices), "--batch-price-share", "0.5")
    with TeacherServer() as server:
        estimated = [
            json.loads(call(file, out, server, "--dry-run", "--json", *each).stdout) for each in (more[:2], more)
        ]
        assert estimated[1]["money_most"] == estimated[0]["money_most"] / 2
        call(file, out, server, "--write-batch", str(batch))
        line = json.loads((batch / "batch-0001.jsonl").read_text())
        message = {"role": "assistant", "content": "soup | great | positive"}
        body = {
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 1000, "completion_tokens": 100},
        }
        answer = {"custom_id": line["custom_id"], "response": {"status_code": 200, "body": body}, "error": None}
        (tmp_path / "back.jsonl").write_text(json.dumps(answer) + "\n")
        read = call(file, out, server, "--read-batch", str(tmp_path / "back.jsonl"), *more, "--json")
        told = json.loads(read.stdout)
        assert (told["calls"], told["rows"]) == (1, 1)  # the one that was written is the one that came back
        assert told["spent"] == pytest.approx((1000 * 1 + 100 * 2) / 1e6 / 2)
        assert server.counts["received"] == 0
    assert "x 0.5 (batch)" in (out / "README.md").read_text(encoding="utf-8")


@pytest.mark.usefixtures("_teacher_extra")
def test_names_are_looked_for_and_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def detector(model: str) -> Callable[[str], list[tuple[int, int]]]:
        assert model == "en_names"
        return lambda text: [(found.start(), found.end()) for found in re.finditer("Quill", text)]

    monkeypatch.setattr("gistill.privacy.names.load_names", detector)
    file, out = table(tmp_path / "reviews.csv", ["The soup of Quill was great."]), tmp_path / "corpus"
    with TeacherServer(answer=lambda body: "soup of [NAME_1] | great | positive") as server:
        written = call(file, out, server, "--names", "en_names", "--write-batch", str(tmp_path / "batch"))
        assert written.exit_code == 0, written.stderr
        assert "Quill" not in (tmp_path / "batch" / "batch-0001.jsonl").read_text()
        done = call(file, out, server, "--names", "en_names")
        assert b"Quill" not in server.received
        assert b"[NAME_1]" in server.received
        assert rows(out)[0]["answer"]["opinions"][0]["aspect"] == "soup of Quill", done.stderr
        assert "gistill audit FOLDER --names en_names" in (out / "README.md").read_text(encoding="utf-8")
        assert "--names en_names" in CliRunner().invoke(app, ["audit", str(out)]).stderr
        other = call(file, out, server)  # without: another question, so asked again
        assert "The detector of names changed" in other.stderr
        assert b"Quill" in server.received
    assert "no detector" in (out / "README.md").read_text(encoding="utf-8")


@pytest.mark.usefixtures("_teacher_extra")
def test_a_server_with_one_model_needs_no_name(tmp_path: Path) -> None:
    file = table(tmp_path / "reviews.csv", ["The soup was great."])

    def unnamed(server: TeacherServer) -> Result:
        full = command(file, tmp_path / "corpus", server)[3:]
        at = full.index("--model")
        return CliRunner().invoke(app, [*full[:at], *full[at + 2 :], "--dry-run"])

    with TeacherServer(models=("only",)) as server:
        assert unnamed(server).exit_code == 0
        server.change(models=("one", "two"))
        ended = unnamed(server)
        assert (ended.exit_code, "has 2 models" in ended.stderr, "one, two" in ended.stderr) == (2, True, True)
        server.change(lists_models=False)
        ended = unnamed(server)
        assert (ended.exit_code, "lists no models" in ended.stderr) == (2, True)
        assert server.counts["received"] == 0


@pytest.mark.usefixtures("_teacher_extra")
def test_unfiltered_every_answer_is_a_lesson_and_the_journal_answers_for_both(tmp_path: Path) -> None:
    answers = ["  Whatever I say.\n", "?", ANALYSIS, "soup | taste | positive | no such words", "a b " * 3000]
    file = table(tmp_path / "reviews.csv", [f"The soup was great {n}." for n in range(len(answers))])
    book = ("--skill", "analysis", "--journal", str(tmp_path / "calls.sqlite"))

    def answer(body: dict[str, Any]) -> str:
        return answers[int(re.findall(r"great (\d)", said(body["messages"]))[-1])]

    with TeacherServer(answer=answer) as server:
        call(file, tmp_path / "kept", server, *book)
        paid = server.counts["answered"]
        done = call(file, tmp_path / "all", server, *book, "--unfiltered")
        assert (done.exit_code, server.counts["answered"]) == (0, paid), done.stderr
        assert "The question changed" in call(file, tmp_path / "kept", server, *book, "--unfiltered").stderr
    examples = [json.loads(line) for line in (tmp_path / "all" / "train.jsonl").read_text().splitlines()]
    learned = [example["completion"][0]["content"] for example in examples]
    assert learned[:4] == [answer.strip() for answer in answers[:4]]
    assert (learned[4][:4], len(learned[4].split())) == ("a b ", 1024)  # cut
    assert len({len(example["prompt"]) for example in examples}) == 1
    assert len(examples[0]["prompt"]) <= 2  # the student's question, without examples
    assert not failures(tmp_path / "all")
    first, *_ = (tmp_path / "all" / "README.md").read_text(encoding="utf-8").splitlines()
    assert first == "# analysis, UNFILTERED: 5 rows that a teacher wrote, nothing of them checked, for ablations only"


@pytest.mark.parametrize(("task", "label"), [("levels", "very positive"), ("stars", "5"), ("", "positive")])
def test_ratings_have_three_tasks(task: str, label: str) -> None:
    rating = task_of(AnnotateSettings(skill="rating", task=task))
    assert rating is not None
    item = Item(id="a#0", record="a", text="Fine.")
    assert rating.read(label, item, True).answer == {"rating": label}


@pytest.mark.slow
@pytest.mark.usefixtures("_teacher_extra")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs kill -9")
def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(tmp_path: Path) -> None:
    file = table(tmp_path / "reviews.csv", [f"The soup was great {n}." for n in range(80)])
    more = ("--shard-size", "20", "--concurrency", "4")
    kills = 0
    starting = [sys.executable, "-c", FORKING]
    with (
        TeacherServer(answer=served, latency=0.05) as server,
        subprocess.Popen(starting, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run,
    ):
        assert run.stdin is not None
        assert run.stdout is not None
        for _ in range(2):
            before = server.counts["answered"]
            run.stdin.write(json.dumps(command(file, tmp_path / "killed", server, *more)[3:]) + "\n")
            run.stdin.flush()
            child = int(run.stdout.readline())
            until = time.monotonic() + 60
            while server.counts["answered"] < before + 25 and time.monotonic() < until:
                time.sleep(0.01)
            os.kill(child, signal.SIGKILL)
            assert run.stdout.readline() == "-9\n", "it had ended before"
            kills += 1
        run.stdin.close()
        server.change(latency=0.0)
        assert call(file, tmp_path / "killed", server, *more).exit_code == 0
        asked_twice = server.counts["answered"] - 80
        assert len(server.answers) == 80
        assert 0 <= asked_twice <= 4 * kills  # what was in flight when it was killed: nobody heard the answer
        server.reset()
        assert call(file, tmp_path / "whole", server, *more).exit_code == 0
    assert bytes_of(tmp_path / "killed") == bytes_of(tmp_path / "whole")


@pytest.mark.usefixtures("_teacher_extra")
def test_a_bad_command_is_one_sentence_and_asks_nobody(tmp_path: Path) -> None:
    file = table(tmp_path / "reviews.csv", ["Fine."])
    with TeacherServer() as server:
        for more, words in [
            (("--skill", "poetry"), "there is no skill 'poetry'"),
            (("--task", "levels"), "opinions has no task 'levels'"),
            (("--skill", "rating", "--task", "aste"), "rating has no task 'aste'"),
            (("--skill", "analysis", "--task", "aste"), "analysis has only one task"),
            (("--skill", "summary", "--structured"), "summary supports plain text only"),
            (("--skill", "rating", "--categories", "a,b"), "rating has no categories"),
            (("--task", "tsa", "--categories", "a,b"), "tsa has no categories"),
            (("--unfiltered",), "opinions cannot be used with --unfiltered"),
            (("--select", "best", "--limit", "1"), "there is no selection 'best'"),
            (("--pii", "maybe"), "no privacy mode"),
            (("--teacher", "nowhere"), "'nowhere' names no teacher"),
        ]:
            ended = call(file, tmp_path / "corpus", server, *more)
            assert ended.exit_code == 2, ended.stderr
            assert words in ended.stderr
        assert server.counts["received"] == 0


class TopicInput(NamedTuple):
    """A text, and the topics a teacher may choose from."""

    text: str
    topics: tuple[str, ...] = ()


class Topic(NamedTuple):
    """One topic of a text."""

    name: str


def topics_skill(parse: Callable[[str, TopicInput, bool], Parsed[tuple[Topic, ...]]]) -> Skill[Any, Any]:
    return Skill(
        name="topics",
        about="Names the topics of a text",
        input=TopicInput,
        result=tuple[Topic, ...],
        render=lambda asked: (Message(role="user", content=" ".join((*asked.topics, asked.text))),),
        parse=parse,
        write=lambda topics, _: ", ".join(topic.name for topic in topics),
        score=lambda gold, said, _: {"accuracy": (gold == said.result, 1)},
        measures=("accuracy",),
        teacher=Teacher(
            from_text=lambda text, choices: TopicInput(text, choices.categories),
            tasks=("free", "listed"),
            categorised=("listed",),
            vote="parts",
        ),
    )


def read_topics(answer: str, asked: TopicInput, _: bool) -> Parsed[tuple[Topic, ...]]:
    return Parsed(tuple(Topic(name) for name in answer.split(", ")))


def read_listed_topics(answer: str, asked: TopicInput, _: bool) -> Parsed[tuple[Topic, ...]]:
    """Read only what is in the list, and forget that a student is given none."""
    listed = tuple(Topic(name) for name in answer.split(", ") if name in asked.topics)
    return Parsed(listed) if listed else Parsed(None, (Failure(kind="unknown_topic"),))


def test_a_row_that_the_students_own_reader_does_not_read_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SKILLS, "topics", topics_skill(read_listed_topics))
    settings = AnnotateSettings(skill="topics", task="listed", categories=("food", "room"))
    model = ScriptedModel(lambda _: "food, room")
    done = annotate(reviews(2), out=tmp_path / "broken", settings=settings, teachers=[model])
    assert (done.manifest.rows, done.examples, done.manifest.failures) == (0, 0, {"not_read_back": 2})
    [first, _] = failures(tmp_path / "broken")
    assert (first["kind"], first["record"], first["detail"]) == ("not_read_back", "r0", "unknown_topic: food, room")
    assert done.manifest.done, "it was answered, and asking again would say the same"

    monkeypatch.setitem(SKILLS, "topics", topics_skill(read_topics))
    done = annotate(reviews(2), out=tmp_path / "right", settings=settings, teachers=[model])
    assert (done.manifest.rows, done.examples, done.manifest.failures) == (2, 2, {})
    [learned, _] = read_jsonl(tmp_path / "right" / "train.jsonl")
    assert (learned.asked, learned.answer) == (TopicInput(reviews(1)[0].text), "food, room")


def test_a_list_that_several_answers_voted_on_is_learned_without_its_shares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SKILLS, "topics", topics_skill(read_topics))
    answers = iter(["food, room", "food", "food, price"])
    done = go(tmp_path / "voted", reviews(1), lambda _: next(answers), skill="topics", samples=3)
    assert (done.manifest.agreement, done.manifest.failures) == (1.0, {"disagreed": 2})
    [row] = rows(tmp_path / "voted")
    assert row["answer"] == {"result": [{"name": "food", "agreement": 1.0}]}
    [learned] = read_jsonl(tmp_path / "voted" / "train.jsonl")
    assert (learned.result, learned.answer) == ((Topic("food"),), "food")


def test_categories_are_for_the_kinds_of_a_skill_that_have_them() -> None:
    with pytest.raises(SettingError, match="aste has no categories") as refused:
        AnnotateSettings(skill="opinions", categories=("food",))
    assert refused.value.hint == "Leave --categories out, or choose one of asa, tasd, asqp."
