"""What small encoders share: a folder of card, tokenizer and model, and texts of like length read together."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from gistill.errors import ModelBrokenError, ModelMissingError
from gistill.files import hash_bytes
from gistill.offline import compiled

Loaded = TypeVar("Loaded")


def load_encoder(
    folder: Path,
    card_name: str,
    make: Callable[[dict[str, Any], Any, Any, str], Loaded],
    *,
    what: str,
    hint: str,
    format: int,  # noqa: A002
) -> Loaded:
    """Load the encoder of a folder.

    Args:
        folder: It holds the card, `tokenizer.json` and `model.onnx`.
        card_name: File name of the card, which is JSON: `format`, `pieces` (where texts are cut) and what `make` reads.
        make: Is given the card, the tokenizer, the model (a list of arrays in, one array for each output out) and the
            first 16 hexadecimal digits of the sha256 over the three files.
        what: What it is, for an error: "critic".
        hint: What to do where it is missing.
        format: The one that this version reads.

    Raises:
        ModelMissingError: A file is not there.
        ModelBrokenError: The folder is damaged or of another format.
    """
    try:
        parts = [(folder / name).read_bytes() for name in (card_name, "tokenizer.json", "model.onnx")]
    except OSError as error:
        raise ModelMissingError(f"no {what} in {folder} ({error.strerror})", hint=hint) from error
    try:
        card = json.loads(parts[0])
        if card["format"] != format:
            raise ModelBrokenError(f"{folder} is of format {card['format']}, not {format}", hint="Upgrade gistill.")
        tokenizer = _tokenizer(parts[1], int(card["pieces"]))
        return make(card, tokenizer, compiled(folder / "model.onnx"), hash_bytes(b"".join(parts))[:16])
    except (ValueError, KeyError, TypeError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[-1:]
        raise ModelBrokenError(f"the {what} in {folder} does not load: {' '.join(reason)}") from error


def _tokenizer(data: bytes, pieces: int) -> Any:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_buffer(data)
    except Exception as error:  # the library has no exception of its own
        raise ValueError(f"tokenizer.json: {error}") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(pieces)  # of a pair, the longer text first
    return tokenizer


def batches(lengths: Sequence[int], pieces: int) -> list[list[int]]:
    """Group texts of like length, so that little is computed for padding.

    Args:
        lengths: Word pieces of each text.
        pieces: Most word pieces of a batch, with padding; a longer text is a batch of its own.

    >>> batches([3, 9, 4, 20], 8)
    [[0, 2], [1], [3]]
    """
    found: list[list[int]] = []
    for row in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        if found and (len(found[-1]) + 1) * lengths[row] <= pieces:
            found[-1].append(row)
        else:
            found.append([row])
    return found
