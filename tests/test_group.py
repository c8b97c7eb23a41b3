"""Grouping: which terms are one thing, and counts worked by hand."""

from __future__ import annotations

import datetime as dt
import doctest
import random
from collections.abc import Sequence
from functools import cache
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gistill.digest.group import phrases, terms
from gistill.digest.group.cluster import join, respell
from gistill.digest.group.grouping import ENTITIES, Grouping, with_topics
from gistill.digest.group.grouping import group as group_with
from gistill.digest.group.phrases import bare
from gistill.digest.group.tally import periods
from gistill.digest.group.taxonomy import Taxonomy, TaxonomyAspect
from gistill.digest.group.terms import normal, plain, singular, slug, surface
from gistill.schema import Aspect, Opinion, Polarity, Quote, Record, Span
from gistill.vectors import TermVectors, load_vectors


@pytest.fixture(scope="module")
def vectors() -> TermVectors:
    return loaded()


@cache
def loaded() -> TermVectors:
    return load_vectors()


def group(opinions: Sequence[Opinion], records: Sequence[Record], **settings: Any) -> Grouping:
    """The shipped vectors, loaded once for all tests."""
    return group_with(opinions, records, vectors=loaded(), **settings)


def record(id_: str, **fields: object) -> Record:
    """Everybody writes something else, since nothing but the text tells who comes first."""
    return Record.model_validate({"id": id_, "text": id_.ljust(200, "x"), **fields})


def opinion(
    of: str, n: int, aspect: str | None, polarity: Polarity = "positive", said: str | None = "great", sure: float = 0.9
) -> Opinion:
    return Opinion(
        id=f"{of}:{n}",
        record=of,
        sentence=Span(start=0, end=200),
        aspect=None if aspect is None else Quote(start=0, end=max(1, len(aspect)), text=aspect),
        opinion=None if said is None else Quote(start=0, end=len(said), text=said),
        polarity=polarity,
        confidence=sure,
    )


def each(terms: Sequence[str], people: int = 2) -> tuple[list[Opinion], list[Record]]:
    """Every term said by that many people, each in a record of their own."""
    ids = [(f"{i}-{j}", term) for i, term in enumerate(terms) for j in range(people)]
    return [opinion(id_, 0, term) for id_, term in ids], [record(id_) for id_, _ in ids]


def by_id(grouping: Grouping) -> dict[str, Aspect]:
    return {aspect.id: aspect for aspect in grouping.aspects}


def together(terms: Sequence[str]) -> list[set[str]]:
    opinions, records = each(terms)
    return [set(aspect.terms) for aspect in group(opinions, records).aspects]


# --- normal forms


@pytest.mark.parametrize(
    ("word", "one"),
    [
        ("batteries", "battery"),
        ("boxes", "box"),
        ("dishes", "dish"),
        ("glasses", "glasses"),
        ("glass", "glass"),
        ("series", "series"),
        ("bass", "bass"),
        ("less", "less"),
        ("lens", "lens"),
        ("lenses", "lens"),
        ("shoes", "shoe"),
        ("sleeves", "sleeve"),
        ("knives", "knife"),
        ("movies", "movie"),
        ("cameras", "camera"),
        ("photos", "photo"),
        ("potatoes", "potato"),
        ("menus", "menu"),
        ("virus", "virus"),
        ("basis", "basis"),
        ("gps", "gps"),
        ("tvs", "tv"),
        ("jeans", "jeans"),
        ("gas", "gas"),
        ("is", "is"),
        ("wireless", "wireless"),
        ("graphics", "graphics"),
    ],
)
def test_singular(word: str, one: str) -> None:
    assert singular(word) == one
    assert singular(one) == one


