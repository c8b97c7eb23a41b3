"""A Digest in, the files somebody reads out: a page, Markdown, a workbook, a chart, JSON and CSV.

masking.py   names and addresses of customers hidden; every other module here gets what it made
view.py      what is shown, in what order; comparing.py what stands side by side
words.py     figures in words, text made harmless
quotes.py    the piece of a record around an opinion
rows.py      the rows of all tables; briefs.py those of conversations
html.py      the page; charts.py draws its bars and trends, and the chart for slides
markdown.py  one page of Markdown
workbook.py  the tables as a workbook
notebook.py  the digest in a notebook, and its tables as data frames
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gistill import files
from gistill.digest.report import rows
from gistill.digest.report.briefs import COLUMNS as BRIEFS
from gistill.digest.report.briefs import brief_row
from gistill.digest.report.charts import main_chart
from gistill.digest.report.html import render_html
from gistill.digest.report.markdown import render_markdown
from gistill.digest.report.masking import with_all
from gistill.digest.report.view import View
from gistill.digest.report.words import visible
from gistill.digest.report.workbook import MOST, render_workbook
from gistill.schema import Digest, Opinion, Record
from gistill.tables import write_csv

_ALWAYS = ("aspects.csv", "points.csv")  # also without rows


def write_report(
    digest: Digest, folder: Path, *, opinions: Sequence[Opinion] = (), records: Iterable[Record] = ()
) -> None:
    """Write a digest as report.html, .md and .xlsx, chart.svg, digest.json, points.csv, aspects.csv and others.

    Everything is rendered before anything is written, and each file is replaced in one move: a failure leaves what
    stood there before. The same digest gives the same bytes, on every machine; times and paths are not in them. All
    but digest.json hide names and addresses of customers, unless the digest shows them.

    Args:
        digest: What to show; corrected.csv is there where it has corrections, briefs.csv where it has conversations.
        folder: Where the files go; made if missing.
        opinions: All that the digest counts, for the workbook; without them it holds those that the digest quotes.
        records: Those that were read, where `opinions` are given.

    Raises:
        InputError: points.csv or aspects.csv cannot be written.
        OSError: Another file cannot be written.
    """
    view = View(digest)
    pages: dict[str, str | bytes] = {
        "digest.json": digest_json(digest),
        "report.md": render_markdown(view),
        "report.html": render_html(view),
        "report.xlsx": render_workbook(view, View(with_all(digest, opinions[:MOST], records)) if opinions else None),
        "chart.svg": main_chart(view),
    }
    tables: dict[str, tuple[tuple[str, ...], list[tuple[object, ...]]]] = {
        "aspects.csv": (rows.ASPECTS, list(rows.aspect_rows(view))),
        "points.csv": (rows.point_columns(view), list(rows.point_rows(view))),
        "corrected.csv": (
            rows.CORRECTED,
            [row for one in view.digest.corrections for row in rows.corrected_rows(view.digest, one)],
        ),
        "briefs.csv": (BRIEFS, [brief_row(brief) for brief in view.digest.briefs]),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, (header, cells) in tables.items():
        if cells or name in _ALWAYS:
            write_csv(folder / name, header, ([_shown(cell) for cell in row] for row in cells))
        else:
            (folder / name).unlink(missing_ok=True)  # an earlier run's
    for name, page in pages.items():
        files.write(folder / name, page)


def _shown(cell: object) -> object:
    return visible(cell) if isinstance(cell, str) else cell


def digest_json(digest: Digest) -> str:
    """Write a digest as JSON; what was not found in it, it does not speak of."""
    left_out: dict[str, Any] = {} if digest.corrections else {"corrections": True}
    if digest.by_hand is None:
        left_out["by_hand"] = True
    if digest.intent is None:
        left_out["intent"] = True
    if digest.attacks is None:
        left_out["attacks"] = True
    if not digest.briefs:
        left_out |= {"briefs": True, "outcomes": True, "points": {"__all__": {"outcomes": True}}}
    return digest.model_dump_json(indent=2, exclude=left_out or None) + "\n"
