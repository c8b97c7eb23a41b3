"""A port that is taken before anything is loaded, and a server that ends well when it is told to."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import signal
import socket
import sys
import threading
from typing import Any

from gistill import install
from gistill.errors import ExtraMissingError, SettingError


def uvicorn() -> Any:
    """Import uvicorn.

    Raises:
        ExtraMissingError: It is not installed.
    """
    try:
        import uvicorn as found
    except ImportError as error:
        raise ExtraMissingError("Serving a model needs uvicorn.", hint=install.hint("serve")) from error
    return found


def listen(host: str, port: int) -> socket.socket:
    """Take the port before a model is loaded, so that one that is in use is noticed at once.

    Args:
        host: A name or an address of this machine.
        port: 0 takes a free one.

    Raises:
        SettingError: It cannot be listened there.
    """
    try:
        [family, *_], *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        made = socket.create_server((host, port), family=socket.AddressFamily(family), backlog=2048)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise SettingError(f"cannot listen at {host} port {port}: {why}", hint="Try another --port.") from error
    made.set_inheritable(True)
    return made


def address(listening: socket.socket) -> str:
    """Give the address under which a socket is reached, with `http://`."""
    at = listening.getsockname()
    return f"http://{f'[{at[0]}]' if ':' in at[0] else at[0]}:{at[1]}"


def is_loopback(host: str) -> bool:
    """Say whether only this machine reaches a host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def patient(seconds: float) -> Any:
    """Make uvicorn's protocol hang up on who connects and does not send the whole head of a request in time.

    uvicorn itself waits for ever, and a few thousand connections that say nothing would leave no room for others.

    Args:
        seconds: From the connection, or from the first bytes of a later request, to the end of its head.
    """
    from uvicorn.protocols.http.auto import AutoHTTPProtocol

    class Patient(AutoHTTPProtocol):  # type: ignore[misc,valid-type]
        _timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._watch()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._watch()

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            self._forget()

        def _watch(self) -> None:
            if self.cycle is not None and not self.cycle.response_complete:
                self._forget()
            elif self._timer is None:
                self._timer = self.loop.call_later(seconds, self.transport.close)

        def _forget(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    return Patient


def run(app: Any, listening: socket.socket, *, grace: float, head: float = 20.0, **settings: Any) -> None:
    """Serve until told to stop; what is being answered then is answered to the end, or given up after a while.

    Args:
        app: The web application (ASGI).
        listening: See `listen`.
        grace: Seconds for what is being answered.
        head: Seconds for the head of a request to arrive.
        **settings: More of `uvicorn.Config`.
    """
    found = uvicorn()
    config = found.Config(
        app,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=int(grace),
        server_header=False,
        http=patient(head),
        **settings,
    )
    # uvicorn raises the signal again when it has shut down: being told to stop is a good end, an interrupt is 130.
    signal.signal(signal.SIGTERM, lambda *_: None)
    found.Server(config).run(sockets=[listening])
    if any(thread.name == "gistill-batches" for thread in threading.enumerate()):
        sys.stderr.flush()
        os._exit(0)  # the engine is still at work, and nothing but this ends it
