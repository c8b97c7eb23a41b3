"""Opinion words in, pros and cons out: the phrases that most people used about each aspect."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from gistill.digest.group.cluster import respell
from gistill.digest.group.tally import Counted, Ints, distinct
from gistill.digest.group.terms import AROUND, clean, singular, word_set, words_of
from gistill.schema import Opinion, Phrase, Polarity
from gistill.vectors import TermVectors

MOST = 5
_STRESS = word_set(
    "very really so extremely super quite pretty absolutely totally completely incredibly just truly highly definitely "
    "simply such a an the rather fairly most exceptionally amazingly surprisingly overall actually certainly always"
)
# Alone, these say nothing.
_EMPTY = _STRESS - {"super", "pretty"} | word_set("not n't nt no too also be is are was were been but and or more much")
_STRETCHED = re.compile(r"(\w)\1{2,}")


@lru_cache(maxsize=65536)
def bare(text: str) -> str:
    """Take an opinion phrase down to what it says: no case, punctuation, stress in front, or stretched letters.

    "Not" and "too" stay, for they turn the meaning.

    >>> [bare(text) for text in ("Great!!", "really, really great", "not very good", "too small", "sooo cute", "very")]
    ['great', 'great', 'not very good', 'too small', 'cute', '']
    """
    words = words_of(_STRETCHED.sub(r"\1\1", clean(text)))
    words = [re.sub(r"(\w)\1$", r"\1", word) if word[:-1] in _STRESS else word for word in words]
    while len(words) > 1 and words[0] in _STRESS:
        del words[0]
    return "" if all(word in _EMPTY for word in words) else " ".join(words)


@lru_cache(maxsize=65536)
def shown(text: str) -> str:
    """Write an opinion phrase as people may see it: its own words, in lower case, without stress in front.

    >>> shown("Really GREAT!"), shown("didn't last")
    ('great', "didn't last")
    """
    words = clean(text).split()
    while len(words) > 1 and words[0].strip(AROUND) in _STRESS:
        del words[0]
    return " ".join(words).strip(AROUND)


def phrases(
    opinions: Sequence[Opinion], counts: Counted, group: Ints, groups: int, vectors: TermVectors
) -> list[tuple[tuple[Phrase, ...], tuple[Phrase, ...]]]:
    """Find the pros and cons of each group.

    Phrases that differ in case, punctuation, stress, number or a misspelling are one; they are shown in the form most
    used.

    Args:
        opinions: In an order that does not depend on the rows, such as `ties.tie_break` gives.
        counts: The same opinions, counted.
        group: The group of each opinion, 0 to `groups` - 1, or negative.
        groups: How many groups.
        vectors: To know words from misspellings.

    Returns:
        For each group its pros and its cons, at most five each: most people first, then most mentions, then by the
        words. Pros come from positive opinions only and cons from negative ones.
    """
    said = [bare(opinion.opinion.text) if opinion.opinion else "" for opinion in opinions]
    keys = _keys(said, vectors)
    number = {key: i for i, key in enumerate(sorted(set(keys.values())))}
    code = np.array([number[keys[text]] if text else -1 for text in said], dtype=np.int64)
    used = (code >= 0) & (group >= 0) & (counts.polarity < 2)
    wide = max(1, len(number))
    cells, cell = np.unique(np.where(used, (group * 2 + counts.polarity) * wide + code, -1), return_inverse=True)
    people = distinct(np.where(used, cell, -1), counts.person, len(cells))
    members: dict[int, list[int]] = defaultdict(list)
    for place in np.flatnonzero(used).tolist():
        members[int(cell[place])].append(place)
    names = sorted(number)
    by_side: dict[int, list[int]] = defaultdict(list)
    for i, at in enumerate(cells.tolist()):
        if at >= 0:
            by_side[at // wide].append(i)

    def best(side: int, polarity: Polarity) -> tuple[Phrase, ...]:
        ranked = sorted(by_side[side], key=lambda i: (-people[i], -len(members[i]), names[int(cells[i]) % wide]))
        return tuple(_phrase([opinions[m] for m in members[i]], polarity, int(people[i])) for i in ranked[:MOST])

    return [(best(2 * g, "positive"), best(2 * g + 1, "negative")) for g in range(groups)]


def _keys(said: Sequence[str], vectors: TermVectors) -> dict[str, str]:
    """Phrase -> the form under which it is counted."""
    used = Counter(said)
    words: Counter[str] = Counter()
    for text, times in used.items():
        for word in text.split():
            words[word] += times
    spelt = respell(words, vectors)
    return {text: " ".join(singular(spelt.get(word, word)) for word in text.split()) for text in used if text}


def _phrase(opinions: Sequence[Opinion], polarity: Polarity, people: int) -> Phrase:
    forms = Counter(shown(opinion.opinion.text) for opinion in opinions if opinion.opinion)
    text = min(forms, key=lambda form: (-forms[form], len(form), form))
    ranked = sorted(opinions, key=_doubt)  # stable: ties stay as they came
    return Phrase(text=text, polarity=polarity, people=people, opinions=tuple(opinion.id for opinion in ranked))


def _doubt(opinion: Opinion) -> float:
    """Order the surest first, and last those that nobody measured."""
    return math.inf if opinion.confidence is None else -opinion.confidence
