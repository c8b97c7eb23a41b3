"""`gistill spotcheck`: mark a few sentences drawn at random, and see the report's figures corrected by them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gistill.cli import options
from gistill.cli.ending import ending, output, tell
from gistill.cli.source import open_source

if TYPE_CHECKING:
    from gistill.corrections.form import Mark
    from gistill.digest.correction.spotcheck import Row
    from gistill.digest.spotchecking import SpotCheck
    from gistill.schema import Digest, Polarity

KEYS: dict[str, Polarity] = {"+": "positive", "-": "negative", "0": "neutral"}
Sheet = Annotated[
    Path | None,
    typer.Option(
        "--sheet",
        metavar="FILE",
        help="Mark in this .csv or .xlsx file: the first run writes it, the next run reads it. Default: ask here.",
    ),
]
Source = Annotated[
    list[str] | None,
    typer.Option(
        "--file",
        metavar="FILE",
        help="File that the report was made from. Repeatable. Default: searched by its name.",
    ),
]
WorkbookSheet = Annotated[
    str | None,
    typer.Option("--workbook-sheet", metavar="NAME", help="As --sheet of the command that made the report."),
]


def spotcheck(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of a report.")],
    file: Source = None,
    n: Annotated[
        int, typer.Option("--n", min=10, metavar="N", help="Number of sentences to draw in the first run.")
    ] = 100,
    seed: options.Seed = 0,
    sheet: Sheet = None,
    reader: options.ReaderPath = None,
    limit: options.Limit = None,
    as_json: options.Json = False,
    table_format: options.Format = None,
    encoding: options.Encoding = None,
    header_row: options.HeaderRow = None,
    workbook_sheet: WorkbookSheet = None,
    records_path: options.RecordsPath = None,
    text_column: options.TextColumn = None,
    messages_column: options.MessagesColumn = None,
    id_column: options.IdColumn = None,
    entity_column: options.EntityColumn = None,
    author_column: options.AuthorColumn = None,
    rating_column: options.RatingColumn = None,
    date_column: options.DateColumn = None,
    language_column: options.LanguageColumn = None,
) -> None:
    """Mark sentences drawn at random. The report's figures are then corrected by your marks.

    The intervals are valid however many mistakes the reader makes. You can stop after any sentence; run the same
    command again to continue. Give the same columns as when the report was made.
    """
    with ending(kept="Your marks are kept. Run the same command again to continue."), _holding(folder):
        from gistill.digest.correction.sheet import read_sheet, write_sheet
        from gistill.digest.correction.spotcheck import save
        from gistill.digest.spotchecking import count_spot_check, load_digest, open_spot_check
        from gistill.reader import load_readers

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
        source = file or _source(folder, load_digest(folder))
        how = options.layout(table_format, encoding, header_row, workbook_sheet, records_path)
        items = list(open_source(source, columns, how, say=tell).records(limit=limit))
        check = open_spot_check(folder, items, load_readers(reader), n=n, seed=seed)
        if sheet is None:
            _mark(check)
        elif sheet.exists():
            check.rows[:] = read_sheet(sheet, check.rows)
            save(folder, check.rows)
        else:
            write_sheet(sheet, check.rows)
            tell(f"Fill the column `mark` of {sheet} and run the same command again.")
            tell("For an opinion: right, wrong, or its true polarity. For what was missed: none, or `negative: words`.")
            return
        result = count_spot_check(check)
        output(_as_json(check, result) if as_json else _as_text(check, result))


@contextmanager
def _holding(folder: Path) -> Iterator[None]:
    from gistill.runs import holding

    with holding(folder) if folder.is_dir() else nullcontext():
        yield


def _source(folder: Path, digest: Digest) -> list[str]:
    """Find the files of a report by their names, here or beside the folder."""
    from gistill.errors import InputError

    names = {record.file for record in digest.contexts.values() if record.file}
    for place in (Path(), folder.parent):
        if names and all((place / name).is_file() for name in names):
            return [str(place / name) for name in sorted(names)]
    raise InputError("its input file is not found", file=str(folder), hint="Name what it was made from with --file.")


def _mark(check: SpotCheck) -> None:
    """Ask for one sentence after the other and keep each answer at once."""
    from gistill.digest.correction.spotcheck import done, save

    tell("For each opinion: r right, + - 0 its true polarity (positive, negative, neutral), w wrong (not an opinion).")
    tell("For what was missed: + - or 0 with its words, as in `- too thin`; Enter for nothing more. q ends.")
    for place in range(done(check.rows), len(check.rows)):
        if check.rows[place].opinions is not None:
            continue
        row = ask(check.rows[place], f"{place + 1} of {len(check.rows)}", _line, tell)
        if row is None:
            return
        check.rows[place] = row
        save(check.folder, check.rows)


def _line(question: str) -> str | None:
    try:
        return input(question)
    except EOFError:
        return None


def ask(row: Row, title: str, line: Callable[[str], str | None], say: Callable[[str], None]) -> Row | None:
    """Ask a person what stands in one sentence.

    Args:
        row: The sentence, with what was read in it.
        title: Which one it is.
        line: Asks for a line; None is the end of the input.
        say: Shows a line.

    Returns:
        The row, marked; None where the person ends.
    """
    from gistill.digest.correction.spotcheck import marked

    say(f"\n{title}: {row.sentences[0]}")
    kept: list[Mark] = []
    for mark in row.read:
        found = _judged(mark, line, say)
        if found is None:
            return None
        kept += found
    missed = _missed(row.sentences[0], line, say)
    return None if missed is None else marked(row, [*kept, *missed])


def _judged(mark: Mark, line: Callable[[str], str | None], say: Callable[[str], None]) -> list[Mark] | None:
    from gistill.digest.correction.spotcheck import turned

    about = f" about “{mark.aspect}”" if mark.aspect else ""
    words = f": “{mark.opinion}”" if mark.opinion else ""
    category = f" ({mark.category})" if mark.category else ""
    while True:
        answer = line(f"  read as {mark.polarity}{about}{words}{category} [r + - 0 w q] ")
        match answer.strip().casefold() if answer is not None else "q":
            case "q":
                return None
            case "r":
                return [mark]
            case "w":
                return []
            case "+" | "-" | "0" as key:
                return [mark if KEYS[key] == mark.polarity else turned(mark, KEYS[key])]
        say("  One of r, +, -, 0, w or q.")


def _missed(sentence: str, line: Callable[[str], str | None], say: Callable[[str], None]) -> list[Mark] | None:
    from gistill.digest.correction.spotcheck import opinion_mark

    found: list[Mark] = []
    while True:
        answer = line("  missed? [Enter + - 0 q] ")
        said = answer.strip() if answer is not None else "q"
        if not said:
            return found
        if said.casefold() == "q":
            return None
        if said[0] not in KEYS:
            say("  One of +, -, 0 with its words, Enter or q.")
            continue
        try:
            found.append(opinion_mark(sentence, KEYS[said[0]], said[1:].strip()))
        except ValueError as error:
            say(f"  {error}; copy the words, or leave them out.")


def _as_json(check: SpotCheck, result: Digest) -> str:
    from gistill.digest.correction.spotcheck import done

    shown = [one.model_dump(mode="json") for one in result.corrections]
    return json.dumps({"marked": done(check.rows), "drawn": len(check.rows), "corrections": shown}, indent=2)


def _as_text(check: SpotCheck, result: Digest) -> str:
    from gistill.digest.correction.spotcheck import FEWEST, done
    from gistill.digest.report.words import FIGURES, corrected_figure, raw_figure

    count = done(check.rows)
    lines = [f"{count:,} of {len(check.rows):,} sentences are marked."]
    found = next((one for one in result.corrections if one.by == "spot check"), None)
    if found is None or found.total is None:
        return f"{lines[0]} The report is corrected from {FEWEST} on, where each kind of sentence has at least two."
    lines += ["", f"{'figure':34} {'raw':>8}  corrected, 95% interval"]
    for name, words in FIGURES.items():
        figure = getattr(found.total, name)
        if figure.corrected is not None:
            lines.append(f"{words:34} {raw_figure(figure, name):>8}  {corrected_figure(figure, name)}")
    return "\n".join([*lines, "", f"The report: {check.folder / 'report.html'}"])
