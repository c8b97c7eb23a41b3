"""One call: its line in the journal before its bytes leave, the answer or the error, its price."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from gistill.lm.seam import Request
from gistill.teacher.chat_api import Answer, CallError, Usage, chat_body, read_answer
from gistill.teacher.connection import Connection
from gistill.teacher.journal import Journal, Outcome
from gistill.teacher.prices import Priced, Prices

REFUSED = "refused"  # the price source of a call that was turned away, and cost nothing


@dataclass
class Call:
    """One call.

    Attributes:
        most: Upper estimate of its price, USD; None where the model has no price.
        attempt: Its id in the journal, once its bytes were about to leave.
        price: What it cost, USD; None as long and wherever nobody knows.
    """

    connection: Connection
    journal: Journal | None
    prices: Prices
    model: str
    request: Request
    key: str
    most: float | None
    attempt: int | None = None
    price: float | None = None
    _began: float = field(default_factory=time.monotonic)

    async def make(self, *, continues: bool, without: frozenset[str]) -> Answer:
        """Ask, and write down how it ended. See `chat_body` for the arguments.

        Raises:
            CallError: There is no answer.
        """
        body = chat_body(self.model, self.request, continues=continues, without=without)
        try:
            answer = read_answer(await self.connection.ask(body, self._leaving), self.request)
        except CallError as error:
            self._failed(error)
            raise
        except BaseException:  # cancelled: it may well be paid
            self._failed(CallError("interrupted", "it was cancelled while in flight"))
            raise
        self.price, source = self._priced(answer.usage)
        self._finish(answer.usage, source, outcome="ok", status=200, text=answer.text, stop=answer.stop)
        return answer

    def _leaving(self, body: bytes) -> None:
        if self.journal is not None:
            self.attempt = self.journal.begin(
                self.key,
                model=self.model,
                url=self.connection.url,
                max_tokens=self.request.max_tokens,
                body=body,
                price_most=self.most,
            )

    def _failed(self, error: CallError) -> None:
        self.price, source = self._priced(error.usage) if error.paid else (0.0, REFUSED)
        self._finish(error.usage, source, outcome="failed", status=error.status, error=error.kind, detail=error.detail)

    def _priced(self, usage: Usage) -> Priced:
        return self.prices.of(self.model, self.connection.url, usage.prompt, usage.completion, usage.cached)

    def _finish(self, usage: Usage, source: str, **ended: object) -> None:
        if self.journal is None or self.attempt is None:
            return
        told = {"prompt_tokens": usage.prompt, "completion_tokens": usage.completion, "cached_tokens": usage.cached}
        seconds = time.monotonic() - self._began
        self.journal.finish(
            self.attempt,
            Outcome(seconds=seconds, price=self.price, price_source=source, **told, **ended),  # type: ignore[arg-type]
        )
