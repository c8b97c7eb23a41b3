"""Opinions in, points out: what several people say alike, whatever words they use.

Every opinion is in one point, or it is said once. The opinions of a point are of one direction. They need not be of
one category, which a reader does not always get right, but those of one are joined more easily; the point has the
category of most. What is alike is decided by vectors of the opinion's words in their sentence (`gistill.likeness`),
joined by average linkage (`linking`). Nothing depends on the order of rows or on ids.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gistill.digest.group.asking import asked
from gistill.digest.group.linking import join, link
from gistill.digest.group.naming import LONGEST_NAME
from gistill.digest.group.phrases import bare, shown
from gistill.digest.group.shown import sides_of, worth
from gistill.digest.group.tally import Counted, Ints, counted, tallies, tallies_by
from gistill.digest.group.telling import Ranked, told_of
from gistill.digest.group.terms import PRODUCT, normal, slug, surface, words_of
from gistill.grounding.ties import tie_break
from gistill.likeness import Window, windows
from gistill.schema import Opinion, Point, Proportion, Ratings, Record, Span
from gistill.stats import mean, mean_difference, wilson

LEAST_PEOPLE = 2  # what fewer say is no point
OWN_SHARE = 0.5  # of a term's opinions that judge the whole: then it names what is reviewed
OWN_LEAST = 3  # opinions about a term from which that is known
SAME_CATEGORY = 0.05  # by how much less alike two opinions of one category may be to be joined than others
NEAR = 0.4  # cosine to the middle of a point from which an opinion says nearly the same; chosen on planted facts
WINDOWS = 5  # read at most of what many say in the same words
_TORN = re.compile(r"n['’]t\b", re.IGNORECASE)
Floats = NDArray[np.float32]
Embed = Callable[[Sequence[Window]], Floats]


@dataclass(frozen=True, slots=True)
class Points:
    """Opinions sorted by what is said.

    Attributes:
        points: Most people first, then most mentions, then by id.
        once: Ids of the opinions that are in no point, in the order of `grounding.ties.tie_break`.
        assignment: Opinion id -> point id, for the opinions that are in one.
    """

    points: tuple[Point, ...]
    once: tuple[str, ...]
    assignment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Block:
    """The distinct things said in one direction.

    Attributes:
        rows: For each distinct thing the places of its opinions.
        vectors: For each distinct thing a vector, shape (N, D), with columns for the categories at the end.
        width: Columns without those.
        cluster: For each distinct thing its cluster.
    """

    rows: list[list[int]]
    vectors: Floats
    width: int
    cluster: Ints


def find_points(
    opinions: Sequence[Opinion],
    records: Sequence[Record],
    *,
    embed: Embed,
    enough: float,
    before: Mapping[str, str] | None = None,
) -> Points:
    """Sort opinions into points and count the people who say each.

    Args:
        opinions: What was extracted from `records`.
        records: All records that were read, also those without an opinion: they are the denominators.
        embed: Turns what is read of opinions into vectors that compare by dot product; see `gistill.likeness`.
        enough: Mean dot product from which two clusters say the same.
        before: Opinion id -> point id of an earlier run over part of the records. Opinions that were together stay
            together under the same id, and new ones join them where they are alike; None sorts everything anew.

    Raises:
        ValueError: Two records have one id, or an opinion is about a record that is not given.
    """
    by_id = {record.id: record for record in records}
    opinions = sorted(opinions, key=lambda o: tie_break(o, by_id[o.record]) if o.record in by_id else b"")
    counts = counted(opinions, records)
    own = own_nouns(opinions)
    said = [_said(opinion, by_id[opinion.record], own) for opinion in opinions]
    read = _windows(opinions, by_id, said)
    asks = np.array([one.direction != "wish" or asked(one, by_id[one.record]) for one in opinions], dtype=bool)
    blocks = _blocks(opinions, said, read, embed, enough, before or {})
    place, number = np.full(len(opinions), -1, dtype=np.int64), 0
    homes: list[tuple[_Block, int]] = []
    for block in blocks:
        for cluster in range(int(block.cluster.max(initial=-1)) + 1):
            members = [row for at in np.flatnonzero(block.cluster == cluster) for row in block.rows[at]]
            asking = [row for row in members if asks[row]]
            if len(np.unique(counts.person[asking])) >= LEAST_PEOPLE and 2 * len(asking) >= len(members):
                place[members], number = number, number + 1
                homes.append((block, cluster))
    texts = [_phrase(opinion, by_id[opinion.record].text, *one) for opinion, one in zip(opinions, said, strict=True)]
    ends = _ends(records)
    ranked = _ranked(homes, opinions, by_id, ends)
    speaking = [[opinions[one.row] for one in ranks] for ranks in ranked]
    about = [normal(aspect) for aspect, _ in said]
    told = [_told([one for one in ranks if asks[one.row]], opinions, texts, about, by_id, ends) for ranks in ranked]
    names, quotes = [name for name, _ in told], [some for _, some in told]
    ids = _ids(names, speaking, before or {})
    near = [wilson(people, counts.people) for people in _near(homes, counts.person)]
    points = assemble(list(zip(ids, names, speaking, quotes, near, strict=True)), place, records, counts)
    assignment = {opinion: point.id for point in points for opinion in point.opinions}
    once = tuple(opinion.id for opinion in opinions if opinion.id not in assignment)
    return Points(points, once, assignment)


def own_nouns(opinions: Sequence[Opinion]) -> frozenset[str]:
    """Find the terms, in normal form, that name what is reviewed and so say nothing in a point's name.

    They are the words for any product, and terms whose opinions mostly judge the whole.
    """
    every: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for opinion in opinions:
        if opinion.aspect:
            form = normal(opinion.aspect.text)
            every[form] += 1
            whole[form] += opinion.category == "overall"
    own = {form for form, times in every.items() if times >= OWN_LEAST and whole[form] >= OWN_SHARE * times}
    return frozenset(own | {PRODUCT, ""})


def _said(opinion: Opinion, record: Record, own: frozenset[str]) -> tuple[str, str]:
    """Give the thing's name, "" where it is what is reviewed, and the words; without words the sentence."""
    aspect = "" if opinion.aspect is None else surface(opinion.aspect.text)
    if aspect and (normal(aspect) in own or set(words_of(aspect)) <= set(words_of((record.entity or "").casefold()))):
        aspect = ""
    words = shown(opinion.opinion.text) if opinion.opinion else ""
    return aspect, words or record.text[opinion.sentence.start : opinion.sentence.end].strip()


