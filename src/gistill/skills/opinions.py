"""A sentence in, its opinions out, as lines of text: one grammar for every fine-grained sentiment task.

A task is a choice of elements: TSA asks for (aspect, polarity), ACOS for all four. The first message names them in
the order they are wanted, which is also the task's prefix, so that one model learns all tasks and, as MvP does,
several orders.

    List each opinion: aspect | opinion | polarity.
    The food was great but they were slow .
    -> food | great | positive
       - | slow | negative
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple, get_args

from gistill.schema import ELEMENTS, Element, Failure, Message, OpinionTuple, Polarity, SentimentTask, TupleAnswer
from gistill.text import places

IMPLICIT = "-"  # an aspect or opinion that has no words of its own
NOTHING = "none"  # the whole answer where there is no opinion
_GAP = " | "


class OpinionsInput(NamedTuple):
    """What is asked about one text.

    Attributes:
        text: One line.
        task: Which elements are asked for.
        order: These elements in the order they are to be written; None is the usual one.
        categories: The closed list of categories, for a model that was not trained on it; None names none.
        shots: Worked examples, shown before the text.
    """

    text: str
    task: SentimentTask
    order: tuple[Element, ...] | None = None
    categories: tuple[str, ...] | None = None
    shots: tuple[tuple[str, tuple[OpinionTuple, ...]], ...] = ()


def elements(task: SentimentTask, order: Sequence[Element] | None = None) -> tuple[Element, ...]:
    """Give a task's elements in the order asked for.

    Raises:
        ValueError: The order has other elements than the task.
    """
    usual = ELEMENTS[task]
    if order is None:
        return usual
    if sorted(order) != sorted(usual):
        raise ValueError(f"{task} has the elements {', '.join(usual)}, not {', '.join(order)}")
    return tuple(order)


def orders(task: SentimentTask, count: int) -> list[tuple[Element, ...]]:
    """Give so many orders of a task's elements, the usual one first and the others drawn by lot; not more than all.

    The draw is the same whenever it is asked for, so that a vote asks in the orders that were taught.
    """
    usual, *others = itertools.permutations(ELEMENTS[task])
    random.Random(0).shuffle(others)
    return [usual, *others[: count - 1]]


def render(asked: OpinionsInput) -> tuple[Message, ...]:
    """Ask for the opinions of a text. Without shots and categories it is what a model is fine-tuned on."""
    order = elements(asked.task, asked.order)
    system = f"List each opinion: {_GAP.join(order)}."
    if asked.shots or asked.categories:
        system += " Copy words exactly."
    if asked.categories and "category" in order:
        system += f" Categories: {', '.join(asked.categories)}."
    messages = [Message(role="system", content=system)]
    for text, tuples in asked.shots:
        messages.append(Message(role="user", content=_line(text)))
        messages.append(Message(role="assistant", content=write(tuples, asked.task, order=order)))
    messages.append(Message(role="user", content=_line(asked.text)))
    return tuple(messages)


def write(tuples: Iterable[OpinionTuple], task: SentimentTask, *, order: Sequence[Element] | None = None) -> str:
    """Write tuples as the answer a model should give: a line each, equal lines once, "none" for none."""
    lines = dict.fromkeys(
        _GAP.join(_line(getattr(t, element) or IMPLICIT) for element in elements(task, order)) for t in tuples
    )
    return "\n".join(lines) or NOTHING


def parse(
    answer: str, asked: OpinionsInput, *, categories: frozenset[str] | None = None, complete: bool = True
) -> TupleAnswer:
    """Read an answer strictly: what is not exactly in the grammar, or not in the text, is a failure by name.

    Args:
        answer: As the model wrote it.
        asked: What it was asked.
        categories: The categories that exist; None allows any.
        complete: False where the answer was cut off: its last line is then `truncated`.

    Returns:
        The legal tuples in the order they were written, and the failures: `unparsable` (not the right number of parts,
        or no such polarity), `unanchored` (words that do not stand in the text),
        `unknown_category`, `repeated`, `truncated`.
    """
    order = elements(asked.task, asked.order)
    text = _line(asked.text)
    lines = [line.strip() for line in answer.strip().split("\n") if line.strip()]
    failures: list[Failure] = []
    if not complete:
        failures.append(Failure(kind="truncated", detail=lines.pop()[:200] if lines else ""))
    if lines == [NOTHING]:
        return TupleAnswer((), tuple(failures))
    if not lines and complete:
        failures.append(Failure(kind="empty_answer"))
    found: dict[OpinionTuple, None] = {}
    for line in lines:
        read = _read(line, order, text, categories)
        if isinstance(read, OpinionTuple) and read in found:
            read = Failure(kind="repeated", detail=line[:200])
        if isinstance(read, Failure):
            failures.append(read)
        else:
            found[read] = None
    return TupleAnswer(tuple(found), tuple(failures))


def _read(line: str, order: Sequence[Element], text: str, categories: frozenset[str] | None) -> OpinionTuple | Failure:
    parts = [part.strip() for part in line.split("|")]
    if len(parts) != len(order) or not all(parts):
        return Failure(kind="unparsable", detail=line[:200])
    values: dict[str, str | None] = dict(zip(order, parts, strict=True))
    if "polarity" in values and values["polarity"] not in get_args(Polarity):
        return Failure(kind="unparsable", detail=line[:200])
    if categories is not None and values.get("category", next(iter(categories), None)) not in categories:
        return Failure(kind="unknown_category", detail=line[:200])
    for element in ("aspect", "opinion"):
        words = values.get(element)
        if words == IMPLICIT:
            values[element] = None
        elif words is not None and not places(words, text):
            return Failure(kind="unanchored", detail=line[:200])
    return OpinionTuple(**values)  # type: ignore[arg-type]


def anchor(found: OpinionTuple, text: str) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """Place a legal tuple's aspect and opinion in its text: where a phrase occurs several times, the nearest two.

    Returns:
        The spans of aspect and opinion; None for an implicit one.
    """
    aspects: list[tuple[int, int] | None] = [*places(found.aspect, text)] if found.aspect else [None]
    opinions: list[tuple[int, int] | None] = [*places(found.opinion, text)] if found.opinion else [None]
    pairs = [(a, o) for a in aspects for o in opinions]
    return min(pairs, key=lambda pair: _distance(*pair))


def vote(answers: Sequence[Sequence[OpinionTuple]], *, share: float = 0.5) -> tuple[OpinionTuple, ...]:
    """Keep the tuples that at least `share` of several answers to the same question give (MvP, Gou et al. 2023).

    Args:
        answers: The legal tuples of each answer, one answer per order of elements.
        share: In (0, 1].

    Returns:
        The kept tuples, most votes first, then by first appearance.
    """
    votes = Counter(t for answer in answers for t in dict.fromkeys(answer))
    return tuple(t for t, count in votes.most_common() if count >= share * len(answers))


def count_tuples(
    gold: Iterable[OpinionTuple], answer: TupleAnswer, *, as_published: bool = False
) -> tuple[int, int, int]:
    """Count one text's `(correct, predicted, gold)`, equal tuples once; see `evaluate.tuples.score`."""
    wanted, given = set(map(_spaced, gold)), set(map(_spaced, answer.tuples))
    return len(wanted & given), len(given) + (0 if as_published else len(answer.failures)), len(wanted)


def _spaced(found: OpinionTuple) -> OpinionTuple:
    return OpinionTuple(*(_line(part) if part else None for part in found))  # type: ignore[arg-type]


def _distance(aspect: tuple[int, int] | None, opinion: tuple[int, int] | None) -> int:
    if aspect is None or opinion is None:
        return 0
    return max(opinion[0] - aspect[1], aspect[0] - opinion[1], -1)


def _line(text: str) -> str:
    return " ".join(text.split())
