"""Marks: read as they are written, refused where they are none, and never mixed with what is kept apart."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from gistill.categories import CATEGORIES, CODES
from gistill.corpora import marks
from gistill.corpora.labelled import Triplet
from gistill.corpora.sentences import by_sentence
from gistill.errors import InputError

DATA = Path(os.environ.get("GISTILL_DATA", ""))
needs_marks = pytest.mark.skipif(
    not os.environ.get("GISTILL_DATA") or not marks.folder_of(DATA).is_dir(), reason="no marks beside the data"
)


def row(**changed: Any) -> dict[str, Any]:
    opinions = [
        {"sentence": 1, "aspect": None, "aspect_at": None, "opinion": "charged twice", "opinion_at": [6, 19],
         "category": "billing", "level": -2, "kind": "f"},
        {"sentence": 0, "aspect": "lid", "aspect_at": [4, 7], "opinion": "great", "opinion_at": [11, 16],
         "category": "quality", "level": 2, "kind": "o"},
    ]  # fmt: skip
    made = {"id": "a", "domain": "shop", "stars": 2, "language": "en", "part": "train"}
    return {**made, "sentences": ["The lid is great.", "I was charged twice."], "opinions": opinions, **changed}


def test_a_row_becomes_a_text_with_everything_that_was_marked() -> None:
    example = marks.labelled(row(), source="mine")
    assert example.text == "The lid is great. I was charged twice."
    assert (example.language, example.domain, example.group, example.implicit_aspects) == ("en", "shop", "a", True)
    billed, liked = example.triplets
    assert example.text[slice(*billed.opinion or ())] == "charged twice"
    assert billed == Triplet(None, (24, 37), "negative", "billing", "fact", -2)
    assert liked == Triplet((4, 7), (11, 16), "positive", "quality", "evaluation", 2)
    first, second = by_sentence(example)
    assert (first.text, first.triplets) == ("The lid is great.", (liked,))
    assert second.triplets == (billed._replace(opinion=(6, 19)),)


def test_sentences_of_scripts_without_spaces_are_joined_by_nothing() -> None:
    text, starts = marks.joined(["很好。", "太贵了。"], "zh")
    assert (text, starts) == ("很好。太贵了。", [0, 3])
    assert marks.joined(["a", "b"], "de") == ("a b", [0, 2])


@pytest.mark.parametrize(
    ("field", "value", "wrong"),
    [
        ("opinion_at", [0, 5], "does not stand"),
        ("opinion_at", None, "does not stand"),
        ("category", "prices", "no such category"),
        ("level", 3, "no such category or level"),
    ],
)
def test_what_is_no_mark_is_refused_with_its_row(field: str, value: Any, wrong: str, tmp_path: Path) -> None:
    broken = row()
    broken["opinions"][0][field] = value
    path = tmp_path / "marks.jsonl"
    path.write_text(json.dumps(row()) + "\n" + json.dumps(broken) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=rf"marks.jsonl, row 2: .*{wrong}"):
        marks.load_file(path, "train")


def test_ones_own_file_is_read_by_part_and_may_leave_out_what_is_not_needed(tmp_path: Path) -> None:
    path = tmp_path / "marks.jsonl"
    opinion = {"sentence": 0, "aspect": None, "opinion": "Fine", "opinion_at": [0, 4], "level": 1}
    bare = {"sentences": ["Fine."], "opinions": [opinion]}
    path.write_text("\n".join(map(json.dumps, [bare, row(part="dev"), row(part="test")])), encoding="utf-8")
    (train,) = marks.load_file(path, "train")
    assert train.triplets == (Triplet(None, (0, 4), "positive", None, None, 1),)
    assert [len(marks.load_file(path, part)) for part in marks.PARTS] == [1, 1, 1]
    path.write_text('{"sentences": 3}\n', encoding="utf-8")
    with pytest.raises(InputError, match="row 1: is not a row of marks"):
        marks.load_file(path, "train")
    with pytest.raises(InputError, match="cannot be read"):
        marks.load_file(tmp_path / "none.jsonl", "train")


def test_there_are_35_categories_each_with_a_name_and_a_definition() -> None:
    assert len(CODES) == len(set(CODES)) == 35
    assert all(name and definition for name, definition in CATEGORIES.values())
    assert len({name for name, _ in CATEGORIES.values()}) == 35


def test_what_is_measured_only_is_never_given_for_training(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing is trained on it"):
        marks.load("languages-real", "train", folder=tmp_path)


@needs_marks
def test_nothing_that_is_trained_on_is_held_out() -> None:
    """By whole texts, and by sentences long enough not to recur by chance."""
    from gistill.corpora.leaks import fingerprint
    from gistill.train.reader.data import MARKED, marked_sentences

    apart = marks.held_out(DATA)
    names = MARKED["marks-languages"]
    for name in names:
        assert not any(marks.is_held_out(text.text, apart) for text in marks.load(name, "train", folder=DATA))
    known = {fingerprint(s.text) for part in ("dev", "test") for s in marked_sentences(names, part, folder=DATA)}
    trained = {fingerprint(s.text) for s in marked_sentences(names, "train", folder=DATA)}
    assert sorted(text for text in trained & known if len(text) > 60) == []


def test_the_docs_list_the_categories_and_their_example_is_a_row() -> None:
    docs = (Path(__file__).parent.parent / "docs" / "marking.md").read_text(encoding="utf-8")
    for code, (name, definition) in CATEGORIES.items():
        assert f"| `{code}` | {name} | {definition} |" in docs
    example = marks.labelled(json.loads(docs.split("```json")[1].split("```")[0]), source="docs")
    assert [(t.category, t.strength) for t in example.triplets] == [("quality", 2), ("billing", -2)]
