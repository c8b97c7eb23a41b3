"""Generated files: shapes, dialects, encodings and damage, compared with what the generator wrote.

A seed gives one file, which is read as it is and damaged. No reading may take more than 60 seconds or 2 GB.

    GISTILL_GENERATED=1000 pytest -n 0 -s tests/test_shapes_generated.py

generates as many and ends with the most time and memory that one of them took; docs/log.md has the figures.
"""

import csv
import gzip
import io
import json
import os
import random
import resource
import time
import zipfile
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple

import pytest

from gistill.errors import GistillError
from gistill.tables.shapes.formats import open_sheet
from gistill.tables.shapes.sheets import Row

MOST_SECONDS, MOST_MEGABYTES = 60, 2_000  # of one file
COUNT = int(os.environ.get("GISTILL_GENERATED", "120"))
WORDS = {
    "en": ("The kettle|This lid|My toaster", "leaks|broke|works well|is too hot", "after a week|every day|when full"),
    "de": ("Der Kocher|Dieser Deckel|Mein Töpfchen", "läuft über|schließt nicht|hält", "seit März|für den Preis"),
    "fr": ("La bouilloire|Le café", "fuit déjà|marche très bien|a été livré cassé", "après deux jours|où que ce soit"),
    "pl": ("Czajnik|Ta pokrywka|Łyżka", "cieknie|świetnie działa|pękła", "po tygodniu|każdego dnia"),
    "tr": ("Bu ısıtıcı|Kapağı|Müşteri hattı", "çalışmıyor|çok güzel|kırıldı", "iki gün sonra|şimdiye kadar"),
    "ru": ("Чайник|Эта крышка|Ручка", "протекает|хорошо работает|сломалась", "через неделю|каждый день"),
    "zh": ("这个水壶|盖子|客服", "漏水|很好用|态度很差", "用了一周以后|每天都这样|到现在为止"),
}
CODECS = {
    "en": ("utf-8", "utf-8-sig", "utf-16", "cp1252"),
    "de": ("utf-8", "utf-8-sig", "utf-16", "cp1252", "mac_roman", "cp850"),
    "fr": ("utf-8", "utf-16-le", "cp1252", "mac_roman"),
    "pl": ("utf-8", "utf-8-sig", "cp1250"),
    "tr": ("utf-8", "utf-16", "cp1254"),
    "ru": ("utf-8", "utf-16", "cp1251", "koi8_r"),
    "zh": ("utf-8", "utf-16", "gb18030"),
}


class Made(NamedTuple):
    """A file and the texts that stand in it."""

    name: str
    data: bytes
    texts: list[str]
    kind: str


class Rows(NamedTuple):
    texts: list[str]
    stars: list[int]
    days: list[str]
    towns: list[str]


def rows(rng: random.Random, language: str) -> Rows:
    count = rng.randint(6, 14)
    first, second, third = (part.split("|") for part in WORDS[language])
    gap, stop = ("", "。") if language == "zh" else (" ", ".")
    texts: list[str] = []
    while len(texts) < count:
        parts = [gap.join((rng.choice(first), rng.choice(second), rng.choice(third))) for _ in range(rng.randint(1, 3))]
        joined = rng.choice([f"{stop} ", ", ", " - "]).join(parts)
        text = joined + rng.choice([stop, stop, "!", f"{stop} ({len(texts)})"])
        if text not in texts:
            texts.append(text)
    days = [f"2024-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}" for _ in texts]
    return Rows(texts, [rng.randint(1, 5) for _ in texts], days, [rng.choice(["Leer", "Emden"]) for _ in texts])


def delimited(rng: random.Random, made: Rows) -> str:
    delimiter = rng.choice([",", ";", "\t", "|", "~", "^"])
    out = io.StringIO()
    quoting = rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=rng.choice(["\n", "\r\n"]))
    for line in rng.choice([[], [], [["Feedback"]], [["Exported", "2024-06-01"], []]]):
        writer.writerow(line)
    header = rng.choice(
        [["Date", "Town", "Rating", "Comment"], ["When?", "Where?", "How many stars?", "Why do you say so?"]]
    )
    writer.writerow(header)
    if rng.random() < 0.2:
        writer.writerow([f'{{"ImportId":"Q{n}"}}' for n in range(4)])
    for text, stars, day, town in zip(*made, strict=True):
        writer.writerow([day, town, stars, text])
    if rng.random() < 0.2:
        writer.writerow(["Total", "", sum(made.stars), ""])
    return out.getvalue()


