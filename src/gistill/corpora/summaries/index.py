"""Every set of summaries by name: "corpus/part", or "oasum:FILE" and "tasks:FILE" for files of one's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from gistill.corpora import tweetsumm
from gistill.corpora.summaries import aclsum, fewsum, oasum, opinosis, qmsum, space
from gistill.errors import InputError, SettingError
from gistill.task import Evidence, SummaryTask

_FILES = ("oasum", "oasum-frequent", "oasum-rare", "oasum-random", "tasks")


def names() -> list[str]:
    """Give the names of the public sets, sorted."""
    return sorted(_public())


def load(name: str, *, folder: Path | None) -> list[SummaryTask]:
    """Load a set.

    Args:
        name: One of `names()`, or a kind of file and a path: "tasks:FILE", "oasum:FILE" and, for its aspects by how
            often they are asked, "oasum-frequent:FILE", "oasum-rare:FILE", "oasum-random:FILE".
        folder: The data folder; None where only files of one's own are read.

    Raises:
        SettingError: No such set, or no folder of public data.
        InputError: A file is missing, is not the published one, or is not in the format.
    """
    kind, _, path = name.partition(":")
    if kind in _FILES and path:
        if kind == "tasks":
            return read_tasks(Path(path))
        found = oasum.load(Path(path))
        which = kind.partition("-")[2]
        return oasum.variant(found, which) if which else found  # type: ignore[arg-type]
    if name not in _public():
        raise SettingError(f"no set {name!r}", hint=f"One of: {', '.join(names())}; or oasum:FILE or tasks:FILE.")
    if folder is None:
        raise SettingError(f"the set {name!r} needs the folder of public data", hint="Give it with --data.")
    return _public()[name](folder=folder)


def _public() -> dict[str, Callable[..., list[SummaryTask]]]:
    found: dict[str, Callable[..., list[SummaryTask]]] = {"opinosis": opinosis.load}
    found |= {f"space/{part}": partial(space.load, part) for part in space.PARTS}
    for corpus, module in (("fewsum", fewsum), ("aclsum", aclsum), ("qmsum", qmsum)):
        found |= {f"{corpus}/{part}": partial(module.load, part) for part in module.PARTS}
    return found | {f"tweetsumm/{part}": partial(_tweetsumm, part) for part in tweetsumm.PARTS}


def _tweetsumm(part: str, *, folder: Path) -> list[SummaryTask]:
    return [
        SummaryTask(
            id=one.id,
            sources=tuple(f"{turn.speaker}: {turn.text}" for turn in one.turns),
            shape="conversation",
            references=one.references,
        )
        for one in tweetsumm.load(part, folder=folder)
    ]


def read_tasks(path: Path) -> list[SummaryTask]:
    """Read tasks of one's own, one JSON object a line.

    A line has `id` and `sources` (texts), and may have `shape`, `asked`, `references`, `evidence` (`[source, start,
    end]` each), `title`, `domain` and `group`.

    Raises:
        InputError: The file cannot be read, or a line is no task.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("cannot be read", file=str(path)) from error
    return [_task(line, row, path) for row, line in enumerate(lines, 1) if line.strip()]


def _task(line: str, row: int, path: Path) -> SummaryTask:
    try:
        given = json.loads(line)
        sources = tuple(map(str, given["sources"]))
        marked = given.get("evidence")
        evidence = None if marked is None else tuple(Evidence(*map(int, one)) for one in marked)
        if not sources or any(not 0 <= e.start <= e.end <= len(sources[e.source]) for e in evidence or ()):
            raise ValueError("evidence lies outside of its source")
        return SummaryTask(
            id=str(given["id"]),
            sources=sources,
            shape=given.get("shape", "reviews" if len(sources) > 1 else "document"),
            asked=str(given.get("asked", "")),
            references=tuple(map(str, given.get("references", ()))),
            evidence=evidence,
            title=str(given.get("title", "")),
            domain=str(given.get("domain", "")),
            group=str(given.get("group", "")),
        )
    except (ValueError, KeyError, TypeError, IndexError) as error:
        hint = 'A line is {"id": ..., "sources": [TEXT], "references": [TEXT]}.'
        raise InputError("no task of summarizing", file=str(path), row=row, hint=hint) from error
