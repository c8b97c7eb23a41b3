"""How far two texts say the same in the same words: ROUGE, for answers in free text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable
from itertools import pairwise

from gistill.text import UNSPACED

_WORD = re.compile(f"[{UNSPACED}]|[^\\W_{UNSPACED}]+")  # of scripts without spaces, each character


def rouge1(reference: str, candidate: str) -> float:
    """Give the F1 of the words that two texts share, in [0, 1]: each word as often as both have it, case apart.

    There is no stemming, so that it means the same in every language. 0 where either has no words.

    Source: Lin, ROUGE: A Package for Automatic Evaluation of Summaries (2004).

    >>> round(rouge1("the pasta was fresh", "Fresh pasta."), 3)
    0.667
    """
    return _shared(_words(reference), _words(candidate))


def rouge2(reference: str, candidate: str) -> float:
    """Give the F1 of the pairs of neighbouring words that two texts share, in [0, 1]; otherwise as `rouge1`.

    >>> round(rouge2("the pasta was fresh", "The pasta was cold."), 3)
    0.667
    """
    wanted, given = _words(reference), _words(candidate)
    return _shared(pairwise(wanted), pairwise(given))


def rouge_l(reference: str, candidate: str) -> float:
    """Give the F1 of the longest sequence of words that two texts have in the same order, gaps allowed; as `rouge1`.

    >>> round(rouge_l("the agent asked for the order number", "The agent wants the number."), 3)
    0.667
    """
    wanted, given = _words(reference), _words(candidate)
    longest = [0] * (len(given) + 1)  # of what was read of `wanted`, against each beginning of `given`
    for word in wanted:
        before = 0
        for place, other in enumerate(given, 1):
            before, longest[place] = (
                longest[place],
                before + 1 if word == other else max(longest[place], longest[place - 1]),
            )
    return 2 * longest[-1] / (len(wanted) + len(given)) if longest[-1] else 0.0


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _shared(wanted: Iterable[Hashable], given: Iterable[Hashable]) -> float:
    right, said = Counter(wanted), Counter(given)
    shared = (right & said).total()
    return 2 * shared / (right.total() + said.total()) if shared else 0.0
