"""`gistill distill`: from what a teacher wrote to a table of students, in one walk that goes on after interruptions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from gistill.cli import options
from gistill.cli.display import Display
from gistill.cli.ending import ending, tell


def distill(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE.yaml", help="Corpora, students, tasks.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the walk goes.")],
    data: Annotated[Path, typer.Option(metavar="FOLDER", envvar="GISTILL_DATA", help="Folder of the public data.")],
    students: Annotated[
        list[str] | None,
        typer.Option("--student", metavar="NAME", help="Only this one (repeatable), so that processes share a walk."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything and estimate; train nothing.")] = False,
    as_json: options.Json = False,
) -> None:
    """Teach students what a teacher wrote, fine-tune them alike, and say by how much it helped.

    The same command again goes on where it was; progress.svg shows how far it is. An example of a recipe:
    recipes/distill.yaml in the repository; every field is described in gistill.distill.recipe.
    """
    with ending(kept=f"What is done is kept in {out}; the same command goes on from there."):
        from gistill.distill.recipe import load_distill_recipe
        from gistill.train import need_torch

        read = load_distill_recipe(recipe)
        need_torch()
        from gistill.distill.walk import distill as walk

        with Display() as display:
            cards = walk(
                read, out=out, data=data, students=students or (), dry_run=dry_run, tell=display.say, progress=display
            )
        if as_json:
            typer.echo(json.dumps([card.model_dump(mode="json") for card in cards], indent=2))
        elif dry_run:
            typer.echo("Nothing was trained.")
        elif students:
            typer.echo(f"Done: {', '.join(students)}. The table is made by the same command without --student.")
        else:
            typer.echo((out / "table.md").read_text(encoding="utf-8"))
            tell(f"{out / 'table.md'} and progress.svg")
