"""The walk of a benchmark: every system answers every set in a process of its own, then all answers are scored.

What was answered is kept and not asked again, so an interrupted benchmark goes on and a finished one is made again in
seconds, with the same numbers.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import sys
import threading
from collections.abc import Callable, Sequence
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from gistill import files
from gistill.bench.answers import Kept, digest
from gistill.bench.benchmark import AnyCard, AnySet, Benchmark, Card, Job, Set, Settings
from gistill.bench.models import Models
from gistill.bench.systems import Member, System
from gistill.errors import GistillError
from gistill.schema import Estimate

Plan = dict[str, tuple[AnySet, Job]]  # by the set's name, without those the system cannot do
Progress = Callable[[str, int, int], None]  # the step, texts done, texts in all
_POLL = 1.0  # seconds between two looks at how far a process is


def run_bench(
    benchmark: Benchmark[Set, Card],
    systems: Sequence[System],
    sets: Sequence[str],
    settings: Settings,
    *,
    progress: Progress = lambda step, done, of: None,
    models: Models | None = None,
) -> list[Card]:
    """Score systems on sets and write a scorecard for each of them into `out/scorecards`.

    Args:
        benchmark: How sets are loaded, asked about and scored.
        systems: See `systems.parse_systems`.
        sets: Names that the benchmark knows.
        settings: The rest.
        progress: Called now and then while a system answers.
        models: What brings models, which are then loaded in this process; None answers in processes of their own, so
            that peak memory is each system's.

    Returns:
        The scorecards, set by set in each system. One that cannot do a set's task is skipped and says why.

    Raises:
        SettingError: No such system or set.
        ModelMissingError: A model is not there; said before anything is asked.
        GistillError: A system's process was killed.
    """
    loaded = _load_sets(benchmark, sets, settings)
    here = models or Models()
    # Prepared before the first model is loaded, so that what cannot work is found then.
    plans = {
        member: _jobs(benchmark, member, loaded, settings, here) for system in systems for member in system.members
    }
    cards = []
    for system in systems:
        for member in system.members:
            work = (benchmark, member, list(plans[member]), settings)
            _answer_member(system.name, plans[member], work, models, progress)
        for on in loaded:
            cards.append(_scored(benchmark, system, on, plans, settings))
            write_scorecard(cards[-1], settings.out)
    return cards


def answer(benchmark: Benchmark[Any, Any], member: Member, sets: Sequence[str], settings: Settings) -> None:
    """Let one member answer what it has not answered yet; where another process started this one, it ends with that.

    Args:
        benchmark: How sets are loaded and asked about.
        member: It.
        sets: Names.
        settings: See `Settings`.
    """
    end_with_parent()
    loaded = _load_sets(benchmark, sets, settings)
    _answer(_jobs(benchmark, member, loaded, settings, Models()), settings, peak=peak_mb)


def end_with_parent() -> None:
    """End this process as soon as the one that started it is gone, since a new run may ask the same then."""
    parent = multiprocessing.parent_process()

    def end() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=end, daemon=True).start()


def _answer(plan: Plan, settings: Settings, *, peak: Callable[[], float | None]) -> None:
    for on, work in plan.values():
        _kept(on, work, settings).complete(work.ask, peak=peak)


def peak_mb() -> float | None:
    """Give the largest resident size of this process so far in MB; None where the system does not say."""
    status = Path("/proc/self/status")
    if status.exists():  # what getrusage says here holds the size of the process that started this one
        found = re.search(r"VmHWM:\s*(\d+) kB", status.read_text())
        return round(int(found[1]) / 1024, 1) if found else None
    if sys.platform == "win32":
        return None
    import resource

    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(size / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)


def write_scorecard(card: AnyCard, out: Path) -> Path:
    """Write a scorecard as JSON; its file's name says system and set."""
    folder = out / "scorecards"
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w.+-]+", "-", f"{card.system}--{card.set}")[:100].strip("-.")
    path = folder / f"{name}-{digest([card.system, card.set])[:6]}.json"
    files.write(path, card.model_dump_json(indent=1) + "\n")
    return path


def _load_sets(benchmark: Benchmark[Set, Any], names: Sequence[str], settings: Settings) -> list[Set]:
    return [benchmark.load(name, settings) for name in dict.fromkeys(names)]


def _jobs(
    benchmark: Benchmark[Set, Any], member: Member, sets: Sequence[Set], settings: Settings, models: Models
) -> Plan:
    return {
        on.name: (on, benchmark.job(member, on, models, settings)) for on in sets if not benchmark.why_not(member, on)
    }


