"""How fast does a journal answer again what was answered before, against asking a local server?

    python benchmarks/journal.py [--calls 50000] [--asked 500]

Writes a journal of so many answered calls, replays them all through `RemoteModel`, and asks a server on this machine
that answers at once for a sample of them; the full pass is that sample's rate times the calls. A real teacher takes
seconds a call, so the true ratio is far larger.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from gistill.lm import Request
from gistill.schema import Message
from gistill.teacher.journal import Journal, Outcome, request_key
from gistill.teacher.limits import Limits
from gistill.teacher.remote import RemoteModel
from teacher_server import TeacherServer

REVIEW = "The battery lasts two days, but the screen scratches when you look at it; support never answered. " * 6
T = TypeVar("T")


def timed(what: str, work: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - began
    print(f"{what:42} {seconds:8.2f} s", flush=True)
    return result, seconds


def requests(count: int) -> list[Request]:
    system = Message(role="system", content="List what the customer likes and dislikes.")
    return [
        Request(messages=(system, Message(role="user", content=f"Review {number}: {REVIEW}")))
        for number in range(count)
    ]


def fill(journal: Journal, asked: list[Request]) -> None:
    body = b"x" * (len(REVIEW) + 300)
    for request in asked:
        attempt = journal.begin(
            request_key("teacher", request), model="teacher", url="u", max_tokens=request.max_tokens, body=body
        )
        journal.finish(attempt, Outcome(1.0, "ok", 200, 180, 60, text=REVIEW[:240], stop="end"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=50_000, help="answered calls to replay")
    parser.add_argument("--asked", type=int, default=500, help="calls to ask the server for")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, TeacherServer() as server:
        file = Path(folder) / "calls.sqlite"
        everything = requests(given.calls)
        with Journal(file, run="first") as journal:
            timed(f"write {given.calls:,} attempts, two commits each", lambda: fill(journal, everything))
        print(f"{'the file':42} {file.stat().st_size / 1e6:8.1f} MB")
        with Journal(file, run="again") as journal, RemoteModel(server.url, "teacher", journal=journal) as model:
            answers, replay = timed(f"replay {given.calls:,} answered calls", lambda: model.complete(everything))
            assert all(answer.failure is None for answer in answers)
            assert server.counts["received"] == 0
            timed("sum up their cost", journal.costs)
        with (
            Journal(Path(folder) / "new.sqlite") as journal,
            RemoteModel(server.url, "teacher", journal=journal, limits=Limits(concurrency=(8, 8))) as model,
        ):
            _, sample = timed(
                f"ask a local server {given.asked:,} times", lambda: model.complete(everything[: given.asked])
            )
    full = sample / given.asked * given.calls
    print(f"a full pass would take {full:,.0f} s; a replay is {full / replay:,.0f} times as fast")


if __name__ == "__main__":
    main()
