"""Export a trained writer, ask each export what the trained one was asked, and say by how much it differs."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from gistill import install
from gistill.corpora import index
from gistill.corpora.tuples import Example
from gistill.errors import ExtraMissingError, InputError, SettingError
from gistill.evaluate.tuples import score
from gistill.lm import Completion, LanguageModel, Request, load_writer
from gistill.lm.engines.torch_model import load_torch_model
from gistill.schema import Noun, TupleAnswer
from gistill.skills.opinions import OpinionsInput, parse, render
from gistill.train.writer.export import FORMATS, Format, Say, describe, export_writer

DEFAULT_SET = "aste/14res/dev:aste"  # where the run names no development set
MAX_TOKENS = 192


class CheckInputs(NamedTuple):
    """Texts to ask about. Without `gold` their tuples are empty and mean nothing."""

    examples: list[Example]
    gold: bool
    source: str


class Comparison(Noun):
    """An export beside the trained weights in torch, on the same inputs."""

    inputs: int
    source: str
    exact: float  # share of answers that are the same, character by character
    f1: float | None  # strict, of the export
    trained_f1: float | None  # of the trained weights; 1 where the inputs are not marked, whose answers then are gold
    gold: bool  # the inputs are marked
    precision: float | None  # of the export's legal tuples, the share that is marked; None where nothing is marked
    tasks: tuple[str, ...]

    @property
    def loss(self) -> float | None:
        """How much F1 the export lost; negative where it gained. None where one of them has no F1."""
        return None if self.trained_f1 is None or self.f1 is None else self.trained_f1 - self.f1

    @property
    def held_out(self) -> dict[str, dict[str, Any]]:
        """What `gistill.json` keeps of it: how often an opinion is right, the confidence when the writer reads."""
        if self.precision is None or len(self.tasks) != 1:
            return {}
        return {self.tasks[0]: {"precision": round(self.precision, 4), "texts": self.inputs, "source": self.source}}


class Exported(NamedTuple):
    """A writer in another format.

    Attributes:
        check: Beside the trained weights; None where it was not asked for.
    """

    format: Format
    folder: Path
    check: Comparison | None

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())


def export(
    run: Path,
    out: Path,
    to: Sequence[str],
    *,
    check: CheckInputs | None = None,
    converter: Path | None = None,
    say: Say = lambda line: None,
) -> list[Exported]:
    """Do what `gistill export` does: write a trained writer in some formats, and compare them with it.

    Args:
        run: A finished run, an adapter or a transformers folder.
        out: The folder to make; of several formats each makes a folder of its name in it.
        to: Names of formats; see `FORMATS`.
        check: What to ask trained weights and exports about; see `check_inputs`. None asks nothing.
        converter: See `export_writer`.
        say: Called with a sentence before each step that takes long.

    Returns:
        The exports, in the order of `FORMATS`.

    Raises:
        SettingError: There is no such format, or it does not fit; see `export_writer` for the other errors.
    """
    formats = _formats(to)
    places = {name: out if len(formats) == 1 else out / name for name in formats}
    for name, place in places.items():
        export_writer(run, place, to=name, converter=converter, say=say)
    checks = dict(_compared(run, places, check, say)) if check else {}
    return [Exported(name, place, checks.get(name)) for name, place in places.items()]


def _formats(to: Sequence[str]) -> list[Format]:
    for name in to:
        if name not in FORMATS:
            raise SettingError(f"there is no format {name!r}", hint=f"The formats are {', '.join(FORMATS)}.")
    return [name for name in FORMATS if name in to]


def _compared(
    run: Path, places: dict[Format, Path], inputs: CheckInputs, say: Say
) -> Iterator[tuple[Format, Comparison]]:
    """Ask the trained weights and then each export, one model in memory at a time."""
    say(f"Asking the trained weights about {len(inputs.examples):,} texts of {inputs.source}.")
    trained = ask(load_torch_model(run), inputs.examples)
    for name, place in places.items():
        say(f"Asking the export to {name}.")
        compared = compare(inputs, trained, ask(load_exported(place, name), inputs.examples))
        describe(place, {"check": compared.model_dump()}, held_out=compared.held_out)
        yield name, compared


def check_inputs(named: str | None, *, run: Path, data: Path | None, limit: int, seed: int = 0) -> CheckInputs:
    """Choose what is asked, the same for every format.

    Args:
        named: A set ("aste/14res/dev:aste") or a file of records, whose texts are asked about one by one; None takes
            the run's first development set that is a set, else `DEFAULT_SET`.
        run: The run's folder.
        data: The folder of public data; needed for a set.
        limit: Inputs at most, drawn by lot.
        seed: Of the lot.

    Raises:
        ExtraMissingError: torch, which the trained weights need, is not installed.
        SettingError: A set is wanted and there is no data folder.
        InputError: The file or the set's file cannot be read, or holds no text.
    """
    if find_spec("torch") is None:
        raise ExtraMissingError("Checking needs torch.", hint=install.hint("train"))
    name = named or _development_set(run) or DEFAULT_SET
    if name in index.names():
        if data is None:
            raise SettingError(
                f"checking on {name} needs the public data",
                hint="Name their folder with --data or GISTILL_DATA, or give texts of your own with --inputs FILE.",
            )
        found, gold = index.load(name, folder=data), True
    else:
        found, gold = _texts(name), False
    if not found:
        raise InputError("holds no text to ask about", file=name)
    drawn = sorted(random.Random(seed).sample(range(len(found)), min(limit, len(found))))
    return CheckInputs([found[place] for place in drawn], gold, name)


def _texts(name: str) -> list[Example]:
    from gistill.schema import Record
    from gistill.tables import read_records

    records = [record for record in read_records(Path(name)) if isinstance(record, Record)]
    texts = dict.fromkeys(" ".join(record.text.split()) for record in records)
    return [Example(text, "aste", (), source=name) for text in texts if text]


def _development_set(run: Path) -> str | None:
    """Read the first public set that a run was chosen on."""
    try:
        named = yaml.safe_load((run / "recipe.yaml").read_text("utf-8"))["dev"]
        sets = [item if isinstance(item, str) else item["set"] for item in named]
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        return None
    known = set(index.names())
    return next((name for name in sets if name in known), None)


def ask(model: LanguageModel, examples: Sequence[Example]) -> list[Completion]:
    """Ask a writer for the opinions of each example."""
    return model.complete(
        [
            Request(messages=render(OpinionsInput(example.text, example.task)), max_tokens=MAX_TOKENS)
            for example in examples
        ]
    )


def load_exported(folder: Path, to: Format) -> LanguageModel:
    """Load an export in the engine that it is made for."""
    if to == "merged":
        return load_torch_model(folder)
    return load_writer(str(next(folder.glob("*.gguf")) if to == "gguf" else folder))


def compare(inputs: CheckInputs, trained: Sequence[Completion], exported: Sequence[Completion]) -> Comparison:
    """Put an export's answers beside those of the trained weights."""
    theirs, ours = _answers(inputs.examples, trained), _answers(inputs.examples, exported)
    gold = [example.tuples for example in inputs.examples] if inputs.gold else [answer.tuples for answer in theirs]
    return Comparison(
        inputs=len(inputs.examples),
        source=inputs.source,
        exact=sum(a.text == b.text for a, b in zip(trained, exported, strict=True)) / len(inputs.examples),
        f1=score(gold, ours).f1.value,
        trained_f1=score(gold, theirs).f1.value,
        gold=inputs.gold,
        precision=score(gold, ours, as_published=True).precision if inputs.gold else None,
        tasks=tuple(sorted({example.task for example in inputs.examples})),
    )


def _answers(examples: Sequence[Example], completions: Sequence[Completion]) -> list[TupleAnswer]:
    found = []
    for example, completion in zip(examples, completions, strict=True):
        asked = OpinionsInput(example.text, example.task)
        failed = (completion.failure,) if completion.failure else None
        complete = completion.stop == "end"
        found.append(TupleAnswer((), failed) if failed else parse(completion.text, asked, complete=complete))
    return found
