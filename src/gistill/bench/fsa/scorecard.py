"""What is known of one system on one set: scores by view, what it cost, and how the numbers were made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from gistill.bench.answers import Cost
from gistill.bench.fsa.sets import BenchSet
from gistill.corpora.tuples import Example
from gistill.evaluate.tuples import SeedScorecard, score_seeds
from gistill.schema import Noun, TupleAnswer

View = Literal["all", "implicit", "multi"]
VIEWS: tuple[View, ...] = ("all", "implicit", "multi")


class BenchScorecard(Noun):
    """One system on one set.

    Attributes:
        system: The row's name.
        set: The set's name.
        texts: How many were scored.
        skipped: Why there are no scores; empty where there are.
        views: Strict scores: of all texts, of those with an opinion without words, of those with several polarities.
        as_published: The same with illegal predictions left out, for comparison only; empty where there are none, and
            both ways of counting agree.
        sentences_per_second: Of all seeds, loading left out; None where nothing was computed.
        peak_mb: The largest resident size of the system's process; None where it had none or it is not known.
        signature: How the numbers were made.
    """

    system: str
    set: str
    texts: int
    skipped: str = ""
    views: dict[View, SeedScorecard] = Field(default_factory=dict)
    as_published: dict[View, SeedScorecard] = Field(default_factory=dict)
    sentences_per_second: float | None = None
    peak_mb: float | None = None
    signature: dict[str, str | list[str]] = Field(default_factory=dict)


def scorecard(
    system: str,
    on: BenchSet,
    answers: Sequence[Sequence[TupleAnswer]],
    costs: Sequence[Cost],
    *,
    signature: dict[str, str | list[str]],
    seed: int = 0,
) -> BenchScorecard:
    """Score the answers of a system's seeds on a set.

    Args:
        system: The row's name.
        on: The set.
        answers: Of each seed, about each text.
        costs: What each seed took.
        signature: How the answers were made; the set's hash and the way of counting are added.
        seed: Of the bootstrap.
    """

    def by_view(as_published: bool) -> dict[View, SeedScorecard]:
        found: dict[View, SeedScorecard] = {}
        for view in VIEWS:
            places = [i for i, example in enumerate(on.examples) if in_view(example, view)]
            gold = [on.examples[i].tuples for i in places]
            seen = [[run[i] for i in places] for run in answers]
            found[view] = score_seeds(gold, seen, as_published=as_published, seed=seed)
        return found

    seconds = sum(cost.seconds for cost in costs)
    return BenchScorecard(
        system=system,
        set=on.name,
        texts=len(on.examples),
        views=by_view(False),
        as_published=by_view(True) if any(a.failures for run in answers for a in run) else {},
        sentences_per_second=round(len(on.examples) * len(costs) / seconds, 2) if seconds else None,
        peak_mb=max((cost.peak_mb for cost in costs if cost.peak_mb is not None), default=None),
        signature={**signature, "data": on.hash, "match": "exact words, case-sensitive", "average": "micro"},
    )


def in_view(example: Example, view: View) -> bool:
    """Say whether a text belongs to a view; where a corpus does not say what is implicit, that view is empty."""
    return view == "all" or bool(example.implicit if view == "implicit" else example.multi)
