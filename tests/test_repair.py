"""Cells that a program damaged on the way, repaired so that quotes lead back to what stands in the file."""

from __future__ import annotations

import html

import ftfy.bad_codecs  # noqa: F401 - knows sloppy-windows-1252
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gistill.schema import Record, Span
from gistill.tables.parts import in_cell, read_cell


def repaired(cell: str) -> str:
    return read_cell(cell).text


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("It wasn&#39;t hot", "It wasn't hot"),
        ("It wasn&#x27;t hot", "It wasn't hot"),
        ("It wasn&amp;#39;t hot", "It wasn't hot"),
        ("not&nbsp;hot &amp; not cold", "not hot & not cold"),
        ("&quot;hot&quot; caf&eacute;", '"hot" café'),
        ("I &lt;3 it", "I <3 it"),
        ("hot&lt;br&gt;tea", "hot\ntea"),
        ("It wasnâ€™t a cafÃ© â€“ sorry", "It wasn’t a café – sorry"),
        ("â€œhotâ€\x9d", "“hot”"),
        ("trÃ¨s bon, voilÃ  tout", "très bon, voilà  tout"),
        ("schÃ¶n, groÃŸ", "schön, groß"),
        ("love it ðŸ˜Š", "love it 😊"),
        ("ÐŸÐ»Ð¾Ñ…Ð¾", "Плохо"),
        ("It wasn\x92t hot", "It wasn’t hot"),
        ("It wasnaEURTMt hot", "It wasn’t hot"),
        ("It wasnâEURTMt", "It wasnâEURTMt"),  # half of a damage is none that is known
        ("It wasn?t hot", "It wasn’t hot"),
        ("It wasn\ufffdt hot, they\ufffdre cold", "It wasn’t hot, they’re cold"),
        ("cold_x000D_\nand weak_x000D_", "cold\nand weak\n"),
        ("a_x005F_b", "a_b"),
    ],
)
def test_damage_is_repaired(cell: str, text: str) -> None:
    assert repaired(cell) == text


@pytest.mark.parametrize(
    "cell",
    [
        "“curly” ‘quotes’ and ﬁne ligatures",
        "ｆｕｌｌ　ｗｉｄｔｈ and 𝓰𝓸𝓸𝓭",
        "naïve café, groß, São Paulo, Ã, Â and ®",
        "cafe\u0301 stays in two code points",
        "R&D, AT&T; Q&A & more &unknown; &",
        "Why? Tell me. Is it n? t",
        "10 EUR a EUR",
        "max_x and _x12_",
        "味道很好 Плохо คุณภาพ 😡😡",
        "a\u200db\u00a0c\r\nd",
    ],
)
def test_what_a_customer_typed_stays(cell: str) -> None:
    read = read_cell(cell)
    assert read.text == cell
    assert read.pieces == ()


def test_a_quote_in_repaired_text_says_where_it_stands_in_the_cell() -> None:
    cell = "The café wasn&#39;t hot. trÃ¨s <b>bon</b>"
    read = read_cell(cell)
    record = Record(id="a", text=read.text, pieces=read.pieces)
    for words, there in [("wasn't hot", "wasn&#39;t hot"), ("café", "café"), ("très", "trÃ¨s"), ("bon", "bon")]:
        start = read.text.index(words)
        place = in_cell(record, Span(start=start, end=start + len(words)))
        assert cell[place.start : place.end] == there


WORDS = st.sampled_from(["café", "groß", "味道", "плохо", "😡", "ok.", "don’t", "3€", "x", "“so”", "naïve!"])
DAMAGES = {
    "none": lambda word: word,
    "utf-8 as windows-1252": lambda word: word.encode().decode("sloppy-windows-1252"),
    "entities": lambda word: "".join(f"&#{ord(char)};" for char in word),
    "named entities": lambda word: html.escape(f"<{word}"),
    "escape": lambda word: f"{word}_x000D_",
}


@given(st.lists(st.tuples(WORDS, st.sampled_from(sorted(DAMAGES))), max_size=8))
def test_the_slice_of_the_cell_repaired_again_is_the_word_of_the_text(parts: list[tuple[str, str]]) -> None:
    cell = " ".join(DAMAGES[kind](word) for word, kind in parts)
    read = read_cell(cell)
    record = Record(id="a", text=read.text, pieces=read.pieces)
    assert "".join(read.text[piece.start : piece.end] for piece in read.pieces) in ("", read.text)
    start = 0
    for word in read.text.split(" "):
        if word:
            place = in_cell(record, Span(start=start, end=start + len(word)))
            assert 0 <= place.start < place.end <= len(cell)
            assert repaired(cell[place.start : place.end]) == word
        start += len(word) + 1
