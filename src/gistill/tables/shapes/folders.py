"""Folders: of texts, one record a file, or of tables."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from gistill.errors import GistillError, InputError
from gistill.schema import Failure
from gistill.tables.shapes.limits import MAX_FILES
from gistill.tables.shapes.sheets import Row, Rows, Sheet
from gistill.tables.shapes.sources import READ_ERRORS, ByteSource, TextSource, explain
from gistill.tables.shapes.texts import read_whole

_TEXTS = (".txt", ".md")
_TABLES = (
    ".csv", ".tsv", ".tab", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".eml",
    ".mbox", ".zip", ".html", ".htm", ".xml",
)  # fmt: skip


def is_readable(name: str) -> bool:
    """Say whether a file by this name may be a table or a text: by its ending, or because it has none."""
    name = name.lower().removesuffix(".gz")
    return name.endswith((*_TEXTS, *_TABLES)) or "." not in name.rpartition("/")[2]


def text_names(folder: Path) -> list[str]:
    """Name the texts in a folder and the folders in it, sorted, without hidden ones."""
    return _names(folder, _TEXTS)


def table_names(folder: Path) -> list[str]:
    """Name the tables in a folder and the folders in it, sorted, without hidden ones.

    Raises:
        InputError: There are more than `MAX_FILES`.
    """
    names = _names(folder, _TABLES)
    if len(names) > MAX_FILES:
        raise InputError(f"holds {len(names):,} tables; at most {MAX_FILES:,} are read", file=str(folder))
    return names


def _names(folder: Path, suffixes: Sequence[str]) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix()
        for parent, _, files in os.walk(folder, onerror=None)
        for path in (Path(parent, file) for file in files)
        if path.name.lower().removesuffix(".gz").endswith(tuple(suffixes))
        and not any(part.startswith((".", "~$")) for part in path.relative_to(folder).parts)
    )


def open_documents(folder: Path, names: Sequence[str]) -> Sheet:
    """Open a folder of texts, one record a file, with the file's name as its id.

    Raises:
        InputError: It holds none.
    """
    if not names:
        raise InputError(
            "holds no .txt or .md files and no tables",
            file=str(folder),
            hint="Name a table file itself to read it, not its folder.",
        )
    return Sheet("folder", _rows(folder, names), ("id", "text"), has_header=False)


def _rows(folder: Path, names: Sequence[str]) -> Rows:
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
            yield Row(None, {"id": name, "text": read_whole(TextSource(source))}, str(file))
        except READ_ERRORS as error:
            yield Failure(kind="unreadable", record=name, detail=explain(error))
        finally:
            source.close()
