"""The service under attack, over real HTTP: what each attacker sends, and that it does not come through."""

from __future__ import annotations

import builtins
import contextlib
import hmac
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx2")

import httpx2
from typer.testing import CliRunner

from gistill.cli import app as command_line
from gistill.serve.security import Keys, Tickets
from serve_process import Server, serving, until

MINE, YOURS = "key-of-the-first-client", "key-of-the-second-client"
SECRET = "my password is great hunter2"
ROUTES = ["/v1/models", "/v1/digests", f"/v1/digests/{'0' * 32}", "/metrics"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that asks for keys."""
    settings: dict[str, Any] = {"body": 20_000, "upload": 50_000, "body_seconds": 1.0, "waiting": 8}
    with serving(tmp_path_factory.mktemp("keys"), keys=[MINE, YOURS], **settings) as found:
        until(lambda: httpx2.get(f"{found.url}/readyz").status_code == 200)
        yield found


@pytest.fixture(scope="module")
def loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that asks for none, as on an analyst's machine."""
    with serving(tmp_path_factory.mktemp("loopback")) as found:
        until(lambda: httpx2.get(f"{found.url}/readyz").status_code == 200)
        yield found


def ask(server: Server, method: str, path: str, key: str = MINE, **how: Any) -> Any:
    headers = {"Authorization": f"Bearer {key}", **how.pop("headers", {})}
    return httpx2.request(method, f"{server.url}{path}", headers=headers, timeout=30, **how)


def opinions(server: Server, **how: Any) -> Any:
    return httpx2.post(f"{server.url}/v1/opinions", json={"records": [{"text": "great sound"}]}, timeout=30, **how)


def upload(server: Server, text: str, key: str = MINE, name: str = "a.csv") -> Any:
    headers = {"Content-Type": "application/octet-stream"}
    return ask(server, "POST", "/v1/digests", key, params={"name": name}, content=text.encode(), headers=headers)


def code(answer: Any) -> str:
    return str(answer.json()["error"]["code"])


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize(
    "given",
    [
        "",
        "Bearer",
        f"Bearer {MINE[:-1]}",
        f"Bearer {MINE}x",
        f"Basic {MINE}",
        MINE,
        f"Bearer {MINE} {YOURS}",
    ],
)
def test_who_guesses_a_key_gets_nothing(server: Server, path: str, given: str) -> None:
    answer = httpx2.get(f"{server.url}{path}", headers={"Authorization": given} if given else {})
    assert (answer.status_code, code(answer)) == (401, "invalid_api_key")


def test_every_key_opens_and_health_asks_for_none(server: Server) -> None:
    assert [ask(server, "GET", "/v1/models", key).status_code for key in (MINE, YOURS)] == [200, 200]
    assert [httpx2.get(f"{server.url}{path}").status_code for path in ("/healthz", "/readyz", "/")] == [200, 200, 200]


def test_keys_are_compared_in_constant_time_and_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append((a, b)) or real(a, b))
    keys = Keys([MINE, YOURS])
    first, second = keys.owner(f"Bearer {MINE}".encode()), keys.owner(f"Bearer {YOURS}".encode())
    assert keys.owner(b"Bearer wrong") is None
    assert first
    assert second
    assert first != second
    assert len(compared) == 6  # both keys for each of three, whether the first fits or not
    assert all(len(a) == len(b) == 32 for a, b in compared)
    assert Keys([]).owner(b"anything") == ""


def test_another_key_sees_and_touches_no_job(server: Server) -> None:
    name = upload(server, "x").json()["id"]
    until(lambda: ask(server, "GET", f"/v1/digests/{name}").json()["state"] == "done")
    at = f"/v1/digests/{name}"
    tries = [
        ("GET", at), ("GET", f"{at}/events"), ("GET", f"{at}/result"), ("GET", f"{at}/files/report.html"),
        ("POST", f"{at}/cancel"), ("DELETE", at),
    ]  # fmt: skip
    answers = [ask(server, method, path, YOURS) for method, path in tries]
    answers += [ask(server, "POST", f"{at}/{what}", YOURS, json={}) for what in ("start", "preview")]
    assert {(answer.status_code, code(answer)) for answer in answers} == {(404, "no_job")}
    assert ask(server, "GET", "/v1/digests", YOURS).json() == {"jobs": []}
    assert [job["id"] for job in ask(server, "GET", "/v1/digests").json()["jobs"]] == [name]
    assert ask(server, "DELETE", at).status_code == 204


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "localhost.evil.example", "", "127.0.0.1.evil.example"]
)
@pytest.mark.parametrize("path", ["/", "/v1/digests", "/openapi.json", "/healthz"])
def test_a_name_that_was_made_to_point_here_reads_nothing(loopback: Server, host: str, path: str) -> None:
    """DNS rebinding: the browser thinks that it asks evil.example, and would let its page read the answer."""
    answer = httpx2.get(f"{loopback.url}{path}", headers={"Host": host})
    assert answer.status_code in (400, 421)
    assert "gistill-session" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:1", "localhost", "[::1]:80", "gistill.example"])
