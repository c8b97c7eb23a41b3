"""What a client of OpenAI's chat completions may send, and what it gets back. What we cannot do is refused, by name.

A server that ignores what it does not know answers another question than it was asked. So a setting that would change
the answer and is not supported is an error here, and only what changes nothing is passed over.
"""

from __future__ import annotations

import json
import secrets
import time
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from gistill.lm.seam import Completion, Request
from gistill.schema import Message
from gistill.serve.openai.schemas import why_not

_GREEDY = 1e-3  # a temperature below it draws the likeliest token as 0 does, and an engine may not count so finely
DEFAULT_TOKENS = 512  # of an answer, where the client does not say
_STATUS = {  # of a failed answer; all others are 422: nothing is wrong with the server, and asking again does not help
    "too_long": 400,
    "bad_schema": 400,
    "rate_limited": 429,
    "out_of_memory": 503,
    "unavailable": 503,
    "timeout": 504,
}
_CODES = {"too_long": "context_length_exceeded"}
_NEUTRAL: dict[str, tuple[Any, ...]] = {  # accepted with these values alone
    "n": (None, 1),
    "frequency_penalty": (None, 0),
    "presence_penalty": (None, 0),
    "logprobs": (None, False),
    "top_logprobs": (None, 0),
    "logit_bias": (None, {}),
    "tools": (None, []),
    "tool_choice": (None, "none", "auto"),
    "add_generation_prompt": (None, False),  # vLLM's words for what is always done here:
    "continue_final_message": (None, True),  # a last message of the assistant is continued
}
_WITHOUT_EFFECT = {"user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key"}


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _folded(seed: int) -> int:
    return (seed + 2**63) % 2**64 - 2**63


WHOLE = BeforeValidator(_whole)  # JSON knows no difference between 30 and 30.0
Seed = Annotated[int, WHOLE, AfterValidator(_folded)]  # an engine takes 64 bits


class BodyError(Exception):
    """A body that cannot be answered; becomes an error in OpenAI's shape."""

    def __init__(self, message: str, *, status: int = 400, code: str = "invalid_request", param: str | None = None):
        super().__init__(message)
        self.status, self.code, self.param = status, code, param


class _Part(BaseModel):
    type: Literal["text"]
    text: str


class _Turn(BaseModel):
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[_Part]


class _Schema(BaseModel):
    schema_: dict[str, Any] = Field(alias="schema")


_PLAIN: dict[str, Any] = {"type": "object", "properties": {"type": {"enum": ["text", "json_object"]}}}
_STRUCTURED: dict[str, Any] = {
    "type": "object",
    "properties": {"json_schema": {"type": "object"}},
    "required": ["json_schema"],
}


class _Format(BaseModel):
    model_config = ConfigDict(json_schema_extra={"anyOf": [_PLAIN, _STRUCTURED]})  # as `read_body` refuses it

    type: Literal["text", "json_object", "json_schema"]
    json_schema: _Schema | None = None


class _StreamOptions(BaseModel):
    include_usage: bool = False


def _said(schema: dict[str, Any]) -> None:
    """Tell in the schema what `read_body` does with fields that the model does not name."""
    for name, fine in _NEUTRAL.items():
        schema["properties"][name] = {"enum": list(fine), "description": "Accepted with these values alone."}
    for name in sorted(_WITHOUT_EFFECT):
        schema["properties"][name] = {"description": "Has no effect.", "type": [*_JSON]}
    schema["additionalProperties"] = False


_JSON = ("string", "number", "boolean", "object", "array", "null")


class Body(BaseModel):
    """A chat completion request, as far as we can answer it."""

    model_config = ConfigDict(extra="allow", json_schema_extra=_said)

    model: str
    messages: list[_Turn] = Field(min_length=1)
    max_tokens: Annotated[int, Field(ge=1), WHOLE] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1), WHOLE] | None = None
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, ge=0, le=1)
    seed: Seed | None = None
    stop: str | Annotated[list[str], Field(max_length=16)] | None = None
    response_format: _Format | None = None
    stream: bool | None = None
    stream_options: _StreamOptions | None = None