def objects(made: Rows) -> list[dict[str, object]]:
    return [{"date": d, "town": w, "stars": s, "text": t} for t, s, d, w in zip(*made, strict=True)]


def document(rng: random.Random, made: Rows) -> str:
    items = objects(made)
    half = len(items) // 2
    layouts: list[object] = [
        items,
        {"reviews": items},
        {"status": "ok", "data": {"total": len(items), "items": items}, "staff": [{"name": "Jo"}]},
        [{"product": "Kettle", "reviews": items[:half]}, {"product": "Toaster", "reviews": items[half:]}],
        {"Kettle": items[:half], "Toaster": items[half:]},
        {key: {str(n): item[key] for n, item in enumerate(items)} for key in items[0]},
        {"columns": list(items[0]), "data": [list(item.values()) for item in items]},
        {f"r{n}x": item for n, item in enumerate(items)},
    ]
    return json.dumps(rng.choice(layouts), ensure_ascii=rng.random() < 0.3, indent=rng.choice([None, 1]))


def lines(rng: random.Random, made: Rows) -> str:
    end = rng.choice(["\n", ",\n"])
    return "".join(json.dumps(item, ensure_ascii=False) + end for item in objects(made))


def page(rng: random.Random, made: Rows) -> str:
    body = "".join(
        f"<tr><td>{d}</td><td>{w}</td><td>{s}</td><td>{t}</td></tr>" for t, s, d, w in zip(*made, strict=True)
    )
    head = "<tr><th>Date</th><th>Town</th><th>Rating</th><th>Comment</th></tr>"
    return rng.choice(["<html><body>{}</body></html>", "{}"]).format(f"<table>{head}{body}</table>")


def paragraphs(rng: random.Random, made: Rows) -> str:
    return rng.choice(["\n\n", "\n\n\n"]).join(made.texts) + "\n"


def dated(rng: random.Random, made: Rows) -> str:
    front = rng.choice(["{} ", "[{}] ", "{}: "])
    return "".join(f"{front.format(day)}{text}\n" for text, _, day, _ in zip(*made, strict=True))


TEXT: dict[str, tuple[str, Callable[[random.Random, Rows], str]]] = {
    "csv": ("r.csv", delimited), "json": ("r.json", document), "jsonl": ("r.jsonl", lines), "html": ("r.xls", page),
    "paragraphs": ("r.txt", paragraphs), "dated": ("r.txt", dated),
}  # fmt: skip


def workbook(rng: random.Random, made: Rows) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    if rng.random() < 0.4:
        sheet.append(["Report of the team"])
        sheet = book.create_sheet("Data")
    for line in rng.choice([[], [["Feedback"]], [["Feedback"], []]]):
        sheet.append(line)
    sheet.append(["Date", "Town", "Rating", "Comment"])
    for text, stars, day, town in zip(*made, strict=True):
        sheet.append([day, town, stars, text])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def mailbox(made: Rows) -> bytes:
    out = b""
    for number, text in enumerate(made.texts):
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = f"p{number}@example.org", "help@example.org", "My order"
        mail["Date"] = "Wed, 01 May 2024 10:00:00 +0200"
        mail.set_content(text)
        out += b"From p@example.org Wed May  1 10:00:00 2024\n" + mail.as_bytes() + b"\n"
    return out


def make(seed: int) -> Made:
    rng = random.Random(seed)
    language = rng.choice(list(WORDS))
    made = rows(rng, language)
    kind = rng.choice([*TEXT, *TEXT, "csv", "csv", "json", "xlsx", "mbox"])
    if kind == "xlsx":
        return Made("r.xlsx", workbook(rng, made), made.texts, kind)
    if kind == "mbox":
        return Made("r.mbox", mailbox(made), made.texts, kind)
    name, write = TEXT[kind]
    codec = rng.choice(CODECS[language]) if kind not in ("json", "jsonl") else rng.choice(["utf-8", "utf-8-sig"])
    data = write(rng, made).encode(codec)
    if rng.random() < 0.15:
        name, data = f"{name}.gz", gzip.compress(data)
    elif rng.random() < 0.15:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, data)
        name, data = "r.zip", out.getvalue()
    return Made(name, data, made.texts, f"{kind} {language} {codec}")


