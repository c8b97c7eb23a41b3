"""ASTE-Data-V2: (aspect, opinion, polarity) triplets on SemEval sentences. No licence stated: for measuring only.

Format, one sentence a line: `tokens joined by spaces####[([aspect token indexes], [opinion token indexes], 'POS')]`.
"""

from __future__ import annotations

import ast
from pathlib import Path

from gistill.corpora.labelled import Extent, Labelled, Source, Triplet, join_tokens, open_part
from gistill.errors import InputError
from gistill.schema import Polarity

_ROOT = "ASTE-Data-V2-EMNLP2020"
SOURCE = Source(
    name="aste-data-v2",
    address="https://github.com/xuuuluuu/SemEval-Triplet-data",
    licence="",
    ship=False,
    files={
        f"{_ROOT}/14lap/train_triplets.txt": "512ea143794332967b346d76791bba10e0c10c5d20d8e1fa8f6534c2069f9b7c",
        f"{_ROOT}/14lap/dev_triplets.txt": "0adbf20fc75284d5d49523f56ec368d94a9da305e87411e0c627d12cd4510bc0",
        f"{_ROOT}/14lap/test_triplets.txt": "413a3f655409af25bcb03a9499709925349fff3edbc3a7ca95fc6cdf788eeb92",
        f"{_ROOT}/14res/train_triplets.txt": "feec35b67e697ad6908f14e8579fc3a025714485976784db0bf4018ddb32e97e",
        f"{_ROOT}/14res/dev_triplets.txt": "80a7a26e642df87db2c9ae7e1173827cb718c2ff88f11614f5c652163b1d62d1",
        f"{_ROOT}/14res/test_triplets.txt": "e3dcc31f520bc2e654fc6b2c588bb3e0c7f0f24b93a56dc585a3079480d871a5",
        f"{_ROOT}/16res/train_triplets.txt": "6cbbd94268889e751422776f3558212650e633e3c39366cc33b5a5785fd310a4",
        f"{_ROOT}/16res/dev_triplets.txt": "c3a6bf12a879c947842964725a4e387ba85619bfc8e5ed8a889ebe87e9784594",
    },
)
POLARITIES: dict[str, Polarity] = {"POS": "positive", "NEG": "negative", "NEU": "neutral"}


def parse_line(line: str, *, number: int, file: str = "", raw: bool = False) -> tuple[str, tuple[Triplet, ...]]:
    """Parse one line of the token-index triplet format, with `[-1]` read as implicit.

    Args:
        line: The line without its newline; fields after the labels are ignored (DMASTE adds a domain).
        number: 1-based line number for the error.
        file: File name for the error.
        raw: See `join_tokens`.

    Raises:
        InputError: The line is not in the format, or an index is outside the sentence.
    """
    try:
        words, labels = line.split("####")[:2]
        tokens = words.split(" ")
        text, places = join_tokens(tokens, raw=raw)

        def extent(indexes: list[int]) -> Extent | None:
            if list(indexes) == [-1]:
                return None
            if min(indexes) < 0:  # Python would count from the end
                raise IndexError(f"index {min(indexes)} is before the sentence")
            return places[min(indexes)][0], places[max(indexes)][1]

        triplets = tuple(Triplet(extent(a), extent(o), POLARITIES[p]) for a, o, p in ast.literal_eval(labels))
    except (ValueError, SyntaxError, IndexError, KeyError, TypeError, RecursionError, MemoryError) as error:
        raise InputError(f"not a triplet line ({error or type(error).__name__})", file=file, row=number) from error
    return text, triplets


def load(domain: str, part: str, *, folder: Path) -> list[Labelled]:
    """Load one part.

    Args:
        domain: "14lap", "14res" or "16res".
        part: "train", "dev" or "test".
        folder: The data folder.
    """
    file = f"{_ROOT}/{domain}/{part}_triplets.txt"
    lines = open_part(SOURCE, file, folder=folder).splitlines()
    parsed = (parse_line(line, number=n, file=file) for n, line in enumerate(lines, 1) if line.strip())
    return [Labelled(text, triplets, source=f"aste/{domain}") for text, triplets in parsed]
