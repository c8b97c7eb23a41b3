"""What left, searched again: every byte that a journal or a batch file says was sent.

The gate's promise is about bytes, so the audit knows nothing of the gate: it reads what was written down before
sending, and looks for personal data in it as if nobody had looked before.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gistill.errors import InputError
from gistill.privacy import NameDetector, find
from gistill.teacher.journal import MARK, Journal

_SQLITE = b"SQLite format 3\0"
_HEAD = 72  # bytes of SQLite's header, up to and with the mark of the program whose file it is


@dataclass(frozen=True)
class Leak:
    """Personal data in what was sent.

    Attributes:
        file: The journal or the batch file.
        attempt: Which attempt of the journal, or which line of the file, from 1.
        place: Where in the body, as "messages[1].content".
        masked: The value with all letters and digits but the first one struck out.
    """

    file: str
    attempt: int
    place: str
    kind: str
    masked: str


@dataclass
class Audit:
    """What an audit looked at and found."""

    files: list[str] = field(default_factory=list)
    bodies: int = 0
    leaks: list[Leak] = field(default_factory=list)

    @property
    def kinds(self) -> dict[str, int]:
        """Leaks by kind, most first."""
        return dict(Counter(leak.kind for leak in self.leaks).most_common())


def audit(path: Path, *, ignore: Collection[str] = (), names: NameDetector | None = None) -> Audit:
    """Search everything under a path that was sent or was written to be sent.

    Args:
        path: A journal, a batch file, or a folder with such files in it at any depth. Other files of a folder are not
            looked at: a corpus holds the restored texts, and stays here.
        ignore: Kinds that may leave.
        names: Finds people's names; see `privacy.names`.

    Raises:
        InputError: There is nothing there to look at, which is not the same as nothing found.
    """
    done = Audit()
    for file in _files(path):
        done.files.append(str(file))
        for attempt, body in _bodies(file):
            done.bodies += 1
            for place, text in _texts(body):
                done.leaks += [
                    Leak(str(file), attempt, place, one.kind, mask(text[one.start : one.end]))
                    for one in find(text, names=names)
                    if one.kind not in ignore
                ]
    if not done.files:
        raise InputError("there is no journal and no batch file", file=str(path))
    return done


def mask(value: str) -> str:
    """Strike out all letters and digits but the first, and of short values all.

    >>> mask("ada@example.com"), mask("4821")
    ('a**@*******.***', '****')
    """
    kept = 1 if len(value) > 6 else 0
    return value[:kept] + re.sub(r"[^\W_]", "*", value[kept:])


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError("there is no such file or folder", file=str(path))
    return [file for file in sorted(path.rglob("*")) if file.is_file() and (_is_journal(file) or _is_batch(file))]


def _is_journal(file: Path) -> bool:
    """Tell a journal from any other file, also from another program's database."""
    with file.open("rb") as stream:
        head = stream.read(_HEAD)
    if head.startswith(_SQLITE) and head.endswith(MARK.to_bytes(4)):  # whole or damaged: opening it tells
        return True
    # while a run goes on, or after it was killed, the mark may stand in the write-ahead log alone
    return file.with_name(f"{file.name}-wal").is_file() and _mark(file) == MARK


def _mark(file: Path) -> int | None:
    """Ask SQLite for the mark of a database; None where it is none."""
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as database:
            return int(database.execute("PRAGMA application_id").fetchone()[0])
    except sqlite3.Error:
        return None


def _is_batch(file: Path) -> bool:
    """Say whether a file's first line is a request of a batch."""
    if file.suffix != ".jsonl":
        return False
    with file.open("rb") as stream:
        try:
            first = json.loads(stream.readline())
        except (ValueError, RecursionError):
            return False
    return isinstance(first, dict) and {"custom_id", "body"} <= first.keys()


def _bodies(file: Path) -> Iterator[tuple[int, bytes]]:
    with file.open("rb") as stream:
        if stream.read(len(_SQLITE)) != _SQLITE:
            stream.seek(0)
            yield from ((number, line) for number, line in enumerate(stream, 1) if line.strip())
            return
    with Journal(file, readonly=True) as journal:
        for sent in journal.sent_bodies():
            yield sent.attempt, sent.body


def _texts(body: bytes) -> Iterator[tuple[str, str]]:
    """Give every text of a body and its place; of a body that is no JSON, all of it."""
    try:
        yield from _walk(json.loads(body), "")
    except (ValueError, RecursionError):
        yield "body", body.decode("utf-8", "replace")


def _walk(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{place}.{key} (its name)".lstrip("."), key
            yield from _walk(inner, f"{place}.{key}".lstrip("."))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _walk(inner, f"{place}[{number}]")
    elif isinstance(value, str):
        yield place, value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield place, repr(value)
