"""`gistill.annotate` does what the command does: the same bytes, estimates, previews, batches, limits and restarts."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import MISSING, fields
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

import gistill
from gistill import AnnotateSettings, Record
from gistill.cli import app
from gistill.distill.batches import read_batches, write_batches
from gistill.distill.estimating import estimate, preview
from gistill.distill.settings import described
from gistill.errors import SettingError
from gistill.lm.fake import ScriptedModel
from teacher_server import TeacherServer

ROOT = Path(__file__).parent.parent
MOST_FILES, MOST_IN_THE_LOOP = 35, 25  # see docs/decisions/0009


@pytest.fixture(autouse=True)
def _teacher_extra() -> None:
    for name in ("openai", "stamina", "aiolimiter"):
        pytest.importorskip(name)


def served(body: dict[str, Any]) -> str:
    text = str(body["messages"][-1]["content"])
    return "1. Soup | great | positive" if "soup" in text else "none"


def reviews(count: int) -> list[Record]:
    return [Record(id=f"r{n}", text=f"The soup was great {n}. We sat outside at {n}.") for n in range(count)]


def table(path: Path, records: list[Record]) -> Path:
    lines = [f"{record.id},{record.text}\n" for record in records]
    path.write_text("id,text\n" + "".join(lines), encoding="utf-8")
    return path


def asking(server: TeacherServer, **settings: Any) -> AnnotateSettings:
    return AnnotateSettings(**{"skill": "opinions", "server": server.url, "model": "teacher", **settings})


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Give all files of a corpus but the journal, which has times, and the card, which has the command."""
    found = (path for path in folder.rglob("*") if path.is_file() and ".sqlite" not in path.name)
    return {str(path.relative_to(folder)): path.read_bytes() for path in found if path.name != "README.md"}


def test_the_function_and_the_command_make_the_same_corpus(tmp_path: Path) -> None:
    records = reviews(5)
    file = table(tmp_path / "reviews.csv", records)
    with TeacherServer(answer=served) as server:
        options = ["--skill", "opinions", "--server", server.url, "--model", "teacher"]
        several = ["--samples", "2", "--seed", "3", "--shard-size", "4", "--limit", "7", "--pii", "off"]
        made = CliRunner().invoke(app, ["annotate", str(file), "-o", str(tmp_path / "a"), *options, *several])
        assert made.exit_code == 0, made.stderr
        settings = asking(server, samples=2, seed=3, shard_size=4, limit=7, pii="off")
        read = list(gistill.read_records(file))
        done = gistill.annotate(read, out=tmp_path / "b", settings=settings)
    assert bytes_of(tmp_path / "a") == bytes_of(tmp_path / "b")
    assert (done.manifest.rows, done.examples, done.stopped) == (7, 7, "")
    assert done.cost is not None
    assert (done.cost.calls, done.cost.answered) == (14, 14)
    card = (tmp_path / "b" / "README.md").read_text(encoding="utf-8")
    assert "called from Python" in card
    assert "repaired: formatting" in card


def test_an_estimate_and_a_preview_say_what_a_run_takes(tmp_path: Path) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text("teacher: {input: 1.0, output: 2.0}\n")
    with TeacherServer(answer=served) as server:
        settings, out = asking(server, prices=prices), tmp_path / "corpus"
        planned, found = estimate(reviews(15), out=out, settings=settings)
        assert (planned.texts, planned.candidates, planned.unit) == (30, 30, "sentence")
        assert (found.calls, found.hits, server.counts["received"], out.exists()) == (30, 0, 0, False)
        assert found.money_most is not None
        half, cheaper = estimate(reviews(15), out=out, settings=asking(server, prices=prices, batch_price_share=0.5))
        assert (half, cheaper.money_most) == (planned, found.money_most / 2)
        seen = preview(reviews(15), out=out, settings=settings)
        assert (len(seen.asked), server.counts["answered"]) == (20, 20)
        assert [path.name for path in out.iterdir() if ".sqlite" not in path.name] == []
        assert estimate(reviews(15), out=out, settings=settings)[1].calls == 10
        shown: list[tuple[str, int, int | None]] = []
        done = gistill.annotate(
            reviews(15), out=out, settings=settings, progress=lambda *told: shown.append(told), say=lambda line: None
        )
        assert (done.manifest.rows, server.counts["answered"]) == (30, 30)
    assert {step for step, _, _ in shown} == {"annotate"}
    assert (shown[0], shown[-1]) == (("annotate", 0, 30), ("annotate", 30, 30))


