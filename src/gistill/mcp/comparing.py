"""Two slices of one report side by side, with the filters of the page that explores it."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from gistill.categories import CODES
from gistill.counts import EntityTally
from gistill.digest.group.changes import Contrast, contrasted
from gistill.digest.report.masking import shown
from gistill.digest.report.words import visible
from gistill.digest.steps import INDEX
from gistill.errors import InputError
from gistill.explore import slices
from gistill.explore.index import ENTITY, shown_values
from gistill.files import hash_file
from gistill.mcp.root import readable
from gistill.mcp.tools import NOTE, SHOWN, report_of, share
from gistill.schema import Digest

_LISTED = 30  # values of a column in a hint

Rating = Annotated[float, Field(allow_inf_nan=False)]


class Only(BaseModel):
    """What is compared of a report; the first seven say which records, the others which opinions."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Annotated[str, Field(max_length=200, description="Words that the record holds, in any case.")] = ""
    entity: Annotated[str, Field(description="A product, place or service.")] = ""
    part: Annotated[str, Field(description="COLUMN=VALUE of a column that the report counts by.")] = ""
    since: Annotated[dt.date | None, Field(description="The first day; undated records are left out.")] = None
    until: Annotated[dt.date | None, Field(description="The last day, which is included.")] = None
    least: Annotated[Rating | None, Field(description="The lowest rating; unrated records are left out.")] = None
    most: Annotated[Rating | None, Field(description="The highest rating.")] = None
    direction: Literal["negative", "positive", "wish", "neutral"] | None = None
    category: Annotated[str, Field(description="The code of a category, as `extract` gives it.")] = ""
    strength: Annotated[Literal[1, 2] | None, Field(description="2: only what is said very strongly.")] = None

    def as_filter(self) -> slices.Filter:
        """Write it as the page does."""
        given = self.model_dump(mode="json", exclude_none=True)
        return slices.Filter(**{name: str(value) for name, value in given.items()})


class _Row(NamedTuple):
    id: str
    name: str
    direction: str
    contrast: Contrast


def compare(root: Path, folder: str, by: str, one: str, other: str, *, only: Only | None = None) -> dict[str, Any]:
    """Compare what is said in two slices of one report, point by point.

    A difference is "signal" where Fisher's exact test, corrected over all points compared (Holm), leaves less than
    5% for chance; else "noise". Where a slice has fewer than 10 people, or fewer than 10 make the point, "too few".

    Args:
        root: See `root.open_root`.
        folder: The report's folder.
        by: "entity", or a column that the report counts by (`--by`).
        one: A value of it, as in the file.
        other: Another.
        only: What limits both slices; None or an empty one limits nothing.

    Returns:
        The points, what differs most surely first. `net_sentiment` is None where the slices are limited: nobody
        measured it for these.

    Raises:
        InputError: A path leads outside or is no report; the report has no such column or value (the hint names those
            it has); or the slices are limited and the report has no index, which alone holds dates and ratings.
    """
    made, only = report_of(root, folder), only or Only()
    values = _values(made, by)
    for name in (one, other):
        _known(name, by, [entry.entity for entry in values])
    limited = only != Only()
    if limited:
        rows = _in_index(made, readable(root, folder), only, by, one, other)
    else:
        rows = _in_digest(made, by, one, other)
    rows.sort(key=lambda row: (row.contrast.p is None, row.contrast.p or 0.0))
    net = {entry.entity: entry.tally.net_sentiment.model_dump() for entry in values if entry.entity in (one, other)}
    return {
        "by": by,
        "one": one,
        "other": other,
        "only": only.model_dump(mode="json", exclude_defaults=True),
        "net_sentiment": None if limited else net,
        "points": [_told(row) for row in rows[:SHOWN]],
        "left_out": max(0, len(rows) - SHOWN),
        "note": NOTE,
    }


def _told(row: _Row) -> dict[str, Any]:
    found = row.contrast
    sides = {"one": share(found.one), "other": share(found.other)}
    return {"id": row.id, "name": row.name, "direction": row.direction, **sides, "p": found.p, "verdict": found.verdict}


def _values(made: Digest, by: str) -> Sequence[EntityTally]:
    """Give the values of a column that a report counts by."""
    columns = {column.column: column.values for column in made.by}
    if made.entities:
        columns[ENTITY] = made.entities
    if by in columns:
        return columns[by]
    hint = f"It counts by: {', '.join(columns)}." if columns else "It counts by nothing; make it again with --by."
    raise InputError(f"the report does not count by {by!r}", hint=hint)


def _known(name: str, by: str, names: Sequence[str]) -> None:
    if name not in names:
        raise InputError(f"no value {name!r} of {by!r}", hint=f"There are: {', '.join(names[:_LISTED])}.")


def _in_digest(made: Digest, by: str, one: str, other: str) -> list[_Row]:
    """Compare what the report has counted."""
    read = {entry.entity: entry.tally.share.of for entry in _values(made, by)}
    if by == ENTITY and made.entities:
        of_points = {point.id: point.entities for point in made.points}
    else:
        of_points = next(column.points for column in made.by if column.column == by)
    counts = []
    for exact in made.points:
        people = {entry.entity: entry.tally.people for entry in of_points.get(exact.id, ())}
        counts.append((people.get(one, 0), read[one], people.get(other, 0), read[other]))
    pairs = zip(shown(made).points, made.points, contrasted(counts), strict=True)
    return [_Row(exact.id, visible(point.name), point.direction, found) for point, exact, found in pairs]


def _in_index(made: Digest, place: Path, only: Only, by: str, one: str, other: str) -> list[_Row]:
    """Count again, as the page does, what the limits let through."""
    if not (place / INDEX).is_file():
        raise InputError(
            f"the report has no {INDEX}, the only file that holds the date and rating of every record",
            hint="The tool `digest` makes a report with one.",
        )
    column, _, value = only.part.partition("=")
    if by == column or (by == ENTITY and only.entity):
        raise InputError(f"slices that differ in {by!r} cannot be limited by it")
    if only.category:
        _known(only.category, "category", sorted(CODES))
    asked = only.as_filter()._replace(
        entity=_shown(made, ENTITY, only.entity) if only.entity else "",
        part=f"{column}={_shown(made, column, value)}" if only.part else "",
    )
    sides = _shown(made, by, one), _shown(made, by, other)
    try:
        with slices.asking(place) as db:
            if slices.about(db).get("of") != hash_file(place / "digest.json"):
                raise InputError(f"{INDEX} is of an earlier report", hint="The tool `digest` makes both again.")
            _, _, rows = slices.compare(db, asked, by, *sides)
    except sqlite3.Error:
        raise InputError(f"{INDEX} is damaged", hint="The tool `digest` makes the report again.") from None
    return [_Row(line.id, line.name, line.direction, found) for line, found in rows]


def _shown(made: Digest, by: str, value: str) -> str:
    """Give a value of a column as the index has it, where names of customers are hidden."""
    _known(value, by, [entry.entity for entry in _values(made, by)])
    every = shown_values(made)
    found = every[by, value]
    if sum(column == by and also == found for (column, _), also in every.items()) > 1:
        raise InputError(f"the report hides which value of {by!r} is {value!r}: slices of it cannot be limited")
    return found