def read_body(data: bytes) -> Body:
    """Read a body.

    Raises:
        BodyError: It is not one, or asks for what is not supported.
    """
    try:
        body = Body.model_validate_json(data, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BodyError(f"{place + ': ' if place else ''}{first['msg']}", param=place or None) from None
    for name, value in (body.model_extra or {}).items():
        if name in _WITHOUT_EFFECT or any(_same(value, fine) for fine in _NEUTRAL.get(name, ())):
            continue
        shown = f"{name} is not supported" + (" with this value" if name in _NEUTRAL else "")
        raise BodyError(f"{shown}.", code="unsupported_parameter", param=name)
    return body


def _same(value: Any, fine: Any) -> bool:
    """Compare as JSON does, where `true` is not 1."""
    return bool(value == fine) and isinstance(value, bool) == isinstance(fine, bool)


def request_of(body: Body, *, enforces: bool) -> Request:
    """Make the request of a body. As with OpenAI, an answer is sampled at temperature 1 unless told otherwise.

    Args:
        body: What was sent.
        enforces: Whether the model keeps to a schema. One that does not is not asked for it: 200 with something else
            would be worse than a refusal.

    Raises:
        BodyError: It asks for a shape of the answer that nobody would enforce.
    """
    wanted = body.response_format
    if wanted is not None and wanted.type != "text" and not enforces:
        raise BodyError("response_format is not supported: this model does not keep to a schema.",
                        code="unsupported_parameter", param="response_format")  # fmt: skip
    schema = ""
    if wanted is not None and wanted.type == "json_object":
        schema = '{"type":"object"}'
    elif wanted is not None and wanted.type == "json_schema":
        if wanted.json_schema is None:
            raise BodyError("response_format.json_schema is missing", param="response_format")
        schema = json.dumps(wanted.json_schema.schema_)
        if why := why_not(wanted.json_schema.schema_, len(schema)):
            raise BodyError(f"The schema is too large: {why}.", code="schema_too_large", param="response_format")
    temperature = 1.0 if body.temperature is None else body.temperature
    greedy = temperature < _GREEDY or body.top_p == 0
    stops = [body.stop] if isinstance(body.stop, str) else body.stop or []
    return Request(
        messages=tuple(_message(turn) for turn in body.messages),
        max_tokens=body.max_completion_tokens or body.max_tokens or DEFAULT_TOKENS,
        temperature=0.0 if greedy else temperature,
        top_p=body.top_p or 1.0,
        seed=secrets.randbits(31) if body.seed is None else body.seed % 2**31,
        stop=tuple(stop for stop in stops if stop),
        answer_schema=schema,
    )


def _message(turn: _Turn) -> Message:
    text = turn.content if isinstance(turn.content, str) else "".join(part.text for part in turn.content)
    return Message(role="system" if turn.role == "developer" else turn.role, content=text)


def failure_of(answer: Completion) -> BodyError | None:
    """Turn a failed answer into an error; None where it is none."""
    if answer.failure is None:
        return None
    kind, detail = answer.failure.kind, answer.failure.detail
    message = f"This model's context length is exceeded: {detail}." if kind == "too_long" else f"{kind}: {detail}"
    return BodyError(message, status=_STATUS.get(kind, 422), code=_CODES.get(kind, kind))


def completion_body(model: str, request: Request, answer: Completion) -> dict[str, Any]:
    """Write an answer as OpenAI does. A beginning that the client gave is not repeated."""
    message = {"role": "assistant", "content": text_of(request, answer), "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_of(answer)}
    head = {"id": f"chatcmpl-{secrets.token_hex(12)}", "object": "chat.completion", "created": int(time.time())}
    return {**head, "model": model, "choices": [choice], "usage": usage_of(answer)}


def error_body(message: str, *, status: int, code: str, param: str | None = None) -> dict[str, Any]:
    """Write an error as OpenAI does."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def text_of(request: Request, answer: Completion) -> str:
    """Give the text of an answer without the beginning that the client gave."""
    text = answer.text.removeprefix(request.beginning)
    return text.encode("utf-8", "replace").decode("utf-8")  # JSON on the wire is UTF-8


def finish_of(answer: Completion) -> str:
    """Say why an answer ended, in OpenAI's words."""
    return "length" if answer.stop == "length" else "stop"


def usage_of(answer: Completion) -> dict[str, int] | None:
    """Count the tokens of an answer; None where the model does not tell them."""
    asked, answered = answer.prompt_tokens, answer.completion_tokens
    if asked is None or answered is None:
        return None
    return {"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered}


class _Message(BaseModel):
    role: Literal["assistant"]
    content: str
    refusal: None


class _Choice(BaseModel):
    index: Literal[0]
    message: _Message
    logprobs: None
    finish_reason: Literal["stop", "length"]


class _Usage(BaseModel):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Answered(BaseModel):
    """A chat completion; see `completion_body`."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[_Choice] = Field(min_length=1, max_length=1)
    usage: _Usage | None


class _Model(BaseModel):
    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    max_model_len: int = Field(default=0, description="Tokens of question and answer; not there where it is not known.")


class ModelList(BaseModel):
    """The names under which a model answers."""

    object: Literal["list"]
    data: list[_Model]
