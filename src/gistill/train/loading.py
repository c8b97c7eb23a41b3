"""The model of a recipe: loaded, in the right precision, with the weights that its method trains."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, NamedTuple

import torch

from gistill.errors import ExtraMissingError, ModelBrokenError, SettingError
from gistill.lm import DEFAULT_WRITER
from gistill.lm.base_folder import as_transformers_folder
from gistill.train.recipe import Recipe


class Loaded(NamedTuple):
    """A model ready to train."""

    model: Any
    tokenizer: Any
    encoder_decoder: bool
    base: Path  # its transformers folder


def bf16_here() -> bool:
    """Say whether this machine computes in bfloat16 faster than in 32 bits."""
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported()
    return bool(torch.cpu._is_avx512_bf16_supported())


def precision(recipe: Recipe) -> str:
    """Say in which precision a recipe is trained on this machine: "bf16" or "fp32"."""
    return recipe.precision if recipe.precision != "auto" else "bf16" if bf16_here() else "fp32"


def load(recipe: Recipe) -> Loaded:
    """Load a recipe's base model and tokenizer, and prepare the method's weights.

    Weights that stand still are kept in the precision computed in; those that are trained stay in 32 bits, because
    small steps vanish in bfloat16.

    Raises:
        ModelMissingError: No such model.
        ModelBrokenError: The folder does not load.
        SettingError: The method does not fit the machine or the model.
    """
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

    if recipe.method == "qlora" and not torch.cuda.is_available():
        raise SettingError("qlora needs a CUDA device, and there is none", hint="Use method: lora.")
    base = as_transformers_folder(recipe.model)
    trained_base = recipe.method in ("full", "layers")
    dtype = torch.float32 if trained_base or precision(recipe) == "fp32" else torch.bfloat16
    try:
        config = AutoConfig.from_pretrained(base, local_files_only=True)
        kind = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
        tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
        model = kind.from_pretrained(base, dtype=dtype, local_files_only=True, **_quantised(recipe))
    except (OSError, ValueError, KeyError) as error:
        raise ModelBrokenError(f"{base} does not load: {str(error).strip().splitlines()[0]}") from error
    if tokenizer.eos_token_id is None:
        raise ModelBrokenError(f"{base}: the tokenizer has no end token, so no answer could end")
    model.config.use_cache = False
    model = with_method(model, recipe)
    return Loaded(model, tokenizer, bool(config.is_encoder_decoder), base)


def _quantised(recipe: Recipe) -> dict[str, Any]:
    if recipe.method != "qlora":
        return {}
    try:
        import bitsandbytes  # noqa: F401
        from transformers import BitsAndBytesConfig
    except ImportError as error:
        raise ExtraMissingError("qlora needs bitsandbytes.", hint="Run: pip install bitsandbytes") from error
    quantisation = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16 if bf16_here() else torch.float16,
    )
    return {"quantization_config": quantisation, "device_map": "auto"}


def with_method(model: Any, recipe: Recipe) -> Any:
    """Add a recipe's adapter to a model and freeze the rest, or choose the layers that are trained."""
    from peft import LoraConfig, TaskType, get_peft_model

    kind = TaskType.SEQ_2_SEQ_LM if model.config.is_encoder_decoder else TaskType.CAUSAL_LM
    config = LoraConfig(
        task_type=kind,
        r=recipe.rank,
        lora_alpha=recipe.alpha or 2 * recipe.rank,
        lora_dropout=recipe.dropout,
        target_modules="all-linear",  # never the embeddings: then any server can load it
    )
    made = get_peft_model(model, config)
    wheel = recipe.model.casefold() == DEFAULT_WRITER.casefold()
    made.peft_config["default"].base_model_name_or_path = DEFAULT_WRITER if wheel else recipe.model
    return made


def takes(model: Any, argument: str) -> bool:
    """Say whether a model, under whatever adapter, takes an argument of this name."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    return argument in inspect.signature(inner.forward).parameters
