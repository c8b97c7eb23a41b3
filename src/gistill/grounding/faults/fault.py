"""The noun: one error in one summary."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field

from gistill.schema import Noun, Span

Tier = Literal["rules", "critic", "judge"]
TIERS: tuple[Tier, ...] = get_args(Tier)


class Fault(Noun):
    """One error in a summary, as one tier found it."""

    code: str  # of the taxonomy
    rule: str  # the rule, or the model, that found it
    tier: Tier
    span: Span | None  # in the summary; None where something is missing, or where it is all of it
    source: Span | None  # in the source, what it was held against; None where nothing there speaks of it
    confidence: float | None = Field(default=None, ge=0, le=1)  # a model's probability; None: nobody measured it
    says: str  # one sentence for a reader
    value: str | None = None  # words of the source that would be right in the span's place, where a rule knows them


def fault(
    code: str,
    rule: str,
    says: str,
    *,
    span: tuple[int, int] | None = None,
    source: tuple[int, int] | None = None,
    value: str | None = None,
) -> Fault:
    """Make a fault that a rule found; spans are `[start, end)` in code points."""
    return Fault(code=code, rule=rule, tier="rules", span=_span(span), source=_span(source), says=says, value=value)


def _span(at: tuple[int, int] | None) -> Span | None:
    return None if at is None else Span(start=at[0], end=at[1])
