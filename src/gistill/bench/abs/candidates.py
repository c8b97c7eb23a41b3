"""The sentences that extractive systems choose from, and how a summary is put together of chosen ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gistill.evaluate.summaries.words import COMMON, content, sentences, words
from gistill.task import SummaryTask
from gistill.vectors import TermVectors, load_vectors

MOST = 300  # sentences; what compares all with all takes their square
_SHORTEST = 3  # words of a sentence that can be chosen
_KEPT, _FEWEST = 0.25, 10  # of the sentences, those nearest to what is asked; at least so many
_AGAIN = 0.6  # of its words with a meaning are said already


class Candidate(NamedTuple):
    """A sentence of the sources."""

    source: int
    number: int  # within its source
    text: str


def candidates(task: SummaryTask) -> list[Candidate]:
    """Give the sentences of a task, in order; where something is asked, the quarter of them that is nearest to it.

    Near is: the words of the question are, on average, near to some word of the sentence (static vectors). More than
    300 are thinned out evenly.
    """
    found = [
        Candidate(source, number, " ".join(text.split()))
        for source, whole in enumerate(task.sources)
        for number, text in enumerate(sentences(whole))
    ]
    found = [one for one in found if len(words(one.text)) >= _SHORTEST] or found
    if task.asked:
        near = nearness(task.asked, [one.text for one in found])
        most = max(_FEWEST, round(_KEPT * len(found)))
        order = np.argsort(-near, kind="stable")[: min(most, MOST)]
        found = [found[place] for place in sorted(order)]
    return [found[round(place)] for place in np.linspace(0, len(found) - 1, MOST)] if len(found) > MOST else found


def nearness(asked: str, texts: Sequence[str]) -> NDArray[np.float64]:
    """Say how near texts are to a question, shape (N,): the mean over its words of the nearest word of the text."""
    wanted = _vectors(tuple(_meaning(asked)))
    if not len(wanted):
        return np.zeros(len(texts))
    return np.array([_near(wanted, tuple(_meaning(text))) for text in texts], dtype=np.float64)


def _near(wanted: NDArray[np.float32], given: tuple[str, ...]) -> float:
    found = _vectors(given)
    return float((wanted @ found.T).max(axis=1).mean()) if len(found) else 0.0


def _meaning(text: str) -> list[str]:
    """Give the words that have a meaning, unstemmed, each once."""
    return [word for word in dict.fromkeys(words(text)) if word not in COMMON]


def _vectors(given: tuple[str, ...]) -> NDArray[np.float32]:
    return np.stack([_vector(word) for word in given]) if given else np.zeros((0, 1), dtype=np.float32)


@cache
def _vector(word: str) -> NDArray[np.float32]:
    found: NDArray[np.float32] = _terms().embed([word])[0]
    return found


@cache
def _terms() -> TermVectors:
    return load_vectors()


def assembled(ranked: Iterable[Candidate], task: SummaryTask, most: int) -> str:
    """Put sentences together, the best first, up to a number of words.

    What does not fit is passed over, and so is a sentence of which most is said already. Those of a document, or of a
    conversation, stand in its order, those of reviews in the order of their rank.
    """
    chosen: list[Candidate] = []
    said: set[str] = set()
    left = most
    best: Candidate | None = None
    for one in ranked:
        best = best or one
        meaning, length = set(content(one.text)), len(words(one.text))
        if length > left or (meaning and len(meaning & said) > _AGAIN * len(meaning)):
            continue
        chosen.append(one)
        said |= meaning
        left -= length
        if left < _SHORTEST:
            break
    chosen = chosen or ([best] if best else [])
    if task.shape != "reviews":
        chosen.sort()
    return " ".join(one.text for one in chosen)
