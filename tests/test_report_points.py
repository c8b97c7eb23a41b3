"""What the page says of points: problems, praise, wishes, what changed, and that it is what the digest says."""

from __future__ import annotations

import csv
from pathlib import Path

from gistill.digest.report.html import render_html
from gistill.digest.report.markdown import render_markdown
from gistill.digest.report.rows import POINTS
from gistill.digest.report.view import View
from gistill.digest.report.words import change_words, point_share, ratings_words
from gistill.digest.report.writing import write_report
from gistill.schema import Estimate, Point, Ratings
from gistill.stats import wilson
from sample_digest import CHANGES, RATINGS, bare_digest, points, sample_digest


def test_problems_are_ordered_by_people_and_stars_lost_and_a_wish_is_none() -> None:
    view = View(sample_digest())
    # 31 people who rate 2.1 stars below the others weigh more than 40 who rate 0.1 below
    assert [point.id for point in view.problems] == ["compatibility-negative", "sound-negative"]
    unrated = [point.model_copy(update={"ratings": None}) for point in points()]
    view = View(sample_digest().model_copy(update={"points": tuple(unrated)}))
    # 31 people at strength 1.6 weigh more than 40 at 1.0, and 60 at 1.0 more than these
    assert [point.id for point in view.problems] == ["compatibility-negative", "sound-negative"]
    many = unrated[2].model_copy(update={"tally": unrated[2].tally.model_copy(update={"people": 60})})
    more = View(sample_digest().model_copy(update={"points": (unrated[0], unrated[1], many)}))
    assert [point.id for point in more.problems] == ["sound-negative", "compatibility-negative"]
    assert [point.id for point in view.loved] == ["battery-positive"]
    assert [point.id for point in view.wishes] == ["design-wish"]


def test_the_stars_of_two_people_weigh_less_than_those_of_many() -> None:
    many = points()[1]  # 31 people, 2.1 stars below
    few = many.model_copy(update={"id": "few", "tally": many.tally.model_copy(update={"people": 2})})
    lower = RATINGS.model_copy(update={"difference": Estimate(value=-3.0, low=-3.5, high=-2.5)})
    ten = many.model_copy(update={"id": "ten", "tally": many.tally.model_copy(update={"people": 4})})
    few, ten = (one.model_copy(update={"ratings": ratings}) for one, ratings in ((few, lower), (ten, RATINGS)))
    view = View(sample_digest().model_copy(update={"points": (few, ten, many)}))
    # 31 * 2.1 * 31/35, 4 * 2.1 * 4/8 and 2 * 3.0 * 2/6
    assert [point.id for point in view.problems] == [many.id, "ten", "few"]


def test_a_point_without_a_quote_is_neither_problem_nor_praise_nor_wish() -> None:
    digest = sample_digest()
    view = View(digest.model_copy(update={"points": tuple(p.model_copy(update={"quotes": ()}) for p in digest.points)}))
    assert view.problems == view.loved == view.wishes == []
    assert sum(len(one.points) for one in view.categories) == len(digest.points)  # there it stands all the same


def test_what_a_manager_reads_first() -> None:
    told = View(sample_digest()).headlines
    assert [words for words, _ in told] == [
        "The problem that weighs most is “loses the connection” (Compatibility): 31 of 240 people (13%).",
        "The next problem is “<img src=x onerror=alert(1)> crackles” (Sound): 40 of 240 people (17%).",
        "What is praised most is “lasts all week” (Battery and power): 64 of 240 people (27%).",
        "What is asked for most is “should fold flat” (Design): 9 of 240 people (4%).",
        "Since 1 July 2025 more people say “loses the connection”: 28 of 120 (23%), before it was 3 of 130 (2%).",
    ]


def test_what_judges_the_whole_is_told_last() -> None:
    digest = sample_digest()
    whole = digest.points[0].model_copy(update={"id": "overall-positive", "name": "great", "category": "overall"})
    more = whole.model_copy(update={"tally": digest.points[2].tally.model_copy(update={"people": 200})})
    view = View(digest.model_copy(update={"points": (more, *digest.points)}))
    assert [point.id for point in view.loved] == ["battery-positive", "overall-positive"]


