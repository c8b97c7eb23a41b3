"""The walk of a distillation: teach each student, fine-tune it for each task, score all of them, write one table.

Every step is a folder that says when it is whole. So the walk goes on after any interruption, several processes can
share it by taking a student each, and a step is done again only where what decides it has changed.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from gistill import files, runs
from gistill.bench.benchmark import AnyCard, Benchmark, Settings
from gistill.bench.examples.benchmark import EXAMPLES
from gistill.bench.fsa.benchmark import FSA
from gistill.bench.run import Progress, compare, run_bench
from gistill.bench.systems import Member, System
from gistill.distill.picture import draw
from gistill.distill.recipe import DistillRecipe, Task, finetuned, taught
from gistill.distill.table import Scored, write_table
from gistill.errors import InputError, SettingError
from gistill.runs import MANIFEST, Run
from gistill.schema import Estimate
from gistill.train.writer.recipe import Recipe, is_file

# How a batch is held in memory and what is told on the way: another machine may need other values for the same result.
_SAME_RESULT = {"accumulate", "gradient_checkpointing", "save_every", "log_every", "report_to"}

Tell = Callable[[str], None]


class Step(NamedTuple):
    """One training: a student is taught, or fine-tuned for a task.

    Attributes:
        student: Whose.
        task: What for; empty where it is taught.
        seed: Of the training.
        recipe: Of the writer.
        folder: Where the result goes.
    """

    student: str
    task: str
    seed: int
    recipe: Recipe
    folder: Path

    @property
    def name(self) -> str:
        """Name the step for people."""
        return f"{self.student}: {f'fine-tune for {self.task}' if self.task else 'teach'}, seed {self.seed}"


def distill(
    recipe: DistillRecipe,
    *,
    out: Path,
    data: Path | None = None,
    students: Sequence[str] = (),
    dry_run: bool = False,
    tell: Tell = lambda line: None,
    progress: Progress = lambda step, done, of: None,
    train: Callable[..., Any] | None = None,
) -> list[AnyCard]:
    """Walk a distillation to its table; called again, it goes on where it was.

    Args:
        recipe: What to do.
        out: Of the walk: students/ (a folder a training), bench/ (answers and scorecards), progress.svg, table.md,
            walk.json (the recipe).
        data: The folder of public data; None where the recipe names only files.
        students: Train and score only these, so that several processes can share a walk; the table is then left to a
            walk over all. Empty takes all.
        dry_run: Check and estimate every training, and write nothing.
        tell: Called with a line about what goes on.
        progress: Called now and then while a student answers the tests.
        train: Called in place of `finetune_writer`.

    Returns:
        The scorecards of these students; none of a dry run.

    Raises:
        SettingError: There is no such student, or public sets are named and `data` is None.
        InputError: `out` holds something else.
        GistillError: What `finetune_writer` and `run_bench` raise.
    """
    _check(recipe, students, data)
    if train is None:
        from gistill.train.writer.finetune import finetune_writer

        train = finetune_writer
    mine = [name for name in recipe.students if not students or name in students]
    steps = plan(recipe, out)
    if dry_run:
        for step in (s for s in steps if s.student in mine and s.seed == recipe.seeds[0]):
            tell(f"{step.name}:")
            train(step.recipe.model_copy(update={"start": None}), out=step.folder, data=data, dry_run=True, tell=tell)
        return []
    _begin(recipe, out)
    for step in steps:
        if step.student in mine and not is_whole(step):
            tell(step.name)
            draw_progress(steps, out, now=step)
            train(step.recipe, out=step.folder, data=data, tell=tell)
            mark_whole(step)
            gc.collect()  # a model and its optimiser refer to one another, and the next one needs the room
    draw_progress(steps, out)
    settings = Settings(data, out / "bench", recipe.texts, max_tokens=recipe.max_tokens)
    systems = {task: [_system(name, task, steps) for name in mine] for task in recipe.tasks}
    scored: list[Scored] = []
    for task, about in recipe.tasks.items():
        benchmark = benchmark_of(about)
        cards = run_bench(benchmark, systems[task], about.tests, settings, progress=progress)
        scored.append(Scored(task, benchmark, cards, benchmark.measure(cards)))
    if len(mine) == len(recipe.students):
        write_table(recipe, scored, _differences(recipe, systems, settings), out)
    return [card for one in scored for card in one.cards]


def benchmark_of(task: Task) -> Benchmark[Any, Any]:
    """Choose what scores a task: files of examples are scored by their skill, named sets as opinions."""
    return EXAMPLES if is_file(task.tests[0]) else FSA


def plan(recipe: DistillRecipe, out: Path) -> list[Step]:
    """Give all trainings in an order in which they can be done."""
    return [step for student in recipe.students for step in _plan(recipe, student, out / "students" / student)]


def _plan(recipe: DistillRecipe, student: str, place: Path) -> Iterator[Step]:
    for seed in recipe.seeds:
        teaching = seed if recipe.teach_seeds else recipe.seeds[0]
        before, taught_in = taught(recipe, student, seed=teaching), place / f"taught-{teaching}"
        if before is not None and teaching == seed:
            yield Step(student, "", seed, before, taught_in)
        start = None if before is None else taught_in
        for task in recipe.tasks:
            after = finetuned(recipe, student, task, seed=seed, start=start)
            yield Step(student, task, seed, after, place / f"{task}-{seed}")


def is_whole(step: Step) -> bool:
    """Say whether a step's result is there, made by what the recipe and its files now say."""
    found = runs.load(step.folder / MANIFEST, Run[None], formerly="whole.json")
    return found is not None and found == _run(step, whole=True)


