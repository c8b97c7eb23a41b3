"""Quantised GGUF in, F16 GGUF out: made once, kept in the cache, never half a file."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import platformdirs

from gistill import files, install
from gistill.errors import ExtraMissingError, GistillError, ModelBrokenError

_PLAIN = {"F32", "F16"}  # what OpenVINO GenAI reads without loss
Change = Callable[[str, np.ndarray[Any, Any]], np.ndarray[Any, Any]]
# The tensors of a Llama model: transformers' name -> GGUF's, in each layer and outside of them. gguf has such a table,
# but not the way back, and it takes the names of a hundred other models for these.
LLAMA_LAYER = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
LLAMA_WHOLE = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
_FORMAT = "f16-1"  # part of the cache key; raise it when the conversion changes
_WORDLESS = "tokens-1"  # likewise


def cache_folder() -> Path:
    """Name the folder for what can be made again: GISTILL_CACHE_DIR, else the user's cache folder."""
    return Path(os.environ.get("GISTILL_CACHE_DIR") or platformdirs.user_cache_dir("gistill", appauthor=False))


def as_f16(source: Path, *, digest: str) -> Path:
    """Give an F16 copy of a GGUF file, made on first use.

    OpenVINO GenAI reads Q4_1 without an error and then answers wrongly, so quantised weights are expanded before it
    sees them. The copy is written beside its final name and moved there when complete, so that a run killed half-way
    leaves nothing that a later run could mistake for a model.

    Args:
        source: A GGUF file of any quantisation that the `gguf` package knows.
        digest: The sha256 of its bytes; the copy's name is made from it, so a changed source is a new copy.

    Returns:
        `source` itself where its weights are F16 or F32 already, else the copy's path.

    Raises:
        ExtraMissingError: The `gguf` package is not installed.
        ModelBrokenError: The file is not GGUF, is cut short, or holds a quantisation that cannot be expanded.
        GistillError: The cache folder cannot be written.
    """
    target = cache_folder() / "weights" / f"{source.stem}-{digest[:16]}-{_FORMAT}.gguf"
    if target.is_file():
        return target
    reader = open_gguf(source)
    if all(tensor.tensor_type.name in _PLAIN for tensor in reader.tensors):
        return source
    return made_once(target, lambda part: write_f16(reader, part, source))


def made_once(target: Path, make: Callable[[Path], None], *, folder: bool = False) -> Path:
    """Make a file or a folder of the cache where it is not there yet; see `files.made_once`.

    Raises:
        GistillError: The cache folder cannot be written.
    """
    try:
        return files.made_once(target, make, folder=folder)
    except OSError as error:
        room = "four times" if folder else "twice"
        raise GistillError(
            f"{target.parent}: the expanded weights cannot be written ({error})",
            hint=f"Set GISTILL_CACHE_DIR to a folder with enough room ({room} the parameters, in bytes).",
        ) from error


def context_length(path: Path) -> int | None:
    """Read how many tokens a GGUF model was made for; None where the header does not say.

    Reads the header's settings one by one up to that one, because the `gguf` package reads the whole vocabulary
    first, which takes longer than the model takes to load.

    Raises:
        ModelBrokenError: The file does not begin as a GGUF file does.

    Source:
        GGUF 3, https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
    """
    with path.open("rb") as file:
        try:
            magic, _, _, settings = struct.unpack("<4sIQQ", file.read(24))
            if magic != b"GGUF":
                raise ModelBrokenError(f"{path} is not a GGUF file")
            for _ in range(settings):
                key = file.read(_number(file, "<Q")).decode("utf-8", "replace")
                value = _setting(file, _number(file, "<I"))
                if key.endswith(".context_length"):
                    return None if value is None else int(value)
        except (struct.error, KeyError, OverflowError, MemoryError) as error:
            raise ModelBrokenError(f"{path} is not a complete GGUF file", hint="Download the file again.") from error
    return None


_NUMBERS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_TEXT, _ARRAY = 8, 9


def _number(file: BinaryIO, form: str) -> Any:
    return struct.unpack(form, file.read(struct.calcsize(form)))[0]


def _setting(file: BinaryIO, kind: int) -> Any:
    """Read a number, or step over a text or an array (and give None)."""
    if kind == _TEXT:
        file.seek(_number(file, "<Q"), os.SEEK_CUR)
        return None
    if kind == _ARRAY:
        inner, length = _number(file, "<I"), _number(file, "<Q")
        for _ in range(length):
            _setting(file, inner)
        return None
    return _number(file, _NUMBERS[kind])


def open_gguf(source: Path) -> Any:
    """Open a GGUF file with the `gguf` package.

    Raises:
        ExtraMissingError: The package is not installed.
        ModelBrokenError: The file is not GGUF, or is cut short.
    """
    try:
        import gguf
    except ImportError as error:
        raise ExtraMissingError("Reading GGUF weights needs the gguf package.", hint=install.hint("writer")) from error
    try:
        return gguf.GGUFReader(str(source))
    except (ValueError, IndexError, KeyError, OverflowError, UnicodeDecodeError) as error:
        raise ModelBrokenError(
            f"{source} is not a complete GGUF file ({error})", hint="Download the file again."
        ) from error


