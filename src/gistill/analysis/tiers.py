"""Rules, critic and judge asked about cases: each gives what it found and the codes that it could be asked about."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple, Protocol

from gistill.analysis.cases import Case
from gistill.grounding.faults.fault import Fault, Tier
from gistill.grounding.faults.reading import Reading
from gistill.grounding.faults.rules import Checked, check_summary
from gistill.grounding.faults.taxonomy import Taxonomy
from gistill.schema import Failure, Opinion, Record


class Critic(Protocol):
    """A model that reads summaries beside their evidence; see `grounding.faults.critic`."""

    name: str
    codes: tuple[str, ...]

    def check(self, summaries: Sequence[tuple[str, Reading]]) -> list[tuple[Fault, ...]]:
        """Give the faults of each summary: same length, same order."""
        ...


class Judge(Protocol):
    """A language model that is asked through the critique skill; see `analysis.judging`."""

    name: str

    def check(self, cases: Sequence[Case]) -> list[Checked | Failure]:
        """Give the faults of each case, or why there is no answer."""
        ...


OpinionsOf = Callable[[Iterable[Record]], Iterable[Opinion]]


class Tiers(NamedTuple):
    """Whoever looks for errors.

    Attributes:
        taxonomy: The codes that are looked for.
        opinions: Reads opinions, for polarity and counts; None leaves these to words.
        critic: None where there is none; `judge` likewise.
        rules: Whether rules are asked.
    """

    taxonomy: Taxonomy
    opinions: OpinionsOf | None = None
    critic: Critic | None = None
    judge: Judge | None = None
    rules: bool = True


class Seen(NamedTuple):
    """What came of one case: faults of all tiers, which codes each tier was asked about, and what failed."""

    case: Case
    faults: tuple[Fault, ...]
    checked: dict[Tier, frozenset[str]]
    failures: tuple[Failure, ...] = ()


def look(cases: Sequence[Case], tiers: Tiers) -> list[Seen]:
    """Ask all tiers about some cases."""
    codes = frozenset(tiers.taxonomy)
    seen = [Seen(case, (), {}) for case in cases]
    if tiers.rules:
        read = _opinions(cases, tiers.opinions) if tiers.opinions else [None] * len(cases)
        found = [
            check_summary(case.summary, case.reading, codes=codes, opinions=opinions)
            for case, opinions in zip(cases, read, strict=True)
        ]
        seen = [_add(one, "rules", checked) for one, checked in zip(seen, found, strict=True)]
    if tiers.critic is not None:
        named = codes & set(tiers.critic.codes)
        faults = tiers.critic.check([(case.summary, case.reading) for case in cases])
        seen = [
            _add(one, "critic", Checked(tuple(f for f in some if f.code in named), named))
            for one, some in zip(seen, faults, strict=True)
        ]
    if tiers.judge is not None:
        seen = [_add(one, "judge", said) for one, said in zip(seen, tiers.judge.check(cases), strict=True)]
    return seen


def _add(seen: Seen, tier: Tier, said: Checked | Failure) -> Seen:
    if isinstance(said, Failure):
        return seen._replace(failures=(*seen.failures, said))
    return seen._replace(faults=(*seen.faults, *said.faults), checked={**seen.checked, tier: said.codes})


def _opinions(cases: Sequence[Case], read: OpinionsOf) -> list[tuple[list[Opinion], list[Opinion]]]:
    """Read the opinions of all summaries and sources at once; equal sources once."""
    sources = {case.source: f"source-{n}" for n, case in enumerate(cases)}
    records = [Record(id=f"summary-{n}", text=case.summary) for n, case in enumerate(cases) if case.summary.strip()]
    turns = {case.source: case.turns for case in cases}
    records += [Record(id=name, text=text, turns=turns[text]) for text, name in sources.items()]
    by_record: dict[str, list[Opinion]] = {}
    for opinion in read(records):
        by_record.setdefault(opinion.record, []).append(opinion)
    return [
        (by_record.get(f"summary-{n}", []), by_record.get(sources[case.source], [])) for n, case in enumerate(cases)
    ]


def codes_of(faults: Iterable[Fault], *, among: Collection[str] | None = None) -> frozenset[str]:
    """Give the codes of some faults."""
    return frozenset(one.code for one in faults if among is None or one.code in among)
