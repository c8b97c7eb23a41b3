"""Records and a teacher in, a sharded corpus with the provenance of every row out; what was paid for is never lost."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

from gistill.distill.agree import agree
from gistill.distill.corpus import Corpus, Manifest, Shard
from gistill.distill.plan import Choose, Plan, items_of, make_plan, records_without_leaks
from gistill.distill.tasks import Item, Provenance, Read, Row, Task
from gistill.lm.seam import Completion, LanguageModel, Request, failed
from gistill.schema import Failure, Record
from gistill.text import clean

PREVIEW = 20  # texts
FIRST = 50  # texts; where all of their answers are refused, something is wrong with the teacher or the prompt
SHARD = 500  # texts
_BUDGET = "over_budget"
# No answer came, and none that could come later is ruled out: the next run asks again. A text that is too long for the
# server, or that it refuses to speak about, is settled.
_NO_ANSWER = frozenset(
    {"rate_limited", "server_error", "unavailable", "timeout", "cut", "unreachable", "broken_answer", "no_answer"}
    | {"interrupted", "waiting", _BUDGET}
)

Progress = Callable[[str, int, int | None], None]
_T = TypeVar("_T")


class Settings(NamedTuple):
    """How to ask.

    Attributes:
        samples: Answers asked of each teacher about each text.
        temperature: Of the samples; 0 asks for the likeliest answer.
        min_agreement: The share of the answers that must say the same; used where there are several.
        shard_size: Texts a shard.
        seed: Of the samples.
        go_on: Go on although all of the first answers were refused.
        hosts: Where the teachers are asked, for the provenance of rows.
        pii: What the teachers' gate does about personal data; see `PrivateModel`.
        names: The detector of names in that gate; empty where there is none.
    """

    samples: int = 1
    temperature: float = 0.0
    min_agreement: float = 0.5
    shard_size: int = SHARD
    seed: int = 0
    go_on: bool = False
    hosts: tuple[str, ...] = ()
    pii: str = "redact"
    names: str = ""


class Asked(NamedTuple):
    """What came of one text: a row or none, and what was refused. `answered` is False where an answer did not come."""

    item: Item
    row: Row | None
    failures: tuple[Failure, ...]
    mended: Counter[str]
    answered: bool
    stopped: bool  # the budget ran out


class _Answer(NamedTuple):
    """One answer, and what was put right in it before it was read."""

    completion: Completion
    mended: dict[str, int]


class Annotated(NamedTuple):
    """A corpus as far as it is made.

    Attributes:
        manifest: Its counts.
        plan: What was, or will be, asked about.
        lessons: Rows of train.jsonl.
        stopped: Why it is not done: "" (it is), "budget", "refused" (all of the first answers), "unanswered" (none of
            the first texts got an answer).
    """

    manifest: Manifest
    plan: Plan
    lessons: int
    stopped: str = ""


def annotate(
    records: Iterable[Record | Item | Failure],
    task: Task,
    teachers: Sequence[LanguageModel],
    *,
    out: Path,
    settings: Settings = Settings(),  # noqa: B008, a tuple cannot be changed
    apart: frozenset[str] = frozenset(),
    limit: int | None = None,
    choose: Choose | None = None,
    progress: Progress = lambda step, done, total: None,
    say: Callable[[str], None] = lambda message: None,
) -> Annotated:
    """Ask teachers about every text of some records, and keep what passes the skill's checks.

    Started again with the same records, question and settings, finished shards are not made again; in the one that was
    at work, the teacher's journal gives the answers that were paid for.

    Args:
        records: Records, or items that were cut already (summaries). Taken one at a time, and written to `out/work` as
            they are cut, so that they may be a stream larger than memory. Per record the search for duplicates holds
            about a kilobyte.
        task: What to ask; see `opinion_task` and its siblings.
        teachers: One, or several that vote. Texts that a teacher has no answer for count as unanswered.
        out: The corpus's folder; made where it is not there.
        settings: See there.
        apart: Fingerprints of texts that must not be trained on; see `corpora.leaks.fingerprint`.
        limit: The most texts to ask about.
        choose: Which ones; see `choose.chooser`. None takes the first.
        progress: Called before the first batch of answers of a shard, and after each.
        say: Called with a sentence about an earlier run.

    Raises:
        ServerError: A teacher cannot be asked at all. What was finished stays.
        OSError: The folder cannot be written.
    """
    plan = prepare(records, task, out, apart=apart, limit=limit, choose=choose)
    sizes = range(0, plan.items, settings.shard_size)
    fresh = Manifest(
        made_from=_made_from(plan, task, teachers, settings),
        planned=plan.items,
        set_apart=plan.counts,
        shards=(None,) * len(sizes),
    )
    corpus = Corpus.open(out, fresh, say=say)
    stopped = ""
    for number, items in enumerate(_batches(plan.read(), settings.shard_size)):
        if corpus.manifest.shards[number] is not None:
            continue
        done: list[Asked] = []
        progress("annotate", number * settings.shard_size, plan.items)
        for asked in ask(items, task, teachers, settings, first=FIRST if number == 0 else 0):
            done += asked
            progress("annotate", number * settings.shard_size + len(done), plan.items)
            stopped = _why_stop(done, number, settings)
            if stopped:
                break
        _add(corpus, number, [one for one in done if not one.stopped], whole=len(done) == len(items) and not stopped)
        if stopped:
            break
    lessons = corpus.finish(task, plan.set_apart)
    if corpus.manifest.done:
        shutil.rmtree(out / "work", ignore_errors=True)
    return Annotated(corpus.manifest, plan, lessons, stopped)


def prepare(
    records: Iterable[Record | Item | Failure],
    task: Task,
    out: Path,
    *,
    apart: frozenset[str] = frozenset(),
    limit: int | None = None,
    choose: Choose | None = None,
) -> Plan:
    """Write down in `out/work` what will be asked about; nothing is asked yet."""
    work = out / "work"
    work.mkdir(parents=True, exist_ok=True)
    return make_plan(
        items_of(records_without_leaks(records, apart), task.unit), work, apart=apart, limit=limit, choose=choose
    )


def preview(plan: Plan, task: Task, teachers: Sequence[LanguageModel], settings: Settings) -> list[Asked]:
    """Ask about the first 20 texts, and write nothing: what they cost is in the teachers' journal, and paid once."""
    return [one for part in ask(tuple(islice(plan.read(), PREVIEW)), task, teachers, settings) for one in part]


