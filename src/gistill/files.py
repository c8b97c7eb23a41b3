"""Files that are whole or not there at all, and the one hash of a file, of text and of JSON.

Every file that somebody may read while it is made, or after its maker was killed, is written beside its place under a
hidden name that ends in `.part`, forced to the disk, and moved to its place in one step.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

_LEFT_OVER = 3600  # seconds; far longer than anything takes to write, so that nobody's work is taken for a leftover


def write(path: Path, data: bytes | str, *, private: bool = False) -> None:
    """Write a file, whole or not at all; what was there stays until the new one is on the disk.

    Args:
        path: Its folder exists.
        data: Text is written as UTF-8, its line ends as they are.
        private: Whether only its owner may read it.

    Raises:
        OSError: It cannot be written.
    """
    with replacing(path, private=private) as file:
        file.write(data if isinstance(data, bytes) else data.encode())


@contextmanager
def replacing(path: Path, *, private: bool = False) -> Iterator[BinaryIO]:
    """Open a file that takes the place of `path` when the block ends, and goes away when it fails; see `write`."""
    with beside(path) as part:
        handle = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | _BINARY, 0o600 if private else 0o666)
        with os.fdopen(handle, "wb") as file:
            yield file


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Name a file to write that takes the place of `path` when the block ends, for libraries that want a path."""
    part = _part_of(path)
    try:
        yield part
        with part.open("r+b") as file:
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def folder_beside(path: Path) -> Iterator[Path]:
    """Make a folder to fill that takes the name `path` when the block ends, and goes away when it fails.

    Nothing is replaced: where there is a folder of that name by then and it is not empty, it stays.
    """
    part = _part_of(path)
    part.mkdir()
    try:
        yield part
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
        if not path.exists():  # another process may have been faster
            part.replace(path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


@contextmanager
def appending(path: Path, good: int = 0) -> Iterator[Callable[[bytes], None]]:
    """Open a file that grows behind its first `good` bytes; what else a killed run left in it is cut off.

    The value adds bytes; when it returns, they are on the disk.
    """
    with path.open("ab") as file:  # what somebody else adds meanwhile is not overwritten, so that it is seen
        file.truncate(good)

        def add(data: bytes) -> None:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

        yield add


def made_once(target: Path, make: Callable[[Path], None], *, folder: bool = False) -> Path:
    """Make a file or a folder where it is not there yet.

    Args:
        target: Its name, of which everything that decides its content is a part. Folders above it are made.
        make: Called with the path to write to, or with an empty folder to fill.
        folder: Whether it is a folder.

    Returns:
        `target`.

    Raises:
        OSError: It cannot be written.
    """
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        sweep(target.parent)
        with folder_beside(target) if folder else beside(target) as part:
            make(part)
    return target


def sweep(folder: Path) -> None:
    """Remove what killed runs left half-written in a folder more than an hour ago."""
    for part in folder.glob(".*.part"):
        with suppress(OSError):
            if part.stat().st_mtime < time.time() - _LEFT_OVER:
                shutil.rmtree(part) if part.is_dir() else part.unlink()


def hash_file(path: Path) -> str:
    """Hash a file's bytes: sha256, 64 hexadecimal digits.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_bytes(data: bytes) -> str:
    """Hash bytes as `hash_file` hashes a file of them."""
    return hashlib.sha256(data).hexdigest()


def hash_text(text: str) -> str:
    """Hash a text: sha256 of its UTF-8, 64 hexadecimal digits. Lone surrogates are no error."""
    return hash_bytes(text.encode("utf-8", "surrogatepass"))


def hash_json(value: Any) -> str:
    """Hash what JSON can hold, whatever the order of its keys: sha256, 64 hexadecimal digits."""
    return hash_text(_AS_JSON(value))


def short_hash(text: str) -> int:
    """Hash a text to a number of 64 bits, to remember it by in memory; nothing on disk is named by it."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


_AS_JSON = json.JSONEncoder(sort_keys=True).encode  # made once: it is used for every record
_BINARY = getattr(os, "O_BINARY", 0)  # Windows would write line ends of its own


def _part_of(path: Path) -> Path:
    """Name what is beside a path for this process alone; cut, as a file system has a longest name."""
    return path.with_name(f".{path.name[:80]}.{os.getpid()}-{secrets.token_hex(3)}.part")