def damage(rng: random.Random, data: bytes) -> bytes:
    place = rng.randrange(1, len(data))
    return rng.choice(
        [
            data[:place],
            data[:place] + bytes(rng.choices(range(256), k=20)) + data[place:],
            data[:place] + data[place + rng.randint(1, 50) :],
            data.replace(b'"', b"", 3),
            data[:place] + b'"' + data[place:],
        ]
    )


class Cost(NamedTuple):
    """What reading one file took: seconds, and megabytes beyond what the process held before."""

    seconds: float
    megabytes: float


COSTS: dict[str, Cost] = {}


def held(*, most: bool) -> float:
    """Give the megabytes that the process holds, or the most since `begin`."""
    status = Path("/proc/self/status")
    if not status.exists():  # not Linux: the most since the process began
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    field = "VmHWM:" if most else "VmRSS:"
    return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith(field)) / 1024


def begin() -> tuple[float, float]:
    """Start a measurement: the highest level that is known of this process is forgotten."""
    levels = Path("/proc/self/clear_refs")
    if levels.exists():
        levels.write_text("5")
    return time.perf_counter(), held(most=False)


@pytest.fixture(scope="module", autouse=True)
def told() -> Iterator[None]:
    """Say at the end what the files took."""
    yield
    if COSTS:
        slowest = max(COSTS, key=lambda name: COSTS[name].seconds)
        largest = max(COSTS, key=lambda name: COSTS[name].megabytes)
        print(f"\n{len(COSTS)} readings; {slowest}: {COSTS[slowest].seconds:.2f} s, the longest; ", end="")
        print(f"{largest}: {COSTS[largest].megabytes:.0f} MB, the most")


def read(folder: Path, name: str, data: bytes, seed: str) -> list[list[str]]:
    """Read a file, and hold the reading to its limits, also where it ends in an error."""
    path = folder / name
    path.write_bytes(data)
    start, before = begin()
    try:
        return cells_of(path)
    finally:
        COSTS[seed] = cost = Cost(time.perf_counter() - start, held(most=True) - before)
        assert cost.seconds < MOST_SECONDS, f"{seed} took {cost.seconds:.0f} s"
        assert cost.megabytes < MOST_MEGABYTES, f"{seed} took {cost.megabytes:.0f} MB"


def cells_of(path: Path) -> list[list[str]]:
    found = [row for row in open_sheet(path).rows if isinstance(row, Row)]
    return [[" ".join(str(cell).split()) for cell in row.cells.values()] for row in found]


@pytest.mark.parametrize("start", range(0, COUNT, 20))
def test_what_was_written_is_read(tmp_path: Path, start: int) -> None:
    for seed in range(start, start + 20):
        made = make(seed)
        found = read(tmp_path, made.name, made.data, f"seed {seed}")
        assert len(found) == len(made.texts), f"seed {seed}: {made.kind} {made.name}"
        for cells, text in zip(found, made.texts, strict=True):
            assert text in cells, f"seed {seed}: {made.kind} {made.name}"


@pytest.mark.parametrize("start", range(0, COUNT, 20))
def test_damage_ends_in_rows_failures_or_one_sentence(tmp_path: Path, start: int) -> None:
    for seed in range(start, start + 20):
        made = make(seed)
        said = ""
        try:
            read(tmp_path, made.name, damage(random.Random(seed), made.data), f"seed {seed}, damaged")
        except GistillError as error:
            said = str(error)
        assert "\n" not in said, f"seed {seed}"


def test_the_measure_sees_what_a_reading_takes() -> None:
    start, before = begin()
    held_for_a_while = bytearray(os.urandom(1000) * 60_000)
    assert len(held_for_a_while) == 60_000_000
    del held_for_a_while
    assert held(most=True) - before > 50
    assert time.perf_counter() > start
