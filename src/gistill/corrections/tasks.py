"""Sentences as people are asked about them, and opinions as the spans and relations that other tools know."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from gistill.corrections.form import ACTING, HIDDEN, HandCorrection, KindMark, Mark, Place, named, ordered
from gistill.schema import Span

LEVELS = {-2: "very negative", -1: "negative", 0: "neutral", 1: "positive", 2: "very positive"}
ABOUT = "about"  # the relation from the words to the thing that they judge
Role = Literal["words", "thing", "sentence"]
# What acts without being seen, is no character, or looks like what stands for a hidden letter.
_ACTS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


class Task(NamedTuple):
    """A sentence to be judged, as it is shown: letter by letter the exact one, but for those that are hidden."""

    record: str
    at: Place
    language: str | None
    sentence: str
    marks: tuple[Mark, ...]  # what was read in it; their words are cut from the sentence as it is shown
    ids: tuple[str, ...]  # of these opinions
    why: str = ""
    about: str = ""  # product or place, and rating


class Region(NamedTuple):
    """A stretch of a sentence. One with a level stands for an opinion; a thing without one is only named."""

    start: int
    end: int
    role: Role
    level: int | None = None
    category: str | None = None
    kind: KindMark | None = None


def shown_text(text: str, hidden: Iterable[Span]) -> str:
    """Write a text as it may be shown, letter by letter: names hidden, and nothing in it that acts unseen.

    >>> shown_text("Ann is\\u202e here", [Span(start=0, end=3)])
    '••• is␦ here'
    """
    letters = list(_ACTS.sub(ACTING, text))
    for span in hidden:
        letters[span.start : span.end] = HIDDEN * len(letters[span.start : span.end])
    return "".join(letters)


def placed(mark: Mark, sentence: str) -> Mark:
    """Give a mark its words as they stand in a sentence."""
    aspect, opinion = (None if at is None else sentence[slice(*at)] for at in (mark.aspect_at, mark.opinion_at))
    return mark.model_copy(update={"aspect": aspect, "opinion": opinion})


def as_exact(one: HandCorrection, sentence: str) -> HandCorrection:
    """Write a correction that was made of a sentence as it was shown with the sentence as it is."""
    marks = {name: placed(mark, sentence) for name in ("was", "mark") if (mark := getattr(one, name)) is not None}
    some = {name: None if getattr(one, name) is None else tuple(placed(m, sentence) for m in getattr(one, name))
            for name in ("read", "opinions")}  # fmt: skip
    return named(one.model_copy(update={"sentences": (sentence,), **marks, **some}))


def regions_of(task: Task) -> tuple[list[Region], list[tuple[int, int]]]:
    """Write the opinions of a sentence as regions, and relations between these by their places in the list.

    An opinion stands at its words, else at the thing, else at the whole sentence; a thing that several opinions are
    about is one region.
    """
    regions: list[Region] = []
    relations: list[tuple[int, int]] = []
    things: dict[Place, int] = {}
    for mark in task.marks:
        said = mark.level, mark.category, mark.kind
        place, role = (mark.opinion_at, "words") if mark.opinion_at else (mark.aspect_at, "thing")
        start, end = place or (0, len(task.sentence))
        regions.append(Region(start, end, role if place else "sentence", *said))  # type: ignore[arg-type]
        if mark.opinion_at and mark.aspect_at:
            carrier = len(regions) - 1
            if mark.aspect_at not in things:
                things[mark.aspect_at] = len(regions)
                regions.append(Region(*mark.aspect_at, "thing"))
            relations.append((carrier, things[mark.aspect_at]))
    return regions, relations


def marks_of(sentence: str, regions: Sequence[Region], relations: Iterable[tuple[int, int]]) -> tuple[Mark, ...]:
    """Write regions and relations as opinions again; a relation may stand in either direction.

    Raises:
        ValueError: Words or a whole sentence have no level, or a region lies outside the sentence.
    """
    about: dict[int, list[Place]] = {}
    for one, other in relations:
        for words, thing in ((one, other), (other, one)):
            if regions[words].role == "words" and regions[thing].role == "thing":
                about.setdefault(words, []).append((regions[thing].start, regions[thing].end))
    found = []
    for number, region in enumerate(regions):
        if not 0 <= region.start < region.end <= len(sentence):
            raise ValueError(f"a region from {region.start} to {region.end} lies outside its sentence")
        if region.level is None:
            if region.role == "thing":
                continue
            raise ValueError(f"{sentence[region.start : region.end]!r} has no level")
        place: Place = (region.start, region.end)
        aspects: Sequence[Place | None] = about.get(number) or (None,)
        for aspect in [place] if region.role == "thing" else aspects:
            mark = Mark(
                aspect=None,
                aspect_at=aspect,
                opinion=None,
                opinion_at=place if region.role == "words" else None,
                category=region.category,
                level=region.level,
                kind=region.kind,
            )
            found.append(placed(mark, sentence))
    return ordered(found)
