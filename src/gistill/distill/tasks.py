"""What each skill asks a teacher about a text, what of the answer is kept, and what the student learns from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

from pydantic import Field, JsonValue

from gistill.schema import Failure, Message, Noun

Answer = dict[str, JsonValue]
Unit = Literal["sentence", "text", "side"]


class Item(Noun):
    """One text to ask about. `text` is `record.text[start:start + len(text)]`, or stands alone (a summary's evidence).

    `asked` holds what a skill needs beside the text, as JSON.
    """

    id: str  # "<record>#<n>"
    record: str
    text: str
    start: int = 0
    language: str | None = None
    asked: Answer = Field(default_factory=dict)


class Provenance(Noun):
    """How a row was made: by whom, from which prompt, kept where, checked by what."""

    teachers: tuple[str, ...]  # names, in the order they were asked
    hosts: tuple[str, ...]  # where they were asked; empty for a model without an address
    prompt: str  # fingerprint of the teacher's prompt
    keys: tuple[str, ...]  # of the journal, one per answer; empty where there is none
    filters: tuple[str, ...]  # the checks that everything kept has passed
    mended: dict[str, int] = Field(default_factory=dict)  # what was put right in the answers, by kind
    dropped: int = 0  # parts of the answer that were refused; they stand in failures.jsonl
    samples: int = 1  # answers asked of each teacher
    answers: int = 1  # of those asked of all teachers, the ones that could be read
    agreement: float | None = None  # in (0, 1]; None where only one was asked


class Row(Noun):
    """One text with what a teacher said about it, as far as it passed every check."""

    id: str
    record: str
    skill: str
    text: str
    start: int = 0
    asked: Answer = Field(default_factory=dict)
    answer: Answer
    by: Provenance


class Read(NamedTuple):
    """What one answer says.

    Attributes:
        answer: As JSON; None where nothing could be kept.
        failures: What was refused, by name.
        mended: What was put right, by kind.
    """

    answer: Answer | None
    failures: tuple[Failure, ...] = ()
    mended: Mapping[str, int] = {}


class Task(NamedTuple):
    """One skill as `annotate` needs it.

    Attributes:
        name: The skill.
        unit: What is asked about at once: a sentence, a whole text, or one side of an aspect.
        max_tokens: The longest answer.
        filters: The names of the checks in `read`; none where every answer is kept, for ablations only.
        ask: The messages to the teacher.
        read: An answer, its item and whether the answer was whole -> what is kept.
        lessons: What the student is asked, without the teacher's examples, and the words to learn; one or several
            conversations per row.
        kind: The noun of a structured answer, and how it reads as plain text; None where the skill has none.
    """

    name: str
    unit: Unit
    max_tokens: int
    filters: tuple[str, ...]
    ask: Callable[[Item], tuple[Message, ...]]
    read: Callable[[str, Item, bool], Read]
    lessons: Callable[[Row], Sequence[tuple[tuple[Message, ...], str]]]
    kind: tuple[type[Noun], Callable[[Noun], str]] | None = None

    @property
    def prompt(self) -> str:
        """Fingerprint what the teacher is told, whatever it is asked about: a changed example changes it."""
        probe = Item(id="probe#0", record="probe", text="Probe.", asked=_PROBE)
        told = [message.model_dump() for message in self.ask(probe)]
        schema = self.kind[0].model_json_schema() if self.kind else None
        return hashlib.sha256(json.dumps([self.name, told, schema], sort_keys=True).encode()).hexdigest()[:16]


# Any values do: the fingerprint is of what is told besides.
_PROBE: Answer = {"aspect": "probe", "feeling": "positive", "who": "Most people", "quotes": ["Probe."]}
