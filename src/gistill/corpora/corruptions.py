"""Right summaries in, wrong ones out: each corruption puts one known error in, and says its code and place.

For teaching a critic. What a detector is measured on is made by other rules (`benchmarks/errors.py`), so that it is not
measured on what it was taught.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

Make = Callable[["Given", random.Random], "Corrupted | None"]


class Given(NamedTuple):
    """A right summary, its source, and right summaries of other sources to take words from."""

    summary: str
    source: str
    others: Sequence[str]


class Corrupted(NamedTuple):
    """A summary with one error.

    Attributes:
        summary: With the error.
        code: Of the taxonomy.
        kind: The corruption's name.
        span: Where the error stands, half-open in `summary`.
    """

    summary: str
    code: str
    kind: str
    span: tuple[int, int]


_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][A-Za-z]{2,}(?: [A-Z][A-Za-z]+)*")
_NUMBER = re.compile(r"(?<![\w.,/:-])\d{1,5}(?![\w/:-]|[.,]\d)")
_VERB = re.compile(
    r"\b(is|are|was|were|has|have|had|can|could|will|would|should|does|did)\b(?! (?:not|n't))", re.IGNORECASE
)
_NOT = re.compile(
    r"\b(is|are|was|were|has|have|had|can|could|will|would|should|does|do|did) not |\b(is|are|was|were|has|have|had|"
    r"could|would|should|does|do|did)n't ",
    re.IGNORECASE,
)
_UNABLE = re.compile(r"\bunable to\b")
_ROLES = ({"customer", "client", "user"}, {"agent", "representative", "support"})
_ROLE = re.compile(r"\b(customer|client|user|agent|representative|support)\b", re.IGNORECASE)
_FUTURE = re.compile(r"\b(?:will|is going to|are going to|promises to|offers to) (?!be\b|not\b|have\b)([a-z]{3,})\b")
_HEDGE = re.compile(
    r"\b(?:may|might|could|should) (?=be\b)|\b(?:may|might) (?=[a-z]{3,})|\b(?:probably|possibly|perhaps|maybe|likely|"
    r"usually|apparently|often|sometimes) ",
    re.IGNORECASE,
)
_OPPOSITES = {
    "increase": "decrease", "increases": "decreases", "increased": "decreased", "higher": "lower", "high": "low",
    "before": "after", "more": "less", "better": "worse", "best": "worst", "first": "last", "large": "small",
    "larger": "smaller", "improve": "worsen", "improves": "worsens", "improved": "worsened", "open": "closed",
    "positive": "negative", "strong": "weak", "early": "late", "earlier": "later", "happy": "unhappy", "able": "unable",
    "accepted": "rejected", "approved": "denied", "available": "unavailable", "enable": "disable", "buy": "sell",
    "success": "failure", "successful": "unsuccessful", "possible": "impossible", "easy": "difficult", "fast": "slow",
    "faster": "slower", "slow": "fast", "new": "old", "correct": "incorrect", "allow": "forbid", "allowed": "forbidden",
    "connected": "disconnected", "resolved": "unresolved", "satisfied": "dissatisfied", "start": "stop",
}  # fmt: skip
_OPPOSITES |= {other: one for one, other in _OPPOSITES.items() if other not in _OPPOSITES}
_OPPOSITE = re.compile(rf"\b(?:{'|'.join(sorted(_OPPOSITES))})\b")
_TOLD = frozenset(("customer", "agent", "complaining", "updated", "informed", "requested", "asking", "further"))
_DEGREES = {"very": "slightly", "slightly": "very", "always": "rarely", "often": "rarely", "completely": "partly"}
_DEGREE = re.compile(rf"\b(?:{'|'.join(_DEGREES)})\b")


def _put(given: Given, span: tuple[int, int], words: str, code: str, kind: str) -> Corrupted | None:
    """Put words in the place of a stretch; None where that changes nothing."""
    start, end = span
    if given.summary[start:end] == words or not words.strip():
        return None
    return Corrupted(given.summary[:start] + words + given.summary[end:], code, kind, (start, start + len(words)))


def _drawn(pattern: re.Pattern[str], text: str, draw: random.Random) -> re.Match[str] | None:
    found = list(pattern.finditer(text))
    return draw.choice(found) if found else None


def entity(given: Given, draw: random.Random) -> Corrupted | None:
    """Put another name in the place of one: of the same source where it has one, else of another summary."""
    match = _drawn(_NAME, given.summary, draw)
    if match is None:
        return None
    near = {name for name in _NAME.findall(given.source) if name not in given.summary}
    far = {name for other in given.others for name in _NAME.findall(other) if name not in given.source}
    pool = sorted(near if near and draw.random() < 0.5 else far or near)
    return _put(given, match.span(), draw.choice(pool), "E6", "entity") if pool else None


def number(given: Given, draw: random.Random) -> Corrupted | None:
    """Change a number: to another of the source half of the time, else to one near it."""
    match = _drawn(_NUMBER, given.summary, draw)
    if match is None:
        return None
    value = int(match.group())
    pool = sorted(set(_NUMBER.findall(given.source)) - set(_NUMBER.findall(given.summary)))
    if pool and draw.random() < 0.5:
        return _put(given, match.span(), draw.choice(pool), "E6", "number")
    return _put(given, match.span(), str(max(0, value + draw.choice((-2, -1, 1, 2, 3, 10, value)))), "E6", "number")


def negation(given: Given, draw: random.Random) -> Corrupted | None:
    """Take a "not" away where there is one, else put one in."""
    if match := _drawn(_UNABLE, given.summary, draw):
        return _put(given, match.span(), "able to", "E4", "negation")
    if match := _drawn(_NOT, given.summary, draw):
        return _put(given, match.span(), f"{match.group(1) or match.group(2)} ", "E4", "negation")
    match = _drawn(_VERB, given.summary, draw)
    return _put(given, match.span(), f"{match.group()} not", "E4", "negation") if match else None


def opposite(given: Given, draw: random.Random) -> Corrupted | None:
    """Put a word's opposite in its place."""
    match = _drawn(_OPPOSITE, given.summary, draw)
    return _put(given, match.span(), _OPPOSITES[match.group()], "E4", "opposite") if match else None


