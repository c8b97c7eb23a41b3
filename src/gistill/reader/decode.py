"""From the network's numbers to opinions: spans from the tags, pairs from the grid, one calibrated score.

The network gives, per sentence of W units (unit 0 is NULL, "no words"):

* `tags`, shape (W, 6): log-odds of B, I, O for aspect terms, then for opinion words;
* `grid`, shape (W, W, 8): at (i, j) the log-odds that a pair's aspect starts at i and its opinion at j, then the
  polarities of such a pair; then the same four for their last units.

A pair is scored by a logistic model over what tags and grid say about it (`Scorer`), fitted on held-out sentences, so
its value is a probability. Choosing pairs jointly lets a sure pair rescue an unsure border; docs/log.md has the figures
against tagging first and pairing after.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gistill.schema import Polarity

POLARITIES: tuple[Polarity, ...] = ("positive", "negative", "neutral")
Floats = NDArray[np.floating]
UnitSpan = tuple[int, int]  # first and last unit, both included; (0, 0) is NULL

MAX_UNITS = 12  # longest span looked for, in units
MIN_SPAN = 0.03  # a span less likely than this by its tags is never a candidate
MAX_SPANS = 12  # candidates of each kind in one sentence, most likely first
MIN_PAIR = -3.0  # a pair whose grid log-odds sum is below this is no candidate


class Reading(NamedTuple):
    """One opinion in a sentence. Offsets are code points of the sentence; None is implicit."""

    aspect: tuple[int, int] | None
    opinion: tuple[int, int] | None
    polarity: Polarity
    confidence: float


class Candidate(NamedTuple):
    """A pair that might be an opinion, with what the network said about it."""

    aspect: UnitSpan
    opinion: UnitSpan
    polarity: int  # index into POLARITIES
    features: tuple[float, ...]  # see `FEATURES`


FEATURES = ("aspect_span", "opinion_span", "pair_first", "pair_last", "polarity", "no_aspect", "no_opinion")


@dataclass(frozen=True)
class Scorer:
    """The logistic model that turns a candidate's features into the probability that it is right.

    Args:
        weights: One per name in `FEATURES`.
        bias: Log-odds at zero features.
        threshold: A candidate is kept from this probability on; the value with the best F1 on held-out sentences.
    """

    weights: tuple[float, ...]
    bias: float
    threshold: float

    def probability(self, features: Floats) -> Floats:
        """Score candidates: features (N, F) to probabilities (N,)."""
        odds = np.clip(features @ np.array(self.weights) + self.bias, -30.0, 30.0)
        return np.asarray(1.0 / (1.0 + np.exp(-odds)))


def spans(log_tags: Floats) -> list[tuple[float, UnitSpan]]:
    """List likely spans of one kind.

    Args:
        log_tags: Log-probabilities of B, I, O for units 1 to W-1 (NULL left out), shape (W-1, 3).

    Returns:
        `(log-probability, (first, last))`, most likely first, units counted with NULL as 0. A span's probability is
        that of B, then I up to its last unit, then anything but I.
    """
    length = len(log_tags)
    if not length:
        return []
    ends = np.append(np.log1p(-np.exp(np.minimum(log_tags[1:, 1], -1e-7))), 0.0)
    found = []
    for start in map(int, np.flatnonzero(log_tags[:, 0] > np.log(MIN_SPAN))):
        running = log_tags[start, 0]
        for end in range(start, min(start + MAX_UNITS, length)):
            if end > start:
                running += log_tags[end, 1]
            if running < np.log(MIN_SPAN):
                break
            if running + ends[end] > np.log(MIN_SPAN):
                found.append((float(running + ends[end]), (start + 1, end + 1)))
    return sorted(found, key=lambda item: (-item[0], item[1]))[:MAX_SPANS]


def candidates(tags: Floats, grid: Floats, *, implicit: tuple[bool, bool]) -> list[Candidate]:
    """List the pairs of one sentence that might be opinions.

    Args:
        tags: Shape (W, 6).
        grid: Shape (W, W, 8).
        implicit: Whether the network was taught implicit aspects, and implicit opinions.
    """
    aspects = spans(_log_softmax(tags[1:, :3]))
    opinions = spans(_log_softmax(tags[1:, 3:]))
    if implicit[0]:
        aspects.append((0.0, (0, 0)))
    if implicit[1]:
        opinions.append((0.0, (0, 0)))
    found = []
    for aspect_log, a in aspects:
        for opinion_log, o in opinions:
            first, last = grid[a[0], o[0]], grid[a[1], o[1]]
            if (a[0] == 0 and o[0] == 0) or first[0] + last[4] < MIN_PAIR:
                continue
            polarity = _log_softmax(first[1:4] + last[5:8])
            best = int(np.argmax(polarity))
            features = (aspect_log, opinion_log, float(first[0]), float(last[4]), float(polarity[best]))
            found.append(Candidate(a, o, best, (*features, float(a[0] == 0), float(o[0] == 0))))
    return found


def choose(found: list[Candidate], scorer: Scorer) -> list[tuple[Candidate, float]]:
    """Keep the candidates that are likely and do not contradict a likelier one.

    Two candidates contradict when they overlap in one part without being equal in it while sharing or overlapping in
    the other: two readings of the same pair with other borders.

    Returns:
        `(candidate, probability)`, in order of place.
    """
    if not found:
        return []
    scores = scorer.probability(np.array([c.features for c in found]))
    kept: list[tuple[Candidate, float]] = []
    for i in np.argsort(-scores, kind="stable"):
        if scores[i] < scorer.threshold:
            break
        if not any(_contradict(found[i], other) for other, _ in kept):
            kept.append((found[i], float(scores[i])))
    return sorted(kept, key=lambda item: (item[0].aspect, item[0].opinion))


def tag_then_pair(tags: Floats, grid: Floats, *, implicit: tuple[bool, bool]) -> list[Candidate]:
    """Decode the plain way, for comparison: most likely tag of each unit, then every pair the grid is in favour of."""
    aspects = [*_best_spans(tags[1:, :3]), *([(0, 0)] if implicit[0] else [])]
    opinions = [*_best_spans(tags[1:, 3:]), *([(0, 0)] if implicit[1] else [])]
    chosen = []
    for a in aspects:
        for o in opinions:
            first, last = grid[a[0], o[0]], grid[a[1], o[1]]
            if (a[0] or o[0]) and first[0] + last[4] > 0:
                polarity = int(np.argmax(first[1:4] + last[5:8]))
                chosen.append(Candidate(a, o, polarity, ()))
    return chosen


def _best_spans(tags: Floats) -> list[UnitSpan]:
    """Spans of the most likely tags; an I after an O opens a span."""
    found: list[UnitSpan] = []
    inside = False
    for unit, tag in enumerate(np.argmax(tags, axis=1), 1):
        if tag == 0 or (tag == 1 and not inside):
            found.append((unit, unit))
        elif tag == 1:
            found[-1] = (found[-1][0], unit)
        inside = tag != 2
    return found


def _contradict(one: Candidate, other: Candidate) -> bool:
    aspects = _overlap(one.aspect, other.aspect)
    opinions = _overlap(one.opinion, other.opinion)
    return aspects and opinions


def _overlap(a: UnitSpan, b: UnitSpan) -> bool:
    return a[0] <= b[1] and b[0] <= a[1]


def _log_softmax(x: Floats) -> Floats:
    shifted = x - x.max(axis=-1, keepdims=True, initial=-np.inf) if x.size else x
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)) if x.size else x
