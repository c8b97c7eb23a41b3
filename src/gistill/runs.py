"""The one protocol of everything that can be gone on with: made from what, how far, whole or not, changed since.

A run keeps a manifest beside what it makes. It is written before the work begins and after each step that must not be
lost, always in one move and always after the step's own files are on the disk, so that it never promises what is not
there; a hash of itself says that nobody edited it. While a run works, no other works in the same place (`holding`). A
second run goes on where the manifest says that the first was made from the same; else it begins afresh and says what
changed. The form of the manifest has a number; what another version wrote in another form is refused.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Generic, TypeVar

from pydantic import JsonValue, ValidationError

from gistill import files
from gistill.errors import InputError
from gistill.schema import Noun

FORMAT = 2  # 1 was a form for each kind of run; raise it when a record's id, an opinion's id or this file changes
MANIFEST = "manifest.json"
LOCK = ".lock"
_SUM = "sha256"  # of all the rest of a manifest
HINT = "Name another place with -o, or remove this one to start again."

Far = TypeVar("Far")


class Run(Noun, Generic[Far]):
    """What a run says of itself on the disk."""

    format: int = FORMAT
    made_from: dict[str, JsonValue]  # what decides the result: its name in plain words -> its hash, or itself
    whole: bool = False  # nothing is left to do
    far: Far  # how far it is, as the work itself counts


def load(path: Path, kind: type[Run[Far]], *, formerly: str = "", hint: str = HINT) -> Run[Far] | None:
    """Read a run's manifest.

    Args:
        path: The manifest's.
        kind: What is read, with the type of its `far`.
        formerly: What the manifest was called in format 1, where that was another name.
        hint: How to go on where it is refused.

    Returns:
        The run; None where there is no manifest, or a damaged or edited one, which promises nothing.

    Raises:
        InputError: Another version of gistill wrote it, in another form.
    """
    if formerly and not path.exists() and path.with_name(formerly).exists():
        raise _refused(path.with_name(formerly), "an older", hint)
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    form = found.get("format") if isinstance(found, dict) else None
    if form != FORMAT:
        raise _refused(path, "a newer" if isinstance(form, int) and form > FORMAT else "an older", hint)
    if found.pop(_SUM, None) != files.hash_json(found):  # cut, or edited: what it promises was never so
        return None
    try:
        return kind.model_validate(found)
    except ValidationError:
        return None


def save(path: Path, run: Run[Far]) -> None:
    """Write a run's manifest in one move.

    Raises:
        OSError: It cannot be written.
    """
    told = json.loads(run.model_dump_json())
    files.write(path, json.dumps({**told, _SUM: files.hash_json(told)}, indent=2, ensure_ascii=False) + "\n")


def resume(
    path: Path,
    fresh: Run[Far],
    *,
    what: str,
    say: Callable[[str], None] = lambda message: None,
    aside: str = "",
    formerly: str = "",
    hint: str = HINT,
) -> Run[Far] | None:
    """Give an earlier run to go on with, where it was made from the same; else say what changed.

    Args:
        path: The manifest's.
        fresh: The run as it is before anything is done.
        what: What is made, as people call it: a file or a folder.
        say: Called with one sentence if there was an earlier run that cannot be gone on with.
        aside: What the sentence adds, from its comma or semicolon on.
        formerly: As for `load`.
        hint: As for `load`.

    Raises:
        InputError: As for `load`.
    """
    earlier = load(path, type(fresh), formerly=formerly, hint=hint)
    if earlier is None:
        if path.exists():
            say(f"{path} is damaged or was edited, so {what} is made again{aside}.")
        return None
    names = changed(earlier, fresh)
    if not names:
        return earlier
    listed = f"{', the '.join(names[:-1])} and the {names[-1]}" if names[1:] else names[0]
    say(f"The {listed} changed since {what} was made, so it is made again{aside}.")
    return None


def changed(earlier: Run[Far], now: Run[Far]) -> list[str]:
    """Name what two runs are not made from alike."""
    names = dict.fromkeys([*now.made_from, *earlier.made_from])
    missing = object()
    return [name for name in names if earlier.made_from.get(name, missing) != now.made_from.get(name, missing)]


@contextmanager
def holding(place: Path) -> Iterator[None]:
    """Keep all other runs out of a folder, or away from a file, while the block works there.

    The lock is the operating system's, on a hidden file that says who holds it. It ends with its process, however that
    ends, so what a killed run left is taken over at once; nothing has to be removed by hand.

    Args:
        place: A folder that exists, or a file whose folder exists.

    Raises:
        InputError: Another run holds it; the sentence says which process, where and since when.
        OSError: The hidden file cannot be written.
    """
    path = place / LOCK if place.is_dir() else place.with_name(f".{place.name[:80]}{LOCK}")
    file = _locked(path, place)
    try:
        yield
    finally:
        if os.name != "nt":  # where an open file cannot be removed, it stays, and nobody holds it
            path.unlink(missing_ok=True)
        file.close()


@contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """Make a folder and keep all other runs out of it, see `holding`; one made here goes again where it stays empty."""
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with holding(folder):
            yield
    finally:
        if made:
            with suppress(OSError):  # it holds something by now
                folder.rmdir()


def _locked(path: Path, place: Path) -> BinaryIO:
    while True:
        file = path.open("a+b")
        if not _try_lock(file):
            owner = _owner(path)
            file.close()
            raise InputError(f"is in use by another run{owner}", file=str(place),
                             hint="Wait until it ends, or name another place with -o.")  # fmt: skip
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):  # its last holder did not remove it meanwhile
                file.truncate(0)
                file.write(json.dumps({"pid": os.getpid(), "host": platform.node(), "at": time.time()}).encode())
                file.flush()
                return file
        file.close()


def _try_lock(file: BinaryIO) -> bool:
    """Take the lock of an open file; False where somebody else has it."""
    if sys.platform == "win32":
        import msvcrt

        file.seek(2**30)  # a byte behind all content: the others can read who holds it
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks; there is nothing to hold on to
        return True
    return True


def _owner(path: Path) -> str:
    try:
        told = json.loads(path.read_bytes())
        minutes = max(0, round((time.time() - told["at"]) / 60))
        since = f"since {minutes} minute{'s' * (minutes != 1)}" if minutes else "since less than a minute"
        return f": process {int(told['pid'])} on {str(told['host'])[:60]}, {since}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _refused(path: Path, version: str, hint: str) -> InputError:
    return InputError(f"was made by {version} version of gistill and cannot be continued", file=str(path), hint=hint)
