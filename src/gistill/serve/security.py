"""Who may ask what: keys, hosts, origins and the page's session; and nothing of the inside in any answer.

A page in a browser may post to this machine without being asked, and one whose name is made to point here (DNS
rebinding) may read. So a host must be an address or a name that was allowed, an origin must be this server, and what
comes from a browser must carry the token that only our own page was given.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from gistill.serve.limits import Limits
from gistill.serve.metrics import Metrics
from gistill.serve.openai.bodies import BodyError, error_body

OPEN = frozenset(
    {"/", "/page.js", "/explore.js", "/page.css", "/healthz", "/readyz", "/openapi.json"}
)  # they hold no content
OPENED = "/open/"  # what the page opens in another tab; the rest of the path is a ticket
_SLOWEST = 1024  # bytes a second of a file that is sent, on average
EXPLORE = "explore-"  # begins what a ticket names that opens the pages about a job; a report's own opens only it
UPLOADS = frozenset({"/v1/digests"})  # their body is a file, which goes to the disk and not into memory
SESSION = "x-gistill-session"
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_TICKET = 3600  # seconds that a ticket is good for

Say = Callable[[str], None]


class Keys:
    """The keys that clients may send; none lets everybody in, which only a loopback address may do."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._digests = [hashlib.sha256(key.encode()).digest() for key in keys]

    def __bool__(self) -> bool:
        return bool(self._digests)

    def owner(self, given: bytes) -> str | None:
        """Name the owner of what a key makes: a hash of it; "" where no key is needed, None where it is wrong.

        All keys are compared, each in constant time, so that the time tells nothing of how nearly one was met.
        """
        if not self._digests:
            return ""
        scheme, _, key = given.partition(b" ")
        digest = hashlib.sha256(key.strip()).digest()
        right = False
        for each in self._digests:
            right |= hmac.compare_digest(each, digest)
        if not right or scheme.lower() != b"bearer":
            return None
        return hashlib.sha256(b"owner " + digest).hexdigest()[:16]


