"""Term vectors: what they know, and what they do with what they do not know."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from gistill.errors import ModelBrokenError, ModelMissingError
from gistill.train.term_vectors import fit, new_words, pca, phrases
from gistill.vectors import TERM_VECTORS, TermVectors, load_vectors, misspelling_traces, misspelt, save_vectors


@pytest.fixture(scope="module")
def vectors() -> TermVectors:
    return load_vectors()


def small(table: np.ndarray | None = None) -> TermVectors:
    words = ["[UNK]", "good", "bat", "##tery", "life"]
    tokenizer = Tokenizer(WordPiece({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer()
    tokenizer.pre_tokenizer = BertPreTokenizer()
    return TermVectors(np.eye(5, 3, -1, dtype=np.float32) if table is None else table, tokenizer)


def test_a_phrase_is_the_sum_of_its_pieces_made_unit_length() -> None:
    """good = x, bat = y, ##tery = z, life = 0: "battery" is (y + z) / sqrt 2, "good battery" (x + y + z) / sqrt 3."""
    embedded = small().embed(["good", "Battery", "good battery life"])
    half, third = 2**-0.5, 3**-0.5
    assert embedded == pytest.approx(np.array([[1, 0, 0], [0, half, half], [third, third, third]]), abs=1e-6)


def test_what_is_not_known_is_zero_and_like_nothing() -> None:
    embedded = small().embed(["", "zebra", "life", "\ud800", "🙂"])
    assert embedded.shape == (5, 3)
    assert not embedded.any()


def test_no_phrases_give_no_rows() -> None:
    assert small().embed([]).shape == (0, 3)


def test_rank_is_of_whole_words_only() -> None:
    assert [small().rank(word) for word in ("good", "battery", "[UNK]", "zebra")] == [1, None, None, None]


def test_saved_vectors_load_as_they_were_but_for_rounding(tmp_path: Path) -> None:
    table = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    save_vectors(small(table), tmp_path)
    loaded = load_vectors(tmp_path)
    assert np.abs(loaded.table - table).max() <= np.abs(table).max() / 127
    assert len(loaded.hash) == 16
    again = tmp_path / "again"
    save_vectors(loaded, again)
    assert (again / "vectors.safetensors").read_bytes() == (tmp_path / "vectors.safetensors").read_bytes()


def test_the_file_is_safetensors(tmp_path: Path) -> None:
    """Others can read it with the safetensors package."""
    numpy = pytest.importorskip("safetensors.numpy")
    save_vectors(small(), tmp_path)
    tensors = numpy.load_file(tmp_path / "vectors.safetensors")
    assert {name: (str(t.dtype), t.shape) for name, t in tensors.items()} == {
        "scale": ("float32", (3,)),
        "table": ("int8", (5, 3)),
    }


def test_missing_vectors_say_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="no term vectors") as caught:
        load_vectors(tmp_path)
    assert "gistill.train.term_vectors" in caught.value.hint


@pytest.mark.parametrize("damage", ["cut", "noise", "empty", "header", "pieces", "tokenizer"])
def test_broken_vectors_are_named(tmp_path: Path, damage: str) -> None:
    save_vectors(small(), tmp_path)
    file = tmp_path / "vectors.safetensors"
    raw = file.read_bytes()
    match damage:
        case "cut":
            file.write_bytes(raw[:-4])
        case "noise":
            file.write_bytes(b"\xff" * 64)
        case "empty":
            file.write_bytes(b"")
        case "header":
            file.write_bytes(raw.replace(b"gistill-term-vectors-1", b"gistill-term-vectors-9"))
        case "pieces":
            save_vectors(small(np.ones((4, 3), dtype=np.float32)), tmp_path)
        case "tokenizer":
            (tmp_path / "tokenizer.json").write_text(json.dumps({"version": "1.0"}), encoding="utf-8")
    with pytest.raises(ModelBrokenError, match="term vectors"):
        load_vectors(tmp_path)


@given(st.lists(st.text(max_size=40), max_size=20))
def test_any_text_gives_unit_or_zero_rows(texts: list[str]) -> None:
    embedded = load_once().embed(texts)
    length = np.linalg.norm(embedded, axis=1)
    assert embedded.shape == (len(texts), load_once().dimensions)
    assert embedded.dtype == np.float32
    assert np.all((np.abs(length - 1) < 1e-5) | (length == 0))


_LOADED: list[TermVectors] = []


def load_once() -> TermVectors:
    if not _LOADED:
        _LOADED.append(load_vectors())
    return _LOADED[0]


