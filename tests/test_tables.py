"""Tables of every kind in, records out; what is wrong with a row is a failure, with a file one sentence."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import os
import random
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gistill.errors import InputError, RecordError, SettingError
from gistill.schema import Failure, Record
from gistill.tables import inspect_table, open_table, read_jsonl, read_records, write_csv, write_jsonl
from gistill.tables.conversations import render_messages
from gistill.tables.identity import made_id
from gistill.tables.parts import read_cell

TABLE = [
    ("review_id", "review", "stars", "date"),
    ("a", "Das Bett war sehr bequem, für €90 ein Traum", "5", "2024-03-14"),
    ("b", 'He said "never again"\nand left — ñandú', "1", "2024-03-15"),
    ("c", "Zimmer sauber; Frühstück gut, gerne wieder", "4", "2024-03-16"),
]


def written(delimiter: str = ",", lineterminator: str = "\r\n") -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=lineterminator).writerows(TABLE)
    return out.getvalue()


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def records(path: Path | str, **settings: object) -> list[Record]:
    items = list(read_records(path, **settings))  # type: ignore[arg-type]
    assert [item for item in items if isinstance(item, Failure)] == []
    return [item for item in items if isinstance(item, Record)]


def check(found: list[Record]) -> None:
    assert [record.id for record in found] == ["a", "b", "c"]
    assert [record.text for record in found] == [row[1] for row in TABLE[1:]]
    assert [record.rating for record in found] == [5, 1, 4]
    assert found[0].date == dt.date(2024, 3, 14)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("lineterminator", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("suffix", ["csv", "tsv", "csv.gz"])
def test_every_dialect_is_found_out(tmp_path: Path, delimiter: str, lineterminator: str, suffix: str) -> None:
    data = written(delimiter, lineterminator).encode()
    path = put(tmp_path, f"r.{suffix}", gzip.compress(data) if suffix.endswith("gz") else data)
    check(records(path))
    assert inspect_table(path).delimiter == delimiter


@pytest.mark.parametrize(
    ("codec", "named"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-16"), ("utf-16-le", "utf-16-le"),
     ("utf-16-be", "utf-16-be"), ("utf-32", "utf-32"), ("cp1252", "cp1252")],
)  # fmt: skip
def test_every_encoding_is_found_out(tmp_path: Path, codec: str, named: str) -> None:
    path = put(tmp_path, "r.csv", written().encode(codec))
    check(records(path))
    assert inspect_table(path).encoding == named


def test_latin_1_is_read_as_part_of_windows_1252(tmp_path: Path) -> None:
    path = put(tmp_path, "r.csv", "text\nLe café était très bon, même à midi\n".encode("latin-1"))
    assert records(path)[0].text == "Le café était très bon, même à midi"


@pytest.mark.parametrize(
    ("codec", "line"),
    [
        ("cp1251", "Очень хороший отель, чистый номер и вежливый персонал"),
        ("gb18030", "酒店的位置很好,离地铁站只有五分钟,房间也很干净"),
        ("shift_jis", "部屋はとても広くて、スタッフも親切でした。また泊まりたいです"),
        ("utf-16-le", "酒店的位置很好离地铁站只有五分钟房间也很干净"),
    ],
)
def test_other_scripts_in_their_old_encodings(tmp_path: Path, codec: str, line: str) -> None:
    path = put(tmp_path, "r.txt", "\n".join([line] * 12).encode(codec))
    assert {record.text for record in records(path)} == {line}


def test_bytes_of_another_encoding_after_the_sample_never_end_a_run(tmp_path: Path) -> None:
    early = b"".join(b"%d,%s\n" % (n, b"plain words of an early row " * 20) for n in range(2_000))
    body = b"id,text\n" + early + b"x,caf\xe9 \x9d cr\xe8me\n"
    *kept, last = read_records(put(tmp_path, "r.csv", body))
    assert isinstance(kept[-1], Record)
    assert kept[-1].text == "café \x9d crème"
    detail = "3 bytes, the first in line 2002, are not utf-8 and were read as Windows-1252"
    assert last == Failure(kind="encoding", detail=detail)


def test_an_encoding_can_be_given_and_must_exist(tmp_path: Path) -> None:
    path = put(tmp_path, "r.csv", "text\nŁódź jest piękna i warta zobaczenia\n".encode("cp1250"))
    assert records(path, encoding="cp1250")[0].text == "Łódź jest piękna i warta zobaczenia"
    for encoding in ("cp9999", "base64"):
        with pytest.raises(SettingError, match="there is no encoding"):
            read_records(path, encoding=encoding)


def test_nul_and_lone_surrogates_become_one_character_each(tmp_path: Path) -> None:
    assert records(put(tmp_path, "a.csv", b"text\nfine\0 bed and good\n"))[0].text == "fine\ufffd bed and good"
    assert records(put(tmp_path, "b.jsonl", '{"text": "sad \\ud83d face"}'))[0].text == "sad \ufffd face"


def test_text_is_kept_exactly(tmp_path: Path) -> None:
    text = '  e\u0301 "x"\n\n\tﬁ \u202e\u00a0 '
    path = tmp_path / "r.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["text", "n"], [text, "1"]])
    assert records(path)[0].text == text


def test_rows_are_numbered_as_an_editor_counts_lines(tmp_path: Path) -> None:
    path = put(tmp_path, "r.csv", 'text,n\n"two\nlines",1\n\nfour,2,9\nfine,3\n')
    found = list(read_records(path))
    assert [item.row for item in found] == [2, 5, 6]
    assert found[1] == Failure(kind="bad_row", row=5, detail="has 3 cells where the header has 2")


def test_a_quote_never_closed_costs_no_more_than_its_line(tmp_path: Path) -> None:
    rows = [f"{n},good and cheap {n},5" for n in range(2, 8)]
    rows[2] = '4,"never closed, oh no,5'
    rows[4] = '6,"never closed but wide enough,5'
    found = list(read_records(put(tmp_path, "r.csv", "id,text,stars\n" + "\n".join(rows))))
    assert [item.row for item in found] == [2, 3, 4, 5, 6, 7]
    assert [type(item) for item in found].count(Failure) == 1
    assert found[2] == Failure(
        kind="bad_row", row=4, detail="a quote is not closed, or one inside a quoted cell is not doubled"
    )
    assert isinstance(found[4], Record)
    assert found[4].text == '"never closed but wide enough'


def test_quotes_of_an_unquoted_file_are_characters(tmp_path: Path) -> None:
    lines = [
        "5\tfine bed and room",
        '4\t"Great" is too much said',
        '3\t"open at the start',
        "2\tno more of it",
        '1\t6" only',
    ]
    found = records(put(tmp_path, "r.tsv", "\n".join(lines)))
    assert [f"{record.rating:.0f}\t{record.text}" for record in found] == lines


def test_trailing_empty_cells_are_no_fault(tmp_path: Path) -> None:
    assert len(records(put(tmp_path, "r.csv", "text,n\ngood bed,1,,\nbad bed,2\n"))) == 2


def test_cells_longer_than_the_csv_modules_limit(tmp_path: Path) -> None:
    text = "word " * 60_000
    assert records(put(tmp_path, "r.csv", f'text,n\n"{text}",1\nshort one,2\n'))[0].text == text


def test_no_header(tmp_path: Path) -> None:
    path = put(tmp_path, "r.csv", "5,The bed was really soft\n1,The bath was very dirty\n4,Nice people at the desk\n")
    assert [(record.rating, record.text[:7]) for record in records(path)] == [
        (5, "The bed"),
        (1, "The bat"),
        (4, "Nice pe"),
    ]
    info = inspect_table(path)
    assert not info.has_header
    assert info.header == ("column 1", "column 2")
    assert "first row is read as data" in info.notes[0]
    assert len(records(path, header=True)) == 2


def test_one_column_of_prose_with_commas(tmp_path: Path) -> None:
    path = put(tmp_path, "r.csv", "Comments\nGood, cheap, clean\nBad\nSo, so, la, la\nFine, I guess\n")
    assert [record.text for record in records(path)] == ["Good, cheap, clean", "Bad", "So, so, la, la", "Fine, I guess"]


def test_excels_separator_line(tmp_path: Path) -> None:
    found = records(put(tmp_path, "r.csv", "sep=;\nText;Note\nGutes Bett, gute Lage;4,5\nLaut;1\n"))
    assert [(record.rating, record.row) for record in found] == [(4.5, 3), (1.0, 4)]


def test_spaces_after_the_delimiter(tmp_path: Path) -> None:
    found = records(put(tmp_path, "r.csv", 'id, "text", stars\n7, "good, soft bed", 5\n3, bad hard bed, 1\n'))
    assert [(record.id, record.text, record.rating) for record in found] == [
        ("7", "good, soft bed", 5),
        ("3", "bad hard bed", 1),
    ]


def test_quotes_that_are_not_doubled_cost_at_most_their_row(tmp_path: Path) -> None:
    rows = '1,"fine, really",3\n2,"many\nlines "bad" ones",2\n3,"bad "quoted", cell",2\n4,ok bed,1\n'
    found = list(read_records(put(tmp_path, "r.csv", f"id,text,stars\n{rows}")))
    assert [item.row for item in found] == [2, 3, 5, 6]
    texts = [item.text for item in found if isinstance(item, Record)]
    assert texts == ["fine, really", 'many\nlines bad" ones"', "ok bed"]


def test_hostile_cells_take_no_time(tmp_path: Path) -> None:
    cells = [
        "x" * 300_000,
        "1" * 300_000,
        "a " * 150_000,
        "1 " * 150_000,
        "★" * 300_000,
        "12.12." * 50_000,
        '[{"' * 90_000,
    ]
    cells = [*(f"bed number {n} is soft and warm" for n in range(len(cells))), *cells]
    lines = "".join(f"{n}|{cell}|{cell}|{cell}\n" for n, cell in enumerate(cells))
    assert len(records(put(tmp_path, "r.csv", f"id|text|date|stars\n{lines}"))) == len(cells)


def test_headers_that_repeat_or_are_empty(tmp_path: Path) -> None:
    path = put(tmp_path, "r.csv", "text,,text\ngood soft bed,1,x\nbad hard bed,2,y\n")
    assert inspect_table(path).header == ("text", "column 2", "text (2)")


@pytest.mark.parametrize("header", ["∞", "-"])
def test_a_header_without_a_letter_is_a_header(tmp_path: Path, header: str) -> None:
    lines = [f"a good and soft bed {n}" for n in range(3)]
    found = records(put(tmp_path, "r.csv", "\n".join([header, *lines])))
    assert [record.text for record in found] == lines


def test_other_columns_and_unreadable_values_are_kept_in_meta(tmp_path: Path) -> None:
    rows = "".join(f"bed number {n} is good,{n % 5},Bonn,\n" for n in range(9))
    last = records(put(tmp_path, "r.csv", f"text,rating,city,empty\n{rows}bad bed,unrated,Ulm,\n"))[-1]
    assert (last.rating, last.meta) == (None, {"rating": "unrated", "city": "Ulm"})


def test_the_order_of_dates_is_decided_by_the_column_and_else_said(tmp_path: Path) -> None:
    def dated(first: str, delimiter: str = ",") -> Path:
        return put(
            tmp_path,
            "r.csv",
            f"text{delimiter}date\ngood soft bed{delimiter}{first}\nbad hard bed{delimiter}03/04/2024\n",
        )

    assert records(dated("25/04/2024"))[1].date == dt.date(2024, 4, 3)
    assert records(dated("04/25/2024"))[1].date == dt.date(2024, 3, 4)
    assert "read month-first" in inspect_table(dated("05/06/2024")).notes[0]
    assert inspect_table(dated("05/06/2024", ";")).day_first is True
    assert records(dated("05/06/2024"), day_first=True)[1].date == dt.date(2024, 4, 3)
    assert inspect_table(put(tmp_path, "i.csv", "text,date\ngood soft bed,2024-05-06\n")).notes == ()


def test_limit_counts_records_not_failures(tmp_path: Path) -> None:
    path = put(tmp_path, "r.csv", "text,n\ntoo,many,cells\ngood soft bed,1\nbad hard bed,2\nlast of all beds,3\n")
    assert [type(item) for item in read_records(path, limit=2)] == [Failure, Record, Record]
    assert list(read_records(path, limit=0)) == []


def test_json_lines_and_what_is_wrong_with_them(tmp_path: Path) -> None:
    lines = [
        '{"text": "good bed", "stars": 4, "user": {"id": 7}}',
        "",
        '{"text": "cut',
        "[1, 2]",
        '"just a string"',
        "[" * 100_000,
        '{"text": "n", "n": ' + "9" * 5000 + "}",
        '{"text": ["a"]}',
        '{"stars": 2}',
        '{"text": "last bed", "late": null}',
    ]
    for name, data in (
        ("r.jsonl", "\n".join(lines).encode()),
        ("r.jsonl.gz", gzip.compress("\n".join(lines).encode())),
    ):
        found = list(read_records(put(tmp_path, name, data)))
        assert [item.row for item in found] == [1, 3, 4, 5, 6, 7, 8, 9, 10]
        details = [item.detail for item in found if isinstance(item, Failure)]
        assert details[0] == "is not JSON: Unterminated string starting at character 10"
        assert details[1] == "is a JSON list, not an object"
        assert details[2] == "is a JSON str, not an object"
        assert details[-1] == "column 'text': is a list, not text"
        assert isinstance(found[0], Record)
        assert (found[0].rating, found[0].author, found[0].meta) == (4, "7", {})
        assert [item.text for item in found if isinstance(item, Record)] == ["good bed", "", "last bed"]


@pytest.mark.parametrize("wrapped", [False, True])
def test_json_documents(tmp_path: Path, wrapped: bool) -> None:
    rows = [{"text": "good soft bed", "rating": 4}, "nothing", {"text": "bad hard bed", "rating": 1}]
    rows = rows[:1] + rows[2:] if wrapped else rows
    path = put(tmp_path, "r.json", json.dumps({"count": 2, "reviews": rows} if wrapped else rows, indent=1))
    found = list(read_records(path))
    assert [item.rating for item in found if isinstance(item, Record)] == [4, 1]
    assert len(found) == len(rows)


def test_a_broken_json_document_says_where(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"r\.json, row 3: is not JSON: .* in column 1"):
        read_records(put(tmp_path, "r.json", '[\n{"text": "a"},\n'))


def test_json_lines_under_the_name_json(tmp_path: Path) -> None:
    path = put(tmp_path, "r.json", '{"text": "good soft bed"}\n{"text": "bad hard bed"}\n')
    assert inspect_table(path).format == "jsonl"
    assert len(records(path)) == 2


def test_conversations_become_text_with_turns(tmp_path: Path) -> None:
    openai = {"messages": [{"role": "user", "content": "It broke.\nTwice 😡"}, {"role": "assistant", "content": None},
                           {"role": "agent: x", "content": [{"type": "text", "text": "Sorry."}]}]}  # fmt: skip
    sharegpt = {"id": "s", "conversations": [{"from": "human", "value": "Hi there"}, {"from": "gpt", "value": "Hello"}]}
    found = records(put(tmp_path, "a.jsonl", json.dumps(openai)))[0]
    assert found.text == "user: It broke.\nTwice 😡\nagent x: Sorry."
    assert [(turn.role, found.text[turn.start : turn.end]) for turn in found.turns] == [
        ("user", "It broke.\nTwice 😡"),
        ("agent x", "Sorry."),
    ]
    found = records(put(tmp_path, "b.jsonl", json.dumps(sharegpt)))[0]
    assert (found.id, found.text) == ("s", "user: Hi there\nassistant: Hello")
    with (tmp_path / "c.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["n", "messages"], ["1", json.dumps(openai["messages"])], ["2", "[{"], ["3", ""]])
    cells = list(read_records(tmp_path / "c.csv"))
    assert isinstance(cells[0], Record)
    assert len(cells[0].turns) == 2
    assert cells[1] == Failure(kind="bad_row", row=3, detail="column 'messages': the messages are not valid JSON")
    assert isinstance(cells[2], Record)
    assert cells[2].text == ""


@pytest.mark.parametrize(
    ("messages", "wrong"),
    [
        (5, "are a int, not a list"),
        (["a"], "message 1 is not an object"),
        ([{"content": "a"}], "message 1 has no role"),
        ([{"role": "user", "content": "a"}, {"role": "user"}], "message 2 has no content"),
    ],
)
def test_what_is_no_conversation_is_said(messages: object, wrong: str) -> None:
    with pytest.raises(RecordError, match=wrong):
        render_messages(messages)


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=30)), max_size=6))
def test_turns_always_cover_their_content(messages: list[tuple[str, str]]) -> None:
    talk = render_messages([{"role": f"r{role}", "content": content} for role, content in messages])
    spoken = [talk.text[turn.start : turn.end] for turn in talk.turns]
    assert all(any(read_cell(content).text == said for _, content in messages) for said in spoken)
    assert "\n".join(f"{turn.role}: {said}" for turn, said in zip(talk.turns, spoken, strict=True)) == talk.text


def test_parquet_with_its_types(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    zone = pa.timestamp("ns", tz="Europe/Berlin")
    table = pa.table(
        {
            "id": pa.array([11.0, 12.0, None]),
            "review": ["good soft bed", "bad hard bed", None],
            "score": pa.array([4, 5, None], pa.int8()),
            "date": pa.array([1710374400_000000001, 1710460800_000000000, None], pa.int64()).cast(zone),
            "user": [{"name": "ann"}, {"name": "bob"}, None],
            "color": pa.array(["red", "red", None]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "r.parquet", row_group_size=2)
    found = records(tmp_path / "r.parquet", columns={"author": "user.name"})
    assert [(record.id, record.text, record.rating, record.author) for record in found] == [
        ("11", "good soft bed", 4, "ann"),
        ("12", "bad hard bed", 5, "bob"),
        (made_id(Record(id="", text="")), "", None, None),
    ]
    assert found[0].date == dt.date(2024, 3, 14)
    assert found[0].meta == {"color": "red"}


def test_parquet_conversations(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"messages": [[{"role": "user", "content": "It broke"}]]}), tmp_path / "r.parquet")
    assert records(tmp_path / "r.parquet")[0].text == "user: It broke"


def test_workbooks_with_their_types(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    cells = [["ID", "Kommentar", "Sterne", "Datum"], [5.0, "Gutes Bett", 4.5, dt.datetime(2024, 3, 14)], [None] * 4,  # noqa: DTZ001
             [6, "Lautes Zimmer", 2, dt.date(2024, 3, 15)], [7, None, None, None]]  # fmt: skip
    for row, line in enumerate(cells, 3):
        for column, cell in enumerate(line, 2):
            sheet.cell(row, column, cell)
    book.create_sheet("notes")["A1"] = "more"
    book.save(tmp_path / "r.xlsx")
    found = records(tmp_path / "r.xlsx")
    assert [(record.id, record.row, record.text, record.rating) for record in found] == [
        ("5", 4, "Gutes Bett", 4.5),
        ("6", 6, "Lautes Zimmer", 2),
        ("7", 7, "", None),
    ]
    assert found[1].date == dt.date(2024, 3, 15)
    assert inspect_table(tmp_path / "r.xlsx").notes == ("these sheets are not read: 'notes' (--sheet NAME reads one)",)


@pytest.mark.parametrize("name", ["r.txt", "r", "r.txt.gz"])
def test_stars_lines(tmp_path: Path, name: str) -> None:
    data = b"5 #### Great sound .\n\n4,5 #### Fits well #### really\r\nno stars here\n"
    path = put(tmp_path, name, gzip.compress(data) if name.endswith("gz") else data)
    found = records(path)
    assert [(record.row, record.rating, record.text) for record in found] == [
        (1, 5, "Great sound ."),
        (3, 4.5, "Fits well #### really"),
        (4, None, "no stars here"),
    ]
    assert inspect_table(path).format == "lines"


def test_a_text_file_is_lines_or_one_document(tmp_path: Path) -> None:
    assert len(records(put(tmp_path, "list.txt", "Good bed\nBad food\nNice people, really\n"))) == 3
    wrapped = "\n".join(["it was a very long stay and we walked a lot in the fields"] * 9)
    assert len(records(put(tmp_path, "wrapped.txt", wrapped))) == 1
    assert len(records(put(tmp_path, "lower.txt", "good bed\nbad food and no one at the desk at night\nok\n"))) == 3
    assert len(records(put(tmp_path, "table.txt", "id|text|stars\n1|good bed|5\n2|bad bed|3\n"))) == 2
    letter = "Dear hotel,\n\nwe liked the room and\nthe breakfast was\nas good as ever.\n\nYours\n"
    assert [record.text for record in records(put(tmp_path, "letter.txt", letter))] == [letter]
    assert len(records(tmp_path / "letter.txt", format="lines")) == 5
    assert len(records(tmp_path / "list.txt", format="text")) == 1


def test_a_folder_is_one_record_a_file(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    put(tmp_path, "b.txt", "Zweites, schön".encode("latin-1"))
    put(tmp_path, "sub/a.md", "\ufeffFirst\r\ntext")
    put(tmp_path, "empty.txt", "")
    put(tmp_path, ".hidden.txt", "no")
    put(tmp_path, "data.csv", "text\nno\n")
    put(tmp_path, "broken.txt", b"\x1f\x8bnot gzip")
    found = list(read_records(tmp_path))
    assert [(item.id, item.text) if isinstance(item, Record) else item.record for item in found] == [
        ("b.txt", "Zweites, schön"),
        "broken.txt",
        ("empty.txt", ""),
        ("sub/a.md", "First\r\ntext"),
    ]
    assert isinstance(found[0], Record)
    assert (found[0].file, found[0].row) == (str(tmp_path / "b.txt"), None)


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (written().encode(), "csv"),
        (gzip.compress(written("\t").encode()), "csv"),
        (b'{"text": "good bed"}\n{"text": "bad"}\n', "jsonl"),
        (b'[{"text": "good bed"}]', "json"),
        (b"5 #### Great\n1 #### Bad\n", "lines"),
        (b"Comments\nGood, cheap\nBad\n", "csv"),
    ],
)
def test_standard_input_is_found_out_and_read_once(monkeypatch: pytest.MonkeyPatch, data: bytes, form: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    table = open_table("-")
    assert (table.info.format, table.info.file) == (form, "-")
    assert type(next(iter(table.records()))) is Record


def test_parquet_and_workbooks_from_standard_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import openpyxl
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"text": ["good soft bed"]}), tmp_path / "r.parquet")
    book = openpyxl.Workbook()
    book.active.append(["text"])
    book.active.append(["good soft bed"])
    book.save(tmp_path / "r.xlsx")
    for name in ("r.parquet", "r.xlsx"):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((tmp_path / name).read_bytes())))
        assert [record.text for record in records("-")] == ["good soft bed"]


def test_bad_sources_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    cases: list[tuple[Path, str]] = [
        (tmp_path / "none.csv", "none.csv: does not exist"),
        (tmp_path / "folder", "folder: holds no .txt or .md files"),
        (put(tmp_path, "empty.csv", ""), "empty.csv: is empty"),
        (put(tmp_path, "bom.csv", "\ufeff\n"), "bom.csv: is empty"),
        (put(tmp_path, "empty.gz", gzip.compress(b"")), "empty.gz: is empty"),
        (put(tmp_path, "header.csv", "text,stars\n"), "header.csv: has a header and no rows"),
        (put(tmp_path, "a.pdf", b"%PDF-1.7\n" + bytes(range(256))), "a.pdf: is not a table and not text"),
        (put(tmp_path, "a.bin", bytes(random.Random(1).choices(range(256), k=4000))), "is not"),
        (put(tmp_path, "a.parquet", b"PAR1 and then nothing"), "a.parquet: is not a Parquet file"),
        (put(tmp_path, "a.xlsx", b"PK\x03\x04 and then nothing"), "a.xlsx: is not a workbook"),
        (
            put(tmp_path, "a.csv.gz", gzip.compress(written().encode())[:60]),
            "cannot be read: the compressed data ends early",
        ),
        (put(tmp_path, "numbers.csv", "a,b\n1,2\n3,4\n"), "no column looks like text; the columns are: a, b"),
        (put(tmp_path, "scalar.json", "[\n1\n]"), "no column looks like text"),
    ]
    for path, sentence in cases:
        with pytest.raises(InputError) as caught:
            list(read_records(path))
        assert sentence in str(caught.value)
        assert "\n" not in str(caught.value)
        assert caught.value.exit_code == 2


def test_wrong_settings_are_said(tmp_path: Path) -> None:
    path = put(tmp_path, "r.csv", written())
    with pytest.raises(SettingError, match="'exel' is not a format"):
        read_records(path, format="exel")
    with pytest.raises(InputError, match="is not a folder"):
        read_records(path, format="folder")
    with pytest.raises(InputError, match="is a folder, not a csv file"):
        read_records(tmp_path, format="csv")
    with pytest.raises(
        SettingError, match=r"r\.csv: there is no column 'strs' to be the rating; .*review_id, review, stars"
    ):
        read_records(path, columns={"rating": "strs"})


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a user who may not read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = put(tmp_path, "r.csv", written())
    path.chmod(0)
    with pytest.raises(InputError, match="permission denied"):
        read_records(path)


def test_gzip_that_breaks_off_keeps_what_came_before(tmp_path: Path) -> None:
    source = random.Random(3)
    rows = "".join(f"{n},a bed as good as {source.getrandbits(4096)}\n" for n in range(2_000))
    data = gzip.compress(f"id,text\n{rows}".encode(), 1)
    *kept, last = read_records(put(tmp_path, "r.csv.gz", data[: len(data) * 9 // 10]))
    assert len(kept) > 1_000
    assert isinstance(last, Failure)
    assert (last.kind, last.detail) == (
        "unreadable",
        "nothing can be read after this row: the compressed data ends early",
    )


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), min_size=1, max_size=8),
    st.sampled_from([",", ";", "\t"]),
)
def test_what_a_csv_writer_wrote_comes_back(tmp_path: Path, rows: list[tuple[str, str]], delimiter: str) -> None:
    rows = [("a good and long text", "x"), *rows, ("another long text here", "y")]
    path = tmp_path / "r.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([("text", "other"), *rows])
    found = records(path, columns={"text": "text", "id": "", "author": ""})
    filled = [text for text, other in rows if f"{text}{other}".strip()]  # a row of blank cells is none
    assert [record.text for record in found] == [read_cell(text).text for text in filled]  # damage is repaired


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.sampled_from(["csv", "tsv", "jsonl", "json", "lines", "text", None]))
def test_any_bytes_give_items_or_one_sentence(tmp_path: Path, data: bytes, form: str | None) -> None:
    path = put(tmp_path, "r.csv" if form is None else "r", data)
    items: list[Record | Failure] = []
    sentence = ""
    try:
        items = list(read_records(path, format=form))
    except InputError as error:
        sentence = str(error)
    assert "\n" not in sentence
    assert items or sentence
    assert all(item.model_dump_json() for item in items)


@pytest.mark.slow
def test_a_large_file_streams(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("id,text,stars\n")
        for n in range(40_000):
            file.write(f'r{n},"{"the bed is soft, the room is small " * 14}",{n % 5 + 1}\n')
    assert path.stat().st_size > 19_000_000
    tracemalloc.start()
    for count, _ in enumerate(read_records(path, columns={"id": ""}), 1):
        if count == 500:  # tracing every allocation is slow: what is held by now would only grow
            tracemalloc.reset_peak()
        if count == 1_500:
            break
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6_000_000


def test_reading_a_table_loads_nothing_heavy(tmp_path: Path) -> None:
    path = put(tmp_path, "r.csv", written())
    code = (
        f"import sys; from gistill.tables import read_records; n = len(list(read_records({str(path)!r})));"
        "print(n, sorted({'pyarrow', 'python_calamine', 'numpy', 'torch', 'charset_normalizer'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "3 []"


def test_jsonl_goes_out_and_comes_back(tmp_path: Path) -> None:
    items = [Record(id="1", text="a\nb 😀 \u2028", date=dt.date(2024, 3, 14)), Record(id="2", text="=1+1")]
    for name in ("r.jsonl", "r.jsonl.gz"):
        assert write_jsonl(tmp_path / name, iter(items)) == 2
        first = (tmp_path / name).read_bytes()
        assert list(read_jsonl(tmp_path / name, Record)) == items
        write_jsonl(tmp_path / name, items)
        assert (tmp_path / name).read_bytes() == first
    assert write_jsonl(tmp_path / "none.jsonl", []) == 0
    assert list(read_jsonl(tmp_path / "none.jsonl", Record)) == []
    write_jsonl(tmp_path / "plain.jsonl", [{"ü": 1}])
    assert (tmp_path / "plain.jsonl").read_text(encoding="utf-8") == '{"ü": 1}\n'


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "r.jsonl", [{"a": 1}])

    def items() -> object:
        yield {"a": 2}
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_jsonl(tmp_path / "r.jsonl", items())  # type: ignore[arg-type]
    assert (tmp_path / "r.jsonl").read_text() == '{"a": 1}\n'
    assert [path.name for path in tmp_path.iterdir()] == ["r.jsonl"]
    with pytest.raises(InputError, match="cannot be written"):
        write_jsonl(tmp_path / "no" / "r.jsonl", [])


def test_a_wrong_line_of_jsonl_is_named(tmp_path: Path) -> None:
    path = put(tmp_path, "r.jsonl", '{"id": "1", "text": "a"}\n{"id": "2", "text": 5}\n')
    found = read_jsonl(path, Record)
    assert next(found).id == "1"
    with pytest.raises(
        InputError, match=r"r\.jsonl, row 2, column 'text': is not a Record: Input should be a valid string"
    ):
        next(found)
    with pytest.raises(InputError, match="does not exist"):
        read_jsonl(tmp_path / "none.jsonl", Record)


def test_csv_is_safe_to_open_in_a_spreadsheet(tmp_path: Path) -> None:
    cells = [
        '=HYPERLINK("http://a.example")',
        "+49 170",
        "-a",
        "@x",
        "\tx",
        "\rx",
        "＝1",
        "ok=1",
        "-5",
        "-4,5%",
        -5,
        -0.5,
        3.0,
        None,
    ]
    write_csv(tmp_path / "r.csv", ["=name", "value"], [[cell, 1] for cell in cells])
    data = (tmp_path / "r.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows[0] == ["'=name", "value"]
    assert [row[0] for row in rows[1:]] == [
        "'=HYPERLINK(\"http://a.example\")", "'+49 170", "'-a", "'@x", "'\tx", "'\rx", "'＝1", "ok=1", "-5", "-4,5%",
        "-5", "-0.5", "3", "",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="row 1 has 1 cells, the header 2"):
        write_csv(tmp_path / "r.csv", ["a", "b"], [["x"]])


@pytest.mark.skipif("GISTILL_DATA" not in os.environ, reason="needs the public data that GISTILL_DATA names")
def test_the_public_pool_of_reviews_is_read_as_lines() -> None:
    path = Path(os.environ["GISTILL_DATA"], "pool", "amazon-reviews", "electronics.txt")
    found = records(path)
    assert len(found) == 9976
    assert all(record.rating in {1, 2, 3, 4, 5} and "####" not in record.text[:10] for record in found)
