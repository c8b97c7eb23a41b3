"""`gistill evaluate`: compare what a model found with what people marked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gistill.cli import asking, options
from gistill.cli.display import Display
from gistill.cli.ending import ending, output

if TYPE_CHECKING:
    from gistill.lm.seam import LanguageModel

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
    critic: Annotated[
        Path | None,
        typer.Option(
            "--critic", metavar="FOLDER", help="With --deep: a critic that judges each sentence, as a folder."
        ),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            metavar="MODULE:FUNCTION",
            help="A learned metric: a function of summary, references and sources that gives a number. Also "
            "FILE.py:FUNCTION. Repeatable.",
        ),
    ] = None,
    judge: asking.Judge = None,
    model: asking.Model = None,
    key_env: asking.KeyEnv = "OPENAI_API_KEY",
    pii: asking.PiiMode = "redact",
    journal: asking.JournalFile = None,
    write_batch: asking.WriteBatch = None,
    read_batch: asking.ReadBatch = None,
    seed: options.Seed = 0,
    as_json: options.Json = False,
) -> None:
    """Score summaries: against references, sources and evidence, with intervals. Needs the extra: eval.

    A judge rates each summary from 1 to 5 and is not told whose it is: an opinion, not a measurement.
    """
    with ending(), Display() as display:
        from gistill.bench.abs.evaluating import Beside, Evaluation, as_file, summary, write_evaluation
        from gistill.bench.abs.evaluating import evaluate as score
        from gistill.bench.abs.metrics import load_metric
        from gistill.errors import SettingError
        from gistill.grounding.faults.critic import load_critic

        if critic is not None and not deep:
            raise SettingError("a critic is asked with --deep alone", hint="Add --deep, or leave --critic out.")
        if judge is not None and out is None and journal is None:
            raise SettingError("what a judge answers is kept, and no folder is named", hint="Name one with --out.")
        beside = Beside(load_critic(critic) if critic is not None else None, dict(map(load_metric, metric or ())))
        kept = journal or (out or Path()) / "journal.sqlite"
        asked = asking.Asked(judge, model, key_env, pii, kept, write_batch, read_batch)

        def walk(asking_model: LanguageModel | None) -> Evaluation:
            who = beside._replace(judge=asking_model)
            return score(summaries, on, folder=data, words=words, deep=deep, beside=who, seed=seed)

        found = asking.walked(asked, walk, step="evaluate", say=display.say)
        for kind, count in found.unrated.items():
            display.say(f"{count:,} summaries were not rated: {kind}.")
        if out is not None:
            write_evaluation(found, out)
        output(as_file(found).model_dump_json(indent=2) if as_json else summary(found))
