"""A sentence in, its opinions out, as lines of text: one grammar for every fine-grained sentiment task, and the skill.

A task is a choice of elements: TSA asks for (aspect, polarity), ACOS for all four. The first message names them in
the order they are wanted, which is also the task's prefix, so that one model learns all tasks and, as MvP does,
several orders.

    List each opinion: aspect | opinion | polarity.
    The food was great but they were slow .
    -> food | great | positive
       - | slow | negative

A large model is asked with worked examples, as JSON where that is wanted, and its lists are repaired. It is asked about
a sentence at a time, as reader and writer are when they read a customer's text: what is trained is what is asked. That
costs the teacher's examples once per sentence (most servers keep them in a cache), and buys answers that can be
anchored without doubt and equal sentences that are paid for once.
"""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, cast, get_args

from gistill.schema import ELEMENTS, Element, Failure, Message, Noun, OpinionTuple, Polarity, SentimentTask, TupleAnswer
from gistill.skills.skill import Answer, Choices, Parsed, Ratio, Skill, Structured, Teacher
from gistill.text import places
from gistill.thinking import bare

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


# Written for this purpose: several domains, nothing named, nothing felt, several opinions, words that stand apart.
_EXAMPLES: tuple[tuple[str, tuple[OpinionTuple, ...]], ...] = (
    (
        "The soup was wonderful but our waiter seemed bored.",
        (
            OpinionTuple("soup", "FOOD", "wonderful", "positive"),
            OpinionTuple("waiter", "SERVICE", "bored", "negative"),
        ),
    ),
    ("We went there on a Tuesday with my parents.", ()),
    ("Broke after two weeks.", (OpinionTuple(None, "DURABILITY", "Broke", "negative"),)),
    (
        "Bright screen, average speakers, and the hinge feels cheap.",
        (
            OpinionTuple("screen", "DISPLAY", "Bright", "positive"),
            OpinionTuple("speakers", "SOUND", "average", "neutral"),
            OpinionTuple("hinge", "BUILD", "cheap", "negative"),
        ),
    ),
    ("I would buy it again.", (OpinionTuple(None, "GENERAL", "would buy it again", "positive"),)),
    (
        "Check-in took an hour and the room smelled of smoke.",
        (
            OpinionTuple("Check-in", "SERVICE", "took an hour", "negative"),
            OpinionTuple("room", "ROOM", "smelled of smoke", "negative"),
        ),
    ),
)
_AS_JSON = (
    'List each opinion as JSON: {"opinions": [{"aspect": ..., "opinion": ..., "polarity": "positive", "negative" or '
    '"neutral"}]}. aspect: the words that name the thing; opinion: the words that show the feeling; copy both exactly, '
    "and write null where the text has no such words. An empty list where there is no opinion."
)
_NO_WORDS = frozenset({"-", "–", "—", "none", "null", "n/a", "na", "implicit", "(implicit)", "nothing", "unknown"})
_NOTHING = re.compile(
    r"(?:none|nothing|\[\]|n/?a|(?:there are )?no (?:opinions?|sentiments?)(?: (?:expressed|found|here))?)[.!]?", re.I
)
_BULLET = re.compile(r"^\s*(?:[-*•]\s+(?!\|)|\d{1,2}[.)]\s+|->\s*)")
_RULE = re.compile(r"[\s|:+-]*")
_QUOTES = "\"'`*“”‘’"


class OpinionLine(Noun):
    """One opinion of a structured answer: words copied from the text, or null where there are none."""

    aspect: str | None
    opinion: str | None
    polarity: Polarity


class OpinionsAnswer(Noun):
    """A structured answer: every opinion of the text, in order."""

    opinions: tuple[OpinionLine, ...]


def _from_text(text: str, choices: Choices) -> OpinionsInput:
    return OpinionsInput(text, cast("SentimentTask", choices.task), None, choices.categories or None)


def _ask(asked: OpinionsInput) -> tuple[Message, ...]:
    if "category" not in ELEMENTS[asked.task]:
        shots = _EXAMPLES
    else:  # examples cannot know the caller's categories
        shots = tuple((text, tuples) for text, tuples in _EXAMPLES if not tuples)
    return render(asked._replace(shots=shots))


def _ask_as_json(asked: OpinionsInput) -> tuple[Message, ...]:
    """Ask with examples in JSON: a server that ignores the schema still sees what is wanted."""
    messages = [Message(role="system", content=_AS_JSON)]
    for text, tuples in _EXAMPLES:
        lines = tuple(OpinionLine(aspect=t.aspect, opinion=t.opinion, polarity=t.polarity or "neutral") for t in tuples)
        messages.append(Message(role="user", content=text))
        messages.append(Message(role="assistant", content=OpinionsAnswer(opinions=lines).model_dump_json()))
    return (*messages, Message(role="user", content=" ".join(asked.text.split())))


def _read_repaired(answer: str, asked: OpinionsInput, whole: bool) -> Parsed[tuple[OpinionTuple, ...]]:
    if not whole:  # the rest is not known, so that the lines above it would teach a student to stop early
        return Parsed(None, (Failure(kind="truncated", detail=answer[-100:]),))
    lines, repaired = repair(answer, asked.text, elements(asked.task))
    found = parse(lines, asked, categories=frozenset(asked.categories) if asked.categories else None)
    repeated = sum(failure.kind == "repeated" for failure in found.failures)
    if repeated:  # it says nothing wrong, and is said once
        repaired["repeated"] += repeated
    failures = tuple(failure for failure in found.failures if failure.kind != "repeated")
    return Parsed(None if failures and not found.tuples else found.tuples, failures, repaired)


