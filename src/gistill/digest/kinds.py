"""Which kind of text a file holds: a document, reviews or conversations, by its form and its first records."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from statistics import median
from typing import NamedTuple

from gistill.digest.briefs.talk import is_letter
from gistill.presets import find_preset
from gistill.record import Record
from gistill.task import Shape
from gistill.text import count_words

SAMPLE = 50  # records that are looked at
_UNNAMED = ("folder", "text", "lines", "paragraphs")  # forms in which nothing says what a text is
_LONG = 250  # words of a usual text of these from which it is a document and no review
_HEADING = 8  # words that a heading has at most
_PARAGRAPH = 40  # words that a usual paragraph of a document has at least


class Kind(NamedTuple):
    """What a file was taken for, and why, in words that follow "because"."""

    shape: Shape
    why: str


def find_kind(sample: Sequence[Record], *, format: str, columns: Collection[str]) -> Kind:  # noqa: A002
    """Find the kind of a file.

    Args:
        sample: Its first records; `SAMPLE` of them are enough.
        format: What the file is read as; one of `tables.shapes.formats.FORMATS`.
        columns: Names of its columns.

    Returns:
        Conversations where turns, mails or the columns of a help desk say so; a document where there is one text, long
        texts, or paragraphs under headings; else reviews, as of any short texts that nobody answers.
    """
    if not sample:
        return Kind("reviews", "nothing in it tells")
    if 2 * sum(bool(record.turns) for record in sample) >= len(sample):
        return Kind("conversation", "its texts have turns")
    if format in ("mbox", "eml", "chat"):
        return Kind("conversation", "it holds messages")
    found = find_preset(columns, {}, turns=False)
    if found and found[0] == "support":
        return Kind("conversation", f"of {found[1]}")
    if len(sample) == 1:
        if is_letter(sample[0].text):
            return Kind("conversation", "it is one letter")
        return Kind("document", "it is one text")
    if format in _UNNAMED and median(count_words(record.text) for record in sample) >= _LONG:
        return Kind("document", "its texts are long")
    if format == "paragraphs" and _has_headings(sample):
        return Kind("document", "its paragraphs stand under headings")
    return Kind("reviews", "it holds several texts that nobody answers")


def _has_headings(sample: Sequence[Record]) -> bool:
    """Say whether some records are short lines without a full stop, over longer ones."""
    texts = [record.text.strip() for record in sample]
    counts = [count_words(text) for text in texts]
    headings = [
        count <= _HEADING and text[-1:] not in ".!?…。！？" and not text[:1].islower()
        for text, count in zip(texts, counts, strict=True)
    ]
    rest = [count for count, heading in zip(counts, headings, strict=True) if not heading]
    return any(headings) and bool(rest) and median(rest) >= _PARAGRAPH
