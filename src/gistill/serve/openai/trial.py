"""JSON schemas tried in a process of its own, which is ended when it takes too long: nothing else stops an engine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

Try = Callable[[str], str]  # what an engine has against a schema; "" where it can enforce it
SECONDS = 5.0  # that an engine may take for one schema
LOADING = 300.0  # seconds until an engine that is loaded to try schemas is given up
WAITING = 16  # schemas that may wait to be tried
# Seconds of a minute that schemas may take which are new here: the engine that answers needs as long for each once
# more, and nothing can stop it then, so that a stream of slow ones would leave it no time for anybody else.
A_MINUTE = 10.0
_KEPT = 256  # schemas of which the answer is remembered


class Trial:
    """Finds out, without the engine that answers, whether a schema compiles in time.

    The process is started by the first schema and holds what `load` loads until `close`, or until a schema takes too
    long; the next schema starts another.

    Args:
        load: Gives what tries schemas; it is sent to the process, so it must be a function that can be imported, or a
            `functools.partial` of one.
    """

    def __init__(self, load: Callable[[], Try]) -> None:
        self._load, self._seconds = load, SECONDS
        self._one = ThreadPoolExecutor(1, thread_name_prefix="gistill-schemas")
        self._waiting = threading.Semaphore(WAITING)
        self._running: tuple[BaseProcess, Connection] | None = None
        self._known: dict[str, str] = {}  # schema -> why it is not taken
        self._spent: deque[tuple[float, float]] = deque()  # when a schema was tried, and how long it took
        self._closed = False

    def ask(self, schema: str) -> Future[str | None] | None:
        """Ask why a schema is not taken, in a clause; "" where it compiles or the engine will say itself.

        Returns:
            None where too many wait. The answer is None where new ones took too long within the last minute.
        """
        if not self._waiting.acquire(blocking=False):
            return None
        try:
            future = self._one.submit(self._why_not, schema)
        except RuntimeError:  # closed
            self._waiting.release()
            return None
        future.add_done_callback(lambda _: self._waiting.release())
        return future

    def _spent_lately(self) -> float:
        """Add up the seconds that schemas took which were taken within the last minute."""
        while self._spent and time.monotonic() - self._spent[0][0] > 60:
            self._spent.popleft()
        return sum(took for _, took in self._spent)

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._closed = True
        if self._running is not None:
            self._running[0].kill()
        self._one.shutdown(wait=False, cancel_futures=True)

    def _why_not(self, schema: str) -> str | None:
        if schema in self._known or self._closed:
            return self._known.get(schema, "")
        if self._spent_lately() >= A_MINUTE:
            return None
        _, ours = self._running or self._start()
        began = time.monotonic()
        why = f"the engine cannot prepare it within {self._seconds:g} seconds; make it smaller"
        try:
            ours.send(schema)
            if ours.poll(self._seconds):
                ours.recv()  # what the engine has against it, it says once more where it is asked
                why = ""
        except (EOFError, OSError):
            why = "it ends the engine; make it smaller"
        if why:
            self._end()
        if self._closed:
            return ""
        if not why:
            self._spent.append((time.monotonic(), time.monotonic() - began))
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[schema] = why
        return why

    def _start(self) -> tuple[BaseProcess, Connection]:
        """Start the process, and wait until it has loaded.

        Raises:
            OSError: It cannot load, so that no schema can be tried.
        """
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs, self._load, self._seconds), daemon=True)
        process.start()
        theirs.close()
        self._running = process, ours
        try:
            if ours.poll(LOADING):
                ours.recv()
                return process, ours
        except (EOFError, OSError):
            pass
        self._end()
        raise OSError("the process that tries schemas does not start, perhaps because the memory ran out")

    def _end(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            process, ours = running
            process.kill()
            process.join()
            ours.close()


def _work(theirs: Connection, load: Callable[[], Try], seconds: float) -> None:
    """Try one schema after another until the other side is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for the one that started this
    with Path(os.devnull).open("wb") as nothing:
        os.dup2(nothing.fileno(), 1)
    tries = load()
    theirs.send("")
    while True:
        try:
            schema = theirs.recv()
        except (EOFError, OSError):
            return
        if hasattr(signal, "alarm"):  # where the one that started this was killed, nobody else ends it
            signal.alarm(int(seconds) + 2)
        theirs.send(tries(schema))
        if hasattr(signal, "alarm"):
            signal.alarm(0)
