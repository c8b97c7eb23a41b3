"""Messages to one text with turns: each message stands on a line of its own as "role: content"."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from gistill.errors import RecordError
from gistill.schema import Apart, Turn
from gistill.speakers import role_in_cell, side_of
from gistill.tables.parts import Cell, read_cell
from gistill.tables.values import cell_text
from gistill.text import clean, is_blank

# What says the side goes before what gives a name; "type" only where it says a side.
_SIDES = "role sender_type senderType author_type authorType sender_role author_role participant_type direction"
_FLAGS = "message_direction inbound incoming is_inbound isInbound is_incoming is_customer from_customer is_agent is_bot"
_NAMED = "from speaker sender author user participant name author_name"
ROLE_KEYS = (*_SIDES.split(), *_FLAGS.split(), *_NAMED.split())
CONTENT_KEYS = ("content", "value", "text", "message", "body", "utterance", "plain_body", "comment")
_WRITTEN = re.compile(
    r'\s*\[\s*\{.{0,100}"(?:content|value|text|message|body|role|from|speaker|author)"\s*:', re.DOTALL
)
_ROLES = {"human": "user", "gpt": "assistant", "bot": "assistant"}  # ShareGPT's names for the same two
_INSIDE = ("role", "type", "kind", "name", "display_name", "email", "id")  # of an author that is an object


def render_messages(value: object) -> Cell:
    r"""Write a conversation as a record's text, and say who spoke where.

    Args:
        value: A list of `{"role": ..., "content": ...}`, ShareGPT's `{"from": ..., "value": ...}` (human and gpt become
            user and assistant), a help desk's `{"author": {"type": ...}, "body": ...}` or `{"direction": ..., "text":
            ...}`, or any of them as a JSON string, as a CSV or Parquet cell holds it. A content that is a list of parts
            gives its text parts, one under another. Messages without content (tool calls) are left out.

    Returns:
        The text, messages joined by a line break, each as `role: content` with the content's own line breaks kept; one
        `Turn` per message whose span is exactly the content, without the label; and what is set apart in it. All are
        empty when nobody spoke. Each content is read as a cell is (`parts.read_cell`); there is no way back into it.

    Raises:
        RecordError: It is not a list of messages; says which message (from 1) is wrong.

    >>> render_messages([{"role": "user", "content": "It broke.\nTwice."}, {"role": "agent", "content": "Oh."}]).text
    'user: It broke.\nTwice.\nagent: Oh.'
    """
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise RecordError("the messages are not valid JSON") from None
    if not isinstance(value, list):
        raise RecordError(f"the messages are a {type(value).__name__}, not a list")
    blocks: list[str] = []
    turns: list[Turn] = []
    apart: list[Apart] = []
    place = 0
    for number, message in enumerate(value, 1):
        role, content = _read_message(message, number)
        if is_blank(content.text):
            continue
        start = place + len(role) + 2
        turns.append(Turn(start=start, end=start + len(content.text), role=role))
        apart += [
            stretch.model_copy(update={"start": start + stretch.start, "end": start + stretch.end})
            for stretch in content.apart
        ]
        blocks.append(f"{role}: {content.text}")
        place = start + len(content.text) + 1
    return Cell("\n".join(blocks), apart=tuple(apart), turns=tuple(turns))


def looks_like_messages(cell: object) -> bool:
    """Say whether a cell, or the start of its JSON, has what `render_messages` needs, and says who speaks.

    A list of comments with the names of their authors alone is none: they are other people's.
    """
    if isinstance(cell, str):
        return _WRITTEN.match(cell) is not None
    if not (isinstance(cell, list) and cell and all(_is_message(message) for message in cell[:3])):
        return False
    return any("role" in message or side_of(_role(message)) for message in cell[:10] if isinstance(message, Mapping))


def _is_message(message: object) -> bool:
    return isinstance(message, Mapping) and all(
        any(key in message for key in keys) for keys in ((*ROLE_KEYS, "type"), CONTENT_KEYS)
    )


def _read_message(message: object, number: int) -> tuple[str, Cell]:
    if not isinstance(message, Mapping):
        raise RecordError(f"message {number} is not an object with role and content")
    role = _role(message)
    if not role:
        raise RecordError(f"message {number} has no role")
    if not any(key in message for key in CONTENT_KEYS):
        raise RecordError(f"message {number} has no content")
    content = next((message[key] for key in CONTENT_KEYS if message.get(key) is not None), "")
    name = " ".join(clean(role).replace(":", " ").split()) or "unknown"
    return _ROLES.get(name.casefold(), name), read_cell(_content_text(content))._replace(turns=())


def _role(message: Mapping[str, object]) -> str:
    """Find who speaks: "" where nothing says it. A note that is not public is the company's."""
    if message.get("public") is False or message.get("private") is True or message.get("is_private") is True:
        return "internal note"
    for key in ROLE_KEYS:
        value = message.get(key)
        if isinstance(value, Mapping):
            value = next((value[inner] for inner in _INSIDE if value.get(inner)), None)
        if value is not None and value != "" and not isinstance(value, list):
            return role_in_cell(key, cell_text(value))
    kind = message.get("type")
    return kind if isinstance(kind, str) and side_of(kind) else ""


def _content_text(content: object) -> str:
    if not isinstance(content, list):
        return cell_text(content)
    parts = (part.get("text") if isinstance(part, Mapping) else part for part in content)
    return "\n".join(part for part in parts if isinstance(part, str))
