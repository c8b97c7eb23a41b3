"""Text files: one record a line, a paragraph, or the whole; with a label, a rating or a date in front; or as fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gistill.schema import Failure
from gistill.tables.columns import squeeze
from gistill.tables.dates import parse_date
from gistill.tables.names import NAMES
from gistill.tables.shapes.limits import MAX_CELL, MAX_LINE
from gistill.tables.shapes.sheets import Row, Rows, Sheet
from gistill.tables.shapes.sources import TextSource
from gistill.text import count_words, is_blank

STARS_LINE = re.compile(r"\s*([0-9]+(?:[.,][0-9]+)?)\s*####[ \t]?(.*)", re.DOTALL)
_LABELLED = re.compile(r"((?:__label__\S+\s+)+)(.*)", re.DOTALL)
_DATE = r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})"
_DATED = re.compile(rf"\s*[\[(]?({_DATE}(?:[T ]\d{{1,2}}:\d\d(?::\d\d)?)?)[\])]?\s*[-–—:|,]?\s+(\D.*)", re.DOTALL)
_FIELD = re.compile(r"([A-Za-z][\w /.-]{0,40}?)\s*:(?:\s+(.*)|\s*)$")
_TEXTS = frozenset(NAMES["text"].split())
_KNOWN = frozenset(name for names in NAMES.values() for name in names.split())


class _Block(NamedTuple):
    """Lines without a blank one between them, and the number of the first."""

    number: int
    lines: list[str]


def is_starred(lines: Sequence[str]) -> bool:
    """Say whether lines have a rating in front: "4.5 #### Fits well"."""
    return any(STARS_LINE.match(line) for line in lines)


def is_list(lines: Sequence[str]) -> bool:
    """Tell one record per line from a document: a document has paragraphs, or lines broken at the same width."""
    filled = [line.strip() for line in lines if line.strip()]
    if len(filled) < 3 or len(lines) - len(filled) > 0.2 * len(lines):
        return False
    going_on = sum(line[0].islower() for line in filled[1:])
    lengths = sorted(map(len, filled))
    middle = lengths[len(lengths) // 2]
    return not (going_on > 0.3 * len(filled) and 40 <= middle <= 120 and middle >= 0.7 * lengths[-1])


def is_paragraphs(lines: Sequence[str]) -> bool:
    """Tell records with a blank line between them from a document: three and more, of words, and no letter."""
    blocks = list(_blocks(iter(enumerate(lines, 1))))
    if len(blocks) < 3:
        return False
    first, last = "\n".join(blocks[0].lines).strip(), "\n".join(blocks[-1].lines)
    letter = first.endswith((",", ":")) or any(block.lines[0].startswith("#") for block in blocks)
    words = [count_words("\n".join(block.lines)) for block in blocks]
    return not letter and count_words(last) > 1 and sum(count > 2 for count in words) >= 0.8 * len(words)


def is_fields(lines: Sequence[str]) -> bool:
    """Say whether the lines are records of named fields: "review/score: 5.0", "review/text: ..."."""
    blocks = list(_blocks(iter(enumerate(lines, 1))))[:50]
    names = [[found[1] for line in block.lines if (found := _FIELD.match(line.rstrip()))] for block in blocks]
    if not names or any(len(set(one)) < len(one) or len(one) < 2 for one in names):
        return False
    known = {_field(name) for one in names for name in one}
    often = sum(any(_field(name) in _TEXTS for name in one) for one in names) >= 0.8 * len(names)
    return often and len(known & _KNOWN) > 1


def is_dated(lines: Sequence[str]) -> bool:
    """Say whether lines have a date in front that leaves no doubt about the day."""
    filled = [line for line in lines if line.strip()][:200]
    return len(filled) > 1 and sum(_dated(line) is not None for line in filled) >= 0.8 * len(filled)


def is_labelled(lines: Sequence[str]) -> bool:
    """Say whether lines have a label in front, as fastText reads them."""
    filled = [line for line in lines if line.strip()][:200]
    return bool(filled) and sum(bool(_LABELLED.match(line)) for line in filled) >= 0.8 * len(filled)


def _dated(line: str) -> tuple[str, str] | None:
    found = _DATED.match(line)
    return (found[1], found[2]) if found and parse_date(found[1]) is not None else None


def _field(name: str) -> str:
    return squeeze(name.rpartition("/")[2])


def open_lines(text: TextSource, lines: Sequence[str]) -> Sheet:
    """Open a file of one record per line. Blank lines are no records."""
    if is_starred(lines):
        header: tuple[str, ...] = ("text", "rating")
    elif is_labelled(lines):
        header = ("text", "label")
    elif is_dated(lines):
        header = ("text", "date")
    else:
        header = ("text",)
    return Sheet("lines", _lines(text, header[-1]), header, has_header=False)


def _lines(text: TextSource, front: str) -> Rows:
    for number, line in text.lines():
        line = line.rstrip("\r\n")
        if is_blank(line):
            continue
        if len(line) > MAX_CELL:
            yield Failure(kind="bad_row", row=number, detail=f"is longer than {MAX_CELL:,} characters")
            continue
        cells: dict[str, object] = {"text": line}
        if front == "rating" and (starred := STARS_LINE.match(line)):
            cells = {"rating": starred[1], "text": starred[2]}
        elif front == "label" and (labelled := _LABELLED.match(line)):
            cells = {"label": " ".join(labelled[1].replace("__label__", "").split()), "text": labelled[2]}
        elif front == "date" and (dated := _dated(line)):
            cells = {"date": dated[0], "text": dated[1]}
        yield Row(number, cells)


def open_document(text: TextSource) -> Sheet:
    """Open a file that is one record."""
    return Sheet("text", iter([Row(None, {"text": read_whole(text)})]), ("text",), has_header=False)


def read_whole(text: TextSource) -> str:
    """Read a file as one text, of `MAX_LINE` characters at most."""
    parts: list[str] = []
    size = 0
    for _, line in text.lines():
        parts.append(line)
        size += len(line)
        if size > MAX_LINE:
            break
    return "".join(parts)


def open_paragraphs(text: TextSource) -> Sheet:
    """Open a file of records with a blank line between them."""
    note = "each paragraph is read as one record; --format text reads the file as one"
    return Sheet("paragraphs", _paragraphs(text), ("text",), has_header=False, notes=(note,))


def _paragraphs(text: TextSource) -> Rows:
    for block in _blocks(text.lines()):
        yield Row(block.number, {"text": "\n".join(block.lines)})


def _blocks(lines: Iterator[tuple[int, str]]) -> Iterator[_Block]:
    block = _Block(0, [])
    size = 0
    for number, line in lines:
        line = line.rstrip("\r\n")
        if not is_blank(line) and size <= MAX_CELL:
            block = block if block.lines else _Block(number, [])
            block.lines.append(line)
            size += len(line)
            continue
        if block.lines:
            yield block
        rest = [] if is_blank(line) else [line]
        block, size = _Block(number, rest), len(line) * bool(rest)
    if block.lines:
        yield block


def open_fields(text: TextSource) -> Sheet:
    """Open a file of records whose fields stand on lines of their own, with a blank line between records."""
    return Sheet("fields", _fields(text), has_header=True)


def _fields(text: TextSource) -> Rows:
    for block in _blocks(text.lines()):
        cells: dict[str, object] = {}
        name = ""
        for line in block.lines:
            found = _FIELD.match(line)
            if found and found[1] not in cells:
                name = found[1]
                cells[name] = found[2] or ""
            elif name:
                cells[name] = f"{cells[name]}\n{line}".strip("\n")
        if cells:
            yield Row(block.number, cells)
