"""A judge's ratings of summaries as metrics: asked blind, in a drawn order, and kept by the journal."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import partial

from gistill.bench.abs.metrics import Metric
from gistill.lm.seam import LanguageModel, Request
from gistill.skills.quality import CRITERIA, QUALITY, Quality, QualityInput
from gistill.task import SummaryTask
from gistill.text import clean

_Ratings = Mapping[tuple[str, tuple[str, ...]], Quality]


def rated(
    tasks: Sequence[SummaryTask], texts: Mapping[str, Sequence[str]], judge: LanguageModel, *, seed: int = 0
) -> tuple[dict[str, Metric], dict[str, int]]:
    """Ask a judge about all summaries, who wrote them not said, those of all systems mixed.

    Args:
        tasks: What was summed up.
        texts: System -> a summary a task.
        judge: Who is asked, through the skill `quality`; equal summaries of one task are asked about once.
        seed: Of the order.

    Returns:
        A metric for each criterion ("judge: overall" and so on): 1 to 5, None for a summary that was not rated; and why
        answers could not be used -> how many.
    """
    asked = {
        (text, task.sources): QualityInput(task.sources, text, task.asked)
        for some in texts.values()
        for task, text in zip(tasks, some, strict=True)
    }
    order = list(asked)
    random.Random(seed).shuffle(order)
    requests = [Request(messages=QUALITY.render(asked[key]), max_tokens=QUALITY.max_tokens) for key in order]
    ratings: dict[tuple[str, tuple[str, ...]], Quality] = {}
    failed: dict[str, int] = {}
    for key, said in zip(order, judge.complete(requests), strict=True):
        read = None if said.failure else QUALITY.parse(clean(said.text), asked[key], said.stop == "end")
        if read is not None and read.result is not None:
            ratings[key] = read.result
        else:
            kind = said.failure.kind if said.failure else read.failures[0].kind if read else "unparsable"
            failed[kind] = failed.get(kind, 0) + 1
    return {f"judge: {name}": partial(_given, ratings, place) for place, name in enumerate(CRITERIA)}, failed


def _given(
    ratings: _Ratings, place: int, summary: str, references: tuple[str, ...], sources: tuple[str, ...]
) -> float | None:
    found = ratings.get((summary, sources))
    return None if found is None else float(found[place])
