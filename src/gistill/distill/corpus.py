"""A corpus in shards that survives `kill -9`: finished shards are not made again, and equal input gives equal bytes.

    manifest.json              what it is made from, how far it is, and the counts of every shard
    shards/00000.jsonl         rows (`tasks.Row`)
    shards/00000.failures.jsonl  what was asked about in this shard and refused
    failures.jsonl             all of them, with those set apart before anything was asked
    train.jsonl                what the student learns, as `gistill finetune writer` takes it

A shard is written whole, in one move, and then the manifest names it, in one move. So the manifest never names a shard
that is not there, and a kill loses at most the shard at work, whose answers the teacher's journal has. Only
its owner can read a file with texts: the personal data in them were put back.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Self

from pydantic import Field

from gistill import files, runs
from gistill.distill.tasks import Row, Task
from gistill.errors import InputError
from gistill.runs import MANIFEST, Run
from gistill.schema import Failure, Noun
from gistill.skills.skill import to_json
from gistill.tables import read_jsonl, write_jsonl

_HINT = f"Remove {MANIFEST} to start again; answers in the journal are not paid again."


class Shard(Noun):
    """What one shard holds. `whole` is False where the run stopped in it, so that it is made again."""

    items: int  # asked about
    rows: int
    sha256: str  # of the rows' file
    failures: dict[str, int] = Field(default_factory=dict)  # by kind
    mended: dict[str, int] = Field(default_factory=dict)  # by kind
    unanswered: int = 0  # texts no answer came about; the next run asks again
    agreement: float | None = None  # mean over the rows; None where only one answer was asked for
    whole: bool = True


class Manifest(Noun):
    """How far a corpus is."""

    planned: int  # texts to ask about
    set_apart: dict[str, int] = Field(default_factory=dict)  # before anything was asked, by kind
    shards: tuple[Shard | None, ...] = ()  # None where a shard is still to be made

    @property
    def done(self) -> bool:
        """Whether every text was asked about and answered."""
        return all(shard and shard.whole and not shard.unanswered for shard in self.shards)

    @property
    def rows(self) -> int:
        """Rows in all shards."""
        return sum(shard.rows for shard in self.shards if shard)

    @property
    def asked(self) -> int:
        """Texts asked about in all shards."""
        return sum(shard.items for shard in self.shards if shard)

    @property
    def unanswered(self) -> int:
        """Texts that no answer came about."""
        return sum(shard.unanswered for shard in self.shards if shard)

    @property
    def failures(self) -> dict[str, int]:
        """What was refused of the answers, by kind."""
        return _summed(shard.failures for shard in self.shards if shard)

    @property
    def mended(self) -> dict[str, int]:
        """What was put right in the answers, by kind."""
        return _summed(shard.mended for shard in self.shards if shard)

    @property
    def agreement(self) -> float | None:
        """Mean agreement over all rows; None where only one answer was asked for."""
        parts = [(s.agreement, s.rows) for s in self.shards if s and s.agreement is not None]
        total = sum(rows for _, rows in parts)
        return round(sum(value * rows for value, rows in parts) / total, 4) if total else None


class Corpus:
    """A corpus on disk, open for writing. See `Corpus.open`."""

    def __init__(self, folder: Path, run: Run[Manifest]) -> None:
        self.folder = folder
        self.run = run

    @property
    def manifest(self) -> Manifest:
        """How far it is."""
        return self.run.far

    @classmethod
    def open(cls, folder: Path, run: Run[Manifest], *, say: Callable[[str], None]) -> Self:
        """Go on with an earlier run's shards where they are made from the same, else begin afresh and say why.

        Args:
            folder: It exists.
            run: Of a corpus of which nothing is made yet.
            say: Called with one sentence about an earlier run, if there was one.

        Raises:
            InputError: Another version of gistill made what is in the folder, in another form.
        """
        corpus, manifest = cls(folder, run), run.far
        aside = "; answers in the journal are not paid again"
        found = runs.resume(folder / MANIFEST, run, what=str(folder), say=say, aside=aside, hint=_HINT)
        if found is None or len(found.far.shards) != len(manifest.shards):
            shutil.rmtree(folder / "shards", ignore_errors=True)
            return corpus
        earlier = found.far
        kept = tuple(
            shard if shard and shard.whole and not shard.unanswered and corpus._holds(number, shard) else None
            for number, shard in enumerate(earlier.shards)
        )
        corpus.run = run.model_copy(update={"far": manifest.model_copy(update={"shards": kept})})
        finished = sum(shard.items for shard in kept if shard)
        if finished:
            say(f"Continuing after {finished:,} of {manifest.planned:,} texts.")
        return corpus

    def path(self, number: int, *, failures: bool = False) -> Path:
        """Say where a shard's rows, or its failures, are."""
        return self.folder / "shards" / f"{number:05d}.{'failures.' if failures else ''}jsonl"

    def add(self, number: int, rows: Sequence[Row], failures: Sequence[Failure], shard: Shard) -> None:
        """Write a shard, then the manifest that names it."""
        self.path(number).parent.mkdir(exist_ok=True)
        data = "".join(row.model_dump_json() + "\n" for row in rows).encode()
        files.write(self.path(number, failures=True), _lines(failures), private=True)
        files.write(self.path(number), data, private=True)
        named = shard.model_copy(update={"sha256": files.hash_bytes(data)})
        shards = (*self.manifest.shards[:number], named, *self.manifest.shards[number + 1 :])
        self._save(self.manifest.model_copy(update={"shards": shards}), whole=False)

    def rows(self) -> Iterator[Row]:
        """Go through the rows of all shards, in order."""
        for number, shard in enumerate(self.manifest.shards):
            if shard and shard.rows:
                yield from read_jsonl(self.path(number), Row)

    def finish(self, task: Task, set_apart: Path) -> int:
        """Write what is learned and what was refused as one file each; and whether all is done.

        Args:
            task: Says what the student learns from a row.
            set_apart: The failures from before anything was asked, as JSONL.

        Returns:
            How many training examples were written.
        """
        write_jsonl(self.folder / "failures.jsonl", self._failures(set_apart), private=True)
        taught = (_taught(task, row) for row in self.rows())
        examples = write_jsonl(self.folder / "train.jsonl", taught, private=True)
        self._save(self.manifest, whole=self.manifest.done)
        return examples

    def _failures(self, set_apart: Path) -> Iterator[Failure]:
        yield from read_jsonl(set_apart, Failure)
        for number, shard in enumerate(self.manifest.shards):
            if shard:
                yield from read_jsonl(self.path(number, failures=True), Failure)

    def _holds(self, number: int, shard: Shard) -> bool:
        path = self.path(number)
        if not (path.is_file() and self.path(number, failures=True).is_file()):
            return False
        return files.hash_file(path) == shard.sha256

    def _save(self, manifest: Manifest, *, whole: bool) -> None:
        self.run = self.run.model_copy(update={"far": manifest, "whole": whole})
        runs.save(self.folder / MANIFEST, self.run)


def load_manifest(folder: Path) -> Run[Manifest] | None:
    """Read a corpus's manifest; None where there is none, or none that this version reads."""
    try:
        return runs.load(folder / MANIFEST, Run[Manifest])
    except InputError:
        return None


def _taught(task: Task, row: Row) -> dict[str, object]:
    """Write what a student learns from a row: as any trainer takes it, and as its skill scores it."""
    example = task.example(row)
    told: dict[str, object] = {
        "prompt": [message.model_dump() for message in example.messages],
        "completion": [{"role": "assistant", "content": example.answer}],
        "id": row.id,
    }
    if example.skill:
        told |= {"skill": example.skill, "input": to_json(example.asked), "result": to_json(example.result)}
    return told


def _lines(failures: Iterable[Failure]) -> bytes:
    return "".join(failure.model_dump_json() + "\n" for failure in failures).encode()


def _summed(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for part in counts:
        total.update(part)
    return dict(sorted(total.items()))
