"""Spans of requests for OpenTelemetry: method, route, status, time; nothing that a client sent. Off unless wanted."""

from __future__ import annotations

import os
from typing import Any

from gistill import install
from gistill.errors import ExtraMissingError, SettingError
from gistill.serve.security import route_of

_WHERE = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


class Traced:
    """Stands before an application (ASGI), and makes a span of each request.

    Args:
        app: The application.
        tracer: Of OpenTelemetry.
    """

    def __init__(self, app: Any, tracer: Any) -> None:
        self.app, self.tracer = app, tracer

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 0

        async def sending(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        # An exception is not recorded: its sentence may quote a record.
        silent = {"record_exception": False, "set_status_on_exception": False}
        with self.tracer.start_as_current_span("request", **silent) as span:
            try:
                await self.app(scope, receive, sending)
            finally:
                method = scope["method"] if scope["method"] in ("GET", "POST", "DELETE") else "OTHER"
                span.update_name(f"{method} {route_of(scope)}")
                span.set_attribute("http.request.method", method)
                span.set_attribute("http.route", route_of(scope))
                span.set_attribute("http.response.status_code", status)


def tracer() -> Any:
    """Make what sends spans to the collector that OTEL_EXPORTER_OTLP_ENDPOINT names.

    Raises:
        SettingError: Nothing names a collector.
        ExtraMissingError: The extra `otel` is not installed.
    """
    if not any(os.environ.get(name) for name in _WHERE):
        raise SettingError("--traces needs a collector", hint=f"Put its address into {_WHERE[1]}.")
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise ExtraMissingError("Spans need OpenTelemetry.", hint=install.hint("otel")) from error
    provider = TracerProvider(resource=Resource.create({"service.name": "gistill"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer("gistill")
