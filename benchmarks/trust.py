"""Which metric of summaries to trust: ratings by careful readings, and how far each metric orders summaries as they do.

    python benchmarks/trust.py ask FOLDER --data DATA     writes what is to be read, and the key of who wrote what
    python benchmarks/trust.py score --data DATA          holds the metrics against benchmarks/trust/ratings.jsonl

25 businesses of FewSum val, eight reviews each; nine summaries of each, of about 50 words: four by copying sentences,
four that GPT-3.5 pipelines wrote, and the first of three that people wrote. Metrics with references have the other two.
The readings are of a large language model, read through batch files, that was not told who wrote what: they are not
people, and say so. A rank correlation is taken within each business over its nine summaries and averaged (what chooses
a summary), and over the means of the systems (what chooses a system); 95% intervals by resampling businesses.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gistill.bench.abs import deeply
from gistill.bench.abs.baselines import summarize
from gistill.bench.abs.sets import load_set
from gistill.bench.tables import aligned
from gistill.corpora.summaries.fewsum import recorded
from gistill.evaluate.summaries.scoring import BY_NAME, count
from gistill.evaluate.summaries.words import cut
from gistill.files import hash_text
from gistill.skills.quality import CRITERIA
from gistill.stats import bootstrap_interval
from gistill.task import SummaryTask

RATINGS = Path(__file__).parent / "trust" / "ratings.jsonl"
COPIED, WRITTEN, PEOPLE = ("lead", "random", "lexrank", "oracle"), ("gpt3", "gpt3-ml-fl", "qfsumm", "qg"), "people"
BUSINESSES, LETTERS = 25, "ABCDEFGHI"
METRICS = [name for name in BY_NAME if "evidence" not in name]


def tasks(data: Path) -> list[SummaryTask]:
    return random.Random(0).sample(
        sorted(load_set("fewsum/val", folder=data).examples, key=lambda one: one.id), BUSINESSES
    )


def texts(some: Sequence[SummaryTask], data: Path) -> dict[str, dict[str, str]]:
    """System -> id -> summary, all cut to the usual number of words of a reference."""
    on = load_set("fewsum/val", folder=data)
    found = {name: {one.id: summarize(name, one, on.length(one)) for one in some} for name in COPIED}
    for name in WRITTEN:
        wrote = recorded(name, folder=data)
        found[name] = {one.id: cut(wrote[one.id], on.length(one)) for one in some}
    found[PEOPLE] = {one.id: cut(one.references[0], on.length(one)) for one in some}
    return found


def ask(folder: Path, data: Path, parts: int = 2) -> None:
    some = tasks(data)
    wrote, draw, key = texts(some, data), random.Random(1), {}
    folder.mkdir(parents=True, exist_ok=True)
    for part in range(parts):
        pages = []
        for number, task in enumerate(some[part::parts]):
            order = draw.sample(sorted(wrote), len(wrote))
            name = f"b{part + 1}{number:02d}"
            key[name] = {"id": task.id, "order": order}
            reviews = "\n".join(f"Review {at}: {text}" for at, text in enumerate(task.sources, 1))
            shown = "\n".join(
                f"{letter}: {' '.join(wrote[who][task.id].split())}" for letter, who in zip(LETTERS, order, strict=True)
            )
            pages.append(f"=== {name}\n{reviews}\n\n{shown}\n")
        (folder / f"items-{part + 1}.txt").write_text("\n".join(pages), encoding="utf-8")
    (folder / "key.json").write_text(json.dumps(key), encoding="utf-8")


def ratings() -> list[dict[str, Any]]:
    return [json.loads(line) for line in RATINGS.read_text(encoding="utf-8").splitlines()]


def alpha(pairs: Sequence[tuple[float, float]]) -> float:
    """Give Krippendorff's alpha of two readings, distances squared (interval).

    >>> round(alpha([(1, 1), (2, 2), (3, 3)]), 2)
    1.0
    """
    values = np.array(pairs, dtype=float)
    seen = ((values[:, 0] - values[:, 1]) ** 2).mean()
    every = values.ravel()
    chance = ((every[:, None] - every[None, :]) ** 2).sum() / (len(every) * (len(every) - 1))
    return float(1 - seen / chance) if chance else float("nan")


def kendall(a: Sequence[float], b: Sequence[float]) -> float:
    """Give Kendall's tau-b; nan where one side has one value only.

    >>> round(kendall([1, 2, 3, 4], [1, 2, 4, 3]), 3)
    0.667
    """
    x, y = (np.sign(np.subtract.outer(one, one))[np.triu_indices(len(one), 1)] for one in (np.array(a), np.array(b)))
    size = np.sqrt((x != 0).sum() * (y != 0).sum())
    return float((x * y).sum() / size) if size else float("nan")


def spearman(a: Sequence[float], b: Sequence[float]) -> float:
    """Give Spearman's rho, ties with their mean rank; nan where one side has one value only.

    >>> round(spearman([1, 2, 3], [1, 3, 2]), 2)
    0.5
    """
    x, y = (np.array([(np.sum(np.array(one) < v) + np.sum(np.array(one) <= v)) / 2 for v in one]) for one in (a, b))
    return float(np.corrcoef(x, y)[0, 1]) if x.std() and y.std() else float("nan")


def measured(
    some: Sequence[SummaryTask], wrote: dict[str, dict[str, str]]
) -> Iterator[tuple[str, str, dict[str, float]]]:
    """Give business, system, and each metric's value, turned round where less is better."""
    for task in some:
        other = task._replace(references=task.references[1:])
        for system, by_id in wrote.items():
            counts = count(other, by_id[task.id]) | deeply.count(other, by_id[task.id])
            values = {}
            for name in METRICS:
                if name in counts and counts[name][-1]:
                    measure = BY_NAME[name]
                    values[name] = (measure.better or 1) * measure.score(np.array(counts[name], dtype=float))
            yield task.id, system, values


