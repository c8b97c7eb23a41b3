"""All measures of one summary: what each counts, so that counts of many summaries add up to a score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from gistill.evaluate.summaries import evidence, form, overlap
from gistill.evaluate.summaries.intervals import Score, ratio
from gistill.evaluate.summaries.words import words
from gistill.task import SummaryTask

Counts = tuple[float, ...]
NOTHING: Counts = (0.0, 0.0)


class Measure(NamedTuple):
    """A measure by its name.

    Attributes:
        name: As tables have it.
        score: Turns summed counts into the score.
        width: How many counts one summary has.
        percent: Whether it is shown in per cent; else as a number.
        better: 1 where more is better, -1 where less is, 0 where neither.
    """

    name: str
    score: Score = ratio
    width: int = 2
    percent: bool = True
    better: int = 1


MEASURES = (
    Measure("ROUGE-1"),
    Measure("ROUGE-2"),
    Measure("ROUGE-L"),
    Measure("ROUGE-Lsum"),
    Measure("BLEU", overlap.bleu, overlap.BLEU_COUNTS),
    Measure("METEOR"),
    Measure("BERTScore precision"),
    Measure("BERTScore recall"),
    Measure("BERTScore F1"),
    Measure("relevance to the evidence"),
    Measure("coverage of the evidence"),
    Measure("prevalence"),
    Measure("error of stated counts", better=-1),
    Measure("distance of sentiment", better=-1),
    Measure("aspect purity"),
    Measure("polarity as in the sources"),
    Measure("sentences without a fault by rules"),
    Measure("sentences without a fault by the critic"),
    Measure("complete sentences"),
    Measure("words", percent=False, better=0),
    Measure("length by the reference's", percent=False, better=0),
    Measure("repeated", better=-1),
    Measure("new word pairs", better=0),
)
BY_NAME = {measure.name: measure for measure in MEASURES}


def measures_in(counted: Iterable[Mapping[str, object]]) -> list[Measure]:
    """Give the measures that some results have: the known ones first, then learned ones, which are plain numbers."""
    names = dict.fromkeys(name for one in counted for name in one)
    return [m for m in MEASURES if m.name in names] + [measure_named(name) for name in names if name not in BY_NAME]


def measure_named(name: str) -> Measure:
    """Give a measure by its name; one that is not known is a learned metric: a mean of numbers."""
    return BY_NAME.get(name) or Measure(name, percent=False)


def count(task: SummaryTask, text: str) -> dict[str, Counts]:
    """Count everything that needs no model.

    Args:
        task: With references and evidence, or without.
        text: The summary; an empty one gets nothing of what was to be had.

    Returns:
        Name of a measure -> its counts; measures that this task cannot have (no references, no evidence) are left out.

    Raises:
        ExtraMissingError: A library of the extra eval is not installed.
    """
    found: dict[str, Counts] = {
        "complete sentences": form.complete_sentences(text),
        "words": (float(len(words(text))), 1.0),
        "repeated": form.repetition(text),
        "new word pairs": form.novelty(text, task.sources),
    }
    if task.references:
        found |= {name: (value, 1.0) for name, value in overlap.rouge(text, task.references).items()}
        found["BLEU"] = overlap.bleu_counts(text, task.references)
        found["METEOR"] = (overlap.meteor(text, task.references), 1.0)
        length = form.length_ratio(text, task.references)
        found["length by the reference's"] = NOTHING if length is None else (length, 1.0)
    if (marked := task.evidence_texts) is not None:
        found["relevance to the evidence"] = evidence.relevance(text, marked)
        found["coverage of the evidence"] = evidence.coverage(text, marked)
    return found


def table(counted: Sequence[dict[str, Counts]], measure: Measure) -> list[Counts]:
    """Give the counts of a measure for each summary; zeros where one does not have it."""
    return [one.get(measure.name, (0.0,) * measure.width) for one in counted]
