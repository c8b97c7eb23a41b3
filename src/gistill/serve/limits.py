"""What one request, one job and one client may take, and how a request is given up that takes too long."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass

from gistill.serve.openai.bodies import BodyError

_MIB = 2**20
RECORDS = 2_000  # of one request; a file with more is a job
CHARACTERS = 50_000  # of a record's text, as `screen` has it


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much is taken.

    Attributes:
        body: Bytes of a JSON body.
        upload: Bytes of a file.
        body_seconds: For a JSON body to arrive, or for the next piece of a file.
        seconds: For an answer.
        waiting: Requests that are answered or wait; one more is told to come later.
        jobs: Jobs that wait; likewise.
        job_seconds: For a job.
        job_memory: MiB of a job's process.
        tries: Times that a job is begun whose process ends without a word.
        streams: Streams of progress at once.
    """

    body: int = 16 * _MIB
    upload: int = 512 * _MIB
    body_seconds: float = 20.0
    seconds: float = 120.0
    waiting: int = 256
    jobs: int = 32
    job_seconds: float = 6 * 3600.0
    job_memory: int = 6_000
    tries: int = 3
    streams: int = 64


class Gate:
    """Counts who is inside, and lets no more in than fit.

    Args:
        room: How many.
        what: Who they are, as the refusal says it.
    """

    def __init__(self, room: int, what: str) -> None:
        self.room, self.what, self.inside = room, what, 0

    def check(self) -> None:
        """Refuse who would not fit.

        Raises:
            BodyError: There is no room.
        """
        if self.inside >= self.room:
            raise BodyError(f"Too many {self.what} are waiting. Try again later.", status=429, code="rate_limited")

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Be inside while the block runs; from the event loop alone.

        Raises:
            BodyError: There is no room.
        """
        self.check()
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1


class Patience:
    """Until when somebody waits for an answer."""

    def __init__(self, seconds: float) -> None:
        self.until = time.monotonic() + seconds
        self.gone = False

    def check(self) -> None:
        """Stop working for nobody.

        Raises:
            BodyError: The time is over, or the client has gone.
        """
        if self.gone:
            raise BodyError("The client disconnected.", status=499, code="client_gone")
        if time.monotonic() > self.until:
            raise BodyError("The answer takes too long. Send fewer records.", status=503, code="timeout")


_PATIENCE: ContextVar[Patience | None] = ContextVar("patience", default=None)


@contextlib.contextmanager
def within(patience: Patience) -> Iterator[None]:
    """Let what the block does ask `still_wanted` of this patience."""
    token = _PATIENCE.set(patience)
    try:
        yield
    finally:
        _PATIENCE.reset(token)


def still_wanted() -> None:
    """Stop working for nobody; see `Patience.check`. Does nothing where nobody set a limit."""
    patience = _PATIENCE.get()
    if patience is not None:
        patience.check()
