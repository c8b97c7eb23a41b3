"""Points: who says alike, counted once each, under a name in their words, the same for any order of rows."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from gistill.digest.group.grouping import group
from gistill.digest.group.points import SAME_CATEGORY, Points, find_points, own_nouns
from gistill.digest.steps import with_points
from gistill.likeness import Likeness, Window
from gistill.schema import Opinion, Point, Polarity, Quote, Record, Span

ENOUGH = 0.9
MEANINGS = (("broke", "fell apart", "snapped"), ("great", "good", "love"), ("short", "too short"), ("nice",))


def embed(windows: Sequence[Window]) -> NDArray[np.float32]:
    """A vector for each meaning, part of it the thing's: a short cord is nearer to a short cable than a short bed."""
    said = [[one.text[start:end] for start, end in reversed(one.spans)] for one in windows]
    rows = np.zeros((len(said), 40), dtype=np.float32)
    things = {"": 10, "cord": 11, "cable": 11, "bed": 12, "staff": 13}
    for row, words_of in zip(rows, said, strict=True):
        thing, words = words_of if len(words_of) == 2 else ("", *words_of)
        row[next((n for n, same in enumerate(MEANINGS) if words in same), 20 + sum(map(ord, words)) % 20)] = 0.8
        row[things.get(thing, 14)] = 0.6
    return rows


def opinion(
    record: str,
    words: str,
    aspect: str | None = None,
    *,
    polarity: Polarity = "negative",
    category: str | None = "quality",
    strength: int | None = None,
) -> tuple[Opinion, str]:
    """An opinion whose record reads "aspect words"."""
    text = f"{aspect} {words}" if aspect else words
    at = len(text) - len(words)
    quote = Quote(start=at, end=len(text), text=words)
    about = Quote(start=0, end=len(aspect), text=aspect) if aspect else None
    return Opinion(
        id=f"{record}:{words}",
        record=record,
        sentence=Span(start=0, end=len(text)),
        aspect=about,
        opinion=quote,
        polarity=polarity,
        category=category,
        strength=strength,
        confidence=None,
    ), text


def world(*rows: tuple[Opinion, str], **fields: Sequence[Any]) -> tuple[list[Opinion], list[Record]]:
    """One record an opinion; `fields` gives a field of the records, in order."""
    records = [
        Record(id=one.record, text=text, **{name: values[n] for name, values in fields.items()})
        for n, (one, text) in enumerate(rows)
    ]
    return [one for one, _ in rows], records


def points(opinions: Sequence[Opinion], records: Sequence[Record], **settings: Any) -> Points:
    return find_points(opinions, records, embed=embed, enough=ENOUGH, **settings)


def said(found: Points) -> set[frozenset[str]]:
    return {frozenset(point.opinions) for point in found.points}


def only(found: Points) -> Point:
    (point,) = found.points
    return point


def test_what_people_say_alike_is_a_point_and_the_rest_is_said_once() -> None:
    found = points(
        *world(opinion("a", "broke"), opinion("b", "snapped"), opinion("c", "fell apart"), opinion("d", "ugly"))
    )
    assert said(found) == {frozenset({"a:broke", "b:snapped", "c:fell apart"})}
    assert found.once == ("d:ugly",)
    assert set(found.assignment) == {"a:broke", "b:snapped", "c:fell apart"}
    assert only(found).tally.people == only(found).tally.negative == 3
    assert only(found).tally.share.of == 4


def test_a_point_is_of_one_direction_and_has_the_category_of_most() -> None:
    rows = [
        opinion("a", "good", polarity="positive"),
        opinion("b", "good", polarity="positive"),
        opinion("c", "good"),  # meant badly
        opinion("d", "good", polarity="positive", category="price"),
    ]
    wish, record = opinion("e", "good", polarity="positive")
    found = points(*world(*rows, (wish.model_copy(update={"kind": "wish"}), record)))
    assert said(found) == {frozenset({"a:good", "b:good", "d:good"})}
    assert (only(found).category, only(found).direction) == ("quality", "positive")
    assert set(found.once) == {"c:good", "e:good"}


