"""gistill as a service: opinions, summaries, digests as jobs, and a writer behind OpenAI's API, in one application.

Whoever asks meets `security.Guard` first. What answers is loaded after the port is open: `/readyz` says when it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from gistill.serve.answering import answers, warm
from gistill.serve.bodies import Health
from gistill.serve.chatting import chats
from gistill.serve.digests import digests, opened
from gistill.serve.exploring import exploring
from gistill.serve.jobs import Jobs
from gistill.serve.limits import Limits
from gistill.serve.openai.bodies import BodyError, error_body
from gistill.serve.pages import pages
from gistill.serve.runner import Runner
from gistill.serve.security import Guard, Keys, Say, refusal
from gistill.serve.state import ERRORS, Loaded, Models, State

KEEP_DAYS = 30.0
# Whoever asks whether it lives needs no key, but a right name.
_ASKED: dict[int | str, dict[str, Any]] = {code: ERRORS[code] for code in (400, 421)}
_CLEAN = 600.0  # seconds between two looks for old jobs


@dataclass(frozen=True, kw_only=True)
class Who:
    """Who may ask.

    Attributes:
        keys: Empty lets everybody ask who reaches the port.
        hosts: Names under which the server is asked, beside addresses and `localhost`.
    """

    keys: Sequence[str] = ()
    hosts: Sequence[str] = ()


def application(
    load: Callable[[], Loaded],
    jobs: Jobs,
    runner: Runner,
    *,
    who: Who,
    limits: Limits,
    keep_days: float = KEEP_DAYS,
    together: bool = True,
    say: Say = lambda message: None,
) -> Guard:
    """Make the web application (ASGI).

    Args:
        load: Loads the models; called in a thread once the port is open.
        jobs: See `Jobs`.
        runner: Does them.
        who: Who may ask.
        limits: How much is taken.
        keep_days: Days after which a job that has ended is deleted.
        together: Whether requests that come at the same time are read together.
        say: Called with a sentence for the log.
    """
    state = State(jobs, runner, limits, keep_days)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(_load(state, load, together, say)), asyncio.create_task(_keep_clean(state))]
        yield
        state.closing = True
        for task in tasks:
            task.cancel()
        await asyncio.to_thread(runner.close)
        if state.models is not None:
            await state.models.close()
        state.close()

    app = FastAPI(
        title="gistill",
        version=version("gistill"),
        description="Opinions, summaries and reports of what customers write; and a small writer with OpenAI's API.",
        docs_url=None,  # FastAPI's pages load scripts from elsewhere
        redoc_url=None,
        lifespan=life,
        exception_handlers={
            BodyError: _refused,
            HTTPException: _no_such_place,
            RequestValidationError: _not_valid,
            Exception: _failed,
        },
    )
    _watch(app, state)
    for router in (answers(state), digests(state), chats(state), opened(state), exploring(state), pages(state)):
        app.include_router(router)
    return Guard(
        app, keys=Keys(who.keys), hosts=who.hosts, session=state.session, limits=limits, metrics=state.metrics, say=say
    )


def _watch(app: FastAPI, state: State) -> None:
    """Add the routes for those who run it."""

    @app.get("/healthz", response_model=Health, responses=_ASKED, tags=["operation"])
    async def health() -> Health:
        """Say that the process lives."""
        return Health(status="closing" if state.closing else "ok")

    @app.get("/readyz", response_model=Health, responses={**_ASKED, 503: {"model": Health}}, tags=["operation"])
    async def ready() -> JSONResponse:
        """Say whether what is asked will be answered: the models are loaded, and jobs are done."""
        status = "closing" if state.closing else "loading" if state.models is None else "ok"
        fine = status == "ok" and state.runner.alive
        return JSONResponse({"status": status}, status_code=200 if fine else 503)

    @app.get("/metrics", tags=["operation"], response_class=PlainTextResponse, responses=ERRORS)
    async def metrics() -> Response:
        """Give counters and durations as Prometheus reads them; it needs a key where others do."""
        gauges = {
            "requests_at_work": state.gate.inside,
            "model_calls_waiting": state.models.waiting if state.models else 0,
            "jobs_queued": state.jobs.count("queued"),
            "jobs_running": state.jobs.count("running"),
            "streams": state.streaming.inside,
            "ready": int(state.models is not None),
        }
        return Response(state.metrics.text(gauges), media_type="text/plain; version=0.0.4")


async def _load(state: State, load: Callable[[], Loaded], together: bool, say: Say) -> None:
    try:
        loaded = await asyncio.to_thread(load)
    except Exception as error:
        say(f"The models cannot be loaded ({type(error).__name__}).")
        state.broken = True
        return
    try:
        await asyncio.to_thread(warm, loaded)
    except Exception as error:  # a full disk keeps what is unpacked from being loaded; what needs none is answered
        say(f"A first request failed ({type(error).__name__}).")
    state.models = Models(loaded, seconds=state.limits.seconds, together=together)
    say("Ready.")


async def _keep_clean(state: State) -> None:
    while True:
        with suppress(Exception):  # a full disk is no reason to stop looking
            for job in await asyncio.to_thread(state.jobs.old, state.keep_days):
                await asyncio.to_thread(state.jobs.forget, job)
        await asyncio.sleep(_CLEAN)


async def _refused(_: Request, error: Any) -> Response:
    headers = {"Retry-After": "2"} if error.status in (429, 503) else None
    body = error_body(str(error), status=error.status, code=error.code, param=error.param)
    return JSONResponse(body, status_code=error.status, headers=headers)


async def _failed(http: Request, error: Exception) -> Response:
    return await _refused(http, refusal(error))


async def _no_such_place(http: Request, error: Any) -> Response:
    """Say that a path or a method leads nowhere, and which methods do: several routes may share a path."""
    headers = dict(error.headers or {})
    if error.status_code == 405:
        told = {name for path, found in http.app.openapi()["paths"].items() if _leads(path, http) for name in found}
        headers["Allow"] = ", ".join(sorted({name.upper() for name in told})) or headers.get("Allow", "")
    codes = {404: "not_found", 405: "method_not_allowed"}
    body = error_body(str(error.detail), status=error.status_code, code=codes.get(error.status_code, "invalid_request"))
    return JSONResponse(body, status_code=error.status_code, headers=headers)


def _leads(path: str, http: Request) -> bool:
    return compile_path(path)[0].match(http.url.path) is not None


async def _not_valid(_: Request, error: Any) -> Response:
    """Say what is wrong with a body and where, and never what stands there."""
    first = error.errors()[0]
    place = ".".join(str(part)[:60] for part in first["loc"])[:300]
    told = "The body is no JSON." if first["type"] == "json_invalid" else f"{place}: {first['msg']}"
    body = error_body(told, status=422, code="invalid_request", param=place)
    return JSONResponse(body, status_code=422)
