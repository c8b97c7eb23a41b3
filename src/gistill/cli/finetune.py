"""`gistill finetune`: train the small models from labelled data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from gistill.cli import options
from gistill.cli.ending import ending

finetune = typer.Typer(help="Train the small models (needs the extra: train).", no_args_is_help=True)


@finetune.callback()
def _group() -> None:
    pass


@finetune.command("reader")
def finetune_reader(
    data: Annotated[Path, typer.Option(metavar="FOLDER", envvar="GISTILL_DATA", help="Folder of the public data.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="The model folder to make.")],
    recipe: Annotated[str, typer.Option(help="shipped, 14lap, 14res or labels.")] = "shipped",
    seed: options.Seed = 0,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the data; else the recipe's.")] = None,
    start: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Go on from the weights of this trained reader.")
    ] = None,
    precision: Annotated[str, typer.Option(help="fp32, bf16, or auto: bf16 where the processor has it.")] = "auto",
    as_json: options.Json = False,
) -> None:
    """Train the reader and write its model folder; run again after a kill, it goes on where it was."""
    with ending():
        from importlib.util import find_spec

        if find_spec("torch") is None:
            from gistill.errors import ExtraMissingError

            raise ExtraMissingError("training needs torch", hint='Run: pip install "gistill[train]"')
        from gistill.train.finetune import finetune_reader as train

        def show(epoch: int, of: int, loss: float) -> None:
            typer.echo(f"epoch {epoch} of {of}: loss {loss:.3f}", err=True)

        result = train(
            data, recipe=recipe, out=out, seed=seed, epochs=epochs, start=start, precision=precision, on_epoch=show
        )
        typer.echo(json.dumps(result, indent=2) if as_json else f"The reader: {out}")
