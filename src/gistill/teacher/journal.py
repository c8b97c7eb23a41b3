"""The journal: every call to a large model in one SQLite file, so that no answer is lost, paid twice or hidden.

An attempt is written before its bytes leave and finished when the answer is there, each in a commit of its own. What a
killed process had asked and not heard stays `open`: nobody can know whether it was paid. The file is in WAL mode: it
can be read, by `gistill cost` or the sqlite3 shell, while a run writes, and several processes may write into one.
A commit is not forced to the disk (`synchronous=NORMAL`): the operating system holds what a killed process wrote, so
`kill -9` loses nothing; a power cut may lose the last few commits, but does not harm the file.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from gistill.errors import GistillError, InputError
from gistill.files import hash_text
from gistill.lm.seam import Request, Stop
from gistill.teacher.prices import Cost, costs

VERSION = 1
MARK = 0x67697374  # "gist": application_id, so that the `file` command and we know a journal
_DAMAGED = (sqlite3.DatabaseError, UnicodeDecodeError)  # the latter where SQLite's own sentence quotes the damage
_WAIT = 60.0  # seconds to wait for another writer
_AT_ONCE = 500  # keys in one question to SQLite
_TABLES = """
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,             -- of the request: model, messages, sampling, schema
    run TEXT NOT NULL,
    step TEXT NOT NULL,
    model TEXT NOT NULL,
    url TEXT NOT NULL,
    max_tokens INTEGER NOT NULL,
    at TEXT NOT NULL,              -- UTC, when the bytes were about to leave
    seconds REAL,                  -- until the answer or the error, NULL while open
    prompt_tokens INTEGER,         -- as the server told, NULL where it did not, as in the next two
    completion_tokens INTEGER,
    cached_tokens INTEGER,
    price REAL,                    -- USD, NULL is unknown, never 0
    price_source TEXT NOT NULL DEFAULT 'unknown',
    price_most REAL,               -- USD, an upper estimate made before the call, NULL where the model has no price
    status INTEGER,                -- HTTP, NULL where no answer came
    outcome TEXT NOT NULL DEFAULT 'open' CHECK (outcome IN ('open', 'ok', 'failed')),
    error TEXT,                    -- kind of failure
    detail TEXT,
    stop TEXT,                     -- end or length
    text TEXT,
    body BLOB NOT NULL             -- the request's body, the very bytes
);
CREATE INDEX answered ON attempts (key) WHERE outcome = 'ok';
CREATE INDEX spent ON attempts (run, price, price_most);
CREATE TABLE hits (                -- answers served again without a call
    id INTEGER PRIMARY KEY,
    attempt INTEGER NOT NULL REFERENCES attempts (id),
    run TEXT NOT NULL,
    step TEXT NOT NULL,
    at TEXT NOT NULL
);
CREATE INDEX hit_runs ON hits (run);
"""


def request_key(model: str, request: Request) -> str:
    """Name a request by everything that decides its answer, as a SHA-256 in hex.

    `max_tokens` is left out: a complete answer is the same under any larger limit, and `Journal.find` knows which
    answers were cut. The seed counts only where answers are drawn (temperature above 0). The server's address is left
    out, too: the same model behind another address is asked nothing twice.
    """
    asked = {
        "model": model,
        "messages": [[message.role, message.content] for message in request.messages],
        "temperature": float(request.temperature),
        "seed": request.seed if request.temperature > 0 else None,
        "stop": list(request.stop),
        "schema": request.answer_schema,
    }
    if request.temperature > 0 and request.top_p < 1:  # else it decides nothing, and was in no key before
        asked["top_p"] = request.top_p
    return hash_text(json.dumps(asked, sort_keys=True, separators=(",", ":")))


@dataclass(frozen=True)
class Kept:
    """An answer that can be served again.

    Attributes:
        attempt: The attempt that brought it.
        prompt_tokens: As the server told; None where it did not. The same holds for `completion_tokens`.
    """

    attempt: int
    key: str
    text: str
    stop: Stop
    prompt_tokens: int | None
    completion_tokens: int | None


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended. None stands for what is not known.

    Attributes:
        price: USD. None is unknown, and is counted as unknown.
        error: Kind of the failure; empty for an answer.
    """

    seconds: float
    outcome: Literal["ok", "failed"]
    status: int | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    price: float | None = None
    price_source: str = "unknown"
    error: str = ""
    detail: str = ""
    text: str = ""
    stop: str = ""


