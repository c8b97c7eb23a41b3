"""Recorded teachers: what Mixtral published, and human labels written as a teacher would have answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, get_args

from gistill.corpora import index, mixtral
from gistill.corpora.tuples import Example
from gistill.errors import SettingError
from gistill.schema import OpinionTuple, Target
from gistill.skills import opinions, understanding
from gistill.teacher.recorded import RecordedModel

Skill = Literal["opinions", "analysis"]
_NAMES = "recorded:mixtral/analysis, recorded:mixtral/rewriting, recorded:labels/SKILL:SET[+SET...]"
# What follows a phrase's head.
_TAILS = frozenset({"of", "for", "with", "in", "on", "at", "from", "to", "by", "about", "and", "or", "that"})


def open_recorded(name: str, data: Path) -> RecordedModel:
    """Open a recorded teacher by its name, so that it can be served like any model.

    Args:
        name: "recorded:mixtral/analysis", "recorded:mixtral/rewriting", or "recorded:labels/opinions:SET+SET" with the
            names of labelled sets ("analysis" in place of "opinions" writes the labels as analyses).
        data: The data folder.

    Raises:
        SettingError: There is no such teacher or set.
        InputError: A file is not there.
    """
    _, _, rest = name.partition("recorded:")
    source, _, what = rest.partition("/")
    skill, _, sets = what.partition(":")
    if source == "mixtral" and skill in get_args(understanding.Kind) and not sets:
        return recorded_mixtral(data, skill)  # type: ignore[arg-type]
    if source == "labels" and skill in get_args(Skill) and sets:
        return recorded_labels(sets.split("+"), data, skill)  # type: ignore[arg-type]
    raise SettingError(f"there is no recorded teacher {name!r}", hint=f"Names: {_NAMES}.")


def recorded_mixtral(data: Path, kind: understanding.Kind) -> RecordedModel:
    """Give Mixtral's published answers of one kind as a teacher.

    Args:
        data: The data folder.
        kind: "analysis" (234 reviews) or "rewriting" (265).

    Raises:
        InputError: The published file is not there.
    """
    rows = [row for row in mixtral.load(folder=data) if row.kind == kind]
    cut = {row.text for row in rows if not row.complete}
    return RecordedModel({row.text: row.answer for row in rows}, name=f"recorded:mixtral/{kind}", cut=cut)


def recorded_labels(sets: Sequence[str], data: Path, skill: Skill) -> RecordedModel:
    """Give human labels of named sets as a teacher that answers as a skill writes.

    Labels say less than a teacher: no strength, so that an analysis has three of the five levels; and no reasons, so
    that its reasoning is the marked opinion words, or says that none are marked.

    Args:
        sets: For example "dmaste/electronics/train:aste"; all of one task.
        data: The data folder.
        skill: What the labels are written as.

    Raises:
        SettingError: No such set, or the sets have different tasks.
        InputError: A file is not there.
    """
    examples = [example for name in sets for example in index.load(name, folder=data)]
    tasks = sorted({example.task for example in examples})
    if len(tasks) > 1:
        raise SettingError(f"the sets are of several tasks: {', '.join(tasks)}", hint="Add :TASK to each name.")
    if skill == "analysis" and tasks == ["aope"]:
        raise SettingError("pairs without polarity make no analysis", hint="Take sets of aste, asqp, tasd or tsa.")
    answers: dict[str, str] = {}
    for example in examples:
        answers.setdefault(example.text, _answer(example, skill))
    return RecordedModel(answers, name=f"recorded:labels/{skill}:{'+'.join(sets)}")


def _answer(example: Example, skill: Skill) -> str:
    if skill == "opinions":
        return opinions.write(example.tuples, example.task)
    return understanding.write_analysis(targets(example.tuples))


def targets(tuples: Iterable[OpinionTuple]) -> list[Target]:
    """Write labelled opinions as the targets of an analysis; those about the same thing with the same side are one."""
    together: dict[tuple[str | None, str, str], list[str]] = {}
    for t in tuples:
        key = (t.aspect, t.category or (head(t.aspect) if t.aspect else "general"), t.polarity or "neutral")
        together.setdefault(key, []).extend([t.opinion] if t.opinion else [])
    return [
        Target(target=words, aspect=aspect, sentiment=side, reasoning=_reasoning(found, side))  # type: ignore[arg-type]
        for (words, aspect, side), found in together.items()
    ]


def _reasoning(words: Sequence[str], side: str) -> str:
    quoted = [f'"{word}"' for word in dict.fromkeys(words) if '"' not in word]
    if not quoted:
        return f"The text as a whole is {side} about it."
    return f"Says {' and '.join(quoted)}, which is {side}."


def head(term: str) -> str:
    """Give the head word of an aspect term: the last one before a preposition; "general" where it has no words.

    >>> head("battery life of the old phone")
    'life'
    """
    words = [word for word in term.lower().split() if any(char.isalnum() for char in word)]
    ends = next((n for n, word in enumerate(words) if n and word in _TAILS), len(words))
    return words[ends - 1] if words else "general"
