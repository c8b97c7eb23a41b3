"""`gistill correct`: ask people about the sentences that teach most, and take their answers back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from gistill.cli import options
from gistill.cli.ending import ending, output, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gistill.corrections.agreement import Agreement
    from gistill.corrections.form import HandCorrection

Tool = Literal["page", "label-studio", "doccano"]


def correct(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of a report.")],
    read: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="Take back what people corrected: the page's corrections.jsonl, or an export of Label Studio or "
            "doccano. Repeatable.",
        ),
    ] = None,
    to: Annotated[Tool, typer.Option(help="Write an offline page, or tasks for another tool.")] = "page",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="File to write. Default: in FOLDER.")
    ] = None,
    n: Annotated[int, typer.Option("--n", min=1, metavar="N", help="Number of sentences to ask about.")] = 200,
    again: Annotated[
        bool, typer.Option("--again", help="Ask again about what somebody has judged, to see whether people agree.")
    ] = False,
    author: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who made the files of --read that do not say it.")
    ] = None,
    show_names: Annotated[bool, typer.Option("--show-names", help="Show names of customers. Default: hidden.")] = False,
    as_json: options.Json = False,
) -> None:
    """Ask people about the sentences of a report that teach most: unsure, at odds with something, unlike one another.

    The page works without a network. What people save is taken back with --read; the next `gistill digest` of the same
    folder counts it, and `gistill finetune reader --marks` learns from it.
    """
    with ending():
        from gistill.digest import correcting

        report = correcting.open_correcting(folder)
        if read:
            every = correcting.read_back(report, read, author=author)
            output(_told(folder, every, as_json))
            return
        names = {"page": correcting.PAGE, "label-studio": "label-studio.json", "doccano": "doccano.jsonl"}
        path = out or folder / names[to]
        tasks = correcting.tasks_of(report, n=n, again=again, show_names=show_names)
        if to == "page":
            correcting.write_page(report, tasks, path, show_names=show_names)
        else:
            correcting.write_tasks(tasks, path, to, model=report.digest.made_with.get("reader", ""))
        if not tasks:
            tell("There is nothing left to judge; --again asks about what was judged.")
        output(
            json.dumps({"file": str(path), "sentences": len(tasks)}) if as_json else f"{len(tasks)} sentences: {path}"
        )


def _told(folder: Path, every: Sequence[HandCorrection], as_json: bool) -> str:
    from gistill.corrections.agreement import agreement
    from gistill.corrections.form import FILE

    found = agreement(every)
    if as_json:
        shown = [{**one._asdict(), "pairs": [pair._asdict() for pair in one.pairs]} for one in found]
        return json.dumps({"corrections": len(every), "file": str(folder / FILE), "agreement": shown}, indent=2)
    lines = [f"{len(every):,} {'correction' if len(every) == 1 else 'corrections'} in {folder / FILE}."]
    lines += [line for one in found for line in _agreement(one)]
    return "\n".join([*lines, "The next `gistill digest` of this folder counts them."])


def _agreement(one: Agreement) -> list[str]:
    opinions = f"{one.judged:,} {'opinion' if one.judged == 1 else 'opinions'} that two people or more judged"
    lines = [f"Agreement on the {one.about} of {opinions}: Krippendorff's alpha {_figure(one.alpha)}."]
    for pair in one.pairs:
        who = " and ".join(pair.people)
        lines.append(f"  {who}: {pair.agreed} of {pair.both} alike, Cohen's kappa {_figure(pair.kappa)}")
    return lines


def _figure(value: float | None) -> str:
    return "not measured (all labels are alike)" if value is None else f"{value:.2f}"
