"""`gistill annotate`: records and a large model in, a corpus of what it says about them out."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gistill.cli import options
from gistill.cli.display import Display
from gistill.cli.ending import ending
from gistill.distill.settings import AnnotateSettings, described

if TYPE_CHECKING:
    from gistill.distill.asking import Records
    from gistill.tables.columns import Overrides

SET = "set:"
_TEACHER, _CHOICE, _MONEY, _VOTE = "Teacher", "What is asked about", "Limits", "Several answers"
_DEFAULT = AnnotateSettings  # what is not given stands on the class
_LISTS = ("categories", "tests")  # one option with commas between


def annotate(
    context: typer.Context,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="As for digest; or set:NAME, the texts of a public data set (with --data)."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Folder for the corpus.")],
    skill: Annotated[str, typer.Option(metavar="SKILL", help=described("skill"))],
    server: Annotated[
        str | None,
        typer.Option(metavar="URL", envvar="OPENAI_BASE_URL", rich_help_panel=_TEACHER, help=described("server")),
    ] = _DEFAULT.server,
    model: Annotated[
        str | None, typer.Option(metavar="NAME", rich_help_panel=_TEACHER, help=described("model"))
    ] = _DEFAULT.model,
    key_env: Annotated[
        str, typer.Option(metavar="NAME", rich_help_panel=_TEACHER, help=described("key_env"))
    ] = _DEFAULT.key_env,
    pii: Annotated[str, typer.Option(metavar="MODE", rich_help_panel=_TEACHER, help=described("pii"))] = _DEFAULT.pii,
    names: Annotated[
        str | None, typer.Option(metavar="MODEL", rich_help_panel=_TEACHER, help=described("names"))
    ] = _DEFAULT.names,
    structured: Annotated[
        bool, typer.Option("--structured", rich_help_panel=_TEACHER, help=described("structured"))
    ] = _DEFAULT.structured,
    journal: Annotated[
        Path | None, typer.Option(metavar="FILE", rich_help_panel=_TEACHER, help=described("journal"))
    ] = _DEFAULT.journal,
    concurrency: Annotated[
        int, typer.Option(min=1, rich_help_panel=_TEACHER, help=described("concurrency"))
    ] = _DEFAULT.concurrency,
    rpm: Annotated[int | None, typer.Option(min=1, rich_help_panel=_TEACHER, help=described("rpm"))] = _DEFAULT.rpm,
    tpm: Annotated[int | None, typer.Option(min=1, rich_help_panel=_TEACHER, help=described("tpm"))] = _DEFAULT.tpm,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", rich_help_panel=_TEACHER, help=described("timeout"))
    ] = _DEFAULT.timeout,
    teachers: Annotated[
        list[str] | None,
        typer.Option(
            "--teacher", metavar="URL#MODEL", rich_help_panel=_VOTE, help=f"{described('teachers')} Repeatable."
        ),
    ] = None,
    samples: Annotated[
        int, typer.Option(min=1, metavar="K", rich_help_panel=_VOTE, help=described("samples"))
    ] = _DEFAULT.samples,
    max_tokens: Annotated[
        int | None, typer.Option(min=1, metavar="N", rich_help_panel=_TEACHER, help=described("max_tokens"))
    ] = _DEFAULT.max_tokens,
    temperature: Annotated[
        float | None, typer.Option(min=0, rich_help_panel=_VOTE, help=described("temperature"))
    ] = _DEFAULT.temperature,
    min_agreement: Annotated[
        float, typer.Option(min=0, max=1, rich_help_panel=_VOTE, help=described("min_agreement"))
    ] = _DEFAULT.min_agreement,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", rich_help_panel=_CHOICE, help=described("limit"))
    ] = _DEFAULT.limit,
    select: Annotated[
        str, typer.Option(metavar="HOW", rich_help_panel=_CHOICE, help=described("select"))
    ] = _DEFAULT.select,
    tests: Annotated[str, typer.Option(metavar="SETS", rich_help_panel=_CHOICE, help=described("tests"))] = "",
    data: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", envvar="GISTILL_DATA", rich_help_panel=_CHOICE, help=described("data")),
    ] = _DEFAULT.data,
    task: Annotated[str, typer.Option(metavar="TASK", rich_help_panel=_CHOICE, help=described("task"))] = _DEFAULT.task,
    categories: Annotated[
        str, typer.Option(metavar="LIST", rich_help_panel=_CHOICE, help=described("categories"))
    ] = "",
    unfiltered: Annotated[
        bool, typer.Option("--unfiltered", rich_help_panel=_CHOICE, help=described("unfiltered"))
    ] = _DEFAULT.unfiltered,
    max_cost: Annotated[
        float | None, typer.Option(min=0, metavar="USD", rich_help_panel=_MONEY, help=described("max_cost"))
    ] = _DEFAULT.max_cost,
    max_calls: Annotated[
        int | None, typer.Option(min=0, metavar="N", rich_help_panel=_MONEY, help=described("max_calls"))
    ] = _DEFAULT.max_calls,
    prices: Annotated[
        Path | None, typer.Option(metavar="FILE", rich_help_panel=_MONEY, help=described("prices"))
    ] = _DEFAULT.prices,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", rich_help_panel=_MONEY, help="Estimate calls, tokens and money; send nothing.")
    ] = False,
    preview: Annotated[
        bool, typer.Option("--preview", rich_help_panel=_MONEY, help="Ask about 20 texts and show the result.")
    ] = False,
    write_batch: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", rich_help_panel=_MONEY, help="Write OpenAI batch files instead of asking."),
    ] = None,
    read_batch: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", rich_help_panel=_MONEY, help="Read the answers of a batch. Repeatable."),
    ] = None,
    batch_price_share: Annotated[
        float,
        typer.Option(min=0, max=1, metavar="SHARE", rich_help_panel=_MONEY, help=described("batch_price_share")),
    ] = _DEFAULT.batch_price_share,
    shard_size: Annotated[int, typer.Option(min=1, metavar="N", help=described("shard_size"))] = _DEFAULT.shard_size,
    go_on: Annotated[bool, typer.Option("--go-on", help=described("go_on"))] = _DEFAULT.go_on,
    seed: options.Seed = _DEFAULT.seed,
    as_json: options.Json = False,
    table_format: options.Format = None,
    encoding: options.Encoding = None,
    header_row: options.HeaderRow = None,
    sheet: options.SheetName = None,
    records_path: options.RecordsPath = None,
    text_column: options.TextColumn = None,
    messages_column: options.MessagesColumn = None,
    id_column: options.IdColumn = None,
    language_column: options.LanguageColumn = None,
) -> None:
    """Let a large model annotate texts, as training examples for a small one.

    Every call is kept in a journal. If the command was stopped, run it again: it continues and pays no answer twice.
    FOLDER gets shards with the source of every row, train.jsonl for `gistill finetune writer`, failures.jsonl, a card.
    """
    given = locals()
    columns = options.columns(text=text_column, messages=messages_column, id=id_column, language=language_column)
    with ending(kept=f"Paid answers are kept in {out}. The same command continues from there."), Display() as display:
        settings, records = _read(given, columns, display)
        code = _run(settings, records, out, display, given)
    if code:
        raise SystemExit(code)


def _read(given: Mapping[str, Any], columns: Overrides, display: Display) -> tuple[AnnotateSettings, Records]:
    """Read the options as settings, and open the table or the public set that they name."""
    file, data = given["file"], given["data"]
    given = dict(given)
    if given["teachers"] and given["model"] is None and _from_environment(given["context"], "server"):
        display.say(f"OPENAI_BASE_URL ({given['server']}) is not asked, because --teacher names who is.")
        given["server"] = None
    named = {name: given[name] for name in AnnotateSettings.__dataclass_fields__ if name in given}
    named["teachers"] = tuple(given["teachers"] or ())
    for name in _LISTS:
        named[name] = tuple(part.strip() for part in given[name].split(",") if part.strip())
    if file.startswith(SET):
        name = file.removeprefix(SET)
        from gistill.corpora import index

        records = index.records(name, folder=data)
        return AnnotateSettings(**named, source=name, licence=index.licence(name)), records
    settings = AnnotateSettings(**named, source="standard input" if file == "-" else Path(file).name)
    from gistill.cli.source import open_source

    how = options.layout(*(given[name] for name in ("table_format", "encoding", "header_row", "sheet", "records_path")))
    table = open_source(file, columns, how, say=display.say)
    return settings, table.records()


def _from_environment(context: typer.Context, option: str) -> bool:
    """Say whether an option's value is from its environment variable, and not from the command."""
    source = context.get_parameter_source(option)
    return source is not None and source.name == "ENVIRONMENT"