def ask(
    items: Sequence[Item], task: Task, teachers: Sequence[LanguageModel], settings: Settings, *, first: int = 0
) -> Iterator[list[Asked]]:
    """Ask about some texts, a few first where `first` says so, then the rest at once, and read the answers."""
    parts = [items[:first], items[first:]] if first else [items]
    for part in parts:
        if part:
            yield _ask(part, task, teachers, settings)


def _ask(items: Sequence[Item], task: Task, teachers: Sequence[LanguageModel], settings: Settings) -> list[Asked]:
    requests = [
        Request(
            messages=task.ask(item),
            max_tokens=task.max_tokens,
            temperature=settings.temperature,
            seed=settings.seed + sample,
        )
        for item in items
        for sample in range(settings.samples)
    ]
    answers: list[list[_Answer]] = [[] for _ in items]
    for teacher in teachers:
        completions = _complete(teacher, requests, task)
        for place, part in enumerate(_batches(completions, settings.samples)):
            answers[place] += part
    return [_settle(item, found, task, teachers, settings) for item, found in zip(items, answers, strict=True)]


def _complete(teacher: LanguageModel, requests: Sequence[Request], task: Task) -> list[_Answer]:
    """Ask for plain text, or for the skill's noun where it has one; either way the answer is read as text."""
    if task.kind is None:
        return [_Answer(completion, {}) for completion in teacher.complete(requests)]
    from gistill.lm.structured import complete_as

    kind, as_text = task.kind
    answers = []
    for found in complete_as(teacher, requests, kind):
        if isinstance(found, Failure):
            answers.append(_Answer(failed(found.kind, found.detail), {}))
        else:
            counts = {"json": found.mended, "asked_again": found.asked_again}
            completion = found.completion.model_copy(update={"text": as_text(found.value)})
            answers.append(_Answer(completion, {name: 1 for name, there in counts.items() if there}))
    return answers