def role(given: Given, draw: random.Random) -> Corrupted | None:
    """Let the other side have done it."""
    match = _drawn(_ROLE, given.summary, draw)
    if match is None:
        return None
    customer = match.group().casefold() in _ROLES[0]
    other = "agent" if customer else "customer"
    return _put(given, match.span(), other.capitalize() if match.group()[0].isupper() else other, "E5", "role")


def order(given: Given, draw: random.Random) -> Corrupted | None:
    """Tell a promise as done."""
    match = _drawn(_FUTURE, given.summary, draw)
    if match is None:
        return None
    verb = match.group(1)
    done = f"{verb}d" if verb.endswith("e") else f"{verb[:-1]}ied" if re.search(r"[^aeiou]y$", verb) else f"{verb}ed"
    return _put(given, match.span(), f"has {done}", "E8", "order")


def addition(given: Given, draw: random.Random) -> Corrupted | None:
    """Add a sentence of another summary most of whose longer words the source does not have."""
    known = given.source.casefold()
    sentences = [
        one
        for other in given.others
        for one in re.split(r"(?<=[.!?])\s+", other)
        if 4 <= len(one.split()) <= 25 and _is_strange(one, known)
    ]
    if not sentences or not given.summary.strip():
        return None
    words = draw.choice(sentences)
    start = len(given.summary.rstrip()) + 1
    summary = f"{given.summary.rstrip()} {words}"
    return Corrupted(summary, "E3", "addition", (start, len(summary)))


def _is_strange(sentence: str, known: str) -> bool:
    words = [word for word in re.findall(r"[a-z]{5,}", sentence.casefold()) if word not in _TOLD]
    return len(words) >= 2 and 2 * sum(word[:5] not in known for word in words) > len(words)


def hedge(given: Given, draw: random.Random) -> Corrupted | None:
    """Drop a hedge, so that a guess is told as a fact; the word after it is marked."""
    match = _drawn(_HEDGE, given.summary, draw)
    if match is None:
        return None
    after = re.match(r"\w+", given.summary[match.end() :])
    if after is None:
        return None
    word = "is" if after.group() == "be" else after.group()
    end = match.end() + after.end()
    return _put(given, (match.start(), end), word, "E7", "hedge")


def degree(given: Given, draw: random.Random) -> Corrupted | None:
    """Make a word of degree strong or weak."""
    match = _drawn(_DEGREE, given.summary, draw)
    return _put(given, match.span(), _DEGREES[match.group()], "E14", "degree") if match else None


CORRUPTIONS: dict[str, Make] = {
    "entity": entity,
    "number": number,
    "negation": negation,
    "opposite": opposite,
    "role": role,
    "order": order,
    "addition": addition,
    "hedge": hedge,
    "degree": degree,
}


def corrupted(given: Given, draw: random.Random, *, kinds: Sequence[str] = tuple(CORRUPTIONS)) -> list[Corrupted]:
    """Make one wrong summary of each kind that the summary has a place for.

    Args:
        given: A right summary.
        draw: Decides what is changed; the same state gives the same errors.
        kinds: Names of `CORRUPTIONS`.
    """
    made = (CORRUPTIONS[kind](given, draw) for kind in kinds)
    return [one for one in made if one is not None and one.summary != given.summary]
