"""Annotating through a provider's batch files: the questions written today, the corpus made of what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from gistill.distill.annotate import Annotated, make_corpus, opened, planned
from gistill.distill.asking import Records, Say, Walk, ask_all
from gistill.distill.plan import Plan
from gistill.distill.settings import AnnotateSettings
from gistill.errors import SettingError
from gistill.teacher.batches import BatchModel, CollectingModel, read_batch, write_batch
from gistill.teacher.prices import read_prices
from gistill.teacher.remote import Progress


class Written(NamedTuple):
    """Batch files: the texts that they ask about, their requests, and the files; none where the journal answers all."""

    texts: int
    requests: int
    files: list[Path]


def write_batches(
    records: Records,
    *,
    out: Path | str,
    settings: AnnotateSettings,
    folder: Path | str,
    progress: Progress = lambda step, done, total: None,
    say: Say = lambda message: None,
) -> Written:
    """Write what `annotate` would ask as batch files, redacted as it would be sent; ask nothing.

    Args:
        records: As those of `annotate`, as are the other arguments.
        out: The corpus's folder, for its journal.
        settings: They name one teacher.
        folder: Where the files go: a new or an empty one.
        progress: Called as the questions are collected.
        say: Called with a sentence about what goes on.

    Raises:
        SettingError: There are several teachers, or the folder holds something.
    """
    with opened(records, settings, Path(out), progress=progress, say=say) as walk, planned(walk) as plan:
        collected = _collected(walk, plan)
        files = write_batch(
            collected.requests,
            Path(folder),
            model=BatchModel(collected.name, walk.remotes[0].url),
            journal=walk.journal,
        )
        return Written(plan.items, len(collected.requests), files)


def read_batches(
    records: Records,
    files: Sequence[Path],
    *,
    out: Path | str,
    settings: AnnotateSettings,
    command: str = "",
    progress: Progress = lambda step, done, total: None,
    say: Say = lambda message: None,
) -> Annotated:
    """Take the answers of batch files into the journal, then make the corpus of what the journal has; ask nobody.

    Args:
        records: The same as those of `write_batches`.
        files: What the provider gave back, in any order; those that are still missing can be read later.
        out: As in `annotate`, as are the other arguments.
        settings: The same as those of `write_batches`; also `prices` and `batch_price_share`.
        command: How this was called, for the data card.
        progress: Called as the questions are collected and answered.
        say: Called with a sentence about what goes on.

    Raises:
        SettingError: There are several teachers.
        InputError: A file cannot be read.
    """
    # Whether to go on where all answers are refused is asked before paying, and these are paid.
    settings = replace(settings, go_on=True)
    with opened(records, settings, Path(out), progress=progress, say=say) as walk:
        walk = walk._replace(records=list(walk.records))  # they are gone through twice
        with planned(walk) as plan:
            collected = _collected(walk, plan)
        read = read_batch(
            files,
            walk.journal,
            collected.requests,
            model=BatchModel(collected.name, walk.remotes[0].url),
            prices=read_prices(settings.prices) if settings.prices else None,
            price_share=settings.batch_price_share,
        )
        say(f"Answers in the batch: {_listed(read.counts)}.")
        model = walk.gates[0].before(CollectingModel(collected.name, journal=walk.journal))
        return make_corpus(walk, [model], Path(out), command=command)


def _collected(walk: Walk, plan: Plan) -> CollectingModel:
    """Let the loop collect what the journal does not answer."""
    if len(walk.gates) != 1:
        raise SettingError("batch files work with one teacher only", hint="Leave --teacher out.")
    found = CollectingModel(walk.remotes[0].name, journal=walk.journal)
    for _ in ask_all(plan, walk, [walk.gates[0].before(found)], step="collect"):
        pass
    return found


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "nothing"