def test_changes_over_time_stand_apart_from_differences_between_products() -> None:
    later, product = CHANGES
    praise = product.model_copy(update={"point": "battery-positive"})
    version = later.model_copy(update={"by": "version", "value": "3.2"})
    digest = sample_digest().model_copy(update={"changes": (praise, version, later, product)})
    groups = View(digest).changes
    assert [group.by for group in groups] == ["date", "entity", "version"]
    assert [point.direction for _, point in groups[1].told] == ["negative", "positive"]  # complaints first
    page = render_html(View(digest))
    assert page.index("<h3>Over time</h3>") < page.index("<h3>Between products or places</h3>")
    assert "<h3>By <bdi>version</bdi></h3>" in page
    assert "Over time:" in render_markdown(View(digest))


def test_products_that_differ_in_most_of_what_is_said_are_said_to_be_of_different_kinds() -> None:
    point, change = points()[1], CHANGES[1]
    many = tuple(point.model_copy(update={"id": f"p{n}"}) for n in range(30))
    differ = tuple(change.model_copy(update={"point": f"p{n}"}) for n in range(10))
    digest = sample_digest().model_copy(update={"points": many, "changes": differ})
    view = View(digest)
    assert view.of_kinds
    assert "they are of different kinds" in render_html(view)
    assert not any("Sonora Lite" in words for words, _ in view.headlines)
    some = View(digest.model_copy(update={"changes": differ[:9]}))
    assert not some.of_kinds
    assert any("people say “loses the connection” of Sonora Lite" in words for words, _ in some.headlines)


def test_points_stand_side_by_side_and_only_a_difference_that_stands_is_marked() -> None:
    table = View(sample_digest()).comparison
    assert table is not None
    assert [one.text for one in table.columns] == ["Sonora Lite", "Sonora Pro"]
    assert [one.text for one in table.rows] == [
        "All opinions", "loses the connection", "<img src=x onerror=alert(1)> crackles", "lasts all week",
    ]  # fmt: skip
    assert [[cell.change for cell in row] for row in table.cells] == [["", ""], ["", ""], ["more", ""], ["", ""]]
    page = render_html(View(sample_digest()))
    assert '<td class="bad"><b>' in page


def test_a_count_is_shown_with_what_is_said_nearly_alike() -> None:
    point = points()[1]
    assert point_share(point) == "31 of 240 people (13%; 9 to 18%)"
    wider = point.model_copy(update={"near": wilson(52, 240)})
    assert point_share(wider) == "31 of 240 people (13%; 9 to 27%)"
    page = render_html(View(sample_digest().model_copy(update={"points": (wider,)})))
    assert "(13%; 9 to 27%)" in page


def test_changes_and_ratings_in_words() -> None:
    later, product = CHANGES
    assert change_words(later) == "Since 1 July 2025 more people say it: 28 of 120 (23%), before it was 3 of 130 (2%)."
    assert change_words(product).startswith("More people say it of Sonora Lite: 30 of 110 (27%), of the rest 10 of")
    fewer = later.model_copy(update={"here": later.elsewhere, "elsewhere": later.here, "by": "version", "value": "3.2"})
    assert change_words(fewer).startswith("Fewer people say it of version 3.2: 3 of 130")
    assert ratings_words(RATINGS) == (
        "Those who say it rate 2.1 on average, the others 4.2 (difference −2.1, 95% interval −2.4 to −1.8)."
    )
    nobody = Estimate(value=None, low=None, high=None, method="mean")
    assert ratings_words(Ratings(said=nobody, rest=nobody, difference=nobody)) == ""


def test_the_page_says_it_in_this_order_and_nothing_becomes_markup() -> None:
    page = render_html(View(sample_digest()))
    places = [page.index(f'<section id="{name}"') for name in (
        "glance", "problems", "loved", "wishes", "changed", "categories", "corrected", "entities", "trend", "things",
    ) if f'<section id="{name}"' in page]  # fmt: skip
    assert places == sorted(places)
    assert len(places) == 9  # nothing is corrected in this sample
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt; crackles" in page
    assert page.count('id="category-') == 4


def test_a_digest_without_points_says_so_in_words() -> None:
    for page in (render_html(View(bare_digest())), render_markdown(View(bare_digest()))):
        assert "None" not in page
        assert "No complaint is made by two people or more." in page
    assert "neither dates nor products" in render_html(View(bare_digest()))


def test_the_table_of_points_can_be_read_again(tmp_path: Path) -> None:
    write_report(sample_digest(), tmp_path)
    with (tmp_path / "points.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == POINTS
    assert [row["id"] for row in rows] == [point.id for point in points()]
    wanted: Point = points()[1]
    assert (rows[1]["people"], rows[1]["people_read"]) == (str(wanted.tally.people), "240")
    assert rows[1]["rating"] == "2.1"
    assert rows[0]["quotation"] == "The battery lasts all week with an hour of music each way."
