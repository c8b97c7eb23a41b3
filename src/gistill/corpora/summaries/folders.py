"""Corpora of many small files: all of a pattern read at once, and checked by one hash."""

from __future__ import annotations

from pathlib import Path

from gistill.corpora.labelled import Source
from gistill.errors import InputError
from gistill.files import hash_bytes, hash_json


def open_folder(source: Source, pattern: str, *, folder: Path) -> dict[str, str]:
    """Read all files of a corpus that a pattern names.

    Args:
        source: The corpus; `source.files[pattern]` is the hash of the pairs of name and sha256, sorted by name.
        pattern: As `Path.glob` takes it, below the corpus's folder.
        folder: The data folder.

    Returns:
        Name below the corpus's folder -> text, sorted by name.

    Raises:
        InputError: No file is there, or they are not the published ones.
    """
    root = folder / source.shelf / source.name
    read = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.glob(pattern)}
    found = dict(sorted(read.items()))
    if not found:
        raise InputError("no such files", file=str(root / pattern), hint=f"Get them from {source.address}")
    if hash_json([[name, hash_bytes(data)] for name, data in found.items()]) != source.files[pattern]:
        raise InputError(
            "the files differ from the published ones",
            file=str(root / pattern),
            hint=f"Compare with {source.address}; there must be no other files either.",
        )
    return {name: data.decode("utf-8-sig") for name, data in found.items()}
