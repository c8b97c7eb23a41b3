"""Fit what decides which candidates are kept, on marked texts that the network was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from gistill.categories import CODES, KINDS, STRENGTHS
from gistill.evaluate.calibration import expected_calibration_error
from gistill.evaluate.marks import Counts, Marked, pairs
from gistill.evaluate.triplets import Score, counts, score
from gistill.reader.decode import (
    FEATURES,
    POLARITIES,
    Candidate,
    Meant,
    Scorer,
    attributes,
    choose,
    meant_features,
)
from gistill.reader.units import NULL
from gistill.train.reader.network import IGNORE
from gistill.train.reader.training import Inferred, Prepared, key

COMPETES = 0.02  # candidates less likely than this by all their borders are not looked at


def fit_scorer(found: Sequence[list[Candidate]], gold: Sequence[set[tuple[int, ...]]]) -> Scorer:
    """Fit the probability that a candidate is right, and the threshold with the best F1, on held-out texts.

    Args:
        found: All candidates of each text.
        gold: `gold_keys` of each text.
    """
    rows = [(c.features, key(c) in goal) for cands, goal in zip(found, gold, strict=True) for c in cands]
    weights, bias = _logistic(rows, len(FEATURES))
    best = (-1.0, 0.5)
    for threshold in np.arange(0.2, 0.71, 0.02):
        scorer = Scorer(weights, bias, round(float(threshold), 2))
        best = max(best, (evaluate(found, gold, scorer).f1, scorer.threshold))
    return Scorer(weights, bias, best[1])


def fit_meant(found: Sequence[list[Candidate]], gold: Sequence[Sequence[tuple[int, ...]]], strict: Scorer) -> Scorer:
    """Fit, for each polarity, the probability that a chosen candidate is meant, and its threshold.

    Args:
        found: All candidates of each text.
        gold: The labelled opinions of each text: first and last unit of aspect, of opinion, index into POLARITIES.
        strict: Fitted by `fit_scorer`; ranks candidates whose words overlap.

    Returns:
        The scorer with `meant`. The thresholds are those with the best relaxed F1 over all polarities together.
    """
    competing = replace(strict, threshold=COMPETES, meant=tuple(_always() for _ in POLARITIES))
    rows: list[list[tuple[tuple[float, ...], bool]]] = [[] for _ in POLARITIES]
    for candidates, goal in zip(found, gold, strict=True):
        chosen = _strictly(candidates, competing)
        right = {p.read for p in pairs([on_units(*g) for g in goal], [_read(c) for c, _ in chosen]) if p.relaxed}
        for place, (candidate, probability) in enumerate(chosen):
            rows[candidate.polarity].append((meant_features(candidate, probability), place in right))
    models = [_logistic(part, len(FEATURES) + 1) for part in rows]
    scores = [_scores(part, model) for part, model in zip(rows, models, strict=True)]
    thresholds = _best(scores, sum(len(goal) for goal in gold))
    return replace(
        competing,
        meant=tuple(
            Meant(weights, bias, threshold) for (weights, bias), threshold in zip(models, thresholds, strict=True)
        ),
    )


def _always() -> Meant:
    return Meant((0.0,) * (len(FEATURES) + 1), 0.0, 0.0)


def _strictly(candidates: list[Candidate], competing: Scorer) -> list[tuple[Candidate, float]]:
    chosen = [candidate for candidate, _ in choose(candidates, competing)]
    if not chosen:
        return []
    strict = competing.probability(np.array([candidate.features for candidate in chosen]))
    return list(zip(chosen, strict.tolist(), strict=True))


def on_units(a0: int, a1: int, o0: int, o1: int, polarity: int) -> Marked:
    """Write a labelled opinion on units as one that can be paired."""
    return Marked(_extent(a0, a1), _extent(o0, o1), POLARITIES[polarity])


def _read(candidate: Candidate) -> Marked:
    return on_units(*candidate.aspect, *candidate.opinion, candidate.polarity)


def _extent(first: int, last: int) -> tuple[int, int] | None:
    return None if first == NULL else (first, last + 1)


def _logistic(rows: Sequence[tuple[tuple[float, ...], bool]], width: int) -> tuple[tuple[float, ...], float]:
    """Fit `width` weights and a bias with a small penalty on the weights; without rows, what keeps nothing."""
    if not rows:
        return (0.0,) * width, -30.0
    features = torch.tensor([row for row, _ in rows], dtype=torch.float64)
    labels = torch.tensor([float(right) for _, right in rows], dtype=torch.float64)
    weights = torch.zeros(width + 1, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        value = torch.nn.functional.binary_cross_entropy_with_logits(
            features @ weights[:-1] + weights[-1], labels, reduction="sum"
        )
        value = value + 0.5 * (weights[:-1] ** 2).sum()
        value.backward()
        return value

    optimiser.step(closure)
    fitted = [round(float(w), 6) for w in weights.detach()]
    return tuple(fitted[:-1]), fitted[-1]


def _scores(
    rows: Sequence[tuple[tuple[float, ...], bool]], model: tuple[tuple[float, ...], float]
) -> list[tuple[float, bool]]:
    """Give each row's probability, highest first, with whether it is right."""
    weights, bias = model
    odds = [sum(w * x for w, x in zip(weights, row, strict=True)) + bias for row, _ in rows]
    scored = [(1 / (1 + float(np.exp(-np.clip(o, -30, 30)))), right) for o, (_, right) in zip(odds, rows, strict=True)]
    return sorted(scored, reverse=True)