def _windows(
    opinions: Sequence[Opinion], records: Mapping[str, Record], said: Sequence[tuple[str, str]]
) -> list[Window]:
    """Cut what is read of each opinion out of its sentence; what is reviewed is not among the words that say it."""
    sentences: dict[tuple[str, Span], list[int]] = defaultdict(list)
    for place, opinion in enumerate(opinions):
        sentences[opinion.record, opinion.sentence].append(place)
    found: dict[int, Window] = {}
    for (record, sentence), places in sentences.items():
        spans = []
        for place in places:
            words = opinions[place].opinion, opinions[place].aspect if said[place][0] else None
            spans.append([(one.start - sentence.start, one.end - sentence.start) for one in words if one])
        text = records[record].text[sentence.start : sentence.end]
        found.update(zip(places, windows(text, spans), strict=True))
    return [found[place] for place in range(len(opinions))]


def _blocks(
    opinions: Sequence[Opinion],
    said: Sequence[tuple[str, str]],
    read: Sequence[Window],
    embed: Embed,
    enough: float,
    before: Mapping[str, str],
) -> list[_Block]:
    """Cluster what is said in each direction."""
    places: dict[str, dict[tuple[str, str, str, str], list[int]]] = defaultdict(lambda: defaultdict(list))
    for place, (opinion, (aspect, words)) in enumerate(zip(opinions, said, strict=True)):
        same = (
            opinion.category or "",
            normal(aspect) if aspect else "",
            bare(words) or words,
            before.get(opinion.id, ""),
        )
        places[opinion.direction][same].append(place)
    found = []
    for _, rows in sorted(places.items()):
        keys = sorted(rows)
        vectors = _means([[read[row] for row in rows[key][:WINDOWS]] for key in keys], embed)
        width = vectors.shape[1]
        vectors = np.concatenate([vectors, _bonus([key[0] for key in keys])], axis=1)
        weights = np.array([len(rows[key]) for key in keys], dtype=np.int64)
        cluster = _cluster(vectors, weights, [key[3] for key in keys], enough + SAME_CATEGORY)
        found.append(_Block([rows[key] for key in keys], vectors, width, cluster))
    return found


def _bonus(categories: Sequence[str]) -> Floats:
    """Give columns by which the dot product of two rows of one category grows by SAME_CATEGORY."""
    names = sorted(set(categories))
    columns = np.array([[name == category for name in names] for category in categories], dtype=np.float32)
    bonus: Floats = columns * np.float32(SAME_CATEGORY**0.5)
    return bonus


