from __future__ import annotations

import io
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gistill.schema import Record, Turn
from gistill.tables import inspect_table, read_records, write_csv
from gistill.tables.identity import made_id

TEXTS = [f"bed number {n} is soft and {word}" for n, word in enumerate(["good", "bad", "old", "new", "cheap", "fine"])]


def ids(folder: Path, header: Sequence[str], rows: Sequence[Sequence[object]], **asked: object) -> list[str]:
    path = folder / "r.csv"
    write_csv(path, header, rows)
    return [item.id for item in read_records(path, **asked) if isinstance(item, Record)]  # type: ignore[arg-type]


def made(*texts: str) -> list[str]:
    return [made_id(Record(id="", text=text)) for text in texts]


def test_an_id_is_the_cell_where_cells_are_distinct(tmp_path: Path) -> None:
    names = ["R3", " R1", "R2 ", "x#2", "9", "ü"]
    rows = list(zip(names, TEXTS, strict=True))
    assert ids(tmp_path, ["id", "text"], rows) == ["R3", "R1", "R2", "x#2", "9", "ü"]


@pytest.mark.parametrize(
    "names",
    [
        ["0", "1", "2", "3", "4", "5"],
        ["1", "2", "3", "4", "5", "6"],
        ["2", "3", "4", "5", "6", "7"],
        ["001", "002", "003", "004", "005", "006"],
        ["a", "b", "c", "d", "e", "a"],
        ["", "", "", "", "", ""],
    ],
)
def test_row_numbers_and_repeated_cells_name_nobody(tmp_path: Path, names: list[str]) -> None:
    rows = list(zip(names, TEXTS, strict=True))
    assert ids(tmp_path, ["id", "text"], rows, columns={"id": "id"}) == made(*TEXTS)


@pytest.mark.parametrize(
    "names", [["6", "5", "4", "3", "2", "1"], ["1", "2", "3", "5", "6", "7"], ["7", "8", "9", "10", "11", "12"]]
)
def test_numbers_that_are_no_row_numbers_are_ids(tmp_path: Path, names: list[str]) -> None:
    assert ids(tmp_path, ["id", "text"], list(zip(names, TEXTS, strict=True))) == names


def test_a_row_that_is_no_record_counts_as_a_row(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("id,text\n1,soft good bed\n2\n3,hard old bed\n")
    assert [item.id for item in read_records(path) if isinstance(item, Record)] == made("soft good bed", "hard old bed")


def test_a_repeat_after_the_sample_counts(tmp_path: Path) -> None:
    rows = [(f"r{n % 1500}", f"bed {n} is soft") for n in range(1501)]
    got = ids(tmp_path, ["id", "text"], rows)
    assert got == made(*[text for _, text in rows])
    assert ids(tmp_path, ["id", "text"], rows, limit=1500) == [f"r{n}" for n in range(1500)]


def test_an_empty_cell_gets_a_made_id_and_the_others_keep_theirs(tmp_path: Path) -> None:
    names = ["R1", "", "R2", "", "R3", "R4"]
    rows = [*zip(names, TEXTS, strict=True)]
    rows[3] = rows[1]
    one = made(TEXTS[1])[0]
    assert ids(tmp_path, ["id", "text"], rows, columns={"id": "id"}) == ["R1", one, "R2", f"{one}-2", "R3", "R4"]


def test_a_made_id_is_twelve_digits_of_a_hash_and_equal_records_are_numbered(tmp_path: Path) -> None:
    got = ids(tmp_path, ["text"], [["Great!"], ["Bad bed, bad food"], ["Great!"], ["Great!"]])
    assert re.fullmatch("[0-9a-f]{12}", got[0])
    assert got == [got[0], got[1], f"{got[0]}-2", f"{got[0]}-3"]
    assert made_id(Record(id="", text="Great!")) == "f8cecae5bcb2"  # a change would rename everything that is kept


def test_an_id_is_made_of_text_turns_author_and_entity_alone() -> None:
    turns = (Turn(start=6, end=9, role="user"),)
    base = Record(id="", text="user: bed", author="ann", entity="inn", turns=turns)
    name = made_id(base)
    same: dict[str, object] = {
        "rating": 4.0, "row": 7, "file": "f", "language": "en", "meta": {"a": "b"}, "id": "x", "date": "2024-01-01"
    }  # fmt: skip
    for field, value in same.items():
        assert made_id(base.model_copy(update={field: value})) == name, field
    other: dict[str, object] = {"text": "user: bad", "author": "bob", "entity": None, "turns": ()}
    for field, value in other.items():
        assert made_id(base.model_copy(update={field: value})) != name, field


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.data())
def test_no_other_record_is_renamed_by_an_inserted_row_or_an_added_column(tmp_path: Path, data: st.DataObject) -> None:
    texts = data.draw(st.lists(st.sampled_from(TEXTS), min_size=3, max_size=12))
    before = ids(tmp_path, ["text"], [[text] for text in texts])
    place = data.draw(st.integers(0, len(texts)))
    grown = [*texts[:place], "a new row about a bed", *texts[place:]]
    rows = [[n, text, n % 5 + 1, "2024-03-04"] for n, text in enumerate(grown)]
    after = ids(tmp_path, ["id", "text", "rating", "date"], rows)
    assert [name for n, name in enumerate(after) if n != place] == before
    assert len(set(after)) == len(grown)


def test_a_folder_names_its_texts(tmp_path: Path) -> None:
    for name in ("1.txt", "2.txt"):
        (tmp_path / name).write_text("a soft bed")
    assert [item.id for item in read_records(tmp_path) if isinstance(item, Record)] == ["1.txt", "2.txt"]


def test_standard_input_is_read_once_and_its_ids_are_told_by_its_first_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(f"r{n % 1500}", f"bed {n} is soft") for n in range(1501)]
    text = "id,text\n" + "".join(f"{name},{said}\n" for name, said in rows)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    got = [item.id for item in read_records("-") if isinstance(item, Record)]
    assert got == [f"r{n}" for n in range(1500)] + made("bed 1500 is soft")


def test_a_column_of_ids_that_is_not_used_is_named(tmp_path: Path) -> None:
    rows = [["a", text] for text in TEXTS]
    write_csv(tmp_path / "r.csv", ["id", "text"], rows)
    assert inspect_table(tmp_path / "r.csv", columns={"id": "id"}).notes == (
        "column 'id' repeats, so ids are made from the records",
    )
