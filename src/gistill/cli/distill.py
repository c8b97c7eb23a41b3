"""`gistill distill`: from what a teacher wrote to a table of students, in one walk that goes on after interruptions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from gistill.cli import options
from gistill.cli.display import Display
from gistill.cli.ending import ending, output, tell


def distill(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE.yaml", help="File with corpora, students and tasks; see docs/teacher.md.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Folder for the students and the table.")],
    data: Annotated[
        Path | None, typer.Option(metavar="FOLDER", envvar="GISTILL_DATA", help="Folder of the public data.")
    ] = None,
    students: Annotated[
        list[str] | None,
        typer.Option(
            "--student",
            metavar="NAME",
            help="Train only this student. Repeatable; lets several processes share the work. Default: all students.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the recipe and the data, estimate memory and time; do not train.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Train small models (students) on the answers of a large one (the teacher), and measure how much it helped.

    If it was stopped, run the same command again to continue; progress.svg shows the progress. recipes/distill.yaml in
    the repository is an example.
    """
    with ending(kept=f"Finished steps are kept in {out}. Run the same command again to continue."):
        from gistill.distill.loop.recipe import is_loop
        from gistill.distill.recipe import load_distill_recipe
        from gistill.train import need_torch

        if is_loop(recipe):
            _loop(recipe, out, data, students or (), dry_run)
            return
        read = load_distill_recipe(recipe)
        need_torch()
        from gistill.distill.walk import distill as walk

        with Display() as display:
            cards = walk(
                read, out=out, data=data, students=students or (), dry_run=dry_run, tell=display.say, progress=display
            )
        if as_json:
            output(json.dumps([card.model_dump(mode="json") for card in cards], indent=2))
        elif dry_run:
            output("Nothing was trained.")
        elif students:
            output(f"Done: {', '.join(students)}. Run the command without --student to make the table.")
        else:
            output((out / "table.md").read_text(encoding="utf-8"))
            tell(f"{out / 'table.md'} and progress.svg")


def _loop(recipe: Path, out: Path, data: Path | None, students: Sequence[str], dry_run: bool) -> None:
    """Walk a recipe of the loop: analyze, revise, fine-tune."""
    from gistill.cli.analyze import tiers_of
    from gistill.distill.loop.recipe import load_loop_recipe
    from gistill.train import need_torch

    read = load_loop_recipe(recipe)
    if dry_run:
        output(
            f"The recipe is right: {len(read.students)} students, {len(read.seeds)} seeds each. Nothing was trained."
        )
        return
    need_torch()
    from gistill.distill.loop.walk import run_loop

    tiers, _ = tiers_of(None, True, read.opinions, Path(read.critic) if read.critic else None, None)
    with Display() as display:
        made = run_loop(read, tiers, out=out, data=data, students=students, tell=display.say, progress=display)
    if students:
        output(f"Done: {', '.join(students)}. Run the command without --student to make the table.")
    else:
        output(made.read_text(encoding="utf-8"))
        tell(str(made))
