"""What somebody says of an opinion on the page, as a correction; and a text cut where its opinions begin and end."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gistill.categories import CODES
from gistill.corrections.form import (
    FILE,
    CorrectionKind,
    HandCorrection,
    Mark,
    Place,
    as_corrected,
    load,
    mark_of,
    named,
    save,
    together,
)
from gistill.corrections.tasks import LEVELS, as_exact, placed
from gistill.runs import holding
from gistill.schema import Opinion


class Judged(NamedTuple):
    """A form about one opinion, as it was sent.

    `do` is "right", "nobody" or "change"; `level`, `category`, `words` and `thing` are what it is to be.
    """

    opinion: str
    do: str
    level: str = ""
    category: str = ""
    words: str = ""
    thing: str = ""
    author: str = ""


class Piece(NamedTuple):
    """A stretch of a text and the numbers of the opinions whose words it belongs to; `ends` are those that end it."""

    text: str
    marks: tuple[int, ...]
    ends: tuple[int, ...]
    direction: str


def pieces(text: str, opinions: Sequence[Opinion], start: int, end: int) -> list[Piece]:
    """Cut a text where the words of its opinions begin and end; one without words stands for its sentence."""
    spans: list[tuple[int, int, int]] = []
    for number, one in enumerate(opinions, 1):
        words = [(quote.start, quote.end) for quote in (one.aspect, one.opinion) if quote is not None]
        words = words or [(one.sentence.start, one.sentence.end)]
        spans += [(max(start, first), min(end, stop), number) for first, stop in words]
    borders = sorted({start, end, *(place for span in spans for place in span[:2] if start <= place <= end)})
    last = {number: max(stop for _, stop, of in spans if of == number) for *_, number in spans}
    found = []
    for here, there in itertools.pairwise(borders):
        inside = tuple(sorted({number for first, stop, number in spans if first <= here and there <= stop}))
        ends = tuple(number for number in inside if last[number] == there)
        directions = {opinions[number - 1].direction for number in inside}
        direction = "" if not inside else directions.pop() if len(directions) == 1 else "mixed"
        found.append(Piece(text[here:there], inside, ends, direction))
    return found


def judged(form: Judged, record: dict[str, Any], opinions: Sequence[Opinion]) -> list[HandCorrection] | str:
    """Write what a form says as corrections, one for each field that it changes.

    Args:
        form: As it was sent.
        record: With its text as it is (`text`) and as it was shown (`shown`), letter by letter.
        opinions: All that was read in it.

    Returns:
        The corrections, or why there are none, as a sentence.
    """
    one = next((each for each in opinions if each.id == form.opinion), None)
    if one is None:
        return "This opinion is not read any more."
    at = one.sentence.start, one.sentence.end
    shown, exact = record["shown"][slice(*at)], record["text"][slice(*at)]
    read = [placed(mark_of(each), shown) for each in opinions if each.sentence == one.sentence]
    was = placed(mark_of(one), shown)
    changed = _changes(form, was, shown)
    if isinstance(changed, str):
        return changed
    if not changed:
        return "Nothing was changed."
    now = dt.datetime.now(dt.UTC)
    made = []
    for kind, mark in changed:
        said = HandCorrection(
            kind=kind, author=form.author.strip() or None, time=now, record=record["id"], at=at, sentences=(shown,),
            read=tuple(read), opinion_id=one.id, was=was, mark=mark,
        )  # fmt: skip
        said = said.model_copy(update={"opinions": as_corrected(read, said)})
        made.append(as_exact(named(said), exact))
    return made


def _changes(form: Judged, was: Mark, shown: str) -> list[tuple[CorrectionKind, Mark | None]] | str:
    if form.do == "nobody":
        return [("nobody said this", None)]
    if form.do == "right":
        return [("right", was)]
    found: list[tuple[CorrectionKind, Mark | None]] = []
    if form.level in {str(level) for level in LEVELS} and int(form.level) != was.level:
        found.append(("polarity", was.model_copy(update={"level": int(form.level)})))
    if form.category != (was.category or "") and form.category in ("", *CODES):
        found.append(("category", was.model_copy(update={"category": form.category or None})))
    fields: list[tuple[CorrectionKind, str, str]] = [("span", "opinion", form.words), ("aspect", "aspect", form.thing)]
    for kind, name, words in fields:
        words = words.strip()
        if words == (getattr(was, name) or ""):
            continue
        start = shown.find(words)
        if words and start < 0:
            return f"The words “{words[:80]}” do not stand in the sentence."
        place: Place | None = (start, start + len(words)) if words else None
        found.append((kind, was.model_copy(update={name: words or None, f"{name}_at": place})))
    return found


def keep(folder: Path, made: Sequence[HandCorrection]) -> None:
    """Put corrections into a report's corrections.jsonl.

    Raises:
        InputError: The report is being made, or the file is damaged.
        OSError: It cannot be written.
    """
    with holding(folder):
        save(folder / FILE, together(load(folder / FILE), made))
