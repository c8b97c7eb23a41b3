"""Detectors of people's names for those who have one installed: GLiNER, or a spaCy pipeline that knows persons.

Names are found by models, not by rules, and models are large; so this is opt in, and the gate without it says so.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gistill.errors import ExtraMissingError, ModelMissingError
from gistill.privacy.found import NameDetector

_PERSONS = ("PERSON", "PER", "person")
_WINDOW = 1000  # code points GLiNER is given at a time; it reads a few hundred words and no further


def load_names(model: str) -> NameDetector:
    """Load a detector of names from this machine; nothing is downloaded.

    Args:
        model: "gliner:FOLDER" with a GLiNER model's files, or a spaCy pipeline: an installed package or a folder.

    Raises:
        ExtraMissingError: gliner or spaCy is not installed.
        ModelMissingError: The model is not there.
    """
    kind, colon, place = model.partition(":")
    if colon and kind == "gliner":
        return _gliner(place)
    return _spacy(model)


def _gliner(folder: str) -> NameDetector:
    library = _imported("gliner")
    if not Path(folder).is_dir():
        raise ModelMissingError(f"There is no folder {folder}.", hint="Download a GLiNER model and name its folder.")
    model = library.GLiNER.from_pretrained(folder, local_files_only=True)

    def names(text: str) -> Iterator[tuple[int, int]]:
        for start in range(0, len(text), _WINDOW):
            # Half a window further, so that no name is cut.
            part = text[start : start + _WINDOW + _WINDOW // 2]
            for one in model.predict_entities(part, ["person"]):
                yield start + one["start"], start + one["end"]

    return names


def _spacy(name: str) -> NameDetector:
    library = _imported("spacy")
    try:
        pipeline: Any = library.load(name)
    except OSError as error:
        raise ModelMissingError(
            f"There is no spaCy pipeline {name!r}.", hint=f"Try: python -m spacy download {name}"
        ) from error

    def names(text: str) -> Iterator[tuple[int, int]]:
        for one in pipeline(text).ents:
            if one.label_ in _PERSONS:
                yield one.start_char, one.end_char

    return names


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ExtraMissingError(f"Finding names needs {name}.", hint=f"Run: pip install {name}") from error
