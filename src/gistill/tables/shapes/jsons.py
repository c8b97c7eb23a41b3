"""JSON in every layout that people export: lines, documents, one after another, as Python writes it, with commas."""

from __future__ import annotations

import ast
import itertools
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence

from gistill.errors import InputError
from gistill.schema import Failure
from gistill.tables.shapes.limits import MAX_CELL, MAX_COLUMNS, MAX_DOCUMENT, MAX_LINE
from gistill.tables.shapes.nested import EACH, Found, as_lists, find_records, read_path, records_at, write_path
from gistill.tables.shapes.sheets import Row, Rows, Sheet
from gistill.tables.shapes.sources import TextSource

_SAMPLE = 100  # lines
_START = re.compile(r"\s*(?:(?:var|let|const)\s+)?[\w.$]+\s*(?:=|\()\s*(?=[\[{])")  # "window.data = [", "callback("
_STRING_OR_COMMA = re.compile(r'"(?:[^"\\]|\\.)*"|,(?=\s*[\]}])', re.DOTALL)
_BETWEEN = re.compile(r"[\s,;]*")  # what may stand between two values
_NESTED_AT_MOST = 1000  # brackets in an object as Python writes it


def looks_like_lines(lines: Sequence[str]) -> bool:
    """Say whether each line holds an object of its own."""
    filled = list(itertools.islice((line for line in lines if line.strip()), 3))
    if not filled or not filled[0].strip().startswith("{") or len(filled) < 2:
        return False
    return all(_is_object(line) for line in filled[:2]) or (_is_object(filled[0]) and filled[1].lstrip()[:1] == "{")


def is_python(line: str) -> bool:
    """Say whether a line is an object as Python writes it: {'text': 'Fine'}."""
    return line.lstrip().startswith("{'") and isinstance(_literal(line), dict)


def _is_object(line: str) -> bool:
    try:
        return isinstance(_load(line), Mapping)
    except (ValueError, RecursionError):
        return False


def _load(line: str) -> object:
    """Read a line as JSON, with a comma behind it, or as Python writes it.

    Raises:
        ValueError: It is none of these.
        RecursionError: It is too deep.
    """
    line = line.strip()
    try:
        return json.loads(line)
    except ValueError as error:
        if line.endswith(","):
            return json.loads(line[:-1])
        value = _literal(line) if line.startswith(("{'", "['")) else None
        if value is None:
            raise error
        return value


