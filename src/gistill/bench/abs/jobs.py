"""One system on one set of summaries: how its texts come about."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, get_args

from gistill.bench.abs import baselines
from gistill.bench.abs.sets import SummarySet
from gistill.bench.benchmark import Job, Settings
from gistill.bench.models import Models
from gistill.bench.systems import Chooser, Member
from gistill.corpora.summaries import fewsum
from gistill.errors import InputError, SettingError
from gistill.files import hash_bytes, hash_json

_LIBRARIES = {"lexrank": ("sumy",), "textrank": ("sumy",), "centroid": ("openvino",)}


def why_not(member: Member, on: SummarySet) -> str:
    """Say why a system cannot do a set; empty where it can."""
    if member.kind in get_args(Chooser):
        without = member.kind == "oracle" and not all(task.references for task in on.examples)
        return "the oracle needs references" if without else ""
    if member.kind == "recorded":
        return "" if on.name.startswith("fewsum/") else "nothing was recorded for this set"
    return "" if member.kind == "answers" else f"{member.kind} writes no summaries here; give its texts as answers:FILE"


def job(member: Member, on: SummarySet, _models: Models, settings: Settings) -> Job:
    """Prepare a system for a set; nothing is loaded and nothing asked.

    Raises:
        InputError: A file of answers cannot be read, or lacks some.
        SettingError: There is no such recorded pipeline.
    """
    if member.kind == "answers":
        path = Path(member.path or "")
        return _given(on, read_answers(path), hash_bytes(path.read_bytes()), str(path))
    if member.kind == "recorded":
        if settings.data is None:
            raise SettingError("recorded summaries need the folder of public data", hint="Give it with --data.")
        texts = fewsum.recorded(member.path or "", folder=settings.data)
        return _given(on, texts, hash_json(sorted(texts.items())), f"recorded:{member.path}")
    decided_by: dict[str, Any] = {
        "set": on.hash,
        "kind": member.kind,
        "seed": member.seed,
        "version": baselines.VERSION,
        "engines": {name: _version(name) for name in _LIBRARIES.get(member.kind, ())},
    }
    if member.kind == "oracle":
        decided_by["references"] = hash_json([task.references for task in on.examples])
    if member.kind == "centroid":
        decided_by["weights"] = baselines.encoder().hash

    def ask(start: int, end: int) -> tuple[list[Any], float]:
        began = time.perf_counter()
        tasks = on.examples[start:end]
        texts = [baselines.summarize(member.kind, task, on.length(task), seed=member.seed) for task in tasks]
        return texts, time.perf_counter() - began

    return Job(decided_by, ask, _same)


def _same(_: int, reply: Any) -> str:
    return str(reply)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _given(on: SummarySet, texts: dict[str, str], hash: str, file: str) -> Job:  # noqa: A002
    missing = [task.id for task in on.examples if task.id not in texts]
    if missing:
        raise InputError(
            f"has no summary of {len(missing)} of the {len(on.examples)} tasks of {on.name} (the first: {missing[0]})",
            file=file,
        )
    replies = [texts[task.id] for task in on.examples]
    ask: Callable[[int, int], tuple[list[Any], float]] = lambda start, end: (list(replies[start:end]), 0.0)  # noqa: E731
    return Job({"set": on.hash, "file": hash[:16]}, ask, _same)


def read_answers(path: Path) -> dict[str, str]:
    """Read any system's summaries: JSON lines `{"id": TASK, "summary": TEXT}`.

    Raises:
        InputError: The file cannot be read, or a line is none.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("cannot be read", file=str(path)) from error
    found: dict[str, str] = {}
    for row, line in enumerate(lines, 1):
        if line.strip():
            try:
                given = json.loads(line)
                found[str(given["id"])] = str(given["summary"]).strip()
            except (ValueError, KeyError, TypeError) as error:
                hint = 'A line is {"id": TASK, "summary": TEXT}.'
                raise InputError("no summary", file=str(path), row=row, hint=hint) from error
    return found
