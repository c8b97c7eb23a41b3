"""Read safetensors files with numpy alone, bfloat16 included, one tensor in memory at a time."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gistill.errors import ModelBrokenError

Array = np.ndarray[Any, Any]
_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "U8": "u1", "I8": "i1"}


class Tensors(Mapping[str, Array]):
    """The tensors of one safetensors file, or of all such files of a folder, by name. Read when asked for, as float32.

    Raises:
        ModelBrokenError: There is no such file, or one is cut short or is none.

    Source:
        https://github.com/huggingface/safetensors#format
    """

    def __init__(self, path: Path) -> None:
        files = sorted(path.glob("*.safetensors")) if path.is_dir() else [path]
        self._places: dict[str, tuple[Path, str, tuple[int, ...], int, int]] = {}
        for file in files:
            self._read_header(file)
        if not self._places:
            raise ModelBrokenError(f"{path} holds no safetensors weights")

    def _read_header(self, file: Path) -> None:
        try:
            with file.open("rb") as stream:
                (length,) = struct.unpack("<Q", stream.read(8))
                size = file.stat().st_size
                if length > size:
                    raise ValueError("its header is longer than the file")
                header = json.loads(stream.read(length))
            for name, about in header.items():
                if name != "__metadata__":
                    start, end = (8 + length + offset for offset in about["data_offsets"])
                    if end > size:
                        raise ValueError("it is cut short")
                    self._places[name] = (file, about["dtype"], tuple(about["shape"]), start, end)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
            raise ModelBrokenError(
                f"{file} is not a complete safetensors file ({error})", hint="Download or create it again."
            ) from error

    def __getitem__(self, name: str) -> Array:
        file, kind, shape, start, end = self._places[name]
        if kind not in _TYPES:
            raise ModelBrokenError(f"{file}: {name} is stored as {kind}, which is not read here")
        with file.open("rb") as stream:
            stream.seek(start)
            values = np.frombuffer(stream.read(end - start), dtype=_TYPES[kind])
        if kind == "BF16":  # the upper half of a float32
            values = (values.astype("<u4") << 16).view("<f4")
        return values.astype(np.float32).reshape(shape)

    def shape(self, name: str) -> tuple[int, ...]:
        """Give a tensor's shape without reading it."""
        return self._places[name][2]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)
