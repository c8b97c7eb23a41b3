"""What is read of a source and what is not, in two sentences: for a terminal, and for a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gistill.tables.info import TableInfo

_MOST = 12  # columns that are listed


def tell(info: TableInfo, *, path: bool = True) -> tuple[str, ...]:
    """Say what a source was taken for and which columns are read, and, where there are others, what becomes of them.

    Args:
        info: What was found out.
        path: Whether to write the whole path of the file; a report that is sent on tells the file's name only.
    """
    file = info.file if path or info.file == "-" else Path(info.file).name
    name = "standard input" if info.file == "-" else file
    how = ", ".join(part for part in (info.format, info.encoding) if part)
    roles = [f"text = {' + '.join(map(repr, info.texts))}"] if info.texts != ("text",) and info.texts else []
    roles += ["text"] if info.texts == ("text",) else []
    for role, column in info.columns.items():
        if role != "text":
            roles.append(role if role == column else f"{role} = {column!r}")
    roles += [f"question = {info.question!r}"] if info.question is not None else []
    roles += [f"other ratings = {' + '.join(map(repr, info.ratings))}"] if info.ratings else []
    first = f"Reading {name} ({how}): {', '.join(roles)}." if roles else f"Reading {name} ({how})."
    second = _others(info)
    return (first, second) if second else (first,)


def _others(info: TableInfo) -> str:
    unread = [f"{column!r} ({why})" for column, why in info.unread.items()]
    used = {*info.columns.values(), *info.texts, *info.ratings, *info.unread, info.question}
    free = [repr(name) for name in info.header if name not in used and name]
    said = [f"not read: {_listed(unread)}"] if unread else []
    said += [f"for --by: {_listed(free)}"] if free else []
    text = "; ".join(said)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST:,} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more
