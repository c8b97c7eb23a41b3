"""The routes that answer at once: opinions of records, and briefs of conversations."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response

from gistill.errors import InputError
from gistill.serve.bodies import (
    About,
    OpinionsAsked,
    OpinionsFound,
    SummariesAsked,
    SummariesMade,
)
from gistill.serve.limits import still_wanted
from gistill.serve.openai.bodies import BodyError
from gistill.serve.state import ERRORS, Loaded, State

if TYPE_CHECKING:
    from gistill.digest.extract import SentenceReader
    from gistill.lm.seam import LanguageModel
    from gistill.schema import Failure, Record

_ERRORS = {**ERRORS, 409: ERRORS[400]}
_ROLES = ("text", "messages", "entity", "author", "rating", "date", "language")


def answers(state: State) -> APIRouter:
    """Make the routes."""
    router = APIRouter(tags=["records"])

    @router.post("/v1/opinions", response_model=OpinionsFound, responses=_ERRORS)
    async def find_opinions(asked: OpinionsAsked, http: Request) -> Response:
        """Find the opinions in records, with their exact words and places, as `gistill extract` does."""
        found = await state.work(http, partial(read_opinions, asked, state.ready.reader))
        state.metrics.add("records", len(asked.records))
        return Response(found, media_type="application/json")

    @router.post("/v1/summaries", response_model=SummariesMade, responses=_ERRORS)
    async def sum_up(asked: SummariesAsked, http: Request) -> Response:
        """Write a brief of each conversation, every sentence with the turns that carry it, checked against these."""
        found = await state.work(http, partial(make_summaries, asked, state.ready.briefs))
        state.metrics.add("records", len(asked.records))
        return Response(found, media_type="application/json")

    return router


def read_opinions(asked: OpinionsAsked, reader: SentenceReader) -> str:
    """Read records for opinions; gives `bodies.OpinionsFound` as JSON."""
    from gistill.digest.extract import extract
    from gistill.screen import screen

    found = extract(_wanted(screen(records_of(asked.records))), reader=reader)
    opinions = ",".join(opinion.model_dump_json() for opinion in found.opinions)
    failures = ",".join(failure.model_dump_json() for failure in found.failures)
    counts = f'"records":{found.records},"sentences":{found.sentences}'
    return f'{{"opinions":[{opinions}],{counts},"failures":[{failures}]}}'


def make_summaries(asked: SummariesAsked, writer: LanguageModel | None) -> str:
    """Write briefs; gives `bodies.SummariesMade` as JSON."""
    from gistill.digest.briefs.writing import make_briefs
    from gistill.schema import Failure, Record

    items = list(records_of(asked.records))
    records = [item for item in items if isinstance(item, Record)]
    failures = [item for item in items if isinstance(item, Failure)]
    briefs, outcomes = [], Counter[str]()
    for brief in make_briefs(_wanted(records), writer=writer, aspects=tuple(asked.aspects), words=asked.words):
        briefs.append(brief.model_dump_json())
        outcomes[brief.outcome or "not judged"] += 1
    about = {
        "outcomes": dict(sorted(outcomes.items())),
        "failures": [failure.model_dump() for failure in failures],
        "writer": f"{writer.name} {writer.hash}" if writer else None,
    }
    return f'{{"briefs":[{",".join(briefs)}],{json.dumps(about, ensure_ascii=False)[1:]}'


def warm(loaded: Loaded) -> None:
    """Answer a request of each kind, since what it needs is loaded when it is first asked for.

    Else the first that come at once each load all of it: 64 clients waited 40 seconds and cost 900 MiB.
    """
    turns = [
        {"role": "customer", "content": "My order never came, and nobody answers my mails."},
        {"role": "agent", "content": "I am sorry. I have sent you a new one today."},
        {"role": "customer", "content": "Thank you, that solved it."},
    ]
    texts = ("The screen is bright, but the battery broke after a week.", "Der Akku ist nach einer Woche kaputt.")
    read_opinions(OpinionsAsked.model_validate({"records": [{"text": text} for text in texts]}), loaded.reader)
    make_summaries(SummariesAsked.model_validate({"records": [{"messages": turns}]}), None)


def records_of(asked: Sequence[About]) -> Iterator[Record | Failure]:
    """Make records as of a table with these columns; an id that was given stays.

    Raises:
        BodyError: Two records have one id.
    """
    import pyarrow as pa

    from gistill.schema import Record
    from gistill.tables import open_table

    given = [one.id for one in asked]
    twice = Counter(name for name in given if name is not None)
    if twice and max(twice.values()) > 1:
        raise BodyError("Two records have the same id.", status=409, code="id_twice", param="records")
    rows: list[dict[str, Any]] = [one.model_dump(exclude={"id"}, exclude_none=True) for one in asked]
    there = {role for row in rows for role in row}
    columns: dict[str, str | list[str]] = {role: role if role in there else "" for role in (*_ROLES, "id")}
    try:
        table = open_table(pa.Table.from_pylist(rows, _arrow(there, pa)), columns=columns, typed=True)
    except InputError as error:
        raise BodyError("The records cannot be read.", status=422, code="bad_records") from error
    for item in table.records():
        mine = given[item.row - 1] if isinstance(item, Record) and item.row is not None else None
        yield item.model_copy(update={"id": mine}) if mine is not None else item


def _arrow(there: set[str], pa: Any) -> Any:
    """Say what the columns hold, which Arrow would guess from the first rows."""
    turn = pa.struct([("role", pa.string()), ("content", pa.string())])
    kinds = {"messages": pa.list_(turn), "rating": pa.float64()}
    return pa.schema([(role, kinds.get(role, pa.string())) for role in _ROLES if role in there])


def _wanted(items: Any) -> Iterator[Any]:
    for item in items:
        still_wanted()
        yield item