def within(
    by: dict[str, dict[str, float]], said: dict[str, dict[str, float]], how: Callable[..., float]
) -> list[float]:
    """Give a correlation for each business over the systems that have both."""
    found = []
    for name in said:
        both = [system for system in said[name] if system in by.get(name, {})]
        if len(both) > 2:
            value = how([by[name][one] for one in both], [said[name][one] for one in both])
            if value == value:
                found.append(value)
    return found


def _cell(values: Sequence[float]) -> str:
    if len(values) < 5:
        return "-"
    table = np.column_stack([values, np.ones(len(values))])
    low, high = bootstrap_interval(table, lambda total: float(total[0] / total[1]))
    return f"{np.mean(values):.2f} ({low:.2f} to {high:.2f})"


def score(data: Path) -> None:
    some = tasks(data)
    wrote, given = texts(some, data), ratings()
    wrong = [row for row in given if row["summary"] != hash_text(wrote[row["by"]][row["id"]])[:16]]
    if wrong:
        raise SystemExit(f"{len(wrong)} ratings are of other texts than the systems write now")
    said: dict[str, dict[str, dict[str, list[float]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for row in given:
        for name in CRITERIA:
            said[name][row["id"]][row["by"]].append(row[name])
    mean = {n: {b: {s: float(np.mean(v)) for s, v in some.items()} for b, some in by.items()} for n, by in said.items()}
    print(f"{len(given)} ratings of {len({(row['id'], row['by']) for row in given})} summaries\n")
    rows = [["criterion", "alpha of two readings", *wrote]]
    for name in CRITERIA:
        pairs = [(v[0], v[1]) for by in said[name].values() for v in by.values() if len(v) == 2]
        cells = [f"{np.mean([mean[name][b][s] for b in mean[name] if s in mean[name][b]]):.2f}" for s in wrote]
        rows.append([name, f"{alpha(pairs):.2f}" if pairs else "-", *cells])
    print(aligned(rows))
    values: dict[str, dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for business, system, one in measured(some, wrote):
        for name, value in one.items():
            values[name][business][system] = value
    for title, kept in (("all nine", tuple(wrote)), ("the five that were written", (*WRITTEN, PEOPLE))):
        print(f"\n{title}\n\n{aligned(_rows(values, mean, kept))}")


def _rows(values: Any, mean: Any, kept: Sequence[str]) -> list[list[str]]:
    rows = [
        ["metric", "tau with overall", "rho with overall", "tau with coverage", "tau with relevance", "rho of systems"]
    ]
    for name in METRICS:
        if name not in values:
            continue
        by, to = ({b: {s: v for s, v in one.items() if s in kept} for b, one in values[name].items()}, {})
        for criterion in ("overall", "coverage", "relevance"):
            to[criterion] = {b: {s: v for s, v in one.items() if s in kept} for b, one in mean[criterion].items()}
        cells = [
            _cell(within(by, to["overall"], kendall)),
            _cell(within(by, to["overall"], spearman)),
            _cell(within(by, to["coverage"], kendall)),
            _cell(within(by, to["relevance"], kendall)),
        ]
        systems = [
            [np.mean([one[s] for one in side.values() if s in one]) for s in kept] for side in (by, to["overall"])
        ]
        rows.append([name, *cells, f"{spearman(*systems):.2f}"])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description="Hold metrics of summaries against ratings.")
    parser.add_argument("what", choices=("ask", "score"))
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    given = parser.parse_args()
    if given.what == "ask":
        ask(given.folder or Path("asked"), given.data)
    else:
        score(given.data)


if __name__ == "__main__":
    main()
