"""The privacy gate in front of a model: what leaves, what comes back, and what is refused."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from urllib.parse import unquote_plus

import pytest

from gistill.errors import SettingError
from gistill.lm.fake import ScriptedModel
from gistill.lm.seam import Request
from gistill.schema import Failure, Message
from gistill.teacher.gate import PrivateModel
from teacher_server import TeacherServer


def ask(*contents: str) -> Request:
    return Request(messages=tuple(Message(role="user", content=content) for content in contents))


def test_an_address_does_not_reach_the_model_and_is_back_in_its_answer() -> None:
    inner = ScriptedModel(lambda request: f"They said: {request.messages[-1].content}")
    model = PrivateModel(inner)
    (answer,) = model.complete([ask("Write to ada@example.com, please.")])
    assert inner.calls[0][0].messages[0].content == "Write to [EMAIL_1], please."
    assert answer.text == "They said: Write to ada@example.com, please."
    assert model.found == {"EMAIL": 1}


def test_a_refused_request_sends_nothing_and_says_what_it_held() -> None:
    inner = ScriptedModel(lambda request: "fine")
    model = PrivateModel(inner, pii="refuse")
    refused, answered = model.complete([ask("I am on +44 20 7946 0958, ada@example.com"), ask("Great kettle.")])
    assert (refused.failure and refused.failure.kind, answered.text) == ("personal_data", "fine")
    assert refused.failure is not None
    assert refused.failure.detail == "not sent: 1 EMAIL, 1 PHONE"
    assert [len(call) for call in inner.calls] == [1]


def test_off_passes_everything_through_untouched() -> None:
    inner = ScriptedModel(lambda request: "fine")
    request = ask("ada@example.com")
    PrivateModel(inner, pii="off").complete([request])
    assert inner.calls == [[request]]


def test_an_unknown_mode_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(SettingError, match="no privacy mode"):
        PrivateModel(ScriptedModel([]), pii="maybe")  # type: ignore[arg-type]


def test_the_same_request_is_the_same_bytes_in_every_process_and_every_batch() -> None:
    inner = ScriptedModel(lambda request: "fine")
    one, other = ask("b@example.com, then a@example.com"), ask("c@example.com")
    PrivateModel(inner).complete([other, one])
    PrivateModel(inner).complete([one])
    assert inner.calls[0][1] == inner.calls[1][0]


def test_messages_schema_and_stops_share_one_numbering() -> None:
    inner = ScriptedModel(lambda request: '{"who": "[EMAIL_1]", "also": "[email 2]", "lost": "[EMAIL_9]"}')
    model = PrivateModel(inner)
    request = ask("ada@example.com").model_copy(
        update={
            "answer_schema": '{"enum": ["bo@example.com", "ada\\u0040example.com", 3]}',
            "stop": ("bo@example.com",),
        }
    )
    (answer,) = model.complete([request])
    sent = inner.calls[0][0]
    assert sent.stop == ("[EMAIL_2]",)
    assert json.loads(sent.answer_schema) == {"enum": ["[EMAIL_2]", "[EMAIL_1]", 3]}
    assert json.loads(answer.text) == {"who": "ada@example.com", "also": "bo@example.com", "lost": "[EMAIL_9]"}
    assert model.unknown == {"[EMAIL_9]": 1}


def test_a_number_of_the_schema_that_is_a_card_is_refused_and_a_broken_schema_is_a_text() -> None:
    inner = ScriptedModel(lambda request: "fine")
    model = PrivateModel(inner)
    card = ask("fine").model_copy(update={"answer_schema": '{"const": 4111111111111111}'})
    broken = ask("fine").model_copy(update={"answer_schema": "{ada@example.com"})
    first, second = model.complete([card, broken])
    assert first.failure is not None
    assert first.failure.kind == "personal_data"
    assert second.text == "fine"
    assert inner.calls[0][0].answer_schema == "{[EMAIL_1]"


def test_an_answer_that_goes_on_from_a_beginning_comes_back_with_it() -> None:
    inner = ScriptedModel(lambda request: request.beginning + " is hers")
    messages = (Message(role="user", content="Whose?"), Message(role="assistant", content="ada@example.com"))
    (answer,) = PrivateModel(inner).complete([Request(messages=messages)])
    assert answer.text == "ada@example.com is hers"


def test_failures_and_counts_of_the_inner_model_stand() -> None:
    inner = ScriptedModel(lambda request: Failure(kind="timeout", detail="slow"))
    (answer,) = PrivateModel(inner).complete([ask("ada@example.com")])
    assert answer.failure == Failure(kind="timeout", detail="slow")
    assert PrivateModel(inner).complete([]) == []


CANARIES = (
    "ada.canary@example.com",
    "+44 20 7946 0958",
    "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00",
    "742 Evergreen Terrace",
    "C01X00T47",
    "Ada Canary",
    "203.0.113.77",
    "Tulip!canary9",
    "12/03/1971",
)
REVIEWS = (
    "My name is Ada Canary, mail ada.canary@example.com. The kettle leaks.",
    "Agent: hello Ada\nCustomer: call +44 20 7946 0958 about the kettle, card 4111 1111 1111 1111.",
    "Refund to DE89 3704 0044 0532 0130 00, please; I live at 742 Evergreen Terrace. Love the colour.",
    "Passport C01X00T47 was copied, from 203.0.113.77, and my password is Tulip!canary9. Rude.",
    "I was born on 12/03/1971 and never had a worse kettle.",
)


def plain(data: bytes) -> str:
    """Undo what could hide a value: escapes, percent signs, base64, spaces, signs and case."""
    text = data.decode("utf-8", "replace")
    undone = [text, unquote_plus(text), text.encode().decode("unicode_escape", "replace")]
    for block in re.findall(r"[A-Za-z0-9+/_-]{8,}={0,2}", text):
        for start in range(4):
            part = block[start:].rstrip("=")
            part = part[: len(part) - (len(part) % 4 == 1)]
            part = part.replace("+", "-").replace("/", "_") + "=" * (-len(part) % 4)
            undone.append(base64.urlsafe_b64decode(part).decode("latin-1"))
    return "".join(char for one in undone for char in one.casefold() if char.isalnum())


def test_no_canary_is_in_any_byte_that_a_server_receives_and_the_audit_finds_none(tmp_path: Path) -> None:
    for extra in ("openai", "stamina", "aiolimiter"):
        pytest.importorskip(extra)
    from gistill.teacher.audit import audit
    from gistill.teacher.journal import Journal
    from gistill.teacher.remote import RemoteModel

    signs = ["".join(char for char in canary.casefold() if char.isalnum()) for canary in CANARIES]
    with (
        TeacherServer() as server,
        Journal(tmp_path / "journal.sqlite", run="test") as journal,
        RemoteModel(server.url, "teacher", journal=journal) as remote,
    ):
        gate = PrivateModel(remote)
        answers = gate.complete([ask(f"What is said of the kettle?\n\n{review}") for review in REVIEWS])
        received = plain(server.received)
        assert server.counts["received"] == len(REVIEWS)
        assert [sign for sign in signs if sign in received] == []
        assert all(review in answer.text for review, answer in zip(REVIEWS, answers, strict=True))
        kinds = {"EMAIL", "PHONE", "CARD", "IBAN", "ADDRESS", "ID", "NAME", "IP", "SECRET", "DATE_OF_BIRTH"}
        assert set(gate.found) == kinds
        done = audit(tmp_path)
        assert (done.bodies, done.leaks) == (len(REVIEWS), [])
        # The same check does see a canary where there is no gate.
        remote.complete([ask(REVIEWS[0])])
        assert signs[0] in plain(server.received)
        assert {leak.kind for leak in audit(tmp_path).leaks} == {"EMAIL", "NAME"}
