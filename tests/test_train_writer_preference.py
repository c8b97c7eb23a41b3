"""Preferences and rewards train a writer on TRL, a search keeps its trials, and nothing ever calls home."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs the extra: train")
pytest.importorskip("transformers", reason="needs the extra: train")
pytest.importorskip("peft", reason="needs the extra: train")
pytest.importorskip("trl", reason="needs trl")

import tiny_models  # noqa: E402
from gistill.errors import InputError, SettingError  # noqa: E402
from gistill.schema import OpinionTuple, TrainingExample  # noqa: E402
from gistill.skills.opinions import OpinionsInput, render, write  # noqa: E402
from gistill.train.writer.finetune import finetune_writer  # noqa: E402
from gistill.train.writer.preference import finetune_preference, read_preferences, reward  # noqa: E402
from gistill.train.writer.recipe import Recipe, recipe_from  # noqa: E402
from gistill.train.writer.search import search, space  # noqa: E402

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning"),
]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    return tiny_models.causal(tmp_path_factory.mktemp("bases") / "causal")


def jsonl(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


PAIRS = [
    {"prompt": f"the {thing} is nice", "chosen": f"{thing} | positive", "rejected": f"{thing} | negative"}
    for thing in ("lid", "lamp", "food", "room")
]
ANSWERS = [{"prompt": row["prompt"], "completion": row["chosen"]} for row in PAIRS]


def recipe(base: Path, file: str, **fields: Any) -> Recipe:
    usual = {
        "model": str(base),
        "train": [file],
        "method": "lora",
        "rank": 4,
        "steps": 4,
        "save_every": 2,
        "log_every": 1,
        "batch": 4,
        "rate": 1e-2,
        "report_to": [],
        "precision": "fp32",
        "max_new_tokens": 6,
    }
    return recipe_from(usual | fields)


def log(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "training" / "log.jsonl").read_text(encoding="utf-8").splitlines()]


def test_preferences_make_the_better_answer_likelier_and_resume(base: Path, tmp_path: Path) -> None:
    train = jsonl(tmp_path / "pairs.jsonl", PAIRS)
    made = recipe(base, train, objective="dpo", steps=8, save_every=4)
    finetune_writer(made, out=tmp_path / "out", data=None)
    curve = [line["loss"] for line in log(tmp_path / "out")]
    assert curve[0] == pytest.approx(0.6931, abs=1e-3)  # log 2: at first both answers are as likely as before
    assert curve[-1] < 0.65
    (tmp_path / "out" / "training" / "checkpoint-8" / "trainer_state.json").unlink()
    finetune_writer(made, out=tmp_path / "out", data=None)
    assert [line["loss"] for line in log(tmp_path / "out")] == curve
    assert (tmp_path / "out" / "adapter_config.json").is_file()


def test_the_skills_score_rewards_drawn_answers(base: Path, tmp_path: Path) -> None:
    train = jsonl(tmp_path / "answers.jsonl", ANSWERS)
    made = recipe(
        base,
        train,
        objective="grpo",
        generations=2,
        precision="bf16",
        dev=[jsonl(tmp_path / "dev.jsonl", [{"prompt": "x", "completion": "y"}])],
    )
    finetune_writer(made, out=tmp_path / "out", data=None)
    lines = log(tmp_path / "out")
    assert sum("reward" in line for line in lines) == 4
    assert [line["eval_score"] for line in lines if "eval_score" in line] == [0.0, 0.0]
    assert (tmp_path / "out" / "adapter_model.safetensors").is_file()


def test_a_reward_is_the_f1_of_the_answer() -> None:
    """One of two marked is found and one line is illegal: 2 * 1 / (2 + 2); nothing to find and nothing said is 1."""
    asked = OpinionsInput("the lid and the lamp", "tsa")
    gold = (OpinionTuple("lid", polarity="positive"), OpinionTuple("lamp", polarity="negative"))
    example = TrainingExample(render(asked), write(gold, "tsa"), "x", asked.text, "opinions", asked, gold)
    assert reward(example, example.answer, complete=True) == 1.0
    assert reward(example, "lid | positive\nroom | positive", complete=True) == 0.5
    assert reward(example, "lid | positive\nlamp | nega", complete=False) == 0.5
    assert reward(example, "", complete=True) == 0.0
    empty = example._replace(result=(), answer="none")
    assert reward(empty, "none", complete=True) == 1.0
    assert reward(example._replace(skill=""), f" {example.answer} ", complete=True) == 1.0
    assert reward(example._replace(skill=""), example.answer, complete=False) == 0.0


def test_bad_preferences_are_said(base: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"row 2: the row has the columns completion, prompt") as caught:
        read_preferences(Path(jsonl(tmp_path / "a.jsonl", [PAIRS[0], ANSWERS[0]])))
    assert "prompt and chosen" in caught.value.hint
    good = jsonl(tmp_path / "b.jsonl", PAIRS)
    for fields, says in (
        ({"objective": "dpo", "train": [{"set": "mams/train:tsa"}]}, "is a named set"),
        ({"objective": "dpo", "method": "prefix"}, "trains causal models by"),
        ({"objective": "grpo", "generations": 3}, "multiple of generations"),
    ):
        with pytest.raises(SettingError, match=says):
            finetune_preference(recipe(base, good, **fields), out=tmp_path / "o", data=None)


def test_a_search_keeps_its_table_and_the_best_trial_and_goes_on(base: Path, tmp_path: Path) -> None:
    train = jsonl(tmp_path / "answers.jsonl", ANSWERS)
    dev = jsonl(
        tmp_path / "dev.jsonl", [{"prompt": f"{r['prompt']} .", "completion": r["completion"]} for r in ANSWERS[:2]]
    )
    fields = {"dev": [dev], "search": {"rate": "1e-4..1e-1", "rank": [2, 4]}, "steps": 2}
    made = recipe(base, train, **fields, trials=2)
    search(made, out=tmp_path / "out", data=None)
    more: list[str] = []
    about = search(made.model_copy(update={"trials": 3}), out=tmp_path / "out", data=None, tell=more.append)
    with (tmp_path / "out" / "trials.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["trial"] for row in rows] == ["0", "1", "2"]
    assert all(1e-4 <= float(row["rate"]) <= 1e-1 and row["rank"] in "24" for row in rows)
    assert sum("weights are trained" in line for line in more) == 1  # two of three were done already
    best = max(rows, key=lambda row: float(row["score"]))
    assert about["search"]["trial"] == int(best["trial"])
    assert about["recipe"]["rank"] == int(best["rank"])
    assert (tmp_path / "out" / "adapter_config.json").is_file()


def test_a_search_over_nonsense_is_refused_before_the_first_trial(base: Path, tmp_path: Path) -> None:
    train = jsonl(tmp_path / "answers.jsonl", ANSWERS)
    for fields, says in (
        ({"search": {"rate": "1e-4..1e-2"}}, "needs dev"),
        ({"search": {"rat": [1]}, "dev": [train]}, "cannot choose the field 'rat'"),
        ({"search": {"rate": "high"}, "dev": [train]}, "wanted a list of values, or low..high"),
        ({"search": {"rate": "2..1"}, "dev": [train]}, "wanted a list"),
        ({"search": {"dropout": [0.1, 3]}, "dev": [train]}, "dropout is 3"),
        ({"search": {"rank": []}, "dev": [train]}, "lists no values"),
    ):
        with pytest.raises(SettingError, match=says):
            search(recipe(base, train, **fields), out=tmp_path / "o", data=None)
    assert not (tmp_path / "o").exists()


def test_ranges_are_whole_or_logarithmic_as_they_are_written() -> None:
    assert (space("rank", "4..8").log, space("rank", "4..64").log) == (False, True)
    assert isinstance(space("rank", "4..64").low, int)
    assert isinstance(space("dropout", "0.0..0.2").low, float)
    assert space("rate", "1e-4..1e-2").log


WATCHED = """
import json, sys, warnings
warnings.simplefilter("ignore")
seen = []
watched = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")
sys.addaudithook(lambda event, args: seen.append([event, str(args[1:])]) if event in watched else None)
from pathlib import Path
import torch; torch.set_num_threads(1)
from gistill.train.writer.recipe import load_recipe
from gistill.train.writer.finetune import finetune_writer
for path in sys.argv[2:]:
    finetune_writer(load_recipe(Path(path)), out=Path(sys.argv[1]) / Path(path).stem, data=None)
