"""Recorded teachers: they answer what they were asked about, however the text was dressed, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gistill.corpora import index, mixtral
from gistill.corpora.labelled import data_folder
from gistill.distill.recorded import head, recorded_labels, recorded_mixtral, targets
from gistill.errors import InputError, SettingError
from gistill.lm.seam import Completion, Request
from gistill.schema import Message, OpinionTuple
from gistill.skills import opinions, understanding
from gistill.skills.opinions import OpinionsInput
from gistill.skills.understanding import UnderstandingInput, parse_analysis, write_analysis
from gistill.teacher.recorded import RecordedModel

REAL = pytest.mark.skipif("GISTILL_DATA" not in os.environ, reason="GISTILL_DATA names no data folder")
MODEL = RecordedModel(
    {
        "The lid sticks.\nWrite to ada@example.com or call.": "one",
        "Great soup, but the waiter was slow!": "two",
        "ok": "three",
    },
    name="recorded:test",
    cut=["ok"],
)


def ask(*said: str, model: RecordedModel = MODEL) -> Completion:
    messages = [Message(role="system", content="You answer.")]
    messages += [Message(role="user", content=words) for words in said]
    return model.complete([Request(messages=tuple(messages))])[0]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("Great soup, but the waiter was slow!", "two"),
        ("  great soup but  the WAITER was slow", "two"),
        ("Review: Great soup, but the waiter was slow!\nAnswer:", "two"),
        ("The lid sticks. Write to ada@example.com or call.", "one"),
        ("The lid sticks. Write to [EMAIL_1] or call.", "one"),
        ("ok", "three"),
    ],
)
def test_the_text_is_found_in_the_question(said: str, answer: str) -> None:
    assert ask("An example: ok", said).text == answer


@pytest.mark.parametrize(
    "said", ["Great soup.", "It is ok for me, I guess.", "Write to [EMAIL_1].", "[NAME_1]", "", "!"]
)
def test_a_text_that_was_never_answered_has_no_answer(said: str) -> None:
    found = ask(said)
    assert found.failure is not None
    assert (found.failure.kind, found.stop, found.text) == ("no_answer", "failure", "")


def test_answers_have_tokens_by_characters_and_say_when_they_were_cut_off() -> None:
    found = ask("ok")
    assert (found.prompt_tokens, found.completion_tokens, found.stop) == (4, 2, "length")  # 13 and 5 characters
    assert ask("Great soup, but the waiter was slow!").stop == "end"


def test_the_hash_is_of_the_texts_and_answers() -> None:
    assert MODEL.hash != RecordedModel({"ok": "three"}, name="recorded:test").hash
    assert RecordedModel({"a": "b"}, name="x").hash == RecordedModel({"a": "b"}, name="y").hash


def test_labels_become_targets_with_their_opinion_words_as_reasons() -> None:
    found = targets(
        [
            OpinionTuple("battery life of the case", None, "never lasts", "negative"),
            OpinionTuple("battery life of the case", None, "weak", "negative"),
            OpinionTuple(None, None, "love it", "positive"),
            OpinionTuple("price", "laptop price", None, "neutral"),
        ]
    )
    assert write_analysis(found).splitlines() == [
        'battery life of the case | life | negative | Says "never lasts" and "weak", which is negative.',
        '- | general | positive | Says "love it", which is positive.',
        "price | laptop price | neutral | The text as a whole is neutral about it.",
    ]


def test_a_term_has_a_head() -> None:
    assert [head(term) for term in ("price", "LED screen", "quality of the build", "of", "...")] == [
        "price",
        "screen",
        "quality",
        "of",
        "general",
    ]


def test_a_missing_file_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"test_500_4m8d\.jsonl"):
        recorded_mixtral(tmp_path, "analysis")


@REAL
def test_mixtral_answers_every_review_it_was_asked_about() -> None:
    rows = mixtral.load(folder=data_folder())
    for kind in ("analysis", "rewriting"):
        model = recorded_mixtral(data_folder(), kind)  # type: ignore[arg-type]
        ours = [row for row in rows if row.kind == kind]
        asked = [Request(messages=understanding.render(UnderstandingInput(row.text, row.kind, 3))) for row in ours]
        assert [found.text for found in model.complete(asked)] == [row.answer for row in ours]


@REAL
@pytest.mark.parametrize("name", ["dmaste/home/dev:aste", "mams/dev:tsa", "acos/laptop/dev:asqp"])
def test_labels_answer_as_the_skills_write(name: str) -> None:
    examples = index.load(name, folder=data_folder())
    model = recorded_labels([name], data_folder(), "opinions")
    asked = [opinions.render(OpinionsInput(e.text, e.task)) for e in examples]
    for example, found in zip(examples, model.complete([Request(messages=m) for m in asked]), strict=True):
        read = opinions.parse(found.text, OpinionsInput(example.text, example.task))
        assert set(read.tuples) <= set(example.tuples) or found.failure
    model = recorded_labels([name], data_folder(), "analysis")
    asked = [understanding.render(UnderstandingInput(e.text, "analysis", 3)) for e in examples]
    answers = [found.text for found in model.complete([Request(messages=m) for m in asked])]
    read_all = [parse_analysis(answer, e.text) for answer, e in zip(answers, examples, strict=True)]
    kept, refused = sum(len(read.targets) for read in read_all), sum(len(read.failures) for read in read_all)
    assert kept > 200
    assert refused < 0.01 * kept


@REAL
def test_sets_of_different_tasks_make_no_teacher() -> None:
    with pytest.raises(SettingError, match="aste, tsa"):
        recorded_labels(["dmaste/home/dev:aste", "mams/dev:tsa"], data_folder(), "opinions")
    with pytest.raises(SettingError, match="no analysis"):
        recorded_labels(["towe/14res/train"], data_folder(), "analysis")
