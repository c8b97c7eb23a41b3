"""Score predicted opinions against the ones people marked, both as files of `schema.Opinion`, one JSON a line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from gistill.errors import InputError
from gistill.evaluate.calibration import expected_calibration_error
from gistill.evaluate.triplets import counts, score
from gistill.files import hash_file
from gistill.schema import Estimate, Noun, Opinion
from gistill.stats import bootstrap_interval


class Part(Noun):
    """Micro precision, recall and F1 of one kind of match, in [0, 1]; None where there was nothing to divide by."""

    precision: float | None
    recall: float | None
    f1: Estimate
    correct: int
    predicted: int
    gold: int


class OpinionScorecard(Noun):
    """How well predicted opinions match the marked ones, and how that was counted."""

    records: int  # with at least one marked or predicted opinion
    triplets: Part  # aspect, opinion and polarity all exactly right
    pairs: Part  # aspect and opinion, whatever the polarity
    aspects: Part  # distinct aspect terms of a record, implicit ones left out
    opinion_words: Part  # distinct opinion phrases of a record, implicit ones left out
    polarity_accuracy: float | None  # of the pairs found, those with the right polarity
    calibration_error: float | None  # of the confidences, 10 bins; None without predictions
    illegal: int  # predicted lines that are no opinion; each counts as a wrong prediction
    signature: dict[str, str]

    def __str__(self) -> str:
        """Give the scores as a small table for a terminal."""
        lines = [f"{'':16}{'precision':>10}{'recall':>10}{'F1':>10}   95% interval"]
        for name in ("triplets", "pairs", "aspects", "opinion_words"):
            part: Part = getattr(self, name)
            shown = [_percent(part.precision), _percent(part.recall), _percent(part.f1.value)]
            interval = f"{_percent(part.f1.low)} to {_percent(part.f1.high)}" if part.f1.low is not None else ""
            lines.append(f"{name.replace('_', ' '):16}" + "".join(f"{s:>10}" for s in shown) + f"   {interval}")
        lines.append(f"polarity accuracy {_percent(self.polarity_accuracy)} on the pairs found")
        lines.append(f"calibration error {_percent(self.calibration_error)} (10 bins)")
        lines.append(f"{self.records} records, {self.illegal} illegal predictions counted as wrong")
        return "\n".join(lines)


def score_files(gold: str | Path, predicted: str | Path, *, seed: int = 0) -> OpinionScorecard:
    """Score a file of predictions against a file of marked opinions.

    Every record that either file names counts, so a record nobody marked counts its predictions as wrong: leave the
    records out of the predictions that nobody read.

    Args:
        gold: Opinions as JSON lines. Every line must be one.
        predicted: Likewise; a line that is no opinion counts as a wrong prediction, since that is what it is worth.
        seed: Of the bootstrap.

    Raises:
        InputError: A file is missing, or a gold line is no opinion.
    """
    marked, _ = _read(Path(gold), strict=True)
    found, illegal = _read(Path(predicted), strict=False)
    card = score_opinions(marked, found, illegal=illegal, seed=seed)
    hashes = {"gold": hash_file(Path(gold)), "predicted": hash_file(Path(predicted))}
    return card.model_copy(update={"signature": {**card.signature, **hashes}})


def score_opinions(
    gold: Iterable[Opinion], predicted: Iterable[Opinion], *, illegal: int = 0, seed: int = 0
) -> OpinionScorecard:
    """Score opinions; see `score_files`."""
    marked, found = _by_record(gold), _by_record(predicted)
    records = sorted({*marked, *found})

    def part(keys: Callable[[Opinion], Hashable | None]) -> Part:
        def all_of(opinions: Sequence[Opinion]) -> set[Hashable]:
            return {k for o in opinions if (k := keys(o)) is not None}

        rows = [counts(all_of(marked[r]), all_of(found[r])) for r in records]
        return _part(rows + [(0, 1, 0)] * illegal, seed)

    pairs, triplets = part(_pair), part(_triplet)
    confidences, correct = [], []
    for record in records:
        right = {_triplet(o) for o in marked[record]}
        for opinion in found[record]:
            if opinion.confidence is not None:
                confidences.append(opinion.confidence)
                correct.append(_triplet(opinion) in right)
    return OpinionScorecard(
        records=len(records),
        triplets=triplets,
        pairs=pairs,
        aspects=part(lambda o: (o.aspect.start, o.aspect.end) if o.aspect else None),
        opinion_words=part(lambda o: (o.opinion.start, o.opinion.end) if o.opinion else None),
        polarity_accuracy=triplets.correct / pairs.correct if pairs.correct else None,
        calibration_error=expected_calibration_error(confidences, correct),
        illegal=illegal,
        signature={"match": "exact", "average": "micro", "interval": f"bootstrap over records, 2000, seed {seed}"},
    )


def _pair(opinion: Opinion) -> Hashable:
    aspect, words = opinion.aspect, opinion.opinion
    return (
        (aspect.start, aspect.end) if aspect else None,
        (words.start, words.end) if words else None,
    )


def _triplet(opinion: Opinion) -> Hashable:
    return (_pair(opinion), opinion.polarity)


def _part(rows: list[tuple[int, int, int]], seed: int) -> Part:
    total = score(rows)
    low, high = bootstrap_interval(rows, _f1, seed=seed) if len(rows) > 1 else (None, None)
    measured = total.predicted + total.gold > 0
    return Part(
        precision=total.precision if total.predicted else None,
        recall=total.recall if total.gold else None,
        f1=Estimate(
            value=total.f1 if measured else None, low=low if measured else None, high=high if measured else None
        ),
        correct=total.correct,
        predicted=total.predicted,
        gold=total.gold,
    )


def _f1(total: NDArray[np.float64]) -> float:
    correct, predicted, gold = total
    return float(2 * correct / (predicted + gold)) if predicted + gold else 0.0


def _by_record(opinions: Iterable[Opinion]) -> defaultdict[str, list[Opinion]]:
    groups: defaultdict[str, list[Opinion]] = defaultdict(list)
    for opinion in opinions:
        groups[opinion.record].append(opinion)
    return groups


def _read(path: Path, *, strict: bool) -> tuple[list[Opinion], int]:
    opinions, illegal = [], 0
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="strict" if strict else "replace").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        if isinstance(error, FileNotFoundError):
            raise InputError("does not exist", file=str(path)) from error
        reason = (error.strerror or str(error)).lower() if isinstance(error, OSError) else "it is not UTF-8"
        raise InputError(f"cannot be read: {reason}", file=str(path)) from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            opinions.append(Opinion.model_validate_json(line))
        except ValidationError as error:
            if strict:
                first = error.errors()[0]
                column = ".".join(str(part) for part in first["loc"]) or None
                raise InputError(
                    f"not an opinion ({first['msg']})", file=str(path), row=number, column=column
                ) from error
            illegal += 1
    return opinions, illegal


def _percent(value: float | None) -> str:
    return "not measured" if value is None else f"{100 * value:.1f}%"
