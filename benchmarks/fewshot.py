"""The yardstick without rules: a small language model that is shown five examples and asked for lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, get_args

from gistill.lm import LanguageModel, Request
from gistill.reader.decode import Reading
from gistill.schema import Message, Polarity

ASK = (
    "List every opinion in the sentence, one a line: aspect | opinion words | polarity. Copy aspect and opinion words "
    "exactly from the sentence. Polarity is positive, negative or neutral. If the thing is not named, write - as the "
    "aspect. If there is no opinion, write none."
)
# Written for this benchmark, not taken from any data set.
EXAMPLES = (
    ("The zipper is sturdy but the strap hurts .", "zipper | sturdy | positive\nstrap | hurts | negative"),
    ("I ordered two of these last week .", "none"),
    ("Absolutely love it !", "- | love | positive"),
    ("Quick delivery and a fair price .", "delivery | Quick | positive\nprice | fair | positive"),
    ("The handle snapped , very disappointing .", "handle | snapped | negative\n- | disappointing | negative"),
)
MAX_TOKENS = 96  # of an answer: room for eight lines


class Answers(NamedTuple):
    """What a model said of each sentence: readings, and the number of lines that are none."""

    found: list[list[Reading]]
    illegal: list[int]


def ask(writer: LanguageModel, sentences: Sequence[str]) -> Answers:
    """Ask for the opinions of every sentence, greedily."""
    requests = [Request(messages=messages(text), max_tokens=MAX_TOKENS) for text in sentences]
    found, illegal = [], []
    for text, completion in zip(sentences, writer.complete(requests), strict=True):
        lines = completion.text.strip().splitlines()
        readings, wrong = parse(lines[:-1] if completion.stop == "length" else lines, text)
        found.append(readings)
        illegal.append(wrong + (completion.stop != "end"))
    return Answers(found, illegal)


def messages(text: str) -> tuple[Message, ...]:
    """The prompt of one sentence."""
    shown = [Message(role="system", content=ASK)]
    for sentence, answer in EXAMPLES:
        shown += [Message(role="user", content=sentence), Message(role="assistant", content=answer)]
    return (*shown, Message(role="user", content=text))


def parse(lines: Sequence[str], text: str) -> tuple[list[Reading], int]:
    """Read an answer's lines strictly.

    Returns:
        The readings, anchored where aspect and opinion stand nearest to each other, and the number of lines that have
        not three parts, name no polarity, or quote what is not in the sentence.
    """
    found: dict[Reading, None] = {}
    illegal = 0
    for line in lines:
        parts = [part.strip() for part in line.split("|")]
        if not line.strip() or parts == ["none"]:
            continue
        reading = _anchored(parts, text) if len(parts) == 3 and parts[2] in get_args(Polarity) else None
        if reading is None:
            illegal += 1
        else:
            found[reading] = None
    return list(found), illegal


def _anchored(parts: Sequence[str], text: str) -> Reading | None:
    aspect, opinion, polarity = parts
    opinions = _places(opinion, text)
    aspects = [None] if aspect == "-" else _places(aspect, text)
    if not opinions or not aspects:
        return None
    a, o = min(
        ((a, o) for a in aspects for o in opinions), key=lambda pair: abs(pair[0][0] - pair[1][0]) if pair[0] else 0
    )
    return Reading(a, o, polarity, 1.0)  # type: ignore[arg-type]


def _places(words: str, text: str) -> list[tuple[int, int]]:
    if not words:
        return []
    starts = (i for i in range(len(text) - len(words) + 1) if text.startswith(words, i))
    return [(start, start + len(words)) for start in starts]
