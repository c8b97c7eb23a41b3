"""The workbook, the chart, the page of Markdown, and a digest in a notebook and as data frames."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pyarrow as pa
import pytest

import gistill
from fake_reader import FakeReader
from gistill.digest.report import rows
from gistill.digest.report.charts import main_chart
from gistill.digest.report.markdown import SHORT, render_markdown
from gistill.digest.report.masking import with_masks
from gistill.digest.report.view import View
from gistill.digest.report.workbook import render_workbook
from gistill.digest.report.writing import write_report
from gistill.errors import ExtraMissingError, InputError, SettingError
from gistill.schema import Digest, Record, Span
from gistill.tables import read_records
from sample_digest import bare_digest, sample_digest, wide_digest

FORMULAS = ("=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "{=A1}", "http://shop.invalid", "mailto:a@b.example")


def opened(digest: Digest) -> Any:
    return openpyxl.load_workbook(io.BytesIO(render_workbook(View(digest))))


def cells(sheet: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in sheet.iter_rows(values_only=True)]


def test_the_workbook_has_points_opinions_and_counts_with_numbers_as_numbers() -> None:
    digest = sample_digest()
    book = opened(digest)
    assert book.sheetnames == ["Points", "Opinions", "Counts", "About"]
    points, opinions, counts = (cells(book[name]) for name in book.sheetnames[:3])
    assert points[0] == tuple(name.replace("_", " ") for name in rows.POINTS)
    assert [row[0] for row in points[1:]] == [point.name for point in digest.points]
    assert [row[4] for row in points[1:]] == [point.tally.people for point in digest.points]
    assert {row[5] for row in points[1:]} == {240}
    assert len(opinions) == len(digest.cited) + 1
    first = dict(zip(rows.OPINIONS, opinions[1], strict=True))
    assert first["quotation"] == "The battery lasts all week with an hour of music each way."
    assert (first["aspect"], first["opinion"], first["entity"]) == ("battery", "lasts all week", "Sonora Pro")
    assert (first["rating"], first["date"].date()) == (5, dt.date(2025, 1, 9))
    assert counts[1][:3] == ("all", None, digest.tally.people)
    assert [row[1] for row in counts if row[0] == "entity"] == [one.entity for one in digest.entities]
    assert [row[1].date() for row in counts if row[0] == "month"] == [step.start for step in digest.trend]
    assert any("opinions.jsonl has all" in row[0] for row in cells(book["About"]))


def test_the_sheet_of_opinions_holds_all_of_them_with_their_authors_numbered(tmp_path: Path) -> None:
    digest = sample_digest()
    text = "The hinge broke. Ada Quill, customer"
    record = Record(id="extra", text=text, author="Ada Quill", file="/home/ada/reviews.csv", row=7)
    unquoted = digest.cited[0].model_copy(
        update={"id": "extra:0", "record": "extra", "sentence": Span(start=0, end=16), "aspect": None, "opinion": None}
    )
    assert len({one.author for one in digest.contexts.values()}) == 14  # numbered first, since the pages show them
    every = [*digest.cited, unquoted]
    records = [*digest.contexts.values(), record]
    whole = with_masks(digest.model_copy(update={"opinions": len(every)}), records, show_names=False)
    write_report(whole, tmp_path, opinions=every, records=records)
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    listed = cells(book["Opinions"])
    assert len(listed) == len(every) + 1
    last = dict(zip(rows.OPINIONS, listed[-1], strict=True))
    assert (last["quotation"], last["author"], last["file"]) == ("The hinge broke.", "[author 15]", "reviews.csv")
    assert any(f"all {len(every)} opinions" in row[0] for row in cells(book["About"]))
    write_report(whole, tmp_path)  # as from a digest.json alone
    assert len(cells(openpyxl.load_workbook(tmp_path / "report.xlsx")["Opinions"])) == len(every)


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_of_a_customer_is_a_formula_or_a_link(text: str) -> None:
    digest = sample_digest()
    named = digest.points[0].model_copy(update={"name": text})
    book = render_workbook(View(digest.model_copy(update={"points": (named,), "title": text, "shows_names": True})))
    sheet = openpyxl.load_workbook(io.BytesIO(book))["Points"]
    assert (sheet["A2"].value, sheet["A2"].data_type, sheet["A2"].hyperlink) == (text, "s", None)
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        inside = b"".join(parts.read(name) for name in parts.namelist() if name.startswith("xl/worksheets"))
    assert b"<f>" not in inside
    assert b"hyperlink" not in inside


def test_equal_digests_give_equal_workbooks_and_long_texts_fit_a_cell() -> None:
    assert render_workbook(View(sample_digest())) == render_workbook(View(sample_digest()))
    long = sample_digest().points[0].model_copy(update={"name": "word " * 9000})
    digest = sample_digest().model_copy(update={"points": (long,)})
    assert len(cells(opened(digest)["Points"])[1][0]) == 32_002
    assert cells(opened(bare_digest())["Points"])[1:] in ([], [(None,) * len(rows.POINTS)])


def test_the_chart_draws_the_first_problems_and_praises_to_scale() -> None:
    view = View(sample_digest())
    drawn = ElementTree.fromstring(main_chart(view))
    space = "{http://www.w3.org/2000/svg}"
    texts = [node.text for node in drawn.iter(f"{space}text")]
    told = [*view.problems[:5], *view.loved[:5]]
    assert [text for text in texts if text in {point.name for point in told}] == [point.name for point in told]
    bars = [float(node.get("width", "")) for node in drawn.iter(f"{space}rect") if node.get("x")]
    shares = [point.tally.share.value for point in told]
    assert [bar / bars[0] for bar in bars] == pytest.approx([share / shares[0] for share in shares if share], rel=0.01)
    assert "Problems" in texts
    assert "Loved" in texts
    assert not [tag for node in drawn.iter() if (tag := node.tag.removeprefix(space)) in ("script", "a", "image")]
    assert "Nothing is said alike" in main_chart(View(bare_digest()))


def test_the_markdown_is_one_page() -> None:
    for digest in (sample_digest(), wide_digest(), bare_digest()):
        page = render_markdown(View(digest))
        assert len(page.splitlines()) < 110
        assert len(page) < 9000
        for title in ("Problems", "Loved", "Wishes", "What changed", "All opinions"):
            assert page.count(f"\n## {title}\n") == 1
    view = View(sample_digest())
    page = render_markdown(view)
    assert page.count("\n  > ") >= len(view.headlines)
    assert len(re.findall(r"^- \*\*", page.partition("## Loved")[0].partition("## Problems")[2], re.MULTILINE)) <= SHORT
    assert "31 of 240 people (13%; 9 to 18%)" in page


def test_a_digest_shows_itself_in_a_notebook_escaped_and_masked() -> None:
    digest = sample_digest()
    hostile = digest.points[1].model_copy(update={"name": "<script>x</script> & \u202e"})
    said = digest.model_copy(update={"points": (hostile,), "title": "<b>Ours</b>"})._repr_html_()
    assert "<script" not in said
    assert "&lt;script&gt;x&lt;/script&gt; &amp; [U+202E]" in said
    assert "<b>" not in said
    assert "240 people" in said
    assert len(digest._repr_html_()) < 4000


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
def test_tables_are_data_frames_of_the_library_that_is_asked_for(backend: str) -> None:
    module = pytest.importorskip(backend)
    digest = sample_digest()
    points, opinions = digest.points_frame(backend), digest.opinions_frame(backend)
    assert isinstance(points, module.Table if backend == "pyarrow" else module.DataFrame)
    assert list(points.column_names if backend == "pyarrow" else points.columns) == list(rows.POINTS)
    assert len(points) == len(digest.points)
    assert len(opinions) == len(digest.cited)
    people = points["people"].to_pylist() if backend == "pyarrow" else list(points["people"])
    assert people == [point.tally.people for point in digest.points]
    assert len(bare_digest().points_frame(backend)) == 0


def test_other_libraries_and_missing_ones_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingError, match="'excel' makes no data frames"):
        sample_digest().points_frame("excel")
    monkeypatch.setitem(__import__("sys").modules, "polars", None)
    with pytest.raises(ExtraMissingError, match="polars is not installed"):
        sample_digest().points_frame("polars")


COLUMNS = {
    "review": ["Great sound, and I love the case.", "Bad battery; it broke.", None, "Good value for money, really."],
    "stars": [5, 1, None, 4],
    "date": [dt.date(2025, 1, 2), None, dt.date(2025, 1, 3), dt.date(2025, 2, 1)],
    "customer": ["Ann", "Bob", "Cem", None],
}


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
def test_a_data_frame_is_read_like_a_file(backend: str) -> None:
    module = pytest.importorskip(backend)
    frame = pa.table(COLUMNS) if backend == "pyarrow" else module.DataFrame(COLUMNS)
    found = read_records(frame, columns={"author": "customer"})
    assert (found.info.format, found.info.file) == ("data frame", "data frame")
    records = [one for one in found if isinstance(one, gistill.Record)]
    assert [record.text for record in records] == [text or "" for text in COLUMNS["review"]]
    assert [record.rating for record in records] == [5, 1, None, 4]
    assert [record.date for record in records] == COLUMNS["date"]
    assert [record.author for record in records] == COLUMNS["customer"]
    assert [record.row for record in records] == [1, 2, 3, 4]


def test_missing_values_of_pandas_are_missing_and_mixed_cells_are_read() -> None:
    pandas = pytest.importorskip("pandas")
    texts = ["Great sound, I say.", "It broke in a week.", "Nice and warm coat."]
    stars = pandas.Series([pandas.NA, 4, 5], dtype="Int64")
    mixed = pandas.DataFrame({0: texts, "stars": stars, "when": [pandas.NaT] * 3, "code": ["x", 7, float("nan")]})
    records = list(read_records(mixed, columns={"text": "0", "rating": "stars"}))
    assert [one.rating for one in records if isinstance(one, gistill.Record)] == [None, 4, 5]
    assert [one.meta.get("code", "") for one in records if isinstance(one, gistill.Record)] == ["x", "7", ""]


def test_an_empty_frame_is_refused_in_a_sentence() -> None:
    with pytest.raises(InputError, match="has no rows"):
        read_records(pa.table({"text": pa.array([], pa.string())}))


def test_the_examples_of_the_page_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pandas")
    monkeypatch.setattr("gistill.digest.run.load_readers", lambda: FakeReader())
    page = (Path(__file__).parents[1] / "docs" / "outputs.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(compile(code, "outputs.md", "exec"), names)
    assert (names["digest"].read, names["digest"].people) == (3, 3)
    assert {one.column for one in names["digest"].by} == {"stars"}
    assert names["opinions"].num_rows == len(names["digest"].cited) > 0
    assert "direction" in capsys.readouterr().out


def test_the_page_names_every_file_that_a_report_writes() -> None:
    from gistill.digest.steps import OUTPUTS, SOMETIMES

    page = (Path(__file__).parents[1] / "docs" / "outputs.md").read_text(encoding="utf-8")
    assert not [name for name in (*OUTPUTS, *SOMETIMES) if f"`{name}`" not in page]
