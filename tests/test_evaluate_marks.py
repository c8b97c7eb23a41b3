"""Scores against marks: numbers worked by hand, and the properties of pairing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gistill.evaluate.marks import Marked, pairs, score

GOOD = Marked((4, 9), (14, 19), "positive", "sound", "evaluation", 2)
BAD = Marked(None, (25, 40), "negative", "billing", "fact", -1)

spans = st.tuples(st.integers(0, 30), st.integers(1, 9)).map(lambda x: (x[0], x[0] + x[1]))
opinions = st.lists(
    st.builds(Marked, st.none() | spans, st.none() | spans, st.sampled_from(["positive", "negative", "neutral"])),
    max_size=6,
)


def test_equal_opinions_are_right_in_everything() -> None:
    table = score([([GOOD, BAD], [BAD, GOOD])]).table()
    assert (table["texts"], table["marked"], table["read"]) == (1, 2, 2)
    for name in (
        "right",
        "relaxed",
        "strict",
        "precision",
        "recall",
        "recall_positive",
        "recall_negative",
        "words",
        "category",
    ):
        assert table[name] == 1.0, name
    assert (table["recall_neutral"], table["wrong_way"]) == (None, 0.0)


def test_other_borders_are_relaxed_and_not_strict() -> None:
    shorter = GOOD._replace(opinion=(14, 17), category="design", strength=1)
    table = score([([GOOD, BAD], [shorter])]).table()
    assert table["relaxed"] == round(2 * 1 / 3, 4)
    assert (table["strict"], table["precision"], table["recall"]) == (0.0, 1.0, 0.5)
    assert (table["words"], table["category"], table["kind"], table["strength"]) == (0.6, 0.0, 1.0, 0.0)


def test_the_wrong_side_is_a_pair_that_overlaps_and_counts_as_the_wrong_way_round() -> None:
    table = score([([GOOD, BAD], [GOOD._replace(polarity="negative"), BAD])]).table()
    assert (table["right"], table["relaxed"], table["wrong_way"]) == (0.0, 0.5, 0.5)
    assert score([([], []), ([GOOD], [GOOD]), ([], [GOOD]), ([BAD], [])]).table()["right"] == 0.5
    neutral = score([([GOOD], [GOOD._replace(polarity="neutral")])]).table()
    assert (neutral["relaxed"], neutral["wrong_way"]) == (0.0, 0.0)


def test_the_same_polarity_goes_before_more_shared_characters() -> None:
    long = GOOD._replace(opinion=(10, 30), polarity="negative")
    assert pairs([GOOD], [long, GOOD._replace(opinion=(18, 21))]) == [(0, 1, True)]


def test_what_has_no_words_never_pairs_and_what_nobody_said_is_not_measured() -> None:
    bare = Marked(None, None, "positive")
    assert pairs([GOOD], [bare]) == []
    table = score([([GOOD], [GOOD._replace(category=None, kind=None, strength=None)]), ([], [])]).table()
    assert (table["category"], table["kind"], table["strength"], table["texts"]) == (None, None, None, 2)
    assert score([]).table()["relaxed"] is None


@given(opinions, opinions)
def test_nothing_is_paired_twice_and_sides_can_be_swapped(marked: list[Marked], read: list[Marked]) -> None:
    found = pairs(marked, read)
    assert len({p.marked for p in found}) == len(found) == len({p.read for p in found})
    assert sum(p.relaxed for p in found) <= min(len(marked), len(read))
    assert all(marked[p.marked].opinion and read[p.read].opinion for p in found)
    once, other = score([(marked, read)]).table(), score([(read, marked)]).table()
    assert once["strict"] == other["strict"]
