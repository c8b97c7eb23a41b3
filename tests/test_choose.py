"""Which texts a budget is spent on."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gistill.distill.choose import at_random, chooser, difficult, diverse
from gistill.reader import Reading


class OnACircle:
    """Texts are angles in degrees; "?" is a text of which no word is known."""

    def embed(self, phrases: Sequence[str]) -> NDArray[np.float32]:
        angles = np.radians([0.0 if phrase == "?" else float(phrase) for phrase in phrases])
        points = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
        points[[phrase == "?" for phrase in phrases]] = 0
        return points


class Sure:
    """Is as sure of a sentence as the number it starts with; finds nothing where there is none."""

    def read(self, sentences: Sequence[str]) -> list[list[Reading]]:
        first = [sentence.split()[0] for sentence in sentences]
        return [[Reading(None, (0, 1), "positive", float(word))] if word[0].isdigit() else [] for word in first]


def test_the_farthest_text_is_taken_next() -> None:
    """The middle of 0, 1, 2, 90 and 180 lies at 28 degrees, so 2 is first; then 180, and then 90, 88 away from 2."""
    texts = ["0", "1", "2", "90", "180"]
    assert diverse(texts, 1, vectors=OnACircle()) == [2]
    assert diverse(texts, 3, vectors=OnACircle()) == [2, 3, 4]
    assert diverse(texts, 9, vectors=OnACircle()) == [0, 1, 2, 3, 4]


def test_texts_of_which_no_word_is_known_come_last() -> None:
    assert diverse(["?", "0", "?", "5", "9"], 3, vectors=OnACircle()) == [1, 3, 4]
    assert diverse(["?", "0", "?", "5", "9"], 4, vectors=OnACircle()) == [0, 1, 3, 4]


@given(st.lists(st.integers(0, 359).map(str) | st.just("?"), max_size=12), st.integers(0, 14))
def test_every_choice_has_the_size_asked_for_in_order_and_once(texts: list[str], count: int) -> None:
    choices = [at_random(texts, count, seed=3), diverse(texts, count, vectors=OnACircle())]
    for chosen in choices:
        assert len(chosen) == min(count, len(texts))
        assert chosen == sorted(set(chosen))
        assert set(chosen) <= set(range(len(texts)))


def test_a_seed_draws_the_same_and_another_one_others() -> None:
    texts = ["x"] * 1000
    assert at_random(texts, 20, seed=1) == at_random(texts, 20, seed=1) != at_random(texts, 20, seed=2)


def test_the_least_certain_texts_are_taken_and_those_without_an_opinion_last() -> None:
    texts = ["nothing here", "0.9 sure", "0.4 hm", "0.8 fine. 0.3 well", "also nothing"]
    assert difficult(texts, 2, reader=Sure()) == [2, 3]
    assert difficult(texts, 4, reader=Sure()) == [0, 1, 2, 3]


@pytest.mark.parametrize("kind", ["random", "diverse", "difficult"])
def test_the_shipped_models_choose(kind: str) -> None:
    texts = ["The soup was great.", "The soup was really great.", "The screen flickers.", "We came on Monday."]
    chosen = chooser(kind, seed=0)(texts, 3)  # type: ignore[arg-type]
    assert len(chosen) == 3


def test_ten_thousand_texts_are_chosen_from_in_well_under_a_minute() -> None:
    draw = random.Random(0)
    words = [f"{a}{b}" for a in ("soup", "screen", "hinge", "waiter", "price") for b in ("", "s", " lid", " bag")]
    texts = [" ".join(draw.choices(words, k=12)) for _ in range(10_000)]
    choose = chooser("diverse")
    began = time.process_time()
    assert len(choose(texts, 1_000)) == 1_000
    assert time.process_time() - began < 60
