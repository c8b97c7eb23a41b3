"""What changed: which points more people make since some day, or about one product, than chance alone would have it.

A point is tested once over time (at the day that divides it most clearly, paid for by the number of days tried) and
once for each value of every column it is divided by. Time and each column have an equal share of the risk, and the
tests of each are corrected together (Holm), so that a file in which nothing changes shows a change in at most one case
in twenty.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gistill.digest.group.tally import Counted, Ints, periods
from gistill.schema import Change, Opinion, Point, Proportion, Record
from gistill.stats import fisher, holm, wilson

ALPHA = 0.05  # of a false alarm anywhere in a digest
LEAST = 10  # people that make a point; fewer show no change that would stand
PART = 10  # people in a part that is compared with the rest
VALUES = 200  # of a column that is compared: more are names of single things, and too few people each


class Contrast(NamedTuple):
    """How two slices differ in one point.

    Attributes:
        one: Of the people of the first slice, those who make it.
        other: Of those of the second.
        p: Corrected for all points compared; None where too few people make it, or are in a slice.
        verdict: "signal" where less than `ALPHA` is left for chance.
    """

    one: Proportion
    other: Proportion
    p: float | None
    verdict: Literal["signal", "noise", "too few"]


def contrasted(counts: Sequence[tuple[int, int, int, int]]) -> list[Contrast]:
    """Say of each point whether two slices differ in it by more than chance (Fisher's exact test, Holm over all).

    Args:
        counts: For each point: people of the first slice who make it, all of them; the same of the second.
    """
    enough = [min(of, other_of) >= PART and one + other >= LEAST for one, of, other, other_of in counts]
    corrected = iter(holm([fisher(*row) for row, fine in zip(counts, enough, strict=True) if fine]))
    found = []
    for (one, of, other, other_of), fine in zip(counts, enough, strict=True):
        p = next(corrected) if fine else None
        verdict: Literal["signal", "noise", "too few"] = "too few" if p is None else "signal" if p <= ALPHA else "noise"
        found.append(Contrast(wilson(one, of), wilson(other, other_of), p, verdict))
    return found


class _Test(NamedTuple):
    change: Change
    p: float  # before the correction over all tests


def find_changes(
    points: Sequence[Point],
    opinions: Sequence[Opinion],
    records: Sequence[Record],
    counts: Counted,
    *,
    by: Mapping[str, Sequence[str | None]],
) -> tuple[Change, ...]:
    """Test every point of at least `LEAST` people.

    Args:
        points: With the ids of their opinions.
        opinions: All that were counted.
        records: All that were read, in the order of `counts`.
        counts: Of the opinions and the records.
        by: Column -> its value for each record, None where unknown.

    Returns:
        The changes that stand, the surest first. Of a point and a column at most two values are named.
    """
    place = {opinion.id: i for i, opinion in enumerate(opinions)}
    _, starts, step = periods([record.date for record in records])
    parts = {name: _numbered(values) for name, values in by.items()}
    tests: list[_Test] = []
    for point in points:
        if point.tally.people < LEAST:
            continue
        said = np.zeros(len(records), dtype=bool)
        said[counts.record[[place[name] for name in point.opinions]]] = True
        tests += _since(point, said, step, starts, counts.record_person)
        for column, (names, part) in parts.items():
            tests += _in_one_value(point, said, column, names, part, counts.record_person)
    columns = sorted({test.change.by for test in tests})
    standing = []
    for column in columns:  # each has an equal share of the risk, so that many products do not hide what began
        mine = [test for test in tests if test.change.by == column]
        for test, p in zip(mine, holm([test.p for test in mine]), strict=True):
            p = min(1.0, p * len(columns))
            standing += [test.change.model_copy(update={"p": p})] if p <= ALPHA else []
    standing.sort(key=lambda change: (change.p, change.point, change.by, change.value))
    return tuple(_not_too_many(standing))


def _since(point: Point, said: NDArray[np.bool_], step: Ints, starts: Sequence[dt.date], person: Ints) -> list[_Test]:
    """Test whether more people, or fewer, make a point since one of the steps' first days; the clearest day stands."""
    tried: list[_Test] = []
    dated = step >= 0
    for first in range(1, len(starts)):
        late = dated & (step >= first)
        test = _compared(point, said, late, dated & ~late, person, "date", starts[first].isoformat())
        tried += [test] if test else []
    if not tried:
        return []
    best = min(tried, key=lambda test: test.p)
    return [best._replace(p=min(1.0, best.p * len(tried)))]


def _in_one_value(
    point: Point, said: NDArray[np.bool_], column: str, names: Sequence[str], part: Ints, person: Ints
) -> list[_Test]:
    tests = []
    for number, name in enumerate(names) if 2 <= len(names) <= VALUES else ():
        test = _compared(point, said, part == number, (part >= 0) & (part != number), person, column, name)
        tests += [test] if test else []
    return tests


def _compared(
    point: Point,
    said: NDArray[np.bool_],
    inside: NDArray[np.bool_],
    outside: NDArray[np.bool_],
    person: Ints,
    column: str,
    value: str,
) -> _Test | None:
    """Compare the share of people who make a point in one part with that in the other; None where one is too small."""
    of = [len(np.unique(person[part])) for part in (inside, outside)]
    if min(of) < PART:
        return None
    count = [len(np.unique(person[part & said])) for part in (inside, outside)]
    p = fisher(count[0], of[0], count[1], of[1])
    here, there = wilson(count[0], of[0]), wilson(count[1], of[1])
    return _Test(Change(point=point.id, by=column, value=value, here=here, elsewhere=there, p=p), p)


def _numbered(values: Sequence[str | None]) -> tuple[list[str], Ints]:
    names = sorted({value for value in values if value})
    numbers = {name: i for i, name in enumerate(names)}
    return names, np.array([numbers.get(value or "", -1) for value in values], dtype=np.int64)


def _not_too_many(changes: Sequence[Change]) -> list[Change]:
    """Leave out what follows from what is said: where one value has more, all others have less."""
    kept: list[Change] = []
    for change in changes:
        same = [other for other in kept if (other.point, other.by) == (change.point, change.by)]
        if not same or (len(same) < 2 and all(other.more == change.more for other in same)):
            kept.append(change)
    return kept