def write_f16(reader: Any, path: Path, source: Path, *, change: Change | None = None) -> None:
    """Write the same model with matrices in F16 and vectors in F32, one tensor in memory at a time.

    Args:
        reader: Of the model; see `open_gguf`.
        path: The file to write.
        source: What the model is called in errors.
        change: Called with each tensor's name and its values in float32; what it returns is written.
    """
    import gguf

    writer = gguf.GGUFWriter(str(path), reader.get_field("general.architecture").contents())
    try:
        for key, field in reader.fields.items():
            if key.startswith("GGUF.") or key in ("general.architecture", "general.quantization_version"):
                continue
            value = int(gguf.LlamaFileType.MOSTLY_F16) if key == "general.file_type" else field.contents()
            inner = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(key, value, field.types[0], inner)
        for tensor in reader.tensors:
            shape = tuple(int(size) for size in reversed(tensor.shape))
            dtype = np.dtype(np.float16 if len(shape) > 1 else np.float32)
            writer.add_tensor_info(tensor.name, shape, dtype, int(np.prod(shape)) * dtype.itemsize)
        write_tensors(writer, (_plain(tensor, source, change) for tensor in reader.tensors))
    finally:
        writer.close()


def wordless(source: Path, *, digest: str) -> Path:
    """Give a model of one empty layer with another's tokenizer, made on first use and kept in the cache.

    A grammar is compiled for a vocabulary. To try one takes no weights: 0.2 GB instead of all that the model takes.

    Args:
        source: A GGUF file of any architecture.
        digest: As for `as_f16`.

    Raises:
        ExtraMissingError: The `gguf` package is not installed.
        ModelBrokenError: The file is not GGUF, or is cut short.
        GistillError: The cache folder cannot be written.
    """
    target = cache_folder() / "weights" / f"{source.stem}-{digest[:16]}-{_WORDLESS}.gguf"
    return target if target.is_file() else made_once(target, lambda part: _write_wordless(open_gguf(source), part))


def _write_wordless(reader: Any, path: Path) -> None:
    import gguf

    width = 64
    matrix, vector = np.zeros((width, width), np.float16), np.ones(width, np.float32)
    words = np.zeros((len(reader.fields["tokenizer.ggml.tokens"].data), width), np.float16)
    layer: dict[str, np.ndarray[Any, Any]] = {}
    layer |= dict.fromkeys(("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"), matrix)
    layer |= dict.fromkeys(("attn_norm", "ffn_norm"), vector)
    tensors = {f"blk.0.{name}.weight": values for name, values in layer.items()}
    tensors |= {"token_embd.weight": words, "output_norm.weight": vector}
    writer = gguf.GGUFWriter(str(path), "llama")
    try:
        for key, field in reader.fields.items():
            if key.startswith("tokenizer."):
                inner = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
                writer.add_key_value(key, field.contents(), field.types[0], inner)
        writer.add_context_length(64)
        writer.add_block_count(1)
        writer.add_embedding_length(width)
        writer.add_feed_forward_length(width)
        writer.add_head_count(1)
        writer.add_head_count_kv(1)
        writer.add_rope_dimension_count(width)
        writer.add_rope_freq_base(10000.0)
        writer.add_layer_norm_rms_eps(1e-5)
        writer.add_vocab_size(len(words))
        writer.add_file_type(int(gguf.LlamaFileType.MOSTLY_F16))
        for name, values in tensors.items():
            writer.add_tensor_info(name, values.shape, values.dtype, values.nbytes)
        write_tensors(writer, tensors.values())
    finally:
        writer.close()


def write_tensors(writer: Any, tensors: Iterable[np.ndarray[Any, Any]]) -> None:
    """Write a described GGUF file: its header, then each tensor as it comes; it is on the disk afterwards."""
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for values in tensors:
        writer.write_tensor_data(values)
    for file in writer.fout or ():
        file.flush()
        os.fsync(file.fileno())


def _plain(tensor: Any, source: Path, change: Change | None = None) -> np.ndarray[Any, Any]:
    """Expand one tensor; refuse weights that F16 cannot hold instead of writing infinities."""
    import gguf

    try:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
    except NotImplementedError as error:
        raise ModelBrokenError(f"{source}: {tensor.name} has a quantisation that cannot be expanded") from error
    values = values.reshape(tuple(int(size) for size in reversed(tensor.shape)))
    if change is not None:
        values = change(tensor.name, values.astype(np.float32))
    with np.errstate(over="ignore"):  # refused below, with the tensor's name
        expanded: np.ndarray[Any, Any] = values.astype(np.float16 if len(tensor.shape) > 1 else np.float32)
    if not np.isfinite(expanded).all():
        raise ModelBrokenError(f"{source}: {tensor.name} holds values that F16 cannot", hint="Download the file again.")
    return expanded
