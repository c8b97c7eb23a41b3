"""Planted files say what their truth says: counted again from the texts, by a reader that knows every sentence."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections import Counter
from math import ceil
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import planted  # noqa: E402
from planted import BUSINESSES, COLUMNS, Planted, business, plant  # noqa: E402

FILES = [(name, flat) for name in BUSINESSES for flat in (False, True)]


@pytest.fixture(scope="module", params=FILES, ids=lambda param: f"{param[0]}-{'flat' if param[1] else 'changing'}")
def made(request: pytest.FixtureRequest) -> Planted:
    name, flat = request.param
    return plant(name, seed=7, flat=flat)


def known(name: str) -> dict[str, str | None]:
    """Every sentence of a business, with the fact that it says or None."""
    source = business(name)
    said: dict[str, str | None] = dict.fromkeys(source["background"] + source["verdicts"])
    for fact in source["facts"]:
        said |= dict.fromkeys(fact["wordings"], fact["id"])
    return said


def take_apart(text: str, sentences: dict[str, str | None]) -> list[str]:
    """Find the sentences that a text was made of; the longest that fits comes first at each place."""
    found = []
    while text:
        fits = [s for s in sentences if text.startswith(s) and text[len(s) :].removeprefix(".")[:1] in ("", " ")]
        assert fits, text
        found.append(max(fits, key=len))
        text = text[len(found[-1]) :].removeprefix(".").strip()
    return found


def test_a_business_has_facts_of_three_directions_in_forty_wordings_and_a_rich_background() -> None:
    for name in BUSINESSES:
        source = business(name)
        assert len(source["facts"]) >= 10
        assert {fact["direction"] for fact in source["facts"]} == {"positive", "negative", "wish"}
        assert min(len(fact["wordings"]) for fact in source["facts"]) >= 40
        assert len(source["background"]) >= 120
        assert (len(source["versions"]), len(source["products"])) == (2, 3)


def test_no_sentence_of_a_business_is_written_twice() -> None:
    for name in BUSINESSES:
        source = business(name)
        sentences = (
            [s for fact in source["facts"] for s in fact["wordings"]] + source["background"] + source["verdicts"]
        )
        counts = Counter(re.sub(r"[\W_]+", "", sentence.casefold()) for sentence in sentences)
        assert [sentence for sentence, count in counts.items() if count > 1] == []


def test_the_truth_is_what_a_recount_of_the_texts_finds(made: Planted) -> None:
    truth, sentences = made.truth, known(made.truth["business"])
    authors: dict[str, set[str]] = {}
    records: dict[str, list[str]] = {}
    silent = 0
    for row in made.rows:
        facts = {fact for s in take_apart(row["text"], sentences) if (fact := sentences[s])}
        silent += not facts
        for fact in facts:
            authors.setdefault(fact, set()).add(row["author"])
            records.setdefault(fact, []).append(row["id"])
    assert len(truth["facts"]) == len(authors) == 8
    assert truth["without_facts"] == silent
    assert truth["texts"] == len(made.rows)
    assert truth["people"] == len({row["author"] for row in made.rows})
    by_author = {row["author"]: row for row in made.rows}
    for fact in truth["facts"]:
        who = [by_author[author] for author in authors[fact["id"]]]
        assert fact["people"] == len(who)
        assert fact["share"] == len(who) / truth["people"]
        assert fact["records"] == records[fact["id"]]
        assert fact["texts"] == len(fact["records"])
        assert fact["by_month"] == [sum(row["date"].startswith(month) for row in who) for month in truth["months"]]
        assert fact["by_version"] == [sum(row["version"] == version for row in who) for version in truth["versions"]]
        assert fact["by_product"] == [sum(row["product"] == item for row in who) for item in truth["products"]]


def test_shares_lie_between_3_and_15_percent_and_files_between_300_and_500_texts(made: Planted) -> None:
    assert all(0.03 <= fact["share"] <= 0.15 for fact in made.truth["facts"])
    assert 300 <= len(made.rows) <= 500


def test_every_wording_is_used_once_before_any_is_used_again(made: Planted) -> None:
    sentences = known(made.truth["business"])
    used = Counter(s for row in made.rows for s in take_apart(row["text"], sentences))
    source = business(made.truth["business"])
    for fact in made.truth["facts"]:
        wordings = next(item["wordings"] for item in source["facts"] if item["id"] == fact["id"])
        assert max(used[wording] for wording in wordings) == ceil(fact["texts"] / len(wordings))
    # what is no fact stays rarer than any fact
    others = max(count for sentence, count in used.items() if sentences[sentence] is None)
    assert others < 0.03 * len(made.rows)


def test_a_text_has_one_to_four_sentences_none_twice_and_one_verdict_at_most(made: Planted) -> None:
    sentences = known(made.truth["business"])
    verdicts = set(business(made.truth["business"])["verdicts"])
    for row in made.rows:
        parts = take_apart(row["text"], sentences)
        assert 1 <= len(parts) <= 4
        assert len(set(parts)) == len(parts)
        assert len(verdicts & set(parts)) <= 1


def test_months_versions_and_products_have_as_many_people_each(made: Planted) -> None:
    people = {row["author"]: (row["date"][:7], row["version"], row["product"]) for row in made.rows}
    for place, levels in enumerate((12, 2, 3)):
        counts = Counter(values[place] for values in people.values())
        assert set(counts.values()) == {len(people) // levels}


def spread(counts: list[int]) -> int:
    return max(counts) - min(counts)


@pytest.mark.parametrize("name", BUSINESSES)
@pytest.mark.parametrize("seed", range(5))
def test_in_a_flat_file_the_rates_are_equal_to_one_person(name: str, seed: int) -> None:
    for fact in plant(name, seed=seed, flat=True).truth["facts"]:
        assert fact["change"] is None
        assert max(spread(fact[by]) for by in ("by_month", "by_version", "by_product")) <= 1


@pytest.mark.parametrize("name", BUSINESSES)
@pytest.mark.parametrize("seed", range(5))
def test_one_fact_begins_one_sits_in_a_product_and_nothing_else_changes(name: str, seed: int) -> None:
    truth = plant(name, seed=seed).truth
    assert sorted(fact["change"]["kind"] for fact in truth["facts"] if fact["change"]) == ["begins", "product"]
    for fact in truth["facts"]:
        months, items = fact["by_month"], fact["by_product"]
        match fact["change"]:
            case {"kind": "begins", "month": month}:
                first = truth["months"].index(month)
                assert 4 <= first <= 8
                assert sum(months[:first]) == 0
                assert min(months[first:]) >= 1
                months = months[first:]
            case {"kind": "product", "product": item}:
                assert items[truth["products"].index(item)] == fact["people"]
                items = [fact["people"]]
        assert max(spread(months), spread(fact["by_version"]), spread(items)) <= 1


def written(folder: Path, *, seed: int) -> list[bytes]:
    folder.mkdir()
    path = planted.write(plant("app", seed=seed, number=4), folder)
    return [path.read_bytes(), path.with_name("app-04.truth.json").read_bytes()]


def test_the_same_seed_writes_the_same_bytes_and_another_does_not(tmp_path: Path) -> None:
    first = written(tmp_path / "a", seed=3)
    assert written(tmp_path / "b", seed=3) == first
    assert written(tmp_path / "c", seed=4) != first


def test_the_command_writes_files_of_the_businesses_in_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["planted.py", str(tmp_path / "out"), "--files", "4", "--seed", "2", "--flat"])
    planted.main()
    names = ["flat-app-01.csv", "flat-app-04.csv", "flat-hotel-02.csv", "flat-shop-03.csv"]
    assert sorted(path.name for path in (tmp_path / "out").glob("*.csv")) == names
    assert len(capsys.readouterr().out.splitlines()) == 4
    with (tmp_path / "out" / names[0]).open(encoding="utf-8", newline="") as file:
        rows: list[dict[str, Any]] = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    truth = json.loads((tmp_path / "out" / "flat-app-01.truth.json").read_text(encoding="utf-8"))
    assert (truth["seed"], truth["number"], truth["flat"], truth["texts"]) == (2, 1, True, len(rows))
