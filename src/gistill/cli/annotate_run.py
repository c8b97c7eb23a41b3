"""The three ways of `gistill annotate`: estimate, show twenty, or go the whole walk; and what is said of each."""

from __future__ import annotations

import json
import shlex
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import typer

from gistill.cli.annotate_progress import AnswerProgress
from gistill.cli.annotate_source import Source
from gistill.cli.annotate_teachers import Asked as Asking
from gistill.cli.annotate_teachers import added
from gistill.cli.display import Display
from gistill.cli.ending import tell

if TYPE_CHECKING:
    from gistill.corpora.leaks import Apart
    from gistill.distill.annotate import Annotated, Asked, Settings
    from gistill.distill.plan import Choose, Plan
    from gistill.distill.tasks import Task
    from gistill.lm.seam import LanguageModel
    from gistill.teacher.batches import CollectingModel
    from gistill.teacher.journal import Journal
    from gistill.teacher.prices import Cost

STOPPED = 3  # the exit code where a limit or a gate was hit
_NO_PRICE = "no price list has this model at this address (--prices FILE tells a price)"


class Choice(NamedTuple):
    """Which texts are asked about; see the options of the same names."""

    limit: int | None
    select: str
    seed: int
    tests: str
    data: Path | None


class Walk(NamedTuple):
    """Everything that a command line says."""

    source: Source
    task: Task
    teachers: list[Asking]
    journal: Journal
    settings: Settings
    choice: Choice
    out: Path
    batch_share: float
    display: Display


def estimate(walk: Walk, *, as_json: bool) -> int:
    """Say what a run would take, after everything that is done before asking; ask nothing."""
    from gistill.distill.annotate import ask
    from gistill.distill.estimating import Estimating

    with _planned(walk) as (plan, apart):
        counting = [Estimating(teacher.remote.estimate, name=teacher.remote.name) for teacher in walk.teachers]
        gates = [teacher.gated(one) for one, teacher in zip(counting, walk.teachers, strict=True)]
        size = walk.settings.shard_size
        for start in range(0, plan.items, size):
            for _ in ask(tuple(plan.read(start, size)), walk.task, gates, walk.settings):
                walk.display("estimate", start, plan.items)
        found = added([one for each in counting for one in each.found])
    if found.money_most is not None and walk.batch_share != 1:
        source = f"{found.price_source} x {walk.batch_share:g} (batch)"
        found = replace(found, money_most=found.money_most * walk.batch_share, price_source=source)
    _say_missing(apart)
    if as_json:
        about = {"texts": plan.items, "candidates": plan.candidates, "set_apart": plan.counts, **asdict(found)}
        typer.echo(json.dumps(about, indent=2))
        return 0
    typer.echo(_planned_sentence(plan, walk.task))
    money = f"what that costs is not known: {_NO_PRICE}"
    if found.money_most is not None:
        money = f"at most {found.money_most:.4f} USD, by the prices of {found.price_source}"
    typer.echo(
        f"That takes {_counted(found.calls, 'call')} ({found.hits:,} more are answered by the journal or by an equal "
        f"question), about {found.prompt_tokens:,} tokens to send and at most {found.completion_tokens_most:,} back; "
        f"{money}. Nothing was asked."
    )
    return 0


def write_batches(walk: Walk, folder: Path, *, as_json: bool) -> int:
    """Write what would be asked as batch files, redacted as it would be sent; ask nothing."""
    from gistill.teacher.batches import write_batch

    with _planned(walk) as (plan, apart):
        collected = _collected(walk, plan)
    _say_missing(apart)
    (teacher,) = walk.teachers
    files = write_batch(
        collected.requests, folder, model=collected.name, journal=walk.journal, server=teacher.remote.url
    )
    if as_json:
        about = {"texts": plan.items, "requests": len(collected.requests), "files": [str(file) for file in files]}
        typer.echo(json.dumps(about, indent=2))
    else:
        typer.echo(
            f"{_counted(len(files), 'batch file')} with {_counted(len(collected.requests), 'request')} in {folder}; "
            "nothing was sent. Hand them to your provider, and give the same command with --read-batch FILE for each "
            "file that comes back."
            if files
            else "There is nothing to write: the journal answers everything."
        )
    return 0


def read_batches(walk: Walk, files: Sequence[Path], *, as_json: bool) -> int:
    """Take the answers of batch files into the journal, then go the walk with what the journal has; ask nobody."""
    from gistill.teacher.batches import CollectingModel, read_batch

    records = list(walk.source.records)  # they are gone through twice
    walk = walk._replace(source=walk.source._replace(records=iter(records)))
    with _planned(walk) as (plan, _):
        collected = _collected(walk, plan)
    (teacher,) = walk.teachers
    counts = read_batch(
        files,
        walk.journal,
        collected.requests,
        model=collected.name,
        server=teacher.remote.url,
        prices=teacher.prices,
        price_share=walk.batch_share,
    ).counts
    tell(f"Of the batch: {', '.join(f'{count:,} {name}' for name, count in counts.items() if count) or 'nothing'}.")
    gates = [t.gated(CollectingModel(t.remote.name, journal=walk.journal)) for t in walk.teachers]
    # whether to go on where all are refused is asked before paying, and these are paid
    settings = walk.settings._replace(go_on=True)
    walk = walk._replace(source=walk.source._replace(records=iter(records)), settings=settings)
    return run(walk, as_json=as_json, teachers=gates)


