"""What is counted of people's intents: whether they would come back or recommend it, and whom they say it suits."""

from __future__ import annotations

from gistill.counts import Proportion
from gistill.record import Noun


class Said(Noun):
    """How many people say yes, of those who say yes or no; who says both is not counted."""

    share: Proportion
    yes: tuple[str, ...]  # ids of the records in which it is said; `no` likewise
    no: tuple[str, ...]


class Suited(Noun):
    """For whom or what people say that something is, or is not, good."""

    who: str
    fits: bool
    people: int
    records: tuple[str, ...]  # in which it is said


class Intent(Noun):
    """What people say of buying again, of recommending, and of whom it suits. None where nobody says it."""

    again: Said | None = None
    recommend: Said | None = None
    suits: tuple[Suited, ...] = ()  # what two people and more say, most people first
