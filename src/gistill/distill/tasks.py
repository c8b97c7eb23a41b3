"""A skill as `annotate` needs it: what a teacher is asked, what of its answer is kept, and what a student learns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any, NamedTuple, cast

from pydantic import Field, JsonValue

from gistill.distill.agree import SHARE
from gistill.errors import SettingError
from gistill.files import hash_json
from gistill.schema import Failure, Message, Noun, Record, TrainingExample
from gistill.skills.all import SKILLS, skill_named
from gistill.skills.skill import Answer, Choices, PreparedInput, Skill, from_json, question, to_json, training_example
from gistill.text import clean


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
        example: What the student is asked, without the teacher's examples, and the words to learn.
        skill: The skill itself.
        kind: The noun of a structured answer, and how it reads as plain text; None where the skill has none.
    """

    name: str
    unit: str
    max_tokens: int
    filters: tuple[str, ...]
    ask: Callable[[Item], tuple[Message, ...]]
    read: Callable[[str, Item, bool], Read]
    example: Callable[[Row], TrainingExample]
    skill: Skill[Any, Any]
    kind: tuple[type[Noun], Callable[[Noun], str]] | None = None

    @property
    def prompt(self) -> str:
        """Fingerprint what the teacher is told, whatever it is asked about: a changed example changes it."""
        probe = self.skill.teacher.probe
        asked = {} if probe is None else cast("Answer", to_json(probe))
        item = Item(id="probe#0", record="probe", text="Probe.", asked=asked)
        told = [message.model_dump() for message in self.ask(item)]
        schema = self.kind[0].model_json_schema() if self.kind else None
        return hash_json([self.name, told, schema])[:16]


def task_named(
    name: str, *, task: str = "", categories: Iterable[str] = (), structured: bool = False, unfiltered: bool = False
) -> Task:
    """Give the task of a skill.

    Args:
        name: Of the skill.
        task: Which of the skill's tasks; "" is the usual one.
        categories: The closed list of categories, for tasks that have them.
        structured: Ask for JSON after a schema.
        unfiltered: Keep every answer as the teacher wrote it, cut ones too, so that a student can show what the checks
            are worth. The question is the same, so a journal answers both.

    Raises:
        SettingError: There is no such skill or task, or it does not have what is asked for.
    """
    skill, listed = skill_named(name), tuple(categories)
    teacher = skill.teacher
    if task and not teacher.tasks:
        raise SettingError(f"{name} has only one task", hint="Leave --task out.")
    if listed and not teacher.categorised:
        raise SettingError(f"{name} has no categories", hint="Leave --categories out.")
    if structured and teacher.structured is None:
        raise SettingError(f"{name} supports plain text only", hint="Leave --structured out.")
    if unfiltered and not teacher.unfiltered:
        those = " and ".join(skill.name for skill in SKILLS.values() if skill.teacher.unfiltered)
        raise SettingError(f"{name} cannot be used with --unfiltered", hint=f"--unfiltered is for {those}.")
    chosen = task or next(iter(teacher.tasks), "")
    if teacher.tasks and chosen not in teacher.tasks:
        raise SettingError(f"{name} has no task {chosen!r}", hint=f"The tasks are {', '.join(teacher.tasks)}.")
    if listed and chosen not in teacher.categorised:
        those = ", ".join(teacher.categorised)
        raise SettingError(f"{chosen} has no categories", hint=f"Leave --categories out, or choose one of {those}.")
    if chosen in teacher.categorised and not listed:
        raise SettingError(f"{chosen} has categories", hint="List them with --categories.")
    if structured and teacher.structured and chosen not in teacher.structured.tasks:
        those = ", ".join(teacher.structured.tasks)
        raise SettingError(f"only {those} is asked for with a schema", hint="Leave --structured out.")
    made = task_of(skill, Choices(chosen, listed), structured=structured)
    return _unfiltered(made, Choices(chosen)) if unfiltered else made


