"""A reader with fewer word pieces answers as the whole one did, wherever its pieces are enough."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
transformers = pytest.importorskip("transformers")

from gistill.errors import ModelBrokenError  # noqa: E402
from gistill.reader.decode import Scorer  # noqa: E402
from gistill.reader.model import load_reader  # noqa: E402
from gistill.train.reader.export import export_reader  # noqa: E402
from gistill.train.reader.training import Settings, new_network  # noqa: E402
from gistill.train.reader.vocabulary import smaller  # noqa: E402

KEPT = ["Der Deckel klemmt", "Deckel", "klemmt", "sehr"]
PIECES = ["▁Der", "▁De", "ckel", "▁Deckel", "▁klemmt", "▁kle", "mmt", "▁sehr", "▁se", "hr", "▁คุณ", "▁το", "▁hinge", "."]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained reader over a unigram tokenizer of the multilingual base's kind."""
    from tokenizers import Tokenizer, pre_tokenizers
    from tokenizers.models import Unigram
    from tokenizers.processors import TemplateProcessing

    base, folder = tmp_path_factory.mktemp("base"), tmp_path_factory.mktemp("whole")
    letters = sorted(set("▁DerckeltmskhŁ"))
    pieces = ["<s>", "<pad>", "</s>", "<unk>", *PIECES, *letters, *(f"▁x{number}" for number in range(100))]
    scored = [(piece, -3.0 - number / 10 if number > 3 else 0.0) for number, piece in enumerate(pieces)]
    tokenizer = Tokenizer(Unigram(scored, unk_id=3, byte_fallback=False))
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>"])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    )
    tokenizer.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    tokenizer.save(str(base / "tokenizer.json"))
    torch.manual_seed(3)
    config = transformers.BertConfig(
        vocab_size=len(pieces), hidden_size=64, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64
    )
    transformers.BertModel(config).save_pretrained(base)
    export_reader(
        new_network(base, Settings()),
        folder,
        tokenizer_file=base / "tokenizer.json",
        scorer=Scorer((0.0,) * 7, 9.0, 0.0),
        implicit=(True, True),
        about={"name": "whole", "languages": ["de"]},
        max_pieces=64,
    )
    return folder


def table(folder: Path) -> Any:
    (found,) = [t for t in onnx.load(str(folder / "model.onnx")).graph.initializer
                if t.name.endswith(".int8") and "word_embeddings" in t.name]  # fmt: skip
    return onnx.numpy_helper.to_array(found)


def test_it_keeps_the_rows_of_the_pieces_that_texts_need_and_answers_alike(whole: Path, tmp_path: Path) -> None:
    count = smaller(whole, tmp_path, iter(KEPT))
    settings = json.loads((tmp_path / "tokenizer.json").read_text("utf-8"))
    pieces = [piece for piece, _ in settings["model"]["vocab"]]
    assert len(pieces) == count == len(table(tmp_path))
    assert pieces[:4] == ["<s>", "<pad>", "</s>", "<unk>"]
    assert {"▁Der", "▁Deckel", "▁klemmt", "▁sehr", "."} <= set(pieces), "and signs, which any text may hold"
    assert not {"▁คุณ", "▁το", "▁hinge", "▁x7", "Ł"} & set(pieces)
    assert {"D", "r", "▁"} <= set(pieces), "so that a new word is cut into letters and not lost"
    old = [piece for piece, _ in json.loads((whole / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]]
    assert np.array_equal(table(tmp_path), table(whole)[[old.index(piece) for piece in pieces]])
    texts = ["Der Deckel klemmt sehr .", "sehr Deckel"]
    before, after = load_reader(whole).read(texts), load_reader(tmp_path).read(texts)
    assert any(before), "an untrained network with a generous scorer finds something"
    assert before == after
    assert json.loads((tmp_path / "reader.json").read_text("utf-8"))["languages"] == ["de"]


def test_what_has_no_such_table_is_refused(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "other")
    settings = json.loads((whole / "tokenizer.json").read_text("utf-8"))
    settings["model"] = {"type": "WordPiece"}
    (tmp_path / "other" / "tokenizer.json").write_text(json.dumps(settings))
    with pytest.raises(ModelBrokenError, match="no unigram model"):
        smaller(tmp_path / "other", tmp_path / "out", KEPT)
