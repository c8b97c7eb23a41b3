"""What the calls in a journal cost and saved: per run, step and model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Ask = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]

_CALLS = """
SELECT run, step, model, count(*), sum(outcome = 'ok'), sum(outcome = 'failed'), sum(outcome = 'open'),
       coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0), coalesce(sum(cached_tokens), 0),
       sum(outcome = 'ok' AND (prompt_tokens IS NULL OR completion_tokens IS NULL)), coalesce(sum(seconds), 0),
       coalesce(sum(price), 0), sum(price IS NULL),
       coalesce(group_concat(DISTINCT CASE WHEN price_source <> 'refused' THEN price_source END), '')
FROM attempts WHERE ?1 IS NULL OR run = ?1 GROUP BY run, step, model
"""
_HITS = """
SELECT hits.run, hits.step, model, count(*), coalesce(sum(price), 0), sum(price IS NULL)
FROM hits JOIN attempts ON attempts.id = hits.attempt WHERE ?1 IS NULL OR hits.run = ?1
GROUP BY hits.run, hits.step, model
"""


@dataclass(frozen=True)
class Cost:
    """The calls of one run, step and model; of all, where these are empty.

    Attributes:
        calls: Attempts: answered, failed and open. An open one is in flight, or was when its process was killed: nobody
            can know whether it was paid.
        hits: Calls that were not made, because the journal held the answer or an equal request was in the same batch.
        prompt_tokens: As far as servers told. The same holds for `completion_tokens` and `cached_tokens`.
        untold: Answers without token counts.
        seconds: Sum over calls, which overlap: not the time the run took.
        known_spent: USD, of the attempts whose price is known. A call that the server refused cost nothing.
        unknown_spent: Attempts of unknown price.
        known_saved: USD that the hits would have cost, as far as known; `unknown_saved` counts the others.
        price_sources: Who said what a call costs.
    """

    run: str
    step: str
    model: str
    calls: int = 0
    answered: int = 0
    failed: int = 0
    open: int = 0
    hits: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    untold: int = 0
    seconds: float = 0.0
    known_spent: float = 0.0
    unknown_spent: int = 0
    known_saved: float = 0.0
    unknown_saved: int = 0
    price_sources: tuple[str, ...] = ()

    @property
    def spent(self) -> float | None:
        """Money spent, USD; None where any of it is unknown."""
        return None if self.unknown_spent else self.known_spent

    @property
    def saved(self) -> float | None:
        """Money saved by hits, USD; None where any of it is unknown."""
        return None if self.unknown_saved else self.known_saved


def costs(ask: Ask, run: str | None = None) -> list[Cost]:
    """Sum up a journal, through a function that answers SQL; one row per run, step and model, in this order."""
    hits = {tuple(row[:3]): row[3:] for row in ask(_HITS, (run,))}
    found = []
    for row in ask(_CALLS, (run,)):
        place, counts, sources = row[:3], row[3:14], tuple(sorted(filter(None, row[14].split(","))))
        calls, answered, failed, left, prompt, completion, cached, untold, seconds, spent, unknown = counts
        served, saved, unsaved = hits.pop(place, (0, 0.0, 0))
        found.append(
            Cost(
                *place, calls, answered, failed, left, served, prompt, completion, cached, untold, seconds, spent,
                unknown, saved, unsaved, sources,
            )
        )  # fmt: skip
    for place, (served, saved, unsaved) in hits.items():  # a run that was answered by the journal alone
        found.append(Cost(*place, hits=served, known_saved=saved, unknown_saved=unsaved))
    return sorted(found, key=lambda cost: (cost.run, cost.step, cost.model))


def total(rows: Iterable[Cost]) -> Cost:
    """Add costs up."""
    rows = list(rows)
    summed = {
        name: sum(getattr(row, name) for row in rows)
        for name, field in Cost.__dataclass_fields__.items()
        if field.type in ("int", "float")
    }
    return Cost("", "", "", **summed, price_sources=tuple(sorted({s for row in rows for s in row.price_sources})))
