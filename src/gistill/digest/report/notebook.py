"""A Digest in a notebook: itself in a few lines, and its tables as data frames of the reader's choice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any

from markupsafe import Markup

from gistill.digest.report import rows
from gistill.digest.report.view import View
from gistill.digest.report.words import counted, visible
from gistill.errors import ExtraMissingError, SettingError
from gistill.schema import Digest, Point

SHOWN = 5  # points of each list
BACKENDS = ("pandas", "polars", "pyarrow")


def repr_html(digest: Digest) -> str:
    """Show a digest as HTML without scripts or styles: what hurts, what is loved, what is asked for, by how many."""
    view = View(digest)
    lists = (("Problems", view.problems), ("Loved", view.loved), ("Wishes", view.wishes))
    head = Markup("<p><strong><bdi>{}</bdi></strong><br>{}, {}, {}</p>").format(
        visible(digest.title if digest.shows_names else view.digest.title),
        counted(digest.people, *view.preset.people),
        counted(digest.read, *view.preset.records),
        counted(digest.opinions, "opinion"),
    )
    told = [Markup("<p>{}</p>").format(title) + _list(points[:SHOWN]) for title, points in lists if points]
    return str(Markup("<div>{}</div>").format(head + Markup("").join(told)))


def _list(points: Sequence[Point]) -> Markup:
    item = Markup("<li><bdi>{}</bdi>: {}</li>")
    items = (item.format(visible(one.name), counted(one.tally.people, "person", "people")) for one in points)
    return Markup("<ol>{}</ol>").format(Markup("").join(items))


def points_frame(digest: Digest, backend: str) -> Any:
    """Make a data frame of points.csv; see `schema.Digest.points_frame`."""
    view = View(digest)
    return _frame(rows.point_columns(view), rows.point_rows(view), backend)


def opinions_frame(digest: Digest, backend: str) -> Any:
    """Make a data frame of the quoted opinions; see `schema.Digest.opinions_frame`."""
    return _frame(rows.OPINIONS, rows.opinion_rows(View(digest)), backend)


def _frame(header: Sequence[str], cells: Iterable[rows.Row], backend: str) -> Any:
    import narwhals as nw

    if backend not in BACKENDS:
        raise SettingError(f"{backend!r} makes no data frames here", hint=f"Choose {', '.join(BACKENDS)}.")
    try:
        library = import_module(backend)
    except ImportError as error:
        hint = f'Run: pip install {backend}, or ask for backend="pyarrow", which is always there.'
        raise ExtraMissingError(f"{backend} is not installed", hint=hint) from error
    columns = list(zip(*cells, strict=True)) or [()] * len(header)
    return nw.from_dict(dict(zip(header, map(list, columns), strict=True)), backend=library).to_native()
