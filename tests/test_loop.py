"""The loop: what each student learns from, and the walk from a teacher's summaries to the table."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="distilling trains, which needs torch")

from gistill.analysis.recorded import key_of
from gistill.analysis.revising import Revision
from gistill.analysis.tiers import Tiers
from gistill.distill.loop import walk
from gistill.distill.loop.lessons import lessons_of
from gistill.distill.loop.recipe import is_loop, load_loop_recipe
from gistill.distill.loop.talks import load_talks
from gistill.distill.loop.walk import run_loop
from gistill.errors import GistillError, InputError, SettingError
from gistill.grounding.faults.taxonomy import load_taxonomy
from gistill.lm.seam import Completion, Request

ROOT = Path(__file__).parents[1]
RIGHT = "The customer's 2 lamps broke. The agent sends new ones."
WRONG = "The customer's 7 lamps broke. The agent sends new ones."


def talks_file(path: Path, count: int) -> Path:
    rows = [
        {
            "id": f"c{n}",
            "channel": "chat" if n % 2 else "mail",
            "turns": [
                {"role": "customer", "text": "My 2 lamps broke."},
                {"role": "agent", "text": f"Sorry! We send new ones on day {n + 1}."},
            ],
            "summary": "The customer's 2 lamps broke, the agent sends new ones.",
        }
        for n in range(count)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def recipe_file(folder: Path, **changes: Any) -> Path:
    talks_file(folder / "learn.jsonl", 8)
    talks_file(folder / "test.jsonl", 6)
    said = [{"id": f"c{n}", "summary": WRONG if n < 3 else RIGHT} for n in range(8)]
    (folder / "teacher.jsonl").write_text("".join(json.dumps(row) + "\n" for row in said), encoding="utf-8")
    students = ("raw", "revised", "dropped", "random", "human", "preferred")
    fields = {
        "name": "trial",
        "teacher": "teacher.jsonl",
        "conversations": "learn.jsonl",
        "tests": ["test.jsonl"],
        "students": {name: name for name in students},
        "train": {"epochs": 1},
        "seeds": [0, 1],
        "opinions": False,
        **changes,
    }
    path = folder / "recipe.yaml"
    path.write_text(json.dumps(fields), encoding="utf-8")
    return path


class Writer:
    """Answers as its training rows did: with an error, if most rows had one."""

    name = "writer"

    def __init__(self, folder: str, log: list[str]) -> None:
        self.folder, self.log = folder, log

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        self.log.append(f"{Path(self.folder).name}: {len(requests)}")
        name = Path(self.folder).name.rpartition("-")[0]
        text = WRONG if name in ("raw", "random") or "SmolLM2" in self.folder else RIGHT
        return [Completion(text=text, stop="end", prompt_tokens=9, completion_tokens=9) for _ in requests]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Trainings and writers that only write down what they were asked."""
    done: list[str] = []

    def train(recipe: Any, *, out: Path, data: Path | None, tell: Any) -> None:
        rows = Path(recipe.train[0].set).read_text(encoding="utf-8").splitlines()
        begun = Path(recipe.start).name if recipe.start else "-"
        done.append(f"train {out.name} on {len(rows)} by {recipe.objective} from {begun}")
        out.mkdir(parents=True)
        (out / "gistill.json").write_text("{}", encoding="utf-8")

    monkeypatch.setattr("gistill.train.writer.finetune.finetune_writer", train)
    monkeypatch.setattr(walk, "load_writer", lambda name: Writer(name, done))
    return done


def tiers() -> Tiers:
    return Tiers(load_taxonomy(None))


def test_students_learn_from_all_mended_thinned_out_or_others(tmp_path: Path, log: list[str]) -> None:
    recipe = load_loop_recipe(recipe_file(tmp_path))
    table = run_loop(recipe, tiers(), out=tmp_path / "out", data=None)
    trained = [line for line in log if line.startswith("train")]
    assert trained[::2] == [
        "train raw-0 on 8 by sft from -",
        "train revised-0 on 8 by sft from -",
        "train dropped-0 on 5 by sft from -",
        "train random-0 on 5 by sft from -",
        "train human-0 on 8 by sft from -",
        "train preferred-0 on 3 by dpo from raw-0",
    ]
    rows = [json.loads(line) for line in (tmp_path / "out/rows/revised.jsonl").read_text().splitlines()]
    assert [row["messages"][-1]["content"] for row in rows] == [RIGHT] * 8
    raw = [json.loads(line) for line in (tmp_path / "out/rows/raw.jsonl").read_text().splitlines()]
    assert [row["messages"][-1]["content"] for row in raw] == [WRONG] * 3 + [RIGHT] * 5
    text = table.read_text(encoding="utf-8")
    assert "| raw | raw | 8 | 12 | 1.00 (1.00 to 1.00) | 100 (100 to 100) |" in text
    assert "| revised | revised | 8 | 12 | 0.00 (0.00 to 0.00) | 0 (0 to 0) |" in text
    assert "| revised | raw | -1.000 (-1.000 to -1.000), 6 | - | - |" in text
    assert "| people | - | - | 6 |" in text
    assert "| who | chat | mail |" in text