def _collected(walk: Walk, plan: Plan) -> CollectingModel:
    from gistill.distill.annotate import ask
    from gistill.errors import SettingError
    from gistill.teacher.batches import CollectingModel

    if len(walk.teachers) != 1:
        raise SettingError("batch files hold the questions to one teacher", hint="Leave --teacher out.")
    (teacher,) = walk.teachers
    found = CollectingModel(teacher.remote.name, journal=walk.journal)
    gate = teacher.gated(found)
    size = walk.settings.shard_size
    for start in range(0, plan.items, size):
        for _ in ask(tuple(plan.read(start, size)), walk.task, [gate], walk.settings):
            walk.display("collect", start, plan.items)
    return found


def preview(walk: Walk, *, as_json: bool) -> int:
    """Ask about the first 20 texts, and show what is kept; only the journal is written."""
    from gistill.distill.annotate import PREVIEW
    from gistill.distill.annotate import preview as ask_some

    with _planned(walk) as (plan, apart):
        _answer_progress(walk)("preview", 0, min(PREVIEW, plan.items))
        found = ask_some(plan, walk.task, [teacher.gate for teacher in walk.teachers], walk.settings)
    _say_missing(apart)
    cost = _cost(walk)
    if as_json:
        typer.echo(
            json.dumps({"texts": [_shown(one) for one in found], "planned": plan.items, **_spent(cost)}, indent=2)
        )
    else:
        _show_table(found)
        kept = sum(one.row is not None for one in found)
        typer.echo(f"Of {len(found)} answers shown, something of {kept} is kept. {_planned_sentence(plan, walk.task)}")
        typer.echo(_cost_sentence(cost, plan.items * walk.settings.samples * len(walk.teachers)))
    return STOPPED if any(one.stopped for one in found) else 0


def run(walk: Walk, *, as_json: bool, teachers: Sequence[LanguageModel] | None = None) -> int:
    """Go the whole walk, write the data card, and say how it went."""
    from gistill.distill.annotate import annotate

    apart = _apart(walk)
    _say_missing(apart)
    if teachers is None:
        walk.display.say(f"Asking {' and '.join(f'{t.remote.name} at {t.remote.url}' for t in walk.teachers)}.")
    done = annotate(
        walk.source.records,
        walk.task,
        teachers or [teacher.gate for teacher in walk.teachers],
        out=walk.out,
        settings=walk.settings,
        apart=apart.prints,
        limit=walk.choice.limit,
        choose=_chooser(walk),
        progress=_answer_progress(walk) if teachers is None else walk.display,
        say=walk.display.say,
    )
    cost = _cost(walk)
    _write_card(walk, done, apart, cost)
    if as_json:
        typer.echo(
            json.dumps(
                {**done.manifest.model_dump(exclude={"shards", "made_from"}), **_counts(done), **_spent(cost)}, indent=2
            )
        )
    else:
        typer.echo(_done_sentence(walk.out, done, walk.task))
        typer.echo(_cost_sentence(cost))
    return _end(done, walk, batch=teachers is not None)


@contextmanager
def _planned(walk: Walk) -> Iterator[tuple[Plan, Apart]]:
    """Plan in a folder that goes away again, where nothing but the journal is to be written."""
    from gistill.distill.annotate import prepare

    apart = _apart(walk)
    with tempfile.TemporaryDirectory(prefix="gistill-") as folder:
        yield (
            prepare(
                walk.source.records,
                walk.task,
                Path(folder),
                apart=apart.prints,
                limit=walk.choice.limit,
                choose=_chooser(walk),
            ),
            apart,
        )


def _answer_progress(walk: Walk) -> AnswerProgress:
    return AnswerProgress(walk.display, [teacher.remote for teacher in walk.teachers], walk.settings.samples)


def _apart(walk: Walk) -> Apart:
    from gistill.corpora.leaks import test_texts

    return test_texts([name.strip() for name in walk.choice.tests.split(",") if name.strip()], walk.choice.data)


def _chooser(walk: Walk) -> Choose | None:
    from gistill.distill.choose import Selection, chooser
    from gistill.errors import SettingError

    kind = next((name for name in get_args(Selection) if name == walk.choice.select), None)
    if kind is None:
        raise SettingError(
            f"there is no way {walk.choice.select!r} to choose", hint=f"One of: {', '.join(get_args(Selection))}."
        )
    return chooser(kind, seed=walk.choice.seed) if walk.choice.limit is not None else None


def _say_missing(apart: Apart) -> None:
    if apart.missing:
        tell(f"Not looked for, because they are not in the data folder: {', '.join(apart.missing)}.")


