"""Presets: found from the data or given, and what a report says because of them."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest

from gistill import digest, read_records
from gistill.categories import CATEGORIES, CODES
from gistill.digest.report.html import render_html
from gistill.digest.report.markdown import render_markdown
from gistill.digest.report.view import View
from gistill.errors import SettingError
from gistill.presets import GENERAL, PRESETS, find_preset, preset_of
from sample_digest import sample_digest

SAMPLES = Path(__file__).parent.parent / "samples" / "presets"


def visible(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.split("<body", 1)[1])).split())


def test_every_preset_names_categories_that_there_are_and_has_a_sample_and_a_row_in_the_docs() -> None:
    docs = (SAMPLES.parent.parent / "docs" / "presets.md").read_text(encoding="utf-8")
    for name, preset in PRESETS.items():
        assert set(preset.first) | set(preset.telling) <= set(CODES)
        assert (SAMPLES / f"{name}.csv").is_file()
        row = next(line for line in docs.splitlines() if line.startswith(f"| `{name}` |"))
        assert preset.people[1] in row
        assert preset.records[0] in row
        assert not preset.first or ", ".join(preset.first) in row


@pytest.mark.parametrize(
    ("columns", "opinions", "turns", "wanted"),
    [
        (["id", "text"], {"rooms": 6, "location": 3, "food": 4, "service": 4, "overall": 90}, False, "hotel"),
        (["id", "text"], {"food": 9, "service": 6, "rooms": 1}, False, "restaurant"),
        (["id", "text"], {"food": 5, "rooms": 5}, False, None),  # neither is clear
        (["id", "text"], {"overall": 20, "service": 5, "price": 5}, False, None),
        (["App Version", "Review"], {"rooms": 30}, False, "app"),  # columns tell more than opinions
        (["room", "restaurant"], {"food": 9, "rooms": 1}, False, "restaurant"),  # as many columns: opinions decide
        (["room", "restaurant"], {}, False, None),
        (["broom", "tables"], {}, False, None),  # whole words only
        (["room"], {"rooms": 9}, True, "support"),
        ([], {}, False, None),
    ],
)
def test_a_preset_is_found_by_turns_then_columns_then_opinions(
    columns: list[str], opinions: dict[str, int], turns: bool, wanted: str | None
) -> None:
    found = find_preset(columns, opinions, turns=turns)
    assert (found and found[0]) == wanted


def test_a_wrong_name_is_one_sentence_with_the_names_there_are() -> None:
    assert preset_of(None) is GENERAL
    with pytest.raises(SettingError, match="no preset 'motel'") as caught:
        digest([], preset="motel", writer=None)
    assert "hotel, restaurant" in (caught.value.hint or "")


def test_people_are_called_what_the_preset_calls_them_and_its_categories_come_first() -> None:
    plain = sample_digest()
    codes = [group.code for group in View(plain).categories]
    assert len(codes) > 1
    worded = plain.model_copy(update={"preset": "hotel"})
    known = [code for code in PRESETS["hotel"].first if code in codes]
    assert [group.code for group in View(worded).categories] == known + [code for code in codes if code not in known]
    page, text = visible(render_html(View(worded))), render_markdown(View(worded))
    for shown in (page, text):
        assert "guests" in shown
        assert PRESETS["hotel"].asks in shown
    before = visible(render_html(View(plain)))
    assert "guests" not in before
    assert "What people wrote" in before


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS)
def test_the_report_of_a_sample_opens_with_the_words_and_categories_of_its_preset(name: str, tmp_path: Path) -> None:
    told: list[str] = []
    made = digest(read_records(SAMPLES / f"{name}.csv"), folder=tmp_path, writer=None, say=told.append)
    preset = PRESETS[name]
    assert made.preset == name
    assert any(f"preset {name}, found by" in line for line in told)
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["made_with"]["preset"].startswith(f"{name} (found by ")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    top = visible(page)[:400]
    assert preset.asks in top
    assert f" {preset.people[1]}, " in top
    assert f" {preset.records[1]}" in top
    shown = re.findall(r'<h3 id="category-(\w+)">([^<]+)</h3>', page)
    assert len(shown) > 1
    ranks = [preset.first.index(code) for code, _ in shown if code in preset.first]
    assert ranks == sorted(ranks)
    if preset.first:
        assert shown[0][0] in preset.first
        assert shown[0][1] == CATEGORIES[shown[0][0]][0]