def strict_scores(
    gold: Sequence[set[tuple[int, ...]]], chosen: Sequence[list[tuple[Candidate, float]]]
) -> dict[str, Any]:
    """Score chosen candidates strictly, and their confidence by it."""
    total = evaluate([[c for c, _ in row] for row in chosen], gold, None)
    sure = [p for row in chosen for _, p in row]
    right = [key(c) in goal for goal, row in zip(gold, chosen, strict=True) for c, _ in row]
    return {
        "triplets": total.gold,
        "precision": round(total.precision, 4),
        "recall": round(total.recall, 4),
        "f1": round(total.f1, 4),
        "calibration_error": expected_calibration_error(sure, right),
    }


def marked_scores(
    prepared: Sequence[Prepared], chosen: Sequence[list[tuple[Candidate, float]]], inferred: Sequence[Inferred]
) -> dict[str, Any]:
    """Score chosen candidates as opinions are marked, and the confidence of each polarity by relaxed pairs."""
    total = Counts()
    sure: dict[str, list[tuple[float, bool]]] = {polarity: [] for polarity in POLARITIES}
    for one, row, scores in zip(prepared, chosen, inferred, strict=True):
        goal = one.target
        marked = [
            on_units(*place)._replace(
                category=None if c == IGNORE else CODES[c],
                kind=None if k == IGNORE else KINDS[k],
                strength=None if s == IGNORE else STRENGTHS[s],
            )
            for place, (c, k, s) in zip(goal.polarities, goal.attributes, strict=True)
        ]
        read = [_with_attributes(candidate, scores) for candidate, _ in row]
        total.add(marked, read)
        right = {pair.read for pair in pairs(marked, read) if pair.relaxed}
        for place, (candidate, p) in enumerate(row):
            sure[POLARITIES[candidate.polarity]].append((p, place in right))
    errors = {
        polarity: expected_calibration_error([p for p, _ in rows], [right for _, right in rows])
        for polarity, rows in sure.items()
    }
    return {**total.table(), "calibration_error": errors}


def _with_attributes(candidate: Candidate, scores: Inferred) -> Marked:
    if scores.attributes is None:
        return _read(candidate)
    category, kind, strength = attributes(candidate, scores.attributes)
    return _read(candidate)._replace(category=category, kind=kind, strength=strength)


def _best(scores: Sequence[Sequence[tuple[float, bool]]], marked: int) -> list[float]:
    """Choose the thresholds with the best F1 in all, by going over the polarities until nothing changes."""
    grid = [round(0.1 + 0.01 * i, 2) for i in range(61)]
    at = [0.4] * len(scores)

    def f1(thresholds: Sequence[float]) -> float:
        kept = [[right for p, right in part if p >= t] for part, t in zip(scores, thresholds, strict=True)]
        right, read = sum(map(sum, kept)), sum(map(len, kept))
        return 2 * right / (marked + read) if marked + read else 0.0

    for _ in range(5):
        before = list(at)
        for i in range(len(at)):
            at[i] = max(grid, key=lambda t, i=i: (round(f1([*at[:i], t, *at[i + 1 :]]), 6), -t))  # type: ignore[misc]
        if at == before:
            break
    return at


def evaluate(found: Sequence[list[Candidate]], gold: Sequence[set[tuple[int, ...]]], scorer: Scorer | None) -> Score:
    """Score candidates against labels; `scorer` None takes every candidate as it is."""
    rows = []
    for cands, goal in zip(found, gold, strict=True):
        kept = cands if scorer is None else [c for c, _ in choose(cands, scorer)]
        rows.append(counts(goal, (key(c) for c in kept)))
    return score(rows)
