"""The pages about the files that people write: every example in them is read, and every key is named."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gistill.categories import CATEGORIES
from gistill.digest.group.taxonomy import Taxonomy, TaxonomyAspect, load_taxonomy
from gistill.schema import Noun
from gistill.teacher.prices import Price, read_prices
from gistill.train.writer.recipe import Recipe, TrainSet, field_lines, load_recipe

ROOT = Path(__file__).parents[1]


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def examples(name: str, language: str) -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```$", page(name), re.MULTILINE | re.DOTALL)
    assert found, f"{name} has no example in {language}"
    return found


def written(folder: Path, text: str) -> Path:
    path = folder / "example.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def keys(name: str) -> set[str]:
    """The keys that the tables of a page document."""
    return set(re.findall(r"^\| `(\w+)` \|", page(name), re.MULTILINE))


def test_the_taxonomies_of_the_page_are_read(tmp_path: Path) -> None:
    first, strict = (load_taxonomy(written(tmp_path, text)) for text in examples("taxonomy.md", "yaml"))
    assert [aspect.name for aspect in first.aspects] == ["Battery", "Money", "Delivery"]
    assert first.aspects[1].categories == ("price", "billing")
    assert not first.strict
    assert strict.strict
    assert {code for aspect in strict.aspects for code in aspect.categories} < set(CATEGORIES)


def test_the_price_file_of_the_page_is_read_and_costs_what_the_page_says(tmp_path: Path) -> None:
    [text] = examples("prices.md", "yaml")
    prices = read_prices(written(tmp_path, text))
    paid, _ = prices.of("gpt-4o-mini", "http://localhost/v1", 1000, 500, 400)
    assert paid == pytest.approx(0.00042)
    assert "= 0.00042 USD" in page("prices.md")
    assert prices.of("my-own-server", "http://localhost/v1", 1000, 500)[0] == 0


def test_the_recipes_of_the_page_are_read(tmp_path: Path) -> None:
    shortest, complete, search = (load_recipe(written(tmp_path, text)) for text in examples("recipe.md", "yaml"))
    assert shortest.train == (TrainSet(set=str(tmp_path / "mine.jsonl")),)
    assert (complete.train[1].weight, complete.train[1].limit, complete.rate) == (0.5, 1000, 5e-4)
    assert search.search == {"rank": (8, 16, 32), "rate": "1e-4..1e-3"}
    [rows] = examples("recipe.md", "json")
    assert [set(json.loads(row)) for row in rows.splitlines()] == [{"messages"}, {"prompt", "completion"}]


@pytest.mark.parametrize(
    ("name", "nouns"),
    [("taxonomy.md", (Taxonomy, TaxonomyAspect)), ("prices.md", (Price,)), ("recipe.md", (Recipe, TrainSet))],
)
def test_the_pages_name_every_key(name: str, nouns: tuple[type[Noun], ...]) -> None:
    assert keys(name) == {key for noun in nouns for key in noun.model_fields}


@pytest.mark.parametrize("of", [Recipe, TrainSet])
def test_the_table_of_the_recipe_says_what_the_code_says(of: type[Noun]) -> None:
    for line in field_lines(of):
        default = line.default if line.default == "required" else f"`{line.default}`"
        assert f"| `{line.name}` | {line.type} | {default} | {line.meaning} |\n" in page("recipe.md")


def test_no_paragraph_of_the_readme_has_more_than_five_lines() -> None:
    text = re.sub(r"^```.*?^```$", "", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    paragraphs = [part for part in text.split("\n\n") if not part.lstrip().startswith(("|", "*"))]
    assert max(len(part.strip().splitlines()) for part in paragraphs) <= 5


def test_what_the_readme_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
