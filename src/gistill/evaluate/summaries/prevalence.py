"""How many reviews say what a summary says: prevalence, stated numbers, and the balance of feelings."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from gistill.evaluate.summaries.words import content

Ratio = tuple[float, float]  # points, and how many were to be had
Says = Callable[[str], Sequence[bool]]  # a statement -> for each review whether it says so
_TRIVIAL = 2  # words with a meaning that a statement needs
_AGAIN = 0.6  # of them were said before
_PEOPLE = r"(?:guests?|people|reviewers?|reviews?|customers?|visitors?|users?|patients?|travell?ers?|respondents?)"
_OF = re.compile(r"\b(\d+)\s+(?:out\s+)?of\s+(?:the\s+)?(\d+)\b", re.IGNORECASE)
_PERCENT = re.compile(rf"\b(\d+(?:\.\d+)?)\s*(?:%|per\s?cent)\s+(?:of\s+)?(?:the\s+|all\s+)?{_PEOPLE}", re.IGNORECASE)
_COUNT = re.compile(rf"\b(\d+)\s+{_PEOPLE}\b", re.IGNORECASE)


def prevalence(statements: Sequence[str], says: Says) -> Ratio:
    """Sum the share of reviews that say each statement; a trivial or repeated statement has none.

    Args:
        statements: The sentences of a summary.
        says: Whoever judges.

    Returns:
        The shares, and the number of statements.

    Source:
        Malon, Automatically Evaluating Opinion Prevalence in Opinion Summarization (2023).
    """
    total = 0.0
    before: set[str] = set()
    for statement in statements:
        meaning = set(content(statement))
        if len(meaning) >= _TRIVIAL and len(meaning & before) <= _AGAIN * len(meaning):
            judged = says(statement)
            total += sum(judged) / max(1, len(judged))
        before |= meaning
    return total, float(len(statements))


def stated_share(statement: str, reviews: int) -> float | None:
    """Read the share of people that a statement gives in figures; None where it gives none.

    >>> stated_share("12 of 48 guests say that it is loud.", 100), stated_share("25% of guests like it.", 8)
    (0.25, 0.25)
    >>> stated_share("10 guests like it.", 40), stated_share("Room 10 is loud.", 40)
    (0.25, None)
    """
    if (found := _OF.search(statement)) and int(found[2]):
        return int(found[1]) / int(found[2])
    if found := _PERCENT.search(statement):
        return float(found[1]) / 100
    if (found := _COUNT.search(statement)) and reviews:
        return int(found[1]) / reviews
    return None


def stated_error(statements: Sequence[str], says: Says, reviews: int) -> Ratio:
    """Sum how far stated shares are from the share of reviews that say so; 0 of 0 where nothing is stated."""
    error = stated = 0.0
    for statement in statements:
        share = stated_share(statement, reviews)
        if share is not None:
            judged = says(statement)
            error += abs(share - sum(judged) / max(1, len(judged)))
            stated += 1
    return error, stated


def sentiment_distance(said: tuple[int, int, int], there: tuple[int, int, int]) -> float | None:
    """Give the Wasserstein distance between two counts of negative, neutral and positive opinions, in [0, 1].

    0 is the same balance, 1 is all bad against all good. None where either has no opinion.

    >>> sentiment_distance((0, 0, 2), (5, 0, 5))
    0.5
    """
    if not sum(said) or not sum(there):
        return None
    a, b = (tuple(count / sum(counts) for count in counts) for counts in (said, there))
    return (abs(a[0] - b[0]) + abs(a[0] + a[1] - b[0] - b[1])) / 2
