"""A scripted teacher over real HTTP: OpenAI's chat completions, with every fault a server has, counted.

In a test, as a context manager on a free port of 127.0.0.1 (`server.url` ends in /v1):

    with TeacherServer(answer=lambda body: "fine", errors=0.3, latency=0.05) as server:
        ...
        assert server.counts["delivered"] == 50

or as a process of its own, which prints its URL as its first line: `python tests/teacher_server.py --errors 0.3`.
Then GET /_counts tells the counts as JSON and GET /_received every byte that came in (control calls excepted).

What happens to a call is drawn from the seed, its body and how often that body has come, so a run is repeatable and
a call that failed can succeed when it is sent again. A token is a word.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib
import json
import random
import re
import socket
import struct
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self

Body = dict[str, Any]
WORD = re.compile(r"\s*\S+")


def echo(body: Body) -> str:
    """Say the last user message again, with a mark that depends on the whole conversation."""
    said = [message["content"] for message in body["messages"] if message["role"] == "user"]
    mark = hashlib.sha256(json.dumps(body["messages"], sort_keys=True).encode()).hexdigest()[:8]
    return f"{mark} {said[-1] if said else ''}"


@dataclass(frozen=True)
class Reply:
    """What an answer function returns when it wants to decide the whole HTTP answer."""

    body: bytes | Body
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Script:
    """How the server behaves. The shares of calls are in [0, 1], are exclusive, and add up to at most 1."""

    # a text, or the whole reply; called in the thread of the call
    answer: Callable[[Body], str | Reply] = echo
    seed: int = 0
    latency: float = 0.0  # seconds before every answer
    # shares of calls that go wrong
    rate_limited: float = 0.0  # 429
    errors: float = 0.0  # 500
    unavailable: float = 0.0  # 503
    stalls: float = 0.0  # nothing for stall_seconds, then the connection is closed without an answer
    cuts: float = 0.0  # the connection ends in the middle of the body
    broken_json: float = 0.0  # 200, but the body is half a JSON text
    empty_choices: float = 0.0  # 200 with "choices": []
    no_content: float = 0.0  # 200 with "content": null
    truncated: float = 0.0  # 200 with half the answer and finish_reason "length"
    refused: float = 0.0  # 200 with finish_reason "content_filter" and no content
    retry_after: float | None = None  # seconds, the header of 429 and 503; None sends none
    stall_seconds: float = 30.0
    at_once: int = 0  # calls at the same time before it answers 429; 0 is no limit
    per_second: float = 0.0  # calls a second before it answers 429; 0 is no limit
    key: str = ""  # when set, another bearer token gets 401
    # what the server can
    models: tuple[str, ...] = ("teacher",)
    lists_models: bool = True
    knows_only: bool = False  # 404 for a model that is not in `models`
    context: int = 0  # words of prompt and answer before it says context_length_exceeded; 0 is no limit
    tells_context: bool = False  # as max_model_len in /v1/models
    props: bool = False  # tells the context in /props instead, as llama.cpp does
    usage: bool = True
    schema: Literal["enforce", "ignore", "fail_open", "refuse"] = "enforce"
    hard: tuple[str, ...] = ("pattern", "$ref", "minItems")  # the keywords with which "fail_open" enforces nothing
    repeats: bool = True  # the same call gets the same answer
    continues: bool = True  # a last assistant message is continued, not answered
    stops: bool = True  # stop sequences are honoured
    limits: bool = True  # max_tokens is honoured
    tells_length: bool = True  # finish_reason "length" where max_tokens cut
    silent_context: bool = False  # a prompt that is too long is cut in silence


class TeacherServer:
    """The server in a thread of its own, from `with` to the end of it.

    Attributes:
        counts: received (chat calls whose body came in whole), answered (200 with a good answer; what a provider would
            charge), delivered (of those, written in whole while the other side was there), and one per fault.
        bodies: Body hash -> times it was received. `answers` the same for answered, `deliveries` for delivered.
        received: Every byte of every request, in order of arrival by connection.
        requests: The parsed bodies of all chat calls.
        most_at_once: The most calls that were being answered at the same moment.
    """

    def __init__(self, script: Script | None = None, *, port: int = 0, **knobs: Any) -> None:
        self.script = script or Script(**knobs)
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self.counts: Counter[str] = Counter()
        self.bodies: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self.deliveries: Counter[str] = Counter()
        self.requests: list[Body] = []
        self.headers: list[dict[str, str]] = []
        self.most_at_once = 0
        self.busy = 0
        self.allowance, self.allowed_at = self.script.per_second, 0.0
        self._received: list[bytearray] = []
        self.connections: set[socket.socket] = set()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.teacher = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.root}/v1"

    @property
    def received(self) -> bytes:
        with self.lock:
            return b"".join(self._received)

    def keep(self) -> bytearray:
        """Open a new place for the bytes of one connection."""
        place = bytearray()
        with self.lock:
            self._received.append(place)
        return place

    def count(self, name: str) -> None:
        with self.lock:
            self.counts[name] += 1

    def reset(self) -> None:
        """Forget every count and every byte, but not the script."""
        with self.lock:
            for counter in (self.counts, self.bodies, self.answers, self.deliveries):
                counter.clear()
            self.requests.clear()
            self.headers.clear()
            for place in self._received:
                place.clear()
            self.most_at_once = 0

    def change(self, **knobs: Any) -> None:
        """Behave otherwise from the next call on; the counts go on."""
        told = {field.name: getattr(self.script, field.name) for field in fields(Script)}
        self.script = Script(**{**told, **knobs})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        with self.lock:
            open_still = list(self.connections)
        for connection in open_still:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._server.handling:
            thread.join(5)
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    teacher: TeacherServer

    def __init__(self, *args: Any) -> None:
        self.handling: list[threading.Thread] = []
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        self.handling = [running for running in self.handling if running.is_alive()] + [thread]
        thread.start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):  # a client that went away is what many tests are about
            super().handle_error(request, client_address)


class _Tee:
    """Reads from a stream and keeps what was read."""

    def __init__(self, stream: Any, place: bytearray) -> None:
        self._stream, self._place = stream, place

    def readline(self, limit: int = -1) -> bytes:
        line: bytes = self._stream.readline(limit)
        self._place.extend(line)
        return line

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._stream.read(size)
        self._place.extend(data)
        return data

    def close(self) -> None:
        self._stream.close()

    @property
    def closed(self) -> bool:
        return bool(self._stream.closed)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.teacher = self.server.teacher
        self.place = self.teacher.keep()
        self.rfile = _Tee(self.rfile, self.place)  # type: ignore[assignment]
        with self.teacher.lock:
            self.teacher.connections.add(self.connection)

    def finish(self) -> None:
        with self.teacher.lock:
            self.teacher.connections.discard(self.connection)
        super().finish()

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        script, teacher = self.teacher.script, self.teacher
        if self.path in ("/_counts", "/_received"):
            self.place.clear()  # a control call is not the client's
            if self.path == "/_received":
                self.send(200, teacher.received)
                return
            with teacher.lock:
                told = {
                    **teacher.counts,
                    "most_at_once": teacher.most_at_once,
                    "distinct_delivered": len(teacher.deliveries),
                }
            self.send(200, told)
        elif not self.allowed():
            self.send(401, fault("Incorrect API key provided.", "invalid_api_key"))
        elif self.path == "/v1/models" and script.lists_models:
            extra = {"max_model_len": script.context} if script.tells_context else {}
            listed = [
                {"id": name, "object": "model", "created": 0, "owned_by": "tests", **extra} for name in script.models
            ]
            self.send(200, {"object": "list", "data": listed})
        elif self.path == "/props" and script.props:
            self.send(200, {"default_generation_settings": {"n_ctx": script.context}, "total_slots": 1})
        else:
            self.send(404, fault(f"There is nothing at {self.path}.", "not_found"))

    def do_POST(self) -> None:
        teacher = self.teacher
        size = int(self.headers.get("Content-Length") or 0)
        data = self.rfile.read(size)
        if len(data) < size:  # the other side died while sending
            self.close_connection = True
            return
        if self.path != "/v1/chat/completions":
            self.send(404, fault(f"There is nothing at {self.path}.", "not_found"))
            return
        try:
            body = json.loads(data)
            messages = [{**message, "content": str(message["content"])} for message in body["messages"]]
        except (ValueError, KeyError, TypeError):
            self.send(400, fault("The body is not a chat completion request.", "invalid_request"))
            return
        key = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        with teacher.lock:
            teacher.counts["received"] += 1
            teacher.bodies[key] += 1
            attempt = teacher.bodies[key]
            teacher.requests.append(body)
            teacher.headers.append({name.lower(): value for name, value in self.headers.items()})
            teacher.busy += 1
            teacher.most_at_once = max(teacher.most_at_once, teacher.busy)
            too_many = 0 < teacher.script.at_once < teacher.busy
        try:
            self.serve({**body, "messages": messages}, key, attempt, too_many)
        finally:
            with teacher.lock:
                teacher.busy -= 1

    def serve(self, body: Body, key: str, attempt: int, too_many: bool) -> None:
        script, teacher = self.teacher.script, self.teacher
        if not self.allowed():
            teacher.count("unauthorized")
            self.send(401, fault("Incorrect API key provided.", "invalid_api_key"))
            return
        if script.knows_only and body.get("model") not in script.models:
            self.send(404, fault(f"The model {body.get('model')!r} does not exist.", "model_not_found"))
            return
        if too_many or self.too_fast():
            self.fault("rate_limited", 429)
            return
        if teacher.closing.wait(script.latency):
            self.close_connection = True
            return
        what = self.drawn(key, attempt)
        if what in ("rate_limited", "errors", "unavailable"):
            self.fault(what, {"rate_limited": 429, "errors": 500, "unavailable": 503}[what])
        elif what == "stalls":
            teacher.count(what)
            teacher.closing.wait(script.stall_seconds)
            self.close_connection = True
        else:
            self.answer(body, key, what)

    def answer(self, body: Body, key: str, what: str) -> None:
        teacher = self.teacher
        reply = reply_to(body, teacher.script, teacher.counts["answered"], what)
        if reply.status != 200:
            teacher.count("refused_body")
            self.send(reply.status, reply.body, reply.headers)
            return
        whole = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        if what == "broken_json":
            whole = whole[: len(whole) // 2]
        if what == "cuts":
            teacher.count(what)
            self.cut(whole)
            return
        if what:
            teacher.count(what)
        else:
            with teacher.lock:
                teacher.counts["answered"] += 1
                teacher.answers[key] += 1
        if self.send(reply.status, whole, reply.headers) and not what:
            with teacher.lock:
                teacher.counts["delivered"] += 1
                teacher.deliveries[key] += 1

    def drawn(self, key: str, attempt: int) -> str:
        """Draw which fault this call meets; empty for none."""
        script = self.teacher.script
        draw = random.Random(f"{script.seed} {key} {attempt}").random()
        for name in (
            *("rate_limited", "errors", "unavailable", "stalls", "cuts", "broken_json", "empty_choices"),
            *("no_content", "truncated", "refused"),
        ):
            draw -= getattr(script, name)
            if draw < 0:
                return name
        return ""

    def too_fast(self) -> bool:
        import time

        script, teacher = self.teacher.script, self.teacher
        if not script.per_second:
            return False
        with teacher.lock:
            now = time.monotonic()
            if teacher.allowed_at:
                teacher.allowance += (now - teacher.allowed_at) * script.per_second
            teacher.allowance = min(teacher.allowance, max(1.0, script.per_second))
            teacher.allowed_at = now
            if teacher.allowance < 1:
                return True
            teacher.allowance -= 1
            return False

    def allowed(self) -> bool:
        key = self.teacher.script.key
        return not key or self.headers.get("Authorization") == f"Bearer {key}"

    def fault(self, name: str, status: int) -> None:
        self.teacher.count(name)
        wait = self.teacher.script.retry_after
        headers = (("Retry-After", f"{wait:g}"),) if wait is not None and status in (429, 503) else ()
        self.send(status, fault(f"Scripted: {name}.", name), headers)

    def cut(self, whole: bytes) -> None:
        """Promise the whole body, send half of it, and reset the connection."""
        head = self.head(200, len(whole), ())
        with contextlib.suppress(OSError):
            self.connection.sendall(head + whole[: len(whole) // 2])
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def send(self, status: int, body: bytes | Body, headers: tuple[tuple[str, str], ...] = ()) -> bool:
        """Send an answer in one piece, and say whether the other side was there before and after."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        living = self.living()
        try:
            self.connection.sendall(self.head(status, len(data), headers) + data)
        except OSError:
            self.close_connection = True
            return False
        return living and self.living()

    def head(self, status: int, size: int, headers: tuple[tuple[str, str], ...]) -> bytes:
        told = (("Content-Type", "application/json"), ("Content-Length", str(size)), *headers)
        lines = [f"HTTP/1.1 {status} {self.responses[status][0]}", *(f"{name}: {value}" for name, value in told)]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def living(self) -> bool:
        try:
            return self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
        except BlockingIOError:
            return True  # open, and nothing more has been asked yet
        except OSError:
            return False


