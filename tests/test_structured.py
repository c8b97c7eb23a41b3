"""Answers of a given shape: what is taken as it is, what is mended, what is asked again, and what is refused."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, TypeAdapter, ValidationError

pytest.importorskip("json_repair")

from gistill.lm.fake import ScriptedModel
from gistill.lm.seam import Completion, Request
from gistill.lm.structured import Structured, complete_as, read_as, schema_text
from gistill.schema import Failure, Message, Noun
from teacher_server import TeacherServer


class Aspect(Noun):
    """A docstring that may be reworded at any time."""

    name: str = Field(description="as the text says it")
    polarity: Literal["positive", "negative"]


class Analysis(Noun):
    aspects: tuple[Aspect, ...]
    score: int | None = None


class Tree(Noun):
    name: str
    branches: tuple[Tree, ...] = ()


GOOD = '{"aspects": [{"name": "soup", "polarity": "positive"}], "score": 4}'
VALUE = Analysis(aspects=(Aspect(name="soup", polarity="positive"),), score=4)


def ask(*texts: str) -> Request:
    return Request(messages=tuple(Message(role="user", content=text) for text in texts or ("What?",)))


def kind_of(text: str, kind: Any = Analysis) -> str:
    found = read_as(text, kind)
    return found.kind if isinstance(found, Failure) else "mended" if found[1] else "valid"


def tally(results: Sequence[Structured[Any] | Failure]) -> dict[str, int]:
    """Count how answers came about: valid, mended and asked_again of those, and each failure by its name."""
    counts = {"valid": 0, "mended": 0, "asked_again": 0}
    for result in results:
        if isinstance(result, Failure):
            counts[result.kind] = counts.get(result.kind, 0) + 1
            continue
        counts["valid"] += 1
        counts["mended"] += result.mended
        counts["asked_again"] += result.asked_again
    return counts


def test_a_plain_answer_is_taken_as_it_is() -> None:
    model = ScriptedModel([GOOD])
    [found] = complete_as(model, [ask()], Analysis)
    assert isinstance(found, Structured)
    assert (found.value, found.mended, found.asked_again, found.completion.text) == (VALUE, False, False, GOOD)
    assert json.loads(model.calls[0][0].answer_schema)["required"] == ["aspects", "score"]
    assert len(model.calls) == 1


def test_no_requests_ask_nothing() -> None:
    model = ScriptedModel([])
    assert complete_as(model, [], Analysis) == []
    assert model.calls == []


def test_thinking_is_taken_off_before_an_answer_is_read() -> None:
    [found] = complete_as(ScriptedModel([f'<think>Perhaps {{"aspects": []}}.</think>\n{GOOD}']), [ask()], Analysis)
    assert isinstance(found, Structured)
    assert (found.value, found.mended, found.asked_again) == (VALUE, False, False)


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{GOOD}\n```",
        f"Sure! Here is the analysis of [the review]:\n\n{GOOD}\n\nLet me know if you need {{more}}.",
        f"{GOOD}\n{GOOD}",
        GOOD.replace('"positive"}', '"positive",}'),
        GOOD.replace('", "pol', '" "pol'),
        GOOD.replace('"', "'"),
        GOOD.replace("4", '"4"'),
        GOOD.replace("4", "4.0"),
        "\ufeff" + GOOD,
        GOOD.replace("{", "{ // the aspects\n", 1),
    ],
)
def test_debris_around_an_answer_and_small_faults_in_it_are_mended_and_counted(text: str) -> None:
    [found] = complete_as(ScriptedModel([text]), [ask()], Analysis)
    assert isinstance(found, Structured)
    assert (found.value, found.mended, found.asked_again) == (VALUE, True, False)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "empty"),
        (" \n ", "empty"),
        ("The soup is praised.", "not_json"),
        ("5", "schema_invalid"),
        ("null", "schema_invalid"),
        ('{"aspects": [{"name": "soup"}]}', "schema_invalid"),
        ('{"aspects": [], "score": "high"}', "schema_invalid"),
        ('{"aspects": [], "mood": 1}', "schema_invalid"),
        ('Sure: {"aspects": [], "mood": 1}', "schema_invalid"),
        (GOOD.replace("positive", "mixed"), "schema_invalid"),
        ('{"aspects": [], "score": 1, "score": 2}', "not_json"),
        ('{"aspects": [], "score": NaN}', "schema_invalid"),
        ('{"aspects": [], "score": 1e999}', "not_json"),
        ('{"aspects": [], "score": ' + "9" * 6000 + "}", "schema_invalid"),
        ('{"aspects": [{"name": "\\ud800", "polarity": "positive"}]}', "not_json"),
        ("[" * 10_000, "truncated"),
        ("[" * 10_000 + "]" * 10_000, "not_json"),
        ('{"a":' * 10_000 + "1" + "}" * 10_000, "not_json"),
        (GOOD[:-1], "truncated"),
        (GOOD[:40], "truncated"),
        ('{"aspects": [{"name": "soup", "polarity": "positive"}, {"name": "ta', "truncated"),
        ('{"aspects": []} or {"aspects": [], "score": 3}', "several_answers"),
        ('"' + '\\"' * 50_000, "not_json"),
        ("{" + '\\"' * 50_000, "truncated"),
        ("{}" * 50_000, "schema_invalid"),
        ("{" + "x " * 100_000 + "}", "not_json"),
        ("<think>" * 100_000, "not_json"),
        (GOOD[:-9] + "</think>", "not_json"),
    ],
)
def test_what_cannot_be_read_is_a_named_failure(text: str, kind: str) -> None:
    assert kind_of(text) == kind


def test_a_bad_answer_is_asked_again_once_with_what_is_wrong() -> None:
    model = ScriptedModel(["The soup is praised.", GOOD])
    [found] = complete_as(model, [ask("Analyse: good soup")], Analysis)
    assert isinstance(found, Structured)
    assert (found.value, found.mended, found.asked_again) == (VALUE, False, True)
    first, second = model.calls[0][0], model.calls[1][0]
    assert [message.role for message in second.messages] == ["user", "assistant", "user"]
    assert second.messages[:1] == first.messages
    assert second.messages[1].content == "The soup is praised."
    assert "holds no JSON" in second.messages[2].content
    assert second.answer_schema == first.answer_schema != ""


def test_only_the_bad_ones_are_asked_again_and_all_together() -> None:
    wrong = GOOD.replace("positive", "mixed")
    script = {"a": [GOOD], "b": [wrong, GOOD], "c": [wrong, wrong], "d": [GOOD + ","], "e": ["no", ""]}

    def answer(request: Request) -> str:
        return script[request.messages[0].content].pop(0)

    model = ScriptedModel(answer)
    found = complete_as(model, [ask(name) for name in "abcde"], Analysis)
    assert [len(call) for call in model.calls] == [5, 3]
    assert tally(found) == {"valid": 3, "mended": 1, "asked_again": 1, "schema_invalid": 1, "empty": 1}
    assert isinstance(found[2], Failure)
    assert found[2].detail == "aspects.0.polarity: Input should be 'positive' or 'negative'"


def test_a_truncated_answer_is_never_mended_into_a_shorter_one_nor_paid_twice() -> None:
    cut = Completion(text=GOOD, prompt_tokens=1, completion_tokens=9, stop="length")
    model = ScriptedModel([cut])
    assert complete_as(model, [ask()], Analysis) == [Failure(kind="truncated", detail="cut after 9 tokens; allow more")]
    assert len(model.calls) == 1


def test_a_failure_of_the_model_is_passed_on_and_not_asked_again() -> None:
    refused = Failure(kind="refused", detail="no")
    model = ScriptedModel([refused])
    assert complete_as(model, [ask()], Analysis) == [refused]
    assert len(model.calls) == 1


def test_the_beginning_of_an_answer_stays_its_beginning_when_it_is_asked_again() -> None:
    request = Request(messages=(Message(role="user", content="?"), Message(role="assistant", content='{"aspects":')))
    model = ScriptedModel(['{"aspects": 5}', '{"aspects": []}'])
    [found] = complete_as(model, [request], Analysis)
    assert isinstance(found, Structured)
    assert [message.role for message in model.calls[1][0].messages] == ["user", "assistant", "user", "assistant"]
    assert model.calls[1][0].beginning == '{"aspects":'


def test_a_hostile_answer_can_be_shown_again_in_utf8() -> None:
    model = ScriptedModel(["\ud800" + "x" * 1_000_000, '{"aspects": [{"\ud800": 1}]}'])
    [found] = complete_as(model, [ask()], Analysis)
    assert isinstance(found, Failure)
    again = model.calls[1][0]
    assert len("".join(message.content for message in again.messages).encode()) < 5000


def test_a_quote_in_a_string_does_not_hide_the_end() -> None:
    found = read_as('{"name": "the 5" screen", "polarity": "positive"}', Aspect)
    assert not isinstance(found, Failure)
    assert found[0].name.startswith('the 5" screen')


def test_the_schema_is_strict_written_out_and_without_docstrings() -> None:
    assert json.loads(schema_text(Analysis)) == {
        "type": "object",
        "properties": {
            "aspects": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string", "description": "as the text says it"},
                        "polarity": {"type": "string", "enum": ["positive", "negative"]},
                    },
                    "required": ["name", "polarity"],
                    "additionalProperties": False,
                },
            },
            "score": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        },
        "required": ["aspects", "score"],
        "additionalProperties": False,
    }


def test_a_kind_that_holds_itself_keeps_one_reference() -> None:
    schema = json.loads(schema_text(Tree))
    assert schema["properties"]["branches"]["items"] == {"$ref": "#/$defs/Tree"}
    inner = schema["$defs"]["Tree"]
    assert inner["properties"]["branches"]["items"] == {"$ref": "#/$defs/Tree"}
    assert inner["additionalProperties"] is False
    assert read_as('{"name": "a", "branches": [{"name": "b", "branches": []}]}', Tree) == (
        Tree(name="a", branches=(Tree(name="b"),)),
        False,
    )


def test_properties_may_be_named_like_keywords() -> None:
    class Odd(Noun):
        title: str
        default: int
        properties: tuple[str, ...]

    schema = json.loads(schema_text(Odd))
    assert schema["required"] == list(schema["properties"]) == ["title", "default", "properties"]


def test_kinds_need_not_be_objects() -> None:
    assert read_as('"positive"', TypeAdapter(Literal["positive", "negative"])) == ("positive", False)
    assert read_as('Here: ["a", "b"]', TypeAdapter(tuple[str, ...])) == (("a", "b"), True)
    assert read_as('"2026-01-31"', TypeAdapter(dt.date)) == (dt.date(2026, 1, 31), False)


def _valid(text: str) -> bool:
    try:
        Analysis.model_validate_json(text)
    except ValidationError:
        return False
    return True


@given(
    st.one_of(
        st.text(),
        st.text(alphabet='{}[]",:\\ abn1.e-\n\ud800'),
        st.tuples(st.text(), st.integers(0, len(GOOD)), st.text()).map(lambda t: GOOD[: t[1]] + t[0] + GOOD[t[1] :]),
    )
)
def test_no_text_crashes_the_reader_and_what_it_takes_has_the_shape(text: str) -> None:
    found = read_as(text, Analysis)
    if isinstance(found, Failure):
        assert found.kind in ("empty", "not_json", "schema_invalid", "truncated", "several_answers")
        assert found.detail
    else:
        value, mended = found
        assert Analysis.model_validate_json(value.model_dump_json()) == value
        assert mended or _valid(text)


@given(st.integers(1, len(GOOD) - 1))
def test_no_prefix_of_an_answer_is_taken_for_an_answer(size: int) -> None:
    assert kind_of(GOOD[:size]) == "truncated"


@pytest.mark.parametrize("schema", ["enforce", "ignore", "fail_open", "refuse"])
def test_over_real_http_nothing_of_another_shape_gets_through(schema: str, tmp_path: Path) -> None:
    pytest.importorskip("openai")
    from gistill.teacher.journal import Journal
    from gistill.teacher.remote import RemoteModel

    def answer(body: dict[str, Any]) -> str:
        text = body["messages"][0]["content"]
        if len(body["messages"]) > 1:  # asked again
            return GOOD
        return {"0": GOOD, "1": f"Sure:\n```json\n{GOOD}\n```", "2": "I like soup.", "3": GOOD[:-9]}[text[-1]]

    known = [ask(f"text {number}{kind}") for number in range(3) for kind in range(4)]
    knobs: dict[str, Any] = {"schema": schema, "hard": ("enum",), "errors": 0.2, "broken_json": 0.1}
    with (
        TeacherServer(answer=answer, **knobs) as server,
        Journal(tmp_path / "j.sqlite") as journal,
        RemoteModel(server.url, "teacher", journal=journal) as model,
    ):
        found = complete_as(model, known, Analysis)
        answered = server.counts["answered"]
        again = complete_as(model, known, Analysis)
        assert server.counts["answered"] == answered  # also the second questions are in the journal
    assert again == found
    counts = tally(found)
    assert counts["valid"] == len(known) == 12
    if schema == "enforce":
        assert counts == {"valid": 12, "mended": 0, "asked_again": 0}
        # where the words around the JSON hid it, the server wrote the plainest value that has the shape
        assert sum(one.value == VALUE for one in found if isinstance(one, Structured)) == 3
    else:
        assert counts == {"valid": 12, "mended": 3, "asked_again": 6}
        assert all(isinstance(one, Structured) and one.value == VALUE for one in found)
