"""The service among faults: killed processes, a full disk, silent clients, and a writer on another machine."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("openai")
pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx2")
pytest.importorskip("stamina")

import httpx2
import uvicorn

from fake_reader import FakeReader
from gistill.cli.serve import _remote
from gistill.serve import listening
from gistill.serve.app import Who, application
from gistill.serve.jobs import Jobs
from gistill.serve.limits import Limits
from gistill.serve.runner import Runner
from gistill.serve.state import Loaded
from gistill.serve.work import writer_of
from serve_process import Server, serving, until
from teacher_server import TeacherServer
from test_serve import ended, ready, send

LARGEST = 300_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One whose disk holds no file of more than 300 kB, and that waits a second for a request."""
    with serving(tmp_path_factory.mktemp("faults"), largest=LARGEST, head=1.0, body_seconds=1.0) as found:
        until(lambda: ready(found))
        yield found


def test_a_killed_process_is_begun_again_and_its_job_ends(server: Server) -> None:
    name = send(server, "sleep 1").json()["id"]
    mark = server.folder / name / "process"
    until(lambda: mark.is_file() and mark.read_text())
    os.kill(int(mark.read_text()), signal.SIGKILL)
    found = ended(server, name)
    assert (found["state"], found["tries"], found["error"]) == ("done", 2, None)
    assert (server.folder / name / "begun").read_text() == "xx"


def test_a_full_disk_ends_a_job_by_name_and_the_next_one_and_the_same_one_later_go_well(server: Server) -> None:
    name = send(server, "fill").json()["id"]
    found = ended(server, name)
    assert (found["state"], found["error"]["code"]) == ("failed", "disk_full")
    assert ended(server, send(server, "x").json()["id"])["state"] == "done"
    (server.folder / name / "in" / found["name"]).write_text("there is room now", "utf-8")
    assert httpx2.post(f"{server.url}/v1/digests/{name}/start", json={}).status_code == 202
    assert ended(server, name)["state"] == "done"


def test_a_file_that_finds_no_room_is_refused_and_nothing_of_it_stays(server: Server) -> None:
    before = {path.name for path in server.folder.iterdir() if path.is_dir()}
    refused = send(server, "x" * (LARGEST + 1))
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "storage")
    assert refused.headers["retry-after"] == "2"
    assert {path.name for path in server.folder.iterdir() if path.is_dir()} == before
    assert send(server, "x").status_code == 202


def connected(server: Server) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    made = socket.create_connection((host, int(port)))
    made.settimeout(20)
    return made


@pytest.mark.parametrize("first", [b"", b"GET /healthz HT", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: "])
def test_who_connects_and_does_not_say_what_they_want_is_hung_up_on(server: Server, first: bytes) -> None:
    with connected(server) as line:
        line.sendall(first)
        began = time.monotonic()
        assert line.recv(4096) == b""
        assert time.monotonic() - began < 15


def test_a_hundred_half_open_connections_keep_nobody_out_and_a_second_request_has_its_own_time(server: Server) -> None:
    lines = [connected(server) for _ in range(100)]
    try:
        assert httpx2.get(f"{server.url}/healthz", timeout=20).status_code == 200
        with httpx2.Client(base_url=server.url, timeout=20) as client:
            for wait in (0, 0.7, 0.7, 0.7):
                time.sleep(wait)
                assert client.get("/healthz").status_code == 200
    finally:
        for line in lines:
            line.close()


def test_a_file_that_trickles_is_given_up(server: Server) -> None:
    before = {path.name for path in server.folder.iterdir() if path.is_dir()}
    head = b"POST /v1/digests HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\n"
    with connected(server) as line:
        line.sendall(head + b"Content-Length: 1000\r\n\r\n")
        told = b""
        line.settimeout(0.2)
        for _ in range(60):
            try:
                line.sendall(b"x")
                told = line.recv(4096)
                break
            except TimeoutError:
                continue
    assert b" 408 " in told.partition(b"\r\n")[0]
    assert {path.name for path in server.folder.iterdir() if path.is_dir()} == before


@contextmanager
def served(folder: Path, writer: Any) -> Iterator[str]:
    """Serve in this process, with a writer of a test's choice."""
    folder.mkdir()
    jobs, limits = Jobs(folder), Limits()
    runner = Runner(jobs, {}, limits, at_once=0)
    made = application(lambda: Loaded(FakeReader(), writer, writer), jobs, runner, who=Who(), limits=limits)
    bound = listening.listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(made, log_level="critical", lifespan="on"))
    thread = threading.Thread(target=lambda: server.run(sockets=[bound]))
    thread.start()
    try:
        url = listening.address(bound)
        until(lambda: httpx2.get(f"{url}/readyz").status_code == 200)
        yield url
    finally:
        server.should_exit = True
        thread.join()
        bound.close()
        jobs.close()


PRIVATE = "ada.lovelace@example.com"


def test_a_writer_on_another_machine_sees_no_personal_data_and_every_call_is_in_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stand-in is on this machine; that one elsewhere is asked through the gate is decided by its address."""
    monkeypatch.setenv("THEIR_KEY", "secret-of-theirs")
    elsewhere = _remote("https://models.example/v1", "m", "THEIR_KEY", listening)
    assert elsewhere["writer_pii"] == "redact"
    assert _remote("http://127.0.0.1:1/v1", "m", "THEIR_KEY", listening)["writer_pii"] == "off"
    turns = [
        {"role": "customer", "content": f"I was charged twice, write to {PRIVATE}."},
        {"role": "agent", "content": "I have refunded it."},
    ]
    with TeacherServer(answer=lambda body: f"Said: {body['messages'][-1]['content']}") as there, ExitStack() as stack:
        setup = {**elsewhere, "writer_url": there.url}
        writer = writer_of(setup, stack, tmp_path / "journal.sqlite")
        with served(tmp_path / "jobs", writer) as url:
            chat = {"model": "gistill", "messages": [{"role": "user", "content": f"I am {PRIVATE}."}]}
            told = httpx2.post(f"{url}/v1/chat/completions", json=chat, timeout=30).json()
            streamed = httpx2.post(f"{url}/v1/chat/completions", json={**chat, "stream": True}, timeout=30).text
            brief = httpx2.post(f"{url}/v1/summaries", json={"records": [{"messages": turns}]}, timeout=100)
        received = there.received.decode()
        assert there.counts["delivered"] >= 2
    assert told["choices"][0]["message"]["content"] == f"Said: I am {PRIVATE}."
    assert PRIVATE in streamed
    assert brief.status_code == 200
    assert "[EMAIL_1]" in received
    assert PRIVATE not in received
    kept = (tmp_path / "journal.sqlite").read_bytes()
    assert b"[EMAIL_1]" in kept
    assert PRIVATE.encode() not in kept
    with sqlite3.connect(tmp_path / "journal.sqlite") as db:
        assert db.execute("SELECT count(*) FROM attempts").fetchone()[0] >= 2
