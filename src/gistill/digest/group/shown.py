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
ANOTHER_THING = 0.5  # of an opinion that names another thing than the point's name does
LEAST = 0.6  # of the best one's worth: what is less is not quoted while there is a better one

_DO = (
    r"(?:make sure|be (?:sure|patient|careful|aware|prepared)|beware|buy|get|order|check(?![ -]?(?:out|in))|read"
    r"|measure|skip|avoid|stay away|keep in mind|look (?:for|elsewhere)|try|bring|book|reserve|request|remove|replace"
    r"|remember|shop|(?:do not|don't|never) (?:buy|bother|waste|take|let|need|forget|expect|order|get))"
)
# What speaks to other customers, and what one would do another time: no wish for those who make it.
_ADVICE = re.compile(
    r"(?:(?:just|always|definitely|probably|also|so|still|i'd|i|you|we|they|will|would|might|may|should|need|want|have"
    rf"|to|strongly|highly|suggest|recommend|good idea|best) )*{_DO}\b"
    r"|(?:just |please )?(?:do not|don't|never) (?!change|stop)\w+"
    r"|work with (?:it|them)\b|all (?:u|you) need|who needs\b"
    r"|(?:i )?(?:need (?:it|them)$|(?:much )?prefer (?:a|an|my|to)\b|am tempted|tempted to\b)"
    r"|(?:i )?hop(?:e|ing) (?:it|they|this|that|these|those)\b.*\b(?:lasts?|holds?|works?|stays?)\b"
    r"|.*\bwish(?:ed)? (?:that )?(?:i|we) (?:had (?:just |only )?(?:known|noticed|spent|bought|ordered|got)|bought"
    r"|ordered|purchased|knew|(?:could|would) have stayed longer)\b|.*\bwish could have stayed longer\b"
    r"|.*\bshould(?:'ve| have) (?:just )?(?:bought|ordered|got|gotten|read|known|spent|stayed|listened)\b",
    re.IGNORECASE,
)

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


def opposed(words: str, others: str) -> bool:
    """Tell whether one of two phrases has a word and the other its opposite.

    >>> opposed("too small", "way too big"), opposed("too small", "tiny"), opposed("small", "big and small")
    (True, False, False)
    """
    mine, theirs = (frozenset(re.findall(r"\w+", text.casefold())) for text in (words, others))
    pairs = [*_OPPOSITES, *((other, one) for one, other in _OPPOSITES)]
    return any(mine & one and theirs & other and not (mine & other or theirs & one) for one, other in pairs)


def advises(words: str) -> bool:
    """Tell whether the words of a wish advise other customers, or regret what the speaker did; in English.

    >>> advises("buy the right size"), advises("should still check your tuning"), advises("wish I had known")
    (True, True, True)
    >>> advises("please add a dark mode"), advises("should be heated"), advises("wish it had pockets")
    (False, False, False)
    """
    plain = " ".join(words.replace("’", "'").split()).replace(" n't", "n't")
    return bool(_ADVICE.match(plain))


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
