"""Which quotes carry a sentence, by leaving each out."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gistill.grounding.carrying import carrying, share_of_words


def judged(sentence: str, quotes: Sequence[str]) -> float:
    """Half for each of two facts."""
    said = " ".join(quotes)
    return 0.5 * ("cold" in said) + 0.5 * ("late" in said)


def test_the_only_quote_for_a_fact_is_needed() -> None:
    found = carrying(
        "Breakfast was cold and late.", ["It was cold.", "It came late.", "Nice view."], judged, enough=1.0
    )
    assert found.whole == 1.0
    assert found.falls == (0.5, 0.5, 0.0)
    assert found.needed == (0, 1)


def test_two_quotes_that_say_the_same_stand_in_for_each_other() -> None:
    found = carrying("Breakfast was cold and late.", ["cold", "so cold", "late"], judged, enough=1.0)
    assert found.falls == (0.0, 0.0, 0.5)
    assert found.needed == (2,)


def test_what_never_stood_needs_nothing() -> None:
    found = carrying("Breakfast was free.", ["Nice view."], judged)
    assert (found.whole, found.needed) == (0.0, ())
    with pytest.raises(ValueError, match="without quotes"):
        carrying("Breakfast was free.", [], judged)


def test_by_words_the_quote_that_names_the_thing_is_needed() -> None:
    quotes = ["The elevator was broken all week.", "We liked the garden."]
    found = carrying("The elevator was broken.", quotes, share_of_words)
    assert found.whole == pytest.approx(1.0)
    assert found.needed == (0,)
    assert found.falls[1] == pytest.approx(0.0)
