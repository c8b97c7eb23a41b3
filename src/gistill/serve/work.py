"""The process of one job: `python -m gistill.serve.work`. It can be killed at any moment, and goes on where it was.

It is told what to do in one line of JSON on standard input, and says how far it is in lines on standard output. Where
standard input ends, the server is gone, and so is the process.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gistill import offline
from gistill.errors import GistillError, InputError, UnsureError

if TYPE_CHECKING:
    from gistill.lm import LanguageModel
    from gistill.tables import Table

_ROWS = 5  # of a preview
_CELL = 300  # characters of a cell in it
_SAYS = 0.2  # seconds between two lines about progress, at least
_MESSAGE = 400  # characters


def main() -> None:
    """Do what standard input says, and exit; what goes wrong is told, not raised."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with Path(os.devnull).open("wb") as nothing:
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)  # a library may write a path or a text there
    told = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    offline.hugging_face()
    if told["what"] == "digest" and hasattr(os, "nice"):
        os.nice(5)  # who waits for an answer goes before

    def say(**line: Any) -> None:
        print(json.dumps(line), file=out, flush=True)

    try:
        os.chdir(told["folder"])
        found = preview(told["job"]) if told["what"] == "preview" else digest(told["job"], told["setup"], say)
    except Exception as error:
        code, message = _why(error)
        columns = list(error.columns) if isinstance(error, UnsureError) else []
        say(failed=code, message=message, columns=columns)
    else:
        say(ended=found)
    out.flush()
    os._exit(0)


def preview(job: dict[str, Any]) -> dict[str, Any]:
    """Say what the file of a job was taken for, and show its first rows. Call it in the job's folder."""
    from gistill.schema import Failure, Record
    from gistill.tables import tell

    table = _table(job)
    told: dict[str, Any] = {
        "said": [*tell(table.info, path=False), *table.info.notes],
        "header": list(table.info.header),
        "texts": list(table.info.texts),
        "columns": table.info.columns,
        "rows": [],
    }
    records = table.records(limit=_ROWS)
    for item in records:
        if isinstance(item, Record):
            told["rows"].append({"id": item.id[:_CELL], "text": item.text[:_CELL], "rating": item.rating})
        else:
            assert isinstance(item, Failure)
    return told


def digest(job: dict[str, Any], setup: dict[str, Any], say: Any) -> dict[str, Any]:
    """Make the report of a job into the folder `out`. Call it in the job's folder."""
    from gistill.digest.run import digest as walk
    from gistill.digest.steps import sift
    from gistill.explore.index import write_index
    from gistill.reader import load_readers
    from gistill.screen import screen

    last: tuple[str, float] = ("", 0.0)

    def progress(step: str, done: int, total: int | None) -> None:
        nonlocal last
        now = time.monotonic()
        if step != last[0] or now - last[1] > _SAYS or done == total:
            last = (step, now)
            say(step=step, done=done, total=total)

    settings = job["settings"]
    table = _table(job)
    with ExitStack() as stack:
        result = walk(
            table.records(limit=settings.get("limit")),
            folder="out",
            reader=load_readers(setup.get("reader")),
            writer=writer_of(setup, stack, Path("journal.sqlite")) if settings.get("writer") != "none" else None,
            preset=settings.get("preset"),
            title=settings.get("title") or "",
            show_names=bool(settings.get("show_names")),
            progress=progress,
        )
    say(step="index", done=0, total=None)
    write_index(Path("out"), result, sift(screen(table.records(limit=settings.get("limit"))))[0])
    counts = ("records", "read", "people", "sentences", "opinions")
    return {name: getattr(result, name) for name in counts} | {"failures": dict(result.failures)}


def writer_of(setup: dict[str, Any], stack: ExitStack, journal: Path) -> LanguageModel | str | None:
    """Open the writer that a server was started with; "auto" is the one of the package, where it is installed.

    A server elsewhere is asked through the privacy gate, and every attempt is in the journal before it leaves.

    Args:
        setup: `writer`, `writer_url`, `writer_model`, `writer_key_env`, `writer_pii`.
        stack: Closes what is opened.
        journal: The file.
    """
    url = setup.get("writer_url")
    if url is None:
        name = setup.get("writer") or "auto"
        return None if name == "none" else name
    from gistill.teacher.gate import PrivateModel
    from gistill.teacher.journal import Journal
    from gistill.teacher.remote import Manner, RemoteModel

    kept = stack.enter_context(Journal(journal, run="serve", step="summarize"))
    manner = Manner(api_key_env=setup["writer_key_env"])
    remote = stack.enter_context(RemoteModel(url, setup["writer_model"], journal=kept, manner=manner))
    return PrivateModel(remote, pii=setup["writer_pii"])


def _table(job: dict[str, Any]) -> Table:
    from gistill.tables import open_table

    settings = job["settings"]
    columns = {role: column for role, column in settings["columns"].items() if column}
    return open_table(str(Path("in", job["name"])), columns=columns, by=tuple(settings["by"]))


def _why(error: Exception) -> tuple[str, str]:
    """Name an error, in a sentence that holds no path and nothing that a record says."""
    if isinstance(error, UnsureError):
        return "columns_unclear", "Nothing tells which columns hold the customers' words. Name them."
    if isinstance(error, InputError):
        return "bad_input", str(error).replace("in/", "").replace("in\\", "")[:_MESSAGE]
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "disk_full", "The disk of the server is full."
    if isinstance(error, MemoryError):
        return "out_of_memory", "There is not enough memory for this file."
    if isinstance(error, GistillError):
        return "model", f"A model cannot be used ({type(error).__name__}). Ask who runs the server."
    return "server_error", f"The digest failed ({type(error).__name__})."


def _end_with_the_server() -> None:
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(3)


if __name__ == "__main__":
    main()
