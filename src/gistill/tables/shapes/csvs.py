"""CSV and TSV files: a source in, a `Sheet` out. `delimited` reads the rows, `headers` finds their names."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from gistill.errors import InputError, SettingError
from gistill.schema import Failure
from gistill.tables.shapes import delimited
from gistill.tables.shapes.grids import Numbered, name_cells
from gistill.tables.shapes.headers import find_header
from gistill.tables.shapes.sheets import Layout, Sheet
from gistill.tables.shapes.sources import TextSource

_SAMPLE = 200  # rows


def open_delimited(text: TextSource, lines: Sequence[str], format: str, how: Layout) -> Sheet:  # noqa: A002
    """Open a delimited file; the delimiter, the quoting and the header are found out.

    Args:
        text: The file.
        lines: Its first lines.
        format: "csv" or "tsv", whose cells stand between tabs if it holds any.
        how: What the user said of the header.

    Raises:
        InputError: No row can be read, or there are too many columns.
        SettingError: The header row that was named is none of the first rows.
    """
    given = re.fullmatch(r'"?sep=(.)"?\s*', lines[0]) if lines else None  # Excel's own way to name the delimiter
    header_row = how.get("header_row")
    start = header_row or (2 if given else 1)
    body = lines[start - 1 :]
    if header_row and not body:
        raise SettingError(f"row {header_row} cannot be the header: the first rows end before", file=text.bytes.name)
    tabs = format == "tsv" and any("\t" in line for line in body)
    choice = (given[1],) if given else ("\t",) if tabs else delimited.DELIMITERS
    dialect = delimited.find_dialect(body, delimiters=choice)
    sample = delimited.read_rows(iter(enumerate(body, start)), dialect)
    rows = [(row.line, row.cells) for row in itertools.islice(sample, _SAMPLE) if not isinstance(row, Failure)]
    rows = [(line, cells) for line, cells in rows if any(cell.strip() for cell in cells)]
    if not rows:
        raise InputError("holds no rows", file=text.bytes.name)
    named = True if header_row else how.get("header")
    header = find_header(rows, width=dialect.width, named=named, file=text.bytes.name)
    last = 0 if header.place is None else rows[header.place + header.rows - 1][0]
    width = len(header.names)
    surplus = delimited.find_surplus((cells for line, cells in rows if line > last), width)

    def fit(cells: Sequence[object], width: int) -> Sequence[object] | str:
        if len(cells) > width and not any(str(cell).strip() for cell in cells[width:]):
            return cells[:width]
        joined = surplus.rejoin([str(cell) for cell in cells], dialect.delimiter)
        return joined or f"has {len(cells)} cells where the header has {width}"

    numbered = itertools.islice(text.lines(), start - 1, None)
    all_rows = delimited.read_rows(numbered, dialect._replace(width=width))
    return Sheet(
        format,
        name_cells(_numbered(all_rows), header, last=last, fit=fit),
        header.names,
        delimiter=None if dialect.delimiter == delimited.NO_DELIMITER else dialect.delimiter,
        has_header=header.place is not None,
        notes=header.notes,
        questions=header.questions,
    )


def _numbered(rows: Iterator[delimited.RawRow | Failure]) -> Iterator[Numbered | Failure]:
    for row in rows:
        yield row if isinstance(row, Failure) else (row.line, row.cells)