def test_opinions_of_one_category_are_joined_more_easily() -> None:
    def vectors(windows: Sequence[Window]) -> NDArray[np.float32]:
        likeness = ENOUGH + SAME_CATEGORY / 2  # enough within a category alone
        rows = {"broke": [1.0, 0.0], "snapped": [likeness, (1 - likeness**2) ** 0.5]}
        return np.array([rows[one.text] for one in windows], dtype=np.float32)

    def found(category: str) -> Points:
        opinions, records = world(opinion("a", "broke"), opinion("b", "snapped", category=category))
        return find_points(opinions, records, embed=vectors, enough=ENOUGH)

    assert len(found("quality").points) == 1
    assert not found("function").points


def test_one_person_is_no_point_however_often_they_say_it() -> None:
    rows = [opinion("a", "broke"), opinion("b", "snapped"), opinion("c", "fell apart")]
    assert not points(*world(*rows, author=["Ann", "Ann", "Ann"])).points
    found = only(points(*world(*rows, author=["Ann", "Ann", "Ben"])))
    assert (found.tally.people, found.tally.records, found.tally.mentions) == (2, 3, 3)


def test_different_words_for_one_thing_merge_and_different_things_do_not() -> None:
    rows = [opinion("a", "short", "cord"), opinion("b", "too short", "cable"), opinion("c", "short", "bed")]
    found = only(points(*world(*rows)))
    assert set(found.opinions) == {"a:short", "b:too short"}
    assert found.aspects == {"cable": 1, "cord": 1}


def test_the_name_is_a_short_phrase_that_customers_use_with_the_thing_it_is_about() -> None:
    rows = [opinion(name, "great", "staff", polarity="positive") for name in "abc"]
    found = only(points(*world(*rows, opinion("d", "good", "staff", polarity="positive"))))
    assert found.name == "staff great"
    assert found.id == "quality-positive-staff-great"


def test_only_what_says_the_same_as_the_name_is_quoted_and_the_thing_that_it_names_comes_first() -> None:
    def vectors(windows: Sequence[Window]) -> NDArray[np.float32]:
        far = {"valet pricey": 0.0, "parking pricey": 0.1, "area pricey": 0.3, "worst of all": 0.95}  # from the first
        rows = [far[one.text] for one in windows]
        return np.array([[1 - x, (1 - (1 - x) ** 2) ** 0.5] for x in rows], dtype=np.float32)

    pricey = [opinion(name, "pricey", "valet") for name in "abc"]
    others = [opinion("d", "pricey", "parking"), opinion("e", "pricey", "area"), opinion("f", "worst of all")]
    opinions, records = world(*pricey, *others, author=["A", "A", "A", "D", "E", "F"])
    found = only(find_points(opinions, records, embed=vectors, enough=0.2))
    assert found.tally.people == 4  # all are one point
    assert found.name == "valet pricey"
    assert [id_.split(":")[0] in "abc" for id_ in found.quotes] == [
        True
    ]  # the others name other things, or say another


def test_what_is_reviewed_is_no_part_of_a_name() -> None:
    rows = [opinion(name, "great", "guitar", polarity="positive", category="overall") for name in "abc"]
    assert own_nouns([one for one, _ in rows]) >= {"guitar", "product"}
    assert own_nouns([one for one, _ in rows[:2]]) == {"", "product"}  # too few to know
    assert only(points(*world(*rows))).name == "great"
    two = [opinion(name, "great", "Acme strings", polarity="positive") for name in "ab"]
    assert only(points(*world(*two, entity=["Acme strings", "Acme strings"]))).name == "great"
    assert only(points(*world(*two, entity=["Harp", "Harp"]))).name == "acme strings great"


def test_points_of_one_name_have_different_ids() -> None:
    rows = [
        *(opinion(name, "great", "guitar", polarity="positive", category="overall") for name in "abc"),
        *(opinion(name, "great", polarity="positive", category="overall") for name in "de"),
    ]
    found = points(*world(*rows))
    assert [point.id for point in found.points] == ["overall-positive-great"]  # the guitar is what is reviewed


