"""Self-training: several readers vote on what is not labelled, and what they are sure of becomes training data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from gistill.corpora.labelled import Extent, Labelled, Triplet
from gistill.reader.decode import POLARITIES, Candidate, Scorer, candidates
from gistill.reader.units import Units, cut
from gistill.train.network import Network, on_units
from gistill.train.reader import infer

UNSURE = (0.3, 0.6)  # a sentence with a candidate whose probability lies between is not used
CHUNK = 2048  # sentences whose pair grids are held in memory at a time


def label(
    examples: Sequence[Labelled],
    networks: Sequence[Network],
    scorer: Scorer,
    tokenizer: Any,
    *,
    implicit: tuple[bool, bool],
    unsure: tuple[float, float] = UNSURE,
) -> list[Labelled]:
    """Label sentences by the mean of several readers, and keep those they are sure about.

    What a corpus has labelled stays: where it marks aspects without opinion words (MAMS), opinions are only added to
    its terms and take their polarity; where it marks pairs without polarity (TOWE), the polarity is added.

    Args:
        examples: Sentences with or without labels.
        networks: Trained alike with different seeds.
        scorer: Fitted for the mean of their outputs.
        tokenizer: Theirs.
        implicit: See `decode.candidates`.
        unsure: Between these probabilities the readers cannot tell.

    Returns:
        Labelled sentences whose `marks_*` are all true, fewer than were given.
    """
    kept: list[Labelled] = []
    for at in range(0, len(examples), CHUNK):
        part = examples[at : at + CHUNK]
        cuts = cut(tokenizer, [example.text for example in part])
        for example, units, (tags, grid) in zip(part, cuts, mean_outputs(networks, cuts), strict=True):
            labelled = _label_one(example, units, candidates(tags, grid, implicit=implicit), scorer, grid, unsure)
            if labelled is not None:
                kept.append(labelled)
    return kept


def mean_outputs(networks: Sequence[Network], cuts: Sequence[Units]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Average what several networks say, as `train.reader.infer` gives it."""
    runs = [infer(network, cuts) for network in networks]
    return [
        (np.mean([tags for tags, _ in outputs], axis=0), np.mean([grid for _, grid in outputs], axis=0))
        for outputs in zip(*runs, strict=True)
    ]


def _label_one(
    example: Labelled,
    units: Units,
    found: list[Candidate],
    scorer: Scorer,
    grid: np.ndarray,
    unsure: tuple[float, float],
) -> Labelled | None:
    if example.marks_opinions and example.triplets:
        return _with_polarity(example, units, grid)
    scores = scorer.probability(np.array([c.features for c in found])) if found else np.empty(0)
    terms = {on_units(extent, units): (extent, polarity) for extent, polarity in example.terms}
    triplets = []
    for candidate, probability in zip(found, scores, strict=True):
        if terms and candidate.aspect not in terms:
            continue  # its own labels say that this is no aspect
        if unsure[0] < probability < unsure[1]:
            return None
        if probability >= unsure[1]:
            known = terms.get(candidate.aspect)
            aspect = known[0] if known else _extent(candidate.aspect, units)
            polarity = known[1] if known else POLARITIES[candidate.polarity]
            triplets.append(Triplet(aspect, _extent(candidate.opinion, units), polarity))
    if _contradictory(triplets):
        return None
    source = example.source if example.source.startswith("pool/") else f"{example.source}+silver"
    return replace(
        example,
        triplets=tuple(triplets),
        marks_opinions=True,
        implicit_aspects=not example.terms,
        source=source,
    )


def _with_polarity(example: Labelled, units: Units, grid: np.ndarray) -> Labelled:
    """Add the likeliest polarity to pairs that have none."""
    triplets = []
    for t in example.triplets:
        a = (0, 0) if t.aspect is None else on_units(t.aspect, units)
        o = (0, 0) if t.opinion is None else on_units(t.opinion, units)
        polarity = t.polarity
        if polarity is None and a and o:
            polarity = POLARITIES[int(np.argmax(grid[a[0], o[0], 1:4] + grid[a[1], o[1], 5:8]))]
        triplets.append(Triplet(t.aspect, t.opinion, polarity))
    return replace(example, triplets=tuple(triplets), source=f"{example.source}+silver")


def _extent(span: tuple[int, int], units: Units) -> Extent | None:
    return None if span[0] == 0 else (units.extents[span[0]][0], units.extents[span[1]][1])


def _contradictory(triplets: Sequence[Triplet]) -> bool:
    """Say whether two spans of the same kind overlap without being equal: two readings of one thing."""
    for extents in ({t.aspect for t in triplets}, {t.opinion for t in triplets}):
        spans = sorted(extent for extent in extents if extent is not None)
        if any(b[0] < a[1] for a, b in pairwise(spans)):
            return True
    return False
