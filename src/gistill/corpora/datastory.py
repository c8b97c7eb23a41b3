"""Chinese opinions on food and drink, from microblogs and shops: quads over characters. No licence: for measuring only.

Format, one text a line: `text####[['category', 'start,end', 'start,end', 'polarity'], ...]` with the aspect before the
opinion, half-open character spans, `-1,-1` for an opinion without words, 0 negative, 1 neutral, 2 positive. Every
aspect has words.
Source: Zhou et al., A Unified One-Step Solution for Aspect Sentiment Quad Prediction (Findings of ACL 2023).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gistill.corpora.acos import POLARITIES, SpanQuad, as_triplets, from_spans
from gistill.corpora.asqp import label_lines
from gistill.corpora.labelled import Extent, Labelled, Source, open_part
from gistill.corpora.tuples import Example
from gistill.errors import InputError

SOURCE = Source(
    name="asqp-datastory",
    address="https://github.com/Datastory-CN/ASQP-Datasets",
    licence="",
    ship=False,
    files={
        "zh-FoodBeverage/train.txt": "4f7a770a22b0e73b38f598008b84ac5ddf0eea9ac653fc9af805a1eacf92f9f7",
        "zh-FoodBeverage/dev.txt": "52712b124370456f378b549c73cdc5ae94bc669a5d4d02a30a864b06f687a7fa",
    },
)


def load(part: str, *, folder: Path) -> list[Labelled]:
    """Load one part; quads that differ only in category become one triplet.

    Args:
        part: "train" or "dev".
        folder: The data folder.

    Raises:
        InputError: A line is not in the format.
    """
    parsed = _parsed(part, folder)
    return [as_triplets(text, quads, "datastory/zh", group=str(number)) for number, text, quads in parsed]


def load_quads(part: str, *, folder: Path) -> list[Example]:
    """Load one part as quads; part, folder and error as in `load`."""
    return [from_spans(text, quads, f"datastory/zh/{part}") for _, text, quads in _parsed(part, folder)]


def _parsed(part: str, folder: Path) -> Iterator[tuple[int, str, list[SpanQuad]]]:
    file = f"zh-FoodBeverage/{part}.txt"
    for number, text, labels in label_lines(open_part(SOURCE, file, folder=folder), file=file):
        try:
            quads: list[SpanQuad] = [
                (_extent(aspect, text), category, _extent(opinion, text), POLARITIES[polarity])
                for category, aspect, opinion, polarity in labels
            ]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise InputError(f"not a line of this corpus ({error})", file=file, row=number) from error
        yield number, text, quads


def _extent(span: str, text: str) -> Extent | None:
    start, end = (int(number) for number in span.split(","))
    if (start, end) == (-1, -1):
        return None
    if not 0 <= start < end <= len(text):
        raise ValueError(f"span {span} in a text of {len(text)} characters")
    return start, end
