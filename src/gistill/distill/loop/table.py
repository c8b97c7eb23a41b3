"""The table of the loop: errors, length and likeness to references of what each wrote, and paired differences."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gistill import files
from gistill.analysis.comparing import ERRORS, WRONG
from gistill.analysis.tiers import Tiers, look
from gistill.distill.loop.recipe import LoopRecipe
from gistill.distill.loop.talks import Talk
from gistill.grounding.faults.taxonomy import Taxonomy
from gistill.skills.overlap import rouge1, rouge_l
from gistill.stats import bootstrap_interval, paired_bootstrap

JUDGED, JUDGED_WRONG = "judged", "judged_wrong"  # as ERRORS and WRONG, of the judge alone
PLAIN = (ERRORS, WRONG, JUDGED, JUDGED_WRONG, "words", "complete", "rouge1", "rouge_l", "seconds")


class Learned(NamedTuple):
    """What a student learned from, and how many rows that are."""

    lesson: str
    rows: int


def write_scores(
    file: Path, wrote: Sequence[tuple[int, Mapping[str, Any]]], tests: Sequence[Talk], tiers: Tiers
) -> None:
    """Write one row for each summary and seed: its errors by code, words, whether it ends, ROUGE, seconds.

    Errors are those of codes that something validates, as rules and critic find them, and in cells of their own
    (`judged`, `judged_wrong`, `judged_E1` and so on) as the judge marks them; a cell is empty where nothing was
    measured. `gistill compare` reads the file.

    Args:
        file: CSV.
        wrote: (seed, id -> summary, complete, perhaps seconds).
        tests: The conversations; those without a summary are left out, and counted by nobody as right.
        tiers: Who looks.
    """
    codes = list(tiers.taxonomy)
    summed = {code for code in codes if tiers.taxonomy[code].validated != "nothing"}
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(["id", "seed", "channel", *PLAIN, *codes, *(f"{JUDGED}_{code}" for code in codes)])
    for seed, rows in wrote:
        there = [talk for talk in tests if talk.id in rows]
        seen = look([talk.case(rows[talk.id]["summary"]) for talk in there], tiers)
        for talk, one in zip(there, seen, strict=True):
            row, found = rows[talk.id], [fault.code for fault in one.faults if fault.tier != "judge"]
            marked = [fault.code for fault in one.faults if fault.tier == "judge"] if "judge" in one.checked else None
            said = row["summary"]
            others = [r for r in talk.references if r != said]
            likeness = [max(score(r, said) for r in others) if others else "" for score in (rouge1, rouge_l)]
            errors = sum(code in summed for code in found)
            judged = ["", ""] if marked is None else [len(marked), int(bool(marked))]
            plain = [errors, int(errors > 0), *judged, len(said.split()), int(bool(row["complete"])), *likeness]
            by_judge = ["" if marked is None else marked.count(code) for code in codes]
            cells = [*plain, row.get("seconds", ""), *map(found.count, codes), *by_judge]
            out.writerow([talk.id, seed, talk.channel or "", *cells])
    file.parent.mkdir(parents=True, exist_ok=True)
    files.write(file, text.getvalue())


def write_loop_table(
    recipe: LoopRecipe, lessons: Mapping[str, Learned], who: Sequence[str], taxonomy: Taxonomy, out: Path
) -> Path:
    """Write table.md from the scores: all, by code, by channel, and the differences that the loop is about."""
    scores = {name: _read(out / "scores" / f"{name}.csv") for name in who}
    scores = {name: rows for name, rows in scores.items() if rows}
    judged = {name: some for name, rows in scores.items() if (some := [row for row in rows if row[JUDGED] != ""])}
    parts = [
        f"# {recipe.name}\n",
        f"Teacher: {recipe.teacher_name}. Students: {recipe.model}, seeds {', '.join(map(str, recipe.seeds))}. Tests: "
        f"{', '.join(Path(name).name if name.endswith('.jsonl') else name for name in recipe.tests)}. Means over "
        "conversations (the mean of the seeds first), with 95% intervals by resampling conversations. Errors are of "
        "codes that something validates; `errors` counts them in a summary, `wrong` is the share with any, as rules "
        "and critic find them and, where it was asked, as the judge marks them.\n",
        _all(scores, lessons),
        "\n## Errors a summary, by code, as rules and critic find them\n",
        _by_code(scores, taxonomy),
        *(["\n## As the judge marks them\n", _by_code(judged, taxonomy, f"{JUDGED}_")] if judged else []),
        "\n## Differences\n",
        _differences(recipe, scores),
    ]
    if channels := sorted({row["channel"] for rows in scores.values() for row in rows if row["channel"]}):
        parts += ["\n## Errors a summary, by channel\n", _by_channel(scores, channels)]
    path = out / "table.md"
    files.write(path, "\n".join(parts) + "\n")
    return path


def _read(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def _by_case(rows: Sequence[dict[str, str]], metric: str) -> dict[str, float]:
    """Give each conversation's mean over the seeds; those without a value are left out."""
    found = defaultdict(list)
    for row in rows:
        if row[metric] != "":
            found[row["id"]].append(float(row[metric]))
    return {name: sum(some) / len(some) for name, some in found.items()}


