"""A summary with its errors and the evidence in, the summary with only these errors corrected out."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from gistill.schema import Failure, Message
from gistill.skills.debris import first_answer, refuses, undressed
from gistill.skills.overlap import rouge1
from gistill.skills.skill import Parsed, Ratio, Skill, Teacher
from gistill.skills.summary import one_line


class Flagged(NamedTuple):
    """One error: the exact words of the summary ("" where something is missing), what is wrong, and what to do."""

    words: str
    wrong: str
    instruction: str


class EditInput(NamedTuple):
    """A summary with errors.

    Attributes:
        summary: As it was written.
        evidence: What the source says of it, in the source's order, each line with its speaker where that is known.
        errors: What is to be corrected; nothing else may change.
    """

    summary: str
    evidence: tuple[str, ...]
    errors: tuple[Flagged, ...]


_SYSTEM = (
    "You correct errors in a summary. You change only what is marked as wrong, as little as possible, with the words "
    "of the source, and leave every other word as it is."
)
_EXAMPLE = EditInput(
    "The customer paid 50 dollars for a lamp. The agent has refunded it.",
    ("customer: I paid 30 dollars and the lamp is broken.", "agent: We will refund you next week."),
    (
        Flagged("50", "“50” is not in the source, which has “30”.", "Put the value that the source has."),
        Flagged("has refunded", "It tells as done what is only promised.", "Say whether it was done or promised."),
    ),
)
_ANSWER = "The customer paid 30 dollars for a lamp. The agent will refund it next week."


def render(asked: EditInput) -> tuple[Message, ...]:
    """Ask for the corrected summary."""
    return (
        Message(role="system", content=_SYSTEM),
        Message(role="user", content=_question(_EXAMPLE)),
        Message(role="assistant", content=_ANSWER),
        Message(role="user", content=_question(asked)),
    )


def _question(asked: EditInput) -> str:
    source = "\n".join(one_line(line) for line in asked.evidence)
    errors = "\n".join(
        f"{n}. {f'“{one.words}”' if one.words else 'Missing'}: {one_line(one.wrong)} {one_line(one.instruction)}"
        for n, one in enumerate(asked.errors, 1)
    )
    return (
        f"Source:\n{source}\n\nSummary:\n{one_line(asked.summary)}\n\nErrors:\n{errors}\n\n"
        "Write the whole summary again with these errors corrected and nothing else changed. Answer with the summary "
        "alone."
    )


def parse(answer: str, asked: EditInput, complete: bool) -> Parsed[str]:
    """Read the summary, without the dress that models put on it."""
    if not complete:
        return Parsed(None, (Failure(kind="truncated", detail=answer[:200]),))
    mended: Counter[str] = Counter()
    plain = first_answer(undressed(answer, mended), mended)
    plain = re.sub(r"^(?:corrected |revised )?summary\s*:\s*", "", " ".join(plain.split()), flags=re.IGNORECASE)
    if not plain:
        return Parsed(None, (Failure(kind="empty_answer"),))
    if refuses(plain):
        return Parsed(None, (Failure(kind="refused", detail=plain[:200]),))
    return Parsed(plain)


def score(gold: str, said: Parsed[str], _: EditInput) -> dict[str, Ratio]:
    """Compare the words with those of the right summary."""
    return {"rouge1": (rouge1(gold, said.result or ""), 1)}


EDITING: Skill[EditInput, str] = Skill(
    name="editing",
    about="Corrects marked errors of a summary and changes nothing else",
    input=EditInput,
    result=str,
    render=render,
    parse=parse,
    write=lambda result, _: result,
    score=score,
    measures=("rouge1",),
    max_tokens=400,
    caveat="Facts: an edit is a draft until `gistill revise` has checked it against the source.",
    teacher=Teacher(
        unit="summary", probe=_EXAMPLE, prepare="gistill.analysis.judging:not_from_records", field="edited"
    ),
)
