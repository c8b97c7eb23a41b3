"""`gistill serve-model`: a writer that other programs can ask as they would ask OpenAI."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
        from gistill.serve import listening

        listening.uvicorn()
        api_key = os.environ.get(api_key_env, "").strip()
        if not api_key and not listening.is_loopback(host):
            from gistill.errors import SettingError

            hint = f"Put a key into {api_key_env}, or omit --host."
            raise SettingError(f"without a key, everybody who can reach {host} could use this model", hint=hint)
        bound = listening.listen(host, port)
        from gistill.serve.openai.api import GRACE, app

        loaded = _loaded(model, threads, data)
        made = app(loaded, api_key=api_key)
        tell(f"Serving {loaded.name} at {listening.address(bound)}/v1.")
        listening.run(made, bound, grace=GRACE)


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
