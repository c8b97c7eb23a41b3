"""`gistill digest`: records in, a folder with a report out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gistill.cli import options
from gistill.cli.display import Display
from gistill.cli.ending import ending, output
from gistill.cli.source import open_source

if TYPE_CHECKING:
    from gistill.schema import Digest, Failure, Record
    from gistill.tables import TableInfo

Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="FOLDER", help="Folder for the report. Default: FILE's name with -report."),
]
Writer = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="Language model of the summaries: auto (the installed one), none (quotes alone), a name or a path.",
    ),
]
TaxonomyFile = Annotated[
    Path | None,
    typer.Option(
        "--taxonomy",
        metavar="YAML",
        help="File with your own aspects; see docs/taxonomy.md. Default: aspects are found.",
    ),
]
PresetName = Annotated[
    str | None,
    typer.Option(
        "--preset",
        metavar="NAME",
        help="Words and order of the report: shop, hotel, restaurant, app, support, survey, news, social or video; see "
        "docs/presets.md. Default: found from the data.",
    ),
]
CorrectionsFile = Annotated[
    Path | None,
    typer.Option(
        "--corrections",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="Corrections of people (see gistill correct) to count as well as those in the report's folder.",
    ),
]
Confidence = Annotated[
    float,
    typer.Option(min=0, max=1, metavar="P", help="Leave out opinions with a lower confidence than this (0 to 1)."),
]

ShowNames = Annotated[
    bool,
    typer.Option(
        "--show-names",
        help="Show names and addresses of customers in the report. Default: a marked placeholder stands for each.",
    ),
]

MaskToxic = Annotated[
    bool,
    typer.Option(
        "--mask-toxic",
        help="Hide sentences that attack people (insults, slurs, threats) in the files people read. Default: marked.",
    ),
]

SHOWN = 10  # aspects in the terminal


def digest(
    files: options.Files,
    out: Out = None,
    writer: Writer = "auto",
    reader: options.ReaderPath = None,
    taxonomy: TaxonomyFile = None,
    preset: PresetName = None,
    corrections: CorrectionsFile = None,
    title: Annotated[
        str, typer.Option(metavar="TEXT", help="Heading of the report. Default: a standard heading.")
    ] = "",
    min_confidence: Confidence = 0.0,
    show_names: ShowNames = False,
    mask_toxic: MaskToxic = False,
    media: Annotated[
        str | None,
        typer.Option("--media", metavar="COLUMN", help="Column of paths of pictures or sound; see --media-command."),
    ] = None,
    media_command: Annotated[
        str | None,
        typer.Option(
            "--media-command",
            metavar="COMMAND",
            help="Command that prints the words of a picture or sound; its path is the last argument.",
        ),
    ] = None,
    limit: options.Limit = None,
    seed: options.Seed = 0,
    fresh: options.Fresh = False,
    as_json: options.Json = False,
    table_format: options.Format = None,
    encoding: options.Encoding = None,
    header_row: options.HeaderRow = None,
    sheet: options.SheetName = None,
    records_path: options.RecordsPath = None,
    text_column: options.TextColumn = None,
    by: options.By = None,
    as_of: options.AsOf = None,
    messages_column: options.MessagesColumn = None,
    id_column: options.IdColumn = None,
    entity_column: options.EntityColumn = None,
    author_column: options.AuthorColumn = None,
    rating_column: options.RatingColumn = None,
    date_column: options.DateColumn = None,
    language_column: options.LanguageColumn = None,
) -> None:
    """Make a report of what people say, how many say so, and in which words.

    The folder gets report.html, report.md, report.xlsx, digest.json, opinions.jsonl and more. Run an
    interrupted command again to continue it; records that were read are not read again.
    """
    folder = out or Path(
        "report" if files[0] == "-" else f"{Path(files[0]).name.partition('.')[0] or 'records'}-report"
    )
    kept = f"What was read so far is kept in {folder}. Run the same command again to continue."
    with ending(kept=kept, earlier=folder / "report.html"), _no_empty(folder), Display() as show:
        for file in files:
            _refuse_inside(folder, file)
        columns = options.columns(
            text=text_column,
            messages=messages_column,
            id=id_column,
            entity=entity_column,
            author=author_column,
            rating=rating_column,
            date=date_column,
            language=language_column,
        )
        how = options.layout(table_format, encoding, header_row, sheet, records_path)
        table = open_source(files, columns, how, by=by or (), as_of=as_of, say=show.say)
        _warn_of_others(folder, show)
        from gistill.digest.group.taxonomy import load_taxonomy
        from gistill.digest.run import digest as walk
        from gistill.digest.steps import prepare_folder
        from gistill.reader import load_readers
        from gistill.tables import Records as TableRecords

        prepare_folder(folder)
        records: Iterable[Record | Failure] = table.records(limit=limit)
        if media or media_command:
            records = TableRecords(table.info, _described(records, media, media_command, table.info))
        result = walk(
            records,
            folder=folder,
            reader=load_readers(reader),
            writer=None if writer == "none" else writer,
            taxonomy=load_taxonomy(taxonomy) if taxonomy else None,
            preset=preset,
            corrections=corrections,
            seed=seed,
            title=title,
            min_confidence=min_confidence,
            show_names=show_names,
            mask_toxic=mask_toxic,
            resume=not fresh,
            progress=show,
            say=show.say,
        )
    with ending():
        output(_as_json(result, folder) if as_json else _as_text(result, folder))


def _described(
    records: Iterable[Record | Failure], column: str | None, line: str | None, info: TableInfo
) -> Iterator[Record | Failure]:
    """Let a command turn what a column names into text."""
    from gistill.errors import SettingError
    from gistill.tables.columns import find_column
    from gistill.tables.media import command, with_media

    if column is None or line is None:
        raise SettingError("--media and --media-command go together")
    name = find_column(info.header, column, "column of pictures or sound", file=info.file)
    return with_media(records, name, command(line))


@contextmanager
def _no_empty(folder: Path) -> Iterator[None]:
    """Leave no folder that was made for a report that is none."""
    there = folder.exists()
    try:
        yield
    except BaseException:
        if not there:
            with suppress(OSError):  # it holds something, or was never made
                folder.rmdir()
        raise


def _refuse_inside(folder: Path, file: str) -> None:
    """A folder of texts that holds its own report would be read with it the next time."""
    if file != "-" and Path(file).is_dir() and folder.resolve().is_relative_to(Path(file).resolve()):
        from gistill.errors import SettingError

        hint = "Name a folder outside it with -o."
        raise SettingError(f"the report cannot be written to {folder}, inside the folder that is read", hint=hint)


def _warn_of_others(folder: Path, show: Display) -> None:
    from gistill.digest.steps import OURS

    if folder.is_dir() and any(path.name not in OURS for path in folder.iterdir()):
        show.say(f"{folder} holds other files too; they are left alone.")


def _as_json(result: Digest, folder: Path) -> str:
    shown = {
        "folder": str(folder),
        "report": str(folder / "report.html"),
        "records": result.records,
        "read": result.read,
        "people": result.people,
        "sentences": result.sentences,
        "opinions": result.opinions,
        "failures": result.failures,
        "aspects": [
            {
                "id": aspect.id,
                "name": aspect.name,
                "people": aspect.tally.people,
                "mentions": aspect.tally.mentions,
                "net_sentiment": aspect.tally.net_sentiment.value,
            }
            for aspect in result.aspects
        ],
        "made_with": result.made_with,
    }
    return json.dumps(shown, indent=2, ensure_ascii=False)


def _as_text(result: Digest, folder: Path) -> str:
    from gistill.digest.ends import languages_note
    from gistill.digest.report.words import hand_words

    lines = [
        f"{result.read:,} of {result.records:,} records read, of {_people(result.people)}; "
        f"{result.opinions:,} {'opinion' if result.opinions == 1 else 'opinions'}, from {_people(result.tally.people)}."
    ]
    if result.failures:
        lines.append("Skipped: " + ", ".join(f"{count:,} {kind}" for kind, count in result.failures.items()) + ".")
    if note := languages_note(result.failures, result.read):
        lines.append(note)
    if result.by_hand:
        lines.append(hand_words(result.by_hand, result.tally))
    if result.aspects:
        lines += ["", f"{'aspect':24} {'people':>7} {'positive':>9} {'negative':>9} {'net':>6}"]
    for aspect in result.aspects[:SHOWN]:
        tally = aspect.tally
        net = tally.net_sentiment.value
        sentiment = "-" if net is None else f"{100 * net:+.0f}%"
        lines.append(f"{aspect.name[:24]:24} {tally.people:7,} {tally.positive:9,} {tally.negative:9,} {sentiment:>6}")
    if len(result.aspects) > SHOWN:
        lines.append(f"... and {len(result.aspects) - SHOWN} more")
    if result.opinions and not result.aspects:
        lines.append("No aspect is mentioned by two people, so there is nothing to compare.")
    return "\n".join([*lines, "", f"The report: {folder / 'report.html'}"])


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"
