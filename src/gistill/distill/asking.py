"""The loop of annotating: texts in, what whoever was put into it answered about each out.

Whoever answers is an argument: a server, an estimator that only counts, a collector that writes a batch file, or the
journal alone. Nothing here writes a corpus.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple, TypeVar

from gistill.corpora.leaks import Apart
from gistill.distill.agree import Agreed, agree
from gistill.distill.plan import Plan
from gistill.distill.settings import AnnotateSettings
from gistill.distill.tasks import Item, Provenance, Read, Row, Task, not_read_back
from gistill.lm.seam import Completion, LanguageModel, Request, failed
from gistill.schema import Failure, Record
from gistill.teacher.gate import PrivateModel
from gistill.teacher.journal import Journal
from gistill.teacher.prices import Cost, total
from gistill.teacher.remote import Progress, RemoteModel
from gistill.text import clean

_BUDGET = "over_budget"
# No answer came, and none that could come later is ruled out: the next run asks again. A text that is too long for the
# server, or that it refuses to speak about, is settled.
_NO_ANSWER = frozenset(
    {"rate_limited", "server_error", "unavailable", "timeout", "cut", "unreachable", "broken_answer", "no_answer"}
    | {"reasoning", "tool_call", "not_an_api", "interrupted", "waiting", _BUDGET}
)

Records = Iterable[Record | Item | Failure]
Say = Callable[[str], None]
_T = TypeVar("_T")


class Walk(NamedTuple):
    """Everything that the loop needs, opened once; see `opened`.

    Attributes:
        records: To be gone through once.
        gates: The teachers, each behind its privacy gate.
        remotes: The same without their gates; empty where the caller brought models of their own.
        hosts: Where the teachers are asked, for the provenance of rows; empty likewise.
        journal: Of all calls; None likewise.
        apart: The texts that must not be trained on.
    """

    settings: AnnotateSettings
    task: Task
    records: Records
    gates: tuple[PrivateModel, ...]
    remotes: tuple[RemoteModel, ...]
    hosts: tuple[str, ...]
    journal: Journal | None
    apart: Apart
    progress: Progress
    say: Say

    @property
    def cost(self) -> Cost | None:
        """What the run has cost so far; None without a journal."""
        return total(self.journal.costs(self.journal.run)) if self.journal is not None else None


class Asked(NamedTuple):
    """What came of one text: a row or none, and what was refused. `answered` is False where an answer did not come."""

    item: Item
    row: Row | None
    failures: tuple[Failure, ...]
    mended: Counter[str]
    answered: bool
    stopped: bool  # the budget ran out


class Part(NamedTuple):
    """What came of some texts of one shard. `last` says that the shard is through."""

    shard: int
    asked: list[Asked]
    last: bool


class _Answer(NamedTuple):
    """One answer, and what was put right in it before it was read."""

    completion: Completion
    mended: dict[str, int]


def ask_all(
    plan: Plan,
    walk: Walk,
    models: Sequence[LanguageModel],
    *,
    step: str,
    skip: Collection[int] = (),
    first: int = 0,
    limit: int | None = None,
) -> Iterator[Part]:
    """Ask models about all texts of a plan, shard by shard, and read their answers.

    Args:
        plan: The texts.
        walk: How to ask.
        models: Whoever answers: the walk's gates, or others behind gates alike.
        step: The name of what is shown.
        skip: Shards that are not asked about.
        first: Ask about so many texts first, and then about the rest of their shard, so that a run can be stopped.
        limit: Ask about the first texts only.
    """
    size, total = walk.settings.shard_size, plan.items if limit is None else min(limit, plan.items)
    for number, items in enumerate(_batches(islice(plan.read(), total), size)):
        if number in skip:
            continue
        done = number * size
        walk.progress(step, done, total)
        cut = first if number == 0 else 0
        for part in filter(None, (items[:cut], items[cut:])):
            asked = _ask(part, walk, models)
            done += len(part)
            walk.progress(step, done, total)
            yield Part(number, asked, done == number * size + len(items))


def _ask(items: Sequence[Item], walk: Walk, models: Sequence[LanguageModel]) -> list[Asked]:
    task, settings = walk.task, walk.settings
    requests = [
        Request(
            messages=task.ask(item),
            max_tokens=settings.max_tokens or task.max_tokens,
            temperature=settings.sampling_temperature,
            seed=settings.seed + sample,
        )
        for item in items
        for sample in range(settings.samples)
    ]
    answers: list[list[_Answer]] = [[] for _ in items]
    for model in models:
        completions = _complete(model, requests, task)
        for place, part in enumerate(_batches(completions, settings.samples)):
            answers[place] += part
    return [_settle(item, found, walk, models) for item, found in zip(items, answers, strict=True)]


def _complete(model: LanguageModel, requests: Sequence[Request], task: Task) -> list[_Answer]:
    """Ask for plain text, or for the skill's noun where it has one; either way the answer is read as text."""
    if task.kind is None:
        return [_Answer(completion, {}) for completion in model.complete(requests)]
    from gistill.lm.structured import complete_as

    kind, as_text = task.kind
    answers = []
    for found in complete_as(model, requests, kind):
        if isinstance(found, Failure):
            answers.append(_Answer(failed(found.kind, found.detail), {}))
        else:
            counts = {"json": found.mended, "asked_again": found.asked_again}
            completion = found.completion.model_copy(update={"text": as_text(found.value)})
            answers.append(_Answer(completion, {name: 1 for name, there in counts.items() if there}))
    return answers


