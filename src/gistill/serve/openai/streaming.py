"""Answers sent while they are made: what is told of one in the engine's thread, and what of it may be sent already."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from gistill.lm.seam import Completion, Hear, LanguageModel, Request
from gistill.thinking import bare

_MARK = 48  # letters from which on it is sure that what begins like a mark of a chat format is none
_BEGINS = "<[◁"  # what all marks begin with, see `gistill.thinking`


class Asked(NamedTuple):
    """A request, and who hears its answer while it is made."""

    request: Request
    hear: Hear | None = None


def answering(model: LanguageModel) -> Callable[[Sequence[Asked]], list[Completion]]:
    """Let a model answer what is asked; one that cannot stream is heard when its answer is whole."""
    stream = getattr(model, "stream", None)

    def answer(asked: Sequence[Asked]) -> list[Completion]:
        requests = [one.request for one in asked]
        if stream is None or all(one.hear is None for one in asked):
            return model.complete(requests)
        told: list[Completion] = stream(requests, [one.hear for one in asked])
        return told

    return answer


class Listener:
    """Hears an answer in the engine's thread, and wakes the event loop.

    Attributes:
        text: The answer as far as it is made, raw, beginning included.
        gone: Whether nobody waits for it any longer; the engine then gives it up.
    """

    def __init__(self) -> None:
        self._loop, self.news = asyncio.get_running_loop(), asyncio.Event()
        self.text, self.gone = "", False

    def hear(self, text: str) -> bool:
        """See `seam.Hear`."""
        self.text = text
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self.news.set)
        return not self.gone


class Chunks:
    """Writes an answer as OpenAI's server-sent events, as far as what was sent stands whatever comes after.

    Args:
        model: The name that was asked for.
        request: What was asked.
    """

    def __init__(self, model: str, request: Request) -> None:
        self._head = {
            "id": f"chatcmpl-{secrets.token_hex(12)}",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": model,
        }
        self._request, self._sent, self._opened = request, "", False

    def more(self, text: str) -> str:
        """Write what is new and sure of an answer that is being made; "" where nothing is.

        Args:
            text: See `Listener.text`.
        """
        beginning, sure = self._request.beginning, settled(text, self._request.stop)
        if not sure.startswith(beginning + self._sent):
            return ""  # marks are being taken off; what is whole decides
        new = sure[len(beginning) + len(self._sent) :]
        return self._piece(new) if new else ""

    def end(self, text: str, finish: str, usage: dict[str, int] | None) -> str:
        """Write the rest of an answer and what ends it.

        Args:
            text: All of it, as it would be sent in one piece.
            finish: Why it ended.
            usage: Tokens, where they were asked for and are known.

        Raises:
            ValueError: What was sent already does not stand: the model closed a thinking that it had not opened.
        """
        if not text.startswith(self._sent):
            raise ValueError("the answer is not what was sent of it")
        last = [self._piece(text[len(self._sent) :]), self._event({}, finish)]
        if usage is not None:
            last.append(_line({**self._head, "choices": [], "usage": usage}))
        return "".join(last) + "data: [DONE]\n\n"

    def _piece(self, text: str) -> str:
        if not text and self._opened:
            return ""
        told = {"content": text} if self._opened else {"role": "assistant", "content": text}
        self._sent += text
        self._opened = True
        return self._event(told, None)

    def _event(self, delta: dict[str, str], finish: str | None) -> str:
        return _line({**self._head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def _line(body: dict[str, Any]) -> str:
    return f"data: {json.dumps(body)}\n\n"


def settled(text: str, stops: Sequence[str] = ()) -> str:
    r"""Give the part of an unfinished answer that no further token can change.

    Held back are the end of what may become a stop string or a mark of a chat format, half characters, and spaces at
    the end, which go where a mark follows.

    >>> settled("A lamp <|im_", ["STOP"]), settled("A lamp. S", ["STOP"]), settled("Caf\ufffd")
    ('A lamp', 'A lamp.', 'Caf')
    """
    stopped = [at for at in (text.find(stop) for stop in stops) if at >= 0]
    text = bare(text[: min(stopped)] if stopped else text).text
    end = len(text.rstrip("\ufffd"))
    for stop in stops:
        end = min(end, len(text) - _overlap(text, stop))
    marks = [at for at in (text.find(mark, max(0, len(text) - _MARK)) for mark in _BEGINS) if at >= 0]
    return text[: min([end, *marks])].rstrip()


def _overlap(text: str, stop: str) -> int:
    """Count the letters at the end of a text that a string may begin with."""
    return next((count for count in range(min(len(stop) - 1, len(text)), 0, -1) if text.endswith(stop[:count])), 0)
