"""The table of a distillation: every student on every test, and by how much it is above the baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gistill import files
from gistill.bench.benchmark import Benchmark
from gistill.distill.recipe import DistillRecipe
from gistill.schema import Estimate
from gistill.train.writer.recipe import TrainSet


class Scored(NamedTuple):
    """The scorecards of a task, the benchmark that made them, and the measure that students are compared in."""

    task: str
    benchmark: Benchmark[Any, Any]
    cards: Sequence[Any]
    measure: str


def write_table(
    recipe: DistillRecipe,
    scored: Sequence[Scored],
    differences: Mapping[tuple[str, str], Estimate],
    out: Path,
) -> Path:
    """Write table.md and, to compute with, table.csv; a table-NAME.csv each where several benchmarks scored.

    Args:
        recipe: What was done.
        scored: Of all students on the tests of each task.
        differences: (student, task) -> how much it is above the baseline, in the task's measure.
        out: The folder.

    Returns:
        The path of table.md.
    """
    out.mkdir(parents=True, exist_ok=True)
    benchmarks = list(dict.fromkeys(one.benchmark for one in scored))
    pages = []
    for benchmark in benchmarks:
        cards = [card for one in scored if one.benchmark is benchmark for card in one.cards]
        pages.append(benchmark.markdown(cards))
        name = "table.csv" if len(benchmarks) == 1 else f"table-{benchmark.name}.csv"
        benchmark.write_csv(out / name, cards)
    measures = {one.task: one.measure for one in scored}
    path = out / "table.md"
    body = "\n".join(pages)
    files.write(path, f"# {recipe.name}\n\n{_above(recipe, differences, measures)}\n\n{body}")
    return path


def _above(recipe: DistillRecipe, differences: Mapping[tuple[str, str], Estimate], measures: Mapping[str, str]) -> str:
    """Say what each student was taught and by how much it is above the baseline."""
    base = recipe.compared_with
    rows = [
        [
            "student",
            "taught before the fine-tuning",
            *(f"{task}: {measures.get(task, 'F1')} above {base}" for task in recipe.tasks),
        ]
    ]
    for name, sets in recipe.students.items():
        what = ", ".join(map(_named, sets)) or "nothing"
        rows.append([name, what, *("-" if name == base else _points(differences[name, t]) for t in recipe.tasks)])
    seeds = ", ".join(map(str, recipe.seeds))
    taught = "anew for every seed" if recipe.teach_seeds else f"once, with seed {recipe.seeds[0]}"
    points = (
        " or ".join(dict.fromkeys("strict F1" if name == "F1" else name for name in measures.values())) or "strict F1"
    )
    lines = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in rows]
    lines.insert(1, " | ".join("---" for _ in rows[0]))
    return (
        f"Every student ({recipe.model}) was fine-tuned alike, with seeds {seeds}; it was taught {taught}. Points of "
        f"{points} over all tests of a task together, mean of the seeds, with the 95% interval over texts (the same "
        "texts drawn for both). An interval without 0 is a difference beyond the choice of texts.\n\n"
        + "\n".join(f"| {line} |" for line in lines)
    )


def _named(named: TrainSet) -> str:
    return named.set if named.limit is None else f"{named.set} ({named.limit:,})"


def _points(above: Estimate) -> str:
    if above.value is None:
        return "-"
    interval = (
        "" if above.low is None or above.high is None else f" ({100 * above.low:+.1f} to {100 * above.high:+.1f})"
    )
    return f"{100 * above.value:+.1f}{interval}"
