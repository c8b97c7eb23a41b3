"""What `gistill annotate` reads: a table of one's own, or the texts of a public set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gistill.cli.source import open_source

if TYPE_CHECKING:
    from gistill.distill.tasks import Item
    from gistill.schema import Failure, Record

SET = "set:"


class Source(NamedTuple):
    """Records to ask about, to be gone through once."""

    name: str
    licence: str
    records: Iterator[Record | Item | Failure]


def open_records(
    file: str,
    columns: Mapping[str, str],
    table_format: str | None,
    encoding: str | None,
    *,
    data: Path | None,
    say: Callable[[str], None],
) -> Source:
    """Open a table, or a public set by its name after "set:".

    Raises:
        InputError: It cannot be read.
        SettingError: No set has that name, or the folder of public data is not given.
    """
    if not file.startswith(SET):
        table = open_source(file, columns, table_format, encoding, say=say)
        return Source("standard input" if file == "-" else Path(file).name, "", iter(table.records()))
    from gistill.corpora import index
    from gistill.errors import SettingError
    from gistill.schema import Record

    name = file.removeprefix(SET)
    if data is None:
        raise SettingError(f"the set {name!r} needs the folder of public data", hint="Give it with --data.")
    found = index.load(name, folder=data)
    records = (Record(id=f"{name}#{n}", text=example.text) for n, example in enumerate(found))
    return Source(name, index.licence(name), records)
