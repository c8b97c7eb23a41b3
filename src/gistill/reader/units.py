"""Text to what the reader sees: word pieces, and the units (words, or single characters in scripts without spaces)
that labels and spans stand on."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NULL = 0  # unit 0 is no word: it stands for an aspect or opinion without words of its own


@dataclass(frozen=True)
class Units:
    """One text, cut up.

    Args:
        ids: Word-piece ids with the special tokens, shape (T,).
        first: For each unit the position of its first word piece; unit 0 is the start token. Shape (W,).
        extents: For each unit `(start, end)` in code points of the text; unit 0 has (0, 0).
        truncated: The text was longer than the model can read and its end is missing.
    """

    ids: NDArray[np.int64]
    first: NDArray[np.int64]
    extents: tuple[tuple[int, int], ...]
    truncated: bool = False


def cut(tokenizer: Any, texts: Sequence[str]) -> list[Units]:
    """Cut texts into word pieces and units.

    Args:
        tokenizer: A `tokenizers.Tokenizer` that puts a start token first and has truncation set, padding off.
        texts: Any strings, lone surrogates included; an empty one has unit 0 alone.
    """
    # a lone surrogate cannot be written as UTF-8; the question mark in its place keeps all offsets as they are
    readable = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
    cuts = []
    for text, encoding in zip(texts, tokenizer.encode_batch(readable), strict=True):
        first, extents, last = [0], [(0, 0)], None
        for position, (word, (start, end)) in enumerate(zip(encoding.word_ids, encoding.offsets, strict=True)):
            if word is None or end <= start:
                continue
            if word == last:
                extents[-1] = (extents[-1][0], max(end, extents[-1][1]))
            else:
                first.append(position)
                extents.append((start, end))
                last = word
        borders = [start for start, _ in extents[1:]] + [len(text)]
        trimmed = [_trim(text, extent, border) for extent, border in zip(extents, borders, strict=True)]
        keep = [i for i, (start, end) in enumerate(trimmed) if i == NULL or end > start]
        cuts.append(
            Units(
                ids=np.array(encoding.ids, dtype=np.int64),
                first=np.array([first[i] for i in keep], dtype=np.int64),
                extents=tuple(trimmed[i] for i in keep),
                truncated=bool(encoding.overflowing),
            )
        )
    return cuts


def pad(units: Sequence[Units], *, pad_id: int = 0) -> dict[str, NDArray[np.int64]]:
    """Stack cuts into one batch.

    Returns:
        `input_ids` and `attention_mask`, shape (B, T), and `units`, shape (B, W), padded with `pad_id`, 0 and 0.
    """
    tokens, words = max(len(u.ids) for u in units), max(len(u.first) for u in units)
    ids = np.full((len(units), tokens), pad_id, dtype=np.int64)
    mask = np.zeros((len(units), tokens), dtype=np.int64)
    first = np.zeros((len(units), words), dtype=np.int64)
    for row, unit in enumerate(units):
        ids[row, : len(unit.ids)] = unit.ids
        mask[row, : len(unit.ids)] = 1
        first[row, : len(unit.first)] = unit.first
    return {"input_ids": ids, "attention_mask": mask, "units": first}


def _trim(text: str, extent: tuple[int, int], border: int) -> tuple[int, int]:
    """Leave out white space that a sentence-piece tokenizer counts to a word, and take in the accents and variation
    selectors that a normaliser dropped from its end, up to where the next unit begins."""
    start, end = extent
    if end == start:  # unit 0
        return extent
    while end < border and text[end] > "\u02ff" and unicodedata.category(text[end])[0] == "M":
        end += 1
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
