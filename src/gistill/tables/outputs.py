"""Items out to JSONL and CSV, and JSONL back in as the nouns they are."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO, TypeVar

from pydantic import BaseModel, ValidationError

from gistill.errors import InputError
from gistill.files import replacing
from gistill.tables.shapes.sources import READ_ERRORS, ByteSource, TextSource, explain
from gistill.tables.values import cell_text
from gistill.text import clean

Model = TypeVar("Model", bound=BaseModel)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_PLAIN_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?%?")


def write_jsonl(path: str | Path, items: Iterable[BaseModel | Mapping[str, object]], *, private: bool = False) -> int:
    """Write one JSON object per line, all of them or nothing: a file that was there stays until the new one is whole.

    Args:
        path: The file; gzipped if it ends in .gz. Its folder must exist.
        items: Nouns or plain mappings; taken one at a time.
        private: Whether only the file's owner may read it.

    Returns:
        How many were written. The same items give the same bytes, gzipped too.

    Raises:
        InputError: The file cannot be written.
    """
    count = 0
    with _replacing(Path(path), private=private) as file:
        for item in items:
            line = item.model_dump_json() if isinstance(item, BaseModel) else json.dumps(item, ensure_ascii=False)
            file.write(line + "\n")
            count += 1
    return count


def read_jsonl(path: str | Path, type: type[Model]) -> Iterator[Model]:  # noqa: A002
    """Read what `write_jsonl` wrote, one noun at a time.

    Raises:
        InputError: The file is missing or damaged (at once), or a line is not such a noun (when it is reached; it names
            the row and, where one field is to blame, the field). An empty file is no error: it holds nothing.
    """
    if Path(path).is_file() and not Path(path).stat().st_size:
        return iter(())
    return _read_models(ByteSource(path), type)


def _read_models(source: ByteSource, model: type[Model]) -> Iterator[Model]:
    try:
        for number, line in TextSource(source, "utf-8").lines():
            if not line.strip():
                continue
            try:
                yield model.model_validate_json(line)
            except ValidationError as error:
                first = error.errors(include_url=False, include_input=False)[0]
                field = ".".join(map(str, first["loc"])) or None
                raise InputError(
                    f"is not a {model.__name__}: {first['msg']}", file=source.name, row=number, column=field
                ) from None
    except READ_ERRORS as error:
        raise InputError(f"cannot be read: {explain(error)}", file=source.name) from error
    finally:
        source.close()


def write_csv(path: str | Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Write a CSV file that a spreadsheet opens as text and numbers, never as formulas; whole or not at all.

    A text cell that starts with =, +, -, @, a tab or a line break gets an apostrophe before it, because a review may be
    written to be executed. Numbers, and text that is nothing but a number, stay as they are. UTF-8 with a byte order
    mark, without which Excel reads another encoding.

    Returns:
        How many rows were written, without the header.

    Raises:
        InputError: The file cannot be written.
        ValueError: A row is not as wide as the header.

    Source:
        OWASP, CSV Injection.
    """
    count = -1
    with _replacing(Path(path)) as file:
        file.write("\ufeff")
        for line in csv_lines(header, rows):
            file.write(line)
            count += 1
    return count


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Give the rows that `write_csv` writes as text, the header first, each with its end (CR and LF).

    Raises:
        ValueError: A row is not as wide as the header.
    """
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\r\n")
    for number, row in enumerate(itertools.chain([header], rows)):
        if len(row) != len(header):
            raise ValueError(f"row {number} has {len(row)} cells, the header {len(header)}")
        writer.writerow([_safe(cell) for cell in row])
        yield held.getvalue()
        held.seek(0)
        held.truncate()


def _safe(cell: object) -> str:
    text = clean(cell_text(cell))
    if isinstance(cell, int | float) or _PLAIN_NUMBER.fullmatch(text):
        return text
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


@contextlib.contextmanager
def _replacing(path: Path, *, private: bool = False) -> Iterator[TextIO]:
    """Open a file beside `path` that takes its place when the block ends, and goes away when it fails."""
    try:
        with contextlib.ExitStack() as stack:
            raw = stack.enter_context(replacing(path, private=private))
            binary = stack.enter_context(gzip.GzipFile("", "wb", fileobj=raw, mtime=0)) if path.suffix == ".gz" else raw
            file = stack.enter_context(io.TextIOWrapper(binary, "utf-8", newline=""))
            yield file
    except OSError as error:
        raise InputError(f"cannot be written: {explain(error)}", file=str(path)) from error
