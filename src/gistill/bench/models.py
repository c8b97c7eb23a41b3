"""Models for a benchmark: loaded only when there is something to ask, and hashed without being loaded."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from gistill.files import hash_bytes, hash_file
from gistill.lm import LanguageModel, find_writer, load_writer
from gistill.reader import find_reader, load_reader

_ENGINES = {
    "reader": ("openvino",),
    "writer": ("openvino", "openvino-genai", "peft", "torch", "transformers"),
}
_PARTS = {".bin", ".gguf", ".jinja", ".json", ".model", ".onnx", ".safetensors", ".txt", ".xml"}
_ABOUT = {"gistill.json", "scores.json"}  # facts about a model that decide none of its answers


def find_weights(kind: str, path: str | None) -> Path:
    """Find the file or folder of a model.

    Raises:
        ModelMissingError: There is none.
    """
    if kind == "reader":
        return find_reader(path)
    found = find_writer(path)
    if found is None:
        load_writer(path)  # says what is missing, and how to get it
        raise AssertionError(f"a writer that cannot be found loads: {path}")
    return found.path


def hash_weights(path: Path) -> str:
    """Hash a model's weights and settings: 16 hexadecimal digits.

    Args:
        path: A file, or a folder of which the files themselves are hashed and no sub-folders. An adapter's base is
            part of it where it can be found here.
    """
    found = b""
    files = [path] if path.is_file() else sorted(f for f in path.iterdir() if f.suffix in _PARTS and f.is_file())
    for file in files:
        if file.name not in _ABOUT:
            found += file.name.encode() + bytes.fromhex(hash_file(file))
    adapter = path / "adapter_config.json"
    if path.is_dir() and adapter.is_file():
        base = find_writer(str(json.loads(adapter.read_text("utf-8")).get("base_model_name_or_path", "")))
        found += hash_weights(base.path).encode() if base else b""
    return hash_bytes(found)[:16]


def engines(kind: str) -> dict[str, str]:
    """Give the versions of the libraries that a "reader" or "writer" may compute with, of those installed."""
    versions = {}
    for name in _ENGINES[kind]:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


@dataclass
class Models:
    """Loads each model once, and only when it is asked for.

    Args:
        load_writer: From a path, or None for the default writer, and whether to keep what prompts begin with alike.
        load_reader: From a path, or None for the reader of the package.
        weights: From "writer" or "reader" and a path to a hash, without loading.
    """

    load_writer: Callable[..., LanguageModel] = load_writer
    load_reader: Callable[[str | None], Any] = load_reader
    weights: Callable[[str, str | None], str] = lambda kind, path: hash_weights(find_weights(kind, path))
    _loaded: dict[tuple[str | bool | None, ...], Any] = field(default_factory=dict)
    _hashes: dict[tuple[str, str | None], str] = field(default_factory=dict)

    def reader(self, path: str | None) -> Any:
        """Give a loaded reader; the model before is let go, so that no two are in memory."""
        return self._only("reader", path, load=lambda: self.load_reader(path))

    def writer(self, path: str | None, *, prefix_cache: bool) -> LanguageModel:
        """Give a loaded writer likewise."""
        key = ("writer", path, prefix_cache)
        found: LanguageModel = self._only(*key, load=lambda: self.load_writer(path, prefix_cache=prefix_cache))
        return found

    def _only(self, *key: str | bool | None, load: Callable[[], Any]) -> Any:
        if key not in self._loaded:
            self._loaded.clear()
            self._loaded[key] = load()
        return self._loaded[key]

    def hash(self, kind: str, path: str | None) -> str:
        """Give the hash of a model's weights."""
        if (kind, path) not in self._hashes:
            self._hashes[kind, path] = self.weights(kind, path)
        return self._hashes[kind, path]
