"""Scorecards of skills in, tables out: for people as Markdown, for computing as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gistill.bench.examples.scorecard import SkillScorecard
from gistill.bench.tables import aligned, most, span
from gistill.tables import write_csv


def markdown(cards: Sequence[SkillScorecard]) -> str:
    """Give a table a set: systems as rows, the skill's measures as columns."""
    parts = []
    for name in dict.fromkeys(card.set for card in cards):
        mine = [card for card in cards if card.set == name]
        measures = list(dict.fromkeys(measure for card in mine for measure in card.measures))
        rows = [["system", *measures, "examples/s", "peak MB"]]
        rows += [
            [c.system, *(_cell(c, m) for m in measures), span([c.examples_per_second]), most([c.peak_mb])] for c in mine
        ]
        head = (
            f"{mine[0].skill} on {name} ({mine[0].examples:,} examples): per cent, with the 95% interval over "
            "examples; after ± the deviation over seeds."
        )
        parts.append(f"{head}\n\n{aligned(rows)}")
    return "\n\n".join([*parts, *_notes(cards)]) + "\n"


def _cell(card: SkillScorecard, measure: str) -> str:
    found = card.measures.get(measure)
    if found is None or found.value is None:
        return "-"
    deviation = f" ± {100 * card.deviations[measure]:.1f}" if measure in card.deviations else ""
    if found.low is None or found.high is None:
        return f"{100 * found.value:.1f}{deviation}"
    interval = f" ({100 * found.low:.1f} to {100 * found.high:.1f})"
    return f"{100 * found.value:.1f}{deviation}{interval}"


def _notes(cards: Sequence[SkillScorecard]) -> list[str]:
    """Say below the tables what they cannot say: what failed and what was skipped."""
    notes = []
    for card in cards:
        if card.skipped:
            notes.append(f"* {card.system} on {card.set}: not measured, {card.skipped}.")
        elif card.failures:
            named = ", ".join(f"{count:,} {kind}" for kind, count in card.failures.items())
            notes.append(f"* {card.system} on {card.set}: refused in the answers: {named}.")
    return ["\n".join(notes)] if notes else []


_HEADER = (
    "system", "set", "skill", "examples", "measure", "value", "low", "high", "deviation", "failures",
    "examples_per_second", "peak_mb", "skipped",
)  # fmt: skip


def write_sheet(path: Path, cards: Sequence[SkillScorecard]) -> None:
    """Write a row a measure as CSV."""
    rows: list[list[object]] = []
    for card in cards:
        about = [card.system, card.set, card.skill, card.examples]
        if card.skipped:
            rows.append([*about, *[""] * 8, card.skipped])
        for name, found in card.measures.items():
            numbers = (found.value, found.low, found.high, card.deviations.get(name))
            written = ["" if number is None else f"{number:.6f}" for number in numbers]
            cost = [sum(card.failures.values()), card.examples_per_second or "", card.peak_mb or "", ""]
            rows.append([*about, name, *written, *cost])
    write_csv(path, _HEADER, rows)
