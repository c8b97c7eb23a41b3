"""Names and addresses of customers: hidden in whatever a report shows, exact in the data for programs."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fake_reader import FakeReader
from gistill.digest.report.html import render_html
from gistill.digest.report.markdown import render_markdown
from gistill.digest.report.masking import PLACEHOLDERS, find_masks, shown
from gistill.digest.report.view import View
from gistill.digest.report.writing import write_report
from gistill.digest.run import digest as walk
from gistill.privacy import KINDS, find
from gistill.schema import (
    Aspect,
    Digest,
    Failure,
    Opinion,
    Phrase,
    Point,
    Quote,
    Record,
    Span,
    Summary,
    SummarySentence,
)
from sample_digest import bare_digest, sample_digest

NAMES = ("Ada Quill", "Zoë Brandtner", "Jo O’Zymble", "Mbeki Vantongeren")
REACHES = ("zq.mail@example.com", "+1 415 555 0132", "4111 1111 1111 1111", "12 Elmhurst Street, Springfield, IL 62701")


def spoken(name: str, value: str, *, around: str = "") -> Record:
    """A record in which a sign gives a name away, and in which the opinion stands behind both values."""
    text = f"{around} My name is {name}, write to {value} please. The zipper of {name} broke in a week, says {value}."
    return Record(id=f"r-{value}", text=text, author="Xaver Ypsilanti", entity="Nimbus", file=f"{name}.txt")


def told(record: Record, name: str, value: str) -> Digest:
    """A digest that repeats what one record says in every field that is shown."""
    base, some = bare_digest(), sample_digest().tally
    start = record.text.index("The zipper")
    words = f"broke in a week, says {value}"
    at = record.text.index(words)
    opinion = Opinion(
        id=f"{record.id}:1", record=record.id, sentence=Span(start=start, end=len(record.text)),
        aspect=Quote(start=start + 4, end=start + 10, text="zipper"),
        opinion=Quote(start=at, end=at + len(words), text=words), polarity="negative", confidence=None,
    )  # fmt: skip
    phrase = f"{name} and {value}".lower() if "@" in value else f"{name} and {value}"
    sentence = sample_digest().summaries[0].sentences[0]
    written = SummarySentence(text=phrase, cites=(opinion.id,), origin="quote", check=sentence.check)
    point = Point(
        id=f"point {phrase}", name=phrase, category=None, direction="negative", opinions=(opinion.id,),
        quotes=(opinion.id,), tally=some, strength=None, aspects={phrase: 2, name: 1},
    )  # fmt: skip
    con = Phrase(text=phrase, polarity="negative", people=2, opinions=(opinion.id,))
    aspect = Aspect(id=phrase, name=phrase, terms={name: 1, phrase: 1}, opinions=(opinion.id,), tally=some, cons=(con,))
    return base.model_copy(
        update={
            "title": f"Letters to {value}", "aspects": (aspect,), "points": (point,), "cited": (opinion,),
            "contexts": {record.id: record}, "source": (f"Reading {name}.csv",),
            "summaries": (Summary(aspect=None, sentences=(written,)), Summary(aspect=phrase, sentences=(written,))),
            "failures": {"empty": 1},
            "failure_examples": (Failure(kind="empty", record=record.id, detail=f"{name}: {value}"),),
        }
    )  # fmt: skip


def texts_of(folder: Path) -> dict[str, str]:
    """Every file that people read, as text; a workbook as all of its parts."""
    found = {}
    for path in folder.iterdir():
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as book:
                found[path.name] = "\n".join(book.read(name).decode() for name in book.namelist())
        elif path.name != "digest.json":
            found[path.name] = path.read_text("utf-8")
    return found


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(NAMES), st.sampled_from(REACHES), st.text("aé👍文 \u202e", max_size=9))
@example("Ada Quill", "zq.mail@example.com", "👍🏽")
def test_no_value_that_the_gate_finds_stands_in_anything_shown(
    tmp_path_factory: pytest.TempPathFactory, name: str, value: str, around: str
) -> None:
    record = spoken(name, value, around=around)
    found = {record.text[one.start : one.end] for one in find(record.text)}
    assert {name, value} <= found
    folder = tmp_path_factory.mktemp("report")
    write_report(told(record, name, value), folder)
    pages = texts_of(folder)
    assert {"report.html", "report.md", "points.csv", "aspects.csv"} <= set(pages)
    for file, page in pages.items():
        for secret in (*found, name.split()[1], "Ypsilanti"):
            assert secret.lower() not in page.lower(), (file, secret)
        assert "hidden]" in page.replace("\\", "") or file == "chart.svg", file


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(NAMES), st.sampled_from(REACHES), st.text("aé👍文 \n", max_size=9))
def test_spans_of_what_is_shown_hold_in_what_is_shown(name: str, value: str, around: str) -> None:
    result = shown(told(spoken(name, value, around=around), name, value))
    [opinion], [record] = result.cited, result.contexts.values()
    assert opinion.record == record.id
    for quote in (opinion.aspect, opinion.opinion):
        assert quote
        assert record.text[quote.start : quote.end] == quote.text
    assert opinion.aspect
    assert opinion.aspect.text == "zipper"
    assert opinion.opinion
    assert opinion.opinion.text.startswith("broke in a week, says [")
    assert record.text[opinion.sentence.start :].startswith("The zipper of [name hidden] broke")
    assert shown(result) == result


def test_marked_words_stay_in_their_place_behind_a_placeholder() -> None:
    page = render_html(View(told(spoken("Ada Quill", "zq.mail@example.com"), "Ada Quill", "zq.mail@example.com")))
    quotation = page.partition("<blockquote")[2].partition("</blockquote>")[0]
    marks = [part.partition("</mark>")[0] for part in quotation.split("<mark ")[1:]]
    assert [mark.partition("</span>")[2].partition("<span")[0] for mark in marks] == [
        "zipper", "broke in a week, says [e-mail hidden]",
    ]  # fmt: skip


def test_the_markdown_shows_the_placeholder_as_it_is() -> None:
    page = render_markdown(View(told(spoken("Ada Quill", "zq.mail@example.com"), "Ada Quill", "zq.mail@example.com")))
    assert "My name is \\[name hidden\\], write to \\[e-mail hidden\\] please." in page
    assert "\\[author 1\\]" in page


def test_every_kind_of_find_has_a_placeholder_in_which_the_gate_finds_nothing() -> None:
    assert set(PLACEHOLDERS) == set(KINDS)
    for placeholder in PLACEHOLDERS.values():
        for sentence in ("{}", "My name is {}.", "Thanks, {}", "call me at {}", "password: {}", "Dear {}, hi"):
            assert find(sentence.format(placeholder)) == []


def test_a_name_that_many_use_as_a_word_and_a_thing_called_so_are_left_alone() -> None:
    texts = ["My name is Velvet Rose.", "The velvet rose dress is nice.", "A velvet rose, and soft.", "My velvet rose!"]
    entities = ["Velvet Rose"] + [None] * 3
    few = [Record(id=str(n), text=text, entity=None) for n, text in enumerate([texts[0], texts[1]])]
    many = [Record(id=str(n), text=text, entity=None) for n, text in enumerate(texts)]
    assert set(find_masks(few)) == {"0", "1"}  # one person alone writes it small: a name, however it is written
    assert set(find_masks(many)) == {"0"}
    product = [Record(id=str(n), text=texts[n], entity=entities[n]) for n in range(2)]
    assert set(find_masks(product)) == {"0"}


def test_an_author_is_hidden_in_the_own_text_by_whole_name_and_by_parts() -> None:
    own = Record(id="1", text="Yours, Ypsilanti. XAVER YPSILANTI was here, not a ypsilanti.", author="Xaver Ypsilanti")
    shop = Record(id="2", text="Amazon sent it. My amazon order.", author="Amazon Customer")
    others = [Record(id=str(n), text="Amazon was late, amazon is slow.", author=None) for n in range(3, 7)]
    masks = find_masks([own, shop, *others])
    assert [own.text[mask.start : mask.end] for mask in masks["1"]] == ["Ypsilanti", "XAVER YPSILANTI", "ypsilanti"]
    assert set(masks) == {"1"}


def test_a_run_hides_names_keeps_data_exact_and_shows_names_when_asked(tmp_path: Path) -> None:
    said = "My name is Ada Quill. Great sound! So says Ada Quill."
    rows = [Record(id="1", text=said, author="Ada Quill"), Record(id="2", text="Great sound here!", author="Bo Quux")]
    for folder, show in (("masked", False), ("named", True)):
        walk(rows, folder=tmp_path / folder, reader=FakeReader(), writer=None, show_names=show)
    pages = {name: (tmp_path / name / "report.html").read_text("utf-8") for name in ("masked", "named")}
    assert "Ada Quill" not in pages["masked"]
    assert "[author 1]" in pages["masked"]
    assert "So says Ada Quill." in pages["named"]
    assert "Bo Quux" in pages["named"]
    data = json.loads((tmp_path / "masked" / "digest.json").read_text("utf-8"))
    assert data["contexts"]["1"]["text"] == said
    assert [said[mask["start"] : mask["end"]] for mask in data["masks"]["1"]] == ["Ada Quill", "Ada Quill"]
    assert "not masked" in data["note"]
    manifest = json.loads((tmp_path / "masked" / "manifest.json").read_text("utf-8"))
    assert manifest["unmasked"] == ["digest.json", "opinions.jsonl", "opinions.readings.jsonl"]
    assert manifest["shows_names"] is False


def test_a_name_of_ours_is_not_taken_for_a_label_with_a_value() -> None:
    """ "handle: wish it was longer" is a thing and what is said of it, and not the handle of somebody."""
    base = told(spoken("Ada Quill", "zq.mail@example.com"), "Ada Quill", "zq.mail@example.com")
    point = base.points[0].model_copy(update={"name": "handle: wish it was longer"})
    assert find(point.name)
    assert shown(base.model_copy(update={"points": (point,)})).points[0].name == point.name
