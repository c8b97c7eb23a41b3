"""One task of summarizing: what is read, what is asked about it, what people wrote, and where that stands."""

from __future__ import annotations

from typing import Literal, NamedTuple

Shape = Literal["document", "reviews", "conversation"]


class Evidence(NamedTuple):
    """A stretch of a source that a right summary rests on; half-open, in code points."""

    source: int
    start: int
    end: int


class SummaryTask(NamedTuple):
    """What a summarizer is asked, with what is known of the right answer.

    Attributes:
        id: Names it within its set.
        sources: A document as one text; reviews, or the turns of a conversation, as several.
        shape: What the sources are.
        asked: The aspect or the question; empty asks for a summary of everything.
        references: Summaries that people wrote; none where nobody did.
        evidence: What the summary rests on; None where nobody marked it.
        title: Of the document or thing; may be empty.
        domain: A kind of text, for scores by domain; may be empty.
        group: What stands or falls together when texts are resampled: all tasks about one hotel. Empty is the id.
    """

    id: str
    sources: tuple[str, ...]
    shape: Shape
    asked: str = ""
    references: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] | None = None
    title: str = ""
    domain: str = ""
    group: str = ""

    @property
    def cluster(self) -> str:
        """What it is resampled with."""
        return self.group or self.id

    @property
    def evidence_texts(self) -> tuple[str, ...] | None:
        """The words of the evidence."""
        return None if self.evidence is None else tuple(self.sources[e.source][e.start : e.end] for e in self.evidence)


def joined(parts: list[str], separator: str = " ") -> tuple[str, list[tuple[int, int]]]:
    """Write sentences as one text and say where each of them stands in it.

    >>> joined(["One.", "Two."])
    ('One. Two.', [(0, 4), (5, 9)])
    """
    places, at = [], 0
    for part in parts:
        places.append((at, at + len(part)))
        at += len(part) + len(separator)
    return separator.join(parts), places
