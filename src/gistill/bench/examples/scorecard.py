"""What is known of one system on one file of examples: each measure of the skill, failures, and what it cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import stdev
from typing import Any

from pydantic import Field

from gistill.bench.answers import Cost
from gistill.bench.examples.sets import ExampleSet
from gistill.evaluate import ratios
from gistill.schema import Estimate, Noun
from gistill.skills.skill import Parsed


class SkillScorecard(Noun):
    """One system on one file of examples.

    Attributes:
        system: The row's name.
        set: The file.
        skill: What is scored.
        examples: How many were scored.
        skipped: Why there are no scores; empty where there are.
        measures: The skill's measures, the first one first: the mean over seeds, with the interval over examples.
        deviations: Of each measure over seeds; none for one seed, or where a seed measured nothing.
        failures: What was refused of the answers, by name, all seeds together.
        examples_per_second: Of all seeds, loading left out; None where nothing was computed.
        peak_mb: The largest resident size of the system's process; None where it had none or it is not known.
        signature: How the numbers were made.
    """

    system: str
    set: str
    skill: str
    examples: int
    skipped: str = ""
    measures: dict[str, Estimate] = Field(default_factory=dict)
    deviations: dict[str, float] = Field(default_factory=dict)
    failures: dict[str, int] = Field(default_factory=dict)
    examples_per_second: float | None = None
    peak_mb: float | None = None
    signature: dict[str, str | list[str]] = Field(default_factory=dict)


def scorecard(
    system: str,
    on: ExampleSet,
    answers: Sequence[Sequence[Parsed[Any]]],
    costs: Sequence[Cost],
    *,
    signature: dict[str, str | list[str]],
    seed: int = 0,
) -> SkillScorecard:
    """Score the answers of a system's seeds on a set.

    Args:
        system: The row's name.
        on: The set.
        answers: Of each seed, about each example.
        costs: What each seed took.
        signature: How the answers were made; the set's hash is added.
        seed: Of the bootstrap.
    """
    runs = points_of(on, answers)
    measures = {name: ratios.estimate(found, seed=seed) for name, found in runs.items()}
    by_seed = {name: [ratios.estimate([run]).value for run in found] for name, found in runs.items()}
    known = {name: [value for value in values if value is not None] for name, values in by_seed.items()}
    seconds = sum(cost.seconds for cost in costs)
    return SkillScorecard(
        system=system,
        set=on.name,
        skill=on.skill.name,
        examples=len(on.examples),
        measures=measures,
        deviations={name: stdev(values) for name, values in known.items() if len(values) == len(answers) > 1},
        failures=dict(sorted(Counter(f.kind for run in answers for one in run for f in one.failures).items())),
        examples_per_second=round(len(on.examples) * len(costs) / seconds, 2) if seconds else None,
        peak_mb=max((cost.peak_mb for cost in costs if cost.peak_mb is not None), default=None),
        signature={**signature, "data": on.hash},
    )


def points_of(on: ExampleSet, answers: Sequence[Sequence[Parsed[Any]]]) -> dict[str, list[list[ratios.Ratio]]]:
    """Give measure -> for each seed the points of each example."""
    scores = [
        [on.skill.score(example.result, said, example.asked) for example, said in zip(on.examples, run, strict=True)]
        for run in answers
    ]
    return {name: [[score[name] for score in run] for run in scores] for name in on.skill.measures}
