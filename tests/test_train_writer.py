"""A writer is trained by every method, saved, loaded, resumed and asked, on models made in memory."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs the extra: train")
pytest.importorskip("transformers", reason="needs the extra: train")
pytest.importorskip("peft", reason="needs the extra: train")

import tiny_models  # noqa: E402
from gistill.errors import GistillError, InputError, ModelBrokenError, ModelMissingError, SettingError  # noqa: E402
from gistill.lm.chat import prompt_text  # noqa: E402
from gistill.lm.engines.torch_model import load_torch_model  # noqa: E402
from gistill.lm.fake import ScriptedModel  # noqa: E402
from gistill.lm.seam import Request  # noqa: E402
from gistill.schema import Message, OpinionTuple, TrainingExample  # noqa: E402
from gistill.skills.opinions import OpinionsInput, render, write  # noqa: E402
from gistill.train.writer.card import write_card  # noqa: E402
from gistill.train.writer.encode import (  # noqa: E402
    IGNORED,
    Encoded,
    collate_causal,
    collate_packed,
    encode,
    encode_all,
    loss_function,
)
from gistill.train.writer.examples import Examples  # noqa: E402
from gistill.train.writer.finetune import finetune_writer  # noqa: E402
from gistill.train.writer.loading import load_model, load_tokenizer  # noqa: E402
from gistill.train.writer.recipe import Recipe, recipe_from  # noqa: E402
from gistill.train.writer.running import check_folder, last_whole, report_data  # noqa: E402
from gistill.train.writer.safety import Need, check_disk, check_memory, shown  # noqa: E402
from gistill.train.writer.selection import measure, scores  # noqa: E402
from gistill.train.writer.trainer import LikeLengths  # noqa: E402

THINGS, GOOD, BAD = ("lid", "lamp", "food"), ("nice", "solid"), ("broken", "awful")
KINDS = ("causal", "encoder-decoder")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning"),
]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("bases")
    return {
        "causal": tiny_models.causal(folder / "causal"),
        "encoder-decoder": tiny_models.encoder_decoder(folder / "encoder-decoder"),
    }


def rows() -> list[dict[str, Any]]:
    return [
        {
            "messages": [
                {"role": "system", "content": "List each opinion: aspect | polarity."},
                {"role": "user", "content": f"the {thing} is {word}"},
                {"role": "assistant", "content": f"{thing} | {'positive' if word in GOOD else 'negative'}"},
            ]
        }
        for thing in THINGS
        for word in GOOD + BAD
    ]


def jsonl(path: Path, given: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in given), encoding="utf-8")
    return str(path)


TWO = {
    "messages": [
        {"role": "system", "content": "List each opinion: aspect | polarity."},
        {"role": "user", "content": "great food but they were slow"},
        {"role": "assistant", "content": "food | positive\nthey | negative"},
    ]
}


def recipe(base: Path, folder: Path, **fields: Any) -> Recipe:
    usual = {
        "model": str(base),
        "train": [jsonl(folder / "train.jsonl", rows())],
        "rank": 4,
        "top_layers": 1,
        "virtual_tokens": 4,
        "steps": 6,
        "save_every": 3,
        "log_every": 1,
        "batch": 4,
        "rate": 1e-2,
        "report_to": [],
        "precision": "fp32",
        "max_new_tokens": 12,
    }
    return recipe_from(usual | fields)


def losses(out: Path) -> list[tuple[int, float]]:
    lines = [json.loads(line) for line in (out / "training" / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    return [(line["step"], line["loss"]) for line in lines if "loss" in line]


QUESTION = Request(
    messages=(
        Message(role="system", content="List each opinion: aspect | polarity."),
        Message(role="user", content="the lid is nice"),
    ),
    max_tokens=12,
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["full", "layers", "lora", "adalora", "ia3", "prefix", "prompt"])
def test_every_method_is_trained_saved_resumed_loaded_and_asked(
    kind: str, method: str, bases: dict[str, Path], tmp_path: Path
) -> None:
    steps = 12 if method == "adalora" else 6
    made = recipe(bases[kind], tmp_path, method=method, steps=steps, save_every=steps // 2)
    out = tmp_path / "out"
    about = finetune_writer(made, out=out, data=None)
    whole = losses(out)
    assert [step for step, _ in whole] == list(range(1, steps + 1))
    assert all(loss > 0 for _, loss in whole)
    assert about["training"]["steps"] == steps
    assert (out / "adapter_config.json").is_file() == (method not in ("full", "layers"))
    weights = {file.name: file.read_bytes() for file in out.glob("*.safetensors")}
    assert weights

    (out / "training" / f"checkpoint-{steps}" / "trainer_state.json").unlink()  # as a kill while writing leaves it
    said: list[str] = []
    finetune_writer(made, out=out, data=None, tell=said.append)
    assert f"continuing from checkpoint-{steps // 2}" in said
    assert losses(out) == whole
    assert {file.name: file.read_bytes() for file in out.glob("*.safetensors")} == weights

    answer = load_torch_model(out, dtype="float32").complete([QUESTION])[0]
    assert answer.failure is None
    assert answer.completion_tokens > 0


@pytest.mark.parametrize("kind", KINDS)
def test_it_learns_to_answer_and_to_stop(kind: str, bases: dict[str, Path], tmp_path: Path) -> None:
    known = [*rows(), TWO]
    train = [jsonl(tmp_path / "known.jsonl", known)]
    made = recipe(bases[kind], tmp_path, train=train, method="full", steps=200, batch=13, rate=5e-3, save_every=200)
    finetune_writer(made, out=tmp_path / "out", data=None)
    model = load_torch_model(tmp_path / "out", dtype="float32")
    asked = [Request(messages=[*map(Message.model_validate, row["messages"][:-1])], max_tokens=40) for row in known]
    answers = model.complete(asked)
    assert [a.text for a in answers] == [row["messages"][-1]["content"] for row in known]
    assert {a.stop for a in answers} == {"end"}


CHILD = """
import sys, warnings
warnings.simplefilter("ignore")
import torch; torch.set_num_threads(1)
from pathlib import Path
from gistill.train.writer.recipe import load_recipe
from gistill.train.writer.examples import Examples  # noqa: E402
from gistill.train.writer.finetune import finetune_writer
finetune_writer(load_recipe(Path(sys.argv[1])), out=Path(sys.argv[2]), data=None)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
def test_a_run_killed_at_any_moment_reaches_the_same_loss_curve(bases: dict[str, Path], tmp_path: Path) -> None:
    from gistill.train.writer.recipe import as_yaml

    made = recipe(bases["causal"], tmp_path, steps=60, save_every=5, dropout=0.1)
    (tmp_path / "recipe.yaml").write_text(as_yaml(made), encoding="utf-8")
    out = tmp_path / "out"
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path / "recipe.yaml"), str(out)])
    try:
        until = time.monotonic() + 120
        while not (out / "training" / "checkpoint-10").exists():
            assert child.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < until
            time.sleep(0.01)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    said: list[str] = []
    finetune_writer(made, out=out, data=None, tell=said.append)
    assert any(line.startswith("continuing from checkpoint-") for line in said)
    finetune_writer(made, out=tmp_path / "whole", data=None)
    assert losses(out) == losses(tmp_path / "whole")
    assert (out / "adapter_model.safetensors").read_bytes() == (
        tmp_path / "whole" / "adapter_model.safetensors"
    ).read_bytes()


