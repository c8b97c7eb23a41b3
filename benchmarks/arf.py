"""Errors of the shipped writer's summaries, as careful readings mark them, and how much of them rules find.

    python benchmarks/arf.py --data DATA

Reads benchmarks/arf (README there): what the writer `summary-conversation` wrote about TweetSumm's part `summarise`,
and the errors that a large language model marked in it. For each code: the share of summaries marked with it, the share
in which the rules of `gistill analyze` name it, how many of the marked the rules find, and how many of those that rules
name are marked; 95% Wilson intervals. Then how far two independent readings of the same summaries agree (Cohen's
kappa), and what one reading that did not know whose they were marked in summaries of people and of the writer. Last,
what other blind readings marked in the editors' corrections, and in what students wrote about the parts test and
valid, and how they rated these.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gistill.analysis.cases import Case
from gistill.analysis.tiers import Tiers, look
from gistill.distill.loop.talks import load_talks
from gistill.grounding.faults.taxonomy import load_taxonomy
from gistill.stats import bootstrap_interval, paired_bootstrap, wilson

FOLDER = Path(__file__).parent / "arf"
PAIRS = (
    ("edit", "raw"),
    ("revised-0", "raw-0"),
    ("revised-gemma-0", "raw-gemma-0"),
    ("revised-0", "teacher"),
    ("revised-gemma-0", "teacher"),
    ("raw-0", "teacher"),
)
ANY = "any"
HEAD = "| code | error | marked | rules name it | of the marked, found by rules | of those named, marked |"


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]


def readings() -> dict[str, dict[str, frozenset[str]]]:
    """Reader -> id -> codes. Readers have other summaries each, but for those read twice."""
    found: dict[str, dict[str, frozenset[str]]] = {}
    for row in rows("marks.jsonl"):
        found.setdefault(row["reader"], {})[row["id"]] = frozenset(error["code"] for error in row["errors"])
    return found


def cases(data: Path) -> list[Case]:
    talks = {talk.id: talk for talk in load_talks("tweetsumm/summarise", data=data)}
    return [talks[row["id"]].case(row["summary"]) for row in rows("teacher.jsonl") if row["part"] == "summarise"]


def shown(count: int, of: int) -> str:
    share = wilson(count, of)
    if share.value is None or share.low is None or share.high is None:
        return "-"
    return f"{100 * share.value:.0f} ({100 * share.low:.0f} to {100 * share.high:.0f})"


def has(codes: Iterable[str], code: str) -> bool:
    return bool(set(codes)) if code == ANY else code in codes


def kappa(pairs: Sequence[tuple[bool, bool]]) -> float | None:
    """Give Cohen's kappa; None where chance alone would agree always, or nothing was read twice."""
    of = len(pairs)
    if not of:
        return None
    one, other = (sum(pair[k] for pair in pairs) / of for k in (0, 1))
    chance = one * other + (1 - one) * (1 - other)
    same = sum(a == b for a, b in pairs) / of
    return None if chance >= 1 else (same - chance) / (1 - chance)


def agreement(
    found: Mapping[str, Mapping[str, frozenset[str]]], codes: Sequence[str], names: Mapping[str, str]
) -> None:
    twice = [
        (found[first][name], found["second"][name])
        for first in found
        if first != "second"
        for name in found[first]
        if name in found.get("second", {})
    ]
    print(f"\n{len(twice)} summaries read twice\n")
    print("| code | error | first reading | second | both | kappa |\n" + "| --- " * 6 + "|")
    for code in codes:
        pairs = [(has(a, code), has(b, code)) for a, b in twice]
        value = kappa(pairs)
        cells = (sum(a for a, _ in pairs), sum(b for _, b in pairs), sum(a and b for a, b in pairs))
        said = "-" if value is None else f"{value:.2f}"
        print(f"| {code} | {names[code]} | {' | '.join(map(str, cells))} | {said} |")


def blind(codes: Sequence[str], names: Mapping[str, str]) -> None:
    """Print what was marked in summaries of people and of the writer, mixed, by a reading that was not told whose."""
    found = [(row["by"], frozenset(error["code"] for error in row["errors"])) for row in rows("blind.jsonl")]
    of = {by: sum(one == by for one, _ in found) for by in ("people", "writer")}
    print(f"\n| code | error | {' | '.join(f'{by}, {count}' for by, count in of.items())} |\n" + "| --- " * 4 + "|")
    for code in codes:
        cells = [shown(sum(one == by and has(some, code) for one, some in found), count) for by, count in of.items()]
        print(f"| {code} | {names[code]} | {' | '.join(cells)} |")


