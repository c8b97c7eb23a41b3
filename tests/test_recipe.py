"""A recipe is read strictly: what is wrong with it is said in one sentence, with the nearest known name."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gistill.errors import InputError, SettingError
from gistill.train.writer.recipe import Recipe, as_yaml, load_recipe, recipe_from

# A distillation and a loop are other kinds of recipes: see test_distill_walk and test_loop.
SHIPPED = sorted(p for p in (Path(__file__).parents[1] / "recipes").glob("*.yaml") if p.stem not in ("distill", "arf"))


def written(folder: Path, text: str) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_recipes_are_valid(path: Path) -> None:
    assert load_recipe(path).train


def test_a_recipe_needs_only_what_to_train_on(tmp_path: Path) -> None:
    recipe = load_recipe(written(tmp_path, "train: [mams/train:tsa]"))
    assert (recipe.model, recipe.method, recipe.train[0].set) == ("SmolLM2-135M-Instruct", "lora", "mams/train:tsa")


def test_the_resolved_copy_says_every_field_and_reads_back_as_the_same(tmp_path: Path) -> None:
    recipe = recipe_from({"train": ["mams/train:tsa", {"set": "a.jsonl", "weight": 0.5}], "search": {"rank": [4, 8]}})
    text = as_yaml(recipe)
    assert set(yaml.safe_load(text)) == set(Recipe.model_fields)
    assert recipe_from(yaml.safe_load(text)) == recipe


def test_files_are_looked_for_beside_the_recipe(tmp_path: Path) -> None:
    text = "train: [a.jsonl, mams/train:tsa]\ndev: [b.jsonl]\nreplay: [c.txt]\ntests: [d.jsonl, mams/test:tsa]"
    recipe = load_recipe(written(tmp_path, text))
    assert [s.set for s in recipe.train] == [str(tmp_path / "a.jsonl"), "mams/train:tsa"]
    assert recipe.dev[0].set == str(tmp_path / "b.jsonl")
    assert recipe.replay[0].set == str(tmp_path / "c.txt")
    assert recipe.tests == (str(tmp_path / "d.jsonl"), "mams/test:tsa")


def test_settings_replace_fields(tmp_path: Path) -> None:
    path = written(tmp_path, "train: [mams/train:tsa]\nrate: 1.0e-4")
    recipe = load_recipe(path, settings=("rate=1e-3", "method=full", "report_to=[]", "train=[aste/14lap/train:aste]"))
    assert (recipe.rate, recipe.method, recipe.report_to) == (1e-3, "full", ())
    assert recipe.train[0].set == "aste/14lap/train:aste"


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        ("train: [x]\nlearning_rate: 1", "a recipe has no field 'learning_rate'", "Did you mean 'rate'?"),
        ("train: [x]\nepoch: 1", "a recipe has no field 'epoch'", "Did you mean 'epochs'?"),
        ("train: [{set: x, wieght: 2}]", "no field 'train.0.wieght'", "Did you mean 'weight'?"),
        ("train: [x]\nzzz: 1", "a recipe has no field 'zzz'", "Fields: name, model"),
        ("method: lora", "the recipe does not say 'train'", "sets to train on"),
        ("train: []", "train is", "sets to train on"),
        ("train: [x]\nrate: -1", "rate is -1: input should be greater than 0", "highest learning rate"),
        ("train: [x]\nrate: quick", "rate is 'quick'", "highest learning rate"),
        ("train: [x]\nmethod: lorra", "method is 'lorra'", "which weights are trained"),
        ("train: [x]\nrank: 1.5", "rank is 1.5", "rank of lora"),
        ("train: mams", "train is 'mams'", "sets to train on"),
        ("train: [x]\nepochs: .inf", "epochs is inf", "passes over the data"),
        ("train: [{set: x, weight: .inf}]", "train.0.weight is inf", "sets to train on"),
        ("train: [x]\nseed: 4294967296", "seed is 4294967296", "of data order"),
    ],
)
def test_a_bad_field_is_one_sentence_with_the_file(tmp_path: Path, text: str, says: str, hint: str) -> None:
    with pytest.raises(SettingError, match=r"recipe\.yaml") as caught:
        load_recipe(written(tmp_path, text))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert hint in caught.value.hint


@pytest.mark.parametrize("text", ["", "- train", "train: [", "a\tb: {", "\x00"])
def test_what_is_no_yaml_of_fields_is_one_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"recipe\.yaml") as caught:
        load_recipe(written(tmp_path, text))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rate: 1\ntrain: [x]\nrate: 2", "recipe.yaml, row 3: not YAML ('rate' is given twice)"),
        ("train:\n  - {set: x, limit: 1, limit: 2}", "recipe.yaml, row 2: not YAML ('limit' is given twice)"),
        ("train: [x]\nsearch: {rank: [4], rank: [8]}", "recipe.yaml, row 2: not YAML ('rank' is given twice)"),
    ],
)
def test_a_field_given_twice_is_refused_with_its_row(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        load_recipe(written(tmp_path, text))
    assert str(caught.value).endswith(says)


def test_a_missing_recipe_and_a_bad_setting_are_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_recipe(tmp_path / "none.yaml")
    with pytest.raises(InputError, match="cannot be read"):
        load_recipe(tmp_path)
    with pytest.raises(SettingError, match="field=value"):
        load_recipe(written(tmp_path, "train: [x]"), settings=("rate",))
    with pytest.raises(SettingError, match="rate"):
        load_recipe(written(tmp_path, "train: [x]"), settings=("rate=[",))


@given(
    st.dictionaries(
        st.sampled_from(sorted(Recipe.model_fields)) | st.text(max_size=8), st.integers() | st.text(max_size=8)
    )
)
def test_any_fields_give_a_recipe_or_one_sentence(given_fields: dict[str, object]) -> None:
    with suppress(SettingError):
        assert isinstance(recipe_from({"train": ["x"], **given_fields}), Recipe)


def test_every_field_says_its_unit_or_meaning() -> None:
    assert all(field.description for field in Recipe.model_fields.values())
