"""Corrections that people chose to make, put in the place of what was read; none is lost on the way.

A correction belongs to the opinion whose id it names. Where the reader gives no such opinion any more, it goes to the
one of that record with which it has most words in common; where there is none, it is listed as unattached.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gistill.corrections.form import (
    ACTING,
    FILE,
    HIDDEN,
    OF_POINTS,
    HandCorrection,
    Mark,
    Place,
    kind_of,
    load,
    looks_alike,
    together,
)
from gistill.digest.extract import cell_of, key_of
from gistill.digest.group.tally import counted, tallies
from gistill.schema import HandCorrections, Opinion, Quote, Record, Span, Tally, Unattached

_Attach = Callable[[HandCorrection, Record], str]  # why it cannot be; empty where it was done


class ByHand(NamedTuple):
    """Opinions with the corrections in place, and those corrections that found none."""

    opinions: list[Opinion]
    unattached: list[Unattached]


def load_corrections(folder: Path | None, file: Path | None) -> list[HandCorrection]:
    """Load what somebody put right: the corrections of a report's folder and of a file, each once.

    Raises:
        InputError: A file is damaged.
    """
    paths = [folder / FILE if folder is not None else None, file]
    return together(*(load(path) for path in paths if path is not None))


def with_corrections(
    opinions: Sequence[Opinion], records: Sequence[Record], corrections: Iterable[HandCorrection]
) -> ByHand:
    """Put corrections in the place of what was read.

    They correct single opinions, and so the raw counts. They never make an estimate: whoever looks only at what seems
    wrong would correct it in one direction.

    Args:
        opinions: What was read. One that is corrected keeps its id, and its confidence is None: nobody measured it.
        records: All records that were read.
        corrections: In the order in which they count; those about points are left alone here.
    """
    texts = {record.id: record for record in records}
    found = _Opinions(opinions)
    unattached: list[Unattached] = []
    for one in corrections:
        if one.kind in OF_POINTS:
            continue
        record = texts.get(one.record or "")
        why = "its record is gone" if record is None else _attach(found, one, record)
        if why:
            unattached.append(unattached_as(one, why))
    return ByHand(found.left(), unattached)


def unattached_as(one: HandCorrection, why: str) -> Unattached:
    """List a correction that found no opinion or point."""
    words = one.was or one.mark
    said = (words.opinion or words.aspect) if words else one.name
    about = said or next(iter(one.sentences), "") or ", ".join(one.points)
    return Unattached(id=one.id, kind=one.kind, record=one.record, words=about, author=one.author, why=why)


def counted_by_hand(
    corrections: Sequence[HandCorrection],
    unattached: Sequence[Unattached],
    as_read: Sequence[Opinion],
    records: Sequence[Record],
) -> HandCorrections | None:
    """Say how many corrections count, and what the figures were without them; None where there are none."""
    if not corrections:
        return None
    lost = {one.id for one in unattached}
    kinds = Counter(one.kind for one in corrections if one.id not in lost)
    return HandCorrections(
        given=len(corrections),
        applied=len(corrections) - len(lost),
        kinds=dict(sorted(kinds.items())),
        authors=len({one.author for one in corrections if one.author}),
        as_read=_tally(as_read, records),
        unattached=tuple(unattached),
    )


def _tally(opinions: Sequence[Opinion], records: Sequence[Record]) -> Tally:
    counts = counted(opinions, records)
    people, every = np.array([counts.people]), np.array([len(records)])
    return tallies(counts, np.zeros(len(opinions), dtype=np.int64), 1, people, every)[0]


class _Opinions:
    """Opinions of records as they become, by id, in their order; what nobody said is set aside and not forgotten."""

    def __init__(self, opinions: Iterable[Opinion]) -> None:
        self.now = {one.id: one for one in opinions}
        self.dropped: set[str] = set()
        self._of: dict[str, list[str]] = {}
        for one in self.now.values():
            self._of.setdefault(one.record, []).append(one.id)

    def of(self, record: str) -> list[Opinion]:
        """Give the opinions of a record, also those that nobody said."""
        return [self.now[name] for name in self._of.get(record, ())]

    def put(self, opinion: Opinion) -> None:
        """Add an opinion, or give it in the place of what has its id."""
        if opinion.id not in self.now:
            self._of.setdefault(opinion.record, []).append(opinion.id)
        self.now[opinion.id] = opinion
        self.dropped.discard(opinion.id)

    def left(self) -> list[Opinion]:
        """Give what somebody said; an added opinion stands with those of its record."""
        order = {record: place for place, record in enumerate(self._of)}
        every = sorted(self.now.values(), key=lambda one: order[one.record])
        return [one for one in every if one.id not in self.dropped]


def _attach(found: _Opinions, one: HandCorrection, record: Record) -> str:
    """Put one correction in its place, or say why it cannot be."""
    place = place_of(one, record.text)
    if one.kind in ("sentence", "missing"):
        if place is None:
            return "its sentence is gone"
        inside = [o for o in found.of(record.id) if place.start <= o.sentence.start < place.end]
        if one.kind == "sentence":
            found.dropped |= {o.id for o in inside}
        for mark in one.opinions or () if one.kind == "sentence" else [one.mark] if one.mark else []:
            found.put(_made(mark, record, place, inside))
        return ""
    name = one.opinion_id if one.opinion_id in found.now else _overlapping(found.of(record.id), one, record, place)
    if name is None:
        return "no opinion with these words is read any more"
    if one.kind == "nobody said this":
        found.dropped.add(name)
        return ""
    changed = _changed(found.now[name], one, record, place)
    if changed is None:
        return "its sentence is gone"
    found.put(changed)
    return ""


def place_of(one: HandCorrection, text: str) -> Span | None:
    """Find the sentence of a correction in the text as it is now; of several places, the nearest to where it was."""
    if one.at is None or not one.sentences:
        return None
    start, end = one.at
    if looks_alike(one.sentences[0], text[start:end]):
        return Span(start=start, end=end)
    pattern = "".join("." if letter in (HIDDEN, ACTING) else re.escape(letter) for letter in one.sentences[0])
    places = [found.span() for found in re.finditer(pattern, text, re.DOTALL)] if pattern else []
    if not places:
        return None
    near = min(places, key=lambda found: abs(found[0] - start))
    return Span(start=near[0], end=near[1])


def _overlapping(some: Sequence[Opinion], one: HandCorrection, record: Record, place: Span | None) -> str | None:
    """Name the opinion of a record that shares most letters with the words that were corrected."""
    words = _letters(one.was, place) or _elsewhere(one, record.text)
    if not words and place is not None and one.was and not (one.was.aspect_at or one.was.opinion_at):
        whole = [o.id for o in some if o.sentence == place and not (o.aspect or o.opinion)]
        return whole[0] if whole else None
    shared = {o.id: len(words & _of(o)) for o in some}
    best = max(shared, key=lambda name: (shared[name], name), default=None)
    return best if best is not None and shared[best] else None


def _letters(mark: Mark | None, place: Span | None) -> set[int]:
    if mark is None or place is None:
        return set()
    return {place.start + n for at in (mark.aspect_at, mark.opinion_at) if at for n in range(*at)}


def _elsewhere(one: HandCorrection, text: str) -> set[int]:
    """Find the words that were corrected where their sentence is no longer what it was."""
    said = one.was and (one.was.opinion or one.was.aspect)
    if not said or one.at is None:
        return set()
    starts = [found.start() for found in re.finditer(re.escape(said), text)]
    near = min(starts, key=lambda start: abs(start - one.at[0]), default=None)  # type: ignore[index]
    return set() if near is None else set(range(near, near + len(said)))


def _of(opinion: Opinion) -> set[int]:
    return {n for quote in (opinion.aspect, opinion.opinion) if quote for n in range(quote.start, quote.end)}


def _quote(record: Record, place: Span, at: Place | None) -> Quote | None:
    if at is None:
        return None
    start, end = place.start + at[0], place.start + at[1]
    return Quote(start=start, end=end, text=record.text[start:end])


def _changed(opinion: Opinion, one: HandCorrection, record: Record, place: Span | None) -> Opinion | None:
    """Give an opinion as a correction says it is; None where its words have no place any more."""
    mark = one.mark
    new: dict[str, object] = {"confidence": None}
    if mark is not None and one.kind == "polarity":
        new |= {"polarity": mark.polarity, "strength": None if opinion.strength is None else mark.level}
    elif mark is not None and one.kind == "category":
        new["category"] = mark.category
    elif mark is not None and one.kind in ("aspect", "span"):
        field, at = ("aspect", mark.aspect_at) if one.kind == "aspect" else ("opinion", mark.opinion_at)
        if at is not None and place is None:
            return None
        new[field] = _quote(record, place, at) if place is not None else None
        changed = opinion.model_copy(update=new)
        new["cell"] = cell_of(record, changed.sentence, changed.aspect, changed.opinion)
    return opinion.model_copy(update=new)


def _made(mark: Mark, record: Record, place: Span, inside: Sequence[Opinion]) -> Opinion:
    """Make an opinion of a mark; one that was read with the same words keeps its id."""
    aspect, opinion = _quote(record, place, mark.aspect_at), _quote(record, place, mark.opinion_at)
    same = next((one for one in inside if (one.aspect, one.opinion) == (aspect, opinion)), None)
    return Opinion(
        id=same.id if same else f"{record.id}:{key_of(record, place, aspect, opinion)}",
        record=record.id,
        sentence=same.sentence if same else place,
        aspect=aspect,
        opinion=opinion,
        polarity=mark.polarity,
        category=mark.category,
        kind=kind_of(mark),
        strength=mark.level if mark.category else None,  # without categories a level is only a side
        confidence=None,
        cell=cell_of(record, place, aspect, opinion),
    )
