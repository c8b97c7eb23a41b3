"""Workbooks: which sheets are read, where their tables begin, and what is too far or too large."""

import datetime as dt
import io
import struct
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl
import pytest
import xlwt
from xlwt.CompoundDoc import XlsDoc

from gistill.errors import InputError, SettingError
from gistill.schema import Record
from gistill.tables import read_records
from gistill.tables.shapes import workbooks
from gistill.tables.shapes.formats import open_sheet
from gistill.tables.shapes.sheets import Layout, Row, Sheet

HEADER = ["Day", "Stars", "Comment"]
MAY = [["1 May", 2, "The kettle leaks from the lid."], ["2 May", 5, "Boils fast and stays quiet."]]
JUNE = [["1 June", 1, "Handle too hot to hold."]]


def book(path: Path, sheets: Mapping[str, Sequence[Sequence[object]]], hidden: Sequence[str] = ()) -> Path:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        if name in hidden:
            sheet.sheet_state = "hidden"
    made.save(path)
    return path


def opened(path: Path, **how: object) -> tuple[Sheet, list[dict[str, object]]]:
    layout: Layout = {**how}  # type: ignore[typeddict-item]
    sheet = open_sheet(path, **layout)
    rows = list(sheet.rows)
    assert all(isinstance(row, Row) for row in rows)
    return sheet, [dict(row.cells) for row in rows if isinstance(row, Row)]


COVER = [["Report"], ["Made by the feedback team for the meeting of the board in June."]]


def test_the_sheet_with_the_texts_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    path = book(tmp_path / "r.xlsx", {"Info": COVER, "Data": [HEADER, *MAY], "Key": [["Code", "Town"], [1, "Leer"]]})
    sheet, rows = opened(path)
    assert [row["Comment"] for row in rows] == [row[2] for row in MAY]
    assert sheet.header == tuple(HEADER)
    assert sheet.notes == ("these sheets are not read: 'Info', 'Key' (--sheet NAME reads one)",)


def test_sheets_with_one_header_are_one_table(tmp_path: Path) -> None:
    path = book(tmp_path / "r.xlsx", {"May": [HEADER, *MAY], "June": [HEADER, *JUNE], "Notes": [["call back"]]})
    sheet, rows = opened(path)
    assert [(row["sheet"], row["Comment"]) for row in rows] == [
        ("May", MAY[0][2]), ("May", MAY[1][2]), ("June", JUNE[0][2])
    ]  # fmt: skip
    assert sheet.header == (*HEADER, "sheet")


def test_a_sheet_can_be_named_and_a_hidden_one_only_so(tmp_path: Path) -> None:
    sheets = {"May": [HEADER, *MAY], "Old": [HEADER, *JUNE], "June": [HEADER, *JUNE]}
    path = book(tmp_path / "r.xlsx", sheets, hidden=["Old"])
    assert len(opened(path)[1]) == 3
    sheet, rows = opened(path, sheet="old")
    assert ([row["Comment"] for row in rows], sheet.notes) == ([JUNE[0][2]], ())
    with pytest.raises(SettingError, match=r"there is no sheet 'July'; the sheets are: 'May', 'Old', 'June'"):
        opened(path, sheet="July")


@pytest.mark.parametrize("above", [[["Feedback"]], [["Filter:\nTown is Leer"], []], [["Feedback"], ["all towns"], []]])
@pytest.mark.parametrize("left", [0, 3])
def test_the_table_begins_where_its_header_does(tmp_path: Path, above: list[list[str]], left: int) -> None:
    rows = [[None] * left + list(row) for row in [*above, HEADER, *MAY, ["Total", 7, None]]]
    sheet, found = opened(book(tmp_path / "r.xlsx", {"S": rows}))
    assert sheet.header == tuple(HEADER)
    assert [row["Comment"] for row in found] == [row[2] for row in MAY]


def test_the_header_row_of_a_sheet_can_be_named(tmp_path: Path) -> None:
    path = book(tmp_path / "r.xlsx", {"S": [["a", "b", "c"], ["d", "e", "f"], HEADER, *MAY]})
    assert opened(path, header_row=3)[0].header == tuple(HEADER)
    with pytest.raises(SettingError, match="row 77 cannot be the header"):
        opened(path, header_row=77, sheet="S")


