"""A spot check as a spreadsheet: one line for each opinion that was read and one for what was missed, and back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from gistill import install
from gistill.corrections.form import Mark
from gistill.digest.correction.spotcheck import Row, marked, opinion_mark, turned
from gistill.errors import ExtraMissingError, InputError
from gistill.schema import Failure, Polarity
from gistill.tables import write_csv
from gistill.tables.shapes.formats import open_sheet

HEADER = ("sentence_number", "opinion_number", "sentence", "about", "words", "read_as", "category", "mark")
MISSED = "missed?"
_POLARITIES: tuple[Polarity, ...] = get_args(Polarity)
Cells = tuple[object, ...]


def write_sheet(path: Path, rows: Sequence[Row]) -> None:
    """Write the sentences for a person to mark: `.csv`, or `.xlsx` where openpyxl is installed.

    A person fills the last column. Of an opinion that was read: `right`, `wrong` (there is no such opinion), or the
    polarity that it truly has. In the line of what was missed: `none`, or the polarity of each opinion that was missed
    with its words, as in `negative: too thin; positive`.

    Raises:
        InputError: The file cannot be written.
        ExtraMissingError: It ends in .xlsx and openpyxl is missing.
    """
    if path.suffix.lower() != ".xlsx":
        write_csv(path, HEADER, _lines(rows))
        return
    try:
        import openpyxl
    except ImportError:
        raise ExtraMissingError("openpyxl is missing", hint=f"{install.hint('sheets')}, or name a .csv file.") from None
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    for number, line in enumerate(_lines(rows), 2):
        for column, value in enumerate(line, 1):
            cell = book.active.cell(number, column, value)
            cell.data_type = "n" if isinstance(value, int) else "s"  # never a formula
    book.save(path)


def _lines(rows: Sequence[Row]) -> Iterator[Cells]:
    for number, row in enumerate(rows, 1):
        for n, mark in enumerate(row.read, 1):
            yield (
                number, n, row.sentences[0], mark.aspect or "", mark.opinion or "", mark.polarity,
                mark.category or "", "",
            )  # fmt: skip
        yield (number, 0, row.sentences[0], "", "", MISSED, "", "")


def read_sheet(path: Path, rows: Sequence[Row]) -> list[Row]:
    """Read a spreadsheet back that `write_sheet` wrote.

    Returns:
        The rows, those marked whose every line has a mark; the others as they were.

    Raises:
        InputError: It has other columns, or a mark is none; it names the line.
    """
    found: dict[int, dict[int, tuple[int, str, str]]] = defaultdict(dict)
    for line, cells in _cells(path):
        try:
            number, n = (int(float(cells[name] or 0)) for name in HEADER[:2])
        except ValueError:
            raise InputError("its first two cells are no numbers", file=str(path), row=line) from None
        if not 1 <= number <= len(rows):
            raise InputError(f"there is no sentence {number}", file=str(path), row=line)
        found[number - 1][n] = (line, " ".join(cells["mark"].split()), cells["category"])
    result = list(rows)
    for place, lines in found.items():
        row = rows[place]
        if set(lines) == set(range(len(row.read) + 1)) and all(said for _, said, _ in lines.values()):
            result[place] = marked(row, list(_marks(row, lines, path)))
    return result


def _cells(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    for row in open_sheet(path, header=True).rows:
        if isinstance(row, Failure):
            raise InputError(row.detail or row.kind, file=str(path), row=row.row)
        if missing := [name for name in HEADER if name not in row.cells and name not in ("category", "mark")]:
            raise InputError(f"has no column {missing[0]!r}", file=str(path), row=row.number)
        yield row.number or 0, {name: str(row.cells.get(name) or "").strip() for name in HEADER}


def _marks(row: Row, lines: dict[int, tuple[int, str, str]], path: Path) -> Iterator[Mark]:
    for n, (line, said, category) in sorted(lines.items()):
        if n == 0:
            continue
        mark, word = row.read[n - 1], said.casefold()
        mark = mark.model_copy(update={"category": category or None})
        if word == "right":
            yield mark
        elif word in _POLARITIES:
            yield turned(mark, _polarity(word, path, line))
        elif word != "wrong":
            raise InputError(f"{said!r} is no mark", file=str(path), row=line, hint="right, wrong or a polarity.")
    line, said, _ = lines[0]
    for part in said.split(";") if said.casefold() != "none" else ():
        side, _, words = part.partition(":")
        try:
            yield opinion_mark(row.sentences[0], _polarity(side.strip().casefold(), path, line), words.strip())
        except ValueError as error:
            raise InputError(str(error), file=str(path), row=line) from None


def _polarity(word: str, path: Path, line: int) -> Polarity:
    for polarity in _POLARITIES:
        if word == polarity:
            return polarity
    raise InputError(f"{word!r} is no polarity", file=str(path), row=line, hint=f"One of: {', '.join(_POLARITIES)}.")
