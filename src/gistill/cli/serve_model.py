"""`gistill serve-model`: a writer that other programs can ask as they would ask OpenAI."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gistill import install
from gistill.cli.ending import ending, tell

if TYPE_CHECKING:
    from gistill.lm import LanguageModel


def serve_model(
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FOLDER",
            help="A name that `gistill models` shows, a path, or recorded:NAME. Default: the installed writer.",
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on. 0.0.0.0 lets other machines connect.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port. 0 takes a free one.")] = 8000,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads. Default: the engine decides.")] = None,
    api_key_env: Annotated[
        str,
        typer.Option(
            "--key-env",
            "--api-key-env",
            metavar="NAME",
            help="Environment variable with the key that clients must send. Without a key only this machine is served.",
        ),
    ] = "GISTILL_SERVE_KEY",
    data: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", envvar="GISTILL_DATA", help="Folder of the public data, for recorded:NAME."),
    ] = None,
) -> None:
    """Serve a model with OpenAI's API, at /v1, on this machine only. Stop it with Ctrl-C or SIGTERM."""
    with ending():
        uvicorn = _uvicorn()
        api_key = os.environ.get(api_key_env, "").strip()
        if not api_key and not _only_here(host):
            from gistill.errors import SettingError

            hint = f"Put a key into {api_key_env}, or omit --host."
            raise SettingError(f"without a key, everybody who can reach {host} could use this model", hint=hint)
        listening = _listening(host, port)
        from gistill.serve.openai.api import app

        loaded = _loaded(model, threads, data)
        made = app(loaded, api_key=api_key)
        at = listening.getsockname()
        place = f"[{at[0]}]" if ":" in at[0] else at[0]
        tell(f"Serving {loaded.name} at http://{place}:{at[1]}/v1.")
        _run(uvicorn, made, listening)


def _loaded(name: str | None, threads: int | None, data: Path | None) -> LanguageModel:
    """Load the model that is served: one that runs here, or answers that a larger one gave and somebody published."""
    if name is None or not name.startswith("recorded:"):
        from gistill.lm import load_writer

        return load_writer(name, threads=threads)
    if data is None:
        from gistill.errors import SettingError

        raise SettingError(f"{name} needs the folder of public data", hint="Give it with --data.")
    from gistill.distill.recorded import open_recorded

    return open_recorded(name, data)


def _run(uvicorn: Any, made: Any, listening: socket.socket) -> None:
    """Serve until told to stop; what is being answered then is answered to the end, or given up after a while."""
    from gistill.serve.openai.api import GRACE

    settings = uvicorn.Config(
        made, log_level="warning", access_log=False, timeout_graceful_shutdown=int(GRACE), server_header=False
    )
    # uvicorn raises the signal again when it has shut down: being told to stop is a good end, an interrupt is 130.
    signal.signal(signal.SIGTERM, lambda *_: None)
    uvicorn.Server(settings).run(sockets=[listening])
    if any(thread.name == "gistill-batches" for thread in threading.enumerate()):
        sys.stderr.flush()
        os._exit(0)  # the engine is still at work, and nothing but this ends it


def _listening(host: str, port: int) -> socket.socket:
    """Take the port before the model is loaded, so that one that is in use is noticed at once."""
    from gistill.errors import SettingError

    try:
        [family, *_], *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        made = socket.create_server((host, port), family=socket.AddressFamily(family))
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise SettingError(f"cannot listen at {host} port {port}: {why}", hint="Try another --port.") from error
    made.set_inheritable(True)
    return made


def _only_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _uvicorn() -> Any:
    from gistill.errors import ExtraMissingError

    try:
        import uvicorn
    except ImportError as error:
        raise ExtraMissingError("Serving a model needs uvicorn.", hint=install.hint("serve")) from error
    return uvicorn
