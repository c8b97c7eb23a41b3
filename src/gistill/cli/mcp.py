"""`gistill mcp`: an agent's tools for the files and reports of one folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gistill.cli.ending import ending


def mcp(
    root: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Folder with your files and reports. Nothing outside it is read.")
    ],
) -> None:
    """Serve an agent by the Model Context Protocol on standard input and output: digest, extract, evidence, compare.

    The agent starts this command itself; see docs/mcp.md.
    """
    with ending():
        from gistill.mcp.root import open_root

        folder = open_root(root)
        from gistill.mcp.server import serve

        serve(folder)
