"""Sources in, records out: what a row is made into, and what is shown before it is."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Unpack

from gistill.errors import RecordError
from gistill.schema import Failure, Record
from gistill.tables.boilerplate import Boilerplate, find_boilerplate, without_boilerplate
from gistill.tables.columns import Guess, Overrides, choose_columns, find_column
from gistill.tables.dates import find_day_order, is_relative, join_day, parse_date, read_day
from gistill.tables.identity import Names, id_cell, why_not_ids
from gistill.tables.info import TableInfo
from gistill.tables.notices import find_services, without_notices
from gistill.tables.said import named_customer, read_said, said_by_company
from gistill.tables.shapes.formats import open_sheet
from gistill.tables.shapes.sheets import Layout, Row, Rows, Sheet, Source, comes_twice, source_name
from gistill.tables.threads import Thread, choose_thread, gather, of_company
from gistill.tables.values import cell_text, parse_language, parse_name, parse_rating
from gistill.text import clean

_SAMPLE_ROWS = 500
_SAMPLE_CHARACTERS = 4_000_000
_ENGLISH = "the and is was are were a an to of it i in for my not very but with this that have had so on at they we you"


class Records(Iterator[Record | Failure]):
    """The records of a source, a failure for each row that is none, and what was found out about the source."""

    def __init__(self, info: TableInfo, items: Iterator[Record | Failure]) -> None:
        self.info = info
        self._items = items

    def __next__(self) -> Record | Failure:
        return next(self._items)


@dataclass(frozen=True)
class Table:
    """A source that is open: `info` can be shown first, then `records` read, once, also from standard input."""

    info: TableInfo
    sheet: Sheet
    sample: list[Row | Failure]  # the first rows, which were looked at
    again: Callable[[], Sheet] | None = None  # opens the source once more; None where it can be read only once
    thread: Thread | None = None  # where a conversation stands over several rows
    services: frozenset[str] = frozenset()  # columns that tell messages from what a chat's service writes

    def records(self, *, limit: int | None = None) -> Records:
        """Yield the records in order, and a failure for each row that cannot become one; see `read_records`."""
        return Records(self.info, _records(self, limit))

    def count(self, *, limit: int | None = None) -> int | None:
        """Count the rows by going through the source once more; None where it can be read only once."""
        if self.again is None:
            return None
        with _rows(self.again()) as rows:
            return sum(1 for row in itertools.islice(self.gathered(rows), limit) if isinstance(row, Row))

    def gathered(self, rows: Rows) -> Rows:
        """Set rows apart that nobody wrote, and make one of those of a conversation, where it stands over several."""
        written = without_notices(rows, self.services)
        return written if self.thread is None else gather(written, self.thread)

    def close(self) -> None:
        """Close the file without reading on."""
        with _rows(self.sheet):
            pass


@contextmanager
def _rows(sheet: Sheet) -> Iterator[Rows]:
    """Give the rows, and close what they are read from, wherever in it reading stops."""
    try:
        yield sheet.rows
    finally:
        if isinstance(sheet.rows, Generator):
            sheet.rows.close()


def open_table(
    source: Source,
    *,
    columns: Overrides | None = None,
    day_first: bool | None = None,
    as_of: dt.date | None = None,
    by: Sequence[str] = (),
    typed: bool = False,
    **how: Unpack[Layout],
) -> Table:
    """Open a source, find out what it is and which column plays which role, and read no more than a sample.

    Args:
        source: A file, a folder, "-" for standard input, several files that are read as one, or a data frame.
        columns: Role -> column name or place from 1, for the roles text, messages, id, entity, author, rating, date and
            language; "" for a role that no column plays. What is not named is guessed. Of texts there may be several:
            each is a part of the record.
        day_first: How "03/04/2024" is read. None goes by the sampled values; where none of them decides, day-first in a
            file with semicolons (which only some countries' spreadsheets write) or whose texts are not English, else
            month-first.
        as_of: The day on which the source was made, which "2 weeks ago" is counted from; None leaves such dates empty.
        by: Columns that a digest of the records counts by, as it does by entity.
        typed: Whether the columns that are named are what they are called, whatever their cells look like.
        **how: What is said of its form instead of found out; see `Layout`.

    Raises:
        InputError: The source cannot be used: missing, empty, without text, damaged. One sentence.
        SettingError: A column, role, format or encoding that does not exist; a column that does not fit its role.
    """
    sheet = open_sheet(source, **how)
    sample = _sample(sheet)
    cells = [item.cells for item in sample if isinstance(item, Row)]
    names = sheet.header or tuple(dict.fromkeys(name for row in cells for name in row))
    services = find_services(names, cells)
    sample = list(without_notices(iter(sample), services))
    cells = [item.cells for item in sample if isinstance(item, Row)]
    file = source_name(source)
    again = partial(open_sheet, source, **how) if comes_twice(source) else None
    table = Table(_empty_info(file, sheet, names), sheet, sample, again, services=services)
    try:
        groups = tuple(find_column(names, column, "column to count by", file=file) for column in by)
        guess = choose_columns(
            names, cells, columns or {}, file=file, named=sheet.has_header, questions=sheet.questions, typed=typed
        )
    except BaseException:
        table.close()
        raise
    thread, guess = choose_thread(guess, names, cells, columns or {})
    table = replace(table, thread=thread)
    info = _with_columns(table, guess, day_first, as_of)
    return replace(table, info=info.model_copy(update={"by": tuple(dict.fromkeys(groups))}))


def _sample(sheet: Sheet) -> list[Row | Failure]:
    sample: list[Row | Failure] = []
    size = 0
    while len(sample) < _SAMPLE_ROWS and size < _SAMPLE_CHARACTERS and (item := next(sheet.rows, None)) is not None:
        sample.append(item)
        if isinstance(item, Row):
            size += sum(len(cell) for cell in item.cells.values() if isinstance(cell, str))
    return sample


def _with_columns(table: Table, guess: Guess, day_first: bool | None, as_of: dt.date | None) -> TableInfo:
    """Say what becomes of the columns, and what of that the user may want to overrule."""
    sheet, sample = table.sheet, table.sample
    cells = [item.cells for item in sample if isinstance(item, Row)]
    notes = [*sheet.notes, *guess.notes]
    if guess.dated:
        notes.append(f"the date is read from columns {', '.join(map(repr, guess.dated))}")
    order = None
    if "date" in guess.columns:
        values = [row.get(guess.columns["date"]) for row in cells]
        foreign = not _is_english(cells, guess.texts)
        order, note = _day_order(values, sheet.delimiter == ";" or foreign, guess.columns["date"])
        order, note = (order, note) if day_first is None else (day_first, "")
        notes += [each for each in (note, _relative_note(values, as_of)) if each]
    id_column = guess.columns.get("id")
    if table.thread is None and id_column is not None and (why := why_not_ids(sample, id_column)) == "repeats":
        notes.append(f"column {id_column!r} {why}, so ids are made from the records")
    found = {
        "columns": guess.columns,
        "texts": guess.texts,
        "questions": {name: sheet.questions[name] for name in guess.texts if name in sheet.questions},
        "question": guess.question,
        "dated": guess.dated,
        "ratings": guess.ratings,
        "unread": dict(guess.unread),
        "day_first": order,
        "as_of": as_of,
        "notes": tuple(notes),
    }
    return table.info.model_copy(update=found)


def _empty_info(file: str, sheet: Sheet, names: tuple[str, ...]) -> TableInfo:
    return TableInfo(
        file=file,
        format=sheet.format,
        encoding=sheet.encoding,
        delimiter=sheet.delimiter,
        has_header=sheet.has_header,
        header=names,
        columns={},
        day_first=None,
    )


def _day_order(values: list[object], default: bool, column: str) -> tuple[bool, str]:
    order, contradicted = find_day_order(values)
    if contradicted:
        return bool(order), f"column {column!r} mixes day-first and month-first dates; each is read as it can be"
    if order is not None:
        return order, ""
    unclear = any(parse_date(value, day_first=True) != parse_date(value) for value in values)
    kind = "day-first" if default else "month-first"
    return default, f"the dates in column {column!r} are read {kind}; none of the first rows decides" if unclear else ""


def _is_english(cells: Sequence[Mapping[str, object]], texts: Sequence[str]) -> bool:
    """Say whether texts may be English, where alone months come first; so do texts of a few words."""
    english = frozenset(_ENGLISH.split())
    words = [word for row in cells[:50] for text in texts for word in cell_text(row.get(text)).casefold().split()]
    return len(words) < 20 or sum(word in english for word in words) >= 0.08 * len(words)


def _relative_note(values: list[object], as_of: dt.date | None) -> str:
    relative = [str(value) for value in values if is_relative(value)] if as_of is None else []
    if not relative:
        return ""
    what = "1 date is" if len(relative) == 1 else f"{len(relative):,} dates are"
    among = f" among the first {len(values):,} rows" if len(values) >= _SAMPLE_ROWS else ""
    return f"{what} relative{among}, such as {relative[0]!r}, and left empty; --as-of DATE reads them"


def read_records(
    source: Source,
    *,
    columns: Overrides | None = None,
    limit: int | None = None,
    day_first: bool | None = None,
    as_of: dt.date | None = None,
    by: Sequence[str] = (),
    **how: Unpack[Layout],
) -> Records:
    """Read records from a file, a folder or standard input, one at a time.

    The source is opened and its columns are chosen before this returns, so what is wrong with the whole is raised here
    and not later. A row that cannot become a record is a `Failure` of kind `bad_row` in its place; a source that breaks
    off ends in one of kind `unreadable`; if some bytes were not of the file's encoding and were read as Windows-1252,
    one of kind `encoding`, about the file and no row, comes last; one of kind `boilerplate` before it, where a passage
    that recurs was set apart. Empty texts are records: `screen` sets them apart.

    A record's text is the cell as it was decoded, white space included, with NUL and lone surrogates replaced by
    U+FFFD; `render_messages` says what a conversation's is. A rating, date or language that cannot be read is None and
    its cell is kept in `meta`, as all columns without a role are.

    A record's id stays while rows are inserted before it and columns are added. It is the id cell, trimmed, where the
    cells of that column are distinct and more than row numbers in the order of the file. Else, and where the cell is
    empty, it is made: 12 hexadecimal digits of a hash of text, turns, author and entity; equal records get "-2", "-3"
    and so on behind it. A file is gone through once before, up to `limit`, to know its id column; of what can be read
    only once, such as standard input, the first 500 rows decide, and a cell that comes again gives a made id.

    Args:
        source: See `open_table`, also for the other arguments not named here.
        columns: Role -> column.
        limit: The most records to yield; failures do not count.
        day_first: The order of day and month, where it is not to be found out.
        as_of: The day that relative dates are counted from.
        by: Columns that a digest of the records counts by.
        **how: What is said of its form instead of found out; see `Layout`.

    Returns:
        Records and failures in the order of the rows. Nothing of the file is held but the sampled first rows, the
        current row, and 8 bytes of each id.

    Raises:
        InputError: As `open_table`.
        SettingError: As `open_table`.
    """
    table = open_table(source, columns=columns, day_first=day_first, as_of=as_of, by=by, **how)
    return table.records(limit=limit)


def inspect_table(
    source: Source,
    *,
    columns: Overrides | None = None,
    day_first: bool | None = None,
    as_of: dt.date | None = None,
    **how: Unpack[Layout],
) -> TableInfo:
    """Say what `read_records` would do with a source. It uses up standard input: call `open_table` there."""
    table = open_table(source, columns=columns, day_first=day_first, as_of=as_of, **how)
    table.close()
    return table.info


def _records(table: Table, limit: int | None) -> Iterator[Record | Failure]:
    info = table.info
    count = 0
    apart: list[str] = []  # of each record with a passage that recurs: the first passage, then ""
    if limit == 0:  # a source that is opened again and not read from would stay open
        table.close()
        return
    try:
        common = _boilerplate(table, limit)
        names = Names(use_cells=_tells_apart(table, limit))
        rows = table.gathered(itertools.chain(table.sample, table.sheet.rows))
        for row in rows:
            if isinstance(row, Failure):
                yield row
                continue
            try:
                record = _record(row, info, table.thread)
            except RecordError as error:
                yield Failure(kind="bad_row", row=row.number, detail=str(error))
                continue
            named = without_boilerplate(names.named(record), common, messages=table.thread is not None)
            apart += [named.text[one.start : one.end] for one in named.apart if one.reason == "boilerplate"][:1]
            apart[1:] = [""] * (len(apart) - 1)
            yield named
            count += 1
            if count == limit:
                break
        yield from _about_the_file(table, apart)
    finally:
        table.close()


def _about_the_file(table: Table, apart: Sequence[str]) -> Iterator[Failure]:
    """Say what concerns no row by itself."""
    if apart:
        detail = f"a passage was set apart in {len(apart):,} records, first {apart[0][:80]!r}"
        yield Failure(kind="boilerplate", detail=detail)
    text = table.sheet.text
    if text is not None and text.recoded:
        yield Failure(
            kind="encoding",
            detail=f"{text.recoded} bytes, the first in line {text.first_recoded}, are not {text.encoding} "
            "and were read as Windows-1252",
        )


def _boilerplate(table: Table, limit: int | None) -> Boilerplate:
    """Count what recurs over the texts of a source, or of its first rows where it can be read only once."""
    columns = table.info.texts or ((table.thread.text,) if table.thread is not None else ())

    def texts(rows: Iterable[Row | Failure]) -> Iterator[str]:
        for row in itertools.islice(rows, limit):
            if isinstance(row, Row):
                yield from (clean(cell) for name in columns if isinstance(cell := row.cells.get(name), str))

    if not columns or table.again is None:
        return find_boilerplate(texts(table.sample))
    with _rows(table.again()) as rows:
        return find_boilerplate(texts(rows))


def _tells_apart(table: Table, limit: int | None) -> bool:
    """Say whether the ids that the source gives tell its records apart."""
    column = table.info.columns.get("id")
    if column is None or table.info.format == "folder":  # where they are the files' names
        return column is not None
    sample = list(table.gathered(iter(table.sample)))
    if table.again is None or why_not_ids(sample, column) == "repeats":
        return not why_not_ids(sample, column)
    with _rows(table.again()) as rows:
        return not why_not_ids(itertools.islice(table.gathered(rows), limit), column)


def _record(row: Row, info: TableInfo, thread: Thread | None) -> Record:
    cells, columns = row.cells, info.columns

    def cell(role: str) -> object:
        return cells.get(columns[role]) if role in columns else None

    said = read_said(cells, info)
    if of_company(cells, thread):
        said = said_by_company(said)
    rating = parse_rating(cell("rating"))
    if info.dated:
        day = join_day(*(cells.get(name) for name in info.dated))
    else:
        day = read_day(cell("date"), day_first=bool(info.day_first), as_of=info.as_of)
    language = parse_language(cell("language"))
    lost = {role for role, value in (("rating", rating), ("date", day), ("language", language)) if value is None}
    used = {name for role, name in columns.items() if role not in lost} | set(info.texts)
    used -= set(info.by)
    others = ((name, cell_text(value)) for name, value in cells.items() if name not in used)
    meta = {clean(name): clean(value) for name, value in others if value}
    author = parse_name(cell("author")) or named_customer(said)
    entity = cell_text(cell("entity")).strip()
    return Record(
        id=id_cell(cells, columns.get("id")),
        **said._asdict(),
        entity=clean(entity) or None,
        author=clean(author) if author else None,
        rating=rating,
        ratings=_ratings(cells, info),
        date=day.date if day else None,
        date_unit=day.unit if day else "day",
        language=language,
        file=row.file or info.file,
        row=row.number,
        meta=meta,
    )


def _ratings(cells: Mapping[str, object], info: TableInfo) -> dict[str, float]:
    read = {column: parse_rating(cells.get(column)) for column in info.ratings}
    return {column: rating for column, rating in read.items() if rating is not None}
