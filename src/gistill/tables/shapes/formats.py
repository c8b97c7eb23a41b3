"""Which format a source has, and one function for each of those made of text: a source in, a `Sheet` out."""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from gistill.errors import GistillError, InputError, SettingError
from gistill.schema import Failure
from gistill.tables.columns import is_known_name
from gistill.tables.shapes import delimited
from gistill.tables.shapes.binary import open_parquet, open_workbook
from gistill.tables.shapes.sheets import Layout, Row, Rows, Sheet, Source, flatten
from gistill.tables.shapes.sources import MAX_LINE, READ_ERRORS, ByteSource, TextSource, explain
from gistill.text import is_blank

FORMATS = ("csv", "tsv", "jsonl", "json", "parquet", "xlsx", "lines", "text", "folder")
_SUFFIXES = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".md": "text"
}  # fmt: skip
_DOCUMENT_SUFFIXES = (".txt", ".md")
_STARS_LINE = re.compile(r"\s*([0-9]+(?:[.,][0-9]+)?)\s*####[ \t]?(.*)", re.DOTALL)


def open_sheet(source: Source, **how: Unpack[Layout]) -> Sheet:
    """Find out what a source is and make it ready to be read.

    Args:
        source: A file, a folder, "-" for standard input, or several files that are read as one.
        **how: What is said of its form; what is not said goes by the first bytes, then the name, then the look of the
            first lines.

    Raises:
        InputError: Missing, unreadable, empty, a header without rows, or nothing this module can read.
        SettingError: The format or the encoding is not known.
    """
    format = how.get("format")  # noqa: A001 - the word users know
    if format is not None and format not in FORMATS:
        raise SettingError(f"{format!r} is not a format", hint=f"Formats are {', '.join(FORMATS)}.")
    if not isinstance(source, str | Path):
        source = source[0]
    if str(source) != "-" and Path(source).is_dir():
        if format not in (None, "folder"):
            raise InputError(f"is a folder, not a {format} file", file=str(source))
        return _open_folder(Path(source))
    if format == "folder":
        raise InputError("is not a folder", file=str(source))
    opened = ByteSource(source)
    try:
        sheet = _open_file(opened, how)
        first = next(sheet.rows, None)
    except BaseException as error:
        opened.close()
        if isinstance(error, READ_ERRORS):
            raise InputError(f"cannot be read: {explain(error)}", file=opened.name) from error
        raise
    if first is None:
        opened.close()
        raise InputError("has a header and no rows" if sheet.header else "holds no rows", file=opened.name)
    return replace(sheet, rows=_guarded(itertools.chain([first], sheet.rows), opened))


def _open_file(source: ByteSource, how: Layout) -> Sheet:
    format, header = how.get("format"), how.get("header")  # noqa: A001
    binary = _sniff_binary(source)
    if format in ("parquet", "xlsx") or (format is None and binary is not None):
        return open_parquet(source) if (format or binary) == "parquet" else open_workbook(source, header)
    text = TextSource(source, how.get("encoding"))
    lines = text.sample()
    _refuse_binary(source, lines)
    format = format or _sniff_text(source, lines)  # noqa: A001
    match format:
        case "csv" | "tsv":
            sheet = _open_delimited(text, lines, format, header)
        case "jsonl":
            sheet = Sheet("jsonl", _json_lines(text))
        case "json":
            sheet = Sheet("json", _json_document(text))
        case "lines":
            starred = any(_STARS_LINE.match(line) for line in lines)
            sheet = Sheet("lines", _lines(text), ("text", "rating") if starred else ("text",), has_header=False)
        case _:
            sheet = Sheet("text", _document(text), ("text",), has_header=False)
    return replace(sheet, encoding=text.encoding.removesuffix("-sig"), text=text)


def _guarded(rows: Rows, source: ByteSource) -> Rows:
    """Pass rows on; turn a source that breaks off into one last failure, and close it in the end."""
    number: int | None = None
    try:
        for row in rows:
            number = row.row if isinstance(row, Failure) else row.number
            yield row
    except READ_ERRORS as error:
        yield Failure(kind="unreadable", row=number, detail=f"nothing can be read after this row: {explain(error)}")
    finally:
        source.close()


