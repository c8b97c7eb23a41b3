"""JSON in the layouts that people export: where the records are, and what belongs to each."""

import json
from pathlib import Path

import pytest

from gistill.errors import InputError, SettingError
from gistill.schema import Failure
from gistill.tables.shapes.formats import open_sheet
from gistill.tables.shapes.nested import find_records, read_path, write_path
from gistill.tables.shapes.sheets import Layout, Row, Sheet

A, B, C = "The kettle leaks from the lid.", "Boils fast and stays quiet.", "Handle too hot to hold."


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def sheet(folder: Path, content: object, name: str = "r.json", **how: str | None) -> Sheet:
    text = content if isinstance(content, str | bytes) else json.dumps(content)
    layout: Layout = {**how}  # type: ignore[typeddict-item]
    return open_sheet(put(folder, name, text), **layout)


def cells(opened: Sheet) -> list[dict[str, object]]:
    rows = list(opened.rows)
    assert all(isinstance(row, Row) for row in rows), rows
    return [dict(row.cells) for row in rows if isinstance(row, Row)]


def column(opened: Sheet, name: str) -> list[object]:
    return [row.get(name) for row in cells(opened)]


REVIEWS = [{"text": A, "stars": 1}, {"text": B, "stars": 5}]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    ("document", "name", "expected"),
    [
        ({"data": REVIEWS}, "text", [A, B]),
        ({"status": "ok", "page": 1, "result": {"total": 2, "items": REVIEWS}}, "text", [A, B]),
        ({"response": {"docs": [{"d": {"the": {"body": A}}}, {"d": {"the": {"body": B}}}]}}, "d.the.body", [A, B]),
        ({"products": [{"sku": "K1", "name": "Kettle"}], "feedback": REVIEWS}, "text", [A, B]),
        ([{"text": A}, {"text": B}], "text", [A, B]),
        ([A, B, C], "text", [A, B, C]),
        ({"comments": [A, B]}, "comments", [A, B]),
        ({"review": A, "stars": 2}, "review", [A]),
        ({"body": {"0": A, "1": B}, "stars": {"0": 1, "1": 5}}, "body", [A, B]),
        ({"0": {"body": A}, "1": {"body": B}}, "body", [A, B]),
        ({"body": [A, B], "stars": [1, 5]}, "body", [A, B]),
        ({"columns": ["stars", "body"], "index": [7, 9], "data": [[1, A], [5, B]]}, "body", [A, B]),
        ({"schema": {"fields": [{"name": "body"}]}, "data": [{"body": A}, {"body": B}]}, "body", [A, B]),
        ({"n": 2, "fields": [{"name": "body"}, {"name": "stars"}], "rows": [[A, 1], [B, 5]]}, "body", [A, B]),
        ([["body", "stars"], [A, 1], [B, 5]], "body", [A, B]),
        ({"r81": {"body": A, "stars": 1}, "r82": {"body": B, "stars": 5}}, "body", [A, B]),
        ({"feed": {"id": {"label": "S"}, "entry": [{"is": {"label": A}}, {"is": {"label": B}}]}}, "is", [A, B]),
    ],
)  # fmt: skip
def test_the_records_are_found_wherever_they_stand(
    tmp_path: Path, document: object, name: str, expected: list[str], indent: int | None
) -> None:
    assert column(sheet(tmp_path, json.dumps(document, indent=indent)), name) == expected


def test_what_stands_around_nested_reviews_belongs_to_each(tmp_path: Path) -> None:
    shops = [
        {"shop": "Quay", "about": "A small shop on the old quay.", "address": {"city": "Leer"}, "reviews": REVIEWS},
        {"shop": "Mill", "about": "Coffee in the mill.", "address": {"city": "Aurich"}, "reviews": [{"text": C}]},
    ]
    found = cells(sheet(tmp_path, shops))
    assert [(row["shop"], row["address.city"], row["text"], row.get("stars")) for row in found] == [
        ("Quay", "Leer", A, 1),
        ("Quay", "Leer", B, 5),
        ("Mill", "Aurich", C, None),
    ]


def test_an_outer_name_never_hides_an_inner_one(tmp_path: Path) -> None:
    found = cells(sheet(tmp_path, [{"id": 3, "name": "Kettle", "reviews": [{"id": 8, "name": "Mo", "text": A}]}]))
    assert found == [{"id": 8, "name": "Mo", "text": A, "outer.id": 3, "outer.name": "Kettle"}]


def test_of_the_document_around_the_records_only_what_is_judged_stays(tmp_path: Path) -> None:
    found = cells(sheet(tmp_path, {"hotel": "Canal House", "kind": "list", "total": 2, "reviews": REVIEWS}))
    assert found[0] == {"text": A, "stars": 1, "hotel": "Canal House"}


