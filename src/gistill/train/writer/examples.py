"""What a writer is trained on: named sets and JSONL files as conversations with one answer, leaks taken out."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gistill.corpora.leaks import fingerprint, open_test_texts
from gistill.corpora.training import is_test, labelled_examples
from gistill.errors import InputError, SettingError
from gistill.schema import Message, TrainingExample
from gistill.skills.all import example_of
from gistill.skills.skill import training_example
from gistill.text import clean as storable
from gistill.train.writer.recipe import Recipe, TrainSet, is_file

_WANTED = "messages; or prompt and completion; or skill, input and result; or text"


class Examples(NamedTuple):
    """The examples of a recipe, and what was taken out."""

    train: tuple[TrainingExample, ...]
    dev: tuple[TrainingExample, ...]
    leaked: dict[str, int]  # set -> examples removed because their text stands in a test or development set
    unchecked: tuple[str, ...]  # open tests that are not in the data folder


def load_examples(recipe: Recipe, *, folder: Path | None) -> Examples:
    """Load all sets of a recipe, without anything that stands in a test set or is chosen by.

    Leaks are looked for by letters and digits alone. `recipe.tests` names what must not be trained on besides every
    open test of the folder.

    Args:
        recipe: What to train on.
        folder: The folder of public data; None where only files are named.

    Raises:
        InputError: A file is missing, or a row of it is none of the known kinds, or nothing is left.
        SettingError: No set has such a name, it is an open test, or a named set is asked for and no folder is given.
    """
    for named in (*recipe.train, *recipe.replay, *recipe.dev):
        if not is_file(named.set) and is_test(named.set):
            raise SettingError(
                f"{named.set} is a public test set: use it for reporting only, never for training or selection"
            )
    apart, dev, unchecked = _apart(recipe, folder)
    leaked: Counter[str] = Counter()

    def clean(sets: Sequence[TrainSet], part: str) -> list[TrainingExample]:
        kept: list[TrainingExample] = []
        for number, named in enumerate(sets):
            examples = _load(named.set, recipe, folder=folder)
            passed = [example for example in examples if fingerprint(example.text) not in apart]
            leaked[named.set] += len(examples) - len(passed)
            kept += _drawn(passed, named, f"{recipe.seed} {part} {number}")
        return kept

    train = _with_replay(clean(recipe.train, "train"), clean(recipe.replay, "replay"), recipe)
    if not train:
        raise InputError("no training example is left")
    return Examples(tuple(train), tuple(dev), dict(leaked), tuple(unchecked))


def without_tests(examples: Sequence[TrainingExample], recipe: Recipe, *, folder: Path | None) -> Examples:
    """Take examples that are loaded already, without those that stand in a test set or in the recipe's dev."""
    apart, dev, unchecked = _apart(recipe, folder)
    kept = tuple(example for example in examples if fingerprint(example.text) not in apart)
    leaked = Counter(example.source for example in examples)
    leaked.subtract(example.source for example in kept)
    if not kept:
        raise InputError("no training example is left")
    return Examples(kept, tuple(dev), dict(leaked), tuple(unchecked))


def _apart(recipe: Recipe, folder: Path | None) -> tuple[set[str], list[TrainingExample], list[str]]:
    """Fingerprint what must not be trained on, and draw the development examples."""
    apart, unchecked = open_test_texts(folder)
    for name in recipe.tests:
        apart |= {fingerprint(example.text) for example in _load(name, recipe, folder=folder, dev=True)}
    dev: list[TrainingExample] = []
    for number, named in enumerate(recipe.dev):
        dev += _drawn(_load(named.set, recipe, folder=folder, dev=True), named, f"{recipe.seed} dev {number}")
    if any(not example.messages for example in dev):
        raise SettingError("dev has plain text, which has no questions to score")
    apart |= {fingerprint(example.text) for example in dev}
    return apart, random.Random(f"{recipe.seed} dev").sample(dev, min(recipe.evaluate_on, len(dev))), unchecked


def _with_replay(train: list[TrainingExample], older: list[TrainingExample], recipe: Recipe) -> list[TrainingExample]:
    """Mix in older examples, so that what was learned before is not forgotten."""
    if not recipe.replay_share:
        return train
    count = round(len(train) * recipe.replay_share / (1 - recipe.replay_share))
    draw = random.Random(f"{recipe.seed} replay")
    return train + (draw.sample(older, count) if count <= len(older) else draw.choices(older, k=count) if older else [])


