"""A Digest in, the files somebody reads out: a page, Markdown, a workbook, a chart, JSON and CSV.

masking.py   names and addresses of customers hidden; every other module here gets what it made
view.py      what is shown, in what order
words.py     figures in words, text made harmless
quotes.py    the piece of a record around an opinion
rows.py      the rows of all tables
html.py      the page; charts.py draws its bars and trends, and the chart for slides
markdown.py  one page of Markdown
workbook.py  the tables as a workbook
notebook.py  the digest in a notebook, and its tables as data frames
"""

from __future__ import annotations

from pathlib import Path

from gistill import files
from gistill.digest.report import rows
from gistill.digest.report.charts import main_chart
from gistill.digest.report.html import render_html
from gistill.digest.report.markdown import render_markdown
from gistill.digest.report.view import View
from gistill.digest.report.workbook import render_workbook
from gistill.schema import Digest
from gistill.tables import write_csv


def write_report(digest: Digest, folder: Path) -> None:
    """Write a digest as report.html, .md and .xlsx, chart.svg, digest.json, points.csv, aspects.csv and corrected.csv.

    Everything is rendered before anything is written, and each file is replaced in one move: a failure leaves what
    stood there before. The same digest gives the same bytes, on every machine; times and paths are not in them. All
    but digest.json hide names and addresses of customers, unless the digest shows them.

    Args:
        digest: What to show; corrected.csv is there where it has corrections.
        folder: Where the files go; made if missing.

    Raises:
        InputError: points.csv or aspects.csv cannot be written.
        OSError: Another file cannot be written.
    """
    view = View(digest)
    pages: dict[str, str | bytes] = {
        "digest.json": digest_json(digest),
        "report.md": render_markdown(view),
        "report.html": render_html(view),
        "report.xlsx": render_workbook(view),
        "chart.svg": main_chart(view),
    }
    tables = {
        "aspects.csv": (rows.ASPECTS, list(rows.aspect_rows(view))),
        "points.csv": (rows.POINTS, list(rows.point_rows(view))),
    }
    corrected = [row for one in view.digest.corrections for row in rows.corrected_rows(view.digest, one)]
    if corrected:
        tables["corrected.csv"] = (rows.CORRECTED, corrected)
    folder.mkdir(parents=True, exist_ok=True)
    for name, (header, cells) in tables.items():
        write_csv(folder / name, header, cells)
    if not corrected:
        (folder / "corrected.csv").unlink(missing_ok=True)  # an earlier run's
    for name, page in pages.items():
        files.write(folder / name, page)


def digest_json(digest: Digest) -> str:
    """Write a digest as JSON; without corrections, it does not speak of them."""
    return digest.model_dump_json(indent=2, exclude=None if digest.corrections else {"corrections"}) + "\n"
