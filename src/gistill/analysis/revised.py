"""An analysis on the disk in, a folder of revisions out: what came of each summary, the page, and the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path

from gistill import files
from gistill.analysis.cases import Case
from gistill.analysis.page import render_revisions
from gistill.analysis.revising import Revised, Revision, revise, summed_up
from gistill.analysis.rows import write_rows
from gistill.analysis.run import CASES, FINDINGS, Progress, read_analysis
from gistill.analysis.tiers import Tiers
from gistill.grounding.faults.fault import Fault
from gistill.lm.seam import LanguageModel
from gistill.runs import working_in
from gistill.tables import write_jsonl

REVISIONS, PAGE, FIGURES, FAILURES = "revisions.jsonl", "revisions.html", "revised.json", "failures.jsonl"
SHOWN = 200  # summaries in the page
_FIRST = {"mended": 0, "partly": 1, "kept": 2}


def write_revised(
    findings: Path,
    folder: Path,
    *,
    tiers: Tiers,
    editor: LanguageModel | Mapping[str, str] | None,
    rounds: int,
    most: float,
    made_with: dict[str, str],
    progress: Progress,
) -> Revised:
    """Read an analysis, mend it (see `revise`), and write what came of it.

    Raises:
        InputError: The analysis is missing or damaged, or another run works in the folder.
    """
    analysed = read_analysis(findings)
    place = findings if findings.is_dir() else findings.parent
    named = place / FINDINGS if findings.is_dir() else findings
    parent = files.hash_text(files.hash_file(place / CASES) + files.hash_file(named))
    with working_in(folder):
        revisions, failures = revise(analysed, tiers=tiers, editor=editor, rounds=rounds, most=most, progress=progress)
        revised = summed_up(revisions, failures, parent=parent).model_copy(update={"made_with": made_with})
        write_jsonl(folder / REVISIONS, revisions)
        write_jsonl(folder / FAILURES, failures)
        write_rows(folder, analysed, revisions, revised)
        files.write(folder / FIGURES, revised.model_dump_json(indent=2) + "\n")
        files.write(folder / PAGE, render_revisions(revised=revised, shown=_shown(analysed, revisions)))
    return revised


def _shown(
    analysed: Sequence[tuple[Case, tuple[Fault, ...]]], revisions: Sequence[Revision]
) -> list[dict[str, object]]:
    """Choose what the page shows, the mended first, with what differs."""
    rows = [(one, faults) for one, (_, faults) in zip(revisions, analysed, strict=True) if one.state in _FIRST]
    rows.sort(key=lambda row: _FIRST[row[0].state])
    shown: list[dict[str, object]] = []
    for one, faults in rows[:SHOWN]:
        before, after = _compared(one.before, one.after)
        shown.append(
            {
                "case": one.case,
                "state": one.state,
                "before": before,
                "after": after,
                "faults": faults,
                "steps": one.steps,
            }
        )
    return shown


def _compared(before: str, after: str) -> tuple[list[tuple[bool, str]], list[tuple[bool, str]]]:
    """Cut two texts into stretches, and say which of them differ."""
    old, new = before.split(), after.split()
    left, right = [], []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        differs = tag != "equal"
        if a < b:
            left.append((differs, " ".join(old[a:b])))
        if c < d:
            right.append((differs, " ".join(new[c:d])))
    return left, right
