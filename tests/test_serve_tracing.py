"""Spans of requests: one each, with nothing in it that a client sent, and none unless they are asked for."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gistill.cli import app as command_line
from gistill.serve.tracing import Traced, tracer

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
sdk = pytest.importorskip("opentelemetry.sdk.trace")

from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: E402
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: E402

SECRET = "hunter2"


class Route:
    path = "/v1/digests/{id}"


def spans(app: Any, method: str = "POST") -> list[Any]:
    kept = InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    scope = {
        "type": "http",
        "method": method,
        "path": f"/v1/digests/{SECRET}",
        "query_string": SECRET.encode(),
        "headers": [(b"authorization", SECRET.encode())],
    }

    async def send(message: Any) -> None:
        pass

    async def ask() -> None:
        await Traced(app, provider.get_tracer("test"))(scope, None, send)

    if app is fails:
        with pytest.raises(RuntimeError, match=SECRET):
            asyncio.run(ask())
    else:
        asyncio.run(ask())
    return list(kept.get_finished_spans())


async def answers(scope: Any, receive: Any, send: Any) -> None:
    scope["route"] = Route()
    await send({"type": "http.response.start", "status": 202, "headers": []})
    await send({"type": "http.response.body", "body": SECRET.encode()})


async def fails(scope: Any, receive: Any, send: Any) -> None:
    raise RuntimeError(f"cannot read {SECRET}")


def test_a_span_has_method_route_and_status_and_no_word_of_the_request() -> None:
    [span] = spans(answers)
    assert span.name == "POST /v1/digests/{id}"
    assert dict(span.attributes) == {
        "http.request.method": "POST",
        "http.route": "/v1/digests/{id}",
        "http.response.status_code": 202,
    }
    assert SECRET not in span.to_json()


def test_of_what_fails_the_sentence_is_not_kept_and_of_what_is_invented_no_name() -> None:
    [span] = spans(fails, method=SECRET)
    assert (span.name, span.attributes["http.response.status_code"]) == ("OTHER other", 0)
    assert not span.events
    assert SECRET not in span.to_json()


def test_without_a_collector_it_is_refused_and_without_the_extra_a_sentence_says_what_brings_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from gistill.errors import ExtraMissingError

    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(command_line, ["serve", "--traces", "--port", "0", "--writer", "none"])
    assert told.exit_code == 2
    assert "--traces needs a collector" in told.stderr
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(ExtraMissingError) as missing:
        tracer()
    assert "otel" in missing.value.hint
