"""The report's files: what they say, that text never becomes markup, and that equal digests give equal bytes."""

from __future__ import annotations

import base64
import csv
import datetime as dt
import doctest
import hashlib
import itertools
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gistill.digest.report import charts, words
from gistill.digest.report import markdown as report_markdown
from gistill.digest.report import writing as report_module
from gistill.digest.report.html import TEMPLATES, render_html
from gistill.digest.report.markdown import escape_markdown, render_markdown
from gistill.digest.report.quotes import LONG, cut, excerpts
from gistill.digest.report.rows import ASPECTS
from gistill.digest.report.view import View
from gistill.digest.report.writing import write_report
from gistill.schema import (
    Aspect,
    Check,
    Digest,
    EntityTally,
    Estimate,
    Failure,
    Opinion,
    Period,
    Phrase,
    Quote,
    Record,
    Span,
    Summary,
    SummarySentence,
    Tally,
)
from sample_digest import bare_digest, proportion, sample_digest, sentence, tally, trend, wide_digest

FILES = ["aspects.csv", "chart.svg", "digest.json", "points.csv", "report.html", "report.md", "report.xlsx"]
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><script>alert(1)</script>",
    "</title><h1>x",
    "<!-- x --><![CDATA[",
    "&lt;b&gt; &#60;i&#62;",
    "[click](javascript:alert(1)) <javascript:alert(1)>",
    '=HYPERLINK("http://example.invalid")',
    "+1+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "-2+3",
    "\t=1+1",
    "| a | b |\n| --- | --- |",
    "# heading",
    "> quote",
    "- item",
    "1. item",
    "1) item",
    "```\ncode",
    "~~~",
    "---",
    "===",
    "* * *",
    "**bold** _it_ ~~s~~ `c` $m$",
    "![i](http://example.invalid/i.png)",
    "[x]: http://example.invalid",
    "http://example.invalid www.example.invalid",
    "line\\",
    "\\| \\` \\<b>",
    "{{ 7 * 7 }}{% raw %}",
    "\u202egnorw\u202c \u2066x",
    "bell\x07 null\x00 esc\x1b[31m",
    "    four spaces",
    "a\r\nb\u2028c",
]
SIGNS = st.text("<>&\"'=/ab!-[]()`*_|#@:w.\n", min_size=1)
TEXT = st.one_of(st.sampled_from(HOSTILE), st.text(min_size=1, max_size=40), SIGNS)


@cache
def page(kind: str = "sample") -> str:
    return render_html(View({"sample": sample_digest, "bare": bare_digest, "wide": wide_digest}[kind]()))


def hostile_digest(text: str) -> Digest:
    """A digest that holds `text` in every field that text can reach."""
    said = f"I say {text} here."
    body = f"{text}. {said}"
    start, place = body.rindex(said), body.rindex(said) + len("I say ")
    quote = Quote(start=place, end=place + len(text), text=text)
    span = Span(start=start, end=len(body))
    opinion = Opinion(
        id="o", record=f"r{text}", sentence=span, aspect=quote, opinion=None, polarity="neutral", confidence=1
    )
    record = Record(
        id=f"r{text}", text=body, entity=f"e{text}", author=text, rating=2.5, date=dt.date(2025, 1, 2),
        language=text, file=text, row=3, meta={text: text},
    )  # fmt: skip
    some = tally(12, 8, 2, 2)
    rows = (EntityTally(entity=f"e{text}", tally=some), EntityTally(entity="other", tally=some))
    failure = Failure(kind=f"k{text}", record=f"r{text}", row=4, detail=f"d{text}")
    written = SummarySentence(
        text=text, cites=("o",), origin="writer", check=Check(verdict="supported", by=(f"b{text}",), reasons=(text,))
    )
    aspect = Aspect(
        id=f"a{text}", name=text, topic=f"c{text}", terms={f"t{text}": 3}, opinions=("o",), tally=some,
        trend=trend(40, 30, 4, 60, 0.2), entities=rows,
        pros=(Phrase(text=text, polarity="positive", people=3, opinions=("o",)),),
    )  # fmt: skip
    few = Aspect(id="few", name=f"f{text}", terms={"few": 1}, opinions=(), tally=tally(0, 0, 0, 0, of=0, read=0))
    return Digest(
        title=text, records=3, read=2, people=2, sentences=2, opinions=12, tally=some, aspects=(aspect, few),
        trend=trend(40, 30, 4, 60, 0.2), entities=rows, ungrouped=some,
        summaries=(
            Summary(aspect=None, sentences=(written,), written=1, rejected=(failure,)),
            Summary(aspect=f"a{text}", sentences=(written,), written=1),
        ),
        cited=(opinion,), contexts={record.id: record}, failures={f"k{text}": 2}, failure_examples=(failure,),
        made_with={f"m{text}": text},
    )  # fmt: skip


