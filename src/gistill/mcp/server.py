"""The four tools as a server of the Model Context Protocol, on standard input and output."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gistill import install
from gistill.errors import ExtraMissingError, GistillError
from gistill.mcp import tools
from gistill.mcp.comparing import Only
from gistill.mcp.comparing import compare as compared
from gistill.mcp.root import without_root

INSTRUCTIONS = (
    "Reports of what customers wrote: who says what, how many, in which words. Paths are relative to one folder. "
    + tools.NOTE
)


def serve(root: Path) -> None:
    """Answer an agent until it closes standard input.

    Args:
        root: See `root.open_root`.

    Raises:
        ExtraMissingError: The official SDK is not installed.
    """
    made(root).run("stdio")


def made(root: Path) -> Any:
    """Make the server.

    Raises:
        ExtraMissingError: The official SDK is not installed.
    """
    try:
        from mcp.server.mcpserver import MCPServer
        from mcp.server.mcpserver.exceptions import ToolError
    except ImportError as error:
        raise ExtraMissingError("Serving agents needs the SDK of MCP.", hint=install.hint("mcp")) from error

    def answered(answer: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        try:
            return answer()
        except GistillError as error:
            raise ToolError(without_root(root, f"{error} {error.hint}".strip())) from None
        except OSError as error:
            raise ToolError((error.strerror or "the file cannot be read").lower()) from None

    server = MCPServer("gistill", version=version("gistill"), instructions=INSTRUCTIONS, log_level="CRITICAL")

    @server.tool()
    def digest(
        file: str,
        folder: str | None = None,
        text_columns: list[str] | None = None,
        by: list[str] | None = None,
        title: str = "",
    ) -> dict[str, Any]:
        """Make a report of a file (table, JSON, workbook, mail, texts) and say what people say and how many."""
        columns = {"text_columns": text_columns or (), "by": by or ()}
        return answered(lambda: tools.make_digest(root, file, folder=folder, title=title, **columns))

    @server.tool()
    def extract(texts: list[str]) -> dict[str, Any]:
        """Find the opinions in texts: about what, in which words, which side, category, kind and strength."""
        return answered(lambda: tools.read_opinions(texts))

    @server.tool()
    def evidence(folder: str, claim: str) -> dict[str, Any]:
        """Show what a claim rests on in a report: people, interval and quotations; or that nobody says it."""
        return answered(lambda: tools.evidence(root, folder, claim))

    @server.tool()
    def compare(folder: str, by: str, one: str, other: str, only: Only | None = None) -> dict[str, Any]:
        """Compare two slices of a report (two products, two values of a column): each difference is signal or noise.

        `only` limits both by words, product, column, days, rating, side, category or strength.
        """
        return answered(lambda: compared(root, folder, by, one, other, only=only))

    return server
