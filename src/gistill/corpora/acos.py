"""ACOS: (aspect, category, opinion, polarity) quads with implicit ones. No licence stated: for measuring only.

Format, one sentence a line: `tokens<TAB>start,end CATEGORY polarity start,end<TAB>...`; token spans are half-open,
`-1,-1` is implicit, polarity is 0 negative, 1 neutral, 2 positive.
Source: Cai et al., Aspect-Category-Opinion-Sentiment Quadruple Extraction (ACL 2021).
"""

from __future__ import annotations

from pathlib import Path

from gistill.corpora.labelled import Extent, Labelled, Source, Triplet, join_tokens, open_part
from gistill.corpora.tuples import Example, Quad, from_quads
from gistill.errors import InputError
from gistill.schema import Polarity

_FILES = {"laptop": "data/Laptop-ACOS/laptop_quad", "restaurant": "data/Restaurant-ACOS/rest16_quad"}
SOURCE = Source(
    name="acos",
    address="https://github.com/NUSTM/ACOS",
    licence="",
    ship=False,
    files={
        f"{_FILES['laptop']}_train.tsv": "75572e18961f15d6624c037cf4ccc8964744b59a6be4249132229a4dbd967320",
        f"{_FILES['laptop']}_dev.tsv": "824d748567199e76c7ad647610127e5f129649d90c0ca78218c18a3b82054c20",
        f"{_FILES['restaurant']}_train.tsv": "91ced9328d5992d3715ec70d7cc08a6ccd9dea79136ffdd70556fe54b217edda",
        f"{_FILES['restaurant']}_dev.tsv": "9a019761afce0eec4d8d027dcdffa28e3a2677d90e6a17b64f409daa5eccfca9",
    },
)
POLARITIES: dict[str, Polarity] = {"0": "negative", "1": "neutral", "2": "positive"}
SpanQuad = tuple[Extent | None, str, Extent | None, Polarity]  # aspect, category, opinion, polarity


def parse_line(line: str, *, number: int, file: str = "") -> tuple[str, list[SpanQuad]]:
    """Read one line as its text and quads with spans.

    Args:
        line: The line without its newline.
        number: 1-based line number for the error.
        file: File name for the error.

    Raises:
        InputError: The line is not in the format.
    """
    try:
        words, *labels = line.split("\t")
        text, places = join_tokens(words.split(" "), raw=False)
        quads: list[SpanQuad] = []
        for label in labels:
            aspect, category, polarity, opinion = label.split(" ")
            if not category:
                raise ValueError("a quad has no category")
            quads.append((_extent(aspect, places), category, _extent(opinion, places), POLARITIES[polarity]))
    except (ValueError, KeyError) as error:
        raise InputError(f"not an ACOS line ({error})", file=file, row=number) from error
    return text, quads


def load(domain: str, part: str, *, folder: Path) -> list[Labelled]:
    """Load one part; quads that differ only in category become one triplet.

    Args:
        domain: "laptop" or "restaurant".
        part: "train" or "dev".
        folder: The data folder.

    Raises:
        InputError: A line is not in the format.
    """
    return [as_triplets(text, quads, f"acos/{domain}") for text, quads in _parsed(domain, part, folder)]


def load_quads(domain: str, part: str, *, folder: Path) -> list[Example]:
    """Load one part as quads; domain, part, folder and error as in `load`."""
    return [from_spans(text, quads, f"acos/{domain}/{part}") for text, quads in _parsed(domain, part, folder)]


def as_triplets(text: str, quads: list[SpanQuad], source: str, *, group: str = "") -> Labelled:
    """Give quads with spans as a sentence to train a reader on; those that differ only in category are one triplet."""
    triplets = tuple(dict.fromkeys(Triplet(aspect, opinion, polarity) for aspect, _, opinion, polarity in quads))
    return Labelled(text, triplets, implicit_aspects=True, implicit_opinions=True, source=source, group=group)


def from_spans(text: str, quads: list[SpanQuad], source: str) -> Example:
    """Give quads with spans as an example of the task "asqp", which tells opinions without words."""

    def words(extent: Extent | None) -> str | None:
        return text[extent[0] : extent[1]] or None if extent else None

    as_words: list[Quad] = [(words(a), category, words(o), polarity) for a, category, o, polarity in quads]
    implicit = any(opinion is None for _, _, opinion, _ in as_words)
    return from_quads(text, "asqp", as_words, source=source, implicit=implicit)


def _parsed(domain: str, part: str, folder: Path) -> list[tuple[str, list[SpanQuad]]]:
    file = f"{_FILES[domain]}_{part}.tsv"
    lines = open_part(SOURCE, file, folder=folder).splitlines()
    return [parse_line(line, number=number, file=file) for number, line in enumerate(lines, 1)]


def _extent(span: str, places: list[Extent]) -> Extent | None:
    start, end = (int(number) for number in span.split(","))
    if (start, end) == (-1, -1):
        return None
    if not (0 <= start <= end <= len(places) and start < len(places)):  # one published span is empty: "3,3"
        raise ValueError(f"span {span} in a sentence of {len(places)} tokens")
    return places[start][0], places[end - 1][1]
