"""What a writer is trained on: named sets and JSONL files as conversations with one answer, leaks taken out."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from gistill.corpora import dmaste, mams, towe
from gistill.corpora.labelled import Labelled, fingerprint, join_tokens
from gistill.corpora.tuples import Example, from_labelled
from gistill.errors import InputError, SettingError
from gistill.schema import Message
from gistill.skills.opinions import ELEMENTS, OpinionsInput, places, render, write
from gistill.train.data import by_sentence, open_tests
from gistill.train.recipe import TrainSet


class Lesson(NamedTuple):
    """One thing to learn: what is asked, and the answer. Without messages the answer is plain text to continue.

    Attributes:
        messages: What is asked.
        answer: The words to learn.
        source: The set it comes from.
        text: What leaks are looked for by: the text that was annotated, or all that is asked.
    """

    messages: tuple[Message, ...]
    answer: str
    source: str
    text: str


class Lessons(NamedTuple):
    """The lessons of a recipe, and what was taken out."""

    lessons: tuple[Lesson, ...]
    leaked: dict[str, int]  # set -> lessons removed because their text stands in a test or development set


def load_named(name: str, *, folder: Path) -> list[Example]:
    """Load a named set, for example "dmaste/home/train:aste"; see `gistill.corpora`."""
    place, colon, task = name.partition(":")
    parts = place.split("/")
    if not colon or task not in ELEMENTS:
        raise SettingError(
            f"{name!r} names no set of opinions", hint=f"corpus/part:task, the task one of {', '.join(ELEMENTS)}."
        )
    labelled: list[Labelled]
    match parts:
        case ["dmaste", domain, part]:
            labelled = [s for review in dmaste.load(domain, part, folder=folder) for s in by_sentence(review)]
        case ["mams", part]:
            labelled = mams.load(part, folder=folder)
        case ["towe", domain, part]:
            labelled = towe.load(domain, part, folder=folder)
        case _:
            raise SettingError(f"no set is called {name!r}")
    return [from_labelled(e, task, source=name) for e in labelled if e.text.strip()]  # type: ignore[arg-type]


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


def load_lessons(
    sets: Sequence[TrainSet], *, folder: Path | None, raw_share: float, seed: int, tests: Iterable[str] = ()
) -> Lessons:
    """Load all sets of a recipe, without anything that stands in a test set.

    Args:
        sets: What the recipe names.
        folder: The folder of public data; None where only files are named.
        raw_share: Share of the texts of named sets that are shown as customers type them.
        seed: Of the draws that limits, weights and `raw_share` ask for.
        tests: Names of sets and files that must not be trained on, besides every open test of the folder.

    Raises:
        InputError: A file is missing, or a row of it is none of the known kinds.
        SettingError: No set has such a name, or a named set is asked for and no folder is given.
    """
    apart = {fingerprint(e.text) for e in open_tests(folder)} if folder else set()
    for name in tests:
        apart |= {fingerprint(lesson.text) for lesson in _load(name, folder=folder, raw_share=0, seed=0)}
    kept: list[Lesson] = []
    leaked: Counter[str] = Counter()
    for number, named in enumerate(sets):
        lessons = _load(named.set, folder=folder, raw_share=raw_share, seed=seed + number)
        clean = [lesson for lesson in lessons if fingerprint(lesson.text) not in apart]
        leaked[named.set] += len(lessons) - len(clean)
        kept += _drawn(clean, named, random.Random(f"{seed} {number}"))
    return Lessons(tuple(kept), dict(leaked))


def _load(name: str, *, folder: Path | None, raw_share: float, seed: int) -> list[Lesson]:
    if name.endswith(".jsonl"):
        return read_jsonl(Path(name))
    if folder is None:
        raise SettingError(f"the set {name!r} needs the folder of public data", hint="Give it with --data.")
    draw = random.Random(f"{seed} {name}")
    lessons = []
    for example in load_named(name, folder=folder):
        shown = as_typed(example) if draw.random() < raw_share else example
        asked = OpinionsInput(shown.text, shown.task)
        lessons.append(Lesson(render(asked), write(shown.tuples, shown.task), name, example.text))
    return lessons


def _drawn(lessons: list[Lesson], named: TrainSet, draw: random.Random) -> list[Lesson]:
    """Apply a set's limit, then its weight: whole passes, and a drawn part for the rest."""
    if named.limit is not None and named.limit < len(lessons):
        lessons = draw.sample(lessons, named.limit)
    whole, part = divmod(named.weight, 1.0)
    return lessons * int(whole) + draw.sample(lessons, round(part * len(lessons)))


def read_jsonl(path: Path) -> list[Lesson]:
    """Read a file of lessons, one JSON object a line, in the types that TRL knows.

    `{"messages": [...]}` (the last one the assistant's), `{"prompt": ..., "completion": ...}` (texts or lists of
    messages), or `{"text": ...}` to learn as it stands.

    Raises:
        InputError: The file is missing or empty, or a row is none of these.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"cannot be read ({reason})", file=str(path)) from error
    except UnicodeDecodeError as error:
        raise InputError("not UTF-8", file=str(path)) from error
    lessons = []
    for row, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            given = json.loads(line)
        except ValueError as error:
            raise InputError("not a JSON object", file=str(path), row=row) from error
        lessons.append(_lesson(given, path, row))
    if not lessons:
        raise InputError("no examples in it", file=str(path))
    return lessons


def _lesson(given: Any, path: Path, row: int) -> Lesson:
    keys = set(given) if isinstance(given, dict) else set()
    try:
        if "messages" in keys:
            messages = _messages(given["messages"])
            if messages[-1].role != "assistant":
                raise InputError("the last message is not the assistant's", file=str(path), row=row, column="messages")
            asked, answer = messages[:-1], messages[-1].content
        elif {"prompt", "completion"} <= keys:
            asked, answer = _messages(given["prompt"]), _messages(given["completion"])[-1].content
        elif "text" in keys:
            asked, answer = (), str(given["text"])
        else:
            found = f"has the columns {', '.join(sorted(keys))}" if keys else "is no object"
            raise InputError(
                f"the row {found}", file=str(path), row=row, hint="Wanted: messages; or prompt and completion; or text."
            )
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise InputError("the row's messages are not [{role, content}, ...]", file=str(path), row=row) from error
    text = next((m.content for m in reversed(asked) if m.role == "user"), answer)
    return Lesson(asked, answer, path.name, text)


def _messages(given: Any) -> tuple[Message, ...]:
    if isinstance(given, str):
        return (Message(role="user", content=given),)
    return tuple(Message(role=m["role"], content=m["content"]) for m in given)