def _cell(
    rows: Sequence[dict[str, str]], metric: str, *, times: float = 1, digits: int = 2, bounds: bool = True
) -> str:
    values = list(_by_case(rows, metric).values())
    if not values:
        return "-"
    mean = f"{times * sum(values) / len(values):.{digits}f}"
    if len(values) < 2 or not bounds:
        return mean
    table = np.column_stack([values, np.ones(len(values))])
    low, high = bootstrap_interval(table, lambda total: float(total[0] / total[1]))
    return f"{mean} ({times * low:.{digits}f} to {times * high:.{digits}f})"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _all(scores: Mapping[str, Sequence[dict[str, str]]], lessons: Mapping[str, Learned]) -> str:
    head = (
        "who", "learned from", "rows", "summaries", "errors", "wrong, %", "judged", "errors, judge", "wrong, judge, %",
        "words", "complete, %", "ROUGE-1", "ROUGE-L", "seconds",
    )  # fmt: skip
    rows = []
    for name, found in scores.items():
        learned = lessons.get(name)
        rows.append(
            [
                name,
                learned.lesson if learned else "-",
                f"{learned.rows:,}" if learned else "-",
                f"{len(found):,}",
                _cell(found, ERRORS),
                _cell(found, WRONG, times=100, digits=0),
                f"{sum(row[JUDGED] != '' for row in found):,}",
                _cell(found, JUDGED),
                _cell(found, JUDGED_WRONG, times=100, digits=0),
                _cell(found, "words", digits=0, bounds=False),
                _cell(found, "complete", times=100, digits=0, bounds=False),
                _cell(found, "rouge1", times=100, digits=1),
                _cell(found, "rouge_l", times=100, digits=1),
                _cell(found, "seconds", bounds=False),
            ]
        )
    return _table(head, rows)


def _by_code(scores: Mapping[str, Sequence[dict[str, str]]], taxonomy: Taxonomy, prefix: str = "") -> str:
    rows = [
        [code, one.name, one.validated, *(_cell(found, prefix + code, bounds=False) for found in scores.values())]
        for code, one in taxonomy.items()
    ]
    return _table(["code", "error", "validated by", *scores], rows)


def _by_channel(scores: Mapping[str, Sequence[dict[str, str]]], channels: Sequence[str]) -> str:
    rows = [
        [name, *(_cell([row for row in found if row["channel"] == channel], ERRORS) for channel in channels)]
        for name, found in scores.items()
    ]
    return _table(["who", *channels], rows)


def _differences(recipe: LoopRecipe, scores: Mapping[str, Sequence[dict[str, str]]]) -> str:
    """Hold each student on revised summaries against those on others and against the teacher."""
    revised = [
        name for name, lesson in recipe.students.items() if lesson in ("revised", "preferred") and name in scores
    ]
    rows = []
    for name in revised:
        for other in scores:
            if other == name or other in ("untrained", "people"):
                continue
            cells = [_difference(scores[other], scores[name], metric) for metric in (ERRORS, JUDGED, JUDGED_WRONG)]
            rows.append([name, other, *cells])
    if not rows:
        return "No student learned from what was mended."
    return _table(["student", "less", "errors", "errors, judge", "wrong, judge"], rows)


def _difference(a: Sequence[dict[str, str]], b: Sequence[dict[str, str]], metric: str) -> str:
    """Give B - A on the conversations that have a value in both, and how many those are."""
    x, y = _by_case(a, metric), _by_case(b, metric)
    both = sorted(x.keys() & y.keys())
    if len(both) < 2:
        return "-"
    first, second = (np.column_stack([[one[name] for name in both], np.ones(len(both))]) for one in (x, y))
    by = paired_bootstrap(second, first, lambda total: float(total[0] / total[1]))
    bounds = "" if by.low is None else f" ({by.low:+.3f} to {by.high:+.3f})"
    return f"{by.value:+.3f}{bounds}, {len(both):,}"
