"""Jobs done one after another, each in a process of its own: what hangs, swells or dies in it is only that job."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from gistill.serve.jobs import Job, Jobs, State
from gistill.serve.limits import Limits

COMMAND = (sys.executable, "-m", "gistill.serve.work")
_LOOK = 0.2  # seconds between two looks at a process
_PREVIEW = 60.0  # seconds
_KB = 1024


class Runner:
    """Does the jobs that wait.

    Args:
        jobs: Where they are.
        setup: What the server was started with; see `work.writer_of`.
        limits: Of time, memory and tries.
        at_once: Jobs at once; 0 does none.
        secrets: Environment variables that a job's process does not get.
        command: Of that process; see `work`.
    """

    def __init__(
        self,
        jobs: Jobs,
        setup: dict[str, Any],
        limits: Limits,
        *,
        at_once: int = 1,
        secrets: tuple[str, ...] = (),
        command: tuple[str, ...] = COMMAND,
    ) -> None:
        self._jobs, self._setup, self._limits, self._secrets = jobs, setup, limits, secrets
        self._command = command
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._changed = threading.Condition()
        self._closing = False
        self._threads = [
            threading.Thread(target=self._work, name=f"gistill-jobs-{n}", daemon=True) for n in range(at_once)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def alive(self) -> bool:
        """Whether what waits will be done."""
        return not self._closing and all(thread.is_alive() for thread in self._threads)

    def wake(self) -> None:
        """Say that a job waits."""
        with self._changed:
            self._changed.notify_all()

    def stop(self, job: str) -> None:
        """End the process of a job whose state says already that it is over; returns when it is gone."""
        with self._changed:
            process = self._running.get(job)
            if process is not None:
                process.kill()
            self._changed.wait_for(lambda: job not in self._running, 10)

    def close(self) -> None:
        """End what runs; it is queued again, and goes on where it was when a server is started again."""
        with self._changed:
            self._closing = True
            for process in self._running.values():
                process.kill()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(10)

    def preview(self, job: Job) -> dict[str, Any]:
        """Look at the file of a job in a process of its own.

        Returns:
            `ended` with what `work.preview` says, or `failed`, `message` and `columns`.
        """
        process = self._start(job, "preview")
        timer = threading.Timer(_PREVIEW, process.kill)
        timer.start()
        try:
            lines = [json.loads(line) for line in process.stdout or ()]
            process.wait()
        finally:
            timer.cancel()
            process.kill()
            _close(process)
        found: dict[str, Any] = (
            lines[-1] if lines else {"failed": "timeout", "message": "The file cannot be looked at."}
        )
        return found

    def _work(self) -> None:
        while True:
            with self._changed:
                if self._closing:
                    return
                job = self._take()
                if job is None:
                    self._changed.wait(5)
                    continue
            try:
                self._do(job)
            except Exception as error:  # no process can be started, or the disk is full: another job may do better
                failed = ("server_error", f"The digest could not be run ({type(error).__name__}).")
                self._move(job.id, ["running"], "failed", error=failed)

    def _take(self) -> Job | None:
        try:
            return self._jobs.take()
        except Exception:  # the disk is full, or the database is locked; it may pass
            return None

    def _do(self, job: Job) -> None:
        process = self._start(job, "digest")
        with self._changed:
            self._running[job.id] = process
            now = self._jobs.get(job.id, None)
            if self._closing or now is None or now.state != "running":  # canceled while it was started
                process.kill()
        told: list[dict[str, Any]] = []
        listener = threading.Thread(target=self._listen, args=(job.id, process, told), daemon=True)
        listener.start()
        why = self._watch(job, process)
        listener.join(10)
        _close(process)
        try:
            self._end(job, told[-1] if told else None, why)
        finally:
            with self._changed:
                self._running.pop(job.id, None)
                self._changed.notify_all()

    def _watch(self, job: Job, process: subprocess.Popen[bytes]) -> tuple[str, str] | None:
        """Wait for a process, and end it where it takes too much; say why."""
        until = time.monotonic() + self._limits.job_seconds
        while True:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_LOOK)
                return None
            if time.monotonic() > until:
                why = ("timeout", "The digest takes too long. Split the file.")
            elif _memory(process.pid) > self._limits.job_memory:
                why = ("out_of_memory", "The digest needs too much memory. Split the file.")
            else:
                continue
            process.kill()
            process.wait()
            return why

    def _end(self, job: Job, told: dict[str, Any] | None, why: tuple[str, str] | None) -> None:
        move = self._move
        if why is not None:
            move(job.id, ["running"], "failed", error=why)
        elif told is not None and "ended" in told:
            move(job.id, ["running"], "done")
        elif told is not None and "failed" in told:
            move(job.id, ["running"], "failed", error=(told["failed"], told["message"]))
        elif self._closing:
            move(job.id, ["running"], "queued", again=True)
        elif job.tries < self._limits.tries:
            move(job.id, ["running"], "queued")
        else:
            died = ("process_died", f"The digest's process ended without a word {job.tries} times.")
            move(job.id, ["running"], "failed", error=died)

    def _move(self, job: str, was: Sequence[State], state: State, **how: Any) -> None:
        """Write down what became of a job; where the disk is full, until it is not."""
        while True:
            try:
                self._jobs.move(job, was, state, **how)
            except sqlite3.Error:
                if self._closing:  # the next server finds it running, and begins it again
                    return
                time.sleep(1)
            else:
                return

    def _listen(self, job: str, process: subprocess.Popen[bytes], told: list[dict[str, Any]]) -> None:
        for line in process.stdout or ():
            with suppress(ValueError):  # the last line of a killed process is cut
                said = json.loads(line)
                if "step" in said:
                    self._jobs.at(job, said["step"], said["done"], said["total"])
                else:
                    told.append(said)

    def _start(self, job: Job, what: str) -> subprocess.Popen[bytes]:
        environment = {name: value for name, value in os.environ.items() if name not in self._secrets}
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,  # a terminal's Ctrl-C is for the server
        )
        told = {
            "what": what,
            "folder": str(self._jobs.place(job.id).resolve()),
            "job": {"name": job.name, "settings": job.settings},
            "setup": self._setup,
        }
        assert process.stdin is not None
        with suppress(OSError):  # it is dead already, which is noticed where it is waited for
            process.stdin.write(json.dumps(told).encode() + b"\n")
            process.stdin.flush()
        return process


def _close(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()


def _memory(pid: int) -> float:
    """Give what a process holds in memory, in MiB; 0 where the system does not tell."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / _KB
    except (OSError, ValueError):
        pass
    return 0.0
