"""Records of several texts: what is read of them, where sentences end, and the way back to the cells."""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gistill.digest.extract import extract, extract_to, sentences_of
from gistill.digest.readings import seen
from gistill.reader import Reading
from gistill.schema import Apart, Part, Piece, Record, Span
from gistill.screen import customer_spans, screen
from gistill.tables import read_records
from gistill.tables.identity import made_id
from gistill.tables.parts import Asked, Cell, changed, in_cell, join, read_cell


def two_parts() -> Record:
    liked, disliked = "Quiet rooms", "The lift is slow. And loud."
    return Record(
        id="1",
        text=f"{liked}\n\n{disliked}",
        parts=(
            Part(start=0, end=11, column="Liked", question="Liked", side="positive"),
            Part(start=13, end=13 + len(disliked), column="Disliked", question="Disliked", side="negative"),
        ),
    )


def read_words(record: Record) -> list[str]:
    return [record.text[span.start : span.end] for span in customer_spans(record)]


def test_each_part_is_read_and_the_blank_line_between_them_is_not() -> None:
    assert read_words(two_parts()) == ["Quiet rooms", "The lift is slow. And loud."]


def test_a_sentence_ends_where_its_part_ends_though_no_full_stop_stands_there() -> None:
    record = two_parts()
    spans, wrong = sentences_of(record, ())
    assert [record.text[span.start : span.end].strip() for span in spans] == [
        "Quiet rooms",
        "The lift is slow.",
        "And loud.",
    ]
    assert wrong == ""


def test_what_is_set_apart_is_cut_out_of_a_part_and_of_a_whole_text() -> None:
    text = "Good food. Response from the owner: thanks a lot! Bad coffee."
    start, end = text.index("Response"), text.index("Bad")
    record = Record(id="1", text=text, apart=(Apart(start=start, end=end, reason="owner_reply"),))
    assert read_words(record) == ["Good food. ", "Bad coffee."]
    parts = (Part(start=0, end=len(text), column="review"),)
    assert read_words(record.model_copy(update={"parts": parts})) == ["Good food. ", "Bad coffee."]


def test_a_record_of_which_all_is_set_apart_is_named_by_the_reason() -> None:
    record = Record(id="1", text="I am a bot.", apart=(Apart(start=0, end=11, reason="automatic"),))
    (failure,) = screen([record])
    assert getattr(failure, "kind", None) == "automatic"


def test_records_are_repeats_by_what_is_left_when_the_rest_is_set_apart() -> None:
    disclaimer = " This message is only for whom it is addressed to and for nobody else at all."
    texts = ["The bag tore after a week.", "My shoes came in the wrong size."]
    records = []
    for text in texts:
        apart = Apart(start=len(text), end=len(text + disclaimer), reason="boilerplate")
        records.append(Record(id=text, text=text + disclaimer, apart=(apart,)))
    assert list(screen(records)) == records


@pytest.mark.parametrize(
    ("words", "cell"),
    [
        ("It w", "It w"),  # copied
        ("wasn't", "wasn&#39;t"),  # the sign was replaced as a whole
        ("good", "good"),  # behind it, copied again
        ("It wasn't good", "It wasn&#39;t good"),
    ],
)
def test_a_span_leads_back_to_the_characters_of_the_repaired_cell(words: str, cell: str) -> None:
    text, was = "It wasn't good", "It wasn&#39;t good"
    pieces = (
        Piece(start=0, end=7, cell_start=0, cell_end=7),
        Piece(start=7, end=8, cell_start=7, cell_end=12),
        Piece(start=8, end=14, cell_start=12, cell_end=18),
    )
    start = text.index(words)
    back = in_cell(Record(id="1", text=text, pieces=pieces), Span(start=start, end=start + len(words)))
    assert was[back.start : back.end] == cell


class LastWord:
    """Says of each sentence that its last word is good."""

    name, hash = "last word", "0"

    def read(self, sentences: Sequence[str]) -> list[list[Reading]]:
        found = []
        for sentence in sentences:
            word = sentence.rstrip(" .\n").rpartition(" ")[2]
            start = sentence.rindex(word)
            found.append([Reading(None, (start, start + len(word)), "positive", None)])
        return found


def test_an_opinion_says_its_column_and_where_it_stands_in_that_cell() -> None:
    record = two_parts()
    opinions = extract([record], reader=LastWord()).opinions
    cells = {"Liked": "Quiet rooms", "Disliked": "The lift is slow. And loud."}
    found = []
    for opinion in opinions:
        assert opinion.cell is not None
        assert opinion.opinion is not None
        column, here = opinion.cell.column or "", opinion.cell.opinion
        assert here is not None
        assert cells[column][here.start : here.end] == opinion.opinion.text
        found.append((column, opinion.opinion.text))
    assert found == [("Liked", "rooms"), ("Disliked", "slow"), ("Disliked", "loud")]


DAMAGED = {
    "Pros": ["The cafÃ© wasn&#39;t <b>bad</b>. It&amp;#39;s good", "Plain and simple", "Quiet rooms"],
    "Cons": ["Nothing. <p>The lift is slow.</p>", "Itâ€™s loud &amp; old", "N/A"],
}


