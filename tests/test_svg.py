"""Drawings are well-formed whatever stands in them, and the same on every machine."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from gistill.svg import drawing, element, number

XML_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")))


def test_attributes_are_written_in_their_order_and_numbers_short() -> None:
    assert element("rect", class_="pos", x="25%", y=4, stroke_width=0.333) == (
        '<rect class="pos" x="25%" y="4" stroke-width="0.33"/>'
    )
    assert element("g", element("circle", r=2), "a < b") == '<g><circle r="2"/>a &lt; b</g>'
    assert [number(value) for value in (-0.001, 3.0, 1 / 3, 1234.5)] == ["0", "3", "0.33", "1234.5"]


@given(XML_TEXT, XML_TEXT)
def test_texts_and_attributes_come_back_as_they_were(title: str, name: str) -> None:
    root = ElementTree.fromstring(drawing(title, element("text", name, fill=name)))
    heading, white, words = root
    assert (heading.text or "", words.text or "") == (title, name)
    assert words.get("fill") == name
    assert white.get("fill") == "#fff"
