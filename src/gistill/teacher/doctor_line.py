"""The line to a server that is being examined: one question at a time, everything odd about the answer kept."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module
from threading import Lock
from typing import Any, Literal

from gistill import install
from gistill.errors import ExtraMissingError
from gistill.schema import Noun
from gistill.teacher.chat_api import content_of, reasoned
from gistill.teacher.connection import LoopThread, key_in
from gistill.thinking import bare

_TRIES = 4  # of one question, where the server is busy or breaks off
_LONGEST_WAIT = 5.0  # seconds, whatever Retry-After says
_LEAST = 0.05  # seconds for a call
NOT_ASKED = -1  # the status of a question for which no time was left


class Finding(Noun):
    """What was found out about one thing a server can do, and what follows from it."""

    check: str
    verdict: Literal["good", "bad", "unknown"]
    answer: str  # one or two words: enforces, ignores, 4096, ...
    sentence: str


@dataclass(frozen=True)
class Said:
    """A server's answer to one question. `status` is 0 where no answer came, `NOT_ASKED` where no time was left."""

    status: int
    text: str = ""
    finish: str = ""
    usage: dict[str, Any] | None = None
    error: str = ""
    body: Any = None
    slow: bool = False  # no answer, because the time was up
    thought: bool = False  # it tells of reasoning

    @property
    def ok(self) -> bool:
        """Whether it is an answer at all."""
        return self.status == 200 and not self.error