def judged() -> None:
    """Print what blind readings marked in the teacher's summaries, in the editors' of them, and in students'."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for row in rows("judged.jsonl"):
        of = found.setdefault("tests" if row["part"] in ("test", "valid") else "edits", {}).setdefault(row["by"], {})
        of.setdefault(f"{row['part']}:{row['id']}", len(row["errors"]))
    for about, by in found.items():
        print(f"\n{about}\n\n| whose | summaries | errors a summary | wrong, % |\n" + "| --- " * 4 + "|")
        for who, errors in by.items():
            table = np.column_stack([list(errors.values()), np.ones(len(errors))])
            low, high = bootstrap_interval(table, mean)
            wrong = shown(sum(count > 0 for count in errors.values()), len(errors))
            print(f"| {who} | {len(errors)} | {mean(table.sum(axis=0)):.2f} ({low:.2f} to {high:.2f}) | {wrong} |")
        for one, other in PAIRS:
            both = sorted(by.get(one, {}).keys() & by.get(other, {}).keys())
            if both:
                a, b = (np.column_stack([[by[who][name] for name in both], np.ones(len(both))]) for who in (one, other))
                less = paired_bootstrap(a, b, mean)
                bounds = f"({less.low:+.2f} to {less.high:+.2f})"
                print(f"{one} less {other}: {less.value:+.2f} {bounds}, {len(both)} read for both")


def rated() -> None:
    """Print how useful blind readings found the summaries of six writers, and how far two of them agree."""
    by: dict[str, dict[str, dict[str, float]]] = {}
    for row in rows("ratings.jsonl"):
        times = by.setdefault("second" if row["reader"] == "second" else "first", {})
        times.setdefault(row["by"], {})[f"{row['part']}:{row['id']}"] = row["rating"]
    print("\n| whose | summaries | rating, 1 to 5 |\n" + "| --- " * 3 + "|")
    for who, found in by["first"].items():
        table = np.column_stack([list(found.values()), np.ones(len(found))])
        low, high = bootstrap_interval(table, mean)
        print(f"| {who} | {len(found)} | {mean(table.sum(axis=0)):.2f} ({low:.2f} to {high:.2f}) |")
    for one, other in PAIRS[1:]:
        both = sorted(by["first"][one])
        a, b = (
            np.column_stack([[by["first"][who][name] for name in both], np.ones(len(both))]) for who in (one, other)
        )
        more = paired_bootstrap(a, b, mean)
        print(
            f"{one} less {other}: {more.value:+.2f} ({more.low:+.2f} to {more.high:+.2f}), {len(both)} rated for both"
        )
    twice = [(by["first"][who][name], value) for who, some in by["second"].items() for name, value in some.items()]
    print(f"{len(twice)} rated twice: {shown(sum(a == b for a, b in twice), len(twice))}% the same")


def mean(total: NDArray[np.float64]) -> float:
    return float(total[0] / total[1])


def main() -> None:
    parser = argparse.ArgumentParser(description="Hold rules against readings of a small model's summaries.")
    parser.add_argument("--data", type=Path, required=True)
    given = parser.parse_args()
    taxonomy, found = load_taxonomy(), readings()
    names = {ANY: "any", **{code: one.name for code, one in taxonomy.items()}}
    marked = {name: codes for reader, some in found.items() if reader != "second" for name, codes in some.items()}
    some = [case for case in cases(given.data) if case.id in marked]
    rules = {seen.case.id: {one.code for one in seen.faults} for seen in look(some, Tiers(taxonomy))}
    print(f"{len(some)} summaries\n\n{HEAD}\n" + "| --- " * 6 + "|")
    for code in names:
        pairs = [(has(marked[case.id], code), has(rules[case.id], code)) for case in some]
        both = sum(a and b for a, b in pairs)
        of, named = sum(a for a, _ in pairs), sum(b for _, b in pairs)
        cells = (shown(of, len(pairs)), shown(named, len(pairs)), shown(both, of), shown(both, named))
        print(f"| {code} | {names[code]} | {' | '.join(cells)} |")
    agreement(found, list(names), names)
    blind(list(names), names)
    judged()
    rated()


if __name__ == "__main__":
    main()
