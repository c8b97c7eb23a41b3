"""A sentence that failed, the evidence and what is wrong with it in, a better sentence out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gistill.schema import Failure, Message
from gistill.skills.summary import Draft, one_line
from gistill.skills.summary import parse as parse_summary


class RevisionInput(NamedTuple):
    """A sentence that did not stand.

    Attributes:
        sentence: What was written; empty where it should not be repeated to the model.
        quotes: The evidence, cited as [1], [2], ...
        problems: What is wrong with it, as clauses: "the people it cites do not mention “loud”".
        lead: The beginning that the new sentence must have; empty for any.
    """

    sentence: str
    quotes: tuple[str, ...]
    problems: tuple[str, ...]
    lead: str = ""


_SYSTEM = "You correct one sentence so that it says only what the comments say, with their own words."
_EXAMPLE = RevisionInput(
    "Most people like the pasta, for example because it is cheap and fresh.",
    ("The pasta was fresh and cooked just right.", "Loved the pasta, so fresh!"),
    ("the people it cites do not mention “cheap”",),
    "Most people like the pasta, for example because",
)
_ANSWER = " it is fresh and cooked just right."


def render(asked: RevisionInput, rules: Sequence[str] = ()) -> tuple[Message, ...]:
    """Ask for one corrected sentence, by a team's rules too. The last message begins the answer, where it has one."""
    messages = [
        Message(role="system", content=" ".join((_SYSTEM, *rules))),
        Message(role="user", content=_question(_EXAMPLE)),
        Message(role="assistant", content=_EXAMPLE.lead + _ANSWER),
        Message(role="user", content=_question(asked)),
    ]
    if asked.lead:
        messages.append(Message(role="assistant", content=asked.lead))
    return tuple(messages)


def parse(text: str) -> Draft | Failure:
    """Read the one sentence out of an answer; see `summary.parse`."""
    read = parse_summary(text, limit=1)
    return read if isinstance(read, Failure) else read[0]


def _question(asked: RevisionInput) -> str:
    lines = "\n".join(f"[{n}] {one_line(quote)}" for n, quote in enumerate(asked.quotes, start=1))
    written = f"Sentence: {one_line(asked.sentence)}\n" if asked.sentence else ""
    return (
        f"Comments:\n{lines}\n{written}What is wrong: {'; '.join(asked.problems)}.\n"
        "Write the sentence again with words from the comments only."
    )
