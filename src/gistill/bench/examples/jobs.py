"""One system on a file of examples: how it is asked, and what its answers say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gistill.bench.asking import failure_of, writer_job
from gistill.bench.benchmark import Job, Settings
from gistill.bench.examples.sets import ExampleSet, load_examples
from gistill.bench.models import Models
from gistill.bench.shots import draw, nearest
from gistill.bench.systems import Member, System
from gistill.errors import InputError, SettingError
from gistill.lm import Request
from gistill.schema import Message, TrainingExample
from gistill.skills.skill import Parsed, Skill, from_json, to_json, training_example

_WRITERS = ("zero-shot", "few-shot", "nearest", "writer")


def why_not(member: Member, on: ExampleSet) -> str:
    """Say why a system cannot do a set; empty where it can."""
    return "" if _knows_skills(member) else f"{member.kind} answers only named sets of opinions"


def check_systems(systems: Iterable[System]) -> None:
    """Refuse systems that can do no examples of a skill, so that the others are not asked before that is said.

    Raises:
        SettingError: There is one.
    """
    for member in (member for system in systems for member in system.members if not _knows_skills(member)):
        these = ", ".join((*_WRITERS, "answers"))
        hint = f"Use {these} here, and gistill bench fsa for {member.kind}."
        raise SettingError(f"{member.kind} answers only named sets of opinions", hint=hint)


def _knows_skills(member: Member) -> bool:
    return member.kind in (*_WRITERS, "answers")


def job(member: Member, on: ExampleSet, models: Models, settings: Settings) -> Job:
    """Prepare a system for a set; nothing is loaded and nothing asked.

    Args:
        member: A writer, with or without worked examples, or a file of answers.
        on: The set.
        models: What brings the models.
        settings: The longest answer, and the file that worked examples are drawn from.

    Raises:
        ModelMissingError: There is no such model.
        SettingError: Worked examples are wanted, and there are none or too few.
        InputError: A file cannot be read, or lacks an answer.
    """
    if member.kind == "answers":
        return _answers_job(Path(member.path or ""), on)
    shots = _shots(member, on, settings)
    requests = [
        [Request(messages=with_shots(on.skill, example.asked, shown), max_tokens=settings.max_tokens)]
        for example, shown in zip(on.examples, shots, strict=True)
    ]

    def read(i: int, reply: Any) -> Parsed[Any]:
        return _parsed(reply[0], on, i)

    return writer_job(member, on.hash, requests, models, read, prefix_cache=member.kind == "few-shot")


def with_shots(skill: Skill[Any, Any], asked: Any, shots: list[TrainingExample]) -> tuple[Message, ...]:
    """Put worked examples between what a skill says first and its question."""
    messages = skill.render(asked)
    if not shots:
        return messages
    head = [message for message in messages if message.role == "system"]
    turns = [m for shot in shots for m in (*shot.messages, Message(role="assistant", content=shot.answer))]
    return (*head, *(m for m in turns if m.role != "system"), *(m for m in messages if m.role != "system"))


def _shots(member: Member, on: ExampleSet, settings: Settings) -> list[list[TrainingExample]]:
    if member.kind not in ("few-shot", "nearest"):
        return [[] for _ in on.examples]
    if settings.shots_from is None:
        raise SettingError(f"{member.kind} needs examples to show", hint="Name a file of them with --shots-from.")
    given = load_examples(f"{on.skill.name}:{settings.shots_from}").examples
    scored = {_key(example.asked) for example in on.examples}
    training = [
        training_example(on.skill, example.asked, example.result, source="")
        for example in given
        if _key(example.asked) not in scored
    ]
    if member.kind == "few-shot":
        return [draw(training, member.shots, seed=member.seed)] * len(on.examples)
    texts = [training_example(on.skill, example.asked, example.result, source="").text for example in on.examples]
    return nearest(training, texts, member.shots)


def _key(asked: Any) -> str:
    return json.dumps(to_json(asked), sort_keys=True)


def _parsed(reply: dict[str, str], on: ExampleSet, i: int) -> Parsed[Any]:
    if failure := failure_of(reply):
        return Parsed(None, (failure,))
    found: Parsed[Any] = on.skill.parse(reply["text"], on.examples[i].asked, reply["stop"] == "end")
    return found


def _answers_job(file: Path, on: ExampleSet) -> Job:
    """Take the answers from a file of JSON lines: the input, and the answer as somebody's model wrote it."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {(error.strerror or str(error)).lower()}", file=str(file)) from error
    known: dict[str, str] = {}
    for row, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
        if line.strip():
            try:
                given = json.loads(line)
                known[_key(from_json(on.skill.input, given["input"]))] = str(given["answer"])
            except (ValueError, KeyError, TypeError) as error:
                hint = 'A line is {"input": {...}, "answer": TEXT}.'
                raise InputError("not an answer", file=str(file), row=row, hint=hint) from error
    replies = [known.get(_key(example.asked)) for example in on.examples]
    if None in replies:
        missing = f"has no answer to {replies.count(None)} of the {len(replies)} inputs of {on.name}"
        raise InputError(missing, file=str(file))
    decided_by = {"set": on.hash, "file": hashlib.sha256(data).hexdigest()[:16]}
    return Job(
        decided_by,
        lambda start, end: (list(replies[start:end]), 0.0),
        lambda i, reply: _parsed({"text": reply, "stop": "end"}, on, i),
    )
