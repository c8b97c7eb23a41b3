"""`gistill export`: a trained writer as a folder that some engine runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gistill.cli import options
from gistill.cli.ending import ending, output, tell

if TYPE_CHECKING:
    from gistill.train.writer.export_check import Exported

PAST_THRESHOLD = 3  # the exit code


def export(
    run: Annotated[Path, typer.Argument(metavar="FOLDER", help="A finished run, an adapter or a transformers folder.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Folder to create.")],
    to: Annotated[
        list[str],
        typer.Option(
            metavar="FORMAT", help="peft, merged, gguf or openvino. Repeatable: several formats get a subfolder each."
        ),
    ],
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Compare the answers of the export with those of the trained weights. Default: no check."
        ),
    ] = False,
    inputs: Annotated[
        str | None,
        typer.Option(metavar="FILE|SET", help="Texts for --check. Default: the run's development set."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="FOLDER", envvar="GISTILL_DATA", help="Folder of the public data.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Number of texts for --check.")] = 200,
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="Highest accepted loss of F1 in --check; above it the exit code is 3.")
    ] = 0.01,
    converter: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Path of llama.cpp's convert_hf_to_gguf.py. Default: searched on the PATH."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Convert a trained writer for other engines: transformers, GGUF (F16), OpenVINO (int8), or its adapter alone."""
    with ending():
        from gistill.train.writer.export_check import check_inputs
        from gistill.train.writer.export_check import export as write

        asked = check_inputs(inputs, run=run, data=data, limit=limit) if check else None
        made = write(run, out, to, check=asked, converter=converter, say=tell)
        if as_json:
            output(json.dumps([_about(one) for one in made], indent=2))
        else:
            for one in made:
                output(_line(one))
        lost = [one.format for one in made if one.check and one.check.loss is not None and one.check.loss > threshold]
        if lost:
            tell(f"{' and '.join(lost)} lost more F1 than {threshold:g}.")
            raise SystemExit(PAST_THRESHOLD)


def _about(one: Exported) -> dict[str, Any]:
    shown = {**one.check.model_dump(), "loss": one.check.loss} if one.check else None
    return {"format": one.format, "folder": str(one.folder), "bytes": one.size, "check": shown}


def _line(one: Exported) -> str:
    compared = one.check
    line = f"{one.format}: {one.folder}, {one.size / 1e6:,.1f} MB"
    if compared is None:
        return line
    f1 = [f"{100 * value:.1f}" if value is not None else "-" for value in (compared.f1, compared.trained_f1)]
    against = "the marked opinions" if compared.gold else "the trained weights' answers"
    change = f"{-100 * compared.loss:+.1f}; " if compared.loss is not None else ""
    return (
        f"{line}; {100 * compared.exact:.1f}% of {compared.inputs} answers the same, F1 against {against} "
        f"{f1[0]} ({change}trained weights {f1[1]})"
    )
