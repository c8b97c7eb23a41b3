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


@evaluate.command("summaries")
def evaluate_summaries(
    summaries: Annotated[
        list[Path],
        typer.Argument(
            metavar="SUMMARIES...",
            help='Summaries of one system each, as JSON lines {"id": TASK, "summary": TEXT}. The first is compared '
            "with the others.",
        ),
    ],
    on: Annotated[
        str, typer.Option("--set", metavar="NAME", help="Their tasks: tasks:FILE, space/report, fewsum/val, ...")
    ],
    data: Annotated[
        Path | None, typer.Option(metavar="FOLDER", envvar="GISTILL_DATA", help="Folder of the public data.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FOLDER", help="Folder for the table, the page and the JSON.")
    ] = None,
    words: Annotated[
        int | None, typer.Option(min=5, metavar="N", help="Where texts are cut for comparison at equal length.")
    ] = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Also BERTScore, prevalence and sentiment, by the models of the package.")
    ] = False,
    seed: options.Seed = 0,
    as_json: options.Json = False,
) -> None:
    """Score summaries: against references, sources and evidence, with intervals. Needs the extra: eval."""
    with ending():
        from gistill.bench.abs.evaluating import EvaluationFile, summary, write_evaluation
        from gistill.bench.abs.evaluating import evaluate as score

        found = score(summaries, on, folder=data, words=words, deep=deep, seed=seed)
        if out is not None:
            write_evaluation(found, out)
        kept = EvaluationFile(cards=found.cards, differences=found.differences)
        output(kept.model_dump_json(indent=2) if as_json else summary(found))
