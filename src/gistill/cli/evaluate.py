"""`gistill evaluate`: compare what a model found with what people marked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from gistill.cli import options
from gistill.cli.ending import ending, output

evaluate = typer.Typer(help="Compare predictions with gold.", no_args_is_help=True)


@evaluate.callback()
def _group() -> None:
    pass


@evaluate.command("opinions")
def evaluate_opinions(
    gold: Annotated[Path, typer.Argument(metavar="GOLD", help="Correct opinions (gold), as JSON lines.")],
    predicted: Annotated[
        Path, typer.Argument(metavar="PREDICTED", help="Opinions that `gistill extract` wrote, as JSON lines.")
    ],
    as_json: options.Json = False,
) -> None:
    """Score opinions: strict (exact match) precision, recall and F1 of triplets, with bootstrap intervals."""
    with ending():
        from gistill.evaluate.opinions import score_files

        result = score_files(gold, predicted)
        output(json.dumps(result.model_dump(mode="json"), indent=2) if as_json else str(result))
