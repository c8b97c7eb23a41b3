"""MAMS-ATSA: aspect terms with polarity, at least two a sentence with different polarity; restaurants. Apache-2.0.

Format: SemEval XML with code-point offsets; no opinion words are labelled.
Source: Jiang et al., A Challenge Dataset and Effective Models for ABSA (EMNLP 2019).
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

from gistill.corpora.labelled import Labelled, Source, open_part
from gistill.errors import InputError
from gistill.schema import Polarity

SOURCE = Source(
    name="mams",
    address="https://github.com/siat-nlp/MAMS-for-ABSA",
    licence="Apache-2.0",
    ship=True,
    files={
        "data/MAMS-ATSA/raw/train.xml": "26ba39142b28169ebc80408294f4e27493bd1e127c6aa2e85ab4bc750bf8017a",
        "data/MAMS-ATSA/raw/val.xml": "5b7d225e2f9482a3814f15aed04ff8323105171a47d22d9899d871c4e0ba86ca",
        "data/MAMS-ATSA/raw/test.xml": "f1a5f53b785335e9c57a1f82b1415026f821040b9e9662a2e467d47a54f20aa9",
    },
)
_POLARITIES: dict[str, Polarity] = {"positive": "positive", "negative": "negative", "neutral": "neutral"}


def load(part: str, *, folder: Path) -> list[Labelled]:
    """Load one part.

    Args:
        part: "train", "dev" or "test".
        folder: The data folder.

    Raises:
        InputError: A term does not stand where its offsets say.
    """
    file = f"data/MAMS-ATSA/raw/{'val' if part == 'dev' else part}.xml"
    examples = []
    # The file's checksum is verified, so the parser never sees an unknown document.
    for number, node in enumerate(ElementTree.fromstring(open_part(SOURCE, file, folder=folder)), 1):
        text = node.findtext("text") or ""
        terms = []
        for term in node.iter("aspectTerm"):
            start, end = int(term.attrib["from"]), int(term.attrib["to"])
            if text[start:end] != term.attrib["term"]:
                raise InputError(f"term {term.attrib['term']!r} is not at [{start}, {end})", file=file, row=number)
            terms.append(((start, end), _POLARITIES[term.attrib["polarity"]]))
        examples.append(Labelled(text, (), terms=tuple(terms), marks_opinions=False, source="mams"))
    return examples
