"""Pictures and sound of records as text: whoever is asked (a Python function, a command) says what is in them.

What comes back becomes a part of the record of its own, named by its column, so that it is never taken for what stands
in another cell. A caption is whoever wrote it, not the customer: give sound that customers spoke, or captions that you
want to be read as their words.
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable, Iterable, Iterator

from gistill.errors import SettingError
from gistill.record import Failure, Part, Record, Turn
from gistill.text import is_blank

Describe = Callable[[str], "str | None"]  # what stands in the cell, such as a path -> its words; None where it has none
_SECONDS = 120  # that a command may take for one file


def with_media(items: Iterable[Record | Failure], column: str, describe: Describe) -> Iterator[Record | Failure]:
    """Add to each record the words of its picture or sound.

    Args:
        items: Records and failures.
        column: Where the paths or addresses stand; a record without one stays as it is.
        describe: Is asked once for each record that has one.

    Returns:
        The same in order. Where the function raises, the record stays as it is, and a `Failure` of kind `media`
        follows.
    """
    for item in items:
        cell = item.meta.get(column, "").strip() if isinstance(item, Record) else ""
        if not cell or isinstance(item, Failure):
            yield item
            continue
        try:
            said = describe(cell)
        except Exception as error:  # whoever is asked is not ours
            yield item
            yield Failure(kind="media", record=item.id, row=item.row, detail=f"{cell[:200]}: {error}"[:400])
            continue
        yield _added(item, column, said.strip()) if said and not is_blank(said) else item


def _added(record: Record, column: str, said: str) -> Record:
    if record.turns:
        text = f"{record.text}\n{said}"
        turn = Turn(role="user", start=len(text) - len(said), end=len(text))
        return record.model_copy(update={"text": text, "turns": (*record.turns, turn)})
    text = f"{record.text}\n\n{said}" if record.text else said
    before = record.parts or ((Part(start=0, end=len(record.text), column="text"),) if record.text else ())
    part = Part(start=len(text) - len(said), end=len(text), column=column)
    return record.model_copy(update={"text": text, "parts": (*before, part)})


def command(line: str) -> Describe:
    """Make a function of a command, which gets the cell as its last argument and prints the words.

    No shell reads the line, and a cell that begins with a hyphen is never taken for an option.

    Raises:
        SettingError: There is no command in the line.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise SettingError(f"the command {line!r} cannot be read: {error}") from error
    if not words:
        raise SettingError("the command for pictures and sound is empty")

    def describe(cell: str) -> str:
        given = f"./{cell}" if cell.startswith("-") else cell
        done = subprocess.run(
            [*words, given], capture_output=True, text=True, encoding="utf-8", errors="replace", timeout=_SECONDS
        )
        if done.returncode:
            last = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
            raise OSError(last[0])
        return done.stdout

    return describe
