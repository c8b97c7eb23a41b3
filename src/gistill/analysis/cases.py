"""A table of summaries and their sources in, cases out; a column is found by its name, then by its cells."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Unpack

from gistill.errors import InputError, RecordError, SettingError
from gistill.grounding.faults.reading import Reading
from gistill.schema import Failure, Noun, Span, Turn
from gistill.tables.columns import squeeze
from gistill.tables.conversations import looks_like_messages, render_messages
from gistill.tables.parts import read_cell
from gistill.tables.shapes.formats import open_sheet
from gistill.tables.shapes.sheets import Layout, Row, Source, comes_twice, source_name
from gistill.tables.values import cell_text
from gistill.text import clean, is_blank

ROLES = ("summary", "source", "reference", "channel", "id")
_NAMES = {
    "summary": "summary summaries generatedsummary modelsummary systemsummary predictedsummary prediction generated "
    "output answer response zusammenfassung resume resumen",
    "source": "source sourcetext document dialogue dialog conversation transcript messages chat article reviews "
    "review text input doc content original originaltext",
    "reference": "reference references gold goldsummary humansummary referencesummary target label",
    "channel": "channel medium kanal canal contactchannel",
    "id": "id caseid conversationid ticketid dialogueid key",
}
_SAMPLE = 200  # rows
_WORD = re.compile(r"[^\W_]{3,}")


class Case(Noun):
    """One summary with what it sums up.

    `source` is the text that offsets of findings count in; `turns` says who speaks where, `texts` where the text of
    each person stands, where there are several.
    """

    id: str
    source: str
    summary: str
    turns: tuple[Turn, ...] = ()
    texts: tuple[Span, ...] = ()
    reference: str | None = None
    channel: str | None = None
    row: int | None = None

    @property
    def reading(self) -> Reading:
        """The source as rules read it."""
        return Reading(self.source, self.turns, self.texts)


class Cases(NamedTuple):
    """What was read of a table: role -> column, and a case or a failure for each row."""

    columns: dict[str, str]
    items: Iterator[Case | Failure]


class _Text(NamedTuple):
    text: str
    turns: tuple[Turn, ...] = ()
    texts: tuple[Span, ...] = ()


def open_cases(source: Source, columns: Mapping[str, str] | None = None, **how: Unpack[Layout]) -> Cases:
    """Open a table of summaries.

    A source is a text, a transcript ("Agent: ..."), messages (`[{"role": ..., "content": ...}]`), or a list of texts
    of different people. A cell with several summaries is as many cases.

    Args:
        source: A file of any kind that tables are read from, or "-".
        columns: Role -> column as the user said.
        **how: See `tables.open_table`.

    Raises:
        InputError: The file cannot be read, or nothing tells which column holds the summaries or their sources.
        SettingError: There is no such role or column.
    """
    try:
        return _opened(source, columns or {}, how)
    except InputError:
        if how.get("records") is not None or not comes_twice(source):
            raise
        # A list of reviews beside its summary looks like the records of a digest; here it is a cell.
        try:
            return _opened(source, columns or {}, {**how, "records": "$"})
        except InputError:
            return _opened(source, columns or {}, how)


def _opened(source: Source, columns: Mapping[str, str], how: Layout) -> Cases:
    sheet = open_sheet(source, **how)
    sample = list(itertools.islice(sheet.rows, _SAMPLE))
    rows = [row for row in sample if isinstance(row, Row)]
    header = sheet.header or tuple(dict.fromkeys(name for row in rows for name in row.cells))
    chosen = _columns(header, rows, columns, file=source_name(source))
    return Cases(chosen, _cases(itertools.chain(sample, sheet.rows), chosen))


def _columns(header: Sequence[str], rows: Sequence[Row], given: Mapping[str, str], *, file: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for role, name in given.items():
        if role not in ROLES:
            raise SettingError(f"{role!r} is not a role of a column", hint=f"Roles are {', '.join(ROLES)}.")
        same = [column for column in header if column == name or squeeze(column) == squeeze(name)]
        if not same:
            raise SettingError(f"there is no column {name!r}", hint=f"Columns are {', '.join(header)}.")
        found[role] = same[0]
    for role in ROLES:
        names = _NAMES[role].split()
        known = {squeeze(column): column for column in reversed(header) if column not in found.values()}
        first = next((known[name] for name in names if name in known), None)
        if role not in found and first is not None:
            found[role] = first
    _by_cells(found, header, rows)
    missing = [role for role in ("source", "summary") if role not in found]
    if missing:
        raise InputError(
            f"nothing tells which column holds the {missing[0]}",
            file=file,
            hint=f"Name it with --{missing[0]}-column. Columns are {', '.join(header)}.",
        )
    return found


def _by_cells(found: dict[str, str], header: Sequence[str], rows: Sequence[Row]) -> None:
    """Take the longest texts for the source, and those that share most of their words with it for the summary."""
    words = {
        name: [set(_WORD.findall(cell_text(row.cells.get(name)).casefold())) for row in rows]
        for name in header
        if name not in found.values()
    }
    long = {name: sum(map(len, cells)) for name, cells in words.items() if sum(map(len, cells)) >= 3 * len(cells) > 0}
    if "source" not in found and long:
        found["source"] = max(long, key=lambda name: long[name])
    if "summary" not in found and "source" in found:
        there = [set(_WORD.findall(cell_text(row.cells.get(found["source"])).casefold())) for row in rows]
        shares = {
            name: sum(len(a & b) / len(a) for a, b in zip(words[name], there, strict=True) if a) / len(rows)
            for name in long
            if name != found["source"]
        }
        if shares and max(shares.values()) >= 0.3:
            found["summary"] = max(shares, key=lambda name: shares[name])


def _cases(rows: Iterable[Row | Failure], columns: Mapping[str, str]) -> Iterator[Case | Failure]:
    seen: dict[str, int] = {}
    for place, row in enumerate(rows, 1):
        if isinstance(row, Failure):
            yield row
            continue
        cells = {role: row.cells.get(name) for role, name in columns.items()}
        number = row.number or place
        name = clean(cell_text(cells.get("id"))).strip() or f"row-{number}"
        seen[name] = seen.get(name, 0) + 1
        name = name if seen[name] == 1 else f"{name}-{seen[name]}"
        try:
            read = _read_source(cells["source"])
        except RecordError as error:
            yield Failure(kind="bad_row", row=row.number, record=name, detail=str(error))
            continue
        if is_blank(read.text):
            yield Failure(kind="empty", row=row.number, record=name, detail="there is no source")
            continue
        summaries = _several(cells["summary"]) or [clean(cell_text(cells["summary"]))]
        references = _several(cells.get("reference")) or [clean(cell_text(cells.get("reference")))]
        for n, summary in enumerate(summaries, 1):
            yield Case(
                id=name if len(summaries) == 1 else f"{name}#{n}",
                source=read.text,
                summary=summary.strip(),
                turns=read.turns,
                texts=read.texts,
                reference=references[0].strip() or None,
                channel=clean(cell_text(cells.get("channel"))).strip() or None,
                row=row.number,
            )


def _read_source(cell: object) -> _Text:
    if looks_like_messages(cell):
        said = render_messages(cell)
        return _Text(said.text, said.turns)
    several = _several(cell)
    if not several:
        read = read_cell(cell)
        return _Text(read.text, read.turns)
    texts, spans, at = [], [], 0
    for one in several:
        text = clean(one).strip()
        if text:
            texts.append(text)
            spans.append(Span(start=at, end=at + len(text)))
            at += len(text) + 2
    return _Text("\n\n".join(texts), texts=tuple(spans))


def _several(cell: object) -> list[str]:
    """Read a list of texts, also as JSON in a cell; empty for anything else."""
    if isinstance(cell, str) and cell.lstrip().startswith("["):
        try:
            cell = json.loads(cell)
        except (ValueError, RecursionError):
            return []
    if isinstance(cell, list) and cell and all(isinstance(one, str) for one in cell):
        return [str(one) for one in cell]
    return []
