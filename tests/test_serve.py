"""gistill as a service over real HTTP: what it answers is what the commands do, and a job outlives whatever ends it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("openai")
pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx2")

import httpx2
import openai

from fake_reader import FakeReader
from gistill.digest.extract import extract
from gistill.schema import Record
from gistill.serve.limits import Patience, within
from gistill.serve.openai.bodies import BodyError
from gistill.serve.reading import shared
from sample_digest import sample_digest
from serve_process import Server, serving, until

FILE = {"Content-Type": "application/octet-stream"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all tests of this module that do not end it."""
    with serving(tmp_path_factory.mktemp("serve"), job_memory=200, jobs=3) as found:
        until(lambda: ready(found))
        yield found


def ready(server: Server) -> bool:
    return httpx2.get(f"{server.url}/readyz").status_code == 200


def post(server: Server, path: str, body: Any = None) -> Any:
    return httpx2.post(f"{server.url}{path}", json=body, timeout=30)


def send(server: Server, text: str, **how: Any) -> Any:
    return httpx2.post(f"{server.url}/v1/digests", params=how, content=text.encode(), headers=FILE, timeout=30)


def job(server: Server, name: str) -> Any:
    return httpx2.get(f"{server.url}/v1/digests/{name}", timeout=30).json()


def ended(server: Server, name: str) -> Any:
    return until(lambda: (found := job(server, name))["state"] in ("done", "failed", "canceled") and found)


def test_opinions_are_those_of_extract_and_ids_that_were_given_stay(server: Server) -> None:
    texts = ["great sound, but it broke", "bad screen", " ", "love it"]
    sent = [{"id": str(number), "text": text} for number, text in enumerate(texts)]
    told = post(server, "/v1/opinions", {"records": sent}).json()
    records = [Record(id=str(number), text=text, row=number + 1) for number, text in enumerate(texts) if text.strip()]
    alone = extract(records, reader=FakeReader())
    assert told["opinions"] == [json.loads(opinion.model_dump_json()) for opinion in alone.opinions]
    assert (told["records"], told["sentences"]) == (3, 3)
    assert [(one["kind"], one["record"], one["row"]) for one in told["failures"]] == [("empty", "2", 3)]


@pytest.mark.parametrize(
    "record",
    [
        {"text": "5"},
        {"text": "2024-01-01"},
        {"text": "["},
        {"text": "bad screen", "rating": 1e9, "author": "a long text that is no name of anybody at all I think"},
        {"messages": [{"role": "c", "content": ""}]},
        {"text": ""},
    ],
)
def test_what_a_client_calls_a_text_is_one_whatever_stands_there(server: Server, record: dict[str, Any]) -> None:
    alone = post(server, "/v1/opinions", {"records": [record]})
    among = post(server, "/v1/opinions", {"records": [record, {**record, "entity": "x"}]})
    assert (alone.status_code, among.status_code) == (200, 200)
    assert alone.json()["records"] + len(alone.json()["failures"]) == 1
    assert among.json()["records"] + len(among.json()["failures"]) == 2
    assert len(among.json()["opinions"]) == 2 * len(alone.json()["opinions"])


def test_of_conversations_the_customer_is_read(server: Server) -> None:
    turns = [{"role": "agent", "content": "Great day to you."}, {"role": "customer", "content": "bad screen"}]
    told = post(server, "/v1/opinions", {"records": [{"messages": turns}]}).json()
    assert [opinion["aspect"]["text"] for opinion in told["opinions"]] == ["screen"]


def test_summaries_cite_the_turns_that_carry_them(server: Server) -> None:
    turns = [
        {"role": "customer", "content": "I was charged twice for my order."},
        {"role": "agent", "content": "I have refunded the second payment."},
    ]
    told = post(server, "/v1/summaries", {"records": [{"id": "a", "messages": turns}]}).json()
    [brief] = told["briefs"]
    assert (brief["record"], brief["outcome"], told["outcomes"]) == ("a", "solved", {"solved": 1})
    assert [(one["slot"], one["turns"]) for one in brief["sentences"]] == [("issue", [1]), ("done", [2])]