@dataclass(frozen=True)
class Sent:
    """One body that was about to leave, for the audit."""

    attempt: int
    run: str
    step: str
    body: bytes


class Journal:
    """One file of attempts and hits.

    It can be used from several threads. `step` may be set at any time; what is written from then on carries it.

    Args:
        path: The file; made where there is none, readable by its owner alone, for it holds what was sent.
        run: What the calls are booked under. Limits of money and calls count per run.
        step: The step of the run.
        readonly: Open an existing journal to look at it.

    Raises:
        InputError: The file is not a journal, or is one of a newer version, or is not there to be read; from
            what reads: it is damaged.
        GistillError: From what writes: it cannot be written.
    """

    def __init__(self, path: Path | str, *, run: str = "", step: str = "", readonly: bool = False) -> None:
        self.path, self.run, self.step = Path(path), run, step
        self._lock = threading.RLock()
        self._db = _opened(self.path, readonly=readonly)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. Nothing is lost without it."""
        with self._lock:
            self._db.close()

    @contextmanager
    def during(self, step: str) -> Iterator[None]:
        """Book what happens inside under a step."""
        before, self.step = self.step, step
        try:
            yield
        finally:
            self.step = before

    # Writing

    def begin(
        self, key: str, *, model: str, url: str, max_tokens: int, body: bytes, price_most: float | None = None
    ) -> int:
        """Write down an attempt whose bytes are about to leave, and return its id. See the table for the columns."""
        row = (key, self.run, self.step, model, url, max_tokens, _now(), price_most, body)
        with self._writing():
            made = self._db.execute(
                "INSERT INTO attempts (key, run, step, model, url, max_tokens, at, price_most, body)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
        return int(made.lastrowid or 0)

    def finish(self, attempt: int, outcome: Outcome) -> None:
        """Write down how an attempt ended. An attempt ends once: a second word about it is an error of the caller."""
        columns = list(Outcome.__dataclass_fields__)
        values = [getattr(outcome, name) for name in columns]
        with self._writing():
            changed = self._db.execute(
                f"UPDATE attempts SET {', '.join(f'{name} = ?' for name in columns)} WHERE id = ? AND outcome = 'open'",
                [value if value != "" or name == "text" else None for name, value in zip(columns, values, strict=True)]
                + [attempt],
            ).rowcount
        if changed != 1:
            raise ValueError(f"attempt {attempt} is not open")

    def hit(self, attempts: Iterable[int]) -> None:
        """Write down that answers were served again, one call each that was not made."""
        rows = [(attempt, self.run, self.step, _now()) for attempt in attempts]
        if rows:
            with self._writing(), self._db:  # one commit for all
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany("INSERT INTO hits (attempt, run, step, at) VALUES (?, ?, ?, ?)", rows)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with self._lock:
                yield
        except (
            sqlite3.Error,
            UnicodeDecodeError,
        ) as error:  # the disk is full, another process held it for too long, ...
            raise GistillError(
                f"{self.path}: the journal cannot be written: {error}",
                hint="Nothing is sent before it is written to the journal. What is in the journal is safe.",
            ) from error

    # Reading

    def find(self, key: str, max_tokens: int) -> Kept | None:
        """Find an answer that serves this key under this limit. It is not counted as a hit; `hit` does that."""
        return self.find_many([(key, max_tokens)])[0]

    def find_many(self, asked: Sequence[tuple[str, int]]) -> list[Kept | None]:
        """Find the answers to many requests at once.

        Failures are never served. An answer that was cut serves only a limit that is not larger than the one it was
        cut at. Of several answers a whole one is taken, of these the first, so that the choice stays as it is.

        Args:
            asked: `request_key` and `max_tokens` of each request.

        Returns:
            One answer or None for each, in order.
        """
        keys = list(dict.fromkeys(key for key, _ in asked))
        found: dict[str, list[tuple[int, Kept]]] = {}
        for start in range(0, len(keys), _AT_ONCE):
            part = keys[start : start + _AT_ONCE]
            with self._reading():
                rows = self._db.execute(
                    "SELECT max_tokens, id, key, text, stop, prompt_tokens, completion_tokens FROM attempts"
                    f" WHERE outcome = 'ok' AND key IN ({', '.join('?' * len(part))}) ORDER BY stop = 'length', id",
                    part,
                ).fetchall()
            for limit, *kept in rows:
                found.setdefault(kept[1], []).append((limit, Kept(*kept)))
        return [
            next((kept for cut, kept in found.get(key, ()) if kept.stop == "end" or limit <= cut), None)
            for key, limit in asked
        ]

    def sent_bodies(self) -> Iterator[Sent]:
        """Give every body that was about to leave, oldest first, also those of killed runs, byte for byte."""
        last = 0
        while True:  # in pages, so that a long look does not hold the journal
            with self._reading():
                rows = self._db.execute(
                    "SELECT id, run, step, body FROM attempts WHERE id > ? ORDER BY id LIMIT 200", (last,)
                ).fetchall()
            if not rows:
                return
            for attempt, run, step, body in rows:
                yield Sent(attempt, run, step, body if isinstance(body, bytes) else str(body).encode())
            last = rows[-1][0]

    def spent(self, run: str) -> tuple[int, float]:
        """Tell how many attempts a run has made, and what they cost at most, in USD.

        Where a price is unknown, an attempt counts with its upper estimate, and as 0 where there was none either.
        """
        count, most = self.rows(
            "SELECT count(*), coalesce(sum(coalesce(price, price_most, 0)), 0) FROM attempts WHERE run = ?", (run,)
        )[0]
        return int(count), float(most)

    def costs(self, run: str | None = None) -> list[Cost]:
        """Sum up calls, hits, tokens and money per run, step and model; of one run, or of all where None."""
        return costs(self.rows, run)

    def rows(self, question: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Answer a question in SQL."""
        with self._reading():
            return self._db.execute(question, values).fetchall()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            with self._lock:
                yield
        except _DAMAGED as error:
            raise InputError(
                f"the journal is damaged: {error}",
                file=str(self.path),
                hint="Restore it from a copy, or save what is left with `sqlite3 FILE .recover`.",
            ) from error


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")


