"""The walk of a distillation, with trainings that write what they were asked: what is done, in which order, once."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="distilling trains, which needs torch")

from gistill.distill import walk
from gistill.distill.picture import draw
from gistill.distill.recipe import DistillRecipe, load_distill_recipe
from gistill.distill.table import write_table
from gistill.distill.walk import distill, is_whole, plan
from gistill.errors import GistillError, InputError, SettingError
from gistill.evaluate.tuples import difference
from gistill.schema import Estimate, OpinionTuple, TupleAnswer
from gistill.train.writer.recipe import read_fields

LESSON = {"prompt": "Say yes.", "completion": "yes"}


def recipe_file(folder: Path, **changes: Any) -> Path:
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    (corpus / "train.jsonl").write_text(json.dumps(LESSON) + "\n", encoding="utf-8")
    fields = {
        "name": "trial",
        "corpora": {"teacher": "corpus"},
        "students": {"untaught": [], "taught": ["teacher"]},
        "tasks": {"triplets": {"train": ["aste/14lap/train:aste"], "tests": ["aste/14lap/test:aste"]}},
        "teach": {"epochs": 1},
        "finetune": {"epochs": 2},
        "seeds": [0, 1],
        **changes,
    }
    path = folder / "recipe.yaml"
    path.write_text(json.dumps(fields), encoding="utf-8")  # JSON is YAML
    return path


class Trainer:
    """Writes what it was asked, and breaks down where told to."""

    def __init__(self, breaks_at: int | None = None) -> None:
        self.asked: list[tuple[str, int, str | None]] = []
        self.breaks_at = breaks_at

    def __call__(self, recipe: Any, *, out: Path, data: Path, tell: Any, dry_run: bool = False) -> None:
        self.asked.append((recipe.name, recipe.seed, recipe.start and Path(recipe.start).name))
        if dry_run:
            return
        out.mkdir(parents=True, exist_ok=True)
        (out / "gistill.json").write_text(recipe.name, encoding="utf-8")
        if len(self.asked) == self.breaks_at:
            raise GistillError("there is not enough memory for this training")


@pytest.fixture
def unscored(monkeypatch: pytest.MonkeyPatch) -> list[list[tuple[str, int]]]:
    """Leave out the scoring, and give what was to be scored: (student, seeds)."""
    seen: list[list[tuple[str, int]]] = []

    def bench(benchmark: Any, systems: Any, sets: Any, settings: Any, *, progress: Any) -> list[Any]:
        seen.append([(system.name, len(system.members)) for system in systems])
        return []

    monkeypatch.setattr(walk, "run_bench", bench)
    found = Estimate(value=0.1, low=0.05, high=0.15)
    monkeypatch.setattr(walk, "compare", lambda benchmark, base, others, sets, settings: [found] * len(others))
    return seen


@pytest.mark.slow
def test_a_student_is_taught_once_and_fine_tuned_for_every_seed(tmp_path: Path, unscored: Any) -> None:
    recipe, trainer = load_distill_recipe(recipe_file(tmp_path)), Trainer()
    distill(recipe, out=tmp_path / "out", data=tmp_path, train=trainer)
    assert trainer.asked == [
        ("untaught-triplets", 0, None),
        ("untaught-triplets", 1, None),
        ("taught", 0, None),
        ("taught-triplets", 0, "taught-0"),
        ("taught-triplets", 1, "taught-0"),
    ]
    assert unscored == [[("untaught", 2), ("taught", 2)]]
    table = (tmp_path / "out" / "table.md").read_text("utf-8")
    assert "| taught | teacher | +10.0 (+5.0 to +15.0) |" in table
    assert "| untaught | nothing | - |" in table


@pytest.mark.slow
def test_with_a_teaching_for_every_seed_each_fine_tuning_begins_from_its_own(tmp_path: Path, unscored: Any) -> None:
    recipe, trainer = load_distill_recipe(recipe_file(tmp_path, teach_seeds=True)), Trainer()
    distill(recipe, out=tmp_path / "out", data=tmp_path, train=trainer, students=["taught"])
    assert trainer.asked == [
        ("taught", 0, None),
        ("taught-triplets", 0, "taught-0"),
        ("taught", 1, None),
        ("taught-triplets", 1, "taught-1"),
    ]
    assert not (tmp_path / "out" / "table.md").exists(), "one student alone is no comparison"


def test_files_of_ones_own_need_no_public_data_and_a_public_set_is_missed_before_anything_is_trained(
    tmp_path: Path, unscored: Any
) -> None:
    rows = [{"skill": "rating", "input": {"text": "Fine."}, "result": "positive"}]
    for name in ("train", "dev", "test"):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(rows[0]) + "\n", encoding="utf-8")
    own = {"labels": {"train": ["train.jsonl"], "dev": ["dev.jsonl"], "tests": ["test.jsonl"]}}
    recipe = load_distill_recipe(recipe_file(tmp_path, tasks=own, seeds=[0]))
    trainer = Trainer()
    distill(recipe, out=tmp_path / "own", train=trainer)
    assert [name for name, _, _ in trainer.asked] == ["untaught-labels", "taught", "taught-labels"]
    assert recipe.public_sets == ()

    students = {"untaught": [], "taught": ["teacher", "mams/train:tsa"]}
    recipe, trainer = load_distill_recipe(recipe_file(tmp_path, tasks=own, students=students)), Trainer()
    assert recipe.public_sets == ("mams/train:tsa",)
    with pytest.raises(SettingError, match="'mams/train:tsa' needs the folder of public data"):
        distill(recipe, out=tmp_path / "public", train=trainer)
    assert (trainer.asked, (tmp_path / "public").exists()) == ([], False)
    assert load_distill_recipe(recipe_file(tmp_path)).public_sets == ("aste/14lap/train:aste", "aste/14lap/test:aste")


@pytest.mark.slow
def test_a_walk_goes_on_after_a_breakdown_and_does_nothing_twice(tmp_path: Path, unscored: Any) -> None:
    recipe, out = load_distill_recipe(recipe_file(tmp_path)), tmp_path / "out"
    with pytest.raises(GistillError, match="memory"):
        distill(recipe, out=out, data=tmp_path, train=Trainer(breaks_at=3))
    assert "2 of 5" in (out / "progress.svg").read_text("utf-8")
    again = Trainer()
    distill(recipe, out=out, data=tmp_path, train=again)
    assert [name for name, _, _ in again.asked] == ["taught", "taught-triplets", "taught-triplets"]
    assert "5 of 5" in (out / "progress.svg").read_text("utf-8")
    last = Trainer()
    distill(recipe, out=out, data=tmp_path, train=last)
    assert last.asked == []


@pytest.mark.slow
def test_what_hangs_on_a_changed_corpus_is_done_again_and_nothing_else(tmp_path: Path, unscored: Any) -> None:
    recipe, out = load_distill_recipe(recipe_file(tmp_path)), tmp_path / "out"
    distill(recipe, out=out, data=tmp_path, train=Trainer())
    (tmp_path / "corpus" / "train.jsonl").write_text(json.dumps({**LESSON, "completion": "no"}) + "\n", "utf-8")
    again = Trainer()
    distill(recipe, out=out, data=tmp_path, train=again)
    assert [name for name, _, _ in again.asked] == ["taught", "taught-triplets", "taught-triplets"]


@pytest.mark.slow
def test_a_machine_with_less_memory_goes_on_with_what_another_did(tmp_path: Path, unscored: Any) -> None:
    out = tmp_path / "out"
    distill(load_distill_recipe(recipe_file(tmp_path)), out=out, data=tmp_path, train=Trainer(), students=["taught"])
    smaller = load_distill_recipe(recipe_file(tmp_path, teach={"epochs": 1, "accumulate": 4}))
    assert [step.name for step in plan(smaller, out) if not is_whole(step)] == [
        "untaught: fine-tune for triplets, seed 0",
        "untaught: fine-tune for triplets, seed 1",
    ]
    longer = load_distill_recipe(recipe_file(tmp_path, teach={"epochs": 2}))
    assert not any(is_whole(step) for step in plan(longer, out) if step.student == "taught" and not step.task)


@pytest.mark.slow
def test_a_walk_that_was_moved_is_still_whole(tmp_path: Path, unscored: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    recipe = load_distill_recipe(recipe_file(tmp_path / "a"))
    distill(recipe, out=tmp_path / "a" / "out", data=tmp_path, train=Trainer())
    (tmp_path / "a").rename(tmp_path / "b")
    monkeypatch.chdir(tmp_path / "b")
    moved = load_distill_recipe(Path("recipe.yaml"))
    assert all(map(is_whole, plan(moved, Path("out"))))


@pytest.mark.slow
def test_processes_share_a_walk_by_students(tmp_path: Path, unscored: Any) -> None:
    recipe, out = load_distill_recipe(recipe_file(tmp_path)), tmp_path / "out"
    distill(recipe, out=out, data=tmp_path, train=Trainer(), students=["taught"])
    distill(recipe, out=out, data=tmp_path, train=Trainer(), students=["untaught"])
    assert all(map(is_whole, plan(recipe, out)))
    with pytest.raises(SettingError, match="no student 'other'"):
        distill(recipe, out=out, data=tmp_path, train=Trainer(), students=["other"])


def test_a_dry_run_checks_each_training_once_and_writes_nothing(tmp_path: Path, unscored: Any) -> None:
    recipe, trainer = load_distill_recipe(recipe_file(tmp_path)), Trainer()
    distill(recipe, out=tmp_path / "out", data=tmp_path, train=trainer, dry_run=True)
    assert [name for name, _, _ in trainer.asked] == ["untaught-triplets", "taught", "taught-triplets"]
    assert not (tmp_path / "out").exists()
    assert not unscored


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path, unscored: Any) -> None:
    recipe, out = load_distill_recipe(recipe_file(tmp_path)), tmp_path / "out"
    out.mkdir()
    (out / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(InputError, match="something else"):
        distill(recipe, out=out, data=tmp_path, train=Trainer())
    assert [path.name for path in out.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"studens": {}}, "no field 'studens'"),
        ({"students": {"a": ["teecher"]}}, "no corpus 'teecher'"),
        ({"corpora": {"teacher": "nowhere"}}, "is not there"),
        ({"seeds": [1, 1]}, "a seed is given twice"),
        ({"baseline": "nobody"}, "baseline 'nobody' is not one of the students"),
        ({"finetune": {"epoch": 3}}, "finetune: a recipe has no field 'epoch'"),
        ({"teach": {"seed": 3}}, "teach cannot set 'seed'"),
        ({"students": {"a/b": []}}, "'a/b' may have only letters"),
        ({"tasks": {}}, "tasks"),
        ({"tasks": {"t": {"train": ["aste/14lap/train:aste"]}}}, "tasks.t.tests"),
    ],
)
def test_a_bad_recipe_is_one_sentence(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    with pytest.raises((InputError, SettingError)) as error:
        load_distill_recipe(recipe_file(tmp_path, **changes))
    assert says in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("field", ["epochs", "rate", "method", "batch"])
def test_a_field_of_a_training_is_sent_to_where_it_belongs(tmp_path: Path, field: str) -> None:
    with pytest.raises(SettingError, match=f"no field '{field}'") as error:
        load_distill_recipe(recipe_file(tmp_path, **{field: 1}))
    assert error.value.hint == f"{field} is a field of a training: put it under teach or finetune."
    with pytest.raises(SettingError, match="no field 'seed'") as error:
        load_distill_recipe(recipe_file(tmp_path, seed=1))  # there it could not be set
    assert error.value.hint == "Did you mean 'seeds'?"


def test_the_shipped_distillation_is_valid_but_for_its_corpora(tmp_path: Path) -> None:
    shipped = Path(__file__).parents[1] / "recipes" / "distill.yaml"
    with pytest.raises(InputError, match=r"labels-beauty: is not there"):
        load_distill_recipe(shipped)
    fields = read_fields(shipped)
    for name in fields["corpora"]:
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(LESSON) + "\n", encoding="utf-8")
    fields["corpora"] = {name: f"{name}.jsonl" for name in fields["corpora"]}
    (tmp_path / "here.yaml").write_text(json.dumps(fields), encoding="utf-8")
    assert len(plan(load_distill_recipe(tmp_path / "here.yaml"), tmp_path)) == 8 * 3 + 7


def test_the_recipe_file_itself_may_be_wrong(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_distill_recipe(tmp_path / "none.yaml")
    (tmp_path / "twice.yaml").write_text("name: a\nname: b\n", encoding="utf-8")
    with pytest.raises(InputError, match="row 2"):
        load_distill_recipe(tmp_path / "twice.yaml")
    (tmp_path / "list.yaml").write_text("- a\n", encoding="utf-8")
    with pytest.raises(InputError, match="list of fields"):
        load_distill_recipe(tmp_path / "list.yaml")


def test_the_picture_is_whole_xml_and_escapes_names() -> None:
    page = draw({"<b>&": [("teach 0", "done"), ('t"1', "waiting")]})
    root = ET.fromstring(page)
    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["1 of 2 trainings are done", "<b>&", "teach 0", 't"1']
    assert ET.fromstring(draw({})).tag.endswith("svg")


def test_a_table_names_the_baseline_and_what_was_taught(tmp_path: Path) -> None:
    given = {"students": {"a": ["x/y/train:aste"], "b": [{"set": "x/y/train:aste", "limit": 50}]}}
    recipe = DistillRecipe.model_validate(
        {**given, "tasks": {"t": {"train": ["x/y/train:aste"], "tests": ["x/y/test:aste"]}}}
    )
    page = write_table(recipe, [], {("b", "t"): Estimate(value=None)}, tmp_path).read_text("utf-8")
    assert "F1 above a" in page
    assert "| b | x/y/train:aste (50) | - |" in page


def tuples(*words: str) -> tuple[OpinionTuple, ...]:
    return tuple(OpinionTuple(aspect=word, polarity="positive") for word in words)


def test_a_difference_by_hand() -> None:
    gold = [tuples("a"), tuples("b"), tuples("c"), tuples("d")]
    right = [TupleAnswer(marked, ()) for marked in gold]
    half = [*right[:2], TupleAnswer(tuples("x"), ()), TupleAnswer((), ())]
    found = difference(gold, [right, half], [half, half])
    # F1 of half: 2 right of 3 predicted and 4 marked, 4/7. Means: (1 + 4/7) / 2 against 4/7.
    assert found.value == pytest.approx((1 + 4 / 7) / 2 - 4 / 7)
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low < found.value < found.high <= 0.5
    assert difference(gold, [half], [half]).value == 0
    assert difference([()], [[TupleAnswer((), ())]], [[TupleAnswer((), ())]]).value is None
    with pytest.raises(ValueError, match="same records"):
        difference(gold, [right, right], [right])


@settings(max_examples=20)
@given(st.lists(st.booleans(), min_size=2, max_size=20), st.lists(st.booleans(), min_size=2, max_size=20))
def test_a_difference_turned_round_changes_its_sign(first: list[bool], second: list[bool]) -> None:
    count = min(len(first), len(second))
    gold = [tuples("a")] * count
    a, b = ([TupleAnswer(tuples("a" if ok else "x"), ()) for ok in side[:count]] for side in (first, second))
    there, back = difference(gold, [a], [b]), difference(gold, [b], [a])
    assert there.value == pytest.approx(-(back.value or 0))
    assert (there.low or 0) <= (there.high or 0)
