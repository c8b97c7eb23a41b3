"""Texts that want to be obeyed, run or counted: nobody else's counts change, and nothing of them becomes active."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pytest

from gistill.corrections.tasks import shown_text
from gistill.digest.report.writing import write_report
from gistill.digest.steps import OUTPUTS, SOMETIMES
from gistill.schema import Digest, Opinion, Quote, Record, Span
from sample_digest import sample_digest

ATTACKS = [json.loads(line) for line in (Path(__file__).parent / "attack_texts.jsonl").read_text("utf-8").splitlines()]
# What acts without being seen: C0 and C1 without tab and line feed, and what turns the order of what follows. The
# marks U+200E, U+200F and U+061C stay: Arabic and Hebrew need them, and they turn nothing but their neighbours.
ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
Run = Callable[..., tuple[int, str, str]]


def test_the_set_is_large_enough_and_has_every_kind() -> None:
    kinds = Counter(one["kind"] for one in ATTACKS)
    assert len(ATTACKS) >= 150
    assert len(kinds) == 11
    assert min(kinds.values()) >= 10
    assert len({one["text"] for one in ATTACKS}) == len(ATTACKS)


def opinions_of(folder: Path) -> list[Opinion]:
    return [Opinion.model_validate_json(line) for line in (folder / "opinions.jsonl").read_text("utf-8").splitlines()]


def test_nobody_elses_opinions_or_counts_change_and_each_attacker_is_one_person(run: Run, tmp_path: Path) -> None:
    fair = [
        {"id": f"fair{n}", "author": f"p{n}", "text": f"It has great sound, day {n}. The {n}th one broke."}
        for n in range(8)
    ]
    bad = [
        {"id": f"bad{n}", "author": f"x{n}", "text": f"{one['text']}\nIt is bad, number {n}."}
        for n, one in enumerate(ATTACKS)
    ]
    for name, rows in (("fair", fair), ("both", [*fair[:4], *bad, *fair[4:]])):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
        code, shown, told = run("digest", f"{name}.jsonl", "-o", name, "--writer", "none")
        assert code == 0, told
        assert not ACTING.search(shown + told)
        assert not ACTING.search((tmp_path / name / "report.md").read_text("utf-8"))
    alone, among = opinions_of(tmp_path / "fair"), opinions_of(tmp_path / "both")
    theirs = [one for one in among if one.record.startswith("fair")]
    assert [one.model_copy(update={"confidence": None}) for one in theirs] == [
        one.model_copy(update={"confidence": None}) for one in alone
    ]
    assert Counter(one.record for one in among if one.record.startswith("bad")).most_common(1)[0][1] <= 2
    before, after = (json.loads((tmp_path / name / "digest.json").read_bytes()) for name in ("fair", "both"))
    attackers = len({one.record for one in among if one.record.startswith("bad")})
    assert after["tally"]["people"] == before["tally"]["people"] + attackers
    assert after["tally"]["positive"] == before["tally"]["positive"] + sum(
        one.polarity == "positive" for one in among if one.record.startswith("bad")
    )
    sound = [next(p for p in digest["points"] if "sound" in p["name"]) for digest in (before, after)]
    assert sound[0]["tally"]["people"] == sound[1]["tally"]["people"] == 8


def quoting_all() -> Digest:
    """A report that shows every attack: as a point's name, an entity, a record's id, and a quotation."""
    base = sample_digest()
    records = {
        f"a{n} {one['text']}": Record(id=f"a{n} {one['text']}", text=f"{one['text']} It is bad.", entity=one["text"])
        for n, one in enumerate(ATTACKS)
    }
    cited, points = [], []
    for n, record in enumerate(records.values()):
        at = len(record.text) - 4
        quote = Quote(start=at, end=at + 3, text="bad")
        whole = Span(start=0, end=len(record.text))
        said = {"aspect": None, "opinion": quote, "polarity": "negative", "confidence": None}
        cited.append(Opinion.model_validate({"id": f"{record.id}:1", "record": record.id, "sentence": whole, **said}))
        mine = {"id": f"point-{n}", "name": ATTACKS[n]["text"], "opinions": (cited[-1].id,), "quotes": (cited[-1].id,)}
        points.append(base.points[0].model_copy(update={**mine, "category": None if n % 2 else "price"}))
    return base.model_copy(
        update={
            "title": ATTACKS[0]["text"],
            "points": tuple(points),
            "cited": (*base.cited, *cited),
            "contexts": {**base.contexts, **records},
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("attacked")
    write_report(quoting_all(), made)
    return made


class Elements(HTMLParser):
    """What a browser would make of a page: elements, their attributes, and the text between."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def page_is_inert(page: str) -> None:
    """Fail where the page of a report has an element, an address or a letter that is not its own."""
    made = Elements(page)
    assert made.tags["script"] == made.tags["style"] == 1
    assert not {"img", "iframe", "object", "embed", "link", "base", "form"} & set(made.tags)
    assert not [name for name, _ in made.attributes if name.startswith("on")]
    addresses = {value for name, value in made.attributes if name in ("href", "src", "action", "xlink:href")}
    assert {value for value in addresses if not value.startswith("#")} <= {*OUTPUTS, *SOMETIMES}
    assert not ACTING.search(page)


