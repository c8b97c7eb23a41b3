"""`gistill analyze`: summaries and their sources in, their errors out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gistill.cli import asking, options
from gistill.cli.display import Display
from gistill.cli.ending import ending, output

if TYPE_CHECKING:
    from gistill.analysis.figures import Analysis
    from gistill.analysis.tiers import Tiers
    from gistill.lm.seam import LanguageModel

_COLUMNS = "Columns (default: found by name and cells)"
_WHO = "Who looks for errors"


def analyze(
    file: Annotated[
        str, typer.Argument(metavar="SUMMARIES", help="A table with a summary and its source in each row.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FOLDER", help="Default: SUMMARIES-errors.")
    ] = None,
    taxonomy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Your own list of error codes; see docs/errors.md.")
    ] = None,
    summary_column: Annotated[
        str | None, typer.Option(metavar="NAME", rich_help_panel=_COLUMNS, help="Column with the summaries.")
    ] = None,
    source_column: Annotated[
        str | None, typer.Option(metavar="NAME", rich_help_panel=_COLUMNS, help="Column with what is summed up.")
    ] = None,
    reference_column: Annotated[
        str | None, typer.Option(metavar="NAME", rich_help_panel=_COLUMNS, help="Column with a person's summary.")
    ] = None,
    channel_column: Annotated[
        str | None, typer.Option(metavar="NAME", rich_help_panel=_COLUMNS, help="Column with the channel.")
    ] = None,
    id_column: Annotated[
        str | None, typer.Option(metavar="NAME", rich_help_panel=_COLUMNS, help="Column that identifies a row.")
    ] = None,
    rules: Annotated[bool, typer.Option("--rules/--no-rules", rich_help_panel=_WHO, help="Ask the rules.")] = True,
    opinions: Annotated[
        bool,
        typer.Option("--opinions/--no-opinions", rich_help_panel=_WHO, help="Compare opinions that the reader finds."),
    ] = True,
    critic: Annotated[
        Path | None, typer.Option(metavar="FOLDER", rich_help_panel=_WHO, help="Also ask a critic: a small model.")
    ] = None,
    judge: asking.Judge = None,
    model: asking.Model = None,
    key_env: asking.KeyEnv = "OPENAI_API_KEY",
    pii: asking.PiiMode = "redact",
    journal: asking.JournalFile = None,
    write_batch: asking.WriteBatch = None,
    read_batch: asking.ReadBatch = None,
    limit: options.Limit = None,
    as_json: options.Json = False,
    table_format: options.Format = None,
    encoding: options.Encoding = None,
    sheet: options.SheetName = None,
    records_path: options.RecordsPath = None,
) -> None:
    """Find what is wrong with the summaries of any model: how often, where, and what it would cost to mend.

    FOLDER gets findings.jsonl (one error a line), analysis.html, analysis.json and cases.jsonl.
    """
    folder = out or Path(f"{Path(file).stem if file != '-' else 'summaries'}-errors")
    named = {
        "summary": summary_column, "source": source_column, "reference": reference_column,
        "channel": channel_column, "id": id_column,
    }  # fmt: skip
    how = options.layout(table_format, encoding, None, sheet, records_path)
    asked = asking.Asked(judge, model, key_env, pii, journal or folder / "journal.sqlite", write_batch, read_batch)
    with ending(), Display() as display:
        from itertools import islice

        from gistill.analysis.cases import open_cases
        from gistill.analysis.run import analyze as run

        def walk(language_model: LanguageModel | None) -> Analysis:
            cases = open_cases(file, {role: name for role, name in named.items() if name}, **how)
            read = ", ".join(f"the {role} from {name!r}" for role, name in cases.columns.items())
            display.say(f"Read {read}.")
            tiers, made_with = tiers_of(taxonomy, rules, opinions, critic, language_model)
            made_with = {**made_with, "columns": read}
            some = islice(cases.items, limit)
            return run(some, folder, tiers=tiers, title=Path(file).name, made_with=made_with, progress=display)

        found = asking.walked(asked, walk, step="analyze", say=display.say)
        if as_json:
            output(found.model_dump_json(indent=2))
        else:
            _show(found, folder)


def tiers_of(
    taxonomy: Path | None, rules: bool, opinions: bool, critic: Path | None, judge: LanguageModel | None
) -> tuple[Tiers, dict[str, str]]:
    """Load whoever looks for errors, and say who it is."""
    from importlib.metadata import version

    from gistill.analysis.judging import ModelJudge
    from gistill.analysis.tiers import Critic, OpinionsOf, Tiers
    from gistill.files import hash_file
    from gistill.grounding.faults.taxonomy import SHIPPED, load_taxonomy

    codes = load_taxonomy(taxonomy)
    made_with = {"gistill": version("gistill"), "codes": hash_file(taxonomy or SHIPPED)[:16]}
    read: OpinionsOf | None = None
    if rules and opinions:
        from gistill.digest.extract import extract
        from gistill.reader import load_readers

        reader = load_readers()
        made_with["reader"] = reader.hash
        read = lambda records: extract(records, reader=reader).opinions  # noqa: E731
    loaded: Critic | None = None
    if critic is not None:
        from gistill.grounding.faults.critic import load_critic

        loaded = load_critic(critic)
        made_with["critic"] = f"{loaded.name} {loaded.hash}"
    asked = None if judge is None else ModelJudge(judge, codes)
    if judge is not None:
        made_with["judge"] = judge.name
    return Tiers(codes, read, loaded, asked, rules), made_with


def _show(found: Analysis, folder: Path) -> None:
    from gistill.analysis.page import rate

    output(f"{found.summaries:,} summaries. With an error of a validated code: {rate(found.wrong)}.")
    for one in found.codes:
        if one.findings:
            note = "" if one.validated != "nothing" else " (not validated, not summed)"
            output(f"  {one.code:4} {one.name}: {rate(one.summaries)}{note}")
    output(f"{found.words_to_change:,} of {found.words:,} words are marked; {found.missing:,} findings mark none.")
    for kind, count in found.failures.items():
        output(f"  {count:,} not read or not judged: {kind}")
    output(f"The report is in {folder / 'analysis.html'}; `gistill revise {folder}` mends.")
