"""Static sub-word vectors for short phrases: words in, unit vectors out, with numpy and a tokenizer only.

They are how `digest.group` knows that "price" and "cost" are near and "screen" and "keyboard" are not. Made by
`gistill.train.term_vectors` from a sentence encoder; a phrase's vector is the plain sum of its pieces' vectors,
made unit length.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file
from tokenizers import Tokenizer

from gistill.errors import ModelBrokenError, ModelMissingError
from gistill.files import hash_file

TERM_VECTORS = Path(__file__).parent / "weights" / "term-vectors"
_FORMAT = "gistill-term-vectors-1"
_DOUBLED = re.compile(r"(.)\1+")
_SOUNDS = str.maketrans("ksz", "ccc")


class TermVectors:
    """A table of piece vectors and the tokenizer that cuts words into pieces.

    Args:
        table: One row a piece, shape (V, D), float32. A row of zeros is a piece without meaning.
        tokenizer: Its ids are rows of `table`.
        hash: First 16 hexadecimal digits of the sha256 of the vectors file; empty when not loaded from one.
    """

    name = "term-vectors"

    def __init__(self, table: NDArray[np.float32], tokenizer: Tokenizer, *, hash: str = "") -> None:  # noqa: A002
        self.table, self.tokenizer, self.hash = table, tokenizer, hash
        self._unknown = tokenizer.token_to_id("[UNK]")

    @property
    def dimensions(self) -> int:
        """D, the length of a vector."""
        return int(self.table.shape[1])

    def embed(self, phrases: Sequence[str]) -> NDArray[np.float32]:
        """Turn phrases into vectors that compare by dot product.

        Args:
            phrases: Any text; case does not matter. Meant for a few words, works for more.

        Returns:
            Shape (N, D), float32, each row of unit length, or all zero where no piece of the phrase is known
            (an empty string, an emoji), so that its similarity to everything is 0.
        """
        clean = [
            phrase.encode("utf-8", "replace").decode("utf-8") for phrase in phrases
        ]  # no surrogates in a tokenizer
        ids = [encoding.ids for encoding in self.tokenizer.encode_batch(clean, add_special_tokens=False)]
        out = np.zeros((len(ids), self.dimensions), dtype=np.float32)
        owner = np.repeat(np.arange(len(ids)), [len(sequence) for sequence in ids])
        flat = np.fromiter((piece for sequence in ids for piece in sequence), dtype=np.int64)
        for start in range(0, len(flat), 1 << 16):  # bounded memory whatever is asked for
            part = slice(start, start + (1 << 16))
            np.add.at(out, owner[part], self.table[flat[part]])
        length = np.linalg.norm(out, axis=1, keepdims=True)
        unit: NDArray[np.float32] = np.divide(out, length, out=np.zeros_like(out), where=length > 1e-6)
        return unit

    def rank(self, word: str) -> int | None:
        """Place of a lower-case word in the vocabulary, more frequent words first; None if it is not one piece."""
        piece = self.tokenizer.token_to_id(word)
        return None if piece is None or piece == self._unknown else int(piece)


def misspelt(word: str, other: str, distance: int) -> bool:
    """Whether two words at most two edits apart differ as misspellings do.

    That is by doubled letters, or by vowels and the order of letters in words of seven letters or more, or by any one
    letter in words of ten or more. "Wristband" and "waistband" are two words.
    """
    if word.startswith(other) or other.startswith(word):
        return False
    if _DOUBLED.sub(r"\1", word) == _DOUBLED.sub(r"\1", other):
        return True
    least = min(len(word), len(other))
    if least >= (7 if distance == 1 else 9) and _consonants(word) == _consonants(other):
        return True
    return least >= 10 and distance == 1


def misspelling_traces(word: str) -> list[str]:
    """Keys of which two words share one whenever `misspelt` can hold of them, so that not all need comparing."""
    traces = ["=" + _DOUBLED.sub(r"\1", word), "~" + word[0] + _consonants(word)]
    if len(word) >= 10:
        traces += [word, *dict.fromkeys(word[:i] + word[i + 1 :] for i in range(len(word)))]
    return traces


def _consonants(word: str) -> str:
    sounds = _DOUBLED.sub(r"\1", word.translate(_SOUNDS))
    return "".join(c for c in sounds if c not in "aeiouy")


def save_vectors(vectors: TermVectors, folder: Path) -> None:
    """Write vectors as int8 with one scale a dimension, in safetensors, and the tokenizer beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    scale = (np.abs(vectors.table).max(axis=0) / 127).astype(np.float32)
    scale[scale == 0] = 1
    table = np.rint(vectors.table / scale).astype(np.int8)
    stored = {"scale": scale, "table": table}
    save_file(stored, folder / "vectors.safetensors", metadata={"format": _FORMAT})
    vectors.tokenizer.save(str(folder / "tokenizer.json"), pretty=False)


def load_vectors(path: str | Path | None = None) -> TermVectors:
    """Load term vectors.

    Args:
        path: Folder with vectors.safetensors and tokenizer.json; None means the folder shipped in the package.

    Raises:
        ModelMissingError: A file is not there.
        ModelBrokenError: A file does not load, or the two do not fit each other.
    """
    folder = TERM_VECTORS if path is None else Path(path)
    file = folder / "vectors.safetensors"
    try:
        digest = hash_file(file)
        vocabulary = (folder / "tokenizer.json").read_bytes()
    except OSError as error:
        raise ModelMissingError(
            f"no term vectors in {folder} ({error.strerror})", hint="python -m gistill.train.term_vectors --out FOLDER"
        ) from error
    try:
        table = _read(file)
        tokenizer = Tokenizer.from_buffer(vocabulary)
    except Exception as error:  # tokenizers raises bare Exception
        raise ModelBrokenError(f"the term vectors in {folder} do not load: {error}") from error
    pieces = tokenizer.get_vocab_size()
    if pieces != len(table):
        raise ModelBrokenError(
            f"the term vectors in {folder} have {len(table)} rows for {pieces} pieces of the tokenizer"
        )
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return TermVectors(table, tokenizer, hash=digest[:16])


def _read(file: Path) -> NDArray[np.float32]:
    """Read what `save_vectors` writes."""
    with safe_open(file, "numpy") as stored:
        about = stored.metadata() or {}
        scale, table = stored.get_tensor("scale"), stored.get_tensor("table")
    if about.get("format") != _FORMAT or (scale.dtype, table.dtype) != (np.float32, np.int8):
        raise ValueError(f"not of the format {_FORMAT}")
    if table.ndim != 2 or scale.shape != table.shape[1:] or not np.isfinite(scale).all():
        raise ValueError("the scales do not fit the table")
    vectors: NDArray[np.float32] = table.astype(np.float32) * scale
    return vectors