def test_dates_strength_and_entities_are_those_of_the_records_that_say_it() -> None:
    rows = [
        opinion("a", "broke", strength=-2),
        opinion("b", "snapped", strength=-1),
        opinion("c", "fell apart", strength=-1),
        opinion("d", "ugly"),
    ]
    dates = [dt.date(2025, 3, 1), None, dt.date(2024, 1, 9), dt.date(2020, 1, 1)]
    found = only(points(*world(*rows, date=dates, entity=["Cup", "Cup", "Mug", "Jar"])))
    assert (found.first, found.last) == (dt.date(2024, 1, 9), dt.date(2025, 3, 1))
    assert found.strength == pytest.approx(4 / 3, abs=1e-4)
    assert [(one.entity, one.tally.people, one.tally.share.of) for one in found.entities] == [
        ("Cup", 2, 2),
        ("Mug", 1, 1),
    ]


def test_what_nobody_measured_is_none() -> None:
    found = only(points(*world(opinion("a", "broke"), opinion("b", "snapped"))))
    assert (found.first, found.last, found.strength, found.ratings, found.entities) == (None, None, None, None, ())


def test_ratings_of_those_who_say_it_stand_beside_the_rest_and_a_person_counts_once() -> None:
    rows = [opinion("a", "broke"), opinion("b", "snapped"), *(opinion(name, name) for name in "cdef")]
    ratings = [1.0, 2.0, 5.0, 4.0, 3.0, None]
    found = only(points(*world(*rows, rating=ratings, author=["A", "B", "C", "D", "D", "F"])))
    assert found.ratings is not None
    assert found.ratings.said.value == 1.5
    assert found.ratings.rest.value == 4.25  # C gave 5, D gave 4 and 3
    assert found.ratings.difference.value == -2.75
    assert found.ratings.difference.low is not None


def test_neither_the_order_of_rows_nor_ids_matter() -> None:
    rows = [opinion(f"r{n}", words) for n, words in enumerate(word for same in MEANINGS for word in same * 2)]
    opinions, records = world(*rows, author=[f"author {n}" for n in range(len(rows))])
    one = points(opinions, records)
    shuffled = list(opinions)
    random.Random(1).shuffle(shuffled)
    other = points(shuffled, list(reversed(records)))
    assert one == other


def test_an_earlier_run_keeps_what_was_together_and_its_ids() -> None:
    old = [opinion("a", "broke"), opinion("b", "ugly"), opinion("c", "odd")]
    before = {"a:broke": "first", "b:ugly": "first"}  # together then, though not alike now
    found = points(*world(*old, opinion("d", "odd"), opinion("e", "snapped")), before=before)
    by_id = {point.id: set(point.opinions) for point in found.points}
    assert by_id["first"] >= {"a:broke", "b:ugly"}
    assert {"c:odd", "d:odd"} in by_id.values()


def test_nothing_said_makes_no_point() -> None:
    assert points([], [Record(id="a", text="x")]) == Points((), ())


def test_a_point_is_counted_for_each_value_of_a_column_where_anybody_makes_it() -> None:
    rows = [*(opinion(f"a{n}", "broke") for n in range(9)), opinion("b", "snapped"), opinion("c", "great")]
    meta = [{"store": "North"}] * 9 + [{"store": "South"}, {"store": "East"}]
    opinions, records = world(*rows, meta=meta)
    grouping, _ = with_points(
        group(opinions, records, by=("store",)),
        opinions,
        records,
        cast("Likeness", SimpleNamespace(embed=embed, enough=ENOUGH)),
    )
    (point,) = grouping.points
    counted = {one.entity: one.tally for one in grouping.by[0].points[point.id]}
    assert {name: (one.people, one.share.of) for name, one in counted.items()} == {"North": (9, 9), "South": (1, 1)}


def test_who_says_nearly_the_same_widens_the_bounds_of_a_point_upwards_and_not_its_count() -> None:
    # "broke" of the cord and of the bed is alike by 0.8 * 0.8 = 0.64: no one point, but nearly the same
    rows = [opinion(f"a{n}", "broke", "cord") for n in range(3)]
    rows += [opinion(f"b{n}", "snapped", "bed") for n in range(2)]
    rows += [opinion("c", "great", "cord"), opinion("d", "broke", "bed", polarity="positive")]
    found = points(*world(*rows))
    counts = {(one.tally.people, one.near.count if one.near else None) for one in found.points}
    assert counts == {(3, 5), (2, 2)}  # what is in a larger point is not near to a smaller one
    for one in found.points:
        assert one.near is not None
        assert one.bounds == (one.tally.share.low, one.near.high)
