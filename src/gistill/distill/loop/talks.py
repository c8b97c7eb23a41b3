"""The conversations of a loop: named sets of TweetSumm, or a file with turns, and what is asked about each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gistill.analysis.cases import Case
from gistill.corpora import tweetsumm
from gistill.distill.loop.recipe import TWEETSUMM
from gistill.errors import InputError
from gistill.schema import Message, Turn
from gistill.skills.conversation_summary import CONVERSATION_SUMMARY, ConversationInput, Spoken, tidy
from gistill.speakers import of_customers
from gistill.train.writer.recipe import is_file


class Talk(NamedTuple):
    """A conversation.

    Attributes:
        id: Unique in its set.
        turns: In order.
        references: Summaries that people wrote; may be none.
        channel: Where it was held; None where nobody says.
    """

    id: str
    turns: tuple[Spoken, ...]
    references: tuple[str, ...] = ()
    channel: str | None = None

    def question(self, words: int) -> tuple[Message, ...]:
        """Ask for its summary, as a student is asked."""
        return CONVERSATION_SUMMARY.render(ConversationInput(self.turns, words=words))

    def case(self, summary: str) -> Case:
        """Give a summary of it as `analyze` reads it."""
        turns, parts, at = [], [], 0
        for turn in self.turns:
            label = f"{turn.speaker}: "
            turns.append(Turn(start=at + len(label), end=at + len(label) + len(turn.text), role=turn.speaker))
            parts.append(label + turn.text)
            at += len(label) + len(turn.text) + 1
        reference = self.references[0] if self.references else None
        return Case(
            id=self.id,
            source="\n".join(parts),
            summary=summary,
            turns=tuple(turns),
            reference=reference,
            channel=self.channel,
        )


def load_talks(name: str, *, data: Path | None, limit: int | None = None) -> list[Talk]:
    """Load a set of conversations, in its order.

    Args:
        name: A part of TweetSumm ("tweetsumm/valid"), or a .jsonl file: `id`, `turns` (`role`, `text`), and perhaps
            `summary` and `channel`.
        data: The folder of public data.
        limit: The first so many; None takes all.

    Raises:
        InputError: A file is missing, a line is no conversation, or an id comes twice.
    """
    if is_file(name):
        talks = _of_file(Path(name))
    else:
        part = name.removeprefix(TWEETSUMM)
        talks = [Talk(one.id, one.turns, _tidied(one.references)) for one in tweetsumm.load(part, folder=_need(data))]
    talks = [one for one in talks if one.turns]
    twice = len(talks) - len({one.id for one in talks})
    if twice:
        raise InputError(f"{twice} ids come twice", file=name)
    return talks[:limit]


def _need(data: Path | None) -> Path:
    if data is None:
        raise InputError("named sets need the folder of public data", hint="Give it with --data.")
    return data


def _tidied(references: Sequence[str]) -> tuple[str, ...]:
    read = [tidy(one) for one in references]
    return tuple(one.text for one in read if one is not None)


def _of_file(path: Path) -> list[Talk]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputError((error.strerror or str(error)).lower(), file=str(path)) from error
    return [_read(line, number, path) for number, line in enumerate(lines, 1) if line.strip()]


def _read(line: str, row: int, path: Path) -> Talk:
    try:
        given: Mapping[str, Any] = json.loads(line)
        said = [(str(turn["role"]), " ".join(str(turn["text"]).split())) for turn in given["turns"]]
        name = str(given["id"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError("no conversation with id and turns", file=str(path), row=row) from error
    customers = of_customers(said)
    turns = tuple(
        Spoken("customer" if customer else "bot" if role == "bot" else "agent", text)
        for customer, (role, text) in zip(customers, said, strict=True)
        if text
    )
    summary, channel = given.get("summary"), given.get("channel")
    return Talk(name, turns, (str(summary),) if summary else (), str(channel) if channel else None)
