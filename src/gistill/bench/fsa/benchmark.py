"""The benchmark of fine-grained sentiment as `bench.run` takes it."""

from __future__ import annotations

from collections.abc import Sequence

from gistill.bench.benchmark import Benchmark, Settings
from gistill.bench.fsa.jobs import job, why_not
from gistill.bench.fsa.report import markdown, write_sheet
from gistill.bench.fsa.scorecard import BenchScorecard, scorecard
from gistill.bench.fsa.sets import BenchSet, load_set
from gistill.errors import SettingError
from gistill.evaluate.tuples import difference as tuple_difference
from gistill.schema import Estimate, TupleAnswer


def load(name: str, settings: Settings) -> BenchSet:
    """Load a set by its name; see `load_set`."""
    if settings.data is None:
        raise SettingError(f"the set {name!r} needs the folder of public data", hint="Give it with --data.")
    return load_set(name, folder=settings.data, limit=settings.limit, seed=settings.seed)


def skipped(system: str, on: BenchSet, why: str) -> BenchScorecard:
    """Give the scorecard of a system that cannot do a set."""
    return BenchScorecard(system=system, set=on.name, texts=len(on.examples), skipped=why)


def difference(
    sets: Sequence[BenchSet],
    first: Sequence[Sequence[TupleAnswer]],
    second: Sequence[Sequence[TupleAnswer]],
    *,
    seed: int = 0,
) -> Estimate:
    """Bound by how much the strict F1 of the first answers is above that of the second."""
    gold = [example.tuples for on in sets for example in on.examples]
    return tuple_difference(gold, first, second, seed=seed)


def measure(_: Sequence[BenchScorecard]) -> str:
    """Name what is compared."""
    return "F1"


FSA: Benchmark[BenchSet, BenchScorecard] = Benchmark(
    name="fsa",
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