class Skeleton(HTMLParser):
    """The elements of a page with the names of their attributes, and the text they hold."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, ...]] = []
        self.attributes: list[dict[str, str | None]] = []
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, *(name for name, _ in attrs)))
        self.attributes.append(dict(attrs) | {"tag": tag})

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(("/" + tag,))

    def handle_data(self, data: str) -> None:
        if self.lasttag != "style":
            self.text += data

    def handle_comment(self, data: str) -> None:
        self.tags.append(("comment",))

    def handle_decl(self, decl: str) -> None:
        self.tags.append(("declaration",))

    def unknown_decl(self, data: str) -> None:
        self.tags.append(("unknown",))


# --- text is never markup ---


@cache
def plain_skeleton() -> Skeleton:
    return Skeleton(render_html(View(hostile_digest("plain"))))


@settings(max_examples=40)
@given(TEXT)
def test_no_text_in_any_field_adds_an_element_to_the_page(text: str) -> None:
    """Whatever stands in any field, the page has the elements and attributes it has for a harmless word."""
    found = Skeleton(render_html(View(hostile_digest(text))))
    assert found.tags == plain_skeleton().tags
    assert words.visible(text) in found.text


@pytest.mark.parametrize("text", HOSTILE)
def test_known_attacks_stay_text_on_the_page(text: str) -> None:
    found = Skeleton(render_html(View(hostile_digest(text))))
    assert found.tags == plain_skeleton().tags
    assert words.visible(text) in found.text


def is_text(token: Any) -> bool:
    """Say whether an inline token is text, or the sign of an address that was made code so that it is no link."""
    return token.type in ("text", "text_special") or (token.type == "code_inline" and token.content in (":", ".", "@"))


def blocks(markdown: str) -> list[str]:
    """The structure of Markdown as GitHub reads it, without its text."""
    kinds = []
    for token in MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(markdown):
        kinds.append(token.type + token.tag)
        kinds += [child.type for child in token.children or () if not is_text(child)]
    return kinds


@settings(max_examples=40)
@given(TEXT)
def test_no_text_in_any_field_adds_structure_to_the_markdown(text: str) -> None:
    hostile = blocks(render_markdown(View(hostile_digest(f"x{text}x"))))
    assert hostile == blocks(render_markdown(View(hostile_digest("plain"))))


@given(TEXT)
def test_escaped_markdown_shows_the_text_itself(text: str) -> None:
    """In a paragraph, a list and a quotation alike the text comes out as it went in, but for white space."""
    shown = " ".join(words.visible(text).split())
    for before in ("", "- ", "> ", "# "):
        tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(before + escape_markdown(text))
        inline = [token for token in tokens if token.type == "inline"]
        assert "".join(child.content for token in inline for child in token.children or ()) == shown
        assert all(is_text(child) for token in inline for child in token.children or ())


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("see https://example.invalid", "see https`:`//example.invalid"),
        ("or WWW.example.invalid", "or WWW`.`example.invalid"),
        ("thanks @ada, and @org/team", "thanks `@`ada, and `@`org/team"),
        ("write to ada@example.invalid", "write to ada`@`example.invalid"),
        ("mailto:ada@example.invalid", "mailto`:`ada`@`example.invalid"),
        ("2 @ 3 USD: www", "2 @ 3 USD: www"),
    ],
)
def test_markdown_leaves_no_address_and_no_person_for_a_site_to_link(text: str, written: str) -> None:
    assert escape_markdown(text) == written


@settings(max_examples=12)
@given(TEXT)
def test_no_cell_of_the_csv_is_a_formula(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("report")
    write_report(hostile_digest(text), folder)
    with (folder / "aspects.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert [len(row) for row in rows] == [len(ASPECTS)] * 3
    for cell in (cell for row in rows for cell in row):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) or re.fullmatch(r"[+-]?[\d.]+", cell)


def test_the_page_has_one_script_and_its_policy_allows_only_that_and_its_style() -> None:
    found = Skeleton(page())
    assert not {tag for tag, *_ in found.tags} & {"img", "iframe", "object", "link", "form", "base"}
    [script] = re.findall(r"<script>(.*?)</script>", page(), re.DOTALL)
    assert page().lower().count("<script") == 1
    assert len(script) < 6000
    assert not re.search(r"fetch|XMLHttp|import|eval|innerHTML|Function|cookie|localStorage|location|https?:", script)
    assert not {name for _, *names in found.tags for name in names if name.startswith("on") or name in ("style", "src")}
    style = re.search(r"<style>(.*?)</style>", page(), re.DOTALL)
    policy = next(a["content"] or "" for a in found.attributes if a.get("http-equiv") == "Content-Security-Policy")
    assert style is not None
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style[1], script)]
    allowed = [f"style-src 'sha256-{hashes[0]}'", f"script-src 'sha256-{hashes[1]}'"]
    assert policy.split("; ")[:3] == ["default-src 'none'", *allowed]
    assert "url(" not in style[1]
    assert "@import" not in style[1]


# --- what the files say ---


def test_the_files_are_written_and_equal_digests_give_equal_bytes(tmp_path: Path) -> None:
    write_report(sample_digest(), tmp_path / "one")
    write_report(sample_digest(), tmp_path / "two")
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == FILES
    for name in FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize("make", [sample_digest, bare_digest])
def test_the_json_is_the_digest(tmp_path: Path, make: type[Digest]) -> None:
    write_report(make(), tmp_path)
    assert Digest.model_validate_json((tmp_path / "digest.json").read_bytes()) == make()


def test_a_failure_leaves_the_files_that_stood_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_report(bare_digest(), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def fail(view: View) -> str:
        raise MemoryError

    monkeypatch.setattr(report_module, "render_html", fail)
    with pytest.raises(MemoryError):
        write_report(sample_digest(), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_every_figure_names_its_denominator_and_interval() -> None:
    text = " ".join(Skeleton(page()).text.split())
    assert "31 of 240 people (13%, 95% interval 9 to 18%)" in text
    assert "Net Sentiment +46 (from +30 to +61): 88 positive, 6 neutral, 31 negative" in text
    assert "whose 286 records were read, of 318 rows seen; 32 left out" in text
    assert "A model wrote 9 sentences. 6 passed their checks as written, 1 was replaced by a revision" in text


def test_the_csv_has_a_row_an_aspect_with_numbers_as_numbers(tmp_path: Path) -> None:
    write_report(sample_digest(), tmp_path)
    with (tmp_path / "aspects.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["aspect"] for row in rows] == [aspect.name for aspect in sample_digest().aspects]
    bluetooth = rows[2]
    assert (bluetooth["people"], bluetooth["people_read"], bluetooth["share"]) == ("57", "240", "0.2375")
    assert float(bluetooth["net_sentiment"]) == pytest.approx(-52 / 78, abs=1e-4)


def test_quotations_stand_in_context_with_their_words_marked() -> None:
    assert (
        'Bought these for the train. <span class="said">The </span>'
        '<mark class="aspect"><span class="vh">[aspect: </span>battery<span class="vh">]</span></mark>'
        '<span class="said"> </span><mark class="opinion"><span class="vh">[opinion: </span>lasts all week'
    ) in page()
    assert ">headphones 2025.csv</bdi> row 2</span>" in page()


def test_a_sentence_says_where_it_comes_from() -> None:
    text = " ".join(Skeleton(page()).text.split())
    for said in (
        "written by the model, checked",
        "rewritten after a check, checked again",
        "counts and quotes 2 quotations",
    ):
        assert said in text
    assert "written by the model, not checked" in text
    assert "“60 people” where the count is 49" in text


def test_every_reason_against_a_sentence_is_explained() -> None:
    for kind in ("not_supported", "revision_not_supported", "empty_answer", "redundant"):
        assert words.failure(kind).endswith(".")


@pytest.mark.parametrize(
    ("origin", "verdict", "said"),
    [
        ("writer", "supported", "written by the model, checked"),
        ("writer", "not_checked", "written by the model, not checked"),
        ("writer", "not_supported", "written by the model, did not pass"),
        ("revised", "supported", "rewritten after a check, checked again"),
        ("revised", "not_checked", "rewritten after a check, not checked"),
        ("quote", "supported", "counts and quotes"),
        ("quote", "not_checked", "counts and quotes"),
    ],
)
def test_the_origin_promises_no_more_than_was_done(origin: str, verdict: str, said: str) -> None:
    assert words.origin(sentence("x", "o", origin=origin, verdict=verdict)) == said


def test_authors_are_never_shown(tmp_path: Path) -> None:
    write_report(sample_digest(), tmp_path)
    for name in ("report.html", "report.md", "aspects.csv"):
        assert "person 3" not in (tmp_path / name).read_text(encoding="utf-8")


def test_opinions_without_an_aspect_are_not_said_to_be_none() -> None:
    """A small file can hold opinions and no aspect; the page explains it, in the singular."""
    digest = sample_digest()
    none = digest.model_copy(
        update={"aspects": (), "ungrouped": digest.tally.model_copy(update={"mentions": 1}), "opinions": 1}
    )
    only = next(one for one in digest.summaries if any(s.origin == "quote" for s in one.sentences))
    built = tuple(s for s in only.sentences if s.origin == "quote")[:1]
    quoted = Summary(aspect=None, sentences=built)
    text = " ".join(Skeleton(render_html(View(none.model_copy(update={"summaries": (quoted,)})))).text.split())
    assert "No aspects were found: 1 opinion names nothing that several people write about." in text
    assert "1 opinion of 1 names nothing, or something too rare to be an aspect" in text
    assert "the one summary sentence is made of counts" in text


def test_the_report_says_of_whom_most_people_are_most() -> None:
    """ "Most people dislike the lid" is most of the five who mention it, not of the hundred who wrote."""
    said = "of those who mention the aspect, not of everybody who wrote."
    assert said in " ".join(Skeleton(page()).text.split())
    assert said not in page("bare")


def test_an_empty_digest_says_so_and_shows_no_zero_where_nothing_was_measured() -> None:
    text = " ".join(Skeleton(page("bare")).text.split())
    for said in (
        "No aspects were found, because no opinions were found.",
        "not measured: no opinions were found",
        "No comparison: the records name no product, hotel or service.",
        "No trend: the records carry no dates.",
        "Nothing failed.",
        "No summaries were made.",
        "Not recorded.",
    ):
        assert said in text
    assert "0%" not in text
    assert "0 of 0" not in text
    assert "not measured" in render_markdown(View(bare_digest()))


def test_two_hundred_aspects_are_thirty_in_full_and_the_rest_in_a_table() -> None:
    view = View(wide_digest(200))
    assert (len(view.shown), len(view.rest)) == (30, 170)
    assert page("wide").count('<article class="about"') == 30
    assert "170 further aspects that fewer people write about" in page("wide")
    assert all(f">{aspect.name}<" in page("wide") for aspect in view.rest)


def test_a_summary_of_every_aspect_does_not_make_the_page_longer_but_is_in_the_csv(tmp_path: Path) -> None:
    everything = tuple(Summary(aspect=f"a{n}", sentences=(sentence(f"say {n}", "r-004:0"),)) for n in range(40))
    digest = wide_digest(40, 2).model_copy(update={"summaries": everything})
    write_report(digest, tmp_path)
    shown = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert ">say 29<" in shown
    assert ">say 30<" not in shown
    assert "say 39" in (tmp_path / "aspects.csv").read_text(encoding="utf-8")


def test_many_entities_go_down_and_few_go_across() -> None:
    few = View(sample_digest()).comparison
    entities = tuple(sample_digest().entities[0].model_copy(update={"entity": f"e{n}"}) for n in range(40))
    many = View(sample_digest().model_copy(update={"entities": entities})).comparison
    assert many is not None
    assert few is not None
    assert ([one.text for one in many.rows], many.left_out) == ([f"e{n}" for n in range(30)], 10)
    assert [one.text for one in many.columns][:2] == ["All opinions", "loses the connection"]
    assert [one.text for one in few.columns] == ["Sonora Lite", "Sonora Pro"]


def test_one_entity_is_no_comparison_and_the_page_says_so() -> None:
    only = sample_digest().entities[:1]
    aspects = tuple(aspect.model_copy(update={"entities": ()}) for aspect in sample_digest().aspects)
    digest = sample_digest().model_copy(update={"entities": only, "aspects": aspects})
    assert View(digest).comparison is None
    assert "only one product, hotel or service" in render_html(View(digest))


def test_small_groups_carry_a_warning() -> None:
    assert page().count("fewer than 10 people") >= 4


def test_anchors_are_readable_unique_and_lead_somewhere() -> None:
    twins = tuple(
        aspect.model_copy(update={"id": name})
        for aspect, name in zip(sample_digest().aspects, ("a b", "a-b", "A  b", "電池", "…"), strict=False)
    )
    view = View(sample_digest().model_copy(update={"aspects": twins}))
    assert list(view.anchors.values()) == [
        "aspect-a-b",
        "aspect-a-b-x",
        "aspect-a-b-x-x",
        "aspect-unnamed",
        "aspect-unnamed-x",
    ]
    for source in (page(), page("wide"), page("bare"), render_html(view)):
        found = Skeleton(source).attributes
        names = [a["id"] for a in found if "id" in a]
        assert len(names) == len(set(names))
        aims = {(a["href"] or "")[1:] for a in found if (a.get("href") or "").startswith("#")}
        assert aims | {a["aria-labelledby"] for a in found if "aria-labelledby" in a} <= set(names)


@pytest.mark.parametrize("kind", ["sample", "wide", "bare"])
def test_headings_go_down_one_step_at_a_time_and_landmarks_are_there(kind: str) -> None:
    found = Skeleton(page(kind))
    levels = [int(tag[1]) for tag, *_ in found.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    tags = [tag for tag, *_ in found.tags]
    assert [tags.count(name) for name in ("header", "nav", "main", "footer")] == [1, 1, 1, 1]
    assert found.attributes[0]["lang"] == "en"


def test_every_drawing_has_a_title_and_its_figures_stand_in_text_too() -> None:
    drawings = re.findall(r"<svg[^>]*>.*?</svg>", page(), re.DOTALL)
    assert len(drawings) > 30
    for drawing in drawings:
        assert 'role="img"' in drawing
        assert re.search(r"<title>.+?</title>", drawing)
    assert "<td>Dec 2025</td>" in page()


def test_the_trend_is_of_all_opinions_and_ends_with_the_last_step_in_which_anybody_wrote() -> None:
    digest = sample_digest()
    section = page()[page().index('id="trend"') : page().index('id="things"')]
    assert section.count("<svg") == 1
    empty = Period(start=dt.date(2026, 1, 1), unit="month", tally=tally(0, 0, 0, 0))
    ended = View(digest.model_copy(update={"trend": (*digest.trend, empty)}))
    assert ended.last == digest.trend[-1]
    one = render_html(View(digest.model_copy(update={"trend": digest.trend[:1]})))
    assert "No trend: all was written within one period." in one


# --- quotations in context ---


@given(st.text(max_size=500), st.text(min_size=1, max_size=600), st.text(max_size=500), st.data())
def test_an_excerpt_is_a_stretch_of_the_record_around_whole_quotations(
    before: str, said: str, after: str, data: st.DataObject
) -> None:
    text = before + said + after
    sentence_span = Span(start=len(before), end=len(before) + len(said))
    edges = sorted(data.draw(st.lists(st.integers(0, len(said)), min_size=2, max_size=2, unique=True)))
    start, end = len(before) + edges[0], len(before) + edges[1]
    quote = Quote(start=start, end=end, text=text[start:end])
    opinion = Opinion(
        id="o", record="r", sentence=sentence_span, aspect=quote, opinion=quote, polarity="neutral", confidence=1
    )
    pieces = cut(text, opinion)
    body = [p for p in pieces if p.text not in ("… ", " …") or p.marks or p.in_sentence]
    joined = "".join(piece.text for piece in body)
    assert joined in text
    assert "".join(piece.text for piece in body if piece.marks) == quote.text
    assert len(joined) <= LONG + len(quote.text) + 500
    if len(said) <= LONG:
        assert said in joined


def test_long_records_are_cut_at_words() -> None:
    filler = "wonderful " * 60
    text = f"{filler}The bed is soft. {filler}"
    start = text.index("The bed")
    opinion = Opinion(
        id="o", record="r", sentence=Span(start=start, end=start + 16),
        aspect=Quote(start=start + 4, end=start + 7, text="bed"), opinion=None, polarity="positive", confidence=1,
    )  # fmt: skip
    shown = "".join(piece.text for piece in cut(text, opinion))
    assert shown.startswith("… wonderful wonderful")
    assert shown.endswith("wonderful …")
    assert len(shown) < 400


def test_words_that_do_not_stand_there_are_not_shown() -> None:
    digest = sample_digest()
    first = digest.cited[0]
    assert first.aspect is not None
    wrong = first.model_copy(update={"aspect": first.aspect.model_copy(update={"text": "bottery"})})
    cited = {"wrong": wrong, "lost": first.model_copy(update={"record": "nowhere"})}
    found = excerpts(("wrong", "lost", "unknown", "wrong"), cited=cited, contexts=digest.contexts)
    assert [bool(excerpt.pieces) for excerpt in found] == [False, False, False]
    assert all(excerpt.problem for excerpt in found)
    assert "bottery" not in render_html(View(digest.model_copy(update={"cited": (wrong, *digest.cited[1:])})))


# --- words and drawings ---


@pytest.mark.parametrize("module", [words, report_markdown])
def test_the_examples_in_docstrings_are_true(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert (result.failed, result.attempted) == (0, 1)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"),
        (0.0004, "under 0.1"),
        (0.004, "0.4"),
        (0.0096, "1"),
        (0.129, "13"),
        (0.994, "99.4"),
        (0.9999, "over 99.9"),
        (1, "100"),
    ],
)
def test_a_rare_share_never_rounds_to_none_nor_a_common_one_to_all(value: float, said: str) -> None:
    assert words.percent(value) == said


def test_a_file_is_named_without_its_folders() -> None:
    assert words.file_name("/home/ana/reviews/may.csv") == "may.csv"
    assert words.file_name("C:\\Users\\ana\\may.csv") == "may.csv"
    assert words.file_name("reviews/") == "reviews"
    assert words.file_name("/") == "/"


def test_figures_in_words() -> None:
    assert words.share_of(proportion(31, 240)) == "31 of 240 people (13%, 95% interval 9 to 18%)"
    assert words.share_of(proportion(1, 1)) == "1 of 1 person (100%, 95% interval 21 to 100%)"
    assert words.share_of(proportion(0, 0)) == "– not measured"
    assert words.net(Estimate(value=0.42, low=0.31, high=0.53)) == "+42 (from +31 to +53)"
    assert words.net(Estimate(value=-0.004)) == "0"
    assert words.net(Estimate(value=None)) == "– not measured"
    assert words.net(Estimate(value=-1, low=-1, high=-1)) == "−100 (no interval: all alike)"
    assert [words.lean(Estimate(value=0.1, low=low, high=0.2)) for low in (0.01, -0.01, None)] == [
        "positive",
        "no clear lean",
        "no interval",
    ]


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        ("day", "5 May 2025"),
        ("week", "week of 5 May 2025"),
        ("month", "May 2025"),
        ("quarter", "Q2 2025"),
        ("year", "2025"),
    ],
)
def test_periods_have_names(unit: str, said: str) -> None:
    step = Period.model_validate({"start": dt.date(2025, 5, 5), "unit": unit, "tally": tally(1, 1, 0, 0)})
    assert words.period(step) == said


@given(st.text())
def test_visible_text_has_nothing_that_acts_unseen(text: str) -> None:
    shown = words.visible(text)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]", shown)
    assert words.visible(shown) == shown


def numbers(drawing: str, shape: str, attribute: str) -> Iterator[str]:
    return (found[1] for found in re.finditer(f'<{shape}[^>]* {attribute}="([^"]*)"', drawing))


def test_bars_are_drawn_to_scale() -> None:
    """24 of 240 people on a scale to 50% are a fifth of the width; −0.5 goes from a quarter to the middle."""
    counts = tally(24, 10, 30, 0)
    assert '<rect class="vol" x="0%" y="4" width="20%"' in charts.share_bar(counts, 0.5)
    assert '<rect class="neg" x="25%" y="4" width="25%"' in charts.net_bar(counts)
    assert '<rect class="pos" x="0%" y="4" width="25%"' in charts.split_bar(counts)
    assert 'width="100%" height="10"' in charts.share_bar(counts, 0.05)
    assert "rect" not in charts.net_bar(tally(0, 0, 0, 0))
    assert "not measured" in charts.net_bar(tally(0, 0, 0, 0))


def test_a_month_without_opinions_is_a_gap_in_the_trend_and_not_a_zero() -> None:
    steps = trend(38, 24, 8, 55, 0.1)
    drawing = charts.trend("comfort", steps, 10)
    lines = list(numbers(drawing, "polyline", "points"))
    assert [len(line.split()) for line in lines] == [3, 8]
    assert len(list(numbers(drawing, "circle", "cx"))) == 11
    assert "Net Sentiment and people in 11 months" in drawing


def test_one_step_alone_can_be_drawn() -> None:
    drawing = charts.trend("x", trend(38, 24, 8, 55, 0.1)[:1], 10)
    assert list(numbers(drawing, "circle", "cx")) == ["144"]


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_figures_survive_a_group_of_any_size(count: int) -> None:
    counts: Tally = tally(count, count, 0, 0)
    assert charts.net_bar(counts).endswith("</svg>")
    assert "nan" not in charts.share_bar(counts, 1.0)


# --- colours ---


def colours(scheme: str) -> dict[str, str]:
    sheet = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    light, dark, printed = re.findall(r":root \{(.*?)\}", sheet, re.DOTALL)
    chosen = light if scheme == "light" else light + {"dark": dark, "print": printed}[scheme]
    return {name: _long(value) for name, value in re.findall(r"--([\w-]+): #([0-9a-f]{3,6})", chosen)}


def _long(value: str) -> str:
    return value if len(value) == 6 else "".join(2 * digit for digit in value)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, two: str) -> float:
    low, high = sorted((luminance(one), luminance(two)))
    return (high + 0.05) / (low + 0.05)


def test_the_contrast_formula_is_right() -> None:
    assert contrast("000000", "ffffff") == pytest.approx(21)
    assert contrast("777777", "ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_text_and_drawings_reach_the_contrast_of_wcag_aa(scheme: str) -> None:
    """Text 4.5 to 1; strokes and bars against the ground, and whiskers against bars, 3 to 1."""
    found = colours(scheme)
    text = [(ink, "paper") for ink in ("ink", "soft", "link", "good", "bad", "flat", "warn")]
    text += [("ink", ground) for ground in ("wash", "good-wash", "bad-wash", "flat-wash", "aspect-mark")]
    text += [("soft", "wash"), ("link", "wash"), ("warn", "wash"), ("paper", "ink")]
    shapes = [(shape, "paper") for shape in ("pos", "neg", "neu", "vol", "edge", "whisker")]
    shapes += [("whisker", bar) for bar in ("pos", "neg", "vol")]
    poor = {pair: round(contrast(found[pair[0]], found[pair[1]]), 2) for pair in text + shapes}
    assert {pair: value for pair, value in poor.items() if value < (4.5 if pair in text else 3)} == {}
