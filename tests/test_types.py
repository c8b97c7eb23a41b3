"""The public API is typed for those who call it: what mypy infers is what is documented, and mistakes are found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

api = pytest.importorskip("mypy.api", reason="needs the developer's tools")

ROOT = Path(__file__).parent.parent
TYPED = Path("tests", "typed")

pytestmark = pytest.mark.slow


def errors(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[tuple[int, str]]]:
    """Lines and codes of what mypy finds in the files of tests/typed, with the settings that src is checked with."""
    monkeypatch.chdir(ROOT)
    files = [str(TYPED / name) for name in ("right.py", "wrong.py")]
    out, err, _ = api.run([*files, "--hide-error-context", "--no-error-summary"])
    assert err == ""
    found: dict[str, set[tuple[int, str]]] = {file: set() for file in files}
    for line in out.splitlines():
        if ": note: " not in line:
            match = re.fullmatch(r"(.+?):(\d+): error: .*\[([a-z-]+)\]", line)
            assert match, out
            found[str(Path(match[1]))].add((int(match[2]), match[3]))
    return found


def test_what_is_inferred_is_what_is_documented_and_every_mistake_is_found_in_its_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In one test, because mypy takes seconds to read the package."""
    lines = (ROOT / TYPED / "wrong.py").read_text(encoding="utf-8").splitlines()
    expected = {(n, line.rpartition("# error: ")[2]) for n, line in enumerate(lines, 1) if "# error: " in line}
    assert len(expected) >= 9
    assert errors(monkeypatch) == {str(TYPED / "right.py"): set(), str(TYPED / "wrong.py"): expected}
