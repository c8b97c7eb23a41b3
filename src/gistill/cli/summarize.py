"""gistill summarize: conversations in, a brief of each out; or a document or reviews, and chosen sentences out."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import typer

from gistill.cli import options
from gistill.cli.display import Display
from gistill.cli.ending import ending, output
from gistill.cli.source import check_out, open_source

if TYPE_CHECKING:
    from gistill.digest.extractive import Shape
    from gistill.digest.report.briefs import Tallied
    from gistill.lm.seam import LanguageModel
    from gistill.schema import Failure, Record
    from gistill.tables import TableInfo

To = Literal["markdown", "csv", "json"]
Kind = Literal["conversations", "document", "reviews"]
_BY_ENDING: dict[str, To] = {".md": "markdown", ".csv": "csv", ".json": "json"}


def summarize(
    files: options.Files,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="File: .md, .csv or .json. Default: standard output."),
    ] = None,
    kind: Annotated[
        Kind | None,
        typer.Option(
            "--as",
            help="What the file holds. Of conversations briefs are written; a document and reviews are summed up in "
            "sentences chosen from them. Default: it is found out, and said.",
        ),
    ] = None,
    to: Annotated[
        To | None, typer.Option("--to", help="Form of the result. Default: by the ending of -o, else markdown.")
    ] = None,
    aspect: Annotated[
        list[str] | None,
        typer.Option(
            "--aspect",
            metavar="WORDS",
            help="Look only at what is said about this; may be given several times.",
        ),
    ] = None,
    words: Annotated[int, typer.Option(min=5, max=200, metavar="N", help="About how long a summary is.")] = 30,
    writer: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Model that learned to sum up conversations: a folder, auto (that of the package, if it is there) or "
            "none (quotes alone).",
        ),
    ] = "auto",
    limit: options.Limit = None,
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
    """Write a brief of each conversation, or sum up a document or reviews in their own sentences.

    A brief is the issue, what was done, how it ended, and the next step.
    Every sentence names the turns that carry it. A sentence of the model is checked against these; where it does not
    stand, the customer's and the agent's own words stand instead. Mails, tickets and forms are conversations too.
    """
    with ending(), Display() as show:
        form = _form(out, to, files)
        columns = options.columns(text=text_column, messages=messages_column, id=id_column, language=language_column)
        how = options.layout(table_format, encoding, header_row, sheet, records_path)
        table = open_source(files, columns, how, say=show.say)
        items: Iterable[Record | Failure] = table.records(limit=limit)
        if kind is None:
            kind, items = _found(items, table.info, show.say)
        if kind != "conversations":
            _choose(items, kind, tuple(aspect or ()), words, out, form, show)
            return
        from gistill.digest.briefs.writing import make_briefs
        from gistill.digest.ends import refuse_broken
        from gistill.digest.report.briefs import Tallied

        failures: Counter[str] = Counter()
        records = _readable(items, failures, show)
        model = _load(writer, show.say)
        briefs = Tallied(make_briefs(records, writer=model, aspects=tuple(aspect or ()), words=words))
        if out is None:
            for line in _lines(briefs, form, failures, model):
                output(line)
        else:
            _write(out, briefs, form, failures, model)
        show.say(_said(briefs, failures))
        refuse_broken(failures, sum(briefs.outcomes.values()), table.info)


def _found(
    items: Iterable[Record | Failure], info: TableInfo, say: Callable[[str], None]
) -> tuple[Kind, Iterable[Record | Failure]]:
    """Find out what a file holds by its first records, and say so; the records come back from the first on."""
    from gistill.digest.kinds import SAMPLE, find_kind
    from gistill.schema import Record

    rest = iter(items)
    first = list(itertools.islice(rest, SAMPLE))
    shape, why = find_kind(
        [item for item in first if isinstance(item, Record)], format=info.format, columns=info.header
    )
    kind: Kind = "conversations" if shape == "conversation" else shape
    others = " or ".join(f"--as {other}" for other in get_args(Kind) if other != kind)
    say(f"Taken for {'a document' if kind == 'document' else kind}, because {why}. Wrong? Say {others}.")
    return kind, itertools.chain(first, rest)


def _choose(
    items: Iterable[Record | Failure],
    kind: Shape,
    aspects: tuple[str, ...],
    words: int,
    out: Path | None,
    form: To,
    show: Display,
) -> None:
    """Sum up a document or reviews in their own sentences."""
    from gistill.cli.summarize_texts import lines, summarize_texts
    from gistill.files import replacing

    failures: Counter[str] = Counter()
    records = list(_readable(items, failures, show))
    chosen = summarize_texts(records, kind, aspects, words, progress=lambda done, of: show("choose", done, of))
    found = lines(chosen, form, kind, len(records))
    if out is None:
        for line in found:
            output(line)
    else:
        with replacing(out) as file:
            for line in found:
                file.write(f"{line}\n".encode("utf-8", "replace"))
    if failures:
        show.say("Not read: " + ", ".join(f"{count:,} {name}" for name, count in sorted(failures.items())) + ".")


def _form(out: Path | None, to: To | None, files: list[str]) -> To:
    """Choose the form of the result, and refuse a file that cannot be written."""
    from gistill.errors import SettingError

    if out is None:
        return to or "markdown"
    check_out(out, files, such_as="briefs.csv")
    by_ending = _BY_ENDING.get(out.suffix.lower())
    if to is None and by_ending is None:
        raise SettingError(f"the form of {out} is not known", hint="End its name in .md, .csv or .json, or give --to.")
    return to or by_ending or "markdown"


def _load(writer: str, say: Callable[[str], None]) -> LanguageModel | None:
    """Load what writes, or say that the briefs are made of quotes."""
    if writer == "none":
        return None
    if writer == "auto":
        from gistill.digest.briefs.in_digest import load_summary_writer

        return load_summary_writer(say)
    from gistill.lm import load_writer

    return load_writer(writer)


def _readable(items: Iterable[Record | Failure], failures: Counter[str], show: Display) -> Iterator[Record]:
    from gistill.schema import Failure

    done = 0
    for item in items:
        if isinstance(item, Failure):
            failures[item.kind] += 1
        else:
            done += 1
            show("summarize", done, None)
            yield item


def _write(out: Path, briefs: Tallied, form: To, failures: Counter[str], model: LanguageModel | None) -> None:
    from gistill.digest.report.briefs import COLUMNS, brief_row
    from gistill.files import replacing
    from gistill.tables import write_csv

    if form == "csv":
        write_csv(out, COLUMNS, map(brief_row, briefs))
        return
    with replacing(out) as file:
        for line in _lines(briefs, form, failures, model):
            file.write(f"{line}\n".encode("utf-8", "replace"))


def _lines(briefs: Tallied, form: To, failures: Counter[str], model: LanguageModel | None) -> Iterator[str]:
    """Give the result line by line, so that no more than a few conversations are held."""
    from gistill.digest.report.briefs import COLUMNS, brief_markdown, brief_row
    from gistill.tables import csv_lines

    if form == "csv":
        yield from (line.removesuffix("\r\n") for line in csv_lines(COLUMNS, map(brief_row, briefs)))
    elif form == "markdown":
        for brief in briefs:
            yield brief_markdown(brief)
        yield f"---\n\n{_said(briefs, failures)}"
    else:
        yield '{"briefs": ['
        before = ""
        for brief in briefs:
            yield before + brief.model_dump_json()
            before = ","
        about = {
            "outcomes": {name or "not judged": count for name, count in sorted(briefs.outcomes.items())},
            "failures": dict(sorted(failures.items())),
            "writer": f"{model.name} {model.hash}" if model else None,
        }
        yield "], " + json.dumps(about, ensure_ascii=False)[1:]


def _said(briefs: Tallied, failures: Counter[str]) -> str:
    parts = [briefs.sentence]
    if briefs.refused:
        parts.append(f"{briefs.written:,} sentences of the model stand, {briefs.refused:,} did not.")
    if briefs.empty:
        parts.append(f"{briefs.empty:,} have no brief: nothing is said in them, or nothing about what was asked for.")
    if failures:
        parts.append("Not read: " + ", ".join(f"{count:,} {kind}" for kind, count in sorted(failures.items())) + ".")
    return " ".join(parts)