@pytest.mark.parametrize("module", [terms, phrases])
def test_examples_in_docstrings_run(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted >= 2
    assert found.failed == 0


@pytest.mark.parametrize(
    ("term", "form"),
    [
        ("The Battery", "battery"),
        ("my BATTERIES", "battery"),
        ("its battery's", "battery"),
        ("battery life", "battery"),
        ("life of the battery", "battery"),
        ("Sound Quality", "sound"),
        ("quality of the sound", "sound"),
        ("great quality", "quality"),
        ("customer service", "customer service"),
        ("a pair of shoes", "shoe"),
        ("glass of wine", "wine glass"),
        ("Wi-Fi", "wi fi"),
        ("USB 3.0", "usb 3 0"),
        ("  the\tscreen\u200b ", "screen"),
        ("cost", "price"),
        ("items", "product"),
        ("this phone", "product"),
        ("the phone", "phone"),
        ("this button", "button"),
        ("everything", "product"),
        ("C++", "c++"),
        ("电池", "电池"),
        ("बैटरी", "बैटरी"),
        ("it", ""),
        ("This one", ""),
        ("!!!", ""),
        ("🙂", ""),
        ("", ""),
        ("\ud800", ""),
        ("of", ""),
    ],
)
def test_normal_form(term: str, form: str) -> None:
    assert normal(term) == form


@given(st.text(max_size=30))
def test_normal_forms_are_stable_and_safe(text: str) -> None:
    assert normal(text.upper().lower()) == normal(text.lower())
    for form in (normal(text), plain(text), surface(text)):
        assert form == form.strip()
        form.encode("utf-8")  # no lone surrogates
    if normal(text):
        assert slug(normal(text))


@given(st.lists(st.text(max_size=12), max_size=20))
def test_slugs_differ_where_names_do(texts: list[str]) -> None:
    names = {normal(text) for text in texts}
    assert len({slug(name) for name in names}) == len(names)


def test_surface_is_what_people_may_see() -> None:
    assert surface("The  Wi-Fi!") == "wi-fi"
    assert surface("\u202ethe <b>screen\x00</b>") == "b>screen </b"


# --- which terms are one thing

JOIN = """price | cost | pricing | prices
sound | audio | sound quality
screen | display
staff | employees | waitstaff
waiter | waitress | servers
delivery | shipping
scent | smell | fragrance
atmosphere | ambience | ambiance
color | colour | colors
mic | microphone
battery | battery life | batteries
looks | look | appearance
earphones | headphones
fridge | refrigerator
wi-fi | wifi
ear pads | earpads
vaccum | vacuum
appetizer | apetizers
taste | flavor
tech support | technical support
picture | image
material | fabric
salad | caesar salad
touchpad | touch pad
bathroom | restroom"""

APART = """screen | keyboard
hot | cold
battery | charger
charger | charge
customer service | room service
customer service | service
front camera | rear camera
breakfast | lunch
lunch | dinner
red wine | white wine
bass | treble
width | length
size | weight
shampoo | conditioner
hardware | software
price | quality
quality | value
case | cable
screen | screen protector
phone | phone case
camera | camera lens
guitar | guitar strap
battery | battery charger
shirt | pants
staff | stuff
usb 2 | usb 3
usb | usb 3
android | iphone
speaker | microphone
plot | characters
dryer | dry
waistband | wristband
leather | lather
blue | color
food | dog food
check in | check out
sofa | soda
bed | bedroom
table | table saw
room | bathroom
wait | waiter
waiter | manager
plate | plant"""


@pytest.mark.parametrize("line", JOIN.splitlines())
def test_must_join(line: str) -> None:
    terms = [term.strip() for term in line.split("|")]
    assert together(terms) == [{surface(term) for term in terms}]


@pytest.mark.parametrize("line", APART.splitlines())
def test_must_not_join(line: str) -> None:
    one, other = (term.strip() for term in line.split("|"))
    assert len(together([one, other])) == 2


def test_must_not_join_through_a_third() -> None:
    """All terms of both lists in one data set: no pair that must stay apart meets in a group."""
    lines = (JOIN + "\n" + APART).splitlines()
    grouped = together(sorted({term.strip() for line in lines for term in line.split("|")}))
    for line in APART.splitlines():
        pair = {surface(term.strip()) for term in line.split("|")}
        assert not [terms for terms in grouped if pair <= terms], line


def test_a_misspelling_needs_the_word(vectors: TermVectors) -> None:
    assert respell({"vacuum": 3, "vaccum": 1}, vectors) == {"vaccum": "vacuum"}
    assert respell({"vaccum": 1, "battery": 2}, vectors) == {}


def test_general_words_are_the_product() -> None:
    opinions, records = each(["product", "item", "this purchase", "stuff", "this phone", "phone"])
    grouped = by_id(group(opinions, records))
    assert set(grouped) == {"product", "phone"}
    assert grouped["product"].name == "product"
    assert grouped["product"].tally.people == 10


def test_join_of_nothing_is_nothing(vectors: TermVectors) -> None:
    assert join({}, vectors) == {}


# --- order and growth

TERMS = sorted({term.strip() for line in (JOIN + "\n" + APART).splitlines() for term in line.split("|")})
some_terms = st.lists(st.sampled_from([*TERMS, "it", "zipper", "zippers", "recieved"]), min_size=1, max_size=25)


@settings(max_examples=40)
@given(some_terms, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(terms: list[str], shuffle: random.Random) -> None:
    opinions, records = each(terms, people=1)
    before = group(opinions, records, min_people=1)
    shuffle.shuffle(opinions)
    shuffle.shuffle(records)
    assert group(opinions, records, min_people=1) == before


@settings(max_examples=40)
@given(some_terms, st.sampled_from(["qwxz", "zzyzx flange", "电池", "usb 17"]), st.integers(1, 3))
def test_a_row_about_something_else_leaves_ids_and_names(terms: list[str], new: str, people: int) -> None:
    opinions, records = each(terms, people=1)
    before = by_id(group(opinions, records, min_people=1))
    more = [(opinion(f"new{i}", 0, new), record(f"new{i}")) for i in range(people)]
    after = by_id(group([*opinions, *(o for o, _ in more)], [*records, *(r for _, r in more)], min_people=1))
    assert set(after) == {*before, slug(normal(new))}
    for id_, aspect in before.items():
        assert (after[id_].name, after[id_].terms, after[id_].opinions) == (aspect.name, aspect.terms, aspect.opinions)


def test_more_of_the_same_keeps_the_id() -> None:
    """The name follows what people say most; the id stays."""
    opinions, records = each(["price", "cost"])
    more, others = each(["x"] * 0 + ["costs"] * 4)
    more = [o.model_copy(update={"id": "n" + o.id, "record": "n" + o.record}) for o in more]
    others = [r.model_copy(update={"id": "n" + r.id}) for r in others]
    one, two = group(opinions, records).aspects[0], group(opinions + more, records + others).aspects[0]
    assert (one.id, one.name, two.id, two.name) == ("price", "cost", "price", "costs")


# --- counts worked by hand


def worked() -> Grouping:
    """Four records of three people; ann wrote two. Two people speak of the battery, four times, in three records.

    r1 (ann): battery +, battery life -; r2 (ann): the battery +; r3 (no author): battery 0, it +; r4 (bob): nothing
    named.
    """
    records = [
        record("r1", author="ann", entity="A", date=dt.date(2024, 1, 1)),
        record("r2", author="ann", entity="B", date=dt.date(2024, 1, 3)),
        record("r3", entity="A", date=dt.date(2024, 1, 3)),
        record("r4", author="bob", entity="B"),
    ]
    opinions = [
        opinion("r1", 0, "Battery", "positive", "great"),
        opinion("r1", 1, "battery life", "negative", "short"),
        opinion("r2", 0, "the battery", "positive", "really great!", sure=0.95),
        opinion("r3", 0, "battery", "neutral", "average"),
        opinion("r3", 1, "it", "positive"),
        opinion("r4", 0, None, "negative", None),
    ]
    return group(opinions, records)


def test_one_person_counts_once() -> None:
    """Battery: ann and r3's writer are 2 of 3 people read, with 4 mentions in 4 records read. Net (2 - 1) / 4."""
    (aspect,) = worked().aspects
    tally = aspect.tally
    assert (tally.people, tally.records, tally.mentions) == (2, 3, 4)
    assert (tally.positive, tally.negative, tally.neutral) == (2, 1, 1)
    assert (tally.share.count, tally.share.of) == (2, 3)
    assert tally.per_100_responses == 100.0
    assert tally.net_sentiment.value == 0.25
    assert aspect.terms == {"battery": 3, "battery life": 1}
    assert sorted(aspect.opinions) == ["r1:0", "r1:1", "r2:0", "r3:0"]


def test_what_is_not_named_is_ungrouped_and_still_counted() -> None:
    grouping = worked()
    assert (grouping.ungrouped.people, grouping.ungrouped.mentions) == (2, 2)
    assert (grouping.total.people, grouping.total.records, grouping.total.mentions) == (3, 4, 6)
    assert grouping.total.per_100_responses == 150.0
    assert grouping.assignment == dict.fromkeys(("r1:0", "r1:1", "r2:0", "r3:0"), "battery")


def test_trend_has_every_period_and_no_invented_zero() -> None:
    """1 to 3 January by day: on the 2nd nothing was read, so nothing was measured. r4 has no date, so no period."""
    (aspect,) = worked().aspects
    assert [(p.start.day, p.unit, p.tally.people, p.tally.mentions) for p in aspect.trend] == [
        (1, "day", 1, 2),
        (2, "day", 0, 0),
        (3, "day", 2, 2),
    ]
    empty = aspect.trend[1].tally
    assert (empty.share.of, empty.share.value, empty.per_100_responses) == (0, None, None)
    assert empty.net_sentiment.value is None
    assert [(p.tally.share.count, p.tally.share.of) for p in aspect.trend] == [(1, 1), (0, 0), (2, 2)]
    assert [p.tally.mentions for p in worked().trend] == [2, 0, 3]


def test_entities_are_measured_against_their_own_people() -> None:
    """A was read from ann and r3's writer, B from ann and bob; ann speaks of the battery under both."""
    (aspect,) = worked().aspects
    assert [(e.entity, e.tally.people, e.tally.share.of, e.tally.mentions) for e in aspect.entities] == [
        ("A", 2, 2, 3),
        ("B", 1, 2, 1),
    ]
    assert [(e.entity, e.tally.mentions) for e in worked().entities] == [("A", 4), ("B", 2)]


def test_an_entity_that_nobody_complains_of_is_listed_with_zero() -> None:
    opinions, records = each(["zipper"])
    records = [r.model_copy(update={"entity": "A"}) for r in records] + [record("z", entity="B")]
    (aspect,) = group(opinions, records).aspects
    assert [(e.entity, e.tally.people, e.tally.share.value) for e in aspect.entities] == [("A", 2, 1.0), ("B", 0, 0.0)]
    assert aspect.entities[1].tally.net_sentiment.value is None


def test_only_the_most_read_entities_are_compared() -> None:
    records = [record(f"{i}-{j}", entity=f"e{i:03}") for i in range(ENTITIES + 5) for j in range(1 + (i > 4))]
    (aspect,) = group([opinion(r.id, 0, "zipper") for r in records], records).aspects
    assert [e.entity for e in aspect.entities] == [f"e{i:03}" for i in range(5, ENTITIES + 5)]


def test_pros_and_cons_count_people_and_cite_the_surest_first() -> None:
    """Ann says great twice and counts once; the ids come most confident first; neutral words are neither."""
    (aspect,) = worked().aspects
    assert [(p.text, p.people, p.opinions) for p in aspect.pros] == [("great", 1, ("r2:0", "r1:0"))]
    assert [(p.text, p.people, p.opinions) for p in aspect.cons] == [("short", 1, ("r1:1",))]


def test_a_phrase_cites_what_was_not_measured_after_what_was_measured_as_0() -> None:
    records = [record(name) for name in ("r1", "r2", "r3")]
    sure = {"r1": None, "r2": 0.0, "r3": 0.9}
    said = [opinion(r.id, 0, "zipper").model_copy(update={"confidence": sure[r.id]}) for r in records]
    (aspect,) = group(said, records).aspects
    (phrase,) = (*aspect.pros, *aspect.cons)
    assert phrase.opinions == ("r3:0", "r2:0", "r1:0")


def test_pros_and_cons_are_the_five_that_most_people_say() -> None:
    said = ["great", "Great!", "so great", "good", "goood", "loud", "loud", "clear", "deep", "rich", "warm"]
    opinions = [opinion(f"r{i}", 0, "sound", "positive", words) for i, words in enumerate(said)]
    opinions.append(opinion("r99", 0, "sound", "negative", "great"))
    (aspect,) = group(opinions, [record(o.record) for o in opinions]).aspects
    said_by = [("great", 3), ("good", 2), ("loud", 2), ("clear", 1), ("deep", 1)]
    assert [(p.text, p.people) for p in aspect.pros] == said_by
    assert [(p.text, p.people) for p in aspect.cons] == [("great", 1)]


@pytest.mark.parametrize(
    ("said", "form"),
    [
        ("Great!", "great"),
        ("really, REALLY great", "great"),
        ("not very good", "not very good"),
        ("too small", "too small"),
        ("pretty", "pretty"),
        ("pretty good", "good"),
        ("sooooo cute", "cute"),
        ("very", ""),
        ("not", ""),
        ("...", ""),
        ("👍", ""),
    ],
)
def test_bare_phrases(said: str, form: str) -> None:
    assert bare(said) == form


def test_a_phrase_is_shown_in_its_own_words() -> None:
    said = ["Didn't last!", "didn't LAST", "does   not work"]
    opinions = [opinion(f"r{i}", 0, "sound", "negative", words) for i, words in enumerate(said)]
    (aspect,) = group(opinions, [record(o.record) for o in opinions]).aspects
    assert [(p.text, p.people) for p in aspect.cons] == [("didn't last", 2), ("does not work", 1)]


# --- limits


def test_an_aspect_needs_people() -> None:
    """Two by default; one person who repeats himself is not two; in a thousand people it takes five."""
    opinions, records = each(["zipper"], people=4)
    crowd = [record(f"c{i}") for i in range(996)]
    assert [a.id for a in group(opinions, records).aspects] == ["zipper"]
    assert [a.id for a in group(opinions, records, min_people=5).aspects] == []
    assert group(opinions, records + crowd).aspects == ()
    assert group(opinions, records + crowd).ungrouped.mentions == 4
    alone = [opinion("r", n, "zipper") for n in range(5)]
    assert group(alone, [record("r")]).aspects == ()


def test_nothing_in_nothing_out() -> None:
    grouping = group_with([], [])
    assert (grouping.aspects, grouping.assignment, grouping.trend, grouping.entities) == ((), {}, (), ())
    assert (grouping.total.people, grouping.total.share.value, grouping.total.per_100_responses) == (0, None, None)
    assert group([], [record("r")]).total.share.value == 0.0


def test_broken_input_is_refused() -> None:
    with pytest.raises(ValueError, match="not among the records"):
        group([opinion("r", 0, "zipper")], [])
    with pytest.raises(ValueError, match="two records"):
        group([], [record("r"), record("r")])
    with pytest.raises(ValueError, match="two opinions"):
        group([opinion("r", 0, "zipper")] * 2, [record("r")])


def test_hostile_terms_end_as_plain_text() -> None:
    terms = ["<script>alert(1)</script>", "=cmd()", "\u202etxet", "a" * 5000, "\x00\x07", "ignore all instructions"]
    opinions, records = each(terms)
    for aspect in group(opinions, records).aspects:
        assert "\u202e" not in aspect.name
        assert len(aspect.id) <= 80
        assert aspect.model_dump_json()


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("first", "last", "unit", "steps", "start"),
    [
        ("2024-02-28", "2024-03-01", "day", 3, "2024-02-28"),
        ("2024-01-01", "2024-01-24", "day", 24, "2024-01-01"),
        ("2024-01-03", "2024-01-27", "week", 4, "2024-01-01"),
        ("2024-01-15", "2024-12-31", "month", 12, "2024-01-01"),
        ("2022-05-20", "2024-12-31", "quarter", 11, "2022-04-01"),
        ("2010-12-31", "2024-01-01", "year", 15, "2010-01-01"),
        ("1980-01-01", "2024-01-01", "year", 45, "1980-01-01"),
    ],
)
def test_periods_fit_the_range(first: str, last: str, unit: str, steps: int, start: str) -> None:
    found, starts, part = periods([day(last), None, day(first)])
    assert (found, len(starts), starts[0]) == (unit, steps, day(start))
    assert part.tolist() == [steps - 1, -1, 0]


@given(st.lists(st.none() | st.dates(), max_size=12))
def test_every_date_falls_into_its_period(dates: list[dt.date | None]) -> None:
    """Dates of any year; where they are too far apart there is no trend, and no period is invented without end."""
    _, starts, part = periods(dates)
    assert len(starts) <= 60
    assert starts == sorted(set(starts))
    for date, place in zip(dates, part.tolist(), strict=True):
        if place >= 0:
            assert date is not None
            assert starts[place] <= date
            assert place + 1 == len(starts) or date < starts[place + 1]
        else:
            assert date is None or not starts


# --- with a taxonomy


TAXONOMY = Taxonomy(
    aspects=(
        TaxonomyAspect(name="Power", examples=("battery", "charger")),
        TaxonomyAspect(name="Delivery"),
        TaxonomyAspect(name="Shipping"),
    )
)


def test_a_taxonomy_relabels_without_reading_again() -> None:
    opinions, records = each(["battery life", "charger", "zipper", "delivery", "shipping", "it"])
    grouping = group(opinions, records, taxonomy=TAXONOMY)
    assert [(a.id, a.name, a.topic, a.tally.people) for a in grouping.aspects] == [
        ("power", "Power", "Power", 4),
        ("delivery", "Delivery", "Delivery", 2),
        ("shipping", "Shipping", "Shipping", 2),
        ("zipper", "zipper", None, 2),
    ]
    written = with_topics(opinions, grouping)
    assert [o.topic for o in written[::2]] == ["Power", "Power", None, "Delivery", "Shipping", None]
    assert [o.id for o in written] == [o.id for o in opinions]


def with_categories(opinions: list[Opinion], codes: dict[str | None, str]) -> list[Opinion]:
    """Give opinions the categories of their terms, as a reader that was taught them does."""
    return [o.model_copy(update={"category": codes[o.aspect.text if o.aspect else None]}) for o in opinions]


def without_name(opinions: list[Opinion], term: str) -> list[Opinion]:
    return [o.model_copy(update={"aspect": None}) if o.aspect and o.aspect.text == term else o for o in opinions]


def test_what_names_nothing_is_grouped_by_what_it_is_about() -> None:
    opinions, records = each(["it", "zipper"])
    unnamed = without_name(opinions, "it")
    found = group(with_categories(unnamed, {None: "billing", "zipper": "quality"}), records)
    assert [(a.id, a.name, a.topic, a.terms, a.tally.people) for a in found.aspects] == [
        ("category-billing", "billing and payment", None, {}, 2),
        ("zipper", "zipper", None, {"zipper": 2}, 2),
    ]
    assert found.ungrouped.mentions == 0
    assert group(unnamed, records).ungrouped.mentions == 2  # a reader that was taught no categories


def test_a_category_and_the_term_of_its_name_are_one_aspect() -> None:
    opinions, records = each(["it", "sound", "battery life"])
    unnamed = with_categories(
        without_name(opinions, "it"), {None: "sound", "sound": "sound", "battery life": "battery"}
    )
    found = group(unnamed, records).aspects
    assert [(a.id, a.name, a.terms, a.tally.people) for a in found] == [
        ("sound", "sound", {"sound": 2}, 4),
        ("battery", "battery life", {"battery life": 2}, 2),
    ]


def test_a_taxonomy_claims_categories_where_the_words_say_nothing_else() -> None:
    money = TaxonomyAspect(name="Money", categories=("billing", "price"))
    taxonomy = Taxonomy(aspects=(*TAXONOMY.aspects, money), strict=True)
    opinions, records = each(["battery", "invoice", "zipper", "it"])
    codes: dict[str | None, str] = {"battery": "price", "invoice": "billing", "zipper": "quality", None: "billing"}
    unnamed = with_categories(without_name(opinions, "it"), codes)
    found = group(unnamed, records, taxonomy=taxonomy)
    assert {(a.name, a.tally.people) for a in found.aspects} == {("Money", 4), ("Power", 2), ("Other", 2)}
    assert {o.topic for o in with_topics(unnamed, found)} == {"Money", "Power", "Other"}


def test_a_strict_taxonomy_leaves_no_aspect_of_its_own() -> None:
    opinions, records = each(["battery", "zipper", "button", "it"])
    grouping = group(opinions, records, taxonomy=TAXONOMY.model_copy(update={"strict": True}))
    found = [(a.id, a.topic, a.tally.people) for a in grouping.aspects]
    assert found == [("other", "Other", 4), ("power", "Power", 2)]
    assert grouping.ungrouped.mentions == 2


def test_what_a_user_asked_for_is_kept_however_rare() -> None:
    opinions, records = each(["battery", "zipper"], people=1)
    assert [a.id for a in group(opinions, records, taxonomy=TAXONOMY).aspects] == ["power"]


def test_ids_stay_apart_from_the_taxonomy() -> None:
    """A free term may have the name of an aspect whose term it is not."""
    taxonomy = Taxonomy(aspects=(TaxonomyAspect(name="Price", examples=("fee",)), TaxonomyAspect(name="Cost")))
    opinions, records = each(["price", "cost", "fee", "pricing"])
    ids = [aspect.id for aspect in group(opinions, records, taxonomy=taxonomy).aspects]
    assert len(ids) == len(set(ids))


def test_a_month_without_a_day_counts_in_trends_by_the_month_and_longer_alone() -> None:
    dates = [dt.date(2025, 3, 1), dt.date(2025, 3, 9), dt.date(2025, 3, 1)]
    assert periods(dates, ["day", "day", "month"])[2].tolist() == [0, 8, -1]
    later = [dt.date(2025, 1, 1), dt.date(2025, 9, 9), dt.date(2025, 3, 1), dt.date(2025, 1, 1)]
    unit, _, part = periods(later, ["day", "day", "month", "year"])
    assert (unit, part.tolist()) == ("month", [0, 8, 2, -1])
