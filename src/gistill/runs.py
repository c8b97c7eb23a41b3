"""The one protocol of everything that can be gone on with: made from what, how far, whole or not, changed since.

A run keeps a manifest beside what it makes. It is written before the work begins and after each step that must not be
lost, always in one move and always after the step's own files are on the disk, so that it never promises what is not
there. A second run goes on where the manifest says that the first was made from the same; else it begins afresh and
says what changed. The form of the manifest has a number; what another version wrote in another form is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import JsonValue, ValidationError

from gistill import files
from gistill.errors import InputError
from gistill.schema import Noun

FORMAT = 2  # 1 was a form for each kind of run; raise it when a record's id, an opinion's id or this file changes
MANIFEST = "manifest.json"
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
        The run; None where there is no manifest, or a damaged one, which promises nothing.

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
    try:
        return kind.model_validate(found)
    except ValidationError:
        return None


def save(path: Path, run: Run[Far]) -> None:
    """Write a run's manifest in one move.

    Raises:
        OSError: It cannot be written.
    """
    files.write(path, run.model_dump_json(indent=2) + "\n")


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
            say(f"{path} is damaged, so {what} is made again{aside}.")
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


def _refused(path: Path, version: str, hint: str) -> InputError:
    return InputError(f"was made by {version} version of gistill and cannot be continued", file=str(path), hint=hint)
