"""Archives, folders and several files as one table, and archives made to do harm."""

import gzip
import io
import struct
import sys
import zipfile
from pathlib import Path

import pytest

from gistill.errors import InputError
from gistill.schema import Failure
from gistill.tables import read_records
from gistill.tables.shapes import archives, sources
from gistill.tables.shapes.formats import open_sheet
from gistill.tables.shapes.sheets import Row, Sheet

A, B, C = "The kettle leaks from the lid.", "Boils fast and stays quiet.", "Handle too hot to hold."
MAY, JUNE = f"Day,Comment\n1 May,{A}\n2 May,{B}\n", f"Day,Comment\n1 June,{C}\n"


def zipped(path: Path, members: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def cells(sheet: Sheet) -> list[dict[str, object]]:
    rows = list(sheet.rows)
    assert all(isinstance(row, Row) for row in rows), rows
    return [dict(row.cells) for row in rows if isinstance(row, Row)]


def test_an_archive_of_one_table_is_that_table(tmp_path: Path) -> None:
    path = zipped(tmp_path / "r.zip", {"export/may.csv": MAY, "__MACOSX/export/._may.csv": "x", ".DS_Store": "x"})
    sheet = open_sheet(path)
    assert (sheet.format, sheet.header, sheet.notes) == ("csv", ("Day", "Comment"), ())
    assert [row["Comment"] for row in cells(sheet)] == [A, B]


def test_an_archive_of_tables_names_the_file_of_each_row(tmp_path: Path) -> None:
    members: dict[str, str | bytes] = {"may.csv": MAY, "june.csv.gz": gzip.compress(JUNE.encode())}
    sheet = open_sheet(zipped(tmp_path / "r.zip", members))
    assert [(row["Comment"], row["file"]) for row in cells(sheet)] == [
        (A, "may.csv"), (B, "may.csv"), (C, "june.csv.gz")
    ]  # fmt: skip


def test_an_archive_of_texts_is_one_record_a_file(tmp_path: Path) -> None:
    sheet = open_sheet(zipped(tmp_path / "r.zip", {"a.txt": f"{A}\n\n{B}\n", "b.txt": C, "c/d.txt": B}))
    assert [row["text"] for row in cells(sheet)] == [f"{A}\n\n{B}\n", C, B]


def test_an_archive_from_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = zipped(tmp_path / "r.zip", {"may.csv": MAY}).read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert len(cells(open_sheet("-"))) == 2


def test_what_is_no_table_in_an_archive_is_named(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("x.csv", MAY)
    members: dict[str, str | bytes] = {
        "may.csv": MAY,
        "logo.png": b"\x89PNG\r\n",
        "old.zip": inner.getvalue(),
        "../up.csv": JUNE,
    }
    sheet = open_sheet(zipped(tmp_path / "r.zip", members))
    assert [row["Comment"] for row in cells(sheet)] == [A, B]
    assert sheet.notes == (
        "not read, because they are no tables: logo.png",
        "the archive 'old.zip' inside the archive is not read; unpack it first",
        "the member '../up.csv' is not read: its name leads out of the archive",
    )
    assert not (tmp_path.parent / "up.csv").exists()


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"../../etc/x.csv": MAY}, "is an archive without a file that can be read: the member '../../etc/x.csv'"),
        ({"/etc/x.csv": MAY}, "leads out of the archive"),
        ({"a.zip": b"PK"}, "is an archive without a file that can be read: the archive 'a.zip'"),
        ({"logo.png": b"\x89PNG"}, "is an archive without a file that can be read"),
        ({"word/document.xml": "<w/>", "[Content_Types].xml": "<T/>"}, "is a document of a word processor"),
    ],
)
def test_an_archive_without_a_table_is_one_sentence(
    tmp_path: Path, members: dict[str, str | bytes], sentence: str
) -> None:
    with pytest.raises(InputError) as caught:
        open_sheet(zipped(tmp_path / "r.zip", members))
    assert sentence in str(caught.value)


@pytest.mark.slow
def test_an_archive_of_too_many_members_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "r.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(50_001):
            archive.writestr(zipfile.ZipInfo(f"{number}.csv"), "")
    with pytest.raises(InputError, match=r"is an archive of [\d,]+ entries; at most 50,000 are looked at"):
        open_sheet(path)


