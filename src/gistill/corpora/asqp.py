"""ASQP rest16: (aspect, category, opinion, polarity) quads on SemEval sentences. No licence stated: for measuring only.

Format, one sentence a line: `sentence####[['aspect', 'category', 'polarity', 'opinion'], ...]`; "NULL" is implicit.
Source: Zhang et al., Aspect Sentiment Quad Prediction as Paraphrase Generation (EMNLP 2021).
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gistill.corpora.labelled import Source, open_part
from gistill.corpora.tuples import POLARITIES, Example, Quad, from_quads
from gistill.errors import InputError

SOURCE = Source(
    name="asqp-rest",
    address="https://github.com/IsakZhang/ABSA-QUAD",
    licence="",
    ship=False,
    files={
        "data/rest16/train.txt": "8706e9b597669f4743396c9a82cc90a5cc12064de646bfe64646f64317018e9e",
        "data/rest16/dev.txt": "aa11dc6f4b75b2a3c624c853434c7495cf2cd160d3e897d99ba91662996528da",
    },
)
NULL = "NULL"


def load(domain: str, part: str, *, folder: Path) -> list[Example]:
    """Load one part as quads; every opinion has words, so that it has no "implicit" view.

    Args:
        domain: "rest16".
        part: "train" or "dev".
        folder: The data folder.

    Raises:
        InputError: A line is not in the format.
    """
    file = f"data/{domain}/{part}.txt"
    examples = []
    for number, text, labels in label_lines(open_part(SOURCE, file, folder=folder), file=file):
        quads = quads_of(labels, number=number, file=file)
        examples.append(from_quads(text, "asqp", quads, source=f"asqp/{domain}/{part}"))
    return examples


def label_lines(content: str, *, file: str = "") -> Iterator[tuple[int, str, list[Any]]]:
    """Read lines of `text####[labels]`, the labels a Python list; nothing in them is run.

    Args:
        content: The file's text; blank lines are passed over.
        file: File name for the error.

    Yields:
        The 1-based line number, the text and the labels.

    Raises:
        InputError: A line has no such list.
    """
    for number, line in enumerate(content.split("\n"), 1):
        if line.strip():
            yield number, *read_line(line.removesuffix("\r"), number=number, file=file)


def read_line(line: str, *, number: int, file: str = "") -> tuple[str, list[Any]]:
    """Read one line of `text####[labels]`; the last `####` divides, and the text may hold others.

    Raises:
        InputError: The line has no such list.
    """
    text, divider, labels = line.rpartition("####")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # "\d" in somebody's text is no concern of the user's
            warnings.simplefilter("ignore", DeprecationWarning)  # the same before Python 3.12
            found = ast.literal_eval(labels.strip())
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise InputError("the part after #### is not a list of labels", file=file, row=number) from error
    if not divider or not text.strip() or not isinstance(found, list):
        raise InputError("not a line of text####[labels]", file=file, row=number)
    return text, found


def quads_of(labels: list[Any], *, number: int, file: str = "") -> list[Quad]:
    """Read `[aspect, category, polarity, opinion]` lists, with NULL as implicit.

    Raises:
        InputError: A label is not a list of four texts, or its polarity is not one that corpora mark.
    """
    quads: list[Quad] = []
    for label in labels:
        if not isinstance(label, (list, tuple)) or len(label) != 4 or not all(isinstance(e, str) for e in label):
            raise InputError(f"a label must be a list of four strings, not {label!r:.80}", file=file, row=number)
        aspect, category, polarity, opinion = label
        if polarity not in POLARITIES:
            raise InputError(f"unknown polarity {polarity!r:.40}", file=file, row=number)
        quads.append((None if aspect == NULL else aspect, category, None if opinion == NULL else opinion, polarity))
    return quads
