"""Summaries made of whole sentences of the sources: of a document, or of many reviews.

Where no model writes, this does: every sentence is somebody's own and has its place.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gistill.likeness import SENTENCES, Likeness, Window
from gistill.record import Record
from gistill.sentences import split
from gistill.text import count_words
from gistill.vectors import TermVectors

Shape = Literal["document", "reviews"]
MOST = 2000  # sentences of reviews that are compared all with all; of more some are drawn, so that memory is bounded
MOST_OF_DOCUMENT = 50_000  # sentences of a document; of more some are drawn
_AT_ONCE = 500  # sentences embedded between two calls of progress
_SHORTEST, _LONGEST = 2, 60  # words of a sentence that can be chosen
_KEPT, _FEWEST = 0.25, 10  # of the sentences, those nearest to the aspect; at least so many
_NEAR = 0.35  # nearness to the aspect below which a sentence is about something else
_WORD = re.compile(r"[^\W_]+")
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "the and that this with for from they them their there was were are has have had not but you your our his her "
        "its it is of to in on at by as an or be so if we he she who what when where which how about into than then",
    )
)


class Chosen(NamedTuple):
    """A sentence of a summary.

    Attributes:
        record: Whose words it is.
        start: In the record's text; `end` likewise, half-open.
        text: The words.
    """

    record: str
    start: int
    end: int
    text: str


def summarize_records(
    records: Sequence[Record],
    shape: Shape,
    *,
    encoder: Likeness,
    vectors: TermVectors,
    aspect: str = "",
    words: int = 60,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> list[Chosen]:
    """Choose the sentences that say most.

    Of reviews those come first that most other reviews say alike, of a document those nearest to the mean of all; what
    was said already is passed over. Of many reviews sentences are drawn (seed 0) to choose from. How many say alike
    orders sentences and is not told: it is far from the number of people who mean the same.

    Args:
        records: Reviews, or the parts of a document.
        shape: What they are.
        encoder: Says which sentences are alike.
        vectors: Say which sentences are near to the aspect.
        aspect: What to look at; empty looks at everything.
        words: At most; a single sentence may be longer.
        progress: Called with sentences read and sentences in all.

    Returns:
        Sentences in the order of their rank, of a document in its order; none where nothing is said of the aspect.
    """
    found = _sentences(records)
    if aspect and found:
        found = _about(aspect, found, vectors)
    if not found:
        return []
    most = MOST if shape == "reviews" else MOST_OF_DOCUMENT
    drawn = found
    if len(found) > most:
        drawn = [found[place] for place in sorted(random.Random(0).sample(range(len(found)), most))]
    states = np.concatenate(list(_embedded(drawn, encoder, progress)))
    if shape == "document":
        place_of = {one: place for place, one in enumerate(drawn)}
        return sorted(_by_middle(drawn, states, words), key=place_of.__getitem__)
    return _by_voices(drawn, states, words)


def _sentences(records: Sequence[Record]) -> list[Chosen]:
    return [
        Chosen(record.id, span.start, span.end, text)
        for record in records
        for span in split(record.text)
        if _SHORTEST <= count_words(text := record.text[span.start : span.end]) <= _LONGEST
    ]


def _about(aspect: str, found: Sequence[Chosen], vectors: TermVectors) -> list[Chosen]:
    near = nearness(aspect, [one.text for one in found], vectors)
    most = max(_FEWEST, round(_KEPT * len(found)))
    order = [int(place) for place in np.argsort(-near, kind="stable")[:most] if near[place] >= _NEAR]
    return [found[place] for place in sorted(order)]


def _embedded(
    found: Sequence[Chosen], encoder: Likeness, progress: Callable[[int, int], None]
) -> Iterator[NDArray[np.float32]]:
    """Give the vectors of sentences, a few at a time."""
    for start in range(0, len(found), _AT_ONCE):
        part = found[start : start + _AT_ONCE]
        yield encoder.embed([Window(one.text, ((0, len(one.text)),)) for one in part])
        progress(start + len(part), len(found))


def _by_voices(found: list[Chosen], states: NDArray[np.float32], words: int) -> list[Chosen]:
    """Take the sentence that most records say alike, then the one that most say among what is left."""
    like = states @ states.T >= SENTENCES
    owners = [one.record for one in found]
    counts = [len({owners[place], *(owners[other] for other in np.flatnonzero(row))}) for place, row in enumerate(like)]
    order = sorted(range(len(found)), key=lambda place: (-counts[place], count_words(found[place].text), place))
    covered: set[int] = set()
    chosen: list[Chosen] = []
    for best in order:
        if best in covered:
            continue
        if words < _SHORTEST or (counts[best] == 1 and len(chosen) > 1):
            break  # what one person says is no summary of many
        covered |= {int(other) for other in np.flatnonzero(like[best])}
        length = count_words(found[best].text)
        if length <= words or not chosen:
            chosen.append(found[best])
            words -= length
    return chosen


def _by_middle(found: list[Chosen], states: NDArray[np.float32], words: int) -> list[Chosen]:
    """Take the sentences nearest to the mean, none that is like one taken before."""
    taken: list[int] = []
    for place in np.argsort(-(states @ states.mean(axis=0)), kind="stable"):
        length = count_words(found[place].text)
        again = any(float(states[place] @ states[other]) >= SENTENCES for other in taken)
        if not again and (length <= words or not taken):
            taken.append(int(place))
            words -= length
        if words < _SHORTEST:
            break
    return [found[place] for place in taken]


def nearness(asked: str, texts: Sequence[str], vectors: TermVectors) -> NDArray[np.float64]:
    """Say how near texts are to what is asked, shape (N,): the mean over its words of the nearest word of the text."""
    wanted = _meaning(asked)
    if not wanted:
        return np.zeros(len(texts))
    target = vectors.embed(wanted)

    @cache
    def near(word: str) -> NDArray[np.float32]:
        found: NDArray[np.float32] = target @ vectors.embed([word])[0]
        return found

    rows = [
        np.stack([near(word) for word in _meaning(text)] or [np.zeros(len(wanted), dtype=np.float32)]) for text in texts
    ]
    return np.array([row.max(axis=0).mean() for row in rows], dtype=np.float64)


def _meaning(text: str) -> list[str]:
    return [word for word in dict.fromkeys(_WORD.findall(text.casefold())) if len(word) > 1 and word not in _COMMON]
