"""HTML to its tables, or to its words as a reader sees them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BREAKS = {"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol"}
_HIDDEN = {"script", "style", "title", "template", "noscript"}
Cells = list[str]


def read_tables(page: str) -> list[list[Cells]]:
    """Give the rows of each table of a page; a table inside a cell is a table of its own."""
    parser = _Tables()
    parser.feed(page)
    parser.close()
    return parser.tables


class _Tables(HTMLParser):
    """Collects the cells of the tables of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[Cells]] = []
        self._open: list[list[Cells]] = []
        self._cells: list[list[str] | None] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag == "table" and len(self._open) < 50:
            self._open.append([])
            self._cells.append(None)
        elif tag == "tr" and self._open:
            self._end_cell()
            self._open[-1].append([])
        elif tag in ("td", "th") and self._open:
            self._end_cell()
            if not self._open[-1]:
                self._open[-1].append([])
            self._cells[-1] = []
        elif tag in _BREAKS and self._open and self._cells[-1] is not None:
            self._cells[-1].append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(self._hidden - 1, 0)
        elif tag in ("td", "th", "tr") and self._open:
            self._end_cell()
        elif tag == "table" and self._open:
            self._end_cell()
            self._cells.pop()
            self.tables.append(self._open.pop())

    def handle_data(self, data: str) -> None:
        if self._open and not self._hidden and (cell := self._cells[-1]) is not None:
            cell.append(data)

    def close(self) -> None:
        super().close()
        while self._open:
            self.handle_endtag("table")

    def _end_cell(self) -> None:
        if (cell := self._cells[-1]) is not None:
            self._open[-1][-1].append(_tidy("".join(cell)))
            self._cells[-1] = None


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(self._hidden - 1, 0)
        elif tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def html_text(page: str) -> str:
    """Give the words of a page or a mail as a reader sees them, with line breaks between its paragraphs."""
    parser = _Text()
    parser.feed(page)
    parser.close()
    return _tidy("".join(parser.parts))


def _tidy(text: str) -> str:
    lines = (" ".join(line.replace("\xa0", " ").split()) for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
