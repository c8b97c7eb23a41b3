"""Ties are broken by what was written and where: neither ids nor the order of the rows decide what is shown."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gistill.digest.extract import extract
from gistill.digest.group.grouping import group
from gistill.digest.summary.summarizing import summarize
from gistill.grounding.select import select
from gistill.grounding.ties import tie_break
from gistill.lm.fake import ScriptedModel
from gistill.lm.seam import Request
from gistill.reader import load_reader
from gistill.reader.model import SHIPPED
from gistill.schema import Opinion, Quote, Record, Span
from gistill.screen import screen
from gistill.tables import read_records
from gistill.vectors import load_vectors
from opinions import BATTERY, World, world

SAMPLE = Path(__file__).parent.parent / "samples" / "reviews.csv"
vectors = cache(load_vectors)


def renamed(here: World, lot: random.Random) -> World:
    """Give every record and every opinion another id, drawn by lot; everything else stays, in its order."""
    numbers = lot.sample(range(10**9), len(here.records) + len(here.opinions))
    names = {id_: lot.choice("abz") + str(number) for id_, number in zip(here.records, numbers, strict=False)}
    records = {names[id_]: record.model_copy(update={"id": names[id_]}) for id_, record in here.records.items()}
    opinions = [
        opinion.model_copy(update={"id": f"{number}", "record": names[opinion.record]})
        for opinion, number in zip(here.opinions, numbers[len(records) :], strict=True)
    ]
    return World(records, opinions)


def places(here: World) -> dict[str, tuple[object, ...]]:
    """Opinion id -> all that there is to know of an opinion and its record but their ids and the row."""
    apart = {"id", "record"}
    return {
        opinion.id: (
            repr(here.records[opinion.record].model_dump(exclude={"id", "row"})),
            repr(opinion.model_dump(exclude=apart)),
        )
        for opinion in here.opinions
    }


def answer(request: Request) -> str:
    """Write something that cites, something that stands and something that fails, after what is asked."""
    asked = request.messages[-2].content
    return f"{request.messages[-1].content} it is great [{len(asked) % 4 + 1}]." if len(asked) % 3 else "It explodes."


def made(here: World) -> dict[str, Any]:
    """Everything a digest says, with opinions named by what they are and where, and everything its writer is asked."""
    model = ScriptedModel(answer)
    place = places(here)
    grouping = group(here.opinions, list(here.records.values()), vectors=vectors(), min_people=1)
    summaries = summarize(grouping.aspects, here.opinions, here.records.values(), writer=model, total=grouping.total)

    def named(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: named(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [named(item) for item in value]
        return place.get(value, value) if isinstance(value, str) else value

    return {
        "aspects": [named(aspect.model_dump()) for aspect in grouping.aspects],
        "counts": [tally.model_dump() for tally in (grouping.ungrouped, grouping.total)],
        "assignment": sorted((repr(place[id_]), aspect) for id_, aspect in grouping.assignment.items()),
        "summaries": [named(summary.model_dump()) for summary in summaries],
        "asked": [[request.model_dump() for request in call] for call in model.calls],
    }


def shuffled(here: World, lot: random.Random) -> World:
    """Put records and opinions in another order."""
    records = lot.sample(list(here.records.values()), len(here.records))
    return World({record.id: record for record in records}, lot.sample(here.opinions, len(here.opinions)))


@cache
def sample() -> World:
    records = [record for record in screen(read_records(SAMPLE)) if isinstance(record, Record)]
    found = extract(records, reader=load_reader())
    return World({record.id: record for record in records}, found.opinions)


@pytest.mark.skipif(not SHIPPED.exists(), reason="the shipped reader is not here")
def test_other_ids_and_another_order_of_the_sample_change_nothing() -> None:
    lot = random.Random(5)
    before = made(sample())
    assert len(before["aspects"]) > 20
    assert before["asked"][0]
    assert made(renamed(sample(), lot)) == before
    assert made(renamed(sample(), lot)) == before
    assert made(shuffled(renamed(sample(), lot), lot)) == before


who = st.fixed_dictionaries(
    {
        "author": st.sampled_from([None, "ann", "bob"]),
        "entity": st.sampled_from([None, "A", "B"]),
        "date": st.sampled_from([None, dt.date(2024, 1, 1), dt.date(2024, 3, 1)]),
        "rating": st.sampled_from([None, 1.0, 5.0]),
    }
)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from(BATTERY), who), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_equal_texts_of_whomever_are_told_apart_by_neither_ids_nor_rows(
    rows: list[tuple[Any, dict[str, Any]]], lot: random.Random
) -> None:
    here = world([row for row, _ in rows])
    told = zip(here.records.values(), (fields for _, fields in rows), strict=True)
    here = here._replace(records={record.id: record.model_copy(update=fields) for record, fields in told})
    assert made(renamed(here, lot)) == made(here)
    assert made(shuffled(here, lot)) == made(here)


# The lot itself


def one(text: str = "Good screen, good sound.", at: int = 0, id_: str = "1", **fields: Any) -> tuple[Opinion, Record]:
    quote = Quote(start=at, end=at + 4, text=text[at : at + 4])
    opinion = Opinion(
        id=f"{id_}:0",
        record=id_,
        sentence=Span(start=0, end=len(text)),
        aspect=None,
        opinion=quote,
        polarity=fields.pop("polarity", "positive"),
        confidence=0.5,
    )
    return opinion, Record(id=id_, text=text, **fields)


def test_the_lot_is_of_text_and_place_and_then_of_who_wrote_it() -> None:
    usual = tie_break(*one())
    assert usual == tie_break(*one(id_="z", row=7, file="other.csv", meta={"asin": "B0"}))
    assert len({usual, tie_break(*one(at=13)), tie_break(*one("Good sound, good screen."))}) == 3
    assert tie_break(*one(polarity="negative")) != usual
    for fields in ({"author": "ann"}, {"entity": "A"}, {"rating": 5.0}, {"date": dt.date(2024, 1, 1)}):
        other = tie_break(*one(**fields))
        assert other != usual
        assert other[:16] == usual[:16]
    assert tie_break(*one(author="A")) != tie_break(*one(entity="A"))


def test_any_text_has_a_lot() -> None:
    texts = ["\ud800 odd", "🙂🙂🙂🙂🙂", "没有问题好", "a\0b\0c"]
    assert len({tie_break(*one(text)) for text in texts}) == len(texts)


def test_no_part_of_the_rows_has_an_advantage() -> None:
    """Of 100 short praises that nothing else tells apart, the first half should win about half of the time."""
    wins = sum(_first_is_early(random.Random(seed)) for seed in range(60))
    assert 15 <= wins <= 45  # 60 throws of a fair coin leave this range once in 20,000


def _first_is_early(lot: random.Random) -> bool:
    words = ["".join(lot.choices("bcdfgklmnprstvz", k=7)) for _ in range(100)]
    pairs = [one(f"Good {word} here", id_=f"{n:02}") for n, word in enumerate(words)]
    (best,) = select([o for o, _ in pairs], _by_id(r for _, r in pairs), limit=1)
    return best.record < "50"


def _by_id(records: Iterable[Record]) -> dict[str, Record]:
    return {record.id: record for record in records}


def test_citations_come_in_the_order_of_confidence_and_lot() -> None:
    """Three people say "great": the surest first, the other two by lot and not by id."""
    rows: Sequence[Any] = [(f"Great battery, says {name}.", "battery", "Great", "positive") for name in "abc"]
    here = world(list(rows))
    here.opinions[2] = here.opinions[2].model_copy(update={"confidence": 0.99})
    (aspect,) = group(here.opinions, list(here.records.values()), vectors=vectors()).aspects
    lots = {opinion.id: tie_break(opinion, here.records[opinion.record]) for opinion in here.opinions}
    assert aspect.opinions == tuple(sorted(lots, key=lots.__getitem__))
    assert aspect.pros[0].opinions == ("r2:0", *sorted(["r0:0", "r1:0"], key=lots.__getitem__))