def _sniff_binary(source: ByteSource) -> str | None:
    if source.head.startswith(b"PAR1"):
        return "parquet"
    if source.head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return "xlsx"
    return None


def _refuse_binary(source: ByteSource, lines: Sequence[str]) -> None:
    start = "".join(itertools.islice(lines, 200))[:20_000]
    odd = sum(char < " " and char not in "\t\r\n\f" for char in start)
    if source.head.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8")) or odd > max(0.1 * len(start), 100):
        raise InputError("is not a table and not text", file=source.name, hint=f"Readable are {', '.join(FORMATS)}.")


def _sniff_text(source: ByteSource, lines: Sequence[str]) -> str:
    name = source.path.name.lower().removesuffix(".gz") if source.path is not None else ""
    suffix = Path(name).suffix
    known = _SUFFIXES.get(suffix)
    filled = [line.strip() for line in lines if line.strip()]
    if known in ("json", None) and filled and filled[0][0] in "{[":
        return "jsonl" if _is_json(filled[0]) and filled[0][0] == "{" else "json"
    if known in ("csv", "tsv", "jsonl", "json", "text"):
        return known
    if any(_STARS_LINE.match(line) for line in filled[:20]):
        return "lines"
    dialect = delimited.find_dialect(lines)
    if delimited.is_named(lines, dialect):
        return "csv"
    if suffix != ".txt" and (dialect.width > 1 or (filled and is_known_name(filled[0]))):
        return "csv"
    return "lines" if _is_list(lines) else "text"


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _is_list(lines: Sequence[str]) -> bool:
    """Tell one record per line from a document: a document has paragraphs, or lines broken at the same width."""
    filled = [line.strip() for line in lines if line.strip()]
    if len(filled) < 3 or len(lines) - len(filled) > 0.2 * len(lines):
        return False
    going_on = sum(line[0].islower() for line in filled[1:])
    lengths = sorted(map(len, filled))
    middle = lengths[len(lengths) // 2]
    return not (going_on > 0.3 * len(filled) and 40 <= middle <= 120 and middle >= 0.7 * lengths[-1])


def _open_delimited(text: TextSource, lines: Sequence[str], format: str, header: bool | None) -> Sheet:  # noqa: A002
    given = re.fullmatch(r'"?sep=(.)"?\s*', lines[0]) if lines else None  # Excel's own way to name the delimiter
    body = lines[1:] if given else lines
    tabs = format == "tsv" and any("\t" in line for line in body)
    choice = (given[1],) if given else ("\t",) if tabs else delimited.DELIMITERS
    dialect = delimited.find_dialect(body, delimiters=choice)
    sample = delimited.read_rows(iter(enumerate(body, 1)), dialect)
    rows = [row.cells for row in itertools.islice(sample, 200) if not isinstance(row, Failure)]
    if not rows:
        raise InputError("holds no rows", file=text.bytes.name)
    named = delimited.has_header(rows) if header is None else header
    width = max(len(rows[0]), dialect.width)
    names = delimited.name_columns([*rows[0], *[""] * (width - len(rows[0]))] if named else [""] * width)
    numbered = itertools.islice(text.lines(), 1 if given else 0, None)
    all_rows = delimited.read_rows(numbered, dialect._replace(width=width))
    return Sheet(
        format,
        _name_cells(all_rows, names, skip=named),
        names,
        delimiter=None if dialect.delimiter == delimited.NO_DELIMITER else dialect.delimiter,
        has_header=named,
        notes=() if named else ("the first row is read as data: it does not look like a header",),
    )


def _name_cells(rows: Iterator[delimited.RawRow | Failure], names: Sequence[str], *, skip: bool) -> Rows:
    for row in rows:
        if isinstance(row, Failure):
            yield row
        elif skip:
            skip = False
        elif len(row.cells) < len(names) or any(cell.strip() for cell in row.cells[len(names) :]):
            detail = f"has {len(row.cells)} cells where the header has {len(names)}"
            yield Failure(kind="bad_row", row=row.line, detail=detail)
        else:
            yield Row(row.line, dict(zip(names, row.cells, strict=False)))


def _json_lines(text: TextSource) -> Rows:
    for number, line in text.lines():
        if line.strip():
            yield _json_row(number, lambda line=line: json.loads(line.rstrip()))  # type: ignore[misc]


def _json_row(number: int, load: Callable[[], object]) -> Row | Failure:
    try:
        value = load()
    except (ValueError, RecursionError) as error:
        reason = (
            f"{error.msg.removesuffix(' at')} at character {error.pos + 1}"
            if isinstance(error, json.JSONDecodeError)
            else "too deep or too large"
        )
        return Failure(kind="bad_row", row=number, detail=f"is not JSON: {reason}")
    if not isinstance(value, Mapping):
        return Failure(kind="bad_row", row=number, detail=f"is a JSON {type(value).__name__}, not an object")
    return Row(number, flatten(value))


def _json_document(text: TextSource) -> Rows:
    """Read a whole JSON document: a list of objects, an object that holds one, or one object. Large data are JSONL."""
    try:
        value = json.loads("".join(line for _, line in text.lines()))
    except (ValueError, RecursionError) as error:
        where = error if isinstance(error, json.JSONDecodeError) else None
        reason = f"is not JSON: {where.msg} in column {where.colno}" if where else "is not JSON"
        raise InputError(reason, file=text.bytes.name, row=where.lineno if where else None) from None
    if isinstance(value, Mapping):
        lists = [
            member
            for member in value.values()
            if isinstance(member, list) and member and isinstance(member[0], Mapping)
        ]
        conversation = any(key in value for key in ("messages", "conversations"))
        value = lists[0] if len(lists) == 1 and not conversation else [value]
    if not isinstance(value, list):
        raise InputError(f"is a JSON {type(value).__name__}, not a list of objects", file=text.bytes.name)
    return (_json_row(number, lambda item=item: item) for number, item in enumerate(value, 1))  # type: ignore[misc]


def _lines(text: TextSource) -> Rows:
    """Read one record per line, with an optional "stars #### " before the text. Blank lines are no records."""
    for number, line in text.lines():
        line = line.rstrip("\r\n")
        if is_blank(line):
            continue
        starred = _STARS_LINE.match(line)
        yield Row(number, {"rating": starred[1], "text": starred[2]} if starred else {"text": line})


def _document(text: TextSource) -> Rows:
    yield Row(None, {"text": _whole(text)})


def _whole(text: TextSource) -> str:
    parts: list[str] = []
    size = 0
    for _, line in text.lines():
        parts.append(line)
        size += len(line)
        if size > MAX_LINE:
            break
    return "".join(parts)


def _open_folder(folder: Path) -> Sheet:
    names = sorted(
        path.relative_to(folder).as_posix()
        for parent, folders, files in os.walk(folder, onerror=None)
        for path in (Path(parent, file) for file in files)
        if path.suffix.lower() in _DOCUMENT_SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not names:
        raise InputError(
            "holds no .txt or .md files", file=str(folder), hint="Name a table file itself to read it, not its folder."
        )
    return Sheet("folder", _folder_rows(folder, names), ("id", "text"), has_header=False)


def _folder_rows(folder: Path, names: Sequence[str]) -> Rows:
    for name in names:
        file = folder / name
        try:
            if file.stat().st_size == 0:
                yield Row(None, {"id": name, "text": ""}, str(file))
                continue
            source = ByteSource(file)
        except (OSError, GistillError) as error:
            yield Failure(
                kind="unreadable", record=name, detail=explain(error) if isinstance(error, OSError) else str(error)
            )
            continue
        try:
            yield Row(None, {"id": name, "text": _whole(TextSource(source))}, str(file))
        except READ_ERRORS as error:
            yield Failure(kind="unreadable", record=name, detail=explain(error))
        finally:
            source.close()
