"""ACOS: (aspect, category, opinion, polarity) quads with implicit ones. No licence stated: for measuring only.

Format, one sentence a line: `tokens<TAB>start,end CATEGORY polarity start,end<TAB>...`; token spans are half-open,
`-1,-1` is implicit, polarity is 0 negative, 1 neutral, 2 positive. Categories are not read yet.
Source: Cai et al., Aspect-Category-Opinion-Sentiment Quadruple Extraction (ACL 2021).
"""

from __future__ import annotations

from pathlib import Path

from gistill.corpora.labelled import Extent, Labelled, Source, Triplet, join_tokens, open_part
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
_POLARITIES: tuple[Polarity, ...] = ("negative", "neutral", "positive")


def load(domain: str, part: str, *, folder: Path) -> list[Labelled]:
    """Load one part; quads that differ only in category become one triplet.

    Args:
        domain: "laptop" or "restaurant".
        part: "train" or "dev".
        folder: The data folder.

    Raises:
        InputError: A line is not in the format.
    """
    file = f"{_FILES[domain]}_{part}.tsv"
    examples = []
    for number, line in enumerate(open_part(SOURCE, file, folder=folder).splitlines(), 1):
        try:
            words, *quads = line.split("\t")
            text, places = join_tokens(words.split(" "), raw=False)
            triplets = []
            for quad in quads:
                aspect, _, polarity, opinion = quad.split(" ")
                triplets.append(Triplet(_extent(aspect, places), _extent(opinion, places), _POLARITIES[int(polarity)]))
        except (ValueError, IndexError) as error:
            raise InputError(f"not an ACOS line ({error})", file=file, row=number) from error
        examples.append(
            Labelled(
                text,
                tuple(dict.fromkeys(triplets)),
                implicit_aspects=True,
                implicit_opinions=True,
                source=f"acos/{domain}",
            )
        )
    return examples


def _extent(span: str, places: list[Extent]) -> Extent | None:
    start, end = (int(number) for number in span.split(","))
    return None if start < 0 else (places[start][0], places[end - 1][1])
