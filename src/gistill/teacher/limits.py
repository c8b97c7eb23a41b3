"""What a run may do: calls at once, calls and tokens a minute, calls and money in all; and guesses of token counts.

The guesses are for limits and estimates, where only the server could count. They are never written down.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gistill.errors import SettingError
from gistill.lm.seam import Request

if TYPE_CHECKING:
    from aiolimiter import AsyncLimiter

_BYTES = 4  # of UTF-8 in a token: English prose; a Chinese character is three bytes and about a token
_PER_MESSAGE = 8  # tokens that a chat template adds to a message
_BURST = 0.1  # seconds' worth of calls that may leave at the same moment


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much a server may be asked, and how long.

    Attributes:
        concurrency: Calls at once, in the beginning and at most; in between the server decides, see `Throttle`.
        rpm: Calls a minute at most; None is no limit.
        tpm: Tokens a minute at most, estimated; None is no limit.
        timeout: Seconds for one call.
        retries: How often a call is made again that the server or the line failed. To be told "not now" (429) does
            not count, as long as anybody is answered.
        patience: Seconds without any answer after which the server is given up; also the longest Retry-After.
        max_cost: USD that the journal's run may cost in all; calls that would not fit fail as `over_budget`. None is no
            limit, as for `max_calls`.
        max_calls: Calls that the journal's run may make in all.

    Raises:
        SettingError: A value makes no sense.
    """

    concurrency: tuple[int, int] = (4, 32)
    rpm: int | None = None
    tpm: int | None = None
    timeout: float = 120.0
    retries: int = 10
    patience: float = 300.0
    max_cost: float | None = None
    max_calls: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.concurrency[0] <= self.concurrency[1]:
            raise SettingError(
                f"concurrency must be (start, maximum) with 1 <= start <= maximum, not {self.concurrency}"
            )
        if self.timeout <= 0 or self.retries < 0 or any(rate is not None and rate < 1 for rate in (self.rpm, self.tpm)):
            raise SettingError("timeouts and rates must be above 0, and retries not below 0")


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


class Rates:
    """Calls and tokens a minute.

    Calls are spread evenly and do not come in bursts, because servers count in windows that we do not know.

    Args:
        rpm: Calls a minute; None is no limit.
        tpm: Tokens a minute, prompt and longest answer; None is no limit. A call counts before it is made.
    """

    def __init__(self, rpm: int | None, tpm: int | None) -> None:
        self._calls = _limiter(rpm, 1.0)
        self._tokens = _limiter(tpm, 1.0)

    async def wait(self, tokens: int) -> None:
        """Wait until a call of so many tokens may leave."""
        if self._calls is not None:
            await self._calls.acquire()
        while self._tokens is not None and tokens > 0:  # in parts, for a call may be larger than the bucket
            part = min(float(tokens), self._tokens.max_rate)
            await self._tokens.acquire(part)
            tokens -= int(part) or 1


def _limiter(per_minute: int | None, least: float) -> AsyncLimiter | None:
    if per_minute is None:
        return None
    from aiolimiter import AsyncLimiter

    burst = max(least, per_minute / 60 * _BURST)
    return AsyncLimiter(burst, burst / per_minute * 60)


@dataclass
class Seat:
    """The place of one call in a budget.

    Attributes:
        price: What it cost in the end, USD; None while and where nobody knows: then it counts with its estimate.
    """

    most: float
    price: float | None = None


class Budget:
    """Calls and money that a run may spend, those of earlier processes included.

    Args:
        max_calls: Calls in all; None is no limit. Every call that leaves counts, failed or not.
        max_cost: USD in all; None is no limit.
        calls: Calls made before.
        spent: USD spent before.

    Raises:
        SettingError: A limit is below 0.
    """

    def __init__(self, max_calls: int | None, max_cost: float | None, *, calls: int = 0, spent: float = 0.0) -> None:
        if (max_calls is not None and max_calls < 0) or (max_cost is not None and not max_cost >= 0):
            raise SettingError("a limit of calls or money cannot be below 0")
        self.max_calls, self.max_cost, self.calls, self.spent = max_calls, max_cost, calls, spent
        self.limited = max_calls is not None or max_cost is not None
        self._reserved = 0.0
        self._out = 0
        self._settled = asyncio.Event()

    async def allows(self, most: float) -> str:
        """Wait until it is certain whether one more call fits, and reserve it.

        A call that would only fit if those in flight turn out cheaper than estimated waits for them.

        Args:
            most: Upper estimate of its price, USD.

        Returns:
            Why it does not fit; empty where it does, and then `hold` must follow at once.
        """
        while True:
            if self.max_calls is not None and self.calls >= self.max_calls:
                return f"the limit of {self.max_calls:,} calls is reached"
            if self.max_cost is None or self.spent + self._reserved + most <= self.max_cost:
                return ""
            if not self._out:
                return (
                    f"the limit of {self.max_cost:g} USD is reached: {self.spent:.6f} USD are spent, "
                    f"and the next call may cost {most:.6f}"
                )
            self._settled.clear()
            await self._settled.wait()

    @contextmanager
    def hold(self, most: float) -> Iterator[Seat]:
        """Count a call, and book what it cost when it has ended."""
        seat = Seat(most)
        self.calls, self._reserved, self._out = self.calls + 1, self._reserved + most, self._out + 1
        try:
            yield seat
        finally:
            self._reserved, self._out = self._reserved - most, self._out - 1
            self.spent += most if seat.price is None else seat.price
            self._settled.set()


def text_tokens(text: str) -> int:
    """Estimate the tokens of a text."""
    return -(-_size(text) // _BYTES)


def prompt_tokens(request: Request) -> int:
    """Estimate the tokens of a prompt, schema included."""
    texts = sum(text_tokens(message.content) for message in request.messages)
    return texts + text_tokens(request.answer_schema) + _PER_MESSAGE * len(request.messages)


def prompt_tokens_most(request: Request) -> int:
    """Bound the tokens of a prompt from above: no token is shorter than a byte."""
    texts = sum(_size(message.content) for message in request.messages)
    return texts + _size(request.answer_schema) + 2 * _PER_MESSAGE * (len(request.messages) + 1)


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
