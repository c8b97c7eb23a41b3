"""What a reader said of each record, on the disk: read once, kept while the record stays as it is.

    opinions.jsonl            the opinions of all records, in the order of the file; whole at any moment
    opinions.readings.jsonl   a line for each record that was read, and its opinions; grows by a chunk of records
    opinions.manifest.json    what they are made from, how far, whole or not (`runs.Run`)

A chunk of the readings ends in a line with its hash, so that what `kill -9` left of a torn one is known and cut off. A
reading is found again by the record's id and a hash of what the reader sees of it. Where the id is another one, because
the file got a column of ids, say, it is found by that hash alone. Both hold for the readings from before this run.
What a killed run had read is taken over a chunk at a time, as long as the records that come now are those that came
then. From the first other one on (another column of authors keeps other records) all are read, as by a fresh run.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple, Self

from pydantic import Field

from gistill import files, runs
from gistill.runs import Run
from gistill.schema import Noun, Opinion, Record

_HINT = "Name another place with -o, or start again in this one with --fresh."
_HEAD, _END = b'{"record"', b'{"sha256"'  # how a record's first line begins, and the last one of a chunk
_TOGETHER = 256  # readings that are written as one chunk when old ones are dropped


class Kept(NamedTuple):
    """What a reader said of one record, with the counts that belong to it."""

    record: str
    seen: str  # see `seen`
    sentences: int
    failures: dict[str, int]  # by kind
    opinions: tuple[str, ...]  # each as its line of the file of opinions


class Counts(Noun):
    """How far the opinions are."""

    before: int = 0  # bytes of the readings that were there when the run began
    records: int = 0
    sentences: int = 0
    opinions: int = 0
    failures: dict[str, int] = Field(default_factory=dict)


class Extracted(NamedTuple):
    """What an extraction to a file came to."""

    records: int
    sentences: int
    opinions: int
    failures: dict[str, int]  # by kind
    kept: int  # of the records, those that an earlier run had read


def seen(record: Record) -> str:
    """Hash what the reader sees of a record: while it stays, the record is not read again."""
    turns = [(turn.role, turn.start, turn.end) for turn in record.turns]
    more = [spans for spans in (record.parts, record.apart, record.pieces) if spans]  # where there are none, as ever
    dumped = [[span.model_dump() for span in spans] for spans in more]
    cells = [record.cells] if record.cells else []  # an opinion says its words as they stood there
    return files.hash_json([record.text, turns, record.language, *dumped, *cells])[:32]


class _Chunk(NamedTuple):
    """What a killed run had read at once."""

    records: tuple[tuple[str, str], ...]  # id, and what was seen
    places: tuple[int, ...]  # where the line of each is
    sentences: int
    end: int


class Readings:
    """The readings beside a file of opinions. See `Readings.open`."""

    def __init__(self, path: Path, run: Run[Counts]) -> None:
        self.path = path
        self.run = run
        self._store, self._manifest = store_of(path), manifest_of(path)
        self._places: dict[str, int] = {}  # `_key`, or of an older one what was seen -> where its line is
        self._lines: list[int] = []  # where each line is, in the order of the file
        self._good = 0  # bytes of whole chunks
        self._first = True  # no earlier run left anything
        self._killed: deque[_Chunk] = deque()  # behind these, of a run that did not end

    @classmethod
    def open(
        cls, path: Path, made_from: dict[str, str], *, resume: bool = True, say: Callable[[str], None] = lambda _: None
    ) -> Self:
        """Find what an earlier run read, where it was read in the same way.

        Args:
            path: The file of opinions.
            made_from: What the answers depend on besides the records, by name.
            resume: False begins afresh without a word.
            say: Called with one sentence about an earlier run, if there was one.

        Raises:
            InputError: An older version of gistill made the file.
        """
        fresh = Run[Counts](made_from=dict(made_from), far=Counts())
        readings = cls(path, fresh)
        name = readings._manifest
        earlier = runs.resume(name, fresh, what=path.name, say=say, hint=_HINT) if resume else None
        path.with_name(f"{path.name}.part").unlink(missing_ok=True)  # of an older version
        readings._first = earlier is None
        if earlier is None:
            readings._store.unlink(missing_ok=True)
        else:
            readings._index(None if earlier.whole else earlier.far.before, say)
        readings._save(Counts(before=readings._good), whole=False)
        read = len(readings._lines) + sum(len(chunk.records) for chunk in readings._killed)
        if read:
            say(f"{read:,} records were read before; only new and changed ones are read.")
        return readings

    def holds(self, record: str, what: str) -> bool:
        """Say whether a record was read, as it is seen now."""
        key = _key(record, what)
        if key not in self._places and what in self._places:
            self._places[key] = self._places[what]
        return key in self._places

    def unread(
        self, records: Iterable[tuple[Record, str]], full: Callable[[int, int], bool]
    ) -> Iterator[tuple[Record, str]]:
        """Pass on what is to be read, and take over what a killed run had read of it.

        Args:
            records: All records in the order of the file, and what is seen of each.
            full: Says of so many records and sentences whether a chunk is closed; the last one of a file need not be.
        """
        held: list[tuple[Record, str]] = []  # the records of the next chunk of the killed run, as far as they came
        for record, what in records:
            if self.holds(record.id, what):
                continue
            held.append((record, what))
            if self._killed:
                chunk, came = self._killed[0], len(held)
                if came <= len(chunk.records) and chunk.records[came - 1] == (record.id, what):
                    if came == len(chunk.records) and full(came, chunk.sentences):
                        self._take_over(self._killed.popleft())
                        held = []
                    continue
                self._killed.clear()
            yield from held
            held = []
        if self._killed and held and len(held) == len(self._killed[0].records):
            self._take_over(self._killed[0])
            held = []
        self._killed.clear()
        yield from held

    def _take_over(self, chunk: _Chunk) -> None:
        for (record, what), place in zip(chunk.records, chunk.places, strict=True):
            self._good = place
            self._note(record, what)
        self._good = chunk.end

    @contextmanager
    def adding(self) -> Iterator[Callable[[Sequence[Kept]], None]]:
        """Open the readings to grow; the value adds a chunk, which is on the disk when it returns."""
        with ExitStack() as stack:
            append: Callable[[bytes], None] | None = None

            def add(chunk: Sequence[Kept]) -> None:
                nonlocal append
                if append is None:  # not before it is known how much of a killed run's readings stays
                    append = stack.enter_context(files.appending(self._store, self._good))
                lines = [_lines(kept) for kept in chunk]
                end = _end_of(lines)
                append(b"".join([*lines, end]))
                for kept, data in zip(chunk, lines, strict=True):
                    self._note(kept.record, kept.seen)
                    self._good += len(data)
                self._good += len(end)
                far = self.run.far
                self._save(far.model_copy(update=_sum(far, chunk)), whole=False)

            yield add
            if append is None:
                stack.enter_context(files.appending(self._store, self._good))

    def finish(self, order: Sequence[tuple[str, str]], *, read: int) -> Extracted:
        """Write the opinions of all records, and drop the readings of those that are gone.

        Args:
            order: The id of each record in the order of the file, and what was seen of it.
            read: How many of them were read by this run.

        Returns:
            The counts. Where no sentence was read, nothing is written, and a first run leaves nothing.
        """
        if not any(kept.sentences for kept in self._take(order)):
            return self._nothing(order, read)
        counts = Counts()
        pairs = zip(self._take(order), order, strict=True)
        renamed = False
        with files.replacing(self.path) as file:
            while chunk := list(islice(pairs, _TOGETHER)):
                renamed |= any(kept.record != record for kept, (record, _) in chunk)
                current = [_renamed(kept, record) for kept, (record, _) in chunk]
                opinions = (opinion for kept in current for opinion in kept.opinions)
                file.write("".join(f"{opinion}\n" for opinion in opinions).encode())
                counts = counts.model_copy(update=_sum(counts, current))
        if renamed or self._lines != [self._places[_key(*item)] for item in dict.fromkeys(order)]:
            self._drop(list(dict.fromkeys(order)))
        self._save(counts, whole=True)
        return Extracted(counts.records, counts.sentences, counts.opinions, counts.failures, counts.records - read)

    def _nothing(self, order: Sequence[tuple[str, str]], read: int) -> Extracted:
        counts = Counts().model_copy(update=_sum(Counts(), list(self._take(order))))
        if self._first:
            self._store.unlink()
            self._manifest.unlink()
        return Extracted(counts.records, counts.sentences, counts.opinions, counts.failures, counts.records - read)

    def _take(self, order: Iterable[tuple[str, str]]) -> Iterator[Kept]:
        with self._store.open("rb") as file:
            for item in order:
                file.seek(self._places[_key(*item)])
                head = json.loads(file.readline())
                opinions = tuple(file.readline().decode().rstrip("\n") for _ in range(head.pop("opinions")))
                yield Kept(**head, opinions=opinions)

    def _drop(self, order: Sequence[tuple[str, str]]) -> None:
        """Write the readings anew, those of these records alone and in their order."""
        current = (_renamed(kept, record) for kept, (record, _) in zip(self._take(order), order, strict=True))
        with files.replacing(self._store) as file:
            while chunk := list(islice(current, _TOGETHER)):
                lines = [_lines(kept) for kept in chunk]
                file.writelines([*lines, _end_of(lines)])

    def _index(self, before: int | None, say: Callable[[str], None]) -> None:
        """Note where each reading of a whole chunk is; `before` is None where all are from before this run."""
        if not self._store.is_file():
            return
        chunk: list[bytes] = []
        at = 0
        with self._store.open("rb") as file:
            for line in file:
                chunk.append(line)
                if not _is_end(line):
                    continue
                if line != _end_of(chunk[:-1]):
                    break
                read = _chunk(chunk, at)
                at = read.end
                if before is None or read.places[0] < before:
                    for (_, what), place in zip(read.records, read.places, strict=True):
                        self._places.setdefault(what, place)
                    self._take_over(read)
                else:
                    self._killed.append(read)
                chunk = []
        if chunk and _is_end(chunk[-1]):
            whole = len(self._lines) + sum(len(one.records) for one in self._killed)
            say(f"{self._store.name} was changed, so everything after its first {whole:,} records is read again.")

    def _note(self, record: str, what: str) -> None:
        self._places[_key(record, what)] = self._good
        self._lines.append(self._good)

    def _save(self, counts: Counts, *, whole: bool) -> None:
        self.run = self.run.model_copy(update={"far": counts, "whole": whole})
        runs.save(self._manifest, self.run)


def _chunk(lines: Sequence[bytes], at: int) -> _Chunk:
    """Read the heads of a whole chunk that begins at a byte."""
    records, places, sentences = [], [], 0
    for line in lines:
        if line.startswith(_HEAD):
            head = json.loads(line)
            records.append((head["record"], head["seen"]))
            places.append(at)
            sentences += head["sentences"]
        at += len(line)
    return _Chunk(tuple(records), tuple(places), sentences, at)


def store_of(path: Path) -> Path:
    """Name the readings beside a file of opinions."""
    return path.with_name(f"{path.stem}.readings.jsonl")


def manifest_of(path: Path) -> Path:
    """Name the manifest beside a file of opinions."""
    return path.with_name(f"{path.stem}.manifest.json")


def _key(record: str, what: str) -> str:
    return f"{what} {record}"


def _lines(kept: Kept) -> bytes:
    """Write a line with the counts, and behind it the opinions as they are in their file."""
    head = {**kept._asdict(), "opinions": len(kept.opinions)}
    return "".join(f"{line}\n" for line in (json.dumps(head, ensure_ascii=False), *kept.opinions)).encode()


def _end_of(lines: Sequence[bytes]) -> bytes:
    return json.dumps({"sha256": files.hash_bytes(b"".join(lines))}).encode() + b"\n"


def _is_end(line: bytes) -> bool:
    return line.startswith(_END) and line.endswith(b"}\n")


def _renamed(kept: Kept, record: str) -> Kept:
    """Give a reading to the record that it is now of, whose id the ids of its opinions begin with."""
    if kept.record == record:
        return kept
    opinions = []
    for line in kept.opinions:
        opinion = Opinion.model_validate_json(line)
        new = {"id": f"{record}:{opinion.id.rpartition(':')[2]}", "record": record}
        opinions.append(opinion.model_copy(update=new).model_dump_json())
    return kept._replace(record=record, opinions=tuple(opinions))


def _sum(counts: Counts, chunk: Sequence[Kept]) -> dict[str, object]:
    failures = Counter(counts.failures)
    for kept in chunk:
        failures.update(kept.failures)
    return {
        "records": counts.records + len(chunk),
        "sentences": counts.sentences + sum(kept.sentences for kept in chunk),
        "opinions": counts.opinions + sum(len(kept.opinions) for kept in chunk),
        "failures": dict(sorted(failures.items())),
    }
