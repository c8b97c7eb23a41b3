"""Sentences of a report drawn at random, a person's marks on them, and the report's figures corrected by these.

The marks stand in `spotcheck.jsonl` in the report's folder, in the one format of marks (docs/marking.md) with the
sentence's place and the probability with which it was drawn. Sentences are marked in the order of the file, and they
count up to the first that has no mark: whoever skips the hard ones corrects nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from gistill.corrections.form import SIDES, Mark, Place, mark_of, ordered
from gistill.digest.correction.prediction_powered import (
    LEAST,
    Totals,
    allocate,
    count_estimate,
    draw,
    net_estimate,
    totals,
)
from gistill.digest.extract import sentences_of
from gistill.files import hash_text
from gistill.grounding.counting import person
from gistill.schema import (
    CategoryCorrected,
    Corrected,
    Correction,
    Digest,
    Estimate,
    Figure,
    Noun,
    Opinion,
    Polarity,
    Record,
    Span,
)
from gistill.tables import read_jsonl, write_jsonl

FILE = "spotcheck.jsonl"
STRATA = ("negative", "positive", "neutral", "nothing read")
WEIGHTS = (1.0, 1.0, 1.0, 0.6)  # where less was read, less can differ
FEWEST = 20  # marked sentences below which nothing is estimated
CATEGORY = 30  # marked opinions of a category below which it is not corrected
_POLARITIES: tuple[Polarity, ...] = get_args(Polarity)


class Drawn(Noun):
    """How a sentence was drawn: from which records and readings, which stratum, and how probably."""

    frame: str  # stands for the records, the reader and what counts of its readings
    stratum: str
    probability: float


class Row(Noun):
    """A sentence that was drawn. `opinions` is None until a person has marked it; `part` says so too."""

    id: str
    record: str
    at: Place  # in the record's text
    domain: str | None = None
    language: str | None = None
    part: Literal["spotcheck", "unmarked"] = "unmarked"
    sentences: tuple[str]
    opinions: tuple[Mark, ...] | None = None
    read: tuple[Mark, ...] = ()  # what the reader read there
    drawn: Drawn | None = None


class Sentence(NamedTuple):
    """A sentence that was read, who wrote it, and what was read in it."""

    record: Record
    span: Span
    person: int
    opinions: tuple[Opinion, ...]

    @property
    def stratum(self) -> int:
        """Number of its stratum: blame before praise before neither, then nothing read."""
        said = {opinion.polarity for opinion in self.opinions}
        return next((i for i, name in enumerate(STRATA) if name in said), len(STRATA) - 1)


def frame_key(digest: Digest) -> str:
    """Name the sentences and readings of a digest, so that marks are never applied to others."""
    made = digest.made_with
    text = "\n".join(made.get(name, "") for name in ("input", "reader", "min_confidence"))
    return hash_text(text)[:16]


def frame(records: Sequence[Record], opinions: Sequence[Opinion], languages: Collection[str]) -> list[Sentence]:
    """List every sentence that was read, also those in which nothing was found, in the order of the records.

    Args:
        records: All records that were read.
        opinions: What the reader read in them and what is counted of it.
        languages: Those that the reader reads; empty for all.
    """
    inside: dict[tuple[str, int], list[Opinion]] = {}
    for opinion in opinions:
        inside.setdefault((opinion.record, opinion.sentence.start), []).append(opinion)
    numbers: dict[object, int] = {}
    return [
        Sentence(record, span, who, tuple(inside.get((record.id, span.start), ())))
        for record in records
        for who in [numbers.setdefault(person(record), len(numbers))]
        for span in sentences_of(record, languages)[0]
    ]


def draw_rows(sentences: Sequence[Sentence], n: int, *, key: str, seed: int) -> list[Row]:
    """Draw about n sentences at random, stratified by what was read in them, in an order that mixes the strata.

    Any beginning of the rows is itself a stratified random sample, so a person may stop after every sentence.
    """
    stratum = np.array([one.stratum for one in sentences], dtype=np.int64)
    sizes = np.bincount(stratum, minlength=len(STRATA))
    counts = allocate(sizes, n, weights=WEIGHTS)
    generator = np.random.default_rng([seed, 1])
    rows: list[tuple[float, Row]] = []
    places = generator.permutation(draw(stratum, counts, seed=seed))
    taken: Counter[int] = Counter()
    for place in places:
        one, h = sentences[int(place)], int(stratum[place])
        order = (taken[h] + 0.5) / counts[h]
        taken[h] += 1
        rows.append((order, _row(one, Drawn(frame=key, stratum=STRATA[h], probability=float(counts[h] / sizes[h])))))
    return [row for _, row in sorted(rows, key=lambda item: (item[0], item[1].id))]


def _row(one: Sentence, drawn: Drawn) -> Row:
    start, end = one.span.start, one.span.end
    return Row(
        id=f"{one.record.id}@{start}",
        record=one.record.id,
        at=(start, end),
        language=one.record.language,
        sentences=(one.record.text[start:end],),
        read=tuple(mark_of(opinion) for opinion in one.opinions),
        drawn=drawn,
    )


def load(folder: Path) -> list[Row]:
    """Load the rows of a folder; none where nothing was drawn yet.

    Raises:
        InputError: The file is damaged.
    """
    return list(read_jsonl(folder / FILE, Row)) if (folder / FILE).is_file() else []


def save(folder: Path, rows: Sequence[Row]) -> None:
    """Write the rows, all or nothing."""
    write_jsonl(folder / FILE, rows)


def opinion_mark(sentence: str, polarity: Polarity, words: str = "", category: str | None = None) -> Mark:
    """Mark an opinion that was missed.

    Args:
        sentence: Where it stands.
        polarity: Its side.
        words: Its words as they stand in the sentence, whatever their case; empty where nobody says them.
        category: Its category, if it is known.

    Raises:
        ValueError: The words do not stand in the sentence.
    """
    start = sentence.casefold().find(words.casefold())
    if words and (start < 0 or sentence[start : start + len(words)].casefold() != words.casefold()):
        raise ValueError(f"“{words}” does not stand in the sentence")
    place = (start, start + len(words)) if words else None
    return Mark(
        aspect=None,
        aspect_at=None,
        opinion=sentence[place[0] : place[1]] if place else None,
        opinion_at=place,
        category=category,
        level=SIDES[polarity],
    )


def turned(mark: Mark, polarity: Polarity) -> Mark:
    """Give a mark another polarity."""
    return mark.model_copy(update={"level": SIDES[polarity]})


def marked(row: Row, opinions: Sequence[Mark]) -> Row:
    """Say what stands in a sentence, in the order of its words."""
    return row.model_copy(update={"opinions": ordered(opinions), "part": "spotcheck"})


def done(rows: Sequence[Row]) -> int:
    """Count the rows that are marked before the first that is not: those alone count."""
    return next((i for i, row in enumerate(rows) if row.opinions is None), len(rows))


def estimate(rows: Sequence[Row], sentences: Sequence[Sentence], *, key: str) -> Correction | None:
    """Correct a report's figures by a person's marks.

    Args:
        rows: What was drawn and marked.
        sentences: All sentences that were read, with the readings as the reader made them.
        key: Stands for these sentences and readings.

    Returns:
        None where too little is marked to say anything: fewer than 20 sentences, or fewer than two of a kind.
        People are not estimated: sentences were drawn, not people.

    Raises:
        ValueError: A row was not drawn, or drawn from other sentences or readings.
    """
    if any(row.drawn is None or row.drawn.frame != key for row in rows):
        raise ValueError("the sentences were drawn from other records or readings")
    rows = rows[: done(rows)]
    place = {(one.record.id, one.span.start): i for i, one in enumerate(sentences)}
    drawn = np.array([place[row.record, row.at[0]] for row in rows], dtype=np.int64)
    stratum = np.array([one.stratum for one in sentences], dtype=np.int64)
    sizes = np.bincount(stratum, minlength=len(STRATA))
    taken = np.bincount(stratum[drawn], minlength=len(STRATA))
    if len(rows) < min(FEWEST, len(sentences)) or not len(rows) or (taken < np.minimum(sizes, LEAST)).any():
        return None
    people = np.array([one.person for one in sentences], dtype=np.int64)

    def of(category: str | None) -> Corrected:
        read = np.array([_counts(one.opinions, category) for one in sentences], dtype=np.float64)
        truth = np.array([_counts(row.opinions or (), category) for row in rows], dtype=np.float64)
        return _corrected(totals(read, people, stratum, drawn, truth), read.sum(axis=0), int(truth.sum()))

    found = Counter(o.category for one in sentences for o in one.opinions if o.category)
    said = [mark.category for row in rows for mark in row.opinions or ()]
    enough = {name for name, number in Counter(said).items() if name and number >= CATEGORY and None not in said}
    return Correction(
        by="spot check",
        note=f"Corrected by {len(rows):,} sentences that were drawn at random out of {len(sentences):,} and marked by "
        "a person; the interval holds whatever the reader does.",
        total=of(None),
        categories=tuple(
            CategoryCorrected(category=name, mentions=number, corrected=of(name) if name in enough else None)
            for name, number in sorted(found.items(), key=lambda item: (-item[1], item[0]))
        ),
    )


def _counts(opinions: Sequence[Opinion | Mark], category: str | None) -> list[int]:
    here = [one.polarity for one in opinions if category is None or one.category == category]
    return [here.count(polarity) for polarity in _POLARITIES]


def _corrected(found: Totals, raw: NDArray[np.float64], number: int) -> Corrected:
    def figure(value: float | None, corrected: Estimate | None) -> Figure:
        return Figure(raw=value, corrected=corrected)

    whole = float(raw.sum())
    net = (float(raw[0]) - float(raw[1])) / whole if whole else None
    nobody = figure(None, None)
    return Corrected(
        positive=figure(float(raw[0]), count_estimate(found, (0,))),
        negative=figure(float(raw[1]), count_estimate(found, (1,))),
        neutral=figure(float(raw[2]), count_estimate(found, (2,))),
        people=nobody,
        people_positive=nobody,
        people_negative=nobody,
        net_sentiment=figure(net, net_estimate(found)),
        marked=number,
    )
