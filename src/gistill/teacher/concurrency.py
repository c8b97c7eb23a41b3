"""How many calls go out at once: more while the server answers, half when it says that it is too much."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Throttle:
    """A number of slots that follows the server, as TCP follows a line: additive growth, halving on overload.

    A server's limit is not known beforehand and changes. Every round of answers earns one more slot; a 429, a 503 or
    a time-out halves the slots, once for all calls that were out at that moment, for they all met the same crowd.
    A server that says how long to wait is not asked by anybody before then.

    Args:
        start: Slots in the beginning.
        most: Slots at most.

    Attributes:
        limit: Slots now; its whole part counts.
        out: Calls that are out.
    """

    def __init__(self, start: int, most: int) -> None:
        self.limit, self.most, self.out = float(min(start, most)), most, 0
        self._resume = 0.0  # nobody starts before this moment of the monotonic clock
        self._halved = 0.0
        self._freed = asyncio.Condition()

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[float]:
        """Wait for a slot and hold it; gives the moment at which the call began, for `overload`."""
        async with self._freed:
            while self.out >= int(self.limit) or self._resume > time.monotonic():
                await self._wait()
            self.out += 1
        try:
            yield time.monotonic()
        finally:
            self.out -= 1
            async with self._freed:
                self._freed.notify(max(1, int(self.limit) - self.out))

    async def _wait(self) -> None:
        left = self._resume - time.monotonic()
        try:
            async with asyncio.timeout(left if left > 0 else None):
                await self._freed.wait()
        except TimeoutError:
            return

    def answered(self) -> None:
        """Note that the server coped with a call."""
        self.limit = min(self.limit + 1 / int(self.limit), float(self.most))

    def overload(self, began: float) -> None:
        """Note that a call that began then was too much for the server."""
        if began >= self._halved:
            self.limit, self._halved = max(1.0, self.limit / 2), time.monotonic()

    def pause(self, seconds: float) -> None:
        """Let nobody start for so many seconds."""
        self._resume = max(self._resume, time.monotonic() + seconds)
