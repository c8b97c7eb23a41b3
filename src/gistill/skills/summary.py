"""Evidence about one side of an aspect in, a short sentence or two out.

Made for very small models: one feeling at a time, two worked examples, and the beginning of the sentence is given, so
that its quantity word comes from the counts and only the reasons are the model's own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from gistill.schema import Failure, Message
from gistill.skills.overlap import rouge1
from gistill.skills.skill import Answer, Parsed, Skill, Teacher
from gistill.thinking import bare

Feeling = Literal["positive", "negative"]


class SummaryInput(NamedTuple):
    """What is known about one side of an aspect.

    Attributes:
        aspect: Its name, as a reader knows it.
        feeling: Which side is asked for.
        who: The subject, with the quantity word that the counts bear out: "Most people", "One person".
        quotes: What people wrote, typical first; cited as [1], [2], ...
    """

    aspect: str
    feeling: Feeling
    who: str
    quotes: tuple[str, ...]


class Draft(NamedTuple):
    """A sentence a model wrote and the quotes it says it took it from, counted from 1. Neither is checked."""

    text: str
    cites: tuple[int, ...]


_SYSTEM = "You sum up what customers wrote, in one short sentence, with their own words."
_EXAMPLES = (
    (
        SummaryInput(
            "pasta",
            "positive",
            "Most people",
            (
                "The pasta was fresh and cooked just right.",
                "Loved the pasta, so fresh!",
                "Fresh pasta and a big portion.",
            ),
        ),
        " it is fresh and cooked just right.",
    ),
    (
        SummaryInput(
            "waiter",
            "negative",
            "Some people",
            (
                "Our waiter was rude and forgot the drinks.",
                "Had to wait an hour for the waiter.",
                "The waiter was rude.",
            ),
        ),
        " he was rude and forgot the drinks.",
    ),
)


def render(asked: SummaryInput, rules: Sequence[str] = ()) -> tuple[Message, ...]:
    """Ask for the reasons of one feeling. Rules are a team's own. The last message is the beginning of the answer."""
    messages = [Message(role="system", content=" ".join((_SYSTEM, *rules)))]
    for example, answer in _EXAMPLES:
        messages.append(Message(role="user", content=_question(example)))
        messages.append(Message(role="assistant", content=lead(example) + answer))
    messages.append(Message(role="user", content=_question(asked)))
    messages.append(Message(role="assistant", content=lead(asked)))
    return tuple(messages)


def lead(asked: SummaryInput) -> str:
    """Write the beginning of the sentence: who feels what about the aspect, up to the reasons.

    "for example", because the counts bear out how many feel so, but not how many have this reason.
    """
    verb = "like" if asked.feeling == "positive" else "dislike"
    ending = "s" if asked.who.startswith("One ") else ""
    return f"{asked.who} {verb}{ending} the {asked.aspect}, for example because"


def _question(asked: SummaryInput) -> str:
    verb = "like" if asked.feeling == "positive" else "dislike"
    lines = "\n".join(f"[{n}] {one_line(quote)}" for n, quote in enumerate(asked.quotes, start=1))
    return (
        f"Comments:\n{lines}\nWhat do customers {verb} about the {one_line(asked.aspect)}? "
        "Answer in one short sentence with words from the comments."
    )


def one_line(text: str) -> str:
    """Put text on one line and close the gaps that tokenised text has before marks; for prompts, never for quoting."""
    return re.sub(r" (?=[.,!?;:)]|n't\b|'(?:s|re|ve|ll|d|m)\b)", "", " ".join(text.split()))


_PREAMBLE = re.compile(
    r"^(?:(?:sure|certainly|of course|okay|ok)\b[^\n:.!]*[:.!]|"
    r"(?:here(?:'s| is| are)|this is|the following is|below is)\b[^\n:]*:|"
    r"(?:(?:overall )?summary|answer|sentence|revised(?: sentence)?|revision|output|response|in summary)\s*[:\-–])\s*",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"\b(?:as an ai|i(?:'m| am) (?:sorry|unable|not able)|i (?:cannot|can't|can not|apologi[sz]e))\b",
    re.IGNORECASE,
)
_CITE = re.compile(r"\s*[\[(]((?:\d{1,3})(?:\s*[,;]\s*\d{1,3})*)[\])]")


