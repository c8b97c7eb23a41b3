"""The benchmarks count right: on a reader whose answers are known, and on parses and answers written by hand."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import baselines  # noqa: E402
import decodings  # noqa: E402
import fewshot  # noqa: E402
import measures  # noqa: E402
import quality  # noqa: E402
import speed  # noqa: E402
from lexicon import LexiconReader, Rules  # noqa: E402

from fake_reader import FakeReader  # noqa: E402
from gistill.bench.fsa.sets import BenchSet  # noqa: E402
from gistill.corpora.labelled import Labelled, Triplet  # noqa: E402
from gistill.corpora.tuples import Example  # noqa: E402
from gistill.errors import InputError, SettingError  # noqa: E402
from gistill.lm.fake import ScriptedModel  # noqa: E402
from gistill.reader.decode import Reading  # noqa: E402
from gistill.schema import Failure  # noqa: E402
from gistill.skills.opinions import OpinionsInput  # noqa: E402
from gistill.skills.opinions import parse as parse_opinions  # noqa: E402
from gistill.skills.opinions import write as write_opinions  # noqa: E402

POSITIVE, NEGATIVE = "positive", "negative"


class ScriptedReader:
    """Gives the readings written for each sentence, and none for any other."""

    name = "scripted"

    def __init__(self, script: dict[str, list[Reading]]) -> None:
        self.script = script

    def read(self, sentences: Sequence[str]) -> list[list[Reading]]:
        return [self.script.get(sentence, []) for sentence in sentences]


SOUND = Labelled(
    "Sound great , cable bad .", (Triplet((0, 5), (6, 11), POSITIVE), Triplet((14, 19), (20, 23), NEGATIVE))
)
RIGHT, WRONG = Reading((0, 5), (6, 11), POSITIVE, 0.9), Reading((14, 19), (20, 23), POSITIVE, 0.6)
IMPLICIT = Reading(None, (20, 23), NEGATIVE, 0.5)


def by_name(scores: list[measures.Score]) -> dict[str, float | None]:
    return {score.measure: score.value for score in scores}


def test_a_triplet_counts_only_where_all_three_parts_are_right() -> None:
    assert measures.triplet_rows([SOUND], [[RIGHT, WRONG]]) == [(1, 2, 2)]
    scores = by_name(quality.of_triplets("t", [SOUND, SOUND], [[RIGHT, WRONG], [RIGHT]]))
    assert scores["triplet precision"] == pytest.approx(2 / 3)
    assert scores["triplet recall"] == pytest.approx(2 / 4)
    assert scores["triplet F1"] == pytest.approx(4 / 7)
    # 0.9 twice and both right, 0.6 once and wrong: (0.2 + 0.6) / 3
    assert scores["calibration error"] == pytest.approx(0.8 / 3)


def test_nothing_predicted_is_no_precision_and_an_f1_of_0() -> None:
    scores = by_name(quality.of_triplets("t", [SOUND, SOUND], [[], []]))
    assert scores == {"triplet precision": None, "triplet recall": 0.0, "triplet F1": 0.0, "calibration error": None}


def test_an_interval_needs_two_texts_and_holds_the_value() -> None:
    alone = measures.measured("t", "m", [(1, 2, 2)], measures.f1, of=[1, 2])
    assert (alone.value, alone.low, alone.high) == (0.5, None, None)
    many = measures.measured("t", "m", [(1, 2, 2), (2, 2, 2), (0, 1, 1)] * 9, measures.f1, of=[1, 2])
    assert many.low is not None
    assert many.high is not None
    assert many.value is not None
    assert many.low < many.value < many.high


def test_implicit_predictions_are_counted_and_left_out() -> None:
    assert measures.without_implicit([[RIGHT, IMPLICIT], [IMPLICIT]]) == ([[RIGHT], []], 2)


def test_towe_counts_opinion_words_of_the_given_targets_alone() -> None:
    example = Labelled("a b c d e", (Triplet((0, 1), (2, 3), None), Triplet((0, 1), (4, 5), None)))
    found = [
        Reading((0, 1), (2, 3), NEGATIVE, 1.0),
        Reading((0, 1), (6, 7), POSITIVE, 1.0),
        Reading((0, 1), None, POSITIVE, 1.0),
        Reading((8, 9), (2, 3), POSITIVE, 1.0),
    ]
    assert measures.towe_rows([example], [found]) == [(1, 2, 2)]


def test_mams_asks_which_terms_were_found_and_with_which_polarity() -> None:
    example = Labelled("a b c d", (), terms=(((0, 1), POSITIVE), ((2, 3), NEGATIVE), ((4, 5), "neutral")))
    found = [
        Reading((0, 1), (6, 7), NEGATIVE, 0.4),
        Reading((0, 1), (6, 7), POSITIVE, 0.8),  # the surer one stands
        Reading((2, 3), (6, 7), POSITIVE, 0.7),
        Reading((6, 7), (0, 1), POSITIVE, 0.9),  # no labelled term: counts neither way
    ]
    looked_up, by_polarity = measures.term_rows([example], [found])
    assert looked_up == [(2, 3, 1)]
    assert by_polarity == [(1, 2, 1, 0, 0, 1, 0, 0, 0)]
    scores = by_name(quality.of_terms("t", [example] * 2, [found] * 2))
    assert scores["labelled terms found"] == pytest.approx(2 / 3)
    assert scores["polarity accuracy on found terms"] == 0.5
    # positive 2 x 1 / (2 + 1), negative 0, neutral does not occur among the found
    assert scores["polarity macro-F1 on found terms"] == pytest.approx(1 / 3)


def test_reviews_are_split_and_offsets_moved_back() -> None:
    review = Labelled("It came . Sound great !", (Triplet((10, 15), (16, 21), POSITIVE),), implicit_aspects=True)
    reader = ScriptedReader({"Sound great !": [Reading((0, 5), (6, 11), POSITIVE, 0.9), IMPLICIT]})
    (found,) = measures.read_reviews(reader, [review])
    assert found[0] == Reading((10, 15), (16, 21), POSITIVE, 0.9)
    assert found[1].aspect is None
    assert measures.triplet_rows([review], [found]) == [(1, 2, 1)]


def test_seeds_give_a_mean_a_deviation_and_the_interval_of_the_first() -> None:
    first, second = measures.Score("t", "F1", 0.5, 0.4, 0.6), measures.Score("t", "F1", 0.7, 0.6, 0.8)
    (row,) = quality.over_seeds([[first], [second]])
    assert (row["value"], row["low"], row["high"]) == (0.5, 0.4, 0.6)
    assert row["mean"] == pytest.approx(0.6)
    assert row["deviation"] == pytest.approx(0.02**0.5)
    assert "| t    | F1      | 50.0  | 40.0 to 60.0 | 60.0      | 14.1      |" in quality.shown([row], 2)
    (alone,) = quality.over_seeds([[first]])
    assert alone["deviation"] is None


@dataclass
class Folder:
    """What `load_reader` gives, without weights."""

    hash: str
    recipe: str
    card: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.card = {"recipe": self.recipe}


@pytest.mark.parametrize(
    ("folders", "reason"),
    [([Folder("1", "a"), Folder("2", "b")], "different recipes"), ([Folder("1", "a"), Folder("1", "a")], "twice")],
)
def test_only_seeds_of_one_recipe_have_a_mean(
    folders: list[Folder], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quality, "load_reader", lambda folder: folder)
    with pytest.raises(SettingError, match=reason):
        quality.load_seeds(folders)  # type: ignore[arg-type]


def test_without_data_the_scripts_say_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("GISTILL_DATA", raising=False)
    assert quality.main(["nowhere"]) == 2
    assert "GISTILL_DATA names no folder" in capsys.readouterr().err


def test_scores_go_into_the_card(tmp_path: Path) -> None:
    card = {
        "name": "n", "languages": ["en"], "implicit": [True, False], "base": "b", "max_pieces": 9, "recipe": "public",
        "settings": {"seed": 0, "epochs": 1, "precision": "fp32"}, "start": "", "sentences": {"x": 1}, "data_hash": "0",
        "held_out": {"f1": 0.5, "precision": 0.5, "recall": 0.5, "texts": 1, "triplets": 1, "calibration_error": None},
    }  # fmt: skip
    (tmp_path / "reader.json").write_text(json.dumps(card), encoding="utf-8")
    rows = quality.over_seeds(
        [[measures.Score("ASTE", "F1", 0.5, 0.4, 0.6), measures.Score("ASTE", "P", None, None, None)]]
    )
    page = quality.write_scores(tmp_path, rows).read_text(encoding="utf-8")
    assert "| ASTE | F1 | 50.0 | 40.0 to 60.0 |" in page
    assert json.loads((tmp_path / "scores.json").read_text(encoding="utf-8")) == [
        {"test": "ASTE", "measure": "F1", "value": 0.5, "low": 0.4, "high": 0.6}
    ]


@pytest.mark.parametrize("name", measures.TESTS)
def test_every_open_test_is_scored(name: str, public_data: Path) -> None:
    silent = ScriptedReader({})
    scores, left_out = quality.measure(silent, name, folder=public_data, limit=3)
    assert {score.value for score in scores} <= {0.0, None}
    assert sum(left_out.values()) == 0
    assert scores[0].test.split()[0] in {"ASTE", "DMASTE", "MAMS", "TOWE"}


def test_a_perfect_reader_has_perfect_scores(public_data: Path) -> None:
    examples = measures.load_test("14res", folder=public_data)
    script = {e.text: [Reading(t.aspect, t.opinion, t.polarity or POSITIVE, 1.0) for t in e.triplets] for e in examples}
    scores, _ = quality.measure(ScriptedReader(script), "14res", folder=public_data)
    assert by_name(scores)["triplet F1"] == 1.0
    assert by_name(scores)["calibration error"] == 0.0


# the few-shot baseline


def test_answers_are_read_by_the_skill_and_anchored() -> None:
    lines = "sound | great | positive\n- | love | positive\n"
    answers = fewshot.ask(ScriptedModel([lines]), ["love the sound , great sound"])
    # of the two, the sound next to "great"
    assert answers.found == [[Reading((23, 28), (17, 22), POSITIVE, 1.0), Reading(None, (0, 4), POSITIVE, 1.0)]]
    assert answers.illegal == [0]


@pytest.mark.parametrize(
    "line",
    [
        "sound | great",
        "sound | superb | positive",
        "Sound | great | positive",
        "sound | - | positive",  # an opinion without words has no place to be compared
        "great sound | great | positive",  # two spaces stand there
        "The sentence has one opinion.",
    ],
)
def test_what_is_not_an_answer_counts_as_wrong(line: str) -> None:
    assert fewshot.ask(ScriptedModel([line]), ["great  sound"]) == ([[]], [1])


def test_an_answer_cut_short_or_not_given_counts_as_wrong_too() -> None:
    from gistill.lm import Completion

    cut = Completion(text="sound | great | positive\nsou", prompt_tokens=9, completion_tokens=9, stop="length")
    writer = ScriptedModel([cut, Failure(kind="too_long"), "none"])
    answers = fewshot.ask(writer, ["great sound", "great sound", "It came ."])
    assert answers.found == [[Reading((6, 11), (0, 5), POSITIVE, 1.0)], [], []]
    assert answers.illegal == [1, 1, 0]


def test_the_examples_shown_are_legal_answers() -> None:
    for sentence, tuples in fewshot.EXAMPLES:
        answer = parse_opinions(write_opinions(tuples, "aste"), OpinionsInput(sentence, "aste"))
        assert answer == (tuples, ())


# the comparison


def test_illegal_lines_are_wrong_predictions() -> None:
    assert baselines.rows_of("dmaste", [SOUND], [[RIGHT, IMPLICIT]], [2]) == [(1, 4, 2)]
    assert baselines.rows_of("14lap", [SOUND], [[RIGHT, IMPLICIT]], [0]) == [(1, 1, 2)]


def test_answers_come_back_from_their_file_and_only_for_the_same_sentences(tmp_path: Path) -> None:
    file = tmp_path / "answers.json"
    part = baselines.answers("14lap", [SOUND], [[RIGHT, IMPLICIT]], [1])
    measures.write_json(file, {"system": "s", "tests": [part]})
    assert baselines.read_answers(file, "14lap", [SOUND]) == ([[RIGHT, IMPLICIT]], [1])
    with pytest.raises(InputError, match="no answers about these sentences"):
        baselines.read_answers(file, "14lap", [SOUND, SOUND])


def test_the_lexicon_answers_whole_sets_for_the_bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on = BenchSet("dmaste/home/dev:aste", "aste", (Example("great sound", "aste", ()),), tmp_path)
    monkeypatch.setattr(baselines, "load_set", lambda name, *, folder: on)
    monkeypatch.setattr(BenchSet, "implicit_aspects", True)
    monkeypatch.setattr(baselines, "LexiconReader", lambda rules: FakeReader(version=str(rules.implicit)))
    baselines.answer_sets_with_lexicon(["dmaste/home"], tmp_path / "lexicon.jsonl", tmp_path)
    assert json.loads((tmp_path / "lexicon.jsonl").read_text("utf-8")) == {
        "text": "great sound",
        "task": "aste",
        "tuples": [{"aspect": "sound", "category": None, "opinion": "great", "polarity": "positive"}],
    }
    assert [baselines.rules_for(name) for name in ("aste/14lap/dev:aste", "mams/dev:tsa", on.name)] == [
        "14lap",
        "14res",
        "dmaste",
    ]


def test_a_sample_is_the_same_every_time(public_data: Path) -> None:
    first = baselines.sample("14lap", folder=public_data, count=5)
    assert len(first) == 5
    assert baselines.fingerprint(first) == baselines.fingerprint(baselines.sample("14lap", folder=public_data, count=5))


# the rules, on parses written by hand


@dataclass(eq=False)
class Token:
    """The part of a spaCy token that the rules look at."""

    text: str
    pos_: str
    dep_: str
    at: int  # index of the head
    doc: list[Token] = field(default_factory=list, repr=False)
    i: int = 0
    idx: int = 0

    @property
    def lower_(self) -> str:
        return self.text.lower()

    @property
    def lemma_(self) -> str:
        return {"is": "be", "was": "be", "works": "work"}.get(self.lower_, self.lower_)

    @property
    def head(self) -> Token:
        return self.doc[self.at]

    @property
    def children(self) -> list[Token]:
        return [token for token in self.doc if token.at == self.i and token is not self]

    @property
    def conjuncts(self) -> list[Token]:
        below = [token for token in self.children if token.dep_ == "conj"]
        return below + [other for token in below for other in token.conjuncts]

    @property
    def sent(self) -> Any:
        return type("Sentence", (), {"start": 0, "end": len(self.doc)})

    def nbor(self, by: int) -> Token:
        return self.doc[self.i + by]

    def __len__(self) -> int:
        return len(self.text)


def parse(*tokens: tuple[str, str, str, int]) -> list[Token]:
    doc: list[Token] = []
    for i, token in enumerate(tokens):
        doc.append(Token(*token, doc=doc, i=i, idx=doc[-1].idx + len(doc[-1]) + 1 if doc else 0))
    return doc


def read(doc: list[Token], rules: Rules) -> list[tuple[str | None, str, str]]:
    reader = LexiconReader.__new__(LexiconReader)  # without spaCy
    reader.rules, reader._valence = rules, {"great": 3.1, "love": 3.2, "bad": -2.5, "cheap": 0.9}
    text = " ".join(token.text for token in doc)
    return [
        (text[slice(*r.aspect)] if r.aspect else None, text[slice(*r.opinion)] if r.opinion else "", r.polarity)
        for r in reader.read_parse(doc)
    ]


def test_a_modifier_is_about_its_noun_with_its_compounds() -> None:
    doc = parse(("great", "ADJ", "amod", 2), ("battery", "NOUN", "compound", 2), ("life", "NOUN", "ROOT", 2))
    assert read(doc, Rules()) == [("battery life", "great", "positive")]
    assert read(doc, Rules(modifiers=False)) == []


NOT_GREAT = parse(
    ("sound", "NOUN", "nsubj", 1), ("is", "AUX", "ROOT", 1), ("not", "PART", "neg", 1), ("great", "ADJ", "acomp", 1)
)


def test_a_negated_predicate_turns_the_polarity() -> None:
    assert read(NOT_GREAT, Rules()) == [("sound", "great", "negative")]
    assert read(NOT_GREAT, Rules(negation_inside=True)) == [("sound", "not great", "negative")]


def test_coordination_shares_subjects_and_objects() -> None:
    doc = parse(
        ("I", "PRON", "nsubj", 1),
        ("love", "VERB", "ROOT", 1),
        ("sound", "NOUN", "dobj", 1),
        ("and", "CCONJ", "cc", 2),
        ("case", "NOUN", "conj", 2),
    )
    assert read(doc, Rules()) == [("sound", "love", "positive"), ("case", "love", "positive")]
    assert read(doc, Rules(conjunctions=False)) == [("sound", "love", "positive")]


def test_an_opinion_about_a_pronoun_is_implicit_where_the_guideline_knows_it() -> None:
    doc = parse(("it", "PRON", "nsubj", 1), ("is", "AUX", "ROOT", 1), ("great", "ADJ", "acomp", 1))
    assert read(doc, Rules()) == []
    assert read(doc, Rules(implicit=True)) == [(None, "great", "positive")]


def test_weak_words_are_no_opinions() -> None:
    doc = parse(("cheap", "ADJ", "amod", 1), ("case", "NOUN", "ROOT", 1))
    assert read(doc, Rules(valence=0.8)) == [("case", "cheap", "positive")]
    assert read(doc, Rules(valence=1.2)) == []


# speed


def test_sentences_come_from_the_sample_where_there_is_no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GISTILL_DATA", raising=False)
    texts, origin = speed.sentences(40)
    assert origin == "samples/reviews.csv"
    assert len(texts) == len(set(texts)) == 40
    assert all(text.strip() for text in texts)


def test_sentences_come_from_the_pool_without_their_stars(public_data: Path) -> None:
    texts, origin = speed.sentences(40)
    assert "pool" in origin
    assert len(texts) == 40
    assert not any("####" in text for text in texts)


def test_minimum_median_and_maximum_are_shown() -> None:
    assert speed.three([3.0, 1.0, 2000.0]) == "1.0, 3.0, 2,000.0"


def test_ratios_without_the_reader_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        speed.main(["--engines", "bert-base"])
    assert "must be among the engines" in capsys.readouterr().err


SMALL = {
    "bert": {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16},
    "t5": {"d_model": 16, "d_ff": 16, "d_kv": 8, "num_layers": 1, "num_heads": 2},
}


def test_the_other_engines_read_in_the_readers_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch", reason="needs the extra: train")
    pytest.importorskip("transformers", reason="needs the extra: train")
    monkeypatch.setattr(torch, "set_num_threads", lambda threads: None)  # other tests share the process
    texts = ["The sound is great.", "Fine.", ""]
    assert [ids.shape[0] for ids, _ in speed._batcher(None)(texts)] == [2]
    speed.bert_base(None, 1, SMALL)(texts)
    written: list[int] = []
    generation = "transformers.T5ForConditionalGeneration.generate"
    monkeypatch.setattr(generation, lambda self, **asked: written.append(asked["max_new_tokens"]))
    speed.t5_base(None, 1, {**SMALL, "new_tokens": 7})(texts)
    assert written == [7]


def test_engines_take_turns_and_ratios_are_of_the_same_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[tuple[str, int]] = []

    class Clockwork:
        def __init__(self, name: str, options: Any) -> None:
            self.name = name

        def __call__(self, texts: Sequence[str]) -> dict[str, float]:
            turns.append((self.name, len(texts)))
            slowly = 10 if self.name == "bert-base" else 1
            return {"seconds": len(texts) * slowly * len(turns) / 100, "peak_mb": 50.0}

        def close(self) -> None:
            turns.append((self.name, 0))

    monkeypatch.setattr(speed, "Engine", Clockwork)
    options = argparse.Namespace(engines=["reader", "bert-base"], repeats=2, pause=0.0, t5_sentences=2)
    reader, bert = speed.compare(["x"] * 20, options)
    names = [name for name, _ in turns]
    assert names == ["reader", "bert-base"] * 4
    assert [count for _, count in turns] == [16, 16, 20, 20, 20, 20, 0, 0]
    assert reader["reader_times"] == [1.0, 1.0]
    # the third turn is the reader's, the fourth the other engine's, ten times slower at 4/3 of the time
    assert bert["reader_times"] == pytest.approx([10 * 4 / 3, 10 * 6 / 5])
    assert "13.3" in speed.shown_engines([reader, bert])


@pytest.mark.slow
def test_the_reader_and_a_digest_are_timed_in_processes_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GISTILL_DATA", raising=False)
    file = tmp_path / "speed.json"
    arguments = ["--engines", "reader", "--sentences", "8", "--repeats", "1", "--pause", "0", "--threads", "1"]
    assert speed.main([*arguments, "--out", str(file), "--digest", "5", "--writers", "none"]) == 0
    result = json.loads(file.read_text(encoding="utf-8"))
    (engine,) = result["engines"]
    assert engine["sentences"] == 8
    assert engine["rates"][0] > 0
    assert engine["peak_mb"] > 20
    (digest,) = result["digests"]
    assert {"read", "extract", "group", "report"} <= set(digest["steps"])
    assert digest["records"] == 5
    printed = capsys.readouterr().out
    assert "8 sentences" in printed
    assert "whole command" in printed


def test_an_engine_that_ends_is_an_error_that_names_it() -> None:
    options = argparse.Namespace(threads=1, new_tokens=1, options="{}", reader="/nowhere")
    engine = speed.Engine("reader", options)
    with pytest.raises(SystemExit, match="reader ended"):
        engine(["x"])
    engine.close()


# decodings


def test_tagging_first_takes_the_likeliest_tag_of_each_unit_and_every_pair_in_favour() -> None:
    tags, grid = np.tile([0.0, 0.0, 1.0], (5, 2)), np.full((5, 5, 8), -1.0)
    tags[1, 0] = tags[2, 1] = 2.0  # the aspect: B, I
    tags[4, 4] = 2.0  # the opinion: an I after an O opens it
    grid[1, 4, 0], grid[2, 4, 4] = 3.0, -2.0  # first units in favour, last ones against: 1 in all
    grid[2, 4, 6] = 2.0  # the last units say negative
    (found,) = decodings.tag_then_pair(tags, grid, implicit=(False, False))
    assert (found.aspect, found.opinion, found.polarity) == ((1, 2), (4, 4), 1)
    grid[2, 4, 4] = -3.0
    assert decodings.tag_then_pair(tags, grid, implicit=(False, False)) == []
    grid[0, 4, [0, 4]] = 1.0
    (found,) = decodings.tag_then_pair(tags, grid, implicit=(True, False))
    assert (found.aspect, found.opinion) == ((0, 0), (4, 4))


def test_a_pair_that_crosses_a_sentence_is_counted() -> None:
    text = "The lid broke. Awful. The cable is fine."
    pairs = (Triplet((4, 7), (8, 13), NEGATIVE), Triplet((4, 7), (15, 20), NEGATIVE), Triplet(None, (15, 20), NEGATIVE))
    assert decodings.crossing([Labelled(text, pairs)]) == (1, 3)
