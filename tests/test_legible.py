"""Emoji and signs on words, styled letters and letters that the tokenizer lacks: no word is lost for the reader."""

from __future__ import annotations

import itertools
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gistill.reader import load_reader
from gistill.reader.legible import make_legible
from gistill.reader.model import SHIPPED, Reader
from gistill.reader.units import cut


@cache
def reader() -> Reader:
    return load_reader(SHIPPED)


def units(text: str) -> list[str]:
    (found,) = cut(reader()._tokenizer, [text])
    return [text[start:end] for start, end in found.extents[1:]]


def opinions(text: str) -> list[tuple[str | None, str | None, str]]:
    (found,) = reader().read([text])
    words = [
        (text[slice(*o.aspect)] if o.aspect else None, text[slice(*o.opinion)] if o.opinion else None) for o in found
    ]
    return [(*pair, o.polarity) for pair, o in zip(words, found, strict=True)]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("bad", "bad"),
        ("café", "café"),
        ("bad😡", "bad angry "),
        ("bad😡😡!", "bad angry !"),
        ("bad🍕tea", "bad tea"),
        ("𝓫𝓪𝓭", "bad"),
        ("ｂａｄ　ｔｅａ", "bad　tea"),
        ("ⓑⓐⓓ", "bad"),
        ("ᵇᵃᵈ", "bad"),
        ("ﬁt", "fit"),
        ("👍🏽", " good "),
        ("👨\u200d👩\u200d👧x", " x"),
        ("❤️tea", " love tea"),
        ("😡👎", " angry bad "),
        ("🐌", " "),
    ],
)
def test_what_a_tokenizer_cannot_read_is_written_so_that_it_can(text: str, written: str) -> None:
    assert make_legible(text, lambda character: character in "é　").text == written


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("terrible😡", ["terrible", "😡"]),
        ("Love❤️the❤️lid", ["Love", "❤️", "the", "❤️", "lid"]),
        ("tea🍵is cold", ["tea", "is", "cold"]),
        ("cold➜warm", ["cold", "warm"]),
        ("𝓰𝓸𝓸𝓭 tea", ["𝓰𝓸𝓸𝓭", "tea"]),
        ("Ꮐood tea", ["ood", "tea"]),  # a letter of the Cherokee
        ("great!!!", ["great", "!", "!", "!"]),
        ("👍🏽 ok", ["👍🏽", "ok"]),
    ],
)
def test_units_stand_in_the_text_as_it_is(text: str, found: list[str]) -> None:
    assert units(text) == found


WORDS = st.sampled_from(["terrible", "lid", "ok", "Great", "tea", "x9"])
SIGNS = st.sampled_from(
    ["😡", "❤️", "👍🏽", "→", "™", "👨\u200d👩\u200d👧", "🐌", "Ꮐ", "𝓰", " ", "!", "é", "味", "\u200b", "e\u0301"]
)


@given(st.lists(WORDS | SIGNS, max_size=12).map("".join))
def test_no_plain_word_is_swallowed_by_what_is_written_onto_it(text: str) -> None:
    (found,) = cut(reader()._tokenizer, [text])
    extents = found.extents[1:]
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(extents))
    assert all(0 <= start < end <= len(text) for start, end in extents)
    covered = {place for start, end in extents for place in range(start, end)}
    assert {place for place, character in enumerate(text) if character.isascii() and character != " "} <= covered
    unknown = reader()._tokenizer.token_to_id("[UNK]")
    assert all(not any(c.isascii() and c.isalnum() for c in text[a:b]) or found.ids[f] != unknown
               for (a, b), f in zip(extents, found.first[1:], strict=True))  # fmt: skip


@pytest.mark.parametrize("sign", ["😡", "😡😡", "👎", "🤮", "🍕", "➜", "✨", "💔😡"])
def test_terrible_reads_like_terrible_whatever_is_written_onto_it(sign: str) -> None:
    alone = opinions("The fit is terrible")
    assert alone == [("fit", "terrible", "negative")]
    read = opinions(f"The fit is terrible{sign}")
    assert read[0] in (alone[0], ("fit", f"terrible{sign}", "negative"))
    assert {polarity for _, _, polarity in read} == {"negative"}


@pytest.mark.parametrize("word", ["𝓰𝓸𝓸𝓭", "𝗴𝗼𝗼𝗱", "𝚐𝚘𝚘𝚍", "ｇｏｏｄ", "ⓖⓞⓞⓓ", "ᵍᵒᵒᵈ", "𝔤𝔬𝔬𝔡"])
def test_styled_letters_read_like_plain_ones(word: str) -> None:
    assert opinions("The screen is good") == [("screen", "good", "positive")]
    assert opinions(f"The screen is {word}") == [("screen", word, "positive")]


@pytest.mark.parametrize(
    ("text", "polarities"),
    [
        ("👍👍👍", {"positive"}),
        ("😍", {"positive"}),
        ("service 👍", {"positive"}),
        ("😡", {"negative"}),
        ("service 👎", {"negative"}),
        ("🐌", set()),
    ],
)
def test_emoji_have_the_side_of_what_they_say(text: str, polarities: set[str]) -> None:
    assert {polarity for _, _, polarity in opinions(text)} == polarities
