from __future__ import annotations

import doctest

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gistill import sentences
from gistill.sentences import _WORD, split

SCRIPTS = (
    "aZé.!?,;:-()\"' \n\r\t\v\f\x1c\x85\u2028\u2029\u00a0\u3000\x00\u200b\ufeff\u202e"
    "😀👍🏽🇫🇷👨\u200d👩\u200d👧e\u0301"
    "ก็คไทย中文。！，日本語ですアラビا العربية،؟ע ברית देवनागरी।한국어ᄒ Ελλ Жя ქართ አማ ខ្មែរ\ud800"
)
TEXT = st.text(st.sampled_from(SCRIPTS), max_size=200) | st.text(max_size=80) | st.text(st.characters(), max_size=80)


def pieces(text: str, **options: int) -> list[str]:
    return [text[span.start : span.end] for span in split(text, **options)]


def check(text: str, max_words: int) -> None:
    spans = split(text, max_words=max_words)
    covered = set()
    last = 0
    for span in spans:
        piece = text[span.start : span.end]
        assert last <= span.start < span.end <= len(text)
        assert piece == piece.strip() != ""
        assert len(_WORD.findall(piece)) <= max_words
        covered.update(range(span.start, span.end))
        last = span.end
    assert all(i in covered for i, character in enumerate(text) if not character.isspace())


@given(TEXT, st.integers(1, 12))
@example("", 3)
@example("\r\n \n", 3)
@example("\r\n\r\n- a\r\n- b", 3)
@example("\ud800\udc00. x", 2)
def test_spans_are_ordered_disjoint_trimmed_short_and_cover_all(text: str, max_words: int) -> None:
    check(text, max_words)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \t\n", []),
        ("Good. Bad!", ["Good.", "Bad!"]),
        ("See Dr. Hale. It costs 3.50 now.", ["See Dr. Hale.", "It costs 3.50 now."]),
        ("我喜欢。声音很好！不错", ["我喜欢。", "声音很好！", "不错"]),
        ("الصوت رائع. البطارية سيئة؟ نعم", ["الصوت رائع.", "البطارية سيئة؟", "نعم"]),
        ("अच्छा है। बुरा है।", ["अच्छा है।", "बुरा है।"]),
        ("Great sound 😀. Love it 👨‍👩‍👧!", ["Great sound 😀.", "Love it 👨‍👩‍👧!"]),
        ("pros:\r\n- light\r\n- loud\r\n\r\ncons: none", ["pros:", "- light", "- loud", "cons: none"]),
        ("Love it\nbattery bad", ["Love it", "battery bad"]),
    ],
)
def test_borders(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


def test_a_wrapped_line_goes_on_in_the_next() -> None:
    text = "The kettle boils quickly and the handle stays cool while\nthe water is hot. I like it."
    assert pieces(text) == [text[: text.index(" I like")], "I like it."]


def test_a_long_sentence_is_cut_at_a_clause_not_in_a_number_or_an_emoji() -> None:
    text = "one two three four, five six 1,000 seven eight"
    assert pieces(text, max_words=8) == ["one two three four,", "five six 1,000 seven eight"]
    family = "👨\u200d👩\u200d👧"
    assert pieces(family * 3, max_words=7) == [family, family, family]


def test_a_wall_of_text_without_any_border_is_cut_all_the_same() -> None:
    check("x" * 100_000, 80)
    check("中" * 10_000, 80)
    check("!" * 10_000, 80)
    check("word " * 20_000, 80)
    check("\n" * 100_000 + "a", 80)


def test_an_unknown_language_and_a_region_are_taken() -> None:
    assert len(split("Eins. Zwei.", "de-AT")) == 2
    assert len(split("One. Two.", "xx")) == 2


def test_documented_examples_hold() -> None:
    assert doctest.testmod(sentences).failed == 0