def _settle(item: Item, answers: Sequence[_Answer], walk: Walk, models: Sequence[LanguageModel]) -> Asked:
    """Read all answers about one text, and make a row of what they agree on."""
    completions = [completion for completion, _ in answers]
    reads = [_read(item, answer, walk.task) for answer in answers]
    mended: Counter[str] = Counter()
    for read in reads:
        mended.update(read.mended)
    failures = [failure for read in reads for failure in read.failures]
    kinds = [completion.failure.kind for completion in completions if completion.failure is not None]
    answered = not any(kind in _NO_ANSWER for kind in kinds)
    stopped = _BUDGET in kinds
    agreed = Agreed(reads[0].answer, None)
    if len(reads) > 1:
        way = walk.task.skill.teacher
        agreed = agree([read.answer for read in reads], way.vote, way.field, least=walk.settings.min_agreement)
    failures += (Failure(kind="disagreed", record=item.record, detail=clean(part)[:500]) for part in agreed.dropped)
    if agreed.answer is None:
        if not agreed.dropped and any(read.answer is not None for read in reads):
            failures.append(Failure(kind="disagreed", record=item.record))
        return Asked(item, None, tuple(failures), mended, answered, stopped)
    by = Provenance(
        teachers=tuple(model.name for model in models),
        hosts=walk.hosts,
        prompt=prompt_of(walk.task),
        keys=tuple(completion.key for completion in completions if completion.key),
        filters=(*walk.task.filters, "agreed") if len(completions) > 1 else walk.task.filters,
        mended=dict(sorted(mended.items())),
        dropped=len(failures),
        samples=walk.settings.samples,
        answers=sum(read.answer is not None for read in reads),
        agreement=agreed.agreement,
    )
    row = Row(
        id=item.id,
        record=item.record,
        skill=walk.task.name,
        text=item.text,
        start=item.start,
        asked=item.asked,
        answer=agreed.answer,
        by=by,
    )
    if broken := not_read_back(walk.task, row):
        return Asked(item, None, (*failures, broken), mended, answered, stopped)
    return Asked(item, row, tuple(failures), mended, answered, stopped)


@lru_cache(maxsize=8)
def prompt_of(task: Task) -> str:
    """Fingerprint a task once, and not once a row."""
    return task.prompt


def _read(item: Item, answer: _Answer, task: Task) -> Read:
    completion, mended = answer
    if completion.failure is not None:
        detail = clean(completion.failure.detail)
        return Read(None, (completion.failure.model_copy(update={"record": item.record, "detail": detail}),))
    found = task.read(clean(completion.text), item, completion.stop == "end")
    return found._replace(mended={**found.mended, **mended}) if mended else found


def _batches(items: Iterable[_T], size: int) -> Iterator[tuple[_T, ...]]:
    rest = iter(items)
    while batch := tuple(islice(rest, size)):
        yield batch
