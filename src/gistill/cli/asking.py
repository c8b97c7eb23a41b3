"""A model behind a server, or behind batch files, for commands that ask one beside their own work."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, TypeVar, cast

import typer

if TYPE_CHECKING:
    from gistill.distill.settings import Pii
    from gistill.lm.seam import LanguageModel

_PANEL = "A large model (default: none)"
_T = TypeVar("_T")

Server = Annotated[
    str | None,
    typer.Option("--server", metavar="URL", rich_help_panel=_PANEL, help="Address of an OpenAI-compatible API."),
]
Judge = Annotated[
    str | None,
    typer.Option("--judge", metavar="URL", rich_help_panel=_PANEL, help="Also ask the large model behind this API."),
]
Model = Annotated[
    str | None, typer.Option(metavar="NAME", rich_help_panel=_PANEL, help="Its model. Default: the only one it has.")
]
KeyEnv = Annotated[
    str, typer.Option(metavar="NAME", rich_help_panel=_PANEL, help="Environment variable that holds the API key.")
]
PiiMode = Annotated[
    str,
    typer.Option(metavar="MODE", rich_help_panel=_PANEL, help="Personal data: redact (and put back), refuse or off."),
]
JournalFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", rich_help_panel=_PANEL, help="Journal of all calls. Default: FOLDER/journal.sqlite."),
]
WriteBatch = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", rich_help_panel=_PANEL, help="Write OpenAI batch files instead of asking."),
]
ReadBatch = Annotated[
    list[Path] | None,
    typer.Option(metavar="FILE", rich_help_panel=_PANEL, help="Read the answers of a batch. Repeatable."),
]


class Asked(NamedTuple):
    """Who is asked, and how; the options above."""

    server: str | None
    model: str | None
    key_env: str
    pii: str
    journal: Path
    write_batch: Path | None
    read_batch: list[Path] | None


def walked(asked: Asked, walk: Callable[[LanguageModel | None], _T], *, step: str, say: Callable[[str], None]) -> _T:
    """Do a walk with the model that the options name, behind the privacy gate, with a journal.

    For batch files the walk is done with a model that only collects what it is asked; where answers are read, once
    more with them. What has no answer yet fails as `waiting`.

    Args:
        asked: The options.
        walk: Called with the model; None where no server is named. May be called twice.
        step: What the calls are for, as the journal says it.
        say: Called with a sentence about what goes on.

    Raises:
        SettingError: Batch files without a server and a model, or another option that makes no sense.
    """
    from gistill.errors import SettingError

    batch = asked.write_batch is not None or bool(asked.read_batch)
    if asked.server is None:
        if batch:
            raise SettingError("batch files need --server and --model", hint="The answers are kept under these names.")
        return walk(None)
    from gistill.distill.settings import AnnotateSettings, teachers_of
    from gistill.teacher.batches import BatchModel, CollectingModel, read_batch, write_batch
    from gistill.teacher.gate import PrivateModel
    from gistill.teacher.journal import Journal
    from gistill.teacher.remote import Manner, RemoteModel

    settings = AnnotateSettings(skill="critique", server=asked.server, model=asked.model, key_env=asked.key_env)
    [teacher] = teachers_of(settings)
    asked.journal.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        journal = stack.enter_context(Journal(asked.journal, run=asked.journal.parent.resolve().name, step=step))
        manner = Manner(api_key_env=asked.key_env)
        remote = stack.enter_context(RemoteModel(teacher.url, teacher.model, journal=journal, manner=manner))
        gate = PrivateModel(remote, pii=cast("Pii", asked.pii))
        if not batch:
            say(f"Asking {remote.name} at {remote.url}.")
            return walk(gate)
        collecting = CollectingModel(remote.name, journal=journal)
        found = walk(gate.before(collecting))
        if asked.read_batch:
            read = read_batch(asked.read_batch, journal, collecting.requests, model=BatchModel(remote.name, remote.url))
            counts = ", ".join(f"{count:,} {name}" for name, count in read.counts.items() if count)
            say(f"Answers in the batch: {counts or 'none'}.")
            collecting = CollectingModel(remote.name, journal=journal)
            found = walk(gate.before(collecting))
        if asked.write_batch is not None:
            named = BatchModel(remote.name, remote.url)
            files = write_batch(collecting.requests, asked.write_batch, model=named, journal=journal)
            say(f"{len(collecting.requests):,} requests are in {len(files)} files in {asked.write_batch}.")
        elif collecting.requests:
            say(f"{len(collecting.requests):,} requests have no answer yet: write them with --write-batch.")
        return found
