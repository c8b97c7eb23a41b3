"""Is a confidence of 0.8 right eight times in ten?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def expected_calibration_error(
    confidences: Sequence[float], correct: Sequence[bool], *, bins: int = 10
) -> float | None:
    """Average the gap between confidence and accuracy over equally wide bins, weighted by their size.

    Args:
        confidences: In [0, 1].
        correct: Whether each was right, same length.
        bins: Bin b holds confidences in [b/bins, (b+1)/bins); 1.0 belongs to the last.

    Returns:
        In [0, 1], 0 is perfect; None for no predictions, since nothing was measured.

    Source:
        Guo et al., On Calibration of Modern Neural Networks (ICML 2017), equation 3.

    >>> expected_calibration_error([0.8, 0.8, 0.8, 0.8, 0.8], [True, True, True, True, False])
    0.0
    """
    if len(confidences) != len(correct):
        raise ValueError(f"{len(confidences)} confidences for {len(correct)} outcomes")
    if not confidences:
        return None
    sure, right = np.asarray(confidences, dtype=float), np.asarray(correct, dtype=float)
    index = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = np.bincount(index, weights=sure - right, minlength=bins)
    return round(float(np.abs(gaps).sum() / len(sure)), 12)
