"""What a skill is: how a model is asked, how its answer is read, what it should learn to write, and how it is scored.

Training, the benchmark, annotate and distil take a `Skill` and know none by name; `skills.all` lists them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, JsonValue, TypeAdapter

from gistill.schema import Failure, Message, Noun, TrainingExample

Input = TypeVar("Input")
Result = TypeVar("Result")
R = TypeVar("R")
Answer = dict[str, JsonValue]
Ratio = tuple[float, float]  # points, and how many were to be had; over several answers both are summed
Vote = Literal["parts", "targets", "whole", "none"]


class Parsed(NamedTuple, Generic[R]):
    """What one answer says.

    Attributes:
        result: None where nothing could be read.
        failures: What was refused, by name.
        repaired: What was put right, by kind.
    """

    result: R | None
    failures: tuple[Failure, ...] = ()
    repaired: Mapping[str, int] = {}


class Choices(NamedTuple):
    """What a user says about a skill that comes in kinds: which task, and the closed list of categories, if any."""

    task: str
    categories: tuple[str, ...] = ()


class PreparedInput(NamedTuple):
    """An input that was made from several records: `text` is what stands for it where duplicates are looked for."""

    id: str
    record: str
    text: str
    input: Any


class Prepared(NamedTuple):
    """What a preparing function gives.

    Attributes:
        inputs: The inputs, and the records that could not be used.
        check: Called with an input's id and a parsed result; says why the result is not kept, or what is kept beside
            it. None keeps everything that was parsed.
    """

    inputs: Sequence[PreparedInput | Failure]
    check: Callable[[str, Any], Failure | Answer] | None = None


class Structured(NamedTuple):
    """A teacher's answer as JSON: the question, the noun of the answer, and the answer as the text `read` reads.

    Attributes:
        ask: The messages.
        kind: The noun.
        as_text: Writes it as plain text.
        tasks: The tasks that can be asked for so.
    """

    ask: Callable[[Any], tuple[Message, ...]]
    kind: type[Noun]
    as_text: Callable[[Noun], str]
    tasks: tuple[str, ...]


@dataclass(frozen=True)
class Teacher(Generic[Input, Result]):
    """How a large model is asked for a skill; by default as the student is, with every answer kept that parses whole.

    Args:
        unit: What is asked about at once: "sentence", "text", or a word for what `prepare` makes.
        from_text: Makes the input of a text; None where `prepare` makes the inputs.
        prepare: "module:function" that makes inputs from records, where a text alone is no input. It is named and not
            imported, because it lives above the skills; called with the records, and models by keyword.
        probe: An input of which the fingerprint of the teacher's prompt is taken, where `prepare` makes the inputs.
        tasks: What `Choices.task` may be, the usual one first; empty where the skill is one task.
        categorised: Those of the tasks that need a list of categories.
        ask: The messages; None asks as the student is asked.
        read: Reads an answer more leniently than `Skill.parse`; None does not.
        filters: The names of the checks that everything kept has passed.
        keep: The result as JSON with its name, as a corpus keeps it; None is `{field: result}`.
        kept: The result of such JSON; None reads `field`.
        field: The name under which the result is kept.
        vote: How several answers are put to the vote; see `distill.agree`.
        structured: The question for JSON, where there is one.
        unfiltered: Whether answers may be kept as they came, for ablations.
    """

    unit: str = "text"
    from_text: Callable[[str, Choices], Input] | None = None
    prepare: str = ""
    probe: Input | None = None
    tasks: tuple[str, ...] = ()
    categorised: tuple[str, ...] = ()
    ask: Callable[[Input], tuple[Message, ...]] | None = None
    read: Callable[[str, Input, bool], Parsed[Result]] | None = None
    filters: tuple[str, ...] = ("parsed", "whole")
    keep: Callable[[Result, Input], Answer] | None = None
    kept: Callable[[Answer], Result] | None = None
    field: str = "result"
    vote: Vote = "none"
    structured: Structured | None = None
    unfiltered: bool = False


@dataclass(frozen=True)
class Skill(Generic[Input, Result]):
    """One thing that a model can be asked, taught and scored at.

    Args:
        name: Under which its examples, answers and scores are kept.
        about: What a model does that has learned it, as the beginning of a sentence.
        input: The type of what is asked about; a NamedTuple or a noun, so that it can be read from JSON.
        result: The type of what an answer says, likewise.
        render: The messages to the student, the same for training, benchmark and product. A last message of the
            assistant is the beginning of the answer.
        parse: An answer, what was asked, and whether the answer is whole -> what it says, or failures by name.
        write: The answer that says a result: what a model should learn to write.
        score: The right result, what an answer says, and what was asked -> points by measure. Keys are `measures`.
        measures: What is measured; the first is the one by which a model is chosen.
        max_tokens: The longest answer.
        tags: For the card of a model that was trained on it.
        caveat: For the same card, in sentences: what such a model must not be trusted with, and what of its answers is
            checked. What holds for every writer stands there already.
        teacher: How a large model is asked.
    """

    name: str
    about: str
    input: Any
    result: Any
    render: Callable[[Input], tuple[Message, ...]]
    parse: Callable[[str, Input, bool], Parsed[Result]]
    write: Callable[[Result, Input], str]
    score: Callable[[Result, Parsed[Result], Input], dict[str, Ratio]]
    measures: tuple[str, ...]
    max_tokens: int = 256
    tags: tuple[str, ...] = ()
    caveat: str = ""
    teacher: Teacher[Input, Result] = field(default_factory=Teacher)


def training_example(
    skill: Skill[Any, Any], asked: Any, result: Any, *, source: str, text: str = ""
) -> TrainingExample:
    """Give what a student learns: the question, and the whole answer.

    Where the question holds the beginning of the answer, that is learned too: a chat template joins both to the same
    tokens.

    Args:
        skill: The skill.
        asked: Its input.
        result: The right result.
        source: The set or file it comes from.
        text: What leaks are looked for by; "" is the last thing the user says.
    """
    messages = question(skill, asked)
    last = next((m.content for m in reversed(messages) if m.role == "user"), "")
    return TrainingExample(messages, skill.write(result, asked), source, text or last, skill.name, asked, result)


def question(skill: Skill[Any, Any], asked: Any) -> tuple[Message, ...]:
    """Give what is asked, without the beginning of the answer."""
    messages = skill.render(asked)
    return messages[:-1] if messages[-1].role == "assistant" else messages


def total(scores: Iterable[Mapping[str, Ratio]]) -> dict[str, float | None]:
    """Sum points by measure and divide; None where nothing was to be had."""
    points: dict[str, float] = {}
    possible: dict[str, float] = {}
    for score in scores:
        for name, (got, of) in score.items():
            points[name] = points.get(name, 0.0) + got
            possible[name] = possible.get(name, 0.0) + of
    return {name: points[name] / of if of else None for name, of in possible.items()}


def to_json(value: Any) -> JsonValue:
    """Write an input or a result as JSON; fields of a NamedTuple that have their default are left out."""
    if isinstance(value, BaseModel):
        dumped: JsonValue = value.model_dump(mode="json")
        return dumped
    fields = getattr(value, "_fields", None)
    if fields is not None:
        usual, given = type(value)._field_defaults, dict(zip(fields, value, strict=True))
        return {name: to_json(part) for name, part in given.items() if name not in usual or usual[name] != part}
    if isinstance(value, (list, tuple)):
        return [to_json(part) for part in value]
    if isinstance(value, dict):
        return {str(name): to_json(part) for name, part in value.items()}
    json.dumps(value)  # nothing that JSON has no word for
    plain: JsonValue = value
    return plain


def from_json(kind: Any, value: object) -> Any:
    """Read an input or a result from JSON.

    Raises:
        pydantic.ValidationError: It is none.
    """
    return _adapter(kind).validate_python(value)


@lru_cache(maxsize=64)
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
