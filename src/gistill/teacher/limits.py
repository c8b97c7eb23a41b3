"""What a run may do: calls and tokens a minute, and calls and money in all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gistill.errors import SettingError

if TYPE_CHECKING:
    from aiolimiter import AsyncLimiter

_BURST = 0.1  # seconds' worth of calls that may leave at the same moment


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