@pytest.mark.slow
def test_bombs_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path / "r.zip", {"r.csv": b"text\n" + b"a" * 20_000_000})
    with pytest.raises(InputError, match="unpacks to 20,000,005 bytes, which is too much for an archive of its size"):
        open_sheet(path)
    monkeypatch.setattr(sources, "LARGE", 100_000)
    (tmp_path / "r.csv.gz").write_bytes(gzip.compress(b"text\n" + b"The lid leaks.\n" * 200_000))
    rows = list(open_sheet(tmp_path / "r.csv.gz").rows)
    assert isinstance(rows[-1], Failure)
    assert "packed more than 200 times" in rows[-1].detail
    monkeypatch.setattr(archives, "MAX_UNPACKED", 1_000)
    with pytest.raises(InputError, match="which is too much"):
        open_sheet(zipped(tmp_path / "r.zip", {"a.csv": MAY * 20, "b.csv": MAY * 20}))


def test_a_member_larger_than_the_archive_says_is_one_sentence(tmp_path: Path) -> None:
    path = zipped(tmp_path / "r.zip", {"r.csv": MAY * 50})
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        place = data.find(mark)
        data[place + offset : place + offset + 4] = struct.pack("<I", 10)
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"r\.zip/r\.csv: is a damaged member"):
        open_sheet(path)


def test_damaged_and_encrypted_archives_are_one_sentence(tmp_path: Path) -> None:
    path = zipped(tmp_path / "r.zip", {"r.csv": MAY})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="is a damaged archive"):
        open_sheet(path)
    locked = bytearray(whole)
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        locked[locked.find(mark) + offset] |= 1
    path.write_bytes(bytes(locked))
    with pytest.raises(InputError, match="is encrypted"):
        open_sheet(path)


def put(folder: Path, **files: str) -> list[Path]:
    paths = []
    for name, content in files.items():
        paths.append(folder / f"{name}.csv")
        paths[-1].write_text(content)
    return paths


def test_several_files_are_one_table_in_the_order_given(tmp_path: Path) -> None:
    may, june = put(tmp_path, may=MAY, june=JUNE)
    sheet = open_sheet([june, may])
    assert sheet.header == ("Day", "Comment", "file")
    assert [(row["Comment"], row["file"]) for row in cells(sheet)] == [(C, str(june)), (A, str(may)), (B, str(may))]
    records = list(read_records([may, june], columns={"text": "Comment"}))
    assert [record.file for record in records if not isinstance(record, Failure)] == [str(may), str(may), str(june)]
    assert len(cells(open_sheet([may]))) == 2


def test_a_column_more_in_later_files_is_no_other_table(tmp_path: Path) -> None:
    may, june = put(tmp_path, may=MAY, june=f"Day,Version,Comment\n1 June,2.1,{C}\n")
    rows = cells(open_sheet([may, june]))
    assert [row.get("Version") for row in rows] == [None, None, "2.1"]


def test_files_named_together_must_fit_and_exist(tmp_path: Path) -> None:
    may, other = put(tmp_path, may=MAY, other="code,town\n1,Leer\n2,Emden\n")
    with pytest.raises(InputError, match=r"other\.csv: has other columns than .*may\.csv"):
        open_sheet([may, other])
    with pytest.raises(InputError, match=r"none\.csv: does not exist"):
        open_sheet([may, tmp_path / "none.csv"])


def test_a_folder_of_tables_is_one_table(tmp_path: Path) -> None:
    put(tmp_path, b_may=MAY, a_june=JUNE, towns="code,town\n1,Leer\n2,Emden\n")
    (tmp_path / "readme.txt").write_text("Made by the shop.")
    (tmp_path / ".hidden.csv").write_text(MAY)
    sheet = open_sheet(tmp_path)
    assert [(row["Comment"], row["file"]) for row in cells(sheet)] == [
        (C, "a_june.csv"), (A, "b_may.csv"), (B, "b_may.csv")
    ]  # fmt: skip
    assert sheet.notes == (
        "not read, because their columns are others: towns.csv",
        "1 text file is not read, because the folder holds tables",
    )


def test_a_table_of_a_folder_that_cannot_be_read_is_a_failure(tmp_path: Path) -> None:
    put(tmp_path, may=MAY, empty="", june=JUNE)
    rows = list(open_sheet(tmp_path).rows)
    assert [row.record for row in rows if isinstance(row, Failure)] == ["empty.csv"]
    assert sum(isinstance(row, Row) for row in rows) == 3
    assert all(row.kind == "unreadable" for row in rows if isinstance(row, Failure))
