"""A View in, a workbook out: points, opinions, counts by entity and period, briefs, and what they are."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Sequence

from gistill.digest.report import rows
from gistill.digest.report.briefs import IN_SHORT, short_row
from gistill.digest.report.view import View
from gistill.digest.report.words import OUTCOMES_HINT, visible
from gistill.schema import Digest, Opinion

_MADE = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook has to hold some day; equal digests give equal bytes
MOST = 1_048_575  # opinions; a sheet has one row more, for the names of its columns
_LONGEST = 32_000  # characters; a cell holds 32,767
_WIDE = {"point": 34, "quotation": 70, "things": 34, "entities": 34, "aspect": 20, "opinion": 26, "value": 26}
_WIDE |= dict.fromkeys(("issue", "done", "outcome_words", "next_step"), 60)
_SHARES = ("share", "share_low", "share_high")


def render_workbook(view: View, every: View | None = None) -> bytes:
    """Write the tables of a report as a workbook. Text is text: nothing a customer wrote is a formula or a link.

    Args:
        view: Of the digest.
        every: With the opinions of the sheet of that name (`masking.with_all`); None takes those that are quoted.
    """
    import xlsxwriter

    made = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(made, options) as book:
        book.set_properties({"title": visible(view.digest.title), "created": _MADE})
        tables: dict[str, tuple[Sequence[str], Iterable[rows.Row]]] = {
            "Points": (rows.point_columns(view), rows.point_rows(view)),
            "Opinions": (rows.OPINIONS, rows.opinion_rows(every or view)),
            "Counts": (rows.COUNTS, rows.count_rows(view)),
        }
        if view.digest.briefs:
            tables["Briefs"] = (IN_SHORT, map(short_row, view.digest.briefs))
        formats = {
            "head": book.add_format({"bold": True, "bottom": 1}),
            "share": book.add_format({"num_format": "0.0%"}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "text": book.add_format({"text_wrap": True, "valign": "top"}),
        }
        for name, (header, cells) in tables.items():
            _fill(book.add_worksheet(name), header, cells, formats)
        about = book.add_worksheet("About")
        about.set_column(0, 0, 100, formats["text"])
        for number, line in enumerate(_about(view, (every or view).digest.cited)):
            about.write_string(number, 0, visible(line))
    return made.getvalue()


def _fill(sheet, header: Sequence[str], cells: Iterable[rows.Row], formats: dict) -> None:  # type: ignore[no-untyped-def,type-arg]
    """Write a header that stays in sight, and each cell by its type; what was not measured stays empty."""
    for column, name in enumerate(header):
        sheet.set_column(column, column, _WIDE.get(name, 13))
        sheet.write_string(0, column, name.replace("_", " "), formats["head"])
    last = 0
    for last, row in enumerate(cells, 1):
        for column, cell in enumerate(row):
            if isinstance(cell, dt.date):
                sheet.write_datetime(last, column, dt.datetime(*cell.timetuple()[:3]), formats["date"])  # noqa: DTZ001
            elif isinstance(cell, int | float):
                sheet.write_number(last, column, cell, formats["share"] if header[column] in _SHARES else None)
            elif cell is not None and cell != "":
                sheet.write_string(last, column, _short(visible(str(cell))))
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(last, 1), len(header) - 1)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"


def _about(view: View, listed: Sequence[Opinion]) -> list[str]:
    digest, many = view.digest, f"{len(listed):,} of {view.digest.opinions:,} opinions"
    if len(listed) >= digest.opinions:
        many = f"all {digest.opinions:,} opinions."
    elif len(listed) == MOST:
        many = f"the first {many}, as many as a sheet can hold; opinions.jsonl has all."
    else:
        many = f"the {many} that the report can quote; opinions.jsonl has all."
    names = "are shown as customers wrote them" if digest.shows_names else "stand as placeholders ([name hidden])"
    return [
        digest.title,
        f"{digest.people:,} people, {digest.read:,} records read, {digest.opinions:,} opinions.",
        "Points: what several people say alike. Shares are of all people who wrote, with 95% intervals. People near: "
        "those who say it or nearly the same. A count misses people who say it in other words, and can hold some who "
        "say something near: open the quotations before you act.",
        f"Opinions: {many}",
        *_of_briefs(digest),
        "Counts: all opinions, by entity, by the columns of --by, and by period. Net sentiment is from -1 to 1.",
        f"Names and addresses of customers {names}. An empty cell was not measured, or is not known.",
    ]


def _of_briefs(digest: Digest) -> list[str]:
    if not digest.briefs:
        return []
    return [
        f"Briefs: one row a conversation ({len(digest.briefs):,}). “model”: a model wrote it, and it passed a check "
        "against the turns; read the conversation before you act on it. “quote”, in quotation marks: the "
        "conversation's own words.",
        f"How a conversation ended (solved, moved elsewhere, open) is {OUTCOMES_HINT}.",
    ]