def test_openais_client_works_unchanged_and_the_name_gistill_answers(server: Server) -> None:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0, timeout=20) as client:
        assert {model.id for model in client.models.list()} == {"scripted", "gistill"}
        messages: Any = [{"role": "user", "content": "hello"}]
        told = client.chat.completions.create(model="gistill", messages=messages)
        assert told.choices[0].message.content == "you said hello"
        pieces = client.chat.completions.create(model="gistill", messages=messages, stream=True)
        assert "".join(piece.choices[0].delta.content or "" for piece in pieces) == "you said hello"
        with pytest.raises(openai.BadRequestError, match="tools is not supported"):
            client.chat.completions.create(model="gistill", messages=messages, tools=[{"type": "function"}])  # type: ignore[call-overload]


def test_a_file_becomes_a_report_that_can_be_watched_read_and_deleted(server: Server) -> None:
    sent = send(server, "text\ngreat sound", name="reviews.csv", title="Mine")
    assert sent.status_code == 202
    name = sent.json()["id"]
    events = httpx2.get(f"{server.url}/v1/digests/{name}/events", timeout=30)
    assert events.headers["content-type"].startswith("text/event-stream")
    last = events.text.strip().split("\n\n")[-1].splitlines()
    assert (last[0], json.loads(last[1].removeprefix("data: "))["state"]) == ("event: end", "done")
    done = job(server, name)
    assert (done["name"], done["settings"]["title"]) == ("reviews.csv", "Mine")
    assert done["deleted_after"] == pytest.approx(done["changed"] + 30 * 86_400)
    assert done["files"] == ["report.html", "digest.json"]
    assert httpx2.get(f"{server.url}/v1/digests/{name}/result").json()["records"] == sample_digest().records
    page = httpx2.get(f"{server.url}{done['report']}")
    assert page.text == "<script>alert(1)</script>"
    assert page.headers["content-security-policy"].startswith("sandbox")
    assert (server.folder / name / "in" / "reviews.csv").is_file()
    assert httpx2.delete(f"{server.url}/v1/digests/{name}").status_code == 204
    assert not (server.folder / name).exists()
    assert httpx2.get(f"{server.url}/v1/digests/{name}").status_code == 404
    assert httpx2.get(f"{server.url}{done['report']}").status_code == 404
    assert name.encode() not in (server.folder / "jobs.sqlite3").read_bytes()


def test_a_held_file_is_looked_at_before_it_is_started(server: Server) -> None:
    text = "text,other\n" + "\n".join(f"The sound is great number {number},x" for number in range(9))
    name = send(server, text, hold=True).json()["id"]
    seen = post(server, f"/v1/digests/{name}/preview", {}).json()
    assert (seen["header"], seen["texts"], len(seen["rows"])) == (["text", "other"], ["text"], 5)
    wrong = post(server, f"/v1/digests/{name}/preview", {"columns": {"text": ["none"]}}).json()
    assert wrong["error"]["code"] == "bad_input"
    assert str(server.folder) not in json.dumps(wrong)
    assert job(server, name)["state"] == "held"
    assert post(server, f"/v1/digests/{name}/start", {"title": "Now"}).status_code == 202
    assert ended(server, name)["settings"]["title"] == "Now"
    assert post(server, f"/v1/digests/{name}/start", {}).json()["error"]["code"] == "job_done"


def test_what_hangs_is_canceled_and_what_waits_is_bounded(server: Server) -> None:
    first = send(server, "sleep 60").json()["id"]
    until(lambda: job(server, first)["state"] == "running")
    others = [send(server, "x").json()["id"] for _ in range(3)]
    refused = send(server, "x")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")
    assert post(server, f"/v1/digests/{first}/cancel").json()["state"] == "canceled"
    assert [ended(server, name)["state"] for name in others] == ["done"] * 3
    assert post(server, f"/v1/digests/{first}/cancel").status_code == 409
    assert httpx2.get(f"{server.url}/v1/digests/{first}/result").status_code == 409


