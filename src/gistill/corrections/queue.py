"""Opinions in, the sentences that teach most out: unsure, at odds with something, and unlike one another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from gistill.schema import Opinion, Record, Span
from gistill.text import is_blank

NOT_MEASURED = 0.5  # how unsure an opinion is whose confidence nobody measured
OTHERWISE = 1.0  # added where the rating, or most others with the same words, say the opposite
NOTHING_READ = {True: 0.9, False: 0.3}  # of a sentence in which nothing was read: in a text with a low rating, or not
SHORTEST = 12  # letters of a sentence in which nothing was read, to be worth a look


class Item(NamedTuple):
    """A sentence to look at, with what was read in it and why it is worth a look."""

    record: Record
    sentence: Span
    opinions: tuple[Opinion, ...]
    worth: float
    why: str


def queue(
    sentences: Mapping[str, Sequence[Span]],
    opinions: Sequence[Opinion],
    records: Mapping[str, Record],
    *,
    n: int,
    done: Collection[tuple[str, int]] = (),
) -> list[Item]:
    """Choose the sentences whose correction teaches most, the best first.

    Worth is how unsure the reader is (1 less twice the distance from 0.5), and more where the rating of the record or
    most opinions with the same words say the opposite. Each sentence that is chosen makes those with the same words or
    the same category and side worth less, so that the whole of the queue is diverse.

    Args:
        sentences: Record id -> where its sentences are.
        opinions: What was read in them.
        records: Record id -> record.
        n: How many to choose at most.
        done: Record id and start of the sentences that were looked at before.
    """
    inside: dict[tuple[str, int], list[Opinion]] = {}
    for one in opinions:
        inside.setdefault((one.record, one.sentence.start), []).append(one)
    sides: dict[str, Counter[str]] = {}
    for one in opinions:
        sides.setdefault(_words(one), Counter())[one.polarity] += 1
    ends = _ends(records.values())
    items = []
    for name, spans in sentences.items():
        for span in spans:
            here = inside.get((name, span.start), [])
            text = records[name].text[span.start : span.end]
            if (name, span.start) in done or is_blank(text) or (not here and len(text) < SHORTEST):
                continue
            worth, why = _worth(here, records[name], sides, ends)
            items.append(Item(records[name], span, tuple(here), worth, why))
    return _diverse(items, n)


def _ends(records: Collection[Record]) -> tuple[float, float] | None:
    given = [record.rating for record in records if record.rating is not None]
    return (min(given), max(given)) if given and min(given) < max(given) else None


def _words(opinion: Opinion) -> str:
    return (opinion.opinion.text if opinion.opinion else "").casefold()


def _worth(
    here: Sequence[Opinion], record: Record, sides: Mapping[str, Counter[str]], ends: tuple[float, float] | None
) -> tuple[float, str]:
    share = None if ends is None or record.rating is None else (record.rating - ends[0]) / (ends[1] - ends[0])
    if not here:
        low = share is not None and share < 0.4
        return NOTHING_READ[low], "nothing was read here" + (", and the rating is low" if low else "")
    found = [_of(one, share, sides) for one in here]
    return max(found)


def _of(one: Opinion, share: float | None, sides: Mapping[str, Counter[str]]) -> tuple[float, str]:
    worth = NOT_MEASURED if one.confidence is None else 1 - 2 * abs(one.confidence - 0.5)
    why = "how sure it is was not measured" if one.confidence is None else "the reader is unsure"
    if share is not None and {"positive": share < 0.25, "negative": share > 0.75}.get(one.polarity, False):
        return worth + OTHERWISE, "the rating says otherwise"
    same = sides[_words(one)] if _words(one) else Counter[str]()
    if same[one.polarity] * 2 < same.total():
        return worth + OTHERWISE, "the same words are mostly read otherwise"
    return worth, why


def _diverse(items: Sequence[Item], n: int) -> list[Item]:
    """Choose one after the other, each time the one that is worth most beside those that were chosen."""
    seen: Counter[object] = Counter()
    left = sorted(items, key=lambda item: (-item.worth, item.record.id, item.sentence.start))[: 20 * n]
    chosen: list[Item] = []
    while left and len(chosen) < n:
        best = max(left, key=lambda item: item.worth / (1 + sum(seen[key] for key in _keys(item)) ** 0.5))
        left.remove(best)
        chosen.append(best)
        seen.update(_keys(best))
    return chosen


def _keys(item: Item) -> list[object]:
    if not item.opinions:
        return ["nothing"]
    words = {_words(one) for one in item.opinions if _words(one)}
    return [*words, *{(one.category, one.polarity) for one in item.opinions}]