def test_a_walk_goes_on_where_it_was_and_does_again_what_changed(tmp_path: Path, log: list[str]) -> None:
    recipe = load_loop_recipe(recipe_file(tmp_path))
    run_loop(recipe, tiers(), out=tmp_path / "out", data=None, students=["raw"])
    assert [line for line in log if line.startswith("train")] == [
        "train raw-0 on 8 by sft from -",
        "train raw-1 on 8 by sft from -",
    ]
    assert not (tmp_path / "out/table.md").exists(), "one student alone is no comparison"
    first = run_loop(recipe, tiers(), out=tmp_path / "out", data=None).read_text()
    count = len(log)
    assert run_loop(recipe, tiers(), out=tmp_path / "out", data=None).read_text() == first
    assert len(log) == count, "nothing was left to do"
    (tmp_path / "out/summaries").joinpath(f"{walk.UNTRAINED}.jsonl").write_text('{"id": "c0", "summ')
    run_loop(recipe, tiers(), out=tmp_path / "out", data=None)
    assert log[count:] == ["SmolLM2-135M-Instruct: 6"]


def test_scores_are_a_table_that_compare_reads(tmp_path: Path, log: list[str]) -> None:
    recipe = load_loop_recipe(recipe_file(tmp_path, students={"raw": "raw"}, seeds=[3]))
    run_loop(recipe, tiers(), out=tmp_path / "out", data=None)
    with (tmp_path / "out/scores/raw.csv").open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [(row["id"], row["seed"], row["errors"], row["E6"]) for row in rows[:2]] == [
        ("c0", "3", "1", "1"),
        ("c1", "3", "1", "1"),
    ]
    assert float(rows[0]["rouge1"]) == pytest.approx(2 * 9 / (10 + 10), abs=0.15)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"students": {"x": "editor"}}, "no editor's summaries"),
        ({"students": {"x": "preferred"}}, "there is none"),
        ({"students": {"teacher": "raw"}}, "not teacher"),
        ({"tests": ["learn.jsonl"]}, "both learned from and tested on"),
        ({"tests": ["tweetsumm/summarise"]}, "use it as such"),
        ({"conversations": "tweetsumm/valid"}, "use it as such"),
        ({"tests": ["tweetsum/valid"]}, "no set of conversations"),
        ({"train": {"model": "x"}}, "cannot set 'model'"),
        ({"train": {"epoch": 1}}, "epoch"),
        ({"seeds": [1, 1]}, "twice"),
    ],
)
def test_a_recipe_that_cannot_be_walked_is_refused(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingError, match=says):
        load_loop_recipe(recipe_file(tmp_path, **changes))


def test_files_that_are_none_are_refused_by_name(tmp_path: Path, log: list[str]) -> None:
    recipe = load_loop_recipe(recipe_file(tmp_path))
    (tmp_path / "teacher.jsonl").write_text('{"id": "c0"}\n')
    with pytest.raises(InputError, match=r"teacher\.jsonl.*no summary"):
        run_loop(recipe, tiers(), out=tmp_path / "a", data=None)
    (tmp_path / "teacher.jsonl").write_text('{"id": "another", "summary": "x"}\n')
    with pytest.raises(InputError, match="none of the conversations"):
        run_loop(recipe, tiers(), out=tmp_path / "b", data=None)
    talks = tmp_path / "learn.jsonl"
    talks.write_text(talks.read_text() * 2)
    with pytest.raises(InputError, match="come twice"):
        run_loop(recipe, tiers(), out=tmp_path / "c", data=None)
    (tmp_path / "full").mkdir()
    (tmp_path / "full/x").write_text("x")
    with pytest.raises(GistillError, match="holds something else"):
        run_loop(recipe, tiers(), out=tmp_path / "full", data=None)


