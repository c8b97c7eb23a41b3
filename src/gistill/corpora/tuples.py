"""Examples of a fine-grained sentiment task as a writer and a benchmark see them: a text and its opinions as words.

A corpus gives its examples with every element it labels; `project` gives those of a task that asks for fewer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import get_args

from gistill.corpora.labelled import Extent, Labelled
from gistill.schema import ELEMENTS, OpinionTuple, Polarity, SentimentTask
from gistill.skills.opinions import OpinionsInput, parse, write
from gistill.text import clean

POLARITIES = (*get_args(Polarity), "conflict")  # what corpora mark; gistill has no word for the last
Quad = tuple[
    str | None, str | None, str | None, str | None
]  # aspect, category, opinion, polarity, as a corpus has them


@dataclass(frozen=True)
class Example:
    """One text with the marked opinions of one task.

    Args:
        text: The text as it will be read; one line.
        task: Which elements are marked.
        tuples: The marked opinions, equal ones once.
        source: Corpus, domain and part, for example "aste/14res/test".
        implicit: Some opinion has no words (the "implicit" view of the benchmark); None where the corpus does not mark
            such opinions, so that nothing is known.
        mixed: The corpus marks more than one polarity in the text, also on what the task does not ask for; None leaves
            it to the tuples.
        left_out: Marked opinions that no tuple says, because their polarity is "conflict".
    """

    text: str
    task: SentimentTask
    tuples: tuple[OpinionTuple, ...]
    source: str = ""
    implicit: bool | None = None
    mixed: bool | None = None
    left_out: int = 0

    @property
    def multi(self) -> bool:
        """Say whether more than one polarity is marked (the "multi" view)."""
        return len({t.polarity for t in self.tuples}) > 1 if self.mixed is None else self.mixed


def from_quads(
    text: str, task: SentimentTask, quads: Iterable[Quad], *, source: str, implicit: bool | None = None
) -> Example:
    """Give a text with the elements as a corpus has them as an example of the task that has all of them.

    Opinions with the polarity "conflict" are left out and counted; they do count for the "multi" view, as in the code
    that the FSA benchmark was published with.

    Args:
        text: As the corpus has it.
        task: The task whose elements the corpus labels; other elements are None.
        quads: The labels; None where an element is implicit or not labelled.
        source: See `Example`.
        implicit: See `Example`.

    Raises:
        ValueError: A polarity is not one that corpora mark.
    """
    quads = list(quads)
    if odd := [polarity for *_, polarity in quads if polarity is not None and polarity not in POLARITIES]:
        raise ValueError(f"unknown polarity {odd[0]!r:.40}")
    known = [
        OpinionTuple(_line(aspect), category_words(clean(category)) if category else None, _line(opinion), polarity)  # type: ignore[arg-type]
        for aspect, category, opinion, polarity in quads
        if polarity != "conflict"
    ]
    marked = "polarity" in ELEMENTS[task]
    return Example(
        _line(text) or "",
        task,
        tuple(dict.fromkeys(known)),
        source,
        implicit,
        len({polarity for *_, polarity in quads}) > 1 if marked else None,
        len(quads) - len(known),
    )


def from_labelled(example: Labelled, task: SentimentTask, *, source: str = "") -> Example:
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
        return example.text[extent[0] : extent[1]] if extent else None

    whole: SentimentTask = "tsa" if example.terms else "aste"
    quads: list[Quad] = [(words(extent), None, None, polarity) for extent, polarity in example.terms]
    if not example.terms:
        quads = [(words(t.aspect), None, words(t.opinion), t.polarity) for t in example.triplets]
    if any(polarity is None for *_, polarity in quads):
        whole = "aope"
    implicit = any(t.opinion is None for t in example.triplets) if example.implicit_opinions else None
    return project(from_quads(example.text, whole, quads, source=source or example.source, implicit=implicit), task)


def project(example: Example, task: SentimentTask) -> Example:
    """Give an example as one of a task that asks for fewer elements.

    A target that is not named is nothing to find in "tsa", nor a pair of nothing in "aope": those tuples go.

    Raises:
        ValueError: The task asks for an element that the example does not have.
    """
    wanted = ELEMENTS[task]
    if missing := [element for element in wanted if element not in ELEMENTS[example.task]]:
        raise ValueError(f"{example.source or 'the example'} has no {missing[0]}, which {task} asks for")
    if task == example.task == "tsa" and all(t.aspect for t in example.tuples):
        return example
    found = (OpinionTuple(**{element: getattr(t, element) for element in wanted}) for t in example.tuples)
    if task == "tsa":
        found = (t for t in found if t.aspect)
    elif task == "aope":
        found = (t for t in found if t.aspect or t.opinion)
    mixed = example.multi if "polarity" in ELEMENTS[example.task] else example.mixed
    return replace(example, task=task, tuples=tuple(dict.fromkeys(found)), mixed=mixed)


def category_words(category: str) -> str:
    """Give a category as a model writes it: lower case, with spaces.

    >>> category_words("FOOD#STYLE_OPTIONS")
    'food style options'
    """
    return " ".join(category.lower().replace("#", " ").replace("_", " ").split())


def unwritable(example: Example) -> tuple[OpinionTuple, ...]:
    """Give the marked opinions that no legal answer can say, so that no model can be right about them.

    Such are words with a "|" in them, words that are just "-", and words that do not stand in the text as whole words
    (a corpus's slip).
    """
    asked = OpinionsInput(example.text, example.task)
    return tuple(t for t in example.tuples if parse(write([t], example.task), asked).tuples != (t,))


def _line(words: str | None) -> str | None:
    """Write words as they are read and asked about: on one line, without what no file can hold."""
    return " ".join(clean(words).split()) or None if words is not None else None
