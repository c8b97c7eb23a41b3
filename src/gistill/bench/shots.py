"""Worked examples for a prompt: drawn by lot, or those most like the text."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Sequence
from typing import Protocol, TypeVar

from gistill.errors import SettingError

_WORD = re.compile(r"[\u2e80-\ua4cf]|[^\W_\u2e80-\ua4cf]+")  # of scripts without spaces, each character


class HasText(Protocol):
    """An example that says what it is about."""

    @property
    def text(self) -> str:
        """What the example is about."""


Example = TypeVar("Example", bound=HasText)


def draw(training: Sequence[Example], count: int, *, seed: int) -> list[Example]:
    """Draw examples by lot, to be shown before every text of a set.

    Raises:
        SettingError: There are not so many.
    """
    _enough(training, count)
    return random.Random(seed).sample(list(training), count)


def nearest(training: Sequence[Example], texts: Sequence[str], count: int) -> list[list[Example]]:
    """Find for each text the examples whose words are most like its own: cosine of tf-idf.

    Returns:
        For each text the nearest last, where a model heeds it most; of equals the earlier one is nearer.

    Raises:
        SettingError: There are not so many.
    """
    _enough(training, count)
    bags = [_bag(example.text) for example in training]
    spread = Counter(word for bag in bags for word in bag)
    rarity = {word: math.log(len(bags) / texts_with) for word, texts_with in spread.items()}
    holding: dict[str, list[tuple[int, float]]] = {}
    for i, bag in enumerate(bags):
        for word, weight in _unit(bag, rarity).items():
            holding.setdefault(word, []).append((i, weight))
    found = []
    for text in texts:
        likeness = [0.0] * len(bags)
        for word, weight in _unit(_bag(text), rarity).items():
            for i, other in holding.get(word, ()):
                likeness[i] += weight * other
        best = sorted(range(len(bags)), key=lambda i: (-round(likeness[i], 12), i))[:count]
        found.append([training[i] for i in reversed(best)])
    return found


def _enough(training: Sequence[object], count: int) -> None:
    if not 1 <= count <= len(training):
        raise SettingError(f"{count} examples cannot be shown: the training part has {len(training)}")


def _bag(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text.casefold()))


def _unit(bag: Counter[str], rarity: dict[str, float]) -> dict[str, float]:
    weights = {word: times * rarity.get(word, 0.0) for word, times in bag.items()}
    length = math.sqrt(sum(weight * weight for weight in weights.values()))
    return {word: weight / length for word, weight in weights.items() if weight} if length else {}
