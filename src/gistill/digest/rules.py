"""Sentences that are read by rule, before the reader: scores, and questions that only ask.

A sentence that is nothing but a score ("One star.", "1/5", "★☆☆☆☆") is one opinion about nothing named, of the score's
sign. The shipped reader takes "3/5" and "2/10" for praise and five star signs for a complaint, as it learnt from
sentences in words. What counts: a number out of 5, 10 or 100, a number of stars, or a row of full and empty stars, with
nothing else but words such as "rating" or "I give it". Below 40% of the way from the lowest to the highest it is
negative, above 65% positive, between them neutral. A number of stars without a highest is out of 5.

A question that only asks ("Was the staff friendly?") holds no opinion. Questions that say something ("Why is it so
slow?", "Isn't it lovely?") are the reader's.
"""

from __future__ import annotations

import re

from gistill.reader import Reading
from gistill.schema import Polarity

_NUMBERS = (
    {"zero": 0, "no": 0, "null": 0, "cero": 0, "zéro": 0, "half a": 0.5, "a": 1, "one": 1, "two": 2, "three": 3}
    | {"four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "a single": 1}
    | {"ein": 1, "einen": 1, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "keine": 0, "kein": 0, "une": 1, "deux": 2}
    | {"trois": 3, "quatre": 4, "cinq": 5, "una": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "uma": 1, "duas": 2}
    | {"três": 3, "quatro": 4, "due": 2, "tre": 3, "quattro": 4, "cinque": 5, "een": 1, "één": 1, "twee": 2, "drie": 3}
    | {"vijf": 5}
)
_NUMBER = rf"(?P<number>\d{{1,3}}(?:[.,]\d{{1,2}})?|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
_STAR = r"(?:stars?|sterne?n?|étoiles?|estrellas?|estrelas?|stell[ae]|ster(?:ren)?|\*|⭐|★)"
_BEFORE = (
    r"(?:(?:my |overall |the )?(?:rating|score|grade|note|bewertung|puntuación|voto)(?: is| of)?\s*[:=-]?\s*|"
    r"i(?:'d| would)? give (?:it|this|them) (?:an? )?|only |just |a solid |solid |overall[:,]?\s*)?"
)
_WORDS = re.compile(
    rf"{_BEFORE}(?P<minus>minus |-)?{_NUMBER}\s*-?\s*(?:"
    rf"(?:/|out of|von|sur|de|su|van)\s*(?P<of>5|10|100|five|ten)\s*{_STAR}?|(?P<stars>{_STAR})"
    r"(?:\s*(?:/|out of|von|sur|de)\s*(?P<stars_of>5|10|five|ten))?)(?:\s*(?:rating|review|from me|only))?",
    re.IGNORECASE,
)
_FULL, _EMPTY = "★⭐🌟✭✮", "☆✩✰"
_SIGNS = re.compile(rf"[{_FULL}{_EMPTY}\ufe0f\s]+")
_LOW, _HIGH = 0.4, 0.65  # of the way; 3 of 5 is 0.5 and 3.5 is 0.625, 5 of 10 is 0.44 and 6 is 0.56

_ASKS = re.compile(
    r"(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would|should) (?:the|this|that|these|those|it|there|"
    r"your|anyone|anybody|someone|somebody|they|he|she|we|i|my|an?|any)\b[^?!.]*\?|"
    r"(?:can|could|would|will) (?:you|anyone|someone) (?:tell|say|confirm|let)\b[^?!.]*\?",
    re.IGNORECASE,
)
# What makes a question say something: a complaint, a wish, praise in disguise.
_SAYS = re.compile(
    r"\b(?:not|never|no|so|too|such|even|really|supposed|worse|worst|believe|joke|serious|seriously|again|still|wrong|just|"
    r"only|how|why|please|fix|ever|enough|this (?:bad|slow|hard|good))\b|n['’]t\b",
    re.IGNORECASE,
)
_MOST_WORDS = 14


def read_by_rule(sentence: str) -> list[Reading] | None:
    """Give the opinions of a sentence that a rule decides; None for a sentence that the reader reads."""
    if (score := read_score(sentence)) is not None:
        return [score]
    return [] if only_asks(sentence) else None


def only_asks(sentence: str) -> bool:
    """Say whether a sentence is a question in English that says nothing: "Is the battery good?"."""
    words = sentence.strip()
    return len(words.split()) <= _MOST_WORDS and bool(_ASKS.fullmatch(words)) and not _SAYS.search(words)


def read_score(sentence: str) -> Reading | None:
    """Read a sentence that is nothing but a score as one opinion about nothing named; None for any other.

    >>> read_score("One star!").polarity, read_score("4/5").polarity, read_score("★★★☆☆").polarity
    ('negative', 'positive', 'neutral')
    """
    start = len(sentence) - len(sentence.lstrip())
    words = sentence.strip().rstrip(".!?…) ").removeprefix("(")
    start += sentence[start:].startswith("(")
    if not words or len(words) > 40:
        return None
    share = _share(words)
    return None if share is None else Reading(None, (start, start + len(words)), _polarity(share), None)


def _share(words: str) -> float | None:
    """Say how far a score lies on the way from the lowest to the highest; None where the words are no score."""
    if _SIGNS.fullmatch(words):
        full = sum(sign in _FULL for sign in words)
        empty = sum(sign in _EMPTY for sign in words)
        return max(full - 1, 0) / 4 if 2 <= full + empty <= 5 else None  # one star alone is a mark
    match = _WORDS.fullmatch(words)
    if match is None:
        return None
    number = _value(match["number"])
    most = _value(match["of"] or match["stars_of"] or "5")
    if match["minus"] or number <= 0:
        return 0.0
    if number > most:
        return 1.0 if match["stars"] and not match["stars_of"] else None
    return (number - 1) / (most - 1) if most <= 10 else number / most


def _value(word: str) -> float:
    number = _NUMBERS.get(word.lower())
    return float(word.replace(",", ".")) if number is None else float(number)


def _polarity(share: float) -> Polarity:
    return "negative" if share < _LOW else "positive" if share > _HIGH else "neutral"
