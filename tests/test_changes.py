"""What changed: a fact that begins, one that sits in a product, and files in which nothing changes."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Callable

import pytest

from gistill.digest.group.changes import ALPHA, find_changes
from gistill.digest.group.tally import counted
from gistill.schema import Change, Opinion, Point, Record, Span, Tally
from gistill.stats import fisher, holm, net_sentiment, wilson


def test_fisher_by_hand() -> None:
    # A lady names 3 of 4 cups right: 16 ways, and 1 way for all 4, of 70. The other tail is larger.
    assert fisher(3, 4, 1, 4) == pytest.approx(2 * 17 / 70)
    assert fisher(4, 4, 0, 4) == pytest.approx(2 / 70)
    assert fisher(2, 4, 2, 4) == 1.0
    assert fisher(0, 10, 0, 10) == 1.0
    assert fisher(0, 4, 4, 4) == fisher(4, 4, 0, 4)
    assert fisher(60, 2000, 0, 2000) < 1e-15
    for wrong in ((5, 4, 0, 4), (-1, 4, 0, 4)):
        with pytest.raises(ValueError, match="not two shares"):
            fisher(*wrong)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def found(says: Callable[[int, int, str], bool], *, people: int = 360, seed: int = 0) -> tuple[Change, ...]:
    """One point in a file of twelve months and three products: `says(person, month, product)`."""
    rng = random.Random(seed)
    records, opinions = [], []
    for n in range(people):
        month, product = n % 12, "ABC"[rng.randrange(3)]
        records.append(
            Record(id=str(n), text="It broke.", entity=product, author=f"p{n}", date=dt.date(2025, month + 1, 3))
        )
        if says(n, month, product):
            span = Span(start=0, end=9)
            opinions.append(
                Opinion(
                    id=f"{n}:x", record=str(n), sentence=span, aspect=None, opinion=None, polarity="negative",
                    confidence=None,
                )
            )  # fmt: skip
    counts = counted(opinions, records)
    tally = Tally(
        people=len(opinions), records=len(opinions), mentions=len(opinions), positive=0, neutral=0,
        negative=len(opinions), share=wilson(len(opinions), people), per_100_responses=None,
        net_sentiment=net_sentiment([[0, len(opinions), 0]]),
    )  # fmt: skip
    point = Point(
        id="broke", name="it broke", category="quality", direction="negative", tally=tally, strength=None,
        opinions=tuple(opinion.id for opinion in opinions),
    )  # fmt: skip
    by = {"product": [record.entity for record in records]}
    return find_changes([point], opinions, records, counts, by=by)


def test_a_point_that_begins_in_a_month_is_dated() -> None:
    (change,) = found(lambda n, month, _: month >= 6 and n % 5 == 0)
    assert (change.point, change.by, change.value) == ("broke", "date", "2025-07-01")
    assert change.here.count == 36
    assert (change.here.of, change.elsewhere.count, change.elsewhere.of) == (180, 0, 180)
    assert change.p < 1e-6


def test_a_point_that_ends_is_seen_too() -> None:
    (change,) = found(lambda n, month, _: month < 4 and n % 5 == 0)
    assert (change.by, change.value, change.here.count) == ("date", "2025-05-01", 0)


def test_a_point_that_sits_in_a_product_names_it_alone() -> None:
    (change,) = found(lambda n, _, product: product == "B" and n % 5 == 0)  # in every month
    assert (change.by, change.value, change.elsewhere.count) == ("product", "B", 0)


def test_where_two_of_three_products_have_it_the_third_is_what_differs_or_both_are_named() -> None:
    changes = found(lambda n, _, product: product != "C" and n % 5 < 2)
    assert {change.by for change in changes} == {"product"}
    assert ("C" in {change.value for change in changes}) or {change.value for change in changes} == {"A", "B"}


def test_few_people_and_unknown_parts_show_no_change() -> None:
    assert found(lambda n, month, _: month == 11 and n < 108) == ()  # nine people
    assert found(lambda n, month, _: n % 4 == 0, people=9) == ()


def test_where_nothing_changes_hardly_any_file_shows_a_change() -> None:
    alarms = 0
    for seed in range(150):
        said = set(random.Random(1000 + seed).sample(range(360), 40))
        alarms += bool(found(lambda n, _month, _product, said=said: n in said, seed=seed))  # type: ignore[misc]
    assert alarms <= 150 * ALPHA + 3 * math.sqrt(150 * ALPHA)
