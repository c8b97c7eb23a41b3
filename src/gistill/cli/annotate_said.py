"""What `gistill annotate` prints of an estimate, a preview, batch files and a corpus, and its exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gistill.cli.ending import output, printable, tell

if TYPE_CHECKING:
    from gistill.distill.annotate import Annotated
    from gistill.distill.asking import Asked
    from gistill.distill.batches import Written
    from gistill.distill.estimating import Planned, Previewed
    from gistill.distill.settings import AnnotateSettings
    from gistill.teacher.prices import Cost
    from gistill.teacher.remote import Estimate

STOPPED = 3  # the exit code where a limit or a gate was hit
_NO_PRICE = "no price list has this model at this address (--prices FILE gives a price)"


def estimated(about: Planned, found: Estimate, *, as_json: bool) -> int:
    """Say what a run would take."""
    if as_json:
        told = {"texts": about.texts, "candidates": about.candidates, "set_apart": about.set_apart, **asdict(found)}
        output(json.dumps(told, indent=2))
        return 0
    output(_planned_sentence(about))
    money = f"the cost is not known: {_NO_PRICE}"
    if found.money_most is not None:
        money = f"at most {found.money_most:.4f} USD (prices: {found.price_source})"
    output(
        f"This takes {_counted(found.calls, 'call')} ({found.hits:,} more are answered by the journal or by an equal "
        f"question), about {found.prompt_tokens:,} tokens to send and at most {found.completion_tokens_most:,} back; "
        f"{money}. Nothing was asked."
    )
    return 0


def written(batch: Written, folder: Path, *, as_json: bool) -> int:
    """Say which batch files were written."""
    if as_json:
        told = {"texts": batch.texts, "requests": batch.requests, "files": [str(file) for file in batch.files]}
        output(json.dumps(told, indent=2))
    else:
        output(
            f"{_counted(len(batch.files), 'batch file')} with {_counted(batch.requests, 'request')} in {folder}; "
            "nothing was sent. Hand them to your provider, and give the same command with --read-batch FILE for each "
            "file that comes back."
            if batch.files
            else "There is nothing to write: the journal answers everything."
        )
    return 0


def previewed(seen: Previewed, settings: AnnotateSettings, *, as_json: bool) -> int:
    """Show texts beside what is kept of the answers."""
    planned, asked, cost = seen
    if as_json:
        told = {"texts": [_shown(one) for one in asked], "planned": planned.texts, **_spent(cost)}
        output(json.dumps(told, indent=2))
    else:
        _show_table(asked)
        kept = sum(one.row is not None for one in asked)
        output(f"{kept} of {len(asked)} answers shown are kept, in whole or in part. {_planned_sentence(planned)}")
        teachers = len(settings.teachers) + (settings.server is not None)
        output(_cost_sentence(cost, planned.texts * settings.samples * teachers))
    return STOPPED if any(one.stopped for one in asked) else 0


def annotated(done: Annotated, *, as_json: bool, batch: bool = False) -> int:
    """Say how far a corpus is, what it cost, what is missing, and how to go on."""
    if as_json:
        counts = {**done.manifest.model_dump(exclude={"shards"}), "done": done.manifest.done}
        output(json.dumps({**counts, **_counts(done), **_spent(done.cost)}, indent=2))
    else:
        output(_done_sentence(done))
        output(_cost_sentence(done.cost))
    return _end(done, batch=batch)


def _spent(cost: Cost | None) -> dict[str, Any]:
    names = ("calls", "hits", "spent", "known_spent")
    return {name: None if cost is None else getattr(cost, name) for name in names}


def _counts(done: Annotated) -> dict[str, Any]:
    manifest = done.manifest
    return {
        "rows": manifest.rows,
        "asked": manifest.asked,
        "unanswered": manifest.unanswered,
        "failures": manifest.failures,
        "mended": manifest.mended,
        "agreement": manifest.agreement,
        "examples": done.examples,
        "stopped": done.stopped,
    }


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in counts.items()) or "0"


def _planned_sentence(about: Planned) -> str:
    chosen = f", chosen from {about.candidates:,}" if about.candidates != about.texts else ""
    return (
        f"{_counted(about.texts, about.unit)} to ask about{chosen}. Skipped before asking: {_listed(about.set_apart)}."
    )


def _done_sentence(done: Annotated) -> str:
    manifest = done.manifest
    refused = f"Refused of the answers: {_listed(manifest.failures)}"
    if manifest.failures:
        refused += f", each with its reason in {done.folder}/failures.jsonl"
    agreed = f" Mean agreement: {manifest.agreement:.2f}." if manifest.agreement is not None else ""
    return (
        f"{manifest.rows:,} of {_counted(manifest.asked, done.unit)} annotated, "
        f"{_counted(done.examples, 'training example')} in {done.folder}/train.jsonl. "
        f"Skipped before asking: {_listed(manifest.set_apart)}. {refused}.{agreed}"
    )


def _cost_sentence(cost: Cost | None, planned: int = 0) -> str:
    """Say what was spent so far, and what `planned` calls would cost at the mean price of those answered so far."""
    if cost is None:
        return "The cost is not known: there is no journal."
    said = f"So far {_counted(cost.calls, 'call')} for {cost.known_spent:.4f} USD"
    if cost.spent is None and cost.unknown_spent < cost.calls:
        said += f" and {cost.unknown_spent:,} of them of unknown cost (broken off, or no token counts)"
    elif cost.spent is None:
        why = "the server reports no token counts" if cost.untold == cost.answered > 0 else _NO_PRICE
        said = f"So far {_counted(cost.calls, 'call')}; the cost is not known: {why}"
    said += f". The journal gave {_counted(cost.hits, 'answer')} without a call."
    if planned and cost.answered and cost.spent is not None:
        said += f" All {_counted(planned, 'call')} would cost about {cost.spent / cost.answered * planned:.4f} USD."
    return said


def _end(done: Annotated, *, batch: bool) -> int:
    """Say what is missing, and how to go on."""
    noun, manifest = done.unit, done.manifest
    if done.stopped == "budget":
        left = manifest.planned - manifest.asked + manifest.unanswered
        tell(
            f"The limit of calls or money is reached, with {_counted(left, noun)} left. Raise --max-calls or "
            "--max-cost and run the same command again: it continues from here, and no answer is paid twice."
        )
        return STOPPED
    if done.stopped:
        what = "Every answer was refused for" if done.stopped == "refused" else "There was no answer for"
        tell(
            f"{what} the first {_counted(manifest.asked, noun)}, so the run was stopped: "
            f"{_listed(manifest.failures)}. See {done.folder}/failures.jsonl or --preview; with --go-on the rest "
            "is asked anyway."
        )
        return STOPPED
    if manifest.unanswered:
        again = "the same command asks about them again"
        if batch:
            again = "--read-batch takes what comes back later, --write-batch writes them into a new batch"
        tell(f"There was no answer for {_counted(manifest.unanswered, noun)}; {again}.")
    if not manifest.rows:
        tell("No annotation was kept.")
        return STOPPED if manifest.planned else 0
    return 0


def _shown(one: Asked) -> dict[str, Any]:
    return {
        "id": one.item.id,
        "text": one.item.text,
        "kept": one.row.answer if one.row else None,
        "refused": [failure.model_dump(include={"kind", "detail"}) for failure in one.failures],
        "mended": dict(sorted(one.mended.items())),
    }


def _show_table(found: list[Asked]) -> None:
    """Show texts beside what was kept and refused; text of customers and models is shown as text, never as markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    def cell(words: str) -> Text:
        return Text(printable(words))

    table = Table("text", "kept", "refused, and why", show_lines=True)
    for one in found:
        kept = _readable(one.row.answer) if one.row else ""
        refused = "\n".join(f"{failure.kind}: {failure.detail[:200]}".rstrip(": ") for failure in one.failures)
        table.add_row(cell(one.item.text[:600]), cell(kept), cell(refused))
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def _readable(answer: dict[str, Any]) -> str:
    """Write an answer in lines: a list as a line each, its fields with bars between."""
    lines = []
    for value in answer.values():
        parts = value if isinstance(value, list) else [value]
        lines += [" | ".join(_words(each)) if isinstance(each, dict) else str(each) for each in parts]
    return "\n".join(lines) or "(none)"


def _words(part: dict[str, Any]) -> list[str]:
    hidden = {"span", "implicit"} | ({"category"} if part.get("category") is None else set())
    return ["-" if value is None else str(value) for name, value in part.items() if name not in hidden]
