"""Scores of summaries, each against numbers worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("rouge_score")
pytest.importorskip("sacrebleu")

from gistill.evaluate.summaries import evidence, form, intervals, overlap
from gistill.evaluate.summaries.bertscore import bertscore
from gistill.evaluate.summaries.consistency import polarity_consistency, purity
from gistill.evaluate.summaries.prevalence import prevalence, sentiment_distance, stated_error
from gistill.evaluate.summaries.scoring import MEASURES, count, table
from gistill.evaluate.summaries.words import cut, stems, words
from gistill.task import Evidence, SummaryTask


def test_rouge_is_f1_of_shared_words_pairs_and_order() -> None:
    # said 4 words, wanted 5; shared: the, was, clean -> 2*3/9; pairs shared: "was clean" -> 2*1/(3+4)
    found = overlap.rouge("The room was clean", ["the lobby was clean today"])
    assert found["ROUGE-1"] == pytest.approx(6 / 9)
    assert found["ROUGE-2"] == pytest.approx(2 / 7)
    assert found["ROUGE-L"] == pytest.approx(6 / 9)


def test_rouge_is_the_mean_over_references() -> None:
    found = overlap.rouge("good food", ["good food", "bad beds"])
    assert found["ROUGE-1"] == pytest.approx(0.5)


def test_rouge_lsum_joins_the_best_of_each_sentence() -> None:
    """In one line "beds hard food good" holds two words in order; sentence by sentence all four are found."""
    found = overlap.rouge("Food good. Beds hard.", ["Beds hard. Food good."])
    assert found["ROUGE-L"] == pytest.approx(0.5)
    assert found["ROUGE-Lsum"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("said", "reference", "shared", "of"),
    [
        ("房间很干净", "房间很小", 3, 9),
        ("Номер чистый", "номер грязный", 1, 4),
        ("الغرفة نظيفة", "الغرفة صغيرة", 1, 4),
        ("部屋は狭い", "部屋は広い", 4, 10),
    ],
)
def test_rouge_counts_words_in_every_script(said: str, reference: str, shared: int, of: int) -> None:
    assert overlap.rouge(said, [reference])["ROUGE-1"] == pytest.approx(2 * shared / of)


def test_stems_equal_those_of_rouge_score_on_plain_english() -> None:
    from rouge_score.tokenizers import DefaultTokenizer

    text = "The hotel's rooms were cleaned daily, running 24-hour services; guests' families loved it!"
    assert stems(text) == DefaultTokenizer(use_stemmer=True).tokenize(text)


def test_bleu_is_of_the_corpus_and_has_a_brevity_penalty() -> None:
    counts = overlap.bleu_counts("the cat sat on the mat", ["the cat sat on a mat"])
    assert counts == (5, 3, 2, 1, 6, 5, 4, 3, 6, 6)
    assert overlap.bleu(counts) == pytest.approx((5 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25)
    short = overlap.bleu_counts("the cat sat on", ["the cat sat on a mat"])
    assert overlap.bleu(short) == pytest.approx(math.exp(1 - 6 / 4))
    both = np.add(counts, short)
    right = 9 / 10 * 6 / 8 * 4 / 6 * 2 / 4
    assert overlap.bleu(both) == pytest.approx(right**0.25 * math.exp(1 - 12 / 10))


def test_bleu_of_nothing_is_nothing() -> None:
    assert overlap.bleu(overlap.bleu_counts("", ["a b c d"])) == 0.0
    assert overlap.bleu((0.0,) * overlap.BLEU_COUNTS) == 0.0


def test_meteor_counts_stems_and_punishes_pieces() -> None:
    # precision 3/3, recall 3/4, F = 10PR/(R + 9P) = 0.7692; one piece of three matches: 0.5 * (1/3)^3
    wanted = 1 * 0.75 / (0.9 * 1 + 0.1 * 0.75)
    assert overlap.meteor("cleaned every room", ["cleans every room daily"]) == pytest.approx(
        wanted * (1 - 0.5 * (1 / 3) ** 3), abs=1e-4
    )
    assert overlap.meteor("", ["a room"]) == 0.0


def test_meteor_says_what_it_compares(monkeypatch: pytest.MonkeyPatch, tmp_path: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("WORDNET_FOLDER", str(tmp_path))
    overlap._synonyms.cache_clear()
    assert overlap.meteor_stages() == "exact, stem"
    overlap._synonyms.cache_clear()


def test_form_counts_whole_sentences_repeated_runs_and_new_pairs() -> None:
    assert form.complete_sentences("Clean rooms. Friendly staff! The pool was") == (2, 3)
    assert form.complete_sentences("「部屋は広い。」") == (1, 1)
    assert form.complete_sentences("") == (0, 0)
    assert form.repetition("we liked it and we liked it") == (1, 5)
    assert form.repetition("too short") == (0, 0)
    assert form.novelty("the beds were soft", ["The beds were hard", "soft pillows"]) == (1, 3)
    assert form.length_ratio("one two three", ["one two", "one two three four"]) == pytest.approx((1.5 + 0.75) / 2)
    assert form.length_ratio("one", []) is None


@given(st.text(max_size=80))
def test_what_is_copied_is_never_new(text: str) -> None:
    new, of = form.novelty(text, [text])
    assert new == 0
    assert of == max(0, len(words(text)) - 1)


@given(st.text(max_size=80), st.integers(1, 10))
def test_a_cut_text_is_a_beginning_with_no_more_words(text: str, most: int) -> None:
    found = cut(text, most)
    assert text.startswith(found)
    assert len(words(found)) == min(most, len(words(text)))


def test_evidence_counts_words_with_a_meaning() -> None:
    marked = ["The pump broke after a week.", "It was replaced."]
    assert evidence.relevance("The pump was replaced for free.", marked) == (2, 3)
    assert evidence.coverage("The pump was replaced for free.", marked) == (2, 4)


def test_what_a_task_cannot_have_is_not_counted() -> None:
    bare = count(SummaryTask("1", ("A text.",), "document"), "A text.")
    assert "ROUGE-1" not in bare
    assert "relevance to the evidence" not in bare
    rouge = next(m for m in MEASURES if m.name == "ROUGE-1")
    assert intervals.estimate([table([bare, bare], rouge)], ["1", "2"], rouge.score).value is None
    full = count(SummaryTask("1", ("A text.",), "document", references=("B.",), evidence=(Evidence(0, 0, 7),)), "Text.")
    assert full["relevance to the evidence"] == (1, 1)
    assert full["ROUGE-1"] == (0, 1)


def test_tasks_of_a_hotel_are_resampled_together() -> None:
    """Ten tasks of two hotels, all right in one: with two clusters the interval is everything, whatever the tasks."""
    counts = [(1.0, 1.0)] * 5 + [(0.0, 1.0)] * 5
    together = intervals.estimate([counts], ["a"] * 5 + ["b"] * 5, intervals.ratio)
    alone = intervals.estimate([counts], list("0123456789"), intervals.ratio)
    assert together.value == alone.value == 0.5
    assert (together.low, together.high) == (0, 1)
    assert alone.low is not None
    assert alone.low > 0.15


def test_a_difference_over_the_same_tasks_is_paired() -> None:
    first = [[(value, 1.0) for value in (0.9, 0.5, 0.1, 0.7)]]
    second = [[(value - 0.1, 1.0) for value in (0.9, 0.5, 0.1, 0.7)]]
    found = intervals.difference(first, second, list("abcd"), intervals.ratio)
    assert found.value == pytest.approx(0.1)
    assert found.low == pytest.approx(0.1)
    assert found.high == pytest.approx(0.1)


def test_bertscore_takes_the_nearest_piece_each_way() -> None:
    said = np.array([[1, 0], [0, 1]], dtype=np.float32)
    wanted = np.array([[1, 0], [1, 0], [0.6, 0.8]], dtype=np.float32)
    found = bertscore(said, wanted)
    assert found.precision == pytest.approx((1 + 0.8) / 2)
    assert found.recall == pytest.approx((1 + 1 + 0.8) / 3)
    assert found.f1 == pytest.approx(2 * 0.9 * (2.8 / 3) / (0.9 + 2.8 / 3))
    assert bertscore(said, wanted[:0]) == (0, 0, 0)


def test_prevalence_discounts_what_is_trivial_or_said_before() -> None:
    judged = {"The pool is cold.": [True, True, False, False], "Nice.": [True] * 4, "The pool is cold!": [True] * 4}
    assert prevalence(list(judged), judged.__getitem__) == (0.5, 3)


def test_stated_shares_are_held_against_those_who_say_so() -> None:
    says = {"3 of 4 guests found it loud.": [True, False, False, False], "Breakfast is good.": [True] * 4}
    assert stated_error(list(says), says.__getitem__, 4) == (0.5, 1)


def test_the_distance_of_sentiment_is_the_work_to_move_one_balance_to_the_other() -> None:
    assert sentiment_distance((1, 0, 0), (0, 0, 1)) == 1.0
    assert sentiment_distance((1, 1, 0), (0, 1, 1)) == pytest.approx(0.5)
    assert sentiment_distance((3, 1, 4), (6, 2, 8)) == 0.0
    assert sentiment_distance((0, 0, 0), (1, 0, 0)) is None


def test_a_sentence_is_pure_where_no_other_aspect_is_nearer() -> None:
    """Of four sentences one is near to nothing; the third is as near to the one aspect as to the other."""
    near = {"Soup.": (0.9, 0.1), "Water.": (0.2, 0.8), "Eat in bed.": (0.5, 0.5), "Hm.": (0.0, 0.0)}
    assert purity(list(near), near.__getitem__, 0) == (2, 3)
    assert purity(list(near), near.__getitem__, 1) == (2, 3)
    assert purity([], near.__getitem__, 0) == (0, 0)


def test_an_opinion_of_a_summary_is_held_against_those_of_the_sources_about_the_same() -> None:
    there = [("food", "positive")] * 3 + [("food", "negative")] * 2 + [("rooms", "negative"), ("rooms", "neutral")]
    assert polarity_consistency([("food", "positive")], there) == (1, 1)
    assert polarity_consistency([("food", "negative")], there) == (0, 1)
    assert polarity_consistency([("rooms", "neutral"), ("rooms", "positive")], there) == (1, 2)
    assert polarity_consistency([("pool", "positive")], there) == (0, 0)
