"""`gistill extract`: records in, opinions out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gistill.cli import options
from gistill.cli.display import Display
from gistill.cli.ending import ending, output
from gistill.cli.source import check_out, open_source

if TYPE_CHECKING:
    from gistill.digest.extract import SentenceReader
    from gistill.schema import Failure, Record
    from gistill.tables import TableInfo

Out = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="FILE", help="File for the opinions. Default: standard output.")
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="KIND[:PATH]",
        help="reader (fast) or writer (a language model, slow), with the path of your own model. Default: reader.",
    ),
]


def extract(
    files: options.Files,
    out: Out = None,
    model: Model = None,
    reader: options.ReaderPath = None,
    limit: options.Limit = None,
    fresh: options.Fresh = False,
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
    """Find opinions with their exact words, and write one JSON object per line.

    With -o, run an interrupted command again to continue it. If the input file changed, only new and changed records
    are read. Files larger than memory are read as a stream. --json prints the counts.
    """
    kept = f"What was read so far is kept beside {out}. Run the same command again to continue." if out else ""
    with ending(kept=kept, earlier=out), Display() as show:
        columns = options.columns(text=text_column, messages=messages_column, id=id_column, language=language_column)
        kind, path = _model(model, reader)
        how = options.layout(table_format, encoding, header_row, sheet, records_path)
        table = open_source(files, columns, how, say=show.say)
        from gistill.digest.ends import refuse_broken
        from gistill.digest.extract import extract_chunks, extract_to
        from gistill.screen import screen

        loaded, chunk = _load(kind, path, show.say)
        failures: Counter[str] = Counter()
        records = _readable(screen(table.records(limit=limit)), failures, table.info if out else None)
        if out is None:
            counts = Counter(records=0, sentences=0, opinions=0)
            for part in extract_chunks(records, reader=loaded, chunk_sentences=chunk, progress=show):
                output(*(opinion.model_dump_json() for opinion in part.opinions))
                counts.update(records=part.records, sentences=part.sentences, opinions=len(part.opinions))
                failures.update(failure.kind for failure in part.failures)
            show.say(_sentence(counts, failures))
            refuse_broken(failures, counts["sentences"], table.info)
            return
        check_out(out, files, such_as="opinions.jsonl")
        done = extract_to(
            out,
            records,
            reader=loaded,
            resume=not fresh,
            total=table.count(limit=limit),
            chunk_sentences=chunk,
            progress=show,
            say=show.say,
        )
        counts = Counter(records=done.records, sentences=done.sentences, opinions=done.opinions)
        failures.update(done.failures)
        refuse_broken(failures, counts["sentences"], table.info)
    with ending():
        output(_counts(out, counts, failures) if as_json else _sentence(counts, failures))


def _model(model: str | None, reader: Path | None) -> tuple[str, str | None]:
    """Say which kind of model reads, and where it is; None is the one that the package has."""
    from gistill.errors import SettingError

    kind, _, path = (model or "reader").partition(":")
    if kind not in ("reader", "writer"):
        raise SettingError(
            f"there is no model {model!r}", hint="Give reader, writer, reader:PATH or writer:PATH with --model."
        )
    if reader is not None and (path or kind == "writer"):
        raise SettingError("--model and --reader name two models", hint="Give one of them.")
    return kind, str(reader) if reader is not None else path or None


def _load(kind: str, path: str | None, say: Callable[[str], None]) -> tuple[SentenceReader, int]:
    """Load what reads, and say how many sentences it takes at once."""
    if kind == "reader":
        from gistill.digest.extract import CHUNK_SENTENCES
        from gistill.reader import load_readers

        return load_readers(path), CHUNK_SENTENCES
    from gistill.digest import written

    loaded = written.load_writer_reader(path)
    say(f"Reading with the writer {loaded.name}, which takes much longer than the reader.")
    return loaded, written.CHUNK_SENTENCES


def _readable(items: Iterable[Record | Failure], failures: Counter[str], info: TableInfo | None) -> Iterator[Record]:
    """Pass the records on and count the rest.

    With `info` it ends in an error, before a file is written, where what was read is no result.
    """
    from gistill.digest.ends import refuse_broken
    from gistill.schema import Failure

    kept = 0
    for item in items:
        if isinstance(item, Failure):
            failures[item.kind] += 1
        else:
            kept += 1
            yield item
    if info is not None and kept:
        refuse_broken(failures, kept, info)


def _counts(out: Path, counts: Counter[str], failures: Counter[str]) -> str:
    return json.dumps({"out": str(out), **counts, "failures": dict(sorted(failures.items()))}, indent=2)


def _sentence(counts: Counter[str], failures: Counter[str]) -> str:
    from gistill.digest.ends import languages_note

    apart = ", ".join(f"{count:,} {kind}" for kind, count in sorted(failures.items()))
    read = f"{counts['opinions']:,} opinions in {counts['sentences']:,} sentences of {counts['records']:,} records"
    note = languages_note(failures, counts["records"])
    return (f"{read}; skipped: {apart}." if apart else f"{read}.") + (f"\n{note}" if note else "")
