"""What is counted, and how sure it is: proportions, estimates, tallies. `gistill.schema` has these nouns too.

Frozen, and unknown fields are refused. Not measured is None, never 0.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from gistill.record import Noun


class Proportion(Noun):
    """`count` of `of`, with a 95% Wilson interval. `value` is None when `of` is 0: nothing was measured."""

    count: int
    of: int
    value: float | None
    low: float | None
    high: float | None


class Estimate(Noun):
    """A number with a 95% interval and how the interval was made. None where it cannot be measured."""

    value: float | None
    low: float | None = None
    high: float | None = None
    method: str = ""


class Tally(Noun):
    """Honest counts of one group of opinions.

    `people` counts distinct authors; a record without an author counts as one person of its own. `mentions` counts
    opinions. `share` is people of all people read. Net sentiment is (positive - negative) / mentions, in [-1, 1].
    """

    people: int
    records: int
    mentions: int
    positive: int
    negative: int
    neutral: int
    share: Proportion  # people with such an opinion, of the people whose text was read
    per_100_responses: float | None  # mentions per 100 records read
    net_sentiment: Estimate


class Period(Noun):
    """One step of a trend. `start` is the first day of the period; `unit` says how long it is."""

    start: dt.date
    unit: Literal["day", "week", "month", "quarter", "year"]
    tally: Tally


class EntityTally(Noun):
    """The same counts for one entity (product, hotel, ...); `share` is of that entity's people."""

    entity: str
    tally: Tally


class Compared(Noun):
    """The same counts for each value of one column (version, device, store, agent, ...), as for entities."""

    column: str
    values: tuple[EntityTally, ...]  # over all opinions; those where most people speak first
    aspects: dict[str, tuple[EntityTally, ...]]  # aspect id -> over its opinions
    # point id -> over its opinions, for values of which anybody makes it
    points: dict[str, tuple[EntityTally, ...]] = Field(default_factory=dict)


class Answered(Noun):
    """What people answered to one question for a rating."""

    question: str  # what was asked, or how the column is called
    answers: int  # of the records read, and of people who rated without a word
    without_text: int = 0  # of the answers, those without a word
    mean: float | None
    counts: dict[str, int]  # rating, as text -> records that gave it; from the lowest
