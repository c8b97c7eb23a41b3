"""What a run would take and bring: an estimate that asks nobody, and a preview that asks about the first texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from gistill.distill.annotate import opened, planned
from gistill.distill.asking import Asked, Records, Say, ask_all
from gistill.distill.settings import AnnotateSettings
from gistill.lm.seam import Completion, Request, failed
from gistill.teacher.prices import Cost
from gistill.teacher.remote import Estimate, Progress, RemoteModel

PREVIEW = 20  # texts


class Planned(NamedTuple):
    """The texts of a run that was not made.

    Attributes:
        texts: To ask about.
        candidates: To choose from.
        set_apart: What was skipped before asking, by kind.
        unit: What is asked about at once; see `tasks.Task`.
    """

    texts: int
    candidates: int
    set_apart: dict[str, int]
    unit: str


class Previewed(NamedTuple):
    """What came of the first texts, and what asking about them has cost in all runs so far."""

    planned: Planned
    asked: list[Asked]
    cost: Cost | None


class EstimatingModel:
    """Answers the seam with nothing but failures, and keeps what a server's client estimates of each batch.

    Args:
        remote: The client of the server that would be asked.

    Attributes:
        found: The estimates, one a batch.
    """

    def __init__(self, remote: RemoteModel) -> None:
        self.name, self.hash = remote.name, remote.hash
        self.found: list[Estimate] = []
        self._remote = remote

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        """Count the requests, and answer none."""
        self.found.append(self._remote.estimate(requests))
        return [failed("not_asked", "this was an estimate") for _ in requests]


def estimate(
    records: Records,
    *,
    out: Path | str,
    settings: AnnotateSettings,
    progress: Progress = lambda step, done, total: None,
    say: Say = lambda message: None,
) -> tuple[Planned, Estimate]:
    """Say what `annotate` with the same arguments would take, after everything that is done before asking; ask nothing.

    Every request goes the way it would go, through the privacy gate, and is counted at its end. What the journal
    answers already is not counted as a call. Nothing is written.
    """
    with (
        opened(records, settings, Path(out), counting=True, progress=progress, say=say) as walk,
        planned(walk) as plan,
    ):
        counting = [EstimatingModel(remote) for remote in walk.remotes]
        models = [gate.before(model) for gate, model in zip(walk.gates, counting, strict=True)]
        for _ in ask_all(plan, walk, models, step="estimate"):
            pass
        found = _added([one for model in counting for one in model.found])
        about = Planned(plan.items, plan.candidates, plan.counts, walk.task.unit)
    share = settings.batch_price_share
    if found.money_most is not None and share != 1:
        source = f"{found.price_source} x {share:g} (batch)"
        found = replace(found, money_most=found.money_most * share, price_source=source)
    return about, found


def preview(
    records: Records,
    *,
    out: Path | str,
    settings: AnnotateSettings,
    progress: Progress = lambda step, done, total: None,
    say: Say = lambda message: None,
) -> Previewed:
    """Ask about the first 20 texts, and write nothing but the journal, so that the run pays for none of them again."""
    with opened(records, settings, Path(out), progress=progress, say=say) as walk, planned(walk) as plan:
        parts = ask_all(plan, walk, walk.gates, step="preview", limit=PREVIEW)
        asked = [one for part in parts for one in part.asked]
        return Previewed(Planned(plan.items, plan.candidates, plan.counts, walk.task.unit), asked, walk.cost)


def _added(estimates: Sequence[Estimate]) -> Estimate:
    """Add estimates up; money that is not known for one is not known for all."""
    money = [one.money_most for one in estimates if one.calls]
    return Estimate(
        requests=sum(one.requests for one in estimates),
        hits=sum(one.hits for one in estimates),
        calls=sum(one.calls for one in estimates),
        prompt_tokens=sum(one.prompt_tokens for one in estimates),
        completion_tokens_most=sum(one.completion_tokens_most for one in estimates),
        money_most=None if None in money else sum(value for value in money if value is not None),
        price_source=", ".join(sorted({one.price_source for one in estimates if one.calls})) or "unknown",
    )
