"""From the network's numbers to opinions: spans from the tags, pairs from the grid, one calibrated score.

The network gives, per sentence of W units (unit 0 is NULL, "no words"):

* `tags`, shape (W, 6): log-odds of B, I, O for aspect terms, then for opinion words;
* `grid`, shape (W, W, 8): at (i, j) the log-odds that a pair's aspect starts at i and its opinion at j, then the
  polarities of such a pair; then the same four for their last units.

* `attributes`, shape (W, 78), from readers that were taught them: at a unit, what it says about the category of an
  opinion whose aspect it belongs to (35), then, as part of the opinion words, about category (35), kind (3) and
  strength (5). A span's are the mean over its units.

A pair is scored by a logistic model over what tags and grid say about it (`Scorer`), fitted on held-out sentences, so
its value is a probability. Choosing pairs jointly lets a sure pair rescue an unsure border; docs/log.md has the figures
against tagging first and pairing after.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gistill.categories import CODES, KINDS, STRENGTHS, Kind
from gistill.reader.units import NULL
from gistill.schema import Polarity

POLARITIES: tuple[Polarity, ...] = ("positive", "negative", "neutral")
Floats = NDArray[np.floating]
UnitSpan = tuple[int, int]  # first and last unit, both included; (0, 0) is NULL

ASPECT_ATTRIBUTES = len(CODES)
ATTRIBUTES = 2 * len(CODES) + len(KINDS) + len(STRENGTHS)

MAX_UNITS = 12  # longest span looked for, in units
MIN_SPAN = 0.03  # a span less likely than this by its tags is never a candidate
MAX_SPANS = 12  # candidates of each kind in one sentence, most likely first
MIN_PAIR = -3.0  # a pair whose grid log-odds sum is below this is no candidate
_LOG_MIN_SPAN = math.log(MIN_SPAN)
_SIDES = ((True, False), (False, True), (False, False))  # of each of POLARITIES: is its strength above 0, below 0


class Reading(NamedTuple):
    """One opinion in a sentence. Offsets are code points of the sentence; None is implicit."""

    aspect: tuple[int, int] | None
    opinion: tuple[int, int] | None
    polarity: Polarity
    confidence: float | None  # None where nobody measured it; a reader's is always a number
    category: str | None = None  # a code of gistill.categories; None where the reader was not taught any
    kind: Kind | None = None
    strength: int | None = None  # -2 to 2


class Candidate(NamedTuple):
    """A pair that might be an opinion, with what the network said about it."""

    aspect: UnitSpan
    opinion: UnitSpan
    polarity: int  # index into POLARITIES
    features: tuple[float, ...]  # see `FEATURES`


FEATURES = ("aspect_span", "opinion_span", "pair_first", "pair_last", "polarity", "no_aspect", "no_opinion")


@dataclass(frozen=True)
class Meant:
    """For one polarity, the probability that a chosen candidate means what the text means: same words, same side.

    Its borders may be other ones than a person would draw. This is the confidence that people see.

    Args:
        weights: One per name in `FEATURES`, then one for the log-odds of `Scorer.probability`.
        bias: Log-odds at zero features.
        threshold: A chosen candidate is kept from this probability on.
    """

    weights: tuple[float, ...]
    bias: float
    threshold: float


@dataclass(frozen=True)
class Scorer:
    """The logistic model that turns a candidate's features into the probability that it is right in every border.

    Args:
        weights: One per name in `FEATURES`.
        bias: Log-odds at zero features.
        threshold: A candidate is kept from this probability on; the value with the best F1 on held-out sentences.
        meant: For each of `POLARITIES`; then `threshold` only says which candidates compete, `meant` decides which of
            them are kept and how sure they are, and no opinion words are given both an aspect and none. Empty for
            readers that were not taught from marks.
    """

    weights: tuple[float, ...]
    bias: float
    threshold: float
    meant: tuple[Meant, ...] = ()

    def probability(self, features: Floats) -> Floats:
        """Score candidates: features (N, F) to probabilities (N,)."""
        # summed row by row, so that a candidate's score does not depend on how many are scored with it
        odds = np.clip((features * np.array(self.weights)).sum(axis=1) + self.bias, -30.0, 30.0)
        return np.asarray(1.0 / (1.0 + np.exp(-odds)))


def spans(log_tags: Floats) -> list[tuple[float, UnitSpan]]:
    """List likely spans of one kind.

    Args:
        log_tags: Log-probabilities of B, I, O for units 1 to W-1 (NULL left out), shape (W-1, 3).

    Returns:
        `(log-probability, (first, last))`, most likely first, units counted with NULL as 0. A span's probability is
        that of B, then I up to its last unit, then anything but I.
    """
    starts = np.flatnonzero(log_tags[:, 0] > _LOG_MIN_SPAN).tolist()
    if not starts:
        return []
    begins, goes_on = log_tags[:, 0].tolist(), log_tags[:, 1].tolist()
    stops = [*np.log1p(-np.exp(np.minimum(log_tags[1:, 1], -1e-7))).tolist(), 0.0]  # numbers, not arrays: few and short
    found = []
    for start in starts:
        running = begins[start]
        for end in range(start, min(start + MAX_UNITS, len(begins))):
            if end > start:
                running += goes_on[end]
            if running < _LOG_MIN_SPAN:
                break
            if running + stops[end] > _LOG_MIN_SPAN:
                found.append((running + stops[end], (start + 1, end + 1)))
    return sorted(found, key=lambda item: (-item[0], item[1]))[:MAX_SPANS]


def candidates(tags: Floats, grid: Floats, *, implicit: tuple[bool, bool]) -> list[Candidate]:
    """List the pairs of one sentence that might be opinions.

    Args:
        tags: Shape (W, 6).
        grid: Shape (W, W, 8).
        implicit: Whether the network was taught implicit aspects, and implicit opinions.
    """
    return batch_candidates(tags[None], grid[None], [len(tags)], implicit=implicit)[0]


def batch_candidates(
    tags: Floats, grid: Floats, sizes: Sequence[int], *, implicit: tuple[bool, bool]
) -> list[list[Candidate]]:
    """List the candidates of every sentence of a padded batch.

    All sentences together, because a sentence has few candidates and numpy is slow on few numbers.

    Args:
        tags: Shape (B, W, 6).
        grid: Shape (B, W, W, 8).
        sizes: Units of each sentence, NULL counted; what lies beyond is padding.
        implicit: See `candidates`.
    """
    found: list[list[Candidate]] = [[] for _ in sizes]
    log_tags = _log_softmax(np.asarray(tags, dtype=np.float64).reshape(*tags.shape[:2], 2, 3))
    pairs = [
        (row, *a, *o, a_log, o_log)
        for row, size in enumerate(sizes)
        for a_log, a, o_log, o in _pairs(log_tags[row, 1:size], implicit)
    ]
    if not pairs:
        return found
    row, a0, a1, o0, o1 = np.array([pair[:5] for pair in pairs]).T
    first = grid[row, a0, o0].astype(np.float64)
    last = grid[row, a1, o1].astype(np.float64)
    polarity = _log_softmax(first[:, 1:4] + last[:, 5:8])
    best = polarity.argmax(axis=1)
    likely = np.flatnonzero(first[:, 0] + last[:, 4] >= MIN_PAIR)
    columns = (likely, best[likely], first[likely, 0], last[likely, 4], polarity.max(axis=1)[likely])
    for i, kind, at_first, at_last, sure in zip(*(column.tolist() for column in columns), strict=True):
        where, a, b, c, d, a_log, o_log = pairs[i]
        features = (a_log, o_log, at_first, at_last, sure, float(a == 0), float(c == 0))
        found[where].append(Candidate((a, b), (c, d), kind, features))
    return found


def _pairs(log_tags: Floats, implicit: tuple[bool, bool]) -> Iterator[tuple[float, UnitSpan, float, UnitSpan]]:
    """Pair the likely aspects of one sentence, log_tags (W-1, 2, 3), with its likely opinions."""
    opinions = spans(log_tags[:, 1]) + [(0.0, (NULL, NULL))] * implicit[1]
    if not opinions:  # most sentences that say nothing end here
        return
    for a_log, a in spans(log_tags[:, 0]) + [(0.0, (NULL, NULL))] * implicit[0]:
        for o_log, o in opinions:
            if a[0] != NULL or o[0] != NULL:
                yield a_log, a, o_log, o


def attribute_scores(aspect: Any, opinion: Any) -> tuple[Any, Any, Any]:
    """Put span means together: aspect (..., 35) and opinion (..., 43) to log-odds of category, kind and strength."""
    codes, kinds = len(CODES), len(CODES) + len(KINDS)
    return aspect + opinion[..., :codes], opinion[..., codes:kinds], opinion[..., kinds:]


def attributes(candidate: Candidate, scores: Floats) -> tuple[str, Kind, int]:
    """Give the category, kind and strength of a candidate: scores (W, 78). Strength and polarity have the same side."""
    aspect = scores[candidate.aspect[0] : candidate.aspect[1] + 1, :ASPECT_ATTRIBUTES].mean(axis=0)
    opinion = scores[candidate.opinion[0] : candidate.opinion[1] + 1, ASPECT_ATTRIBUTES:].mean(axis=0)
    category, kind, strength = attribute_scores(aspect, opinion)
    side = [i for i, value in enumerate(STRENGTHS) if (value > 0, value < 0) == _SIDES[candidate.polarity]]
    strongest = max(side, key=lambda i: float(strength[i]))
    return CODES[int(category.argmax())], KINDS[int(kind.argmax())], STRENGTHS[strongest]


def choose(found: Sequence[Candidate], scorer: Scorer) -> list[tuple[Candidate, float]]:
    """Keep the candidates that are likely and do not contradict a likelier one.

    Two candidates contradict when both their aspects and their opinions overlap: two readings of the same pair with
    other borders.

    Returns:
        `(candidate, probability)`, in order of place.
    """
    return batch_choose([found], scorer)[0]


def batch_choose(found: Sequence[Sequence[Candidate]], scorer: Scorer) -> list[list[tuple[Candidate, float]]]:
    """Choose in every sentence of a batch; see `choose`."""
    features = [candidate.features for sentence in found for candidate in sentence]
    scores = iter(scorer.probability(np.array(features)).tolist() if features else [])
    return [_choose([(c, next(scores)) for c in sentence], scorer) for sentence in found]


def _choose(scored: list[tuple[Candidate, float]], scorer: Scorer) -> list[tuple[Candidate, float]]:
    chosen: list[tuple[Candidate, float]] = []
    for candidate, probability in sorted(scored, key=lambda item: -item[1]):
        if probability < scorer.threshold:
            break
        if not any(_contradict(candidate, other, bool(scorer.meant)) for other, _ in chosen):
            chosen.append((candidate, probability))
    if scorer.meant:
        chosen = [(c, p) for c, p in _meant(chosen, scorer) if p >= scorer.meant[c.polarity].threshold]
    return sorted(chosen, key=lambda item: (item[0].aspect, item[0].opinion))


def _meant(chosen: list[tuple[Candidate, float]], scorer: Scorer) -> Iterator[tuple[Candidate, float]]:
    for candidate, probability in chosen:
        model = scorer.meant[candidate.polarity]
        odds = (
            sum(w * x for w, x in zip(model.weights, meant_features(candidate, probability), strict=True)) + model.bias
        )
        yield candidate, 1.0 / (1.0 + math.exp(-min(max(odds, -30.0), 30.0)))


def meant_features(candidate: Candidate, probability: float) -> tuple[float, ...]:
    """Give what `Meant` looks at: the candidate's features, and the log-odds that all its borders are right."""
    inside = min(max(probability, 1e-6), 1 - 1e-6)
    return (*candidate.features, math.log(inside / (1 - inside)))


def _contradict(one: Candidate, other: Candidate, marks: bool) -> bool:
    if not _overlap(one.opinion, other.opinion):
        return False
    unnamed = marks and (one.aspect[0] == NULL) != (other.aspect[0] == NULL)
    return unnamed or _overlap(one.aspect, other.aspect)


def _overlap(a: UnitSpan, b: UnitSpan) -> bool:
    return a[0] <= b[1] and b[0] <= a[1]


def _log_softmax(x: Floats) -> Floats:
    """Over the last axis, which is not empty."""
    shifted = x - x.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))