def _run(settings: AnnotateSettings, records: Records, out: Path, display: Display, given: Mapping[str, Any]) -> int:
    """Call the function that the options ask for, print what came of it, and give the exit code."""
    from gistill.cli import annotate_said as said

    as_json, folder, files = given["as_json"], given["write_batch"], given["read_batch"]
    command = shlex.join(["gistill", *sys.argv[1:]])
    if folder is not None:
        from gistill.distill.batches import write_batches

        written = write_batches(records, out=out, settings=settings, folder=folder, progress=display, say=display.say)
        return said.written(written, folder, as_json=as_json)
    if files:
        from gistill.distill.batches import read_batches

        done = read_batches(
            records, files, out=out, settings=settings, command=command, progress=display, say=display.say
        )
        return said.annotated(done, as_json=as_json, batch=True)
    if given["dry_run"]:
        from gistill.distill.estimating import estimate

        about, found = estimate(records, out=out, settings=settings, progress=display, say=display.say)
        return said.estimated(about, found, as_json=as_json)
    if given["preview"]:
        from gistill.distill.estimating import preview

        seen = preview(records, out=out, settings=settings, progress=display, say=display.say)
        return said.previewed(seen, settings, as_json=as_json)
    from gistill.distill.annotate import annotate as make

    done = make(records, out=out, settings=settings, command=command, progress=display, say=display.say)
    return said.annotated(done, as_json=as_json)
