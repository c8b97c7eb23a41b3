"""The encoder of likeness is trained, exported and read back, on a small model made in memory."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra: train")
pytest.importorskip("onnxscript", reason="needs the extra: train")
transformers = pytest.importorskip("transformers", reason="needs the extra: train")

from gistill.corpora.points import PointGroup, Said  # noqa: E402
from gistill.likeness import Window, load_likeness, window  # noqa: E402
from gistill.schema import Polarity  # noqa: E402
from gistill.train.points import Encoder, Lesson, Settings, area, export, lesson, losses, read_of, train  # noqa: E402

SAME = (("broke", "snapped", "cracked"), ("late", "slow", "delayed"), ("rude", "unfriendly", "cold"))
SETTINGS = Settings(epochs=30, groups=2, rate=5e-3, frozen=1, dropout=0.0)


def one(words: str, polarity: Polarity = "negative") -> Said:
    return Said(f"the thing is {words} .", words, None, polarity, -1, "evaluation")


def group(number: int) -> PointGroup:
    words = [word for same in SAME for word in same]
    order = np.random.default_rng(number).permutation(len(words)).tolist()
    members = [tuple(place for place, w in enumerate(order) if w // 3 == n) for n in range(len(SAME))]
    points = tuple((SAME[n][0], some) for n, some in enumerate(members))
    return PointGroup(number, "shop", "other", tuple(one(words[w]) for w in order), points)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from tokenizers.processors import TemplateProcessing

    folder = tmp_path_factory.mktemp("base")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "thing", "is", ".", *(word for same in SAME for word in same)]
    tokenizer = Tokenizer(WordPiece({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer()
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "BertTokenizerFast", "pad_token": "[PAD]", "unk_token": "[UNK]",
                "cls_token": "[CLS]", "sep_token": "[SEP]", "model_max_length": 64}  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    transformers.BertModel(config).save_pretrained(folder)
    return folder


def test_a_group_becomes_a_lesson_of_its_quotes_and_of_the_names_of_its_points() -> None:
    said = (one("broke"), one("snapped"), one("late", "neutral"))
    made = lesson(PointGroup(0, "shop", "other", said, (("breaks", (0, 1)),)))
    assert made.texts[:3] == (read_of(said[0]), read_of(said[1]), read_of(said[2]))
    assert made.texts[3] == window("breaks")
    assert made.point[0] == made.point[1] == made.point[3] != made.point[2]
    assert made.side == ("negative", "negative", "neutral", "negative")
    assert read_of(said[0]) == Window("the thing is broke .", ((13, 18),))


def test_losses_are_over_pairs_of_one_lesson_and_direction() -> None:
    """Of a, b, c and d only a and b are paired, alike, and only they count: log(1 + e^-2) for a likeness of 2."""
    lessons = [
        Lesson((window("a"), window("b"), window("c")), (1, 1, 1), ("positive", "positive", "negative")),
        Lesson((window("d"),), (1,), ("positive",)),
    ]
    vectors = torch.tensor([[1.0, 0], [1.0, 0], [0, 1.0], [1.0, 0]])
    first, second = losses(vectors, lessons, torch.tensor(3.0), torch.tensor(-1.0))
    assert float(first) == pytest.approx(np.log1p(np.exp(-2)))
    assert float(second) == pytest.approx(0, abs=1e-6)  # all that is near is its own


@pytest.mark.slow
def test_it_learns_what_says_alike_and_is_read_back_without_torch(base: Path, tmp_path: Path) -> None:
    lessons = [lesson(group(n)) for n in range(6)]
    encoder = Encoder(base, SETTINGS, {})
    lower = {name: weight.clone() for name, weight in encoder.lower.state_dict().items()}
    before = area(lessons, encoder)
    train(lessons, lessons[:1], encoder, SETTINGS)
    assert area(lessons, encoder) > max(0.95, before)
    assert all(torch.equal(weight, lower[name]) for name, weight in encoder.lower.state_dict().items())
    export(encoder, tmp_path / "made", base=base, about={"enough": 0.5})
    windows = [read_of(one(word)) for same in SAME for word in same]
    loaded = load_likeness(tmp_path / "made")
    with torch.no_grad():
        wanted = encoder.embed(windows).numpy()
    assert loaded.enough == 0.5
    assert (loaded.embed(windows) * wanted).sum(axis=1) == pytest.approx(np.ones(9), abs=0.01)  # int8 beside fp32
