"""Requests that arrive one by one, answered together: what waits while the model is busy is its next batch."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

_Asked = TypeVar("_Asked")
_Answer = TypeVar("_Answer")


class Batcher(Generic[_Asked, _Answer]):
    """Asks a model from one thread, so that a model needs to know nothing of threads.

    Args:
        answer: Answers all that it is given, in the same order.
        most: Requests answered together at most.
        gather: Seconds that the first request of a batch waits for others that were sent at the same moment.
        waiting: Requests that may wait; one more is turned away.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[_Asked]], Sequence[_Answer]],
        *,
        most: int = 32,
        gather: float = 0.005,
        waiting: int = 256,
    ) -> None:
        self._answer, self._most, self._gather, self._room = answer, most, gather, waiting
        self._queue: deque[tuple[_Asked, Future[_Answer]]] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="gistill-batches", daemon=True)
        self._thread.start()

    def ask(self, request: _Asked) -> Future[_Answer] | None:
        """Put a request into the queue; None where too many wait, or it is closed. Cancel it and it is not asked."""
        future: Future[_Answer] = Future()
        with self._changed:
            if self._closing or len(self._queue) >= self._room:
                return None
            self._queue.append((request, future))
            self._changed.notify()
        return future

    @property
    def waiting(self) -> int:
        """How many requests wait for the model."""
        return len(self._queue)

    @property
    def alive(self) -> bool:
        """Whether what is asked will be answered."""
        return self._thread.is_alive() and not self._closing

    def close(self, seconds: float | None = None) -> None:
        """Answer what waits, and end. Nothing new is taken.

        Args:
            seconds: To wait for the answers at most; None waits as long as it takes.
        """
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(seconds)

    def _work(self) -> None:
        while batch := self._next():
            try:
                answers = self._answer([request for request, _ in batch])
            except Exception as error:
                if len(batch) == 1:
                    batch[0][1].set_exception(error)
                else:  # one of them is to blame, and the others do not suffer for it
                    self._one_by_one(batch)
                continue
            for (_, future), answer in zip(batch, answers, strict=True):
                future.set_result(answer)

    def _one_by_one(self, batch: list[tuple[_Asked, Future[_Answer]]]) -> None:
        for request, future in batch:
            try:
                [answer] = self._answer([request])
            except Exception as error:
                future.set_exception(error)
            else:
                future.set_result(answer)

    def _next(self) -> list[tuple[_Asked, Future[_Answer]]]:
        """Wait for something to do; nothing means that it is over."""
        while True:
            with self._changed:
                while not self._queue and not self._closing:
                    self._changed.wait()
                if not self._queue:
                    return []
            time.sleep(self._gather)
            with self._changed:
                taken = [self._queue.popleft() for _ in range(min(self._most, len(self._queue)))]
            batch = [(request, future) for request, future in taken if future.set_running_or_notify_cancel()]
            if batch:
                return batch
