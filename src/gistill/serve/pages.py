"""The page: drop a file, check its columns, start, watch, open the report, delete it. All is from here."""

from __future__ import annotations

import html
from pathlib import Path

from fastapi import APIRouter, Response

from gistill.serve.state import State

_FOLDER = Path(__file__).parent / "page"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


def pages(state: State) -> APIRouter:
    """Make the routes."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def page() -> Response:
        text = (_FOLDER / "page.html").read_text("utf-8")
        filled = text.replace("{{session}}", html.escape(state.session)).replace("{{days}}", f"{state.keep_days:g}")
        headers = {"Content-Security-Policy": _POLICY}
        return Response(filled, media_type="text/html; charset=utf-8", headers=headers)

    @router.get("/page.js")
    async def script() -> Response:
        return Response((_FOLDER / "page.js").read_text("utf-8"), media_type="text/javascript; charset=utf-8")

    @router.get("/explore.js")
    async def explore_script() -> Response:
        return Response((_FOLDER / "explore.js").read_text("utf-8"), media_type="text/javascript; charset=utf-8")

    @router.get("/page.css")
    async def style() -> Response:
        return Response((_FOLDER / "page.css").read_text("utf-8"), media_type="text/css; charset=utf-8")

    return router
