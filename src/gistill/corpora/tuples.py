"""Examples of a fine-grained sentiment task as a writer and a benchmark see them: a text and its opinions as words."""

from __future__ import annotations

from dataclasses import dataclass

from gistill.corpora.labelled import Extent, Labelled
from gistill.skills.opinions import ELEMENTS, OpinionTuple, Task


@dataclass(frozen=True)
class Example:
    """One text with the marked opinions of one task.

    Args:
        text: The text as it will be read; one line.
        task: Which elements are marked.
        tuples: The marked opinions, equal ones once.
        source: Corpus, domain and part, for example "aste/14res/test".
        implicit: Some opinion has no words, or is marked so by the corpus (the "implicit" view of the benchmark).
    """

    text: str
    task: Task
    tuples: tuple[OpinionTuple, ...]
    source: str = ""
    implicit: bool = False

    @property
    def multi(self) -> bool:
        """Say whether more than one polarity is marked (the "multi" view)."""
        return len({t.polarity for t in self.tuples}) > 1


def from_labelled(example: Labelled, task: Task, *, source: str = "") -> Example:
    """Give a labelled sentence as an example of a task that its corpus marks.

    Args:
        example: A sentence with spans.
        task: "tsa" takes the terms where the corpus marks terms (MAMS), else the aspects that are named.
        source: Instead of the example's.

    Raises:
        ValueError: The task asks for an element that the labels do not have.
    """
    if "category" in ELEMENTS[task]:
        raise ValueError(f"{example.source} has no categories, which {task} asks for")

    def words(extent: Extent | None) -> str | None:
        return " ".join(example.text[extent[0] : extent[1]].split()) if extent else None

    if task == "tsa" and example.terms:
        found = [OpinionTuple(words(extent), None, None, polarity) for extent, polarity in example.terms]
    else:
        wanted = ELEMENTS[task]
        found = [
            OpinionTuple(
                words(t.aspect),
                None,
                words(t.opinion) if "opinion" in wanted else None,
                t.polarity if "polarity" in wanted else None,
            )
            for t in example.triplets
            if task != "tsa" or t.aspect
        ]
    if "polarity" in ELEMENTS[task] and any(t.polarity is None for t in found):
        raise ValueError(f"{example.source} has no polarities, which {task} asks for")
    implicit = any(t.opinion is None for t in example.triplets)
    return Example(
        " ".join(example.text.split()), task, tuple(dict.fromkeys(found)), source or example.source, implicit
    )
