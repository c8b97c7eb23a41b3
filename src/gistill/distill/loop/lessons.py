"""What each student learns from: the teacher's summaries as they are, mended, without the wrong ones, or others'."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from gistill.analysis.revising import Revision
from gistill.distill.loop.recipe import Lesson
from gistill.distill.loop.talks import Talk
from gistill.schema import Message

Row = dict[str, object]


def lessons_of(
    lesson: Lesson,
    talks: Sequence[Talk],
    *,
    revisions: Mapping[str, Revision],
    editor: Mapping[str, str],
    words: int,
    seed: int = 0,
) -> list[Row]:
    """Give the rows that a student learns from.

    `raw` has every summary of the teacher and `revised` the same with what was mended, so that both have as many
    rows; `dropped` leaves out those in which an error was found, and `random` as many, drawn with the seed.
    `preferred` has pairs for dpo: mended before original.

    Args:
        lesson: Which.
        talks: What was summed up.
        revisions: Id -> what came of the teacher's summary; talks without one (nothing was written) are left out.
        editor: Id -> what an editor wrote.
        words: About how long summaries should be.
        seed: Of the drawing.
    """
    there = [talk for talk in talks if talk.id in revisions]
    clean = [talk for talk in there if revisions[talk.id].state == "clean"]
    if lesson == "preferred":
        return [_pair(talk, revisions[talk.id], words) for talk in there if revisions[talk.id].state == "mended"]
    if lesson == "human":
        return [_row(talk, talk.references[0], words) for talk in there if talk.references]
    if lesson == "editor":
        return [_row(talk, editor[talk.id], words) for talk in there if talk.id in editor]
    if lesson == "revised":
        return [_row(talk, revisions[talk.id].after, words) for talk in there]
    if lesson == "dropped":
        there = clean
    if lesson == "random":
        drawn = set(random.Random(seed).sample(range(len(there)), len(clean)))
        there = [talk for place, talk in enumerate(there) if place in drawn]
    return [_row(talk, revisions[talk.id].before, words) for talk in there]


def _row(talk: Talk, summary: str, words: int) -> Row:
    messages = [*talk.question(words), Message(role="assistant", content=summary)]
    return {"messages": [one.model_dump() for one in messages], "case": talk.id}


def _pair(talk: Talk, revision: Revision, words: int) -> Row:
    prompt = [one.model_dump() for one in talk.question(words)]
    return {"prompt": prompt, "chosen": revision.after, "rejected": revision.before, "case": talk.id}