def test_shipped_vectors_know_near_from_far(vectors: TermVectors) -> None:
    a, b, c, d = vectors.embed(["price", "pricing", "screen", "keyboard"])
    assert a @ b > 0.72 > c @ d
    assert a @ c < 0.5


def test_shipped_vectors_know_words_by_their_use(vectors: TermVectors) -> None:
    """Reviews speak of colour more than of blue, and nobody means to write "recieved"."""
    color, blue = vectors.rank("color"), vectors.rank("blue")
    assert color is not None
    assert blue is not None
    assert color < blue
    assert vectors.rank("charger") is not None
    assert vectors.rank("recieved") is None


def test_other_scripts_are_not_guessed_at(vectors: TermVectors) -> None:
    assert not vectors.embed(["电池", "батарея", "בטריה"]).any()


def test_shipped_files_are_small_and_have_a_card() -> None:
    assert sum(file.stat().st_size for file in TERM_VECTORS.iterdir()) < 5_500_000
    assert "Apache-2.0" in (TERM_VECTORS / "README.md").read_text(encoding="utf-8")


def test_vectors_need_no_torch() -> None:
    code = (
        "import sys; from gistill.vectors import load_vectors; load_vectors().embed(['price']); "
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_phrases_recur_and_neither_begin_nor_end_with_a_filler() -> None:
    found = phrases(["The battery life of it is great.", "the Battery life, and THE SCREEN"] * 2, least=4)
    assert found == {"battery": 4, "battery life": 4, "life": 4}


def test_frequent_words_become_pieces_and_their_misspellings_do_not() -> None:
    """Lather is one letter from later and still a word; recieved is received with letters turned about."""
    counts = {
        "received": 900,
        "battery": 500,
        "later": 800,
        "battery life": 50,
        "lather": 20,
        "recieved": 20,
        "rare": 3,
    }
    assert new_words(counts, known={"battery", "later", "received"}) == ["lather"]


@pytest.mark.parametrize(
    ("word", "other", "distance", "expected"),
    [
        ("vaccum", "vacuum", 1, True),
        ("recieved", "received", 1, True),
        ("atmostphere", "atmosphere", 1, True),
        ("mozerella", "mozzarella", 2, True),
        ("wristband", "waistband", 1, False),
        ("charger", "charge", 1, False),
        ("lather", "leather", 1, False),
    ],
)
def test_a_misspelling_is_not_another_word(word: str, other: str, distance: int, expected: bool) -> None:
    assert misspelt(word, other, distance) is expected


def test_pca_finds_the_main_axis() -> None:
    rows = np.outer(np.arange(-5, 6), [3.0, 4.0]).astype(np.float32) + np.array([1.0, 2.0], dtype=np.float32)
    centre, axes = pca(rows, 1)
    assert centre == pytest.approx([1, 2])
    assert axes[:, 0] == pytest.approx([0.6, 0.8], abs=1e-5)


def test_fit_moves_the_sum_of_pieces_to_the_phrase(capsys: pytest.CaptureFixture[str]) -> None:
    """Piece 1 adds nothing to piece 0 in "0 1", so its part across must shrink; piece 2 is in no phrase and stays."""
    pytest.importorskip("torch")
    pieces = np.array([[1, 0], [0, 1], [0.3, 0.3]], dtype=np.float32)
    target = np.array([[1, 0]], dtype=np.float32)
    fitted = fit(pieces, [[0, 1]], target, epochs=60)
    before, after = pieces[0] + pieces[1], fitted[0] + fitted[1]
    assert after[0] / np.linalg.norm(after) > 0.95 > before[0] / np.linalg.norm(before)
    assert fitted[2].tolist() == pieces[2].tolist()
    assert "epoch 60 of 60" in capsys.readouterr().out


@given(st.text("abcdeinrst", min_size=5, max_size=12), st.data())
def test_every_misspelling_leaves_a_trace(word: str, data: st.DataObject) -> None:
    other = word
    for _ in range(data.draw(st.integers(1, 2))):
        at = data.draw(st.integers(0, len(other) - 1))
        letter = data.draw(st.sampled_from("aeinrst"))
        kind = data.draw(st.sampled_from(["insert", "delete", "replace", "turn"]))
        rest = {"insert": other[at:], "delete": other[at + 1 :], "replace": other[at + 1 :], "turn": other[at + 2 :]}
        middle = {"insert": letter, "delete": "", "replace": letter, "turn": other[at : at + 2][::-1]}
        other = other[:at] + middle[kind] + rest[kind]
    distance = OSA.distance(word, other)
    if other[:1] == word[0] and distance <= 2 and misspelt(word, other, distance):
        assert set(misspelling_traces(word)) & set(misspelling_traces(other))