def _means(windows: Sequence[Sequence[Window]], embed: Embed) -> Floats:
    """Give one vector for each list of windows: their mean."""
    of = np.repeat(np.arange(len(windows)), [len(some) for some in windows])
    vectors = embed([one for some in windows for one in some])
    sums = np.zeros((len(windows), vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, of, vectors)
    means: Floats = sums / np.bincount(of).astype(np.float32)[:, None]
    return means


def _cluster(vectors: Floats, weights: Ints, olds: Sequence[str], enough: float) -> Ints:
    """Cluster, with what was together before together, and let the new join it first."""
    names = {old: number for number, old in enumerate(sorted({old for old in olds if old}))}
    labels = np.array([names.get(old, -1) for old in olds], dtype=np.int64)
    if names:
        sums = np.zeros((len(names), vectors.shape[1]))
        inside = labels >= 0
        np.add.at(sums, labels[inside], vectors[inside] * weights[inside, None])
        sizes = np.bincount(labels[inside], weights[inside], minlength=len(names))
        join(np.flatnonzero(labels < 0), vectors, labels, sums / sizes[:, None], enough)
    rest = np.flatnonzero(labels < 0)
    labels[rest] = len(names) + link(vectors[rest], weights[rest], enough)
    return labels


def assemble(
    found: Sequence[tuple[str, str, list[Opinion], tuple[str, ...], Proportion | None]],
    place: Ints,
    records: Sequence[Record],
    counts: Counted,
) -> tuple[Point, ...]:
    """Count each point, given its id, name, opinions, quotes and near share; `place` is the point of each opinion."""
    n = len(found)
    every = tallies(counts, place, n, np.full(n, counts.people), np.full(n, len(records)))
    entities = tallies_by(counts, place, n, [record.entity for record in records])
    ratings = _ratings(counts, place, n, records)
    dates = {record.id: record.date for record in records}
    made = []
    for i, (id_, name, members, quotes, near) in enumerate(found):
        known = [date for opinion in members if (date := dates[opinion.record])]
        things = Counter(surface(opinion.aspect.text) for opinion in members if opinion.aspect)
        strengths = [abs(opinion.strength) for opinion in members if opinion.strength is not None]
        made.append(
            Point(
                id=id_,
                name=name,
                category=_category(members),
                direction=members[0].direction,
                opinions=tuple(opinion.id for opinion in members),
                quotes=quotes,
                tally=every[i],
                near=near,
                strength=round(sum(strengths) / len(strengths), 4) if strengths else None,
                aspects=dict(sorted(things.items(), key=lambda item: (-item[1], item[0]))),
                first=min(known, default=None),
                last=max(known, default=None),
                entities=entities[i],
                ratings=ratings[i],
            )
        )
    return tuple(sorted(made, key=lambda point: (-point.tally.people, -point.tally.mentions, point.id)))


def _ratings(counts: Counted, place: Ints, n: int, records: Sequence[Record]) -> list[Ratings | None]:
    """Compare the mean rating of the people who say each point with that of everybody else; a person counts once."""
    given: dict[int, list[float]] = defaultdict(list)
    for person, record in zip(counts.record_person.tolist(), records, strict=True):
        if record.rating is not None:
            given[person].append(record.rating)
    if not given:
        return [None] * n
    people = np.array(sorted(given), dtype=np.int64)
    rating = np.array([sum(given[person]) / len(given[person]) for person in people.tolist()])
    made: list[Ratings | None] = []
    for speakers in _speakers(counts, place, n):
        say = np.isin(people, speakers)
        made.append(
            Ratings(
                said=mean(rating[say]), rest=mean(rating[~say]), difference=mean_difference(rating[say], rating[~say])
            )
        )
    return made


def _speakers(counts: Counted, place: Ints, n: int) -> list[Ints]:
    """List the people who say each point."""
    order = np.argsort(place, kind="stable")
    bounds = np.searchsorted(place[order], np.arange(n + 1))
    return [np.unique(counts.person[order[bounds[i] : bounds[i + 1]]]) for i in range(n)]


def _category(opinions: Sequence[Opinion]) -> str | None:
    """Give the category of most opinions; of equals, that of the most typical one, which is first."""
    return Counter(opinion.category for opinion in opinions).most_common(1)[0][0]


def _ends(records: Sequence[Record]) -> tuple[float, float] | None:
    """Give the lowest and the highest rating of all records; None where none has one."""
    given = [record.rating for record in records if record.rating is not None]
    return (min(given), max(given)) if given else None


def _told(
    ranks: Sequence[Ranked],
    opinions: Sequence[Opinion],
    texts: Sequence[str],
    about: Sequence[str],
    records: Mapping[str, Record],
    ends: tuple[float, float] | None,
) -> tuple[str, tuple[str, ...]]:
    """Name a point and choose its quotes, among those that may stand for it."""
    rows = [one.row for one in ranks]
    phrases, things = [texts[row] for row in rows], [about[row] for row in rows]
    return told_of(ranks, phrases, things, [opinions[row] for row in rows], records, ends)


def _ranked(
    homes: Sequence[tuple[_Block, int]],
    opinions: Sequence[Opinion],
    records: Mapping[str, Record],
    ends: tuple[float, float] | None,
) -> list[list[Ranked]]:
    """List the opinions of each cluster, those first that stand best for it."""
    sides = sides_of(opinions)
    found = []
    for block, cluster in homes:
        inside = np.flatnonzero(block.cluster == cluster)
        weights = np.array([len(block.rows[at]) for at in inside])
        like = block.vectors[inside] @ ((block.vectors[inside] * weights[:, None]).sum(axis=0) / weights.sum())
        rows = [(row, float(one), at) for at, one in zip(inside, like, strict=True) for row in block.rows[at]]
        category = _category([opinions[row] for row, _, _ in rows])
        ranked = []
        for row, one, at in rows:
            record = records[opinions[row].record]
            value = worth(opinions[row], one, record, category=category, sides=sides, ends=ends)
            ranked.append(Ranked(row, round(value, 4), one, block.vectors[at, : block.width]))
        found.append(sorted(ranked, key=lambda each: (-each.worth, each.row)))
    return found


def _near(homes: Sequence[tuple[_Block, int]], person: Ints) -> list[int]:
    """Count for each cluster the people who say it or nearly the same.

    One thing that is said in very different words falls into several clusters, so that the largest of them has too few
    people; what is near to its middle, and in a smaller one or in none, tells how many there may be. What is in a
    larger one is another point: "tastes great" is near to "great", which very many say.
    """
    found = []
    every = [_people(block, block.cluster == cluster, person) for block, cluster in homes]
    for (block, cluster), people in zip(homes, every, strict=True):
        inside = block.cluster == cluster
        weights = np.array([len(rows) for rows, mine in zip(block.rows, inside, strict=True) if mine])
        said = block.vectors[:, : block.width]
        middle = (said[inside] * weights[:, None]).sum(axis=0)
        close = said @ middle >= NEAR * float(np.linalg.norm(middle))
        mine = [(c, len(n)) for (other, c), n in zip(homes, every, strict=True) if other is block and c != cluster]
        larger = [c for c, size in mine if size >= len(people)]
        close &= ~np.isin(block.cluster, larger)
        found.append(len(_people(block, close | inside, person)))
    return found


def _people(block: _Block, chosen: NDArray[np.bool_], person: Ints) -> Ints:
    """List the people who say some of the distinct things of a block."""
    return np.unique(person[[row for at in np.flatnonzero(chosen) for row in block.rows[at]]])


def _phrase(opinion: Opinion, text: str, aspect: str, words: str) -> str:
    """Say an opinion in a few words of its own: the stretch with the thing's name where that is short, else both."""
    if opinion.opinion and _TORN.match(words):  # tokenised text: "is n't even" is no "n't even"
        words = shown(text[text[: opinion.opinion.start].rstrip().rfind(" ") + 1 : opinion.opinion.end])
    if not aspect or not opinion.aspect or not opinion.opinion:
        return words
    start, end = (
        min(opinion.aspect.start, opinion.opinion.start),
        max(opinion.aspect.end, opinion.opinion.end),
    )
    stretch = shown(text[start:end])
    return stretch if len(stretch.split()) <= LONGEST_NAME else f"{aspect}: {words}"


def _ids(names: Sequence[str], members: Sequence[Sequence[Opinion]], before: Mapping[str, str]) -> list[str]:
    """Give every point an id: that of the earlier point which most of its opinions were in, else one from its name.

    An earlier id goes to one point only; of points of one category and direction with the same name, the later ones get
    a number.
    """
    earlier = [Counter(before[o.id] for o in some if o.id in before).most_common(1) for some in members]
    kept: dict[str, tuple[int, int]] = {}
    for place, most in enumerate(earlier):
        for id_, times in most:
            kept[id_] = max(kept.get(id_, (0, 0)), (times, -place))
    ids = {-place: id_ for id_, (_, place) in kept.items()}
    taken = set(before.values())
    for place in sorted(range(len(names)), key=lambda i: (-len(members[i]), i)):
        if place not in ids:
            first = members[place][0]
            said = slug(" ".join(words_of(names[place].casefold())))
            stem = f"{_category(members[place]) or 'any'}-{first.direction}-{said}"
            number = next(k for k in range(1, len(names) + 2) if (stem if k == 1 else f"{stem}-{k}") not in taken)
            ids[place] = stem if number == 1 else f"{stem}-{number}"
            taken.add(ids[place])
    return [ids[place] for place in range(len(names))]
