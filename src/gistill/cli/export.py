"""`gistill export`: a trained writer as a folder that some engine runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gistill.cli import options
from gistill.cli.ending import ending, tell

if TYPE_CHECKING:
    from gistill.train.writer.export import Format
    from gistill.train.writer.export_check import Comparison

PAST_THRESHOLD = 3  # the exit code


def export(
    run: Annotated[Path, typer.Argument(metavar="FOLDER", help="A finished run, an adapter or a transformers folder.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="The folder to make.")],
    to: Annotated[
        list[str],
        typer.Option(metavar="FORMAT", help="peft, merged, gguf or openvino; several make a folder each in FOLDER."),
    ],
    check: Annotated[
        bool, typer.Option("--check", help="Compare its answers with those of the trained weights.")
    ] = False,
    inputs: Annotated[
        str | None,
        typer.Option(metavar="FILE|SET", help="What to ask; else the run's development set. Needs --check."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="FOLDER", envvar="GISTILL_DATA", help="Folder of the public data.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Inputs to check on.")] = 200,
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="F1 that may be lost; more ends with exit code 3.")
    ] = 0.01,
    converter: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="llama.cpp's convert_hf_to_gguf.py; else looked for on the PATH."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Write a trained writer for other engines: transformers, GGUF (F16), OpenVINO (int8), or its adapter alone."""
    with ending():
        formats = _formats(to)
        from gistill.train.writer.export import export_writer

        asked = _inputs(inputs, run, data, limit) if check else None
        places = {to: out if len(formats) == 1 else out / to for to in formats}
        for name, place in places.items():
            export_writer(run, place, to=name, converter=converter, say=tell)
        found = dict(_compared(run, places, asked)) if asked else {}
        if as_json:
            typer.echo(json.dumps([_about(name, place, found.get(name)) for name, place in places.items()], indent=2))
        else:
            for name, place in places.items():
                typer.echo(_line(name, place, found.get(name)))
        lost = [name for name, compared in found.items() if compared.loss > threshold]
        if lost:
            tell(f"{' and '.join(lost)} lost more F1 than {threshold:g}.")
            raise SystemExit(PAST_THRESHOLD)


def _formats(to: Sequence[str]) -> list[Format]:
    from gistill.errors import SettingError
    from gistill.train.writer.export import FORMATS

    for name in to:
        if name not in FORMATS:
            raise SettingError(f"there is no format {name!r}", hint=f"The formats are {', '.join(FORMATS)}.")
    return [name for name in FORMATS if name in to]


def _inputs(named: str | None, run: Path, data: Path | None, limit: int) -> Any:
    from importlib.util import find_spec

    from gistill.errors import ExtraMissingError
    from gistill.train.writer.export_check import check_inputs

    if find_spec("torch") is None:
        raise ExtraMissingError("Checking needs torch.", hint='Run: pip install "gistill[train]"')
    return check_inputs(named, run=run, data=data, limit=limit)


def _compared(run: Path, places: dict[Format, Path], inputs: Any) -> Iterator[tuple[Format, Comparison]]:
    """Ask the trained weights and then each export, one model in memory at a time."""
    from gistill.lm.engines.torch_model import load_torch_model
    from gistill.train.writer.export import describe
    from gistill.train.writer.export_check import ask, compare, load_exported

    tell(f"Asking the trained weights about {len(inputs.examples):,} texts of {inputs.source}.")
    trained = ask(load_torch_model(run), inputs.examples)
    for name, place in places.items():
        tell(f"Asking the export to {name}.")
        compared = compare(inputs, trained, ask(load_exported(place, name), inputs.examples))
        describe(place, {"check": compared.model_dump()}, held_out=compared.held_out)
        yield name, compared


def _about(name: Format, place: Path, compared: Comparison | None) -> dict[str, Any]:
    shown = {**compared.model_dump(), "loss": compared.loss} if compared else None
    return {"format": name, "folder": str(place), "bytes": _size(place), "check": shown}


def _line(name: Format, place: Path, compared: Comparison | None) -> str:
    line = f"{name}: {place}, {_size(place) / 1e6:,.1f} MB"
    if compared is None:
        return line
    f1 = [f"{100 * value:.1f}" if value is not None else "-" for value in (compared.f1, compared.trained_f1)]
    against = "the marked opinions" if compared.gold else "the trained weights' answers"
    return (
        f"{line}; {100 * compared.exact:.1f}% of {compared.inputs} answers the same, F1 against {against} "
        f"{f1[0]} ({-100 * compared.loss:+.1f}; trained weights {f1[1]})"
    )


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