def mark_whole(step: Step) -> None:
    """Keep beside a step's result what it was made from."""
    runs.save(step.folder / MANIFEST, _run(step, whole=True))


def _run(step: Step, *, whole: bool) -> Run[None]:
    """Write down what decides a step's result: its recipe, and what its files hold, wherever they lie."""
    fields = step.recipe.model_dump(mode="json", exclude_defaults=True, exclude=_SAME_RESULT)
    for named in (named for name in ("train", "dev", "replay") for named in fields.get(name, ())):
        if is_file(named["set"]):
            named["set"] = _hash(Path(named["set"]))
    if step.recipe.start is not None:
        fields["start"] = _hash(Path(step.recipe.start) / MANIFEST)
    return Run[None](made_from={"recipe": fields}, whole=whole, far=None)


def _hash(file: Path) -> str:
    about = file.stat()
    return _hashed(file.absolute(), about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=256)  # the picture asks about every step after every step, and a corpus may be large
def _hashed(file: Path, changed: int, size: int) -> str:
    return files.hash_file(file)[:16]


def _check(recipe: DistillRecipe, students: Sequence[str], data: Path | None) -> None:
    """Refuse before anything is trained what could not be done."""
    unknown = next((name for name in students if name not in recipe.students), None)
    if unknown:
        raise SettingError(f"there is no student {unknown!r}", hint=f"Students: {', '.join(recipe.students)}.")
    if data is None and (public := recipe.public_sets):
        raise SettingError(f"the set {public[0]!r} needs the folder of public data", hint="Give it with --data.")


def _begin(recipe: DistillRecipe, out: Path) -> None:
    """Keep the recipe beside the results, and refuse a folder that is no walk's."""
    path = out / "walk.json"
    if out.exists() and not path.is_file() and (not out.is_dir() or any(out.iterdir())):
        raise InputError("holds something else", file=str(out), hint="Name a new folder with -o.")
    out.mkdir(parents=True, exist_ok=True)
    files.write(path, recipe.model_dump_json(indent=1) + "\n")


def draw_progress(steps: Sequence[Step], out: Path, *, now: Step | None = None) -> None:
    """Draw how far the walk is into progress.svg; a step that another process is in shows as begun."""
    rows: dict[str, list[tuple[str, str]]] = {}
    for step in steps:
        done = is_whole(step)
        state = "done" if done else "now" if step == now else "begun" if step.folder.exists() else "waiting"
        rows.setdefault(step.student, []).append((f"{step.task or 'teach'} {step.seed}", state))
    files.write(out / "progress.svg", draw(rows))


def _system(student: str, task: str, steps: Sequence[Step]) -> System:
    folders = [step.folder for step in steps if (step.student, step.task) == (student, task)]
    return System(student, tuple(Member("writer", str(folder)) for folder in folders))


def _differences(
    recipe: DistillRecipe, systems: dict[str, list[System]], settings: Settings
) -> dict[tuple[str, str], Estimate]:
    """Compare every student with the baseline over all texts of each task's tests: (student, task) -> difference."""
    found: dict[tuple[str, str], Estimate] = {}
    for task, about in recipe.tasks.items():
        base = next(system for system in systems[task] if system.name == recipe.compared_with)
        others = [system for system in systems[task] if system is not base]
        above = compare(benchmark_of(about), base, others, about.tests, settings)
        found |= {(system.name, task): one for system, one in zip(others, above, strict=True)}
    return found