print(json.dumps(seen))
"""


def test_training_never_tries_to_connect_to_anything(base: Path, tmp_path: Path) -> None:
    """In a process of its own, whose environment switches nothing off: only the trainer does."""
    from gistill.train.writer.recipe import as_yaml

    pairs, answers = jsonl(tmp_path / "pairs.jsonl", PAIRS), jsonl(tmp_path / "answers.jsonl", ANSWERS)
    made = {
        "sft": recipe(base, answers, steps=2, report_to=["tensorboard"]),
        "dpo": recipe(base, pairs, steps=2, objective="dpo"),
        "grpo": recipe(base, answers, steps=2, objective="grpo", generations=2),
    }
    for name, one in made.items():
        (tmp_path / f"{name}.yaml").write_text(as_yaml(one), encoding="utf-8")
    env = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "TRANSFORMERS_", "DO_NOT_TRACK"))}
    run = subprocess.run(
        [sys.executable, "-c", WATCHED, str(tmp_path / "out"), *(str(tmp_path / f"{name}.yaml") for name in made)],
        capture_output=True, text=True, check=False, env=env | {"HF_HOME": str(tmp_path / "home")},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]
    assert json.loads(run.stdout.splitlines()[-1]) == []
    assert list((tmp_path / "out" / "sft" / "training" / "tensorboard").glob("events*"))
