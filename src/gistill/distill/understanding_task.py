"""Analysis and rewriting of whole reviews: with worked examples for the teacher, without them for the student."""

from __future__ import annotations

from functools import partial

from pydantic import JsonValue

from gistill.distill.tasks import Answer, Item, Read, Row, Task
from gistill.schema import Failure, Message, Target
from gistill.skills import understanding
from gistill.skills.understanding import Kind, UnderstandingInput

_SHOTS = 3
_TOKENS: dict[Kind, int] = {"analysis": 1024, "rewriting": 1024}


def understanding_task(kind: Kind, *, filtered: bool = True) -> Task:
    """Ask for the analysis of a review, or for the review rewritten.

    Args:
        kind: Which of them.
        filtered: Keep what passes the checks; False teaches every answer as the teacher wrote it, cut ones too, so that
            a student can show what the checks are worth. The question is the same, so a journal answers both.
    """
    if not filtered:
        return Task(
            kind, "text", _TOKENS[kind], (), partial(_ask, kind), _read_unchecked, partial(_lessons_as_written, kind)
        )
    return Task(
        name=kind,
        unit="text",
        max_tokens=_TOKENS[kind],
        filters=("parsed", "anchored", "whole") if kind == "analysis" else ("parsed", "whole"),
        ask=partial(_ask, kind),
        read=_read_analysis if kind == "analysis" else _read_rewriting,
        lessons=_analysis_lessons if kind == "analysis" else _rewriting_lessons,
    )


def _ask(kind: Kind, item: Item) -> tuple[Message, ...]:
    return understanding.render(UnderstandingInput(item.text, kind, _SHOTS))


def _read_analysis(answer: str, item: Item, whole: bool) -> Read:
    found = understanding.parse_analysis(answer, item.text, complete=whole)
    failures = _of(item, *found.failures)
    cut = any(failure.kind == "truncated" for failure in failures)  # the rest would be taught as not being there
    if cut or (failures and not found.targets):
        return Read(None, failures, found.mended)
    targets: list[JsonValue] = [_placed(target, item.text) for target in found.targets]
    return Read({"targets": targets}, failures, found.mended)


def _placed(target: Target, text: str) -> Answer:
    """Give a target as JSON with the place of its words in the text."""
    place = understanding.anchor(target, text)
    span: JsonValue = list(place) if place else None
    return {**target.model_dump(), "span": span, "implicit": target.implicit}


def _analysis_lessons(row: Row) -> list[tuple[tuple[Message, ...], str]]:
    asked = understanding.render(UnderstandingInput(row.text, "analysis"))
    return [(asked, understanding.write_analysis(targets_of(row.answer)))]


def targets_of(answer: Answer) -> list[Target]:
    """Give the targets of a row's answer as the skill has them."""
    fields = Target.model_fields
    return [Target(**{name: part[name] for name in fields}) for part in answer["targets"]]  # type: ignore[arg-type, union-attr, call-overload, index]


def _read_rewriting(answer: str, item: Item, whole: bool) -> Read:
    found = understanding.parse_rewriting(answer, item.text, complete=whole)
    if isinstance(found, Failure):
        return Read(None, _of(item, found))
    return Read({"rewriting": found.text}, (), found.mended)


def _rewriting_lessons(row: Row) -> list[tuple[tuple[Message, ...], str]]:
    return [(understanding.render(UnderstandingInput(row.text, "rewriting")), str(row.answer["rewriting"]))]


def _read_unchecked(answer: str, item: Item, whole: bool) -> Read:
    return Read({"as_written": answer.strip()})


def _lessons_as_written(kind: Kind, row: Row) -> list[tuple[tuple[Message, ...], str]]:
    return [(understanding.render(UnderstandingInput(row.text, kind)), str(row.answer["as_written"]))]


def _of(item: Item, *failures: Failure) -> tuple[Failure, ...]:
    return tuple(failure.model_copy(update={"record": item.record}) for failure in failures)
