"""Which texts a budget is spent on: by lot, as different from each other as can be, or where the reader is unsure."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gistill.distill.settings import Selection
from gistill.sentences import split

_POOL = 50_000  # texts that `diverse` looks at; more are first drawn from by lot, so that memory stays under 100 MB
_BATCH = 256


class Embeds(Protocol):
    """What turns texts into unit vectors; a text of which nothing is known is all zero."""

    def embed(self, phrases: Sequence[str]) -> NDArray[np.float32]:
        """Give one row per text."""


class Reads(Protocol):
    """What reads sentences and says how sure it is."""

    def read(self, sentences: Sequence[str]) -> Sequence[Sequence[object]]:
        """Give the opinions of each sentence; each may have a `confidence`."""


def at_random(texts: Sequence[str], count: int, *, seed: int = 0) -> list[int]:
    """Draw texts by lot; the places are in order."""
    return sorted(random.Random(f"choose {seed}").sample(range(len(texts)), min(count, len(texts))))


def diverse(texts: Sequence[str], count: int, *, vectors: Embeds, seed: int = 0) -> list[int]:
    """Take texts each of which is farthest from all that were taken before it (greedy k-center).

    The first is the one nearest the middle of all. Repetitions of one complaint are asked about once or twice instead
    of a thousand times; the price is that oddities are taken early. Texts of which no word is known come last.

    Args:
        texts: More than 50,000 are first drawn from by lot.
        count: How many to take.
        vectors: See `gistill.vectors.load_vectors`.
        seed: Of that draw.

    Returns:
        Places, in order.

    Source:
        Gonzalez, Clustering to minimize the maximum intercluster distance, 1985; for choosing what to label: Sener and
        Savarese, Active Learning for Convolutional Neural Networks: A Core-Set Approach, ICLR 2018.
    """
    pool = at_random(texts, _POOL, seed=seed) if len(texts) > max(_POOL, count) else list(range(len(texts)))
    if count >= len(pool):
        return at_random(texts, count, seed=seed) if count < len(texts) else pool
    points = np.concatenate(
        [vectors.embed([texts[n] for n in pool[start : start + _BATCH]]) for start in range(0, len(pool), _BATCH)]
    )
    known = np.linalg.norm(points, axis=1) > 0
    near = np.where(known, -1.0, 2.0).astype(np.float32)  # similarity to the nearest taken; 2 is never the least
    place = int(np.argmax(np.where(known, points @ points.mean(axis=0), -2)))
    taken: list[int] = []
    for _ in range(count):
        taken.append(place)
        near = np.maximum(near, points @ points[place])
        near[place] = 3
        place = int(np.argmin(near))
    return sorted(pool[n] for n in taken)


def difficult(texts: Sequence[str], count: int, *, reader: Reads) -> list[int]:
    """Take the texts with the opinion that the reader is least sure of.

    The reader and not the disagreement of reader and writer, because it is on hand, calibrated, and a hundred times
    faster than the writer: choosing must cost less than what is chosen. What the reader finds nothing in says nothing
    of how hard it is, so it comes after everything else, in order.

    Args:
        texts: Any texts; a long one is as hard as its hardest sentence.
        count: How many to take.
        reader: See `gistill.reader.load_reader`.

    Returns:
        Places, in order.
    """
    least = [2.0] * len(texts)
    for start in range(0, len(texts), _BATCH):
        cut = [
            (start + n, text[s.start : s.end])
            for n, text in enumerate(texts[start : start + _BATCH])
            for s in split(text)
        ]
        for (place, _), found in zip(cut, reader.read([sentence for _, sentence in cut]), strict=True):
            sure = [getattr(reading, "confidence", None) for reading in found]
            least[place] = min([least[place], *(value for value in sure if value is not None)])
    return sorted(sorted(range(len(texts)), key=lambda n: (least[n], n))[:count])


def chooser(kind: Selection, *, seed: int = 0) -> Callable[[Sequence[str], int], list[int]]:
    """Give the function for a way of choosing, with the models shipped in the package.

    Raises:
        ModelMissingError: The package's vectors or reader are not there.
    """
    if kind == "random":
        return lambda texts, count: at_random(texts, count, seed=seed)
    if kind == "diverse":
        from gistill.vectors import load_vectors

        vectors = load_vectors()
        return lambda texts, count: diverse(texts, count, vectors=vectors, seed=seed)
    from gistill.reader import load_readers

    reader = load_readers()
    return lambda texts, count: difficult(texts, count, reader=reader)
