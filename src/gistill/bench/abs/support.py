"""Which sentences of a summary stand: no rule, and no critic where one is given, finds a fault in them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from gistill.grounding.faults.critic import LoadedCritic
from gistill.grounding.faults.fault import Fault
from gistill.grounding.faults.reading import Reading
from gistill.grounding.faults.rules import check_summary
from gistill.schema import Span
from gistill.task import SummaryTask

CODES = frozenset({"E3", "E4", "E5", "E6", "E7", "E8", "E14"})  # errors of what is said, none of form or of what lacks


class Standing(NamedTuple):
    """A sentence of a summary.

    Attributes:
        text: The sentence.
        faults: Why it does not stand, one reason a fault; none where it does.
    """

    text: str
    faults: tuple[str, ...]


def by_rules(task: SummaryTask, text: str) -> list[Standing]:
    """Hold each sentence of a summary against its sources by rules."""
    source = reading(task)
    return _standing(text, check_summary(text, source, codes=CODES).faults)


def by_critic(task: SummaryTask, text: str, critic: LoadedCritic) -> list[Standing]:
    """Hold each sentence of a summary against its sources by a critic."""
    (faults,) = critic.check([(text, reading(task))])
    return _standing(text, faults)


def _standing(text: str, faults: Iterable[Fault]) -> list[Standing]:
    found = [one for one in faults if one.span is not None]
    return [
        Standing(
            text[at.start : at.end],
            tuple(f"{one.code}: {one.says}" for one in found if one.span and _meet(one.span, at.start, at.end)),
        )
        for at in Reading(text).sentences
    ]


def _meet(span: Span, start: int, end: int) -> bool:
    return span.start < end and start < span.end


def reading(task: SummaryTask) -> Reading:
    """Read the sources of a task as one text; each review stays a text of its own."""
    return _reading(task.sources, task.shape == "reviews")


@lru_cache(maxsize=8)
def _reading(sources: tuple[str, ...], apart: bool) -> Reading:
    texts, at = [], 0
    for source in sources:
        if source:
            texts.append(Span(start=at, end=at + len(source)))
        at += len(source) + 1
    return Reading("\n".join(sources), texts=tuple(texts) if apart else ())
