"""`gistill cost`: what the calls in a journal cost and saved."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gistill.cli import options
from gistill.cli.ending import ending, output, tell

if TYPE_CHECKING:
    from gistill.teacher.prices import Cost

_HEAD = ("run", "step", "model", "calls", "failed", "open", "hits", "tokens in", "tokens out", "seconds", "USD spent")
_COLUMNS = (*_HEAD, "USD saved", "price from")
_WORDS = 3  # the first columns hold words, and the last


def cost(
    journal: Annotated[
        Path, typer.Argument(metavar="JOURNAL|FOLDER", help="The journal of a run, or the folder of the run.")
    ],
    run: Annotated[
        str | None, typer.Option(metavar="NAME", help="Show only this run. Default: all runs in the journal.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Show what the calls to a large model cost, and what the journal saved, per run, step and model."""
    with ending():
        from gistill.errors import SettingError
        from gistill.teacher.journal import Journal
        from gistill.teacher.prices import total

        journal = journal / "journal.sqlite" if journal.is_dir() else journal
        with Journal(journal, readonly=True) as kept:
            rows = kept.costs(run)
            if run is not None and not rows:
                known = sorted({row.run for row in kept.costs()})
                raise SettingError(f"{journal} has no run {run!r}", hint=f"It has {', '.join(map(repr, known))}.")
        whole = total(rows)
        if as_json:
            output(json.dumps({"rows": [_fields(row) for row in rows], "total": _fields(whole)}, indent=2))
            return
        lines = [_COLUMNS, *map(_cells, rows), ("all", *_cells(whole)[1:])]
        for line in _aligned(lines):
            output(line)
        for note in _notes(whole):
            tell(note)


def _fields(row: Cost) -> dict[str, Any]:
    return {**asdict(row), "spent": row.spent, "saved": row.saved}


def _cells(row: Cost) -> tuple[str, ...]:
    counts = (row.calls, row.failed, row.open, row.hits)
    tokens = (_tokens(row.prompt_tokens, row), _tokens(row.completion_tokens, row))
    spent = _money(row.spent, row.known_spent, row.calls)
    saved = _money(row.saved, row.known_saved, row.hits)
    words = (_shown(row.run) or "-", _shown(row.step) or "-", _shown(row.model) or "-")
    sources = ", ".join(map(_shown, row.price_sources)) or "-"
    return (*words, *(f"{count:,}" for count in counts), *tokens, f"{row.seconds:,.1f}", spent, saved, sources)


def _shown(text: str) -> str:
    """Make a name that came from a file harmless on a terminal."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def _tokens(told: int, row: Cost) -> str:
    if not row.untold:
        return f"{told:,}"
    return f"{told:,}+?" if told else "unknown"


def _money(whole: float | None, known: float, of: int) -> str:
    if whole is not None:
        return f"{whole:.4f}" if of else "0"
    return f"{known:.4f}+?" if known else "unknown"


def _aligned(lines: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    right = range(_WORDS, len(widths) - 1)
    return [
        "  ".join(
            cell.rjust(width) if at in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def _notes(whole: Cost) -> list[str]:
    notes = []
    if whole.unknown_spent:
        notes.append(
            f"The price of {whole.unknown_spent:,} calls is unknown. They are not counted as 0: "
            "+? means at least this much."
        )
    if whole.untold:
        notes.append(f"The server reported no token counts for {whole.untold:,} answers.")
    if whole.open:
        notes.append(
            f"{whole.open:,} calls are open: still running, or interrupted when their process was killed. "
            "It is not known whether those were charged."
        )
    return notes
