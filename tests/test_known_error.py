"""Counts corrected by a reader's known error: worked by hand, holding for domains that were not seen, or left alone."""

from __future__ import annotations

import doctest
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gistill.digest.correction.known_error import LEAST, Corrector
from gistill.errors import InputError
from gistill.evaluate.error_rates import FILE, ErrorRates, error_rates, error_rates_json, load_error_rates
from gistill.evaluate.marks import Marked
from gistill.reader.model import SHIPPED
from gistill.schema import Corrected, Figure
from gistill.stats import net_sentiment

Floats = NDArray[np.float64]


def rates(
    marked: Floats, read: Floats, domain: NDArray[np.int64], categories: dict[str, Floats] | None = None
) -> ErrorRates:
    """Error rates of texts, every opinion read right as far as the numbers go."""
    right = np.minimum(marked, read)
    pairs = np.stack([np.diag(row) for row in right])
    names = tuple(f"domain {d}" for d in range(int(domain.max()) + 1))
    return ErrorRates("reader abc", names, domain, pairs, marked, read, categories or {})


def estimate(figure: Figure) -> tuple[float, float, float]:
    found = figure.corrected
    assert found is not None
    value, low, high = found.value, found.low, found.high
    assert value is not None
    assert low is not None
    assert high is not None
    return value, low, high


def width(figure: Figure) -> float:
    _, low, high = estimate(figure)
    return high - low


def corrected(found: Corrected | None) -> Corrected:
    assert found is not None
    return found


def alike(texts: int, domains: int) -> ErrorRates:
    """Of every domain the same: two positive and two negative opinions a text, of which one negative is missed."""
    domain = np.repeat(np.arange(domains), texts)
    marked = np.tile([2.0, 2.0, 0.0], (len(domain), 1))
    read = np.tile([2.0, 1.0, 0.0], (len(domain), 1))
    return rates(marked, read, domain)


def test_missed_negatives_are_counted_in_again() -> None:
    """A reader that misses half of the negatives reads 100 and 50; there are 100 and 100, and net sentiment is 0."""
    people = np.tile([2.0, 1.0, 0.0], (50, 1))
    found = corrected(Corrector(alike(100, 5)).correct(people, read=60))
    assert estimate(found.positive)[0] == pytest.approx(100, abs=0.5)
    assert estimate(found.negative)[0] == pytest.approx(100, abs=1)
    value, low, high = estimate(found.net_sentiment)
    assert found.net_sentiment.raw == pytest.approx(1 / 3)
    assert value == pytest.approx(0, abs=0.01)
    assert low < 0 < high
    assert (found.people.raw, found.people_negative.raw) == (50, 50)
    assert estimate(found.people)[0] == pytest.approx(50, abs=0.5)


def test_a_reader_without_mistakes_changes_nothing() -> None:
    same = np.random.default_rng(2).poisson([2, 1, 0.2], (600, 3)).astype(float)
    people = np.random.default_rng(3).poisson([2, 1, 0.2], (80, 3)).astype(float)
    found = corrected(Corrector(rates(same, same, np.arange(600) % 6)).correct(people, read=80))
    for name in ("positive", "negative", "people", "people_positive", "net_sentiment"):
        figure: Figure = getattr(found, name)
        assert estimate(figure)[0] == pytest.approx(figure.raw, rel=0.01, abs=0.01)


def test_people_are_never_more_than_were_read() -> None:
    found = corrected(Corrector(alike(50, 4)).correct(np.tile([0.0, 1.0, 0.0], (30, 1)), read=31))
    assert all(estimate(getattr(found, name))[2] <= 31 for name in ("people", "people_positive", "people_negative"))


def varied(rng: np.random.Generator, domains: int, spread: float, texts: int = 120) -> tuple[Floats, Floats, Floats]:
    """Marked and read opinions of texts of domains that differ in their mood and in how much of the blame is missed."""
    marked, read = [], []
    for _ in range(domains):
        mood, kept = rng.uniform(0.2, 0.8), 1 / (1 + np.exp(-rng.normal(0, spread)))
        truth = rng.poisson([4 * mood, 4 * (1 - mood), 0.1], (texts, 3))
        marked.append(truth)
        read.append(np.stack([rng.binomial(truth[:, 0], 0.8), rng.binomial(truth[:, 1], kept), truth[:, 2]], axis=1))
    domain = np.repeat(np.arange(domains), texts)
    return np.concatenate(marked).astype(float), np.concatenate(read).astype(float), domain


