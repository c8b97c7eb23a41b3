"""Quotes are exact, comparing folds, and what is text is decided the same in every script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gistill.errors import AnchorError
from gistill.text import anchor, clean, count_words, find_language, is_blank, is_in_one_of, normalise, why_not_text


@pytest.mark.parametrize(
    ("quote", "text", "occurrence", "span"),
    [
        ("slow", "Slow kitchen, slow till.", 0, (14, 18)),
        ("aa", "aaa", 1, (1, 3)),  # overlapping matches count
        ("👍🏽", "ok 👍🏽 ok", 0, (3, 5)),  # two code points
        ("e\u0301", "cafe\u0301", 0, (3, 5)),
        ("床", "床很舒服,床很大", 1, (5, 6)),
    ],
)
def test_anchor_finds_the_code_points(quote: str, text: str, occurrence: int, span: tuple[int, int]) -> None:
    assert anchor(quote, text, occurrence=occurrence) == span
    assert text[slice(*span)] == quote


@pytest.mark.parametrize(("quote", "occurrence"), [("Slow", 0), ("slow", 1), ("", 0), ("caf\u00e9", 0)])
def test_anchor_never_guesses(quote: str, occurrence: int) -> None:
    with pytest.raises(AnchorError):
        anchor(quote, "a slow cafe\u0301", occurrence=occurrence)


@given(st.text(), st.text(min_size=1), st.text())
def test_every_anchor_is_exact(before: str, quote: str, after: str) -> None:
    text = before + quote + after
    start, end = anchor(quote, text)
    assert text[start:end] == quote
    assert start <= len(before)


@given(st.text(alphabet=st.characters(), max_size=50))
def test_cleaning_keeps_length_and_makes_it_storable(text: str) -> None:
    kept = clean(text)
    assert len(kept) == len(text)
    assert "\0" not in kept
    kept.encode("utf-8")
    assert clean(kept) == kept


def test_cleaning_changes_nothing_else() -> None:
    assert clean("e\u0301\t\r\n\u202e\x07 ﬁ") == "e\u0301\t\r\n\u202e\x07 ﬁ"
    assert clean("a\0b\ud83dc") == "a\ufffdb\ufffdc"


def test_normalising_folds_case_space_and_form() -> None:
    assert normalise("  STRASSE\u00a0\n ﬁne ") == normalise("straße fine")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It doesn't work", 3),
        ("", 0),
        ("...", 0),
        ("床很舒服", 2),
        ("とても良い", 3),
        ("좋은 제품", 2),
        ("iPhone 床很大", 3),
    ],
)
def test_words_are_counted_in_every_script(text: str, words: int) -> None:
    assert count_words(text) == words


@pytest.mark.parametrize("text", ["", " \t\n", "\ufeff\u200b", "\u2800", "\u3000"])
def test_blank_is_what_nobody_sees(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize(
    "text",
    [
        "ok",
        "好",
        "👍👍",
        "★★★★",
        ":-)",
        "<3",
        "جيد",
        "N/A",
        "see https://a.example/x it broke",
        "a\x07 bell rang twice",
        "Sooo" + "o" * 99,
    ],
)
def test_text_is_text(text: str) -> None:
    assert why_not_text(text) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("10/10", "no letters"),
        ("...", "no letters"),
        ("12345", "no letters"),
        ("https://a.example/x?y=z", "only links"),
        ("www.a.example http://b.example!", "only links"),
        ("\x89PNG\r\n\x1a\n\0\0\x01\x02\x03", "control or undecodable characters"),
        ("\ufffd\ufffd\ufffdabc", "control or undecodable characters"),
        ("iVBORw0KGgoAAAANSUhEUgAAAAUA" * 4, "an encoded block of data"),
        ("data:image/png;base64," + "iVBORw0KGgoAAAANSUhEUgAAAAUA" * 4 + "==", "an encoded block of data"),
    ],
)
def test_what_is_not_text_has_a_reason(text: str, reason: str) -> None:
    assert why_not_text(text) == reason


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The kettle hums and it is not mine.", "en"),
        ("Der Kessel ist nicht sehr leise und tropft.", "de"),
        ("La bouilloire est trop lourde et ne marche pas.", "fr"),
        ("El hervidor no es bueno y la tapa está rota.", "es"),
        ("Il bollitore non è molto bello e perde.", "it"),
        ("A chaleira não é boa e foi cara.", "pt"),
        ("De ketel is niet goed en erg zwaar.", "nl"),
        ("Vattenkokaren är inte bra och det läcker.", "sv"),
        ("Czajnik nie jest dobry i się psuje.", "pl"),
        ("Mir wurde zweimal abgebucht.", "de"),
        ("The war die hard film", None),
        ("味道很好", "zh"),
        ("Kettle hums loudly", None),
        ("Love it", None),
        ("Super", None),
        ("Trop cher", None),
        ("10/10", None),
        ("", None),
    ],
)
def test_a_text_that_is_long_enough_tells_its_language(text: str, language: str | None) -> None:
    assert find_language(text) == language
    assert is_in_one_of(text, ["en", "zh"]) is (language in ("en", "zh", None))
    assert is_in_one_of(text, ["en", "zh"], declared="en")
