"""Opinions in, aspects out: which terms mean the same thing, and how many people say what about it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from gistill.categories import CATEGORIES
from gistill.digest.group import terms as terms_
from gistill.digest.group.cluster import join
from gistill.digest.group.phrases import phrases
from gistill.digest.group.tally import Counted, Ints, Split, counted, cross, distinct, periods, split, tallies
from gistill.digest.group.taxonomy import OTHER, Taxonomy, assign, barred, claims
from gistill.grounding.ties import tie_break
from gistill.schema import Aspect, Change, Compared, EntityTally, Opinion, Period, Point, Record, Tally
from gistill.vectors import TermVectors, load_vectors

_CATEGORY = "\0"  # before a category's code, where it stands for a term; no term has this character
LEAST_SHARE = 0.005  # of the people read: an aspect that fewer speak of is not shown by itself
ENTITIES = 50  # compared at most: those that most people wrote about


@dataclass(frozen=True, slots=True)
class Grouping:
    """Opinions sorted by what they are about.

    Attributes:
        aspects: Most people first, then most mentions, then by id.
        ungrouped: Opinions about nothing named, or about terms too rare to be an aspect.
        total: All opinions.
        assignment: Opinion id -> aspect id; an ungrouped opinion is not in it.
        trend: All opinions over time.
        entities: All opinions by entity.
        by: For each column that was asked for, all opinions and each aspect's by its values.
        topics: Opinion id -> name of its aspect in the taxonomy; empty without one. See `with_topics`.
        points: What several people say alike; see `points.find_points`.
        said_once: How many opinions are in no point.
        changes: What differs between parts of the records; see `changes.find_changes`.
    """

    aspects: tuple[Aspect, ...]
    ungrouped: Tally
    total: Tally
    assignment: dict[str, str]
    trend: tuple[Period, ...] = ()
    entities: tuple[EntityTally, ...] = ()
    topics: dict[str, str] = field(default_factory=dict)
    by: tuple[Compared, ...] = ()
    points: tuple[Point, ...] = ()
    said_once: int = 0
    changes: tuple[Change, ...] = ()


@dataclass(slots=True)
class _Group:
    """Forms that are one thing; without a name it goes by the term that people use most."""

    id: str
    name: str | None
    topic: str | None
    forms: list[str] = field(default_factory=list)


def group(
    opinions: Sequence[Opinion],
    records: Sequence[Record],
    *,
    vectors: TermVectors | None = None,
    taxonomy: Taxonomy | None = None,
    min_people: int | None = None,
    by: Sequence[str] = (),
) -> Grouping:
    """Group opinions into aspects and count them.

    The result does not depend on the order of opinions or records, nor on their ids (`ties.tie_break`). An aspect's id
    is made from the plainest term of its group: one that two people said before one that a single person said, then the
    fewest words, then the words that reviews use most. Counts do not enter beyond that, so adding records changes an id
    only when a plainer term for the same thing turns up. The name shown is the form that most mentions use.

    Args:
        opinions: What was extracted from `records`. Those without an aspect term are grouped by their category, or
            counted as ungrouped where the reader was taught none.
        records: All records that were read, also those without an opinion: they are the denominators.
        vectors: To compare terms; None loads the shipped ones.
        taxonomy: Aspects to sort terms into first. Its aspects are kept however few people speak of them.
        min_people: People that an aspect needs; None means 0.5% of the people read, and never fewer than 2.
        by: Columns of the records (`Record.meta`) to count by, as is always done by entity.

    Raises:
        ValueError: Two records or two opinions have one id, or an opinion is about a record that is not given.
    """
    if len({opinion.id for opinion in opinions}) != len(opinions):
        raise ValueError("two opinions have the same id")
    by_id = {record.id: record for record in records}
    opinions = sorted(opinions, key=lambda o: tie_break(o, by_id[o.record]) if o.record in by_id else b"")
    counts = counted(opinions, records)
    vectors = vectors or load_vectors()
    claimed = claims(taxonomy) if taxonomy else {}
    forms = [_form(opinion, claimed) for opinion in opinions]
    found = _groups(_people(forms, counts), vectors, taxonomy)
    member = {form: i for i, one in enumerate(found) for form in one.forms}
    by_category = _by_category(found, taxonomy)
    never = barred(taxonomy) if taxonomy else {}
    places = [
        _place(o, member.get(form, -1), found, by_category, never.get(form, ()))
        for o, form in zip(opinions, forms, strict=True)
    ]
    of = np.array(places, dtype=np.int64)
    least = max(2, int(LEAST_SHARE * counts.people)) if min_people is None else min_people
    chosen = _chosen(found, of, counts, least)
    place = np.full(len(found) + 1, -1, dtype=np.int64)  # the last one is for -1: no group
    place[chosen] = np.arange(len(chosen))
    made = _assemble([found[i] for i in chosen], place[of], opinions, records, counts, vectors)
    return replace(made, by=tuple(_compared(column, counts, place[of], made.aspects, records) for column in by))


def with_topics(opinions: Sequence[Opinion], grouping: Grouping) -> list[Opinion]:
    """Write the taxonomy's topics into the opinions, without reading anything again; others lose theirs."""
    return [opinion.model_copy(update={"topic": grouping.topics.get(opinion.id)}) for opinion in opinions]