def parse(text: str, *, limit: int = 2) -> tuple[Draft, ...] | Failure:
    """Read the sentences out of an answer, without the dress small models put on it.

    Args:
        text: The answer, beginning included.
        limit: Sentences kept; small models repeat themselves after that.

    Returns:
        One to `limit` complete sentences. A last sentence that does not end is dropped, and where it was the only
        one the answer is a `truncated` failure; nothing said is `empty_answer`, an apology is `refused`.
    """
    plain = re.sub(r"```\w*", " ", bare(text).text)
    lines = [re.sub(r"^\s*(?:[-*•>#]+|\d{1,2}[.)])\s+", "", line).strip() for line in plain.splitlines()]
    plain = " ".join(line for line in lines if line)
    plain = re.sub(r"[*_`]{1,3}([^*_`]+)[*_`]{1,3}", r"\1", plain)
    while (cut := _PREAMBLE.sub("", plain)) != plain:
        plain = cut.strip()
    if len(plain) > 2 and plain[0] in '"“' and plain[-1] in '"”' and not re.search(r"[\"“”]", plain[1:-1]):
        plain = plain[1:-1].strip()
    if not plain:
        return Failure(kind="empty_answer")
    if _REFUSAL.search(plain):
        return Failure(kind="refused", detail=plain[:200])
    drafts = []
    for sentence in _sentences(plain):
        cites = tuple(dict.fromkeys(int(n) for group in _CITE.findall(sentence) for n in re.findall(r"\d+", group)))
        words = " ".join(_CITE.sub("", sentence).split())
        if re.search(r"[.!?][\"”’')]*$", words) and len(words.split()) > 1:
            drafts.append(Draft(words, cites))
    if not drafts:
        return Failure(kind="truncated", detail=plain[:200])
    return tuple(dict.fromkeys(drafts))[:limit]


def _sentences(text: str) -> list[str]:
    """Cut after a full stop that no small letter follows; citations stay with the sentence they follow."""
    parts = re.split(r"(?<=[.!?])((?:\s*\[[\d,; ]+\])*)\s+(?=[\"“']?[^\W_a-z])", text)
    joined = [part + (parts[n + 1] if n + 1 < len(parts) else "") for n, part in enumerate(parts) if n % 2 == 0]
    return [part.strip() for part in joined if part.strip()]


def _read(answer: str, asked: SummaryInput, _: bool) -> Parsed[Draft]:
    """Keep the first sentence, if it goes on from the beginning that was given."""
    drafts = parse(answer, limit=1)
    if isinstance(drafts, Failure):
        return Parsed(None, (drafts,))
    if not drafts[0].text.startswith(lead(asked)):
        return Parsed(None, (Failure(kind="other_beginning", detail=drafts[0].text[:200]),))
    return Parsed(drafts[0])


def _keep(draft: Draft, _: SummaryInput) -> Answer:
    return {"summary": draft.text}


def _kept(answer: Answer) -> Draft:
    return Draft(str(answer["summary"]), ())  # what a corpus cites are opinions, and no places in the question


SUMMARY: Skill[SummaryInput, Draft] = Skill(
    name="summary",
    about="Sums up one side of an aspect in a sentence",
    input=SummaryInput,
    result=Draft,
    render=render,
    parse=_read,
    write=lambda draft, _: draft.text,
    score=lambda gold, said, _: {"rouge1": (rouge1(gold.text, said.result.text if said.result else ""), 1)},
    measures=("rouge1",),
    max_tokens=64,
    caveat="Facts: a sentence is a draft until `gistill` has checked it against the comments that it cites.",
    teacher=Teacher(
        unit="side",
        prepare="gistill.distill.evidence:side_evidence",
        probe=SummaryInput("probe", "positive", "Most people", ("Probe.",)),
        filters=("parsed", "supported"),
        keep=_keep,
        kept=_kept,
        field="summary",
    ),
)
