"""`gistill annotate`: records and a large model in, a corpus of what it says about them out."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from gistill.cli import options
from gistill.cli.annotate_run import (
    Choice,
    Walk,
    estimate,
    preview,
    read_batches,
    run,
    write_batches,
)
from gistill.cli.annotate_source import open_records
from gistill.cli.annotate_task import SKILLS, Named, task_named, with_evidence
from gistill.cli.annotate_teachers import Limits, named_teachers, open_teachers
from gistill.cli.display import Display
from gistill.cli.ending import ending

SELECTIONS = ("random", "diverse", "difficult")

_TEACHER, _CHOICE, _MONEY, _VOTE = "Teacher", "What is asked about", "Limits", "Several answers"


def annotate(
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="As for digest; or set:NAME, a public set's texts (with --data)."),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the corpus goes.")],
    skill: Annotated[str, typer.Option(metavar="SKILL", help=f"{', '.join(SKILLS)}.")],
    server: Annotated[
        str | None,
        typer.Option(metavar="URL", envvar="OPENAI_BASE_URL", rich_help_panel=_TEACHER, help="OpenAI-compatible API."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", rich_help_panel=_TEACHER, help="As the server knows it; may be left out where it has one."
        ),
    ] = None,
    key_env: Annotated[
        str, typer.Option(metavar="NAME", rich_help_panel=_TEACHER, help="Environment variable with the key.")
    ] = "OPENAI_API_KEY",
    pii: Annotated[
        str,
        typer.Option(
            metavar="MODE", rich_help_panel=_TEACHER, help="Personal data: redact (and put back here), refuse or off."
        ),
    ] = "redact",
    names: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            rich_help_panel=_TEACHER,
            help="Replace people's names, too, as this finds them: gliner:FOLDER, or a spaCy pipeline.",
        ),
    ] = None,
    structured: Annotated[
        bool, typer.Option("--structured", rich_help_panel=_TEACHER, help="Ask for JSON after a schema.")
    ] = False,
    journal: Annotated[
        Path | None,
        typer.Option(metavar="FILE", rich_help_panel=_TEACHER, help="Of all calls; else FOLDER/journal.sqlite."),
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, rich_help_panel=_TEACHER, help="Calls at once, at most.")] = 32,
    rpm: Annotated[int | None, typer.Option(min=1, rich_help_panel=_TEACHER, help="Calls a minute, at most.")] = None,
    tpm: Annotated[int | None, typer.Option(min=1, rich_help_panel=_TEACHER, help="Tokens a minute, at most.")] = None,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", rich_help_panel=_TEACHER, help="For one call.")] = 120.0,
    teachers: Annotated[
        list[str] | None,
        typer.Option(
            "--teacher", metavar="URL#MODEL", rich_help_panel=_VOTE, help="One more teacher that votes (repeatable)."
        ),
    ] = None,
    samples: Annotated[
        int, typer.Option(min=1, metavar="K", rich_help_panel=_VOTE, help="Answers of each teacher about each text.")
    ] = 1,
    temperature: Annotated[
        float | None, typer.Option(min=0, rich_help_panel=_VOTE, help="0 for one answer, else 0.7 where not given.")
    ] = None,
    min_agreement: Annotated[
        float, typer.Option(min=0, max=1, rich_help_panel=_VOTE, help="Share of the answers that must say the same.")
    ] = 0.5,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", rich_help_panel=_CHOICE, help="Ask about N texts at most (opinions: sentences)."
        ),
    ] = None,
    select: Annotated[
        str, typer.Option(metavar="HOW", rich_help_panel=_CHOICE, help=f"Which N: {', '.join(SELECTIONS)}.")
    ] = "random",
    tests: Annotated[
        str,
        typer.Option(
            metavar="SETS", rich_help_panel=_CHOICE, help="Leave out texts of these test sets; all: every open test."
        ),
    ] = "",
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", envvar="GISTILL_DATA", rich_help_panel=_CHOICE, help="Folder of the public data."
        ),
    ] = None,
    elements: Annotated[
        str,
        typer.Option(
            "--task",
            metavar="TASK",
            rich_help_panel=_CHOICE,
            help="Of opinions: aste (the default), tsa, ...; of rating: polarities (the default), levels, stars.",
        ),
    ] = "",
    categories: Annotated[
        str, typer.Option(metavar="LIST", rich_help_panel=_CHOICE, help="The categories, for tasks that have them.")
    ] = "",
    unfiltered: Annotated[
        bool,
        typer.Option(
            "--unfiltered",
            rich_help_panel=_CHOICE,
            help="Of analysis and rewriting: teach every answer as it came, unchecked. For ablations only.",
        ),
    ] = False,
    max_cost: Annotated[
        float | None, typer.Option(min=0, metavar="USD", rich_help_panel=_MONEY, help="Stop before more is spent.")
    ] = None,
    max_calls: Annotated[
        int | None, typer.Option(min=0, metavar="N", rich_help_panel=_MONEY, help="Stop before more calls are made.")
    ] = None,
    prices: Annotated[
        Path | None,
        typer.Option(metavar="FILE", rich_help_panel=_MONEY, help="MODEL: {input: USD, output: USD} per million."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", rich_help_panel=_MONEY, help="Estimate calls, tokens and money; ask nothing.")
    ] = False,
    show: Annotated[
        bool, typer.Option("--preview", rich_help_panel=_MONEY, help="Ask about 20 texts and show what is kept.")
    ] = False,
    write_batch: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", rich_help_panel=_MONEY, help="Write OpenAI batch files instead of asking."),
    ] = None,
    read_batch: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", rich_help_panel=_MONEY, help="Take the answers of a batch (repeatable)."),
    ] = None,
    batch_price_share: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            metavar="SHARE",
            rich_help_panel=_MONEY,
            help="What a batch costs of the list price; OpenAI: 0.5.",
        ),
    ] = 1.0,
    shard_size: Annotated[int, typer.Option(min=1, metavar="N", help="Texts a shard.")] = 500,
    go_on: Annotated[
        bool, typer.Option("--go-on", help="Do not stop where all of the first 50 answers are refused.")
    ] = False,
    seed: options.Seed = 0,
    as_json: options.Json = False,
    table_format: options.Format = None,
    encoding: options.Encoding = None,
    text_column: options.TextColumn = None,
    messages_column: options.MessagesColumn = None,
    id_column: options.IdColumn = None,
    language_column: options.LanguageColumn = None,
) -> None:
    """Let a large model annotate texts for a small one to learn from.

    Every call is kept in a journal: stopped at any moment, the same command goes on and pays nothing twice. FOLDER gets
    shards with the provenance of every row, train.jsonl for `gistill finetune writer`, failures.jsonl and a data card.
    """
    kept = f"What was paid for is kept in {out}; the same command goes on from there."
    with ending(kept=kept), ExitStack() as stack:
        from gistill.distill.annotate import Settings

        display = stack.enter_context(Display())
        task = task_named(Named(skill, elements, categories, structured, unfiltered))
        named = named_teachers(server, model, teachers or (), key_env=key_env)
        settings = Settings(
            samples=samples,
            temperature=temperature if temperature is not None else 0.7 if samples > 1 else 0.0,
            min_agreement=min_agreement,
            shard_size=shard_size,
            seed=seed,
            go_on=go_on,
            hosts=tuple(teacher.host for teacher in named),
            pii=pii,
            names=names or "",
        )
        choice = Choice(limit, select, seed, tests, data)
        columns = options.columns(text=text_column, messages=messages_column, id=id_column, language=language_column)
        source = open_records(file, columns, table_format, encoding, data=data, say=display.say)
        if task is None:
            source, task = with_evidence(source)
        counting = dry_run and write_batch is None and not read_batch
        limits = Limits(key_env, pii, names, concurrency, rpm, tpm, timeout, max_cost, max_calls, prices)
        book = _journal(journal or out / "journal.sqlite", out, stack, counting=counting)
        asked, kept_calls = open_teachers(named, limits, book, run=out.resolve().name, stack=stack)
        walk = Walk(source, task, asked, kept_calls, settings, choice, out, batch_price_share, display)
        if write_batch is not None:
            code = write_batches(walk, write_batch, as_json=as_json)
        elif read_batch:
            code = read_batches(walk, read_batch, as_json=as_json)
        else:
            code = (estimate if counting else preview if show else run)(walk, as_json=as_json)
    if code:
        raise SystemExit(code)


def _journal(path: Path, out: Path, stack: ExitStack, *, counting: bool) -> Path:
    """Make the folder and name the journal; where calls are only counted and there is none, one that goes away."""
    if not counting:
        out.mkdir(parents=True, exist_ok=True)
    elif not path.exists():
        return Path(stack.enter_context(TemporaryDirectory(prefix="gistill-"))) / path.name
    return path
