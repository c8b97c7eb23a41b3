"""The measures that need a model: the encoder and the reader that come with the package."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gistill.bench.abs import support
from gistill.bench.abs.baselines import encoder
from gistill.bench.abs.candidates import nearness
from gistill.digest.extract import extract
from gistill.evaluate.summaries.bertscore import bertscore
from gistill.evaluate.summaries.consistency import Feeling, polarity_consistency, purity
from gistill.evaluate.summaries.prevalence import prevalence, sentiment_distance, stated_error
from gistill.evaluate.summaries.scoring import NOTHING, Counts
from gistill.evaluate.summaries.words import sentences
from gistill.grounding.faults.critic import LoadedCritic
from gistill.likeness import Window
from gistill.reader import load_reader
from gistill.schema import Record
from gistill.task import SummaryTask

_SIDES = {"negative": 0, "neutral": 1, "positive": 2}


def count(
    task: SummaryTask, text: str, *, aspects: Sequence[str] = (), critic: LoadedCritic | None = None
) -> dict[str, Counts]:
    """Count the measures that need a model.

    A review says a statement where one of its sentences is as like it as two quotes of one point are to the encoder
    (`Likeness.enough`). That was never held against judgements of people.

    Args:
        task: With references, or without.
        text: The summary.
        aspects: All that tasks of the set ask for; a sentence belongs to the one that it is nearest to.
        critic: Judges each sentence, where there is one.
    """
    found: dict[str, Counts] = {"sentences without a fault by rules": _standing(support.by_rules(task, text))}
    if critic is not None:
        found["sentences without a fault by the critic"] = _standing(support.by_critic(task, text, critic))
    if task.asked in aspects and len(aspects) > 1:
        near = lambda statement: [float(nearness(one, [statement])[0]) for one in aspects]  # noqa: E731
        found["aspect purity"] = purity(sentences(text), near, list(aspects).index(task.asked))
    if task.references:
        said = pieces(text)
        scored = [bertscore(said, pieces(reference)) for reference in task.references]
        for place, name in enumerate(("precision", "recall", "F1")):
            found[f"BERTScore {name}"] = (sum(one[place] for one in scored) / len(scored), 1.0)
    if task.shape == "reviews":
        statements = sentences(text)
        who = lambda statement: says(statement, task.sources)  # noqa: E731
        found["prevalence"] = prevalence(statements, who)
        found["error of stated counts"] = stated_error(statements, who, len(task.sources))
        voiced, there = opinions((text,)), opinions(task.sources)
        found["polarity as in the sources"] = polarity_consistency(voiced, there)
        distance = sentiment_distance(_balance(voiced), _balance(there))
        found["distance of sentiment"] = NOTHING if distance is None else (distance, 1.0)
    return found


@lru_cache(maxsize=4096)
def pieces(text: str) -> NDArray[np.float32]:
    """Give the unit vectors of a text's word pieces."""
    return encoder().pieces([text])[0]


@lru_cache(maxsize=4096)
def says(statement: str, reviews: tuple[str, ...]) -> tuple[bool, ...]:
    """Say for each review whether it says a statement."""
    vectors, owners = _sentences(reviews)
    wanted = encoder().embed([_window(statement)])[0]
    near = {owner for owner, like in zip(owners, vectors @ wanted, strict=True) if like >= encoder().enough}
    return tuple(number in near for number in range(len(reviews)))


@lru_cache(maxsize=4)
def _sentences(reviews: tuple[str, ...]) -> tuple[NDArray[np.float32], list[int]]:
    found = [(number, one) for number, review in enumerate(reviews) for one in sentences(review)]
    return encoder().embed([_window(one) for _, one in found]), [number for number, _ in found]


def _window(text: str) -> Window:
    return Window(text, ((0, len(text)),))


@lru_cache(maxsize=4096)
def opinions(texts: tuple[str, ...]) -> tuple[Feeling, ...]:
    """Give category and polarity of each opinion in texts, as the reader finds them."""
    records = [Record(id=str(number), text=text) for number, text in enumerate(texts)]
    found = extract(records, reader=_reader()).opinions
    return tuple((one.category or "", one.polarity) for one in found)


def _balance(found: Sequence[Feeling]) -> tuple[int, int, int]:
    """Count negative, neutral and positive opinions."""
    counts = [0, 0, 0]
    for _, polarity in found:
        counts[_SIDES[polarity]] += 1
    return counts[0], counts[1], counts[2]


def _standing(found: Sequence[support.Standing]) -> Counts:
    return float(sum(not one.faults for one in found)), float(len(found))


@cache
def _reader() -> Any:
    return load_reader()
