"""Points that people merged, split or renamed, counted again; a point is found again by its opinions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from gistill.corrections.form import OF_POINTS, HandCorrection
from gistill.digest.correction.by_hand import unattached_as
from gistill.digest.group.points import LEAST_PEOPLE, Points, assemble
from gistill.digest.group.tally import counted
from gistill.digest.group.terms import slug, words_of
from gistill.grounding.counting import person
from gistill.schema import Opinion, Record, Unattached

QUOTED = 3
IS_MISSING = "its point is gone"


@dataclass(slots=True)
class _Group:
    """A point while it is put right."""

    name: str
    opinions: list[str]
    quotes: list[str]


def with_point_corrections(
    points: Points, opinions: Sequence[Opinion], records: Sequence[Record], corrections: Iterable[HandCorrection]
) -> tuple[Points, list[Unattached]]:
    """Merge, split and rename points as people said, in the order given, and count them again.

    A merged point has the id of the first that was named. What fewer than two people say is no point, also where
    somebody split it off: those opinions are then said once.

    Args:
        points: As they were found.
        opinions: What they were found in.
        records: All that were read.
        corrections: Those that are about opinions are left alone here.

    Returns:
        The points, and the corrections that found none.
    """
    wanted = [one for one in corrections if one.kind in OF_POINTS]
    if not wanted:
        return points, []
    by_id = {opinion.id: opinion for opinion in opinions}
    groups = {one.id: _Group(one.name, list(one.opinions), list(one.quotes)) for one in points.points}
    unattached = [unattached_as(one, why) for one in wanted if (why := _done(one, groups, by_id))]
    return _counted(points, groups, by_id, records), unattached


def _done(one: HandCorrection, groups: dict[str, _Group], by_id: dict[str, Opinion]) -> str:
    """Do what one correction says, or say why it cannot be done."""
    members = [name for name in one.members if name in by_id]
    if one.kind == "split point":
        home = _nearest(groups, members) if not set(one.points) & set(groups) else next(iter(one.points))
        if home is None:
            return IS_MISSING
        leaving = [name for name in groups[home].opinions if name in set(members)]
        if not leaving or not one.name:
            return "none of its opinions is in the point any more" if one.name else "it has no name for the new point"
        _leave(groups[home], leaving)
        groups[_new_id(one.name, by_id[leaving[0]], groups)] = _Group(one.name, leaving, leaving[:QUOTED])
        return ""
    found = [name for name in one.points if name in groups]
    if one.kind == "rename point":
        home = found[0] if found else _nearest(groups, members)
        if home is None or not one.name:
            return IS_MISSING if one.name else "it has no new name"
        groups[home].name = one.name
        return ""
    found = list(dict.fromkeys([*found, *_mostly(groups, set(members))]))
    if len({by_id[groups[name].opinions[0]].direction for name in found}) > 1:
        return "its points are of different directions"
    if len(found) < 2:  # the reader joined them by itself
        return (
            "" if found and set(members) <= set(groups[found[0]].opinions) else "fewer than two of its points are there"
        )
    first, *others = found
    for name in others:
        other = groups.pop(name)
        groups[first].opinions += other.opinions
        groups[first].quotes = [*groups[first].quotes, *other.quotes][:QUOTED]
    groups[first].name = one.name or groups[first].name
    return ""


def _nearest(groups: dict[str, _Group], members: Sequence[str]) -> str | None:
    """Name the point that holds most of some opinions; None where no point holds any."""
    shared = {name: len(set(members) & set(group.opinions)) for name, group in groups.items()}
    best = max(shared, key=lambda name: (shared[name], name), default=None)
    return best if best is not None and shared[best] else None


def _mostly(groups: dict[str, _Group], members: set[str]) -> list[str]:
    """Name the points of which more than half of the opinions are among some."""
    return [name for name, group in groups.items() if 2 * len(members & set(group.opinions)) > len(group.opinions)]


def _leave(group: _Group, leaving: Sequence[str]) -> None:
    gone = set(leaving)
    group.opinions = [name for name in group.opinions if name not in gone]
    group.quotes = [name for name in group.quotes if name not in gone] or group.opinions[:QUOTED]


def _new_id(name: str, first: Opinion, groups: dict[str, _Group]) -> str:
    stem = f"{first.category or 'any'}-{first.direction}-{slug(' '.join(words_of(name.casefold())))}"
    numbers = range(1, len(groups) + 2)
    return next(one for n in numbers if (one := stem if n == 1 else f"{stem}-{n}") not in groups)


def _counted(points: Points, groups: dict[str, _Group], by_id: dict[str, Opinion], records: Sequence[Record]) -> Points:
    who = {record.id: person(record) for record in records}
    kept = {
        name: group
        for name, group in groups.items()
        if len({who[by_id[one].record] for one in group.opinions}) >= LEAST_PEOPLE
    }
    assignment = {one: name for name, group in kept.items() for one in group.opinions}
    number = {name: n for n, name in enumerate(kept)}
    every = list(by_id.values())
    place = np.array([number.get(assignment.get(one.id, ""), -1) for one in every], dtype=np.int64)
    near = {(point.id, frozenset(point.opinions)): point.near for point in points.points}  # not looked for of others
    found = []
    for name, one in kept.items():
        said = [by_id[id_] for id_ in one.opinions]
        found.append((name, one.name, said, tuple(one.quotes), near.get((name, frozenset(one.opinions)))))
    made = assemble(found, place, records, counted(every, records))
    alone = [one for name in groups if name not in kept for one in groups[name].opinions]
    return Points(made, (*points.once, *alone), assignment)
