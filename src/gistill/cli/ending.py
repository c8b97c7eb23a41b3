"""How a command ends: 0 done, 1 an error, 2 bad input, 130 interrupted; one sentence, a traceback only on demand."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from gistill.errors import GistillError

INTERRUPTED = 130


@contextmanager
def ending(*, kept: str = "") -> Iterator[None]:
    """Turn whatever stops a command into a sentence on standard error and an exit code.

    Errors that nobody foresaw pass through with their traceback: they are bugs, and should look like it.

    Args:
        kept: One sentence about what an interrupted run leaves behind, and how to go on.
    """
    try:
        yield
        sys.stdout.flush()  # here and not at exit, where a broken pipe would print a traceback
    except BrokenPipeError:
        # Whoever read our output has had enough (`| head`). Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    except KeyboardInterrupt:
        _end("Interrupted.", kept, INTERRUPTED)
    except GistillError as error:
        _end(f"Error: {error}", error.hint, error.exit_code, error)
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


def tell(message: str) -> None:
    """Say something on standard error, where it never mixes with a result; control characters are shown as such."""
    shown = "".join(char if char.isprintable() or char == "\n" else f"\\x{ord(char):02x}" for char in message)
    encoding = sys.stderr.encoding or "utf-8"
    print(shown.encode(encoding, "backslashreplace").decode(encoding), file=sys.stderr, flush=True)
