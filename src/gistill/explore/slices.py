"""Questions to the index of a report: who says what among the records that a filter lets through."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from gistill.digest.group.changes import Contrast, contrasted
from gistill.digest.steps import INDEX
from gistill.explore.index import ENTITY
from gistill.schema import Opinion

QUOTES, POINTS, FIRST = 25, 50, 8  # opinions of a page; points of one; points of each direction where all are shown
VALUES = 200  # of a column that a list offers
DIRECTIONS = {"negative": "Problems", "positive": "Loved", "wish": "Wishes", "neutral": "Neutral"}


class Filter(NamedTuple):
    """What is looked at; "" lets everything through.

    The first seven and `side` are about records, and so about the people of whom shares are taken; the others about
    opinions.
    """

    text: str = ""
    entity: str = ""
    part: str = ""  # "column=value" of a column that the report counts by
    since: str = ""  # ISO day, as `until`, which is included
    until: str = ""
    least: str = ""  # rating, as `most`
    most: str = ""
    direction: str = ""
    category: str = ""
    strength: str = ""  # 2: very much only
    point: str = ""
    side: str = ""  # as `part`: the slice of two that are compared


OF_RECORDS = Filter._fields[:7]
_PLAIN = {
    "entity": "r.entity = ?", "since": "r.date >= ?", "until": "r.date <= ?",
    "direction": "o.direction = ?", "category": "o.category = ?", "point": "o.point = ?",
}  # fmt: skip


class Line(NamedTuple):
    """A point with the people who make it among the records that are looked at."""

    id: str
    name: str
    direction: str
    category: str | None
    people: int


class Said(NamedTuple):
    """An opinion with its record."""

    opinion: Opinion
    record: int
    text: str  # as it may be shown
    about: tuple[Any, ...]  # id, entity, date, rating


@contextmanager
def asking(folder: Path) -> Iterator[sqlite3.Connection]:
    """Open the index of a report.

    Raises:
        sqlite3.Error: There is none, or it cannot be read.
    """
    db = sqlite3.connect(f"{(folder / INDEX).resolve().as_uri()}?mode=ro", uri=True)
    try:
        yield db
    finally:
        db.close()


def about(db: sqlite3.Connection) -> dict[str, Any]:
    """Say what the report is about."""
    found: dict[str, Any] = json.loads(db.execute("SELECT told FROM about").fetchone()[0])
    return found


def choices(db: sqlite3.Connection) -> dict[str, list[str]]:
    """Give the values of each column that the report counts by, those of most records first."""
    rows = db.execute(
        "SELECT ?, entity, count(*) AS many FROM records WHERE entity IS NOT NULL GROUP BY entity UNION ALL "
        "SELECT name, value, count(*) FROM parts GROUP BY name, value ORDER BY many DESC",
        (ENTITY,),
    )
    found: dict[str, list[str]] = {}
    for name, value, _ in rows:
        some = found.setdefault(name, [])
        if len(some) < VALUES:
            some.append(value)
    return found


def categories(db: sqlite3.Connection) -> list[str]:
    """Give the categories that occur."""
    return [row[0] for row in db.execute("SELECT DISTINCT category FROM opinions WHERE category IS NOT NULL")]


def people(db: sqlite3.Connection, asked: Filter, *, opinions: bool) -> int:
    """Count the people of a filter's records, or those who say something that it lets through."""
    where, values = _where(db, asked, opinions=opinions)
    join = "JOIN opinions o ON o.record = r.n" if opinions else ""
    return int(db.execute(f"SELECT count(DISTINCT r.person) FROM records r {join} {where}", values).fetchone()[0])


def mentions(db: sqlite3.Connection, asked: Filter) -> int:
    """Count the opinions that a filter lets through."""
    where, values = _where(db, asked)
    return int(
        db.execute(f"SELECT count(*) FROM opinions o JOIN records r ON r.n = o.record {where}", values).fetchone()[0]
    )


def points(db: sqlite3.Connection, asked: Filter) -> list[Line]:
    """List the points that a filter lets through, those of most people first."""
    where, values = _where(db, asked)
    rows = db.execute(
        "SELECT p.id, p.name, p.direction, p.category, count(DISTINCT r.person) AS many FROM opinions o "
        f"JOIN records r ON r.n = o.record JOIN points p ON p.id = o.point {where} GROUP BY p.id "
        "ORDER BY many DESC, p.place",
        values,
    )
    return [Line(*row) for row in rows]


def by_category(db: sqlite3.Connection, asked: Filter) -> list[tuple[str | None, str, int]]:
    """Count the people of each category and direction, most people first."""
    where, values = _where(db, asked)
    rows = db.execute(
        "SELECT o.category, o.direction, count(DISTINCT r.person) AS many FROM opinions o "
        f"JOIN records r ON r.n = o.record {where} GROUP BY o.category, o.direction ORDER BY many DESC",
        values,
    )
    return list(rows)


