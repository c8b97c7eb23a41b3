"""Scores are the published definitions, worked by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from gistill.errors import InputError
from gistill.evaluate.calibration import expected_calibration_error
from gistill.evaluate.opinions import score_files, score_opinions
from gistill.evaluate.triplets import counts, score
from gistill.schema import Opinion, Polarity, Quote, Span

TEXT = "The lid is tight but the smell is bad."


def opinion(record: str, aspect: str | None, words: str | None, polarity: Polarity, confidence: float = 0.9) -> Opinion:
    def quote(part: str | None) -> Quote | None:
        return None if part is None else Quote(start=TEXT.index(part), end=TEXT.index(part) + len(part), text=part)

    return Opinion(
        id=f"{record}:{aspect}-{words}",
        record=record,
        sentence=Span(start=0, end=len(TEXT)),
        aspect=quote(aspect),
        opinion=quote(words),
        polarity=polarity,
        confidence=confidence,
    )


def test_micro_scores_by_hand() -> None:
    rows = [counts(["a", "b"], ["a", "c", "c"]), counts(["d"], []), counts([], ["e"])]
    assert rows == [(1, 2, 2), (0, 0, 1), (0, 1, 0)]
    result = score(rows)
    assert (result.precision, result.recall, result.f1) == (1 / 3, 1 / 3, 1 / 3)


def test_nothing_to_score_is_zero_in_the_published_definition() -> None:
    assert score([]).f1 == 0.0


def test_calibration_error_by_hand() -> None:
    # bin 0.9: two at 0.95, one right: gap 0.45, weight 2/3; bin 0.2: one at 0.25, wrong: gap 0.25, weight 1/3
    assert expected_calibration_error([0.95, 0.95, 0.25], [True, False, False]) == pytest.approx(0.3 + 0.25 / 3)
    assert expected_calibration_error([1.0], [True]) == 0.0
    assert expected_calibration_error([], []) is None


def test_opinions_by_hand() -> None:
    gold = [
        opinion("1", "lid", "tight", "positive"),
        opinion("1", "smell", "bad", "negative"),
        opinion("2", None, "tight", "positive"),
    ]
    found = [
        opinion("1", "lid", "tight", "positive"),
        opinion("1", "smell", "bad", "neutral"),
        opinion("3", "lid", "bad", "negative"),
    ]
    card = score_opinions(gold, found)
    assert (card.records, card.triplets.correct, card.triplets.predicted, card.triplets.gold) == (3, 1, 3, 3)
    assert card.pairs.correct == 2
    assert card.polarity_accuracy == 0.5
    assert (card.aspects.correct, card.aspects.predicted, card.aspects.gold) == (2, 3, 2)
    assert card.calibration_error == pytest.approx(0.9 - 1 / 3)
    assert card.triplets.f1.low is not None
    assert card.triplets.f1.low <= 1 / 3 <= (card.triplets.f1.high or 0)


def test_nothing_measured_is_null_and_not_zero() -> None:
    card = score_opinions([], [])
    assert card.triplets.precision is None
    assert card.triplets.f1.value is None
    assert card.polarity_accuracy is None
    assert "not measured" in str(card)


def test_an_illegal_prediction_counts_as_wrong(tmp_path: Path) -> None:
    good = opinion("1", "lid", "tight", "positive").model_dump_json()
    (tmp_path / "gold.jsonl").write_text(good + "\n", encoding="utf-8")
    (tmp_path / "found.jsonl").write_text(good + "\n" + '{"polarity": "great"}\n' + "half a li", encoding="utf-8")
    card = score_files(tmp_path / "gold.jsonl", tmp_path / "found.jsonl")
    assert (card.illegal, card.triplets.predicted, card.triplets.precision) == (2, 3, 1 / 3)
    assert set(card.signature) >= {"gold", "predicted", "match"}


def test_a_broken_gold_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "gold.jsonl").write_text("\n" + '{"id": "1"}\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"gold.jsonl, row 2, column 'record': not an opinion"):
        score_files(tmp_path / "gold.jsonl", tmp_path / "gold.jsonl")
    with pytest.raises(InputError, match=r"missing\.jsonl: does not exist$"):
        score_files(tmp_path / "missing.jsonl", tmp_path / "gold.jsonl")
    with pytest.raises(InputError, match=r": cannot be read: is a directory$"):
        score_files(tmp_path, tmp_path / "gold.jsonl")
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    with pytest.raises(InputError, match=r"latin: cannot be read: it is not UTF-8$"):
        score_files(tmp_path / "latin", tmp_path / "gold.jsonl")


def test_a_line_separator_within_a_quote_does_not_end_the_line(tmp_path: Path) -> None:
    text = "battery\u2028life"
    said = Opinion(
        id="1:0", record="1", sentence=Span(start=0, end=20), aspect=Quote(start=0, end=len(text), text=text),
        opinion=None, polarity="positive", confidence=0.9,
    )  # fmt: skip
    path = tmp_path / "opinions.jsonl"
    path.write_text(said.model_dump_json() + "\n", encoding="utf-8")
    assert (score_files(path, path).triplets.correct, score_files(path, path).illegal) == (1, 0)
