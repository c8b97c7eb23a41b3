"""A model behind HTTP as OpenAI's clients know it: real HTTP, the real client, and everything a client can do wrong."""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

pytest.importorskip("openai")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx2")

import httpx2
import openai
import uvicorn
from typer.testing import CliRunner

import slow_schemas
from gistill.cli import app as command_line
from gistill.errors import ModelBrokenError
from gistill.lm import find_writer
from gistill.lm.fake import ScriptedModel
from gistill.lm.seam import Completion, LanguageModel, Request
from gistill.schema import Failure, Message
from gistill.serve.batching import Batcher
from gistill.serve.openai import trial
from gistill.serve.openai.api import app
from gistill.serve.openai.bodies import read_body


@contextmanager
def served(model: LanguageModel, **settings: Any) -> Iterator[str]:
    """Serve a model at a free port, in a thread of its own."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app(model, **settings), log_level="critical", lifespan="on"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


@contextmanager
def client(url: str, key: str = "none") -> Iterator[Any]:
    with openai.OpenAI(base_url=url, api_key=key, max_retries=0, timeout=20) as made:
        yield made


def echo(request: Request) -> str:
    return f"{request.beginning}you said {request.messages[-1].content!r}"


def ask(text: str) -> Request:
    return Request(messages=(Message(role="user", content=text),))


def post(url: str, body: Any, **headers: str) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    told = {"Content-Type": "application/json", **headers}
    return httpx2.post(f"{url}/chat/completions", content=data, headers=told, timeout=20)


def say(text: str = "hello", **settings: Any) -> dict[str, Any]:
    return {"model": "scripted", "messages": [{"role": "user", "content": text}], **settings}


def test_openais_client_gets_an_answer_with_its_tokens() -> None:
    model = ScriptedModel(echo)
    with served(model) as url, client(url) as openais:
        assert [entry.id for entry in openais.models.list()] == ["scripted"]
        told = openais.chat.completions.create(
            **say("two words", max_tokens=7, temperature=0.5, seed=3, stop=["END"], user="x", top_p=1, n=1)
        )
    assert told.choices[0].message.content == "you said 'two words'"
    assert told.choices[0].finish_reason == "stop"
    assert (told.usage.prompt_tokens, told.usage.completion_tokens, told.usage.total_tokens) == (2, 4, 6)
    [[request]] = model.calls
    assert (request.max_tokens, request.temperature, request.seed, request.stop) == (7, 0.5, 3, ("END",))


def test_messages_in_parts_and_developers_are_understood_and_defaults_are_openais() -> None:
    model = ScriptedModel(echo)
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    with served(model) as url:
        messages = [{"role": "developer", "content": "be kind"}, {"role": "user", "content": parts}]
        told = post(url, {"model": "scripted", "messages": messages, "max_completion_tokens": 9, "stop": "X"})
    assert told.status_code == 200
    [[request]] = model.calls
    assert [(message.role, message.content) for message in request.messages] == [("system", "be kind"), ("user", "ab")]
    assert (request.temperature, request.max_tokens, request.stop) == (1.0, 9, ("X",))


def test_a_cut_answer_says_so_and_a_beginning_is_not_repeated() -> None:
    cut = Completion(text="Once upon a", prompt_tokens=3, completion_tokens=2, stop="length")
    with served(ScriptedModel([cut])) as url:
        body = say()
        body["messages"].append({"role": "assistant", "content": "Once"})
        told = post(url, {**body, "continue_final_message": True, "add_generation_prompt": False}).json()
    assert told["choices"][0]["message"]["content"] == " upon a"
    assert told["choices"][0]["finish_reason"] == "length"


def test_a_model_that_cannot_stream_is_streamed_in_one_piece() -> None:
    with served(ScriptedModel(echo)) as url, client(url) as openais:
        pieces = list(openais.chat.completions.create(**say("x", stream=True, stream_options={"include_usage": True})))
    assert "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices) == "you said 'x'"
    assert pieces[-1].usage.total_tokens == 4
    assert pieces[-2].choices[0].finish_reason == "stop"


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        (b"{", 400, "JSON"),
        (b"[]", 400, "object"),
        (b"[" * 1_900, 400, "JSON"),
        (b'{"model": "\xff"}', 400, "JSON"),
        ({"model": "scripted", "messages": []}, 400, "messages"),
        ({"model": "scripted"}, 400, "messages"),
        ({"model": "scripted", "messages": [{"role": "tool", "content": "x"}]}, 400, "messages.0.role"),
        (
            {"model": "scripted", "messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            400,
            "messages.0.content",
        ),
        (say(model="other"), 404, "'other' does not exist"),
        (say(n=2), 400, "n is not supported"),
        (say(tools=[{"type": "function"}]), 400, "tools is not supported"),
        (say(top_p=1.5), 400, "top_p"),
        (say(top_p=-0.1), 400, "top_p"),
        (say(logprobs=True), 400, "logprobs is not supported"),
        (say(something_new=1), 400, "something_new is not supported"),
        (say(temperature=-1), 400, "temperature"),
        (say(temperature=9), 400, "temperature"),
        (say(max_tokens=0), 400, "max_tokens"),
        (say(max_tokens="many"), 400, "max_tokens"),
        (say(seed=1.5), 400, "seed"),
        (say(max_tokens=1.5), 400, "max_tokens"),
        (say(response_format={"type": "json_object"}), 400, "response_format is not supported"),
        (say("x" * 3000), 413, "more than 2,000 bytes"),
    ],
)
def test_a_bad_body_is_an_error_in_openais_shape(served_echo: str, body: Any, status: int, named: str) -> None:
    told = post(served_echo, body)
    assert told.status_code == status
    assert set(told.json()["error"]) == {"message", "type", "param", "code"}
    assert named in told.json()["error"]["message"]


def test_a_seed_may_be_any_whole_number_and_30_is_30_0(served_echo: str) -> None:
    for more in ({"seed": 2**70}, {"seed": -1}, {"seed": 7.0}, {"max_tokens": 30.0}):
        assert post(served_echo, say(**more)).status_code == 200, more
    assert read_body(json.dumps(say(seed=2**64 + 5)).encode()).seed == 5
    assert read_body(json.dumps(say(seed=2**63)).encode()).seed == -(2**63)


@pytest.fixture(scope="module")
def served_echo() -> Iterator[str]:
    with served(ScriptedModel(echo), most_bytes=2000) as url:
        yield url


def test_other_places_methods_and_types_are_refused(served_echo: str) -> None:
    root = served_echo.removesuffix("/v1")
    assert httpx2.get(f"{served_echo}/nothing").json()["error"]["code"] == "not_found"
    assert httpx2.get(f"{served_echo}/chat/completions").status_code == 405
    assert httpx2.get(f"{root}/docs").status_code == 404
    assert post(served_echo, say(), **{"Content-Type": "text/plain"}).status_code == 415
    assert httpx2.get(f"{root}/health").json() == {"status": "ok", "model": "scripted", "waiting": 0}


def test_a_body_without_a_length_is_read_no_further_than_allowed(served_echo: str) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(10_000):
            yield b" " * 1000

    with _either(httpx2.TransportError) as told:
        told.append(
            httpx2.post(
                f"{served_echo}/chat/completions", content=endless(), headers={"Content-Type": "application/json"}
            ).status_code
        )
    assert told in ([413], [])


@contextmanager
def _either(error: type[Exception]) -> Iterator[list[int]]:
    """A server that has heard enough answers, or hangs up while we still talk; both are right."""
    told: list[int] = []
    try:
        yield told
    except error:
        told.clear()


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("too_long", 400, "context_length_exceeded"),
        ("bad_schema", 400, "bad_schema"),
        ("rate_limited", 429, "rate_limited"),
        ("out_of_memory", 503, "out_of_memory"),
        ("no_answer", 422, "no_answer"),
    ],
)
def test_a_failed_answer_is_an_error_by_its_name(kind: str, status: int, code: str) -> None:
    with served(ScriptedModel(lambda _: Failure(kind=kind, detail="why"))) as url:
        told = post(url, say())
    assert (told.status_code, told.json()["error"]["code"]) == (status, code)
    assert "why" in told.json()["error"]["message"]


def test_a_model_that_breaks_answers_500_and_goes_on() -> None:
    def broken(request: Request) -> str:
        match request.messages[0].content:
            case "known":
                raise ModelBrokenError("it is broken")
            case "unknown":
                raise RuntimeError("secret")
        return "fine"

    with served(ScriptedModel(broken)) as url:
        known, unknown, fine = (post(url, say(text)) for text in ("known", "unknown", "hello"))
    assert (known.status_code, known.json()["error"]["message"]) == (500, "it is broken")
    assert (unknown.status_code, unknown.json()["error"]["message"]) == (500, "The server failed: RuntimeError.")
    assert fine.status_code == 200


class Fussy:
    """Answers, but breaks altogether when it is asked one thing among others."""

    name, hash = "scripted", "f"

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        if any("break" in request.messages[-1].content for request in requests):
            raise ModelBrokenError("the engine gave up")
        return [Completion(text=echo(r), prompt_tokens=1, completion_tokens=1, stop="end") for r in requests]


def test_a_request_that_breaks_the_model_fails_alone() -> None:
    batcher = Batcher(Fussy().complete, gather=0.2)
    futures = [batcher.ask(ask(text)) for text in ("one", "break", "two", "three")]
    assert all(future is not None for future in futures)
    answers = [future.exception(10) or future.result().text for future in futures if future is not None]
    assert [str(answer) for answer in answers] == [
        "you said 'one'",
        "the engine gave up",
        "you said 'two'",
        "you said 'three'",
    ]
    batcher.close()


@pytest.mark.parametrize(("top_p", "asked"), [(None, (1.0, 1.0)), (1, (1.0, 1.0)), (0.3, (1.0, 0.3)), (0, (0.0, 1.0))])
def test_top_p_reaches_the_model_and_0_draws_the_likeliest(top_p: float | None, asked: tuple[float, float]) -> None:
    model = ScriptedModel(echo)
    with served(model) as url:
        assert post(url, say(top_p=top_p)).status_code == 200
    assert (model.calls[0][0].temperature, model.calls[0][0].top_p) == asked


@pytest.mark.parametrize(("temperature", "asked"), [(1e-300, 0.0), (1e-6, 0.0), (0.001, 0.001), (2, 2.0), (0, 0.0)])
def test_a_temperature_finer_than_an_engine_counts_is_0(temperature: float, asked: float) -> None:
    model = ScriptedModel(echo)
    with served(model) as url:
        assert post(url, say(temperature=temperature)).status_code == 200
    assert model.calls[0][0].temperature == asked


def optional(count: int) -> dict[str, Any]:
    return {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(count)}}


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "array", "items": schema}
    return schema


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        (optional(64), ""),
        (optional(65), "more than 64 properties are optional"),
        (optional(2000), "bytes"),
        ({**optional(200), "required": [f"p{n}" for n in range(200)]}, ""),
        (nested(20), ""),
        (nested(40), "deeper than 32"),
        ({"enum": ["x"] * 300}, "enum has more than 256"),
        ({"enum": [{"a": {"b": 1}}] * 250, "anyOf": [{"const": [1] * 300}]}, "more than 1,000 parts"),
        ({"type": "string", "maxLength": 10**9}, "add up to more than 2,000"),
        ({"type": "string", "pattern": "a{1,5000}"}, "add up to more than 2,000"),
        ({**optional(64), "minProperties": 500}, ""),
        ({"type": "string", "maxLength": 501}, "add up to more"),
        ({"properties": {f"p{n}": {"type": "string", "maxLength": 100} for n in range(30)}}, "add up to more"),
        ({"type": "string", "pattern": "ab" * 150}, "a pattern"),
        ({"type": "string", "description": "x" * 20_000}, "bytes"),
    ],
)
def test_a_schema_that_would_hold_up_everybody_is_refused_before_the_engine_sees_it(
    schema: dict[str, Any], why: str
) -> None:
    model = ScriptedModel(echo)
    model.enforces_schema = True  # type: ignore[attr-defined]
    asked = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    with served(model) as url:
        told = post(url, say(response_format=asked))
    if why:
        assert told.status_code == 400
        assert told.json()["error"]["code"] == "schema_too_large"
        assert why in told.json()["error"]["message"]
    else:
        assert told.status_code == 200
    assert len(model.calls) == (not why)


def shaped(title: str) -> dict[str, Any]:
    schema = {"type": "object", "title": title}
    return say(response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": schema}})


def trying(load: Callable[[], Callable[[str], str]] = slow_schemas.load) -> ScriptedModel:
    model = ScriptedModel(lambda _: "{}")
    model.enforces_schema, model.trial = True, load  # type: ignore[attr-defined]
    return model


def test_a_schema_that_compiles_too_long_is_refused_while_others_are_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "SECONDS", 3.0)
    model = trying()
    with served(model) as url:
        assert post(url, shaped("quick")).status_code == 200
        threads, refused = at_once(1, lambda _: post(url, shaped("slow")))
        answered = 0
        while threads[0].is_alive():
            began = time.monotonic()
            assert post(url, say()).status_code == 200
            assert httpx2.get(url.removesuffix("/v1") + "/health").status_code == 200
            assert time.monotonic() - began < 2
            answered += 1
        assert answered > 3
        assert refused[0].status_code == 400
        assert refused[0].json()["error"]["code"] == "schema_too_slow"
        assert "within 3 seconds" in refused[0].json()["error"]["message"]
        began = time.monotonic()
        assert post(url, shaped("slow")).status_code == 400  # it is remembered
        assert time.monotonic() - began < 2
        assert post(url, shaped("quick again")).status_code == 200
        dead = post(url, shaped("dead"))
        assert dead.status_code == 400
        assert "ends the engine" in dead.json()["error"]["message"]
        assert post(url, shaped("wrong")).status_code == 200  # which the engine that answers says itself
    assert not [process for process in multiprocessing.active_children() if process.is_alive()]
    assert "slow" not in {json.loads(call[0].answer_schema or "{}").get("title") for call in model.calls}


def test_new_schemas_that_took_too_long_together_come_later_and_known_ones_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trial, "A_MINUTE", 0.4)
    model = trying()
    with served(model) as url:
        assert post(url, shaped("half a second")).status_code == 200
        later = post(url, shaped("another half a second"))
        assert (later.status_code, later.json()["error"]["code"]) == (429, "rate_limit_exceeded")
        assert "in a minute" in later.json()["error"]["message"]
        assert post(url, shaped("half a second")).status_code == 200  # the engine knows it
        assert post(url, say()).status_code == 200
    titles = [json.loads(call[0].answer_schema or "{}").get("title") for call in model.calls]
    assert titles == ["half a second", "half a second", None]


def test_where_schemas_cannot_be_tried_plain_requests_are_answered() -> None:
    with served(trying(slow_schemas.load_nothing)) as url:
        told = post(url, shaped("quick"))
        assert told.status_code == 503
        assert "does not start" in told.json()["error"]["message"]
        assert post(url, say()).status_code == 200


def test_a_closing_batcher_does_not_wait_for_ever_for_an_engine_that_hangs() -> None:
    free = threading.Event()

    def hangs(request: Request) -> str:
        free.wait(30)
        return "late"

    batcher = Batcher(ScriptedModel(hangs).complete)
    batcher.ask(ask("x"))
    began = time.monotonic()
    batcher.close(0.2)
    assert time.monotonic() - began < 5
    free.set()


HANGING = """
import sys, time
from gistill.cli import app, serve_model
from gistill.lm.fake import ScriptedModel
serve_model._loaded = lambda *_: ScriptedModel(lambda request: time.sleep(600) or "late")
import gistill.serve.openai.api as api
api.GRACE = 1
app(["serve-model", "--port", sys.argv[1]])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM")
def test_told_to_stop_it_ends_though_the_engine_hangs() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen([sys.executable, "-c", HANGING, str(port)], stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            assert "Serving scripted" in process.stderr.readline()
            url = f"http://127.0.0.1:{port}/v1"
            asking = threading.Thread(target=lambda: _post_until_closed(url))
            asking.start()
            time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
            asking.join(20)
        finally:
            process.kill()


def _post_until_closed(url: str) -> None:
    with contextlib.suppress(httpx2.HTTPError):
        post(url, say())


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_without_a_key_other_machines_are_not_served(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GISTILL_SERVE_KEY", raising=False)
    refused = CliRunner().invoke(command_line, ["serve-model", "--host", host, "--port", "0"])
    assert refused.exit_code == 2
    assert f"without a key, everybody who can reach {host} could use this model" in refused.stderr
    assert "GISTILL_SERVE_KEY" in refused.stderr


def test_a_key_is_asked_for_and_health_is_open() -> None:
    with served(ScriptedModel(echo), api_key="s3cret-ü") as url:
        assert post(url, say()).status_code == 401
        assert post(url, say(), Authorization="Bearer wrong").status_code == 401
        assert httpx2.get(f"{url}/models").json()["error"]["code"] == "invalid_api_key"
        assert httpx2.get(url.removesuffix("/v1") + "/health").status_code == 200
        assert post(url, say(), Authorization="Bearer s3cret-ü".encode()).status_code == 200


class Slow:
    """Takes its time, and remembers what it was asked together."""

    name, hash = "scripted", "slow"

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.go = threading.Event()

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        self.calls.append(len(requests))
        self.go.wait(10)
        return [Completion(text=echo(one), prompt_tokens=1, completion_tokens=1, stop="end") for one in requests]


def at_once(count: int, work: Callable[[int], Any]) -> tuple[list[threading.Thread], list[Any]]:
    results: list[Any] = [None] * count

    def one(number: int) -> None:
        results[number] = work(number)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    return threads, results


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    assert true()


def test_what_waits_is_answered_together_and_everybody_gets_their_own_answer() -> None:
    model = Slow()
    with served(model) as url:
        first, one = at_once(1, lambda _: post(url, say("first")))
        until(lambda: model.calls == [1])
        others, many = at_once(20, lambda number: post(url, say(f"number {number}")))
        health = url.removesuffix("/v1") + "/health"
        until(lambda: httpx2.get(health).json()["waiting"] == 20)
        model.go.set()
        for thread in (*first, *others):
            thread.join()
    assert one[0].status_code == 200
    told = [answer.json()["choices"][0]["message"]["content"] for answer in many]
    assert told == [f"you said 'number {number}'" for number in range(20)]
    assert sum(model.calls) == 21
    assert model.calls == [1, 20]


def test_too_many_who_wait_are_told_to_come_later() -> None:
    model = Slow()
    with served(model, waiting=2) as url:
        threads, first = at_once(1, lambda _: post(url, say()))
        until(lambda: model.calls == [1])
        more, rest = at_once(6, lambda _: post(url, say()))
        until(lambda: sum(answer is not None for answer in rest) == 4)
        refused = [answer for answer in rest if answer is not None]
        model.go.set()
        for thread in (*threads, *more):
            thread.join()
    assert {(answer.status_code, answer.headers["retry-after"]) for answer in refused} == {(429, "1")}
    assert first[0].status_code == 200


def test_a_closing_batcher_answers_what_waits_and_takes_nothing_new() -> None:
    batcher = Batcher(ScriptedModel(echo).complete)
    waiting = [
        batcher.ask(Request.model_validate({"messages": [{"role": "user", "content": str(n)}]})) for n in range(50)
    ]
    batcher.close()
    assert [future.result(1).text for future in waiting if future] == [f"you said '{n}'" for n in range(50)]
    assert batcher.ask(ask("late")) is None
    assert not batcher.alive


def test_a_request_whose_client_has_gone_is_not_asked() -> None:
    model = Slow()
    batcher = Batcher(model.complete)
    first = batcher.ask(ask("x"))
    until(lambda: model.calls == [1])
    gone = batcher.ask(ask("x"))
    assert gone is not None
    assert gone.cancel()
    last = batcher.ask(ask("x"))
    model.go.set()
    assert first is not None
    assert last is not None
    assert last.result(5).text == first.result(5).text
    batcher.close()
    assert model.calls == [1, 1]


def test_a_client_that_hangs_up_while_it_waits_is_not_asked_for() -> None:
    model = Slow()
    with served(model) as url:
        health = url.removesuffix("/v1") + "/health"
        threads, first = at_once(1, lambda _: post(url, say("first")))
        until(lambda: model.calls == [1])
        with pytest.raises(httpx2.ReadTimeout):
            httpx2.post(f"{url}/chat/completions", json=say("impatient"), timeout=0.5)
        more, last = at_once(1, lambda _: post(url, say("last")))
        until(lambda: httpx2.get(health).json()["waiting"] == 2)
        model.go.set()
        for thread in (*threads, *more):
            thread.join()
    assert [answer[0].json()["choices"][0]["message"]["content"] for answer in (first, last)] == [
        "you said 'first'",
        "you said 'last'",
    ]
    assert model.calls == [1, 1]


def test_a_model_that_enforces_a_schema_gets_it() -> None:
    model = ScriptedModel(lambda _: "{}")
    model.enforces_schema, model.context = True, 4096  # type: ignore[attr-defined]
    schema = {"type": "object", "properties": {}}
    with served(model) as url, client(url) as openais:
        wanted = {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": schema}}
        openais.chat.completions.create(**say(response_format=wanted))
        openais.chat.completions.create(**say(response_format={"type": "json_object"}))
        openais.chat.completions.create(**say(response_format={"type": "text"}))
        assert post(url, say(response_format={"type": "json_schema"})).status_code == 400
        assert openais.models.list().data[0].max_model_len == 4096
    assert [json.loads(call[0].answer_schema or "null") for call in model.calls] == [schema, {"type": "object"}, None]


def test_our_own_remote_model_can_ask_it_with_a_schema_that_it_refuses(tmp_path: Any) -> None:
    pytest.importorskip("stamina")
    from gistill.teacher.remote import Manner, RemoteModel

    model = ScriptedModel(echo)
    begun = (Message(role="user", content="go"), Message(role="assistant", content="Well, "))
    with served(model) as url, RemoteModel(url, "scripted", manner=Manner(continues=True)) as remote:
        plain = Request(messages=(Message(role="user", content="hello"),), answer_schema='{"type":"object"}')
        first, second = remote.complete([plain, Request(messages=begun)])
    assert first.text == "you said 'hello'"
    assert second.text == "Well, you said 'Well, '"


_SLOW = """
import socket, sys, time
from gistill.serve.listening import run
from gistill.lm.fake import ScriptedModel
from gistill.serve.openai.api import app

def answer(request):
    print("asked", flush=True)
    time.sleep(1)
    return "in the end"

listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
run(app(ScriptedModel(answer)), listening, grace=30)
"""


def test_told_to_stop_it_first_answers_what_it_was_asked() -> None:
    with subprocess.Popen([sys.executable, "-c", _SLOW], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
            threads, answers = at_once(1, lambda _: post(url, say()))
            assert process.stdout.readline() == "asked\n"
            process.send_signal(signal.SIGTERM)
            threads[0].join()
            assert answers[0].json()["choices"][0]["message"]["content"] == "in the end"
            assert process.wait(20) == 0
        finally:
            process.kill()


@pytest.mark.slow
def test_the_command_serves_the_real_weights_and_ends_well_when_told_to(tmp_path: Any) -> None:
    pytest.importorskip("openvino_genai")
    if find_writer() is None:
        pytest.skip("the default writer's weights are not installed")
    command = [sys.executable, "-m", "gistill", "serve-model", "--port", "0", "--threads", "1"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=dict(os.environ))
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("Serving SmolLM2-135M-Instruct at http://127.0.0.1:")
        url = line.split()[-1].rstrip(".")
        shape = {"type": "object", "properties": {"sky": {"enum": ["zorp"]}}, "required": ["sky"]}
        shape |= {"additionalProperties": False}
        wanted = {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": shape}}
        with client(url) as openais:
            plain = {"model": "SmolLM2-135M-Instruct", "temperature": 0, "max_tokens": 30}
            question = [{"role": "user", "content": "What is the capital of France?"}]
            told = openais.chat.completions.create(messages=question, **plain)
            assert "Paris" in told.choices[0].message.content
            assert told.usage.prompt_tokens > 5
            patient = openais.with_options(timeout=200)  # the first schema waits for the process that tries it
            enforced = patient.chat.completions.create(messages=question, response_format=wanted, **plain)
            assert json.loads(enforced.choices[0].message.content) == {"sky": "zorp"}
            with pytest.raises(openai.BadRequestError, match="context length is exceeded"):
                openais.chat.completions.create(messages=question, **{**plain, "max_tokens": 100_000})
            broken = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": 5}}}
            with pytest.raises(openai.BadRequestError, match="cannot enforce"):
                openais.chat.completions.create(messages=question, response_format=broken, **plain)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        process.stderr.close()  # type: ignore[union-attr]


def test_a_port_in_use_is_one_sentence_before_anything_is_loaded() -> None:
    from typer.testing import CliRunner

    from gistill.cli import app as command

    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = CliRunner().invoke(command, ["serve-model", "--port", str(taken.getsockname()[1])])
    assert result.exit_code == 2
    assert "cannot listen at 127.0.0.1 port" in result.stderr
