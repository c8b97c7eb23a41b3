"""Every case file gives what the answer key says of it.

The case files are not in the repository: `GISTILL_CASES` names their folder. The key is `answer_key.jsonl`, and
`answer_key.md` says what its fields mean. What each kind is, with inputs of its own, is in test_roles.py and beside it.
"""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gistill.errors import InputError
from gistill.schema import Record, Span
from gistill.screen import customer_spans, screen
from gistill.tables import read_records
from gistill.text import find_language, is_in_one_of

CASES = os.environ.get("GISTILL_CASES")  # read before the tests take our variables out of the environment
KEY = [json.loads(line) for line in (Path(__file__).parent / "answer_key.jsonl").read_text("utf-8").splitlines()]
FIELDS = (
    "records", "people", "parts", "first", "last", "texts", "ratings", "other_ratings", "dates", "entities",
    "set_apart", "repeats", "refused", "rating_scale", "language",
)  # fmt: skip
KINDS = {"empty": "no_comment", "not_text": "no_comment"}  # our names for the key's
REPEATS = ("duplicate", "near_duplicate")


def measured(path: Path) -> dict[str, Any]:
    """Read a file, and say of it what the key says."""
    try:
        items = list(read_records(path))
    except InputError as error:
        return {"refused": str(error)}
    by_id = {item.id: item for item in items if isinstance(item, Record)}
    kept: list[Record] = []
    apart: Counter[str] = Counter()
    repeats = 0
    for item in screen(items):
        if isinstance(item, Record):
            kept.append(item)
        elif item.kind in REPEATS:
            repeats += 1
            kept.append(by_id[item.record or ""])
        elif item.record is not None or item.row is not None:  # what is about the whole file is no row
            apart[KINDS.get(item.kind, item.kind)] += 1
    texts = [parts_of(record) for record in kept]
    dates = sorted(written(record) for record in kept if record.date is not None)
    return {
        "records": len(kept),
        "people": len({record.author for record in kept if record.author}) or None,
        "parts": sum(map(len, texts)),
        "first": texts[0][0] if texts and texts[0] else None,
        "last": texts[-1][-1] if texts and texts[-1] else None,
        "texts": texts,
        "ratings": [record.rating for record in kept] if any(r.rating is not None for r in kept) else None,
        "other_ratings": others_of(kept),
        "dates": [dates[0], dates[-1]] if dates else None,
        "entities": sorted({record.entity for record in kept if record.entity}) or None,
        "set_apart": dict(apart),
        "repeats": repeats,
        "refused": None,
        "rating_scale": max((record.rating for record in kept if record.rating is not None), default=None),
        "language": list(map(language_of, kept)),
    }


def language_of(record: Record) -> tuple[str, str | None]:
    """Give the words that are read, and the language that the file or their small words tell."""
    words = "\n".join(record.text[span.start : span.end] for span in customer_spans(record))
    return words, record.language or find_language(words)


def speaks(told: tuple[str, str | None], language: str) -> bool:
    """Say whether nothing that is told of a record speaks against a language: neither words nor letters."""
    words, found = told
    return found in (None, language) and is_in_one_of(words, [language], declared=found)


def written(record: Record) -> str:
    iso = record.date.isoformat() if record.date else ""
    return iso[: {"day": 10, "month": 7, "year": 4}[record.date_unit]]


def parts_of(record: Record) -> list[str]:
    """Give the texts that are read: what is left of a part or a turn around what is set apart is one of them."""
    whole = [Span(start=0, end=len(record.text))] if record.text else []
    found: dict[int, list[str]] = {}
    for span in customer_spans(record):
        outer = next(
            at
            for at, outer in enumerate(record.turns or record.parts or whole)
            if outer.start <= span.start and span.end <= outer.end
        )
        found.setdefault(outer, []).append(record.text[span.start : span.end])
    joined = (" ".join(" ".join(pieces).split()) for pieces in found.values())
    return [text for text in joined if text]


def others_of(records: list[Record]) -> dict[str, list[float | None]] | None:
    names = dict.fromkeys(name for record in records for name in record.ratings)
    return {name: [record.ratings.get(name) for record in records] for name in names} or None


def differences(right: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """List the fields that differ: what is right, what was found."""
    wrong = {}
    for field in FIELDS:
        expected, here = right.get(field), found.get(field)
        if field == "refused":
            same = (expected is None) == (here is None)
        elif found.get("refused") is not None and right.get("refused") is not None:
            same = True  # nothing was read
        elif here is None and field == "language":
            same = True  # a file that is wrongly refused has no language; `refused` says so
        elif expected is None and field in ("texts", "repeats", "other_ratings"):
            same = True  # the key says nothing
        elif field == "other_ratings":
            same = list(expected.values()) == list((here or {}).values())
        elif field == "rating_scale":  # ratings are as they are written, so the highest is on the scale
            same = expected is None or here is None or here <= expected
        elif field == "language":
            each = expected if isinstance(expected, list) else [expected] * len(here)
            same = expected is None or (len(each) == len(here) and all(map(speaks, here, each)))
        elif field in ("first", "last"):
            same = expected is None or folded(expected) == folded(here)
        elif field == "texts":
            same = [list(map(folded, texts)) for texts in expected] == [
                list(map(folded, texts)) for texts in here or []
            ]
        else:
            same = alike(expected, here)
        if not same:
            wrong[field] = (expected, here)
    return wrong


def folded(text: str | None) -> str:
    return " ".join((text or "").split())


def alike(expected: Any, here: Any) -> bool:
    if isinstance(expected, list) and isinstance(here, list):
        return len(expected) == len(here) and all(map(alike, expected, here))
    if isinstance(expected, int | float) and isinstance(here, int | float):
        return math.isclose(expected, here)
    return bool(expected == here)


def misses(right: dict[str, Any], folder: Path) -> dict[str, tuple[Any, Any]]:
    found = measured(folder / right["file"])
    wrong = differences(right, found)
    if not wrong or not right.get("also"):
        return wrong
    for part in (right["also"], {k: v for k, v in right["also"].items() if k in wrong}):
        other = {**right, "texts": None, **part}
        if not differences(other, found):
            return {}
    return wrong


@pytest.mark.skipif(not CASES, reason="needs the case files that GISTILL_CASES names")
@pytest.mark.parametrize("right", KEY, ids=lambda right: right["file"])
def test_a_case_file_is_read_as_the_key_says(right: dict[str, Any]) -> None:
    assert misses(right, Path(CASES or "")) == {}


def test_a_failure_in_the_measure_would_be_seen(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("review,stars\nGood bag,5\nThis zip is not good,1\n", "utf-8")
    right = {
        "records": 2, "people": None, "parts": 2, "first": "Good bag", "last": "This zip is not good",
        "texts": [["Good bag"], ["This zip is not good"]], "rating_scale": 5, "language": "en",
        "ratings": [5, 1], "dates": None, "entities": None, "set_apart": {}, "repeats": 0, "refused": None,
    }  # fmt: skip
    found = measured(tmp_path / "a.csv")
    assert differences(right, found) == {}
    for field in ("records", "people", "parts", "first", "texts", "ratings", "dates", "entities", "repeats", "refused"):
        assert list(differences({**right, field: "x"}, found)) == [field]
    for field, wrong in (("rating_scale", 4), ("language", "de"), ("language", "ru"), ("language", ["en"])):
        assert list(differences({**right, field: wrong}, found)) == [field]