@pytest.mark.parametrize("columns", [["Pros"], ["Pros", "Cons"]])
def test_a_sentence_of_a_repaired_cell_says_how_it_stood_there(columns: list[str], tmp_path: Path) -> None:
    """From the output alone: the words are cut out of `cell.text`, which is the cell at the places that are told."""
    with (tmp_path / "in.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", *columns])
        rows.writerows([f"r{at}", *(DAMAGED[name][at] for name in columns)] for at in range(3))
    extract_to(tmp_path / "out.jsonl", read_records(tmp_path / "in.csv"), reader=LastWord())
    found = {}
    for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines():
        opinion = json.loads(line)
        if (cell := opinion["cell"]) is None:
            continue
        was = DAMAGED[cell["column"] or "Pros"][int(opinion["record"][1:])]
        place, words = cell["sentence"], cell["opinion"]
        here = was[words["start"] : words["end"]]
        if cell["text"] is None:
            assert here == opinion["opinion"]["text"]
        else:
            assert was[place["start"] : place["end"]] == cell["text"]
            assert cell["text"][words["start"] - place["start"] : words["end"] - place["start"]] == here
            found[cell["text"].strip()] = here
    assert found["The cafÃ© wasn&#39;t <b>bad</b>."] == "bad"
    assert found["It&amp;#39;s good"] == "good"
    if "Cons" in columns:
        assert found["Itâ€™s loud &amp; old"] == "old"
        assert any(text.endswith("The lift is slow.") for text in found)


def test_a_record_keeps_the_cells_that_were_repaired_as_they_were(tmp_path: Path) -> None:
    cells = ["R&amp;D is slow, and far away", "Fine and quiet rooms"]
    (tmp_path / "in.csv").write_text("\n".join(["Pros,Cons", ",".join(f'"{cell}"' for cell in cells)]), "utf-8")
    (record,) = read_records(tmp_path / "in.csv")
    assert isinstance(record, Record)
    assert record.cells == {"Pros": cells[0]}
    assert record.text == "R&D is slow, and far away\n\nFine and quiet rooms"


def test_an_opinion_of_a_record_of_one_cell_needs_no_way_back() -> None:
    (opinion,) = extract([Record(id="1", text="It was good.")], reader=LastWord()).opinions
    assert opinion.cell is None


def test_what_a_reader_sees_changes_with_parts_and_with_what_is_set_apart_and_else_hashes_as_ever() -> None:
    plain = Record(id="1", text="Quiet rooms", language="en")
    assert seen(plain) == "dcd8fbe934c439a20b22bb953e1ec84b"
    part = plain.model_copy(update={"parts": (Part(start=0, end=11, column="Liked", side="positive"),)})
    apart = plain.model_copy(update={"apart": (Apart(start=0, end=5, reason="quoted"),)})
    assert len({seen(plain), seen(part), seen(apart)}) == 3


def test_a_made_id_tells_the_columns_apart_and_does_not_depend_on_what_is_set_apart() -> None:
    plain = Record(id="", text="Quiet rooms")
    parts = [plain.model_copy(update={"parts": (Part(start=0, end=11, column=name),)}) for name in ("Pros", "Cons")]
    apart = plain.model_copy(update={"apart": (Apart(start=0, end=5, reason="quoted"),)})
    assert len({made_id(record) for record in (plain, *parts)}) == 3
    assert made_id(apart) == made_id(plain)


@given(st.lists(st.tuples(st.text("ab<>&; 😡", max_size=6), st.text("xyz", max_size=3)), max_size=6), st.data())
def test_every_stretch_of_a_changed_cell_leads_back_to_what_it_was_made_of(
    pairs: list[tuple[str, str]], data: st.DataObject
) -> None:
    was = "".join(kept for kept, _ in pairs)
    borders = sorted(data.draw(st.lists(st.integers(0, len(was)), max_size=6, unique=True)))
    changes = [(a, b, new) for (a, b), (_, new) in zip(itertools.pairwise(borders), pairs, strict=False)][::2]
    cell = changed(Cell(was), changes)
    expected, place = "", 0
    for start, end, new in changes:
        expected += was[place:start] + new
        place = end
    assert cell.text == expected + was[place:]
    again = changed(cell, [(0, min(1, len(cell.text)), "")])  # and a change of a changed cell
    record = Record(id="1", text=again.text, pieces=again.pieces)
    for at, char in enumerate(again.text):
        back = in_cell(record, Span(start=at, end=at + 1))
        if char not in "xyz":  # was not put in
            assert was[back.start : back.end] == char


def test_tags_are_no_words_and_signs_that_look_like_them_are() -> None:
    cell = read_cell("<p>The <b>zip</b> broke.<br/>I <3 it</p><!-- x --><style>p {}</style> I <really> mean a < b > c")
    assert cell.text == "\nThe zip broke.\nI <3 it\n I <really> mean a < b > c"
    assert read_cell("a < b") == Cell("a < b")


def test_answers_that_say_nothing_are_left_out_beside_others_and_stay_where_they_are_all() -> None:
    def texts(*cells: str) -> str:
        sources = [(Asked("Pros", side="positive"), cells[0]), (Asked("Other"), cells[1])]
        return join([(source, read_cell(cell)) for source, cell in sources], alone=False).text

    assert texts("Fair pay.", "N/A") == "Fair pay."
    assert texts("Everything", "Everything") == "Everything"  # under "Pros" that is an answer
    assert texts("none", "-") == "none"
    assert texts("Fair pay.", " Long hours ") == "Fair pay.\n\n Long hours "
