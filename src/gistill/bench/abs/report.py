"""Scorecards of summaries in, tables out: for people as Markdown, for computing as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gistill.bench.abs.groups import SHOWN
from gistill.bench.abs.scorecard import SummaryScorecard
from gistill.bench.tables import aligned, most, span
from gistill.evaluate.summaries.overlap import meteor_stages
from gistill.evaluate.summaries.scoring import BY_NAME, measure_named, measures_in
from gistill.schema import Estimate
from gistill.tables import write_csv


def markdown(cards: Sequence[SummaryScorecard]) -> str:
    """Give two tables a set, of texts as they are and of texts cut to equal length: systems as rows."""
    parts = []
    for name in dict.fromkeys(card.set for card in cards):
        mine = [card for card in cards if card.set == name and not card.skipped]
        if not mine:
            continue
        parts.append(f"{name}, {mine[0].tasks:,} tasks, texts as they are\n\n{_table(mine, equal=False)}")
        parts.append(f"{name}, texts cut to equal length\n\n{_table(mine, equal=True)}")
    return "\n\n".join([*parts, _notes(cards)]) + "\n"


def _table(cards: Sequence[SummaryScorecard], *, equal: bool) -> str:
    measures = [m.name for m in measures_in(card.free for card in cards)]
    rows = [["system", *measures, *([] if equal else ["tasks/s", "peak MB"])]]
    for card in cards:
        found = card.equal if equal else card.free
        cells = [cell(name, found.get(name), card.deviations.get(name) if not equal else None) for name in measures]
        rows.append([card.system, *cells, *([] if equal else [span([card.tasks_per_second]), most([card.peak_mb])])])
    return aligned(rows)


def cell(name: str, found: Estimate | None, deviation: float | None = None) -> str:
    """Write a score with its interval; "-" where it was not measured."""
    if found is None or found.value is None:
        return "-"
    measure = measure_named(name)
    times = 100 if measure.percent else 1
    digits = 1 if measure.percent or name == "words" else 3 if name != "length by the reference's" else 2
    spread = f" ± {times * deviation:.{digits}f}" if deviation else ""
    if found.low is None or found.high is None:
        return f"{times * found.value:.{digits}f}{spread}"
    return (
        f"{times * found.value:.{digits}f}{spread} ({times * found.low:.{digits}f} to {times * found.high:.{digits}f})"
    )


def _notes(cards: Sequence[SummaryScorecard]) -> str:
    notes = [
        "In per cent, but for words and length; in brackets 95% intervals over clusters of tasks, after ± the "
        f"deviation over seeds. METEOR: {meteor_stages()}."
    ]
    notes += [f"* {card.system} on {card.set}: not measured, {card.skipped}." for card in cards if card.skipped]
    return "\n".join(notes)


def grouped(card: SummaryScorecard) -> list[tuple[str, list[list[str]]]]:
    """Give a table for each thing that a system's tasks are sorted by: rows of cells, the first one the header."""
    shown = {"domain": card.domains, **card.groups} if card.domains else dict(card.groups)
    tables = []
    for kind, groups in shown.items():
        names = [m.name for m in measures_in(groups.values()) if m.name in SHOWN or m.name not in BY_NAME]
        rows = [[name or "(none)", *(cell(one, found.get(one)) for one in names)] for name, found in groups.items()]
        tables.append((kind, [[kind, *names], *rows]))
    return tables


_HEADER = (
    "system", "set", "domain", "length", "tasks", "measure", "value", "low", "high", "deviation", "tasks_per_second",
    "peak_mb", "skipped",
)  # fmt: skip


def write_sheet(path: Path, cards: Sequence[SummaryScorecard]) -> None:
    """Write a row a measure as CSV, also those by domain."""
    rows: list[list[object]] = []
    for card in cards:
        if card.skipped:
            rows.append([card.system, card.set, "", "", card.tasks, *[""] * 7, card.skipped])
        tables = [("", "free", card.free), ("", "equal", card.equal)]
        tables += [(domain, "free", found) for domain, found in card.domains.items()]
        tables += [
            (f"{kind}: {name}", "free", found) for kind, groups in card.groups.items() for name, found in groups.items()
        ]
        for domain, length, found in tables:
            for name, estimate in found.items():
                deviation = card.deviations.get(name) if (domain, length) == ("", "free") else None
                numbers = (estimate.value, estimate.low, estimate.high, deviation)
                written = ["" if number is None else f"{number:.6f}" for number in numbers]
                cost = [card.tasks_per_second or "", card.peak_mb or "", ""]
                rows.append([card.system, card.set, domain, length, card.tasks, name, *written, *cost])
    write_csv(path, _HEADER, rows)
