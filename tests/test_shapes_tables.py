"""CSV as programs write it: headers below titles, second header rows, odd dialects, rows that do not fit."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from gistill.errors import InputError, SettingError
from gistill.schema import Failure, Record
from gistill.tables import read_records
from gistill.tables.shapes.formats import open_sheet
from gistill.tables.shapes.headers import find_header, header_strength, name_columns
from gistill.tables.shapes.sheets import Layout, Row, Sheet

DATA = [
    ["2024-05-01", "Leer", "2", "The kettle leaks, the lid is loose."],
    ["2024-05-02", "Aurich", "5", "Boils fast and stays quiet."],
    ["2024-05-03", "Leer", "3", "Handle too hot to hold."],
    ["2024-05-04", "Emden", "1", "Nobody answered the phone, ever."],
]
HEADER = ["Date", "Town", "Stars", "Comment"]


def written(rows: Sequence[Sequence[str]], delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


def opened(folder: Path, content: str, name: str = "r.csv", **how: object) -> tuple[Sheet, list[Row | Failure]]:
    path = folder / name
    path.write_bytes(content.encode())
    layout: Layout = {**how}  # type: ignore[typeddict-item]
    sheet = open_sheet(path, **layout)
    return sheet, list(sheet.rows)


def texts(rows: Sequence[Row | Failure], column: str = "Comment") -> list[object]:
    return [row.cells[column] if isinstance(row, Row) else row.detail for row in rows]


ABOVE = {
    "a title": [["Feedback May"]],
    "a title in a full row": [["Feedback May", "", "", ""]],
    "a title and a gap": [["Feedback May"], []],
    "pairs of settings": [["Exported", "2024-06-01"], ["Filter", "all towns"], ["Language", "en"], []],
    "a sentence": [["This file was made by the feedback team, please do not pass it on."], []],
    "a date range": [["Reviews from 2024-05-01 to 2024-05-31"]],
    "many lines": [[f"Remark number {n}"] for n in range(20)],
}


@pytest.mark.parametrize("above", ABOVE.values(), ids=list(ABOVE))
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_header_is_found_below_what_stands_above_it(tmp_path: Path, above: list[list[str]], delimiter: str) -> None:
    sheet, rows = opened(tmp_path, written([*above, HEADER, *DATA], delimiter))
    assert sheet.header == tuple(HEADER)
    assert texts(rows) == [row[3] for row in DATA]
    row = len(above) + 1
    assert sheet.notes == (f"the columns are named in row {row}; what stands above it is not read",)
    assert [item.number for item in rows if isinstance(item, Row)] == list(range(row + 1, row + 5))


def test_a_header_in_the_first_row_is_said_nothing_of(tmp_path: Path) -> None:
    sheet, rows = opened(tmp_path, written([HEADER, *DATA]))
    assert (sheet.notes, len(rows)) == ((), 4)


LONG = "Please tell us, in your own words and at any length, what we should know about your last visit to the shop."


@pytest.mark.parametrize(
    "header",
    [
        ["When?", "Which shop did you visit last, and in which town is it?", "How many stars?", "Why?"],
        ["Timestamp", "Your town", "How likely are you to tell a friend about us on a scale from 0 to 10?", LONG],
        ["Zeit", "Ort", "Wie viele Sterne geben Sie uns (1 bis 5)?", "Was können wir besser machen?"],
        ["Time", "Town [first choice]", "Stars [overall]", "Anything else:"],
    ],
)  # fmt: skip
def test_a_header_of_questions_is_no_answer(tmp_path: Path, header: list[str]) -> None:
    sheet, rows = opened(tmp_path, written([header, *DATA]))
    assert (sheet.header, sheet.has_header) == (tuple(header), True)
    assert texts(rows, header[3]) == [row[3] for row in DATA]


def test_a_table_without_a_header_has_none(tmp_path: Path) -> None:
    sheet, rows = opened(tmp_path, written(DATA))
    assert (sheet.has_header, len(rows)) == (False, 4)
    assert header_strength([["Is it good?", "u1"], ["Is it loud?", "u2"], ["Does it leak?", "u3"]]) == 0
    assert header_strength([["It leaks.", "n/a"], ["It boils.", "4"], ["It is hot.", "5"]]) == 0
    assert header_strength([["Leer", "It leaks a lot."], ["Emden", "It boils."], ["Leer", "It is hot."]]) == 0


NAMES = ["StartDate", "ResponseId", "Progress", "Q1", "Q4_TEXT"]
ASKED = ["Start Date", "Response ID", "Progress", "How many stars?", "What should we change?"]
IDS = [f'{{"ImportId":"{name}"}}' for name in ("startDate", "_recordId", "progress", "QID1", "QID4")]
ANSWERS = [["2024-05-01 10:00", f"R_{n}a", "100", str(n % 5 + 1), text[3]] for n, text in enumerate(DATA)]


def test_a_second_header_row_may_say_response_above_values(tmp_path: Path) -> None:
    rows = [
        ["Respondent ID", "Start Date", "How satisfied are you?", "What did you like?", "", "What should we change?"],
        ["", "", "Response", "Open-Ended Response", "", "Open-Ended Response"],
        ["118", "03/13/2026", "5 - Very satisfied", "The lid closes well.", "", "More colours"],
        ["119", "03/14/2026", "2 - Dissatisfied", "It boils quickly enough.", "", "The handle gets hot."],
    ]
    path = tmp_path / "survey.csv"
    path.write_text("\n".join(",".join(row) for row in rows), "utf-8")
    records = [item for item in read_records(path) if isinstance(item, Record)]
    assert [record.rating for record in records] == [5, 2]
    assert [record.text for record in records] == [
        "The lid closes well.\n\nMore colours", "It boils quickly enough.\n\nThe handle gets hot.",
    ]  # fmt: skip


@pytest.mark.parametrize("extra", [[ASKED, IDS], [ASKED], [IDS]], ids=["both", "questions", "ids"])
def test_second_header_rows_are_no_answers_but_questions(tmp_path: Path, extra: list[list[str]]) -> None:
    sheet, rows = opened(tmp_path, written([NAMES, *extra, *ANSWERS]))
    assert texts(rows, "Q4_TEXT") == [row[4] for row in ANSWERS]
    asked = {"Q1": "How many stars?", "Q4_TEXT": "What should we change?"} if ASKED in extra else {}
    assert dict(sheet.questions) == asked


def test_choices_below_a_question_name_their_columns(tmp_path: Path) -> None:
    first = ["Respondent ID", "Start Date", "Which do you use?", "", "", "What annoyed you?"]
    second = ["", "", "Kettle", "Toaster", "Other (please specify)", "Open-Ended Response"]
    answers = [[str(800 + n), "05/01/2024 10:00", "Kettle", "", "", row[3]] for n, row in enumerate(DATA)]
    sheet, rows = opened(tmp_path, written([first, second, *answers]))
    assert sheet.header == (
        "Respondent ID", "Start Date", "Which do you use?", "Which do you use? [Toaster]",
        "Which do you use? [Other (please specify)]", "What annoyed you?",
    )  # fmt: skip
    assert texts(rows, "What annoyed you?") == [row[3] for row in DATA]
    assert sheet.questions["Which do you use? [Toaster]"] == "Which do you use?"


def test_a_first_answer_without_numbers_is_an_answer(tmp_path: Path) -> None:
    first = ["", "Leer", "n/a", "I did not keep the date."]
    _, rows = opened(tmp_path, written([HEADER, first, *DATA]))
    assert texts(rows)[0] == "I did not keep the date."


def test_rows_that_sum_up_and_headers_that_come_again_are_no_rows(tmp_path: Path) -> None:
    rows = [
        HEADER,
        *DATA[:2],
        HEADER,
        *DATA[2:],
        ["", "", "", ""],
        ["Total", "", "11", ""],
        ["Average:", "", "2.75", ""],
    ]
    _, found = opened(tmp_path, written(rows))
    assert texts(found) == [row[3] for row in DATA]
    kept = [HEADER, ["2024-05-01", "Total", "3", ""], ["Total", "Leer", "1", "Total failure, never again."], *DATA]
    _, found = opened(tmp_path, written(kept))
    assert len(found) == 6


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "~", "^", "||", "::", "\x01"])
def test_every_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    rows = [[cell.replace(",", "") for cell in row] for row in [HEADER, *DATA]]
    sheet, found = opened(tmp_path, "".join(delimiter.join(row) + "\n" for row in rows))
    assert (sheet.delimiter, texts(found)) == (delimiter, [row[3] for row in rows[1:]])


def test_backslashes_escape_as_data_bases_write_them(tmp_path: Path) -> None:
    quoted = (
        '"id","comment","stars"\n"1","The \\"quiet\\" kettle leaks, sadly","2"\n"2","Two\\nlines \\\\ here","4"\n'
        '"3",\\N,"1"\n"4","Said \\"no\\", twice","1"\n'
    )
    _, rows = opened(tmp_path, quoted)
    assert texts(rows, "comment") == ['The "quiet" kettle leaks, sadly', "Two\nlines \\ here", "", 'Said "no", twice']
    bare = "id\tcomment\tstars\n1\tA tab\\\there and a line\\\nbreak\t2\n2\t\\N\t4\n3\tPlain text\t5\n"
    _, rows = opened(tmp_path, bare, "r.tsv")
    assert texts(rows, "comment") == ["A tab\there and a line\nbreak", "", "Plain text"]
    _, rows = opened(tmp_path, written([["id", "comment"], ["1", "It is in C:\\new\\temp"], ["2", "No \\N here"]]))
    assert texts(rows, "comment") == ["It is in C:\\new\\temp", "No \\N here"]


def test_single_quotes_and_spaces_round_quotes(tmp_path: Path) -> None:
    single = "id,comment,stars\n1,'Leaks, and is loud',2\n2,'It''s fast, really',5\n3,'Fine',4\n"
    _, rows = opened(tmp_path, single)
    assert texts(rows, "comment") == ["Leaks, and is loud", "It's fast, really", "Fine"]
    spaced = '"id" , "comment" , "stars"\n"1" , "Leaks, and is loud" , "2"\n"2" , "It is fast, really" , "5"\n'
    sheet, rows = opened(tmp_path, spaced)
    assert sheet.header == ("id", "comment", "stars")
    assert texts(rows, "comment") == ["Leaks, and is loud", "It is fast, really"]
    plain = "'id','comment','stars'\n'1','Leaks and is loud','2'\n'2','It is fast','5'\n"
    sheet, rows = opened(tmp_path, plain)
    assert sheet.header == ("id", "comment", "stars")
    assert texts(rows, "comment") == ["Leaks and is loud", "It is fast"]
    apostrophes = "id,comment\n1,'tis a good kettle\n2,the kids' favourite\n3,rock 'n' roll\n"
    _, rows = opened(tmp_path, apostrophes)
    assert texts(rows, "comment") == ["'tis a good kettle", "the kids' favourite", "rock 'n' roll"]


def test_unquoted_delimiters_belong_to_the_text_or_the_row_is_named(tmp_path: Path) -> None:
    lines = "id,comment,stars\n1,Leaks, is loud, and hot,2\n2,Boils fast,5\n3,Bad lid, bad handle,1\n4,Fine with me,4\n"
    _, rows = opened(tmp_path, lines)
    assert texts(rows, "comment") == ["Leaks, is loud, and hot", "Boils fast", "Bad lid, bad handle", "Fine with me"]
    odd = lines + "7,Good,4\n8,Hot,2\n5,Loud,x,y\n6,Short\n"
    _, rows = opened(tmp_path, odd)
    assert texts(rows[-2:], "comment") == ["has 4 cells where the header has 3", "has 2 cells where the header has 3"]
    assert all(isinstance(row, Failure) and row.kind == "bad_row" for row in rows[-2:])


def test_the_header_row_can_be_named(tmp_path: Path) -> None:
    content = written([["Version", "Language"], ["1.2", "en"], HEADER, *DATA])
    sheet, rows = opened(tmp_path, content, header_row=3)
    assert (sheet.header, len(rows)) == (tuple(HEADER), 4)
    with pytest.raises(SettingError, match="row 90 cannot be the header"):
        opened(tmp_path, content, header_row=90)


def test_what_moves_a_terminals_cursor_is_no_part_of_a_name() -> None:
    names = name_columns(["\x1b[31mText\x1b[0m", "\x1b]0;owned\x07Stars", "a\x07b\x9bc", " \n "])
    assert names == ("Text", "Stars", "abc", "column 4")


def test_equal_and_many_names_take_no_time() -> None:
    assert name_columns(["a", "a", "a (2)", "a"]) == ("a", "a (2)", "a (2) (2)", "a (3)")
    assert len(set(name_columns(["same"] * 2_000))) == 2_000
    for width in (2_001, 100_000):
        with pytest.raises(InputError, match=f"has {width:,} columns; at most 2,000 are read"):
            find_header([(1, ["same"] * width), (2, ["1"] * width)])


def test_two_thousand_columns_are_read(tmp_path: Path) -> None:
    _, rows = opened(tmp_path, written([["text"] * 2_000, ["Leaks a lot"] * 2_000]))
    assert isinstance(rows[0], Row)
    assert len(rows[0].cells) == 2_000


def test_a_cell_too_long_is_a_failure_of_its_row(tmp_path: Path) -> None:
    content = f"text,stars\n{'x' * 2_000_001},1\nThe lid is loose,2\n"
    _, rows = opened(tmp_path, content)
    assert texts(rows, "text") == ["column 'text' holds more than 2,000,000 characters", "The lid is loose"]


def test_errors_of_formulas_are_nothing(tmp_path: Path) -> None:
    _, rows = opened(tmp_path, written([HEADER, *DATA, ["2024-05-05", "Leer", "#N/A", "#NAME?"]]))
    assert isinstance(rows[-1], Row)
    assert (rows[-1].cells["Stars"], rows[-1].cells["Comment"]) == ("", "")