def _literal(line: str) -> object:
    if line.count("{") + line.count("[") + line.count("(") > _NESTED_AT_MOST or len(line) > MAX_CELL:
        return None
    try:
        return ast.literal_eval(line.strip().rstrip(",").strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return None


def open_lines(text: TextSource, lines: Sequence[str], records: str | None) -> Sheet:
    """Open JSON lines, which are streamed; where in them the records are is decided by the first lines."""
    sampled: list[object] = []
    texts: list[object] = []
    for line in itertools.islice((line for line in lines if line.strip()), _SAMPLE):
        try:
            value = _load(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, Mapping):
            sampled.append(value)
        elif isinstance(value, str):
            texts.append(value)
    sampled = sampled or texts
    found = _found(sampled, records, several=True)
    return Sheet("jsonl", _bounded(_line_rows(text, found)), notes=_notes(found, records))


def _line_rows(text: TextSource, found: Found) -> Rows:
    for number, line in text.lines():
        if not line.strip() or line.strip() in ("[", "]", "[]"):
            continue
        value = _line_value(number, line, texts=not found.objects)
        if isinstance(value, Failure):
            yield value
            continue
        for cells in records_at(value, found):
            yield Row(number, cells) if cells is not None else _no_object(number)


def _line_value(number: int, line: str, *, texts: bool) -> object:
    if len(line) >= MAX_LINE:
        return Failure(kind="bad_row", row=number, detail=f"is longer than {MAX_LINE:,} characters")
    try:
        value = _load(line)
    except (ValueError, RecursionError) as error:
        reason = (
            f"{error.msg.removesuffix(' at')} at character {error.pos + 1}"
            if isinstance(error, json.JSONDecodeError)
            else "too deep or too large"
        )
        return Failure(kind="bad_row", row=number, detail=f"is not JSON: {reason}")
    if not isinstance(value, Mapping) and not (texts and isinstance(value, str)):
        return Failure(kind="bad_row", row=number, detail=f"is a JSON {type(value).__name__}, not an object")
    return value


def open_document(text: TextSource, records: str | None) -> Sheet:
    """Open a JSON document, or several one after another. It is held as a whole; large data are JSON lines.

    Raises:
        InputError: It is not JSON, too large, or holds nothing that could be a record.
        SettingError: `records` is no path.
    """
    hint = "Write it as JSON lines, one object on each line; those are read in any size."
    document = text.whole(MAX_DOCUMENT, "a JSON document", hint=hint)
    values = [as_lists(value) for value in _values(document, text.bytes.name)]
    found = _found(values, records, several=False)
    rows = _numbered(values, found)
    first = next(rows, None)
    if first is None:
        wanted = f"nothing at {records!r}" if records else "no list of objects and no object"
        lists = ", ".join(_all_lists(values)[:10])
        hint = f"It has these lists: {lists}." if lists else ""
        raise InputError(f"is JSON and has {wanted}", file=text.bytes.name, hint=hint)
    return Sheet("json", _bounded(itertools.chain([first], rows)), notes=_notes(found, records))


def _numbered(values: Sequence[object], found: Found) -> Rows:
    number = itertools.count(1)
    for value in values:
        for cells in records_at(value, found):
            yield Row(next(number), cells) if cells is not None else _no_object(next(number))


def _no_object(number: int) -> Failure:
    return Failure(kind="bad_row", row=number, detail="is not an object as the others are")


def _found(values: Sequence[object], records: str | None, *, several: bool) -> Found:
    if records is None:
        return find_records([*values, *values[:1]] if several and len(values) == 1 else values)
    path = read_path(records)
    if any(_ends_in_list(value, path) for value in values):
        path = (*path, EACH)
    wanted = Found(path, (), objects=False)
    objects = any(
        "text" not in cells or len(cells) > 1 for value in values for cells in records_at(value, wanted) if cells
    )
    return wanted._replace(objects=objects)


def _ends_in_list(value: object, path: Sequence[str | int]) -> bool:
    for step in path:
        if isinstance(value, list) and value and step != 0:
            value = value[0]
        if isinstance(value, list) and value and step == 0:
            value = value[0]
        elif isinstance(value, Mapping) and value:
            value = next(iter(value.values())) if step == 1 else value.get(str(step))
    return isinstance(value, list)


def _notes(found: Found, records: str | None) -> tuple[str, ...]:
    if records is not None or not found.others:
        return ()
    listed = ", ".join(found.others[:5]) + (", ..." if len(found.others) > 5 else "")
    return (f"the records are the list {write_path(found.path)}; not read: {listed} (--records PATH reads another)",)


def _all_lists(values: Sequence[object]) -> list[str]:
    found: list[str] = []

    def look(value: object, path: tuple[str, ...]) -> None:
        if isinstance(value, Mapping) and len(path) < 5:
            for key, member in value.items():
                if isinstance(member, list):
                    found.append(".".join((*path, str(key))))
                look(member, (*path, str(key)))

    for value in values[:3]:
        look(value, ())
    return found


def _values(text: str, file: str) -> list[object]:
    """Read the values of a document, one after another; a script's assignment around them is passed over."""
    text = text.lstrip("\ufeff")
    if started := _START.match(text):
        text = text[started.end() :].rstrip().rstrip(";").rstrip(")")
    try:
        return _decode(text)
    except (ValueError, RecursionError) as error:
        first = error
    try:
        return _decode(_STRING_OR_COMMA.sub(lambda found: "" if found[0] == "," else found[0], text))
    except (ValueError, RecursionError):
        literal = _literal(text)
        if isinstance(literal, dict | list):
            return [literal]
    where = first if isinstance(first, json.JSONDecodeError) else None
    reason = f"is not JSON: {where.msg} in column {where.colno}" if where else "is not JSON that can be read: too deep"
    raise InputError(reason, file=file, row=where.lineno if where else None)


def _decode(text: str) -> list[object]:
    decoder = json.JSONDecoder()
    values: list[object] = []
    place = 0
    while found := _BETWEEN.match(text, place):
        if found.end() == len(text):
            break
        value, place = decoder.raw_decode(text, found.end())
        values.append(value)
    lists = [value for value in values if isinstance(value, list)]
    return [[one for value in lists for one in value]] if len(values) == len(lists) > 1 else _one_list(values)


def _one_list(values: list[object]) -> list[object]:
    return [values] if len(values) > 1 and all(isinstance(value, Mapping) for value in values) else values


def _bounded(rows: Iterator[Row | Failure]) -> Rows:
    """Make rows with too many columns, or too long a cell, failures, and numbers that are none nothing."""
    names: set[str] = set()
    for row in rows:
        if isinstance(row, Failure):
            yield row
            continue
        if len(row.cells) > MAX_COLUMNS or len(new := row.cells.keys() - names) + len(names) > MAX_COLUMNS:
            detail = f"has members beyond the first {MAX_COLUMNS:,} columns"
            yield Failure(kind="bad_row", row=row.number, detail=detail)
            continue
        names |= new
        too_long = next((n for n, c in row.cells.items() if isinstance(c, str) and len(c) > MAX_CELL), None)
        if too_long is not None:
            detail = f"column {too_long!r} holds more than {MAX_CELL:,} characters"
            yield Failure(kind="bad_row", row=row.number, detail=detail)
            continue
        yield row._replace(
            cells={n: None if isinstance(c, float) and not math.isfinite(c) else c for n, c in row.cells.items()}
        )
