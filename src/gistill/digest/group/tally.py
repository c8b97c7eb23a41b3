"""Opinions and the people behind them in, honest counts out, for any number of groups in one pass."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gistill.schema import EntityTally, Opinion, Record, Tally
from gistill.stats import net_sentiments, wilson

Ints = NDArray[np.int64]
Unit = Literal["day", "week", "month", "quarter", "year"]
PERIODS = 24  # at most this many steps, unless they are years
YEARS = 60  # dates further apart than this are misread ones, and make no trend
_POLARITIES = {"positive": 0, "negative": 1, "neutral": 2}


@dataclass(frozen=True, slots=True)
class Counted:
    """Opinions as arrays: of each opinion its record, its person and its polarity; of each record its person.

    A person is an author; a record without an author is a person of its own.
    """

    record: Ints
    person: Ints
    polarity: Ints
    record_person: Ints

    @property
    def people(self) -> int:
        """Distinct people read."""
        return len(np.unique(self.record_person))


def counted(opinions: Sequence[Opinion], records: Sequence[Record]) -> Counted:
    """Number the people and the records.

    Raises:
        ValueError: Two records have one id, or an opinion is about a record that is not given.
    """
    place = {record.id: i for i, record in enumerate(records)}
    if len(place) != len(records):
        raise ValueError("two records have the same id")
    numbers: dict[tuple[bool, str], int] = {}
    record_person = _ints(
        numbers.setdefault((bool(record.author), record.author or record.id), len(numbers)) for record in records
    )
    missing = next((opinion for opinion in opinions if opinion.record not in place), None)
    if missing is not None:
        raise ValueError(f"opinion {missing.id!r} is about record {missing.record!r}, which is not among the records")
    record = _ints(place[opinion.record] for opinion in opinions)
    polarity = _ints(_POLARITIES[opinion.polarity] for opinion in opinions)
    return Counted(record, record_person[record], polarity, record_person)


def _ints(values: Any) -> Ints:
    return np.fromiter(values, dtype=np.int64)


def distinct(cell: Ints, of: Ints, cells: int) -> Ints:
    """Count the distinct values of `of` in each cell 0 to `cells` - 1; a negative cell counts nowhere."""
    inside = cell >= 0
    width = int(of.max(initial=0)) + 1
    pairs = np.unique(cell[inside] * width + of[inside])
    return np.bincount(pairs // width, minlength=cells)


def tallies(counts: Counted, cell: Ints, cells: int, people: Ints, records: Ints) -> list[Tally]:
    """Tally each cell.

    Args:
        counts: The opinions.
        cell: The cell of each opinion, 0 to `cells` - 1, or negative for none.
        cells: How many cells to answer for, empty ones included.
        people: Of each cell, the people read that it is measured against; what `share` is of.
        records: Of each cell, the records read that it is measured against.
    """
    inside = np.flatnonzero(cell >= 0)
    where, who = cell[inside], counts.person[inside]
    width = int(who.max(initial=0)) + 1
    pairs, pair = np.unique(where * width + who, return_inverse=True)
    # One row a person and cell: all that a person says stands together, so the person is the cluster of the interval.
    said = np.bincount(pair * 3 + counts.polarity[inside], minlength=3 * len(pairs)).reshape(-1, 3)
    by_polarity = np.bincount(where * 3 + counts.polarity[inside], minlength=3 * cells).reshape(-1, 3)
    nets = net_sentiments(pairs // width, said, cells)
    speaking = np.bincount(pairs // width, minlength=cells)
    spoken = distinct(where, counts.record[inside], cells)
    result = []
    for i in range(cells):
        positive, negative, neutral = (int(n) for n in by_polarity[i])
        mentions, read = positive + negative + neutral, int(records[i])
        result.append(
            Tally(
                people=int(speaking[i]),
                records=int(spoken[i]),
                mentions=mentions,
                positive=positive,
                negative=negative,
                neutral=neutral,
                share=wilson(int(speaking[i]), int(people[i])),
                per_100_responses=100 * mentions / read if read else None,
                net_sentiment=nets[i],
            )
        )
    return result


@dataclass(frozen=True, slots=True)
class Split:
    """A division of the records into parts (periods, entities): the part of each record, or -1, and the parts'
    sizes."""

    part: Ints
    people: Ints
    records: Ints

    @property
    def parts(self) -> int:
        """How many parts there are."""
        return len(self.people)


def split(counts: Counted, part: Ints, parts: int) -> Split:
    """Count the people and records of each part."""
    inside = part >= 0
    return Split(part, distinct(part, counts.record_person, parts), np.bincount(part[inside], minlength=parts))


def cross(counts: Counted, group: Ints, groups: int, by: Split) -> list[list[Tally]]:
    """Tally every group of opinions in every part: one list a group, one tally a part, empty ones included."""
    part = by.part[counts.record]
    cell = np.where((group >= 0) & (part >= 0), group * by.parts + part, -1)
    flat = tallies(counts, cell, groups * by.parts, np.tile(by.people, groups), np.tile(by.records, groups))
    return [flat[start : start + by.parts] for start in range(0, len(flat), by.parts)] if by.parts else [[]] * groups


def tallies_by(
    counts: Counted, group: Ints, groups: int, values: Sequence[str | None]
) -> list[tuple[EntityTally, ...]]:
    """Tally every group of opinions for each value of the records of which it has any; other pairs cost nothing.

    Args:
        counts: The opinions.
        group: The group of each opinion, 0 to `groups` - 1, or negative for none.
        groups: How many groups.
        values: Of each record, in the order of `counts`; None or "" where unknown.

    Returns:
        For each group its values, those of most people first.
    """
    names = sorted({value for value in values if value})
    number = {name: i for i, name in enumerate(names)}
    whole = split(counts, np.array([number.get(value or "", -1) for value in values], dtype=np.int64), len(names))
    mine = whole.part[counts.record]
    pairs = np.where((group >= 0) & (mine >= 0), group * max(1, len(names)) + mine, -1)
    cells = np.unique(pairs[pairs >= 0])
    cell = np.where(pairs >= 0, np.searchsorted(cells, pairs), -1)
    of = cells % max(1, len(names))
    each = tallies(counts, cell, len(cells), whole.people[of], whole.records[of]) if names else []
    found: list[list[EntityTally]] = [[] for _ in range(groups)]
    for at, tally in zip(cells.tolist(), each, strict=False):
        found[at // len(names)].append(EntityTally(entity=names[at % len(names)], tally=tally))
    return [tuple(sorted(one, key=lambda e: (-e.tally.people, e.entity))) for one in found]


def _step(date: dt.date, unit: Unit) -> int:
    """Number of the period that a date is in, counted without gaps."""
    match unit:
        case "day":
            return date.toordinal()
        case "week":
            return (date.toordinal() - 1) // 7  # day 1 was a Monday
        case "month":
            return date.year * 12 + date.month - 1
        case "quarter":
            return date.year * 4 + (date.month - 1) // 3
        case "year":
            return date.year


def _first_day(step: int, unit: Unit) -> dt.date:
    match unit:
        case "day":
            return dt.date.fromordinal(step)
        case "week":
            return dt.date.fromordinal(step * 7 + 1)
        case "month":
            return dt.date(step // 12, step % 12 + 1, 1)
        case "quarter":
            return dt.date(step // 4, step % 4 * 3 + 1, 1)
        case "year":
            return dt.date(step, 1, 1)


def periods(dates: Sequence[dt.date | None], given: Sequence[Unit] | None = None) -> tuple[Unit, list[dt.date], Ints]:
    """Divide the time between the first and the last date into at most about 24 steps.

    Args:
        dates: Of each record; None where unknown.
        given: Of each record, to what its date is known: "day", "month" or "year"; None for all to the day. A date
            counts in periods as long as that or longer, and in no shorter ones.

    Returns:
        The finest unit that needs no more than 24 steps (years may be up to 60), the first day of every step without
        gaps, and for each record its step, -1 where the date is unknown. No steps when there are fewer than two, since
        one is no trend, or when the dates are more than 60 years apart, since then some are misread.
    """
    known = [date for date in dates if date is not None]
    units: tuple[Unit, ...] = ("day", "week", "month", "quarter", "year")
    none = np.full(len(dates), -1, dtype=np.int64)
    if not known:
        return "day", [], none
    first, last = min(known), max(known)
    unit: Unit = next((u for u in units if _step(last, u) - _step(first, u) < PERIODS), units[-1])
    start, end = _step(first, unit), _step(last, unit)
    if not 1 <= end - start < YEARS:
        return unit, [], none
    known_to: Sequence[Unit] = given or ["day"] * len(dates)
    longest = units.index(unit)
    part = _ints(
        -1 if date is None or units.index(to) > longest else _step(date, unit) - start
        for date, to in zip(dates, known_to, strict=True)
    )
    return unit, [_first_day(step, unit) for step in range(start, end + 1)], part
