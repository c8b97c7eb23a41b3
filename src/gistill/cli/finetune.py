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


@finetune.command("reader")
def finetune_reader(
    data: Annotated[Path, typer.Option(metavar="FOLDER", envvar="GISTILL_DATA", help="Folder of the public data.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="The model folder to make.")],
    recipe: Annotated[str, typer.Option(metavar="NAME", help="shipped, 14lap or 14res.")] = "shipped",
    seed: options.Seed = 0,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the data; else the recipe's.")] = None,
    start: Annotated[Path | None, typer.Option(metavar="FOLDER", help="A trained reader to go on from.")] = None,
    as_json: options.Json = False,
) -> None:
    """Train the reader and write its model folder. The same command again goes on after the last finished epoch."""
    with ending(kept=f"Finished epochs are kept in {out}; the same command goes on from there."):
        from importlib.util import find_spec

        if find_spec("torch") is None:
            from gistill.errors import ExtraMissingError

            raise ExtraMissingError("training needs torch", hint='Run: pip install "gistill[train]"')
        from gistill.train.finetune import finetune_reader as train

        about = train(
            data,
            out=out,
            recipe=recipe,
            seed=seed,
            epochs=epochs,
            start=start,
            on_epoch=lambda name, epoch, of, loss: tell(f"{name}: epoch {epoch} of {of}, loss {loss:.4f}"),
        )
        typer.echo(json.dumps(about, indent=2) if as_json else f"The reader, with its model card: {out}")