def _keep(found: tuple[OpinionTuple, ...], _: OpinionsInput) -> Answer:
    return {"opinions": [part._asdict() for part in found]}


def _kept(answer: Answer) -> tuple[OpinionTuple, ...]:
    found = cast("list[dict[str, Any]]", answer["opinions"])
    return tuple(OpinionTuple(*(part[name] for name in OpinionTuple._fields)) for part in found)


def _as_text(value: Noun) -> str:
    """Write a structured answer as lines, so that it is read and checked like any other."""
    assert isinstance(value, OpinionsAnswer)
    parts = ([o.aspect or IMPLICIT, o.opinion or IMPLICIT, o.polarity] for o in value.opinions)
    return "\n".join(" | ".join(" ".join(part.replace("|", " ").split()) for part in line) for line in parts) or NOTHING


Opinions = tuple[OpinionTuple, ...]


def _parse(answer: str, asked: OpinionsInput, whole: bool) -> Parsed[Opinions]:
    found = parse(answer, asked, complete=whole)
    return Parsed(found.tuples, found.failures)


def _write(found: Opinions, asked: OpinionsInput) -> str:
    return write(found, asked.task, order=asked.order)


def _score(gold: Opinions, said: Parsed[Opinions], _: OpinionsInput) -> dict[str, Ratio]:
    """Score tuples strictly: a failure is a wrong prediction."""
    correct, predicted, wanted = count_tuples(gold, TupleAnswer(said.result or (), said.failures))
    return {"f1": (2 * correct, predicted + wanted), "precision": (correct, predicted), "recall": (correct, wanted)}


OPINIONS: Skill[OpinionsInput, Opinions] = Skill(
    name="opinions",
    about="Lists the opinions of a text",
    input=OpinionsInput,
    result=Opinions,
    render=render,
    parse=_parse,
    write=_write,
    score=_score,
    measures=("f1", "precision", "recall"),
    max_tokens=256,
    tags=("aspect-based-sentiment-analysis", "opinion-mining"),
    caveat="Irony, and opinions that need more than the text shows. `gistill` checks that each quoted word stands in "
    "the text; without that check an answer is a guess.",
    teacher=Teacher(
        unit="sentence",
        from_text=_from_text,
        tasks=("aste", *(task for task in ELEMENTS if task != "aste")),
        categorised=tuple(task for task, wanted in ELEMENTS.items() if "category" in wanted),
        ask=_ask,
        read=_read_repaired,
        filters=("parsed", "anchored", "whole"),
        keep=_keep,
        kept=_kept,
        field="opinions",
        vote="parts",
        structured=Structured(_ask_as_json, OpinionsAnswer, _as_text, ("aste",)),
    ),
)


def repair(answer: str, text: str, order: Sequence[str]) -> tuple[str, Counter[str]]:
    """Take off a list of opinions what teachers put around it, changing no word that is said to be quoted.

    Args:
        answer: As the teacher wrote it.
        text: What it was asked about.
        order: The elements in the order asked for.

    Returns:
        The lines as the skill's grammar has them, as far as they can be had, and what was repaired: `formatting`
        (thinking, code fences, bullets, tables, quotation marks), `surrounding_text` (sentences around the list),
        `nothing` (other words for "none"), `polarity` (its case), `implicit` (other words for "-"), `case` (letters
        of a quotation whose case is another in the text).
    """
    repaired: Counter[str] = Counter()
    plain = re.sub(r"```\w*", "\n", bare(answer).text)
    if plain != answer:
        repaired["formatting"] += 1
    lines = [line for line in plain.splitlines() if line.strip()]
    listed = [line for line in lines if "|" in line]
    if not listed:
        if any(_NOTHING.fullmatch(line.strip()) for line in lines):
            repaired.update(
                {"surrounding_text": 1} if len(lines) > 1 else {"nothing": 1} if lines[0].strip() != NOTHING else {}
            )
            return NOTHING, repaired
        return "\n".join(lines), repaired
    repaired["surrounding_text"] += len(lines) - len(listed)
    kept = [line for line in (_repair_line(line, text, order, repaired) for line in listed) if line]
    return "\n".join(kept) or NOTHING, +repaired


def _repair_line(line: str, text: str, order: Sequence[str], repaired: Counter[str]) -> str:
    row = _BULLET.sub("", line).strip()
    if row.startswith("|") and row.endswith("|") and len(row) > 1:
        row = row[1:-1]
    parts = [part.strip() for part in row.split("|")]
    if (_RULE.fullmatch(row) and "--" in row) or [part.casefold() for part in parts] == list(order):
        repaired["formatting"] += 1  # the rule or the head of a table
        return ""
    repaired["formatting"] += row.strip() != line.strip()
    if len(parts) != len(order):
        return row
    return " | ".join(_repair_part(part, element, text, repaired) for part, element in zip(parts, order, strict=True))


def _repair_part(part: str, element: str, text: str, repaired: Counter[str]) -> str:
    if element == "polarity":
        word = part.strip(_QUOTES + " .").casefold()
        if word != part and word in get_args(Polarity):
            repaired["polarity"] += 1
            return word
        return part
    if element == "category" or places(part, text):
        return part
    if part.casefold() in _NO_WORDS:
        repaired["implicit"] += part != IMPLICIT
        return IMPLICIT
    unquoted = part.strip(_QUOTES)
    if unquoted != part and places(unquoted, text):
        repaired["formatting"] += 1
        return unquoted
    for found in re.finditer(re.escape(unquoted), text, re.IGNORECASE) if unquoted else ():
        if places(found.group(), text):
            repaired["case"] += 1
            return found.group()
    return part
