"""What a report counts, in SQLite beside it: so that 100,000 records can be filtered without loading them.

The process of a job writes it when its report is made, and so does an agent's tool. Texts are kept twice: as they are,
and letter by letter as they may be shown, so that the place of a word is the same in both; and apart from what is
counted, which must not be read through them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from gistill.corrections.form import FILE, load
from gistill.corrections.tasks import shown_text
from gistill.digest.correction.by_hand import with_corrections
from gistill.digest.report.masking import shown
from gistill.digest.report.words import visible
from gistill.digest.steps import INDEX
from gistill.files import hash_file
from gistill.grounding.counting import person
from gistill.schema import Digest, Opinion, Record
from gistill.tables import read_jsonl

ENTITY = "entity"
_TABLES = """
CREATE TABLE about (told TEXT);
CREATE TABLE records (n INTEGER PRIMARY KEY, id TEXT, person INTEGER, entity TEXT, date TEXT, rating REAL);
CREATE TABLE texts (n INTEGER PRIMARY KEY, text TEXT, shown TEXT, folded TEXT);
CREATE TABLE parts (record INTEGER, name TEXT, value TEXT, PRIMARY KEY (name, value, record)) WITHOUT ROWID;
CREATE TABLE points (id TEXT PRIMARY KEY, place INTEGER, name TEXT, category TEXT, direction TEXT);
CREATE TABLE opinions (n INTEGER PRIMARY KEY, record INTEGER, point TEXT, direction TEXT, category TEXT,
  strength INTEGER, start INTEGER, told TEXT);
"""
_KEYS = """
CREATE INDEX opinion_of_record ON opinions (record);
CREATE INDEX opinion_of_point ON opinions (point);
CREATE INDEX record_of_entity ON records (entity);
"""


def write_index(folder: Path, digest: Digest, records: Sequence[Record]) -> None:
    """Write the index of a report, in one move.

    Args:
        folder: Of the report.
        digest: As `digest.run.digest` gave it: its masks are those of all records.
        records: Those that were read.
    """
    path = folder / f"{INDEX}.new"
    path.unlink(missing_ok=True)
    corrections = load(folder / FILE)
    found = list(read_jsonl(folder / "opinions.jsonl", Opinion))
    opinions = with_corrections(found, records, corrections).opinions
    place = {record.id: n for n, record in enumerate(records)}
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_TABLES}")
        db.execute("BEGIN")
        told = {**_about(digest, {one.id for one in corrections}), "of": hash_file(folder / "digest.json")}
        db.execute("INSERT INTO about VALUES (?)", (json.dumps(told),))
        db.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)", _records(digest, records))
        db.executemany("INSERT INTO texts VALUES (?, ?, ?, ?)", _texts(digest, records))
        db.executemany("INSERT OR IGNORE INTO parts VALUES (?, ?, ?)", _parts(digest, records))
        db.executemany("INSERT INTO points VALUES (?, ?, ?, ?, ?)", _points(digest))
        db.executemany("INSERT INTO opinions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _opinions(digest, opinions, place))
        db.execute("COMMIT")
        db.executescript(_KEYS)
    path.replace(folder / INDEX)


def _about(digest: Digest, counted: Collection[str]) -> dict[str, Any]:
    seen = shown(digest)
    return {
        "title": visible(seen.title),
        "records": digest.records,
        "people": digest.people,
        "rated": any(one.rating is not None for one in digest.contexts.values()),
        "dates": [day.isoformat() for day in digest.dates] if digest.dates else None,
        "corrections": sorted(counted),
        "shows_names": digest.shows_names,
    }


def shown_values(digest: Digest) -> dict[tuple[str, str], str]:
    """Give the values of each column that is counted by as a report shows them: (column, value) -> what is shown."""
    seen, found = shown(digest), {}
    groups = [(ENTITY, digest.entities, seen.entities)]
    groups += [(one.column, one.values, also.values) for one, also in zip(digest.by, seen.by, strict=True)]
    for column, exact, hidden in groups:
        for one, also in zip(exact, hidden, strict=True):
            found[column, one.entity] = visible(also.entity)
    return found


def _records(digest: Digest, records: Sequence[Record]) -> Iterator[tuple[Any, ...]]:
    people: dict[tuple[str, str], int] = {}
    names = shown_values(digest)
    for n, record in enumerate(records):
        entity = names.get((ENTITY, record.entity), visible(record.entity)) if record.entity else None
        who = people.setdefault(person(record), len(people))
        day = record.date.isoformat() if record.date else None
        yield n, record.id, who, entity, day, record.rating


def _texts(digest: Digest, records: Sequence[Record]) -> Iterator[tuple[int, str, str, str]]:
    masks = digest.masks or {}
    for n, record in enumerate(records):
        text = shown_text(record.text, masks.get(record.id, ()))
        yield n, record.text, text, text.casefold()


def _parts(digest: Digest, records: Sequence[Record]) -> Iterator[tuple[int, str, str]]:
    names = shown_values(digest)
    for n, record in enumerate(records):
        for one in digest.by:
            value = record.meta.get(one.column, "").strip()
            if value:
                yield n, one.column, names.get((one.column, value), visible(value))


def _points(digest: Digest) -> Iterator[tuple[Any, ...]]:
    for place, (exact, seen) in enumerate(zip(digest.points, shown(digest).points, strict=True)):
        yield exact.id, place, visible(seen.name), exact.category, exact.direction


def _opinions(digest: Digest, opinions: Iterable[Opinion], place: dict[str, int]) -> Iterator[tuple[Any, ...]]:
    point = {name: one.id for one in digest.points for name in one.opinions}
    for n, one in enumerate(opinions):
        said = one.model_dump_json(exclude={"cell"})
        yield (
            n, place[one.record], point.get(one.id), one.direction, one.category, one.strength, one.sentence.start, said
        )  # fmt: skip
