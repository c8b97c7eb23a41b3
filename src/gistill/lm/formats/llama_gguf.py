"""A Llama-type transformers folder in, an F16 GGUF out, for OpenVINO GenAI and llama.cpp; no torch.

Covers the Llama architecture with plain rotary positions and byte-level BPE, which is what SmolLM2 and its relatives
are. Everything else is for llama.cpp's own converter, which knows hundreds of models.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from gistill import install
from gistill.errors import ExtraMissingError, ModelBrokenError
from gistill.lm.formats.gguf_f16 import LLAMA_LAYER, LLAMA_WHOLE, write_tensors
from gistill.lm.formats.lora import permuted
from gistill.lm.formats.safetensors import Array, Tensors

_NORMAL, _CONTROL, _USER_DEFINED = 1, 3, 4  # llama.cpp's kinds of token
_HINT = "llama.cpp's convert_hf_to_gguf.py knows more models: name it with --converter."


def write_llama_gguf(folder: Path, target: Path) -> None:
    """Write a transformers folder as a GGUF file: matrices in F16, vectors in F32.

    Args:
        folder: Holds config.json, tokenizer.json, tokenizer_config.json and safetensors.
        target: The file to write.

    Raises:
        ExtraMissingError: The `gguf` package is not installed.
        ModelBrokenError: The folder is incomplete, or the model is of another kind than the module's docstring says.
    """
    try:
        import gguf
    except ImportError as error:
        raise ExtraMissingError("Writing GGUF weights needs the gguf package.", hint=install.hint("writer")) from error
    config = _json(folder / "config.json")
    refused = _refusal(config)
    if refused:
        raise ModelBrokenError(f"{folder} cannot be written as GGUF here: {refused}", hint=_HINT)
    tensors = Tensors(folder)
    writer = gguf.GGUFWriter(str(target), "llama")
    try:
        _describe(writer, config, folder)
        _tokenizer(writer, config, folder)
        heads = {"attn_q": config["num_attention_heads"]}
        heads["attn_k"] = config.get("num_key_value_heads") or heads["attn_q"]
        tied = bool(config.get("tie_word_embeddings"))
        places = {name: _renamed(name) for name in tensors if not (tied and name == "lm_head.weight")}
        for name, place in places.items():
            dtype = np.dtype(np.float16 if len(tensors.shape(name)) > 1 else np.float32)
            size = int(np.prod(tensors.shape(name))) * dtype.itemsize
            writer.add_tensor_info(place, tensors.shape(name), dtype, size)
        write_tensors(writer, (_plain(tensors[name], place, heads) for name, place in places.items()))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelBrokenError(f"{folder} is not a complete Llama model ({error!r})", hint=_HINT) from error
    finally:
        writer.close()


def _plain(values: Array, place: str, heads: dict[str, int]) -> Array:
    kind = place.split(".")[-2]
    values = permuted(values, heads[kind]) if kind in heads else values
    with np.errstate(over="ignore"):
        stored: Array = values.astype(np.float16 if values.ndim > 1 else np.float32)
    if not np.isfinite(stored).all():
        raise ModelBrokenError(f"{place} holds values that F16 cannot")
    return stored


def _renamed(name: str) -> str:
    stem, _, kind = name.rpartition(".")
    if stem in LLAMA_WHOLE and kind == "weight":
        return f"{LLAMA_WHOLE[stem]}.weight"
    parts = stem.split(".", 3)
    if parts[:2] == ["model", "layers"] and len(parts) == 4 and parts[3] in LLAMA_LAYER and kind == "weight":
        return f"blk.{parts[2]}.{LLAMA_LAYER[parts[3]]}.weight"
    raise ModelBrokenError(f"{name} is not a tensor of a plain Llama model", hint=_HINT)


def _refusal(config: dict[str, Any]) -> str:
    """Say why a model is no plain Llama; "" where it is one."""
    if config.get("model_type") != "llama":
        return f"it is a {config.get('model_type')} model"
    rope = {**(config.get("rope_scaling") or {}), **(config.get("rope_parameters") or {})}
    if rope.get("rope_type", rope.get("type", "default")) != "default":
        return "its rotary positions are scaled"
    return "it has biases" if config.get("attention_bias") or config.get("mlp_bias") else ""


def _describe(writer: Any, config: dict[str, Any], folder: Path) -> None:
    heads = int(config["num_attention_heads"])
    theta = (config.get("rope_parameters") or {}).get("rope_theta") or config.get("rope_theta") or 10000.0
    writer.add_type("model")
    writer.add_name(folder.name)
    writer.add_block_count(int(config["num_hidden_layers"]))
    writer.add_context_length(int(config["max_position_embeddings"]))
    writer.add_embedding_length(int(config["hidden_size"]))
    writer.add_feed_forward_length(int(config["intermediate_size"]))
    writer.add_head_count(heads)
    writer.add_head_count_kv(int(config.get("num_key_value_heads") or heads))
    writer.add_rope_freq_base(float(theta))
    writer.add_layer_norm_rms_eps(float(config["rms_norm_eps"]))
    writer.add_file_type(1)  # mostly F16
    writer.add_vocab_size(int(config["vocab_size"]))
    writer.add_rope_dimension_count(int(config.get("head_dim") or config["hidden_size"] // heads))


def _tokenizer(writer: Any, config: dict[str, Any], folder: Path) -> None:
    """Write the tokenizer; its way of splitting is known to llama.cpp by a name."""
    whole, about = _json(folder / "tokenizer.json"), _json(folder / "tokenizer_config.json")
    model = whole["model"]
    if model.get("type") != "BPE" or model.get("byte_fallback") or model.get("ignore_merges"):
        raise ModelBrokenError(f"{folder}: its tokenizer is not a plain byte-level BPE", hint=_HINT)
    tokens = {place: token for token, place in model["vocab"].items()}
    kinds = dict.fromkeys(tokens, _NORMAL)
    for added in whole.get("added_tokens", ()):
        tokens[added["id"]] = added["content"]
        kinds[added["id"]] = _CONTROL if added["special"] else _USER_DEFINED
    count = int(config["vocab_size"])
    if sorted(tokens) != list(range(count)):
        raise ModelBrokenError(f"{folder}: the tokenizer has {len(tokens)} tokens, the model {count}", hint=_HINT)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(_family(whole["pre_tokenizer"], folder))
    writer.add_token_list([tokens[place] for place in range(count)])
    writer.add_token_types([kinds[place] for place in range(count)])
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]])
    numbers = {token: place for place, token in tokens.items()}
    adders = {
        "bos": writer.add_bos_token_id,
        "eos": writer.add_eos_token_id,
        "unk": writer.add_unk_token_id,
        "pad": writer.add_pad_token_id,
    }
    for role, add in adders.items():
        token = about.get(f"{role}_token")
        token = token.get("content") if isinstance(token, dict) else token
        number = numbers.get(token, config.get(f"{role}_token_id"))
        number = number[0] if isinstance(number, list) else number
        if number is not None:
            add(int(number))
    writer.add_add_space_prefix(False)
    writer.add_add_bos_token(bool(about.get("add_bos_token", False)))
    template = folder / "chat_template.jinja"
    chat = template.read_text("utf-8") if template.is_file() else about.get("chat_template")
    if chat:
        writer.add_chat_template(chat)


def _family(splitting: dict[str, Any], folder: Path) -> str:
    """Name a way of splitting as llama.cpp does."""
    steps = splitting.get("pretokenizers", [splitting])
    if [step["type"] for step in steps] == ["Digits", "ByteLevel"] and steps[0]["individual_digits"]:
        return "smollm"
    if [step["type"] for step in steps] == ["ByteLevel"] and steps[0].get("use_regex", True):
        return "gpt-2"
    raise ModelBrokenError(f"{folder}: its tokenizer splits text in a way that is not known here", hint=_HINT)


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text("utf-8"))
        if not isinstance(value, dict):
            raise ValueError("it is no object")
    except (OSError, ValueError) as error:
        raise ModelBrokenError(f"{path} cannot be read ({error})") from error
    return value
