"""`gistill serve`: everything that gistill does, behind HTTP."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gistill import install
from gistill.cli import options
from gistill.cli.ending import ending, tell

if TYPE_CHECKING:
    from gistill.serve.state import Loaded

_LIMITS = "Limits"


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on. 0.0.0.0 lets other machines connect, and needs a key.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port. 0 takes a free one.")] = 8321,
    folder: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER", envvar="GISTILL_SERVE_FOLDER", help="Where jobs, their files and their reports are kept."
        ),
    ] = Path("gistill-serve"),
    keep_days: Annotated[
        float, typer.Option(min=0, metavar="DAYS", help="Delete a job so long after it has ended.")
    ] = 30.0,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A name under which clients ask this server, beside its addresses and localhost; may be given several "
            "times.",
        ),
    ] = None,
    api_key_env: Annotated[
        str,
        typer.Option(
            "--key-env",
            metavar="NAME",
            help="Environment variable with the keys that clients must send, spaces between them. Without one only "
            "this machine is served.",
        ),
    ] = "GISTILL_SERVE_KEY",
    reader: options.ReaderPath = None,
    writer: Annotated[
        str,
        typer.Option(metavar="NAME", help="Language model of chats and summaries: auto, none, a name or a path."),
    ] = "auto",
    writer_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Take a model behind an OpenAI-compatible server instead, for example http://127.0.0.1:8000/v1. What "
            "is sent there goes through the privacy gate and into a journal.",
        ),
    ] = None,
    writer_model: Annotated[str | None, typer.Option(metavar="NAME", help="Name of the model at --writer-url.")] = None,
    writer_key_env: Annotated[
        str, typer.Option(metavar="NAME", help="Environment variable with the key for --writer-url.")
    ] = "OPENAI_API_KEY",
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads of the writer. Default: the engine decides.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=0, metavar="N", rich_help_panel=_LIMITS, help="Digests made at once.")] = 1,
    most_jobs: Annotated[
        int, typer.Option(min=1, metavar="N", rich_help_panel=_LIMITS, help="Digests that may wait.")
    ] = 32,
    most_upload: Annotated[
        int, typer.Option(min=1, metavar="MIB", rich_help_panel=_LIMITS, help="Size of a file.")
    ] = 512,
    most_waiting: Annotated[
        int, typer.Option(min=1, metavar="N", rich_help_panel=_LIMITS, help="Requests at work or waiting.")
    ] = 256,
    most_seconds: Annotated[
        float, typer.Option(min=1, metavar="S", rich_help_panel=_LIMITS, help="Time for an answer.")
    ] = 120.0,
    most_memory: Annotated[
        int, typer.Option(min=500, metavar="MIB", rich_help_panel=_LIMITS, help="Memory of a digest.")
    ] = 6_000,
    batching: Annotated[
        bool, typer.Option(rich_help_panel=_LIMITS, help="Read requests together that come at the same time.")
    ] = True,
    traces: Annotated[
        bool,
        typer.Option(
            "--traces",
            help="Send spans of requests, without content, to OTEL_EXPORTER_OTLP_ENDPOINT.",
        ),
    ] = False,
) -> None:
    """Serve opinions, summaries, digests and chats over HTTP, with a page at /. Stop it with Ctrl-C or SIGTERM.

    docs/serving.md shows how it is asked, and what is not supported.
    """
    with ending():
        from gistill.serve import listening

        listening.uvicorn()
        _fastapi()
        keys = os.environ.get(api_key_env, "").split()
        _refuse(host, keys, api_key_env, listening.is_loopback(host))
        setup = {
            "reader": str(reader) if reader else None,
            "writer": writer,
            **_remote(writer_url, writer_model, writer_key_env, listening),
        }
        from gistill.runs import holding
        from gistill.serve.app import Who, application
        from gistill.serve.jobs import Jobs
        from gistill.serve.limits import Limits
        from gistill.serve.openai.api import GRACE
        from gistill.serve.runner import Runner
        from gistill.serve.tracing import Traced, tracer

        limits = Limits(
            jobs=most_jobs,
            upload=most_upload * 2**20,
            waiting=most_waiting,
            seconds=most_seconds,
            job_memory=most_memory,
        )
        spans = tracer() if traces else None
        bound = listening.listen(host, port)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with holding(folder):
            kept = Jobs(folder)
            made: Any = application(
                lambda: _load(setup, folder, threads),
                kept,
                Runner(kept, setup, limits, at_once=jobs, secrets=(api_key_env,)),
                who=Who(keys=keys, hosts=[*(allow_host or ()), host]),
                limits=limits,
                keep_days=keep_days,
                together=batching,
                say=tell,
            )
            if spans is not None:
                made = Traced(made, spans)
            tell(f"Serving at {listening.address(bound)}. Jobs are kept in {folder} for {keep_days:g} days.")
            listening.run(made, bound, grace=GRACE, timeout_keep_alive=30, backlog=2048)


def _fastapi() -> None:
    from gistill.errors import ExtraMissingError

    try:
        import fastapi  # noqa: F401
    except ImportError as error:
        raise ExtraMissingError("Serving needs FastAPI.", hint=install.hint("serve")) from error


def _refuse(host: str, keys: list[str], variable: str, only_here: bool) -> None:
    from gistill.errors import SettingError

    if not keys and not only_here:
        hint = f"Put a key into {variable}, or omit --host."
        raise SettingError(f"without a key, everybody who can reach {host} could read what is sent here", hint=hint)
    if any(len(key) < 16 for key in keys):
        hint = "Make one with: openssl rand -hex 32"
        raise SettingError(f"a key in {variable} has fewer than 16 characters, and could be guessed", hint=hint)


def _remote(url: str | None, model: str | None, key_env: str, listening: Any) -> dict[str, Any]:
    """Say how the model elsewhere is asked. One on this machine is told what stands in the texts; others are not."""
    from urllib.parse import urlsplit

    from gistill.errors import SettingError

    if url is None:
        if model is not None:
            raise SettingError("--writer-model needs --writer-url", hint="A model here is named with --writer.")
        return {"writer_url": None}
    if model is None:
        raise SettingError("--writer-url needs --writer-model", hint="`gistill doctor --server URL` lists the models.")
    from gistill.teacher.connection import checked_url

    here = listening.is_loopback(urlsplit(checked_url(url)).hostname or "")
    return {
        "writer_url": url,
        "writer_model": model,
        "writer_key_env": key_env,
        "writer_pii": "off" if here else "redact",
    }


def _load(setup: dict[str, Any], folder: Path, threads: int | None) -> Loaded:
    """Load what answers: the reader, the writer of chats, and the writer of briefs."""
    from contextlib import ExitStack

    from gistill.digest.briefs.in_digest import load_summary_writer
    from gistill.errors import ExtraMissingError, ModelMissingError
    from gistill.lm import load_writer
    from gistill.reader import load_readers
    from gistill.serve.state import Loaded
    from gistill.serve.work import writer_of

    reader = load_readers(setup["reader"])
    if setup["writer_url"] is not None:
        found = writer_of(setup, ExitStack(), folder / "journal.sqlite")  # open as long as the process
        assert found is not None
        assert not isinstance(found, str)
        return Loaded(reader, found, found)
    name = setup["writer"]
    if name == "none":
        return Loaded(reader, None, None)
    try:
        writer = load_writer(None if name == "auto" else name, threads=threads)
    except (ModelMissingError, ExtraMissingError) as error:
        if name != "auto":
            raise
        tell(f"No writer answers chats: {error} {error.hint}")
        return Loaded(reader, None, load_summary_writer(tell))
    return Loaded(reader, writer, load_summary_writer(tell))