def test_a_limit_stops_a_run_and_a_larger_one_goes_on(tmp_path: Path) -> None:
    with TeacherServer(answer=served) as server:
        first = gistill.annotate(reviews(4), out=tmp_path, settings=asking(server, max_calls=3, shard_size=2))
        assert (first.stopped, first.manifest.asked, server.counts["answered"]) == ("budget", 3, 3)
        told: list[str] = []
        again = gistill.annotate(reviews(4), out=tmp_path, settings=asking(server, shard_size=2), say=told.append)
        assert (again.stopped, again.manifest.rows, server.counts["answered"]) == ("", 8, 8)
        assert f"Asking teacher at {server.url}." in told
        assert "Continuing after 2 of 8 texts." in told


def test_a_batch_is_written_and_read(tmp_path: Path) -> None:
    with TeacherServer(answer=served) as server:
        settings, out = asking(server), tmp_path / "corpus"
        written = write_batches(reviews(2), out=out, settings=settings, folder=tmp_path / "batch")
        assert (written.texts, written.requests, len(written.files)) == (4, 4, 1)
        back = tmp_path / "back.jsonl"
        with back.open("w", encoding="utf-8") as file:
            for line in map(json.loads, written.files[0].read_text(encoding="utf-8").splitlines()):
                message = {"role": "assistant", "content": served(line["body"])}
                body = {"choices": [{"index": 0, "finish_reason": "stop", "message": message}]}
                response = {"status_code": 200, "body": body}
                file.write(json.dumps({"custom_id": line["custom_id"], "response": response}) + "\n")
        told: list[str] = []
        done = read_batches(iter(reviews(2)), [back], out=out, settings=settings, say=told.append)
        assert (done.manifest.rows, server.counts["received"]) == (4, 0)
        assert told[0] == "Answers in the batch: 4 answered."
        live = gistill.annotate(reviews(2), out=tmp_path / "live", settings=settings)
        assert bytes_of(out) == bytes_of(live.folder)
        other = asking(server, teachers=(f"{server.url}#other",))
        with pytest.raises(SettingError, match="one teacher"):
            write_batches(reviews(1), out=out, settings=other, folder=tmp_path / "none")


def test_several_teachers_vote_whether_they_are_servers_or_models(tmp_path: Path) -> None:
    with TeacherServer(answer=served) as server:
        settings = asking(server, teachers=(f"{server.url}#other",))
        served_twice = gistill.annotate(reviews(1), out=tmp_path / "servers", settings=settings)
    assert served_twice.cost is not None
    assert served_twice.cost.calls == 4
    two = [ScriptedModel(lambda request: "soup | great | positive"), ScriptedModel(lambda request: "none")]
    brought = AnnotateSettings(skill="opinions", min_agreement=1.0)
    done = gistill.annotate(reviews(1), out=tmp_path / "models", settings=brought, teachers=two)
    assert done.cost is None
    assert done.manifest.failures == {"disagreed": 2, "unanchored": 1}


def test_models_of_ones_own_stand_behind_the_privacy_gate(tmp_path: Path) -> None:
    model = ScriptedModel(lambda request: "food | Write to [EMAIL_1] | neutral")
    record = Record(id="r", text="Write to ada@example.com about the food.")
    done = gistill.annotate([record], out=tmp_path, settings=AnnotateSettings(skill="opinions"), teachers=[model])
    assert "ada@example.com" not in str(model.calls)
    assert done.manifest.rows == 1
    assert "Write to ada@example.com" in (tmp_path / "train.jsonl").read_text(encoding="utf-8")


