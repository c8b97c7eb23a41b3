"""Normal forms that mean the same thing, joined: spelling first, then meaning by term vectors.

Joining too much is worse than joining too little, so a term joins only a leader it is itself near to, never by a
chain, and never across digits or opposites. Leaders are taken in an order that counts hardly enter, so that more
records do not rename what is there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from gistill.vectors import TermVectors, misspelling_traces, misspelt

NEAR = 0.71  # cosine from which two terms mean the same; tuned by eye on the training parts of DMASTE and MAMS
CLOSE = 0.85  # the same where a word stands alone on one side: "minty smell" and "smell"
_RARE = 1 << 30
_BLOCK = 256  # terms compared at once: 50,000 leaders make 51 MB
_CROWD = 50  # candidates looked at for one trace of a misspelling; only made-up words share one with more
# Vectors put these close together because people use them in the same places; they are different things.
_OPPOSITES = tuple(
    frozenset(group.split())
    for group in (
        "hot cold warm cool",
        "front back rear side",
        "left right",
        "top bottom upper lower",
        "inside outside inner outer interior exterior indoor outdoor",
        "in out input output",
        "up down upload download",
        "on off",
        "man woman boy girl kid male female child baby adult men women",
        "breakfast lunch dinner brunch meal",
        "morning evening night day afternoon",
        "summer winter spring fall autumn",
        "color white black red blue green yellow pink purple brown grey gray orange gold silver",
        "heating cooling heater cooler",
        "beginning ending start end",
        "width length height depth thickness weight size large small medium",
        "bass treble mid high low",
        "shoe boot sock sandal sneaker",
        "knife blade fork spoon",
        "charger charge battery cable cord plug adapter",
        "charger charging",
        "battery charging",
        "jeans pants shorts skirt shirt dress",
        "toe foot heel sole",
        "dog cat puppy kitten bird fish",
        "father mother son daughter husband wife brother sister",
        "waiter manager owner chef cook bartender hostess host",
        "android iphone ios windows mac",
        "meat steak beef chicken pork lamb fish shrimp duck turkey ham bacon",
        "atmosphere air",
        "pancake cheesecake cake cupcake",
        "shipping ship",
        "felt feel",
        "mp3 cd dvd",
    )
)


def _order(term: str, people: int, vectors: TermVectors) -> tuple[bool, int, int, str]:
    """Sort key of who leads: said by two people or more, then the fewest words, then those that reviews use most."""
    words = term.split()
    ranks = [vectors.rank(word) for word in words]
    return people < 2, len(words), max((_RARE if rank is None else rank for rank in ranks), default=_RARE), term


def respell(words: Mapping[str, int], vectors: TermVectors) -> dict[str, str]:
    """Find the words that are misspellings of other words of the same data.

    Only a word that the vocabulary does not hold as a whole can be a misspelling: "stuff" is never "staff". It must
    begin with the same letter, have no digit, and differ as `gistill.vectors.misspelt` describes.

    Args:
        words: Word -> people who wrote it.
        vectors: Their vocabulary says which words are words.

    Returns:
        Misspelt word -> the word it stands for. A word that stands is never itself a key.
    """
    standing: dict[str, list[str]] = defaultdict(list)
    found: dict[str, str] = {}
    known = {word: vectors.rank(word) is not None for word in words}
    for word in sorted(words, key=lambda w: (not known[w], vectors.rank(w) or 0, -words[w], w)):
        if len(word) < 5 or any(c.isdigit() for c in word):
            continue
        traces = misspelling_traces(word)
        near: list[tuple[bool, int, int, str]] = []
        if not known[word] and len(word) >= 6:
            for place, other in enumerate(other for trace in traces for other in standing[trace][:_CROWD]):
                distance = OSA.distance(word, other, score_cutoff=2)
                if other[0] == word[0] and distance <= 2 and misspelt(word, other, distance):
                    near.append((not known[other], distance, place, other))
        if near:
            found[word] = min(near)[-1]
        else:
            for trace in traces:
                standing[trace].append(word)
    return found


def join(terms: Mapping[str, int], vectors: TermVectors, *, near: float = NEAR) -> dict[str, str]:
    """Group normal forms that mean the same thing.

    Args:
        terms: Normal form -> people who said it. None empty.
        vectors: To compare meanings, and to know words from misspellings.
        near: Cosine from which two terms may be one.

    Returns:
        Term -> the leader of its group, which is a term, or one with its spelling mended. The same for any order of
        `terms`.
    """
    spelt = respell(_words(terms), vectors)
    forms: dict[str, int] = defaultdict(int)
    rewritten: dict[str, str] = {}
    for term, people in terms.items():
        rewritten[term] = " ".join(spelt.get(word, word) for word in term.split())
        forms[rewritten[term]] += people
    order = sorted(forms, key=lambda form: _order(form, forms[form], vectors))
    compact: dict[str, str] = {}
    for form in order:
        compact.setdefault(form.replace(" ", ""), form)  # "wi fi" is "wifi"
    leaders = lead([form for form in order if compact[form.replace(" ", "")] == form], vectors, near=near)
    return {term: leaders[compact[form.replace(" ", "")]] for term, form in rewritten.items()}


def _words(terms: Mapping[str, int]) -> dict[str, int]:
    words: dict[str, int] = defaultdict(int)
    for term, people in terms.items():
        for word in term.split():
            words[word] += people
    return words


def lead(order: Sequence[str], vectors: TermVectors, *, near: float = NEAR) -> dict[str, str]:
    """Let each term, in order, join the nearest leader that is near enough, or become one.

    Args:
        order: Distinct terms; the earlier one of two leads.
        vectors: To compare them.
        near: See `join`.
    """
    table = vectors.embed(order)
    remainder = remainders(vectors)
    leaders: list[int] = []
    members: list[set[str]] = []  # all words of a leader's group, for what must not come together
    result: dict[str, str] = {}
    for start in range(0, len(order), _BLOCK):
        block = table[start : start + _BLOCK]
        before = block @ table[leaders].T if leaders else np.zeros((len(block), 0), dtype=np.float32)
        within = block @ block.T
        old = len(leaders)
        for row, term in enumerate(order[start : start + _BLOCK]):
            similar = np.concatenate([before[row], within[row, [leader - start for leader in leaders[old:]]]])
            words = term.split()
            sure = max(near, CLOSE)
            # A word in pieces lies near to its pieces (an eggplant to eggs), so it must be nearer than that.
            enough = near if all(vectors.rank(word) is not None for word in words) else sure
            for place in nearest(similar, enough):
                other = order[leaders[place]]
                if not clash(words, members[place]) and alike(
                    words, other.split(), float(similar[place]), enough, sure, remainder
                ):
                    members[place].update(words)
                    result[term] = other
                    break
            else:
                leaders.append(start + row)
                members.append(set(words))
                result[term] = term
    return result


def nearest(similar: NDArray[np.float32], near: float) -> list[int]:
    """Places of the at most 16 highest values from `near` on, highest first, ties in order."""
    enough = np.flatnonzero(similar >= near)
    return [int(place) for place in enough[np.argsort(-similar[enough], kind="stable")[:16]]]


def remainders(vectors: TermVectors) -> Callable[..., float]:
    """Make the function that compares lists of words, remembering their vectors."""
    known: dict[str, NDArray[np.float32]] = {}

    def compare(one: Sequence[str], other: Sequence[str]) -> float:
        for text in (" ".join(one), " ".join(other)):
            if text not in known:
                known[text] = vectors.embed([text])[0]
        return float(known[" ".join(one)] @ known[" ".join(other)])

    return compare


def alike(
    words: list[str], other: list[str], similarity: float, near: float, close: float, remainder: Callable[..., float]
) -> bool:
    """Decide whether two terms mean the same: the words they do not share must do so by themselves.

    Args:
        words: The term, in words.
        other: The term it might join.
        similarity: Their cosine.
        near: Enough for two single words, and for what is left of both when the shared words are gone.
        close: Enough for terms of several words that share none, and for a word in front of the other term's words. A
            word behind makes another thing and is never enough: a phone case is no phone.
        remainder: Gives the cosine of the words that are left on each side.
    """
    if [w for w in words if any(c.isdigit() for c in w)] != [w for w in other if any(c.isdigit() for c in w)]:
        return False
    rest, left = [w for w in words if w not in other], [w for w in other if w not in words]
    if not rest or not left:
        return len(other) < len(words) and words[-len(other) :] == other and similarity >= close
    if len(rest) == len(words):
        alone = len(words) == len(other) == 1
        return similarity >= (near if alone else close) and not (alone and _agent(words[0], other[0]))
    return similarity >= near and remainder(rest, left) >= near


def _agent(one: str, other: str) -> bool:
    """Whether one is what does the other: a dryer and to dry, a toner and tone, a protector and protection."""
    return any(
        doer.endswith(("er", "or"))
        and not deed.endswith(("er", "or"))
        and (deed in (doer[:-1], doer[:-2], doer[:-3]) or (len(doer) > 5 and deed.startswith(doer[:-2])))
        for doer, deed in ((one, other), (other, one))
    )


def clash(words: Iterable[str], members: set[str]) -> bool:
    """Whether a word stands opposite to a word of the group."""
    return any(
        (mine := group.intersection(words)) and (theirs := group & members) and mine != theirs for group in _OPPOSITES
    )