def _by_category(found: Sequence[_Group], taxonomy: Taxonomy | None) -> dict[str, int]:
    """Category -> the group of the taxonomy's aspect that claims it."""
    if taxonomy is None:
        return {}
    place = {one.topic: i for i, one in enumerate(found) if one.topic}
    return {category: place[aspect.name] for aspect in taxonomy.aspects for category in aspect.categories}


def _place(
    opinion: Opinion, place: int, found: Sequence[_Group], by_category: Mapping[str, int], never: Collection[str]
) -> int:
    """Where an opinion belongs: by its term where the taxonomy knows it, else by its category, else by its term.

    `never` has the taxonomy's aspects that its term does not belong to, whatever its category says.
    """
    if place >= 0 and found[place].topic not in (None, OTHER):
        return place
    by = by_category.get(opinion.category or "", place)
    return place if by >= 0 and found[by].topic in never else by


def _people(forms: Sequence[str], counts: Counted) -> dict[str, int]:
    """Normal form -> people who said it, without the empty form."""
    names = sorted(set(forms) - {""})
    number = {name: i for i, name in enumerate(names)}
    said = distinct(np.array([number.get(form, -1) for form in forms], dtype=np.int64), counts.person, len(names))
    return dict(zip(names, map(int, said), strict=True))


def _form(opinion: Opinion, claimed: Mapping[str, str]) -> str:
    """The form by which an opinion's term is grouped: its category where nothing is named; empty without both."""
    if opinion.aspect is None:
        return f"{_CATEGORY}{opinion.category}" if opinion.category else ""
    plain = terms_.plain(opinion.aspect.text)
    return plain if plain in claimed else terms_.normal(opinion.aspect.text)


def _groups(people: Mapping[str, int], vectors: TermVectors, taxonomy: Taxonomy | None) -> list[_Group]:
    """Decide which forms belong together: by the taxonomy first, the rest by what they mean."""
    found: dict[str, _Group] = {}
    rest = {form: count for form, count in people.items() if not form.startswith(_CATEGORY)}
    codes = [form.removeprefix(_CATEGORY) for form in people if form.startswith(_CATEGORY)]
    if taxonomy is not None:
        for aspect in taxonomy.aspects:
            if aspect.categories:
                slug = terms_.slug(terms_.plain(aspect.name))
                found[aspect.name] = _Group(slug, aspect.name, aspect.name)
        for form, name in assign(rest, taxonomy, vectors).items():
            one = found.setdefault(name, _Group(terms_.slug(terms_.plain(name)), name, name))
            one.forms.append(form)
            del rest[form]
        if taxonomy.strict and rest:
            other = found.setdefault(OTHER, _Group(terms_.slug(terms_.plain(OTHER)), OTHER, OTHER))
            other.forms.extend(rest)
            rest = {}
    taken = {one.id for one in found.values()}
    free: dict[str, _Group] = {}
    for form, leader in join(rest, vectors).items():
        key = terms_.slug(leader)
        fixed = terms_.PRODUCT if leader == terms_.PRODUCT else None
        free.setdefault(leader, _Group(f"{key}-term" if key in taken else key, fixed, None)).forms.append(form)
    if taxonomy is not None and taxonomy.strict:
        codes = []  # nothing beside the taxonomy is wanted
    named = {form: one for one in free.values() for form in one.forms}
    unnamed = []
    for code in sorted(codes):
        name = CATEGORIES[code][0]
        same = named.get(terms_.normal(name)) or named.get(terms_.normal(code))  # "sound" and the category Sound
        if same:
            same.forms.append(f"{_CATEGORY}{code}")
        else:
            # in small letters like the terms, for it stands in sentences: "People praise ease of use"
            unnamed.append(_Group(f"category-{code}", name.lower(), None, [f"{_CATEGORY}{code}"]))
    return [*found.values(), *free.values(), *unnamed]