def _cost(walk: Walk) -> Cost:
    from gistill.teacher.prices import total

    return total(walk.journal.costs(walk.journal.run))


def _spent(cost: Cost) -> dict[str, Any]:
    return {"calls": cost.calls, "hits": cost.hits, "spent": cost.spent, "known_spent": cost.known_spent}


def _counts(done: Annotated) -> dict[str, Any]:
    manifest = done.manifest
    return {
        "rows": manifest.rows,
        "asked": manifest.asked,
        "unanswered": manifest.unanswered,
        "failures": manifest.failures,
        "mended": manifest.mended,
        "agreement": manifest.agreement,
        "lessons": done.lessons,
        "stopped": done.stopped,
    }


def _write_card(walk: Walk, done: Annotated, apart: Apart, cost: Cost) -> None:
    from gistill.distill.card import About, write_card
    from gistill.distill.corpus import Corpus

    chosen = ""
    if walk.choice.limit is not None and done.plan.candidates > walk.choice.limit:
        chosen = f"{done.plan.items:,} of {done.plan.candidates:,}, {walk.choice.select}, seed {walk.choice.seed}"
    about = About(
        source=walk.source.name,
        licence=walk.source.licence,
        teachers=tuple((t.remote.name, host) for t, host in zip(walk.teachers, walk.settings.hosts, strict=True)),
        pii=walk.settings.pii,
        names=walk.settings.names,
        selection=chosen,
        tests=apart.sets,
        missing=apart.missing,
        samples=walk.settings.samples,
        min_agreement=walk.settings.min_agreement,
        cost=cost,
        command=shlex.join(["gistill", *sys.argv[1:]]),
    )
    write_card(Corpus(walk.out, done.manifest), walk.task, about, lessons=done.lessons)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in counts.items()) or "none"


def _planned_sentence(plan: Plan, task: Task) -> str:
    chosen = f", chosen of {plan.candidates:,}" if plan.candidates != plan.items else ""
    noun = task.unit
    return f"{_counted(plan.items, noun)} to ask about{chosen}; set apart before asking: {_listed(plan.counts)}."


def _done_sentence(out: Path, done: Annotated, task: Task) -> str:
    manifest = done.manifest
    refused = f"Refused of the answers: {_listed(manifest.failures)}"
    if manifest.failures:
        refused += f", each with its reason in {out}/failures.jsonl"
    agreed = f" Mean agreement: {manifest.agreement:.2f}." if manifest.agreement is not None else ""
    return (
        f"Kept answers about {manifest.rows:,} of {_counted(manifest.asked, task.unit)} asked about: "
        f"{_counted(done.lessons, 'lesson')} in {out}/train.jsonl. "
        f"Set apart before asking: {_listed(manifest.set_apart)}. {refused}.{agreed}"
    )


def _cost_sentence(cost: Cost, planned: int = 0) -> str:
    """Say what was spent so far, and what `planned` calls would cost at the mean price of those answered so far."""
    said = f"So far {_counted(cost.calls, 'call')} for {cost.known_spent:.4f} USD"
    if cost.spent is None and cost.unknown_spent < cost.calls:
        said += f" and what {cost.unknown_spent:,} of them cost, which is not known (broken off, or no token counts)"
    elif cost.spent is None:
        why = "the server tells no token counts" if cost.untold == cost.answered > 0 else _NO_PRICE
        said = f"So far {_counted(cost.calls, 'call')}; what that costs is not known: {why}"
    said += f". The journal gave {_counted(cost.hits, 'answer')} without a call."
    if planned and cost.answered and cost.spent is not None:
        said += f" All {_counted(planned, 'call')} would cost about {cost.spent / cost.answered * planned:.4f} USD."
    return said


def _end(done: Annotated, walk: Walk, *, batch: bool) -> int:
    """Say what is missing, and how to go on."""
    noun = walk.task.unit
    left = done.manifest.planned - done.manifest.asked + done.manifest.unanswered
    if done.stopped == "budget":
        tell(
            f"The limit of calls or money is reached, with {_counted(left, noun)} left. Raise --max-calls or "
            "--max-cost and give the same command again: it goes on from here, and nothing is paid twice."
        )
        return STOPPED
    if done.stopped:
        kinds = _listed(done.manifest.failures)
        what = "Nothing could be kept of" if done.stopped == "refused" else "No answer came about"
        tell(
            f"{what} the first {_counted(done.manifest.asked, noun)}, so no more were asked about: {kinds}. See "
            f"{walk.out}/failures.jsonl or --preview; with --go-on the rest is asked about all the same."
        )
        return STOPPED
    if done.manifest.unanswered:
        again = "the same command asks about them again"
        if batch:
            again = "--read-batch takes what comes back later, --write-batch writes them into a new batch"
        tell(f"No answer came about {_counted(done.manifest.unanswered, noun)}; {again}.")
    if not done.manifest.rows:
        tell("Nothing was kept.")
        return STOPPED if done.manifest.planned else 0
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
        return Text("".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in words))

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