def _settle(
    item: Item, answers: Sequence[_Answer], task: Task, teachers: Sequence[LanguageModel], settings: Settings
) -> Asked:
    """Read all answers about one text, and make a row of what they agree on."""
    completions = [completion for completion, _ in answers]
    reads = [_read(item, answer, task) for answer in answers]
    mended: Counter[str] = Counter()
    for read in reads:
        mended.update(read.mended)
    failures = [failure for read in reads for failure in read.failures]
    kinds = [completion.failure.kind for completion in completions if completion.failure is not None]
    answered = not any(kind in _NO_ANSWER for kind in kinds)
    stopped = _BUDGET in kinds
    agreed = agree([read.answer for read in reads], least=settings.min_agreement)
    failures += (Failure(kind="disagreed", record=item.record, detail=clean(part)[:500]) for part in agreed.dropped)
    if agreed.answer is None:
        if not agreed.dropped and any(read.answer is not None for read in reads):
            failures.append(Failure(kind="disagreed", record=item.record))
        return Asked(item, None, tuple(failures), mended, answered, stopped)
    row = Row(
        id=item.id,
        record=item.record,
        skill=task.name,
        text=item.text,
        start=item.start,
        asked=item.asked,
        answer=agreed.answer,
        by=Provenance(
            teachers=tuple(teacher.name for teacher in teachers),
            hosts=settings.hosts,
            prompt=_prompt(task),
            keys=tuple(completion.key for completion in completions if completion.key),
            filters=(*task.filters, "agreed") if len(completions) > 1 else task.filters,
            mended=dict(sorted(mended.items())),
            dropped=len(failures),
            samples=settings.samples,
            answers=sum(read.answer is not None for read in reads),
            agreement=agreed.agreement,
        ),
    )
    return Asked(item, row, tuple(failures), mended, answered, stopped)


@lru_cache(maxsize=8)
def _prompt(task: Task) -> str:
    """Fingerprint a task once, and not once a row."""
    return task.prompt


def _read(item: Item, answer: _Answer, task: Task) -> Read:
    completion, mended = answer
    if completion.failure is not None:
        detail = clean(completion.failure.detail)
        return Read(None, (completion.failure.model_copy(update={"record": item.record, "detail": detail}),))
    found = task.read(clean(completion.text), item, completion.stop == "end")
    return found._replace(mended={**found.mended, **mended}) if mended else found


def _why_stop(done: Sequence[Asked], number: int, settings: Settings) -> str:
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


def _made_from(plan: Plan, task: Task, teachers: Sequence[LanguageModel], settings: Settings) -> dict[str, str]:
    apart = ("go_on", "hosts", "pii", "names")
    privacy = {"personal data": settings.pii if settings.pii != "redact" else "", "names": settings.names}
    return {
        "input": plan.hash,
        "task": f"{task.name} {_prompt(task)}" + ("" if task.filters else " unfiltered"),
        "teachers": ", ".join(f"{teacher.name} {teacher.hash}" for teacher in teachers),
        "settings": ", ".join(f"{name} {value}" for name, value in settings._asdict().items() if name not in apart),
        **{name: value for name, value in privacy.items() if value},
    }


def _batches(items: Iterable[_T], size: int) -> Iterator[tuple[_T, ...]]:
    rest = iter(items)
    while batch := tuple(islice(rest, size)):
        yield batch
