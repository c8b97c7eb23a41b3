"""`gistill audit`: whether personal data is in what was sent."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gistill.cli import options
from gistill.cli.ending import ending, output, tell

if TYPE_CHECKING:
    from gistill.teacher.audit import Audit

FOUND = 3  # the exit code
_SHOWN = 50


def audit(
    path: Annotated[
        Path, typer.Argument(metavar="JOURNAL|FOLDER", help="A journal, a batch file, or the folder of a run.")
    ],
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND", help="Ignore this kind of personal data, for example NAME. Repeatable. Default: none."
        ),
    ] = None,
    names: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Also look for people's names with this model: gliner:FOLDER, or a spaCy pipeline. Default: no model.",
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Search everything that was sent to a server for personal data. The exit code is 3 if some is found."""
    with ending():
        from gistill.errors import SettingError
        from gistill.privacy import KINDS
        from gistill.privacy.names import load_names
        from gistill.teacher.audit import audit as search

        ignored = {kind.upper() for kind in ignore or ()}
        if unknown := sorted(ignored - set(KINDS)):
            raise SettingError(f"there is no kind {unknown[0]}", hint=f"The kinds are {', '.join(KINDS)}.")
        done = search(path, ignore=ignored, names=load_names(names) if names else None)
        output(json.dumps(_fields(done), indent=2) if as_json else _lines(done))
        if not names:
            tell(_unsought(path))
        if done.leaks:
            tell("Personal data was sent, or is written to be sent.")
            raise SystemExit(FOUND)


def _unsought(path: Path) -> str:
    """Say that only sure signs of names were followed, and which detector the run itself had."""
    from gistill.distill.corpus import load_manifest

    made = load_manifest(path if path.is_dir() else path.parent)
    model = str(made.made_from.get("detector of names", "")) if made else ""
    others = "others are looked for with --names MODEL"
    if model:
        others = f"the run itself looked for others with {model}: give --names {shlex.quote(model)}"
    return f"Names were looked for only where a sure sign stands beside them; {others}."


def _fields(done: Audit) -> dict[str, Any]:
    return {**asdict(done), "kinds": done.kinds}


def _lines(done: Audit) -> str:
    """Show the first finds, then the counts. No value is shown in full: this is printed into the logs of CI."""
    lines = [
        f"{leak.file}, attempt {leak.attempt}, {leak.place}: {leak.kind} {leak.masked}" for leak in done.leaks[:_SHOWN]
    ]
    if len(done.leaks) > _SHOWN:
        lines.append(f"and {len(done.leaks) - _SHOWN:,} more")
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in done.kinds.items()) or "nothing personal found"
    lines.append(f"{done.bodies:,} bodies in {len(done.files):,} files: {kinds}")
    return "\n".join(lines)
