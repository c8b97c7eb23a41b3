"""The model of a recipe: found, loaded in the right precision, with the weights that its method trains."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import torch

from gistill import install
from gistill.errors import ExtraMissingError, ModelBrokenError, ModelMissingError, SettingError
from gistill.lm import DEFAULT_WRITER
from gistill.lm.chat import end_turns
from gistill.lm.formats.base_folder import as_transformers_folder
from gistill.train.writer.recipe import Recipe

WHOLE = ("full", "layers")  # methods whose result is a whole model and not an adapter


def bf16_here() -> bool:
    """Say whether this machine computes in bfloat16 faster than in 32 bits."""
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported()
    return bool(torch.cpu._is_avx512_bf16_supported())


def precision(recipe: Recipe) -> str:
    """Say in which precision a recipe is trained on this machine: "bf16" or "fp32"."""
    return recipe.precision if recipe.precision != "auto" else "bf16" if bf16_here() else "fp32"


def find_base(recipe: Recipe) -> tuple[Path, dict[str, Any]]:
    """Find a recipe's base model without loading it, and check what would only fail later.

    Returns:
        Its transformers folder and its config.json.

    Raises:
        ModelMissingError: No such model, or `start` is no adapter's folder.
        ModelBrokenError: Its config.json cannot be read.
        SettingError: The method does not fit the machine.
        ExtraMissingError: A package is missing.
    """
    if recipe.method == "qlora" and not torch.cuda.is_available():
        raise SettingError("qlora needs a CUDA device, and there is none", hint="Use method: lora.")
    _need("transformers", "accelerate", *(() if recipe.method in WHOLE else ("peft",)))
    if recipe.objective != "sft":
        _need("trl", "datasets")
    if recipe.start and not (Path(recipe.start) / "adapter_config.json").is_file():
        raise ModelMissingError(
            f"no adapter in {recipe.start!r} (adapter_config.json is missing)",
            hint="`start` must be an adapter folder; to continue from a whole model, give its folder as `model`.",
        )
    base = as_transformers_folder(recipe.model)
    try:
        config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelBrokenError(f"{base}/config.json cannot be read ({error})") from error
    return base, config


def _need(*packages: str) -> None:
    from importlib.util import find_spec

    for package in packages:
        if find_spec(package) is None:
            raise ExtraMissingError(f"training needs {package}", hint=install.hint("train"))


def load_tokenizer(base: Path) -> Any:
    """Load a base model's tokenizer; its end token is the one that ends an answer (`chat.end_turns`).

    Raises:
        ModelBrokenError: It does not load, or has no end token.
    """
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise ModelBrokenError(f"{base}: the tokenizer does not load ({_line(error)})") from error
    end_turns(tokenizer)
    if tokenizer.eos_token_id is None:
        raise ModelBrokenError(f"{base}: the tokenizer has no end token, so no answer could end")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_model(recipe: Recipe, base: Path, *, steps: int) -> Any:
    """Load a recipe's base model and prepare the weights that its method trains.

    Weights that stand still are kept in the precision computed in; those that are trained stay in 32 bits, because
    small steps vanish in bfloat16.

    Args:
        recipe: What to train.
        base: The model's transformers folder.
        steps: Optimiser steps of the training; adalora plans by them.

    Raises:
        ModelBrokenError: The folder does not load.
        SettingError: The method does not fit the model.
    """
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, set_seed

    set_seed(recipe.seed)  # new weights are drawn here
    still = torch.float32 if precision(recipe) == "fp32" else torch.bfloat16
    try:
        config = AutoConfig.from_pretrained(base, local_files_only=True)
        kind = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
        if recipe.method in WHOLE:
            _set_dropout(config, recipe.dropout)
        dtype = torch.float32 if recipe.method in WHOLE else still
        model = kind.from_pretrained(base, config=config, dtype=dtype, local_files_only=True, **_quantised(recipe))
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelBrokenError(f"{base} does not load: {_line(error)}") from error
    model.config.use_cache = False
    if recipe.method == "full":
        return model
    return _top_layers(model, recipe.top_layers) if recipe.method == "layers" else _with_adapter(model, recipe, steps)


def _set_dropout(config: Any, share: float) -> None:
    """Set every dropout that a model's config names; each family has its own words for them."""
    for name in config.to_dict():
        if name.endswith(("dropout", "pdrop", "dropout_rate")) and isinstance(getattr(config, name), int | float):
            setattr(config, name, share)


