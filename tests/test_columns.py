"""Columns are guessed from names in many languages and from what they hold, and cells are read as people write them."""

from __future__ import annotations

import datetime as dt

import pytest

from gistill.errors import InputError, SettingError
from gistill.tables.columns import choose_columns
from gistill.tables.dates import find_day_order, parse_date
from gistill.tables.values import (
    cell_text,
    parse_language,
    parse_name,
    parse_rating,
)

TEXTS = [
    "The screen broke after a week of use",
    "I like how light it is in the hand",
    "Battery lasts two full days here",
]


def choose(columns: dict[str, list[object]], *, named: bool = True, **overrides: str) -> dict[str, str]:
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    return choose_columns(list(columns), rows, overrides, file="f.csv", named=named).columns


@pytest.mark.parametrize(
    "header",
    [
        ("review_id", "Review Text", "Star Rating", "Review Date", "product_title", "customer_id", "language"),
        ("id", "reviewText", "overall", "reviewTime", "asin", "reviewerID", "lang"),
        ("Nummer", "Kommentar", "Bewertung", "Datum", "Produkt", "Kunde", "Sprache"),
        ("identifiant", "Commentaire", "Note", "Date", "Produit", "Auteur", "Langue"),
        ("id", "Reseña", "Calificación", "Fecha", "Producto", "Usuario", "Idioma"),
        ("编号", "评论内容", "评分", "评论时间", "商品", "用户名", "语言"),
        ("番号", "レビュー", "評価", "投稿日", "商品名", "投稿者", "言語"),
        ("번호", "리뷰", "평점", "작성일", "상품명", "작성자", "언어"),
        ("id", "отзыв", "оценка", "дата", "товар", "автор", "язык"),
    ],
)
def test_names_are_known_in_many_languages(header: tuple[str, ...]) -> None:
    cells = [
        ["r1", "r2", "r3"],
        TEXTS,
        ["5", "4", "1"],
        ["2024-01-05", "2024-01-06", "2024-01-07"],
        ["Phone", "Phone", "Case"],
        ["u1", "u2", "u1"],
        ["en", "en", "en"],
    ]
    roles = ("id", "text", "rating", "date", "entity", "author", "language")
    assert choose(dict(zip(header, cells, strict=True))) == dict(zip(roles, header, strict=True))


def test_a_name_alone_does_not_make_a_role() -> None:
    """ "Bewertung" is a review in one export and a number in the next; an id that repeats is no id."""
    columns = choose({"id": ["p", "p", "q"], "Bewertung": list(TEXTS), "Sterne": ["5", "4", "1"]})
    assert columns == {"text": "Bewertung", "rating": "Sterne"}


def test_the_text_is_found_by_what_it_holds() -> None:
    columns = choose({"a": ["x1", "x2", "x3"], "b": list(TEXTS), "c": ["12.5", "99.0", "3.1"]})
    assert columns == {"text": "b"}


def test_links_are_no_text_and_a_version_is_no_product() -> None:
    links = [f"https://a.example/some-long-name-of-a-picture/{n}/and-more-words.png" for n in range(3)]
    columns = choose({"content": list(TEXTS), "link": links, "appVersion": ["1.2.3", "1.2.3", "1.2.4"]})
    assert columns == {"text": "content"}


def test_all_texts_of_a_row_are_read_and_the_longest_with_a_text_name_comes_first() -> None:
    rows = [{"comment": "fine", "review": text, "pros": f"Also {text.split()[-1]} things"} for text in TEXTS]
    guess = choose_columns(["comment", "review", "pros"], rows, {}, file="f.csv")
    assert guess.columns["text"] == "review"
    assert guess.texts == ("comment", "review", "pros")


def test_without_a_header_ratings_and_dates_show_themselves() -> None:
    cells = {"column 1": ["5", "4", "1"], "column 2": list(TEXTS), "column 3": ["1/2/24", "3/4/24", "5/6/24"]}
    assert choose(cells, named=False) == {"text": "column 2", "rating": "column 1", "date": "column 3"}


def test_a_conversation_is_found_and_outranks_text() -> None:
    messages = [[{"role": "user", "content": text}] for text in TEXTS]
    assert choose({"messages": messages, "text": list(TEXTS)}) == {"messages": "messages"}
    assert choose({"blob": messages}) == {"messages": "blob"}
    assert choose({"messages": messages, "text": list(TEXTS)}, text="text") == {"text": "text"}


def test_overrides_win_by_name_case_or_place_and_may_be_none() -> None:
    cells = {"Review": list(TEXTS), "Other Text": list(TEXTS), "user": ["a", "b", "c"]}
    assert choose(cells, text="Other Text")["text"] == "Other Text"
    assert choose(cells, text="other_text")["text"] == "Other Text"
    assert choose(cells, text="2")["text"] == "Other Text"
    assert "author" not in choose(cells, author="")