def test_the_key_above_a_list_is_the_entity_and_that_of_an_object_its_key(tmp_path: Path) -> None:
    by_product = cells(sheet(tmp_path, {"Kettle": [{"text": A}], "Toaster": [{"text": B}, {"text": C}]}))
    assert [(row["entity"], row["text"]) for row in by_product] == [("Kettle", A), ("Toaster", B), ("Toaster", C)]
    by_day = cells(sheet(tmp_path, {"2024-05-01": [{"text": A}], "2024-05-02": [{"text": B}]}))
    assert [row["date"] for row in by_day] == ["2024-05-01", "2024-05-02"]
    by_id = cells(sheet(tmp_path, {"x7": {"text": A, "n": 1}, "x9": {"text": B, "n": 2}}))
    assert [row["key"] for row in by_id] == ["x7", "x9"]


def test_answers_become_columns_by_their_questions(tmp_path: Path) -> None:
    one_key = [{"score": 2, "parts": [{"What pleased you?": A}, {"What annoyed you?": B}]}]
    assert cells(sheet(tmp_path, one_key)) == [{"score": 2, "What pleased you?": A, "What annoyed you?": B}]
    pairs = [{"id": 1, "answers": [{"question": "What pleased you?", "answer": A}, {"question": "Age", "answer": 30}]}]
    assert cells(sheet(tmp_path, pairs)) == [{"id": 1, "What pleased you?": A, "Age": 30}]
    form = [
        {"token": "t", "answers": [{"field": {"id": "f1", "title": "What pleased you?"}, "type": "text", "text": A},
                                   {"field": {"id": "f2", "title": "Recommend?"}, "type": "number", "number": 8}]}
    ]  # fmt: skip
    assert cells(sheet(tmp_path, form)) == [{"token": "t", "What pleased you?": A, "Recommend?": 8}]


def test_lists_inside_a_record_stay_cells(tmp_path: Path) -> None:
    tickets = [
        {
            "id": 1,
            "description": A,
            "comments": [{"author_id": 4, "body": "We are sorry to hear that."}],
            "tags": ["x"],
        },
        {"id": 2, "description": B, "comments": [], "tags": []},
    ]
    found = cells(sheet(tmp_path, tickets))
    assert [row["comments"] for row in found] == [tickets[0]["comments"], []]
    assert [row["tags"] for row in found] == [["x"], []]
    talk = {"id": 5, "messages": [{"role": "guest", "content": A}, {"role": "host", "content": "Sorry about that."}]}
    assert cells(sheet(tmp_path, talk)) == [talk]
    assert len(cells(sheet(tmp_path, [talk, {**talk, "id": 6}]))) == 2
    assert len(cells(sheet(tmp_path, {"conversations": [talk, {**talk, "id": 6}]}))) == 2


def test_a_help_desks_conversation_is_its_messages(tmp_path: Path) -> None:
    parts = [
        {"kind": "assigned", "body": None, "author": {"type": "bot"}},
        {"kind": "comment", "body": "<p>We are <b>sorry</b>.</p>", "author": {"type": "admin", "name": "Bo"}},
        {"kind": "comment", "body": f"<p>{B}</p>", "author": {"type": "user", "id": "u1"}},
    ]
    one = {
        "id": "c1",
        "first": {"body": f"<p>{A}</p>", "author": {"type": "user", "id": "u1"}},
        "log": {"parts": parts},
    }
    found = cells(sheet(tmp_path, {"kind": "list", "conversations": [one, {**one, "id": "c2"}]}))
    assert [row["id"] for row in found] == ["c1", "c2"]
    assert found[0]["messages"] == [
        {"role": "user", "content": A}, {"role": "admin", "content": "We are sorry."}, {"role": "user", "content": B}
    ]  # fmt: skip
    assert found[0]["first.author.id"] == "u1"
    assert "first.body" not in found[0]


@pytest.mark.parametrize(
    "content",
    [
        '{"text": "%s"},\n{"text": "%s"},\n',
        "{'text': '%s'}\n{'text': '%s'}\n",
        '\n\n{"text": "%s"}\n\n\n{"text": "%s"}\n',
        '[{"text": "%s"},\n {"text": "%s"},]\n',
        '[{"text": "%s"}]\n[{"text": "%s"}]\n',
        '{\n"text": "%s"\n}\n{\n"text": "%s"\n}\n',
        'window.reviews = [{"text": "%s"}, {"text": "%s"}];\n',
        'loaded([{"text": "%s"}, {"text": "%s"}])',
        "[{'text': '%s', 'ok': True}, {'text': '%s', 'ok': None}]",
        '"%s"\n"%s"\n',
    ],
)
@pytest.mark.parametrize("name", ["r.jsonl", "r.json", "r.txt"])
def test_json_written_carelessly_is_read(tmp_path: Path, content: str, name: str) -> None:
    if content.startswith('"') and name != "r.jsonl":
        pytest.skip("lines in quotation marks are JSON only under its name")
    assert column(sheet(tmp_path, content % (A, B), name), "text") == [A, B]


