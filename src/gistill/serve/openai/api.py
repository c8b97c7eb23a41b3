"""Any language model as a server that OpenAI's clients can ask: chat completions, the list of models, health."""

from __future__ import annotations

import asyncio
import hmac
import json
import math
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from gistill import install
from gistill.errors import ExtraMissingError, GistillError
from gistill.lm.seam import Completion, Hear, LanguageModel, Request
from gistill.serve.batching import Batcher
from gistill.serve.openai.bodies import (
    BodyError,
    completion_body,
    error_body,
    failure_of,
    finish_of,
    read_body,
    request_of,
    text_of,
    usage_of,
)
from gistill.serve.openai.streaming import Asked, Chunks, Listener, answering
from gistill.serve.openai.trial import Trial

MOST_BYTES = 4 * 2**20  # of a body
GRACE = 30.0  # seconds for what is being answered when the server is told to stop


def app(
    model: LanguageModel,
    *,
    api_key: str = "",
    most_bytes: int = MOST_BYTES,
    most_together: int = 32,
    waiting: int = 256,
) -> Any:
    """Make the web application (ASGI) around a model.

    Requests that arrive while the model is busy are its next batch. One thread asks the model, so it need not be
    safe to share. A model with a true attribute `enforces_schema` is handed the schemas that are asked for; any other
    refuses them, and where it also has a `trial`, each schema is first tried in another process (see `trial.Trial`).
    One with a number as its `context` has it told in the list of models.

    Args:
        model: What answers. The name it gives itself is the one that clients ask for.
        api_key: The bearer token that clients must send; empty asks for none.
        most_bytes: The largest body that is read.
        most_together: Requests in one batch at most.
        waiting: Requests that may wait before more are told to come later (429).

    Raises:
        ExtraMissingError: The extra `serve` is not installed.
    """
    try:
        from starlette.applications import Starlette
        from starlette.exceptions import HTTPException
        from starlette.routing import Route
    except ImportError as error:
        raise ExtraMissingError("Serving a model needs starlette.", hint=install.hint("serve")) from error

    batcher = Batcher(answering(model), most=most_together, waiting=waiting)
    service = Service(model, batcher, api_key=api_key, most_bytes=most_bytes)

    @asynccontextmanager
    async def life(_: Any) -> AsyncIterator[None]:
        yield
        await service.close()

    routes = [
        Route("/v1/chat/completions", service.chat, methods=["POST"]),
        Route("/v1/models", service.models),
        Route("/health", service.health),
    ]
    refusals: dict[Any, Any] = {BodyError: _refused, HTTPException: _no_such_place, Exception: _broken}
    return Starlette(routes=routes, lifespan=life, exception_handlers=refusals)


