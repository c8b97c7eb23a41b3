"""What people export, kind by kind: who said what, with how many stars, and when. Small inputs of our own.

Each input has the records that are right, with author, rating, day and the customer's words, part by part. What a kind
is about in full stands in the tests of its own part (test_roles.py, test_shapes_*.py, test_apart.py, test_senders.py).
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gistill.schema import Record
from gistill.screen import customer_spans, screen
from gistill.tables import read_records


class Said(NamedTuple):
    """One record: its author, rating, day and parts."""

    who: str | None
    stars: float | None
    day: str | None
    parts: tuple[str, ...]


class Input(NamedTuple):
    """A file, and what is right of it."""

    name: str
    file: str
    data: bytes
    right: list[Said]


WHO = ("Ina", "Bo", "Cy")
STARS = (1, 5, 2)
DAYS = ("2024-05-21", "2024-05-22", "2024-05-23")
TEXTS = ("The lid came off in my hand.", "The kettle boils fast and stays quiet.", "The handle gets too hot to hold.")
HEADS = ("Loose lid", "Quick one", "Hot handle")
MORE = ("It hums all night long.", "The cord is a bit short.", "The colour is lovely.")
THANKS = "We thank you for your wonderful words and love to have you here, number {}."
OBJECTS = [{"user": w, "stars": s, "date": d, "text": t} for w, s, d, t in zip(WHO, STARS, DAYS, TEXTS, strict=True)]
INPUTS: list[Input] = []


def right(
    *parts: Sequence[str],
    who: Sequence[str | None] = WHO,
    stars: Sequence[float | None] = STARS,
    days: Sequence[str | None] = DAYS,
) -> list[Said]:
    """Make the records of columns of texts; an empty text is no part."""
    said = zip(*(parts or (TEXTS,)), strict=True)
    texts = [tuple(text for text in one if text) for one in said]
    return [Said(*one) for one in zip(who, stars, days, texts, strict=True)]


def add(name: str, file: str, data: str | bytes | object, said: list[Said] | None = None) -> None:
    if not isinstance(data, str | bytes):
        data = json.dumps(data, ensure_ascii=False)
    made = data if isinstance(data, bytes) else data.encode()
    INPUTS.append(Input(name, file, made, right() if said is None else said))


def sheet(columns: Mapping[str, Sequence[object]], *, delimiter: str = ",", above: str = "", below: str = "") -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter[0], lineterminator="\n")
    writer.writerows([list(columns), *zip(*columns.values(), strict=True)])
    return above + out.getvalue().replace(delimiter[0], delimiter) + below


def usual(texts: Sequence[object] = TEXTS, **more: Sequence[object]) -> dict[str, Sequence[object]]:
    return {"User": WHO, "Stars": STARS, "Date": DAYS, "Review": texts, **more}


def workbook(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    import openpyxl

    book, out = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.active)
    for title, lines in sheets.items():
        page = book.create_sheet(title)
        for line in lines:
            page.append(list(line))
    book.save(out)
    return out.getvalue()


def packed(files: Mapping[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


LINES = list(zip(WHO, STARS, DAYS, TEXTS, strict=True))
NAMES = ("User", "Stars", "Date", "Review")

# Several columns of the customer's words.
for first, second in [
    ("Title", "Review"),
    ("Pros", "Cons"),
    ("Positive_Review", "Negative_Review"),
    ("What went well?", "What went badly?"),
    ("Titre", "Avis"),
    ("liked", "disliked"),
]:
    columns = {"User": WHO, "Stars": STARS, "Date": DAYS, first: HEADS if first[0] == "T" else MORE, second: TEXTS}
    add(f"two texts: {first}, {second}", "r.csv", sheet(columns), right(columns[first], TEXTS))  # type: ignore[arg-type]
add(
    "a column that joins two",
    "r.csv",
    sheet({**usual(), "Title": HEADS, "full_text": [f"{h}. {t}" for h, t in zip(HEADS, TEXTS, strict=True)]}),
    right(TEXTS, HEADS),
)
add("a clean copy", "r.csv", sheet(usual(Review_clean=[t.lower().strip(".") for t in TEXTS])))

# Who speaks.
for agent, customer in [("Agent", "Customer"), ("Support", "Visitor"), ("Berater", "Kunde"), ("Admin", "End-user")]:
    cells = [f"{agent}: How can I help you?\n{customer}: {text}\n{agent}: Our kettles are superb." for text in TEXTS]
    add(f"labels in a cell: {agent}, {customer}", "r.csv", sheet(usual(cells)))
for company, user in [("admin", "end-user"), ("assistant", "user"), ("Agent 2", "Customer"), ("bot", "visitor")]:
    talks = [
        {
            **{key: one[key] for key in ("user", "stars", "date")},
            "messages": [{"role": user, "content": one["text"]}, {"role": company, "content": THANKS.format(n)}],
        }
        for n, one in enumerate(OBJECTS)
    ]
    add(f"messages: {company}, {user}", "r.jsonl", "\n".join(map(json.dumps, talks)))
doubled = {
    "ticket": [7, 7, 8, 8, 9, 9],
    "sender": ["customer", "agent"] * 3,
    "author": [name for one in WHO for name in (one, "Nora")],
    "date": [day for one in DAYS for day in (one, one)],
    "text": [text for n, one in enumerate(TEXTS) for text in (one, THANKS.format(n))],
}
add("a role in a column", "r.csv", sheet(doubled), right(stars=[None] * 3))
add(
    "a direction in a column",
    "r.csv",
    sheet({**doubled, "sender": ["inbound", "outbound"] * 3}),
    right(stars=[None] * 3),
)
add("an owner's reply in a column", "r.csv", sheet(usual(**{"Owner reply": [THANKS.format(n) for n in range(3)]})))
add(
    "a developer's reply in a column",
    "r.csv",
    sheet(usual(**{"Developer Reply Text": [THANKS.format(n) for n in range(3)]})),
)
for reply in [
    "Response from the owner: Thank you!",
    "Antwort des Inhabers: Vielen Dank!",
    "Réponse du propriétaire: Merci !",
]:
    add(f"a reply in the cell: {reply[:8]}", "r.csv", sheet(usual([f"{text}\n{reply}" for text in TEXTS])))
for mark, original in [("(Translated by Google)", "(Original)"), ("(Übersetzt von Google)", "(Original)")]:
    add(
        f"a translation in the cell: {mark}",
        "r.csv",
        sheet(usual([f"{mark} Something else is said here.\n\n{original}\n{text}" for text in TEXTS])),
    )
add(
    "a program among people",
    "r.csv",
    sheet(
        {
            "User": [*WHO, "AutoModerator"],
            "Date": [*DAYS, DAYS[0]],
            "Comment": [*TEXTS, "I am a bot, and this action was performed automatically."],
        }
    ),
    right(stars=[None] * 3),
)
for tail in [
    "\n\nOn Tue, 5 Mar 2024 at 10:11, Lidco <help@lidco.example> wrote:\n> Our kettles are superb.",
    "\n\n-- \nIna Ost\nMill Lane 4",
    "\n\nSent from my iPhone",
    "\n\nBest regards,\nIna Ost",
]:
    add(f"under a mail: {tail.split()[0]} {tail.split()[1]}", "r.csv", sheet(usual([text + tail for text in TEXTS])))
add("a mark in front", "r.csv", sheet(usual([f"Verified Purchase | {text}" for text in TEXTS])))

# JSON in every common shape.
for name, document in {
    "a list": OBJECTS,
    "an object with a list": {"reviews": OBJECTS},
    "an answer": {"status": "ok", "data": {"items": OBJECTS}},
    "two lists": {"staff": [{"name": "Jo"}], "reviews": OBJECTS},
    "by id": {f"r{n}x": one for n, one in enumerate(OBJECTS)},
    "columns": {key: {str(n): one[key] for n, one in enumerate(OBJECTS)} for key in OBJECTS[0]},
    "split": {"columns": list(OBJECTS[0]), "index": [0, 1, 2], "data": [list(one.values()) for one in OBJECTS]},
    "products": [{"product": "Kettle", "reviews": OBJECTS[:2]}, {"product": "Pot", "reviews": OBJECTS[2:]}],
    "objects in objects": [
        {"author": {"name": o["user"]}, "rating": {"value": o["stars"]}, "date": o["date"], "text": o["text"]}
        for o in OBJECTS
    ],
}.items():
    add(f"JSON: {name}", "r.json", document)
add("JSON: indented", "r.json", json.dumps({"reviews": OBJECTS}, indent=2))
add("JSON lines", "r.jsonl", "\n".join(map(json.dumps, OBJECTS)))
add("JSON lines with commas", "r.jsonl", ",\n".join(map(json.dumps, OBJECTS)))
add("JSON lines under another name", "r.txt", "\n".join(map(json.dumps, OBJECTS)))
add("JSON lines with a mark", "r.jsonl", b"\xef\xbb\xbf" + "\n".join(map(json.dumps, OBJECTS)).encode())
add("lists of tags beside the text", "r.jsonl", "\n".join(json.dumps({**one, "tags": ["a", "b"]}) for one in OBJECTS))

# Tables.
for mark in [";", "\t", "|", "~", "||"]:
    add(f"delimiter {mark!r}", "r.csv", sheet(usual(), delimiter=mark))
add("a title above", "r.csv", sheet(usual(), above="Feedback of May\n"))
add("a preamble above", "r.csv", sheet(usual(), above="Report,Reviews\nExported,2024-06-01\n\n"))
add(
    "import ids below the header",
    "r.csv",
    sheet(usual()).replace("Review\n", "Review\n" + ",".join(f'"{{""ImportId"":""Q{n}""}}"' for n in range(4)) + "\n"),
)
add("a total below", "r.csv", sheet(usual(), below="Total,8,,\n"))
add(
    "long questions as headers",
    "r.csv",
    sheet(
        {
            "Respondent": WHO,
            "When did you visit our store?": DAYS,
            "How likely are you to recommend us?": [1, 9, 2],
            "Why do you say so about the product?": TEXTS,
        }
    ),
    right(stars=[1, 9, 2]),
)
add("a city", "r.csv", sheet(usual(City=["Leer", "Emden", "Leer"])))
add(
    "backslashes",
    "r.csv",
    "user,stars,date,text\n" + "".join(f'"{w}","{s}","{d}","He said \\"no\\". {t}"\n' for w, s, d, t in LINES),
    right([f'He said "no". {t}' for t in TEXTS]),
)
add("single quotes", "r.csv", "user,stars,date,text\n" + "".join(f"'{w}','{s}','{d}','{t}'\n" for w, s, d, t in LINES))
add("old line ends", "r.csv", sheet(usual()).replace("\n", "\r"))
add(
    "HTML as a workbook",
    "r.xls",
    "<table>"
    + "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in line) + "</tr>" for line in [NAMES, *LINES])
    + "</table>",
)
add(
    "XML",
    "r.xml",
    "<reviews>"
    + "".join(
        f"<review><user>{w}</user><stars>{s}</stars><date>{d}</date><text>{t}</text></review>" for w, s, d, t in LINES
    )
    + "</reviews>",
)
add("a cover before the data", "r.xlsx", workbook({"Info": [["Exported by the team"]], "Data": [NAMES, *LINES]}))
add("a sheet a month", "r.xlsx", workbook({"May": [NAMES, *LINES[:2]], "June": [NAMES, *LINES[2:]]}))
add("a title in a workbook", "r.xlsx", workbook({"Data": [["Feedback"], [], NAMES, *LINES]}))
add("an archive", "r.zip", packed({"r.csv": sheet(usual())}))
add(
    "an archive of two months",
    "r.zip",
    packed(
        {"a.csv": sheet({k: v[:2] for k, v in usual().items()}), "b.csv": sheet({k: v[2:] for k, v in usual().items()})}
    ),
)
for codec in ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "mac_roman", "cp850"]:
    german = (
        "Der Deckel fällt ab, für mich ungenügend.",
        "Größe passt, kocht schön schnell.",
        "Der Griff wird heiß, bei Fülle läuft er über.",
    )
    add(f"encoding {codec}", "r.csv", sheet(usual(german)).encode(codec), right(german))

# Texts, chats.
add(
    "a date in front of lines",
    "r.txt",
    "".join(f"{d} {t}\n" for d, t in zip(DAYS, TEXTS, strict=True)),
    right(who=[None] * 3, stars=[None] * 3),
)
add(
    "paragraphs",
    "r.txt",
    "\n\n".join(f"{t}\n{m}" for t, m in zip(TEXTS, MORE, strict=True)),
    right([f"{t} {m}" for t, m in zip(TEXTS, MORE, strict=True)], who=[None] * 3, stars=[None] * 3, days=[None] * 3),
)
add(
    "a phone's chat",
    "chat.txt",
    f"21/05/2024, 10:01 - Ina: {TEXTS[0]}\n21/05/2024, 10:02 - Lidco Support: Our kettles are superb.\n"
    f"21/05/2024, 10:04 - Ina: {MORE[0]}\n",
    [Said("Ina", None, DAYS[0], (TEXTS[0], MORE[0]))],
)

# What cells hold.
for given in [
    ("One star", "Five stars", "Two stars"),
    ("1-star", "5-star", "2-star"),
    ("1/5", "5/5", "2/5"),
    ("*", "*****", "**"),
    ("1 - Bad", "5 - Great", "2 - Poor"),
    ("ONE", "FIVE", "TWO"),
    ("1,0", "5,0", "2,0"),
    ("★☆☆☆☆", "★★★★★", "★★☆☆☆"),
]:
    add(f"ratings such as {given[1]}", "r.csv", sheet({**usual(), "Stars": given}))
for written in [
    "21.05.2024",
    "May 21, 2024",
    "21 May 2024",
    "2024/05/21 10:15",
    "2024-05-21T10:15:00Z",
    "21-May-24",
    "05/21/2024",
    "Tue, 21 May 2024 10:15:00 +0000",
]:
    days = [written.replace("21", str(21 + n)) for n in range(3)]
    add(f"dates such as {written}", "r.csv", sheet({**usual(), "Date": days}))
add(
    "a month without a day",
    "r.csv",
    sheet({**usual(), "Date": ["May 2024", "Apr 2024", "Mar 2024"]}),
    right(days=["2024-05-01", "2024-04-01", "2024-03-01"]),
)
add(
    "relative dates",
    "r.csv",
    sheet({**usual(), "Date": ["2 weeks ago", "a day ago", "3 years ago"]}),
    right(days=[None] * 3),
)
for name, damaged, whole in [
    ("entities", "The lid wasn&#39;t tight &amp; it&nbsp;leaks.", "The lid wasn't tight & it leaks."),
    ("wrong letters", "The cafÃ© kettle wasnâ€™t tight.", "The café kettle wasn’t tight."),
    ("tags", "<p>The lid is <b>loose</b>.</p>", "The lid is loose."),
]:
    add(f"repaired: {name}", "r.csv", sheet(usual([damaged, *TEXTS[1:]])), right([whole, *TEXTS[1:]]))
add(
    "an emoji written onto a word",
    "r.csv",
    sheet(usual(["Terrible😡 lid", *TEXTS[1:]])),
    right(["Terrible😡 lid", *TEXTS[1:]]),
)

# People.
add("rounded ids beside names", "r.csv", sheet({"User ID": ["7.65612E+16"] * 3, **usual()}))
add("rounded ids alone", "r.csv", sheet({**usual(), "User": ["7.65612E+16"] * 3}), right(who=[None] * 3))
add(
    "nobody's names",
    "r.csv",
    sheet({**usual(), "User": ["Anonymous", "A Google user", "Guest"]}),
    right(who=[None] * 3),
)
add("numbers of the rows", "r.csv", sheet({**usual(), "User": [1, 2, 3]}), right(who=[None] * 3))

# Rows that say nothing.
for nothing in ["", "N/A", "-", "none", "see above", "k.A.", "[deleted]"]:
    add(
        f"a row of {nothing or 'no text'}",
        "r.csv",
        sheet(usual([TEXTS[0], nothing, TEXTS[2]])),
        [right()[0], right()[2]],
    )
add(
    "No Negative beside an answer",
    "r.csv",
    sheet(
        {
            "User": WHO,
            "Stars": STARS,
            "Date": DAYS,
            "Positive_Review": TEXTS,
            "Negative_Review": [MORE[0], "No Negative", "nothing"],
        }
    ),
    right(TEXTS, [MORE[0], "", ""]),
)


def found(path: Path) -> list[Said]:
    records = [item for item in screen(read_records(path)) if isinstance(item, Record)]
    return [Said(one.author, one.rating, one.date.isoformat() if one.date else None, words(one)) for one in records]


def words(record: Record) -> tuple[str, ...]:
    """Give what is read of a record, part by part or turn by turn, with white space collapsed."""
    spans: list[Any] = list(record.turns or record.parts) or [record]
    read: dict[int, list[str]] = {}
    for span in customer_spans(record):
        place = next(
            (n for n, outer in enumerate(spans) if outer is record or outer.start <= span.start < outer.end), -1
        )
        read.setdefault(place, []).append(record.text[span.start : span.end])
    return tuple(" ".join(" ".join(pieces).split()) for pieces in read.values())


def test_there_are_at_least_eighty_inputs_of_all_kinds() -> None:
    assert len({one.name for one in INPUTS}) == len(INPUTS) >= 80


@pytest.mark.parametrize("one", INPUTS, ids=lambda one: one.name)
def test_a_file_gives_the_records_people_ratings_and_days_that_are_right(tmp_path: Path, one: Input) -> None:
    path = tmp_path / one.file
    path.write_bytes(one.data)
    assert found(path) == one.right
