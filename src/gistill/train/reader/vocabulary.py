"""Leave out of a multilingual reader the word pieces that its languages do not need.

    python -m gistill.train.reader.vocabulary READER WORDS -o SMALLER

Four fifths of a small multilingual encoder are one row of numbers for each of 250,000 word pieces, most of them of
languages and scripts that the reader was not taught. What stays: special pieces and signs, every piece that the lines
of WORDS are cut into (`benchmarks/frequent_words.py` writes the words of thirteen languages), and every character
that stands in them. A text all of whose pieces stay is cut exactly as before: of the ways to cut it, the likeliest is
still there. Another one is cut into smaller pieces.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gistill.errors import ModelBrokenError

_TABLE = "word_embeddings.weight.int8"
_ROW = ("int8", "scale", "zero")  # what `export.quantise_weights` makes of a matrix


def smaller(reader: Path, out: Path, texts: Iterable[str]) -> int:
    """Write a copy of a reader that has only the pieces that some texts, and single characters, need.

    Args:
        reader: A folder with a tokenizer of the unigram kind, as `gistill finetune reader` writes it.
        out: Made if missing; files of the same names are replaced.
        texts: Whatever shall be cut as before.

    Returns:
        How many pieces it has.

    Raises:
        ModelBrokenError: The tokenizer is of another kind, or the model has no table of pieces that fits it.
    """
    import onnx
    from onnx import numpy_helper

    settings = json.loads((reader / "tokenizer.json").read_text("utf-8"))
    if settings["model"]["type"] != "Unigram":
        raise ModelBrokenError(f"the tokenizer in {str(reader)!r} is no unigram model")
    pieces = settings["model"]["vocab"]
    kept = _kept(reader / "tokenizer.json", settings, texts)
    model = onnx.load(str(reader / "model.onnx"))
    # a base may have more rows than pieces: their number is rounded up
    tables = [t for t in model.graph.initializer if t.name.endswith(_TABLE) and t.dims[0] >= len(pieces)]
    if len(tables) != 1:
        raise ModelBrokenError(f"{str(reader)!r} has {len(tables)} tables of {len(pieces)} pieces, not one")
    name = tables[0].name.removesuffix("int8")
    for tensor in model.graph.initializer:
        if tensor.name in {name + part for part in _ROW}:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor)[kept], tensor.name))
    out.mkdir(parents=True, exist_ok=True)
    for file in reader.iterdir():
        if file.is_file() and file.name not in ("model.onnx", "tokenizer.json"):
            shutil.copyfile(file, out / file.name)
    onnx.save(model, str(out / "model.onnx"))
    text = json.dumps(_renumbered(settings, kept), ensure_ascii=False)
    (out / "tokenizer.json").write_text(text, encoding="utf-8")
    return len(kept)


def _kept(tokenizer_file: Path, settings: dict[str, Any], texts: Iterable[str]) -> list[int]:
    """Choose the pieces: special ones, those of the texts, and the single characters of the texts."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    kept = {token["id"] for token in settings["added_tokens"]} | {settings["model"]["unk_id"]}
    characters: set[str] = set()
    for batch in _batches(texts, 5000):
        for encoding in tokenizer.encode_batch(batch, add_special_tokens=False):
            kept.update(encoding.ids)
        characters.update("".join(batch))
    for number, (piece, _) in enumerate(settings["model"]["vocab"]):
        if piece == "▁" or (len(piece) == 1 and (piece in characters or not piece.isalpha())):
            kept.add(number)
    return sorted(kept)


def _batches(texts: Iterable[str], size: int) -> Iterable[list[str]]:
    batch: list[str] = []
    for text in texts:
        batch.append(text)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _renumbered(settings: dict[str, Any], kept: Sequence[int]) -> dict[str, Any]:
    """Give the tokenizer's settings with the pieces kept, in their old order."""
    number = {old: new for new, old in enumerate(kept)}
    model, post = settings["model"], settings["post_processor"]
    special = {
        name: {**one, "ids": [number[old] for old in one["ids"]]} for name, one in post["special_tokens"].items()
    }
    return {
        **settings,
        "added_tokens": [{**token, "id": number[token["id"]]} for token in settings["added_tokens"]],
        "model": {**model, "vocab": [model["vocab"][old] for old in kept], "unk_id": number[model["unk_id"]]},
        "post_processor": {**post, "special_tokens": special},
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Make a smaller reader; see the module."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("reader", type=Path)
    ask.add_argument("words", type=Path, help="UTF-8, one or several words a line")
    ask.add_argument("-o", "--out", type=Path, required=True)
    given = ask.parse_args(arguments)
    with given.words.open(encoding="utf-8") as lines:
        count = smaller(given.reader, given.out, (line.rstrip("\n") for line in lines))
    print(f"{given.out}: {count:,} pieces.")


if __name__ == "__main__":
    main()
