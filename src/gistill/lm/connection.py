"""The connection to a server: the openai client, one call at a time, without its retries; and a loop to run it in."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import threading
from collections.abc import Callable, Coroutine, Mapping
from contextvars import ContextVar
from typing import Any, TypeVar
from urllib.parse import urlsplit

from gistill.errors import ExtraMissingError, SettingError
from gistill.lm.chat_api import CallError, read_error

_T = TypeVar("_T")
_CONNECT = 10.0  # seconds
_SHORTEST_SECRET = 6  # shorter header values are no secrets, and replacing them would garble messages

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
        self.timeout = timeout
        key = os.environ.get(api_key_env, "").strip() if api_key_env else ""
        self._secrets = [secret for secret in (key, *(headers or {}).values()) if len(secret) >= _SHORTEST_SECRET]
        try:
            import httpx2  # what openai stands on
            import openai
        except ImportError as error:
            raise ExtraMissingError(
                "Asking a server needs the openai client.", hint='Run: pip install "gistill[teacher]"'
            ) from error
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
            raise self._unreachable(error.__cause__ or error) from None
        if answer.status_code != 200:
            raise self._refused(answer)
        return bytes(answer.content)

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
        return read_error(answer.status_code, self.without_secrets(told), headers)

    def _unreachable(self, error: BaseException) -> CallError:
        import httpx2

        reason = self.without_secrets(str(error) or type(error).__name__)
        if isinstance(error, httpx2.ConnectError):  # nothing has left
            return CallError("unreachable", reason, paid=False, hint="Check the address, and that the server runs.")
        if isinstance(error, httpx2.TimeoutException):
            return CallError("timeout", reason)
        return CallError("cut", reason)

    def without_secrets(self, told: _T) -> _T:
        """Replace our secrets wherever a server repeats them."""
        shown = told if isinstance(told, str) else json.dumps(told)
        for secret in self._secrets:
            shown = shown.replace(secret, "***")
        return shown if isinstance(told, str) else json.loads(shown)  # type: ignore[return-value]

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()


def checked_url(url: str) -> str:
    """Check an address, and return it without a slash at the end.

    Raises:
        SettingError: It is no address of a server, or holds a name, a password or a query, where keys hide.
    """
    try:
        parts = urlsplit(url.strip())
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise SettingError(f"{url!r} is no address of a server", hint="An address is: https://api.openai.com/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise SettingError(
            f"the address of {parts.hostname} holds more than a place",
            hint="Put the key into an environment variable (OPENAI_API_KEY), not into the address.",
        )
    return url.strip().rstrip("/")


class LoopThread:
    """An event loop in a thread of its own, so that synchronous callers share connections and rates between calls.

    It also works where a loop runs already, as in a notebook.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="gistill-remote", daemon=True)
        self._thread.start()

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
        except BaseException:
            future.cancel()
            ended.wait(5)
            raise
        return future.result()

    def close(self) -> None:
        """End the loop and its thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
