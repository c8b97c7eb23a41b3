"""A large model behind an OpenAI-compatible server, asked through the journal: safely, within limits, and once.

`RemoteModel.complete` looks every request up in the journal, asks equal ones once, and sends the others through one
path: a slot of the throttle, the rates, the budget, the journal, the server. The openai client does not retry: a call
is made again here, as stamina times it, and `complete_as` may ask once more about an answer that is no JSON.
"""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from gistill import install
from gistill.errors import ExtraMissingError, ServerError, SettingError
from gistill.lm.seam import Completion, Request, failed
from gistill.teacher.chat_api import CallError
from gistill.teacher.connection import Call, Connection, LoopThread
from gistill.teacher.journal import Journal, Kept, request_key
from gistill.teacher.limits import Budget, Limits, Rates, Throttle, prompt_tokens, prompt_tokens_most
from gistill.teacher.prices import UNKNOWN, Prices

_OVERLOAD = {"rate_limited", "unavailable", "timeout"}
_WAIT_FIRST, _WAIT_MOST, _JITTER = 0.25, 30.0, 0.25  # seconds before a call is made again
_HOPELESS = {"bad_request", "no_answer", "reasoning", "tool_call"}  # who answers nobody so will not answer the next
_BAD_AT_FIRST = 5  # calls refused before the first answer, after which the server is taken to refuse all


Progress = Callable[[str, int, int | None], None]  # step, texts done, texts in all (None when not known)


