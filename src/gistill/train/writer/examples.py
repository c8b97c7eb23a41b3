"""What a writer is trained on: named sets and JSONL files as conversations with one answer, leaks taken out."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from gistill.corpora import index
from gistill.corpora.labelled import join_tokens
from gistill.corpora.leaks import fingerprint, open_test_texts
from gistill.corpora.tuples import Example
from gistill.errors import InputError, SettingError
from gistill.schema import Message, OpinionTuple
from gistill.skills.opinions import OpinionsInput, orders, render, write
from gistill.text import clean as storable
from gistill.text import places
from gistill.train.writer.recipe import Recipe, TrainSet, is_file


class Lesson(NamedTuple):
    """One thing to learn: what is asked, and the answer. Without messages the answer is plain text to continue.

    Attributes:
        messages: What is asked.
        answer: The words to learn.
        source: The set it comes from.
        text: What leaks are looked for by: the text that was annotated, or all that is asked.
        asked: The skill's question, where the set has one; then the answer can be scored by the skill's metric.
        tuples: The skill's answer.
    """

    messages: tuple[Message, ...]
    answer: str
    source: str
    text: str
    asked: OpinionsInput | None = None
    tuples: tuple[OpinionTuple, ...] = ()


class Lessons(NamedTuple):
    """The lessons of a recipe, and what was taken out."""

    train: tuple[Lesson, ...]
    dev: tuple[Lesson, ...]
    leaked: dict[str, int]  # set -> lessons removed because their text stands in a test or development set
    unchecked: tuple[str, ...]  # open tests that are not in the data folder


def as_typed(example: Example) -> Example:
    """Give an example of a tokenised corpus as a customer would type it ("do n't ." becomes "don't.").

    Where a marked phrase would then no longer be whole words, the example stays as it is.
    """

    def typed(words: str | None) -> str | None:
        return None if words is None else join_tokens(words.split(" "), raw=True)[0]

    text = typed(example.text) or ""
    tuples = tuple(t._replace(aspect=typed(t.aspect), opinion=typed(t.opinion)) for t in example.tuples)
    marked = [words for t in tuples for words in (t.aspect, t.opinion) if words]
    if not all(places(words, text) for words in marked):
        return example
    return replace(example, text=text, tuples=tuples)


def load_lessons(recipe: Recipe, *, folder: Path | None) -> Lessons:
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
        if not is_file(named.set) and index.is_test(named.set):
            raise SettingError(f"{named.set} is an open test: for reporting, never for training or choosing")
    apart, dev, unchecked = _apart(recipe, folder)
    leaked: Counter[str] = Counter()

    def clean(sets: Sequence[TrainSet], part: str) -> list[Lesson]:
        kept: list[Lesson] = []
        for number, named in enumerate(sets):
            lessons = _load(named.set, recipe, folder=folder)
            passed = [lesson for lesson in lessons if fingerprint(lesson.text) not in apart]
            leaked[named.set] += len(lessons) - len(passed)
            kept += _drawn(passed, named, f"{recipe.seed} {part} {number}")
        return kept

    train = _with_replay(clean(recipe.train, "train"), clean(recipe.replay, "replay"), recipe)
    if not train:
        raise InputError("no example is left to train on")
    return Lessons(tuple(train), tuple(dev), dict(leaked), tuple(unchecked))


def without_tests(lessons: Sequence[Lesson], recipe: Recipe, *, folder: Path | None) -> Lessons:
    """Take lessons that are loaded already, without those that stand in a test set or in the recipe's dev."""
    apart, dev, unchecked = _apart(recipe, folder)
    kept = tuple(lesson for lesson in lessons if fingerprint(lesson.text) not in apart)
    leaked = Counter(lesson.source for lesson in lessons)
    leaked.subtract(lesson.source for lesson in kept)
    if not kept:
        raise InputError("no example is left to train on")
    return Lessons(kept, tuple(dev), dict(leaked), tuple(unchecked))


def _apart(recipe: Recipe, folder: Path | None) -> tuple[set[str], list[Lesson], list[str]]:
    """Fingerprint what must not be trained on, and draw the development lessons."""
    apart, unchecked = open_test_texts(folder)
    for name in recipe.tests:
        apart |= {fingerprint(lesson.text) for lesson in _load(name, recipe, folder=folder, dev=True)}
    dev: list[Lesson] = []
    for number, named in enumerate(recipe.dev):
        dev += _drawn(_load(named.set, recipe, folder=folder, dev=True), named, f"{recipe.seed} dev {number}")
    if any(not lesson.messages for lesson in dev):
        raise SettingError("dev holds plain text, which asks nothing that could be answered and scored")
    apart |= {fingerprint(lesson.text) for lesson in dev}
    return apart, random.Random(f"{recipe.seed} dev").sample(dev, min(recipe.evaluate_on, len(dev))), unchecked


