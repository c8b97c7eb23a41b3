"""Labelled sets as training examples of the opinions skill: in several orders of elements, and as customers type."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

from gistill.corpora import index
from gistill.corpora.labelled import join_tokens
from gistill.corpora.tuples import Example
from gistill.schema import TrainingExample
from gistill.skills.opinions import OPINIONS, OpinionsInput
from gistill.skills.opinions import orders as element_orders
from gistill.skills.skill import training_example
from gistill.text import places


def labelled_examples(
    name: str, *, folder: Path, orders: int = 1, raw_share: float = 0.0, seed: int = 0
) -> list[TrainingExample]:
    """Load a named set as training examples.

    Args:
        name: See `index.load`.
        folder: The folder of public data.
        orders: In how many orders of its elements each text is shown (MvP).
        raw_share: Share of the texts that are shown as customers type them.
        seed: Of the draw of these texts.

    Raises:
        SettingError: No such set.
        InputError: A file is missing.
    """
    draw = random.Random(f"{seed} {name}")
    found = []
    for example in index.load(name, folder=folder):
        if not example.text.strip():
            continue
        shown = as_typed(example) if raw_share and draw.random() < raw_share else example
        for order in element_orders(shown.task, orders):
            asked = OpinionsInput(shown.text, shown.task, order if orders > 1 else None)
            found.append(training_example(OPINIONS, asked, shown.tuples, source=name, text=example.text))
    return found


def as_typed(example: Example) -> Example:
    """Give an example of a tokenised corpus as a customer would type it ("do n't ." becomes "don't.").

    Where a marked phrase would then no longer be whole words, the example stays as it is.
    """

    def typed(words: str | None) -> str | None:
        return None if words is None else join_tokens(words.split(" "), raw=True)[0]

    text = typed(example.text) or ""
    tuples = tuple(t._replace(aspect=typed(t.aspect), opinion=typed(t.opinion)) for t in example.tuples)
    marked = [words for t in tuples for words in (t.aspect, t.opinion) if words]
    if not all(places(words, text) for words in marked):
        return example
    return replace(example, text=text, tuples=tuples)