def task_of(
    skill: Skill[Any, Any],
    choices: Choices | None = None,
    *,
    structured: bool = False,
    check: Callable[[str, Any], Failure | Answer] | None = None,
) -> Task:
    """Give a skill as a task, without asking whether it has what is chosen; see `task_named` and `Prepared.check`."""
    teacher = skill.teacher
    choices = choices or Choices(next(iter(teacher.tasks), ""))
    learned = Choices(choices.task)  # a student is not told the categories: it learns them
    form = teacher.structured if structured else None
    render = form.ask if form else teacher.ask or skill.render
    parse = teacher.read or skill.parse

    def ask(item: Item) -> tuple[Message, ...]:
        return render(_input(skill, choices, item))

    def read(answer: str, item: Item, whole: bool) -> Read:
        asked = _input(skill, choices, item)
        found = parse(answer, asked, whole)
        failures = tuple(failure.model_copy(update={"record": item.record}) for failure in found.failures)
        if found.result is None:
            return Read(None, failures, found.repaired)
        beside = check(item.id, found.result) if check else {}
        if isinstance(beside, Failure):
            return Read(None, (*failures, beside.model_copy(update={"record": item.record})), found.repaired)
        kept = teacher.keep(found.result, asked) if teacher.keep else {teacher.field: to_json(found.result)}
        return Read({**kept, **beside}, failures, found.repaired)

    def example(row: Row) -> TrainingExample:
        kept = teacher.kept
        result = kept(row.answer) if kept else from_json(skill.result, _unvoted(row.answer[teacher.field]))
        return training_example(skill, _input(skill, learned, row), result, source=row.id, text=row.text)

    kind = (form.kind, form.as_text) if form else None
    return Task(skill.name, teacher.unit, skill.max_tokens, teacher.filters, ask, read, example, skill, kind)


def _unvoted(result: JsonValue) -> JsonValue:
    """Take off the parts of a list the share of the votes that `agree` wrote beside each."""
    if not isinstance(result, list):
        return result
    return [{k: v for k, v in part.items() if k != SHARE} if isinstance(part, dict) else part for part in result]


def _unfiltered(task: Task, learned: Choices) -> Task:
    """Keep every answer as it was written; such an answer is of no skill, because nobody parsed it."""

    def example(row: Row) -> TrainingExample:
        asked = question(task.skill, _input(task.skill, learned, row))
        return TrainingExample(asked, str(row.answer["as_written"]), row.id, row.text)

    read: Callable[[str, Item, bool], Read] = lambda answer, item, whole: Read({"as_written": answer.strip()})  # noqa: E731
    return task._replace(filters=(), read=read, example=example)


def _input(skill: Skill[Any, Any], choices: Choices, of: Item | Row) -> Any:
    if skill.teacher.from_text is None:
        return from_json(skill.input, of.asked)
    return skill.teacher.from_text(of.text, choices)


def not_read_back(task: Task, row: Row) -> Failure | None:
    """Find that the student's own reader does not read what a student would learn to write.

    The teacher's answer was read with the teacher's input. A student is asked with its own, which names no categories,
    so that a row may be right for the one and break `Skill.write` or `Skill.parse` for the other.

    Returns:
        None where it is read as it was meant, and for answers that nobody parsed.
    """
    learned = task.example(row)
    if not learned.skill:
        return None
    said = task.skill.parse(learned.answer, learned.asked, True)
    if said.result == learned.result:
        return None
    why = said.failures[0].kind if said.failures else "another result"
    return Failure(kind="not_read_back", record=row.record, detail=clean(f"{why}: {learned.answer}")[:200])


def prepared(
    task: Task, records: Iterable[Record | Item | Failure], **models: Any
) -> tuple[Iterable[Record | Item | Failure], Task]:
    """Let the skill's preparing function make items of records, where it has one.

    Args:
        task: What will be asked.
        records: Where the skill has such a function, they are held in memory.
        models: Passed on to the function, by the keywords that it knows.

    Returns:
        What is to be annotated, and the task with the check that goes with it. Both as given where texts alone are
        asked about.
    """
    name = task.skill.teacher.prepare
    if not name:
        return records, task
    module, _, function = name.partition(":")
    found = getattr(import_module(module), function)(
        (one for one in records if isinstance(one, Record | Failure)), **models
    )
    items = [one if isinstance(one, Failure) else _item(one) for one in found.inputs]
    return items, task_of(task.skill, check=found.check)


def _item(made: PreparedInput) -> Item:
    return Item(id=made.id, record=made.record, text=made.text, asked=cast("Answer", to_json(made.input)))
