"""Marked and read opinions in, a reader's error rates out: text by text, as data that is kept beside the reader.

`errors.json` in a reader's folder holds them: counts, no words and no ids of texts. They come from texts that the
reader had not learned from and that no score is reported on: the development part, and cross-validation over the
training part.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from gistill.errors import InputError
from gistill.evaluate.marks import Marked, pairs
from gistill.schema import Polarity

POLARITIES: tuple[Polarity, ...] = get_args(Polarity)  # positive, negative, neutral: the order of every array here
FILE = "errors.json"  # in a reader's folder
_FORMAT = 1
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class ErrorRates:
    """What was marked and what was read in n texts that the reader had not learned from.

    Attributes:
        reader: Name and hash of the reader.
        domains: Names of the domains, at least two for anything to be corrected.
        domain: The domain of each text, shape (n,).
        pairs: Opinions marked with one polarity (axis 1) and read with another or the same (axis 2), shape (n, 3, 3).
        marked: Opinions marked, by polarity, shape (n, 3).
        read: Opinions read, by polarity, shape (n, 3).
        categories: Category -> rows of text, opinions marked (3) and opinions read (3), shape (m, 7).
    """

    reader: str
    domains: tuple[str, ...]
    domain: Ints
    pairs: Floats
    marked: Floats
    read: Floats
    categories: Mapping[str, Floats]

    def table(self) -> dict[Polarity, dict[str, int]]:
        """Sum up each polarity: marked, read, right, wrong_way (praise read as blame, or blame as praise), missed
        and invented."""
        pairs, marked, read = self.pairs.sum(axis=0), self.marked.sum(axis=0), self.read.sum(axis=0)
        return {
            polarity: {
                "marked": int(marked[i]),
                "read": int(read[i]),
                "right": int(pairs[i, i]),
                "wrong_way": int(pairs[i, 1 - i]) if i < 2 else 0,
                "missed": int(marked[i] - pairs[i].sum()),
                "invented": int(read[i] - pairs[:, i].sum()),
            }
            for i, polarity in enumerate(POLARITIES)
        }


def _rates(
    reader: str,
    domains: Sequence[str],
    texts: Sequence[Sequence[int]],
    categories: Mapping[str, Sequence[Sequence[int]]],
) -> ErrorRates:
    rows = np.asarray(texts, dtype=np.float64).reshape(-1, 16)
    cells = {name: np.asarray(one, dtype=np.float64).reshape(-1, 7) for name, one in categories.items()}
    grids = rows[:, 7:].reshape(-1, 3, 3)
    return ErrorRates(reader, tuple(domains), rows[:, 0].astype(np.int64), grids, rows[:, 1:4], rows[:, 4:7], cells)


def error_rates(texts: Iterable[tuple[str, Sequence[Marked], Sequence[Marked]]], *, reader: str) -> ErrorRates:
    """Count what was marked and what was read, text by text.

    Args:
        texts: The domain of each text, the opinions marked in it and those read in it.
        reader: Name and hash of the reader, with a space between.
    """
    domains: dict[str, int] = {}
    rows: list[list[int]] = []
    categories: dict[str, list[list[int]]] = {}
    for number, (name, marked, read) in enumerate(texts):
        grid = np.zeros((3, 3), dtype=np.int64)
        for i, j, _ in pairs(marked, read):
            grid[POLARITIES.index(marked[i].polarity), POLARITIES.index(read[j].polarity)] += 1
        counts = _by_polarity(marked) + _by_polarity(read)
        rows.append([domains.setdefault(name, len(domains)), *counts, *grid.reshape(-1).tolist()])
        for category in sorted({one.category for one in (*marked, *read) if one.category}):
            here = [_by_polarity([one for one in side if one.category == category]) for side in (marked, read)]
            categories.setdefault(category, []).append([number, *here[0], *here[1]])
    return _rates(reader, list(domains), rows, categories)


def _by_polarity(opinions: Sequence[Marked]) -> list[int]:
    return [sum(one.polarity == polarity for one in opinions) for polarity in POLARITIES]


def load_error_rates(folder: Path) -> ErrorRates | None:
    """Load what is known of a reader's mistakes from its folder; None where nothing is.

    Raises:
        InputError: The file is none of this format.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] != _FORMAT:
            raise InputError(f"has format {found['format']!r}, not {_FORMAT}", file=str(path))
        return _rates(found["reader"], found["domains"], found["texts"], found["categories"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"is no file of error rates: {error}", file=str(path)) from None


def error_rates_json(rates: ErrorRates) -> str:
    """Write error rates as `load_error_rates` reads them: counts by text, no words and no ids of texts."""
    rows = np.hstack([rates.domain[:, None], rates.marked, rates.read, rates.pairs.reshape(-1, 9)]).astype(int)
    whole = {
        "format": _FORMAT,
        "reader": rates.reader,
        "domains": list(rates.domains),
        "sums": rates.table(),
        "columns": "domain; marked, read: positive, negative, neutral; pairs: marked positive read positive, ...",
        "texts": rows.tolist(),
        "categories": {name: cells.astype(int).tolist() for name, cells in sorted(rates.categories.items())},
    }
    return json.dumps(whole, separators=(",", ":")) + "\n"
