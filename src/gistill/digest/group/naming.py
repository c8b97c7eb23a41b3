"""The phrases of a point in, its name out: short, in a customer's words, understandable without the rest."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from gistill.digest.group.phrases import bare
from gistill.digest.group.terms import word_set
from gistill.grounding.wording import clauses, content, signs
from gistill.schema import Direction

LONGEST_NAME = 6  # words
# Alone these say nothing of a point: what any product is, and does.
_BARE = word_set("work works worked working product item thing it use used using received got bought does do")
# Who speaks, and what was named before: they say nothing to somebody who reads the name alone.
_POINTING = word_set(
    "i i'm i've i'd i'll me my mine we us our you your he him his she her they them their it its it's this that these "
    "those one ones here there neither"
)
_WAVERING = word_set(
    "seem seems seemed should would could may might possible possibly probably maybe hope hopefully if than"
)
_WISHING = word_set(
    "wish wished wishes would should could need needs needed want wants wanted hope hoping please add more better only "
    "let give ought prefer like bring make offer missing"
)
_HANGING = word_set(
    "a an the of to with for and but or so as is are was were be very from in on at by about than too not "
    "really also just quite"
)
# Alone they tell nobody what is wrong, or what is good about it.
_VAGUE = word_set(
    "hard difficult different plastic issue issues problem problems neither none same wrong bad poor low high less "
    "more only stuff thing things point lot"
)
_TIME = re.compile(
    r"(?:(?:about|over|under|only|after|for|\d+|[a-z]+) )?(?:seconds?|minutes?|mins?|hours?|days?|weeks?"
    r"|months?|years?)"
)
_FAMILY = word_set("wife husband son daughter kid kids mom dad mother father grandson granddaughter nephew niece")
# They make another verb of one: to fall, to fall out, to fall apart.
_PARTICLES = word_set("out off up down apart away over")
_APART = re.compile(r"(?<=\w)\s+(?=n['’]t\b|['’](?:s|re|ve|ll|d|m)\b)|(?<=\bcan)\s+(?=not\b)", re.IGNORECASE)
_DASH = re.compile(r"(?<=\w) - (?=\w)")
_QUOTES = re.compile('["“”„«»]')  # a phrase cut out of a sentence has often one alone
# What joins two clauses, of which a name should be one: "wine, however, which is very nice", "cruddy and the noise".
_INNER = re.compile(
    r"[,;]|\b(?:however|which|but|although|because|lack)\b|\b(?:and|or) (?:a|an|the|it)\b", re.IGNORECASE
)
_MARK = re.compile(r"\s+(?=[,.;:!?%)])")


def candidates(phrases: int) -> int:
    """Say how many of the phrases of a point, the most typical first, may be its name."""
    return min(phrases, max(8, phrases // 2))


def name_of(phrases: Sequence[str], typical: Sequence[float], direction: Direction) -> tuple[str, int]:
    """Choose a name among the phrases of the more typical half: said alike by many, short, and clear alone.

    Args:
        phrases: Of the opinions, the most typical first.
        typical: How well each of the first ones, which are tried, says what the others say, from 0.
        direction: Of the point; a phrase that feels the other way is no name for it.

    Returns:
        A phrase of at most six words that is no bare noun or verb of the product, where one has that; else the first
        words of the most typical one. With the place of the phrase.
    """
    said = [_stems(phrase) for phrase in phrases]
    spread = Counter(stem for stems in said for stem in set(stems))
    used = Counter(bare(phrase) for phrase in phrases)
    best: tuple[float, int] | None = None
    for place in range(min(candidates(len(phrases)), len(typical))):
        phrase, stems = phrases[place], said[place]
        if not 0 < len(phrase.split()) <= LONGEST_NAME or bare(phrase) in _BARE:
            continue
        shared = sum(spread[stem] for stem in stems) / (len(stems) * len(phrases)) if stems else 0.0
        worth = used[bare(phrase)] / len(phrases) + shared + typical[place] - _unclear(phrase, stems, direction)
        if best is None or worth > best[0] + 1e-6:  # of equals the first
            best = worth, place
    if best:
        return readable(phrases[best[1]]), best[1]
    words = phrases[0].split()
    return readable(" ".join(words[:LONGEST_NAME])) + (" …" if len(words) > LONGEST_NAME else ""), 0


def readable(phrase: str) -> str:
    """Put together again what a tokenizer has cut.

    >>> readable("ca n't beat that"), readable('long - lasting , " cheap')
    ("can't beat that", 'long-lasting, cheap')
    """
    return _MARK.sub("", _DASH.sub("-", _APART.sub("", " ".join(_QUOTES.sub(" ", phrase).split()))))


def _unclear(phrase: str, stems: Sequence[str], direction: Direction) -> float:
    """Say how little a phrase is a name: 0 for one of three words or fewer that means the same to everybody."""
    words = [word.strip(',.;:!?"()') for word in readable(phrase).casefold().split()]
    weight = 0.05 * max(0, len(words) - 3)
    weight += 0.15 * any(word in _POINTING for word in words)
    weight += 0.15 * any(word in _FAMILY for word in words)
    if direction == "wish":
        weight += 0.15 * (words[0] == "if") + 0.2 * (not any(word in _WISHING for word in words))
    else:
        weight += 0.15 * any(word in _WAVERING for word in words)
    weight += 0.15 * (words[-1] in _HANGING)
    vague = _VAGUE | {"good", "great"} if direction == "negative" else _VAGUE
    weight += 0.5 * (all(word in vague | _HANGING for word in words) or bool(_TIME.fullmatch(" ".join(words))))
    weight += 0.1 * (":" in phrase)
    weight += 0.4 * bool(_INNER.search(readable(phrase)))
    weight += 0.3 * (len(set(stems)) < len(stems))  # "takes taking it apart"
    felt = {sign for clause in clauses(phrase) for sign in signs(clause)}
    other = {"positive": {-1}, "negative": {1}}.get(direction)
    return weight + 0.4 * (other is not None and felt == other)


def meaning(phrase: str) -> frozenset[str]:
    """Give what a phrase must share with another that says the same: its stems, with "not", and "out" of "fall out".

    >>> sorted(meaning("falls out")), meaning("kept falling out") >= meaning("fall out") > meaning("fall")
    (['fall', 'out'], True)
    """
    words = readable(phrase).casefold().split()
    return frozenset(_stems(phrase)) | _PARTICLES.intersection(words)


def _stems(phrase: str) -> list[str]:
    """List what a phrase says: its words without those that only join, and the whole where it has no other."""
    found = [("not " if word.negated else "") + word.stem for clause in clauses(phrase) for word in content(clause)]
    return found or [bare(phrase)]
