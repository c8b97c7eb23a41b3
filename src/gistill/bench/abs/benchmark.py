"""The benchmark of summaries as `bench.run` takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gistill.bench.abs.jobs import job, why_not
from gistill.bench.abs.report import markdown, write_sheet
from gistill.bench.abs.scorecard import SummaryScorecard, count_all, scorecard
from gistill.bench.abs.sets import SummarySet, load_set
from gistill.bench.benchmark import Benchmark, Settings
from gistill.evaluate.summaries import intervals
from gistill.evaluate.summaries.scoring import BY_NAME, table
from gistill.schema import Estimate

_MEASURE = "ROUGE-1"


def load(name: str, settings: Settings) -> SummarySet:
    """Load a set by its name; see `load_set`."""
    found = load_set(name, folder=settings.data, limit=settings.limit, seed=settings.seed, length=settings.words)
    return replace(found, deep=settings.deep)


def skipped(system: str, on: SummarySet, why: str) -> SummaryScorecard:
    """Give the scorecard of a system that cannot do a set."""
    return SummaryScorecard(system=system, set=on.name, tasks=len(on.examples), skipped=why)


def difference(
    sets: Sequence[SummarySet],
    first: Sequence[Sequence[str]],
    second: Sequence[Sequence[str]],
    *,
    seed: int = 0,
    measure: str = _MEASURE,
) -> Estimate:
    """Bound by how much the first texts are above the second in a measure."""
    a, b = _counted(sets, first, measure), _counted(sets, second, measure)
    clusters = [f"{on.name} {task.cluster}" for on in sets for task in on.examples]
    return intervals.difference(a, b, clusters, BY_NAME[measure].score, seed=seed)


def _counted(sets: Sequence[SummarySet], runs: Sequence[Sequence[str]], measure: str) -> list[list[tuple[float, ...]]]:
    found: list[list[tuple[float, ...]]] = [[] for _ in runs]
    start = 0
    for on in sets:
        end = start + len(on.examples)
        for into, counted in zip(found, count_all(on, [run[start:end] for run in runs]), strict=True):
            into += table(counted, BY_NAME[measure])
        start = end
    return found


def measure(_cards: Sequence[SummaryScorecard]) -> str:
    """Name what is compared."""
    return _MEASURE


ABS: Benchmark[SummarySet, SummaryScorecard] = Benchmark(
    name="abs",
    load=load,
    job=job,
    why_not=why_not,
    card=scorecard,
    skipped=skipped,
    difference=difference,
    measure=measure,
    markdown=markdown,
    write_csv=write_sheet,
)