def _quantised(recipe: Recipe) -> dict[str, Any]:
    if recipe.method != "qlora":
        return {}
    _need("bitsandbytes")
    from transformers import BitsAndBytesConfig

    quantisation = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16 if bf16_here() else torch.float16,
    )
    # one process may spread a model over all GPUs; with several processes each has the whole on its own
    place = {"": torch.cuda.current_device()} if torch.distributed.is_initialized() else "auto"
    return {"quantization_config": quantisation, "device_map": place}


def _top_layers(model: Any, count: int) -> Any:
    """Freeze everything but the layers nearest the output: of a decoder, where there are two stacks."""
    stacks = [
        (name, module)
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.ModuleList) and len(module) == _layers(model.config)
    ]
    chosen = [module for name, module in stacks if "decoder" in name] or [module for _, module in stacks]
    if not chosen:
        raise SettingError("method layers: the model's stack of layers is not found", hint="Use method: lora.")
    if count > len(chosen[0]):
        raise SettingError(f"top_layers is {count}, and the model has {len(chosen[0])}")
    model.requires_grad_(False)
    for layer in chosen[0][-count:]:
        layer.requires_grad_(True)
    return model


def _layers(config: Any) -> int:
    decoder = getattr(config, "num_decoder_layers", None) or getattr(config, "decoder_layers", None)
    return int(decoder or config.num_hidden_layers)


def _with_adapter(model: Any, recipe: Recipe, steps: int) -> Any:
    """Put an adapter on a model, a new one or the one to go on from."""
    from peft import PeftModel, get_peft_model, prepare_model_for_kbit_training

    if recipe.method == "qlora":
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=recipe.gradient_checkpointing)
    if recipe.start:
        try:
            return PeftModel.from_pretrained(model, recipe.start, is_trainable=True, local_files_only=True)
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelBrokenError(f"{recipe.start} does not fit {recipe.model}: {_line(error)}") from error
    try:
        made = get_peft_model(model, _adapter(recipe, steps, encoder_decoder=bool(model.config.is_encoder_decoder)))
    except ValueError as error:
        raise SettingError(f"method {recipe.method} does not fit this model: {_line(error)}") from error
    # the name and not the cache's folder, so that the adapter also finds its base elsewhere
    wheel = recipe.model.casefold() == DEFAULT_WRITER.casefold()
    made.peft_config["default"].base_model_name_or_path = DEFAULT_WRITER if wheel else recipe.model
    return made


def _adapter(recipe: Recipe, steps: int, *, encoder_decoder: bool) -> Any:
    """Write the recipe in PEFT's words."""
    from peft import AdaLoraConfig, IA3Config, LoraConfig, PrefixTuningConfig, PromptTuningConfig, TaskType

    kind = TaskType.SEQ_2_SEQ_LM if encoder_decoder else TaskType.CAUSAL_LM
    alpha = recipe.alpha or 2 * recipe.rank
    # linear layers only, never the embeddings: then any server can load it
    match recipe.method:
        case "lora" | "qlora":
            return LoraConfig(
                task_type=kind,
                r=recipe.rank,
                lora_alpha=alpha,
                lora_dropout=recipe.dropout,
                target_modules="all-linear",
            )
        case "adalora":
            if steps < 10:
                raise SettingError(f"adalora plans over at least 10 steps, and there are {steps}")
            return AdaLoraConfig(
                task_type=kind,
                init_r=round(1.5 * recipe.rank),
                target_r=recipe.rank,
                lora_alpha=alpha,
                lora_dropout=recipe.dropout,
                target_modules="all-linear",
                tinit=steps // 10,
                tfinal=steps // 2,
                deltaT=max(1, steps // 100),
                total_step=steps,
            )
        case "ia3":
            return IA3Config(task_type=kind)
        case "prefix":
            return PrefixTuningConfig(task_type=kind, num_virtual_tokens=recipe.virtual_tokens)
        case _:
            return PromptTuningConfig(task_type=kind, num_virtual_tokens=recipe.virtual_tokens)


def takes(model: Any, argument: str) -> bool:
    """Say whether a model, under whatever adapter, takes an argument of this name."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    return argument in inspect.signature(inner.forward).parameters


def out_of_memory(error: BaseException) -> bool:
    """Say whether an error means that memory is full; on the CPU torch says so in words only."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "not enough memory" in str(error)


def disk_full(error: BaseException) -> bool:
    """Say whether an error means that the disk is full; torch and safetensors have words of their own for it."""
    return "No space left" in str(error) or "PytorchStreamWriter failed" in str(error)


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