def fault(message: str, code: str) -> Body:
    """Shape an error as OpenAI's servers do."""
    return {"error": {"message": message, "type": "error", "param": None, "code": code}}


def words(text: str) -> int:
    return len(WORD.findall(text))


def reply_to(body: Body, script: Script, number: int, what: str = "") -> Reply:
    """Make the whole reply to a chat call, as the script says the server can."""
    asked = sum(words(message["content"]) for message in body["messages"])
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    if script.context and asked + (limit or 0) > script.context and not script.silent_context:
        message = f"This model's maximum context length is {script.context} tokens, but {asked} were asked."
        return Reply(fault(message, "context_length_exceeded"), 400)
    if script.context and script.silent_context:
        asked = min(asked, script.context)
    wanted = _schema_of(body)
    if wanted is not None and script.schema == "refuse":
        return Reply(fault("response_format is not supported.", "unsupported_parameter"), 400)
    given = script.answer(body)
    if isinstance(given, Reply):
        return given
    text = given if script.repeats else f"{given} {number}"
    if wanted is not None and not _fits(text, wanted):
        enforced = script.schema == "enforce" or (script.schema == "fail_open" and not _hard(wanted, script.hard))
        text = json.dumps(instance(wanted, wanted)) if enforced else text
    beginning = body["messages"][-1]["content"] if body["messages"][-1]["role"] == "assistant" else ""
    if beginning and script.continues:
        text = text.removeprefix(beginning)
    finish = "stop"
    if script.stops and body.get("stop"):
        stops = [body["stop"]] if isinstance(body["stop"], str) else body["stop"]
        text = text[: min((at for at in (text.find(stop) for stop in stops) if at >= 0), default=None)]
    if what == "truncated":
        text, finish = text[: len(text) // 2], "length"
    if limit and words(text) > limit and script.limits:
        text = "".join(WORD.findall(text)[:limit])
        finish = "length" if script.tells_length else "stop"
    return Reply(_completion(body, script, text, asked, finish, what))


def _completion(body: Body, script: Script, text: str, asked: int, finish: str, what: str) -> Body:
    content = None if what in ("no_content", "refused") else text
    finish = "content_filter" if what == "refused" else finish
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": finish}
    told: Body = {
        "id": "chatcmpl-" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12],
        "object": "chat.completion",
        "created": 0,
        "model": body.get("model", ""),
        "choices": [] if what == "empty_choices" else [choice],
    }
    if script.usage:
        answered = words(text)
        told["usage"] = {"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered}
    return told


def _schema_of(body: Body) -> Body | None:
    wanted = body.get("response_format") or {}
    return wanted["json_schema"]["schema"] if wanted.get("type") == "json_schema" else None


def _fits(text: str, schema: Body) -> bool:
    try:
        return fits(json.loads(text), schema, schema)
    except ValueError:
        return False


def _hard(schema: Any, keywords: tuple[str, ...]) -> bool:
    if isinstance(schema, dict):
        return bool(set(keywords) & set(schema)) or any(_hard(part, keywords) for part in schema.values())
    return isinstance(schema, list) and any(_hard(part, keywords) for part in schema)


def _resolved(schema: Body, root: Body) -> Body:
    while "$ref" in schema:
        at: Any = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            at = at[part]
        schema = at
    return schema


_TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def fits(value: Any, schema: Body, root: Body) -> bool:
    """Say whether a value follows a JSON schema, in the keywords that tests use."""
    schema = _resolved(schema, root)
    if "const" in schema and value != schema["const"]:
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if "anyOf" in schema and not any(fits(value, choice, root) for choice in schema["anyOf"]):
        return False
    kind = schema.get("type")
    if kind in ("integer", "number"):
        if isinstance(value, bool) or not isinstance(value, int if kind == "integer" else (int, float)):
            return False
        return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    if kind and not isinstance(value, _TYPES[kind]):
        return False
    if kind == "object":
        known = schema.get("properties", {})
        if any(name not in value for name in schema.get("required", ())):
            return False
        if schema.get("additionalProperties") is False and any(name not in known for name in value):
            return False
        return all(fits(part, known[name], root) for name, part in value.items() if name in known)
    if kind == "array":
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            return False
        return all(fits(part, schema.get("items", {}), root) for part in value)
    if kind == "string":
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            return False
        return "pattern" not in schema or re.search(schema["pattern"], value) is not None
    return True


def instance(schema: Body, root: Body) -> Any:
    """Make the plainest value that follows a JSON schema; of patterns it knows one."""
    schema = _resolved(schema, root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return None if {"type": "null"} in schema["anyOf"] else instance(schema["anyOf"][0], root)
    match schema.get("type"):
        case "object":
            return {name: instance(part, root) for name, part in schema.get("properties", {}).items()}
        case "array":
            return [instance(schema.get("items", {}), root) for _ in range(schema.get("minItems", 0))]
        case "string":
            return "ABC-1234" if "pattern" in schema else "x" * schema.get("minLength", 1)
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "boolean":
            return False
    return None


def main() -> None:
    """Serve until standard input ends or the process is stopped; the first line printed is the URL."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--answer", default="", help="module:function of a body, importable from here; else an echo")
    parser.add_argument("--script", default="{}", help="other knobs as a JSON object, by the names of Script")
    for field in fields(Script):
        if isinstance(field.default, (bool, int, float, str)) and field.name != "answer":
            convert: Any = type(field.default)
            if convert is bool:
                convert = json.loads
            parser.add_argument("--" + field.name.replace("_", "-"), type=convert, default=None)
    parser.add_argument("--retry-after", type=float, default=None)
    given = vars(parser.parse_args())
    port, answer, knobs = given.pop("port"), given.pop("answer"), json.loads(given.pop("script"))
    knobs.update({name: value for name, value in given.items() if value is not None})
    if answer:
        module, _, name = answer.partition(":")
        knobs["answer"] = getattr(importlib.import_module(module), name)
    with TeacherServer(port=port, **knobs) as server:
        print(server.url, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
