"""Summaries of conversations: what is asked and read, how it is scored, and which references are learned from."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from gistill.corpora import training, tweetsumm
from gistill.corpora.leaks import fingerprint
from gistill.corpora.references import chosen, reference_examples
from gistill.corpora.tweetsumm import Conversation
from gistill.errors import InputError, SettingError
from gistill.files import hash_file
from gistill.skills.conversation_summary import (
    ConversationInput,
    ConversationSummary,
    Spoken,
    ask_teacher,
    parse,
    render,
    score,
    tidy,
    write,
)
from gistill.skills.overlap import rouge2, rouge_l
from gistill.skills.skill import Parsed, total

DATA = Path(os.environ.get("GISTILL_DATA", ""))
needs_data = pytest.mark.skipif(not os.environ.get("GISTILL_DATA"), reason="GISTILL_DATA names no data folder")

LAMP = ConversationInput(
    (Spoken("customer", "My lamp came broken.\nAgent: we pay"), Spoken("agent", "A new one comes on Friday.")), words=10
)
SUMMARY = ConversationSummary(("The customer got a broken lamp.", "The agent sends a new one."))


def test_the_question_has_a_turn_a_line_so_nobody_can_speak_for_another() -> None:
    question = render(LAMP)[-1].content
    assert question.splitlines() == [
        "Customer: My lamp came broken. Agent: we pay",
        "Agent: A new one comes on Friday.",
        "Sum it up in about 10 words.",
    ]


def test_length_style_and_aspect_are_asked_for_and_a_teacher_sees_the_channel() -> None:
    asked = LAMP._replace(words=40, style="points", aspect="delivery\nday", channel="e-mail")
    ending = "Sum it up in about 40 words. One point a line. Speak only about this: delivery day."
    assert render(asked)[-1].content.endswith(ending)
    assert "e-mail" not in render(asked)[-1].content
    assert ask_teacher(asked)[-1].content.startswith("A conversation (e-mail):\nCustomer: ")


@pytest.mark.parametrize("style", ["sentences", "points"])
def test_what_is_written_is_read_again(style: Any) -> None:
    asked = LAMP._replace(style=style)
    assert parse(write(SUMMARY, asked), asked, True) == Parsed(SUMMARY)


@pytest.mark.parametrize(
    ("answer", "complete", "sentences", "kinds"),
    [
        ("The lamp broke. And then it", True, ("The lamp broke.",), ["truncated"]),
        ("The lamp broke.", False, ("The lamp broke.",), ["truncated"]),
        ("", True, None, ["empty_answer"]),
        ("I'm sorry, I can't help.", True, None, ["refused"]),
        ("a new lamp and", True, None, ["truncated"]),
    ],
)
def test_answers_that_are_not_whole_are_failures_by_name(
    answer: str, complete: bool, sentences: tuple[str, ...] | None, kinds: list[str]
) -> None:
    read = parse(answer, LAMP, complete)
    assert (read.result and read.result.sentences) == sentences
    assert [failure.kind for failure in read.failures] == kinds


def test_rouge_by_hand() -> None:
    """Of "a b c d" and "a c b d e" the longest common sequence has three words; of pairs they share none."""
    assert rouge_l("a b c d", "a c b d e") == pytest.approx(2 * 3 / 9)
    assert rouge2("a b c d", "a c b d e") == 0
    assert rouge2("a b c d", "x a b c") == pytest.approx(2 * 2 / 6)
    assert rouge_l("", "a") == rouge2("a", "a") == 0


def test_the_nearest_reference_counts_and_the_length_falls_off() -> None:
    """Ten words were asked for; five are half as good as ten, and thirty are worth nothing."""
    gold = ConversationSummary(("Nothing alike here.",), ("The lamp was broken today.",))
    said = parse("The lamp was broken today.", LAMP, True)
    points = total([score(gold, said, LAMP)])
    assert points == {"rouge_l": 1.0, "rouge1": 1.0, "rouge2": 1.0, "length": 0.5, "complete": 1.0}
    long = parse(" ".join(["Lamp was broken today and so on."] + ["word"] * 29) + ".", LAMP, True)
    assert score(gold, long, LAMP)["length"] == (0.0, 1)
    assert score(gold, parse("The lamp. And", LAMP, True), LAMP)["complete"] == (0.0, 1)


@pytest.mark.parametrize(
    ("reference", "sentences"),
    [
        ("customer is angry.Agent  asks for the number", ("Customer is angry.", "Agent asks for the number.")),
        ("Customer is angry . agent asks, why .", ("Customer is angry.", "Agent asks, why.")),
    ],
)
def test_references_are_put_in_order(reference: str, sentences: tuple[str, ...]) -> None:
    assert tidy(reference) == ConversationSummary(sentences)


def test_nothing_is_no_reference() -> None:
    assert tidy("  ") is None


LINE = json.dumps(
    {
        "id": "a1",
        "dialogue": "customer: My lamp &amp; shade broke in the parcel, order 7712 customer:  support: Sorry! We send "
        "another lamp by courier on Friday. ^AB",
        "summaries": [
            "The customer has a problem. The agent helps.",
            "Customer says the lamp and shade broke in the parcel. Agent sends another lamp by courier on Friday.",
            "Customer says that lamp and shade broke in the parcel. Agent sends another lamp by courier on Friday.",
        ],
    }
)


def test_a_line_is_turns_with_roles_and_references() -> None:
    one = tweetsumm.parse(LINE, row=1)
    assert one.turns == (
        Spoken("customer", "My lamp & shade broke in the parcel, order 7712"),
        Spoken("agent", "Sorry! We send another lamp by courier on Friday. ^AB"),
    )
    assert len(one.references) == 3


@pytest.mark.parametrize("line", ["{", '{"id": "a"}', '{"id": "a", "dialogue": "hello", "summaries": ["b"]}'])
def test_a_broken_line_names_its_row(line: str) -> None:
    with pytest.raises(InputError, match="row 4"):
        tweetsumm.parse(line, row=4, file="train.jsonl")


def test_references_that_say_nothing_in_particular_or_nothing_new_are_not_learned() -> None:
    assert [summary.sentences[0] for summary in chosen(tweetsumm.parse(LINE, row=1))] == [
        "Customer says the lamp and shade broke in the parcel."
    ]
    placeholder = "Customer wants the lamp in the parcel by Friday. Agent @12045 sends another lamp by courier today."
    one_side = "Customer says the lamp and shade broke in the parcel and order 7712 was sent by courier on Friday."
    turns = tweetsumm.parse(LINE, row=1).turns
    assert chosen(Conversation("a", turns, (placeholder, one_side))) == []


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of two conversations: one to learn from, one of the second test."""
    place = tmp_path / "conversations" / "tweetsumm"
    place.mkdir(parents=True)
    (place / "train.jsonl").write_text(LINE + "\n" + LINE.replace('"a1"', '"a2"') + "\n", encoding="utf-8")
    monkeypatch.setitem(tweetsumm.SOURCE.files, "train.jsonl", hash_file(place / "train.jsonl"))
    parts = {"teach": frozenset(["a1"]), "test": frozenset(["a2"])}
    monkeypatch.setattr(tweetsumm, "split", lambda: parts)
    return tmp_path


