"""The systems that can be scored, as they are named on the command line.

    majority            the commonest training tuple whose words stand in the text
    answers:FILE        answers that something else made
    lexicon:FILE        the same, of a system that names no categories
    zero-shot[:MODEL]   a writer that was not trained for it, asked without examples
    few-shot:K[:MODEL]  the same with K training examples drawn by lot, once a seed
    nearest:K[:MODEL]   the same with the K training examples most like the text
    writer:A[,B,...]    a fine-tuned writer: a folder or adapter; several are seeds of one system
    vote:A[,B,...]      the same asked in several orders of elements, the tuples that half of them give (MvP)
    reader[:A,B,...]    a reader's opinions as tuples
    lead, random, lexrank, textrank, centroid, oracle
                        summaries of chosen sentences; random once a seed
    recorded:NAME       summaries that a pipeline over a large model wrote once, where a set has them

NAME= before any of them names its row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

from gistill.errors import SettingError

Chooser = Literal["lead", "random", "lexrank", "textrank", "centroid", "oracle"]
Kind = Literal[
    "majority",
    "lexicon",
    "answers",
    "zero-shot",
    "few-shot",
    "nearest",
    "writer",
    "vote",
    "reader",
    "lead",
    "random",
    "lexrank",
    "textrank",
    "centroid",
    "oracle",
    "recorded",
]
SUMMARIZERS: frozenset[Kind] = frozenset((*get_args(Chooser), "recorded"))  # they answer sets of summaries alone
_KINDS = "|".join(get_args(Kind))
_START = re.compile(rf"(?:[^=,:]+=)?(?:{_KINDS})(?::.*)?")
_SPEC = re.compile(rf"(?:(?P<name>[^=,:]+)=)?(?P<kind>{_KINDS})(?::(?P<rest>.+))?", re.DOTALL)
_SHOTS = re.compile(r"(?P<count>\d+)(?::(?P<model>.+))?", re.DOTALL)


class Member(NamedTuple):
    """One seed of a system: all that another process needs to make it.

    Attributes:
        kind: What it is.
        path: Of the model or the file; None is the one that comes with the package.
        shots: Worked examples in the prompt.
        seed: Of what is drawn: the examples.
    """

    kind: Kind
    path: str | None = None
    shots: int = 0
    seed: int = 0


class System(NamedTuple):
    """A row of the table: a name and its seeds, at least one."""

    name: str
    members: tuple[Member, ...]


def parse_systems(specs: Sequence[str], *, shots: int = 5, seeds: Sequence[int] = (0,)) -> list[System]:
    """Read systems as they are named on the command line.

    Args:
        specs: One or more in each, separated by commas. What follows a comma and begins no system is the next seed of
            the one before; a folder that is called like a system is given as ./reader.
        shots: Where few-shot or nearest do not say.
        seeds: Of few-shot, which is a system of that many seeds.

    Raises:
        SettingError: There is no such system, or two have one name.
    """
    pieces: list[str] = []
    for piece in (piece.strip() for spec in specs for piece in spec.split(",")):
        if pieces and piece and not _START.fullmatch(piece):
            pieces[-1] += f",{piece}"
        elif piece:
            pieces.append(piece)
    systems = [_system(piece, shots, seeds) for piece in pieces]
    for i, system in enumerate(systems):
        if system.name in [other.name for other in systems[:i]]:
            raise SettingError(f"two systems are called {system.name!r}", hint="Name them: NAME=writer:FOLDER.")
    return systems


def _system(spec: str, shots: int, seeds: Sequence[int]) -> System:
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise SettingError(f"{spec!r} is not a system", hint=f"One of {', '.join(get_args(Kind))}.")
    kind: Kind = match["kind"]  # type: ignore[assignment]
    rest: str | None = match["rest"]
    name = match["name"] or spec
    if kind in ("few-shot", "nearest"):
        named = _SHOTS.fullmatch(rest) if rest else None
        count, path = (int(named["count"]), named["model"]) if named else (shots, rest)
        if count < 1:
            raise SettingError(f"{spec!r} shows no example", hint="Use zero-shot for that.")
        drawn = dict.fromkeys(seeds) if kind == "few-shot" else (0,)
        return System(name, tuple(Member(kind, path, count, seed) for seed in drawn))
    if kind == "zero-shot":
        return System(name, (Member(kind, rest),))
    if kind in ("majority", *get_args(Chooser)) and rest:
        raise SettingError(f"{kind} takes nothing, not {rest!r}")
    if kind == "random":
        return System(name, tuple(Member(kind, seed=seed) for seed in dict.fromkeys(seeds)))
    if kind in ("writer", "vote", "answers", "recorded") and not rest:
        raise SettingError(f"{kind} needs a path", hint=f"Write {kind}:PATH.")
    paths = [path for path in rest.split(",") if path] if rest else [None]
    if len(set(paths)) < len(paths):
        raise SettingError(f"{spec!r} names a seed twice")
    return System(name, tuple(Member(kind, path) for path in paths))