def test_addresses_and_allowed_names_are_answered(loopback: Server, host: str) -> None:
    assert httpx2.get(f"{loopback.url}/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_page_of_somebody_else_cannot_post_to_this_machine(loopback: Server, headers: dict[str, str]) -> None:
    assert code(opinions(loopback, headers=headers)) == "foreign_origin"
    told = {**headers, "Content-Type": "text/plain"}  # a browser sends that without asking first
    assert httpx2.post(f"{loopback.url}/v1/digests", content=b"x", headers=told).status_code == 403


def test_a_form_cannot_be_posted_without_asking_first(loopback: Server) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        for path in ("/v1/opinions", "/v1/summaries", "/v1/chat/completions", "/v1/digests"):
            answer = httpx2.post(f"{loopback.url}{path}", content=b'{"records": []}', headers={"Content-Type": kind})
            assert (answer.status_code, code(answer)) == (415, "unsupported_media_type")


def test_a_browser_needs_the_token_that_only_the_page_was_given(loopback: Server) -> None:
    page = httpx2.get(f"{loopback.url}/")
    token = page.text.partition('gistill-session" content="')[2].partition('"')[0]
    assert len(token) > 40
    assert "access-control-allow-origin" not in page.headers
    same = {"Origin": loopback.url, "Sec-Fetch-Site": "same-origin"}
    assert code(opinions(loopback, headers=same)) == "no_session"
    assert code(opinions(loopback, headers={**same, "X-Gistill-Session": token[:-1]})) == "no_session"
    assert opinions(loopback, headers={**same, "X-Gistill-Session": token}).status_code == 200


def test_every_answer_says_what_a_browser_may_not_do_with_it(loopback: Server) -> None:
    for path in ("/", "/page.js", "/healthz", "/v1/digests", "/nothing"):
        headers = httpx2.get(f"{loopback.url}{path}").headers
        wanted = {"x-content-type-options": "nosniff", "x-frame-options": "DENY", "cache-control": "no-store"}
        assert {name: headers[name] for name in wanted} == wanted
    policy = httpx2.get(f"{loopback.url}/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    preflight = httpx2.options(f"{loopback.url}/v1/opinions", headers={"Origin": "https://evil.example"})
    assert preflight.status_code == 403


def test_tickets_open_one_report_for_an_hour_and_cannot_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    tickets = Tickets()
    good = tickets.make("a" * 32)
    assert tickets.read(good) == "a" * 32
    what, until_, sign = good.split(".")
    forged = [
        f"{'b' * 32}.{until_}.{sign}",
        f"{what}.{int(until_) + 1}.{sign}",
        f"{what}.{until_}",
        "",
        "..",
        good + "0",
    ]
    assert [tickets.read(ticket) for ticket in (*forged, Tickets().make(what), "ü.ü.ü")] == [None] * 8
    late = time.time() + 3601
    monkeypatch.setattr(time, "time", lambda: late)
    assert tickets.read(good) is None


def test_bodies_that_are_too_large_or_too_slow_are_refused(server: Server) -> None:
    many = {"records": [{"text": "x" * 100}] * 300}
    assert ask(server, "POST", "/v1/opinions", json=many).status_code == 413
    assert upload(server, "x" * 60_000).status_code == 413

    def unsaid() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 1000

    kind = {"Content-Type": "application/octet-stream"}
    with contextlib.suppress(httpx2.HTTPError):  # the server hangs up while it is still being sent to
        assert ask(server, "POST", "/v1/digests", content=unsaid(), headers=kind).status_code == 413
    assert not [path for path in server.folder.iterdir() if path.is_dir()]
    answer = _slowly(server, b"{", 5)
    assert b" 408 " in answer.partition(b"\r\n")[0]
    assert httpx2.get(f"{server.url}/healthz").status_code == 200


def _slowly(server: Server, first: bytes, seconds: float) -> bytes:
    """Send the head of a request and the first bytes of its body, and then nothing."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as line:
        line.settimeout(seconds)
        head = f"POST /v1/opinions HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {MINE}\r\n"
        line.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n".encode() + first)
        return line.recv(4096)


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"text": None},
        {"text": ["x"]},
        {"text": "x", "path": "/etc/passwd"},
        {"text": "x" * 50_001},
        {"text": "x", "rating": "5"},
        {"text": "x", "date": "yesterday"},
        {"text": "x", "language": "english"},
        {"text": "x", "messages": []},
        {"messages": [{"role": "user"}]},
    ],
)
def test_a_record_that_is_none_is_refused_without_its_text(loopback: Server, record: dict[str, Any]) -> None:
    sent = {"records": [{"text": SECRET}, record]}
    answer = httpx2.post(f"{loopback.url}/v1/opinions", json=sent)
    assert answer.status_code == 422
    assert "hunter2" not in answer.text
    assert "passwd" not in answer.text


def test_too_many_records_and_one_id_for_two_are_refused(loopback: Server) -> None:
    for records in ([{"text": "x"}] * 2_001, []):
        assert httpx2.post(f"{loopback.url}/v1/opinions", json={"records": records}).status_code == 422
    twice = httpx2.post(f"{loopback.url}/v1/opinions", json={"records": [{"id": "a", "text": "x"}] * 2})
    assert (twice.status_code, code(twice)) == (409, "id_twice")
    for bad in (b"{", b"\xff", b'{"records": [{"text": "\\ud800"}]}', b"[" * 5_000, b"NaN"):
        told = {"Content-Type": "application/json"}
        answer = httpx2.post(f"{loopback.url}/v1/opinions", content=bad, headers=told)
        assert answer.status_code in (400, 422)
        assert answer.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    "name", ["../../../x.csv", "..", "/etc/passwd", "a\\..\\b.csv", ".hidden", "\x00.csv", "a" * 200]
)
def test_a_name_of_a_file_leads_nowhere_else(server: Server, name: str) -> None:
    sent = upload(server, "x", name=name)
    assert sent.status_code == 202
    kept = list((server.folder / sent.json()["id"] / "in").iterdir())
    assert [path.name for path in kept] == [sent.json()["name"]]
    assert not sent.json()["name"].startswith(".")
    assert "/" not in sent.json()["name"]
    assert "\\" not in sent.json()["name"]
    until(lambda: ask(server, "GET", f"/v1/digests/{sent.json()['id']}").json()["state"] == "done")
    for file in ("../in/a.csv", "..%2f..%2fjobs.sqlite3", "opinions.readings.jsonl", "%2e%2e%2fjobs.sqlite3"):
        assert ask(server, "GET", f"/v1/digests/{sent.json()['id']}/files/{file}").status_code == 404
    assert ask(server, "DELETE", f"/v1/digests/{sent.json()['id']}").status_code == 204


def test_no_error_and_no_log_has_a_path_a_trace_or_a_text(server: Server) -> None:
    chat = {"model": "gistill", "messages": [{"role": "user", "content": f"fail {SECRET}"}]}
    answers = [
        ask(server, "POST", "/v1/chat/completions", json=chat),
        ask(server, "POST", "/v1/opinions", json={"records": [{"text": SECRET}], "x": SECRET}),
        ask(server, "GET", f"/v1/{SECRET}"),
        ask(server, "GET", f"/v1/digests/{SECRET}"),
        ask(server, "POST", "/v1/opinions", content=SECRET.encode(), headers={"Content-Type": "application/json"}),
    ]
    name = upload(server, f"raise\n{SECRET}").json()["id"]
    failed = until(lambda: (found := ask(server, "GET", f"/v1/digests/{name}").json())["state"] == "failed" and found)
    assert failed["error"] == {"code": "server_error", "message": "The digest failed (RuntimeError)."}
    assert [answer.status_code for answer in answers] == [500, 422, 404, 422, 422]
    assert ask(server, "DELETE", f"/v1/digests/{name}").status_code == 204
    told = [json.dumps(failed["error"]), *(answer.text for answer in answers), server.log.read_text("utf-8")]
    for text in told:
        for never in ("hunter2", "/home/somebody", "Traceback", ".py", str(server.folder.parent)):
            assert never not in text
    assert "POST /v1/chat/completions failed: RuntimeError." in server.log.read_text("utf-8")


def test_metrics_hold_no_word_of_a_client(server: Server) -> None:
    ask(server, "GET", "/hunter2")
    ask(server, "HUNTER2", "/v1/models")
    text = ask(server, "GET", "/metrics").text
    assert 'route="other",status="404"' in text
    assert "hunter2" not in text.lower()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_it_is_not_bound_elsewhere_without_a_key(host: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(command_line, ["serve", "--host", host, "--port", "0"])
    assert told.exit_code == 2
    assert f"without a key, everybody who can reach {host} could read what is sent here" in told.stderr
    short = CliRunner().invoke(
        command_line, ["serve", "--host", host, "--port", "0"], env={"GISTILL_SERVE_KEY": "short"}
    )
    assert short.exit_code == 2
    assert "has fewer than 16 characters" in short.stderr
    assert list(tmp_path.iterdir()) == []


def test_without_the_extra_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **how: Any) -> Any:
        if name == "fastapi":
            raise ImportError(name)
        return real(name, *args, **how)

    monkeypatch.setattr(builtins, "__import__", without)
    told = CliRunner().invoke(command_line, ["serve", "--port", "0"])
    assert told.exit_code == 1
    assert "Serving needs FastAPI. Run: pip install" in told.stderr.replace("\n", " ")
    assert "[serve]" in told.stderr
