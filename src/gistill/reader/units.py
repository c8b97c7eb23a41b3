"""Text to what the reader sees: word pieces, and the units (words, or single characters in scripts without spaces
and in Korean) that labels and spans stand on.

A BERT tokenizer cuts words by itself and its words are the units. Others (SentencePiece, byte-level) cut at spaces
only, so that a Chinese sentence would be one word; for them the units are found in the text, and several characters
may share one word piece.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gistill.reader.legible import make_legible
from gistill.text import GLUED

NULL = 0  # unit 0 is no word: it stands for an aspect or opinion without words of its own
_GLUED = re.compile(f"[{GLUED}]")
_RAISED = re.compile("[\u02b0-\u02b8\u1d2c-\u1d6a\u2090-\u209c]")  # letters that are known, but as signs
_UNKNOWN = ("[UNK]", "<unk>")
_JOINERS = frozenset("\u200c\u200d\u00ad")


@dataclass(frozen=True)
class Units:
    """One text, cut up.

    Args:
        ids: Word-piece ids with the special tokens, shape (T,).
        first: For each unit the position of its first word piece; unit 0 is the start token. Shape (W,). The
            characters of one word piece have the same.
        extents: For each unit `(start, end)` in code points of the text; unit 0 has (0, 0).
        truncated: The text was longer than the model can read and its end is missing.
    """

    ids: NDArray[np.int64]
    first: NDArray[np.int64]
    extents: tuple[tuple[int, int], ...]
    truncated: bool = False


def cut(tokenizer: Any, texts: Sequence[str], *, characters: bool = False) -> list[Units]:
    """Cut texts into word pieces and units.

    Where the tokenizer does not know a word, it is given the text once more as `make_legible` writes it.

    Args:
        tokenizer: A `tokenizers.Tokenizer` that puts a start token first and has truncation set, padding off.
        texts: Any strings, lone surrogates included; an empty one has unit 0 alone.
        characters: Take the units from the text instead of the tokenizer's words; see `needs_characters`.
    """
    # a lone surrogate cannot be written as UTF-8; the question mark in its place keeps all offsets as they are
    readable = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
    unknown = next((number for name in _UNKNOWN if (number := tokenizer.token_to_id(name)) is not None), None)
    cuts = []
    for text, plain, encoding in zip(texts, readable, tokenizer.encode_batch(readable), strict=True):
        offsets = encoding.offsets
        if not plain.isascii() and (unknown in encoding.ids or _RAISED.search(plain)):
            written = make_legible(plain, lambda character: _is_known(tokenizer, character, unknown))
            encoding = tokenizer.encode(written.text)
            offsets = [written.back(start, end) for start, end in encoding.offsets]
        found = _characters(text, offsets) if characters else _words(text, encoding.word_ids, offsets)
        cuts.append(
            Units(
                ids=np.array(encoding.ids, dtype=np.int64),
                first=np.array(found[0], dtype=np.int64),
                extents=tuple(found[1]),
                truncated=bool(encoding.overflowing),
            )
        )
    return cuts


def _is_known(tokenizer: Any, character: str, unknown: int | None) -> bool:
    """Say whether a tokenizer has a character, alone or inside a word."""
    ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in (character, f"a{character}")]
    return unknown not in ids[0] or unknown not in ids[1]


def needs_characters(tokenizer: Any, texts: Sequence[str]) -> bool:
    """Say whether units must be found in the text: the tokenizer cuts at spaces only, or the texts have none."""
    (probe,) = cut(tokenizer, ["good,bad"])
    unspaced = sum(_GLUED.search(text) is not None for text in texts)
    return len(probe.extents) != 4 or unspaced > len(texts) / 10


def _words(
    text: str, words: Sequence[int | None], offsets: Sequence[tuple[int, int]]
) -> tuple[list[int], list[tuple[int, int]]]:
    """Take the tokenizer's words: the position of each one's first piece, and its extent."""
    first, extents, last = [0], [(0, 0)], None
    for position, (word, (start, end)) in enumerate(zip(words, offsets, strict=True)):
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
    return [first[i] for i in keep], [trimmed[i] for i in keep]


def _characters(text: str, offsets: Sequence[tuple[int, int]]) -> tuple[list[int], list[tuple[int, int]]]:
    """Find words, single characters of scripts without spaces, and punctuation marks, and the piece each begins in.

    A unit that no piece covers is left out: a character the normaliser drops, or what lies beyond the longest input.
    """
    pieces = [(start, end, place) for place, (start, end) in enumerate(offsets) if end > start]
    first, extents, at = [0], [(0, 0)], -1
    for start, end in _found(text):
        # the last piece that has begun: a lone word mark (SentencePiece) covers the character of the piece after it
        while at + 1 < len(pieces) and pieces[at + 1][0] <= start:
            at += 1
        if at >= 0 and start < pieces[at][1]:
            first.append(pieces[at][2])
            extents.append((start, end))
    return first, extents


def _found(text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    in_word = False
    for place, character in enumerate(text):
        touches = bool(found) and found[-1][1] == place
        is_word = (character.isalnum() or character == "_") and not _GLUED.match(character)
        if touches and (character in _JOINERS or unicodedata.category(character)[0] == "M" or (in_word and is_word)):
            found[-1] = (found[-1][0], place + 1)
        elif not character.isspace() and unicodedata.category(character) not in ("Cc", "Cf"):
            found.append((place, place + 1))
            in_word = is_word
    return found


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
