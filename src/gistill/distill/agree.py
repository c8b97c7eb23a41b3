"""Several answers to one question in, what enough of them say out, with how many say it as a confidence.

Opinions and targets are voted on one by one, a rating as a whole. Free text (a rewriting, a summary) cannot be voted
on: no two answers are equal, so the first that passed its checks stands, and how far they agree stays unknown.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, cast

from pydantic import JsonValue

from gistill.skills.skill import Answer, Vote

SHARE = "agreement"  # the key under which each part of a list has its share of the votes


class Agreed(NamedTuple):
    """What came of a vote.

    Attributes:
        answer: None where too few agree on anything.
        agreement: Share of the answers that say what is kept, averaged over its parts; None where nothing was voted on.
        dropped: The parts that too few gave, as JSON with their share.
    """

    answer: Answer | None
    agreement: float | None
    dropped: tuple[str, ...] = ()


def agree(answers: Sequence[Answer | None], vote: Vote, field: str, *, least: float = 0.5) -> Agreed:
    """Keep what at least a share of all answers say.

    An answer that could not be read is a vote for nothing: it agrees with no other, and counts among those asked.

    Args:
        answers: One per answer asked for, in the order asked; None where nothing could be read.
        vote: "parts" votes on each part of a list, "targets" on the place and then on the sentiment of each, "whole" on
            the whole, "none" takes the first answer.
        field: What is voted on; answers without it are not.
        least: The share that must agree, in (0, 1]. Half is a majority for opinions and targets.

    Returns:
        Each opinion with an added "agreement", its share of the answers. Equal answers give the same whatever their
        order, except that parts stand in the order in which they first appeared.
    """
    read = [answer for answer in answers if answer is not None]
    if not read:
        return Agreed(None, None)
    if len(answers) == 1:
        return Agreed(read[0], None)
    counted = _VOTES.get(vote)
    if counted is None or field not in read[0]:
        return Agreed(read[0], None)
    return counted([answer for answer in read if field in answer], field, len(answers), least)


def _parts(answers: Sequence[Answer], field: str, of: int, least: float, key: Callable[[Answer], str]) -> Agreed:
    """Vote on each part of a list; that there is none is a vote as well."""
    lists = [cast("list[Answer]", answer[field]) for answer in answers]
    votes: Counter[str] = Counter()
    first: dict[str, Answer] = {}
    for parts in lists:
        own = {key(part): part for part in reversed(parts)}
        votes.update(own.keys())
        for part in parts:
            first.setdefault(key(part), part)
    shares = {name: round(votes[name] / of, 4) for name in first}
    kept: list[JsonValue] = [{**first[name], SHARE: s} for name, s in shares.items() if s >= least]
    dropped = tuple(
        json.dumps({**first[name], SHARE: share}, ensure_ascii=False, sort_keys=True)
        for name, share in shares.items()
        if share < least
    )
    if kept:
        mean = sum(share for share in shares.values() if share >= least) / len(kept)
        return Agreed({**answers[0], field: kept}, round(mean, 4), dropped)
    nothing = round(sum(not parts for parts in lists) / of, 4)
    return Agreed({**answers[0], field: []} if nothing >= least else None, nothing or None, dropped)


def _list(answers: Sequence[Answer], field: str, of: int, least: float) -> Agreed:
    return _parts(answers, field, of, least, lambda part: json.dumps(part, sort_keys=True))


def _targets(answers: Sequence[Answer], field: str, of: int, least: float) -> Agreed:
    """Vote on targets by the place they stand at, then on the sentiment of each; a tie goes to the first answer."""
    found = _parts(answers, field, of, least, _place)
    if found.answer is None:
        return found
    said = [part for answer in answers for part in cast("list[Answer]", answer[field])]
    kept: list[JsonValue] = []
    voted = found.answer
    for part in cast("list[Answer]", voted[field]):
        same = [other for other in said if _place(other) == _place(part)]
        sentiment, count = Counter(str(other.get("sentiment")) for other in same).most_common(1)[0]
        if count / of < least:
            found = found._replace(dropped=(*found.dropped, json.dumps(part, ensure_ascii=False, sort_keys=True)))
            continue
        first = next(other for other in same if str(other.get("sentiment")) == sentiment)
        kept.append({**first, SHARE: round(count / of, 4)})
    if not kept and voted[field]:
        return Agreed(None, None, found.dropped)
    shares = [cast("float", cast("Answer", part)["agreement"]) for part in kept]
    mean = round(sum(shares) / len(shares), 4) if shares else found.agreement
    return Agreed({**voted, field: kept}, mean, found.dropped)


def _place(part: Mapping[str, JsonValue]) -> str:
    return json.dumps([part.get("span"), part.get("target")], sort_keys=True)


def _whole(answers: Sequence[Answer], field: str, of: int, least: float) -> Agreed:
    """Take what most answers say; of two with as many votes the one that was given first."""
    said, count = Counter(json.dumps(answer[field]) for answer in answers).most_common(1)[0]
    share = round(count / of, 4)
    first = next(answer for answer in answers if json.dumps(answer[field]) == said)
    return Agreed(first, share) if share >= least else Agreed(None, share, (json.dumps(first, ensure_ascii=False),))


_VOTES = {"parts": _list, "targets": _targets, "whole": _whole}