KILLED = """
import sys
import gistill
settings = gistill.AnnotateSettings(skill="opinions", server=sys.argv[1], model="teacher", shard_size=20, concurrency=4)
records = [gistill.Record(id=f"r{n}", text=f"The soup was great {n}.") for n in range(60)]
gistill.annotate(records, out=sys.argv[2], settings=settings)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_a_killed_run_goes_on_with_the_same_bytes(tmp_path: Path) -> None:
    records = [Record(id=f"r{n}", text=f"The soup was great {n}.") for n in range(60)]
    with TeacherServer(answer=served, latency=0.05) as server:
        run = subprocess.Popen([sys.executable, "-c", KILLED, server.url, str(tmp_path / "killed")])
        until = time.monotonic() + 120
        while server.counts["answered"] < 25 and time.monotonic() < until and run.poll() is None:
            time.sleep(0.01)
        os.kill(run.pid, signal.SIGKILL)
        assert run.wait() == -signal.SIGKILL
        server.change(latency=0.0)
        settings = asking(server, shard_size=20, concurrency=4)
        done = gistill.annotate(records, out=tmp_path / "killed", settings=settings)
        assert done.manifest.rows == 60
        assert 60 <= server.counts["answered"] <= 64  # four were in flight, and nobody heard their answers
        whole = gistill.annotate(records, out=tmp_path / "whole", settings=settings)
    assert bytes_of(done.folder) == bytes_of(whole.folder)


def test_the_options_of_the_command_are_the_settings() -> None:
    command = get_command(app).commands["annotate"]  # type: ignore[attr-defined]
    options = {option.name: option for option in command.params}
    for setting in fields(AnnotateSettings):
        if setting.name in ("source", "licence"):  # said by the file
            assert setting.name not in options
            continue
        option = options[setting.name]
        assert option.help.startswith(described(setting.name)), setting.name
        if setting.default not in (MISSING, ()):
            assert option.default == setting.default, setting.name


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"skill": "poetry"}, "there is no skill 'poetry'"),
        ({"samples": 0}, "samples must be at least 1, not 0"),
        ({"min_agreement": 1.5}, "min_agreement must be at least 0 and at most 1, not 1.5"),
        ({"select": "best"}, "there is no selection 'best'"),
        ({"skill": "rating", "structured": True}, "rating supports plain text only"),
    ],
)
def test_settings_that_make_no_sense_are_refused_at_once(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingError, match=re.escape(words)):
        AnnotateSettings(**{"skill": "opinions", **settings})


def test_nobody_to_ask_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="no teacher is given"):
        gistill.annotate(reviews(1), out=tmp_path / "corpus", settings=AnnotateSettings(skill="opinions"))
    assert not (tmp_path / "corpus").exists()


def test_the_example_in_the_documentation_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (ROOT / "docs" / "teacher.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"### From Python\n.*?```python\n(.*?)```", page, re.DOTALL)
    table(tmp_path / "reviews.csv", reviews(2))
    monkeypatch.chdir(tmp_path)
    with TeacherServer(answer=served) as server:
        exec(example.replace("https://HOST/v1", server.url).replace("NAME", "teacher"), {})
    said = capsys.readouterr().out
    assert "4 sentences: 4 calls, at most None USD" in said
    assert f"4 rows, 4 training examples in {Path('corpus') / 'train.jsonl'}" in said
    assert "stopped" not in said


def test_one_request_touches_few_files(tmp_path: Path) -> None:
    found = benchmark("touched").one_request(tmp_path)
    assert len(found) <= MOST_FILES, sorted(found)
    again = benchmark("touched").one_request(tmp_path / "again", loop=True)
    assert {"teacher/gate.py", "teacher/journal.py", "distill/corpus.py"} < set(again)
    assert len(again) <= MOST_IN_THE_LOOP, sorted(again)
    assert set(again) < set(found)


def benchmark(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
