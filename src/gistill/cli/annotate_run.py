"""The three ways of `gistill annotate`: estimate, show twenty, or go the whole walk; and what is said of each."""

from __future__ import annotations

import json
import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import typer

from gistill.cli.annotate_source import Source
from gistill.cli.annotate_teachers import Asked as Asking
from gistill.cli.annotate_teachers import added
from gistill.cli.display import Display
from gistill.cli.ending import tell

if TYPE_CHECKING:
    from gistill.distill.annotate import Annotated, Asked, Settings
    from gistill.distill.leaks import Apart
    from gistill.distill.plan import Choose, Plan
    from gistill.distill.tasks import Task
    from gistill.lm.batch_files import CollectingModel
    from gistill.lm.costs import Cost
    from gistill.lm.journal import Journal
    from gistill.lm.seam import LanguageModel

STOPPED = 3  # the exit code where a limit or a gate was hit


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
    pii: str
    display: Display


def task_named(skill: str, elements: str, categories: str, *, structured: bool) -> Task:
    """Give the task of a skill.

    Raises:
        SettingError: There is no such skill or task, or it does not have what is asked for.
    """
    from gistill.distill.opinion_task import opinion_task
    from gistill.distill.rating_task import LABELS, rating_task
    from gistill.distill.understanding_task import understanding_task
    from gistill.errors import SettingError
    from gistill.skills.opinions import ELEMENTS
    from gistill.skills.opinions import Task as Elements

    if structured and skill != "opinions":
        raise SettingError(f"{skill} is asked for as plain text only", hint="Leave --structured out.")
    if skill == "opinions":
        found = next((name for name in get_args(Elements) if name == elements), None)
        if found is None:
            raise SettingError(f"there is no task {elements!r}", hint=f"One of: {', '.join(get_args(Elements))}.")
        listed = [name.strip() for name in categories.split(",") if name.strip()]
        if "category" in ELEMENTS[found] and not listed:
            raise SettingError(f"{elements} has categories", hint="List them with --categories.")
        if structured and found != "aste":
            raise SettingError("only aste is asked for with a schema", hint="Leave --structured out.")
        return opinion_task(found, categories=listed or None, structured=structured)
    if skill in ("analysis", "rewriting"):
        return understanding_task("analysis" if skill == "analysis" else "rewriting")
    if skill == "rating":
        return rating_task(LABELS.get(elements, LABELS["polarities"]))
    raise SettingError(f"there is no skill {skill!r}", hint="One of: opinions, analysis, rewriting, rating, summary.")


def with_evidence(source: Source) -> tuple[Source, Task]:
    """Read and group the records of a source, and give its sides of aspects with the task that checks summaries."""
    from gistill.distill.summary_task import summary_evidence
    from gistill.reader import load_reader
    from gistill.schema import Failure, Record

    found = summary_evidence((one for one in source.records if isinstance(one, Record | Failure)), load_reader())
    return source._replace(records=iter(found.items)), found.task


def estimate(walk: Walk, *, as_json: bool) -> int:
    """Say what a run would take, after everything that is done before asking; ask nothing."""
    from gistill.distill.annotate import ask
    from gistill.distill.estimating import Estimating
    from gistill.lm.private import PrivateModel

    with _planned(walk) as (plan, apart):
        counting = [Estimating(teacher.remote.estimate, name=teacher.remote.name) for teacher in walk.teachers]
        gates = [PrivateModel(one, pii=teacher.gate.pii) for one, teacher in zip(counting, walk.teachers, strict=True)]
        size = walk.settings.shard_size
        for start in range(0, plan.items, size):
            for _ in ask(tuple(plan.read(start, size)), walk.task, gates, walk.settings):
                walk.display("estimate", start, plan.items)
        found = added([one for each in counting for one in each.found])
    _say_missing(apart)
    if as_json:
        about = {"texts": plan.items, "candidates": plan.candidates, "set_apart": plan.counts, **asdict(found)}
        typer.echo(json.dumps(about, indent=2))
        return 0
    typer.echo(_planned_sentence(plan))
    money = "their price is not known" if found.money_most is None else f"at most {found.money_most:.4f} USD"
    typer.echo(
        f"{found.calls:,} calls ({found.hits:,} more equal another or are answered by the journal), "
        f"about {found.prompt_tokens:,} tokens to send, at most {found.completion_tokens_most:,} to come back; {money}"
        + (f" ({found.price_source})." if found.money_most is not None else ".")
    )
    return 0


def write_batches(walk: Walk, folder: Path, *, as_json: bool) -> int:
    """Write what would be asked as batch files, redacted as it would be sent; ask nothing."""
    from gistill.lm.batch_files import write_batch

    with _planned(walk) as (plan, apart):
        collected = _collected(walk, plan)
    _say_missing(apart)
    files = write_batch(collected.requests, folder, model=collected.name, journal=walk.journal)
    if as_json:
        about = {"texts": plan.items, "requests": len(collected.requests), "files": [str(file) for file in files]}
        typer.echo(json.dumps(about, indent=2))
    else:
        typer.echo(
            f"{len(collected.requests):,} requests in {len(files)} files in {folder}. Have them answered, and give the "
            "same command with --read-batch and the files that come back."
        )
    return 0


