"""A set to be scored on: its texts, what its training part teaches a prompt, and a hash that says which texts."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gistill.bench.answers import digest
from gistill.corpora.leaks import fingerprint
from gistill.corpora.tuples import Example
from gistill.errors import InputError, SettingError
from gistill.schema import SentimentTask

_NAME = re.compile(r"(?P<place>[^:]+?)(?:/(?P<part>train|dev|test))?(?P<task>:\w+)?")


@dataclass(frozen=True)
class BenchSet:
    """Texts with their marked opinions.

    Args:
        name: "corpus/domain/part:task".
        task: Which elements are asked for.
        examples: The texts that are scored.
        folder: The data folder.
    """

    name: str
    task: SentimentTask
    examples: tuple[Example, ...]
    folder: Path

    @cached_property
    def training(self) -> tuple[Example, ...]:
        """The training part without the texts that are scored: shots, categories and frequencies come from here."""
        place = _split(self.name)[0]
        scored = {fingerprint(example.text) for example in self.examples}
        examples = _load(f"{place}/train:{self.task}", folder=self.folder)
        return tuple(example for example in examples if fingerprint(example.text) not in scored)

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """The categories of the training part, sorted; empty where the task has none."""
        return tuple(sorted({t.category for example in self.training for t in example.tuples if t.category}))

    @cached_property
    def implicit_aspects(self) -> bool:
        """Whether its guideline marks opinions about what is not named, judged by the training part."""
        return any(t.aspect is None for example in self.training for t in example.tuples)

    @cached_property
    def hash(self) -> str:
        """Says which texts these are, in which order and with which marks."""
        return digest([[e.text, e.task, e.tuples, e.implicit, e.multi] for e in self.examples])


def load_set(name: str, *, folder: Path, limit: int | None = None, seed: int = 0) -> BenchSet:
    """Load a set.

    A test part is only read when the name says so: without a part it is the development part.

    Args:
        name: "corpus/domain/part:task"; without the task, the one that asks for all that is marked.
        folder: The data folder.
        limit: Only the first so many after a shuffle.
        seed: Of that shuffle.

    Raises:
        SettingError: It is no such name, or names a training part.
        InputError: The set has no texts.
    """
    place, part, task = _split(name)
    examples = _load(f"{place}/{part}{task}", folder=folder)
    if not examples:
        raise InputError(f"the set {place}/{part}{task} has no texts")
    if limit is not None and limit < len(examples):
        random.Random(seed).shuffle(examples := list(examples))
        examples = examples[:limit]
    found = examples[0].task
    return BenchSet(f"{place}/{part}:{found}", found, tuple(examples), folder)


def _split(name: str) -> tuple[str, str, str]:
    """Divide a name into the domain's place, the part, and the task with its colon, which may be missing."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise SettingError(f"{name!r} is not a set", hint="Sets are named corpus/domain/part:task.")
    if match["part"] == "train":
        raise SettingError(f"{name!r} is a training part", hint="Score on the dev or the test part.")
    return match["place"], match["part"] or "dev", match["task"] or ""


def _load(name: str, *, folder: Path) -> list[Example]:
    from gistill.corpora import index

    return index.load(name, folder=folder)
