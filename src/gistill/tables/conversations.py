"""Messages to one text with turns: each message stands on a line of its own as "role: content"."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from gistill.errors import RecordError
from gistill.schema import Turn
from gistill.tables.values import cell_text
from gistill.text import clean, is_blank

_ROLE_KEYS = ("role", "from", "speaker", "author")
_CONTENT_KEYS = ("content", "value", "text", "message")
_ROLES = {"human": "user", "gpt": "assistant", "bot": "assistant"}  # ShareGPT's names for the same two


def render_messages(value: object) -> tuple[str, tuple[Turn, ...]]:
    r"""Write a conversation as a record's text, and say who spoke where.

    Args:
        value: A list of `{"role": ..., "content": ...}`, ShareGPT's `{"from": ..., "value": ...}` (human and gpt become
            user and assistant), or either as a JSON string, as a CSV or Parquet cell holds it. A content that is a list
            of parts gives its text parts, one under another. Messages without content (tool calls) are left out.

    Returns:
        The text, messages joined by a line break, each as `role: content` with the content's own line breaks kept; and
        one `Turn` per message whose span is exactly the content, without the label. Both are empty when nobody spoke.

    Raises:
        RecordError: It is not a list of messages; says which message (from 1) is wrong.

    >>> render_messages([{"role": "user", "content": "It broke.\nTwice."}, {"role": "agent", "content": "Sorry."}])[0]
    'user: It broke.\nTwice.\nagent: Sorry.'
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
    place = 0
    for number, message in enumerate(value, 1):
        role, content = _read_message(message, number)
        if is_blank(content):
            continue
        start = place + len(role) + 2
        turns.append(Turn(start=start, end=start + len(content), role=role))
        blocks.append(f"{role}: {content}")
        place = start + len(content) + 1
    return "\n".join(blocks), tuple(turns)


def looks_like_messages(cell: object) -> bool:
    """Say whether a cell, or the start of its JSON, has what `render_messages` needs."""
    keys = "|".join(_CONTENT_KEYS)
    if isinstance(cell, str):
        return bool(re.match(rf'\s*\[\s*\{{.{{0,100}}"(?:{keys}|{"|".join(_ROLE_KEYS)})"\s*:', cell, re.DOTALL))
    return isinstance(cell, list) and bool(cell) and all(_is_message(message) for message in cell[:3])


def _is_message(message: object) -> bool:
    return isinstance(message, Mapping) and all(
        any(key in message for key in keys) for keys in (_ROLE_KEYS, _CONTENT_KEYS)
    )


def _read_message(message: object, number: int) -> tuple[str, str]:
    if not isinstance(message, Mapping):
        raise RecordError(f"message {number} is not an object with role and content")
    role = next((message[key] for key in _ROLE_KEYS if message.get(key)), None)
    if not isinstance(role, str):
        raise RecordError(f"message {number} has no role")
    if not any(key in message for key in _CONTENT_KEYS):
        raise RecordError(f"message {number} has no content")
    content = next((message[key] for key in _CONTENT_KEYS if message.get(key) is not None), "")
    name = " ".join(clean(role).replace(":", " ").split()) or "unknown"
    return _ROLES.get(name.casefold(), name), clean(_content_text(content))


def _content_text(content: object) -> str:
    if not isinstance(content, list):
        return cell_text(content)
    parts = (part.get("text") if isinstance(part, Mapping) else part for part in content)
    return "\n".join(part for part in parts if isinstance(part, str))
