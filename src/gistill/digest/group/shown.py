"""The opinions of a point in, those quoted for it out: typical, sure, readable, on one side, of different people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gistill.grounding.counting import person
from gistill.grounding.select import is_command, sentence_of
from gistill.grounding.wording import clauses, signs
from gistill.schema import Opinion, Record

QUOTED = 3
LONG, TOO_LONG = 30, 45  # words of a sentence
OTHER_SIDE = 0.6  # worth of a sentence that also holds opinions of the other side
CONTRADICTED = 0.4  # of praise in the lowest rating, and of blame in the highest
OTHER_THING = 0.8  # of an opinion whose category is not the point's
OTHER_FEELING = 0.6  # of words that by themselves feel the other way
LEAST = 0.6  # of the best one's worth: what is less is not quoted while there is a better one

Sides = Mapping[tuple[str, int], frozenset[str]]  # record and start of a sentence -> polarities of its opinions


def worth(
    opinion: Opinion,
    like: float,
    record: Record,
    *,
    category: str | None,
    sides: Sides,
    ends: tuple[float, float] | None,
) -> float:
    """Say how well an opinion stands for its point.

    `like` is LexRank's centrality: where likenesses are weights of a graph without threshold and damping, the walk over
    it stays at each sentence in proportion to its mean likeness to all (Erkan and Radev, JAIR 22, 2004).

    Args:
        opinion: Of the point.
        like: Mean likeness to the opinions of the point.
        record: Its record.
        category: Of the point.
        sides: Polarities in each sentence.
        ends: Lowest and highest rating of all records; None where there are none.

    Returns:
        The likeness times the reader's confidence (1 where nobody measured it), less what speaks against showing it.
    """
    sentence = sentence_of(opinion, record)
    value = max(like, 0.0) * (1.0 if opinion.confidence is None else opinion.confidence)
    words = len(sentence.split())
    value *= 0.5 if words > TOO_LONG or is_command(sentence) else 0.8 if words > LONG or words < 3 else 1.0
    value *= 1.0 if opinion.category == category else OTHER_THING
    other = {"positive": "negative", "negative": "positive"}.get(opinion.polarity)
    if other is None:
        return value
    value *= OTHER_SIDE if other in sides[opinion.record, opinion.sentence.start] else 1.0
    if ends and record.rating is not None and ends[0] < ends[1]:
        value *= CONTRADICTED if record.rating == ends[opinion.polarity == "negative"] else 1.0
    said = opinion.opinion.text if opinion.opinion else sentence
    felt = {sign for clause in clauses(said) for sign in signs(clause)}
    return value * (OTHER_FEELING if felt == {-1 if opinion.polarity == "positive" else 1} else 1.0)


def quoted(opinions: Sequence[Opinion], values: Sequence[float], records: Mapping[str, Record]) -> tuple[str, ...]:
    """Choose up to three opinions, best first: no person or sentence twice, none that is much worse than the best.

    Args:
        opinions: Of one point, best first.
        values: Their worths.
        records: Record id -> record.
    """
    chosen: list[str] = []
    heard: set[object] = set()
    for opinion, value in zip(opinions, values, strict=True):
        record = records[opinion.record]
        marks = {person(record), " ".join(sentence_of(opinion, record).casefold().split())}
        if len(chosen) == QUOTED or value < LEAST * values[0]:
            break
        if not marks & heard:
            chosen.append(opinion.id)
            heard |= marks
    return tuple(chosen)


def sides_of(opinions: Sequence[Opinion]) -> Sides:
    """Gather the polarities of the opinions in each sentence."""
    found: dict[tuple[str, int], frozenset[str]] = {}
    for opinion in opinions:
        key = opinion.record, opinion.sentence.start
        found[key] = found.get(key, frozenset()) | {opinion.polarity}
    return found