def test_a_missing_column_is_named_with_the_nearest() -> None:
    with pytest.raises(SettingError, match=r"no column 'reveiw'.*Review, user") as caught:
        choose({"Review": list(TEXTS), "user": ["a", "b", "c"]}, text="reveiw")
    assert caught.value.hint == "Did you mean 'Review'?"
    with pytest.raises(SettingError, match="not a role"):
        choose({"Review": list(TEXTS)}, stars="Review")


def test_no_text_at_all_is_one_sentence() -> None:
    with pytest.raises(InputError, match="no column looks like text; the columns are: a, b"):
        choose({"a": ["1", "2"], "b": ["2024-01-01", "2024-01-02"]})


@pytest.mark.parametrize(
    ("cell", "rating"),
    [
        (4, 4.0), ("4", 4.0), ("4,5", 4.5), ("4.5", 4.5), ("4/5", 4.0), ("8 / 10", 8.0), ("4 stars", 4.0),
        ("1 star", 1.0), ("4.0 out of 5 stars", 4.0), ("4 von 5 Sternen", 4.0), ("4,0 sur 5 étoiles", 4.0),
        ("★★★★", 4.0),        ("★★★★☆", 4.0),
        ("⭐️⭐️⭐️", 3.0), ("★★★½", 3.5), ("80%", 80.0), ("4星", 4.0), ("５", 5.0), (" 3 ", 3.0),
        ("-1", -1.0), ("3½", 3.5),
        ("", None), ("n/a", None), ("good", None), (True, None), (None, None), ("2024", None), ("1,234", None),
        ("1e9", None), ("inf", None), (float("nan"), None), ("☆☆☆", None), ("12-05", None),
    ],
)  # fmt: skip
def test_ratings_as_people_write_them(cell: object, rating: float | None) -> None:
    assert parse_rating(cell) == rating


@pytest.mark.parametrize(
    "cell",
    [
        "2024-03-14", "2024/3/14", "20240314", "2024-03-14T23:59:59Z", "2024-03-14 10:00:00+02:00", "3/14/2024",
        "3/14/24", "14/3/2024", "14.03.2024", "14.3.24", "14-03-2024 08:15", "March 14, 2024", "14 March 2024",
        "14th Mar 2024", "Thu Mar 14 22:19:45 PDT 2024", "Thu Mar 14 20:19:24 +0000 2024",
               "Mar 14 2024",
        "14. März 2024", "14 mars 2024", "14 de marzo de 2024", "2024年3月14日", "03 14, 2024",
        "Reviewed in the United States on March 14, 2024", 1710374400, "1710374400", 1710374400000, 1710374400.0,
        dt.date(2024, 3, 14), dt.datetime(2024, 3, 14, 12, tzinfo=dt.UTC),
    ],
)  # fmt: skip
def test_dates_as_people_write_them(cell: object) -> None:
    assert parse_date(cell) == dt.date(2024, 3, 14)


@pytest.mark.parametrize(
    "cell",
    ["", None, "soon", "31/31/2024", "2024-13-45", "202403", "5", "0001-01-01", "9999-12-31", "version 1.2.3", True],
)
def test_what_is_no_date_is_none(cell: object) -> None:
    assert parse_date(cell) is None


def test_the_order_of_day_and_month_is_decided_by_the_column() -> None:
    assert find_day_order(["03/04/2024", "25/04/2024"]) == (True, False)
    assert find_day_order(["03/04/2024", "04/25/2024"]) == (False, False)
    assert find_day_order(["03/04/2024", "03.04.2024"]) == (None, False)
    assert find_day_order(["25/04/2024", "04/25/2024", "26/04/2024"]) == (True, True)
    assert parse_date("03/04/2024", day_first=True) == dt.date(2024, 4, 3)
    assert parse_date("03/04/2024") == dt.date(2024, 3, 4)
    assert parse_date("03.04.2024") == dt.date(2024, 4, 3)


def test_languages_become_codes() -> None:
    cells = ["en", "EN-us", "pt_BR", "deu", "Français", "English (US)", "中文", "", "Klingon", None]
    assert [parse_language(cell) for cell in cells] == ["en", "en", "pt", "de", "fr", "en", "zh", None, None, None]


def test_nobody_is_not_one_person() -> None:
    for cell in (
        "Anonymous",
        "A Google user",
        " Amazon Customer ",
        "",
        None,
        "N/A",
        "[deleted]",
        float("nan"),
        "匿名用户",
    ):
        assert parse_name(cell) is None
    assert parse_name(5.0) == "5"
    assert parse_name(" Ann ") == "Ann"


def test_typed_cells_become_plain_text() -> None:
    cells = [5.0, 5.5, True, None, dt.datetime(2024, 3, 1), dt.datetime(2024, 3, 1, 8), b"a\xff", [1], 1e300]  # noqa: DTZ001
    assert [cell_text(cell) for cell in cells] == [
        "5", "5.5", "true", "", "2024-03-01", "2024-03-01T08:00:00", "a\ufffd", "[1]", "1e+300",
    ]  # fmt: skip