def _with_replay(train: list[Lesson], older: list[Lesson], recipe: Recipe) -> list[Lesson]:
    """Mix in older lessons, so that what was learned before is not forgotten."""
    if not recipe.replay_share:
        return train
    count = round(len(train) * recipe.replay_share / (1 - recipe.replay_share))
    draw = random.Random(f"{recipe.seed} replay")
    return train + (draw.sample(older, count) if count <= len(older) else draw.choices(older, k=count) if older else [])


def _load(name: str, recipe: Recipe, *, folder: Path | None, dev: bool = False) -> list[Lesson]:
    """Load a set; for development as it stands and in the usual order, as it will be scored."""
    if is_file(name):
        return read_jsonl(Path(name)) if name.endswith(".jsonl") else read_text(Path(name))
    if folder is None:
        raise SettingError(f"the set {name!r} needs the folder of public data", hint="Give it with --data.")
    draw = random.Random(f"{recipe.seed} {name}")
    lessons = []
    for example in index.load(name, folder=folder):
        if not example.text.strip():
            continue
        shown = as_typed(example) if not dev and draw.random() < recipe.raw_share else example
        for order in orders(shown.task, 1 if dev else recipe.orders):
            asked = OpinionsInput(shown.text, shown.task, order if recipe.orders > 1 else None)
            answer = write(shown.tuples, shown.task, order=order)
            lessons.append(Lesson(render(asked), answer, name, example.text, asked, shown.tuples))
    return lessons


def _drawn(lessons: list[Lesson], named: TrainSet, seed: str) -> list[Lesson]:
    """Apply a set's limit, then its weight: whole passes, and a drawn part for the rest."""
    draw = random.Random(seed)
    if named.limit is not None and named.limit < len(lessons):
        lessons = draw.sample(lessons, named.limit)
    whole, part = divmod(named.weight, 1.0)
    return lessons * int(whole) + draw.sample(lessons, round(part * len(lessons)))


def read_text(path: Path) -> list[Lesson]:
    """Read a file of plain texts, one a line, to learn as they stand (domain-adaptive pre-training)."""
    lessons = [Lesson((), line.strip(), path.name, line) for line in _lines(path) if line.strip()]
    if not lessons:
        raise InputError("no text in it", file=str(path))
    return lessons


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"cannot be read ({reason})", file=str(path)) from error
    except UnicodeDecodeError as error:
        raise InputError("not UTF-8", file=str(path)) from error


def read_jsonl(path: Path, *, answer: str = "") -> list[Lesson]:
    """Read a file of lessons, one JSON object a line, in the types that TRL knows.

    `{"messages": [...]}` (the last one the assistant's), `{"prompt": ..., "completion": ...}` (texts or lists of
    messages), or `{"text": ...}` to learn as it stands.

    Args:
        path: The file.
        answer: The column to learn instead of these, beside a prompt: "chosen" or "rejected" of a preference.

    Raises:
        InputError: The file is missing or empty, or a row is none of these.
    """
    lessons = []
    for row, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        try:
            given = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError("not a JSON object", file=str(path), row=row) from error
        lessons.append(_lesson(given, path, row, answer))
    if not lessons:
        raise InputError("no examples in it", file=str(path))
    return lessons


def _lesson(given: Any, path: Path, row: int, answer: str) -> Lesson:
    keys = set(given) if isinstance(given, dict) else set()
    wanted = f"prompt and {answer}" if answer else "messages; or prompt and completion; or text"
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
            raise InputError(f"the row {found}", file=str(path), row=row, hint=f"Wanted: {wanted}.")
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise InputError("the row's messages are not [{role, content}, ...]", file=str(path), row=row) from error
    text = next((m.content for m in reversed(asked) if m.role == "user"), learned)
    return Lesson(asked, learned, path.name, text)


def _messages(given: Any) -> tuple[Message, ...]:
    if isinstance(given, str):
        return (Message(role="user", content=storable(given)),)
    return tuple(Message(role=m["role"], content=storable(m["content"])) for m in given)
