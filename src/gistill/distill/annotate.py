"""Records and a teacher in, a sharded corpus with the provenance of every row out; what was paid for is never lost.

One loop, `ask_all`, goes through the texts, and whoever is put into it answers: a server, an estimator that only
counts, a collector that writes a batch file, or the journal alone. `estimating` and `batches` put in the others.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from pydantic import JsonValue

from gistill.corpora.leaks import Apart, test_texts
from gistill.distill.asking import Asked, Records, Say, Walk, ask_all, prompt_of
from gistill.distill.card import About, write_card
from gistill.distill.corpus import Corpus, Manifest, Shard
from gistill.distill.plan import Plan, items_of, make_plan, records_without_leaks
from gistill.distill.settings import AnnotateSettings, Teacher, task_of, teachers_of
from gistill.distill.tasks import Task, prepared
from gistill.lm.seam import LanguageModel
from gistill.privacy import NameDetector
from gistill.runs import Run, holding
from gistill.teacher.gate import PrivateModel
from gistill.teacher.journal import Journal
from gistill.teacher.limits import Limits
from gistill.teacher.prices import Cost, read_prices
from gistill.teacher.remote import AnswerProgress, Manner, Progress, RemoteModel

FIRST = 50  # texts; where all of their answers are refused, something is wrong with the teacher or the prompt
_NOTHING_APART = Apart(frozenset(), (), ())


class Annotated(NamedTuple):
    """A corpus as far as it is made.

    Attributes:
        folder: Where it is.
        unit: What was asked about at once; see `tasks.Task`.
        manifest: Its counts.
        plan: What was, or will be, asked about.
        examples: Training examples in train.jsonl.
        stopped: Why it is not done: "" (it is), "budget", "refused" (all of the first answers), "unanswered" (none of
            the first texts got an answer).
        cost: Of all runs on this folder, from the journal; None where the caller's own models were asked.
    """

    folder: Path
    unit: str
    manifest: Manifest
    plan: Plan
    examples: int
    stopped: str
    cost: Cost | None


def annotate(
    records: Records,
    *,
    out: Path | str,
    settings: AnnotateSettings,
    teachers: Sequence[LanguageModel] | None = None,
    task: Task | None = None,
    command: str = "",
    progress: Progress = lambda step, done, total: None,
    say: Say = lambda message: None,
) -> Annotated:
    """Ask teachers about every text of some records, and keep what passes the skill's checks, as a corpus in a folder.

    Called again with the same records, question and settings, finished shards are not made again; in the one that was
    at work, the journal gives the answers that were paid for.

    Args:
        records: Records, or items that were cut already (summaries). Taken one at a time, and written to `out/work` as
            they are cut, so that they may be a stream larger than memory. Per record the search for duplicates holds
            about a kilobyte.
        out: The corpus's folder; made where it is not there.
        settings: What to ask, whom, about which texts, and how far to go.
        teachers: Models of your own in the place of the servers that settings name: one, or several that vote. They,
            too, are asked through the privacy gate.
        task: What to ask, in the place of the task that settings name; the records are then inputs of it (`prepared`).
        command: How this was called, for the data card.
        progress: Called with each answer of a server, from another thread, and after each batch of answers.
        say: Called with a sentence about what goes on.

    Raises:
        SettingError: Settings do not fit together, or a price is needed and not known.
        ServerError: A teacher cannot be asked at all. What was finished stays.
        OSError: The folder cannot be written.
    """
    with opened(records, settings, Path(out), models=teachers, task=task, progress=progress, say=say) as walk:
        if walk.remotes:
            say(f"Asking {' and '.join(f'{remote.name} at {remote.url}' for remote in walk.remotes)}.")
        return make_corpus(walk, walk.gates, Path(out), command=command)


@contextmanager
def opened(
    records: Records,
    settings: AnnotateSettings,
    out: Path,
    *,
    models: Sequence[LanguageModel] | None = None,
    task: Task | None = None,
    counting: bool = False,
    progress: Progress = lambda step, done, total: None,
    say: Say = lambda message: None,
) -> Iterator[Walk]:
    """Open journal and teachers, and close them again. Arguments as those of `annotate`.

    Args:
        counting: Nothing will be asked, so no folder is made or held, and no journal made where there is none.

    Raises:
        InputError: Another run works in the folder.
    """
    named = teachers_of(settings) if models is None else []
    if task is None:
        records, task = prepared(task_of(settings), records)
    names = _name_detector(settings.names) if settings.names else None
    apart = test_texts(settings.tests, settings.data) if settings.tests else _NOTHING_APART
    if apart.missing:
        say(f"Test sets that were not checked, because they are not in the data folder: {', '.join(apart.missing)}.")
    shown = AnswerProgress(progress, (len(named) or len(models or ())) * settings.samples)
    with ExitStack() as stack:
        if not counting:
            out.mkdir(parents=True, exist_ok=True)
            stack.enter_context(holding(out))
        journal = None
        remotes: list[RemoteModel] = []
        if models is None:
            journal = stack.enter_context(_open_journal(settings, out, stack, counting=counting))
            remotes = _open_remotes(named, settings, journal, shown, stack)
        gates = tuple(PrivateModel(model, pii=settings.pii, names=names) for model in models or remotes)
        hosts = tuple(teacher.host for teacher in named)
        yield Walk(settings, task, records, gates, tuple(remotes), hosts, journal, apart, shown, say)


def _name_detector(model: str) -> NameDetector:
    from gistill.privacy.names import load_names

    return load_names(model)


def _open_journal(settings: AnnotateSettings, out: Path, stack: ExitStack, *, counting: bool) -> Journal:
    """Open the journal, in its folder; where calls are only counted and there is none, one that goes away again."""
    path = settings.journal or out / "journal.sqlite"
    if counting and not path.exists():
        path = Path(stack.enter_context(TemporaryDirectory(prefix="gistill-"))) / path.name
    return Journal(path, run=out.resolve().name, step="annotate")


def _open_remotes(
    named: Sequence[Teacher], settings: AnnotateSettings, journal: Journal, shown: AnswerProgress, stack: ExitStack
) -> list[RemoteModel]:
    """Open the servers over one journal, so that limits of money and calls hold for all of them together."""
    prices = read_prices(settings.prices) if settings.prices else None
    limits = Limits(
        concurrency=(min(4, settings.concurrency), settings.concurrency),
        rpm=settings.rpm,
        tpm=settings.tpm,
        timeout=settings.timeout,
        max_cost=settings.max_cost,
        max_calls=settings.max_calls,
    )
    return [
        stack.enter_context(
            RemoteModel(
                teacher.url,
                teacher.model,
                journal=journal,
                limits=limits,
                manner=Manner(api_key_env=settings.key_env),
                prices=prices,
                progress=partial(shown.answered, place),
            )
        )
        for place, teacher in enumerate(named)
    ]


def prepare(walk: Walk, folder: Path) -> Plan:
    """Write down in a folder what will be asked about; nothing is asked yet."""
    settings, apart = walk.settings, walk.apart.prints
    choose = None
    if settings.limit is not None:
        from gistill.distill.choose import chooser

        choose = chooser(settings.select, seed=settings.seed)
    folder.mkdir(parents=True, exist_ok=True)
    items = items_of(records_without_leaks(walk.records, apart), walk.task.unit)
    return make_plan(items, folder, apart=apart, limit=settings.limit, choose=choose)


@contextmanager
def planned(walk: Walk) -> Iterator[Plan]:
    """Plan in a folder that goes away again, where nothing but the journal is to be written."""
    with TemporaryDirectory(prefix="gistill-") as folder:
        yield prepare(walk, Path(folder))


def make_corpus(walk: Walk, models: Sequence[LanguageModel], out: Path, *, command: str = "") -> Annotated:
    """Go the whole walk: plan, ask, write each shard, then the files for training and the data card."""
    settings = walk.settings
    plan = prepare(walk, out / "work")
    shards = (None,) * len(range(0, plan.items, settings.shard_size))
    fresh = Manifest(planned=plan.items, set_apart=plan.counts, shards=shards)
    corpus = Corpus.open(out, Run[Manifest](made_from=_made_from(plan, walk, models), far=fresh), say=walk.say)
    finished = {number for number, shard in enumerate(corpus.manifest.shards) if shard is not None}
    stopped, done = "", list[Asked]()
    for number, asked, last in ask_all(plan, walk, models, step="annotate", skip=finished, first=FIRST):
        done += asked
        stopped = _why_stop(done, number, settings)
        if stopped or last:
            _add(corpus, number, [one for one in done if not one.stopped], whole=not stopped)
            done = []
        if stopped:
            break
    examples = corpus.finish(walk.task, plan.set_apart)
    if corpus.manifest.done:
        shutil.rmtree(out / "work", ignore_errors=True)
    cost = walk.cost
    write_card(corpus, walk.task, _about(walk, models, plan, cost, command), learned=examples)
    return Annotated(out, walk.task.unit, corpus.manifest, plan, examples, stopped, cost)


def _why_stop(done: Sequence[Asked], number: int, settings: AnnotateSettings) -> str:
    if any(one.stopped for one in done):
        return "budget"
    if number or settings.go_on or len(done) != FIRST or any(one.row for one in done):
        return ""
    return "refused" if any(one.answered for one in done) else "unanswered"


def _add(corpus: Corpus, number: int, done: Sequence[Asked], *, whole: bool) -> None:
    rows = [one.row for one in done if one.row]
    failures = [failure for one in done for failure in one.failures]
    mended: Counter[str] = Counter()
    for one in done:
        mended.update(one.mended)
    agreements = [row.by.agreement for row in rows if row.by.agreement is not None]
    shard = Shard(
        items=len(done),
        rows=len(rows),
        sha256="",
        failures=dict(sorted(Counter(failure.kind for failure in failures).items())),
        mended=dict(sorted(mended.items())),
        unanswered=sum(not one.answered for one in done),
        agreement=round(sum(agreements) / len(agreements), 4) if agreements else None,
        whole=whole,
    )
    corpus.add(number, rows, failures, shard)


def _made_from(plan: Plan, walk: Walk, models: Sequence[LanguageModel]) -> dict[str, JsonValue]:
    task, settings = walk.task, walk.settings
    decides = {
        "samples": settings.samples,
        "temperature": settings.sampling_temperature,
        "min_agreement": settings.min_agreement,
        "shard_size": settings.shard_size,
        "seed": settings.seed,
    }
    if settings.max_tokens is not None:
        decides["max_tokens"] = settings.max_tokens
    pii = settings.pii if settings.pii != "redact" else ""
    privacy = {"treatment of personal data": pii, "detector of names": settings.names or ""}
    return {
        "texts to ask about": plan.hash,
        "question": f"{task.name} {prompt_of(task)}" + ("" if task.filters else " unfiltered"),
        "teachers": ", ".join(f"{model.name} {model.hash}" for model in models),
        "settings": ", ".join(f"{name} {value}" for name, value in decides.items()),
        **{name: value for name, value in privacy.items() if value},
    }


def _about(walk: Walk, models: Sequence[LanguageModel], plan: Plan, cost: Cost | None, command: str) -> About:
    """Gather what the data card says besides the corpus's own counts."""
    settings = walk.settings
    chosen = settings.limit is not None and plan.candidates > settings.limit
    hosts = walk.hosts or ("",) * len(models)
    return About(
        source=settings.source,
        licence=settings.licence,
        teachers=tuple((model.name, host) for model, host in zip(models, hosts, strict=True)),
        pii=settings.pii,
        names=settings.names or "",
        selection=f"{plan.items:,} of {plan.candidates:,}, {settings.select}, seed {settings.seed}" if chosen else "",
        tests=walk.apart.sets,
        missing=walk.apart.missing,
        samples=settings.samples,
        min_agreement=settings.min_agreement,
        cost=cost,
        command=command,
    )
