"""The rating of a whole text: with a worked example of each label for the teacher, without for the student."""

from __future__ import annotations

from gistill.distill.tasks import Item, Read, Row, Task
from gistill.schema import Failure, Message
from gistill.skills import rating
from gistill.skills.rating import LEVELS, POLARITIES, STARS, Labels, RatingInput

LABELS: dict[str, Labels] = {"polarities": POLARITIES, "levels": LEVELS, "stars": STARS}
_MAX_TOKENS = 16


def rating_task(labels: Labels = POLARITIES) -> Task:
    """Ask for one label of a text's feeling as a whole."""

    def ask(item: Item) -> tuple[Message, ...]:
        return rating.render(RatingInput(item.text, labels, shots=True))

    def read(answer: str, item: Item, whole: bool) -> Read:
        found = rating.parse(answer, labels)
        if isinstance(found, Failure):
            return Read(None, (found.model_copy(update={"record": item.record}),))
        return Read({"rating": found.label}, (), {"talk": 1} if found.mended else {})

    def lessons(row: Row) -> list[tuple[tuple[Message, ...], str]]:
        return [(rating.render(RatingInput(row.text, labels)), str(row.answer["rating"]))]

    return Task("rating", "text", _MAX_TOKENS, ("parsed", "one label"), ask, read, lessons)
