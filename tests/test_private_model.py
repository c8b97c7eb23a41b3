"""The privacy gate in front of a model: what leaves, what comes back, and what is refused."""

from __future__ import annotations

from gistill.lm.fake import ScriptedModel
from gistill.lm.private import PrivateModel
from gistill.lm.seam import Request
from gistill.schema import Message


def ask(*contents: str) -> Request:
    return Request(messages=tuple(Message(role="user", content=content) for content in contents))


def test_an_address_does_not_reach_the_model_and_is_back_in_its_answer() -> None:
    inner = ScriptedModel(lambda request: f"They said: {request.messages[-1].content}")
    model = PrivateModel(inner)
    (answer,) = model.complete([ask("Write to ada@example.com, please.")])
    assert inner.calls[0][0].messages[0].content == "Write to [EMAIL_1], please."
    assert answer.text == "They said: Write to ada@example.com, please."
    assert model.found == {"EMAIL": 1}
