"""Labelled reviews cut into the sentences that a reader or a writer is given."""

from __future__ import annotations

from dataclasses import replace

from gistill.corpora.labelled import Extent, Labelled
from gistill.sentences import split


def by_sentence(example: Labelled, *, language: str | None = None) -> list[Labelled]:
    """Cut a labelled review into the sentences a reader will be given.

    An opinion belongs to the sentence its words stand in. An aspect in another sentence is, for that sentence, not
    named: it becomes implicit. An opinion that itself crosses a border is left out.

    Args:
        example: A review or a sentence.
        language: ISO 639-1, for the rules of splitting; None takes the example's.
    """
    sentences = []
    for span in split(example.text, language or example.language):
        triplets = []
        for t in example.triplets:
            opinion = _inside(t.opinion or t.aspect, span.start, span.end)
            if opinion is None:
                continue
            aspect = _inside(t.aspect, span.start, span.end)
            triplets.append(t._replace(aspect=aspect, opinion=opinion if t.opinion else None))
        kept = tuple(dict.fromkeys(triplets))
        sentences.append(replace(example, text=example.text[span.start : span.end], triplets=kept))
    return sentences


def _inside(extent: Extent | None, start: int, end: int) -> Extent | None:
    """Move an extent into a sentence; None when it is implicit or not wholly inside."""
    if extent is None or extent[0] < start or extent[1] > end:
        return None
    return extent[0] - start, extent[1] - start
