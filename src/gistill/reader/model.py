"""Load a reader's folder and read sentences with it.

A folder holds `reader.json` (what it is and how to decode it), `tokenizer.json`, `model.onnx` (weights as int8, one
scale per row) and `README.md` (the model card). OpenVINO runs it (docs/decisions/ says why): activations are quantised
per token, so what is read in a sentence hardly depends on the sentences beside it. In 4 of 260 the confidence moved
with the size of the batch, by 0.003 at most.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gistill.categories import CODES, KINDS, STRENGTHS
from gistill.errors import ModelBrokenError, ModelMissingError
from gistill.files import hash_bytes
from gistill.offline import compiled
from gistill.reader.decode import (
    POLARITIES,
    Candidate,
    Floats,
    Meant,
    Reading,
    Scorer,
    UnitSpan,
    attributes,
    batch_candidates,
    batch_choose,
)
from gistill.reader.units import NULL, Units, cut, pad

FORMAT = 2
READS = (1, 2)  # 1 had no attributes
SHIPPED = Path(__file__).parent.parent / "weights" / "reader"
# Readers that have a name: the package's own, and those of packages beside it.
PACKAGES = {"small": None, "multilingual": "gistill_reader_multilingual", "large": "gistill_reader_large"}
_TRAIN_LARGE = "None is shipped yet: train one with `gistill finetune reader --recipe marks-large` and give its folder."
PIECES_PER_BATCH = 1024  # word pieces with padding; four times as many took a fifth more time, lost to the caches


class Reader:
    """A reader. Safe to use from one thread; load one per process.

    Tokenizer and model are loaded when the first sentence is read.

    Attributes:
        folder: Where it is.
        name: What the folder calls itself.
        hash: First 16 hex digits of the sha256 over the folder's model, tokenizer and settings.
        card: The parsed `reader.json`.
        languages: What it was trained to read, ISO 639-1.
        attributes: Whether its opinions have category, kind and strength.
    """

    def __init__(self, folder: Path, card: dict[str, Any], digest: str) -> None:
        self.folder = folder
        self.card = card
        self.name: str = card["name"]
        self.languages: tuple[str, ...] = tuple(card.get("languages", ()))
        self.attributes = bool(card.get("attributes"))
        self.hash = digest
        self._scorer = scorer_of(card["scorer"])
        self._implicit = (bool(card["implicit"][0]), bool(card["implicit"][1]))

    @cached_property
    def _tokenizer(self) -> Any:
        return _tokenizer(self.folder, self.card["max_pieces"])

    @cached_property
    def _model(self) -> Any:
        return _compile(self.folder)

    def load(self) -> Reader:
        """Load tokenizer and model now; give the reader itself.

        Raises:
            ModelBrokenError: One of them is damaged.
        """
        _ = self._tokenizer, self._model
        return self

    def read(self, sentences: Sequence[str]) -> list[list[Reading]]:
        """Find the opinions in each sentence.

        Args:
            sentences: Any strings. What lies beyond the model's longest input (`card["max_pieces"]` word pieces) is
                not read; `gistill.sentences.split` never gives such a sentence.

        Returns:
            One list per sentence, in the order given; readings in order of place. Offsets are code points of the
            sentence.
        """
        cuts = cut(self._tokenizer, sentences, characters=bool(self.card.get("characters")))
        found: list[list[Reading]] = [[] for _ in sentences]
        for rows in _batches(cuts):
            arrays = pad([cuts[i] for i in rows])
            outputs = self._model([arrays["input_ids"], arrays["attention_mask"], arrays["units"]])
            sizes = [len(cuts[i].first) for i in rows]
            likely = batch_candidates(outputs[0], outputs[1], sizes, implicit=self._implicit)
            for row, (i, chosen) in enumerate(zip(rows, batch_choose(likely, self._scorer), strict=True)):
                about = outputs[2][row] if self.attributes else None
                found[i] = [_reading(candidate, probability, cuts[i], about) for candidate, probability in chosen]
        return found


def _reading(candidate: Candidate, probability: float, units: Units, about: Floats | None) -> Reading:
    def extent(span: UnitSpan) -> tuple[int, int] | None:
        return None if span[0] == NULL else (units.extents[span[0]][0], units.extents[span[1]][1])

    polarity = POLARITIES[candidate.polarity]
    reading = Reading(extent(candidate.aspect), extent(candidate.opinion), polarity, round(probability, 4))
    if about is None:
        return reading
    category, kind, strength = attributes(candidate, about)
    return reading._replace(category=category, kind=kind, strength=strength)


def scorer_of(settings: dict[str, Any]) -> Scorer:
    """Make a scorer from what `reader.json` says of it."""
    meant = tuple(Meant(tuple(m["weights"]), m["bias"], m["threshold"]) for m in settings.get("meant", ()))
    return Scorer(tuple(settings["weights"]), settings["bias"], settings["threshold"], meant)


def attribute_names() -> dict[str, list[Any]]:
    """Give what the columns of the attributes mean, as `reader.json` keeps it."""
    return {"categories": list(CODES), "kinds": list(KINDS), "strengths": list(STRENGTHS)}


def find_reader(path: str | Path | None = None) -> Path:
    """Find the folder of a reader.

    Args:
        path: A folder, or a name: "small" is the one in the package, "multilingual" that of the package
            gistill-reader-multilingual, "large" that of gistill-reader-large, which is not shipped yet. None is what
            `GISTILL_READER` says (folder or name), else the small one.

    Raises:
        ModelMissingError: There is none.
    """
    wanted = str(path or os.environ.get("GISTILL_READER") or "small")
    if wanted in PACKAGES:
        return _of_package(wanted)
    if not (Path(wanted) / "reader.json").is_file():
        raise ModelMissingError(
            f"no reader in {wanted!r} (reader.json is missing)",
            hint=f"Give a folder, or one of {', '.join(PACKAGES)}; train one with `gistill finetune reader`.",
        )
    return Path(wanted)


def _of_package(name: str) -> Path:
    package = PACKAGES[name]
    spec = find_spec(package) if package else None
    folder = Path(spec.origin).parent / "weights" if spec and spec.origin else SHIPPED
    if package and spec is None:
        hint = _TRAIN_LARGE if name == "large" else package_hint(package)
        raise ModelMissingError(f"the {name} reader is not installed", hint=hint)
    if not (folder / "reader.json").is_file():
        raise ModelMissingError(f"no reader in {str(folder)!r} (reader.json is missing)", hint="Reinstall gistill.")
    return folder


def package_hint(package: str) -> str:
    """Say how the package of a reader is installed."""
    here = Path(__file__).parents[3] / "packages" / package.removeprefix("gistill_").replace("_", "-")
    return f"pip install {here if here.is_dir() else package.replace('_', '-')}"


def load_reader(path: str | Path | None = None, *, now: bool = True) -> Reader:
    """Load one reader; see `find_reader` for where it is looked for.

    Args:
        path: A folder or a name.
        now: Whether tokenizer and model are loaded at once, not when the first sentence is read.

    Raises:
        ModelMissingError: There is none.
        ModelBrokenError: The folder is incomplete, damaged or of a newer format.
    """
    folder = find_reader(path)
    try:
        card = json.loads((folder / "reader.json").read_text(encoding="utf-8"))
        if card["format"] not in READS:
            raise ModelBrokenError(
                f"{folder} is a reader of format {card['format']}, not {FORMAT}", hint="Upgrade gistill."
            )
        if card.get("attributes") not in (None, attribute_names()):
            raise ModelBrokenError(
                f"{folder} was trained on other categories, kinds or strengths", hint="Train it again."
            )
        parts = b"".join((folder / name).read_bytes() for name in ("reader.json", "tokenizer.json", "model.onnx"))
        reader = Reader(folder, card, hash_bytes(parts)[:16])
        return reader.load() if now else reader
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelBrokenError(f"the reader in {str(folder)!r} does not load ({error})") from error


def _tokenizer(folder: Path, max_pieces: int) -> Any:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # the library has no exception of its own
        raise ModelBrokenError(f"the tokenizer in {str(folder)!r} does not load ({error})") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_pieces)
    return tokenizer


def _compile(folder: Path) -> Any:
    try:
        return compiled(folder / "model.onnx")
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise ModelBrokenError(f"the model in {str(folder)!r} does not load ({reason})") from error


def _batches(cuts: Sequence[Units]) -> list[list[int]]:
    """Group texts of like length, so that little is computed for padding; texts without words are left out."""
    rows = sorted((i for i in range(len(cuts)) if len(cuts[i].first) > 1), key=lambda i: (len(cuts[i].ids), i))
    batches: list[list[int]] = []
    for row in rows:
        longest = len(cuts[row].ids)
        if batches and (len(batches[-1]) + 1) * longest <= PIECES_PER_BATCH:
            batches[-1].append(row)
        else:
            batches.append([row])
    return batches
