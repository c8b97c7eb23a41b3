"""What the routes share: the models, the jobs, the gates; and how a request's work is done beside the event loop."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from gistill.serve.batching import Batcher
from gistill.serve.bodies import Error
from gistill.serve.limits import Gate, Limits, Patience, within
from gistill.serve.metrics import Metrics
from gistill.serve.openai.api import GRACE, Service
from gistill.serve.openai.bodies import BodyError
from gistill.serve.openai.streaming import Asked, answering
from gistill.serve.reading import SharedModel, SharedReader, shared
from gistill.serve.security import Tickets

if TYPE_CHECKING:
    from gistill.digest.extract import SentenceReader
    from gistill.lm.seam import Completion, LanguageModel
    from gistill.serve.jobs import Jobs
    from gistill.serve.runner import Runner

_T = TypeVar("_T")
NAME = "gistill"  # the model that always answers
_CODES = (400, 401, 403, 408, 413, 415, 421, 422, 429, 500, 503)
EVENT: dict[str, Any] = {  # of a stream of server-sent events
    "type": "object",
    "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
    "required": ["data"],
}
ERRORS: dict[int | str, dict[str, Any]] = {code: {"model": Error} for code in _CODES}


@dataclass(frozen=True)
class Loaded:
    """The models of a server as they were loaded.

    Attributes:
        reader: See `gistill.load_reader`.
        writer: Answers chats; None where there is none.
        briefs: Writes briefs of conversations; None takes their own words.
    """

    reader: SentenceReader
    writer: LanguageModel | None
    briefs: LanguageModel | None


class Models:
    """The models of a server, made ready for many threads."""

    def __init__(self, loaded: Loaded, *, seconds: float, together: bool = True) -> None:
        self.reader, self._readers = shared(loaded.reader, together=together)
        self._batchers: dict[int, Batcher[Asked, Completion]] = {}
        self.chat = None
        if loaded.writer is not None:
            self.chat = Service(loaded.writer, self._batcher(loaded.writer), also=NAME, discreet=True, seconds=seconds)
        self.briefs = None if loaded.briefs is None else SharedModel(loaded.briefs, self._batcher(loaded.briefs))

    @property
    def waiting(self) -> int:
        """How many calls wait for a model."""
        return sum(one.waiting for one in self._readers) + sum(one.waiting for one in self._batchers.values())

    async def close(self) -> None:
        """Answer what waits, and end."""
        if self.chat is not None:
            await self.chat.close()
        every: list[Batcher[Asked, Completion] | SharedReader] = [*self._readers, *self._batchers.values()]
        for one in every:
            await asyncio.to_thread(one.close, GRACE)

    def _batcher(self, model: LanguageModel) -> Batcher[Asked, Completion]:
        if id(model) not in self._batchers:
            self._batchers[id(model)] = Batcher(answering(model))
        return self._batchers[id(model)]


@dataclass
class State:
    """What the routes share."""

    jobs: Jobs
    runner: Runner
    limits: Limits
    keep_days: float
    models: Models | None = None  # None while they are loaded
    broken: bool = False  # they cannot be loaded
    closing: bool = False
    session: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    tickets: Tickets = field(default_factory=Tickets)
    metrics: Metrics = field(default_factory=Metrics)

    def __post_init__(self) -> None:
        self.gate = Gate(self.limits.waiting, "requests")
        self.looking = Gate(4, "previews")
        self.streaming = Gate(self.limits.streams, "streams")
        self._threads = ThreadPoolExecutor(self.limits.waiting + 4, thread_name_prefix="gistill-requests")

    @property
    def ready(self) -> Models:
        """Give the models.

        Raises:
            BodyError: They are not loaded yet, or cannot be.
        """
        if self.models is None:
            raise BodyError("The models are being loaded. Try again later.", status=503, code="loading")
        return self.models

    async def work(self, http: Any, do: Callable[[], _T]) -> _T:
        """Do the work of a request in a thread, for as long as somebody waits for it.

        Args:
            http: The request; its body has been read.
            do: Asks `limits.still_wanted` from time to time.

        Raises:
            BodyError: Too many are at work, the time is over, or the client has gone.
        """
        with self.gate.entered():
            patience = Patience(self.limits.seconds)

            def working() -> _T:
                with within(patience):
                    return do()

            gone = asyncio.ensure_future(_disconnected(http))
            work = asyncio.get_running_loop().run_in_executor(self._threads, working)
            try:
                both: set[asyncio.Future[Any]] = {gone, work}
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                patience.gone = not work.done()
                return await work
            finally:
                gone.cancel()

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)


async def _disconnected(http: Any) -> None:
    while (await http.receive())["type"] != "http.disconnect":
        pass
