"""Which opinions say alike: a small encoder, taught on points that a large language model made, gives each a vector.

It reads the words of an opinion and the name of the thing, with a few words around them; what several opinions of a
sentence share is read once. A folder holds `likeness.json` (what it is, and from which likeness two points are one),
`tokenizer.json`, `model.onnx` (word pieces to their states; weights as int8, one scale a row; OpenVINO runs it) and
`README.md`. `gistill.train.points` makes it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gistill.encoders import batches, load_encoder

_WORD = re.compile(r"\S+")
SHIPPED = Path(__file__).parent / "weights" / "likeness"
FORMAT = 2
# From here on two whole sentences are taken for alike: 17% of those of one point are, and 0.7% of unrelated ones. At
# the `enough` of opinions, whose windows are short, 21% of unrelated sentences were (docs/log.md).
SENTENCES = 0.6
PIECES_PER_BATCH = 512  # word pieces with padding: their states stay in the processor's cache
AROUND = 2  # words of the sentence that are read on either side; six tell no better which opinions say alike
LONGEST = 40  # words of a stretch that several opinions share


class Window(NamedTuple):
    """What is read of an opinion: a stretch of its sentence, and where in it the words are that say it."""

    text: str
    spans: tuple[tuple[int, int], ...]  # half-open, in `text`


def window(sentence: str, *spans: tuple[int, int], around: int = AROUND) -> Window:
    """Cut a sentence to what is said and a few words around.

    Args:
        sentence: The whole sentence.
        spans: Where in it the opinion's words are, and the thing's name where it has one; none for all of it.
        around: Words on either side.

    >>> window("I must say that the hinge of this lid broke after one single day of careful use", (38, 43), (20, 25))
    Window(text='that the hinge of this lid broke after one', spans=((27, 32), (9, 14)))
    """
    at, to = _stretch(sentence, spans, around)
    return Window(sentence[at:to], tuple((start - at, end - at) for start, end in spans or ((0, len(sentence)),)))


def windows(sentence: str, said: Sequence[Sequence[tuple[int, int]]]) -> list[Window]:
    """Cut a sentence to what each of its opinions is read in; opinions whose windows overlap share one stretch.

    Args:
        sentence: The whole sentence.
        said: For each opinion its spans, as for `window`.

    >>> for found in windows("The cord is short and the plug gets hot", [[(12, 17), (4, 8)], [(31, 39), (26, 30)]]):
    ...     print(found)
    Window(text='The cord is short and the plug gets hot', spans=((12, 17), (4, 8)))
    Window(text='The cord is short and the plug gets hot', spans=((31, 39), (26, 30)))
    """
    own = [_stretch(sentence, spans, AROUND) for spans in said]
    shared: list[tuple[int, int]] = []
    for at, to in sorted(own):
        first, last = shared[-1] if shared else (0, 0)
        if at < last and (to <= last or len(sentence[first:to].split()) <= LONGEST):
            shared[-1] = first, max(to, last)
        else:
            shared.append((at, to))
    found = []
    for spans, (at, to) in zip(said, own, strict=True):
        first, last = next((one for one in shared if one[0] <= at and to <= one[1]), (at, to))
        moved = tuple((start - first, end - first) for start, end in spans or ((at, to),))
        found.append(Window(sentence[first:last], moved))
    return found


def _stretch(sentence: str, spans: Sequence[tuple[int, int]], around: int) -> tuple[int, int]:
    """Give where a window begins and ends; all of the sentence where no words are named."""
    if not spans:
        return 0, len(sentence)
    words = [found.span() for found in _WORD.finditer(sentence)]
    first, last = min(start for start, _ in spans), max(end for _, end in spans)
    before = [start for start, _ in words if start < first][-around:]
    after = [end for _, end in words if end > last][:around]
    return (before or [first])[0], (after or [last])[-1]


class Likeness:
    """A loaded encoder. Safe to use from one thread.

    Attributes:
        enough: Mean dot product from which two clusters of opinions say the same; chosen on held-out groups.
        hash: First 16 hexadecimal digits of the sha256 over the folder's files.
    """

    name = "likeness"

    def __init__(self, card: dict[str, Any], tokenizer: Any, model: Any, hash: str) -> None:  # noqa: A002
        self.enough = float(card["enough"])
        self.hash = hash
        self._tokenizer, self._model = tokenizer, model

    def embed(self, windows: Sequence[Window]) -> NDArray[np.float32]:
        """Turn opinions into vectors that compare by dot product.

        Args:
            windows: What is read of each.

        Returns:
            Shape (N, D), rows of unit length; equal windows have the same vector.
        """
        asked: dict[str, dict[Window, int]] = defaultdict(dict)
        for one in sorted(set(windows)):
            asked[one.text][one] = 0
        if not asked:
            return np.zeros((0, 1), dtype=np.float32)
        texts = list(asked)
        codes = self._tokenizer.encode_batch([text.encode("utf-8", "replace").decode("utf-8") for text in texts])
        found: list[NDArray[np.float32]] = []
        for rows in batches([len(code.ids) for code in codes], PIECES_PER_BATCH):
            longest = max(len(codes[row].ids) for row in rows)
            ids, mask = np.zeros((2, len(rows), longest), dtype=np.int64)
            for at, row in enumerate(rows):
                length = len(codes[row].ids)
                ids[at, :length], mask[at, :length] = codes[row].ids, 1
            for row, states in zip(rows, self._model([ids, mask])[0], strict=True):
                for one in asked[texts[row]]:
                    asked[texts[row]][one] = len(found)
                    found.append(_mean(states, spoken(codes[row].offsets, one.spans)))
        return np.stack([found[asked[one.text][one]] for one in windows])

    def pieces(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """Give the word pieces of texts as vectors that compare by dot product.

        Args:
            texts: What is longer than the encoder reads at once is cut.

        Returns:
            For each text rows of unit length, one a piece, shape (pieces, D); special pieces are left out.
        """
        codes = self._tokenizer.encode_batch([text.encode("utf-8", "replace").decode("utf-8") for text in texts])
        found = []
        for code in codes:
            ids = np.array([code.ids], dtype=np.int64)
            states = self._model([ids, np.ones_like(ids)])[0][0]
            states = states[[place for place, special in enumerate(code.special_tokens_mask) if not special]]
            found.append(states / np.maximum(np.linalg.norm(states, axis=1, keepdims=True), 1e-12))
        return found


def _mean(states: NDArray[np.float32], words: Sequence[float]) -> NDArray[np.float32]:
    """Give the unit vector of the mean state of some word pieces."""
    weights = np.array(words, dtype=np.float32)
    mean = weights @ states[: len(weights)]
    unit: NDArray[np.float32] = mean / max(float(np.linalg.norm(mean)), 1e-12)
    return unit


def spoken(offsets: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]) -> list[float]:
    """Weigh the word pieces of a window: 1 for those of the spans, 0 for others; all 1 where no piece is in a span.

    Args:
        offsets: Where each piece stands in the window; special pieces are empty.
        spans: Where the words are that say it.
    """
    inside = [float(any(start < b and a < end for a, b in spans) and end > start) for start, end in offsets]
    return inside if any(inside) else [1.0] * len(inside)


def load_likeness(path: str | Path | None = None) -> Likeness:
    """Load the encoder of a folder; None means the one shipped in the package.

    Raises:
        ModelMissingError: A file is not there.
        ModelBrokenError: The folder is damaged or of a newer format.
    """
    return load_encoder(
        SHIPPED if path is None else Path(path),
        "likeness.json",
        Likeness,
        what="encoder of likeness",
        hint="Reinstall gistill for the shipped one, or train one: python -m gistill.train.points --help",
        format=FORMAT,
    )
