"""The noun of what several people say alike; `digest.group.points` makes points out of opinions."""

from __future__ import annotations

import datetime as dt

from pydantic import Field

from gistill.schema import EntityTally, Estimate, Noun, Polarity, Tally


class Ratings(Noun):
    """Mean ratings of the people who say something, of everybody else, and the first minus the second."""

    said: Estimate
    rest: Estimate
    difference: Estimate


class Point(Noun):
    """What several people say alike, whatever words they use: opinions of one category and direction."""

    id: str  # from category, direction and name; that of an earlier run where most of its opinions were in one
    name: str  # a short phrase in the words of a customer
    category: str | None  # a code of gistill.categories; None where the reader was taught none
    polarity: Polarity
    opinions: tuple[str, ...]  # opinion ids, the most typical first
    tally: Tally
    strength: float | None  # mean strength of the opinions, without a sign; None where the reader was taught none
    aspects: dict[str, int] = Field(default_factory=dict)  # things that it is about, as named -> mentions; most first
    first: dt.date | None = None  # of the records; None where no date is known
    last: dt.date | None = None
    entities: tuple[EntityTally, ...] = ()  # those of which anybody says it, most people first
    ratings: Ratings | None = None  # None where no record has a rating