def _load(name: str, recipe: Recipe, *, folder: Path | None, dev: bool = False) -> list[TrainingExample]:
    """Load a set; for development as it stands and in the usual order, as it will be scored."""
    if is_file(name):
        return read_jsonl(Path(name)) if name.endswith(".jsonl") else read_text(Path(name))
    if folder is None:
        raise SettingError(f"the set {name!r} needs the folder of public data", hint="Give it with --data.")
    return labelled_examples(
        name,
        folder=folder,
        orders=1 if dev else recipe.orders,
        raw_share=0.0 if dev else recipe.raw_share,
        seed=recipe.seed,
    )


def _drawn(examples: list[TrainingExample], named: TrainSet, seed: str) -> list[TrainingExample]:
    """Apply a set's limit, then its weight: whole passes, and a drawn part for the rest."""
    draw = random.Random(seed)
    if named.limit is not None and named.limit < len(examples):
        examples = draw.sample(examples, named.limit)
    whole, part = divmod(named.weight, 1.0)
    return examples * int(whole) + draw.sample(examples, round(part * len(examples)))


def read_text(path: Path) -> list[TrainingExample]:
    """Read a file of plain texts, one a line, to learn as they stand (domain-adaptive pre-training)."""
    examples = [TrainingExample((), line.strip(), path.name, line) for line in _lines(path) if line.strip()]
    if not examples:
        raise InputError("no text in it", file=str(path))
    return examples


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"cannot be read ({reason})", file=str(path)) from error
    except UnicodeDecodeError as error:
        raise InputError("not UTF-8", file=str(path)) from error


def read_jsonl(path: Path, *, answer: str = "") -> list[TrainingExample]:
    """Read a file of training examples, one JSON object a line, as a skill keeps them or in the types that TRL knows.

    `{"skill": NAME, "input": {...}, "result": ...}`, `{"messages": [...]}` (the last one the assistant's),
    `{"prompt": ..., "completion": ...}` (texts or lists of messages), or `{"text": ...}` to learn as it stands. A row
    with a prompt and a skill is learned as it stands, and answers to it are scored by the skill.

    Args:
        path: The file.
        answer: The column to learn instead of these, beside a prompt: "chosen" or "rejected" of a preference.

    Raises:
        InputError: The file is missing or empty, or a row is none of these.
    """
    examples = []
    for row, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        try:
            given = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError("not a JSON object", file=str(path), row=row) from error
        examples.append(_example(given, path, row, answer))
    if not examples:
        raise InputError("no examples in it", file=str(path))
    return examples


def _example(given: Any, path: Path, row: int, answer: str) -> TrainingExample:
    keys = set(given) if isinstance(given, dict) else set()
    of_skill = example_of(given, file=str(path), row_number=row) if {"skill", "input", "result"} <= keys else None
    if of_skill and "prompt" not in keys:
        return training_example(of_skill.skill, of_skill.asked, of_skill.result, source=path.name)
    try:
        if "messages" in keys and not answer:
            messages = _messages(given["messages"])
            if messages[-1].role != "assistant":
                raise InputError("the last message is not the assistant's", file=str(path), row=row, column="messages")
            asked, learned = messages[:-1], messages[-1].content
        elif {"prompt", answer or "completion"} <= keys:
            asked, learned = _messages(given["prompt"]), _messages(given[answer or "completion"])[-1].content
        elif "text" in keys and "tuples" not in keys and not answer:
            if not isinstance(given["text"], str) or not given["text"].strip():
                raise InputError("holds no words", file=str(path), row=row, column="text")
            asked, learned = (), storable(given["text"])
        else:
            found = f"has the columns {', '.join(sorted(keys))}" if keys else "is no object"
            wanted = f"prompt and {answer}" if answer else _WANTED
            raise InputError(f"the row {found}", file=str(path), row=row, hint=f"Expected: {wanted}.")
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise InputError("the row's messages are not [{role, content}, ...]", file=str(path), row=row) from error
    text = next((m.content for m in reversed(asked) if m.role == "user"), learned)
    scored = (of_skill.skill.name, of_skill.asked, of_skill.result) if of_skill else ()
    return TrainingExample(asked, learned, path.name, text, *scored)


def _messages(given: Any) -> tuple[Message, ...]:
    if isinstance(given, str):
        return (Message(role="user", content=storable(given)),)
    return tuple(Message(role=m["role"], content=storable(m["content"])) for m in given)
