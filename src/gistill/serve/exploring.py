"""The pages that explore a report and correct it, drawn here: filters, quotes, a record, two slices, corrections.

They are opened in another tab, which can send no header: their address holds a ticket that is good for an hour, and
each page that is drawn holds a new one. Nothing acts without a form that was sent from our own page.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gistill.categories import CATEGORIES
from gistill.corrections.form import FILE, load
from gistill.corrections.tasks import LEVELS
from gistill.digest.report.words import category_or_none, counted, number, share_of, visible
from gistill.errors import GistillError
from gistill.explore import slices
from gistill.explore.index import ENTITY
from gistill.explore.slices import DIRECTIONS, Filter
from gistill.serve.jobs import Job
from gistill.serve.judging import Judged, judged, keep, pieces
from gistill.serve.openai.bodies import BodyError
from gistill.serve.security import EXPLORE, OPENED
from gistill.serve.state import State
from gistill.stats import wilson
from gistill.tables.outputs import csv_lines

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_LONG = 200  # characters of a field of a filter
_HEADER = (
    "sentence", "about", "words", "direction", "category", "kind", "strength", "confidence", "entity", "rating",
    "date", "record",
)  # fmt: skip


def exploring(state: State) -> APIRouter:
    """Make the routes."""
    router = APIRouter(include_in_schema=False)

    @router.get(OPENED + "{ticket}/explore")
    async def explore(ticket: str, http: Request) -> Response:
        asked = _filter(http)
        return await _drawn(state, ticket, "explore.html.j2", lambda db, job: _explored(db, asked, _page(http)))

    @router.get(OPENED + "{ticket}/record/{n}")
    async def record(ticket: str, n: int, http: Request) -> Response:
        return await _drawn(state, ticket, "record.html.j2", lambda db, job: _record(state, db, job, n, http))

    @router.get(OPENED + "{ticket}/compare")
    async def compare(ticket: str, http: Request) -> Response:
        asked, sides = _filter(http), [_given(http, name) for name in ("one", "other")]
        return await _drawn(state, ticket, "compare.html.j2", lambda db, job: _compared(db, asked, sides))

    @router.get(OPENED + "{ticket}/opinions.csv")
    async def export(ticket: str, http: Request) -> Response:
        job, asked = _job(state, ticket), _filter(http)
        headers = {"Content-Disposition": 'attachment; filename="opinions.csv"'}
        lines = _lines(_report(state, job), asked)
        return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)

    @router.get(OPENED + "{ticket}/state")
    async def see(ticket: str) -> dict[str, Any]:
        job = _job(state, ticket)
        return {"state": job.state, "step": job.step, "done": job.done, "total": job.total}

    return _changes(state, router)


def _changes(state: State, router: APIRouter) -> APIRouter:
    """Add the routes that keep a correction, and count all of them."""

    @router.post(OPENED + "{ticket}/correct")
    async def correct(ticket: str, http: Request) -> Response:
        job, form = _job(state, ticket), _form(http, await http.body())
        place = _report(state, job)

        def work() -> str:
            with slices.asking(place) as db:
                found = slices.of_record(db, _whole(form.get("record", "")))
            if found is None:
                raise BodyError("There is no such record.", status=404, code="no_record")
            made = judged(Judged(**{name: form.get(name, "")[:_LONG] for name in Judged._fields}), *found)
            if isinstance(made, str):
                return made
            keep(place, made)
            return ""

        try:
            problem = await asyncio.to_thread(work)
        except GistillError:
            problem = "The report is being counted. Correct it when that has ended."
        more = {"problem": problem} if problem else {"kept": "1"}
        to = f"record/{_whole(form.get('record', ''))}?{urlencode(more)}"
        return RedirectResponse(f"{OPENED}{_again(state, job)}/{to}", status_code=303)

    @router.post(OPENED + "{ticket}/count")
    async def count(ticket: str, http: Request) -> Response:
        job = _job(state, ticket)
        _form(http, await http.body())
        if state.jobs.count("queued") >= state.limits.jobs:
            raise BodyError("Too many jobs are waiting. Try again later.", status=429, code="rate_limited")
        state.jobs.move(job.id, ["done", "failed", "canceled"], "queued")
        state.runner.wake()
        return RedirectResponse(f"{OPENED}{_again(state, job)}/explore", status_code=303)

    return router


def _job(state: State, ticket: str) -> Job:
    what = state.tickets.read(ticket) or ""
    job = state.jobs.get(what.removeprefix(EXPLORE), None) if what.startswith(EXPLORE) else None
    if job is None:
        raise BodyError("The address is too old. Open it again from the first page.", status=404, code="no_ticket")
    return job


def _report(state: State, job: Job) -> Path:
    return state.jobs.place(job.id) / "out"


def _again(state: State, job: Job) -> str:
    return state.tickets.make(EXPLORE + job.id)


def _filter(http: Request) -> Filter:
    """Read a filter from the query; what is none of its values lets everything through."""
    given = {name: _given(http, name).strip() for name in Filter._fields}
    for name in ("least", "most"):
        try:
            float(given[name])
        except ValueError:
            given[name] = ""
    if given["strength"] not in ("1", "2"):
        given["strength"] = ""
    return Filter(**given)


def _given(http: Request, name: str) -> str:
    """Read a field of an address; what it shows acts no more than what the index holds."""
    return visible(http.query_params.get(name, "")[:_LONG])


def _page(http: Request) -> int:
    return max(1, _whole(http.query_params.get("page", "1")))


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _form(http: Request, body: bytes) -> dict[str, str]:
    """Read a form that our own page sent.

    Raises:
        BodyError: Another page sent it.
    """
    origin = http.headers.get("origin")
    if origin is not None and urlsplit(origin.lower()).netloc != http.headers.get("host", "").lower():
        raise BodyError("Another page may not ask this server.", status=403, code="foreign_origin")
    given = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=50)
    return {name: values[0] for name, values in given.items()}


def _problem(error: BodyError) -> Response:
    return _page_of(_ENVIRONMENT.get_template("problem.html.j2").render(problem=str(error)), error.status)


async def _drawn(
    state: State, ticket: str, template: str, ask: Callable[[sqlite3.Connection, Job], dict[str, Any]]
) -> Response:
    """Draw a page, in a thread: what it counts may take a while."""
    try:
        job = _job(state, ticket)
    except BodyError as error:
        return _problem(error)
    place = _report(state, job)

    def draw() -> str:
        with slices.asking(place) as db:
            about, told = slices.about(db), ask(db, job)
        waiting = sum(one.id not in set(about["corrections"]) for one in load(place / FILE))
        base = f"{OPENED}{_again(state, job)}"
        return _ENVIRONMENT.get_template(template).render(
            about=about, base=base, job=job, waiting=waiting, busy=job.state in ("queued", "running"), **told
        )

    try:
        with state.gate.entered():
            text = await asyncio.to_thread(draw)
    except BodyError as error:
        return _problem(error)
    except sqlite3.Error:
        return _problem(BodyError("This report cannot be explored. Make it again.", status=404, code="no_index"))
    return _page_of(text)


def _page_of(text: str, status: int = 200) -> Response:
    # without a referrer a browser sends no origin with a form, and we could not tell ours from another page's
    headers = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "same-origin"}
    return Response(text, status_code=status, media_type="text/html; charset=utf-8", headers=headers)


def _explored(db: sqlite3.Connection, asked: Filter, page: int) -> dict[str, Any]:
    people = slices.people(db, asked, opinions=False)
    told: dict[str, Any] = {
        "asked": asked,
        "people": people,
        **_choices(db),
        "quotes": [],
        "sections": [],
        "page": page,
        "filtered": asked._replace(point="") != Filter(),
    }
    every = slices.points(db, asked._replace(point=""))
    told["point"] = next((line for line in every if line.id == asked.point), None)
    told["matched"] = slices.mentions(db, asked)
    told["speakers"] = slices.people(db, asked, opinions=True)
    if asked.point or asked.direction or asked.category or asked.text:
        start = (page - 1) * slices.QUOTES
        told["quotes"] = [_quote(one) for one in slices.said(db, asked, start=start)]
        told["pages"] = -(-told["matched"] // slices.QUOTES)
    if not asked.point:
        most = slices.POINTS if asked.direction else slices.FIRST
        for direction, words in DIRECTIONS.items():
            lines = [line for line in every if line.direction == direction]
            if lines:
                told["sections"].append((direction, words, [_share(line, people) for line in lines[:most]], len(lines)))
        told["categories"] = _categories(db, asked)
    return told


def _share(line: slices.Line, people: int) -> tuple[slices.Line, str]:
    return line, share_of(wilson(min(line.people, people), people))


def _categories(db: sqlite3.Connection, asked: Filter) -> list[tuple[str, str, dict[str, int]]]:
    found: dict[str, dict[str, int]] = {}
    for code, direction, many in slices.by_category(db, asked):
        found.setdefault(code or "", {})[direction] = many
    return [(code, category_or_none(code or None), counts) for code, counts in found.items()]


def _choices(db: sqlite3.Connection) -> dict[str, Any]:
    columns = slices.choices(db)
    return {
        "entities": columns.get(ENTITY, []),
        "columns": {name: values for name, values in columns.items() if name != ENTITY},
        "codes": sorted(((code, category_or_none(code)) for code in slices.categories(db)), key=lambda one: one[1]),
    }


def _quote(one: slices.Said) -> dict[str, Any]:
    span = one.opinion.sentence
    about = [str(visible(str(each))) for each in one.about[1:3] if each]
    return {
        "record": one.record,
        "direction": one.opinion.direction,
        "pieces": pieces(one.text, [one.opinion], span.start, span.end),
        "about": [*about, *([f"rating {one.about[3]:g}"] if one.about[3] is not None else [])],
    }


def _record(state: State, db: sqlite3.Connection, job: Job, n: int, http: Request) -> dict[str, Any]:
    found = slices.of_record(db, max(0, n))
    if found is None:
        raise BodyError("There is no such record.", status=404, code="no_record")
    record, opinions = found
    made = load(_report(state, job) / FILE)
    judged_as = {one.opinion_id: one.kind for one in made if one.opinion_id}
    rows = [
        {"opinion": one, "was": judged_as.get(one.id), "level": _level(one), **_words(one, record["shown"])}
        for one in opinions
    ]
    lit = pieces(record["shown"], opinions, 0, len(record["shown"]))
    return {
        "record": record, "rows": rows, "pieces": lit, "kept": _given(http, "kept"), "problem": _given(http, "problem"),
        "levels": sorted(LEVELS.items()),
        "codes": [(code, one[0]) for code, one in CATEGORIES.items()],
    }  # fmt: skip


def _words(one: Any, text: str) -> dict[str, str]:
    return {
        name: "" if quote is None else text[quote.start : quote.end]
        for name, quote in (("words", one.opinion), ("thing", one.aspect))
    }


def _level(one: Any) -> int:
    sides = {"positive": 1, "negative": -1, "neutral": 0}
    return sides[one.polarity] if one.strength is None else int(one.strength)


def _compared(db: sqlite3.Connection, asked: Filter, sides: list[str]) -> dict[str, Any]:
    told: dict[str, Any] = {"asked": asked, **_choices(db), "sides": sides, "rows": [], "of": None, "problem": ""}
    (name, _, one), (also, _, other) = (side.partition("=") for side in sides)
    if one and other:
        if name != also or one == other:
            told["problem"] = "Choose two different values of one column."
            return told
        first, second, rows = slices.compare(db, asked, name, one, other)
        told |= {"of": (first, second), "all": len(rows), "rows": rows[: slices.POINTS], "name": name}
    return told


def _lines(place: Path, asked: Filter) -> Iterator[str]:
    def rows() -> Iterator[tuple[object, ...]]:
        with slices.asking(place) as db:
            for said in slices.said(db, asked, most=-1):
                one, (record, entity, day, rating) = said.opinion, said.about
                sentence = said.text[one.sentence.start : one.sentence.end].strip()
                yield (
                    sentence, *reversed(_words(one, said.text).values()),
                    one.direction, one.category, one.kind, one.strength, one.confidence, entity, rating, day,
                    visible(record),
                )  # fmt: skip

    yield "\ufeff"
    yield from csv_lines(_HEADER, rows())


def _linked(base: str, asked: Filter, **changed: object) -> str:
    """Write the address of the page with another filter."""
    kept = {name: value for name, value in {**asked._asdict(), **changed}.items() if value not in ("", None)}
    return f"{base}?{urlencode(kept)}" if kept else base


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "page", encoding="utf-8"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.globals |= {
    "linked": _linked, "counted": counted, "number": number, "directions": DIRECTIONS,
    "share_of": share_of, "share_of_point": lambda line, people: _share(line, people)[1], "category": category_or_none,
}  # fmt: skip
