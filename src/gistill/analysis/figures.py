"""Findings to figures: rates per code and channel with intervals, codes that come together, tiers that agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

from pydantic import Field

from gistill.analysis.tiers import Seen, codes_of
from gistill.grounding.faults.fault import TIERS, Fault, Tier
from gistill.grounding.faults.taxonomy import Taxonomy
from gistill.schema import Estimate, Noun, Proportion
from gistill.stats import mean, wilson


class CodeFigures(Noun):
    """How often one code was found."""

    code: str
    name: str
    severity: str
    validated: str
    findings: int
    summaries: Proportion  # with this error, of those that any tier was asked about it
    tiers: dict[str, Proportion]  # the same for each tier alone
    channels: dict[str, Proportion] = Field(default_factory=dict)
    with_words: int = 0  # findings that mark words of the summary


class Together(Noun):
    """Two codes in one summary: how often, and how often they would meet by chance."""

    first: str
    second: str
    summaries: int
    by_chance: float


class Agreement(Noun):
    """Two tiers asked about the same code of the same summaries: kappa is None where one of them never varies."""

    code: str
    first: Tier
    second: Tier
    both: int
    only_first: int
    only_second: int
    neither: int
    kappa: float | None


class Analysis(Noun):
    """What was found in all summaries."""

    title: str
    summaries: int
    channels: dict[str, int]
    tiers: tuple[str, ...]  # who was asked
    wrong: Proportion  # summaries with an error of a code that something validates
    wrong_by_channel: dict[str, Proportion]
    codes: tuple[CodeFigures, ...]  # in the taxonomy's order
    together: tuple[Together, ...]
    agreement: tuple[Agreement, ...]
    words: int  # of all summaries
    words_to_change: int  # of those, words that a finding marks
    share_to_change: Estimate  # mean share of a summary's words that is marked
    missing: int  # findings that something is missing, for which words must be added
    rouge1: Estimate | None  # against the references; None where there are none
    failures: dict[str, int]
    made_with: dict[str, str]


class Counts(NamedTuple):
    """What is kept of a case when its figures are counted: little, so that there may be many cases."""

    channel: str | None
    codes: dict[Tier, frozenset[str]]
    checked: dict[Tier, frozenset[str]]
    findings: Counter[str]
    marked: Counter[str]
    words: int
    words_marked: int
    rouge1: float | None


def count(seen: Seen, rouge1: float | None) -> Counts:
    """Count one case."""
    words = [(match.start, match.end) for match in _words(seen.case.summary)]
    spans = [one.span for one in seen.faults if one.span]
    marked = sum(any(span.start < end and start < span.end for span in spans) for start, end in words)
    return Counts(
        channel=seen.case.channel,
        codes={tier: codes_of(one for one in seen.faults if one.tier == tier) for tier in seen.checked},
        checked=seen.checked,
        findings=Counter(one.code for one in seen.faults),
        marked=Counter(one.code for one in seen.faults if one.span),
        words=len(words),
        words_marked=marked,
        rouge1=rouge1,
    )


class _Word(NamedTuple):
    start: int
    end: int


def _words(text: str) -> list[_Word]:
    found, at = [], 0
    for word in text.split():
        at = text.index(word, at)
        found.append(_Word(at, at + len(word)))
        at += len(word)
    return found


def figures(
    counts: Sequence[Counts],
    taxonomy: Taxonomy,
    *,
    title: str,
    tiers: Sequence[str],
    failures: dict[str, int],
    made_with: dict[str, str],
) -> Analysis:
    """Sum up what was counted."""
    channels = Counter(one.channel for one in counts if one.channel)
    summed = {code for code, one in taxonomy.items() if one.validated != "nothing"}
    shares = [one.words_marked / one.words for one in counts if one.words]
    known = [one.rouge1 for one in counts if one.rouge1 is not None]
    return Analysis(
        title=title,
        summaries=len(counts),
        channels=dict(channels.most_common()),
        tiers=tuple(tiers),
        wrong=_wrong(counts, summed),
        wrong_by_channel={
            name: _wrong([one for one in counts if one.channel == name], summed) for name in sorted(channels)
        },
        codes=tuple(_code(code, counts, taxonomy, sorted(channels)) for code in taxonomy),
        together=_together(counts),
        agreement=_agreement(counts, taxonomy),
        words=sum(one.words for one in counts),
        words_to_change=sum(one.words_marked for one in counts),
        share_to_change=mean(shares),
        missing=sum((one.findings - one.marked).total() for one in counts),
        rouge1=mean(known) if known else None,
        failures=failures,
        made_with=made_with,
    )


def _all(one: Counts) -> frozenset[str]:
    return frozenset().union(*one.codes.values())


def _asked(one: Counts) -> frozenset[str]:
    return frozenset().union(*one.checked.values())


def _wrong(counts: Sequence[Counts], summed: set[str]) -> Proportion:
    asked = [one for one in counts if _asked(one) & summed]
    return wilson(sum(bool(_all(one) & summed) for one in asked), len(asked))


def _share(counts: Iterable[Counts], code: str, tier: Tier | None = None) -> Proportion:
    found = of = 0
    for one in counts:
        asked = _asked(one) if tier is None else one.checked.get(tier, frozenset())
        there = _all(one) if tier is None else one.codes.get(tier, frozenset())
        of += code in asked
        found += code in asked and code in there
    return wilson(found, of)


def _code(code: str, counts: Sequence[Counts], taxonomy: Taxonomy, channels: Sequence[str]) -> CodeFigures:
    one = taxonomy[code]
    used: list[Tier] = [tier for tier in TIERS if any(tier in c.checked for c in counts)]
    return CodeFigures(
        code=code,
        name=one.name,
        severity=one.severity,
        validated=one.validated,
        findings=sum(c.findings[code] for c in counts),
        summaries=_share(counts, code),
        tiers={tier: _share(counts, code, tier) for tier in used},
        channels={name: _share([c for c in counts if c.channel == name], code) for name in channels},
        with_words=sum(c.marked[code] for c in counts),
    )


def _together(counts: Sequence[Counts]) -> tuple[Together, ...]:
    alone: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for one in counts:
        codes = sorted(_all(one))
        alone.update(codes)
        pairs.update(combinations(codes, 2))
    return tuple(
        Together(first=a, second=b, summaries=n, by_chance=round(alone[a] * alone[b] / len(counts), 2))
        for (a, b), n in sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))
    )


def _agreement(counts: Sequence[Counts], taxonomy: Taxonomy) -> tuple[Agreement, ...]:
    found = []
    for first, second in combinations(TIERS, 2):
        for code in taxonomy:
            cells = Counter(
                (code in one.codes[first], code in one.codes[second])
                for one in counts
                if code in one.checked.get(first, ()) and code in one.checked.get(second, ())
            )
            if cells:
                found.append(
                    Agreement(
                        code=code,
                        first=first,
                        second=second,
                        both=cells[True, True],
                        only_first=cells[True, False],
                        only_second=cells[False, True],
                        neither=cells[False, False],
                        kappa=_kappa(cells),
                    )
                )
    return tuple(found)


def _kappa(cells: Counter[tuple[bool, bool]]) -> float | None:
    """Give Cohen's kappa: agreement above chance; None where chance alone would agree always."""
    of = cells.total()
    one = (cells[True, True] + cells[True, False]) / of
    other = (cells[True, True] + cells[False, True]) / of
    chance = one * other + (1 - one) * (1 - other)
    same = (cells[True, True] + cells[False, False]) / of
    return None if chance >= 1 else round((same - chance) / (1 - chance), 4)


def severity_of(faults: Iterable[Fault], taxonomy: Taxonomy) -> tuple[int, int]:
    """Rank how bad a summary is: weight of its codes, then how many faults."""
    weight = {"critical": 9, "major": 3, "minor": 1}
    some = list(faults)
    return sum(weight[taxonomy[code].severity] for code in codes_of(some, among=taxonomy)), len(some)
