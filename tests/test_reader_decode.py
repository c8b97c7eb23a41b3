"""From tags and grid to opinions, worked by hand and against a plain decoder; and where the units of a text stand."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

from gistill.errors import ModelBrokenError, ModelMissingError
from gistill.reader import Reader, find_reader, load_reader
from gistill.reader.decode import (
    FEATURES,
    MAX_SPANS,
    MAX_UNITS,
    MIN_PAIR,
    MIN_SPAN,
    Candidate,
    Scorer,
    batch_candidates,
    candidates,
    choose,
    spans,
)
from gistill.reader.model import PIECES_PER_BATCH, _batches
from gistill.reader.units import Units, cut, pad

Array = NDArray[np.float64]


def tokenizer(max_pieces: int = 32) -> Tokenizer:
    """BERT's rules with a vocabulary of letters: every word is known, in as many pieces as it has letters."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters, *(f"##{x}" for x in letters), *".,!-'", "好", "吃"]
    made = Tokenizer(WordPiece({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    made.normalizer = BertNormalizer()
    made.pre_tokenizer = BertPreTokenizer()
    made.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    made.enable_truncation(max_pieces)
    return made


TOKENIZER = tokenizer()


def logs(*probabilities: tuple[float, float, float]) -> Array:
    return np.log(np.array(probabilities, dtype=np.float64).reshape(-1, 3))


# spans


def test_a_span_is_as_likely_as_its_first_tag_its_inner_tags_and_its_end() -> None:
    found = spans(logs((0.8, 0.1, 0.1), (0.1, 0.6, 0.3), (0.02, 0.02, 0.96)))
    assert [span for _, span in found] == [(1, 2), (1, 1), (2, 2)]
    # 0.8 x 0.6 x (1 - 0.02); 0.8 x (1 - 0.6); 0.1 x (1 - 0.02); from 1 to 3 only 0.8 x 0.6 x 0.02
    assert np.exp([value for value, _ in found]) == pytest.approx([0.4704, 0.32, 0.098])


def test_a_span_may_reach_the_last_unit() -> None:
    found = spans(logs((0.05, 0.05, 0.9), (0.9, 0.05, 0.05), (0.01, 0.98, 0.01)))
    assert found[0][1] == (2, 3)
    assert np.exp(found[0][0]) == pytest.approx(0.9 * 0.98)


def test_unlikely_spans_are_left_out() -> None:
    assert spans(logs((0.029, 0.001, 0.97), (0.02, 0.9, 0.08))) == []


def test_no_units_have_no_spans() -> None:
    assert spans(logs()) == []


def test_a_span_has_at_most_the_longest_length() -> None:
    tags = logs((0.99, 0.005, 0.005), *[(0.0001, 0.9998, 0.0001)] * MAX_UNITS)
    assert [span for _, span in spans(tags[:-1])] == [(1, MAX_UNITS)]
    assert spans(tags) == []


def test_only_the_likeliest_spans_are_kept() -> None:
    tags = logs(*[(0.3 + i / 100, 0.01, 0.69 - i / 100) for i in range(30)])
    found = spans(tags)
    assert len(found) == MAX_SPANS
    assert found[0][1] == (30, 30)
    assert [value for value, _ in found] == sorted((value for value, _ in found), reverse=True)


# candidates


def sentence(*, aspect: int, opinion: int, units: int = 4, pair: float = 2.0, polarity: int = 0) -> tuple[Array, Array]:
    """Tags and grid in which one single-word pair stands out; unit 0 is NULL and may be the aspect or opinion."""
    tags = np.tile(np.array([-6.0, -6.0, 6.0]), (units, 2))
    for place, offset in ((aspect, 0), (opinion, 3)):
        if place:
            tags[place, offset : offset + 3] = (6.0, -6.0, -6.0)
    grid = np.full((units, units, 8), -6.0)
    grid[aspect, opinion, [0, 4]] = pair
    grid[aspect, opinion, [1 + polarity, 5 + polarity]] = 1.0
    return tags, grid


def test_a_candidate_says_what_tags_and_grid_say() -> None:
    tags, grid = sentence(aspect=1, opinion=3, polarity=1)
    (found,) = candidates(tags, grid, implicit=(False, False))
    assert found.aspect == (1, 1)
    assert found.opinion == (3, 3)
    assert found.polarity == 1
    features = dict(zip(FEATURES, found.features, strict=True))
    # B has odds of e^12 against each of I and O, and no I follows
    assert features["aspect_span"] == pytest.approx(-np.log(1 + 2 * np.exp(-12)), abs=1e-5)
    assert (features["pair_first"], features["pair_last"]) == (2.0, 2.0)
    # first and last cell add up to (-12, 2, -12)
    assert features["polarity"] == pytest.approx(-np.log(1 + 2 * np.exp(-14)))
    assert (features["no_aspect"], features["no_opinion"]) == (0.0, 0.0)


@pytest.mark.parametrize(("pair", "count"), [(MIN_PAIR / 2, 1), (MIN_PAIR / 2 - 0.01, 0)])
def test_a_pair_the_grid_is_against_is_no_candidate(pair: float, count: int) -> None:
    tags, grid = sentence(aspect=1, opinion=3, pair=pair)
    assert len(candidates(tags, grid, implicit=(False, False))) == count


def test_implicit_aspects_stand_on_unit_0_where_they_were_taught() -> None:
    tags, grid = sentence(aspect=0, opinion=2)
    assert candidates(tags, grid, implicit=(False, False)) == []
    (found,) = candidates(tags, grid, implicit=(True, False))
    assert (found.aspect, found.opinion) == ((0, 0), (2, 2))
    assert found.features[FEATURES.index("aspect_span")] == 0.0
    assert found.features[-2:] == (1.0, 0.0)


def test_implicit_opinions_stand_on_unit_0_where_they_were_taught() -> None:
    tags, grid = sentence(aspect=2, opinion=0)
    assert candidates(tags, grid, implicit=(True, False)) == []
    (found,) = candidates(tags, grid, implicit=(False, True))
    assert (found.aspect, found.opinion) == ((2, 2), (0, 0))
    assert found.features[-2:] == (0.0, 1.0)


def test_nothing_about_nothing_is_never_an_opinion() -> None:
    tags, grid = sentence(aspect=0, opinion=0)
    assert candidates(tags, grid, implicit=(True, True)) == []


def test_a_text_without_words_has_no_candidates() -> None:
    tags, grid = sentence(aspect=0, opinion=0, units=1)
    assert candidates(tags, grid, implicit=(True, True)) == []


# choose

ODDS = Scorer(weights=(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), bias=0.0, threshold=0.5)


def likely(aspect: tuple[int, int], opinion: tuple[int, int], probability: float) -> Candidate:
    return Candidate(aspect, opinion, 0, (float(np.log(probability / (1 - probability))), 0, 0, 0, 0, 0, 0))


def kept(*found: Candidate) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    return [(candidate.aspect, candidate.opinion) for candidate, _ in choose(found, ODDS)]


def test_two_readings_of_the_same_pair_leave_the_likelier_one() -> None:
    assert kept(likely((1, 1), (4, 4), 0.7), likely((1, 2), (4, 5), 0.8)) == [((1, 2), (4, 5))]


def test_a_word_may_belong_to_two_opinions() -> None:
    two = [((1, 1), (4, 4)), ((1, 1), (6, 6))]
    assert kept(likely((1, 1), (6, 6), 0.9), likely((1, 1), (4, 4), 0.7)) == two
    assert kept(likely((1, 1), (6, 6), 0.9), likely((3, 3), (6, 6), 0.7)) == [((1, 1), (6, 6)), ((3, 3), (6, 6))]


def test_overlap_in_one_part_alone_is_no_contradiction() -> None:
    assert len(kept(likely((1, 2), (4, 4), 0.9), likely((2, 2), (6, 6), 0.8))) == 2


def test_a_rejected_reading_contradicts_nothing() -> None:
    """The middle one falls to the first, so the last, which overlaps only the middle one, stays."""
    first, middle, last = likely((1, 1), (5, 6), 0.9), likely((1, 2), (6, 7), 0.8), likely((2, 2), (7, 8), 0.7)
    assert kept(first, middle, last) == [((1, 1), (5, 6)), ((2, 2), (7, 8))]


def test_implicit_parts_overlap_only_each_other() -> None:
    assert len(kept(likely((0, 0), (2, 2), 0.9), likely((1, 1), (2, 2), 0.8))) == 2
    assert kept(likely((0, 0), (2, 3), 0.9), likely((0, 0), (2, 2), 0.8)) == [((0, 0), (2, 3))]


def test_the_threshold_itself_is_kept() -> None:
    assert len(choose([likely((1, 1), (2, 2), 0.5)], ODDS)) == 1
    assert choose([likely((1, 1), (2, 2), 0.499)], ODDS) == []


def test_no_candidates_no_choice() -> None:
    assert choose([], ODDS) == []


def test_a_score_does_not_depend_on_what_else_is_scored() -> None:
    features = np.random.default_rng(0).normal(size=(50, len(FEATURES)))
    scorer = Scorer(tuple(np.random.default_rng(1).normal(size=len(FEATURES))), 0.3, 0.5)
    alone = [float(scorer.probability(row[None])[0]) for row in features]
    assert scorer.probability(features).tolist() == alone


# against a plain decoder


def plain_spans(scores: Array) -> list[tuple[float, tuple[int, int]]]:
    """`spans` as its docstring says it, without a thought for speed."""
    chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    found = []
    for first, last in itertools.combinations_with_replacement(range(len(chances)), 2):
        value = float(np.prod([chances[first, 0], *chances[first + 1 : last + 1, 1]]))
        # a span is given up where what it has so far is too unlikely, so nothing that begins so comes back
        end = 1 - chances[last + 1, 1] if last + 1 < len(chances) else 1.0
        if last - first < MAX_UNITS and value * end > MIN_SPAN:
            found.append((float(np.log(value * end)), (first + 1, last + 1)))
    return sorted(found, key=lambda item: (-item[0], item[1]))[:MAX_SPANS]


def plain_candidates(tags: Array, grid: Array, implicit: tuple[bool, bool]) -> list[Candidate]:
    null = [(0.0, (0, 0))]
    found = []
    for a_log, a in plain_spans(tags[1:, :3]) + (null if implicit[0] else []):
        for o_log, o in plain_spans(tags[1:, 3:]) + (null if implicit[1] else []):
            first, last = grid[a[0], o[0]], grid[a[1], o[1]]
            if (a == o == (0, 0)) or first[0] + last[4] < MIN_PAIR:
                continue
            scores = np.exp(first[1:4] + last[5:8])
            best = int(scores.argmax())
            sure = float(np.log(scores[best] / scores.sum()))
            features = (a_log, o_log, float(first[0]), float(last[4]), sure, float(a == (0, 0)), float(o == (0, 0)))
            found.append(Candidate(a, o, best, features))
    return found


@pytest.mark.parametrize("seed", range(30))
def test_a_batch_is_decoded_as_each_sentence_is_by_a_plain_decoder(seed: int) -> None:
    draw = np.random.default_rng(seed)
    sizes = draw.integers(1, 12, size=6).tolist()
    tags = draw.normal(scale=3.0, size=(6, max(sizes), 6))
    tags[:3, :, [2, 5]] += 3.0  # half of the sentences say little
    grid = draw.normal(scale=3.0, size=(6, max(sizes), max(sizes), 8))
    implicit = (bool(seed % 2), bool(seed % 3))
    found = batch_candidates(tags, grid, sizes, implicit=implicit)
    for row, size in enumerate(sizes):
        wanted = plain_candidates(tags[row, :size], grid[row, :size, :size], implicit)
        assert [c[:3] for c in found[row]] == [c[:3] for c in wanted]
        for got, want in zip(found[row], wanted, strict=True):
            assert got.features == pytest.approx(want.features, abs=1e-6)
        assert found[row] == candidates(tags[row, :size], grid[row, :size, :size], implicit=implicit)


def test_padding_says_nothing() -> None:
    tags, grid = sentence(aspect=1, opinion=3)
    wide_tags, wide_grid = np.full((1, 9, 6), 9.0), np.full((1, 9, 9, 8), 9.0)
    wide_tags[0, :4], wide_grid[0, :4, :4] = tags, grid
    assert batch_candidates(wide_tags, wide_grid, [4], implicit=(True, True))[0] == candidates(
        tags, grid, implicit=(True, True)
    )


# units


def words(text: str) -> list[str]:
    (units,) = cut(TOKENIZER, [text])
    assert units.extents[0] == (0, 0)
    return [text[start:end] for start, end in units.extents[1:]]


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("", []),
        (" \t\n", []),
        ("great sound.", ["great", "sound", "."]),
        ("don't", ["don", "'", "t"]),
        ("好吃!", ["好", "吃", "!"]),
        ("very好吃", ["very", "好", "吃"]),
        ("love it 👍🏽 !", ["love", "it", "👍🏽", "!"]),
        ("👩‍👩‍👧 ok", ["ok"]),
        ("cafe\u0301 good", ["cafe\u0301", "good"]),
        ("café good", ["café", "good"]),
        ("İyi ΣΑΣ", ["İyi", "ΣΑΣ"]),
    ],
)
def test_units_are_words_or_single_characters_where_no_spaces_stand(text: str, units: list[str]) -> None:
    assert words(text) == units


def test_accents_and_variation_selectors_stay_with_their_letter() -> None:
    assert words("e\u0301te\u0301, \u2764\ufe0f x") == ["e\u0301te\u0301", ",", "\u2764\ufe0f", "x"]


def test_a_lone_surrogate_moves_nothing() -> None:
    (units,) = cut(TOKENIZER, ["a\ud800 bc"])
    assert units.extents[-1] == (3, 5)


@given(st.lists(st.text(st.characters(), max_size=40), max_size=5))
def test_units_stand_in_order_in_any_text_and_hold_no_outer_space(texts: list[str]) -> None:
    for text, units in zip(texts, cut(TOKENIZER, texts), strict=True):
        assert len(units.first) == len(units.extents)
        assert units.extents[0] == (0, 0)
        last = 0
        for place, (start, end) in zip(units.first[1:], units.extents[1:], strict=True):
            assert last <= start < end <= len(text)
            assert text[start:end].strip() == text[start:end]
            assert 0 < place < len(units.ids) - 1
            last = end


def test_a_text_that_is_too_long_says_so() -> None:
    (short, long) = cut(tokenizer(max_pieces=6), ["abcd", "abcd efgh"])
    assert not short.truncated
    assert long.truncated
    assert len(long.ids) == 6


def test_pad_fills_with_nothing() -> None:
    arrays = pad(cut(TOKENIZER, ["a b", "c"]))
    assert arrays["input_ids"].tolist() == [[2, 4, 5, 3], [2, 6, 3, 0]]
    assert arrays["attention_mask"].tolist() == [[1, 1, 1, 1], [1, 1, 1, 0]]
    assert arrays["units"].tolist() == [[0, 1, 2], [0, 1, 0]]


# the reader around it


def tiny_model(inputs: Sequence[NDArray[np.int64]]) -> list[Array]:
    """A network that calls a word that begins with a to m a thing and any other a feeling, and pairs neighbours."""
    ids, _, units = inputs
    pieces = np.take_along_axis(ids, units, axis=1)
    thing = (pieces >= 4) & (pieces < 17)
    tags = np.full((*units.shape, 6), -4.0)
    tags[..., 0], tags[..., 2] = np.where(thing, 4.0, -4.0), np.where(thing, -4.0, 4.0)
    tags[..., 3], tags[..., 5] = np.where(thing, -4.0, 4.0), np.where(thing, 4.0, -4.0)
    count = units.shape[1]
    near = np.abs(np.arange(count)[:, None] - np.arange(count)[None, :]) == 1
    grid = np.zeros((len(units), count, count, 8))
    grid[..., 0] = grid[..., 4] = np.where(near, 3.0, -9.0)
    grid[..., 1] = pieces[:, None, :] % 3
    grid[..., 2] = pieces[:, None, :] % 2
    return [tags.astype(np.float32), grid.astype(np.float32)]


CARD: dict[str, Any] = {
    "format": 1,
    "name": "tiny",
    "implicit": [False, False],
    "max_pieces": 32,
    "scorer": {"weights": [0.5, 0.5, 0.3, 0.3, 1.0, 0.0, 0.0], "bias": 0.0, "threshold": 0.5},
}


@pytest.fixture
def reader() -> Reader:
    made = Reader(Path(), CARD, "0")
    made.__dict__.update(_tokenizer=tokenizer(), _model=tiny_model)  # in the place of what its folder would give
    return made


def test_readings_are_code_points_of_the_sentence(reader: Reader) -> None:
    feelings = [(r.aspect, r.opinion) for r in reader.read(["👍🏽 bag tiny"])[0]]
    assert feelings == [((3, 6), (7, 11))]  # the thumb is read as a word that this tokenizer does not have


def test_what_stands_beside_a_sentence_changes_nothing(reader: Reader) -> None:
    sentences = ["bag tiny", "", "a very nice bag", "🙂", "cab was slow so dim tall fan", "bag tiny", "x" * 99, "好吃"]
    alone = [reader.read([text])[0] for text in sentences]
    assert any(alone)
    for order in itertools.islice(itertools.permutations(range(len(sentences))), 0, 40320, 997):
        assert reader.read([sentences[i] for i in order]) == [alone[i] for i in order]


def test_nothing_to_read_gives_nothing(reader: Reader) -> None:
    assert reader.read([]) == []
    assert reader.read(["", " "]) == [[], []]


def unit(pieces: int, words: int = 2) -> Units:
    return Units(np.zeros(pieces, dtype=np.int64), np.zeros(words, dtype=np.int64), ((0, 0),) * words)


def test_batches_hold_every_text_with_words_once_and_stay_small() -> None:
    cuts = [unit(5), unit(PIECES_PER_BATCH + 1), unit(3, words=1), unit(100), *[unit(200)] * 50]
    batches = _batches(cuts)
    assert sorted(i for rows in batches for i in rows) == [0, 1, *range(3, len(cuts))]
    for rows in batches:
        assert len(rows) == 1 or len(rows) * max(len(cuts[i].ids) for i in rows) <= PIECES_PER_BATCH


# folders that hold no reader


def test_a_missing_reader_is_one_sentence_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match=r"no reader in .*reader\.json is missing") as caught:
        find_reader(tmp_path)
    assert "finetune reader" in caught.value.hint


@pytest.mark.parametrize("card", ["", "[]", "{}", json.dumps({**CARD, "format": 99}), json.dumps(CARD)])
def test_a_broken_reader_is_said_to_be_broken(tmp_path: Path, card: str) -> None:
    (tmp_path / "reader.json").write_text(card, encoding="utf-8")
    with pytest.raises(ModelBrokenError):
        load_reader(tmp_path)


def test_damaged_files_are_said_to_be_damaged(tmp_path: Path) -> None:
    (tmp_path / "reader.json").write_text(json.dumps(CARD), encoding="utf-8")
    tokenizer().save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "model.onnx").write_bytes(b"no model")
    with pytest.raises(ModelBrokenError, match="does not load"):
        load_reader(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelBrokenError):
        load_reader(tmp_path)