class Service:
    """Answers the requests of OpenAI's clients, each a request of starlette.

    Args:
        model: See `app`.
        batcher: Asks it.
        api_key: See `app`.
        most_bytes: See `app`.
        also: Another name under which the model answers.
        discreet: Whether an error of the model is told by its kind alone: its sentence may name a path or a server.
        seconds: For an answer.
    """

    def __init__(
        self,
        model: LanguageModel,
        batcher: Batcher[Asked, Completion],
        *,
        api_key: str = "",
        most_bytes: int = MOST_BYTES,
        also: str = "",
        discreet: bool = False,
        seconds: float = math.inf,
    ) -> None:
        self.model, self.batcher, self.api_key, self.most_bytes = model, batcher, api_key, most_bytes
        self.discreet, self.seconds = discreet, seconds
        self.names = tuple(dict.fromkeys(name for name in (model.name, also) if name))
        self.enforces = bool(getattr(model, "enforces_schema", False))
        load = getattr(model, "trial", None)
        self.trial = Trial(load) if self.enforces and load is not None else None

    async def close(self) -> None:
        """Answer what waits, and end; what takes longer than `GRACE` is given up."""
        if self.trial is not None:
            self.trial.close()
        await asyncio.to_thread(self.batcher.close, GRACE)

    async def health(self, _: Any) -> Any:
        """Say whether it answers."""
        alive = self.batcher.alive
        told = {"status": "ok" if alive else "closing", "model": self.model.name, "waiting": self.batcher.waiting}
        return _json(told, 200 if alive else 503)

    async def models(self, http: Any) -> Any:
        """List the names under which the model answers."""
        self._check_key(http)
        context = getattr(self.model, "context", None)
        extra = {"max_model_len": context} if isinstance(context, int) else {}
        entry = {"object": "model", "created": 0, "owned_by": "gistill", **extra}
        return _json({"object": "list", "data": [{"id": name, **entry} for name in self.names]})

    async def chat(self, http: Any) -> Any:
        """Answer a chat completion."""
        self._check_key(http)
        if http.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            # A page in a browser may post anywhere without asking, but not with this type.
            raise BodyError("The content type must be application/json.", status=415, code="unsupported_media_type")
        body = read_body(await self._read(http))
        if body.model not in self.names:
            told = f"The model {body.model!r} does not exist; this server has {' and '.join(map(repr, self.names))}."
            raise BodyError(told, status=404, code="model_not_found", param="model")
        request = request_of(body, enforces=self.enforces)
        if body.response_format is not None and body.response_format.type == "json_schema" and not request.beginning:
            await self._try_schema(request.answer_schema)
        if body.stream:
            usage = body.stream_options is not None and body.stream_options.include_usage
            return await self._stream(Chunks(body.model, request), request, http, usage=usage)
        until = time.monotonic() + self.seconds
        answer = await self._answer(self._ask(request, None), http, until)
        return _json(completion_body(body.model, request, answer))

    async def _stream(self, chunks: Chunks, request: Request, http: Any, *, usage: bool) -> Any:
        """Send an answer while it is made. What fails before its first words is an error with its own status."""
        from starlette.responses import StreamingResponse

        listener, until = Listener(), time.monotonic() + self.seconds
        asked = self._ask(request, listener.hear)
        first = ""
        try:
            while not first and not asked.done():
                await _first(until, asked, listener.news.wait(), _disconnected(http))
                if not listener.news.is_set() and not asked.done():
                    raise _unanswered(until)
                listener.news.clear()
                first = chunks.more(listener.text)
            answer = await self._answer(asked, http, until) if asked.done() else None
        except BaseException:
            listener.gone = True
            asked.cancel()
            raise

        async def pieces() -> AsyncIterator[str]:
            try:
                if first:
                    yield first
                while answer is None and not asked.done():
                    await _first(until, asked, listener.news.wait())
                    if time.monotonic() >= until:
                        raise _unanswered(until)
                    listener.news.clear()
                    if piece := chunks.more(listener.text):
                        yield piece
                whole = answer or await self._answer(asked, http, until)
                told = usage_of(whole) if usage else None
                yield chunks.end(text_of(request, whole), finish_of(whole), told)
            except (BodyError, ValueError) as error:
                code = error.code if isinstance(error, BodyError) else "answer_changed"
                yield f"data: {json.dumps(error_body(str(error), status=500, code=code))}\n\n"
            finally:
                listener.gone = True
                asked.cancel()

        return StreamingResponse(pieces(), media_type="text/event-stream", headers={"Cache-Control": "no-cache"})

    async def _try_schema(self, schema: str) -> None:
        """Refuse a schema that would hold up everybody while the engine that answers compiles it."""
        if self.trial is None:
            return
        asked = self.trial.ask(schema)
        try:
            why = None if asked is None else await asyncio.wrap_future(asked)
        except OSError as error:
            raise BodyError(f"Schemas cannot be tried: {error}.", status=503, code="out_of_memory") from error
        if why is None:
            told = "Too many new schemas were sent. Try again in a minute."
            raise BodyError(told, status=429, code="rate_limit_exceeded")
        if why:
            raise BodyError(f"The schema is not taken: {why}.", code="schema_too_slow", param="response_format")

    def _ask(self, request: Request, hear: Hear | None) -> asyncio.Future[Completion]:
        future = self.batcher.ask(Asked(request, hear))
        if future is None:
            if self.batcher.alive:
                raise BodyError(
                    "Too many requests are waiting. Try again later.", status=429, code="rate_limit_exceeded"
                )
            raise BodyError("The server is closing.", status=503, code="unavailable")
        return asyncio.wrap_future(future)

    async def _answer(self, asked: asyncio.Future[Completion], http: Any, until: float) -> Completion:
        if not asked.done():
            await _first(until, asked, _disconnected(http))
        if not asked.done():
            # A client that gave up asks again: answering both would make a slow server slower with every try.
            asked.cancel()
            raise _unanswered(until)
        try:
            answer = asked.result()
        except GistillError as error:
            told = f"The model failed ({type(error).__name__})." if self.discreet else str(error)
            raise BodyError(told, status=500, code="model_error") from error
        failure = failure_of(answer)
        if failure is not None:
            raise failure
        return answer

    def _check_key(self, http: Any) -> None:
        given = http.headers.get("authorization", "").encode("latin-1")  # the very bytes
        if self.api_key and not hmac.compare_digest(given, f"Bearer {self.api_key}".encode()):
            raise BodyError("Incorrect API key provided.", status=401, code="invalid_api_key")

    async def _read(self, http: Any) -> bytes:
        """Read the body, and no more of it than is allowed, whatever its header says."""
        data = bytearray()
        async for piece in http.stream():
            data += piece
            if len(data) > self.most_bytes:
                told = f"The body has more than {self.most_bytes:,} bytes."
                raise BodyError(told, status=413, code="request_too_large")
        return bytes(data)


async def _disconnected(http: Any) -> None:
    """Wait until the client hangs up; its body has been read by then."""
    while (await http.receive())["type"] != "http.disconnect":
        pass


def _unanswered(until: float) -> BodyError:
    if time.monotonic() >= until:
        told = "The answer takes too long. Ask for fewer tokens, or try again later."
        return BodyError(told, status=503, code="timeout")
    return BodyError("The client disconnected.", status=499, code="client_gone")


async def _first(until: float, asked: asyncio.Future[Any], *others: Coroutine[Any, Any, Any]) -> None:
    """Wait until an answer is there, something else has happened, or the time is over."""
    tasks = [asyncio.ensure_future(other) for other in others]
    left = None if math.isinf(until) else max(0.0, until - time.monotonic())
    try:
        await asyncio.wait([asked, *tasks], timeout=left, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


def _json(body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Any:
    from starlette.responses import JSONResponse

    return JSONResponse(body, status_code=status, headers=headers)


async def _refused(_: Any, error: Any) -> Any:
    headers = {"Retry-After": "1"} if error.status in (429, 503) else None
    return _json(error_body(str(error), status=error.status, code=error.code, param=error.param), error.status, headers)


async def _no_such_place(_: Any, error: Any) -> Any:
    code = "not_found" if error.status_code == 404 else "invalid_request"
    return _json(error_body(str(error.detail), status=error.status_code, code=code), error.status_code, error.headers)


async def _broken(_: Any, error: Any) -> Any:
    return _json(error_body(f"The server failed: {type(error).__name__}.", status=500, code="server_error"), 500)
