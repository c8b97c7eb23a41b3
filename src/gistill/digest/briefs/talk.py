"""A record to a conversation: who says what in which turn, without signatures and quoted mail, over which channel."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from gistill.schema import Record, Turn
from gistill.skills.conversation_summary import Channel, Speaker, Spoken
from gistill.speakers import is_automatic, of_customers
from gistill.text import is_blank, normalise

_NOTE = re.compile(r"\b(?:note|internal|system|workflow|automation|status)\b")
_CHANNEL_COLUMNS = frozenset({"channel", "source", "medium", "via", "kanal", "canal", "canale", "kanaal"})
_CHANNELS: tuple[tuple[re.Pattern[str], Channel], ...] = (
    (re.compile(r"mail"), "e-mail"),
    (re.compile(r"form|portal|ticket"), "web form"),
    (re.compile(r"bot|virtual|assistant|automat"), "bot chat"),
    (re.compile(r"chat|messag|whatsapp|sms|social|twitter|agent|teammate"), "teammate chat"),
)
_FORM_LINE = re.compile(r"^[ \t]*(?!(?:subject|re|dear|hi|hello)\b)[a-z][\w /-]{1,25}:[ \t]*\S", re.M | re.I)
_LETTER = re.compile(
    r"^\s*(?:subject:|betreff:|asunto:|objet:|dear\b|hello\b[^.!?\n]{0,40},\s*\n|hi\b[^.!?\n]{0,40},\s*\n|"
    r"sehr geehrte)",
    re.IGNORECASE,
)
_WRITTEN = 180  # characters of a usual turn from which a conversation is rather written than typed in a chat


class Said(NamedTuple):
    """What one turn says.

    Attributes:
        number: Of the turn in the record, from 1; turns without words are counted too.
        speaker: Whose it is.
        text: Its words, without what is set apart in the record; verbatim pieces, joined by a space.
    """

    number: int
    speaker: Speaker
    text: str


class Talk(NamedTuple):
    """A conversation.

    Attributes:
        record: The record's id.
        said: The turns with words, in order.
        turns: How many turns the record has, those without words too.
        channel: None where neither a column nor the shape says it.
        language: As the record has it; None where nobody knows.
    """

    record: str
    said: tuple[Said, ...]
    turns: int
    channel: Channel | None
    language: str | None

    @property
    def words(self) -> str:
        """All that was said, a turn a line."""
        return "\n".join(turn.text for turn in self.said)


def talk_of(record: Record) -> Talk:
    """Read a record as a conversation; a text without turns is one turn of the customer.

    Args:
        record: Any.
    """
    turns = record.turns or ((Turn(start=0, end=len(record.text), role="customer"),) if record.text else ())
    words = [_words(record, turn) for turn in turns]
    theirs = of_customers([(turn.role, text) for turn, text in zip(turns, words, strict=True)])
    said = tuple(
        Said(number, "customer" if whose else _speaker(turn.role), text)
        for number, (turn, text, whose) in enumerate(zip(turns, words, theirs, strict=True), 1)
        if not is_blank(text)
    )
    channel = _named_channel(record) or (channel_by_shape(said) if record.turns else None)
    return Talk(record.id, said, len(turns), channel, record.language)


def asked(turns: Sequence[Said]) -> tuple[Spoken, ...]:
    """Give turns as the skill `conversation_summary` takes them."""
    return tuple(Spoken(turn.speaker, turn.text) for turn in turns)


def channel_by_shape(said: Sequence[Said]) -> Channel | None:
    """Tell the channel by who speaks and how: a program in front is a bot's chat, letters are mail, lines a form.

    Returns:
        None where nobody answers, as a single text may come from anywhere.
    """
    if not any(turn.speaker in ("agent", "bot") for turn in said):
        return None
    if any(turn.speaker == "bot" for turn in said):
        return "bot chat"
    if len(_FORM_LINE.findall(said[0].text)) > 1:
        return "web form"
    lengths = sorted(len(turn.text) for turn in said)
    letters = sum(is_letter(turn.text) for turn in said)
    return "e-mail" if 2 * letters >= len(said) or lengths[len(lengths) // 2] >= _WRITTEN else "teammate chat"


def is_letter(text: str) -> bool:
    """Say whether a text begins as a letter does: with a subject, or with whom it greets."""
    return _LETTER.match(text) is not None


def _words(record: Record, turn: Turn) -> str:
    """Cut what is set apart (signatures, quoted mail, boilerplate) out of a turn."""
    pieces, at = [], turn.start
    for apart in record.apart:
        if turn.start <= apart.start < turn.end and apart.reason != "agent":
            pieces.append(record.text[at : apart.start])
            at = max(at, min(apart.end, turn.end))
    pieces.append(record.text[at : turn.end])
    return " ".join(piece.strip() for piece in pieces if piece.strip())


def _speaker(role: str) -> Speaker:
    name = normalise(role)
    if _NOTE.search(name):
        return "note"
    return "bot" if name == "assistant" or is_automatic(role) else "agent"  # bots are called so when messages are read


def _named_channel(record: Record) -> Channel | None:
    for name, cell in record.meta.items():
        if name.strip().casefold() in _CHANNEL_COLUMNS:
            value = normalise(cell)
            return next((channel for sign, channel in _CHANNELS if sign.search(value)), None)
    return None
