"""Scorecards in, one table out: for people as Markdown, for computing as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gistill import files
from gistill.bench.fsa.scorecard import VIEWS, BenchScorecard, View
from gistill.bench.tables import aligned, most, span
from gistill.evaluate.tuples import SeedScorecard
from gistill.schema import Estimate
from gistill.tables import write_csv


class Published(NamedTuple):
    """A figure from a paper, on a test part."""

    system: str
    set: str
    f1: float  # in [0, 1]
    source: str


_MVP = "MvP, T5-base (220M)", "Gou et al., MvP (ACL 2023)"
_SPAN = "span model, BERT-base (110M)", "Xu et al., Span-ASTE (ACL 2021)"
PUBLISHED = (
    Published(_MVP[0], "aste/14lap/test:aste", 0.658, _MVP[1]),
    Published(_MVP[0], "aste/14res/test:aste", 0.761, _MVP[1]),
    Published(_MVP[0], "aste/16res/test:aste", 0.724, _MVP[1]),
    Published(_MVP[0], "asqp/rest16/test:asqp", 0.595, _MVP[1]),
    Published(_MVP[0], "acos/laptop/test:asqp", 0.447, _MVP[1]),
    Published(_MVP[0], "acos/restaurant/test:asqp", 0.604, _MVP[1]),
    Published(_SPAN[0], "aste/14lap/test:aste", 0.594, _SPAN[1]),
    Published(_SPAN[0], "aste/14res/test:aste", 0.719, _SPAN[1]),
)


_TITLES: dict[View, str] = {
    "all": "Strict F1 in per cent, with its 95% interval over texts; after ± the deviation over seeds.",
    "implicit": "Of texts with an opinion that has no words of its own.",
    "multi": "Of texts with more than one polarity.",
}


def write_report(
    cards: Sequence[BenchScorecard], out: Path, *, views: bool = False, as_published: bool = False
) -> tuple[Path, Path]:
    """Write `table.md` and `table.csv`.

    Args:
        cards: Of all systems on all sets.
        out: The folder.
        views: Also show the views implicit and multi.
        as_published: Also show the scores with illegal predictions left out.

    Returns:
        Their paths. The CSV has all views and both ways of counting in any case.
    """
    out.mkdir(parents=True, exist_ok=True)
    page, sheet = out / "table.md", out / "table.csv"
    files.write(page, markdown(cards, views=views, as_published=as_published))
    write_sheet(sheet, cards)
    return page, sheet


def write_sheet(path: Path, cards: Sequence[BenchScorecard]) -> None:
    """Write all views and both ways of counting as CSV."""
    write_csv(path, _HEADER, [row for card in cards for row in _rows(card)])


def markdown(cards: Sequence[BenchScorecard], *, views: bool = False, as_published: bool = False) -> str:
    """Give the table as Markdown: systems as rows, sets as columns."""
    parts = [f"{_TITLES['all']}\n\n{_table(cards, 'all', cost=True)}"]
    for view in VIEWS[1:] if views else ():
        marked = [card for card in cards if card.skipped or card.views[view].texts]
        if any(not card.skipped for card in marked):
            parts.append(f"{_TITLES[view]}\n\n{_table(marked, view)}")
    if as_published:
        title = "For comparison only: illegal predictions left out, as published code does."
        parts.append(f"{title}\n\n{_table(cards, 'all', as_published=True)}")
    return "\n\n".join([*parts, *_notes(cards)]) + "\n"


def _table(cards: Sequence[BenchScorecard], view: View, *, as_published: bool = False, cost: bool = False) -> str:
    systems = list(dict.fromkeys(card.system for card in cards))
    sets = list(dict.fromkeys(card.set for card in cards if any(_texts(c, view) for c in cards if c.set == card.set)))
    by = {(card.system, card.set): card for card in cards}
    texts = {name: max(_texts(card, view) for card in cards if card.set == name) for name in sets}
    rows = [["system", *(f"{name} ({texts[name]:,} texts)" for name in sets)]]
    for system in systems:
        mine = [by[system, name] for name in sets if (system, name) in by]
        rows.append([system, *(cell(((as_published and c.as_published) or c.views).get(view)) for c in mine)])
        if cost:
            rows[-1] += [span([c.sentences_per_second for c in mine]), most([c.peak_mb for c in mine])]
    for system in dict.fromkeys(p.system for p in PUBLISHED) if view == "all" else ():
        figures = [_published(system, name) for name in sets]
        if any(figures):
            rows.append([f"*published: {system}*", *(f or "-" for f in figures), *(["-", "-"] if cost else [])])
    if cost:
        rows[0] += ["sentences/s", "peak MB"]
    return aligned(rows)


def cell(scores: SeedScorecard | None) -> str:
    """Write a score as it stands in a table: 65.2 ± 0.4 (60.0 to 70.8); "-" where nothing was measured."""
    if scores is None or scores.f1.value is None:
        return "-"
    deviation = "" if scores.deviation is None else f" ± {100 * scores.deviation:.1f}"
    return f"{100 * scores.f1.value:.1f}{deviation}{_interval(scores.f1)}"


def _interval(f1: Estimate) -> str:
    return "" if f1.low is None or f1.high is None else f" ({100 * f1.low:.1f} to {100 * f1.high:.1f})"


def _texts(card: BenchScorecard, view: View) -> int:
    """Count the texts of a view; those of all texts are known where a system was skipped too."""
    return card.texts if view == "all" else card.views[view].texts if view in card.views else 0


def _published(system: str, name: str) -> str:
    """Give a published figure for a column; it is of the test part, and says so in a column of another part."""
    part = name.partition(":")[0].rpartition("/")[2]
    test = name.replace(f"/{part}:", "/test:")
    found = next((p for p in PUBLISHED if p.system == system and p.set == test), None)
    return "" if found is None else f"{100 * found.f1:.1f}" + ("" if part == "test" else " (on test)")


def _notes(cards: Sequence[BenchScorecard]) -> list[str]:
    """Say below the table what it cannot say in it: failures, what was skipped, sources."""
    notes = []
    for card in cards:
        if card.skipped:
            notes.append(f"* {card.system} on {card.set}: not measured, {card.skipped}.")
        elif illegal := _illegal(card):
            notes.append(f"* {card.system} on {card.set}: illegal predictions, counted as wrong: {illegal}.")
    sets = {card.set for card in cards}
    cited = [p for p in PUBLISHED if any(_published(p.system, name) for name in sets)]
    notes += [f"* {system}: {source}." for system, source in dict.fromkeys((p.system, p.source) for p in cited)]
    return ["\n".join(notes)] if notes else []


def _illegal(card: BenchScorecard) -> str:
    kinds: dict[str, int] = {}
    for run in card.views["all"].seeds:
        for kind, count in run.failures.items():
            kinds[kind] = kinds.get(kind, 0) + count
    predicted = sum(run.predicted for run in card.views["all"].seeds)
    named = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))
    return f"{named} of {predicted:,}" if kinds else ""


_HEADER = (
    "system", "set", "view", "counting", "texts", "seeds", "precision", "recall", "f1", "low", "high", "deviation",
    "gold", "illegal", "sentences_per_second", "peak_mb", "skipped",
)  # fmt: skip


def _rows(card: BenchScorecard) -> list[list[object]]:
    if card.skipped:
        return [[card.system, card.set, "all", "strict", card.texts, *[""] * 11, card.skipped]]
    rows: list[list[object]] = []
    for counting, found in (("strict", card.views), ("as published", card.as_published or card.views)):
        for view, s in found.items():
            numbers = [s.precision, s.recall, s.f1.value, s.f1.low, s.f1.high, s.deviation]
            illegal = sum(sum(run.failures.values()) for run in s.seeds)
            rows.append(
                [card.system, card.set, view, counting, s.texts, len(s.seeds)]
                + ["" if number is None else f"{number:.6f}" for number in numbers]
                + [s.seeds[0].gold, illegal, card.sentences_per_second or "", card.peak_mb or "", ""]
            )
    return rows