def _opened(path: Path, *, readonly: bool) -> sqlite3.Connection:
    if readonly and not path.is_file():
        raise InputError("there is no journal here", file=str(path))
    if not path.parent.is_dir():
        raise InputError("the folder is not there", file=str(path))
    if not readonly:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    # isolation_level None: every statement is its own commit unless we say BEGIN
    uri = path.absolute().as_uri() + ("?mode=ro" if readonly else "")
    db = None
    try:
        db = sqlite3.connect(uri, uri=True, timeout=_WAIT, isolation_level=None, check_same_thread=False)
        _prepare(db, path, readonly=readonly)
    except _DAMAGED as error:
        if db is not None:
            db.close()
        raise InputError(f"this is not a journal that can be opened: {error}", file=str(path)) from error
    except InputError:
        if db is not None:
            db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection, path: Path, *, readonly: bool) -> None:
    if not readonly:
        db.execute("PRAGMA synchronous = NORMAL")
        if _empty(db):
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("BEGIN IMMEDIATE")
            if _empty(db):  # no other process was quicker
                for statement in _TABLES.split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA application_id = {MARK}")
                db.execute(f"PRAGMA user_version = {VERSION}")
            db.execute("COMMIT")
    mark, version = (int(db.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("application_id", "user_version"))
    if mark != MARK:
        raise InputError("this is not a journal of gistill", file=str(path))
    if version > VERSION:
        raise InputError(
            f"this journal is of version {version}, and this gistill knows versions up to {VERSION}",
            file=str(path),
            hint="Upgrade gistill, or start a new journal.",
        )


def _empty(db: sqlite3.Connection) -> bool:
    return not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
