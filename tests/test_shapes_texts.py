"""Text files: lines, paragraphs, fields, chats and transcripts; and markup read as tables."""

import datetime as dt
from pathlib import Path

import pytest

from gistill.errors import InputError
from gistill.tables.shapes.formats import open_sheet
from gistill.tables.shapes.sheets import Row, Sheet

A, B, C = "The kettle leaks from the lid.", "Boils fast and stays quiet.", "Handle too hot to hold."


def opened(folder: Path, content: str, name: str = "r.txt", format: str | None = None) -> tuple[Sheet, list[Row]]:  # noqa: A002
    path = folder / name
    path.write_bytes(content.encode())
    sheet = open_sheet(path, format=format)
    rows = list(sheet.rows)
    assert all(isinstance(row, Row) for row in rows), rows
    return sheet, [row for row in rows if isinstance(row, Row)]


def values(rows: list[Row], column: str = "text") -> list[object]:
    return [row.cells.get(column) for row in rows]


@pytest.mark.parametrize("gap", ["\n\n", "\n\n\n", "\r\n\r\n", "\n \t\n"])
def test_paragraphs_are_records(tmp_path: Path, gap: str) -> None:
    two = f"{A}\nReally.".replace("\n", "\r\n" if "\r" in gap else "\n")
    sheet, rows = opened(tmp_path, gap.join([two, B, C]) + gap)
    assert (sheet.format, values(rows)) == ("paragraphs", [f"{A}\nReally.", B, C])
    assert sheet.notes == ("each paragraph is read as one record; --format text reads the file as one",)
    assert rows[0].number == 1
    assert len(opened(tmp_path, gap.join([A, B, C]), format="text")[1]) == 1


@pytest.mark.parametrize(
    "document",
    [
        "Dear team,\n\nthe kettle leaks and I want my money back.\n\nKind regards\n",
        "# Notes of May\n\nThe kettle leaks from the lid.\n\nIt boils fast and stays quiet.\n",
        "To whom it may concern:\n\nThe handle is too hot.\n\nPlease call me back soon.\n",
    ],
)
def test_a_letter_is_one_record(tmp_path: Path, document: str) -> None:
    assert values(opened(tmp_path, document)[1]) == [document]


@pytest.mark.parametrize(
    ("front", "first"),
    [
        ("2024-05-01 ", "2024-05-01"), ("[2024-05-01 10:12] ", "2024-05-01 10:12"), ("2024/05/01: ", "2024/05/01"),
        ("13.05.2024 - ", "13.05.2024"), ("(2024-05-01) ", "2024-05-01"), ("2024-05-01 | ", "2024-05-01"),
    ],
)  # fmt: skip
def test_a_date_in_front_of_lines_is_their_date(tmp_path: Path, front: str, first: str) -> None:
    _, rows = opened(tmp_path, "".join(f"{front}{text}\n" for text in (A, B, C)))
    assert (values(rows), values(rows, "date")) == ([A, B, C], [first] * 3)


def test_a_label_in_front_of_lines_is_no_word(tmp_path: Path) -> None:
    _, rows = opened(tmp_path, f"__label__bad __label__kitchen {A}\n__label__good {B}\n__label__bad {C}\n")
    assert (values(rows), values(rows, "label")) == ([A, B, C], ["bad kitchen", "good", "bad"])


def test_named_fields_are_columns(tmp_path: Path) -> None:
    blocks = [
        f"product/productId: B1\nreview/userId: U{n}\nreview/score: {n}.0\nreview/text: {text}\nand more"
        for n, text in enumerate((A, B), 1)
    ]
    sheet, rows = opened(tmp_path, "\n\n".join(blocks) + "\n")
    assert (sheet.format, values(rows, "review/text")) == ("fields", [f"{A}\nand more", f"{B}\nand more"])
    assert values(rows, "review/score") == ["1.0", "2.0"]


