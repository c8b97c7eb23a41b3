"""A hint names a command that works for this copy of gistill, however it was installed."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from gistill import install

SOURCE = Path(install.__file__).parent


@pytest.mark.parametrize(
    ("direct_url", "line"),
    [
        (None, 'pip install "gistill[train]"'),
        (
            {"url": "file:///home/ada/g", "dir_info": {"editable": True}},
            'pip install -e "/home/ada/g[train]"',
        ),
        ({"url": "file:///home/ada/my%20code", "dir_info": {}}, 'pip install "/home/ada/my code[train]"'),
        (
            {"url": "file:///tmp/gistill-0.1-py3-none-any.whl", "archive_info": {"hash": "sha256=0"}},
            'pip install "/tmp/gistill-0.1-py3-none-any.whl[train]"',
        ),
        (
            {"url": "https://example.org/gistill-0.1-py3-none-any.whl", "archive_info": {}},
            'pip install "gistill[train] @ https://example.org/gistill-0.1-py3-none-any.whl"',
        ),
        (
            {
                "url": "https://example.org/g.git",
                "vcs_info": {"vcs": "git", "commit_id": "abc", "requested_revision": "v1"},
            },
            'pip install "gistill[train] @ git+https://example.org/g.git@v1"',
        ),
        (
            {"url": "https://example.org/g.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}, "subdirectory": "p"},
            'pip install "gistill[train] @ git+https://example.org/g.git@abc#subdirectory=p"',
        ),
        ({"url": "file:///a$b", "dir_info": {}}, "pip install '/a$b[train]'"),
        ({}, 'pip install "gistill[train]"'),
    ],
)
def test_the_command_is_the_one_for_how_it_was_installed(direct_url: dict[str, Any] | None, line: str) -> None:
    assert install.command(direct_url, "train") == line


def test_this_copy_is_found_where_pip_says_that_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wheel:
        def read_text(self, name: str) -> str:
            assert name == "direct_url.json"
            return json.dumps({"url": "file:///w/gistill.whl", "archive_info": {}})

    monkeypatch.setattr("importlib.metadata.distribution", lambda name: Wheel())
    assert install.pip_install("train", "writer") == 'pip install "/w/gistill.whl[train,writer]"'
    assert install.hint("train") == 'Run: pip install "/w/gistill.whl[train]"'
    monkeypatch.setattr(Wheel, "read_text", lambda self, name: "{")
    assert install.pip_install("train") == 'pip install "gistill[train]"'


def test_no_hint_names_gistill_as_if_pip_could_find_it() -> None:
    """All come from the one function."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and path.name != "install.py":
                assert not re.search(r"pip install[^`]*gistill\[", node.value), path
