"""The one command that trains all readers, on tiny encoders and made-up marks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs the extra: train")
pytest.importorskip("transformers", reason="needs the extra: train")

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

import train_readers  # noqa: E402
from train_readers import Cost, fitted, main, pack  # noqa: E402

import tiny_models  # noqa: E402
from gistill.errors import SettingError  # noqa: E402

THINGS, WORDS = ("lid", "lamp", "cable", "door", "room"), ("nice", "solid", "broken", "awful")


def marks(path: Path) -> Path:
    rows = []
    for thing in THINGS:
        for word in WORDS:
            text = f"the {thing} is {word} ."
            at = text.index(word)
            opinion = {"sentence": 0, "aspect": thing, "aspect_at": [4, 4 + len(thing)], "opinion": word,
                       "opinion_at": [at, at + len(word)], "level": 1 if word in WORDS[:2] else -1, "kind": "o",
                       "category": "quality"}  # fmt: skip
            rows.append({"id": text, "sentences": [text], "opinions": [opinion], "language": "en"})
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def test_a_budget_shortens_all_recipes_by_the_same_share() -> None:
    costs = {"small": Cost(0.01, 1000, 4), "large": Cost(0.02, 500, 5)}  # 40 and 50 seconds
    assert fitted(costs, 1000) == {"small": {"epochs": 4, "limit": None}, "large": {"epochs": 5, "limit": None}}
    assert fitted(costs, 45) == {"small": {"epochs": 2, "limit": None}, "large": {"epochs": 2, "limit": None}}
    assert fitted(costs, 9) == {"small": {"epochs": 1, "limit": 400}, "large": {"epochs": 1, "limit": 250}}
    with pytest.raises(SettingError, match="no time"):
        fitted(costs, 0)


@pytest.mark.slow
def test_three_readers_are_trained_packed_and_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_a_graph(network: Any, folder: Path, inputs: Any, outputs: Any) -> None:
        (folder / "model.onnx").write_bytes(bytes(50_000))

    monkeypatch.setattr("gistill.train.reader.export.export_onnx", without_a_graph)
    monkeypatch.setattr(pack, "__kwdefaults__", {"size": 20_000})
    bert = tiny_models.encoder(tmp_path / "bert", [*THINGS, *WORDS])
    large = tiny_models.mpnet(tmp_path / "mpnet", [*THINGS, *WORDS])
    out = tmp_path / "out"
    asked = [str(out), "--marks", str(marks(tmp_path / "marks.jsonl")), "--minutes", "60"]
    bases = ["--base", f"small={bert}", f"large={large}", f"multilingual={bert}"]
    assert main([*asked, *bases]) == 0
    plan = json.loads((out / "plan.json").read_text())
    assert plan["large"] == {"epochs": 4, "limit": None}, "an hour is enough for the whole recipe"
    cards = {name: json.loads((out / f"{name}-0" / "reader.json").read_text()) for name in plan}
    assert [(card["recipe"], card["base"]) for card in cards.values()] == [
        ("marks", "bert"), ("marks-large", "mpnet"), ("marks-languages", "bert")
    ]  # fmt: skip
    pieces = list((out / "pieces").glob("*.tar.*"))
    assert max(piece.stat().st_size for piece in pieces) == 20_000
    joined = tmp_path / "joined"
    joined.mkdir()
    subprocess.run(["sh", str(out / "pieces" / "join.sh")], cwd=joined, check=True)
    assert sorted(path.name for path in joined.iterdir()) == ["large-0", "multilingual-0", "small-0"]
    for name in ("README.md", "model.onnx", "reader.json", "tokenizer.json"):
        assert (joined / "large-0" / name).read_bytes() == (out / "large-0" / name).read_bytes()

    from gistill.train.reader.finetune import start_weights

    trained, shipped = start_weights(out / "large-0"), start_weights(joined / "large-0")
    assert trained.keys() == shipped.keys()
    for name, weights in trained.items():
        assert torch.allclose(weights, shipped[name], atol=1e-2, rtol=1e-3), name

    def trains(*_: Any, **__: Any) -> None:
        raise AssertionError("everything is trained")

    monkeypatch.setattr("gistill.train.reader.finetune.finetune_reader", trains)
    assert main([*asked, *bases]) == 0
    (out / "small-0" / "README.md").unlink()
    assert main([*asked[:-1], "0", *bases]) == 3, "what there is no time for is said"
    damaged = next(iter(pieces))
    damaged.write_bytes(b"damaged")
    assert subprocess.run(["sh", str(out / "pieces" / "join.sh")], cwd=joined, capture_output=True).returncode


def test_the_readers_are_those_that_have_a_name() -> None:
    from gistill.reader.model import PACKAGES
    from gistill.train.reader.finetune import RECIPES

    assert train_readers.RECIPE.keys() == PACKAGES.keys()
    assert set(train_readers.RECIPE.values()) <= set(RECIPES)
