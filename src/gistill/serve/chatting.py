"""The routes of OpenAI's clients: the same code as `gistill serve-model`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from gistill.serve.openai.api import Service
from gistill.serve.openai.bodies import Body, BodyError
from gistill.serve.state import ERRORS, State

_CODES: dict[int | str, dict[str, Any]] = {**ERRORS, 404: ERRORS[400], 504: ERRORS[400]}
_BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": Body.model_json_schema()}}}}


def chats(state: State) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1", tags=["openai"], responses=_CODES)

    @router.post("/chat/completions", openapi_extra=_BODY)
    async def chat(http: Request) -> Response:
        """Answer as OpenAI's chat completions do; what is not supported is refused by name."""
        answer: Response = await _service(state).chat(http)
        return answer

    @router.get("/models")
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
