"""What is read of an opinion, and what the shipped encoder makes of it."""

from __future__ import annotations

import doctest
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gistill import likeness
from gistill.errors import ModelBrokenError, ModelMissingError
from gistill.likeness import LONGEST, SHIPPED, Likeness, Window, load_likeness, spoken, window, windows


@pytest.fixture(scope="module")
def loaded() -> Likeness:
    return load_likeness()


def said(sentence: str, *words: str) -> Window:
    return window(sentence, *((sentence.index(word), sentence.index(word) + len(word)) for word in words))


def near(loaded: Likeness, one: Window, other: Window) -> float:
    first, second = loaded.embed([one, other])
    return float(first @ second)


def test_the_example_in_the_docstring_runs() -> None:
    assert doctest.testmod(likeness).failed == 0


def test_a_window_holds_two_words_on_either_side() -> None:
    sentence = "one two three four five six seven BROKE eight nine ten eleven twelve thirteen fourteen"
    found = said(sentence, "BROKE")
    assert found.text == "six seven BROKE eight nine"
    assert [found.text[start:end] for start, end in found.spans] == ["BROKE"]
    assert window("All of it.") == Window("All of it.", ((0, 10),))


@given(st.text(max_size=60), st.data())
def test_spans_stand_where_they_stood(sentence: str, data: st.DataObject) -> None:
    places = st.integers(0, len(sentence))
    spans = [tuple(sorted((data.draw(places), data.draw(places)))) for _ in range(2)]
    found = window(sentence, *spans)
    assert found.text in sentence
    assert [found.text[a:b] for a, b in found.spans] == [sentence[a:b] for a, b in spans]


def test_opinions_whose_windows_overlap_share_one_stretch_and_others_do_not() -> None:
    sentence = "The cord is short and the plug hot, yet after a whole long year of use it still looks new"
    places = [[(12, 17), (4, 8)], [(31, 34), (26, 30)], [(sentence.index("looks"), len(sentence))]]
    cord, plug, look = windows(sentence, places)
    assert cord.text == plug.text == "The cord is short and the plug hot, yet"
    assert look.text == "it still looks new"
    assert [cord.text[a:b] for a, b in cord.spans] == ["short", "cord"]
    assert [plug.text[a:b] for a, b in plug.spans] == ["hot", "plug"]
    assert [look.text[a:b] for a, b in look.spans] == ["looks new"]


def test_a_stretch_does_not_grow_beyond_what_is_read() -> None:
    sentence = " ".join(f"word{n}" for n in range(120))
    places = [[(at, at + 5)] for at in (sentence.index(f" word{n} ") + 1 for n in range(1, 118))]
    found = windows(sentence, places)
    assert max(len(one.text.split()) for one in found) == LONGEST
    assert [one.text[slice(*one.spans[0])] for one in found] == [sentence[a:b] for ((a, b),) in places]


@given(st.text(alphabet="ab .", max_size=60), st.data())
def test_each_opinion_keeps_its_words_whatever_the_others_are(sentence: str, data: st.DataObject) -> None:
    places = st.integers(0, len(sentence))
    spans = st.lists(st.tuples(places, places).map(lambda pair: (min(pair), max(pair))), max_size=2)
    said = data.draw(st.lists(spans, max_size=4))
    for one, own in zip(windows(sentence, said), said, strict=True):
        assert one.text in sentence
        assert [one.text[a:b] for a, b in one.spans] == [sentence[a:b] for a, b in own or [(0, len(sentence))]]


def test_opinions_of_one_stretch_have_the_vectors_that_they_have_alone(loaded: Likeness) -> None:
    sentence = "Soft fabric and a nice colour"
    both = windows(sentence, [[(0, 4), (5, 11)], [(18, 22), (23, 29)]])
    assert both[0].text == both[1].text
    together = loaded.embed(both)
    for one, vector in zip(both, together, strict=True):
        assert float(vector @ loaded.embed([one])[0]) > 0.999
    assert float(together[0] @ together[1]) < 0.9


def test_pieces_count_that_share_a_character_with_a_span() -> None:
    offsets = [(0, 0), (0, 3), (4, 7), (7, 9), (0, 0)]
    assert spoken(offsets, [(5, 6)]) == [0, 0, 1, 0, 0]
    assert spoken(offsets, [(2, 8)]) == [0, 1, 1, 1, 0]
    assert spoken(offsets, [(40, 50)]) == [1, 1, 1, 1, 1]  # cut off: all of what is left


def test_vectors_are_of_unit_length_and_do_not_depend_on_their_company(loaded: Likeness) -> None:
    windows = [said("The lid broke.", "broke", "lid"), window("Nice"), window(""), window("\ud800 \U0001f642")]
    together = loaded.embed(windows)
    assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(4), abs=1e-4)
    assert float(together[0] @ loaded.embed(windows[:1])[0]) > 0.999
    assert len(loaded.embed([])) == 0


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        (("The cord is too short.", "too short", "cord"), ("Short cable!", "Short", "cable"),
         ("The bed is comfortable.", "comfortable", "bed")),
        (("Great value for money.", "Great", "value"), ("Very good price.", "good", "price"),
         ("The app crashes.", "crashes", "app")),
        (("It broke within weeks.", "broke"), ("Stopped working after a month", "Stopped working"),
         ("The colour is ugly.", "ugly", "colour")),
        (("They charged me twice.", "charged me twice"), ("I was billed two times", "billed two times"),
         ("Staff was rude.", "rude", "Staff")),
    ],
)  # fmt: skip
def test_what_means_the_same_is_enough_alike_and_what_does_not_is_not(
    loaded: Likeness, one: tuple[str, ...], other: tuple[str, ...], apart: tuple[str, ...]
) -> None:
    assert near(loaded, said(*one), said(*other)) >= loaded.enough
    assert near(loaded, said(*one), said(*apart)) < loaded.enough


def test_a_folder_that_is_not_there_or_damaged_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="no encoder of likeness"):
        load_likeness(tmp_path)
    folder = tmp_path / "copy"
    shutil.copytree(SHIPPED, folder)
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelBrokenError, match="does not load"):
        load_likeness(folder)
    card = json.loads((SHIPPED / "likeness.json").read_text())
    (folder / "likeness.json").write_text(json.dumps({**card, "format": 99}))
    with pytest.raises(ModelBrokenError, match="format 99"):
        load_likeness(folder)
