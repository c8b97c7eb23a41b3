"""The measures that need a model: the encoder and the reader that come with the package."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gistill.bench.abs.baselines import encoder
from gistill.digest.extract import extract
from gistill.evaluate.summaries.bertscore import bertscore
from gistill.evaluate.summaries.prevalence import prevalence, sentiment_distance, stated_error
from gistill.evaluate.summaries.scoring import NOTHING, Counts
from gistill.evaluate.summaries.words import sentences
from gistill.likeness import Window
from gistill.reader import load_reader
from gistill.schema import Record
from gistill.task import SummaryTask

_SIDES = {"negative": 0, "neutral": 1, "positive": 2}


def count(task: SummaryTask, text: str) -> dict[str, Counts]:
    """Count the measures that need a model.

    A review says a statement where one of its sentences is as like it as two quotes of one point are to the encoder
    (`Likeness.enough`). That was never held against judgements of people.
    """
    found: dict[str, Counts] = {}
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
        distance = sentiment_distance(feelings((text,)), feelings(task.sources))
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
def feelings(texts: tuple[str, ...]) -> tuple[int, int, int]:
    """Count the negative, neutral and positive opinions of texts, as the reader finds them."""
    records = [Record(id=str(number), text=text) for number, text in enumerate(texts)]
    counts = [0, 0, 0]
    for opinion in extract(records, reader=_reader()).opinions:
        counts[_SIDES[opinion.polarity]] += 1
    return counts[0], counts[1], counts[2]


@cache
def _reader() -> Any:
    return load_reader()
