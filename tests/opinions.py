"""Reviews written for the tests, with their opinions marked, as the reader would give them."""

from __future__ import annotations

from typing import NamedTuple

from gistill.digest.summary.quoting import tally_of
from gistill.grounding.counting import Voices, count_voices
from gistill.schema import Aspect, Opinion, Polarity, Quote, Record, Span, Tally


class World(NamedTuple):
    records: dict[str, Record]
    opinions: list[Opinion]

    @property
    def tally(self) -> Tally:
        return tally_of(self.opinions, self.records)

    @property
    def voices(self) -> Voices:
        return count_voices(self.opinions, self.records)

    def of(self, polarity: Polarity) -> list[Opinion]:
        return [opinion for opinion in self.opinions if opinion.polarity == polarity]

    def aspect(self, name: str = "battery", *, terms: tuple[str, ...] = ("battery", "battery life")) -> Aspect:
        return Aspect(
            id=name,
            name=name,
            terms=dict.fromkeys(terms, 1),
            opinions=tuple(opinion.id for opinion in self.opinions),
            tally=self.tally,
        )


Row = tuple[str, str | None, str | None, Polarity]

BATTERY: list[Row] = [
    ("The battery life is great and lasts all day.", "battery life", "great", "positive"),
    ("Great battery life!", "battery life", "Great", "positive"),
    ("I love that the battery lasts two days.", "battery", "lasts two days", "positive"),
    ("Battery charges quickly.", "Battery", "quickly", "positive"),
    ("Good battery, sturdy case.", "battery", "Good", "positive"),
    ("The battery died after a week and it gets too hot.", "battery", "died", "negative"),
    ("Battery does not hold a charge.", "Battery", "does not hold", "negative"),
]


def world(rows: list[Row], *, authors: list[str | None] | None = None) -> World:
    """One record, one sentence and one opinion a row: (text, aspect words, opinion words, polarity)."""
    records, opinions = {}, []
    for n, (text, aspect, opinion, polarity) in enumerate(rows):
        name = f"r{n}"
        records[name] = Record(id=name, text=text, author=authors[n] if authors else None)
        opinions.append(
            Opinion(
                id=f"{name}:0",
                record=name,
                sentence=Span(start=0, end=len(text)),
                aspect=_quote(text, aspect),
                opinion=_quote(text, opinion),
                polarity=polarity,
                confidence=0.9,
            )
        )
    return World(records, opinions)


def _quote(text: str, words: str | None) -> Quote | None:
    return None if words is None else Quote(start=text.index(words), end=text.index(words) + len(words), text=words)
