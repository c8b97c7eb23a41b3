"""Groups of quotes and their points: read as they are written, refused where they are none, pooled by category."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gistill.categories import CODES
from gistill.corpora import marks
from gistill.corpora.points import PointGroup, load, load_more, parse, pools
from gistill.errors import InputError

DATA = Path(os.environ.get("GISTILL_DATA", ""))
needs_marks = pytest.mark.skipif(
    not os.environ.get("GISTILL_DATA") or not marks.folder_of(DATA).is_dir(), reason="no marks beside the data"
)


def row(**changed: Any) -> dict[str, Any]:
    items = [
        {"record": "a", "quote": "The lid broke.", "words": "broke", "aspect": "lid", "level": -2, "kind": "f"},
        {"record": "b", "quote": "Fell apart!", "words": "Fell apart", "aspect": None, "level": -1, "kind": "o"},
        {"record": "c", "quote": "Sturdy.", "words": "Sturdy", "aspect": None, "level": 1, "kind": "o"},
        {"record": "d", "quote": "Okay.", "words": "Okay", "aspect": None, "level": 0, "kind": "o"},
    ]
    points = [{"text": "breaks", "polarity": "negative", "members": [0, 1]},
              {"text": "holds", "polarity": "positive", "members": [2]}]  # fmt: skip
    made = {"n": 3, "domain": "toy", "about": "quality", "part": "dev", "items": items, "points": points, "rest": [3]}
    return {**made, **changed}


def test_a_row_becomes_quotes_and_the_points_that_they_are_in() -> None:
    group = parse(row())
    assert (group.id, group.domain, group.category) == (3, "toy", "quality")
    first = group.said[0]
    assert (first.sentence, first.words, first.aspect) == ("The lid broke.", "broke", "lid")
    assert (first.polarity, first.strength, first.kind) == ("negative", -2, "fact")
    assert group.points == (("breaks", (0, 1)), ("holds", (2,)))
    breaks, too, holds, rest = group.labels
    assert breaks == too
    assert len({breaks, holds, rest}) == 3  # what is in no point stands with nothing


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"about": "colour"}, "no category 'colour'"),
        ({"points": [{"text": "x", "members": [0, 1]}, {"text": "y", "members": [1]}]}, "in two points"),
        ({"points": [{"text": "x", "members": [0, 9]}]}, "not there"),
    ],
)
def test_what_is_no_group_is_refused(changed: dict[str, Any], wrong: str) -> None:
    with pytest.raises(InputError, match=wrong):
        parse(row(**changed))


def test_a_part_that_is_none_and_a_folder_without_marks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no part 'all'"):
        load("all", folder=tmp_path)
    with pytest.raises(InputError, match="no such file"):
        load("dev", folder=tmp_path / "data")


def test_pools_hold_the_groups_of_one_category_with_many_quotes_each() -> None:
    def group(number: int, category: str) -> PointGroup:
        return parse(row(n=number, about=category))

    groups = [group(n, "quality") for n in range(7)] + [group(n, "size") for n in range(7, 9)]
    # 28 quotes of quality in pools of at least 12: three groups, and four, for one left over is no pool. Size has 8.
    assert [[one.id for one in pool] for pool in pools(groups, least=12)] == [[0, 1, 2], [3, 4, 5, 6]]


@needs_marks
def test_every_part_is_read_and_no_quote_is_in_two_parts() -> None:
    parts = {part: load(part, folder=DATA) for part in ("train", "dev", "test")}
    assert {part: len(groups) for part, groups in parts.items()} == {"train": 230, "dev": 130, "test": 130}
    assert all(group.category in CODES for groups in parts.values() for group in groups)
    seen = Counter(
        sentence
        for groups in parts.values()
        for sentence in {one.sentence.casefold() for group in groups for one in group.said if len(one.sentence) > 40}
    )
    assert max(seen.values()) == 1


@needs_marks
def test_the_second_reading_is_of_groups_that_are_there_and_sorts_no_quote_twice() -> None:
    second = json.loads((Path(__file__).parents[1] / "benchmarks" / "points_second.json").read_text("utf-8"))
    sizes = {str(group.id): len(group.said) for part in ("dev", "test") for group in load(part, folder=DATA)}
    assert len(second) == 40
    for group, points in second.items():
        members = [member for point in points for member in point]
        assert len(members) == len(set(members)), group
        assert all(0 <= member < sizes[group] for member in members), group
        assert all(len(point) >= 2 for point in points), group


TAUGHT = Path(__file__).parent.parent / "benchmarks" / "taught"


def marked(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """One marked text stands for all four files."""
    opinions = [
        {"sentence": 1, "opinion": "broke", "aspect": "lid", "level": -2, "kind": "f"},
        {"sentence": 0, "opinion": "Lovely", "aspect": None, "level": 2, "kind": "o"},
    ]
    text = {"id": "t/1", "part": part, "sentences": ["Lovely.", "The lid broke."], "opinions": opinions}
    monkeypatch.setattr("gistill.corpora.points.read_marks", lambda name, folder: json.dumps(text))


def test_further_groups_name_marked_texts_or_hold_what_was_written_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked(monkeypatch, "train")
    written = {"quote": "It fell apart.", "words": "fell apart", "aspect": None, "level": -1, "kind": "f"}
    path = tmp_path / "more.jsonl"
    points = [{"text": "breaks", "polarity": "negative", "members": [0, 1]}]
    path.write_text(json.dumps(row(items=[["t/1", 0], written], points=points)), "utf-8")
    (group,) = load_more(path, folder=tmp_path)
    assert [(one.sentence, one.words, one.aspect) for one in group.said] == [
        ("The lid broke.", "broke", "lid"),
        ("It fell apart.", "fell apart", None),
    ]
    assert group.labels == [0, 0]
    marked(monkeypatch, "test")
    with pytest.raises(InputError, match="no marked text 't/1'"):
        load_more(path, folder=tmp_path)


@needs_marks
def test_the_further_groups_are_of_texts_that_are_learned_from_and_hold_no_quote_that_is_measured_with() -> None:
    def bare(text: str) -> str:
        return "".join(filter(str.isalnum, text.casefold()))

    groups = load_more(TAUGHT / "points.jsonl", folder=DATA)
    assert len(groups) >= 440
    assert {len(group.points) for group in groups} > {1, 2, 3}
    measured = {
        bare(one.sentence) for part in ("dev", "test") for group in load(part, folder=DATA) for one in group.said
    }
    assert not [one.sentence for group in groups for one in group.said if bare(one.sentence) in measured]


@needs_marks
def test_the_texts_that_were_written_to_learn_from_are_marks_and_none_of_those_that_are_measured_with() -> None:
    mine = marks.load_file(TAUGHT / "texts.jsonl", "train")
    assert len(mine) > 1200
    assert sum(not text.triplets for text in mine) > 100
    apart = [
        one.text for name in marks.ENGLISH for part in ("dev", "test") for one in marks.load(name, part, folder=DATA)
    ]
    apart += [one.text for one in marks.load_file(TAUGHT.parent / "contrast.jsonl", "test")]
    held = {" ".join(text.casefold().split()) for text in apart}
    assert len(held) > 3500
    assert not [text.text for text in mine if " ".join(text.text.casefold().split()) in held]


@needs_marks
def test_the_texts_of_twelve_languages_are_marks_and_none_of_those_that_are_measured_with() -> None:
    mine = marks.load_file(TAUGHT / "languages.jsonl", "train")
    counted = Counter(text.language for text in mine)
    assert len(counted) == 12
    assert min(counted.values()) >= 150
    names = (*marks.OTHER_LANGUAGES, *marks.MEASURE_ONLY)
    held = {one.text for name in names for part in ("dev", "test") for one in marks.load(name, part, folder=DATA)}
    assert len(held) > 800
    assert not [text.text for text in mine if text.text in held]
