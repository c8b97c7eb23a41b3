"""A text in, one label of its feeling as a whole out: the same labels and the same question for student and teacher."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from gistill.schema import SENTIMENTS, Failure, Message, Target
from gistill.skills.debris import refuses
from gistill.skills.skill import Choices, Parsed, Ratio, Skill, Teacher
from gistill.skills.understanding import one_line

Labels = tuple[str, ...]  # from the best to the worst, evenly spaced

POLARITIES: Labels = ("positive", "neutral", "negative")
LEVELS: Labels = tuple(SENTIMENTS)
STARS: Labels = ("5", "4", "3", "2", "1")
_LINE = 12  # words; a longer first line explains, and may name a label on the way

# Written for this purpose, one for each level from the best to the worst.
_EXAMPLES = (
    "Best tent I have ever owned, it laughed at the storm!",
    "Decent blender, does what I need and is easy to clean.",
    "The parcel arrived on Thursday. It holds twelve pens.",
    "The zip is stiff and the blue is not the blue on the website.",
    "Dead after one day and nobody answers the phone. Never again.",
)


class RatingInput(NamedTuple):
    """What is asked about one text.

    Attributes:
        text: The text.
        labels: The labels to choose from, best first.
        shots: Worked examples: of each label one, or none.
    """

    text: str
    labels: Labels = POLARITIES
    shots: bool = False


class Rated(NamedTuple):
    """A label, and whether it had to be taken out of other words."""

    label: str
    mended: bool


def render(asked: RatingInput) -> tuple[Message, ...]:
    """Ask for the label of a whole text, with worked examples or without."""
    noun = "number of stars, from 1 to 5," if asked.labels == STARS else "one of these labels:"
    listed = "" if asked.labels == STARS else f" {', '.join(asked.labels)}"
    system = f"Rate the feeling of the text as a whole. Answer with {'a ' * (asked.labels == STARS)}{noun}{listed}"
    messages = [Message(role="system", content=f"{system.rstrip(',')}.")]
    if asked.shots:
        for n, label in enumerate(asked.labels):
            place = round(n * (len(_EXAMPLES) - 1) / max(1, len(asked.labels) - 1))
            messages.append(Message(role="user", content=_EXAMPLES[place]))
            messages.append(Message(role="assistant", content=label))
    messages.append(Message(role="user", content=one_line(asked.text)))
    return tuple(messages)


def parse(answer: str, labels: Labels) -> Rated | Failure:
    """Read a label strictly, with this tolerance: case, marks around it, and a first line of at most twelve words.

    In such a line exactly one label may be named, and not after "not". For stars "4 stars", "4/5" and "4 out of 5" are
    4. Explanations on later lines are not read. A longer line, or a label that is not in the set, is never guessed at.

    Returns:
        The label; or a failure: `empty_answer`, `refused`, `ambiguous` (several labels, or one denied), `unparsable`.
    """
    lines = [line.strip() for line in answer.splitlines() if re.search(r"\w", line)]
    if not lines:
        return Failure(kind="empty_answer")
    if lines[0] in labels:
        return Rated(lines[0], mended=len(lines) > 1)
    if refuses(answer):
        return Failure(kind="refused", detail=answer[:200])
    line = re.sub(r"(?<=\d)\s*(?:/|out of)\s*5\b", "", lines[0].casefold())
    spelt = {label.casefold(): label for label in labels}
    pattern = "|".join(re.escape(label) for label in sorted(spelt, key=len, reverse=True))
    named = re.findall(rf"(?<![\w.,-])(?:{pattern})(?![\w-]|[.,]\d)", line)
    if not named or len(line.split()) > _LINE or _foreign(line, labels):
        return Failure(kind="unparsable", detail=answer[:200])
    if len(set(named)) > 1 or re.search(r"\b(?:not|neither|nor|between)\b|n't\b", line):
        return Failure(kind="ambiguous", detail=answer[:200])
    return Rated(spelt[named[0]], mended=True)


def _foreign(line: str, labels: Labels) -> bool:
    """Say whether a label of five is given where only three may be: "very" is then no part of any label."""
    return bool(re.search(r"\b(?:very|mixed|somewhat|slightly)\b", line)) and labels != LEVELS


def overall(targets: Sequence[Target], labels: Labels = POLARITIES) -> str:
    """Derive a text's label from its analysis: the mean of the targets' levels, on the same labels as a rating.

    Very positive counts 2, very negative -2. The mean is rounded to the nearest level, a tie towards neutral; the three
    polarities are the sides of that level. An analysis without targets is neutral: nothing is felt.

    >>> overall([], LEVELS)
    'neutral'
    """
    values = [2 - SENTIMENTS.index(target.sentiment) for target in targets]
    mean = sum(values) / len(values) if values else 0.0
    size = int(abs(mean) + 0.5 - 1e-9)
    return convert(SENTIMENTS[2 - (size if mean > 0 else -size)], LEVELS, labels)


def convert(label: str, given: Labels, wanted: Labels) -> str:
    """Say a label of one set in another: five to three by side, three to five as the plain level.

    Raises:
        ValueError: The label is not of its set, or a set has no middle.
    """
    if len(given) % 2 == 0 or len(wanted) % 2 == 0:
        raise ValueError("a set of labels has a middle, so an odd number of them")
    place = len(given) // 2 - given.index(label)  # above the middle is positive
    if len(wanted) < len(given):
        reach = len(wanted) // 2
        place = max(-reach, min(reach, place))
    return wanted[len(wanted) // 2 - place]


_LABELS = {"polarities": POLARITIES, "levels": LEVELS, "stars": STARS}


def _read(answer: str, asked: RatingInput, _: bool) -> Parsed[str]:
    found = parse(answer, asked.labels)
    if isinstance(found, Failure):
        return Parsed(None, (found,))
    return Parsed(found.label, (), {"surrounding_text": 1} if found.mended else {})


def _from_text(text: str, choices: Choices) -> RatingInput:
    return RatingInput(text, _LABELS[choices.task])


def _score(gold: str, said: Parsed[str], _: RatingInput) -> dict[str, Ratio]:
    return {"accuracy": (gold == said.result, 1)}


RATING: Skill[RatingInput, str] = Skill(
    name="rating",
    about="Rates the feeling of a text as a whole",
    input=RatingInput,
    result=str,
    render=render,
    parse=_read,
    write=lambda label, _: label,
    score=_score,
    measures=("accuracy",),
    max_tokens=16,
    caveat="Irony, and texts that feel both ways.",
    teacher=Teacher(
        from_text=_from_text,
        tasks=tuple(_LABELS),
        ask=lambda asked: render(asked._replace(shots=True)),
        filters=("parsed", "one label"),
        field="rating",
        vote="whole",
    ),
)
