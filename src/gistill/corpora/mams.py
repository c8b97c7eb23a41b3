"""MAMS-ATSA: aspect terms with polarity, at least two a sentence with different polarity; restaurants. Apache-2.0.

Format: SemEval XML with code-point offsets; no opinion words are labelled.
Source: Jiang et al., A Challenge Dataset and Effective Models for ABSA (EMNLP 2019).
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from xml.parsers import expat

from gistill.corpora.labelled import Extent, Labelled, Source, open_part
from gistill.corpora.tuples import POLARITIES
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
    for text, found in read_terms(open_part(SOURCE, file, folder=folder), file=file):
        terms = tuple((extent, _POLARITIES[polarity]) for extent, polarity in found)
        examples.append(Labelled(text, (), terms=terms, marks_opinions=False, source="mams"))
    return examples


def read_terms(content: str, *, file: str = "") -> list[tuple[str, list[tuple[Extent, str]]]]:
    """Read SemEval 2014 XML as texts with their aspect terms and polarities; the document may be anybody's.

    A document that declares a type is refused, so that no entity is ever expanded and nothing outside is read.

    Args:
        content: The XML.
        file: File name for the error.

    Returns:
        Per sentence its text, unchanged, and `((start, end), polarity)` per term in the document's order.

    Raises:
        InputError: It is not such XML, or a term does not stand where its offsets say; the row counts sentences from 1.
    """
    examples = []
    for number, node in enumerate(_parse(content, file), 1):
        text = node.findtext("text") or ""
        terms = []
        try:
            if node.tag != "sentence" or not text.strip():
                raise ValueError("it is not a sentence with a text")
            if node.find("Opinions") is not None:
                raise ValueError("its labels are the Opinions of 2015 and 2016; only aspectTerms are read")
            for term in node.iter("aspectTerm"):
                start, end = int(term.attrib["from"]), int(term.attrib["to"])
                if not 0 <= start < end or text[start:end] != term.attrib["term"]:
                    raise ValueError(f"term {term.attrib['term']!r} is not at [{start}, {end})")
                if term.attrib["polarity"] not in POLARITIES:
                    raise ValueError(f"unknown polarity {term.attrib['polarity']!r:.40}")
                terms.append(((start, end), term.attrib["polarity"]))
        except (ValueError, KeyError) as error:
            raise InputError(f"not a SemEval sentence ({error})", file=file, row=number) from error
        examples.append((text, terms))
    return examples


def _parse(content: str, file: str) -> ElementTree.Element:
    def refuse(*_: object) -> None:
        raise InputError("the XML declares a document type, which is not read", file=file)

    look = expat.ParserCreate()
    look.StartDoctypeDeclHandler = refuse
    try:
        look.Parse(content, True)
        root = ElementTree.fromstring(content)
    except (expat.ExpatError, ElementTree.ParseError, ValueError) as error:
        raise InputError(f"not XML ({error})", file=file) from error
    if root.tag != "sentences":
        raise InputError(f"the XML is <{root.tag:.40}>, not <sentences>", file=file)
    return root
