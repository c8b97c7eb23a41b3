"""A reader that knows six words: enough to see where every opinion went."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from gistill.reader import Reading

_FEELING = {"great": "positive", "love": "positive", "bad": "negative", "broke": "negative", "okay": "neutral"}
_PATTERN = re.compile(rf"\b({'|'.join(_FEELING)})\b(?:\s+(\w+))?", re.IGNORECASE)


class FakeReader:
    """Marks "great sound" as positive about the sound; "broke" alone has no aspect.

    Args:
        version: Stands for the weights.
        seconds: How long each call takes.
    """

    name = "fake"

    def __init__(self, *, version: str = "f0", seconds: float = 0.0) -> None:
        self.hash = version
        self.seconds = seconds
        self.asked: list[str] = []

    def read(self, sentences: Sequence[str]) -> list[list[Reading]]:
        time.sleep(self.seconds)
        self.asked += sentences
        # the confidence depends on the batch, as a quantised model's may: resuming must not show it
        return [[self._reading(match, len(sentences)) for match in _PATTERN.finditer(text)] for text in sentences]

    @staticmethod
    def _reading(match: re.Match[str], batch: int) -> Reading:
        return Reading(
            aspect=match.span(2) if match[2] else None,
            opinion=match.span(1),
            polarity=_FEELING[match[1].lower()],
            confidence=0.5 + batch / 1000,
        )