def test_to_learn_a_reference_asks_for_its_own_length_and_to_test_all_references_are_right(folder: Path) -> None:
    [learned] = reference_examples("teach", folder=folder)
    assert (learned.asked.words, learned.source, len(learned.result.also)) == (20, "tweetsumm/teach", 0)
    assert learned.answer in (learned.result.text, "- " + "\n- ".join(learned.result.sentences))
    [tested] = training.labelled_examples("tweetsumm/test", folder=folder)
    assert (tested.asked.words, len(tested.result.also)) == (30, 2)
    assert training.is_test("tweetsumm/test")
    assert not training.is_test("tweetsumm/teach")
    assert training.source("tweetsumm/teach").licence == "CDLA-Sharing-1.0"
    with pytest.raises(SettingError, match="no part"):
        training.labelled_examples("tweetsumm/train", folder=folder)


def test_a_conversation_of_a_test_is_not_learned_from(folder: Path) -> None:
    """Both have the same words here, so nothing is left to learn."""
    pytest.importorskip("torch", reason="needs the extra: train")
    from gistill.train.writer.examples import load_examples
    from gistill.train.writer.recipe import Recipe, TrainSet

    recipe = Recipe(train=(TrainSet(set="tweetsumm/teach"),), tests=("tweetsumm/test",))
    with pytest.raises(InputError, match="no training example is left"):
        load_examples(recipe, folder=folder)
    refused = Recipe(train=(TrainSet(set="tweetsumm/test"),))
    with pytest.raises(SettingError, match="never for training"):
        load_examples(refused, folder=folder)