CHATS = {
    "android": "13/05/2024, 09:14 - Messages are encrypted.\n13/05/2024, 09:15 - Ina: {}\nand hot\n"
    "13/05/2024, 09:16 - Shop: Sorry!\n13/05/2024, 09:17 - Ina: <Media omitted>\n14/05/2024, 10:00 - Ina: {}\n",
    "iphone": "[13.05.24, 09:15:01] Ina: {}\nand hot\n[13.05.24, 09:16:20] Shop: Sorry!\n"
    "[13.05.24, 09:17:00] Ina: \u200eimage omitted\n[14.05.24, 10:00:00] Ina: {}\n",
    "american": "5/13/24, 9:15 AM - Ina: {}\nand hot\n5/13/24, 9:16 AM - Shop: Sorry!\n5/14/24, 10:00 AM - Ina: {}\n",
    "iso": "2024-05-13 09:15 Ina: {}\nand hot\n2024-05-13 09:16 Shop: Sorry!\n2024-05-14 10:00 Ina: {}\n",
}


@pytest.mark.parametrize("chat", CHATS.values(), ids=list(CHATS))
def test_a_chat_of_a_phone_is_one_conversation(tmp_path: Path, chat: str) -> None:
    sheet, rows = opened(tmp_path, chat.format(A, B))
    assert (sheet.format, len(rows)) == ("chat", 1)
    messages = rows[0].cells["messages"]
    assert isinstance(messages, list)
    assert [(one["role"], one["content"]) for one in messages] == [
        ("Ina", f"{A}\nand hot"),
        ("Shop", "Sorry!"),
        ("Ina", B),
    ]
    assert [one["date"][:10] for one in messages] == ["2024-05-13", "2024-05-13", "2024-05-14"]
    assert rows[0].cells["date"] == dt.date(2024, 5, 13)


@pytest.mark.parametrize(
    ("lines", "day"),
    [
        ("3/4/24, 9:15 AM - Ina: one\n3/4/24, 9:16 AM - Ina: two\n", dt.date(2024, 3, 4)),
        ("03/04/2024, 09:15 - Ina: one\n03/04/2024, 09:16 - Ina: two\n", dt.date(2024, 4, 3)),
        ("3/4/24, 9:15 PM - Ina: one\n20/4/24, 9:16 PM - Ina: two\n", dt.date(2024, 4, 3)),
    ],
)
def test_the_order_of_day_and_month_is_that_of_the_phone(tmp_path: Path, lines: str, day: dt.date) -> None:
    assert opened(tmp_path, lines)[1][0].cells["date"] == day


def said(row: Row) -> list[tuple[str, str]]:
    messages = row.cells["messages"]
    assert isinstance(messages, list)
    return [(message["role"], message["content"]) for message in messages]


def test_transcripts_are_conversations(tmp_path: Path) -> None:
    one = f"Agent: Hello!\nCustomer: {A}\nAgent: I see.\nCustomer: {B}\n"
    assert [said(row) for row in opened(tmp_path, one)[1]] == [
        [("Agent", "Hello!"), ("Customer", A), ("Agent", "I see."), ("Customer", B)]
    ]
    for gap in ("\n", "---\n", "\n======\n\n"):
        assert [len(said(row)) for row in opened(tmp_path, gap.join([one, one, one]))[1]] == [4, 4, 4]
    numbered = "\n".join(f"{title}\n{one}" for title in ("Transcript 1", "Chat #2", "Ticket no. 3"))
    assert [said(row) for row in opened(tmp_path, numbered)[1]] == [said(opened(tmp_path, one)[1][0])] * 3
    spaced = one.replace("\n", "\n\n")
    assert [len(said(row)) for row in opened(tmp_path, spaced)[1]] == [4]
    clocked = f"(09:01) Guest 4: {A}\n(09:02) Bela: Oh no.\n(09:03) Guest 4: {B}\nand hot\n"
    assert said(opened(tmp_path, clocked)[1][0]) == [("Guest 4", A), ("Bela", "Oh no."), ("Guest 4", f"{B}\nand hot")]


def test_lines_with_colons_are_no_chat(tmp_path: Path) -> None:
    lines = "Verdict: leaks.\nIn short: boils fast.\nThe handle: too hot.\nMy advice: buy another one.\n"
    sheet, rows = opened(tmp_path, lines)
    assert (sheet.format, len(rows)) == ("lines", 4)


