"""What several people said of the same opinions in, how far they agree beyond chance out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from gistill.corrections.form import OF_POINTS, HandCorrection, Mark
from gistill.corrections.training import all_together

NOBODY = "nobody said this"

Judgements = Mapping[str, Mapping[object, str]]  # author -> what was judged -> the judgement


class Pair(NamedTuple):
    """Two people: how many opinions both judged, how often they agree, and Cohen's kappa, None where chance is all."""

    people: tuple[str, str]
    both: int
    agreed: int
    kappa: float | None


class Agreement(NamedTuple):
    """How far people agree about one thing; alpha (Krippendorff, nominal) is None where it cannot be measured."""

    about: str
    judged: int  # opinions that two people or more judged
    alpha: float | None
    pairs: tuple[Pair, ...]


def agreement(corrections: Iterable[HandCorrection]) -> list[Agreement]:
    """Say how far people agree on what stands in the sentences that several of them judged.

    An opinion that somebody left out of a sentence, or took back, is judged as "nobody said this"; so is one that only
    somebody else added there.

    Returns:
        Of the side (with "nobody said this"), and of the category where both say that there is an opinion; empty where
        no sentence was judged by two people who are named.
    """
    sides, categories = _judged(corrections)
    found = [_measured("polarity", sides), _measured("category", categories)]
    return [one for one in found if one.judged]


def _judged(corrections: Iterable[HandCorrection]) -> tuple[Judgements, Judgements]:
    """Give each author's side and category of every opinion of the sentences that the author judged."""
    of: dict[tuple[str | None, str], dict[str, list[HandCorrection]]] = defaultdict(lambda: defaultdict(list))
    for one in corrections:
        if one.author and one.kind not in OF_POINTS and one.sentences:
            of[one.record, f"{one.at} {one.sentences[0]}"][one.author].append(one)
    sides: dict[str, dict[object, str]] = defaultdict(dict)
    categories: dict[str, dict[object, str]] = defaultdict(dict)
    for sentence, people in of.items():
        said = {author: _looked_at(some) for author, some in people.items()}
        whole = {author for author, some in people.items() if any(one.kind == "sentence" for one in some)}
        for place in dict.fromkeys(place for judged in said.values() for place in judged):
            added = any(one.kind == "missing" and _place(one.mark) == place for some in people.values() for one in some)
            for author, judged in said.items():
                if place not in judged and author not in whole and not added:
                    continue  # this one was not looked at
                mark = judged.get(place)
                sides[author][sentence, place] = mark.polarity if mark else NOBODY
                if mark and mark.category:
                    categories[author][sentence, place] = mark.category
    return sides, categories


def _looked_at(some: Sequence[HandCorrection]) -> dict[object, Mark | None]:
    """Give what one person said of each opinion of a sentence; None where nobody said it."""
    every = any(one.kind == "sentence" for one in some)
    now = {_place(mark): mark for mark in all_together(some)}
    if every:
        return {place: now.get(place) for place in [*map(_place, some[-1].read), *now]}
    looked: dict[object, Mark | None] = {}
    for one in some:
        place = _place(one.was or one.mark)
        if one.kind == NOBODY:
            looked[place] = None
        elif one.mark is not None:  # with the person's other corrections of this opinion, of which words may be one
            same = [other for other in some if _place(other.was or other.mark) == place and other.mark is not None]
            places = {place, *(_place(other.mark) for other in same)}
            looked[place] = next((mark for at, mark in now.items() if at in places), one.mark)
    return looked


def _place(mark: Mark | None) -> object:
    return None if mark is None else (mark.aspect_at, mark.opinion_at)


def _measured(about: str, judged: Judgements) -> Agreement:
    units: dict[object, dict[str, str]] = defaultdict(dict)
    for author, judgements in sorted(judged.items()):
        for unit, label in judgements.items():
            units[unit][author] = label
    several = [given for given in units.values() if len(given) > 1]
    pairs = []
    for one, other in combinations(sorted(judged), 2):
        both = [(given[one], given[other]) for given in several if one in given and other in given]
        if both:
            pairs.append(Pair((one, other), len(both), sum(a == b for a, b in both), cohen(both)))
    return Agreement(about, len(several), krippendorff([list(given.values()) for given in several]), tuple(pairs))


def cohen(both: Sequence[tuple[str, str]]) -> float | None:
    """Give Cohen's kappa of two people; None where nothing was judged, or chance alone would always agree.

    Source: Cohen, A coefficient of agreement for nominal scales (1960).
    """
    n = len(both)
    if not n:
        return None
    first, second = Counter(a for a, _ in both), Counter(b for _, b in both)
    chance = sum(first[label] * second[label] for label in first) / n**2
    return None if chance == 1 else (sum(a == b for a, b in both) / n - chance) / (1 - chance)


def krippendorff(units: Iterable[Sequence[str]]) -> float | None:
    """Give Krippendorff's alpha for labels without order; a unit with one label says nothing.

    Returns:
        None where nothing was judged twice, or all labels are one: then chance cannot be told from agreement.

    Source: Krippendorff, Computing Krippendorff's alpha-reliability (2011).
    """
    same, total = 0.0, Counter[str]()
    for labels in units:
        m = len(labels)
        if m < 2:
            continue
        counts = Counter(labels)
        total.update(counts)
        same += sum(count * (count - 1) for count in counts.values()) / (m - 1)
    n = total.total()
    by_chance = sum(count * (count - 1) for count in total.values())
    if not n or by_chance == n * (n - 1):
        return None
    return ((n - 1) * same - by_chance) / (n * (n - 1) - by_chance)
