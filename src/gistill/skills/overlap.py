"""How far two texts say the same in the same words: ROUGE-1, for answers in free text."""

from __future__ import annotations

import re
from collections import Counter

from gistill.text import UNSPACED

_WORD = re.compile(f"[{UNSPACED}]|[^\\W_{UNSPACED}]+")  # of scripts without spaces, each character


def rouge1(reference: str, candidate: str) -> float:
    """Give the F1 of the words that two texts share, in [0, 1]: each word as often as both have it, case apart.

    There is no stemming, so that it means the same in every language. 0 where either has no words.

    Source: Lin, ROUGE: A Package for Automatic Evaluation of Summaries (2004).

    >>> round(rouge1("the pasta was fresh", "Fresh pasta."), 3)
    0.667
    """
    wanted, given = (Counter(_WORD.findall(text.casefold())) for text in (reference, candidate))
    shared = (wanted & given).total()
    return 2 * shared / (wanted.total() + given.total()) if shared else 0.0
