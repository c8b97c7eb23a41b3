"""The connection to a server: the openai client without its retries, and a loop to run it in.

One call is a `Call`: its line in the journal before its bytes leave, the answer or the error, its price.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import threading
import time
import unicodedata
from collections.abc import Callable, Coroutine, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from gistill import install
from gistill.errors import ExtraMissingError, GistillError, SettingError
from gistill.lm.seam import Request
from gistill.teacher.chat_api import Answer, CallError, Usage, chat_body, key_hint, read_answer, read_error
from gistill.teacher.journal import Journal, Outcome
from gistill.teacher.prices import Priced, Prices

_T = TypeVar("_T")
_CONNECT = 10.0  # seconds
_LET_GO = 5.0  # seconds that cancelled work gets to write down that it was
_SECRET = re.compile(r"auth|key|token|secret|cookie|password", re.IGNORECASE)  # names of headers

_KEY = re.compile(r"\bsk-[\w*.-]{4,}")
# How OpenSSL says, by its version, that what came back is no TLS.
_NO_TLS = re.compile(r"wrong.version.number|record layer failure|packet length too long|http.request", re.IGNORECASE)
REFUSED = "refused"  # the price source of a call that was turned away, and cost nothing
NO_HTTPS = "the server does not speak https"

_leaving: ContextVar[Callable[[bytes], None]] = ContextVar("_leaving")


class Connection:
    """What speaks HTTP. It must be used inside one event loop.

    Args:
        url: Address of the API, as `https://api.openai.com/v1`.
        api_key_env: Environment variable that holds the key; no key is sent where it is empty or not set.
        headers: More headers. Their values are treated as secrets.
        timeout: Seconds for a whole call.
        most: Connections at most.

    Raises:
        SettingError: The address is none, or holds a secret.
        ExtraMissingError: The openai client is not installed.
    """

    def __init__(
        self, url: str, *, api_key_env: str, headers: Mapping[str, str] | None, timeout: float, most: int
    ) -> None:
        self.url = checked_url(url)
        self.timeout, self._key_env = timeout, api_key_env
        key = key_in(api_key_env)
        for name, value in (headers or {}).items():
            _checked_header(value, f"the header {name}")
        hidden = [part for name, value in (headers or {}).items() if _SECRET.search(name) for part in value.split()]
        self._secrets = sorted({secret for secret in (key, *hidden) if len(secret) > 6}, key=len, reverse=True)
        try:
            import httpx2  # what openai stands on
            import openai
        except ImportError as error:
            raise ExtraMissingError("Asking a server needs the openai client.", hint=install.hint("teacher")) from error
        # stamina and httpx say on the way what we say better at the end; this keeps them from standard error
        logging.getLogger("stamina").addHandler(logging.NullHandler())
        self._anonymous = not key and "authorization" not in {name.lower() for name in headers or {}}
        self._client = openai.AsyncOpenAI(
            base_url=self.url,
            api_key=key or "none",
            max_retries=0,
            default_headers=dict(headers or {}),
            http_client=openai.DefaultAsyncHttpxClient(
                timeout=httpx2.Timeout(timeout, connect=min(_CONNECT, timeout)),
                limits=httpx2.Limits(max_connections=most, max_keepalive_connections=most),
                follow_redirects=False,
                event_hooks={"request": [self._before_leaving]},
            ),
        )

    async def ask(self, body: dict[str, Any], leaving: Callable[[bytes], None]) -> bytes:
        """Post a body and return the bytes of the answer.

        Args:
            body: See `chat_api.chat_body`.
            leaving: Called with the very bytes, just before they leave.

        Raises:
            CallError: No 200 came, or not in time.
        """
        import httpx2
        import openai

        _leaving.set(leaving)
        try:
            async with asyncio.timeout(self.timeout):
                answer = await self._client.post("/chat/completions", body=body, cast_to=httpx2.Response)
        except (TimeoutError, openai.APITimeoutError):
            raise CallError("timeout", f"no answer within {self.timeout:g} seconds") from None
        except openai.APIStatusError as error:
            raise self._refused(error.response) from None
        except openai.APIConnectionError as error:
            if isinstance(error.__cause__, GistillError):  # the journal could not be written, and nothing has left
                raise error.__cause__ from None
            raise self._unreachable(error.__cause__ or error) from None
        if answer.status_code != 200:
            raise self._refused(answer)
        content = bytes(answer.content)
        for secret in self._secrets:  # some proxies show what they were sent
            content = content.replace(secret.encode(), b"***")
        return content

    async def _before_leaving(self, request: Any) -> None:
        """Show the bytes, and take away what the client tells about this machine."""
        for name in [name for name in request.headers if name.lower().startswith("x-stainless-")]:
            del request.headers[name]
        if self._anonymous:  # the client insists on a key
            del request.headers["Authorization"]
        request.headers["User-Agent"] = "gistill"
        _leaving.get()(request.content)

    def _refused(self, answer: Any) -> CallError:
        try:
            told: Any = json.loads(answer.content)
        except (ValueError, RecursionError):
            told = answer.text
        headers = {name.lower(): value for name, value in answer.headers.items()}
        error = read_error(answer.status_code, self.without_secrets(told), headers)
        if error.kind == "unauthorized" and self._key_env:
            error.hint = key_hint(self._key_env)
        return error

    def _unreachable(self, error: BaseException) -> CallError:
        import httpx2

        reason = self.without_secrets(str(error) or type(error).__name__)
        if isinstance(error, httpx2.ConnectError):  # nothing has left
            if plain := http_instead(self.url, reason):
                return CallError("unreachable", NO_HTTPS, paid=False, hint=f"Try {plain}")
            return CallError("unreachable", reason, paid=False, hint="Check the address, and that the server runs.")
        if isinstance(error, httpx2.TimeoutException):
            return CallError("timeout", reason)
        return CallError("cut", reason)

    def without_secrets(self, told: _T) -> _T:
        """Replace our secrets wherever a server repeats them."""
        shown = told if isinstance(told, str) else json.dumps(told)
        for secret in self._secrets:
            shown = shown.replace(secret, "***")
        shown = _KEY.sub("***", shown)  # half of a key is too much, too
        return shown if isinstance(told, str) else json.loads(shown)  # type: ignore[return-value]

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()


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


def key_in(variable: str) -> str:
    """Read a key from an environment variable; "" where there is none.

    Raises:
        SettingError: It cannot be sent, or stands in quotation marks: it was copied with something that is no part
            of it. The key itself is not shown.
    """
    key = os.environ.get(variable, "").strip() if variable else ""
    _checked_header(key, f"the key in {variable}")
    if len(key) > 1 and key[0] == key[-1] and key[0] in "\"'`":
        raise SettingError(f"the key in {variable} stands in quotation marks", hint="Set it without them.")
    return key


def _checked_header(value: str, what: str) -> None:
    odd = next((char for char in value if not " " <= char <= "~"), "")
    if odd:
        name = unicodedata.name(odd, f"U+{ord(odd):04X}").lower()
        hint = "Copy it again, without the quotation marks and line breaks around it."
        raise SettingError(f"{what} cannot be sent: it holds a character that no key has ({name})", hint=hint)


def checked_url(url: str) -> str:
    """Check an address, and return it without a slash at the end.

    Raises:
        SettingError: It is not the address of a server, or holds a name, a password or a query, where keys hide.
    """
    try:
        parts = urlsplit(url.strip())
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise SettingError(f"{url!r} is not the address of a server", hint="An address is: https://api.openai.com/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise SettingError(
            f"the address of {parts.hostname} contains a user name, a password or a query",
            hint="Put the key into an environment variable (OPENAI_API_KEY), not into the address.",
        )
    return url.strip().rstrip("/")


def http_instead(url: str, reason: str) -> str:
    """Give the address with http where the reason why https failed is that the server does not speak it, else ""."""
    return f"http{url[5:]}" if url.startswith("https:") and _NO_TLS.search(reason) else ""


class LoopThread:
    """An event loop in a thread of its own, so that synchronous callers share connections and rates between calls.

    It also works where a loop runs already, as in a notebook.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="gistill-remote", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run to the end and return the result. An interrupt cancels the work, and waits until it has let go."""
        ended = threading.Event()

        async def to_the_end() -> _T:
            try:
                return await work
            finally:
                ended.set()

        future = asyncio.run_coroutine_threadsafe(to_the_end(), self._loop)
        try:
            while not ended.wait(0.5):  # in steps, so that Windows, too, hears an interrupt
                pass
            return future.result()
        except BaseException:
            if not ended.is_set():
                future.cancel()
                ended.wait(_LET_GO)
            raise

    def close(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do a last thing, then end the loop and its thread. To be called once."""

        async def finish() -> None:
            try:
                await last()
            finally:
                self._loop.stop()

        if threading.current_thread() is self._thread:  # the garbage collector may call from anywhere
            self._last = self._loop.create_task(finish())
            return
        asyncio.run_coroutine_threadsafe(finish(), self._loop)
        self._thread.join(_LET_GO)
