"""The texts of 15 countries that the privacy gate is measured on are what docs/privacy.md says they are."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

from gistill.privacy import KINDS
from gistill.privacy.redaction import find_together

ROWS: list[dict[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "benchmarks" / "privacy_countries.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
# The texts are a measurement: another text, or another half, is another measurement.
DRAWN = "29b878d181cdad5a6683e85ba9805b0b7e97f91bb64a4dc37821ec710c52e42e"


def test_ten_texts_with_and_ten_without_personal_data_are_of_each_of_15_countries() -> None:
    counts = Counter((row["country"], bool(row["finds"])) for row in ROWS)
    assert len(counts) == 30
    assert set(counts.values()) == {10}


def test_the_texts_are_those_that_were_there_before_any_pattern_was_changed() -> None:
    path = Path(__file__).parent.parent / "benchmarks" / "privacy_countries.jsonl"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == DRAWN


def test_marks_are_values_of_known_kinds_that_stand_in_the_text() -> None:
    for row in ROWS:
        ends = 0
        for mark in row["finds"]:
            assert ends <= mark["start"] < mark["end"] <= len(row["text"])
            assert mark["kind"] in KINDS
            ends = mark["end"]


def test_the_lower_hashes_of_each_country_and_sort_are_set_aside() -> None:
    for sort in {row["id"].rsplit("-", 1)[0] for row in ROWS}:
        rows = [row for row in ROWS if row["id"].rsplit("-", 1)[0] == sort]
        rows.sort(key=lambda row: hashlib.sha256(row["id"].encode()).hexdigest())
        assert [row["half"] for row in rows] == ["aside"] * 5 + ["development"] * 5


def test_nearly_all_values_of_the_half_for_development_are_replaced_whole() -> None:
    """The other half is for one look, which docs/privacy.md reports."""
    whole: list[bool] = []
    untouched: list[bool] = []
    for row in ROWS:
        if row["half"] == "development":
            (finds,) = find_together([row["text"]])
            places = {place for one in finds for place in range(one.start, one.end)}
            for mark in row["finds"]:
                signs = [place for place in range(mark["start"], mark["end"]) if row["text"][place].isalnum()]
                whole.append(places.issuperset(signs))
            if not row["finds"]:
                untouched.append(not finds)
    assert sum(whole) / len(whole) > 0.97
    assert sum(untouched) / len(untouched) > 0.97
