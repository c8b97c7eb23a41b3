"""BERTScore: how near each word piece of one text is to the nearest of another, in the vectors of an encoder."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class BertScore(NamedTuple):
    """Precision (of the summary's pieces), recall (of the reference's) and their F1; each in [-1, 1]."""

    precision: float
    recall: float
    f1: float


def bertscore(said: NDArray[np.float32], wanted: NDArray[np.float32]) -> BertScore:
    """Compare two texts; without weights by rarity and without rescaling.

    Args:
        said: Unit vectors of the summary's word pieces, shape (N, D).
        wanted: Of the reference's, shape (M, D).

    Returns:
        All 0 where either has no pieces.

    Source:
        Zhang et al., BERTScore: Evaluating Text Generation with BERT (ICLR 2020).
    """
    if not len(said) or not len(wanted):
        return BertScore(0.0, 0.0, 0.0)
    near = said @ wanted.T
    precision, recall = float(near.max(axis=1).mean()), float(near.max(axis=0).mean())
    return BertScore(precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0)