def test_numbers_that_are_none_are_nothing(tmp_path: Path) -> None:
    found = cells(sheet(tmp_path, f'{{"text": "{A}", "stars": NaN}}\n{{"text": NaN, "stars": Infinity}}\n', "r.jsonl"))
    assert found == [{"text": A, "stars": None}, {"text": None, "stars": None}]


def test_a_path_overrules_what_was_found(tmp_path: Path) -> None:
    document = {"reviews": REVIEWS, "shop": {"notes": [{"text": C}]}, "by year": {"2024": [{"text": B}]}}
    assert column(sheet(tmp_path, document), "text") == [A, B]
    assert column(sheet(tmp_path, document, records="shop.notes"), "text") == [C]
    assert column(sheet(tmp_path, document, records="$.shop.notes[*]"), "text") == [C]
    assert column(sheet(tmp_path, document, records='["by year"].*'), "text") == [B]
    nested = [{"product": "Kettle", "reviews": REVIEWS}]
    assert column(sheet(tmp_path, nested, records="reviews"), "product") == ["Kettle", "Kettle"]
    assert len(cells(sheet(tmp_path, nested, records="[*]"))) == 1
    with pytest.raises(InputError, match=r"has nothing at 'revues'") as caught:
        sheet(tmp_path, document, records="revues")
    assert caught.value.hint == "It has these lists: reviews, shop.notes, by year.2024."
    with pytest.raises(SettingError, match="is not a path"):
        sheet(tmp_path, document, records="a[[")


def test_a_list_that_is_not_read_is_named(tmp_path: Path) -> None:
    opened = sheet(tmp_path, {"reviews": REVIEWS, "staff": [{"name": "Jo", "since": 2019}]})
    assert opened.notes == ("the records are the list reviews; not read: staff (--records PATH reads another)",)
    assert len(cells(opened)) == 2
    plain = sheet(tmp_path, REVIEWS)
    assert (plain.notes, len(cells(plain))) == ((), 2)


@pytest.mark.parametrize("path", ["a", "feed.entry", "a[*].b", '["x.y"].z', "a.*.b"])
def test_paths_are_written_as_they_are_read(path: str) -> None:
    assert write_path(read_path(path)) == path


def test_nested_lines_are_streamed_as_nested_documents_are(tmp_path: Path) -> None:
    lines = "\n".join(json.dumps({"product": name, "reviews": REVIEWS}) for name in ("Kettle", "Toaster"))
    found = cells(sheet(tmp_path, lines, "r.jsonl"))
    assert [(row["product"], row["text"]) for row in found] == [
        ("Kettle", A), ("Kettle", B), ("Toaster", A), ("Toaster", B)
    ]  # fmt: skip


def test_too_much_is_a_failure_of_its_row_or_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = "x" * 2_000_001
    rows = list(sheet(tmp_path, f'{{"text": "{long}"}}\n{{"text": "{A}"}}\n', "r.jsonl").rows)
    assert isinstance(rows[0], Failure)
    assert rows[0].detail == "column 'text' holds more than 2,000,000 characters"
    assert isinstance(rows[1], Row)
    rows = list(sheet(tmp_path, json.dumps([{"text": "y" * 9_000_000}, {"text": A}])).rows)
    assert [type(row) for row in rows] == [Failure, Row]
    with pytest.raises(InputError, match="row 1: column 'text' holds more than 2,000,000 characters"):
        sheet(tmp_path, json.dumps([{"text": "y" * 9_000_000}]))
    line = '{"text": "' + "z" * 8_000_000 + '"}\n'
    rows = list(sheet(tmp_path, f'{{"text": "{A}"}}\n{line}', "r.jsonl").rows)
    assert isinstance(rows[1], Failure)
    assert rows[1].detail == "is longer than 8,000,000 characters"
    wide = [{"text": A}, {f"k{n}": n for n in range(2_001)}]
    rows = list(sheet(tmp_path, wide).rows)
    assert isinstance(rows[1], Failure)
    assert "2,000" in rows[1].detail
    monkeypatch.setattr("gistill.tables.shapes.jsons.MAX_DOCUMENT", 1_000)
    with pytest.raises(InputError, match="is a JSON document of more than 1,000 characters"):
        sheet(tmp_path, [{"text": A}] * 100)


def test_deep_nesting_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not JSON that can be read: too deep"):
        sheet(tmp_path, "[" * 200_000)
    deep: object = {"text": A}
    for _ in range(100):
        deep = {"in": deep}
    assert len(cells(sheet(tmp_path, [deep, deep]))) == 2


def test_many_keys_with_lists_take_no_time() -> None:
    value = {f"k{n}": [{"a": n}] for n in range(20_000)}
    assert find_records([{**value, "x": 1}]).path is not None
