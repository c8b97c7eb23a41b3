"""A sentence of a summary checked against the opinions it cites: `checking.check` for the nouns of a digest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gistill.grounding.checking import Cited, check_cited, moved
from gistill.grounding.counting import Counts, Voices, person
from gistill.grounding.findings import concluded, finding
from gistill.grounding.select import core_of
from gistill.schema import Check, Finding, Opinion, Record, Tally


def verify(
    sentence: str,
    *,
    cites: Sequence[Opinion],
    records: Mapping[str, Record],
    tally: Tally,
    voices: Voices | None = None,
    terms: Iterable[str] = (),
    parts: Mapping[str, tuple[Tally, Voices]] | None = None,
) -> Check:
    """Check one sentence of a summary against the opinions it cites and the counts, as `checking.check` does.

    Args:
        sentence: What is to be shown. Quotation marks are “ ” or " ".
        cites: The opinions it cites, of the aspect it is about.
        records: Record id -> record, at least of the opinions cited.
        tally: The counts of the aspect (or of everything, for the summary of the whole).
        voices: People by feeling, as `count_voices` gives them for the same opinions. Without them a number of people
            that praise or blame cannot be checked and so fails.
        terms: The aspect's name and surface terms, which need no evidence.
        parts: For a sentence about several aspects: name -> its counts; a number belongs to the name before it.

    Returns:
        "supported", or "not_supported" with the first finding of each check that failed. Never "not_checked". `by` is
        "quotes" alone where a citation does not stand, for then nothing else can be checked.
    """
    broken = _broken(cites, records)
    if broken is not None:
        return concluded([broken], by=("quotes",))
    return check_cited(
        sentence,
        [_cite(opinion, records[opinion.record]) for opinion in cites],
        counts=counts_of(tally, voices),
        terms=terms,
        parts={name: counts_of(*counted) for name, counted in (parts or {}).items()},
    )


def counts_of(tally: Tally, voices: Voices | None) -> Counts:
    """Give the counts of a digest as the checks take them; without voices nobody knows how many people feel how."""
    return Counts(
        people=tally.people,
        positive=None if voices is None else voices.positive,
        negative=None if voices is None else voices.negative,
        mentions=tally.mentions,
        positive_mentions=tally.positive,
        negative_mentions=tally.negative,
        records=tally.records,
        read=tally.share.of,
    )


def _broken(cites: Sequence[Opinion], records: Mapping[str, Record]) -> Finding | None:
    """Find what is wrong with the citations themselves; nothing else can be checked until they stand."""
    for opinion in cites:
        record = records.get(opinion.record)
        if record is None or opinion.sentence.end > len(record.text):
            return finding("citation_missing", "it cites words that are not in the data", against=opinion.record)
        for quote in (opinion.aspect, opinion.opinion):
            if quote is not None and record.text[quote.start : quote.end] != quote.text:
                return moved(quote)
    return None


def _cite(opinion: Opinion, record: Record) -> Cited:
    """Cut out the sentence that was read; offsets are counted in it."""
    start, words = opinion.sentence.start, opinion.opinion
    first, last = core_of(opinion)
    return Cited(
        text=record.text[start : opinion.sentence.end],
        polarity=opinion.polarity,
        person=person(record),
        core=(first - start, last - start),
        words=None if words is None else (words.start - start, words.end - start),
    )
