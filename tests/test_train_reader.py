"""The reader is trained, resumed, exported and read back on a small model made in memory."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra: train")
pytest.importorskip("onnxscript", reason="needs the extra: train")
transformers = pytest.importorskip("transformers", reason="needs the extra: train")

import tiny_models  # noqa: E402
from gistill.corpora.labelled import Labelled, Triplet  # noqa: E402
from gistill.errors import InputError, ModelBrokenError, ModelMissingError, SettingError  # noqa: E402
from gistill.reader import load_reader  # noqa: E402
from gistill.reader.decode import Scorer, candidates, choose  # noqa: E402
from gistill.reader.units import cut  # noqa: E402
from gistill.train.reader.data import training_examples  # noqa: E402
from gistill.train.reader.export import export_reader, quantise_weights  # noqa: E402
from gistill.train.reader.finetune import hold_out  # noqa: E402
from gistill.train.reader.fit import evaluate, fit_scorer  # noqa: E402
from gistill.train.reader.network import Network, base_folder, loss, target  # noqa: E402
from gistill.train.reader.training import (  # noqa: E402
    Settings,
    gold_keys,
    infer,
    key,
    load_tokenizer,
    load_weights,
    new_network,
    prepare,
    save_weights,
    train,
)

THINGS, GOOD, BAD = ("lid", "lamp", "cable", "door", "room"), ("nice", "solid", "neat"), ("broken", "awful", "weak")
SETTINGS = Settings(epochs=6, batch=4, encoder_rate=2e-3, head_rate=5e-3, dropout=0.0, train_embeddings=True)

pytestmark = pytest.mark.slow


def sentence(thing: str, word: str) -> Labelled:
    text = f"the {thing} is {word} ."
    start = text.index(word)
    polarity = "positive" if word in GOOD else "negative"
    return Labelled(text, (Triplet((4, 4 + len(thing)), (start, start + len(word)), polarity),))


EXAMPLES = [sentence(thing, word) for thing in THINGS for word in GOOD + BAD]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.encoder(tmp_path_factory.mktemp("base"), [*THINGS, *GOOD, *BAD])


@pytest.fixture(scope="module")
def trained(base: Path) -> tuple[Network, Any]:
    tokenizer = load_tokenizer(base)
    network = new_network(base, SETTINGS)
    train(network, prepare(EXAMPLES, tokenizer), SETTINGS)
    return network, tokenizer


def test_it_learns_to_find_pair_and_judge(trained: tuple[Network, Any]) -> None:
    network, tokenizer = trained
    scorer, scores = hold_out(network, EXAMPLES, tokenizer, implicit=(False, False))
    assert scores["f1"] > 0.9
    assert scores["triplets"] == len(EXAMPLES)
    assert 0 <= scores["calibration_error"] < 0.2
    assert 0 < scorer.threshold < 1


@pytest.mark.parametrize("adversarial", [0.0, 0.5])
def test_a_killed_training_ends_as_if_it_had_not_been(base: Path, tmp_path: Path, adversarial: float) -> None:
    tokenizer = load_tokenizer(base)
    prepared = prepare(EXAMPLES, tokenizer)
    settings = replace(SETTINGS, epochs=3, dropout=0.1, adversarial=adversarial)
    whole = train(new_network(base, settings), prepared, settings)

    class KilledError(Exception):
        pass

    def kill(epoch: int, _: float, __: Network) -> None:
        if epoch == 2:
            raise KilledError

    with pytest.raises(KilledError):
        train(new_network(base, settings), prepared, settings, checkpoints=tmp_path, on_epoch=kill)
    epochs: list[int] = []
    resumed = train(
        new_network(base, settings),
        prepared,
        settings,
        checkpoints=tmp_path,
        on_epoch=lambda epoch, _, __: epochs.append(epoch),
    )
    assert epochs == [3]
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name]), name


def test_a_training_killed_inside_a_pass_ends_as_if_it_had_not_been(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gistill.train.reader import training

    tokenizer = load_tokenizer(base)
    prepared = prepare(EXAMPLES, tokenizer)
    settings = replace(SETTINGS, epochs=2, dropout=0.1)
    losses: dict[str, list[float]] = {"whole": [], "resumed": []}
    whole = train(new_network(base, settings), prepared, settings, on_epoch=lambda _, v, __: losses["whole"].append(v))
    step, steps = training._step, 0

    def killed(*args: Any) -> float:
        nonlocal steps
        steps += 1
        if steps == 12:  # of 8 a pass
            raise KeyboardInterrupt
        return step(*args)

    monkeypatch.setattr(training, "_step", killed)
    with pytest.raises(KeyboardInterrupt):
        train(new_network(base, settings), prepared, settings, checkpoints=tmp_path, every=0.0)
    assert json.loads((tmp_path / "checkpoint.json").read_text())["epochs"] == 1
    assert len(list(tmp_path.glob("weights-*"))) == 1
    steps = -100
    resumed = train(
        new_network(base, settings),
        prepared,
        settings,
        checkpoints=tmp_path,
        on_epoch=lambda _, v, __: losses["resumed"].append(v),
    )
    assert steps == -100 + 16 - 11
    assert losses["resumed"] == losses["whole"][1:]
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name]), name


def marked(thing: str, word: str) -> Labelled:
    """The same sentence with everything that is marked: things have a category, words a kind and a strength."""
    plain = sentence(thing, word)
    kind = "fact" if word == "broken" else "wish" if word == "weak" else "evaluation"
    strength = {"nice": 1, "solid": 1, "neat": 2, "broken": -2, "awful": -2, "weak": -1}[word]
    category = "rooms" if thing == "room" else "battery" if thing == "lamp" else "quality"
    triplet = plain.triplets[0]._replace(category=category, kind=kind, strength=strength)
    return replace(plain, triplets=(triplet,), implicit_aspects=True, implicit_opinions=True)


def test_it_learns_category_kind_and_strength_and_the_exported_reader_says_them(base: Path, tmp_path: Path) -> None:
    examples = [marked(thing, word) for thing in THINGS for word in GOOD + BAD]
    tokenizer = load_tokenizer(base)
    settings = replace(SETTINGS, epochs=12)
    network = new_network(base, settings, attributes=True)
    train(network, prepare(examples, tokenizer), settings)
    scorer, scores = hold_out(network, examples, tokenizer, implicit=(True, False))
    assert scores["relaxed"] > 0.9
    assert scores["strict"] > 0.9
    assert min(scores["category"], scores["kind"], scores["strength"]) > 0.9
    assert len(scorer.meant) == 3
    export_reader(
        network,
        tmp_path,
        tokenizer_file=base / "tokenizer.json",
        scorer=scorer,
        implicit=(True, False),
        about={"name": "small", "recipe": "test"},
        max_pieces=64,
    )
    reader = load_reader(tmp_path)
    assert reader.attributes
    ((one,),) = reader.read(["the lamp is broken ."])
    assert (one.polarity, one.category, one.kind, one.strength) == ("negative", "battery", "fact", -2)
    broken = json.loads((tmp_path / "reader.json").read_text())
    broken["attributes"]["categories"].reverse()
    (tmp_path / "reader.json").write_text(json.dumps(broken))
    with pytest.raises(ModelBrokenError, match="other categories"):
        load_reader(tmp_path)


def test_the_attribute_loss_by_hand(base: Path) -> None:
    """With all scores 0 a pair costs the logarithms of the numbers of categories, kinds and strengths."""
    (units,) = cut(load_tokenizer(base), ["the lid is nice ."])
    goal = target(marked("lid", "nice"), units)
    assert goal.attributes == ((1, 0, 3),)
    outputs = [torch.zeros(1, 6, 6), torch.zeros(1, 6, 6, 8), torch.zeros(1, 6, 78)]
    value = loss(outputs, [(units, goal)], weights=(0.0, 0.0, 0.0, 1.0))
    assert float(value) == pytest.approx(np.log(35) + np.log(3) + np.log(5), rel=1e-6)
    outputs[2][0, 2, 1] = outputs[2][0, 4, 35 + 1] = 50.0  # aspect and opinion words both say "quality"
    outputs[2][0, 4, 70] = outputs[2][0, 4, 73 + 3] = 50.0
    assert float(loss(outputs, [(units, goal)], weights=(0.0, 0.0, 0.0, 1.0))) == pytest.approx(0.0, abs=1e-6)


def without_a_graph(network: Network, folder: Path, inputs: Any, outputs: Any) -> None:
    """Stand for `export_onnx`, which takes twenty seconds, where nobody reads with what is exported."""
    (folder / "model.onnx").write_bytes(b"")


def test_ones_own_marks_are_enough_and_what_a_start_decided_stays(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gistill.train.reader.finetune import ReaderTraining, finetune_reader, save_start, start_of

    monkeypatch.setattr("gistill.train.reader.export.export_onnx", without_a_graph)
    rows = []
    for thing in THINGS:
        for word in GOOD + BAD:
            text = f"the {thing} is {word} ."
            at = text.index(word)
            opinion = {"sentence": 0, "aspect": thing, "aspect_at": [4, 4 + len(thing)], "opinion": word,
                       "opinion_at": [at, at + len(word)], "level": 1 if word in GOOD else -1, "kind": "o",
                       "category": "quality"}  # fmt: skip
            rows.append({"id": text, "sentences": [text], "opinions": [opinion], "language": "en"})
    mine = tmp_path / "mine.jsonl"
    mine.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    first = finetune_reader(None, out=tmp_path / "first", training=ReaderTraining(marks=mine, base=str(base), epochs=1))
    assert first["recipe"] == "marks"
    assert first["held_out"]["texts"] == 6  # a fifth of 30
    (tmp_path / "shipped").mkdir()
    network = new_network(base, Settings(), attributes=True)
    load_weights(network, tmp_path / "first" / "training" / "weights.safetensors")
    sizes = [path.stat().st_size for path in save_start(network.state_dict(), tmp_path / "shipped")]
    assert sum(sizes) < 0.6 * (tmp_path / "first" / "training" / "weights.safetensors").stat().st_size
    (tmp_path / "shipped" / "reader.json").write_text((tmp_path / "first" / "reader.json").read_text())
    assert start_of(tmp_path / "shipped") == tmp_path / "shipped"
    second = finetune_reader(
        None,
        out=tmp_path / "second",
        training=ReaderTraining(marks=mine, base=str(base), epochs=1, start=tmp_path / "shipped"),
    )
    assert second["held_out"] == first["held_out"]
    cards = [json.loads((tmp_path / name / "reader.json").read_text()) for name in ("first", "second")]
    assert cards[0]["scorer"] == cards[1]["scorer"]
    assert "Opinions marked by a large language model" in (tmp_path / "second" / "README.md").read_text("utf-8")
    more = tmp_path / "more.jsonl"
    more.write_text(json.dumps(rows[0]) + "\n" + json.dumps({**rows[1], "part": "dev"}), encoding="utf-8")
    with_more = ReaderTraining(marks=mine, base=str(base), epochs=1, limit=10, more=(more,))
    taught = finetune_reader(None, out=tmp_path / "more", training=with_more)
    assert taught["sentences"] == {"marks/mine": 10, "marks/more": 1}  # what is not to learn from is left out
    assert taught["more"] == ["more.jsonl"]
    with pytest.raises(InputError, match="no data folder"):
        finetune_reader(None, out=tmp_path / "third", training=ReaderTraining(base=str(base)))


def test_the_exported_reader_reads_what_was_trained(trained: tuple[Network, Any], base: Path, tmp_path: Path) -> None:
    network, tokenizer = trained
    scorer, _ = hold_out(network, EXAMPLES, tokenizer, implicit=(False, False))
    about = {"name": "small", "recipe": "test"}
    export_reader(
        network,
        tmp_path,
        tokenizer_file=base / "tokenizer.json",
        scorer=scorer,
        implicit=(False, False),
        about=about,
        max_pieces=64,
    )
    assert json.loads((tmp_path / "reader.json").read_text())["name"] == "small"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.onnx", "reader.json", "tokenizer.json"]
    reader = load_reader(tmp_path)
    texts = [example.text for example in EXAMPLES]
    cuts = cut(tokenizer, texts)
    agreed = 0
    for i, one in enumerate(infer(network, cuts)):
        wanted = choose(candidates(one.tags, one.grid, implicit=(False, False)), scorer)
        (readings,) = reader.read([texts[i]])
        agreed += len(readings) == len(wanted) and all(
            r.aspect == (cuts[i].extents[c.aspect[0]][0], cuts[i].extents[c.aspect[1]][1])
            and abs(r.confidence - p) < 0.1
            for r, (c, p) in zip(readings, wanted, strict=True)
        )
    assert agreed >= len(EXAMPLES) - 1  # int8 weights may move a single borderline case
    assert reader.read(texts) == [reader.read([text])[0] for text in texts]


def test_int8_weights_stay_close(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(0).normal(size=(96, 64)).astype(np.float32)
    weights[:, 3] = 0.0  # a dead column must not divide by zero
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 96])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 64])],
        [numpy_helper.from_array(weights, "w")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]), str(tmp_path / "a.onnx"))
    assert quantise_weights(tmp_path / "a.onnx", tmp_path / "b.onnx", smallest=100) == 1
    small = onnx.load(str(tmp_path / "b.onnx")).graph
    values = {t.name: numpy_helper.to_array(t) for t in small.initializer}
    restored = values["w.int8"] * values["w.scale"]
    assert np.abs(restored - weights).max() <= np.abs(weights).max() / 254 + 1e-6
    assert not restored[:, 3].any()


def test_a_corpus_that_marks_no_opinions_teaches_none(base: Path) -> None:
    tokenizer = load_tokenizer(base)
    example = Labelled("the lid is nice .", (), terms=(((4, 7), "positive"),), marks_opinions=False)
    (units,) = cut(tokenizer, [example.text])
    goal = target(example, units)
    assert goal.tags[:, 0].tolist() == [-100, 2, 0, 2, 2, 2]
    assert goal.tags[:, 1].tolist() == [-100] * 6
    assert goal.polarities == ((2, 2, 0, 0, 0),)
    assert goal.known == (False, False, False)


def test_the_pair_loss_by_hand(base: Path) -> None:
    """With all scores 0, each layer costs log(1 + wrong cells) + log(1 + right cells); unknown cells cost nothing."""
    tokenizer = load_tokenizer(base)
    (units,) = cut(tokenizer, ["the lid is nice ."])
    goal = target(sentence("lid", "nice"), units)
    tags, grid = torch.zeros(1, 6, 6), torch.zeros(1, 6, 6, 8)
    value = loss((tags, grid), [(units, goal)], weights=(0.0, 1.0, 0.0, 0.0))
    assert float(value) == pytest.approx(2 * (np.log(1 + 24) + np.log(1 + 1)), rel=1e-6)  # 5 x 5 words, one right
    polarity = loss((tags, grid), [(units, goal)], weights=(0.0, 0.0, 1.0, 0.0))
    assert float(polarity) == pytest.approx(np.log(3), rel=1e-6)
    tagging = loss((tags, grid), [(units, goal)], weights=(1.0, 0.0, 0.0, 0.0))
    assert float(tagging) == pytest.approx(10 * np.log(3), rel=1e-6)  # 5 words, two kinds of tag


def test_the_scorer_finds_what_predicts_being_right() -> None:
    from gistill.reader.decode import Candidate

    rng = np.random.default_rng(0)
    found, gold = [], []
    for _ in range(400):
        strength = float(rng.normal())
        c = Candidate((1, 1), (2, 2), 0, (0.0, 0.0, strength, 0.0, 0.0, 0.0, 0.0))
        found.append([c])
        gold.append({key(c)} if rng.random() < 1 / (1 + np.exp(-3 * strength)) else set())
    scorer = fit_scorer(found, gold)
    assert scorer.weights[2] == pytest.approx(3, abs=0.8)
    assert abs(scorer.bias) < 0.5
    assert evaluate(found, gold, scorer).f1 > evaluate(found, gold, Scorer((0.0,) * 7, 0.0, 0.9)).f1


def test_weights_are_safetensors(trained: tuple[Network, Any], base: Path, tmp_path: Path) -> None:
    network, _ = trained
    save_weights(network, tmp_path / "w.safetensors")
    other = load_weights(new_network(base, replace(SETTINGS, seed=5)), tmp_path / "w.safetensors")
    assert all(
        torch.equal(a, b) for a, b in zip(network.state_dict().values(), other.state_dict().values(), strict=True)
    )


def test_a_wrong_recipe_or_base_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="no training recipe 'best'"):
        training_examples("best", folder=tmp_path)
    with pytest.raises(ModelMissingError, match="no encoder in"):
        base_folder(str(tmp_path))


def test_gold_keys_are_the_labelled_triplets(base: Path) -> None:
    (prepared,) = prepare([sentence("lamp", "weak")], load_tokenizer(base))
    assert gold_keys(prepared.target) == {(2, 2, 4, 4, 1)}


def test_a_recipe_ends_in_a_folder_with_a_card_and_is_not_run_twice(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors.torch import load_file

    from gistill.train.reader import finetune

    examples = [replace(e, source="dmaste/home", implicit_aspects=True) for e in EXAMPLES]
    quick = finetune.Recipe(replace(SETTINGS, epochs=2), replace(SETTINGS, epochs=1), (True, False), True)
    monkeypatch.setattr(finetune, "RECIPES", {"public": quick})
    monkeypatch.setattr(finetune, "training_examples", lambda recipe, folder: examples)
    monkeypatch.setattr(finetune, "held_out_examples", lambda recipe, folder: examples)
    told: list[tuple[str, int]] = []

    def run(out: str, start: Path | None = None, keep: float = 0.0) -> dict[str, Any]:
        told.clear()
        return finetune.finetune_reader(
            tmp_path,
            out=tmp_path / out,
            training=finetune.ReaderTraining(recipe="public", base=str(base), start=start, keep=keep),
            on_epoch=lambda name, epoch, *_: told.append((name, epoch)),
        )

    about = run("first")
    assert told == [("first", 1), ("first", 2)]
    assert about["sentences"] == {"dmaste/home": len(examples)}
    card = (tmp_path / "first" / "README.md").read_text(encoding="utf-8")
    assert "Every corpus it was trained on is MIT or Apache-2.0." in card
    assert isinstance(load_reader(tmp_path / "first").read(["the lid is nice ."])[0], list)
    log = (tmp_path / "first" / "training" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["epoch"] for line in log] == [1, 2]
    monkeypatch.setattr("gistill.train.reader.export.export_onnx", without_a_graph)
    run("first")
    assert told == []  # every epoch is done: nothing is trained again
    assert run("second", start=tmp_path / "first")["start"] == "first"
    assert told == [("second", 1)]  # the gentler settings for going on
    assert run("half", start=tmp_path / "first", keep=0.5)["keep"] == 0.5
    card = (tmp_path / "half" / "README.md").read_text(encoding="utf-8")
    assert "(started from first, 50% of whose weights were kept)" in card
    weights = {
        out: load_file(tmp_path / out / "training" / "weights.safetensors") for out in ("first", "second", "half")
    }
    for name, tensor in weights["half"].items():
        assert torch.allclose(tensor, (weights["first"][name] + weights["second"][name]) / 2, atol=1e-6), name


def test_what_is_kept_is_a_share_of_a_start(tmp_path: Path) -> None:
    from gistill.train.reader.finetune import ReaderTraining, finetune_reader

    for keep, start in ((0.5, None), (1.5, tmp_path), (-0.1, tmp_path)):
        with pytest.raises(SettingError, match=f"keep is {keep:g}"):
            finetune_reader(tmp_path, out=tmp_path / "out", training=ReaderTraining(start=start, keep=keep))
    with pytest.raises(ModelMissingError, match="no trained reader in"):
        finetune_reader(tmp_path, out=tmp_path / "out", training=ReaderTraining(start=tmp_path))
    assert not (tmp_path / "out").exists()


def test_padding_is_not_seen_from_the_cells_beside_it(trained: tuple[Network, Any]) -> None:
    """A sentence gets the same scores alone and beside a longer one."""
    network, tokenizer = trained
    short, long = cut(tokenizer, ["the lid is nice .", "the lid is nice . the lamp is weak . the door is broken ."])
    (alone,) = infer(network, [short])
    beside = infer(network, [short, long])[0]
    assert alone.attributes is None
    for one, other in zip(alone[:2], beside[:2], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)
