"""Answers on disk: what a system said of each text, kept as it was said, so that nothing is asked twice.

One JSON-lines file a system and set, named by the hash of all that decides the answers, which stands in the manifest
beside it; so answers about something else are another file, and never gone on with. A line is a chunk of texts
and is written at once; a last line cut off by a kill is dropped and its chunk asked again, so that a resumed file is
the same as one made in one go.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from gistill import files, runs
from gistill.runs import Run, holding
from gistill.schema import Noun

CHUNK = 32  # texts asked together


class Answered(Noun):
    """How far the answers are; each line of their file says which texts it is about."""

    texts: int
    of: int


class Cost(NamedTuple):
    """What answering took."""

    seconds: float
    peak_mb: float | None  # largest resident size of the process, libraries and weights included; None if not known


@dataclass
class Kept:
    """The file of answers of one system about one set.

    Args:
        folder: Where the files are.
        decided_by: All that decides the answers, as JSON.
        count: How many texts there are to answer.
    """

    folder: Path
    decided_by: dict[str, Any]
    count: int

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self.folder / f"{digest(self.decided_by)}.jsonl"

    def chunks(self) -> list[dict[str, Any]]:
        """Read the whole chunks that are there, in order."""
        return self._whole()[0]

    @property
    def answered(self) -> int:
        """How many texts have an answer."""
        return sum(len(chunk["replies"]) for chunk in self.chunks())

    def replies(self) -> list[Any]:
        """Give every text's reply, in order."""
        return [reply for chunk in self.chunks() for reply in chunk["replies"]]

    def cost(self) -> Cost:
        """Say what the answers took, in whichever runs they were made."""
        chunks = self.chunks()
        peaks = [chunk["peak_mb"] for chunk in chunks if chunk["peak_mb"] is not None]
        return Cost(sum(chunk["seconds"] for chunk in chunks), max(peaks, default=None))

    def complete(
        self, ask: Callable[[int, int], tuple[Sequence[Any], float]], *, peak: Callable[[], float | None]
    ) -> None:
        """Ask for what is missing, chunk by chunk.

        Args:
            ask: Gives the replies to the texts from one number to below another, and the seconds that took.
            peak: Gives the process's peak memory in MB.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with holding(self.path):
            self._complete(ask, peak)

    def _complete(
        self, ask: Callable[[int, int], tuple[Sequence[Any], float]], peak: Callable[[], float | None]
    ) -> None:
        whole, good = self._whole()
        manifest = self.path.with_suffix(".manifest.json")
        fresh = Run[Answered](made_from=self.decided_by, far=Answered(texts=0, of=self.count))
        done = fresh.model_copy(update={"far": Answered(texts=self.count, of=self.count), "whole": True})
        if len(whole) * CHUNK >= self.count and runs.load(manifest, Run[Answered]) == done:
            return
        runs.save(manifest, fresh)
        with files.appending(self.path, good) as add:
            for start in range(len(whole) * CHUNK, self.count, CHUNK):
                replies, seconds = ask(start, start + self._size(start))
                chunk = {"from": start, "replies": list(replies), "seconds": round(seconds, 4), "peak_mb": peak()}
                add(json.dumps(chunk).encode() + b"\n")  # ASCII keeps even a lone surrogate
        runs.save(manifest, done)

    def _whole(self) -> tuple[list[dict[str, Any]], int]:
        """Read the chunks up to the first that is damaged, and say how many bytes they are."""
        chunks: list[dict[str, Any]] = []
        good = 0
        try:
            lines = self.path.read_bytes().split(b"\n")[:-1]  # what follows the last newline was cut off
        except FileNotFoundError:
            return [], 0
        for line in lines:
            try:
                chunk = json.loads(line)
                start = chunk["from"]
                if start != len(chunks) * CHUNK or len(chunk["replies"]) != self._size(start):
                    break
            except (ValueError, KeyError, TypeError):
                break
            chunks.append(chunk)
            good += len(line) + 1
        return chunks, good

    def _size(self, start: int) -> int:
        return min(CHUNK, self.count - start)


def digest(value: object) -> str:
    """Hash a JSON value: 16 hexadecimal digits."""
    return files.hash_json(value)[:16]
