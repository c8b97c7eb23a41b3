"""The recipe of a distillation: corpora a teacher wrote, students that learn from some of them, tasks to be good at."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from gistill.errors import InputError, SettingError
from gistill.schema import Noun
from gistill.train.writer.recipe import Recipe, TrainSet, is_file, problem, read_fields, recipe_from

# What the walk decides itself; everything else of a writer's recipe may stand under teach and finetune.
_OURS = ("name", "model", "train", "start", "seed", "search", "trials", "objective")


def _sets(given: Any) -> Any:
    return [{"set": item} if isinstance(item, str) else item for item in given] if isinstance(given, list) else given


TrainSets = Annotated[tuple[TrainSet, ...], BeforeValidator(_sets)]


class Task(Noun):
    """What students are fine-tuned on and scored on. Each task is a fine-tuning of its own."""

    train: TrainSets = Field(min_length=1, description="sets to fine-tune on, with limits; see a writer's recipe")
    dev: TrainSets = Field((), description="sets to choose the best checkpoint on; none keeps the last")
    tests: tuple[str, ...] = Field(
        min_length=1, description="named sets, or .jsonl files of a skill's examples, to score on"
    )


class DistillRecipe(Noun):
    """A distillation. Every student gets the same fine-tuning; they differ in what they were taught before it."""

    model_config = ConfigDict(allow_inf_nan=False)

    name: str = Field("distillation", pattern=r"^[\w.-]+$", description="what it is called")
    model: str = Field("SmolLM2-135M-Instruct", description="the base of every student: a name or a folder")
    corpora: dict[str, str] = Field({}, description="name: a folder that `gistill annotate` wrote, or a .jsonl file")
    students: dict[str, TrainSets] = Field(
        min_length=1, description="name: the corpora (or named sets) it is taught, with limits; [] is untaught"
    )
    tasks: dict[str, Task] = Field(min_length=1, description="name: what to fine-tune and score on")
    teach: dict[str, Any] = Field({}, description="fields of a writer's recipe, for the teaching")
    finetune: dict[str, Any] = Field({}, description="fields of a writer's recipe, for every fine-tuning")
    seeds: tuple[int, ...] = Field((0, 1, 2), min_length=1, description="of the fine-tunings")
    teach_seeds: bool = Field(False, description="teach anew for every seed; false teaches once, with the first seed")
    baseline: str | None = Field(None, description="the student others are compared with; null: the first untaught one")
    texts: int | None = Field(None, ge=1, description="texts of each test, drawn at random; null takes all")
    max_tokens: int = Field(96, ge=1, description="of an answer when scored")

    @model_validator(mode="after")
    def _names(self) -> Self:
        for kind, names in (("student", self.students), ("task", self.tasks), ("corpus", self.corpora)):
            for name in names:
                if not name or not name.replace("-", "").replace("_", "").isalnum():
                    raise ValueError(f"{kind} {name!r} may have only letters, digits, - and _ in its name")
        if self.baseline is not None and self.baseline not in self.students:
            raise ValueError(f"the baseline {self.baseline!r} is not one of the students")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError("a seed is given twice")

        for name, task in self.tasks.items():
            if len({is_file(test) for test in task.tests}) > 1:
                raise ValueError(f"the tests of {name} are files and named sets, which are scored differently")
        return self

    @property
    def public_sets(self) -> tuple[str, ...]:
        """Name the sets that are in the folder of public data, each once; none where all are files of one's own."""
        taught = (named.set for sets in self.students.values() for named in sets if named.set not in self.corpora)
        tasks = (
            name for task in self.tasks.values() for name in (*(s.set for s in (*task.train, *task.dev)), *task.tests)
        )
        return tuple(dict.fromkeys(name for name in (*taught, *tasks) if not is_file(name)))

    @property
    def compared_with(self) -> str:
        """Name the student that others are compared with."""
        untaught = next((name for name, taught in self.students.items() if not taught), None)
        return self.baseline or untaught or next(iter(self.students))


