"""The writer's seam: one method. Everything that generates text answers to it; everything that needs text asks it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from pydantic import Field, field_validator

from gistill.schema import Failure, Message, Noun
from gistill.thinking import bare

Stop = Literal["end", "length", "failure"]
# Is told an answer as far as it is made, raw, and says whether somebody still waits for it.
Hear = Callable[[str], bool]


class Request(Noun):
    """What a model is asked, with everything that decides its answer.

    A last message of the assistant is the beginning of the answer: the model continues it, and the completion's text
    is the whole answer, beginning included. `temperature` 0 is greedy and ignores `seed` and `top_p`; below 1, `top_p`
    draws from the fewest likeliest tokens that have this probability together. `answer_schema` is the JSON schema the
    answer should follow, as JSON text; a backend that can enforce it does, and nobody relies on it.
    """

    messages: tuple[Message, ...] = Field(min_length=1)
    max_tokens: int = Field(default=128, ge=1)
    temperature: float = Field(default=0.0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    seed: int = 0
    stop: tuple[str, ...] = ()  # the answer ends before the first of these
    answer_schema: str = ""  # empty asks for plain text

    @property
    def beginning(self) -> str:
        """The beginning of the answer, where one is given."""
        return self.messages[-1].content if self.messages[-1].role == "assistant" else ""


class Completion(Noun):
    """A model's answer, or the named reason why there is none. Never an exception: a bad answer is data.

    `text` is the answer alone: thinking and the marks of a chat format are taken off here, where every answer enters,
    whichever engine, server or journal it is from (see `gistill.thinking`). It is not checked in any other way, and is
    empty when `failure` is set. Token counts are None where the server tells none; they are never guessed. `key` is
    where a journal keeps the answer; empty where there is no journal.
    """

    text: str
    prompt_tokens: int | None
    completion_tokens: int | None
    stop: Stop
    failure: Failure | None = None
    key: str = ""

    @field_validator("text")
    @classmethod
    def _alone(cls, text: str) -> str:
        return bare(text).text


class LanguageModel(Protocol):
    """Anything that completes requests. Batching, retries and concurrency are its own affair."""

    name: str
    hash: str  # of the weights; the same hash, request and version give the same answer at temperature 0

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        """Answer every request: same length, same order; a request that cannot be answered is a failed completion."""
        ...


class StreamingModel(LanguageModel, Protocol):
    """A language model whose answers can be heard while they are made."""

    def stream(self, requests: Sequence[Request], hear: Sequence[Hear | None]) -> list[Completion]:
        """Answer every request as `complete` does, and tell each answer as it grows to whoever wants to hear it.

        Args:
            requests: What is asked.
            hear: For each request who hears its answer, beginning included, whenever there is more of it; None for
                nobody. An answer that nobody waits for any longer fails as `canceled`.
        """
        ...


def failed(kind: str, detail: str, *, prompt_tokens: int | None = None) -> Completion:
    """Say by name why there is no answer."""
    failure = Failure(kind=kind, detail=detail)
    return Completion(text="", prompt_tokens=prompt_tokens, completion_tokens=0, stop="failure", failure=failure)