def read_batches(walk: Walk, files: Sequence[Path], *, as_json: bool) -> int:
    """Take the answers of batch files into the journal, then go the walk with what the journal has; ask nobody."""
    from gistill.lm.batch_files import CollectingModel, read_batch
    from gistill.lm.private import PrivateModel

    records = list(walk.source.records)  # they are gone through twice
    walk = walk._replace(source=walk.source._replace(records=iter(records)))
    with _planned(walk) as (plan, _):
        collected = _collected(walk, plan)
    (teacher,) = walk.teachers
    counts = read_batch(files, walk.journal, collected.requests, model=collected.name, server=teacher.remote.url).counts
    tell(f"Of the batch: {', '.join(f'{count:,} {name}' for name, count in counts.items() if count) or 'nothing'}.")
    gates = [PrivateModel(CollectingModel(t.remote.name, journal=walk.journal), pii=t.gate.pii) for t in walk.teachers]
    walk = walk._replace(source=walk.source._replace(records=iter(records)))
    return run(walk, as_json=as_json, teachers=gates)


def _collected(walk: Walk, plan: Plan) -> CollectingModel:
    from gistill.distill.annotate import ask
    from gistill.errors import SettingError
    from gistill.lm.batch_files import CollectingModel
    from gistill.lm.private import PrivateModel

    if len(walk.teachers) != 1:
        raise SettingError("batch files hold the questions to one teacher", hint="Leave --teacher out.")
    (teacher,) = walk.teachers
    found = CollectingModel(teacher.remote.name, journal=walk.journal)
    gate = PrivateModel(found, pii=teacher.gate.pii)
    size = walk.settings.shard_size
    for start in range(0, plan.items, size):
        for _ in ask(tuple(plan.read(start, size)), walk.task, [gate], walk.settings):
            walk.display("collect", start, plan.items)
    return found


def preview(walk: Walk, *, as_json: bool) -> int:
    """Ask about the first 20 texts, and show what is kept; only the journal is written."""
    from gistill.distill.annotate import preview as ask_some

    with _planned(walk) as (plan, apart):
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
        typer.echo(f"{kept} of {len(found)} kept. {_planned_sentence(plan)}")
        typer.echo(_cost_sentence(cost, plan.items * walk.settings.samples * len(walk.teachers)))
    return STOPPED if any(one.stopped for one in found) else 0


def run(walk: Walk, *, as_json: bool, teachers: Sequence[LanguageModel] | None = None) -> int:
    """Go the whole walk, write the data card, and say how it went."""
    from gistill.distill.annotate import annotate

    apart = _apart(walk)
    _say_missing(apart)
    done = annotate(
        walk.source.records,
        walk.task,
        teachers or [teacher.gate for teacher in walk.teachers],
        out=walk.out,
        settings=walk.settings,
        apart=apart.prints,
        limit=walk.choice.limit,
        choose=_chooser(walk),
        progress=walk.display,
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
        typer.echo(_done_sentence(walk.out, done))
        typer.echo(_cost_sentence(cost))
    return _end(done, walk)


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


def _apart(walk: Walk) -> Apart:
    from gistill.distill.leaks import test_texts

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
    from gistill.lm.costs import total

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
        pii=walk.pii,
        selection=chosen,
        tests=apart.sets,
        missing=apart.missing,
        samples=walk.settings.samples,
        min_agreement=walk.settings.min_agreement,
        cost=cost,
        command=shlex.join(["gistill", *sys.argv[1:]]),
    )
    write_card(Corpus(walk.out, done.manifest), walk.task, about, lessons=done.lessons)


def _planned_sentence(plan: Plan) -> str:
    apart = ", ".join(f"{count:,} {kind}" for kind, count in plan.counts.items())
    chosen = f" of {plan.candidates:,}" if plan.candidates != plan.items else ""
    return f"{plan.items:,}{chosen} texts to ask about; set apart: {apart or 'none'}."


def _done_sentence(out: Path, done: Annotated) -> str:
    manifest = done.manifest
    refused = ", ".join(f"{count:,} {kind}" for kind, count in manifest.failures.items())
    said = (
        f"{manifest.rows:,} rows of {manifest.asked:,} texts asked about, {done.lessons:,} lessons in {out}/train.jsonl"
    )
    agreed = f"; mean agreement {manifest.agreement:.2f}" if manifest.agreement is not None else ""
    apart = ", ".join(f"{count:,} {kind}" for kind, count in manifest.set_apart.items())
    return f"{said}; set apart before: {apart or 'none'}; refused: {refused or 'none'}{agreed}."


def _cost_sentence(cost: Cost, planned: int = 0) -> str:
    """Say what was spent so far, and what `planned` calls would cost at the mean price of those answered so far."""
    money = f"{cost.known_spent:.4f} USD" if cost.spent is not None else "a price nobody knows (--prices FILE)"
    said = f"So far {cost.calls:,} calls for {money}; the journal answered {cost.hits:,}."
    if planned and cost.answered and cost.spent is not None:
        said += f" All {planned:,} calls: about {cost.spent / cost.answered * planned:.4f} USD."
    return said


def _end(done: Annotated, walk: Walk) -> int:
    """Say what is missing, and how to go on."""
    left = done.manifest.planned - done.manifest.asked + done.manifest.unanswered
    if done.stopped == "budget":
        tell(
            f"The limit is reached, and {left:,} texts are left. Raise --max-cost or --max-calls and give the same "
            "command again: it goes on from here, and nothing is paid twice."
        )
        return STOPPED
    if done.stopped:
        kinds = ", ".join(f"{kind} ({count})" for kind, count in done.manifest.failures.items())
        what = "answers were refused" if done.stopped == "refused" else "texts got no answer"
        tell(
            f"All of the first {done.manifest.asked} {what}: {kinds}. Look at {walk.out}/failures.jsonl or --preview; "
            "--go-on asks about the rest all the same."
        )
        return STOPPED
    if done.manifest.unanswered:
        tell(f"{done.manifest.unanswered:,} texts got no answer; the same command asks about them again.")
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