def load_distill_recipe(path: Path, *, settings: Mapping[str, Any] | None = None) -> DistillRecipe:
    """Read a recipe file and check it, the writers' recipes that follow from it too.

    Args:
        path: YAML. Files and folders it names are looked for beside it.
        settings: Fields that replace the file's.

    Raises:
        InputError: The file is not there, or is not YAML of fields.
        SettingError: A field is unknown, missing or out of range, a corpus is not there, or a set has no such name.
    """
    given = read_fields(path)
    try:
        recipe = DistillRecipe.model_validate({**given, **(settings or {})})
    except ValidationError as error:
        raise SettingError(problem(error, of="a distillation"), file=str(path), hint=_hint(error)) from error
    tasks = {name: _beside(task, path.parent) for name, task in recipe.tasks.items()}
    corpora = {name: str(_corpus_file(path.parent / folder)) for name, folder in recipe.corpora.items()}
    recipe = recipe.model_copy(update={"corpora": corpora, "tasks": tasks})
    for student in recipe.students:
        taught(recipe, student, seed=recipe.seeds[0])
    for task in recipe.tasks:
        finetuned(recipe, next(iter(recipe.students)), task, seed=recipe.seeds[0], start=None)
    return recipe


def _beside(task: Task, folder: Path) -> Task:
    """Resolve the files of a task against the recipe's folder."""

    def resolved(sets: tuple[TrainSet, ...]) -> tuple[TrainSet, ...]:
        return tuple(s.model_copy(update={"set": str(folder / s.set)}) if is_file(s.set) else s for s in sets)

    tests = tuple(str(folder / name) if is_file(name) else name for name in task.tests)
    return task.model_copy(update={"train": resolved(task.train), "dev": resolved(task.dev), "tests": tests})


def taught(recipe: DistillRecipe, student: str, *, seed: int) -> Recipe | None:
    """Give the writer's recipe of what a student is taught before its fine-tunings; None where it is untaught."""
    sets = [_resolved(recipe, named) for named in recipe.students[student]]
    return _recipe(recipe, recipe.teach, "teach", name=student, train=sets, seed=seed) if sets else None


def finetuned(recipe: DistillRecipe, student: str, task: str, *, seed: int, start: Path | None) -> Recipe:
    """Give the writer's recipe of a fine-tuning, the same for every student but for where it begins."""
    plan = recipe.tasks[task]
    fields = {"train": [s.model_dump() for s in plan.train], "dev": [s.model_dump() for s in plan.dev]}
    begin = None if start is None else str(start)
    return _recipe(recipe, recipe.finetune, "finetune", name=f"{student}-{task}", seed=seed, start=begin, **fields)


def _recipe(recipe: DistillRecipe, given: Mapping[str, Any], where: str, **ours: Any) -> Recipe:
    taken = next((name for name in given if name in _OURS), None)
    if taken:
        raise SettingError(f"{where} cannot set {taken!r}: gistill distill sets it")
    tests = [name for task in recipe.tasks.values() for name in task.tests]
    return recipe_from({**given, "model": recipe.model, "tests": tests, **ours}, file=where)


def _resolved(recipe: DistillRecipe, named: TrainSet) -> dict[str, Any]:
    """Turn a corpus's name into its file; a named set stays, and tests what the trainer would say of it."""
    if named.set in recipe.corpora:
        return named.model_copy(update={"set": recipe.corpora[named.set]}).model_dump()
    if "/" not in named.set and not is_file(named.set):
        near = difflib.get_close_matches(named.set, recipe.corpora, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else "Name it under corpora, or give a named set."
        raise SettingError(f"there is no corpus {named.set!r}", hint=hint)
    return named.model_dump()


def _corpus_file(path: Path) -> Path:
    file = path / "train.jsonl" if path.is_dir() else path
    if not file.is_file():
        raise InputError(
            "is not there" if not path.is_dir() else "holds no train.jsonl", file=str(path),
            hint="A corpus is made by `gistill annotate FILE -o FOLDER`.",
        )  # fmt: skip
    return file.resolve()


def _hint(error: ValidationError) -> str:
    found = error.errors()[0]
    if found["type"] != "extra_forbidden":
        return ""
    known = DistillRecipe.model_fields if len(found["loc"]) == 1 else {**Task.model_fields, **TrainSet.model_fields}
    if len(found["loc"]) == 1 and found["loc"][0] in Recipe.model_fields and found["loc"][0] not in _OURS:
        return f"{found['loc'][0]} is a field of a training: put it under teach or finetune."
    near = difflib.get_close_matches(str(found["loc"][-1]), known, n=1, cutoff=0.5)
    return f"Did you mean {near[0]!r}?" if near else f"Fields: {', '.join(known)}."