def _kept(on: AnySet, work: Job, settings: Settings) -> Kept:
    return Kept(settings.out / "answers", work.decided_by, len(on.examples))


Work = tuple[Benchmark[Any, Any], Member, list[str], Settings]  # the arguments of `answer`


def _answer_member(name: str, plan: Plan, work: Work, models: Models | None, progress: Progress) -> None:
    settings = work[-1]
    files = [_kept(on, job, settings) for on, job in plan.values()]
    total = sum(file.count for file in files)
    if sum(file.answered for file in files) == total:
        return
    if models is not None:
        _answer(plan, settings, peak=lambda: None)
        return
    _apart(name, work, tick=lambda: progress(name, sum(f.answered for f in files), total))


def _apart(name: str, arguments: Work, *, tick: Callable[[], None]) -> None:
    """Let `answer` run in a process of its own, which ends with this one however that comes about."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(theirs, answer, *arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        while not ours.poll(_POLL):
            tick()
        error = ours.recv()
    except EOFError:
        error = GistillError(
            f"the process of {name} was killed, perhaps because the memory ran out",
            hint="Its answers are kept. Run the same command again to continue.",
        )
    finally:
        process.terminate()
        process.join()
        ours.close()
    if error is not None:
        raise error


def _child(theirs: Connection, work: Callable[..., None], *arguments: object) -> None:
    try:
        work(*arguments)
    except BaseException as error:
        theirs.send(error)
        if not isinstance(error, (GistillError, OSError, MemoryError, KeyboardInterrupt)):
            raise  # nobody foresaw it: its traceback is here
    else:
        theirs.send(None)


def _scored(
    benchmark: Benchmark[Set, Card], system: System, on: Set, plans: dict[Member, Plan], settings: Settings
) -> Card:
    reason = next((reason for member in system.members if (reason := benchmark.why_not(member, on))), "")
    if reason:
        return benchmark.skipped(system.name, on, reason)
    works = [plans[member][on.name][1] for member in system.members]
    files = [_kept(on, work, settings) for work in works]
    answers = _answers(system, on, works, files, settings)
    made = [work.decided_by for work in works]
    signature: dict[str, str | list[str]] = {
        "answers": [digest(decided_by) for decided_by in made],
        "weights": [str(decided_by["weights"]) for decided_by in made if "weights" in decided_by],
        "engines": [f"{name} {number}" for name, number in made[0].get("engines", {}).items()],
        "members": [" ".join(str(part) for part in member if part not in (None, "")) for member in system.members],
        "settings": f"limit {settings.limit}, seed {settings.seed}, max_tokens {settings.max_tokens}, "
        f"orders {settings.orders}",
        "gistill": version("gistill"),
    }
    costs = [file.cost() for file in files]
    return benchmark.card(system.name, on, answers, costs, signature=signature, seed=settings.seed)


def _answers(
    system: System, on: AnySet, works: Sequence[Job], files: Sequence[Kept], settings: Settings
) -> list[list[Any]]:
    """Read what each member answered about each text of a set."""
    if any(file.answered < file.count for file in files):
        raise GistillError(
            f"answers of {system.name} on {on.name} are missing from {settings.out / 'answers'}",
            hint="Run one benchmark at a time per folder. Run the same command again to ask for what is missing.",
        )
    return [
        [work.read(i, reply) for i, reply in enumerate(file.replies())] for work, file in zip(works, files, strict=True)
    ]


def compare(
    benchmark: Benchmark[Any, Any],
    base: System,
    others: Sequence[System],
    sets: Sequence[str],
    settings: Settings,
) -> list[Estimate]:
    """Bound by how much systems are above another one, over all texts of some sets together.

    Args:
        benchmark: What the sets are of.
        base: A system that `run_bench` had answer the sets with the same settings.
        others: More of them, each with as many seeds.
        sets: Names.
        settings: Those of the benchmark.

    Returns:
        The difference of each to the base, in order.

    Raises:
        GistillError: Something was not answered yet.
        ValueError: They do not have as many seeds.
    """
    loaded, models = _load_sets(benchmark, sets, settings), Models()

    def answered(system: System) -> list[list[Any]]:
        plans = [_jobs(benchmark, member, loaded, settings, models) for member in system.members]
        runs: list[list[Any]] = [[] for _ in plans]
        for on in loaded:
            works = [plan[on.name][1] for plan in plans]
            files = [_kept(on, work, settings) for work in works]
            for run, answers in zip(runs, _answers(system, on, works, files, settings), strict=True):
                run += answers
        return runs

    below = answered(base)
    return [benchmark.difference(loaded, answered(system), below, seed=settings.seed) for system in others]
