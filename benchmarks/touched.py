"""How many files and functions of gistill does one annotate request touch, from the call to the row in the corpus?

    python benchmarks/touched.py [--command] [--loop]

Annotates one review with a server on this machine and counts the files and functions of the package whose code runs:
privacy gate, journal, HTTP, checks, shard, training example and data card. Imports are not counted. With --command the
request comes from `gistill annotate` with a CSV file, else from `gistill.annotate` with a record. With --loop only what
is done again for each request counts, from the question to the row in its shard; what a run does once does not
(opening, choosing the texts, the data card).
"""

from __future__ import annotations

import argparse
import inspect
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any
from unittest import mock

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import gistill
from teacher_server import TeacherServer

HOME = Path(gistill.__file__).parent


@contextmanager
def touched() -> Iterator[set[CodeType]]:
    """Collect the code that runs inside, in all threads that begin there."""
    found: set[CodeType] = set()

    def watch(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code not in found and _is_ours(code) and not _importing(frame):
            found.add(code)

    threading.setprofile(watch)
    sys.setprofile(watch)
    try:
        yield found
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def _is_ours(code: CodeType) -> bool:
    """Say whether code is of a function of the package; the bodies of modules and classes are not optimised."""
    return code.co_filename.startswith(str(HOME)) and bool(code.co_flags & inspect.CO_OPTIMIZED)


def _importing(frame: FrameType) -> bool:
    at: FrameType | None = frame
    while at is not None:
        if at.f_code.co_name == "<module>" and at.f_code.co_filename.startswith(str(HOME)):
            return True
        at = at.f_back
    return False


@contextmanager
def only_in_the_loop() -> Iterator[set[CodeType]]:
    """Collect like `touched`, but only while a question becomes a row, and while the row is written."""
    from gistill.distill import asking
    from gistill.distill.corpus import Corpus

    kept: set[CodeType] = set()

    def watched(work: Callable[..., Any]) -> Callable[..., Any]:
        def done(*given: Any, **named: Any) -> Any:
            before = set(found)
            found.clear()
            try:
                return work(*given, **named)
            finally:
                kept.update(found)
                found.update(before)

        return done

    with (
        touched() as found,
        mock.patch.object(asking, "_ask", watched(asking._ask)),
        mock.patch.object(Corpus, "add", watched(Corpus.add)),
    ):
        yield kept


def files(found: set[CodeType]) -> dict[str, int]:
    """Give each file with the number of its functions that ran; comprehensions and generators are of their function."""
    functions = {(code.co_filename, code.co_qualname) for code in found if not code.co_name.startswith("<")}
    counts = Counter(str(Path(name).relative_to(HOME)) for name, _ in functions)
    return dict(sorted(counts.items()))


def one_request(folder: Path, *, command: bool = False, loop: bool = False) -> dict[str, int]:
    """Annotate one review, and give the files that were touched.

    Args:
        folder: An empty one.
        command: Ask as the command does.
        loop: Count only what is done again for each request.
    """
    watching = only_in_the_loop if loop else touched
    with TeacherServer(answer=lambda body: "soup | great | positive") as server:
        if command:
            return _by_command(folder, server.url, watching)
        from gistill import AnnotateSettings, Record, annotate

        settings = AnnotateSettings(skill="opinions", server=server.url, model="teacher")
        with watching() as found:
            done = annotate([Record(id="r", text="The soup was great.")], out=folder / "corpus", settings=settings)
        assert done.examples == 1, done
        return files(found)


def _by_command(
    folder: Path, url: str, watching: Callable[[], AbstractContextManager[set[CodeType]]]
) -> dict[str, int]:
    from typer.testing import CliRunner

    from gistill.cli import app

    table = folder / "reviews.csv"
    table.write_text("id,text\nr,The soup was great.\n", encoding="utf-8")
    options = ["-o", str(folder / "corpus"), "--skill", "opinions", "--server", url, "--model", "teacher"]
    with watching() as found:
        ended = CliRunner().invoke(app, ["annotate", str(table), *options])
    assert ended.exit_code == 0, ended.output
    return files(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", action="store_true", help="ask by the command line")
    parser.add_argument("--loop", action="store_true", help="count only what is done again for each request")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counts = one_request(Path(folder), command=given.command, loop=given.loop)
    for name, count in counts.items():
        print(f"{count:4} {name}")
    print(f"{len(counts)} files, {sum(counts.values())} functions")


if __name__ == "__main__":
    main()
