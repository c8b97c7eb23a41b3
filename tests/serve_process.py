"""A service in a process of its own, with a reader of six words and a writer that repeats: quick, real HTTP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent


@dataclass
class Server:
    """A running service."""

    url: str
    process: subprocess.Popen[str]
    folder: Path
    log: Path

    def stop(self) -> int:
        """Tell it to stop, and wait until it has."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)


@contextmanager
def serving(folder: Path, **settings: Any) -> Iterator[Server]:
    """Run a service until the block ends.

    Args:
        folder: Its jobs are in `jobs` in there, and its log.
        settings: `keys`, `keep_days`, `slow` (seconds that the reader takes), `at_once`, `head` (seconds for a
            request's head), `largest` (bytes of a file), `digests` (whether jobs make real reports, with the reader of
            six words), and those of `Limits`.
    """
    folder.mkdir(exist_ok=True)
    log = folder / "log"
    command = [sys.executable, str(TESTS / "serve_process.py"), str(folder / "jobs"), json.dumps(settings)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])}
    with log.open("a") as said:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True, env=environment)
    try:
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        assert line, log.read_text()
        yield Server(f"http://127.0.0.1:{line}", process, folder / "jobs", log)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]


def _main(folder: Path, settings: dict[str, Any]) -> None:
    import resource

    from fake_reader import FakeReader
    from gistill.lm.fake import ScriptedModel
    from gistill.lm.seam import Request
    from gistill.serve import listening
    from gistill.serve.app import Who, application
    from gistill.serve.jobs import Jobs
    from gistill.serve.limits import Limits
    from gistill.serve.runner import Runner
    from gistill.serve.state import Loaded

    def answer(request: Request) -> str:
        if "fail" in request.messages[-1].content:
            raise RuntimeError(f"/home/somebody/model.gguf cannot answer {request.messages[-1].content}")
        return f"you said {request.messages[-1].content}"

    model = ScriptedModel(answer)
    model.enforces_schema = True  # type: ignore[attr-defined]

    keys, keep_days = settings.pop("keys", []), settings.pop("keep_days", 30.0)
    head, largest = settings.pop("head", 20.0), settings.pop("largest", None)
    if largest is not None:  # as a disk that is full: no file grows beyond this
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    reader, at_once = FakeReader(seconds=settings.pop("slow", 0.0)), settings.pop("at_once", 1)
    worker = "serve_digest.py" if settings.pop("digests", False) else "serve_work.py"
    limits = Limits(**settings)
    folder.mkdir(exist_ok=True)
    jobs = Jobs(folder)
    runner = Runner(jobs, {}, limits, at_once=at_once, command=(sys.executable, str(TESTS / worker)))
    made = application(
        lambda: Loaded(reader, model, None),
        jobs,
        runner,
        who=Who(keys=keys, hosts=["gistill.example"]),
        limits=limits,
        keep_days=keep_days,
        say=lambda message: print(message, file=sys.stderr, flush=True),
    )
    bound = listening.listen("127.0.0.1", 0)
    print(bound.getsockname()[1], flush=True)
    listening.run(made, bound, grace=5, head=head)


def until(true: Any, seconds: float = 30) -> Any:
    """Wait until something is true, and give it."""
    end = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < end:
        time.sleep(0.05)
    assert found
    return found


if __name__ == "__main__":
    _main(Path(sys.argv[1]), json.loads(sys.argv[2]))
