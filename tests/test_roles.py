"""What the columns of a table are taken for, by their cells: whose words, who, when, how many stars; and what is left.

The inputs are made up, several for each kind of table that tools export.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gistill.errors import InputError, SettingError, UnsureError
from gistill.schema import Failure, Record
from gistill.screen import screen
from gistill.tables import TableInfo, inspect_table, read_records, tell

SAID = (
    "The kettle boils fast but the lid sticks.",
    "Our guide spoke softly and knew every street.",
    "Half of the seeds never came up.",
    "The zipper tore on the second day.",
    "Check-in took forty minutes, nobody apologised.",
    "I sleep better on this pillow.",
)
SHORT = ("Sticky lid", "Lovely guide", "Poor seeds", "Torn zipper", "Slow check-in", "Good sleep")
THANKS = tuple(f"Thank you for your wonderful words, we are glad you love our place, {n}." for n in range(6))
DAYS = tuple(f"2025-05-{n:02d}" for n in range(11, 17))


class Case(NamedTuple):
    """A table by its columns, and what must be found: the roles named, and the columns read."""

    name: str
    columns: Mapping[str, Sequence[object]]
    texts: tuple[str, ...]
    roles: Mapping[str, str | None] = {}
    unread: tuple[str, ...] = ()
    ratings: tuple[str, ...] = ()


CASES = [
    Case("title and body", {"Headline": SHORT, "Review": SAID}, ("Headline", "Review")),
    Case("equal titles", {"Title": ["Nice app"] * 6, "Body": SAID}, ("Title", "Body")),
    Case(
        "pros and cons",
        {"Pros": SAID, "Cons": SHORT, "Overall": [4, 3, 2, 5, 1, 4]},
        ("Pros", "Cons"),
        {"rating": "Overall"},
    ),
    Case("liked and disliked", {"liked": SAID, "disliked": SHORT}, ("liked", "disliked")),
    Case("three fields", {"summary": SHORT, "pros": SAID, "cons": SAID[::-1]}, ("summary", "pros", "cons")),
    Case(
        "two questions of a form",
        {"Submitted": DAYS, "What did you enjoy?": SAID, "What should we change?": SHORT},
        ("What did you enjoy?", "What should we change?"),
        {"date": "Submitted", "rating": None},
    ),
    Case(
        "a question that ends in the word of another role",
        {"Town": ["Ghent", "Bruges", "Ypres", "Namur", "Liege", "Mons"], "How do you feel about our company?": SAID},
        ("How do you feel about our company?",),
        {"entity": None},
    ),
    Case(
        "a long header that ends in a date and one that ends in a product",
        {"Best thing about the product": SAID, "Overall for product": ["2/5", "3/5", "5/5", "1/5", "4/5", "4/5"]},
        ("Best thing about the product",),
        {"entity": None},
    ),
    Case("rate", {"rate": [1, 5, 3, 2, 4, 4], "review": SAID}, ("review",), {"rating": "rate"}),
    Case(
        "a developer's reply",
        {"Review Text": SAID, "Developer Reply Text": THANKS, "Developer Reply Date": DAYS, "Review Date": DAYS},
        ("Review Text",),
        {"date": "Review Date"},
        ("Developer Reply Text",),
    ),
    Case(
        "a company's response", {"comment": SAID, "Company response": THANKS}, ("comment",), {}, ("Company response",)
    ),
    Case(
        "an owner's answer",
        {"Rezension": SAID, "Antwort des Inhabers": THANKS},
        ("Rezension",),
        {},
        ("Antwort des Inhabers",),
    ),
    Case("a response beside a review", {"review": SAID, "response": THANKS}, ("review",), {}, ("response",)),
    Case("a response alone is the customer's", {"id": "abcdef", "response": SAID}, ("response",)),
    Case("staff notes", {"feedback": SAID, "Internal notes": THANKS}, ("feedback",), {}, ("Internal notes",)),
    Case(
        "product descriptions",
        {
            "review": SAID,
            "Product description": [f"A fine kettle of steel with a handle of wood, {n}" for n in range(6)],
        },
        ("review",),
        {},
        ("Product description",),
    ),
    Case(
        "an HTML twin", {"body_html": [f"<p>{text}</p>" for text in SAID], "body": SAID}, ("body",), {}, ("body_html",)
    ),
    Case(
        "a raw twin", {"subject": SHORT, "raw_subject": SHORT, "text": SAID}, ("subject", "text"), {}, ("raw_subject",)
    ),
    Case(
        "a column that joins two",
        {"title": SHORT, "content": SAID, "full": [f"{a}. {b}" for a, b in zip(SHORT, SAID, strict=True)]},
        ("title", "content"),
        {},
        ("full",),
    ),
    Case(
        "a translation",
        {"comment": [f"Très {text}" for text in SAID], "comment_en": SAID},
        ("comment",),
        {},
        ("comment_en",),
    ),
    Case("a corrected copy", {"text": [f"{t} x" for t in SAID], "text_clean": SAID}, ("text",), {}, ("text_clean",)),
    Case(
        "links are no text",
        {"note": SAID, "page": [f"https://shop.example/a-long-name-{n}" for n in range(6)]},
        ("note",),
    ),
    Case(
        "choices and lists of choices",
        {
            "What kind of guest are you?": ["Family", "Couple", "Family", "Couple", "Family", "Solo"],
            "Which services did you use? (all that apply)": [
                "Pool, Sauna",
                "Pool",
                "Sauna, Pool",
                "Pool",
                "Sauna",
                "Pool",
            ],
            "Anything else to tell us?": SAID,
        },
        ("Anything else to tell us?",),
    ),
    Case(
        "zeros and ones are classes",
        {"sentence": SAID, "label": [0, 1] * 3},
        ("sentence",),
        {"rating": None, "entity": None},
    ),
    Case(
        "labels named after places", {"comment": SAID, "Service location": [0, 1] * 3}, ("comment",), {"entity": None}
    ),
    Case("votes are no ratings", {"text": SAID, "helpful votes": [3, 1, 0, 4, 2, 5]}, ("text",), {"rating": None}),
    Case("points below zero are votes", {"body": SAID, "score": [-12, 300, 5, 8, 41, 0]}, ("body",), {"rating": None}),
    Case(
        "several ratings",
        {"review": SAID, "Rating Food": [5] * 6, "Rating Overall": [1, 2, 3, 4, 5, 1], "Rating Staff": [2] * 6},
        ("review",),
        {"rating": "Rating Overall"},
        (),
        ("Rating Food", "Rating Staff"),
    ),
    Case(
        "a question for a recommendation",
        {"How likely are you to recommend us to a friend?": [9, 10, 3, 7, 8, 2], "Any other comments?": SAID},
        ("Any other comments?",),
        {"rating": "How likely are you to recommend us to a friend?"},
    ),
    Case(
        "created before updated",
        {"updated_at": DAYS, "created_at": DAYS[::-1], "text": SAID},
        ("text",),
        {"date": "created_at"},
    ),
    Case(
        "ids before names",
        {"user_name": SHORT, "user_id": [f"u{n}" for n in range(6)], "text": SAID},
        ("text",),
        {"author": "user_id"},
    ),
    Case(
        "companies before products",
        {"Product": ["Loan", "Card"] * 3, "Company": ["North Bank", "Bank of Hill"] * 3, "Narrative": SAID},
        ("Narrative",),
        {"entity": "Company"},
    ),
    Case(
        "an entity under a foreign name", {"entité": ["Nord", "Sud"] * 3, "avis": SAID}, ("avis",), {"entity": "entité"}
    ),
    Case("a city is no entity", {"City": ["Lund", "Malmö"] * 3, "Feedback": SAID}, ("Feedback",), {"entity": None}),
    Case(
        "an agent is no author",
        {"agent_name": ["Kim", "Lee"] * 3, "agent_id": [1, 2] * 3, "text": SAID},
        ("text",),
        {"author": None},
    ),
    Case(
        "an address names a person",
        {"Email Address": [f"p{n}@example.org" for n in range(6)], "text": SAID},
        ("text",),
        {"author": "Email Address"},
    ),
    Case(
        "rounded ids name nobody",
        {"user_id": ["7.65612E+16"] * 3 + ["8.1E+16"] * 3, "review": SAID},
        ("review",),
        {"author": None},
    ),
    Case(
        "rounded ids leave the name",
        {"user_id": ["4.20001E+17"] * 6, "username": SHORT, "review": SAID},
        ("review",),
        {"author": "username"},
    ),
    Case(
        "an id that is the same everywhere", {"customer_id": ["c1"] * 6, "review": SAID}, ("review",), {"author": None}
    ),
    Case("numbers of rows are no people", {"user": [1, 2, 3, 4, 5, 6], "review": SAID}, ("review",), {"author": None}),
    Case(
        "few words that many say",
        {"user": list("abcdef"), "review": ["One star."] * 6},
        ("review",),
        {"author": "user"},
    ),
    Case(
        "the rare narrative beside the frequent answer",
        {
            "Issue": ["Fee", "Loan"] * 3,
            "Complaint narrative": [SAID[0], "", "", SAID[1], "", ""],
            "Company public response": THANKS,
        },
        ("Complaint narrative",),
        {},
        ("Company public response",),
    ),
    Case("marks of an annotator", {"aa": SAID, "bb": [f"{n},4 CARE#GENERAL 2 -1,-1 8,{n}" for n in range(6)]}, ("aa",)),
    Case("one of two is far more like prose", {"aa": SAID, "bb": ["we are open all day", *[""] * 5]}, ("aa",)),
    Case(
        "a summary longer than a title is of somebody else",
        {"text": SAID, "summary": [f"The customer said that {t.lower()} and asked what to do now" for t in SAID]},
        ("text",),
        {},
        ("summary",),
    ),
    Case(
        "comments of others",
        {"review": SAID, "comments": [[{"author": "x", "body": "hi"}]] * 6},
        ("review",),
        {},
        ("comments",),
    ),
    Case("a list is not the text", {"tags": [["a", "b"]] * 6, "description": SAID}, ("description",)),
    Case(
        "a shop's comment beside the review",
        {"Review Title": SHORT, "Review Content": SAID, "Comment Content": THANKS, "Comment Public": ["yes"] * 6},
        ("Review Title", "Review Content"),
        unread=("Comment Content",),
    ),
    Case(
        "scores of single things beside the whole",
        {
            "Guest name": SHORT,
            "Review score": [7, 2, 10, 8, 6, 9],
            "Location": [10, 7.5, 10, 10, 5, 10],
            "Value for money": [6, 2.5, 10, 7.5, 5, 10],
            "Positive review": SAID,
            "Negative review": SAID[::-1],
        },
        ("Positive review", "Negative review"),
        {"author": "Guest name", "rating": "Review score", "entity": None},
        ratings=("Location", "Value for money"),
    ),
    Case(
        "a score of a thing without a rating of the whole",
        {"Location": ["Leer", "Emden"] * 3, "Comment": SAID},
        ("Comment",),
        {"rating": None},
    ),
    Case(
        "a contact is a person and a ticket's name its title",
        {
            "Ticket name": SHORT,
            "Ticket description": SAID,
            "Ticket owner": ["Kim"] * 6,
            "Associated Contact": ["Ina", "Bo", "Cy", "Di", "Ed", "Fay"],
        },
        ("Ticket name", "Ticket description"),
        {"author": "Associated Contact"},
    ),
    Case(
        "a path is nobody and no text",
        {
            "reviewer": ["Ina", "Bo", "Cy", "Di", "Ed", "Fay"],
            "name": [f"places/7/reviews/{n}" for n in range(6)],
            "comment": SAID,
        },
        ("comment",),
        {"author": "reviewer"},
    ),
    Case(
        "seconds since 1970 with their fraction",
        {"ts": [f"17672256{n}0.000200" for n in range(6)], "user": SHORT, "text": SAID},
        ("text",),
        {"date": "ts"},
    ),
]


def table(folder: Path, columns: Mapping[str, Sequence[object]]) -> Path:
    """Write columns as JSON lines where cells are lists, else as CSV."""
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    if any(isinstance(cell, list) for row in rows for cell in row.values()):
        path = folder / "table.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        return path
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns))
    writer.writeheader()
    writer.writerows(rows)
    path = folder / "table.csv"
    path.write_text(text.getvalue(), "utf-8")
    return path


def read(path: Path, **settings: Any) -> list[Record]:
    return [item for item in read_records(path, **settings) if isinstance(item, Record)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_columns_are_taken_for_what_their_cells_are(tmp_path: Path, case: Case) -> None:
    info = inspect_table(table(tmp_path, case.columns))
    assert info.texts == case.texts
    assert {role: info.columns.get(role) for role in case.roles} == dict(case.roles)
    assert tuple(info.unread) == case.unread
    assert info.ratings == case.ratings


def test_the_order_of_rows_does_not_change_the_roles(tmp_path: Path) -> None:
    for case in CASES:
        turned = {name: list(cells)[::-1] for name, cells in case.columns.items()}
        if case.name == "numbers of rows are no people":
            continue  # turned, they count no rows
        assert inspect_table(table(tmp_path, turned)).texts == case.texts, case.name


def test_two_columns_of_which_nothing_says_whose_they_are_are_asked_for(tmp_path: Path) -> None:
    path = table(tmp_path, {"aa": SAID, "bb": SAID[::-1]})
    with pytest.raises(UnsureError, match="'aa', 'bb'") as caught:
        inspect_table(path)
    assert "--text-column" in caught.value.hint
    assert caught.value.columns == ("aa", "bb")
    assert inspect_table(path, columns={"text": ["bb"]}).texts == ("bb",)


def test_each_text_column_that_is_named_is_a_part(tmp_path: Path) -> None:
    path = table(tmp_path, {"Title": SHORT, "Other": SAID, "Review": SAID[::-1]})
    record = read(path, columns={"text": ["Review", "title"]})[0]
    assert [(part.column, record.text[part.start : part.end]) for part in record.parts] == [
        ("Title", SHORT[0]),
        ("Review", SAID[-1]),
    ]


@pytest.mark.parametrize(
    ("role", "column", "why"),
    [
        ("date", "Rating", "its cells are no dates"),
        ("rating", "Review", "its cells are no ratings"),
        ("language", "Review", "its cells are no languages"),
        ("text", "Rating", "its cells are no texts"),
        ("text", "When", "its cells are no texts"),
        ("author", "When", "its cells are dates"),
        ("author", "Rounded", "rounded by a spreadsheet"),
    ],
)
def test_a_named_column_that_does_not_fit_its_role_is_refused(tmp_path: Path, role: str, column: str, why: str) -> None:
    rounded = ["7.65612E+16"] * 6
    path = table(tmp_path, {"Rating": [5, 4, 1, 2, 3, 5], "Review": SAID, "When": DAYS, "Rounded": rounded})
    with pytest.raises(SettingError, match=why) as caught:
        inspect_table(path, columns={role: column})
    assert caught.value.exit_code == 2


def test_ids_that_name_nobody_are_said(tmp_path: Path) -> None:
    path = table(tmp_path, {"user_id": ["7.65612E+16"] * 6, "review": SAID})
    assert "column 'user_id' holds numbers that a spreadsheet rounded" in inspect_table(path).notes[0]
    assert {record.author for record in read(path)} == {None}


# columns -> the line that is said, and the people that are counted
IDS: list[tuple[dict[str, Sequence[object]], str, int]] = [
    ({"steam_id": ["7.65612E+16"] * 6}, "column 'steam_id' holds numbers that a spreadsheet rounded, so people", 0),
    ({"post_id": ["7.65612E+16"] * 6}, "column 'post_id' holds numbers that a spreadsheet rounded, so neither", 0),
    ({"Order ID": ["4.50021E+15"] * 6, "user": SHORT}, "column 'Order ID' holds numbers that a spreadsheet rounded", 6),
    (
        {"author_id": ["7.65612E+16", "7.65613E+16"] * 3},
        "column 'author_id' holds numbers that a spreadsheet rounded, so people are not counted by it",
        0,
    ),
    (
        {"author_id": ["7.65612E+16", "u2", "u3", "u4", "u5", "u6"]},
        "numbers in column 'author_id' that a spreadsheet",
        5,
    ),
    ({"userName": ["A Google user"] * 6}, "column 'userName' names nobody ('A Google user'), so people are not", 0),
    ({"Reviewer": ["Anonymous", "Guest"] * 3}, "column 'Reviewer' names nobody ('Anonymous'), so people are not", 0),
    ({"user": ["shop42"] * 6}, "column 'user' is the same in every row, so people are not counted by it", 0),
    (
        {"user_id": ["1", "2", "3", "4", "5", "6"]},
        "column 'user_id' only numbers the rows, so people are not counted",
        0,
    ),
    ({"id": ["EXPORT-7"] * 6}, "column 'id' is the same in every row, so ids are made from the records", 0),
]


@pytest.mark.parametrize(("columns", "line", "people"), IDS)
def test_ids_that_tell_nobody_apart_get_a_line_and_are_not_counted(
    tmp_path: Path, columns: dict[str, Sequence[object]], line: str, people: int
) -> None:
    path = table(tmp_path, {**columns, "review": SAID})
    (note,) = inspect_table(path).notes
    assert note.startswith(line)
    records = read(path)
    assert len({record.author for record in records if record.author}) == people
    assert len({record.id for record in records}) == 6


def test_ids_that_tell_people_apart_get_no_line(tmp_path: Path) -> None:
    path = table(tmp_path, {"user_id": ["a", "b", "a", "c", "d", "e"], "agent_id": ["x"] * 6, "review": SAID})
    assert inspect_table(path).notes == ()


def test_the_question_in_a_cell_is_the_part_s_and_gives_its_side(tmp_path: Path) -> None:
    questions = ["What was good?", "What could we do better?"] * 3
    path = table(tmp_path, {"Ward": ["A", "B"] * 3, "question": questions, "answer": SAID})
    records = read(path)
    assert [(part.question, part.side) for record in records for part in record.parts] == [
        ("What was good?", "positive"),
        ("What could we do better?", "negative"),
    ] * 3


def test_each_column_gives_its_side_and_names_the_question(tmp_path: Path) -> None:
    record = read(table(tmp_path, {"Pros": SAID, "Cons": SHORT, "comment": SAID[::-1]}))[0]
    assert [(part.column, part.question, part.side) for part in record.parts] == [
        ("Pros", "Pros", "positive"),
        ("Cons", "Cons", "negative"),
        ("comment", None, None),
    ]


def test_one_text_column_makes_no_parts(tmp_path: Path) -> None:
    assert {record.parts for record in read(table(tmp_path, {"review": SAID, "user": list("abcdef")}))} == {()}


def test_answers_that_say_nothing_are_left_out_or_set_apart(tmp_path: Path) -> None:
    liked, disliked = [*SAID[:3], "Everything", "-", ""], [*SHORT[:2], "none", "N/A", "no", ""]
    path = table(tmp_path, {"id": list("abcdef"), "liked": liked, "disliked": disliked})
    kept = list(screen(read_records(path)))
    texts = [item.text if isinstance(item, Record) else item.kind for item in kept]
    assert texts == [f"{SAID[0]}\n\n{SHORT[0]}", f"{SAID[1]}\n\n{SHORT[1]}", SAID[2], "Everything", "filler", "empty"]


def test_deleted_posts_are_set_apart_by_name(tmp_path: Path) -> None:
    path = table(tmp_path, {"body": [*SAID[:2], "[deleted]", "[removed]"]})
    assert [item.kind for item in screen(read_records(path)) if isinstance(item, Failure)] == ["deleted", "deleted"]


@pytest.mark.parametrize(
    ("columns", "dates"),
    [
        ({"Year": [2024, 2024, 2025], "Month": [1, 12, 3]}, ["2024-01", "2024-12", "2025-03"]),
        ({"review_month": ["January", "Dec", "March"], "review_year": [2024] * 3}, ["2024-01", "2024-12", "2024-03"]),
        ({"Jahr": [2024] * 3, "Monat": ["Januar", "März", "Mai"]}, ["2024-01", "2024-03", "2024-05"]),
        ({"year": [2024] * 3, "month": [1, 2, 3], "day": [9, 29, 31]}, ["2024-01-09", "2024-02-29", "2024-03-31"]),
        ({"year": [2024, "", 2024], "month": [1, 2, ""]}, ["2024-01"]),
        ({"year": [2024] * 3, "month": [1, 2, 3], "day": ["Mon", "Tue", "Wed"]}, ["2024-01", "2024-02", "2024-03"]),
        ({"birth_year": [1980] * 3, "birth_month": [1, 2, 3]}, []),  # of the person, not of the review
        ({"year": [1, 2, 3], "month": [1, 2, 3]}, []),  # how long somebody has been a customer
        ({"car year": [2019] * 3, "month": [1, 2, 3]}, []),  # they do not belong together
        ({"year": [2019] * 3, "month": [1, 2, 3], "date": ["2025-02-03"] * 3}, ["2025-02-03"] * 3),
    ],
)
def test_a_year_and_a_month_make_a_date_where_no_column_is_one(
    columns: dict[str, list[object]], dates: list[str], tmp_path: Path
) -> None:
    path = table(tmp_path, {**columns, "review": SAID[:3]})
    length = {"day": 10, "month": 7, "year": 4}
    assert [str(record.date)[: length[record.date_unit]] for record in read(path) if record.date] == dates
    told = [note for note in inspect_table(path).notes if note.startswith("the date is read from columns")]
    assert len(told) == (bool(dates) and "date" not in columns)


def test_no_other_column_is_the_text_because_the_texts_are_empty(tmp_path: Path) -> None:
    columns = {"comment": [""] * 6, "language": ["es"] * 6, "shop": ["Garden Centre North"] * 6, "user": SHORT}
    path = table(tmp_path, columns)
    assert inspect_table(path).texts == ("comment",)
    assert [record.text for record in read(path)] == [""] * 6


@pytest.mark.parametrize("name", ["When", "when?", "Posted", "Wann", "Quand", "col 3", "time ago"])
def test_relative_dates_are_found_whatever_their_column_is_called(tmp_path: Path, name: str) -> None:
    said = ["2 weeks ago", "yesterday", "3 months ago", "a year ago", "5 days ago", "2025-01-02"]
    path = table(tmp_path, {"review": SAID, name: said})
    info = inspect_table(path)
    assert (info.columns["date"], info.texts) == (name, ("review",))
    assert info.notes == ("5 dates are relative, such as '2 weeks ago', and left empty; --as-of DATE reads them",)
    assert all(record.date for record in read(path, as_of=dt.date(2025, 3, 20)))


def test_relative_dates_need_the_day_and_are_counted(tmp_path: Path) -> None:
    said = ["2 weeks ago", "yesterday", "3 months ago", "a year ago", "2025-01-02", "il y a 3 jours"]
    path = table(tmp_path, {"date": said, "review": SAID})
    assert [record.date for record in read(path)] == [None, None, None, None, dt.date(2025, 1, 2), None]
    note = inspect_table(path).notes[-1]
    assert note == "5 dates are relative, such as '2 weeks ago', and left empty; --as-of DATE reads them"
    found = read(path, as_of=dt.date(2025, 3, 20))
    assert [(record.date.isoformat(), record.date_unit) for record in found if record.date] == [
        ("2025-03-06", "day"), ("2025-03-19", "day"), ("2024-12-01", "month"), ("2024-01-01", "year"),
        ("2025-01-02", "day"), ("2025-03-17", "day"),
    ]  # fmt: skip


def test_a_month_without_a_day_is_its_first_and_says_so(tmp_path: Path) -> None:
    path = table(
        tmp_path, {"date": ["May 2025", "2025-06", "07/2025", "Aug-25", "2025年9月", "1 Oct 2025"], "review": SAID}
    )
    assert [(record.date.month, record.date_unit) for record in read(path) if record.date] == [
        *((month, "month") for month in range(5, 10)),
        (10, "day"),
    ]


@pytest.mark.parametrize(
    ("cells", "texts", "first"),
    [
        (["02/05/2025"] * 6, SAID, dt.date(2025, 2, 5)),  # English: the month first
        (["02/05/2025"] * 6, ["Der Deckel klemmt und das Wasser schmeckt nach Metall."] * 6, dt.date(2025, 5, 2)),
        (["02/05/2025 09:00 PM"] * 6, ["Le couvercle coince et on ne peut pas le nettoyer."] * 6, dt.date(2025, 2, 5)),
        (["02/05/2025", *["13/05/2025"] * 5], SAID, dt.date(2025, 5, 2)),
    ],
)
def test_day_and_month_are_told_by_values_clock_or_language(
    tmp_path: Path, cells: list[str], texts: Sequence[str], first: dt.date
) -> None:
    assert read(table(tmp_path, {"date": cells, "review": texts}))[0].date == first


def test_what_is_read_and_what_is_not_is_said_in_two_lines(tmp_path: Path) -> None:
    path = table(
        tmp_path, {"Pros": SAID, "Cons": SHORT, "Owner reply": THANKS, "Device": ["a", "b"] * 3, "Stars": [1] * 6}
    )
    first, second = tell(inspect_table(path), path=False)
    assert first == "Reading table.csv (csv, utf-8): text = 'Pros' + 'Cons', rating = 'Stars'."
    assert second == "Not read: 'Owner reply' (a reply to the customer); for --by: 'Device'."


def test_columns_to_count_by_are_kept_and_must_exist(tmp_path: Path) -> None:
    path = table(tmp_path, {"review": SAID, "Stars": [1, 2, 3, 4, 5, 5], "App Version": ["1.0", "1.1"] * 3})
    records = read_records(path, by=["app version", "Stars"])
    assert records.info.by == ("App Version", "Stars")
    first = next(records)
    assert isinstance(first, Record)
    assert first.meta == {"App Version": "1.0", "Stars": "1"}
    with pytest.raises(SettingError, match="'Devise' to be the column to count by"):
        read_records(path, by=["Devise"])


def test_nothing_but_numbers_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no column looks like text"):
        inspect_table(table(tmp_path, {"a": [1, 2, 3], "b": [0.5, 0.7, 9.5]}))


def test_a_thousand_columns_take_no_time(tmp_path: Path) -> None:
    wide: dict[str, Sequence[object]] = {f"Q{n}": [n % 7] * 6 for n in range(1_000)}
    info: TableInfo = inspect_table(table(tmp_path, {**wide, "comment": SAID}))
    assert info.texts == ("comment",)
