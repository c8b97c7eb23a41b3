"""Sets of summaries as they are scored: tasks, and how long a summary of this set is."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median

from gistill.bench.abs.metrics import Metric
from gistill.bench.answers import digest
from gistill.corpora.summaries import index
from gistill.errors import InputError
from gistill.evaluate.summaries.words import words
from gistill.grounding.faults.critic import LoadedCritic
from gistill.task import SummaryTask

USUAL = 60  # words, where there are no references
_ASPECT = 4  # words of an aspect at most


@dataclass(frozen=True)
class SummarySet:
    """Tasks of one set.

    Args:
        name: By which it can be loaded again.
        examples: The tasks, in order.
        words: How long a summary should be, and where all are cut for comparison at equal length: for each task the
            same, so that no reference's own length is known to a system.
        deep: Whether measures that need a model are taken too.
        critic: Reads each sentence beside its evidence, where there is one and measures are deep.
        metrics: Learned metrics by their names.
    """

    name: str
    examples: tuple[SummaryTask, ...]
    words: dict[str, int]
    deep: bool = False
    critic: LoadedCritic | None = None
    metrics: tuple[tuple[str, Metric], ...] = ()

    @cached_property
    def aspects(self) -> tuple[str, ...]:
        """What tasks ask for in a few words, each once; a question in a sentence is no aspect."""
        return tuple(
            dict.fromkeys(t.asked for t in self.examples if 0 < len(words(t.asked)) <= _ASPECT and "?" not in t.asked)
        )

    @cached_property
    def hash(self) -> str:
        """Says which tasks these are, and how long their summaries should be."""
        return digest(
            [[list(task._replace(references=(), evidence=None)), self.length(task)] for task in self.examples]
        )

    def length(self, task: SummaryTask) -> int:
        """Give the words that a summary of a task should have."""
        return self.words["" if task.asked == "" else "asked"]


def load_set(
    name: str, *, folder: Path | None, limit: int | None = None, seed: int = 0, length: int | None = None
) -> SummarySet:
    """Load a set.

    Args:
        name: See `corpora.summaries.index`.
        folder: The data folder.
        limit: Only the first so many tasks after a shuffle.
        seed: Of that shuffle.
        length: Words of a summary; None takes the median of the references, for tasks with a question and without.

    Raises:
        SettingError: No such set.
        InputError: A file is missing or has no tasks.
    """
    found = index.load(name, folder=folder)
    if not found:
        raise InputError("no tasks in it", file=name)
    known = {"": _usual([t for t in found if not t.asked]), "asked": _usual([t for t in found if t.asked])}
    if limit is not None and limit < len(found):
        random.Random(seed).shuffle(found)
        found = found[:limit]
    return SummarySet(name, tuple(found), known if length is None else dict.fromkeys(known, length))


def _usual(tasks: list[SummaryTask]) -> int:
    lengths = [len(words(reference)) for task in tasks for reference in task.references]
    return round(median(lengths)) if lengths else USUAL
