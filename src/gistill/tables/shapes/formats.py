"""Which form a source has, and the way from there to a `Sheet`."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Unpack, cast

from gistill.errors import InputError, SettingError
from gistill.schema import Failure
from gistill.tables.columns import is_known_name
from gistill.tables.shapes import archives, chats, delimited, jsons, mail, markup, texts
from gistill.tables.shapes.csvs import open_delimited
from gistill.tables.shapes.folders import is_readable, open_documents, table_names, text_names
from gistill.tables.shapes.frames import is_frame, open_frame
from gistill.tables.shapes.parquet import open_parquet
from gistill.tables.shapes.several import Table, close_rows, open_tables
from gistill.tables.shapes.sheets import Layout, Row, Rows, Sheet, Source, source_name
from gistill.tables.shapes.sources import READ_ERRORS, ByteSource, TextSource, explain
from gistill.tables.shapes.workbooks import open_workbook

FORMATS = (
    "csv", "tsv", "jsonl", "json", "parquet", "xlsx", "html", "xml", "mbox", "eml", "zip", "chat", "fields", "lines",
    "paragraphs", "text", "folder",
)  # fmt: skip
_TRIED = 500  # failures, before a source without a row is passed on
_SUFFIXES = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".md": "text"
}  # fmt: skip
# An object, a list of objects, lists or texts, or either behind a script's assignment; not "[10:12] Hello".
_JSON = re.compile(r"""(?:[\w.$ ]+[=(]\s*)?(?:\{\s*(?:$|["'}])|\[\s*(?:$|[\[{"']))""")
_REFUSED = (
    (b"%PDF", "a PDF"), (b"\x89PNG", "a picture"), (b"\xff\xd8\xff", "a picture"), (b"GIF8", "a picture"),
    (b"Rar!", "a RAR archive"), (b"7z\xbc\xaf\x27\x1c", "a 7z archive"), (b"SQLite format 3", "a data base"),
    (b"{\\rtf", "a document of a word processor"),
)  # fmt: skip


def open_sheet(source: Source, **how: Unpack[Layout]) -> Sheet:
    """Find out what a source is and make it ready to be read.

    Args:
        source: A file, a folder, "-" for standard input, several files that are read as one, or a data frame.
        **how: What is said of a file's form; what is not said goes by the first bytes, then the name, then the look of
            the first lines.

    Raises:
        InputError: Missing, unreadable, empty, a header without rows, or nothing that can be read as a table.
        SettingError: The format or the encoding is not known, or there is no such sheet, header row or path.
    """
    if is_frame(source):
        return open_frame(source)
    format = how.get("format")  # noqa: A001 - the word users know
    if format is not None and format not in FORMATS:
        raise SettingError(f"{format!r} is not a format", hint=f"Formats are {', '.join(FORMATS)}.")
    paths = [source] if isinstance(source, str | Path) else list(cast("Sequence[str | Path]", source))
    if not paths:
        raise InputError("no file is named")
    if len(paths) > 1:
        tables = [Table(str(path), lambda path=path: open_sheet(path, **how)) for path in paths]  # type: ignore[misc]
        return open_tables(tables, file=source_name(source), named=True)
    path = paths[0]
    if str(path) != "-" and Path(path).is_dir():
        if format not in (None, "folder"):
            raise InputError(f"is a folder, not a {format} file", file=str(path))
        return _open_folder(Path(path), how)
    if format == "folder":
        raise InputError("is not a folder", file=str(path))
    return _open_source(ByteSource(path), how)


def _open_folder(folder: Path, how: Layout) -> Sheet:
    documents, tables = text_names(folder), table_names(folder)
    if not tables or len(documents) >= len(tables):
        return open_documents(folder, documents)
    inside: Layout = {**how, "format": None}
    opened = [Table(name, lambda name=name: open_sheet(folder / name, **inside)) for name in tables]  # type: ignore[misc]
    sheet = open_tables(opened, file=str(folder))
    one = len(documents) == 1
    said = f"{len(documents)} text {'file is' if one else 'files are'} not read, because the folder holds tables"
    note = (said,) if documents else ()
    return replace(sheet, notes=(*sheet.notes, *note))


def _open_source(opened: ByteSource, how: Layout) -> Sheet:
    try:
        sheet = _open_file(opened, how)
        first = _until_row(sheet.rows, opened.name)
    except BaseException as error:
        opened.close()
        if isinstance(error, READ_ERRORS):
            raise InputError(f"cannot be read: {explain(error)}", file=opened.name) from error
        raise
    if not first:
        opened.close()
        raise InputError("has a header and no rows" if sheet.header else "holds no rows", file=opened.name)
    return replace(sheet, rows=_guarded(itertools.chain(first, sheet.rows), sheet.rows, opened))


def _until_row(rows: Rows, file: str) -> list[Row | Failure]:
    """Read up to the first row; say what is wrong with the first failure where there is no row at all."""
    first: list[Row | Failure] = []
    for item in rows:
        first.append(item)
        if isinstance(item, Row) or len(first) == _TRIED:
            return first
    if first and isinstance(first[0], Failure):
        raise InputError(first[0].detail or first[0].kind, file=file, row=first[0].row)
    return first


def _open_file(source: ByteSource, how: Layout) -> Sheet:
    format = how.get("format")  # noqa: A001
    binary = _sniff_binary(source) if format in (None, "xlsx", "zip") else None
    if format == "parquet" or (format is None and binary == "parquet"):
        return open_parquet(source)
    if binary == "document":
        raise InputError(
            "is a document of a word processor or slides, not a table", file=source.name, hint="Save it as text or CSV."
        )
    if format == "zip" or (format is None and binary == "zip"):
        return _open_archive(source, how)
    if binary is not None:
        return open_workbook(source, how)
    if format in ("mbox", "eml") or (format is None and (found := mail.sniff(source.head))):
        return mail.open_mail(source, mailbox=(format or found) == "mbox")
    text = TextSource(source, how.get("encoding"))
    lines = text.sample()
    _refuse_binary(source, lines)
    sheet = _open_text(text, lines, _sniff_text(source, lines) if format in (None, "xlsx") else format, how)
    return replace(sheet, encoding=text.encoding.removesuffix("-sig"), text=text)


def _open_text(text: TextSource, lines: Sequence[str], format: str, how: Layout) -> Sheet:  # noqa: A002
    match format:
        case "csv" | "tsv":
            return open_delimited(text, lines, format, how)
        case "jsonl":
            return jsons.open_lines(text, lines, how.get("records"))
        case "json":
            return jsons.open_document(text, how.get("records"))
        case "html":
            return markup.open_html(text, how)
        case "xml":
            return markup.open_xml(text, how)
        case "chat":
            return chats.open_chat(text, timed=chats.is_chat(lines))
        case "fields":
            return texts.open_fields(text)
        case "lines":
            return texts.open_lines(text, lines)
        case "paragraphs":
            return texts.open_paragraphs(text)
        case _:
            return texts.open_document(text)


def _open_archive(source: ByteSource, how: Layout) -> Sheet:
    handle = source.seekable()
    members, left = archives.list_members(handle, source.name)
    tables = [member for member in members if is_readable(member.name)]
    if others := [member.name for member in members if member not in tables]:
        left.insert(0, f"not read, because they are no tables: {', '.join(others[:10])}")
    members = tables
    if not members:
        raise InputError(f"is an archive without a file that can be read: {left[0]}", file=source.name)
    documents = [member for member in members if member.name.lower().endswith((".txt", ".md"))]
    if len(documents) > 1 and len(documents) > 0.5 * len(members):
        how = {**how, "format": "text"}
        members = documents
    inside: Layout = {**how, "format": None if how.get("format") == "zip" else how.get("format")}
    opened = [
        Table(
            member.name,
            lambda member=member: _open_source(archives.open_member(handle, member, source.name), inside),  # type: ignore[misc]
        )
        for member in members
    ]
    sheet = open_tables(opened, file=source.name)
    return replace(sheet, notes=(*sheet.notes, *left[:5]))


def _guarded(rows: Rows, inner: Rows, source: ByteSource) -> Rows:
    """Pass rows on; turn a source that breaks off into one last failure, and close it in the end."""
    number: int | None = None
    try:
        for row in rows:
            number = row.row if isinstance(row, Failure) else row.number
            yield row
    except READ_ERRORS as error:
        yield Failure(kind="unreadable", row=number, detail=f"nothing can be read after this row: {explain(error)}")
    finally:
        close_rows(inner)
        source.close()


def _sniff_binary(source: ByteSource) -> str | None:
    if source.head.startswith(b"PAR1"):
        return "parquet"
    if source.head.startswith(b"PK\x03\x04") or source.head.startswith(b"PK\x05\x06"):
        suffix = source.path.suffix.lower() if source.path is not None else ""
        return "workbook" if suffix in (".xlsx", ".xlsm", ".xlsb", ".ods") else archives.kind_of(source)
    return "workbook" if source.head.startswith(b"\xd0\xcf\x11\xe0") else None


def _refuse_binary(source: ByteSource, lines: Sequence[str]) -> None:
    start = "".join(itertools.islice(lines, 200))[:20_000]
    odd = sum(char < " " and char not in "\t\r\n\f\x01" for char in start)
    known = next((what for mark, what in _REFUSED if source.head.startswith(mark)), None)
    if known or odd > max(0.1 * len(start), 100):
        what = f" (it is {known})" if known else ""
        raise InputError(
            f"is not a table and not text{what}", file=source.name, hint=f"Readable are {', '.join(FORMATS)}."
        )


def _sniff_text(source: ByteSource, lines: Sequence[str]) -> str:
    name = source.path.name.lower().removesuffix(".gz") if source.path is not None else ""
    suffix = Path(name).suffix
    known = _SUFFIXES.get(suffix)
    filled = [line.strip() for line in lines if line.strip()]
    first = filled[0].lstrip("\ufeff") if filled else ""
    if first[:1] == "<" and (found := markup.sniff("".join(lines[:200]))) and known not in ("csv", "tsv", "text"):
        return found
    begins = first[:1] in ("{", "[") if known in ("json", "jsonl") else False
    if known in ("json", "jsonl", None) and (begins or _JSON.match(first)):
        return _sniff_json(lines, first, known)
    if known in ("csv", "tsv", "jsonl", "json", "text"):
        return known
    return _sniff_plain(lines, first, suffix)


def _sniff_json(lines: Sequence[str], first: str, known: str | None) -> str:
    if jsons.looks_like_lines(lines):
        return "jsonl"
    if known == "jsonl" and (first == "" or first[:1] == "{") and len(lines) == 1:
        return "jsonl"
    return "json"


def _sniff_plain(lines: Sequence[str], first: str, suffix: str) -> str:
    if texts.is_starred([line.strip() for line in lines if line.strip()][:20]):
        return "lines"
    if chats.is_chat(lines):
        return "chat"
    dialect = delimited.find_dialect(lines)
    if delimited.is_named(lines, dialect):
        return "csv"
    if texts.is_labelled(lines) or texts.is_dated(lines):
        return "lines"
    if texts.is_fields(lines):
        return "fields"
    if chats.is_transcript(lines):
        return "chat"
    if suffix != ".txt" and (dialect.width > 1 or (first and is_known_name(first))):
        return "csv"
    if dialect.width > 1 and dialect.delimiter not in (",", ";") and dialect.agreement >= 0.95:
        return "csv"
    if texts.is_list(lines):
        return "lines"
    return "paragraphs" if texts.is_paragraphs(lines) else "text"