@pytest.mark.parametrize("method", ["full", "lora"])
@pytest.mark.parametrize("steps", [5, 6])  # in the middle of a pass over the data, and elsewhere
def test_a_run_killed_between_the_last_checkpoint_and_saving_is_not_trained_further(
    method: str, steps: int, bases: dict[str, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    made = recipe(
        bases["causal"], tmp_path, method=method, steps=steps, save_every=steps, schedule="constant", rate=1e-2
    )
    finetune_writer(made, out=out, data=None)
    [weights] = out.glob("*model.safetensors")
    whole, curve = weights.read_bytes(), losses(out)
    for path in out.iterdir():
        if path.is_file():
            path.unlink()
    said: list[str] = []
    about = finetune_writer(made, out=out, data=None, tell=said.append)
    assert f"continuing from checkpoint-{steps}" in said
    assert weights.read_bytes() == whole
    assert (about["training"]["steps"], losses(out)) == (steps, curve)


def test_another_recipe_or_other_data_begins_anew(bases: dict[str, Path], tmp_path: Path) -> None:
    made = recipe(bases["causal"], tmp_path, steps=3)
    finetune_writer(made, out=tmp_path / "out", data=None)
    said: list[str] = []
    finetune_writer(
        recipe(bases["causal"], tmp_path, steps=3, rate=1e-3), out=tmp_path / "out", data=None, tell=said.append
    )
    assert not any("continuing" in line for line in said)
    assert f"The recipe changed since {tmp_path / 'out'} was made, so it is made again." in said
    jsonl(tmp_path / "train.jsonl", rows()[:5])
    finetune_writer(made, out=tmp_path / "out", data=None, tell=said.append)
    assert not any("continuing" in line for line in said)


def test_a_training_of_an_older_version_is_refused_and_kept(tmp_path: Path) -> None:
    kept = tmp_path / "training" / "of.json"
    kept.parent.mkdir()
    kept.write_text("{}")
    with pytest.raises(InputError, match="made by an older version") as caught:
        check_folder(tmp_path)
    assert "-o" in caught.value.hint
    assert kept.exists()


def test_only_the_answer_and_its_end_are_learned(bases: dict[str, Path]) -> None:
    words = load_tokenizer(bases["causal"])
    asked = render(OpinionsInput("the lid is <|end|> nice", "tsa"))
    example = TrainingExample(asked, write([OpinionTuple("lid", polarity="positive")], "tsa"), "x", "x")
    found = encode(example, words, encoder_decoder=False, max_length=512)
    assert words.decode(found.prompt) == prompt_text(words, asked)
    assert words.decode(found.answer) == "lid | positive<|end|>"
    assert found.prompt.count(words.eos_token_id) == 2  # nobody's text ends a message
    assert shown(found, words).endswith("»lid | positive<|end|>«")
    batch = collate_causal(0, positions=True)([found, Encoded([5], [6, 2], False)])
    assert batch["labels"].tolist() == [found.answer, [IGNORED] * (len(found.answer) - 2) + [6, 2]]
    assert batch["input_ids"][1].tolist()[-3:] == [5, 6, 2]
    assert batch["position_ids"][1].tolist()[-3:] == [0, 1, 2]


@pytest.mark.parametrize("text_only", [False, True])
def test_the_loss_over_kept_scores_is_the_models_own(text_only: bool, bases: dict[str, Path], tmp_path: Path) -> None:
    """Padded, packed, and one by one with labels as transformers wants them."""
    model = load_model(recipe(bases["causal"], tmp_path, method="full"), bases["causal"], steps=1).eval()
    examples = [Encoded([] if text_only else [5, 6, 7][:n], [9, 8, 7, 6, 5, 2][n:], False) for n in (1, 2, 3)]
    total = count = 0.0
    for one in examples:
        labels = [IGNORED] * len(one.prompt) + one.answer
        learned = len(one.answer) - text_only
        loss = model(input_ids=torch.tensor([one.prompt + one.answer]), labels=torch.tensor([labels])).loss
        total, count = total + float(loss) * learned, count + learned
    for batch in (collate_causal(0, positions=True)(examples), collate_packed(examples)):
        labels = batch.pop("labels")
        assert float(loss_function(0.0)(model(**batch), labels)) == pytest.approx(total / count, abs=1e-5)


def test_smoothing_spreads_probability_over_the_vocabulary() -> None:
    """Two words of which one is right with probability 3/4: 0.9 of -log 3/4 and 0.1 of the mean of both."""
    scores_of = torch.log(torch.tensor([[[0.75, 0.25]]]))
    outputs = type("Outputs", (), {"logits": scores_of})
    right, wrong = -torch.log(torch.tensor(0.75)), -torch.log(torch.tensor(0.25))
    expected = 0.9 * right + 0.1 * (right + wrong) / 2
    assert torch.isclose(loss_function(0.1)(outputs, torch.tensor([[0]])), expected)
    assert torch.isclose(loss_function(0.0)(outputs, torch.tensor([[0]]), num_items_in_batch=2), right / 2)


def test_a_batch_holds_like_lengths_and_every_lesson_once_an_epoch() -> None:
    examples = [Encoded([1] * (n % 37), [2] * (1 + n % 5), False) for n in range(403)]
    order = LikeLengths(examples, batch=8, seed=3)
    first = list(order)
    assert sorted(first) == list(range(403))
    assert list(order) == first
    order.set_epoch(1)
    assert list(order) != first
    sizes = [len(examples[i].prompt) + len(examples[i].answer) for i in first]
    spread = [max(sizes[at : at + 8]) - min(sizes[at : at + 8]) for at in range(0, 400, 8)]
    assert max(spread) <= 2
    assert len(first[400:]) == 3


def test_long_plain_text_goes_on_and_long_answers_are_counted(bases: dict[str, Path]) -> None:
    words = load_tokenizer(bases["causal"])
    text = TrainingExample((), "the lid is nice " * 20, "x", "x")
    pieces = encode_all([text], words, encoder_decoder=False, max_length=16)
    assert max(len(p.answer) for p in pieces) == 16
    assert [t for p in pieces for t in p.answer] == [*words(text.answer, add_special_tokens=False).input_ids, 2]
    long = TrainingExample((Message(role="user", content="x"),), "nice " * 50, "x", "x")
    assert encode(long, words, encoder_decoder=False, max_length=40).cut
    with pytest.raises(InputError, match="no token to learn"):
        encode_all([long], words, encoder_decoder=False, max_length=8)
    with pytest.raises(SettingError, match="plain text"):
        encode_all([text], words, encoder_decoder=True, max_length=16)


def test_plain_text_trains_a_causal_model(bases: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("the lid is nice\nthe lamp is solid\n\n" * 4, encoding="utf-8")
    made = recipe(bases["causal"], tmp_path, train=[str(tmp_path / "text.txt")], method="full", grouping="packing")
    finetune_writer(made, out=tmp_path / "out", data=None)
    curve = [loss for _, loss in losses(tmp_path / "out")]
    assert curve[-1] < curve[0]


@pytest.mark.parametrize(
    "fields",
    [
        {"accumulate": 2, "gradient_checkpointing": True, "clip": 0.5, "label_smoothing": 0.1, "weight_decay": 0.1},
        {"optimiser": "adafactor", "schedule": "linear", "grouping": "packing", "dropout": 0.1},
        {"optimiser": "sgd", "schedule": "constant", "grouping": "none", "warmup": 0.5, "precision": "bf16"},
    ],
)
def test_the_fields_of_training_are_understood(fields: dict[str, Any], bases: dict[str, Path], tmp_path: Path) -> None:
    finetune_writer(recipe(bases["causal"], tmp_path, steps=2, **fields), out=tmp_path / "out", data=None)
    assert len(losses(tmp_path / "out")) == 2


def test_accumulating_parts_is_the_same_step(bases: dict[str, Path], tmp_path: Path) -> None:
    for parts in (1, 4):
        made = recipe(bases["causal"], tmp_path, steps=3, accumulate=parts, method="full")
        finetune_writer(made, out=tmp_path / str(parts), data=None)
    assert [x for _, x in losses(tmp_path / "1")] == pytest.approx([x for _, x in losses(tmp_path / "4")], abs=2e-3)


def test_norms_and_biases_are_spared_weight_decay(bases: dict[str, Path], tmp_path: Path) -> None:
    from gistill.train.writer.trainer import make_trainer

    made = recipe(bases["causal"], tmp_path, method="full", weight_decay=0.1)
    model = load_model(made, bases["causal"], steps=6)
    trainer = make_trainer(model, load_tokenizer(bases["causal"]), [], made, tmp_path, say=print, judge=None)
    spared = {name for name, _ in model.named_parameters()} - set(trainer.get_decay_parameter_names(model))
    assert spared == {name for name, _ in model.named_parameters() if "norm" in name}


def test_the_best_checkpoint_by_what_is_written_is_kept(bases: dict[str, Path], tmp_path: Path) -> None:
    """The rate is far too high, so that the model soon forgets; early stopping ends it, and the best one is kept."""
    dev = jsonl(tmp_path / "dev.jsonl", [dict(r) for r in rows()[:4]])
    train = jsonl(tmp_path / "train2.jsonl", rows()[4:])
    made = recipe(
        bases["causal"],
        tmp_path,
        train=[train],
        dev=[dev],
        method="full",
        steps=40,
        save_every=5,
        patience=2,
        rate=1e-2,
    )
    out = tmp_path / "out"
    about = finetune_writer(made, out=out, data=None)
    lines = [json.loads(line) for line in (out / "training" / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    seen = [(line["step"], line["eval_score"]) for line in lines if "eval_score" in line]
    assert about["training"]["steps"] == seen[-1][0] < 40
    best = max(score for _, score in seen)
    assert about["training"]["best_step"] == next(step for step, score in seen if score == best)
    [row] = json.loads((out / "scores.json").read_text(encoding="utf-8"))
    assert (row["measure"], row["value"]) == (about["scored_by"], best)
    kept = (out / "training" / f"checkpoint-{about['training']['best_step']}" / "model.safetensors").read_bytes()
    assert (out / "model.safetensors").read_bytes() == kept


def test_open_tests_that_are_not_there_are_counted_and_three_of_them_named() -> None:
    """A walk says this once a training, so it is one line; gistill.json has all of them."""
    about = {"learned": 1, "tokens": 2, "learned_tokens": 1, "steps": 1, "cut_answers": 0, "scored_by": None}
    told: list[str] = []
    for missing in ((), ("a/test", "b/test", "c/test"), ("a/test", "b/test", "c/test", "d/test", "e/test")):
        report_data(about, Examples((), (), {}, missing), told.append)
    assert told[1] == told[0] == told[3] == "1 examples with 2 tokens, 1 of them in answers; 1 steps"
    assert told[2] == "not in the data folder, so not checked for leaks: a/test, b/test, c/test"
    assert told[4] == f"{told[2]} and 2 more"


def test_scores_are_the_skills_metric_on_generated_text() -> None:
    """Two right of three given and four marked: precision 2/3, recall 1/2, F1 4/7; an illegal line counts as given."""
    good, bad = OpinionTuple("lid", polarity="positive"), OpinionTuple("lamp", polarity="negative")
    asked = [OpinionsInput("the lid and the lamp", "tsa"), OpinionsInput("a lid, a lamp", "tsa")]
    dev = [
        TrainingExample(render(a), write([good, bad], "tsa"), "x", a.text, "opinions", a, (good, bad)) for a in asked
    ]
    found = scores(ScriptedModel(["lid | positive\nlamp | negative", "nonsense"]), dev, max_new_tokens=9)
    assert found["score"] == found["f1"] == pytest.approx(4 / 7)
    assert (found["precision"], found["recall"]) == (pytest.approx(2 / 3), 0.5)
    assert (found["illegal"], found["exact"]) == (0.5, 0.5)
    plain = [example._replace(skill="") for example in dev]
    assert [measure(those) for those in (dev, plain, [*plain, dev[0], dev[1]._replace(skill="rating")])] == [
        "f1", "exact", "mean of f1 of opinions, accuracy of rating",
    ]  # fmt: skip
    assert scores(ScriptedModel(["x", dev[1].answer]), plain, max_new_tokens=9) == {"score": 0.5, "exact": 0.5}


def test_a_score_that_was_not_measured_is_left_out_and_never_0() -> None:
    """Nothing is marked and nothing found, so there is no precision, recall or F1; both answers are exactly right."""
    asked = OpinionsInput("the lid", "tsa")
    dev = [TrainingExample(render(asked), write([], "tsa"), "x", asked.text, "opinions", asked, ())] * 2
    found = scores(ScriptedModel([dev[0].answer] * 2), dev, max_new_tokens=9)
    assert found == {"score": 1.0, "illegal": 0.0, "exact": 1.0}


def test_bad_recipes_are_one_sentence_before_anything_is_loaded(bases: dict[str, Path], tmp_path: Path) -> None:
    base, out = bases["causal"], tmp_path / "out"

    def refused(kind: type[GistillError], says: str, **fields: Any) -> None:
        with pytest.raises(kind, match=says):
            finetune_writer(recipe(base, tmp_path, **fields), out=out, data=None)

    refused(ModelMissingError, "no base model 'Nobody/knows'", model="Nobody/knows")
    refused(ModelBrokenError, "no config.json", model=str(tmp_path))
    refused(InputError, "none.jsonl: cannot be read", train=[str(tmp_path / "none.jsonl")])
    refused(InputError, "row 1: the row has the columns q", train=[jsonl(tmp_path / "q.jsonl", [{"q": 1}])])
    refused(InputError, "no examples", train=[jsonl(tmp_path / "empty.jsonl", [])])
    refused(
        InputError, "column 'messages'", train=[jsonl(tmp_path / "m.jsonl", [{"messages": rows()[0]["messages"][:2]}])]
    )
    refused(SettingError, "needs the folder of public data", train=["mams/train:tsa"])
    refused(SettingError, "is a public test set", train=["mams/test:tsa"])
    refused(SettingError, "trian", train=["mams/trian:tsa"])
    refused(SettingError, "no tracker 'wandbb'", report_to=["wandbb"])
    refused(SettingError, "patience needs dev", patience=2)
    refused(SettingError, "no optimiser 'adam'", optimiser="adam")
    refused(SettingError, "multiple of accumulate", batch=4, accumulate=3)
    refused(ModelMissingError, "no adapter in", start=str(tmp_path))
    refused(SettingError, "the model has 2", method="layers", top_layers=3)
    refused(SettingError, "adalora plans over", method="adalora", steps=5)
    refused(InputError, "no token to learn", max_length=8)
    if not torch.cuda.is_available():
        refused(SettingError, "qlora needs a CUDA device", method="qlora")
    refused(InputError, "holds no words", train=[jsonl(tmp_path / "t.jsonl", [{"text": None}])])
    refused(InputError, "columns text, tuples", train=[jsonl(tmp_path / "a.jsonl", [{"text": "x", "tuples": []}])])
    assert not out.exists()


def test_a_place_that_is_not_a_runs_is_left_alone(bases: dict[str, Path], tmp_path: Path) -> None:
    file, mine = tmp_path / "file", tmp_path / "mine" / "training" / "notes.txt"
    file.write_text("x")
    mine.parent.mkdir(parents=True)
    mine.write_text("x")
    for out, says in ((file, "file: is a file"), (tmp_path / "mine", "training: was not written by a training")):
        with pytest.raises(InputError, match=says):
            finetune_writer(recipe(bases["causal"], tmp_path), out=out, data=None)
    assert mine.read_text() == "x"


def test_what_stands_in_a_named_test_is_not_trained_on(bases: dict[str, Path], tmp_path: Path) -> None:
    test = jsonl(tmp_path / "test.jsonl", [{"prompt": "The LID is... nice!", "completion": "x"}])
    said: list[str] = []
    made = recipe(bases["causal"], tmp_path, tests=[test])
    about = finetune_writer(made, out=tmp_path / "out", data=None, dry_run=True, tell=said.append)
    assert about["left_out_as_leaks"] == {made.train[0].set: 1}
    assert about["learned"] == 11
    assert any(line.startswith("1 of ") for line in said)
    with pytest.raises(InputError, match="no training example is left"):
        finetune_writer(recipe(bases["causal"], tmp_path, tests=[made.train[0].set]), out=tmp_path / "o", data=None)


def test_replay_mixes_in_its_share_and_weights_and_limits_are_kept(bases: dict[str, Path], tmp_path: Path) -> None:
    old = jsonl(tmp_path / "old.jsonl", [{"prompt": f"old {n}", "completion": "x"} for n in range(3)])
    train = jsonl(tmp_path / "train.jsonl", rows())
    made = recipe(
        bases["causal"],
        tmp_path,
        train=[{"set": train, "weight": 1.5, "limit": 8}],
        replay=[old],
        replay_share=0.25,
    )
    about = finetune_writer(made, out=tmp_path / "out", data=None, dry_run=True)
    assert about["examples"] == {"train.jsonl": 12, "old.jsonl": 4}


def test_too_little_memory_is_refused_with_the_change_that_fits(bases: dict[str, Path], tmp_path: Path) -> None:
    made = recipe(bases["causal"], tmp_path, batch=16)
    need = Need(weights=1_000, optimiser=1_000, activations=8_000_000_000, scores=0)
    assert "are there" in check_memory(made, need, free=12_000_000_000)
    with pytest.raises(GistillError, match=r"too little memory: about 11.0 GB .* 3.5 GB are there") as caught:
        check_memory(made, need, free=3_500_000_000)
    assert "accumulate: 4 " in caught.value.hint
    with pytest.raises(GistillError) as caught:
        check_memory(made, need, free=1_000_000_000)
    assert "gradient_checkpointing" in caught.value.hint
    with pytest.raises(GistillError) as caught:
        check_memory(made.model_copy(update={"method": "full"}), need._replace(optimiser=10**10), free=10**9)
    assert "method: lora" in caught.value.hint


def test_too_small_a_disk_is_refused(bases: dict[str, Path], tmp_path: Path) -> None:
    made = recipe(bases["causal"], tmp_path)
    model = load_model(made, bases["causal"], steps=6)
    assert "are free" in check_disk(made, model, tmp_path / "new" / "folder")
    with pytest.raises(GistillError, match="too little disk"):
        check_disk(made, model, tmp_path, free=1000)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), "there is not enough memory for this training"),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes"), "not enough memory"),
        (OSError(28, "No space left on device"), "disk of .* is full"),
        (RuntimeError("PytorchStreamWriter failed writing file data/0: file write failed"), "disk of .* is full"),
        (Exception("I/O error: No space left on device (os error 28)"), "disk of .* is full"),
    ],
)
def test_memory_or_disk_that_runs_out_later_is_one_sentence(
    error: Exception, says: str, bases: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import Trainer

    def fails(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(Trainer, "train", fails)
    with pytest.raises(GistillError, match=says) as caught:
        finetune_writer(recipe(bases["causal"], tmp_path, steps=1), out=tmp_path / "out", data=None)
    assert caught.value.hint


def test_a_dry_run_writes_nothing_and_shows_an_example(bases: dict[str, Path], tmp_path: Path) -> None:
    said: list[str] = []
    finetune_writer(recipe(bases["causal"], tmp_path), out=tmp_path / "out", data=None, dry_run=True, tell=said.append)
    assert not (tmp_path / "out").exists()
    assert any("»lid | positive<|end|>«" in line for line in said)
    assert any(line.startswith("memory: about") for line in said)
    assert any(line.startswith("time: about 0 min for 6 steps") for line in said)


def test_the_card_says_base_data_licence_and_scores(bases: dict[str, Path], tmp_path: Path) -> None:
    finetune_writer(recipe(bases["causal"], tmp_path, steps=1), out=tmp_path, data=None)
    about = json.loads((tmp_path / "gistill.json").read_text(encoding="utf-8"))
    about["examples"] = {"mams/train:tsa": 4287, "dmaste/home/train:aste": 12}
    (tmp_path / "gistill.json").write_text(json.dumps(about), encoding="utf-8")
    row = {"test": "mams/test:tsa", "measure": "F1", "value": 0.5, "low": 0.45, "high": 0.55}
    (tmp_path / "scores.json").write_text(json.dumps([row]), encoding="utf-8")
    card = write_card(tmp_path).read_text(encoding="utf-8")
    assert "license: apache-2.0" in card
    assert f"base_model: {bases['causal']}" in card
    assert "| mams/train:tsa | 4,287 | Apache-2.0 |" in card
    assert "| mams/test:tsa | F1 | 50.0 | 45.0 to 55.0 |" in card
    about["examples"]["aste/14lap/train:aste"] = 1
    (tmp_path / "gistill.json").write_text(json.dumps(about), encoding="utf-8")
    card = write_card(tmp_path).read_text(encoding="utf-8")
    assert "license:" not in card
    assert "not to be shipped" in card


def test_the_card_says_of_a_skill_what_the_skill_says_and_nothing_of_another(tmp_path: Path) -> None:
    about = {
        "name": "mine", "base": "tiny", "recipe": {"method": "full"}, "seed": 0, "examples": {"mine.jsonl": 1},
        "left_out_as_leaks": {}, "not_checked_for_leaks": [], "learned": 1, "tokens": 9, "steps": 1,
        "precision": "fp32", "data_hash": "0",
    }  # fmt: skip
    told = {}
    for name in ("opinions", "rating", "of-my-own"):
        (tmp_path / "gistill.json").write_text(json.dumps({**about, "skills": {name: []}}), encoding="utf-8")
        told[name] = write_card(tmp_path).read_text(encoding="utf-8").partition("must not be trusted with\n\n")[2]
    assert told["opinions"].startswith("Irony, and opinions that need more than the text shows. `gistill` checks that")
    assert told["rating"].startswith("Irony, and texts that feel both ways.\nLanguages it was not trained on")
    assert told["of-my-own"].startswith("Languages it was not trained on, and any decision about a person.\n")


def test_going_on_from_an_adapter_starts_with_its_weights(bases: dict[str, Path], tmp_path: Path) -> None:
    finetune_writer(recipe(bases["causal"], tmp_path, steps=30, save_every=30), out=tmp_path / "first", data=None)
    further = recipe(bases["causal"], tmp_path, steps=1, start=str(tmp_path / "first"), rate=1e-4)
    finetune_writer(further, out=tmp_path / "second", data=None)
    assert losses(tmp_path / "second")[0][1] < losses(tmp_path / "first")[0][1] - 0.1
    assert (tmp_path / "second" / "adapter_config.json").is_file()


def test_half_written_checkpoints_are_removed(tmp_path: Path) -> None:
    for name, state in (("checkpoint-10", "{}"), ("checkpoint-20", '{"cut'), ("checkpoint-100", None)):
        (tmp_path / name).mkdir()
        if state is not None:
            (tmp_path / name / "trainer_state.json").write_text(state, encoding="utf-8")
    assert last_whole(tmp_path) == tmp_path / "checkpoint-10"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["checkpoint-10"]
    assert last_whole(tmp_path / "nothing") is None
