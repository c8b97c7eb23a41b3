"""TweetSumm: conversations with customer service on Twitter, each with one to five summaries that people wrote.

Format: JSON lines, `{"id", "dialogue": "customer: ... support: ...", "summaries": [...]}`; 879 train, 110 valid. The
train rows are divided for good in tweetsumm_split.json, by a hash of the id: `test` (a second test beside `valid`),
`teach` and `dev` (what a teacher learns from, and chooses on), `summarise` (what a teacher is asked about).
Source: Feigenblat et al., TWEETSUMM - A Dialog Summarization Dataset for Customer Service (EMNLP 2021).
"""

from __future__ import annotations

import html
import json
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from gistill.corpora.labelled import Source, open_part
from gistill.errors import InputError, SettingError
from gistill.skills.conversation_summary import Spoken

SOURCE = Source(
    name="tweetsumm",
    address="https://github.com/guyfe/Tweetsumm",
    licence="CDLA-Sharing-1.0",
    ship=True,
    files={
        "train.jsonl": "68ce5ec93d750473f7304d54b780c79eadf113cef93f6f2ada116bba511707cf",
        "valid.jsonl": "d768636666c454e0307af08d9ad1b418588cab8a8e27519e90427a309ac3a9d5",
    },
    shelf="conversations",
)
PARTS = ("teach", "dev", "summarise", "test", "valid")
TESTS = ("test", "valid")
_SPLIT = Path(__file__).parent / "tweetsumm_split.json"
_LABEL = re.compile(r"(?:^|(?<=\s))(customer|support):\s")


class Conversation(NamedTuple):
    """A conversation and the summaries of people.

    Attributes:
        id: The published one.
        turns: One for each tweet; HTML entities are read as their characters.
        references: As published.
    """

    id: str
    turns: tuple[Spoken, ...]
    references: tuple[str, ...]

    @property
    def text(self) -> str:
        """All that was said, a turn a line."""
        return "\n".join(turn.text for turn in self.turns)


def load(part: str, *, folder: Path) -> list[Conversation]:
    """Load one part, in the published order.

    Args:
        part: One of `PARTS`.
        folder: The data folder.

    Raises:
        SettingError: There is no such part.
        InputError: A file is missing, is not the published one, or a line is not in the format.
    """
    if part not in PARTS:
        raise SettingError(f"tweetsumm has no part {part!r}", hint=f"One of: {', '.join(PARTS)}.")
    file = "valid.jsonl" if part == "valid" else "train.jsonl"
    lines = open_part(SOURCE, file, folder=folder).strip().split("\n")
    found = [parse(line, row=number, file=file) for number, line in enumerate(lines, 1)]
    return found if part == "valid" else [one for one in found if one.id in split()[part]]


@cache
def split() -> dict[str, frozenset[str]]:
    """Give the ids of the train rows of each part; every row is in one."""
    named: dict[str, list[str]] = json.loads(_SPLIT.read_text(encoding="utf-8"))
    return {part: frozenset(ids) for part, ids in named.items()}


def parse(line: str, *, row: int, file: str = "") -> Conversation:
    """Read one line.

    Raises:
        InputError: It is no conversation with summaries, or does not begin with a speaker.
    """
    try:
        given = json.loads(line)
        pieces = _LABEL.split(html.unescape(given["dialogue"]))
        references = tuple(map(str, given["summaries"]))
        name = str(given["id"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError("no conversation with summaries", file=file, row=row) from error
    if pieces[0].strip() or len(pieces) < 3 or not references:
        raise InputError("the conversation does not begin with a speaker, or has no summary", file=file, row=row)
    turns = (
        Spoken("customer" if role == "customer" else "agent", said.strip())
        for role, said in zip(pieces[1::2], pieces[2::2], strict=True)
    )
    return Conversation(name, tuple(turn for turn in turns if turn.text), references)