def test_an_editors_summaries_teach_where_there_are_some(tmp_path: Path) -> None:
    talks = load_talks(str(talks_file(tmp_path / "t.jsonl", 3)), data=None)
    revision = Revision(case="", before=RIGHT, after=RIGHT, state="clean", codes=(), left=(), words=9, changed=0)
    revisions = {talk.id: revision for talk in talks}
    rows = lessons_of("editor", talks, revisions=revisions, editor={"c1": "Both lamps broke."}, words=20)
    assert [(row["case"], row["messages"][-1]["content"]) for row in rows] == [("c1", "Both lamps broke.")]  # type: ignore[index]
    assert "about 20 words" in str(rows[0]["messages"])


def test_the_recipe_that_ships_is_right() -> None:
    recipe = load_loop_recipe(ROOT / "recipes/arf.yaml")
    assert set(recipe.students) == {"raw", "revised", "dropped", "random", "own", "human", "preferred"}
    assert is_loop(ROOT / "recipes/arf.yaml")
    assert not is_loop(ROOT / "recipes/distill.yaml")


def marks_file(path: Path, judged: Sequence[tuple[Path, str, list[str]]]) -> Path:
    """Write readings of summaries of the conversations of a file: the summary and the codes marked in it."""
    rows = []
    for talks, summary, codes in judged:
        for talk in load_talks(str(talks), data=None):
            conversation, said = key_of(talk.case(summary).source, summary)
            errors = [{"code": code, "span": [0, 3]} for code in codes]
            rows.append({"id": talk.id, "conversation": conversation, "summary": said, "errors": errors})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_recorded_marks_and_edits_take_the_judges_and_the_editors_place(tmp_path: Path, log: list[str]) -> None:
    recipe_file(tmp_path)
    learn = tmp_path / "learn.jsonl"  # whose conversations are the tests' too
    dull = "The customer's 7 lamps broke, and new ones come."
    marks_file(
        tmp_path / "marks.jsonl",
        [
            (learn, WRONG, ["E6"]),
            (learn, RIGHT, []),
            (learn, dull, ["E6"]),
        ],
    )
    edits = [{"id": "c0", "edit": RIGHT, "own": "Lamps broke."}, {"id": "c1", "edit": dull, "own": "Two lamps broke."}]
    (tmp_path / "edits.jsonl").write_text("".join(json.dumps(row) + "\n" for row in edits), encoding="utf-8")
    recipe = load_loop_recipe(
        recipe_file(
            tmp_path,
            students={"raw": "raw", "revised": "revised", "own": "editor"},
            seeds=[0],
            marks=["marks.jsonl"],
            edits="edits.jsonl",
            editor="edits.jsonl",
        )
    )
    table = run_loop(recipe, tiers(), out=tmp_path / "out", data=None).read_text(encoding="utf-8")
    revisions = [json.loads(line) for line in (tmp_path / "out/revised/revisions.jsonl").read_text().splitlines()]
    assert (revisions[0]["state"], revisions[0]["steps"][0]["by"]) == ("mended", "recorded edits")
    assert revisions[1]["steps"][0]["accepted"] is False, "the edit has the error still"
    assert [one["state"] for one in revisions[3:]] == ["clean"] * 5
    own = [json.loads(line) for line in (tmp_path / "out/rows/own.jsonl").read_text().splitlines()]
    assert [row["messages"][-1]["content"] for row in own] == ["Lamps broke.", "Two lamps broke."]
    assert "| raw | raw | 8 | 6 | 1.00 (1.00 to 1.00) | 100 (100 to 100) | 6 | 1.00 (1.00 to 1.00) | 100" in table
    assert "| revised | raw | -1.000 (-1.000 to -1.000), 6 | -1.000 (-1.000 to -1.000), 6 |" in table


def test_a_summary_that_nobody_judged_is_not_called_right(tmp_path: Path, log: list[str]) -> None:
    recipe_file(tmp_path)
    marks_file(tmp_path / "marks.jsonl", [(tmp_path / "test.jsonl", RIGHT, [])])
    recipe = load_loop_recipe(
        recipe_file(tmp_path, students={"raw": "raw", "revised": "revised"}, seeds=[0], marks=["marks.jsonl"])
    )
    run_loop(recipe, tiers(), out=tmp_path / "out", data=None)
    with (tmp_path / "out/scores/raw.csv").open(encoding="utf-8", newline="") as opened:
        assert {row["judged"] for row in csv.DictReader(opened)} == {""}
    with (tmp_path / "out/scores/revised.csv").open(encoding="utf-8", newline="") as opened:
        assert {row["judged"] for row in csv.DictReader(opened)} == {"0"}
    (tmp_path / "marks.jsonl").write_text('{"id": "c0", "errors": []}\n')
    with pytest.raises(InputError, match=r"marks\.jsonl"):
        run_loop(recipe, tiers(), out=tmp_path / "out", data=None)