def test_the_interval_holds_the_net_sentiment_of_domains_that_were_not_seen() -> None:
    """Of 10 domains each is left out once, in 6 worlds: 60 intervals, of which about 95% hold the marks' figure."""
    holds, away, raw_away = 0, [], []
    for number in range(6):
        marked, read, domain = varied(np.random.default_rng(number), 10, 0.5)
        for left in range(10):
            kept = domain != left
            sub = rates(marked[kept], read[kept], np.where(domain > left, domain - 1, domain)[kept])
            found = corrected(Corrector(sub).correct(read[~kept], read=120))
            truth = marked[~kept].sum(axis=0)
            net = (truth[0] - truth[1]) / truth.sum()
            value, low, high = estimate(found.net_sentiment)
            holds += low <= net <= high
            away.append(value - net)
            raw_away.append(float(found.net_sentiment.raw or 0) - net)
    assert 0.92 <= holds / 60 <= 1
    assert abs(np.mean(away)) < 0.05 < abs(np.mean(raw_away))


def test_the_shipped_readers_rates_hold_for_each_domain_left_out() -> None:
    """The goal: at least 9 of 10 intervals hold the marks' figure, at most half as wide again as the marks' own."""
    known = load_error_rates(SHIPPED)
    assert known is not None
    holds, away, wider = 0, [], []
    for left in range(len(known.domains)):
        kept = known.domain != left
        numbers = np.where(known.domain > left, known.domain - 1, known.domain)[kept]
        found = corrected(
            Corrector(rates(known.marked[kept], known.read[kept], numbers)).correct(
                known.read[~kept], read=int((~kept).sum())
            )
        )
        goal = net_sentiment(known.marked[~kept])
        assert goal.value is not None
        assert goal.low is not None
        assert goal.high is not None
        value, low, high = estimate(found.net_sentiment)
        holds += low <= goal.value <= high
        away.append(value - goal.value)
        wider.append((high - low) / (goal.high - goal.low))
    assert holds >= 0.9 * len(known.domains)
    assert abs(np.mean(away)) < 0.05
    assert np.median(wider) <= 1.5


def test_domains_that_differ_make_the_interval_wider() -> None:
    widths = []
    for spread in (0.0, 0.5, 1.0):
        marked, read, domain = varied(np.random.default_rng(4), 8, spread)
        people = np.random.default_rng(5).poisson([2, 1, 0.1], (100, 3)).astype(float)
        _, low, high = estimate(
            corrected(Corrector(rates(marked, read, domain)).correct(people, read=100)).net_sentiment
        )
        widths.append(high - low)
    assert widths[0] < widths[1] < widths[2]


def category_rates() -> ErrorRates:
    """Half of the blame is missed everywhere; of `food` three quarters are, and of `rooms` too little is marked."""
    domain = np.repeat(np.arange(5), 60)
    marked, read = np.tile([4.0, 4.0, 0.0], (300, 1)), np.tile([4.0, 2.0, 0.0], (300, 1))
    text = np.arange(300.0)[:, None]
    cells = {
        "food": np.hstack([text, np.tile([2.0, 4.0, 0.0, 2.0, 1.0, 0.0], (300, 1))]),
        "service": np.hstack([text, np.tile([2.0, 1.0, 0.0, 2.0, 1.0, 0.0], (300, 1))]),
        "price": np.hstack([text[:10], np.tile([2.0, 2.0, 0.0, 2.0, 1.0, 0.0], (10, 1))]),
        "rooms": np.hstack([text[:7], np.tile([2.0, 2.0, 0.0, 2.0, 1.0, 0.0], (7, 1))]),
    }
    return rates(marked, read, domain, cells)


def test_a_category_is_corrected_by_its_own_rates_where_enough_is_marked() -> None:
    corrector, people = Corrector(category_rates()), np.tile([1.0, 1.0, 0.0], (40, 1))
    assert (corrector.marked("price"), corrector.marked("rooms"), LEAST) == (40, 28, 30)
    food = corrected(corrector.correct(people, read=100, category="food"))
    service = corrected(corrector.correct(people, read=100, category="service"))
    whole = corrected(corrector.correct(people, read=100))
    assert estimate(food.negative)[0] > 130 > estimate(whole.negative)[0] > 60 > estimate(service.negative)[0]
    assert corrector.correct(people, read=100, category="rooms") is None
    assert corrector.correct(people, read=100, category="never marked") is None
    assert food.marked == 1800


