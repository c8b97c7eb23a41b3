"""The opinions of a point in, those quoted for it out: typical, sure, readable, on one side, of different people."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from gistill.grounding.counting import person
from gistill.grounding.select import is_command, sentence_of
from gistill.grounding.wording import clauses, signs
from gistill.schema import Opinion, Record

QUOTED = 3
LONG, TOO_LONG = 30, 45  # words of a sentence
OTHER_SIDE = 0.6  # worth of a sentence that also holds opinions of the other side
CONTRADICTED = 0.25  # of praise in the lowest rating, and of blame in the highest
OTHER_THING = 0.8  # of an opinion whose category is not the point's
OTHER_FEELING = 0.3  # of words that by themselves feel the other way
LEAST = 0.6  # of the best one's worth: what is less is not quoted while there is a better one

# What an encoder has near to each other, though it is the opposite complaint.
_OPPOSITES = tuple(
    (frozenset(one.split()), frozenset(other.split()))
    for one, other in (
        ("small smaller tiny narrow", "big bigger large larger huge wide wider"),
        ("thin thinner", "thick thicker"),
        ("short shorter", "long longer"),
        ("light lighter", "heavy heavier"),
        ("tight tighter", "loose looser"),
        ("hot hotter", "cold colder"),
        ("slow slower", "fast faster quick quicker"),
    )
)

_THINGS = (
    r"(?:hotels?|motels?|resorts?|places?|brands?|products?|restaurants?|stores?|shops?|sellers?|companies"
    r"|company|models?|apps?"
    r"|types?|kinds?|versions?|makes?|ones|options?|alternatives?|competitors?|properties|sites?|websites?"
    r"|chains?|airlines?)"
)
# Another thing than the one reviewed, or what it was once.
_ELSEWHERE = re.compile(
    rf"\b(?:most|many|some|several) of the (?:\W*\w+\W+){{0,2}}{_THINGS}\b|\bmost (?:\W*\w+\W+){{0,2}}{_THINGS}\b"
    rf"|\b(?:other|others|another|different|pricier|cheaper|better|nearby|competing)(?: [\w-]+){{0,3}}? {_THINGS}\b"
    r"|\b(?:i'd|i would|would) (?:recommend|suggest|prefer|get|buy) (?:one|something|an?other)\b"
    r"|\bthere (?:are|is) (?:\w+ )?(?:better|cheaper|nicer|others)\b|\belsewhere\b|\bcompetitors?\b"
    r"|\b(?:when|since) (?:i|we) (?:was|were) (?:young|a (?:kid|child)|kids|children|little)\b",
    re.IGNORECASE,
)
# Praise that has the words of blame: what is missing is what would be bad.
_SPARED = re.compile(
    r"\b(?:no|not any|without(?: any)?|never (?:had )?(?:an?|any)|zero|didn't have (?:an?|any)|don't have any"
    r"|not a single) (?:\w+ )?"
    r"(?:waiting|wait|problems?|issues?|complaints?|trouble|noise|smell|odou?r|defects?|leaks?|leaking|damage"
    r"|regrets?|hassle|lines?)\b"
    r"|\b(?:less|not (?:too|very|that|so|overly|terribly)|isn't|wasn't) (?:expensive|pricey|costly)\b|\b(?:in"
    r"|un)expensive\b|\bcomparable\b"
    r"|\b(?:much|far|way|lot|bit) cheaper\b|\bcheaper (?:to|than)\b",
    re.IGNORECASE,
)

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
    return value * (OTHER_FEELING if _felt(opinion, sentence) == {-1 if opinion.polarity == "positive" else 1} else 1.0)


def misleads(opinion: Opinion, record: Record, ends: tuple[float, float] | None) -> bool:
    """Tell whether an opinion speaks of another thing or the other way, by its words or stars, and so proves no point.

    That is blame of another place or brand ("other hotels are overpriced"), or of what is not there ("no waiting");
    words that by themselves feel the other way; and blame of whoever gives the highest rating, or praise of whoever
    gives the lowest, in words without a feeling.
    """
    sentence = sentence_of(opinion, record)
    own = {"positive": 1, "negative": -1}.get(opinion.polarity)
    if opinion.direction == "wish" or own is None:
        return False
    felt = _felt(opinion, sentence)
    if felt == {-own} or (own < 0 and (_ELSEWHERE.search(sentence) or _SPARED.search(_words(opinion, sentence)))):
        return True
    stars = ends is not None and ends[0] < ends[1] and record.rating == ends[opinion.polarity == "negative"]
    return stars and own not in felt


def _words(opinion: Opinion, sentence: str) -> str:
    return opinion.opinion.text if opinion.opinion else sentence


def _felt(opinion: Opinion, sentence: str) -> set[int]:
    """Give the feelings of an opinion's words, by themselves."""
    return {sign for clause in clauses(_words(opinion, sentence)) for sign in signs(clause)}


def opposed(words: str, others: str) -> bool:
    """Tell whether one of two phrases has a word and the other its opposite.

    >>> opposed("too small", "way too big"), opposed("too small", "tiny"), opposed("small", "big and small")
    (True, False, False)
    """
    mine, theirs = (frozenset(re.findall(r"\w+", text.casefold())) for text in (words, others))
    pairs = [*_OPPOSITES, *((other, one) for one, other in _OPPOSITES)]
    return any(mine & one and theirs & other and not (mine & other or theirs & one) for one, other in pairs)


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
