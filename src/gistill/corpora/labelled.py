"""Labelled sentences as every corpus module gives them: text, spans, and what the labels do not say."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from gistill.categories import Kind
from gistill.errors import InputError
from gistill.files import hash_bytes
from gistill.schema import Polarity

Extent = tuple[int, int]  # half-open, in code points of the text


class Triplet(NamedTuple):
    """One labelled opinion.

    `aspect` or `opinion` None is implicit; `polarity` (TOWE), `category`, `kind` and `strength` None are not labelled.
    """

    aspect: Extent | None
    opinion: Extent | None
    polarity: Polarity | None
    category: str | None = None  # a code of gistill.categories
    kind: Kind | None = None
    strength: int | None = None  # -2 to 2


@dataclass(frozen=True)
class Labelled:
    """A sentence or review with its labels, and which kinds of label it has.

    A corpus that marks only some things must not teach that the rest is absent, so the flags say what was labelled.

    Args:
        text: The text as it will be read.
        triplets: The labelled opinions, in the corpus's order.
        terms: Aspect terms with a polarity and no opinion words (MAMS), which are no triplets.
        marks_opinions: Opinion words and pairs were labelled, so an unlabelled word is not an opinion word.
        marks_aspects: Aspect terms were labelled, so an unlabelled word is not an aspect term.
        implicit_aspects: Implicit aspects were labelled, so one that is missing is not there.
        implicit_opinions: Implicit opinions were labelled likewise.
        source: Corpus, part and domain, for example "dmaste/electronics".
        group: What must stay together when data is split (a review's sentences).
        language: ISO 639-1.
        domain: The kind of business, where the corpus says it.
    """

    text: str
    triplets: tuple[Triplet, ...]
    terms: tuple[tuple[Extent, Polarity], ...] = ()
    marks_opinions: bool = True
    marks_aspects: bool = True
    implicit_aspects: bool = False
    implicit_opinions: bool = False
    source: str = ""
    group: str = ""
    language: str = "en"
    domain: str = ""


@dataclass(frozen=True)
class Source:
    """Where a corpus comes from and what its licence allows.

    Args:
        name: Folder name under the data folder's `shelf`.
        address: Public address of the repository the files were taken from.
        licence: SPDX name; empty when the repository states none.
        ship: Weights trained on it may be shipped.
        files: File below the folder -> sha256 of its bytes.
        shelf: The part of the data folder it stands in.
    """

    name: str
    address: str
    licence: str
    ship: bool
    files: dict[str, str]
    shelf: str = "absa"


_NO_SPACE_BEFORE = re.compile(r"^(?:[.,!?;:)\]}%]+|n't|'t|'s|'re|'ve|'ll|'d|'m)$", re.IGNORECASE)
_NO_SPACE_AFTER = {"(", "[", "{", "$", "#"}


def data_folder() -> Path:
    """Return the folder that `GISTILL_DATA` names.

    Raises:
        InputError: The variable is not set or names no folder.
    """
    named = os.environ.get("GISTILL_DATA", "")
    if not named or not Path(named).is_dir():
        raise InputError(
            f"GISTILL_DATA names no folder that exists ({named!r})",
            hint="Set GISTILL_DATA to the folder with the public data sets.",
        )
    return Path(named)


def open_part(source: Source, file: str, *, folder: Path) -> str:
    """Read one file of a corpus and check that it is the one the scores in the docs were made with.

    Args:
        source: The corpus.
        file: A key of `source.files`.
        folder: The data folder (the parent of `absa/` and other shelves).

    Raises:
        InputError: The file is missing or its bytes differ.
    """
    path = folder / source.shelf / source.name / file
    if not path.is_file():
        raise InputError("no such file", file=str(path), hint=f"Get it from {source.address}")
    data = path.read_bytes()
    if hash_bytes(data) != source.files[file]:
        raise InputError(
            "the file differs from the published one", file=str(path), hint=f"Compare with {source.address}"
        )
    return data.decode("utf-8-sig")


def join_tokens(tokens: list[str], *, raw: bool) -> tuple[str, list[Extent]]:
    """Write tokens as text and say where each one stands.

    Corpora come tokenised ("I do n't like it ."), customers do not write so, and a reader must know both.

    Args:
        tokens: Word tokens, none empty.
        raw: True undoes the usual tokenisation (no space before a full stop or "n't"); False puts one space between.

    Returns:
        The text and one `(start, end)` per token.
    """
    text, places = "", []
    for i, token in enumerate(tokens):
        glued = raw and (_NO_SPACE_BEFORE.match(token) or (i and tokens[i - 1] in _NO_SPACE_AFTER))
        if text and not glued:
            text += " "
        places.append((len(text), len(text) + len(token)))
        text += token
    return text, places


def retokenised(example: Labelled) -> Labelled:
    """Give the same labels over the text as a customer would have typed it; the example itself if it has no spaces."""
    tokens = example.text.split(" ")
    if any(not token for token in tokens):
        return example
    text, places = join_tokens(tokens, raw=True)
    starts, ends, at = {}, {}, 0
    for token, (start, end) in zip(tokens, places, strict=True):
        starts[at], ends[at + len(token)] = start, end
        at += len(token) + 1

    def moved(extent: Extent | None) -> Extent | None:
        return None if extent is None else (starts[extent[0]], ends[extent[1]])

    try:
        triplets = tuple(t._replace(aspect=moved(t.aspect), opinion=moved(t.opinion)) for t in example.triplets)
        terms = tuple(((starts[a], ends[b]), polarity) for (a, b), polarity in example.terms)
    except KeyError:  # a label that cuts a token: leave the text as it is
        return example
    return replace(example, text=text, triplets=triplets, terms=terms)
