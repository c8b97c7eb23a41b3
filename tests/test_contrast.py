"""The contrast set keeps its form: quotes stand in their sentences, codes are known, groups are whole."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

PATH = Path(__file__).parent.parent / "benchmarks" / "contrast.jsonl"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in PATH.read_text(encoding="utf-8").splitlines()]
# fmt: off
CATEGORIES = {
    "overall", "quality", "function", "sound", "display", "battery", "design", "comfort", "size", "usability",
    "compatibility", "content", "food", "scent", "safety", "suitability", "price", "delivery", "condition",
    "service", "returns", "waiting", "location", "rooms", "facilities", "cleanliness", "ambience", "stability",
    "account", "billing", "privacy", "updates", "availability", "communication", "other",
}
# fmt: on


def letters(text: str) -> str:
    """Keep letters, digits and symbols of a text, case folded: two sentences with the same ones are one sentence."""
    return re.sub(r"[\s.,;:!?'\"()-]+", "", text.casefold())


def test_every_row_has_the_same_fields_and_an_id_of_its_own() -> None:
    fields = ["id", "class", "group", "domain", "stars", "language", "part", "sentences", "opinions"]
    assert all(list(row) == fields for row in ROWS)
    assert len({row["id"] for row in ROWS}) == len(ROWS)
    assert {(row["stars"], row["language"], row["part"]) for row in ROWS} == {(None, "en", "test")}


def test_there_are_twenty_classes_of_twenty_rows_and_many_domains() -> None:
    classes = Counter(row["class"] for row in ROWS)
    assert len(classes) >= 20
    assert min(classes.values()) >= 20
    assert len({row["domain"] for row in ROWS}) >= 15


def test_quotes_stand_where_the_marks_say() -> None:
    for row in ROWS:
        for mark in row["opinions"]:
            sentence = row["sentences"][mark["sentence"]]
            start, end = mark["opinion_at"]
            assert start < end, row["id"]
            assert sentence[start:end] == mark["opinion"], row["id"]
            assert (mark["aspect"] is None) == (mark["aspect_at"] is None), row["id"]
            if mark["aspect_at"] is not None:
                start, end = mark["aspect_at"]
                assert sentence[start:end] == mark["aspect"], row["id"]


def test_categories_levels_and_kinds_are_those_of_the_guide() -> None:
    marks = [mark for row in ROWS for mark in row["opinions"]]
    assert {mark["category"] for mark in marks} <= CATEGORIES
    assert {mark["level"] for mark in marks} == {-2, -1, 0, 1, 2}
    assert {mark["kind"] for mark in marks} == {"o", "f", "w"}


def test_no_mark_is_given_twice() -> None:
    for row in ROWS:
        marks = [(mark["sentence"], str(mark["aspect_at"]), *mark["opinion_at"]) for mark in row["opinions"]]
        assert len(set(marks)) == len(marks), row["id"]


def test_no_sentence_is_written_twice() -> None:
    counts = Counter(letters(sentence) for row in ROWS for sentence in row["sentences"])
    assert [sentence for sentence, count in counts.items() if count > 1] == []


def test_a_group_is_two_to_four_rows_of_one_class_that_are_not_read_alike() -> None:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in ROWS:
        groups.setdefault(row["group"], []).append(row)
    for name, rows in groups.items():
        assert 2 <= len(rows) <= 4, name
        assert len({(row["class"], row["domain"]) for row in rows}) == 1, name
        readings = {
            tuple((str(mark["aspect"]).casefold(), mark["category"], mark["level"]) for mark in row["opinions"])
            for row in rows
        }
        assert len(readings) > 1, name
