"""Guesses of token counts, for limits and estimates, where only the server could count. They are never written down."""

from __future__ import annotations

from gistill.lm.seam import Request

_BYTES = 4  # of UTF-8 in a token: English prose; a Chinese character is three bytes and about a token
_PER_MESSAGE = 8  # tokens that a chat template adds to a message


def text_tokens(text: str) -> int:
    """Estimate the tokens of a text."""
    return -(-_size(text) // _BYTES)


def prompt_tokens(request: Request) -> int:
    """Estimate the tokens of a prompt, schema included."""
    texts = sum(text_tokens(message.content) for message in request.messages)
    return texts + text_tokens(request.answer_schema) + _PER_MESSAGE * len(request.messages)


def prompt_tokens_most(request: Request) -> int:
    """Bound the tokens of a prompt from above: no token is shorter than a byte."""
    texts = sum(_size(message.content) for message in request.messages)
    return texts + _size(request.answer_schema) + 2 * _PER_MESSAGE * (len(request.messages) + 1)


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