class Line:
    """Asks one server, counts what it cost, and stops asking when the time is up.

    Args:
        url: The address that `/chat/completions` follows, as a rule ending in /v1.
        api_key_env: The environment variable that holds the key; none is sent where it is empty or not set.
        seconds: For all questions together; a call under way is broken off then.
        call_seconds: For one.

    Raises:
        ExtraMissingError: openai is not installed.
    """

    def __init__(self, url: str, api_key_env: str, *, seconds: float, call_seconds: float) -> None:
        try:
            self._openai: Any = import_module("openai")
        except ImportError as error:
            raise ExtraMissingError("Asking a server needs openai.", hint=install.hint("teacher")) from error
        self._key = key_in(api_key_env)
        self.url, self.model = url, ""
        self.limit_name = "max_tokens"
        self.takes_temperature = True
        self.calls = self.failed = self.prompt_tokens = self.completion_tokens = 0
        self.with_usage = self.answered = 0
        self._deadline = time.monotonic() + seconds
        self._call_seconds = call_seconds
        self._lock = Lock()
        self._loop = LoopThread()
        self._client = self._openai.AsyncOpenAI(
            base_url=url,
            api_key=self._key or "none",  # the client insists on one
            max_retries=0,
            timeout=call_seconds,
            http_client=self._openai.DefaultAsyncHttpxClient(
                follow_redirects=False,  # elsewhere is somebody else
                verify=url.startswith("https"),  # reading the certificates takes half a second
                event_hooks={"request": [self._before_leaving]},
            ),
        )

    async def _before_leaving(self, request: Any) -> None:
        """Take away what the client tells about this machine."""
        for name in [name for name in request.headers if name.lower().startswith("x-stainless-")]:
            del request.headers[name]
        if not self._key:
            del request.headers["Authorization"]
        request.headers["User-Agent"] = "gistill"

    def close(self) -> None:
        """Hang up."""
        self._loop.close(self._client.close)

    @property
    def left(self) -> float:
        """Seconds until no more is asked."""
        return self._deadline - time.monotonic()

    def look(self, path: str) -> Said:
        """Get what stands at a path below the address, or at a whole address."""
        return self._tried(lambda: self._client.get(path, cast_to=object))

    def say(self, question: str, *, beginning: str = "", max_tokens: int = 64, **settings: Any) -> Said:
        """Ask a question, at temperature 0 unless told otherwise."""
        messages = [{"role": "user", "content": question}]
        if beginning:
            messages.append({"role": "assistant", "content": beginning})
        body: dict[str, Any] = {"model": self.model, "messages": messages, "temperature": 0, **settings}
        for _ in range(3):  # at most two settings are named otherwise or not taken
            if not self.takes_temperature:
                body.pop("temperature", None)
            said = self._posted({**body, self.limit_name: max_tokens})
            if not self._learned(said):
                break
        return said

    def _learned(self, said: Said) -> bool:
        """Notice what newer models of hosted servers no longer take, so that it can be asked without."""
        if said.status != 400:
            return False
        if "max_completion_tokens" in said.error and self.limit_name == "max_tokens":
            self.limit_name = "max_completion_tokens"
            return True
        if "temperature" in said.error and self.takes_temperature:
            self.takes_temperature = False
            return True
        return False

    def _posted(self, body: dict[str, Any]) -> Said:
        def post() -> Any:
            return self._client.post("/chat/completions", body=body, cast_to=object)

        said = self._tried(post)
        if said.status != 200 or said.error:
            return said
        try:
            choice = said.body["choices"][0]
            message = choice["message"]
            text, thought = bare(content_of(message.get("content")))
            finish = str(choice.get("finish_reason") or "")
            usage = said.body.get("usage")
        except (KeyError, IndexError, TypeError, AttributeError):
            return Said(200, error=_no_completion(said.body), body=said.body)
        thought = thought or reasoned(message, usage)
        with self._lock:
            self.answered += 1
            if isinstance(usage, dict) and isinstance(usage.get("prompt_tokens"), int):
                self.with_usage += 1
                self.prompt_tokens += usage["prompt_tokens"]
                self.completion_tokens += usage.get("completion_tokens") or 0
            else:
                usage = None
        return Said(200, text, finish, usage, body=said.body, thought=thought)

    def _tried(self, call: Callable[[], Awaitable[Any]]) -> Said:
        said = Said(NOT_ASKED, error="the time was up", slow=True)
        for attempt in range(_TRIES):
            if self.left <= 0:
                return said
            said, wait = self._once(call)
            if wait is None:
                return said
            if attempt + 1 < _TRIES:
                time.sleep(max(0.0, min(wait or 0.2 * 2**attempt, _LONGEST_WAIT, self.left)))
        return said

    def _once(self, call: Callable[[], Awaitable[Any]]) -> tuple[Said, float | None]:
        """Ask once. The second value is the wait before it is worth asking again, None where it is not."""
        with self._lock:
            self.calls += 1
        failed: Said
        wait: float | None = 0.0
        seconds = max(_LEAST, min(self._call_seconds, self.left))
        try:
            return Said(200, body=self._loop.run(_within(seconds, call))), None
        except self._openai.APIStatusError as error:
            failed = Said(error.status_code, error=self._told(error))
            if error.status_code < 500 and error.status_code not in (408, 409, 429):
                return failed, None
            wait = _seconds(error.response.headers.get("retry-after"))
        except (TimeoutError, self._openai.APITimeoutError):
            failed, wait = (
                Said(0, error=f"no answer within {round(seconds, 1):g} seconds", slow=True),
                None,
            )
        except self._openai.APIConnectionError as error:
            failed = Said(0, error=str(error.__cause__ or error))
            if type(error.__cause__).__name__ == "ConnectError":  # nobody is there
                wait = None
        except (ValueError, RecursionError) as error:
            failed = Said(200, error=_no_completion(getattr(error, "doc", None)))
        except self._openai.OpenAIError as error:
            failed = Said(0, error=str(error))
        with self._lock:
            self.failed += 1
        return failed, wait

    def _told(self, error: Any) -> str:
        """Read what a server says about an error, without our key, which some repeat."""
        body = error.body
        told = str((body.get("message") if isinstance(body, dict) else None) or error)
        return " ".join((told.replace(self._key, "***") if self._key else told).split())[:300]


def _no_completion(body: Any) -> str:
    """Say what came in the place of a chat completion."""
    if isinstance(body, str) and body.lstrip().startswith("<"):
        return "it answers with a web page: check the address, and what stands before the server"
    if isinstance(body, str) and body.lstrip().startswith(("data:", "event:")):
        return "it streams its answers, although it is not asked to"
    return f"the answer is not a chat completion but {json.dumps(body)[:60]}" if body else "the answer is not JSON"


async def _within(seconds: float, call: Callable[[], Awaitable[Any]]) -> Any:
    """Bound a whole call. The client's own limit is one between two bytes, which some servers send to hold a line."""
    async with asyncio.timeout(seconds):
        return await call()


def _seconds(header: str | None) -> float:
    try:
        return max(0.0, float(header or 0))
    except ValueError:  # a date, which is not worth reading here
        return 1.0
