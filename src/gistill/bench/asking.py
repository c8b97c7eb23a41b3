"""A writer asked about a set: the same for every benchmark, so that its answers are kept and paid for alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from gistill.bench.answers import digest
from gistill.bench.benchmark import Job
from gistill.bench.models import Models, engines
from gistill.bench.systems import Member
from gistill.lm import Completion, Request
from gistill.schema import Failure


def writer_job(
    member: Member,
    set_hash: str,
    requests: Sequence[Sequence[Request]],
    models: Models,
    read: Callable[[int, Any], Any],
    *,
    prefix_cache: bool,
) -> Job:
    """Prepare a writer for a set.

    Args:
        member: The system.
        set_hash: Of the set.
        requests: What is asked about each text; one or more.
        models: What brings the models.
        read: What the replies to a text's requests say, each as `kept` writes it.
        prefix_cache: Whether prompts begin alike and are long enough that this is worth keeping.
    """
    decided_by = {
        "set": set_hash,
        "weights": models.hash("writer", member.path),
        "engines": engines("writer"),
        "prefix_cache": prefix_cache,
        # A benchmark draws from all tokens; what was asked before this could be set keeps its hash.
        "asked": digest([[request.model_dump(exclude={"top_p"}) for request in text] for text in requests]),
    }

    def ask(start: int, end: int) -> tuple[list[Any], float]:
        writer = models.writer(member.path, prefix_cache=prefix_cache)  # before the clock runs
        began = time.perf_counter()
        completions = iter(writer.complete([request for text in requests[start:end] for request in text]))
        seconds = time.perf_counter() - began
        return [[kept(next(completions)) for _ in text] for text in requests[start:end]], seconds

    return Job(decided_by, ask, read)


def kept(completion: Completion) -> dict[str, str]:
    """Write a completion as it is kept on disk."""
    if completion.failure:
        return {"failure": completion.failure.kind, "detail": completion.failure.detail}
    return {"text": completion.text, "stop": completion.stop}


def failure_of(reply: dict[str, str]) -> Failure | None:
    """Give the failure of a kept completion; None where it has a text."""
    return Failure(kind=reply["failure"], detail=reply["detail"]) if "failure" in reply else None
