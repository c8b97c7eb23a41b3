"""How this copy of gistill was installed, so that a hint names a command that works for it.

`pip install "gistill[teacher]"` finds nothing where gistill is no package of an index that pip knows. pip itself writes
down where it took a package from (PEP 610, direct_url.json): a folder, a wheel, an address.
"""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit


def pip_install(*extras: str) -> str:
    """Give the command that brings extras of gistill.

    Args:
        extras: As pyproject.toml names them.
    """
    return command(_direct_url(), ",".join(extras))


def hint(*extras: str) -> str:
    """Give the sentence with that command, for `ExtraMissingError`."""
    return f"Run: {pip_install(*extras)}"


def command(direct_url: dict[str, Any] | None, extras: str) -> str:
    """Give the command for what direct_url.json says; None is a package from an index."""
    wanted = f"[{extras}]"
    url = str((direct_url or {}).get("url") or "")
    if direct_url is None or not url:
        return f'pip install "gistill{wanted}"'
    if "dir_info" in direct_url:
        editable = "-e " if (direct_url["dir_info"] or {}).get("editable") else ""
        return f"pip install {editable}{_quoted(_path(url) + wanted)}"
    if vcs := direct_url.get("vcs_info"):
        revision = vcs.get("requested_revision") or vcs.get("commit_id") or ""
        url = f"{vcs.get('vcs', 'git')}+{url}{f'@{revision}' if revision else ''}"
    if url.startswith("file:"):
        return f"pip install {_quoted(_path(url) + wanted)}"
    folder = f"#subdirectory={direct_url['subdirectory']}" if direct_url.get("subdirectory") else ""
    return f"pip install {_quoted(f'gistill{wanted} @ {url}{folder}')}"


def _direct_url() -> dict[str, Any] | None:
    from importlib.metadata import PackageNotFoundError, distribution  # 20 ms that --help need not wait

    try:
        told = json.loads(distribution("gistill").read_text("direct_url.json") or "null")
    except (PackageNotFoundError, OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None


def _path(url: str) -> str:
    """Give the path of a file's address, as its system writes it."""
    path = unquote(urlsplit(url).path)
    return str(Path(path.lstrip("/") if path[2:3] == ":" else path))


def _quoted(word: str) -> str:
    return shlex.quote(word) if '"' in word or "$" in word or "`" in word else f'"{word}"'
