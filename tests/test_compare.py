"""`gistill compare`: paired bootstrap of two scored outputs, by hand-worked numbers and as a command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gistill.analysis.cases import Case
from gistill.analysis.comparing import compare
from gistill.analysis.run import analyze
from gistill.analysis.tiers import Tiers
from gistill.errors import InputError, SettingError
from gistill.grounding.faults.taxonomy import load_taxonomy


def table(path: Path, rows: list[tuple[str, float]]) -> Path:
    path.write_text("id,score\n" + "".join(f"{name},{value}\n" for name, value in rows))
    return path


def test_equal_outputs_are_not_worse_at_any_margin(tmp_path: Path) -> None:
    rows = [(f"c{n}", n % 7 / 7) for n in range(50)]
    a, b = table(tmp_path / "a.csv", rows), table(tmp_path / "b.csv", list(reversed(rows)))
    found = compare(a, b, metric="score", margin=0)
    assert (found.cases, found.difference.value, found.verdict) == (50, 0.0, "not worse")
    assert found.a == found.b == pytest.approx(sum(value for _, value in rows) / 50)


def test_every_case_a_tenth_lower_is_worse_below_that_margin_only(tmp_path: Path) -> None:
    rows = [(f"c{n}", n / 10) for n in range(30)]
    a = table(tmp_path / "a.csv", rows)
    b = table(tmp_path / "b.csv", [(name, value - 0.1) for name, value in rows])
    assert compare(a, b, metric="score", margin=0.05).verdict == "worse"
    assert compare(a, b, metric="score", margin=0.11).verdict == "not worse"
    assert compare(a, b, metric="score", margin=0, lower_is_better=True).verdict == "not worse"
    assert compare(b, a, metric="score", margin=0).verdict == "not worse"


def test_few_cases_that_go_both_ways_decide_nothing(tmp_path: Path) -> None:
    a = table(tmp_path / "a.csv", [(str(n), 0.5) for n in range(6)])
    b = table(tmp_path / "b.csv", [(str(n), n % 2) for n in range(6)])
    assert compare(a, b, metric="score", margin=0.1).verdict == "undecided"


def test_rows_of_one_id_count_as_one_case_and_others_are_told(tmp_path: Path) -> None:
    a = table(tmp_path / "a.csv", [("x", 1), ("x", 3), ("y", 2), ("z", 9)])
    b = table(tmp_path / "b.csv", [("x", 2), ("y", 2), ("w", 0)])
    found = compare(a, b, metric="score", margin=0)
    assert (found.cases, found.only_a, found.only_b, found.difference.value) == (2, 1, 1, 0.0)
    assert found.verdict == "not worse"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id,other\n1,2\n2,3\n", "no column 'score'"),
        ("id,score\n1,much\n2,3\n", "'much' is not a number"),
        ("id,score\n1,inf\n2,3\n", "'inf' is not a number"),
        ("name,score\n1,2\n2,3\n", "has no id"),
        ("id,score\n7,2\n8,3\n", "0 cases in common"),
    ],
)
def test_what_cannot_be_compared_is_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "b.csv").write_text(text)
    a = table(tmp_path / "a.csv", [("1", 1), ("2", 2)])
    with pytest.raises(InputError, match=says):
        compare(a, tmp_path / "b.csv", metric="score", margin=0)
    with pytest.raises(SettingError):
        compare(a, a, metric="score", margin=-1)


def analysis(folder: Path, summaries: list[str]) -> Path:
    cases = [
        Case(id=str(n), source="Customer: My 2 lamps broke.\nAgent: We send new ones.", summary=summary)
        for n, summary in enumerate(summaries)
    ]
    analyze(cases, folder, tiers=Tiers(load_taxonomy(None)))
    return folder


def test_of_two_analyses_errors_are_counted_and_fewer_are_better(
    tmp_path: Path, run: Callable[..., tuple[int, str, str]]
) -> None:
    right, wrong = "The customer's 2 lamps broke.", "The customer's 7 lamps broke."
    a = analysis(tmp_path / "a", [wrong] * 8)
    b = analysis(tmp_path / "b", [right] * 8)
    found = compare(a, b, metric="E6", margin=0)
    assert (found.a, found.b, found.lower_is_better, found.verdict) == (1.0, 0.0, True, "not worse")
    code, out, _ = run("compare", str(b), str(a), "--metric", "wrong", "--margin", "0.2")
    assert code == 3
    assert "B is worse than A by more than 0.2." in out
    code, out, _ = run("compare", str(a), str(b), "--metric", "errors", "--margin", "0", "--json")
    got: dict[str, Any] = json.loads(out)
    assert (code, got["verdict"], got["cases"]) == (0, "not worse", 8)
    assert run("compare", str(a), str(b), "--metric", "E99", "--margin", "0")[0] == 2
