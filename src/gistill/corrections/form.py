"""One opinion as a mark, one correction of it, and the file of corrections (JSON lines).

A correction is a row of marks as docs/marking.md has it (one sentence with all its opinions as they stand after the
correction) with what it corrects beside: which opinion, what was read, who says so and when.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

from gistill.categories import Kind
from gistill.files import hash_json
from gistill.schema import Noun, Opinion, Polarity, Quote
from gistill.tables import read_jsonl, write_jsonl

FILE = "corrections.jsonl"
Place = tuple[int, int]  # half-open, in the sentence
KindMark = Literal["o", "f", "w"]
CorrectionKind = Literal[
    "right", "polarity", "span", "category", "aspect", "nobody said this", "missing", "sentence",
    "merge points", "split point", "rename point",
]  # fmt: skip
OF_POINTS: tuple[CorrectionKind, ...] = ("merge points", "split point", "rename point")
SIDES: dict[Polarity, int] = {"positive": 1, "negative": -1, "neutral": 0}
HIDDEN, ACTING = "•", "␦"  # a letter of a name, and one that acts without being seen, in a text as it was shown
KINDS: dict[Kind, KindMark] = {"evaluation": "o", "fact": "f", "wish": "w"}
# Fields of a row of marks; the others are left out of a line where they hold nothing.
_OF_MARKS = ("id", "record", "at", "domain", "language", "part", "sentences", "opinions", "kind")


class Mark(Noun):
    """One opinion of a sentence, as in every file of marks. `opinion` is None where its words were not given."""

    sentence: int = 0
    aspect: str | None
    aspect_at: Place | None
    opinion: str | None
    opinion_at: Place | None
    category: str | None = None
    level: int  # -2 to 2; its side is the polarity
    kind: KindMark | None = None

    @property
    def polarity(self) -> Polarity:
        """The side of the level."""
        return "positive" if self.level > 0 else "negative" if self.level < 0 else "neutral"


class HandCorrection(Noun):
    """One correction that a person chose to make.

    Attributes:
        id: A hash of the rest: the same correction given twice is one.
        kind: What is corrected. "right" says that the opinion stands as it was read; "sentence" that the sentence holds
            exactly `opinions`, whatever was read there. The kinds of `OF_POINTS` are about points, and about no record.
        author: Who says so; None where that was not told.
        time: When.
        record: Whose words they are.
        at: The sentence's place in the record's text.
        sentences: The sentence. A letter that was not shown to the author stands as `HIDDEN` or `ACTING`.
        opinions: All opinions of the sentence as they are with this correction.
        read: All that were read in it.
        opinion_id: The opinion that is corrected; None for one that was missed.
        was: It, as it was read.
        mark: It, as it is; None where nobody said this.
        points: The points that are merged, split or renamed.
        members: Of a split, the opinions that leave; else those that the points had, by which they are found again.
        name: The new point's name.
    """

    id: str = ""
    kind: CorrectionKind = "sentence"
    author: str | None = None
    time: dt.datetime | None = None
    record: str | None = None
    at: Place | None = None
    domain: str | None = None
    language: str | None = None
    part: Literal["train", "dev", "test", "spotcheck", "unmarked"] = "train"
    sentences: tuple[str, ...] = ()
    opinions: tuple[Mark, ...] | None = None
    read: tuple[Mark, ...] = ()
    opinion_id: str | None = None
    was: Mark | None = None
    mark: Mark | None = None
    points: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    name: str | None = None
    drawn: dict[str, Any] | None = None  # of a row of a spot check that somebody put here; it counts as chosen


def named(one: HandCorrection) -> HandCorrection:
    """Give a correction its id."""
    return one.model_copy(update={"id": "c-" + hash_json(one.model_dump(mode="json", exclude={"id"}))[:16]})


def load(path: Path) -> list[HandCorrection]:
    """Load a file of corrections; none where there is no file.

    Raises:
        InputError: The file is damaged; names the row.
    """
    if not path.is_file():
        return []
    return [one if one.id.startswith("c-") else named(one) for one in read_jsonl(path, HandCorrection)]


def save(path: Path, corrections: Iterable[HandCorrection]) -> None:
    """Write a file of corrections, all or nothing."""
    write_jsonl(path, map(_line, corrections))


def _line(one: HandCorrection) -> dict[str, Any]:
    row = json.loads(one.model_dump_json())
    return {name: value for name, value in row.items() if name in _OF_MARKS or value not in (None, [], "")}


def together(*files: Iterable[HandCorrection]) -> list[HandCorrection]:
    """Put corrections of several files together, each once, in the order of their time; those without one come first.

    Nobody's correction takes the place of another's here: where two speak of the same opinion, the later one counts.
    """
    every = {one.id: one for some in files for one in some}
    first = dt.datetime.min.replace(tzinfo=dt.UTC)
    return sorted(every.values(), key=lambda one: _aware(one.time) or first)


def _aware(time: dt.datetime | None) -> dt.datetime | None:
    return time.replace(tzinfo=dt.UTC) if time is not None and time.tzinfo is None else time


def mark_of(opinion: Opinion) -> Mark:
    """Write an opinion as a mark of its sentence."""
    start = opinion.sentence.start

    def at(quote: Quote | None) -> Place | None:
        return None if quote is None else (quote.start - start, quote.end - start)

    return Mark(
        aspect=opinion.aspect.text if opinion.aspect else None,
        aspect_at=at(opinion.aspect),
        opinion=opinion.opinion.text if opinion.opinion else None,
        opinion_at=at(opinion.opinion),
        category=opinion.category,
        level=SIDES[opinion.polarity] if opinion.strength is None else opinion.strength,
        kind=None if opinion.kind is None else KINDS[opinion.kind],
    )


def kind_of(mark: Mark) -> Kind | None:
    """Name the kind of a mark; None where it has none."""
    return next((name for name, letter in KINDS.items() if letter == mark.kind), None)


def ordered(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Put the marks of a sentence in the order of their words."""
    return tuple(sorted(marks, key=lambda one: (one.opinion_at or one.aspect_at or (-1, -1), one.polarity)))


def as_corrected(read: Sequence[Mark], one: HandCorrection) -> tuple[Mark, ...]:
    """Give the opinions of a sentence as they are with one correction."""
    if one.kind == "sentence":
        return one.opinions or ()
    if one.kind == "missing":
        return ordered([*read, *([one.mark] if one.mark and one.mark not in read else [])])
    rest = list(read)
    if one.was in rest:
        rest.remove(one.was)
    return ordered([*rest, *([one.mark] if one.mark else [])])


def looks_alike(shown: str, exact: str) -> bool:
    """Say whether a text is another one as it was shown: letter by letter, but for those that were hidden."""
    return len(shown) == len(exact) and all(a == b or a in (HIDDEN, ACTING) for a, b in zip(shown, exact, strict=True))
