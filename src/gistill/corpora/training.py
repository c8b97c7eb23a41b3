"""Public sets by name as training examples: opinions in several orders and as customers type, and conversations.

"tweetsumm/teach" is a part of the one set of conversations; every other name is a set of opinions of `corpora.index`.
"""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

from gistill.corpora import index, tweetsumm
from gistill.corpora.labelled import Source, join_tokens
from gistill.corpora.references import reference_examples
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
        name: See `index.load`, or a part of TweetSumm, to which only `folder` applies.
        folder: The folder of public data.
        orders: In how many orders of its elements each text is shown (MvP).
        raw_share: Share of the texts that are shown as customers type them.
        seed: Of the draw of these texts.

    Raises:
        SettingError: No such set.
        InputError: A file is missing.
    """
    if _is_conversations(name):
        return reference_examples(_part(name), folder=folder)
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


def source(name: str) -> Source:
    """Say where a set comes from.

    Raises:
        SettingError: No such set.
    """
    return tweetsumm.SOURCE if _is_conversations(name) else index.source(name)


def is_test(name: str) -> bool:
    """Say whether a set is for reporting only, never for training or selection.

    Raises:
        SettingError: No such set.
    """
    return _part(name) in tweetsumm.TESTS if _is_conversations(name) else index.is_test(name)


def _is_conversations(name: str) -> bool:
    return name.partition("/")[0] == tweetsumm.SOURCE.name


def _part(name: str) -> str:
    return name.partition("/")[2]


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
