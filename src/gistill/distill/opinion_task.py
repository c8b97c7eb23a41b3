"""Opinions, a sentence at a time: the teacher's examples, the mending of its lists, the student's short question.

A sentence at a time, because that is how the reader and the writer are asked when they read a customer's text: what is
trained is what is asked. It costs the teacher's examples once per sentence (most servers keep them in a cache), and
buys answers that can be anchored without doubt and equal sentences that are paid for once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import cast, get_args

from gistill.distill.tasks import Answer, Item, Read, Row, Task
from gistill.schema import ELEMENTS, Failure, Message, Noun, OpinionTuple, Polarity, SentimentTask
from gistill.skills import opinions
from gistill.skills.opinions import IMPLICIT, NOTHING, OpinionsInput
from gistill.text import places

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
_MAX_TOKENS = 256
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


def opinion_task(
    elements: SentimentTask = "aste", *, categories: Sequence[str] | None = None, structured: bool = False
) -> Task:
    """Ask for the opinions of a sentence.

    Args:
        elements: Which elements of an opinion are asked for.
        categories: The closed list of categories; needed where `elements` has them.
        structured: Ask for JSON after a schema; only where aspect, opinion and polarity are asked for.
    """
    named = tuple(categories) if categories else None
    return Task(
        name="opinions",
        unit="sentence",
        max_tokens=_MAX_TOKENS,
        filters=("parsed", "anchored", "whole"),
        ask=_ask_as_json if structured else partial(_ask, elements, named),
        read=partial(_read, elements, named),
        lessons=partial(_lessons, elements),
        kind=(OpinionsAnswer, _as_text) if structured else None,
    )


def _ask(elements: SentimentTask, categories: tuple[str, ...] | None, item: Item) -> tuple[Message, ...]:
    if "category" not in ELEMENTS[elements]:
        shots = _EXAMPLES
    else:  # examples cannot know the caller's categories
        shots = tuple((text, tuples) for text, tuples in _EXAMPLES if not tuples)
    return opinions.render(OpinionsInput(item.text, elements, None, categories, shots))


def _ask_as_json(item: Item) -> tuple[Message, ...]:
    """Ask with examples in JSON: a server that ignores the schema still sees what is wanted."""
    messages = [Message(role="system", content=_AS_JSON)]
    for text, tuples in _EXAMPLES:
        lines = tuple(OpinionLine(aspect=t.aspect, opinion=t.opinion, polarity=t.polarity or "neutral") for t in tuples)
        messages.append(Message(role="user", content=text))
        messages.append(Message(role="assistant", content=OpinionsAnswer(opinions=lines).model_dump_json()))
    return (*messages, Message(role="user", content=" ".join(item.text.split())))


def _read(elements: SentimentTask, categories: tuple[str, ...] | None, answer: str, item: Item, whole: bool) -> Read:
    if (
        not whole
    ):  # what stands in the rest is not known, so that the lines above it would teach a student to stop early
        return Read(None, (Failure(kind="truncated", record=item.record, detail=answer[-100:]),))
    lines, mended = mend(answer, item.text, opinions.elements(elements))
    asked = OpinionsInput(item.text, elements, None, categories)
    found = opinions.parse(lines, asked, categories=frozenset(categories) if categories else None)
    failures = []
    for failure in found.failures:
        if failure.kind == "repeated":  # it says nothing wrong, and is said once
            mended["repeated"] += 1
        else:
            failures.append(failure.model_copy(update={"record": item.record}))
    if failures and not found.tuples:
        return Read(None, tuple(failures), mended)
    return Read({"opinions": [found._asdict() for found in found.tuples]}, tuple(failures), mended)


def _lessons(elements: SentimentTask, row: Row) -> list[tuple[tuple[Message, ...], str]]:
    asked = OpinionsInput(row.text, elements)
    return [(opinions.render(asked), opinions.write(tuples_of(row.answer), elements))]


def tuples_of(answer: Answer) -> tuple[OpinionTuple, ...]:
    """Give the opinions of a row's answer as the skill has them."""
    fields = OpinionTuple._fields
    found = cast("list[Answer]", answer["opinions"])
    return tuple(OpinionTuple(**{name: part[name] for name in fields}) for part in found)  # type: ignore[arg-type]


def _as_text(value: Noun) -> str:
    """Write a structured answer as lines, so that it is read and checked like any other."""
    assert isinstance(value, OpinionsAnswer)
    parts = ([o.aspect or IMPLICIT, o.opinion or IMPLICIT, o.polarity] for o in value.opinions)
    return "\n".join(" | ".join(" ".join(part.replace("|", " ").split()) for part in line) for line in parts) or NOTHING


def mend(answer: str, text: str, order: Sequence[str]) -> tuple[str, Counter[str]]:
    """Take off a list of opinions what teachers put around it, changing no word that is said to be quoted.

    Args:
        answer: As the teacher wrote it.
        text: What it was asked about.
        order: The elements in the order asked for.

    Returns:
        The lines as the skill's grammar has them, as far as they can be had, and what was mended: `dress` (thinking,
        code fences, bullets, tables, quotation marks), `talk` (sentences around the list), `nothing` (other words for
        "none"), `polarity` (its case), `implicit` (other words for "-"), `case` (letters of a quotation whose case
        is another in the text).
    """
    mended: Counter[str] = Counter()
    plain = re.sub(r"<think>.*?</think>|```\w*", "\n", answer, flags=re.DOTALL)
    if plain != answer:
        mended["dress"] += 1
    lines = [line for line in plain.splitlines() if line.strip()]
    listed = [line for line in lines if "|" in line]
    if not listed:
        if any(_NOTHING.fullmatch(line.strip()) for line in lines):
            mended.update({"talk": 1} if len(lines) > 1 else {"nothing": 1} if lines[0].strip() != NOTHING else {})
            return NOTHING, mended
        return "\n".join(lines), mended
    mended["talk"] += len(lines) - len(listed)
    kept = [line for line in (_mend_line(line, text, order, mended) for line in listed) if line]
    return "\n".join(kept) or NOTHING, +mended


def _mend_line(line: str, text: str, order: Sequence[str], mended: Counter[str]) -> str:
    bare = _BULLET.sub("", line).strip()
    if bare.startswith("|") and bare.endswith("|") and len(bare) > 1:
        bare = bare[1:-1]
    parts = [part.strip() for part in bare.split("|")]
    if (_RULE.fullmatch(bare) and "--" in bare) or [part.casefold() for part in parts] == list(order):
        mended["dress"] += 1  # the rule or the head of a table
        return ""
    mended["dress"] += bare.strip() != line.strip()
    if len(parts) != len(order):
        return bare
    return " | ".join(_mend_part(part, element, text, mended) for part, element in zip(parts, order, strict=True))


def _mend_part(part: str, element: str, text: str, mended: Counter[str]) -> str:
    if element == "polarity":
        word = part.strip(_QUOTES + " .").casefold()
        if word != part and word in get_args(Polarity):
            mended["polarity"] += 1
            return word
        return part
    if element == "category" or places(part, text):
        return part
    if part.casefold() in _NO_WORDS:
        mended["implicit"] += part != IMPLICIT
        return IMPLICIT
    bare = part.strip(_QUOTES)
    if bare != part and places(bare, text):
        mended["dress"] += 1
        return bare
    for found in re.finditer(re.escape(bare), text, re.IGNORECASE) if bare else ():
        if places(found.group(), text):
            mended["case"] += 1
            return found.group()
    return part
