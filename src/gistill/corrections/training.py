"""Corrections to rows of marks: one for each sentence, with all that was corrected in it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gistill.corrections.form import HIDDEN, OF_POINTS, HandCorrection, Mark, load, ordered, together


def is_corrections(path: Path) -> bool:
    """Say whether a file holds corrections, by its first line; other rows of marks name no kind of correction.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        first = next((line for line in file if line.strip()), "")
    try:
        row = json.loads(first)
    except ValueError:
        return False
    return isinstance(row, dict) and "kind" in row


def training_rows(path: Path) -> list[dict[str, Any]]:
    """Make rows of marks of a file of corrections (docs/marking.md).

    An opinion of such a sentence that nobody looked at stands as the reader read it. Sentences with hidden names, and
    corrections of points, are left out.

    Raises:
        InputError: The file is damaged.
    """
    sentences: dict[tuple[str | None, tuple[int, int] | None, tuple[str, ...]], list[HandCorrection]] = {}
    for one in together(load(path)):
        if one.kind not in OF_POINTS and one.sentences and HIDDEN not in one.sentences[0]:
            sentences.setdefault((one.record, one.at, one.sentences), []).append(one)
    return [_row(some) for some in sentences.values()]


def _row(some: Sequence[HandCorrection]) -> dict[str, Any]:
    last = some[-1]
    return {
        "id": last.id,
        "group": last.record or last.id,
        "domain": last.domain,
        "language": last.language,
        "part": last.part if last.part in ("train", "dev", "test") else "train",
        "sentences": list(last.sentences),
        "opinions": [json.loads(mark.model_dump_json()) for mark in all_together(some)],
    }


def all_together(some: Sequence[HandCorrection]) -> tuple[Mark, ...]:
    """Give the opinions of one sentence with all its corrections, of which a later one counts before an earlier one."""
    now: list[tuple[Mark, Mark | None]] = [(mark, mark) for mark in some[-1].read]
    for one in some:
        if one.kind == "sentence":
            now = [(mark, mark) for mark in one.opinions or ()]
        elif one.kind == "missing":
            now += [(one.mark, one.mark)] if one.mark and all(not _same(one.mark, was) for was, _ in now) else []
        else:
            was = next((n for n, (was, _) in enumerate(now) if one.was and _same(one.was, was)), None)
            if was is not None:
                now[was] = (now[was][0], _changed(now[was][1] or now[was][0], one))
    return ordered(mark for _, mark in now if mark is not None)


def _same(one: Mark, other: Mark) -> bool:
    return (one.aspect_at, one.opinion_at) == (other.aspect_at, other.opinion_at)


def _changed(mark: Mark, one: HandCorrection) -> Mark | None:
    """Give a mark as a correction says it is; None where nobody said this."""
    if one.kind == "nobody said this":
        return None
    fields = {"polarity": ("level",), "category": ("category",), "aspect": ("aspect", "aspect_at")}
    fields |= {"span": ("opinion", "opinion_at")}
    new = {name: getattr(one.mark, name) for name in fields.get(one.kind, ())} if one.mark else {}
    return mark.model_copy(update=new)