def test_a_merged_cell_holds_for_its_rows(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    sheet = made.active
    for row in [["Feedback", None, None], ["Town", "Stars", "Comment"], ["Leer", *MAY[0][1:]], [None, *MAY[1][1:]]]:
        sheet.append(row)
    sheet.append(["Emden", *JUNE[0][1:]])
    sheet.merge_cells("A1:C1")
    sheet.merge_cells("A3:A4")
    made.save(tmp_path / "r.xlsx")
    assert [row["Town"] for row in opened(tmp_path / "r.xlsx")[1]] == ["Leer", "Leer", "Emden"]


def test_what_a_spreadsheet_writes_into_cells_is_undone(tmp_path: Path) -> None:
    rows = [
        HEADER,
        ["1 May", "'4", "Leaks._x000D_\nAnd hot."],
        ["2 May", "#N/A", "#REF!"],
        ["3 May", 5, "-good, -quiet"],
    ]
    found = opened(book(tmp_path / "r.xlsx", {"S": rows}))[1]
    assert [(row["Stars"], row["Comment"]) for row in found] == [
        ("4", "Leaks.\nAnd hot."), ("", ""), (5, "-good, -quiet")
    ]  # fmt: skip


def test_a_header_of_two_rows_in_a_workbook(tmp_path: Path) -> None:
    rows = [["", "Scores", "", ""], ["Day", "Stars", "Price", "Comment"], ["1 May", 2, 3, "It leaks from the lid."]]
    assert opened(book(tmp_path / "r.xlsx", {"S": [*rows, ["2 May", 4, 4, "It boils fast."]]}))[0].header == (
        "Day", "Stars", "Price", "Comment"
    )  # fmt: skip


def parts(cells: str, name: str = "xl/worksheets/sheet1.xml") -> bytes:
    """Make a workbook of one sheet from the XML of its rows."""
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
    )
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    rels = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types)
        archive.writestr(
            "_rels/.rels", rels.format(f'<Relationship Id="r1" Type="{rel}/officeDocument" Target="xl/workbook.xml"/>')
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{rel}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets>'
            "</workbook>",
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            rels.format(f'<Relationship Id="r1" Type="{rel}/worksheet" Target="worksheets/sheet1.xml"/>'),
        )
        archive.writestr(name, f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>')
    return out.getvalue()


def cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


ROWS = f'<row r="1">{cell("A1", "text")}</row><row r="2">{cell("A2", "The lid leaks.")}</row>'


@pytest.mark.parametrize(
    ("far", "sentence"),
    [
        ("XFD1048576", "has a cell in column 16,384; at most 2,000 columns are read"),
        ("ZZ900000", "has a sheet of 900,000 rows and 702 columns"),
    ],
)
def test_a_cell_far_away_is_one_sentence(tmp_path: Path, far: str, sentence: str) -> None:
    row = far.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    path = tmp_path / "r.xlsx"
    path.write_bytes(parts(f'{ROWS}<row r="{row}">{cell(far, "far")}</row>'))
    with pytest.raises(InputError, match=sentence) as caught:
        opened(path)
    assert caught.value.hint.startswith("Delete what stands outside")


def test_a_far_cell_that_is_only_formatted_is_no_cell(tmp_path: Path) -> None:
    path = tmp_path / "r.xlsx"
    path.write_bytes(parts(f'{ROWS}<row r="1048576"><c r="XFD1048576" s="0"/></row>'))
    assert opened(path)[1] == [{"text": "The lid leaks."}]


# Reads a file in a process of its own, and says what came of it and the most memory that it took, in MB.
READING = """
import resource, sys
from gistill.errors import InputError
from gistill.tables import read_records
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    print(len(list(read_records(sys.argv[1]))))
except InputError as error:
    print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def stuffed(path: Path, megabytes: int) -> Path:
    """Write a workbook with one cell of so many megabytes, without holding it."""
    if path.suffix == ".ods":
        data, row = ods(path, ods_row("text") + "@").read_bytes(), ods_row("@")
    else:
        data = parts(f'<row r="1">{cell("A1", "text")}</row>@')
        row = f'<row r="2">{cell("A2", "@")}</row>'
    with zipfile.ZipFile(io.BytesIO(data)) as model, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name in model.namelist():
            begin, _, end = model.read(name).partition(b"@")
            with made.open(name, "w", force_zip64=True) as part:
                part.write(begin)
                if end:
                    before, _, after = row.encode().partition(b"@")
                    part.write(before)
                    for _ in range(megabytes):
                        part.write(b"x" * 1_000_000)
                    part.write(after + end)
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="resource is of POSIX")
@pytest.mark.parametrize("kind", [".xlsx", ".ods"])
def test_a_cell_far_larger_than_the_file_takes_no_memory(kind: str, tmp_path: Path) -> None:
    path = stuffed(tmp_path / f"r{kind}", 60)
    assert path.stat().st_size < 200_000
    done = subprocess.run([sys.executable, "-c", READING, str(path)], capture_output=True, text=True, check=True)
    said, memory = done.stdout.splitlines()
    assert "has a cell of more than 2,000,000 characters" in said
    assert int(memory) < 150


def test_a_sheet_that_unpacks_to_too_much_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "LARGE", 1_000_000)
    path = tmp_path / "r.xlsx"
    path.write_bytes(
        parts("".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(1, 2)) + " " * 5_000_000)
    )
    with pytest.raises(InputError, match="unpacks to far more than a table of its size holds"):
        opened(path)


def test_other_workbooks_are_tried_in_a_process_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "r.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 5_000)
    with pytest.raises(InputError, match="is not a workbook that can be read"):
        opened(path)
    monkeypatch.setattr(workbooks, "_TRY", "import os; os.abort()")
    with pytest.raises(InputError, match="has a cell too far away from the others"):
        opened(path)


OLD = [[1, 2, "The kettle leaks from the lid — sadly."], [2, 5, "Größer als gedacht, 很好."]]


def test_an_old_workbook_is_read_with_its_dates_merges_and_sheets(tmp_path: Path) -> None:
    """BIFF8, what spreadsheets wrote from 1997 to 2007."""
    made = xlwt.Workbook(encoding="utf-8")
    made.add_sheet("Cover").write(0, 0, "Made by the feedback team")
    day = xlwt.easyxf(num_format_str="DD.MM.YYYY")
    for name, rows in (("May", OLD), ("June", [[3, 1, "Handle too hot to hold."]])):
        sheet = made.add_sheet(name)
        for column, title in enumerate(["Day", "Stars", "Comment", "Shop", "Sum"]):
            sheet.write(0, column, title)
        for at, (number, stars, said) in enumerate(rows, 1):
            sheet.write(at, 0, dt.date(2004, 5, number), day)
            sheet.write(at, 1, stars)
            sheet.write(at, 2, said)
            sheet.write(at, 4, xlwt.Formula(f"B{at + 1}*2"))
        sheet.write_merge(1, len(rows), 3, 3, "Leer")
    made.save(str(tmp_path / "old.xls"))
    records = [record for record in read_records(tmp_path / "old.xls") if isinstance(record, Record)]
    assert [record.text for record in records] == [*(row[2] for row in OLD), "Handle too hot to hold."]
    assert [str(record.date) for record in records] == ["2004-05-01", "2004-05-02", "2004-05-03"]
    assert [record.rating for record in records] == [2, 5, 1]
    assert {record.entity for record in records} == {"Leer"}
    assert [record.meta["sheet"] for record in records] == ["May", "May", "June"]


def biff5(rows: Sequence[Sequence[str | float]]) -> bytes:
    """Write a workbook of Excel 5 and 95 by hand: records in Windows-1252 in the stream "Book"."""

    def record(kind: int, *data: bytes) -> bytes:
        whole = b"".join(data)
        return struct.pack("<HH", kind, len(whole)) + whole

    def begin(kind: int) -> bytes:
        return record(0x0809, struct.pack("<HHHH", 0x0500, kind, 0x0DBB, 1996))

    def filled(row: int, column: int, value: str | float) -> bytes:
        place = struct.pack("<HHH", row, column, 0)
        if isinstance(value, str):
            return record(0x0204, place, struct.pack("<H", len(value)), value.encode("cp1252"))
        return record(0x0203, place, struct.pack("<d", value))

    cells = (filled(row, column, value) for row, line in enumerate(rows) for column, value in enumerate(line))
    sheet = begin(0x0010) + b"".join(cells) + record(0x000A)
    codepage, end = record(0x0042, struct.pack("<H", 1252)), record(0x000A)
    at = len(begin(0x0005)) + len(codepage) + 4 + 6 + 1 + len("Sheet") + len(end)
    globe = begin(0x0005) + codepage + record(0x0085, struct.pack("<IH", at, 0), b"\x05Sheet") + end
    out = io.BytesIO()
    XlsDoc().save(out, globe + sheet)
    name, book = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))
    data = bytearray(out.getvalue())
    entry = data.index(name)  # of the directory: a name of 64 bytes, and its length with the zero at its end
    data[entry : entry + 64] = book.ljust(64, b"\0")
    data[entry + 64 : entry + 66] = struct.pack("<H", len(book) + 2)
    return bytes(data)


def test_a_workbook_of_1995_is_read(tmp_path: Path) -> None:
    path = tmp_path / "older.xls"
    path.write_bytes(biff5([["Stars", "Comment"], [4, "Größer als gedacht, aber gut."], [1, "The lid leaks."]]))
    records = [record for record in read_records(path) if isinstance(record, Record)]
    assert [(record.text, record.rating) for record in records] == [
        ("Größer als gedacht, aber gut.", 4),
        ("The lid leaks.", 1),
    ]


ODS = """<?xml version="1.0"?><office:document-content
xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"><office:body><office:spreadsheet><table:table
table:name="S">{}</table:table></office:spreadsheet></office:body></office:document-content>"""


def ods(path: Path, rows: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", ODS.format(rows))
    return path


def ods_row(text: str, repeated: str = "") -> str:
    return (
        f'<table:table-row {repeated}><table:table-cell office:value-type="string"><text:p>{text}</text:p>'
        "</table:table-cell></table:table-row>"
    )


def test_an_open_document_sheet_is_read_and_its_bomb_is_one_sentence(tmp_path: Path) -> None:
    path = ods(tmp_path / "r.ods", ods_row("text") + ods_row("The lid leaks."))
    assert opened(path)[1] == [{"text": "The lid leaks."}]
    wide = '<table:table-row table:number-rows-repeated="1000000"><table:table-cell office:value-type="string" '
    wide += 'table:number-columns-repeated="4000"><text:p>x</text:p></table:table-cell></table:table-row>'
    with pytest.raises(InputError, match=r"too far away from the others|more than a minute|is not a workbook"):
        opened(ods(tmp_path / "bomb.ods", ods_row("text") + wide))