def test_a_process_that_dies_is_tried_again_and_then_given_up(server: Server) -> None:
    found = ended(server, send(server, "die").json()["id"])
    assert (found["state"], found["tries"], found["error"]["code"]) == ("failed", 3, "process_died")


def test_a_process_that_swells_is_ended(server: Server) -> None:
    found = ended(server, send(server, "swell").json()["id"])
    assert (found["state"], found["error"]["code"]) == ("failed", "out_of_memory")


def test_a_job_survives_its_server_however_that_ends(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        done = send(server, "x").json()["id"]
        ended(server, done)
        running, waiting = (send(server, text).json()["id"] for text in ("sleep 1", "y"))
        until(lambda: (server.folder / running / "begun").is_file())
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
    with serving(tmp_path) as server:
        assert job(server, done)["state"] == "done"
        assert ended(server, running)["state"] == "done"
        assert ended(server, waiting)["state"] == "done"
        assert (server.folder / running / "begun").read_text() == "xx"
        again = send(server, "sleep 30").json()["id"]
        until(lambda: (server.folder / again / "begun").is_file())
        assert server.stop() == 0
    with serving(tmp_path, at_once=0, keep_days=0) as server:  # told to stop, it queued what ran
        found = job(server, again)
        assert (found["state"], found["tries"]) == ("queued", 0)
        until(lambda: httpx2.get(f"{server.url}/v1/digests/{done}").status_code == 404)  # too old by now
        assert job(server, again)["state"] == "queued"


def test_requests_that_wait_are_read_together_and_each_gets_its_own() -> None:
    calls: list[int] = []

    class Counting(FakeReader):
        def read(self, sentences: Any) -> Any:
            calls.append(len(sentences))
            return super().read(sentences)

    reader, [closing] = shared(Counting(seconds=0.2))
    texts = [f"great sound number {number}" for number in range(9)]
    found: dict[int, Any] = {}

    def one(number: int) -> None:
        found[number] = reader.read([texts[number], "bad screen"])

    threads = [threading.Thread(target=one, args=(number,)) for number in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    closing.close(5)
    assert len(calls) <= 3
    assert [(found[number][0][0].aspect, len(found[number])) for number in range(9)] == [((6, 11), 2)] * 9
    with pytest.raises(BodyError, match="waiting"):
        reader.read(["x"])


def test_nobody_is_worked_for_who_has_gone_or_waited_too_long() -> None:
    reader, [closing] = shared(FakeReader())
    with within(Patience(0)), pytest.raises(BodyError, match="takes too long"):
        reader.read(["great sound"])
    gone = Patience(60)
    gone.gone = True
    with within(gone), pytest.raises(BodyError, match="disconnected"):
        reader.read(["great sound"])
    closing.close(5)


@pytest.mark.slow
def test_what_the_first_requests_need_is_loaded_before_they_are_let_in() -> None:
    """Loads the shipped reader in a process of its own; then neither a module nor a model may be left to load."""
    script = """
import sys
from pathlib import Path
from gistill.reader import load_readers
from gistill.serve.answering import make_summaries, read_opinions, warm
from gistill.serve.bodies import OpinionsAsked, SummariesAsked
from gistill.serve.state import Loaded

def held():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

reader = load_readers(None)
began = held()
warm(Loaded(reader, None, None))
warmed, modules = held(), set(sys.modules)
read_opinions(OpinionsAsked(records=[{"text": "Les frites sont froides."}, {"text": "The app crashes."}]), reader)
turns = [{"role": "customer", "content": "Where is my parcel?"}, {"role": "agent", "content": "On its way."}]
make_summaries(SummariesAsked(records=[{"messages": turns}]), None)
print(warmed - began > 50, held() - warmed < 25, sorted(set(sys.modules) - modules))
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert ran.stdout.split(maxsplit=2) == ["True", "True", "[]\n"]
