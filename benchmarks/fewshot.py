"""The baseline without training: a small language model that is shown five examples, through the opinions skill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gistill.bench.benchmark import MAX_TOKENS
from gistill.lm import LanguageModel, Request
from gistill.reader.decode import Reading
from gistill.schema import OpinionTuple
from gistill.skills.opinions import OpinionsInput, anchor, parse, render
from gistill.text import places


def _triplet(aspect: str | None, opinion: str, polarity: str) -> OpinionTuple:
    return OpinionTuple(aspect, None, opinion, polarity)  # type: ignore[arg-type]


# Written for this benchmark, not taken from any data set.
EXAMPLES = (
    (
        "The zipper is sturdy but the strap hurts .",
        (_triplet("zipper", "sturdy", "positive"), _triplet("strap", "hurts", "negative")),
    ),
    ("I ordered two of these last week .", ()),
    ("Absolutely love it !", (_triplet(None, "love", "positive"),)),
    (
        "Quick delivery and a fair price .",
        (_triplet("delivery", "Quick", "positive"), _triplet("price", "fair", "positive")),
    ),
    (
        "The handle snapped , very disappointing .",
        (_triplet("handle", "snapped", "negative"), _triplet(None, "disappointing", "negative")),
    ),
)


class Answers(NamedTuple):
    """What a model said of each sentence: readings, and the number of illegal predictions."""

    found: list[list[Reading]]
    illegal: list[int]


def ask(writer: LanguageModel, sentences: Sequence[str]) -> Answers:
    """Ask for the opinions of every sentence, greedily. An opinion without words counts as illegal here."""
    asked = [OpinionsInput(text, "aste", shots=EXAMPLES) for text in sentences]
    requests = [Request(messages=render(question), max_tokens=MAX_TOKENS) for question in asked]
    found, illegal = [], []
    for question, completion in zip(asked, writer.complete(requests), strict=True):
        if completion.failure:
            found.append([])
            illegal.append(1)
            continue
        answer = parse(completion.text, question, complete=completion.stop == "end")
        readings = [reading for t in answer.tuples if (reading := _reading(t, question.text))]
        found.append(readings)
        illegal.append(len(answer.failures) + len(answer.tuples) - len(readings))
    return Answers(found, illegal)


def _reading(found: OpinionTuple, text: str) -> Reading | None:
    """Anchor an opinion in the sentence as it was given; None where its words do not stand there."""
    if found.opinion is None or not all(places(words, text) for words in (found.aspect, found.opinion) if words):
        return None
    aspect, opinion = anchor(found, text)
    return Reading(aspect, opinion, found.polarity, 1.0)  # type: ignore[arg-type]