TABLE = "<table><tr><th>Day</th><th>Stars</th><th>Comment</th></tr>{}</table>"
LINE = "<tr><td>1 May</td><td>2</td><td>{}</td></tr>"


@pytest.mark.parametrize("name", ["r.xls", "r.html", "r", "r.txt.html"])
@pytest.mark.parametrize(
    "page",
    [
        "<html><head><title>x</title><style>td {{color: red}}</style></head><body>{}</body></html>",
        '<!DOCTYPE html>\n<html lang="en"><body><p>Intro</p>{}<table><tr><td>foot</td></tr></table></body></html>',
        "{}",
        '\ufeff<meta charset="utf-8">{}',
    ],
)
def test_a_page_with_a_table_is_that_table(tmp_path: Path, page: str, name: str) -> None:
    rows = LINE.format("The lid &amp; the <b>handle</b><br>are hot") + LINE.format(B)
    _, found = opened(tmp_path, page.format(TABLE.format(rows)), name)
    assert values(found, "Comment") == ["The lid & the handle\nare hot", B]


def test_unclosed_tags_and_nested_tables_are_read(tmp_path: Path) -> None:
    loose = f"<table><tr><th>Day<th>Comment<tr><td>1 May<td>{A}<tr><td>2 May<td>{B}</table>"
    assert values(opened(tmp_path, loose, "r.html")[1], "Comment") == [A, B]
    nested = f"<table><tr><td>menu<table><tr><th>Day</th><th>Comment</th></tr><tr><td>1 May</td><td>{A}</td></tr><tr>"
    nested += f"<td>2 May</td><td>{B}</td></tr></table></td></tr></table>"
    assert values(opened(tmp_path, nested, "r.html")[1], "Comment") == [A, B]


def test_a_page_without_a_table_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"r\.xls: is HTML without a table"):
        opened(tmp_path, "<html><body><p>Log in first.</p></body></html>", "r.xls")


SS = 'xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"'


def test_a_spreadsheet_saved_as_xml_is_its_table(tmp_path: Path) -> None:
    cells = "<Row><Cell><Data>Day</Data></Cell><Cell><Data>Stars</Data></Cell><Cell><Data>Comment</Data></Cell></Row>"
    cells += f'<Row><Cell><Data>1 May</Data></Cell><Cell ss:Index="3"><Data>{A}</Data></Cell></Row>'
    cells += f"<Row><Cell><Data>2 May</Data></Cell><Cell><Data>5</Data></Cell><Cell><Data>{B}</Data></Cell></Row>"
    page = f'<?xml version="1.0"?><Workbook {SS}><Worksheet><Table>{cells}</Table></Worksheet></Workbook>'
    _, rows = opened(tmp_path, page, "r.xls")
    assert (values(rows, "Comment"), values(rows, "Stars")) == ([A, B], ["", "5"])


@pytest.mark.parametrize(
    "page",
    [
        '<?xml version="1.0" encoding="utf-8"?>\n<reviews><review id="1"><text>{}</text><stars>2</stars></review>'
        '<review id="2"><text>{}</text><stars>5</stars></review></reviews>',
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>Shop</title><entry><text>{}</text></entry>"
        "<entry><text>{}</text></entry></feed>",
        "<rss><channel><title>Shop</title><item><text>{}</text></item><item><text>{}</text></item></channel></rss>",
        "<all><shop name='Quay'><list><r><text>{}</text></r><r><text>{}</text></r></list></shop></all>",
    ],
)
def test_elements_that_recur_are_records(tmp_path: Path, page: str) -> None:
    assert values(opened(tmp_path, page.format(A, B), "r.xml")[1]) == [A, B]


def test_other_xml_is_one_sentence(tmp_path: Path) -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;">]><a><t>&c;</t><t>&c;</t></a>'
    for page, sentence in (
        ("<?xml version='1.0'?><note><to>Jo</to><body>Call me back today.</body></note>", "is XML in which no element"),
        ("<?xml version='1.0'?><a><b>one two three</b><b>one two</a>", "is not well-formed XML"),
        (bomb, "is XML that declares entities"),
    ):
        with pytest.raises(InputError, match=sentence):
            opened(tmp_path, page, "r.xml")
