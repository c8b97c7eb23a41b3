"""What the benchmarks share: the open tests, a reader's answers on them, and counts per text that become scores."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from gistill.corpora import aste, datastory, dmaste, mams, towe
from gistill.corpora.labelled import Labelled, Triplet
from gistill.evaluate.triplets import counts
from gistill.reader.decode import POLARITIES, Reading
from gistill.sentences import split
from gistill.stats import bootstrap_interval

Rows = list[tuple[float, ...]]  # counts of each text, which add up


class SentenceReader(Protocol):
    """What is measured."""

    @property
    def name(self) -> str: ...

    def read(self, sentences: Sequence[str]) -> list[list[Reading]]: ...


@dataclass(frozen=True)
class Score:
    """One number with its 95% bootstrap interval over texts. None where there was nothing to measure it on."""

    test: str
    measure: str
    value: float | None
    low: float | None
    high: float | None


Total = np.ndarray


def precision(total: Total) -> float:
    return float(total[0] / total[1]) if total[1] else 0.0


def recall(total: Total) -> float:
    return float(total[0] / total[2]) if total[2] else 0.0


def f1(total: Total) -> float:
    """Of summed (correct, predicted, gold); 0 when there is nothing, as published."""
    return float(2 * total[0] / (total[1] + total[2])) if total[1] + total[2] else 0.0


def share(total: Total) -> float:
    return float(total[0] / total[1]) if total[1] else 0.0


def macro_f1(total: Total) -> float:
    """Of three times (correct, predicted, gold), one for each polarity: the mean over those that occur."""
    parts = [f1(part) for part in total.reshape(3, 3) if part[2]]
    return float(np.mean(parts)) if parts else 0.0


def measured(test: str, measure: str, rows: Rows, score: Callable[[Total], float], *, of: Sequence[int]) -> Score:
    """Score the summed rows, and bound the score by resampling texts.

    Args:
        test: Its name.
        measure: The score's name.
        rows: Counts of each text.
        score: From summed counts to a number.
        of: Columns of the denominator; where they sum to 0, nothing was measured.
    """
    total = np.asarray(rows, dtype=np.float64).sum(axis=0) if rows else np.zeros(max(of) + 1)
    if not total[list(of)].any():
        return Score(test, measure, None, None, None)
    low, high = bootstrap_interval(rows, score) if len(rows) > 1 else (None, None)
    return Score(test, measure, score(total), low, high)


Key = tuple[object, object, object]


def triplet(opinion: Reading | Triplet) -> Key:
    return (opinion.aspect, opinion.opinion, opinion.polarity)


def without_implicit(found: Iterable[list[Reading]]) -> tuple[list[list[Reading]], int]:
    """Leave out what a guideline does not know: opinions with an implicit part. Returns also how many they were."""
    texts = [(text, [r for r in text if r.aspect and r.opinion]) for text in found]
    return [kept for _, kept in texts], sum(len(text) - len(kept) for text, kept in texts)


def triplet_rows(examples: Sequence[Labelled], found: Sequence[list[Reading]]) -> Rows:
    """(correct, predicted, gold) of each text: aspect, opinion words and polarity all exactly right."""
    return [
        counts(map(triplet, example.triplets), map(triplet, text))
        for example, text in zip(examples, found, strict=True)
    ]


def outcomes(examples: Sequence[Labelled], found: Sequence[list[Reading]]) -> tuple[list[float], list[bool]]:
    """The confidence of every prediction, and whether it was right."""
    confidences, correct = [], []
    for example, text in zip(examples, found, strict=True):
        gold = set(map(triplet, example.triplets))
        confidences += [reading.confidence for reading in text]
        correct += [triplet(reading) in gold for reading in text]
    return confidences, correct


def towe_rows(examples: Sequence[Labelled], found: Sequence[list[Reading]]) -> Rows:
    """(correct, predicted, gold) pairs of each text, of the targets that are given; polarity is not labelled."""
    rows = []
    for example, text in zip(examples, found, strict=True):
        gold = {(t.aspect, t.opinion) for t in example.triplets}
        targets = {aspect for aspect, _ in gold}
        rows.append(counts(gold, {(r.aspect, r.opinion) for r in text if r.aspect in targets and r.opinion}))
    return rows


def term_rows(examples: Sequence[Labelled], found: Sequence[list[Reading]]) -> tuple[Rows, Rows]:
    """Look up the labelled terms among the predicted aspects.

    Terms are labelled there whether or not anybody has an opinion about them, so what is asked is how many of them
    are found, and with which polarity; an F1 would count a reader of opinions wrong for doing its work.

    Returns:
        Of each text (found, labelled, with the right polarity), and three times (correct, predicted, gold) of the
        found terms, one for each polarity. A term with several opinions has the polarity of the surest.
    """
    looked_up, by_polarity = [], []
    for example, text in zip(examples, found, strict=True):
        said = {r.aspect: r.polarity for r in sorted(text, key=lambda r: r.confidence)}
        pairs = [(polarity, said[term]) for term, polarity in example.terms if term in said]
        looked_up.append((len(pairs), len(example.terms), sum(gold == got for gold, got in pairs)))
        row: list[float] = []
        for polarity in POLARITIES:
            gold, got = [g == polarity for g, _ in pairs], [p == polarity for _, p in pairs]
            row += [sum(a and b for a, b in zip(gold, got, strict=True)), sum(got), sum(gold)]
        by_polarity.append(tuple(row))
    return looked_up, by_polarity


def read_sentences(reader: SentenceReader, examples: Sequence[Labelled]) -> list[list[Reading]]:
    """Read each text as one sentence, as the corpus gives it."""
    return reader.read([example.text for example in examples])


def read_reviews(reader: SentenceReader, examples: Sequence[Labelled], *, language: str = "en") -> list[list[Reading]]:
    """Read whole reviews as the product does: split, read, offsets moved back to the review."""
    places = [(i, span.start, span.end) for i, example in enumerate(examples) for span in split(example.text, language)]
    found: list[list[Reading]] = [[] for _ in examples]
    read = reader.read([examples[i].text[start:end] for i, start, end in places])
    for (i, start, _), readings in zip(places, read, strict=True):
        found[i] += [r._replace(aspect=_moved(r.aspect, start), opinion=_moved(r.opinion, start)) for r in readings]
    return found


def _moved(extent: tuple[int, int] | None, by: int) -> tuple[int, int] | None:
    return None if extent is None else (extent[0] + by, extent[1] + by)


TESTS = ("14lap", "14res", "dmaste", "mams", "towe-14lap", "towe-14res")
CHINESE = "datastory-zh"  # for readers of Chinese; a development part, for its test part is not open


def load_test(name: str, *, folder: Path, part: str = "test") -> list[Labelled]:
    """Load one open test, or another part of its corpus: a name of `TESTS`, "dmaste/DOMAIN", or `CHINESE`."""
    if name == CHINESE:
        return datastory.load("dev" if part == "test" else part, folder=folder)
    if name in ("14lap", "14res"):
        return aste.load(name, part, folder=folder)
    if name == "dmaste":
        return [e for domain in dmaste.DOMAINS for e in dmaste.load(domain, part, folder=folder)]
    if name.startswith("dmaste/"):
        return dmaste.load(name.removeprefix("dmaste/"), part, folder=folder)
    if name == "mams":
        return mams.load(part, folder=folder)
    return towe.load(name.removeprefix("towe-"), part, folder=folder)


def write_json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


def interval(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{100 * low:.1f} to {100 * high:.1f}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table that reads well in a terminal and in Markdown."""
    cells = [list(header), *map(list, rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |" for row in cells]
    return "\n".join([lines[0], "| " + " | ".join("-" * w for w in widths) + " |", *lines[1:]])
