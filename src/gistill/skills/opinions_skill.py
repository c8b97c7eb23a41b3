"""The opinions skill, and how a large model is asked for it: worked examples, JSON where wanted, lists repaired.

A sentence at a time, because that is how the reader and the writer are asked when they read a customer's text: what is
trained is what is asked. It costs the teacher's examples once per sentence (most servers keep them in a cache), and
buys answers that can be anchored without doubt and equal sentences that are paid for once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, cast, get_args

from gistill.schema import ELEMENTS, Failure, Message, Noun, OpinionTuple, Polarity, SentimentTask, TupleAnswer
from gistill.skills.opinions import IMPLICIT, NOTHING, OpinionsInput, count_tuples, elements, parse, render, write
from gistill.skills.skill import Answer, Choices, Parsed, Ratio, Skill, Structured, Teacher
from gistill.text import places
from gistill.thinking import bare

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


def _read(answer: str, asked: OpinionsInput, whole: bool) -> Parsed[tuple[OpinionTuple, ...]]:
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
        read=_read,
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
