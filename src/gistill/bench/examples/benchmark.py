"""The benchmark of any skill as `bench.run` takes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gistill.bench.benchmark import Benchmark, Settings
from gistill.bench.examples.jobs import job, why_not
from gistill.bench.examples.report import markdown, write_sheet
from gistill.bench.examples.scorecard import SkillScorecard, points_of, scorecard
from gistill.bench.examples.sets import ExampleSet, load_examples
from gistill.evaluate import ratios
from gistill.schema import Estimate
from gistill.skills.all import SKILLS
from gistill.skills.skill import Parsed


def load(name: str, settings: Settings) -> ExampleSet:
    """Load a file of examples by its name; see `load_examples`."""
    return load_examples(name, limit=settings.limit, seed=settings.seed)


def skipped(system: str, on: ExampleSet, why: str) -> SkillScorecard:
    """Give the scorecard of a system that cannot do a set."""
    return SkillScorecard(system=system, set=on.name, skill=on.skill.name, examples=len(on.examples), skipped=why)


def difference(
    sets: Sequence[ExampleSet],
    first: Sequence[Sequence[Parsed[Any]]],
    second: Sequence[Sequence[Parsed[Any]]],
    *,
    seed: int = 0,
) -> Estimate:
    """Bound by how much the first answers are above the second in the skill's first measure."""
    return ratios.difference(_first_measure(sets, first), _first_measure(sets, second), seed=seed)


def _first_measure(sets: Sequence[ExampleSet], runs: Sequence[Sequence[Parsed[Any]]]) -> list[list[ratios.Ratio]]:
    """Give for each seed the points of each example of all sets, one set after the other."""
    found: list[list[ratios.Ratio]] = [[] for _ in runs]
    start = 0
    for on in sets:
        end = start + len(on.examples)
        points = points_of(on, [run[start:end] for run in runs])[on.skill.measures[0]]
        for run, more in zip(found, points, strict=True):
            run += more
        start = end
    return found


def measure(cards: Sequence[SkillScorecard]) -> str:
    """Name what is compared."""
    return ", ".join(dict.fromkeys(SKILLS[card.skill].measures[0] for card in cards))


EXAMPLES: Benchmark[ExampleSet, SkillScorecard] = Benchmark(
    name="examples",
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
