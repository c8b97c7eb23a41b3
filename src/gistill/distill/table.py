"""The table of a distillation: every student on every test, and by how much it is above the baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from gistill.bench.report import write_report
from gistill.bench.scorecard import BenchScorecard
from gistill.distill.recipe import DistillRecipe
from gistill.schema import Estimate
from gistill.train.writer.recipe import TrainSet


def write_table(
    recipe: DistillRecipe,
    cards: Sequence[BenchScorecard],
    differences: Mapping[tuple[str, str], Estimate],
    out: Path,
) -> Path:
    """Write table.md and, to compute with, table.csv.

    Args:
        recipe: What was done.
        cards: Of all students on all tests.
        differences: (student, task) -> its F1 above the baseline's.
        out: The folder.

    Returns:
        The path of table.md.
    """
    path, _ = write_report(cards, out)
    scores = path.read_text(encoding="utf-8")
    path.write_text(f"# {recipe.name}\n\n{_above(recipe, differences)}\n\n{scores}", encoding="utf-8")
    return path


def _above(recipe: DistillRecipe, differences: Mapping[tuple[str, str], Estimate]) -> str:
    """Say what each student was taught and by how much it is above the baseline."""
    base = recipe.compared_with
    rows = [["student", "taught before the fine-tuning", *(f"{task}: F1 above {base}" for task in recipe.tasks)]]
    for name, sets in recipe.students.items():
        what = ", ".join(map(_named, sets)) or "nothing"
        rows.append([name, what, *("-" if name == base else _points(differences[name, t]) for t in recipe.tasks)])
    seeds = ", ".join(map(str, recipe.seeds))
    taught = "anew for every seed" if recipe.teach_seeds else f"once, with seed {recipe.seeds[0]}"
    lines = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in rows]
    lines.insert(1, " | ".join("---" for _ in rows[0]))
    return (
        f"Every student ({recipe.model}) was fine-tuned alike, with seeds {seeds}; it was taught {taught}. Points of "
        "strict F1 over all tests of a task together, mean of the seeds, with the 95% interval over texts (the same "
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
