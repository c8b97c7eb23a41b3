"""The walk of `gistill analyze`: cases in, findings.jsonl, cases.jsonl, analysis.json and analysis.html out."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

from gistill import files
from gistill.analysis.cases import Case
from gistill.analysis.figures import Analysis, Counts, count, figures, severity_of
from gistill.analysis.page import render_analysis
from gistill.analysis.tiers import Seen, Tiers, look
from gistill.errors import InputError
from gistill.grounding.faults.fault import Fault
from gistill.runs import working_in
from gistill.schema import Failure
from gistill.skills.overlap import rouge1
from gistill.tables import read_jsonl, write_jsonl

BATCH = 64  # cases asked about at once
WORST = 20  # shown in the report
CASES, FINDINGS, FIGURES, PAGE, FAILURES = (
    "cases.jsonl", "findings.jsonl", "analysis.json", "analysis.html", "failures.jsonl",
)  # fmt: skip
Progress = Callable[[str, int, int | None], None]
_T = TypeVar("_T")


class CaseFault(Fault):
    """A fault with the case that it is in; `id` is the case's and its number there."""

    id: str
    case: str
    words: str = ""  # of the summary, at `span`


class _Kept(NamedTuple):
    """What the walk remembers of the cases, which may be many: figures, faults, and the worst."""

    counts: list[Counts]
    faults: list[CaseFault]
    failed: list[Failure]
    worst: list[tuple[tuple[int, int], int, Seen]]


def analyze(
    cases: Iterable[Case | Failure],
    out: Path | str,
    *,
    tiers: Tiers,
    title: str = "",
    made_with: dict[str, str] | None = None,
    progress: Progress = lambda step, done, total: None,
) -> Analysis:
    """Look for errors in summaries, and write what was found into a folder.

    Args:
        cases: What `open_cases` gives. Taken in batches, so that they may be many.
        out: The folder: cases.jsonl (what was read), findings.jsonl (one error a line), failures.jsonl, analysis.json
            and analysis.html.
        tiers: Who looks, and for which codes.
        title: Of the report.
        made_with: What the report should say of how it was made.
        progress: Called after each batch.

    Returns:
        The figures, as analysis.json has them.

    Raises:
        InputError: There is no case; or another run works in the folder.
    """
    folder = Path(out)
    kept = _Kept([], [], [], [])
    with working_in(folder):
        written = write_jsonl(folder / CASES, _looked(cases, tiers, kept, progress))
        if not written:
            raise InputError("there is no summary to look at", hint="docs/errors.md says what the table should hold.")
        write_jsonl(folder / FINDINGS, kept.faults)
        write_jsonl(folder / FAILURES, kept.failed)
        asked = (("rules", tiers.rules), ("critic", tiers.critic), ("judge", tiers.judge))
        found = figures(
            kept.counts,
            tiers.taxonomy,
            title=title,
            tiers=[name for name, there in asked if there],
            failures=dict(sorted(Counter(one.kind for one in kept.failed).items())),
            made_with=made_with or {},
        )
        worst = [one for _, _, one in sorted(kept.worst, key=lambda entry: (entry[0], entry[1]), reverse=True)]
        files.write(folder / FIGURES, found.model_dump_json(indent=2) + "\n")
        files.write(folder / PAGE, render_analysis(found, worst, tiers.taxonomy))
    return found


def _looked(cases: Iterable[Case | Failure], tiers: Tiers, kept: _Kept, progress: Progress) -> Iterator[Case]:
    """Ask about the cases in batches, remember what came of them, and give each back to be written."""
    done = 0
    for batch in _batches(cases):
        kept.failed.extend(one for one in batch if isinstance(one, Failure))
        for seen in look([one for one in batch if isinstance(one, Case)], tiers):
            case = seen.case
            reference = case.reference
            kept.counts.append(count(seen, None if reference is None else rouge1(reference, case.summary)))
            kept.failed.extend(seen.failures)
            kept.faults.extend(rows_of(seen))
            if seen.faults:
                heapq.heappush(kept.worst, (severity_of(seen.faults, tiers.taxonomy), -done, seen))
            if len(kept.worst) > WORST:
                heapq.heappop(kept.worst)
            done += 1
            yield case
        progress("analyze", done, None)


def rows_of(seen: Seen) -> list[CaseFault]:
    """Give the faults of a case as findings.jsonl has them."""
    case = seen.case
    return [
        CaseFault(
            **dict(one),
            id=f"{case.id}:{number}",
            case=case.id,
            words=case.summary[one.span.start : one.span.end] if one.span else "",
        )
        for number, one in enumerate(seen.faults, 1)
    ]


def _batches(items: Iterable[_T]) -> Iterator[list[_T]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch


def read_analysis(path: Path | str) -> list[tuple[Case, tuple[Fault, ...]]]:
    """Read the cases of an analysis with their faults, in order.

    Args:
        path: The folder, or the findings.jsonl in it; a user may have deleted lines of that file.

    Raises:
        InputError: A file is missing or damaged, or a finding is of no case.
    """
    place = Path(path)
    folder, findings = (place, place / FINDINGS) if place.is_dir() else (place.parent, place)
    by_case: dict[str, list[Fault]] = {}
    for row in read_jsonl(findings, CaseFault):
        named = {name: value for name, value in dict(row).items() if name not in ("id", "case", "words")}
        by_case.setdefault(row.case, []).append(Fault(**named))
    cases = list(read_jsonl(folder / CASES, Case))
    strange = set(by_case) - {case.id for case in cases}
    if strange:
        raise InputError(f"has findings of unknown cases: {', '.join(sorted(strange)[:3])}", file=str(findings))
    return [(case, tuple(by_case.get(case.id, ()))) for case in cases]
