"""Marked and found points in, scores out: which quotes stand together, and how many people a point has.

A point is two quotes or more; a quote that stands with no other is in none. Labels say it: one number for each quote,
equal where two stand together. Counts are summed over groups (micro) and bounded by resampling groups.

* **Pairwise**: a pair of quotes is right when marks and answer put both together. Quotes alone make no pair, so an
  answer that joins nothing has 0.
* **B-cubed** over points of two or more: precision is the mean over the quotes that the answer put into a point, of the
  share of that point that is marked as the same; recall the mean over the quotes marked into a point, of the share of
  that point that the answer put with it. A quote counts as with itself.
* **People off**: of each marked point, the difference between its people and those of the found point that holds most
  of it. A found point stands for one marked point at most; a marked point without one is off by all of its people.

Source: Bagga and Baldwin, Entity-based cross-document coreferencing using the vector space model, ACL 1998 (B-cubed).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from gistill.schema import Estimate
from gistill.stats import bootstrap_interval

RESAMPLES = 2000
Labels = Sequence[int]  # one for each quote of a group; negative: alone
MEASURES = ("pairwise", "precision", "recall", "b_cubed", "people_off", "found", "extra")
# What is counted of a group, in the order of the columns.
_COUNTS = (
    "pairs_right", "pairs_found", "pairs_marked", "precision", "quotes_found", "recall", "quotes_marked",
    "off", "points", "matched", "points_found",
)  # fmt: skip
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ClusterScores:
    """Scores over groups, each with a 95% bootstrap interval over groups; None where nothing was to be had.

    Attributes:
        pairwise: F1 over pairs of quotes.
        precision: Share of the found pairs that are marked.
        recall: Share of the marked pairs that are found.
        b_cubed: F1 of B-cubed precision and recall over points of two or more.
        people_off: Mean difference between the people of a marked point and those of the found one, in people.
        found: Share of the marked points of which a found point holds two quotes or more.
        extra: Share of the found points that stand for no marked point.
        groups: How many groups were scored.
        points: How many points of two or more are marked in them.
    """

    pairwise: Estimate
    precision: Estimate
    recall: Estimate
    b_cubed: Estimate
    people_off: Estimate
    found: Estimate
    extra: Estimate
    groups: int
    points: int


def score(groups: Iterable[tuple[Labels, Labels]], *, seed: int = 0) -> ClusterScores:
    """Score the found points of some groups.

    Args:
        groups: Of each group the labels that are marked and those that were found, for the same quotes.
        seed: Of the bootstrap.

    Raises:
        ValueError: A group has not as many found labels as marked ones.
    """
    rows = np.array([counts(marked, found) for marked, found in groups], dtype=np.float64).reshape(-1, len(_COUNTS))
    total = rows.sum(axis=0)
    estimates = {name: _estimate(rows, name, seed) for name in MEASURES}
    return ClusterScores(**estimates, groups=len(rows), points=int(total[_COUNTS.index("points")]))


def counts(marked: Labels, found: Labels) -> list[float]:
    """Count one group; what is counted adds up over groups."""
    if len(marked) != len(found):
        raise ValueError(f"{len(found)} labels were found for {len(marked)} quotes")
    gold, answer = _numbered(marked), _numbered(found)
    of_gold, of_answer, both = Counter(gold), Counter(answer), Counter(zip(gold, answer, strict=True))
    precision = sum(n * n / of_answer[a] for (_, a), n in both.items() if of_answer[a] > 1)
    recall = sum(n * n / of_gold[g] for (g, _), n in both.items() if of_gold[g] > 1)
    off, matched = _off(of_gold, of_answer, both)
    return [
        sum(comb(n, 2) for n in both.values()),
        sum(comb(n, 2) for n in of_answer.values()),
        sum(comb(n, 2) for n in of_gold.values()),
        precision,
        sum(n for n in of_answer.values() if n > 1),
        recall,
        sum(n for n in of_gold.values() if n > 1),
        off,
        sum(n > 1 for n in of_gold.values()),
        matched,
        sum(n > 1 for n in of_answer.values()),
    ]


def _numbered(labels: Labels) -> list[int]:
    """Number points by their first quote, so that names of labels decide nothing; a negative label is a point alone."""
    first: dict[int, int] = {}
    return [place if label < 0 else first.setdefault(label, place) for place, label in enumerate(labels)]


def _off(gold: Counter[int], answer: Counter[int], both: Counter[tuple[int, int]]) -> tuple[int, int]:
    """Sum over marked points how many people the found one differs by; and count the marked points that have one.

    Points are matched by the quotes that they share, most first, at least two; of equals, those of like size first.
    """
    shared = sorted((-n, abs(gold[g] - answer[a]), g, a) for (g, a), n in both.items() if n > 1)
    left = {g: n for g, n in gold.items() if n > 1}
    used: set[int] = set()
    off = matched = 0
    for _, difference, g, a in shared:
        if g in left and a not in used:
            used.add(a)
            del left[g]
            off += difference
            matched += 1
    return off + sum(left.values()), matched


def _estimate(rows: Floats, name: str, seed: int) -> Estimate:
    value = _value(rows.sum(axis=0), name)
    if value is None:
        return Estimate(value=None)
    if len(rows) < 2:
        return Estimate(value=value)
    low, high = bootstrap_interval(rows, lambda total: _value(total, name) or 0.0, resamples=RESAMPLES, seed=seed)
    return Estimate(
        value=value, low=low, high=high, method=f"bootstrap over groups, {RESAMPLES} resamples, seed {seed}"
    )


def _value(total: Floats, name: str) -> float | None:
    """Turn summed counts into a measure; None where nothing stands below the line."""
    of = dict(zip(_COUNTS, total.tolist(), strict=True))
    if name == "b_cubed":
        precision = _share(of["precision"], of["quotes_found"]) or 0.0
        recall = _share(of["recall"], of["quotes_marked"])
        if recall is None:
            return None
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    above, below = {
        "pairwise": (2 * of["pairs_right"], of["pairs_found"] + of["pairs_marked"]),
        "precision": (of["pairs_right"], of["pairs_found"]),
        "recall": (of["pairs_right"], of["pairs_marked"]),
        "people_off": (of["off"], of["points"]),
        "found": (of["matched"], of["points"]),
        "extra": (of["points_found"] - of["matched"], of["points_found"]),
    }[name]
    return _share(above, below)


def _share(above: float, below: float) -> float | None:
    return above / below if below else None