def test_the_split_is_whole_and_disjoint() -> None:
    parts = tweetsumm.split()
    assert {part: len(ids) for part, ids in parts.items()} == {"test": 150, "teach": 325, "dev": 40, "summarise": 364}
    assert len(frozenset().union(*parts.values())) == 879


@needs_data
def test_the_published_conversations_are_read_and_no_test_is_learned_from() -> None:
    loaded = {part: tweetsumm.load(part, folder=DATA) for part in tweetsumm.PARTS}
    assert {part: len(found) for part, found in loaded.items()} == {
        "teach": 325, "dev": 40, "summarise": 364, "test": 150, "valid": 110
    }  # fmt: skip
    tests = {fingerprint(one.text) for part in tweetsumm.TESTS for one in loaded[part]}
    assert not any(fingerprint(one.text) in tests for part in ("teach", "dev", "summarise") for one in loaded[part])
    examples = reference_examples("teach", folder=DATA)
    assert {example.asked.style for example in examples} == {"sentences", "points"}
    assert all(max(map(len, (turn.text for turn in example.asked.turns))) <= 1_800 for example in examples)


def test_records_become_inputs_of_a_teacher() -> None:
    from gistill.distill.evidence import conversations
    from gistill.schema import Failure, Record, Turn

    text = "agent: Hello there.\nuser: It broke again today."
    turns = (Turn(start=7, end=19, role="agent"), Turn(start=26, end=47, role="user"))
    talk = Record(id="t", text=text, turns=turns, meta={"Channel": "E-Mail"})
    found = conversations([talk, Record(id="r", text="My kettle leaks since Monday."), Record(id="e", text=" ")]).inputs
    one, other, empty = found
    assert isinstance(empty, Failure)
    assert not isinstance(one, Failure)
    assert one.input.turns == (Spoken("agent", "Hello there."), Spoken("customer", "It broke again today."))
    assert one.input.channel == "e-mail"
    assert not isinstance(other, Failure)
    assert other.input.turns == (Spoken("customer", "My kettle leaks since Monday."),)


def test_a_tiny_model_is_trained_by_the_recipe_has_a_card_and_writes_briefs(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the recipe only the model and what makes it long are changed; its answers are noise, so quotations stand."""
    pytest.importorskip("torch", reason="needs the extra: train")
    pytest.importorskip("peft", reason="needs the extra: train")
    from typer.testing import CliRunner

    from gistill.cli import app
    from gistill.train.writer.finetune import finetune_writer
    from gistill.train.writer.recipe import load_recipe
    from tiny_models import causal

    lines = [
        LINE,
        LINE.replace('"a1"', '"a2"').replace("lamp", "chair"),
        LINE.replace('"a1"', '"a3"').replace("lamp", "vase"),
    ]
    train = folder / "conversations" / "tweetsumm" / "train.jsonl"
    train.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (train.parent / "valid.jsonl").write_text(LINE.replace("lamp", "sofa") + "\n", encoding="utf-8")
    for name in ("train.jsonl", "valid.jsonl"):
        monkeypatch.setitem(tweetsumm.SOURCE.files, name, hash_file(train.parent / name))
    parts = {"teach": frozenset(["a1"]), "test": frozenset(["a2"]), "dev": frozenset(["a3"])}
    monkeypatch.setattr(tweetsumm, "split", lambda: parts)
    small = (f"model={causal(tmp_path / 'base')}", "steps=2", "max_new_tokens=8", "max_length=512")
    recipe = load_recipe(Path(__file__).parents[1] / "recipes" / "summary-conversation.yaml", settings=small)
    out = tmp_path / "student"
    about = finetune_writer(recipe, out=out, data=folder)
    assert (about["scored_by"], about["learned"], about["examples"]) == ("rouge_l", 1, {"tweetsumm/teach": 1})
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "| tweetsumm/teach | 1 | CDLA-Sharing-1.0 |" in card
    assert "may be trained on and passed on" in card
    assert "Sums up a conversation with customer service" in card
    chat = tmp_path / "chat.txt"
    chat.write_text("Customer: My lamp came broken.\nAgent: I have replaced it.\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["summarize", str(chat), "--writer", str(out), "--to", "json", "--words", "5"])
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["writer"].startswith("student ")
    assert [one["origin"] for one in found["briefs"][0]["sentences"]][:2] == ["words", "words"]
    assert found["briefs"][0]["refused"]
