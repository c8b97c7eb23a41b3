"""How a command ends: 0 done, 1 an error, 2 bad input, 130 interrupted; one sentence, a traceback only on demand."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, TextIO

import typer

from gistill.errors import GistillError

INTERRUPTED = 130
# C0 and C1 without tab and line feed, line separators, what turns the direction of text, and halves of characters.
_ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@contextmanager
def ending(*, kept: str = "", earlier: Path | None = None) -> Iterator[None]:
    """Turn whatever stops a command into a sentence on standard error and an exit code.

    Errors that nobody foresaw pass through with their traceback: they are bugs, and should look like it.

    Args:
        kept: One sentence about what an interrupted run leaves behind, and how to go on.
        earlier: What the command makes; where input is refused and it is there, it is said that an earlier run made it.
    """
    try:
        yield
        sys.stdout.flush()  # here and not at exit, where a broken pipe would print a traceback
    except BrokenPipeError:
        _close(sys.stdout)  # whoever read our output has had enough (`| head`)
        raise SystemExit(0) from None
    except KeyboardInterrupt:
        _end("Interrupted.", kept, INTERRUPTED)
    except GistillError as error:
        old = earlier is not None and error.exit_code == 2 and earlier.is_file()
        told = (error.hint, f"{earlier} is from an earlier run." if old else "")
        _end(f"Error: {error}", "\n".join(filter(None, told)), error.exit_code, error)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        _end(f"Error: {place}{(error.strerror or str(error)).lower()}", kept if not error.filename else "", 1, error)
    except MemoryError as error:
        _end("Error: there is not enough memory", "Try --limit, or split the input.", 1, error)


def _end(message: str, hint: str, code: int, error: BaseException | None = None) -> NoReturn:
    if error is not None and os.environ.get("GISTILL_DEBUG"):
        raise error
    tell(message.rstrip(".") + ".")
    if hint:
        tell(hint)
    raise SystemExit(code)


def printable(text: str) -> str:
    """Show what would act on a terminal instead of letting it act: control characters, and those that turn the order.

    All else stays, also what a terminal may not know (new emoji). In JSON the text stays the same JSON.

    >>> printable("red\\x1b[31m")
    'red\\\\u001b[31m'
    """
    return _ACTING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def output(*lines: str) -> None:
    """Print lines of a result on standard output. Everything that goes there goes through here."""
    for line in lines:
        typer.echo(printable(line))


def tell(message: str) -> None:
    """Say something on standard error, where it never mixes with a result."""
    shown = printable(message)
    encoding = sys.stderr.encoding or "utf-8"
    try:
        print(shown.encode(encoding, "backslashreplace").decode(encoding), file=sys.stderr, flush=True)
    except BrokenPipeError:  # nobody listens, which is no reason to stop
        _close(sys.stderr)


def opened() -> None:
    """Give a process that was begun without standard output or error (`>&-`) something to write to."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - for the whole process


def _close(stream: TextIO) -> None:
    """Let what is still to be written go nowhere, for Python would complain when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
