"""A Digest in, what the pages show of it out: which aspects, in what order, where. Pure; knows no markup."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from gistill.digest.group.changes import LEAST
from gistill.digest.report.comparing import Comparison, compare
from gistill.digest.report.masking import shown
from gistill.digest.report.quotes import Excerpt, excerpts, sentence
from gistill.digest.report.words import FEW, category_name, change_words, rating, share_of
from gistill.presets import Preset, preset_of
from gistill.schema import (
    Aspect,
    Change,
    Corrected,
    Correction,
    Digest,
    Direction,
    Failure,
    Period,
    Phrase,
    Point,
    Summary,
)

SHOWN = 30  # aspects that are shown in full; the rest stand in a compact table
COMPARED = 5  # problems, and as many praises, in the comparison of entities
QUOTED = 3  # opinions of a point that are quoted where none were chosen
QUOTES = 6  # quotations opened under one sentence or phrase; digest.json names the others
EXAMPLES = 5  # examples shown of one kind of failure
LIKE_THE_REST = 4  # people who would make the stars of those who complain less sure
LISTED = 10  # problems, and as many praises and wishes, that are listed; all stand under their categories
CHANGES = 8  # changes that are told over time, and for each column
OF_KINDS = 1 / 6  # of the points compared that differ; in a pool of seven kinds of things it is a fifth
RATINGS = 12  # different ratings that can be filtered by
CHOICES = 300  # values that one filter offers
_ORDER = ("negative", "wish", "neutral", "positive")
DIRECTIONS = {"negative": "problems", "positive": "praise", "wish": "wishes", "neutral": "neither"}
INDEXED, INDEX_WORDS = 2, 140  # quotations of a point in the index of the print, and the characters of each
UNATTACHED = 20  # corrections listed that found nothing to correct; digest.json has all
POINTS = 12  # points shown of one category; points.csv has all


class ChangeGroup(NamedTuple):
    """Changes over time, or between the values of one column."""

    by: str  # "date", "entity", or the column's name
    told: list[tuple[Change, Point]]
    left_out: int


class CategoryPoints(NamedTuple):
    """A category with its points, problems first where most people complain."""

    code: str | None
    people: int  # who make any of its points
    points: tuple[Point, ...]
    left_out: int  # points that are only in points.csv


class Filter(NamedTuple):
    """A choice by which quotations are filtered on the page."""

    key: str  # of the quotations' data attribute
    label: str
    values: tuple[tuple[str, str], ...]  # what the attribute holds, and how it is called


@dataclass(frozen=True)
class Skipped:
    """One kind of failure, how often it happened, and a few of them."""

    kind: str
    count: int
    examples: tuple[Failure, ...]


class View:
    """What the report shows of a digest. All that is shown is made of this, and reads from it alone.

    Its digest is the one given with names and addresses of customers hidden (`masking.shown`).
    """

    def __init__(self, digest: Digest) -> None:
        digest = shown(digest)
        self.digest = digest
        self.preset = preset_of(digest.preset)
        self.summaries = {summary.aspect: summary for summary in digest.summaries}
        self._cited = {opinion.id: opinion for opinion in digest.cited}
        self.briefs = {brief.record: brief for brief in digest.briefs}

    @cached_property
    def filters(self) -> list[Filter]:
        """By what quotations can be filtered: a choice with one value is none."""
        records = [self.digest.contexts[one.record] for one in self.digest.cited if one.record in self.digest.contexts]
        said = {one.direction for one in self.digest.cited}
        directions = tuple((key, words) for key, words in DIRECTIONS.items() if key in said)
        ratings = sorted({record.rating for record in records if record.rating is not None})
        found = [Filter("direction", "Direction", directions)]
        found.append(Filter("entity", "Product or place", _choices(record.entity for record in records)))
        for number, one in enumerate(self.digest.by, 1):
            values = _choices(record.meta.get(one.column) for record in records)
            found.append(Filter(f"by{number}", one.column, values))
        if len(ratings) <= RATINGS:
            found.append(Filter("rating", "Rating", tuple((rating(one), rating(one)) for one in ratings)))
        return [one for one in found if len(one.values) > 1 or one.key == "direction"] if records else []

    @property
    def shown(self) -> tuple[Aspect, ...]:
        """The aspects shown in full."""
        return self.digest.aspects[:SHOWN]

    @property
    def rest(self) -> tuple[Aspect, ...]:
        """The aspects that are only listed; their summaries are in digest.json and aspects.csv."""
        return self.digest.aspects[SHOWN:]

    @cached_property
    def anchors(self) -> dict[str, str]:
        """Aspect id to the name of its place on the page: readable, unique, and the same when rows are added."""
        taken: dict[str, str] = {}
        for aspect in self.shown:
            name = "aspect-" + (re.sub(r"[^a-z0-9]+", "-", aspect.id.lower()).strip("-") or "unnamed")
            while name in taken.values():
                name += "-x"
            taken[aspect.id] = name
        return taken

    @cached_property
    def problems(self) -> list[Point]:
        """What hurts most; see `_weight`."""
        return self._listed("negative")

    @cached_property
    def loved(self) -> list[Point]:
        """What is liked most: praise by people times strength."""
        return self._listed("positive")

    @cached_property
    def wishes(self) -> list[Point]:
        """What is asked for by most people."""
        return self._listed("wish")

    def _listed(self, direction: Direction) -> list[Point]:
        """The points of a direction that something is quoted for: what nothing proves is not told as news."""
        return sorted((p for p in self.digest.points if p.direction == direction and p.quotes), key=_weight)[:LISTED]

    @cached_property
    def changes(self) -> list[ChangeGroup]:
        """What changed: over time first, then between products, then by each column; of these complaints first."""
        points = {point.id: point for point in self.digest.points}
        found: dict[str, list[tuple[Change, Point]]] = {"date": [], "entity": []}
        for change in self.digest.changes:  # the surest first
            if change.point in points:
                found.setdefault(change.by, []).append((change, points[change.point]))
        for by in found.keys() - {"date"}:
            found[by].sort(key=lambda told: _ORDER.index(told[1].direction))
        return [ChangeGroup(by, some[:CHANGES], len(some[CHANGES:])) for by, some in found.items() if some]

    @cached_property
    def of_kinds(self) -> bool:
        """Whether the products differ in so much that they are of different kinds: what differs is then no news."""
        compared = [point.id for point in self.digest.points if point.tally.people >= LEAST]
        differ = {change.point for change in self.digest.changes if change.by == "entity"}
        return len(differ) >= FEW and len(differ) >= OF_KINDS * len(compared)

    def changes_of(self, point: Point) -> list[Change]:
        """The changes that stand of one point."""
        return [change for change in self.digest.changes if change.point == point.id]

    @cached_property
    def categories(self) -> list[CategoryPoints]:
        """All points by category: those that the preset puts first, then the one with the point of most people."""
        groups: dict[str | None, list[Point]] = {}
        for point in self.digest.points:  # most people first
            groups.setdefault(point.category, []).append(point)
        first = {code: place for place, code in enumerate(self.preset.first)}
        return [
            CategoryPoints(code, max(p.tally.people for p in points), tuple(points[:POINTS]), len(points[POINTS:]))
            for code, points in sorted(groups.items(), key=lambda item: first.get(item[0] or "", len(first)))
        ]

    def point_quotes(self, point: Point) -> list[Excerpt]:
        """The quotations that stand for a point."""
        return self.quotes(tuple(name for name in point.quotes or point.opinions[:QUOTED] if name in self._cited))

    @cached_property
    def index(self) -> list[tuple[str, list[tuple[Point, list[tuple[str, str]]]]]]:
        """For paper: under each list its points, with a few quoted sentences and the records that they are from."""
        lists = (("Problems", self.problems), ("Loved", self.loved), ("Wishes", self.wishes))
        return [
            (title, [(point, self._quoted(point)) for point in points])
            for title, points in lists
            if any(map(self._quoted, points))
        ]

    def _quoted(self, point: Point) -> list[tuple[str, str]]:
        shown = [(sentence(one.pieces), one.record.id) for one in self.point_quotes(point) if one.pieces and one.record]
        return [(textwrap.shorten(words, INDEX_WORDS, placeholder=" …"), record) for words, record in shown[:INDEXED]]

    @cached_property
    def headlines(self) -> list[tuple[str, Point]]:
        """The three to five sentences that somebody in a hurry needs, each with the point that it rests on."""
        said = ("The problem that weighs most", "The next problem")
        about = list(zip(said, self.problems, strict=False))
        about += [("What is praised most", point) for point in self.loved[:1]]
        about += [("What is asked for most", point) for point in self.wishes[:1]]
        told = [(_headline(words, point, self.preset), point) for words, point in about]
        # products differ in what is praised of them; that more people complain of one, or since a day, is news
        told_of = ["date", *(group.by for group in self.changes if group.by != "entity" or not self.of_kinds)]
        every = [(group.by, *one) for group in self.changes for one in group.told if group.by in told_of]
        new = [(change, point) for by, change, point in every if point.direction == "negative" or by == "date"]
        told += [(change_words(change, f"“{point.name}”"), point) for change, point in new[:1]]
        return told

    def quotes(self, cites: tuple[str, ...]) -> list[Excerpt]:
        """The first `QUOTES` cited opinions in their surroundings."""
        return excerpts(cites[:QUOTES], cited=self._cited, contexts=self.digest.contexts)

    def phrase_quotes(self, phrase: Phrase) -> list[Excerpt]:
        """The quotations behind a pro or a con; those that the digest does not carry are left to digest.json."""
        return self.quotes(tuple(name for name in phrase.opinions if name in self._cited))

    @property
    def last(self) -> Period:
        """The last step of the trend in which anybody wrote; the last of all where nobody did."""
        return next((step for step in reversed(self.digest.trend) if step.tally.people), self.digest.trend[-1])

    @cached_property
    def comparison(self) -> Comparison | None:
        """Entities against the first problems and praises; None where fewer than two entities are known."""
        if len(self.digest.entities) < 2:
            return None
        said = {point.id: point.entities for point in self._compared}
        return compare(self.digest, self._compared, "entity", self.digest.entities, said)

    @property
    def _compared(self) -> list[Point]:
        return self.problems[:COMPARED] + self.loved[:COMPARED]

    @cached_property
    def by(self) -> tuple[tuple[str, Comparison], ...]:
        """For each column that was asked for, its values against the first problems and praises."""
        return tuple(
            (one.column, compare(self.digest, self._compared, one.column, one.values, one.points))
            for one in self.digest.by
        )

    @cached_property
    def entity_count(self) -> int:
        """How many entities (products, hotels, services) have a count."""
        return len(_entities(self.digest))

    @cached_property
    def skipped(self) -> tuple[Skipped, ...]:
        """What failed, by kind, most frequent first."""
        kinds = sorted(self.digest.failures.items(), key=lambda item: (-item[1], item[0]))
        examples = self.digest.failure_examples
        return tuple(Skipped(k, n, tuple(f for f in examples if f.kind == k)[:EXAMPLES]) for k, n in kinds)

    @cached_property
    def rejected(self) -> tuple[Skipped, ...]:
        """The sentences that failed their check, by reason."""
        failures = [failure for summary in self.digest.summaries for failure in summary.rejected]
        kinds = sorted(Counter(f.kind for f in failures).items(), key=lambda item: (-item[1], item[0]))
        return tuple(Skipped(k, n, tuple(f for f in failures if f.kind == k)[:EXAMPLES]) for k, n in kinds)

    @cached_property
    def sentences(self) -> Counter[str]:
        """How all summaries came about: sentences written, revised, replaced, passed as written, and shown."""
        counts: Counter[str] = Counter()
        for summary in self.digest.summaries:
            counts.update(written=summary.written, revised=summary.revised, replaced=summary.replaced)
            counts["shown"] += len(summary.sentences)
        counts["passed"] = counts["written"] - counts["revised"] - counts["replaced"]
        return counts

    def summary(self, aspect: Aspect | None) -> Summary | None:
        """The summary of an aspect, or of the whole."""
        return self.summaries.get(aspect.id if aspect else None)

    def other_terms(self, aspect: Aspect) -> list[tuple[str, int]]:
        """The words people used for an aspect, most frequent first, without its own name."""
        return [(t, n) for t, n in aspect.terms.items() if t.casefold() != aspect.name.casefold()][:8]

    def corrected(self, aspect: Aspect) -> list[tuple[Correction, Corrected | None]]:
        """What became of an aspect's figures in each correction that looks at aspects."""
        return [(one, one.aspects.get(aspect.id)) for one in self.digest.corrections if one.by == "known error"]

    @cached_property
    def uncorrected(self) -> list[str]:
        """The categories, those of most opinions first, of which no correction has a figure."""
        lists = [one.categories for one in self.digest.corrections if one.categories]
        known = {one.category for some in lists for one in some if one.corrected}
        return list(dict.fromkeys(one.category for some in lists for one in some if one.category not in known))

    @cached_property
    def widest(self) -> float:
        """The upper end of the scale of people shares: the highest interval end, rounded up to a tenth; 1.0 at most."""
        shares = [aspect.tally.share for aspect in self.shown]
        ends = [end for share in shares for end in (share.high, share.value) if end is not None]
        return min(1.0, -(-max(ends, default=1.0) * 10 // 1) / 10) or 1.0


def _choices(values: Iterable[str | None]) -> tuple[tuple[str, str], ...]:
    """List values that are known, in their order; of very many those that come most often."""
    counts = Counter(value for value in values if value)
    most = sorted(counts, key=lambda value: (-counts[value], value))[:CHOICES]
    return tuple((value, value) for value in sorted(most, key=str.casefold))


def _headline(words: str, point: Point, preset: Preset) -> str:
    about = f" ({category_name(point.category)})" if point.category else ""
    bare = point.tally.share.model_copy(update={"low": None, "high": None})  # intervals stand with each point below
    return f"{words} is “{point.name}”{about}: {share_of(bare, *preset.people)}."


def _weight(point: Point) -> tuple[bool, float, int, str]:
    """Order points by people times strength; what judges the whole ("great", "sent it back") says least and is last.

    A complaint weighs, where ratings are known, people times the stars by which they rate below the others: who
    complains and rates as well as the rest was not hurt, or was misread. What two or three people gave is chance as
    much as harm, so it is weighed as if `LIKE_THE_REST` more had rated like everybody.
    """
    people = point.tally.people
    strength = 1.0 if point.strength is None else point.strength
    difference = point.ratings.difference.value if point.ratings and point.direction == "negative" else None
    weight = strength if difference is None else max(0.0, -difference) * people / (people + LIKE_THE_REST)
    return point.category == "overall", -weight * people, -people, point.id


def unshown(cites: Sequence[str]) -> int:
    """Count the citations that are not opened on the page."""
    return max(0, len(cites) - QUOTES)


def _entities(digest: Digest) -> list[str]:
    """Every entity that has a count, those of most people first."""
    people: Counter[str] = Counter()
    for entry in (entry for source in (digest.entities, *(a.entities for a in digest.aspects)) for entry in source):
        people[entry.entity] = max(people[entry.entity], entry.tally.people)
    return [name for name, _ in sorted(people.items(), key=lambda item: (-item[1], item[0]))]