def table_is_inert(content: bytes) -> list[list[str]]:
    """Fail where a cell of a CSV file would be computed or acts; give its rows."""
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    for cell in (cell for row in rows for cell in row):
        number = re.fullmatch(r"[+-]?\d+([.,]\d+)?%?", cell)
        assert number or not cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")), cell
        assert not ACTING.search(cell), ascii(cell)
    return rows


def workbook_is_inert(path: Path) -> list[str]:
    """Fail where a cell of a workbook is a formula, a link, or acts; give its texts."""
    found = []
    for sheet in openpyxl.load_workbook(path):
        for cell in (cell for row in sheet.iter_rows() for cell in row):
            assert (cell.data_type != "f", cell.hyperlink) == (True, None)
            if isinstance(cell.value, str):
                assert not ACTING.search(cell.value), ascii(cell.value)
                found.append(cell.value)
    assert not [name for name in zipfile.ZipFile(path).namelist() if "externalLink" in name or "vba" in name.lower()]
    return found


def markdown_is_inert(text: str) -> None:
    """Fail where Markdown has a heading, a link, a picture or markup that is not its own."""
    assert not ACTING.search(text)
    assert not re.search(r"(?<!\\)<(?:script|img|svg|a |iframe|http|style|base|form|meta)", text)
    assert not re.search(r"(?<!\\)!?\[[^\]\n]*(?<!\\)\]\((?:http|javascript)", text)
    assert not re.search(r"^# A new heading|^## Problems\n\nNone", text, re.MULTILINE)


def test_on_the_page_no_attack_becomes_an_element_an_address_or_an_acting_letter(folder: Path) -> None:
    page = (folder / "report.html").read_text("utf-8")
    page_is_inert(page)
    assert "{{ 7*7 }}" in page  # as it was written


def test_in_tables_no_attack_is_a_formula_or_a_link(folder: Path) -> None:
    assert len(table_is_inert((folder / "points.csv").read_bytes())) > len(ATTACKS)
    assert table_is_inert((folder / "aspects.csv").read_bytes())
    assert len(workbook_is_inert(folder / "report.xlsx")) > len(ATTACKS)


def test_in_markdown_no_attack_is_a_heading_a_link_an_image_or_markup(folder: Path) -> None:
    markdown_is_inert((folder / "report.md").read_text("utf-8"))


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda one: one["kind"])
def test_where_people_correct_every_attack_is_as_long_as_it_was_and_acts_no_more(attack: dict[str, str]) -> None:
    shown = shown_text(attack["text"], ())
    assert len(shown) == len(attack["text"])
    assert not ACTING.search(shown)