def said(db: sqlite3.Connection, asked: Filter, *, start: int = 0, most: int = QUOTES) -> Iterator[Said]:
    """Give the opinions that a filter lets through, in the order of the file."""
    where, values = _where(db, asked)
    rows = db.execute(
        "SELECT o.told, t.n, t.shown, r.id, r.entity, r.date, r.rating FROM (SELECT o.n AS n FROM opinions o "
        f"JOIN records r ON r.n = o.record {where} ORDER BY o.n LIMIT ? OFFSET ?) AS page "
        "JOIN opinions o ON o.n = page.n JOIN records r ON r.n = o.record JOIN texts t ON t.n = o.record ORDER BY o.n",
        (*values, most, start),
    )
    for told, record, text, *rest in rows:
        yield Said(Opinion.model_validate_json(told), record, text, tuple(rest))


def of_record(db: sqlite3.Connection, n: int) -> tuple[dict[str, Any], list[Opinion]] | None:
    """Give a record as it may be shown, with all that was read in it; None where there is none."""
    row = db.execute(
        "SELECT n, id, entity, date, rating, shown, text FROM records JOIN texts USING (n) WHERE n = ?",
        (min(n, 2**62),),
    ).fetchone()
    if row is None:
        return None
    told = db.execute("SELECT told FROM opinions WHERE record = ? ORDER BY start, n", (row[0],))
    names = ("n", "id", "entity", "date", "rating", "shown", "text")
    return dict(zip(names, row, strict=True)), [Opinion.model_validate_json(one[0]) for one in told]


def compare(
    db: sqlite3.Connection, asked: Filter, name: str, one: str, other: str
) -> tuple[int, int, list[tuple[Line, Contrast]]]:
    """Compare two values of a column point by point, among the records of a filter.

    Returns:
        The people of each, and the points with what their difference is; what stands for signal first.
    """
    sides = [_with(asked, name, value) for value in (one, other)]
    of = [people(db, side, opinions=False) for side in sides]
    lines = [{line.id: line for line in points(db, side)} for side in sides]
    every = list({**lines[0], **lines[1]}.values())
    counts = [(_count(lines[0], line), of[0], _count(lines[1], line), of[1]) for line in every]
    rows = list(zip(every, contrasted(counts), strict=True))
    rows.sort(key=lambda row: (row[1].p is None, row[1].p or 0.0, -row[1].one.count - row[1].other.count))
    return of[0], of[1], rows


def _count(lines: Mapping[str, Line], line: Line) -> int:
    return lines[line.id].people if line.id in lines else 0


def _with(asked: Filter, name: str, value: str) -> Filter:
    return asked._replace(entity=value) if name == ENTITY else asked._replace(side=f"{name}={value}")


def _look(db: sqlite3.Connection, words: str) -> str:
    """Find the records in whose text words stand, once for each connection: every text is read for that."""
    db.executescript(
        "CREATE TEMP TABLE IF NOT EXISTS looked (words TEXT PRIMARY KEY);"
        "CREATE TEMP TABLE IF NOT EXISTS found (words TEXT, n INTEGER, PRIMARY KEY (words, n)) WITHOUT ROWID;"
    )
    if db.execute("INSERT OR IGNORE INTO looked VALUES (?)", (words,)).rowcount:
        db.execute("INSERT INTO found SELECT ?, n FROM texts WHERE instr(folded, ?) > 0", (words, words))
    return words


def _where(db: sqlite3.Connection, asked: Filter, *, opinions: bool = True) -> tuple[str, list[object]]:
    """Write the condition of a filter, with the values of its places."""
    terms: list[str] = []
    values: list[object] = []

    def add(term: str, *given: object) -> None:
        terms.append(term)
        values.extend(given)

    for name, term in _PLAIN.items():
        if getattr(asked, name) and (opinions or name in OF_RECORDS):
            add(term, getattr(asked, name))
    for name, term in (("least", "r.rating >= ?"), ("most", "r.rating <= ?")):
        if getattr(asked, name):
            add(term, float(getattr(asked, name)))
    if asked.text:
        add("r.n IN (SELECT n FROM found WHERE words = ?)", _look(db, asked.text.casefold()))
    for part in filter(None, (asked.part, asked.side)):
        column, _, value = part.partition("=")
        add("r.n IN (SELECT record FROM parts WHERE name = ? AND value = ?)", column, value)
    if opinions and asked.strength:
        add("abs(o.strength) >= ?", int(asked.strength))
    return ("WHERE " + " AND ".join(terms) if terms else ""), values