class Tickets:
    """Addresses that open one thing for an hour, for a tab that cannot send a header."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def make(self, what: str) -> str:
        """Make a ticket for something that is named without a dot."""
        until = f"{int(time.time()) + _TICKET}"
        return f"{what}.{until}.{self._sign(what, until)}"

    def read(self, ticket: str) -> str | None:
        """Give what a ticket opens; None where it is no ticket of ours, or an old one."""
        what, _, rest = ticket.partition(".")
        until, _, signed = rest.partition(".")
        good = hmac.compare_digest(signed.encode(), self._sign(what, until).encode())
        return what if good and until.isdecimal() and int(until) > time.time() else None

    def _sign(self, what: str, until: str) -> str:
        return hmac.new(self._secret, f"{what} {until}".encode(), hashlib.sha256).hexdigest()


class Guard:
    """Stands before the application (ASGI): lets in who may, bounds what they send, and hides what fails.

    Args:
        app: The application.
        keys: Of the clients.
        hosts: Names under which the server is asked, beside addresses and `localhost`.
        session: The token of the page.
        limits: Of bodies and of the time they take.
        metrics: What is counted.
        say: Called with a sentence about a request that failed: its method, its route, the kind of error.
    """

    def __init__(
        self,
        app: Any,
        *,
        keys: Keys,
        hosts: Sequence[str],
        session: str,
        limits: Limits,
        metrics: Metrics,
        say: Say,
    ) -> None:
        self.app, self.keys, self.session, self.limits, self.metrics, self.say = (
            app, keys, session, limits, metrics, say,
        )  # fmt: skip
        self.hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        began, status = time.monotonic(), 0

        async def sending(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                known = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(each for each in _HEADERS if each[0] not in known)]
                if b"cache-control" not in known:
                    message["headers"].append((b"cache-control", b"no-store"))
            await send(message)

        try:
            self._admit(scope)
            await self.app(scope, await self._bounded(scope, receive), sending)
        except Exception as error:
            if not isinstance(error, BodyError):
                self.say(f"{scope['method']} {route_of(scope)} failed: {type(error).__name__}.")
            if not status:  # else an answer has begun; where it is not whole, the connection is closed
                await _refuse(refusal(error), sending)
        finally:
            method = scope["method"] if scope["method"] in ("GET", "POST", "DELETE") else "OTHER"
            self.metrics.saw(method, route_of(scope), status, time.monotonic() - began)

    def _admit(self, scope: Any) -> None:
        headers = _headers(scope)
        self._check_host(headers)
        path = scope["path"]
        if path in OPEN or path.startswith(OPENED):
            return
        owner = self.keys.owner(headers.get(b"authorization", b""))
        if owner is None:
            raise BodyError("Incorrect API key provided.", status=401, code="invalid_api_key")
        scope.setdefault("state", {})["owner"] = owner
        self._check_browser(headers)
        sent = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
        wanted = b"application/octet-stream" if path in UPLOADS else b"application/json"
        if scope["method"] == "POST" and sent != wanted and _has_body(headers):
            told = f"The content type must be {wanted.decode()}."
            raise BodyError(told, status=415, code="unsupported_media_type")

    def _check_host(self, headers: dict[bytes, bytes]) -> None:
        host = _host(headers.get(b"host", b"").decode("latin-1"))
        if host is None or not (_is_address(host) or host == "localhost" or host in self.hosts):
            told = "This server is not asked under that name. Start it with --allow-host NAME."
            raise BodyError(told, status=421, code="unknown_host")

    def _check_browser(self, headers: dict[bytes, bytes]) -> None:
        """Let a browser in only where our own page asks, which was given the token."""
        origin, site = headers.get(b"origin"), headers.get(b"sec-fetch-site")
        if origin is None and site is None:
            return
        host = headers.get(b"host", b"").decode("latin-1").lower()
        foreign = origin is not None and urlsplit(origin.decode("latin-1").lower()).netloc != host
        if foreign or site not in (None, b"same-origin", b"none"):
            raise BodyError("Another page may not ask this server.", status=403, code="foreign_origin")
        if not hmac.compare_digest(headers.get(SESSION.encode(), b""), self.session.encode()):
            raise BodyError("The page is older than the server. Load it again.", status=403, code="no_session")

    async def _bounded(self, scope: Any, receive: Any) -> Any:
        """Read a JSON body before anybody works on it; let a file pass in pieces, and watch how long each takes."""
        seconds = self.limits.body_seconds
        upload = scope["path"] in UPLOADS
        most = self.limits.upload if upload else self.limits.body
        declared = _headers(scope).get(b"content-length", b"0")
        if declared.isdigit() and len(declared) < 20 and int(declared) > most:
            raise _too_large(most)
        if scope["method"] not in ("POST", "PUT", "PATCH"):
            return receive
        if upload:
            return _Counted(receive, most, seconds).receive
        whole = bytearray()
        try:
            async with asyncio.timeout(seconds):
                more = True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise BodyError("The client disconnected.", status=499, code="client_gone")
                    whole += message.get("body", b"")
                    more = message.get("more_body", False)
                    if len(whole) > most:
                        raise _too_large(most)
        except TimeoutError:
            raise _too_slow() from None
        return _Again(receive, bytes(whole)).receive


def refusal(error: Exception) -> BodyError:
    """Say what a client is told of an error: never its own sentence, which may name a path or quote a text."""
    if isinstance(error, BodyError):
        return error
    if isinstance(error, sqlite3.Error | OSError):
        told = "The server cannot write to its disk, or read from it. Try again later."
        return BodyError(told, status=503, code="storage")
    if isinstance(error, MemoryError):
        return BodyError("The server has not enough memory for that.", status=503, code="out_of_memory")
    return BodyError("The server failed.", status=500, code="server_error")


class _Again:
    """Gives a body that has been read once more, then whatever else comes."""

    def __init__(self, receive: Any, body: bytes) -> None:
        self._receive, self._body, self._given = receive, body, False

    async def receive(self) -> Any:
        if self._given:
            return await self._receive()
        self._given = True
        return {"type": "http.request", "body": self._body, "more_body": False}


class _Counted:
    """Gives the pieces of a body, up to a size, and waits neither for one of them for ever nor for all that trickle."""

    def __init__(self, receive: Any, most: int, seconds: float) -> None:
        self._receive, self._most, self._seconds, self._size, self._over = receive, most, seconds, 0, False
        self._began = time.monotonic()

    async def receive(self) -> Any:
        if self._over:
            return await self._receive()
        try:
            async with asyncio.timeout(self._seconds):
                message = await self._receive()
        except TimeoutError:
            raise _too_slow() from None
        self._size += len(message.get("body", b""))
        if time.monotonic() - self._began > self._seconds + self._size / _SLOWEST:
            raise _too_slow()
        self._over = not message.get("more_body", False)
        if self._size > self._most:
            raise _too_large(self._most)
        return message


def _too_large(most: int) -> BodyError:
    return BodyError(f"The body has more than {most:,} bytes.", status=413, code="request_too_large")


def _too_slow() -> BodyError:
    return BodyError("The body did not arrive in time.", status=408, code="timeout")


def _headers(scope: Any) -> dict[bytes, bytes]:
    """Give the headers by name. One that comes twice counts as neither, but for the first of harmless ones."""
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in found and name in (b"host", b"authorization", b"origin", SESSION.encode()):
            raise BodyError(f"The header {name.decode()} comes twice.", code="invalid_request")
        found.setdefault(name, value)
    return found


def _host(given: str) -> str | None:
    """Give the name or address of a Host header without its port; None where it is none."""
    try:
        return urlsplit(f"//{given}").hostname
    except ValueError:
        return None


def _is_address(host: str) -> bool:
    """Say whether a host is an address: nobody can make it point elsewhere."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _has_body(headers: dict[bytes, bytes]) -> bool:
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers


def route_of(scope: Any) -> str:
    """Give the route as the code writes it: what was asked for may hold anything."""
    found = scope.get("route")
    return str(getattr(found, "path", "other"))


async def _refuse(error: BodyError, send: Any) -> None:
    body = json.dumps(error_body(str(error), status=error.status, code=error.code, param=error.param)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if error.status in (429, 503):
        headers.append((b"retry-after", b"2"))
    if error.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if error.status in (408, 413):  # the rest of the body is not read
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
