"""The public API is typed for those who call it: what mypy infers is what is documented, and mistakes are found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

api = pytest.importorskip("mypy.api", reason="needs the developer's tools")

ROOT = Path(__file__).parent.parent
TYPED = Path("tests", "typed")

pytestmark = pytest.mark.slow


def errors(file: str, monkeypatch: pytest.MonkeyPatch) -> set[tuple[int, str]]:
    """Lines and codes of what mypy finds in a file of tests/typed, with the settings that src is checked with."""
    monkeypatch.chdir(ROOT)
    out, err, _ = api.run([str(TYPED / file), "--hide-error-context", "--no-error-summary"])
    assert err == ""
    found = [
        re.fullmatch(r"(.+?):(\d+): error: .*\[([a-z-]+)\]", line)
        for line in out.splitlines()
        if ": note: " not in line
    ]
    assert all(match and Path(match[1]) == TYPED / file for match in found), out
    return {(int(match[2]), match[3]) for match in found if match}


def test_what_is_inferred_is_what_is_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    assert errors("right.py", monkeypatch) == set()


def test_every_mistake_is_found_in_its_line_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (ROOT / TYPED / "wrong.py").read_text(encoding="utf-8").splitlines()
    expected = {(n, line.rpartition("# error: ")[2]) for n, line in enumerate(lines, 1) if "# error: " in line}
    assert len(expected) >= 9
    assert errors("wrong.py", monkeypatch) == expected
