"""Answers sent while they are made: over real HTTP with OpenAI's own client, and letter by letter."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest

pytest.importorskip("openai")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx2")

import httpx2
import openai
from hypothesis import given
from hypothesis import strategies as st

from gistill.lm.seam import Completion, Hear, Request, failed
from gistill.schema import Message
from gistill.serve.openai.streaming import Chunks, settled
from gistill.thinking import bare
from test_serve_model import client, post, say, served

WORDS = ["Once", "upon", "a", "time", "a", "lamp", "stood", "in", "a", "small", "dark", "shop", "."]


class Talking:
    """Says words one after another, and waits before one of them until it may go on."""

    name, hash = "scripted", "t"

    def __init__(self, words: Sequence[str] = WORDS, *, stops_before: int = 1, breaks: bool = False) -> None:
        self.words, self.stops_before, self.breaks = words, stops_before, breaks
        self.go, self.heard, self.calls = threading.Event(), 0, 0

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        return self.stream(requests, [None] * len(requests))

    def stream(self, requests: Sequence[Request], hear: Sequence[Hear | None]) -> list[Completion]:
        self.calls += 1
        return [self._answer(request, hears) for request, hears in zip(requests, hear, strict=True)]

    def _answer(self, request: Request, hear: Hear | None) -> Completion:
        if "too long" in request.messages[0].content:
            return failed("too_long", "9 tokens do not fit")
        for count in range(1, len(self.words) + 1):
            if count > self.stops_before and hear is not None:
                while not self.go.wait(0.05):
                    if not hear(" ".join(self.words[: count - 1])):
                        return failed("canceled", "gone")
                if self.breaks:
                    return failed("out_of_memory", "no room")
            self.heard = count
            if hear is not None:
                hear(" ".join(self.words[:count]))
        return Completion(text=" ".join(self.words), prompt_tokens=3, completion_tokens=len(self.words), stop="end")


def asked(**settings: Any) -> Request:
    return Request(messages=(Message(role="user", content="x"),), **settings)


def test_the_first_words_are_there_before_the_answer_is_half_done() -> None:
    """The model says no second word of twelve before the client holds the first."""
    model = Talking()
    with served(model) as url, client(url) as openais:
        pieces = openais.chat.completions.create(**say(stream=True, stream_options={"include_usage": True}))
        first = next(iter(pieces))
        assert first.choices[0].delta.content == "Once"
        assert first.choices[0].delta.role == "assistant"
        assert model.heard == 1
        model.go.set()
        rest = list(pieces)
    texts = [piece.choices[0].delta.content or "" for piece in rest if piece.choices]
    assert first.choices[0].delta.content + "".join(texts) == " ".join(WORDS)
    assert [piece.choices[0].finish_reason for piece in rest if piece.choices][-1] == "stop"
    assert rest[-1].usage.completion_tokens == len(WORDS)
    assert len({piece.id for piece in [first, *rest]}) == 1


def test_a_client_that_hangs_up_ends_the_answer() -> None:
    model = Talking()
    with served(model) as url, client(url) as openais:
        with openais.chat.completions.create(**say(stream=True)) as pieces:
            next(iter(pieces))
        model.words = ["again"]
        began = time.monotonic()
        assert post(url, say()).json()["choices"][0]["message"]["content"] == "again"
        assert time.monotonic() - began < 5
    assert (model.heard, model.calls) == (1, 2)


def test_what_fails_at_once_has_its_status_and_what_fails_later_says_so_in_the_stream() -> None:
    model = Talking(breaks=True)
    with served(model) as url, client(url) as openais:
        with pytest.raises(openai.BadRequestError, match="context length is exceeded"):
            openais.chat.completions.create(**say("too long", stream=True))
        pieces = iter(openais.chat.completions.create(**say(stream=True)))
        assert next(pieces).choices[0].delta.content == "Once"
        model.go.set()
        with pytest.raises(openai.APIError, match="no room"):
            list(pieces)


def test_an_answer_has_so_long_and_then_is_given_up() -> None:
    from gistill.serve.batching import Batcher
    from gistill.serve.openai.api import Service
    from gistill.serve.openai.streaming import answering

    model = Talking()
    service = Service(model, Batcher(answering(model)), seconds=0.3)
    with served_service(service) as url:
        with client(url) as openais:
            pieces = iter(openais.chat.completions.create(**say(stream=True)))
            assert next(pieces).choices[0].delta.content == "Once"
            with pytest.raises(openai.APIError, match="takes too long"):
                list(pieces)
        model.stops_before = 0
        late = post(url, say(stream=True))
    assert (late.status_code, late.json()["error"]["code"]) == (503, "timeout")
    model.go.set()


def served_service(service: Any) -> Any:
    """Serve a service of which a test has chosen more than `app` lets it."""
    import contextlib
    from unittest.mock import patch

    from gistill.serve.openai import api

    @contextlib.contextmanager
    def made() -> Any:
        with patch.object(api, "Service", lambda *_, **__: service), served(service.model) as url:
            yield url

    return made()


def test_events_are_those_of_openai_byte_by_byte() -> None:
    model = Talking(["a", "lamp"], stops_before=9)
    with served(model) as url:
        told = httpx2.post(f"{url}/chat/completions", json=say(stream=True), timeout=20)
    assert told.headers["content-type"].startswith("text/event-stream")
    *events, last, end = told.text.split("\n\n")
    assert (last, end) == ("data: [DONE]", "")
    bodies = [json.loads(event.removeprefix("data: ")) for event in events]
    assert {body["object"] for body in bodies} == {"chat.completion.chunk"}
    assert "".join(body["choices"][0]["delta"].get("content", "") for body in bodies) == "a lamp"


def sent(text: str, **settings: Any) -> str:
    """Send a text as it grows, letter by letter, and put together what a client gets."""
    request = asked(**settings)
    stops = [at for at in (text.find(stop) for stop in request.stop) if at >= 0]
    text = text[: min(stops)] if stops else text
    chunks = Chunks("m", request)
    events = [chunks.more(text[:count]) for count in range(1, len(text) + 1)]
    events.append(chunks.end(bare(text).text.removeprefix(request.beginning), "stop", None))
    lines = [line for line in "".join(events).splitlines() if line.startswith("data: {")]
    return "".join(json.loads(line[6:])["choices"][0]["delta"].get("content", "") for line in lines)


PARTS = ["a", "lamp", " ", "\n", "<", "[1]", "<|im_end|>", "<|end", "<b>", "STOP", "ST", "é", "\ufffd", "</s>", "◁"]


@given(st.lists(st.sampled_from(PARTS), max_size=20), st.sampled_from([(), ("STOP",), ("\n\n", "mp a")]))
def test_what_is_sent_in_pieces_is_the_answer_whatever_marks_stops_and_halves_it_holds(
    parts: list[str], stop: tuple[str, ...]
) -> None:
    text = "".join(parts)
    cut = min([at for at in (text.find(one) for one in stop) if at >= 0], default=None)
    assert sent(text, stop=stop) == bare(text[:cut]).text


@given(st.text(alphabet="ab <>think/|", max_size=40))
def test_thinking_that_was_opened_is_never_sent(answer: str) -> None:
    text = f"<think>secret</think>{answer}"
    try:
        told = sent(text)
    except ValueError:  # it closes a thinking that it has not opened: the stream ends with an error
        assert "</think>" in answer or "</thi" in answer
    else:
        assert told == bare(text).text
        assert "secret" not in told


def test_a_beginning_is_not_sent_and_what_may_become_a_mark_waits() -> None:
    request = Request(messages=(Message(role="user", content="x"), Message(role="assistant", content="Once")))
    chunks = Chunks("m", request)
    assert '"content": " upon"' in chunks.more("Once upon")
    assert chunks.more("Once upon <|im_") == ""
    assert settled("a" * 10 + "<" + "b" * 60) == "a" * 10 + "<" + "b" * 60
    assert settled("see <b") == "see"
    with pytest.raises(ValueError, match="not what was sent"):
        chunks.end("twice", "stop", None)
