"""Summaries without a model that was taught to write: chosen sentences, by six ways to rank them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from gistill import install
from gistill.bench.abs.candidates import Candidate, assembled, candidates
from gistill.errors import ExtraMissingError
from gistill.evaluate.summaries.words import content, stems
from gistill.likeness import Likeness, Window, load_likeness
from gistill.task import SummaryTask

VERSION = 1  # of the texts these make; kept answers of another are not taken
_ORACLE = 100  # sentences that the oracle tries, those that share most words with the references


def summarize(kind: str, task: SummaryTask, most: int, *, seed: int = 0) -> str:
    """Write a summary of a task by choosing sentences.

    Args:
        kind: A key of `RANKED`.
        task: Only "oracle" looks at its references.
        most: Words.
        seed: Of "random".

    Raises:
        ExtraMissingError: sumy is not installed, for "lexrank" and "textrank".
    """
    found = candidates(task._replace(asked="")) if kind == "oracle" else candidates(task)
    return assembled(RANKED[kind](found, task, seed), task, most) if found else ""


def _lead(found: list[Candidate], task: SummaryTask, _seed: int) -> list[Candidate]:
    """Take a document from its start; of several sources the first sentence of each, then the second ones."""
    return found if task.shape == "document" else sorted(found, key=lambda one: (one.number, one.source))


def _random(found: list[Candidate], task: SummaryTask, seed: int) -> list[Candidate]:
    drawn = list(found)
    random.Random(f"{seed} {task.id}").shuffle(drawn)
    return drawn


def _centroid(found: list[Candidate], _task: SummaryTask, _seed: int) -> list[Candidate]:
    """Rank by nearness to the mean of all sentences, in the vectors of the encoder that comes with the package."""
    vectors = encoder().embed([Window(one.text, ((0, len(one.text)),)) for one in found])
    middle = vectors.mean(axis=0)
    return [found[place] for place in np.argsort(-(vectors @ middle), kind="stable")]


def _oracle(found: list[Candidate], task: SummaryTask, _seed: int) -> Iterator[Candidate]:
    """Add the sentence that raises ROUGE-1 + ROUGE-2 most, until none does: about the best that choosing can reach."""
    wanted = [_grams(reference) for reference in task.references]
    known = {word for reference in task.references for word in stems(reference)}
    tried = sorted(found, key=lambda one: -len(set(stems(one.text)) & known))[:_ORACLE]
    chosen: list[Candidate] = []
    best = 0.0
    while left := [one for one in tried if one not in chosen]:
        scored = [(_alike(" ".join(c.text for c in [*chosen, one]), wanted), -at) for at, one in enumerate(left)]
        score, place = max(scored)
        if score <= best:
            return
        best = score
        chosen.append(left[-place])
        yield left[-place]


def _grams(text: str) -> tuple[Counter[Any], Counter[Any]]:
    said = stems(text)
    return Counter(said), Counter(pairwise(said))


def _alike(text: str, wanted: list[tuple[Counter[Any], Counter[Any]]]) -> float:
    said = _grams(text)
    return sum(
        2 * (one & other).total() / max(1, one.total() + other.total())
        for reference in wanted
        for one, other in zip(said, reference, strict=True)
    )


def _sumy(name: str) -> Callable[[list[Candidate], SummaryTask, int], list[Candidate]]:
    def rank(found: list[Candidate], _task: SummaryTask, _seed: int) -> list[Candidate]:
        if len(found) < 2:
            return found
        given = [_Said(tuple(content(one.text)), place) for place, one in enumerate(found)]
        with np.errstate(all="ignore"):  # of sentences that share no word nothing is known: they keep their order
            ranked = _ranker(name)(_Document(given), len(given))
        return [found[one.place] for one in ranked]

    return rank


class _Said:
    """A sentence as sumy reads it; its words are stems already, and cutting is never left to sumy."""

    def __init__(self, words: tuple[str, ...], place: int) -> None:
        self.words, self.place = words, place


class _Document:
    def __init__(self, sentences: list[_Said]) -> None:
        self.sentences = sentences


@cache
def _ranker(name: str) -> Any:
    try:
        from sumy.summarizers.lex_rank import LexRankSummarizer
        from sumy.summarizers.text_rank import TextRankSummarizer
    except ImportError as error:
        raise ExtraMissingError(f"{name} needs sumy.", hint=install.hint("eval")) from error
    ranker = (LexRankSummarizer if name == "lexrank" else TextRankSummarizer)()
    ranker._get_best_sentences = _by_rating  # its own puts the best back into the order of the text
    return ranker


def _by_rating(given: list[_Said], _count: int, rating: dict[_Said, float]) -> list[_Said]:
    return sorted(given, key=lambda one: (-np.nan_to_num(rating[one]), one.place))


@cache
def encoder() -> Likeness:
    """Load the encoder once."""
    return load_likeness()


RANKED: dict[str, Callable[..., Any]] = {
    "lead": _lead,
    "random": _random,
    "lexrank": _sumy("lexrank"),
    "textrank": _sumy("textrank"),
    "centroid": _centroid,
    "oracle": _oracle,
}
