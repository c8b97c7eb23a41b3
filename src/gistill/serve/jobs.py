"""Jobs in SQLite: what was asked for, by whom, how far it is. They outlive the server.

A job's files are in a folder of its own beside the database. What is deleted is overwritten there, too.
"""

from __future__ import annotations

import json
import secrets
import shutil
import sqlite3
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

State = Literal["held", "queued", "running", "done", "failed", "canceled"]
ENDED: tuple[State, ...] = ("done", "failed", "canceled")
_VERSION = 1  # of the table


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job.

    Attributes:
        owner: See `security.Keys.owner`.
        state: held waits for its owner to start it; queued for a process.
        name: Of the file that was sent.
        settings: As they were asked for.
        created: Seconds since 1970, as `changed`, when its state last changed.
        tries: How often it was begun.
        error: Why it failed: a code and a sentence.
        step: What it is doing, with items done and in all (None when not known).
    """

    id: str
    owner: str
    state: State
    name: str
    settings: dict[str, Any]
    created: float
    changed: float
    tries: int = 0
    error: tuple[str, str] | None = None
    step: str = ""
    done: int = 0
    total: int | None = None


class Jobs:
    """The jobs of a server, in a folder that no other server uses. May be asked from several threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.RLock()
        self._progress: dict[str, tuple[str, int, int | None]] = {}
        self._db = sqlite3.connect(folder / "jobs.sqlite3", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA secure_delete = ON")
        self._db.execute("PRAGMA busy_timeout = 5000")
        if self._one("PRAGMA user_version")[0] == 0:
            self._db.execute(
                "CREATE TABLE jobs (id TEXT PRIMARY KEY, owner TEXT NOT NULL, state TEXT NOT NULL, name TEXT NOT NULL, "
                "settings TEXT NOT NULL, created REAL NOT NULL, changed REAL NOT NULL, tries INTEGER NOT NULL, "
                "error TEXT)"
            )
            self._db.execute(f"PRAGMA user_version = {_VERSION}")
        self._do("UPDATE jobs SET state = 'queued' WHERE state = 'running'")  # the last server did not end them
        self._sweep()

    def place(self, job: str) -> Path:
        """Name the folder of a job's files."""
        return self.folder / job

    def new_id(self) -> str:
        """Draw an id that nobody can guess."""
        return secrets.token_hex(16)

    def add(self, job: str, owner: str, name: str, settings: Mapping[str, Any], *, held: bool) -> Job:
        """Keep a job whose files are in their place."""
        now = time.time()
        state = "held" if held else "queued"
        self._do(
            "INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, 0, NULL)",
            (job, owner, state, name, json.dumps(settings), now, now),
        )
        found = self.get(job, owner)
        assert found is not None
        return found

    def get(self, job: str, owner: str | None) -> Job | None:
        """Find a job of an owner; None for the owner finds everybody's."""
        with self._lock:
            row = self._one("SELECT * FROM jobs WHERE id = ? AND (? IS NULL OR owner = ?)", (job, owner, owner))
            return self._job(row) if row else None

    def of(self, owner: str, limit: int) -> list[Job]:
        """List the newest jobs of an owner."""
        with self._lock:
            rows = self._db.execute(
                "SELECT * FROM jobs WHERE owner = ? ORDER BY created DESC, id LIMIT ?", (owner, limit)
            )
            return [self._job(row) for row in rows.fetchall()]

    def count(self, *states: State) -> int:
        """Count the jobs in some states."""
        marks = ", ".join("?" * len(states))
        return int(self._one(f"SELECT count(*) FROM jobs WHERE state IN ({marks})", states)[0])

    def take(self) -> Job | None:
        """Begin the oldest job that waits."""
        with self._lock:
            row = self._one("SELECT * FROM jobs WHERE state = 'queued' ORDER BY created, id LIMIT 1")
            if row is None:
                return None
            self._do(
                "UPDATE jobs SET state = 'running', tries = tries + 1, changed = ? WHERE id = ?", (time.time(), row[0])
            )
            return self.get(row[0], None)

    def at(self, job: str, step: str, done: int, total: int | None) -> None:
        """Remember how far a job is."""
        with self._lock:
            self._progress[job] = (step, done, total)

    def move(
        self, job: str, was: Sequence[State], state: State, *, error: tuple[str, str] | None = None, again: bool = False
    ) -> bool:
        """Change a job's state, if it is one of some.

        Args:
            job: Its id.
            was: The states that it may have.
            state: The one it gets.
            error: Why it failed.
            again: Whether the last try does not count.

        Returns:
            Whether it was so.
        """
        marks = ", ".join("?" * len(was))
        with self._lock:
            cursor = self._do(
                f"UPDATE jobs SET state = ?, error = ?, changed = ?, tries = tries - ? WHERE id = ? "
                f"AND state IN ({marks})",
                (state, json.dumps(error) if error else None, time.time(), int(again), job, *was),
            )
            if state != "running":
                self._progress.pop(job, None)
            return cursor.rowcount == 1

    def set(self, job: str, settings: Mapping[str, Any]) -> None:
        """Change the settings of a job."""
        self._do("UPDATE jobs SET settings = ? WHERE id = ?", (json.dumps(settings), job))

    def forget(self, job: str) -> None:
        """Remove a job with its files. Nobody may work on it any more."""
        self._do("DELETE FROM jobs WHERE id = ?", (job,))
        with self._lock:
            self._progress.pop(job, None)
        shutil.rmtree(self.place(job), ignore_errors=True)

    def old(self, days: float) -> list[str]:
        """Name the jobs that did not change for some days and that nobody works on."""
        with self._lock:
            rows = self._db.execute(
                "SELECT id FROM jobs WHERE state IN ('held', 'done', 'failed', 'canceled') AND changed < ?",
                (time.time() - days * 86_400,),
            )
            return [row[0] for row in rows.fetchall()]

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    def _job(self, row: Sequence[Any]) -> Job:
        job, owner, state, name, settings, created, changed, tries, error = row
        told = json.loads(error) if error else None
        made = Job(
            id=job, owner=owner, state=state, name=name, settings=json.loads(settings), created=created,
            changed=changed, tries=tries, error=(told[0], told[1]) if told else None,
        )  # fmt: skip
        step, done, total = self._progress.get(job, ("", 0, None))
        return replace(made, step=step, done=done, total=total)

    def _one(self, statement: str, values: Sequence[Any] = ()) -> Any:
        with self._lock:
            return self._db.execute(statement, values).fetchone()

    def _do(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        with self._lock:
            return self._db.execute(statement, values)

    def _sweep(self) -> None:
        """Remove folders of uploads that broke off: they belong to no job."""
        known = {row[0] for row in self._db.execute("SELECT id FROM jobs")}
        for path in self.folder.iterdir():
            if path.is_dir() and len(path.name) == 32 and path.name not in known:
                with suppress(OSError):
                    shutil.rmtree(path)
