"""The routes of jobs: a file in, a report out, with progress meanwhile. A job is seen with its key alone."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse, StreamingResponse

from gistill.digest.steps import INDEX, OUTPUTS, SOMETIMES
from gistill.schema import Digest
from gistill.serve.bodies import Error, JobBody, JobError, JobList, PreviewBody, Settings, Upload
from gistill.serve.jobs import ENDED, Job
from gistill.serve.openai.bodies import BodyError
from gistill.serve.security import EXPLORE, OPENED
from gistill.serve.state import ERRORS, EVENT, State

_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".csv": "text/csv; charset=utf-8",
}
FILES = (*OUTPUTS, *SOMETIMES)
_SANDBOX = "sandbox allow-scripts allow-popups allow-downloads"  # a report is no page of this server
_HEARTBEAT = 15.0  # seconds without news after which a stream says that it is alive
_LOOK = 0.25  # seconds between two looks at a job
_HELD = 4  # times as many jobs may be held as may wait
_STATES: dict[int | str, dict[str, Any]] = {404: {"model": Error}, 409: {"model": Error}}
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary", "minLength": 1}}},
    }
}
_EVENTS: dict[int | str, dict[str, Any]] = {200: {"content": {"text/event-stream": {"schema": EVENT}}}}
_REPORT: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            kind.partition(";")[0]: {"schema": {"type": "object" if kind == "application/json" else "string"}}
            for kind in _KINDS.values()
        }
    }
}
Id = Annotated[str, InPath(pattern="^[0-9a-f]{32}$", min_length=32, max_length=32)]


def digests(state: State) -> APIRouter:
    """Make the routes."""
    router = APIRouter(tags=["digests"], responses={**ERRORS, **_STATES})

    @router.post("/v1/digests", response_model=JobBody, status_code=202, openapi_extra=_FILE)
    async def send_file(http: Request, asked: Annotated[Upload, Query()]) -> JobBody:
        """Send a file as the body; its report is made by a job. Any file that `gistill digest` reads will do."""
        _make_room(state, held=asked.hold)
        job = await _receive(state, http, asked)
        state.runner.wake()
        return show(state, job)

    @router.get("/v1/digests", response_model=JobList)
    async def list_jobs(http: Request, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> JobList:
        """List your jobs, the newest first."""
        return JobList(jobs=[show(state, job) for job in state.jobs.of(http.state.owner, limit)])

    @router.get("/v1/digests/{id}", response_model=JobBody)
    async def see_job(id: Id, http: Request) -> JobBody:  # noqa: A002 - as the address names it
        """Say how far a job is."""
        return show(state, _find(state, id, http))

    @router.get("/v1/digests/{id}/events", response_class=StreamingResponse, responses=_EVENTS)
    async def watch_job(id: Id, http: Request) -> Response:  # noqa: A002
        """Stream how far a job is as server-sent events: `progress` for each change, `end` as the last."""
        job = _find(state, id, http)
        state.streaming.check()
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_events(state, job), media_type="text/event-stream", headers=headers)

    @router.get("/v1/digests/{id}/result", response_model=Digest)
    async def get_result(id: Id, http: Request) -> Response:  # noqa: A002
        """Give the digest as JSON: all counts, points and summaries."""
        return _send(state, _find(state, id, http), "digest.json")

    @router.get("/v1/digests/{id}/files/{name}", response_class=FileResponse, responses=_REPORT)
    async def get_file(id: Id, name: Annotated[str, InPath(max_length=100)], http: Request) -> Response:  # noqa: A002
        """Give a file of the report."""
        return _send(state, _find(state, id, http), name)

    return _changes(state, router)


def _changes(state: State, router: APIRouter) -> APIRouter:
    """Add the routes that change a job."""

    @router.post("/v1/digests/{id}/preview", response_model=PreviewBody)
    async def preview(id: Id, asked: Settings, http: Request) -> PreviewBody:  # noqa: A002
        """Show what the file would be taken for with some settings. Nothing is kept."""
        job = _find(state, id, http)
        with state.looking.entered():
            return await asyncio.to_thread(_preview, state, job, asked)

    @router.post("/v1/digests/{id}/start", response_model=JobBody, status_code=202)
    async def start(id: Id, asked: Settings, http: Request) -> JobBody:  # noqa: A002
        """Start a job that is held, or one that failed or was canceled once more; what was read is not read again."""
        job = _find(state, id, http)
        _make_room(state, held=False)
        if job.state not in ("held", "failed", "canceled"):
            raise _conflict(job)
        state.jobs.set(job.id, asked.model_dump())
        if not state.jobs.move(job.id, ["held", "failed", "canceled"], "queued"):
            raise _conflict(job)
        state.runner.wake()
        return show(state, _find(state, id, http))

    @router.post("/v1/digests/{id}/cancel", response_model=JobBody)
    async def cancel(id: Id, http: Request) -> JobBody:  # noqa: A002
        """End a job that waits or runs; its file stays until it is deleted."""
        job = _find(state, id, http)
        if not state.jobs.move(job.id, ["held", "queued", "running"], "canceled"):
            raise _conflict(job)
        await asyncio.to_thread(state.runner.stop, job.id)
        return show(state, _find(state, id, http))

    @router.delete("/v1/digests/{id}", status_code=204, response_class=Response)
    async def delete(id: Id, http: Request) -> Response:  # noqa: A002
        """Delete a job: the file, the report, what was read, the journal of calls. What runs is ended first."""
        job = _find(state, id, http)
        state.jobs.move(job.id, ["held", "queued", "running"], "canceled")
        await asyncio.to_thread(state.runner.stop, job.id)
        await asyncio.to_thread(state.jobs.forget, job.id)
        return Response(status_code=204)

    return router


def opened(state: State) -> APIRouter:
    """Make the route that a report is opened by in another tab; its address is good for an hour."""
    router = APIRouter()

    @router.get(OPENED + "{ticket}", include_in_schema=False)
    async def open_report(ticket: str) -> Response:
        job = state.jobs.get(state.tickets.read(ticket) or "", None)
        if job is None:
            raise BodyError("The address is too old. Open the report again.", status=404, code="no_ticket")
        return _send(state, job, "report.html", shown=True)

    return router


def show(state: State, job: Job) -> JobBody:
    """Show a job to its owner."""
    folder = state.jobs.place(job.id) / "out"
    done, explored = job.state == "done", (folder / INDEX).is_file()
    return JobBody(
        id=job.id,
        state=job.state,
        name=job.name,
        settings=Settings(**job.settings),
        created=job.created,
        changed=job.changed,
        deleted_after=None if job.state in ("queued", "running") else job.changed + state.keep_days * 86_400,
        tries=job.tries,
        step=job.step,
        done=job.done,
        total=job.total,
        error=JobError(code=job.error[0], message=job.error[1]) if job.error else None,
        files=[name for name in FILES if (folder / name).is_file()] if done else [],
        report=OPENED + state.tickets.make(job.id) if done else None,
        explore=f"{OPENED}{state.tickets.make(EXPLORE + job.id)}/explore" if explored else None,
    )


def _find(state: State, job: str, http: Request) -> Job:
    found = state.jobs.get(job, http.state.owner)
    if found is None:
        raise BodyError("There is no such job.", status=404, code="no_job")
    return found


def _make_room(state: State, *, held: bool) -> None:
    waiting = state.jobs.count("held" if held else "queued")
    if waiting >= state.limits.jobs * (_HELD if held else 1):
        raise BodyError("Too many jobs are waiting. Try again later.", status=429, code="rate_limited")


async def _receive(state: State, http: Request, asked: Upload) -> Job:
    """Write the body into the folder of a new job, as it comes; nothing stays of one that breaks off."""
    job, name = state.jobs.new_id(), _clean(asked.name)
    place = state.jobs.place(job)
    place.mkdir(mode=0o700)
    try:
        (place / "in").mkdir()
        size = 0
        with (place / "in" / name).open("wb") as file:
            async for piece in http.stream():
                size += len(piece)
                file.write(piece)
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        if not size:
            raise BodyError("The body is empty: send the file as the body.", code="empty_file")
        return state.jobs.add(job, http.state.owner, name, asked.settings.model_dump(), held=asked.hold)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise


def _clean(name: str) -> str:
    """Make a name of a file that is one everywhere, and stays in its folder."""
    kept = re.sub(r"[^\w.\- ]+", "_", Path(name.replace("\\", "/")).name).strip(". ")
    stem, dot, ending = kept.rpartition(".")
    return f"{stem[:60]}{dot}{ending[:12]}" if dot and stem else kept[:60] or "upload"


def _preview(state: State, job: Job, asked: Settings) -> PreviewBody:
    found = state.runner.preview(Job(**{**job.__dict__, "settings": asked.model_dump()}))
    told: dict[str, Any] = {"said": [], "header": found.get("columns", []), "texts": [], "columns": {}, "rows": []}
    error = JobError(code=found["failed"], message=found["message"]) if "failed" in found else None
    return PreviewBody(**{**told, **found.get("ended", {})}, error=error)


def _send(state: State, job: Job, name: str, *, shown: bool = False) -> Response:
    path = state.jobs.place(job.id) / "out" / name
    if name not in FILES:
        raise BodyError("There is no such file in a report.", status=404, code="no_file")
    if job.state != "done":
        raise _conflict(job)
    if not path.is_file():
        raise BodyError("This report has no such file.", status=404, code="no_file")
    headers = {"Content-Security-Policy": _SANDBOX, "Cache-Control": "no-store"}
    return FileResponse(
        path,
        media_type=_KINDS.get(path.suffix, "text/plain"),
        headers=headers,
        filename=name,
        content_disposition_type="inline" if shown else "attachment",
    )


def _conflict(job: Job) -> BodyError:
    return BodyError(f"The job is {job.state}.", status=409, code=f"job_{job.state}")


async def _events(state: State, job: Job) -> AsyncIterator[str]:
    """Say what changes of a job until it has ended, or the server ends."""
    last, quiet = "", 0.0
    state.streaming.inside += 1  # here and not before: what is never begun is never ended
    try:
        while not state.closing:
            now = await asyncio.to_thread(state.jobs.get, job.id, job.owner)
            if now is None:
                yield 'event: end\ndata: {"state": "deleted"}\n\n'
                return
            told = {"state": now.state, "step": now.step, "done": now.done, "total": now.total}
            line = json.dumps(told)
            if line != last:
                ended = now.state in (*ENDED, "held")
                last, quiet = line, 0.0
                yield f"event: {'end' if ended else 'progress'}\ndata: {line}\n\n"
                if ended:
                    return
            elif quiet > _HEARTBEAT:
                quiet = 0.0
                yield ": still here\n\n"
            await asyncio.sleep(_LOOK)
            quiet += _LOOK
    finally:
        state.streaming.inside -= 1
