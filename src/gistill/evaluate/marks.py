"""Score what was read against what was marked: by overlapping words, strictly, and each attribute by itself.

An opinion read and an opinion marked in the same text make at most one pair. They *overlap* when their opinion words
share a character; the pair is *relaxed* when the polarity is the same too, *strict* when aspect (or none on both
sides), opinion words and polarity are equal. Counts are summed over texts (micro).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

from gistill.categories import Kind
from gistill.schema import Polarity

Extent = tuple[int, int]  # half-open


class Marked(NamedTuple):
    """An opinion, read or marked; offsets count in the text. What is not said is None."""

    aspect: Extent | None
    opinion: Extent | None
    polarity: Polarity
    category: str | None = None
    kind: Kind | None = None
    strength: int | None = None


class Pair(NamedTuple):
    """Places of one pair in the lists of the marked and the read opinions of a text."""

    marked: int
    read: int
    relaxed: bool


def pairs(marked: Sequence[Marked], read: Sequence[Marked]) -> list[Pair]:
    """Pair the opinions of one text whose words overlap: same polarity first, then most shared characters.

    An opinion without words never pairs.
    """
    able = [
        (m.polarity == r.polarity, _shared(m.opinion, r.opinion), -i, -j)
        for i, m in enumerate(marked)
        for j, r in enumerate(read)
        if m.opinion and r.opinion and _shared(m.opinion, r.opinion) > 0
    ]
    found: list[Pair] = []
    used_marked, used_read = set(), set()
    for same, _, i, j in sorted(able, reverse=True):
        if -i not in used_marked and -j not in used_read:
            used_marked.add(-i)
            used_read.add(-j)
            found.append(Pair(-i, -j, same))
    return found


def _shared(one: Extent, other: Extent) -> int:
    return min(one[1], other[1]) - max(one[0], other[0])


@dataclass
class Counts:
    """What was counted over texts; `table` gives the shares."""

    texts: int = 0
    of: Counter[str] = field(default_factory=Counter)
    lengths: list[float] = field(default_factory=list)

    def add(self, marked: Sequence[Marked], read: Sequence[Marked]) -> None:
        """Count one text."""
        self.texts += 1
        self.of["marked"] += len(marked)
        self.of["read"] += len(read)
        self.of["strict"] += len({m[:3] for m in marked} & {r[:3] for r in read})
        self.of.update(f"marked_{m.polarity}" for m in marked)
        self.of.update(f"read_{r.polarity}" for r in read)
        paired = pairs(marked, read)
        self.of["right"] += len(marked) == len(read) == sum(pair.relaxed for pair in paired)
        for i, j, relaxed in paired:
            goal, found = marked[i], read[j]
            self.of["overlap"] += 1
            self.of["wrong_way"] += {goal.polarity, found.polarity} == {"positive", "negative"}
            if relaxed:
                self._relaxed(goal, found)

    def _relaxed(self, goal: Marked, found: Marked) -> None:
        self.of["relaxed"] += 1
        self.of[f"relaxed_{goal.polarity}"] += 1
        if goal.opinion and found.opinion:
            self.lengths.append((found.opinion[1] - found.opinion[0]) / (goal.opinion[1] - goal.opinion[0]))
        for name in ("category", "kind", "strength"):
            said = getattr(found, name)
            self.of[f"{name}_said"] += said is not None
            self.of[name] += said == getattr(goal, name)

    def table(self) -> dict[str, float | int | None]:
        """Give the shares, each None where nothing stands below the line.

        `right` is the share of texts in which everything marked is in a relaxed pair and nothing else is read;
        `relaxed` and `strict` are F1, `precision` and `recall` (also by polarity) relaxed; `wrong_way` is the share of
        overlapping pairs of which one is positive and the other negative; `words` the median ratio of the lengths of
        read and marked opinion words; `category`, `kind` and `strength` the shares that are right on relaxed pairs,
        None where nothing was said of any.
        """
        of = self.of
        both = of["marked"] + of["read"]
        shares: dict[str, float | int | None] = {
            "texts": self.texts,
            "marked": of["marked"],
            "read": of["read"],
            "right": _share(of["right"], self.texts),
            "relaxed": _share(2 * of["relaxed"], both),
            "precision": _share(of["relaxed"], of["read"]),
            "recall": _share(of["relaxed"], of["marked"]),
        }
        for polarity in ("positive", "negative", "neutral"):
            shares[f"recall_{polarity}"] = _share(of[f"relaxed_{polarity}"], of[f"marked_{polarity}"])
        for polarity in ("positive", "negative", "neutral"):
            shares[f"precision_{polarity}"] = _share(of[f"relaxed_{polarity}"], of[f"read_{polarity}"])
        shares["strict"] = _share(2 * of["strict"], both)
        shares["wrong_way"] = _share(of["wrong_way"], of["overlap"])
        shares["words"] = round(median(self.lengths), 2) if self.lengths else None
        for name in ("category", "kind", "strength"):
            shares[name] = _share(of[name], of["relaxed"]) if of[f"{name}_said"] else None
        return shares


def score(texts: Iterable[tuple[Sequence[Marked], Sequence[Marked]]]) -> Counts:
    """Count the marked and the read opinions of each text."""
    counts = Counts()
    for marked, read in texts:
        counts.add(marked, read)
    return counts


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