def test_a_category_of_few_marks_is_pulled_towards_all() -> None:
    """Both categories are read with one negative of three found; the one with ten marked texts keeps less of that."""
    domain = np.repeat(np.arange(5), 60)
    rng = np.random.default_rng(8)
    marked = rng.poisson([3, 3, 0.1], (300, 3)).astype(float)
    read = rng.binomial(marked.astype(int), [0.9, 0.8, 0.5]).astype(float)
    text = np.arange(300.0)[:, None]
    cells = {}
    for number, (name, size) in enumerate([("a", 300), ("b", 300), ("c", 300), ("few", 16)]):
        truth = rng.poisson([1, 1.5, 0], (size, 3)).astype(float)
        found = rng.binomial(truth.astype(int), [0.9, (0.8, 0.9, 0.35, 0.35)[number], 0.5]).astype(float)
        cells[name] = np.hstack([text[:size], truth, found])
    corrector, people = Corrector(rates(marked, read, domain, cells)), np.tile([1.0, 1.0, 0.0], (40, 1))
    many, few = (corrected(corrector.correct(people, read=90, category=name)) for name in ("c", "few"))
    own = {name: np.log(rows[:, 2].sum() / rows[:, 5].sum()) for name, rows in cells.items()}
    pulled = {name: np.log(estimate(one.negative)[0] / 40) for name, one in (("c", many), ("few", few))}
    assert own["few"] - pulled["few"] > own["c"] - pulled["c"] > -0.1
    assert (
        estimate(few.negative)[2] - estimate(few.negative)[1] > estimate(many.negative)[2] - estimate(many.negative)[1]
    )


def test_the_same_counts_in_any_order_give_the_same_interval() -> None:
    corrector = Corrector(alike(30, 9))
    people = np.random.default_rng(1).poisson([1, 1, 0.2], (40, 3)).astype(float)
    assert corrector.correct(people, read=50) == corrector.correct(people[::-1], read=50)
    assert corrector.correct(people, read=50, seed=1) != corrector.correct(people, read=50, seed=2)


def test_nothing_read_is_not_corrected_and_one_domain_says_nothing_of_another() -> None:
    assert Corrector(alike(30, 3)).correct(np.zeros((4, 3)), read=4) is None
    with pytest.raises(ValueError, match="single domain"):
        Corrector(alike(30, 1))


def test_error_rates_are_counted_from_marked_and_read_opinions() -> None:
    """Of three marked the reader finds one, turns one round, and misses one; it invents one."""
    marked = [
        Marked(None, (0, 5), "negative", "food"),
        Marked(None, (10, 15), "negative", "food"),
        Marked(None, (20, 25), "positive", "price"),
    ]
    read = [
        Marked(None, (1, 4), "negative", "food"),
        Marked(None, (10, 12), "positive", "price"),
        Marked(None, (40, 45), "neutral"),
    ]
    found = error_rates([("hotels", marked, read), ("apps", [], [])], reader="reader abc")
    assert (found.domains, found.domain.tolist()) == (("hotels", "apps"), [0, 1])
    assert found.table() == {
        "positive": {"marked": 1, "read": 1, "right": 0, "wrong_way": 0, "missed": 1, "invented": 0},
        "negative": {"marked": 2, "read": 1, "right": 1, "wrong_way": 1, "missed": 0, "invented": 0},
        "neutral": {"marked": 0, "read": 1, "right": 0, "wrong_way": 0, "missed": 0, "invented": 1},
    }
    assert found.categories["food"].tolist() == [[0, 0, 2, 0, 0, 1, 0]]
    assert found.categories["price"].tolist() == [[0, 1, 0, 0, 1, 0, 0]]


def test_error_rates_survive_their_file(tmp_path: Path) -> None:
    made = category_rates()
    assert load_error_rates(tmp_path) is None
    (tmp_path / FILE).write_text(error_rates_json(made), encoding="utf-8")
    found = load_error_rates(tmp_path)
    assert found is not None
    assert error_rates_json(found) == error_rates_json(made)
    assert found.table()["negative"] == {
        "marked": 1200, "read": 600, "right": 600, "wrong_way": 0, "missed": 600, "invented": 0,
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", "{}", '{"format": 9}', "[]"])
def test_a_file_that_is_no_error_rates_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"errors\.json"):
        load_error_rates(tmp_path)


def test_the_file_holds_counts_and_no_words(tmp_path: Path) -> None:
    kept = json.loads(error_rates_json(alike(3, 2)))
    assert kept["texts"][0] == [0, 2, 2, 0, 2, 1, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0]
    assert set(kept) == {"format", "reader", "domains", "sums", "columns", "texts", "categories"}


def test_the_example_in_the_documentation_is_true() -> None:
    path = Path(__file__).parents[1] / "docs" / "correction.md"
    result = doctest.testfile(str(path), module_relative=False, encoding="utf-8")
    assert result.attempted == 11
    assert result.failed == 0