@dataclass(frozen=True)
class Estimate:
    """What a set of requests would take. Nothing is measured here, and nothing was asked.

    Attributes:
        requests: All of them.
        hits: Those that the journal answers, or that equal another one.
        calls: Those that would be paid, if none fails.
        prompt_tokens: An estimate, from the length of the texts.
        completion_tokens_most: If every answer is as long as allowed.
        money_most: USD, if every answer is as long as allowed; None where the model has no price.
        price_source: Who says so.
    """

    requests: int
    hits: int
    calls: int
    prompt_tokens: int
    completion_tokens_most: int
    money_most: float | None
    price_source: str


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How a server is spoken to.

    Attributes:
        api_key_env: Environment variable with the key. The key itself is never an argument, a setting or a record.
        headers: More headers; their values are kept out of journal and messages, too.
        request_schema: Ask the server to enforce a request's `answer_schema`. A server that refuses to is asked
            without, from then on.
        continues: The server goes on from the beginning of an answer (vLLM); else it is asked in words to.
    """

    api_key_env: str = "OPENAI_API_KEY"
    headers: Mapping[str, str] = field(default_factory=dict)
    request_schema: bool = True
    continues: bool = False


class RemoteModel:
    """A model behind a server.

    Args:
        url: Address of the API, as `https://api.openai.com/v1` or `http://127.0.0.1:8000/v1`.
        model: Name that the server knows.
        journal: Where calls are kept and found again; None keeps nothing.
        limits: How much it may be asked.
        manner: How it is spoken to.
        prices: See `Prices`; None asks the table of genai-prices alone.
        progress: Called with the requests that are answered and all of this `complete`, from another thread.

    Raises:
        SettingError: An argument makes no sense, or `max_cost` is given and no price is known for the model.
        ExtraMissingError: The extra `teacher` is not installed.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        journal: Journal | None = None,
        limits: Limits = Limits(),  # noqa: B008, it cannot be changed
        manner: Manner = Manner(),
        prices: Prices | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        try:
            import aiolimiter  # noqa: F401
            import stamina  # noqa: F401
        except ImportError as error:
            raise ExtraMissingError(
                "Asking a server needs stamina and aiolimiter.", hint=install.hint("teacher")
            ) from error
        self._connection = Connection(
            url,
            api_key_env=manner.api_key_env,
            headers=manner.headers,
            timeout=limits.timeout,
            most=limits.concurrency[1],
        )
        self.url, self.name, self.hash = self._connection.url, model, f"remote:{model}"
        self.journal, self.continues, self.progress = journal, manner.continues, progress
        self.throttle = Throttle(*limits.concurrency)
        self._rates, self._prices = Rates(limits.rpm, limits.tpm), prices or Prices()
        self._retries, self._patience = limits.retries, limits.patience
        self._without = frozenset[str]() if manner.request_schema else frozenset({"response_format"})
        if limits.max_cost is not None and not self._prices.known(model, self.url):
            raise SettingError(
                f"no price is known for {model!r} at {self.url}, so --max-cost cannot be enforced",
                hint=f"Give a price file with a line like: {model}: {{input: 0.15, output: 0.60}} (USD per million).",
            )
        self._budget = Budget(limits.max_calls, limits.max_cost)
        self._heard = False  # the server has said anything at all
        self._answers = 0
        self._bad = 0
        self._last_answer = 0.0
        self._loop = LoopThread()
        self._close = weakref.finalize(self, _close, self._loop, self._connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. The journal is its owner's."""
        self._close()

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        """Answer every request, from the journal where it can.

        A request that cannot be answered fails by name: `too_long`, `filtered`, `refused`, `bad_request`,
        `over_budget`, `tool_call`, or the kind of the last error when retries have run out (`rate_limited`,
        `server_error`, `unavailable`, `timeout`, `cut`, `unreachable`, `broken_answer`). An answer without words
        (`no_answer`, or `reasoning` where its tokens went there) is asked for once more. Failures are never served
        again. Where a server tells no token counts, the completion has None and the journal NULL.

        Raises:
            ServerError: The server is not there, refuses us altogether, or has not answered anybody for `patience`
                seconds. What was answered before is in the journal.
        """
        keys = [request_key(self.name, request) for request in requests]
        kept = self._kept(keys, requests)
        answers: list[Completion | None] = [_completion(one) if one else None for one in kept]
        groups: dict[tuple[str, int], list[int]] = {}
        for at, answer in enumerate(answers):
            if answer is None:
                groups.setdefault((keys[at], requests[at].max_tokens), []).append(at)
        if self.journal is not None:
            self.journal.hit(one.attempt for one in kept if one is not None)
            if self._budget.limited:  # also by what other processes of this run have spent
                self._budget.calls, self._budget.spent = self.journal.spent(self.journal.run)
        if groups:
            self._loop.run(self._ask_all(requests, answers, groups))
        return [answer or failed("no_answer", "it was not asked") for answer in answers]

    def estimate(self, requests: Sequence[Request]) -> Estimate:
        """Say what requests would take, without asking anybody."""
        keys = [request_key(self.name, request) for request in requests]
        kept = self._kept(keys, requests)
        asked = {
            (key, request.max_tokens): request
            for key, request, one in zip(keys, requests, kept, strict=True)
            if one is None
        }
        prompts = [prompt_tokens(request) for request in asked.values()]
        longest = [request.max_tokens for request in asked.values()]
        priced = [self._prices.of(self.name, self.url, *tokens) for tokens in zip(prompts, longest, strict=True)]
        prices = [price for price, _ in priced if price is not None]  # one by one, as a long prompt may cost more
        money = sum(prices) if len(prices) == len(priced) else None
        source = priced[0][1] if priced else UNKNOWN
        hits = len(requests) - len(asked)
        return Estimate(len(requests), hits, len(asked), sum(prompts), sum(longest), money, source)

    def _kept(self, keys: Sequence[str], requests: Sequence[Request]) -> list[Kept | None]:
        if self.journal is None:
            return [None] * len(requests)
        limits = [request.max_tokens for request in requests]
        return self.journal.find_many(list(zip(keys, limits, strict=True)))

    async def _ask_all(
        self, requests: Sequence[Request], answers: list[Completion | None], groups: dict[tuple[str, int], list[int]]
    ) -> None:
        """Let workers take the next request until none is left or the server is gone; equal ones are asked once."""
        todo = iter(groups.items())
        done = len(requests) - sum(map(len, groups.values()))
        gone: list[ServerError] = []  # why nobody more is asked

        def stopped() -> bool:
            return bool(gone)

        self._last_answer = time.monotonic()

        async def work() -> None:
            nonlocal done
            for (key, _), places in todo:
                if gone:
                    return
                try:
                    answer, attempt = await self._answered(requests[places[0]], key, stopped)
                except ServerError as error:  # the others finish what is in flight
                    gone.append(error)
                    return
                for at in places:
                    answers[at] = answer
                if self.journal is not None and attempt is not None and len(places) > 1:
                    self.journal.hit([attempt] * (len(places) - 1))
                done += len(places)
                if self.progress is not None:
                    self.progress(done, len(answers))

        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(min(self.throttle.most, len(groups))):
                    tasks.create_task(work())
        except BaseExceptionGroup as errors:  # a bug, or the journal's disk is full: one of them says it
            raise errors.exceptions[0] from None
        if gone:
            raise gone[0]

    # One request

    async def _answered(self, request: Request, key: str, stopped: Callable[[], bool]) -> tuple[Completion, int | None]:
        """Ask until there is an answer or none to be had; gives the attempt that brought it, where there is one."""
        import stamina

        failures = empty = 0

        def again(error: Exception) -> bool | float:
            nonlocal failures, empty
            if not isinstance(error, CallError) or stopped():
                return False
            failures += error.kind != "rate_limited"
            empty += error.once
            if empty > 1:
                error.scope = "request"
            self._judge(error)
            if error.scope != "again" or failures > self._retries:
                return False
            return True if error.wait is None else max(error.wait, _WAIT_FIRST)

        try:
            async for attempt in stamina.retry_context(
                on=again,
                attempts=None,
                timeout=None,
                wait_initial=_WAIT_FIRST,
                wait_max=_WAIT_MOST,
                wait_jitter=_JITTER,
            ):
                with attempt:
                    return await self._asked(request, key, stopped)
        except CallError as error:
            if error.scope == "all":
                raise ServerError(f"{self.url} cannot be asked: {error.detail}", hint=error.hint) from None
            return failed(error.kind, error.detail), None
        raise AssertionError("unreachable")

    def _judge(self, error: CallError) -> None:
        """Widen an error that concerns more than its own call."""
        if error.status is not None:
            self._heard = True
        if error.kind == "not_an_api" and self._answers:  # it is one: something came between
            error.scope = "again"
        if error.kind in _HOPELESS and error.scope == "request" and not self._answers:
            self._bad += 1
            if self._bad >= _BAD_AT_FIRST:
                error.scope = "all"
                error.hint = error.hint or "It refuses all calls. Check the model's name and the settings."
        silence = time.monotonic() - self._last_answer
        if error.scope == "again" and (
            (error.kind == "unreachable" and not self._heard)
            or silence > max(self._patience, 2 * self._connection.timeout)
            or (error.wait or 0) > self._patience
        ):
            error.scope = "all"
            error.hint = error.hint or "Try again later: what was answered is kept in the journal."

    async def _asked(self, request: Request, key: str, stopped: Callable[[], bool]) -> tuple[Completion, int | None]:
        """Make one call, when its turn comes."""
        async with self.throttle.slot() as began:
            await self._rates.wait(prompt_tokens(request) + request.max_tokens)
            if stopped():
                raise CallError("not_asked", "the server was given up before its turn came", scope="request")
            if self.journal is not None:  # another process may have been quicker
                kept = self.journal.find(key, request.max_tokens)
                if kept is not None:
                    self.journal.hit([kept.attempt])
                    return _completion(kept), kept.attempt
            most = self._prices.of(self.name, self.url, prompt_tokens_most(request), request.max_tokens)[0]
            reason = await self._budget.allows(most or 0.0)
            if reason:
                raise CallError("over_budget", reason, scope="request")
            with self._budget.hold(most or 0.0) as seat:
                without = self._without
                call = Call(self._connection, self.journal, self._prices, self.name, request, key, most)
                try:
                    answer = await call.make(continues=self.continues, without=without)
                except CallError as error:
                    if error.dropped and error.dropped not in without:  # ask again, without what it does not take
                        self._without, error.scope = self._without | {error.dropped}, "again"
                    if error.kind in _OVERLOAD:
                        self.throttle.overload(began)
                    if error.wait is not None:
                        self.throttle.pause(min(error.wait, self._patience))
                    raise
                finally:
                    seat.price = call.price
            self.throttle.answered()
            self._heard, self._last_answer, self._answers = True, time.monotonic(), self._answers + 1
            usage = answer.usage
            told = Kept(call.attempt or 0, key, answer.text, answer.stop, usage.prompt, usage.completion)
            return _completion(told, kept=self.journal is not None), call.attempt


def _close(loop: LoopThread, connection: Connection) -> None:
    loop.close(connection.close)


def _completion(answer: Kept, *, kept: bool = True) -> Completion:
    return Completion(
        text=answer.text,
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
        stop=answer.stop,
        key=answer.key if kept else "",
    )


class AnswerProgress:
    """Shows each answer of the teachers as it comes, between the batches of answers that this is called with.

    A batch of a slow server may take an hour. Of several teachers, or several answers about each text, every one counts
    as its part of a text.

    Args:
        show: Called with the step, the texts that are done and all texts; also from the teachers' threads.
        a_text: Answers about each text.
    """

    def __init__(self, show: Progress, a_text: int) -> None:
        self._show, self._a_text = show, a_text
        self._step, self._base, self._shown = "annotate", 0, 0
        self._total: int | None = None

    def __call__(self, step: str, done: int, total: int | None) -> None:
        """Show that `done` texts are done, and count on from there."""
        self._step, self._base, self._shown, self._total = step, done, done, total
        self._show(step, done, total)

    def answered(self, place: int, answers: int, asked: int) -> None:
        """Count the answers of the teacher at a place; fewer than before are second questions about unread answers."""
        self._shown = max(self._shown, self._base + (place * asked + answers) // self._a_text)
        self._show(self._step, self._shown, self._total)