def _chosen(found: Sequence[_Group], of: Ints, counts: Counted, least: int) -> list[int]:
    """Groups that enough people speak of, most people first, then most mentions, then by id."""
    people = distinct(of, counts.person, len(found))
    mentions = np.bincount(of[of >= 0], minlength=len(found))
    enough = [i for i, one in enumerate(found) if people[i] >= (1 if one.topic else least)]
    return sorted(enough, key=lambda i: (-people[i], -mentions[i], found[i].id))


def _assemble(
    groups: Sequence[_Group],
    of: Ints,
    opinions: Sequence[Opinion],
    records: Sequence[Record],
    counts: Counted,
    vectors: TermVectors,
) -> Grouping:
    n, everyone, read = len(groups), counts.people, len(records)
    cell = np.where(of >= 0, of, n)  # one more cell for the ungrouped
    each = tallies(counts, cell, n + 1, np.full(n + 1, everyone), np.full(n + 1, read))
    all_one = np.zeros(len(of), dtype=np.int64)
    total = tallies(counts, all_one, 1, np.array([everyone]), np.array([read]))[0]
    trends = _trends(counts, of, n, records)
    entities = _entities(counts, of, n, [record.entity for record in records])
    sides = phrases(opinions, counts, of, n, vectors)
    members: dict[int, list[Opinion]] = defaultdict(list)
    for opinion, place in zip(opinions, of, strict=True):
        members[int(place)].append(opinion)
    aspects = []
    for i, one in enumerate(groups):
        said = Counter(terms_.surface(opinion.aspect.text) for opinion in members[i] if opinion.aspect)
        shown = dict(sorted(said.items(), key=lambda item: (-item[1], len(item[0].split()), item[0])))
        aspects.append(
            Aspect(
                id=one.id,
                name=one.name or next(iter(shown)),
                topic=one.topic,
                terms=shown,
                opinions=tuple(opinion.id for opinion in members[i]),
                tally=each[i],
                trend=trends[i],
                entities=entities[i],
                pros=sides[i][0],
                cons=sides[i][1],
            )
        )
    assignment = {opinion.id: groups[place].id for opinion, place in zip(opinions, of, strict=True) if place >= 0}
    names = {one.id: one.topic for one in groups}
    topics = {id_: topic for id_, aspect in assignment.items() if (topic := names[aspect])}
    return Grouping(tuple(aspects), each[n], total, assignment, trends[n], entities[n], topics)


def _with_total(counts: Counted, of: Ints, n: int, by: Split) -> list[list[Tally]]:
    """Tally each group in each part, and after them all opinions together."""
    return cross(counts, of, n, by) + cross(counts, np.zeros(len(of), dtype=np.int64), 1, by)


def _trends(counts: Counted, of: Ints, n: int, records: Sequence[Record]) -> list[tuple[Period, ...]]:
    """Of each group, and last of all opinions, one tally a period; empty periods stand too, with what was read then."""
    unit, starts, part = periods([record.date for record in records], [record.date_unit for record in records])
    rows = _with_total(counts, of, n, split(counts, part, len(starts)))
    return [
        tuple(Period(start=start, unit=unit, tally=tally) for start, tally in zip(starts, row, strict=True))
        for row in rows
    ]


def _compared(column: str, counts: Counted, of: Ints, aspects: Sequence[Aspect], records: Sequence[Record]) -> Compared:
    rows = _entities(counts, of, len(aspects), [record.meta.get(column, "").strip() or None for record in records])
    each = {aspect.id: row for aspect, row in zip(aspects, rows, strict=False)}
    return Compared(column=column, values=rows[-1], aspects=each)


def _entities(counts: Counted, of: Ints, n: int, values: Sequence[str | None]) -> list[tuple[EntityTally, ...]]:
    """Of each group, and last of all opinions, one tally an entity, also where nobody speaks of it.

    At most `ENTITIES`, those that most people wrote about; within an aspect, those where most people speak of it first.
    """
    names = sorted({value for value in values if value})
    number = {name: i for i, name in enumerate(names)}
    part = np.array([number.get(value or "", -1) for value in values], dtype=np.int64)
    whole = split(counts, part, len(names))
    kept = sorted(range(len(names)), key=lambda i: (-whole.people[i], names[i]))[:ENTITIES]
    place = np.full(len(names) + 1, -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    rows = _with_total(counts, of, n, split(counts, place[part], len(kept)))
    result = []
    for row in rows:
        listed = [EntityTally(entity=names[i], tally=tally) for i, tally in zip(kept, row, strict=True)]
        listed.sort(key=lambda one: -one.tally.people)  # stable: ties stay by people read
        result.append(tuple(listed))
    return result
