"""What is known of one system on one set of summaries: every measure, at free and at equal length, and by domain."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import stdev

from pydantic import Field

from gistill.bench.abs import deeply, metrics
from gistill.bench.abs.groups import SHOWN, groups_of
from gistill.bench.abs.sets import SummarySet
from gistill.bench.answers import Cost
from gistill.evaluate.summaries import intervals
from gistill.evaluate.summaries.scoring import BY_NAME, Counts, Measure, count, measures_in, table
from gistill.evaluate.summaries.words import cut
from gistill.schema import Estimate, Noun
from gistill.task import SummaryTask

Counted = list[list[dict[str, Counts]]]  # of each seed, of each task


class SummaryScorecard(Noun):
    """One system on one set.

    Attributes:
        system: The row's name.
        set: The set.
        tasks: How many were scored.
        skipped: Why there are no scores; empty where there are.
        free: Measure -> the mean over seeds, of the texts as they are, with the interval over clusters of tasks.
        equal: The same of texts that are cut to the usual length of the set.
        deviations: Of the measures in `free` over seeds; none for one seed.
        domains: Domain -> measures of `free`; empty where there is only one.
        groups: What tasks are sorted by (aspect, its frequency, words of the sources) -> group -> some measures of
            `free`; empty where they were not asked for.
        worst: The tasks with the lowest ROUGE-1 (or relevance, without references), the lowest first: id and score.
        tasks_per_second: Of all seeds; None where nothing was computed.
        peak_mb: The largest resident size of the system's process; None where it is not known.
        signature: How the numbers were made.
    """

    system: str
    set: str
    tasks: int
    skipped: str = ""
    free: dict[str, Estimate] = Field(default_factory=dict)
    equal: dict[str, Estimate] = Field(default_factory=dict)
    deviations: dict[str, float] = Field(default_factory=dict)
    domains: dict[str, dict[str, Estimate]] = Field(default_factory=dict)
    groups: dict[str, dict[str, dict[str, Estimate]]] = Field(default_factory=dict)
    worst: list[tuple[str, float]] = Field(default_factory=list)
    tasks_per_second: float | None = None
    peak_mb: float | None = None
    signature: dict[str, str | list[str]] = Field(default_factory=dict)


_WORST = 20


def scorecard(
    system: str,
    on: SummarySet,
    answers: Sequence[Sequence[str]],
    costs: Sequence[Cost],
    *,
    signature: dict[str, str | list[str]],
    seed: int = 0,
    grouped: bool = False,
) -> SummaryScorecard:
    """Score the texts of a system's seeds on a set.

    Args:
        system: The row's name.
        on: The set.
        answers: Of each seed, about each task.
        costs: What each seed took.
        signature: How the texts were made; the set's hash is added.
        seed: Of the bootstrap.
        grouped: Whether measures are given by group too.
    """
    counted = count_all(on, answers)
    short = count_all(
        on, [[cut(text, on.length(task)) for task, text in zip(on.examples, run, strict=True)] for run in answers]
    )
    measures = measures_in(one for run in counted for one in run)
    seconds = sum(cost.seconds for cost in costs)
    return SummaryScorecard(
        system=system,
        set=on.name,
        tasks=len(on.examples),
        free={m.name: _estimate(on, counted, m, seed) for m in measures},
        equal={m.name: _estimate(on, short, m, seed) for m in measures},
        deviations=_deviations(on, counted, measures, seed),
        domains={
            name: {m.name: _estimate(on, counted, m, seed, places=places) for m in measures}
            for name, places in _domains(on).items()
        },
        groups=_groups(on, counted, measures, seed) if grouped else {},
        worst=_worst(on, counted),
        tasks_per_second=round(len(on.examples) * len(costs) / seconds, 2) if seconds else None,
        peak_mb=max((cost.peak_mb for cost in costs if cost.peak_mb is not None), default=None),
        signature={**signature, "data": on.hash},
    )


def count_all(on: SummarySet, answers: Sequence[Sequence[str]]) -> Counted:
    """Count every measure of every text."""

    def counted(task: SummaryTask, text: str) -> dict[str, Counts]:
        deep = deeply.count(task, text, aspects=on.aspects, critic=on.critic) if on.deep else {}
        learned = {name: metrics.counted(metric, task, text) for name, metric in on.metrics}
        return count(task, text) | deep | learned

    return [[counted(task, text) for task, text in zip(on.examples, run, strict=True)] for run in answers]


def _groups(
    on: SummarySet, counted: Counted, measures: Sequence[Measure], seed: int
) -> dict[str, dict[str, dict[str, Estimate]]]:
    shown = [m for m in measures if m.name in SHOWN or m.name not in BY_NAME]
    return {
        kind: {
            name: {m.name: _estimate(on, counted, m, seed, places=places) for m in shown}
            for name, places in groups.items()
        }
        for kind, groups in groups_of(on).items()
    }


def _estimate(
    on: SummarySet, counted: Counted, measure: Measure, seed: int, *, places: Sequence[int] | None = None
) -> Estimate:
    kept = range(len(on.examples)) if places is None else places
    runs = [[table(run, measure)[place] for place in kept] for run in counted]
    return intervals.estimate(runs, [on.examples[place].cluster for place in kept], measure.score, seed=seed)


def _domains(on: SummarySet) -> dict[str, list[int]]:
    """Give the places of each domain's tasks; nothing where there is only one."""
    names = sorted({task.domain for task in on.examples})
    places = {name: [at for at, task in enumerate(on.examples) if task.domain == name] for name in names}
    return places if len(names) > 1 else {}


def _deviations(on: SummarySet, counted: Counted, measures: Sequence[Measure], seed: int) -> dict[str, float]:
    if len(counted) < 2:
        return {}
    values = {m.name: [_estimate(on, [run], m, seed).value for run in counted] for m in measures}
    known = {name: [value for value in found if value is not None] for name, found in values.items()}
    return {name: stdev(found) for name, found in known.items() if len(found) == len(counted)}


def _worst(on: SummarySet, counted: Counted) -> list[tuple[str, float]]:
    """Give the lowest tasks of the first seed."""
    for name in ("ROUGE-1", "relevance to the evidence"):
        scored = [(task.id, one[name]) for task, one in zip(on.examples, counted[0], strict=True) if name in one]
        rated = [(of, points / possible if possible else 0.0) for of, (points, possible, *_) in scored]
        if rated:
            return sorted(rated, key=lambda pair: pair[1])[:_WORST]
    return []
