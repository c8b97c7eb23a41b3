"""A Digest in, its points side by side out: how many people say each of one product, store or version. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from gistill.schema import Change, Digest, Direction, EntityTally, Point, Proportion, Tally
from gistill.stats import wilson

ENTITIES = 30  # compared at most
ACROSS = 6  # that stand across the table; more go down, so that it stays narrow


class Title(NamedTuple):
    """The name of a row or a column; of a point with its direction, of a product without."""

    text: str
    direction: Direction | None = None


class Cell(NamedTuple):
    """What stands where a point and a product meet.

    Attributes:
        tally: Of all opinions of a product; None in the cell of a point.
        share: Of the people who wrote about the product, those who make the point.
        change: Whether more or fewer people make the point there than of the rest; "" where that may be chance.
    """

    tally: Tally | None = None
    share: Proportion | None = None
    change: Literal["more", "fewer", ""] = ""


class Comparison(NamedTuple):
    """A table of products and points: `cells[row][column]`."""

    rows: tuple[Title, ...]
    columns: tuple[Title, ...]
    cells: tuple[tuple[Cell, ...], ...]
    left_out: int  # products that have no place in it


def compare(
    digest: Digest,
    points: Sequence[Point],
    by: str,
    values: Sequence[EntityTally],
    said: Mapping[str, Sequence[EntityTally]],
) -> Comparison:
    """Put points side by side for the values of a column.

    Args:
        digest: With the changes that stand.
        points: In the order of the table.
        by: "entity", or the name of the column.
        values: All opinions of each value, those of most people first.
        said: Point id -> its tally for each value of which anybody makes it.
    """
    changes = {(change.point, change.value): change for change in digest.changes if change.by == by}
    titles = (Title("All opinions"), *(Title(point.name, point.direction) for point in points))
    grid = []
    for one in values[:ENTITIES]:
        row = [Cell(tally=one.tally)]
        for point in points:
            tally = next((entry.tally for entry in said.get(point.id, ()) if entry.entity == one.entity), None)
            change = changes.get((point.id, one.entity))
            row.append(Cell(share=tally.share if tally else wilson(0, one.tally.share.of), change=_way(change)))
        grid.append(tuple(row))
    names, left_out = tuple(Title(one.entity) for one in values[:ENTITIES]), max(0, len(values) - ENTITIES)
    if len(names) > ACROSS:
        return Comparison(names, titles, tuple(grid), left_out)
    return Comparison(titles, names, tuple(zip(*grid, strict=True)), left_out)


def _way(change: Change | None) -> Literal["more", "fewer", ""]:
    return "" if change is None else "more" if change.more else "fewer"
