"""HTML and XML: tables and repeated elements read as rows, whatever the file is called; other markup is refused."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gistill.errors import InputError
from gistill.tables.shapes.grids import name_cells
from gistill.tables.shapes.headers import find_header
from gistill.tables.shapes.html import Cells, read_tables
from gistill.tables.shapes.limits import MAX_MARKUP
from gistill.tables.shapes.nested import find_records, records_at
from gistill.tables.shapes.sheets import Layout, Row, Sheet
from gistill.tables.shapes.sources import TextSource

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_HTML = re.compile(
    r"\s*(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|body|table|meta|style|div)\b", re.IGNORECASE | re.DOTALL
)
_XML = re.compile(r"\s*(?:<\?xml\b|<(?!!doctype html)[A-Za-z!][^<>]*>\s*<)", re.IGNORECASE)
_SPREADSHEET = "urn:schemas-microsoft-com:office:spreadsheet"


def sniff(start: str) -> str | None:
    """Say whether a text begins as "html" or "xml" does; None for neither."""
    start = start.lstrip("\ufeff")
    if _HTML.match(start):
        return "html"
    return "xml" if _XML.match(start) else None


def open_html(text: TextSource, how: Layout) -> Sheet:
    """Open the largest table of a page; cells that span columns or rows hold for the first only.

    Raises:
        InputError: It holds no table, or is too large.
    """
    return _grid("html", read_tables(text.whole(MAX_MARKUP, "markup")), text, how)


def _grid(form: str, tables: Sequence[list[Cells]], text: TextSource, how: Layout) -> Sheet:
    best = max(tables, key=lambda rows: sum(len(cell) for row in rows for cell in row), default=[])
    rows = [(number, cells) for number, cells in enumerate(best, 1) if any(cell.strip() for cell in cells)]
    if not rows:
        raise InputError(f"is {form.upper()} without a table", file=text.bytes.name)
    header = find_header(rows[:200], named=how.get("header"), header_row=how.get("header_row"), file=text.bytes.name)
    last = 0 if header.place is None else rows[header.place + header.rows - 1][0]
    named = name_cells(iter(rows), header, last=last)
    more = len([table for table in tables if len(table) > 1]) - 1
    notes = (f"only the largest of {more + 1} tables is read",) if more > 0 else ()
    return Sheet(
        form,
        named,
        header.names,
        has_header=header.place is not None,
        notes=(*notes, *header.notes),
        questions=header.questions,
    )


def open_xml(text: TextSource, how: Layout) -> Sheet:
    """Open a spreadsheet saved as XML, or the elements that recur in another XML file.

    Raises:
        InputError: It is not well-formed, declares entities, is too large, or nothing in it recurs.
    """
    from xml.etree.ElementTree import ParseError, XMLParser

    page = text.whole(MAX_MARKUP, "markup")
    if "<!ENTITY" in page:
        raise InputError("is XML that declares entities, which are not read", file=text.bytes.name)
    parser = XMLParser()  # expat bounds what entities grow to
    try:
        parser.feed(re.sub(r"^\s*<\?xml[^>]*\?>", "", page.lstrip("\ufeff"), count=1))
        root = parser.close()
    except ParseError as error:
        raise InputError(f"is not well-formed XML: {error}", file=text.bytes.name) from None
    if root.tag.startswith(f"{{{_SPREADSHEET}}}"):
        return _grid("xml", _worksheets(root), text, how)
    value = _value(root)
    found = find_records([value])
    rows = [cells for cells in records_at(value, found) if cells]
    if not found.path or not rows:
        raise InputError(
            "is XML in which no element recurs as a record does",
            file=text.bytes.name,
            hint="Export it as CSV, JSON or a workbook.",
        )
    return Sheet("xml", (Row(number, cells) for number, cells in enumerate(rows, 1)))


def _worksheets(root: Element) -> list[list[Cells]]:
    ns = f"{{{_SPREADSHEET}}}"
    sheets: list[list[Cells]] = []
    for table in root.iter(f"{ns}Table"):
        rows: list[Cells] = []
        for row in table.iter(f"{ns}Row"):
            cells: Cells = []
            for cell in row.iter(f"{ns}Cell"):
                place = cell.get(f"{ns}Index", "")
                if place.isdecimal() and len(cells) < int(place) <= 16_384:
                    cells += [""] * (int(place) - 1 - len(cells))
                data = cell.find(f"{ns}Data")
                cells.append("".join(data.itertext()) if data is not None else "")
            rows.append(cells)
        sheets.append(rows)
    return sheets


def _value(element: Element, depth: int = 0) -> object:
    """Turn an element into what JSON would hold: text, or its attributes and children by name."""
    own = (element.text or "").strip()
    members: dict[str, object] = {_name(key): text for key, text in element.attrib.items()}
    children = list(element)
    mixed = own and any((child.tail or "").strip() for child in children)
    if not children or mixed or depth > 50:
        text = "".join(itertools.islice(element.itertext(), 100_000)).strip()
        return {**members, "text": text} if members else text
    grouped: dict[str, list[object]] = {}
    for child in children:
        if isinstance(child.tag, str):
            grouped.setdefault(_name(child.tag), []).append(_value(child, depth + 1))
    for name, values in grouped.items():
        column = name if name not in members else f"{name}.element"
        members[column] = values[0] if len(values) == 1 else values
    return members


def _name(tag: str) -> str:
    return tag.rpartition("}")[2]
