"""The routes of OpenAI's clients: the same code as `gistill serve-model`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from gistill.serve.openai.api import Service
from gistill.serve.openai.bodies import Answered, Body, BodyError, ModelList
from gistill.serve.state import ERRORS, EVENT, State

_CODES: dict[int | str, dict[str, Any]] = {**ERRORS, 404: ERRORS[400], 504: ERRORS[400]}
_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "model": Answered,
        "content": {"text/event-stream": {"schema": EVENT}},
        "description": "The answer; with `stream`, its pieces as they are made, and [DONE].",
    }
}


def _whole(schema: Any, parts: dict[str, Any]) -> Any:
    """Write a schema without references, which would lead nowhere in a larger document."""
    if isinstance(schema, list):
        return [_whole(one, parts) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _whole(parts[schema["$ref"].rpartition("/")[2]], parts)
    return {name: _whole(one, parts) for name, one in schema.items() if name != "$defs"}


def _body() -> dict[str, Any]:
    schema = Body.model_json_schema()
    example = {"model": "gistill", "messages": [{"role": "user", "content": "hello"}]}
    told = {"schema": _whole(schema, schema.get("$defs", {})), "example": example}
    return {"requestBody": {"required": True, "content": {"application/json": told}}}


def chats(state: State) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1", tags=["openai"], responses=_CODES)

    @router.post("/chat/completions", openapi_extra=_body(), responses=_ANSWER)
    async def chat(http: Request) -> Response:
        """Answer as OpenAI's chat completions do; what is not supported is refused by name."""
        answer: Response = await _service(state).chat(http)
        return answer

    @router.get("/models", response_model=ModelList)
    async def models(http: Request) -> Response:
        """List the names under which the writer answers; `gistill` is always one."""
        answer: Response = await _service(state).models(http)
        return answer

    return router


def _service(state: State) -> Service:
    found = state.ready.chat
    if found is None:
        told = "No writer is installed here, so nobody answers chats."
        raise BodyError(told, status=503, code="no_writer")
    return found
