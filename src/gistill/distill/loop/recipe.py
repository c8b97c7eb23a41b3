"""The recipe of the loop: who teaches, on what, how errors are found, which students learn from what."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator

from gistill.analysis.gate import MOST
from gistill.corpora import tweetsumm
from gistill.errors import SettingError
from gistill.schema import Noun
from gistill.train.writer.recipe import Recipe, is_file, problem, read_fields, recipe_from

Lesson = Literal["raw", "revised", "dropped", "random", "editor", "human", "preferred"]
_OURS = ("name", "model", "train", "start", "seed", "search", "trials", "objective", "dev", "tests")
TWEETSUMM = "tweetsumm/"


class LoopRecipe(Noun):
    """A loop. Every student is trained alike; they differ in the summaries that they learn from."""

    model_config = ConfigDict(allow_inf_nan=False)

    name: str = Field("arf", pattern=r"^[\w.-]+$", description="what it is called")
    teacher: str = Field(description="a writer that sums up, or a .jsonl file with what one wrote: id and summary")
    conversations: str = Field(
        "tweetsumm/summarise", description="what the teacher sums up and students learn from: a named set, or .jsonl"
    )
    tests: tuple[str, ...] = Field(min_length=1, description="sets of conversations on which errors are counted")
    model: str = Field("SmolLM2-135M-Instruct", description="the base of every student: a name or a folder")
    students: dict[str, Lesson] = Field(
        min_length=1,
        description="name: raw (as the teacher wrote), revised, dropped (without those that have errors), random (as "
        "many as dropped, drawn), editor (what an editor wrote from scratch), human (what people wrote) or "
        "preferred (raw, then dpo on the revised pairs)",
    )
    max_change: float = Field(MOST, gt=0, le=2, description="share of a summary's words that an edit may change")
    editor: str | None = Field(
        None, description="a .jsonl file with an editor's own summaries: id and summary (or own)"
    )
    critic: str | None = Field(None, description="a critic's folder, asked beside the rules")
    marks: tuple[str, ...] = Field(
        (),
        description="files of errors that a judge marked, of the teacher's and of students' summaries",
    )
    edits: str | None = Field(
        None, description="a .jsonl file with what an editor made of the teacher's summaries: id and edit"
    )
    opinions: bool = Field(True, description="compare the opinions of summary and conversation")
    words: int = Field(30, ge=1, description="about how long summaries should be")
    train: dict[str, Any] = Field({}, description="fields of a writer's recipe, for every student")
    prefer: dict[str, Any] = Field({}, description="fields of a writer's recipe, for the dpo of `preferred`")
    seeds: tuple[int, ...] = Field((0, 1, 2), min_length=1, description="of the trainings")
    texts: int | None = Field(None, ge=1, description="conversations of each set, the first; null takes all")
    max_tokens: int = Field(96, ge=1, description="of a summary")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for name in self.students:
            if not name or not name.replace("-", "").replace("_", "").isalnum() or name in ("teacher", "people"):
                raise ValueError(
                    f"student {name!r} may have only letters, digits, - and _, and is not teacher or people"
                )
        if "editor" in self.students.values() and self.editor is None:
            raise ValueError("a student learns from the editor, and no editor's summaries are named")
        if "preferred" in self.students.values() and "raw" not in self.students.values():
            raise ValueError("a student with `preferred` begins as the one that learns from `raw`, and there is none")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError("a seed is given twice")
        if self.conversations in self.tests:
            raise ValueError(f"{self.conversations} is both learned from and tested on")
        return self

    @property
    def teacher_name(self) -> str:
        """Name the teacher without the folder it lies in."""
        return Path(self.teacher).name

    @property
    def public_sets(self) -> tuple[str, ...]:
        """Name the sets that are in the folder of public data."""
        return tuple(name for name in (self.conversations, *self.tests) if not is_file(name))


def is_loop(path: Path) -> bool:
    """Say whether a recipe file is one of the loop and not of a distillation with tasks."""
    return "teacher" in read_fields(path)


def load_loop_recipe(path: Path, *, settings: Mapping[str, Any] | None = None) -> LoopRecipe:
    """Read a recipe file and check it, the writers' recipes that follow from it too.

    Args:
        path: YAML. Files it names are looked for beside it.
        settings: Fields that replace the file's.

    Raises:
        InputError: The file is not there, or is not YAML of fields.
        SettingError: A field is unknown, missing or out of range, or a set has no such name.
    """
    try:
        recipe = LoopRecipe.model_validate({**read_fields(path), **(settings or {})})
    except ValidationError as error:
        raise SettingError(problem(error, of="a loop"), file=str(path), hint="docs/errors.md shows one.") from error
    beside = {
        name: str(path.parent / value)
        for name, value in (
            ("teacher", recipe.teacher),
            ("conversations", recipe.conversations),
            ("editor", recipe.editor),
            ("edits", recipe.edits),
        )
        if value is not None and is_file(value)
    }
    tests = tuple(str(path.parent / name) if is_file(name) else name for name in recipe.tests)
    critic = None if recipe.critic is None else str(path.parent / recipe.critic)
    marks = tuple(str(path.parent / name) for name in recipe.marks)
    recipe = recipe.model_copy(update={**beside, "tests": tests, "critic": critic, "marks": marks})
    for name in recipe.public_sets:
        part = name.removeprefix(TWEETSUMM)
        if not name.startswith(TWEETSUMM) or part not in tweetsumm.PARTS:
            known = ", ".join(TWEETSUMM + one for one in tweetsumm.PARTS)
            raise SettingError(f"there is no set of conversations {name!r}", hint=f"A .jsonl file, or one of: {known}.")
        if (part in tweetsumm.TESTS) != (name in recipe.tests):
            raise SettingError(f"{name} is a {'test' if part in tweetsumm.TESTS else 'training'} part: use it as such")
    for student, lesson in recipe.students.items():
        writer_recipe(recipe, student, Path(f"{lesson}.jsonl"), seed=recipe.seeds[0], start=None)
    return recipe


def writer_recipe(recipe: LoopRecipe, student: str, rows: Path, *, seed: int, start: Path | None) -> Recipe:
    """Give the writer's recipe of a student.

    Args:
        recipe: The loop's.
        student: Its name.
        rows: What it learns from.
        seed: Of the training.
        start: The adapter that dpo begins from; None for training on answers.
    """
    given = recipe.train if start is None else {**recipe.train, **recipe.prefer}
    ours = next((name for name in given if name in _OURS), None)
    if ours:
        raise SettingError(f"`train` and `prefer` cannot set {ours!r}: the loop does")
    fields = {
        **given,
        "name": student,
        "model": recipe.model,
        "train": [{"set": str(rows)}],
        "seed": seed,
        "objective": "sft" if start is None else "dpo",
        "start": None if start is None else str(start),
    }
    return recipe_from(fields, file=recipe.name)
