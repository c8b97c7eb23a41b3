"""The opinions of a point in, its name and what is quoted for it out: a quote says what the name says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gistill.digest.group.naming import candidates, meaning, name_of
from gistill.digest.group.shown import misleads, opposed, quoted
from gistill.schema import Opinion, Record

NAMED = 0.72  # cosine to the opinion that gave the name, from which another says what the name says
WORDED = 0.6  # the same of one that has the words of the name
ANOTHER_THING = 0.5  # worth of an opinion that names another thing than the point's name does
MISLEADING = 1.0  # less worth to a name of an opinion that is not to be quoted
THING, FEW_NAME = 0.6, 0.2  # worth to a name of naming the thing; the share from which it helps and does not mislead
NAMES = 200  # phrases tried as a name at most
Floats = NDArray[np.float32]


class Ranked(NamedTuple):
    """An opinion of a point: its place, how well it stands for the point, its likeness to the whole, its vector."""

    row: int
    worth: float
    like: float
    said: Floats


def told_of(
    ranked: Sequence[Ranked],
    phrases: Sequence[str],
    things: Sequence[str],
    opinions: Sequence[Opinion],
    records: Mapping[str, Record],
    ends: tuple[float, float] | None,
) -> tuple[str, tuple[str, ...]]:
    """Name a point, and choose what is quoted for it: what says the same as the name.

    Args:
        ranked: The opinions, those first that stand best for the point.
        phrases: Each in a few words.
        things: That the phrases name, in normal form, "" for none: what many name belongs in the name, and what few
            name does not.
        opinions: The same ones.
        records: Record id -> record.
        ends: Lowest and highest rating of all records; None where there are none.

    Returns:
        The name, and the ids of up to three opinions; none where every opinion misleads, and then the point is not to
        be shown as a problem, as praise or as a wish.
    """
    said = np.stack([one.said / max(float(np.linalg.norm(one.said)), 1e-12) for one in ranked])
    tried = min(NAMES, candidates(len(ranked)))
    covers = ((said[:tried] @ said.T) >= NAMED).mean(axis=1).tolist()
    often = Counter(thing for thing in things if thing)
    false = [misleads(opinion, records[opinion.record], ends) for opinion in opinions]
    typical = [
        one.like / 2
        + cover
        + (THING * (often[thing] / len(things) - FEW_NAME) if thing else 0.0)
        - MISLEADING * misleading
        for one, cover, thing, misleading in zip(ranked, covers, things, false, strict=False)
    ]
    name, place = name_of(phrases, typical, opinions[0].direction)
    fits = (said @ said[place]).tolist()
    about, means = set(things[place].split()), meaning(phrases[place])
    values = []
    for one, fit, thing, phrase, misleading in zip(ranked, fits, things, phrases, false, strict=True):
        same = not about or not thing or about & set(thing.split())
        near = fit >= NAMED or (fit >= WORDED and means <= meaning(phrase))
        other = misleading or not near or opposed(phrases[place], phrase)
        values.append(0.0 if other else one.worth if same else one.worth * ANOTHER_THING)
    if not false[place]:
        values[place] = values[place] or ranked[place].worth
    fitting = sorted((at for at in range(len(ranked)) if values[at] > 0), key=lambda at: (-values[at], at))
    return name, quoted([opinions[at] for at in fitting], [values[at] for at in fitting], records)
