"""A growing JSON-lines file that survives `kill -9`: after a restart it ends with the same bytes.

`opinions.jsonl.part` grows; `opinions.manifest.json` says how many of its bytes are good, what they hash to, and what
they were made from. Both are on the disk before the next chunk is begun, the manifest last and in one move.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal, Self

from gistill.schema import Failure, Opinion

_CHANGED = {"input": "the input", "reader": "the reader", "settings": "how gistill reads"}


@dataclass
class Checkpoint:
    """How far a file of opinions is made, and from what."""

    path: Path
    made_from: dict[str, str]  # input, reader, settings: what the bytes depend on
    records: int = 0  # records whose opinions are all in the file
    sentences: int = 0
    opinions: int = 0
    bytes: int = 0
    sha256: str = hashlib.sha256().hexdigest()
    failures: dict[str, int] = field(default_factory=dict)  # of reading; by kind
    done: bool = False
    resumed: int = 0  # records that an earlier run had read

    @property
    def part(self) -> Path:
        """The file while it grows."""
        return self.path.with_name(self.path.name + ".part")

    @property
    def manifest(self) -> Path:
        """The file that says how far the other one is good."""
        return self.path.with_name(self.path.stem + ".manifest.json")

    @classmethod
    def open(
        cls, path: Path, made_from: dict[str, str], *, resume: bool = True, say: Callable[[str], None] = lambda _: None
    ) -> Self:
        """Go on from an earlier run where that is safe, else begin afresh and say why.

        Args:
            path: The finished file's path.
            made_from: What the bytes depend on, by name.
            resume: False begins afresh without a word.
            say: Called with one sentence about an earlier run, if there was one.
        """
        fresh = cls(path, made_from)
        if not resume or not fresh.manifest.exists():
            return fresh
        earlier = fresh._load()
        if earlier is None:
            say(f"{fresh.manifest.name} cannot be read, so reading starts afresh.")
            return fresh
        changed = [_CHANGED.get(name, name) for name in made_from if earlier.made_from.get(name) != made_from[name]]
        if changed:
            what = " and ".join(changed)
            say(f"{what[0].upper()}{what[1:]} changed since {path.name} was made, so reading starts afresh.")
            return fresh
        if not earlier._recover():
            say(f"{path.name} is not as gistill left it, so reading starts afresh.")
            return fresh
        earlier.resumed = earlier.records
        if earlier.done:
            say(f"{path.name} is made from this input already, so nothing is read again.")
        elif earlier.records:
            say(f"Going on after the {earlier.records:,} records read before.")
        return earlier

    @contextmanager
    def appending(self) -> Iterator[Callable[[Sequence[Opinion], Sequence[Failure], int, int], None]]:
        """Open the growing file at its last good byte; the value adds a chunk: what came of it, records, sentences."""
        mode: Literal["r+b", "wb"] = "r+b" if self.bytes and self.part.exists() else "wb"
        hasher = hashlib.sha256()
        with self.part.open(mode) as file:
            if self.bytes:
                _hash_first(file, self.bytes, hasher)
            file.truncate(self.bytes)  # whatever a kill left of a torn chunk
            self._save()

            def add(opinions: Sequence[Opinion], failures: Sequence[Failure], records: int, sentences: int) -> None:
                data = _lines(opinions)
                file.write(data)
                _to_disk(file)
                hasher.update(data)
                self.records += records
                self.sentences += sentences
                self.opinions += len(opinions)
                self.bytes += len(data)
                self.sha256 = hasher.hexdigest()
                kinds = Counter(failure.kind for failure in failures)
                self.failures = dict(sorted((Counter(self.failures) + kinds).items()))
                self._save()

            yield add

    def finish(self) -> None:
        """Give the finished file its name."""
        self.done = True
        self._save()
        self.part.replace(self.path)

    def replace_with(self, opinions: Sequence[Opinion]) -> None:
        """Write the finished file anew with the same opinions, otherwise categorised, so that it stays reusable."""
        data = _lines(opinions)
        self.bytes, self.sha256 = len(data), hashlib.sha256(data).hexdigest()
        # Killed between these two, the file no longer fits its manifest, and is read again: slow, but never wrong.
        write_whole(self.path, data)
        self._save()

    def _load(self) -> Self | None:
        try:
            saved = json.loads(self.manifest.read_text(encoding="utf-8"))
            counts = {name: int(saved[name]) for name in ("records", "sentences", "opinions", "bytes")}
            made_from = {str(name): str(value) for name, value in saved["made_from"].items()}
            failures = {str(kind): int(count) for kind, count in saved["failures"].items()}
            return type(self)(
                self.path, made_from, sha256=saved["sha256"], done=saved["done"] is True, failures=failures, **counts
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    def _recover(self) -> bool:
        """Check the earlier bytes; a run killed just before the last move is moved now."""
        if self.done and self._holds(self.path, whole=True):
            return True
        if not self._holds(self.part, whole=self.done):
            return False
        if self.done:
            self.part.replace(self.path)
        return True

    def _holds(self, path: Path, *, whole: bool) -> bool:
        if not path.is_file() or path.stat().st_size < self.bytes or (whole and path.stat().st_size != self.bytes):
            return False
        hasher = hashlib.sha256()
        with path.open("rb") as file:
            _hash_first(file, self.bytes, hasher)
        return hasher.hexdigest() == self.sha256

    def _save(self) -> None:
        state = {
            "file": self.path.name,
            "done": self.done,
            "made_from": self.made_from,
            "records": self.records,
            "sentences": self.sentences,
            "opinions": self.opinions,
            "failures": self.failures,
            "bytes": self.bytes,
            "sha256": self.sha256,
        }
        write_whole(self.manifest, (json.dumps(state, indent=2, ensure_ascii=False) + "\n").encode())


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file in one move, so that nobody ever finds half of it."""
    new = path.with_name(path.name + ".new")
    try:
        with new.open("wb") as file:
            file.write(data)
            _to_disk(file)
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise


def _lines(opinions: Iterable[Opinion]) -> bytes:
    return "".join(opinion.model_dump_json() + "\n" for opinion in opinions).encode()


def _to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _hash_first(file: BinaryIO, size: int, hasher: hashlib._Hash) -> None:
    while size > 0 and (piece := file.read(min(size, 1 << 20))):
        hasher.update(piece)
        size -= len(piece)
