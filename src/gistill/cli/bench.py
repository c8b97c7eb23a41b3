"""`gistill bench`: systems on public sets, or on examples of any skill, in one table with intervals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gistill import files
from gistill.cli import options
from gistill.cli.display import Display
from gistill.cli.ending import ending, output, tell

if TYPE_CHECKING:
    from gistill.bench.fsa.scorecard import BenchScorecard
    from gistill.bench.systems import System

bench = typer.Typer(help="Compare systems on public data sets, or on examples of any skill.", no_args_is_help=True)

_KEPT = "The answers so far are kept in {}. Run the same command again to continue."
_Data = Annotated[Path, typer.Option(metavar="FOLDER", envvar="GISTILL_DATA", help="Folder of the public data.")]
_Out = Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Folder for the tables and scorecards.")]
_Limit = Annotated[int | None, typer.Option(min=1, metavar="N", help="Use N random texts of each set. Default: all.")]
_Sets = Annotated[
    list[str],
    typer.Option(
        metavar="LIST", help="Comma-separated sets, as corpus/domain/part:task, for example aste/14res/dev:aste."
    ),
]
_Runs = Annotated[Path, typer.Argument(metavar="RUNS", help="Folder that holds the folders of trained models.")]


@bench.callback()
def _group() -> None:
    pass


@bench.command("fsa")
def bench_fsa(
    data: _Data,
    out: _Out,
    systems: Annotated[
        list[str],
        typer.Option(
            metavar="LIST",
            help="majority, zero-shot, few-shot:5, nearest:5, reader, reader:A,B, writer:A,B,C (seeds of one system), "
            "vote:A, lexicon:FILE or answers:FILE. NAME=SYSTEM gives the row a name. Repeatable.",
        ),
    ],
    sets: _Sets,
    limit: _Limit = None,
    views: Annotated[
        bool, typer.Option("--views", help="Also show texts with implicit opinions and with several polarities.")
    ] = False,
    as_published: Annotated[
        bool, typer.Option("--as-published", help="Also show scores that ignore invalid predictions, as papers do.")
    ] = False,
    shots: Annotated[int, typer.Option(min=1, metavar="K", help="Examples shown by few-shot without a number.")] = 5,
    seeds: Annotated[str, typer.Option(metavar="LIST", help="Comma-separated random seeds of few-shot.")] = "0",
    orders: Annotated[int, typer.Option(min=1, max=24, help="Element orders that vote, for vote:A.")] = 5,
    max_tokens: Annotated[
        int, typer.Option(min=1, metavar="N", help="Maximum number of tokens in a writer's answer.")
    ] = 96,
    seed: options.Seed = 0,
) -> None:
    """Score fine-grained sentiment: strict tuple F1 of every system on every set.

    If it was stopped, run the same command again to continue.
    """
    with ending(kept=_KEPT.format(out)):
        from gistill.bench.benchmark import Settings
        from gistill.bench.fsa.benchmark import FSA
        from gistill.bench.fsa.report import markdown, write_report
        from gistill.bench.run import run_bench
        from gistill.bench.systems import parse_systems

        rows = parse_systems(systems, shots=shots, seeds=_numbers(seeds))
        settings = Settings(data, out, limit, seed, max_tokens, orders)
        with Display() as display:
            cards = run_bench(FSA, rows, _names(sets), settings, progress=display)
        page, sheet = write_report(cards, out, views=views, as_published=as_published)
        output(markdown(cards, views=views, as_published=as_published))
        tell(f"{page}, {sheet} and {out / 'scorecards'}")


@bench.command("run")
def bench_run(
    skill: Annotated[
        str, typer.Option(metavar="NAME", help="Skill: opinions, analysis, ... An unknown name lists all skills.")
    ],
    examples: Annotated[
        list[Path], typer.Option(metavar="FILE", help="JSON lines with input and result of the skill. Repeatable.")
    ],
    out: _Out,
    systems: Annotated[
        list[str],
        typer.Option(
            metavar="LIST",
            help="zero-shot[:MODEL], few-shot:5[:MODEL], nearest:5, writer:A,B,C (seeds of one system), answers:FILE; "
            "NAME=SYSTEM gives the row a name. Repeatable.",
        ),
    ],
    limit: _Limit = None,
    shots_from: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Examples that few-shot and nearest show. Default: none.")
    ] = None,
    shots: Annotated[int, typer.Option(min=1, metavar="K", help="Examples shown by few-shot without a number.")] = 5,
    seeds: Annotated[str, typer.Option(metavar="LIST", help="Comma-separated random seeds of few-shot.")] = "0",
    max_tokens: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Maximum number of tokens in an answer. Default: the skill's."),
    ] = None,
    seed: options.Seed = 0,
) -> None:
    """Score any skill on files of examples, by the skill's own measures.

    If it was stopped, run the same command again to continue.
    """
    with ending(kept=_KEPT.format(out)):
        from gistill.bench.benchmark import Settings
        from gistill.bench.examples.benchmark import EXAMPLES
        from gistill.bench.examples.jobs import check_systems
        from gistill.bench.run import run_bench
        from gistill.bench.systems import parse_systems
        from gistill.skills.all import skill_named

        longest = max_tokens or skill_named(skill).max_tokens
        rows = parse_systems(systems, shots=shots, seeds=_numbers(seeds))
        check_systems(rows)
        settings = Settings(None, out, limit, seed, longest, shots_from=shots_from)
        with Display() as display:
            cards = run_bench(EXAMPLES, rows, [f"{skill}:{file}" for file in examples], settings, progress=display)
        page, sheet = out / "table.md", out / "table.csv"
        page.write_text(EXAMPLES.markdown(cards), encoding="utf-8")
        EXAMPLES.write_csv(sheet, cards)
        output(EXAMPLES.markdown(cards))
        tell(f"{page}, {sheet} and {out / 'scorecards'}")


@bench.command("abs")
def bench_abs(
    out: _Out,
    systems: Annotated[
        list[str],
        typer.Option(
            metavar="LIST",
            help="lead, random, lexrank, textrank, centroid, oracle, recorded:PIPELINE (GPT-3.5 on fewsum) or "
            "answers:FILE (any system's summaries). NAME=SYSTEM gives the row a name. Repeatable.",
        ),
    ],
    sets: Annotated[
        list[str],
        typer.Option(
            metavar="LIST",
            help="Comma-separated sets: space/report, fewsum/val, aclsum/val, qmsum/val, tweetsumm/valid, opinosis, "
            "... or oasum:FILE, tasks:FILE. An unknown name lists all.",
        ),
    ],
    data: Annotated[
        Path | None, typer.Option(metavar="FOLDER", envvar="GISTILL_DATA", help="Folder of the public data.")
    ] = None,
    limit: _Limit = None,
    words: Annotated[
        int | None,
        typer.Option(min=5, metavar="N", help="Length of a summary. Default: the median of the set's references."),
    ] = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Also BERTScore, prevalence and sentiment, by the models of the package.")
    ] = False,
    seeds: Annotated[str, typer.Option(metavar="LIST", help="Comma-separated random seeds of random.")] = "0,1,2",
    seed: options.Seed = 0,
) -> None:
    """Score summaries: baselines and any system's texts, on sets with references and evidence, with intervals.

    If it was stopped, run the same command again to continue.
    """
    with ending(kept=_KEPT.format(out)):
        from gistill.bench.abs.benchmark import ABS
        from gistill.bench.benchmark import Settings
        from gistill.bench.run import run_bench
        from gistill.bench.systems import parse_systems

        rows = parse_systems(systems, seeds=_numbers(seeds))
        settings = Settings(data, out, limit, seed, words=words, deep=deep)
        with Display() as display:
            cards = run_bench(ABS, rows, _names(sets), settings, progress=display)
        page, sheet = out / "table.md", out / "table.csv"
        files.write(page, ABS.markdown(cards))
        ABS.write_csv(sheet, cards)
        output(ABS.markdown(cards))
        tell(f"{page}, {sheet} and {out / 'scorecards'}")


@bench.command("curve")
def bench_curve(
    runs: _Runs,
    data: _Data,
    out: _Out,
    sets: _Sets,
    limit: _Limit = None,
    seed: options.Seed = 0,
) -> None:
    """Draw F1 by share of the training data. Folders in RUNS are named SHARE or SHARE-SEED, for example 0.1-0."""
    with ending(kept=_KEPT.format(out)):
        from gistill.bench.charts import curve
        from gistill.bench.fsa.trained import by_share, systems_in

        cards = _score_trained(systems_in(runs, shares=True), data, out, sets, limit, seed)
        files.write(out / "curve.svg", curve(by_share(cards)))
        tell(f"{out / 'curve.svg'}, table.md, table.csv and scorecards beside it")


@bench.command("matrix")
def bench_matrix(
    runs: _Runs,
    data: _Data,
    out: _Out,
    sets: _Sets,
    limit: _Limit = None,
    seed: options.Seed = 0,
) -> None:
    """Draw F1 by what was trained and what was tested on. Folders in RUNS are named DOMAIN or DOMAIN-SEED."""
    with ending(kept=_KEPT.format(out)):
        from gistill.bench.charts import matrix
        from gistill.bench.fsa.trained import by_domain, systems_in

        cards = _score_trained(systems_in(runs), data, out, sets, limit, seed)
        files.write(out / "matrix.svg", matrix(*by_domain(cards)))
        tell(f"{out / 'matrix.svg'}, table.md, table.csv and scorecards beside it")


def _score_trained(
    systems: list[System], data: Path, out: Path, sets: list[str], limit: int | None, seed: int
) -> list[BenchScorecard]:
    """Score trained models, write their tables and print one."""
    from gistill.bench.benchmark import Settings
    from gistill.bench.fsa.benchmark import FSA
    from gistill.bench.fsa.report import markdown, write_report
    from gistill.bench.run import run_bench

    with Display() as display:
        settings = Settings(data, out, limit, seed)
        cards = run_bench(FSA, systems, _names(sets), settings, progress=display)
    write_report(cards, out)
    output(markdown(cards))
    return cards


def _names(lists: list[str]) -> list[str]:
    return [name.strip() for names in lists for name in names.split(",") if name.strip()]


def _numbers(text: str) -> list[int]:
    from gistill.errors import SettingError

    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        raise SettingError(f"seeds are whole numbers with commas between, not {text!r}") from error
