"""A spot check from end to end: drawn, marked in a terminal or a sheet, kept, and counted in the report."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from gistill.cli import app
from gistill.cli.spotcheck import ask
from gistill.digest.correction import spotcheck
from gistill.digest.correction.applying import known_error
from gistill.digest.correction.by_hand import load_corrections, with_corrections
from gistill.digest.correction.sheet import HEADER, read_sheet, write_sheet
from gistill.digest.correction.spotcheck import STRATA, Row, draw_rows, estimate, frame, marked, opinion_mark
from gistill.digest.report.html import render_html
from gistill.digest.report.markdown import render_markdown
from gistill.digest.report.view import View
from gistill.digest.report.writing import write_report
from gistill.errors import InputError
from gistill.evaluate.error_rates import FILE, error_rates_json
from gistill.reader import Reading
from gistill.schema import Corrected, Opinion, Polarity, Quote, Record, Span
from sample_digest import sample_digest
from test_known_error import alike, category_rates

SENTENCES = ("The battery is great.", "The screen is dull.", "It came on Monday.", "The case feels cheap.")
WORDS: dict[str, tuple[str, Polarity]] = {"great": ("battery", "positive"), "dull": ("screen", "negative")}


def records(people: int = 40) -> list[Record]:
    """Everybody writes four sentences; one praises, two blame, one says nothing."""
    return [Record(id=f"r{n}", text=" ".join(SENTENCES), author=f"a{n}", language="en") for n in range(people)]


def reading(record: Record, number: int, word: str) -> Opinion:
    """What a reader finds that never sees that the case feels cheap."""
    about, polarity = WORDS[word]
    start = record.text.index(word)
    sentence = next(s for s in SENTENCES if word in s)
    at, where = record.text.index(sentence), record.text.index(about)
    return Opinion(
        id=f"{record.id}:{number}", record=record.id, sentence=Span(start=at, end=at + len(sentence)),
        aspect=Quote(start=where, end=where + len(about), text=about),
        opinion=Quote(start=start, end=start + len(word), text=word), polarity=polarity, confidence=0.9,
    )  # fmt: skip


def readings(all_records: Sequence[Record]) -> list[Opinion]:
    return [reading(record, n, word) for record in all_records for n, word in enumerate(WORDS)]


def truth(row: Row) -> Row:
    """What a careful person marks."""
    missed = [opinion_mark(row.sentences[0], "negative", "cheap")] if "cheap" in row.sentences[0] else []
    return marked(row, [*row.read, *missed])


def test_every_sentence_is_in_the_frame_also_those_with_nothing_in_them() -> None:
    some = records(3)
    found = frame(some, readings(some), ("en",))
    assert len(found) == 12
    assert Counter(STRATA[one.stratum] for one in found) == {"positive": 3, "negative": 3, "nothing read": 6}
    assert [one.person for one in found] == [0] * 4 + [1] * 4 + [2] * 4


def test_the_probability_of_a_sentence_is_what_was_drawn_of_its_kind() -> None:
    found = frame(records(50), readings(records(50)), ())
    rows = draw_rows(found, 40, key="k", seed=1)
    taken = Counter(row.drawn.stratum for row in rows if row.drawn)
    sizes = Counter(STRATA[one.stratum] for one in found)
    assert sum(taken.values()) == 40
    assert all(
        row.drawn and row.drawn.probability == taken[row.drawn.stratum] / sizes[row.drawn.stratum] for row in rows
    )
    assert rows == draw_rows(found, 40, key="k", seed=1)
    first = Counter(row.drawn.stratum for row in rows[:20] if row.drawn)
    assert all(abs(first[name] - taken[name] / 2) <= 1 for name in taken)  # any beginning is itself a sample


def net_of(corrected: Corrected | None) -> tuple[float, float, float, float]:
    assert corrected is not None
    figure, found = corrected.net_sentiment, corrected.net_sentiment.corrected
    assert figure.raw is not None
    assert found is not None
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    return figure.raw, found.value, found.low, found.high


def test_what_the_reader_never_sees_is_counted_in() -> None:
    """Raw: one praises, one blames, net 0. In truth two blame for one who praises: -1/3, and 40, 80 opinions."""
    some = records()
    found = frame(some, readings(some), ())
    rows = [truth(row) for row in draw_rows(found, 80, key="k", seed=2)]
    made = estimate(rows, found, key="k")
    assert made is not None
    raw, value, low, high = net_of(made.total)
    assert raw == 0
    assert value == pytest.approx(-1 / 3, abs=0.08)
    assert low < -1 / 3 < high
    assert made.total is not None
    assert made.total.negative.corrected is not None
    assert made.total.negative.corrected.value == pytest.approx(80, abs=15)
    assert made.total.people.corrected is None


def test_marks_after_a_sentence_that_was_skipped_do_not_count() -> None:
    found = frame(records(), readings(records()), ())
    rows = [truth(row) for row in draw_rows(found, 60, key="k", seed=3)]
    gap = [*rows[:30], rows[30].model_copy(update={"opinions": None}), *rows[31:]]
    assert spotcheck.done(gap) == 30
    assert estimate(gap, found, key="k") == estimate(rows[:30], found, key="k")
    assert estimate(rows[:10], found, key="k") is None
    with pytest.raises(ValueError, match="other records"):
        estimate(rows, found, key="another")


def test_a_row_is_a_row_of_marks() -> None:
    some = records(5)
    row = next(truth(row) for row in draw_rows(frame(some, readings(some), ()), 20, key="k", seed=1) if row.read)
    kept = json.loads(row.model_dump_json())
    assert {"id", "domain", "language", "part", "sentences", "opinions"} <= set(kept)
    for mark in kept["opinions"]:
        assert set(mark) == {"sentence", "aspect", "aspect_at", "opinion", "opinion_at", "category", "level", "kind"}
        start, end = mark["opinion_at"]
        assert kept["sentences"][mark["sentence"]][start:end] == mark["opinion"]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_sheet_comes_back_as_it_was_filled(tmp_path: Path, suffix: str) -> None:
    some = records(10)
    rows, path = draw_rows(frame(some, readings(some), ()), 30, key="k", seed=1), tmp_path / f"marks.{suffix}"
    write_sheet(path, rows)
    assert read_sheet(path, rows) == rows  # nothing is filled yet
    fill(path, rows, skip=29)
    back = read_sheet(path, rows)
    for n, row in enumerate(back[:29]):
        said = [one.polarity for one in row.opinions or ()]
        if "dull" in row.sentences[0]:
            assert said == []
        elif "great" in row.sentences[0]:
            assert said == ["neutral"]
        elif "cheap" in row.sentences[0]:
            assert [(one.polarity, one.opinion) for one in row.opinions or ()] == [("negative", "cheap")]
        else:
            assert row.opinions == (), n
    assert back[29].opinions is None


def fill(path: Path, rows: Sequence[Row], *, skip: int) -> None:
    """Mark dull as wrong, great as neutral, and cheap as missed."""

    def answer(number: int, n: int) -> str:
        sentence = rows[number - 1].sentences[0]
        if number - 1 == skip:
            return ""
        if n == 0:
            return "Negative: Cheap" if "cheap" in sentence else "none"
        return "wrong" if "dull" in sentence else "neutral"

    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        for line in book.active.iter_rows(min_row=2):
            line[-1].value = answer(int(line[0].value), int(line[1].value))
        book.save(path)
        return
    import csv

    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    for line in lines:
        line["mark"] = answer(int(line["sentence_number"]), int(line["opinion_number"]))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEADER)
        writer.writeheader()
        writer.writerows(lines)


@pytest.mark.parametrize(("mark", "said"), [("good", "no mark"), ("negative: absent", "does not stand")])
def test_a_mark_that_is_none_is_an_error_that_names_its_line(tmp_path: Path, mark: str, said: str) -> None:
    some = records(1)
    rows = [row for row in draw_rows(frame(some, readings(some), ()), 4, key="k", seed=1) if row.read][:1]
    path = tmp_path / "marks.csv"
    other = "right" if ":" in mark else "none"
    first, second = (other, mark) if ":" in mark else (mark, other)
    path.write_text(
        ",".join(HEADER) + f"\n1,1,{rows[0].sentences[0]},x,y,positive,,{first}\n1,0,x,,,missed?,,{second}\n",
        encoding="utf-8",
    )
    with pytest.raises(InputError, match=said) as error:
        read_sheet(path, rows)
    assert error.value.row == (3 if ":" in mark else 2)


def test_a_person_is_asked_until_the_answer_is_one() -> None:
    some = records(2)
    rows = draw_rows(frame(some, readings(some), ()), 8, key="k", seed=1)
    cheap = next(row for row in rows if "cheap" in row.sentences[0])
    great = next(row for row in rows if "great" in row.sentences[0])
    shown: list[str] = []

    def answers(*lines: str | None) -> Row | None:
        left = iter(lines)
        return ask(great if lines[0] in ("x", "w", "q") else cheap, "1 of 8", lambda question: next(left), shown.append)

    found = answers("- nonsense", "- cheap", "")
    assert found is not None
    assert [(one.opinion, one.level) for one in found.opinions or ()] == [("cheap", -1)]
    assert any("does not stand" in line for line in shown)
    found = answers("x", "-", "")
    assert found is not None
    assert [(one.opinion, one.level) for one in found.opinions or ()] == [("great", -1)]
    assert answers("w", "") == marked(great, [])
    assert answers("q") is None
    assert answers(None) is None


def test_chosen_marks_change_single_opinions_and_never_the_estimate(tmp_path: Path) -> None:
    some = records(40)
    read = readings(some)
    wrong = [row for row in draw_rows(frame(some, read, ()), 200, key="k", seed=1) if "dull" in row.sentences[0]][:9]
    chosen = [marked(row, []).model_copy(update={"drawn": None}) for row in wrong]
    moved = chosen[0].model_copy(update={"record": "gone"})
    file = tmp_path / "corrections.jsonl"
    file.write_text("".join(row.model_dump_json() + "\n" for row in [*chosen, moved]), encoding="utf-8")
    after, unattached = with_corrections(read, some, load_corrections(tmp_path, None))
    assert [one.why for one in unattached] == ["its record is gone"]
    assert Counter(one.polarity for one in after) == {"positive": 40, "negative": 31}
    assert with_corrections(read, some, load_corrections(None, None)) == (read, [])
    with pytest.raises(ValueError, match="other records"):
        estimate(chosen, frame(some, read, ()), key="k")


def test_a_chosen_mark_keeps_the_id_of_an_opinion_with_the_same_words(tmp_path: Path) -> None:
    some = records(2)
    row = next(r for r in draw_rows(frame(some, readings(some), ()), 8, key="k", seed=1) if "great" in r.sentences[0])
    turned = [spotcheck.turned(mark, "negative") for mark in row.read]
    more = opinion_mark(row.sentences[0], "neutral", "battery")
    file = tmp_path / "corrections.jsonl"
    file.write_text(marked(row, [*turned, more]).model_dump_json() + "\n", encoding="utf-8")
    found = with_corrections(readings(some), some, load_corrections(tmp_path, None)).opinions
    after = [one for one in found if one.record == row.record]
    by_words = {one.opinion.text: one for one in after if one.opinion}
    assert (by_words["great"].id, by_words["great"].polarity) == (f"{row.record}:0", "negative")
    assert by_words["battery"].id not in {one.id for one in readings(some)}
    place = by_words["battery"].opinion
    assert place is not None
    assert next(r for r in some if r.id == row.record).text[place.start : place.end] == "battery"


class Fixed:
    """A reader that finds `WORDS` and has a folder."""

    name = "fixed"
    hash = "abc"

    def __init__(self, folder: Path | None = None, reader_hash: str = "abc") -> None:
        self.folder, self.hash = folder, reader_hash

    def read(self, sentences: Sequence[str]) -> list[list[Reading]]:
        return [
            [
                Reading((s.index(about), s.index(about) + len(about)), (s.index(w), s.index(w) + len(w)), polarity, 0.9)
                for w, (about, polarity) in WORDS.items()
                if w in s
            ]
            for s in sentences
        ]


def test_a_report_is_corrected_where_the_readers_error_is_known(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(error_rates_json(category_rates()), encoding="utf-8")
    some = records()
    read = [one.model_copy(update={"category": "food" if n % 2 else "rooms"}) for n, one in enumerate(readings(some))]
    made = known_error(Fixed(tmp_path), read, some, sample_digest().aspects)
    assert made is not None
    assert [(one.category, one.corrected is not None) for one in made.categories] == [("food", True), ("rooms", False)]
    shown = sample_digest().model_copy(update={"corrections": (made,)})
    out = tmp_path / "report"
    write_report(shown, out)
    for name in ("report.html", "report.md", "corrected.csv", "digest.json"):
        page = (out / name).read_text(encoding="utf-8-sig")
        assert "not corrected" in page or name in ("digest.json", "report.md")
        assert made.note in page or name == "corrected.csv"
    assert (out / "corrected.csv").read_text(encoding="utf-8-sig").count("known error,all opinions") == 7
    write_report(sample_digest(), out)
    assert not (out / "corrected.csv").exists()


def test_without_error_rates_or_with_those_of_another_reader_nothing_changes(tmp_path: Path) -> None:
    said: list[str] = []
    assert known_error(Fixed(tmp_path), readings(records()), records(), ()) is None
    (tmp_path / FILE).write_text(error_rates_json(alike(20, 3)), encoding="utf-8")
    assert known_error(Fixed(tmp_path, "other"), readings(records()), records(), (), say=said.append) is None
    assert "another reader" in said[0]
    for render in (render_html, render_markdown):
        assert "orrected" not in render(View(sample_digest()))


def test_the_command_draws_goes_on_and_corrects_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    texts = [
        {"text": record.text + f" I am number {n}, {'so ' * (n % 7)}there.", "author": f"a{n}"}
        for n, record in enumerate(records(30))
    ]
    Path("in.jsonl").write_text("".join(json.dumps(one) + "\n" for one in texts), encoding="utf-8")
    run = CliRunner().invoke
    assert run(app, ["digest", "in.jsonl", "-o", "out", "--writer", "none"]).exit_code == 0
    before = Path("out/report.md").read_text(encoding="utf-8")
    sentences = json.loads(Path("out/digest.json").read_bytes())["sentences"]
    first = run(app, ["spotcheck", "out", "--n", "30"], input="q\n")
    assert first.exit_code == 0, first.output
    assert "0 of 30 sentences are marked" in first.output
    assert Path("out/report.md").read_text(encoding="utf-8") == before
    drawn = spotcheck.load(Path("out"))
    assert sum(1 / row.drawn.probability for row in drawn if row.drawn) == pytest.approx(sentences)
    assert run(app, ["spotcheck", "out", "--sheet", "marks.csv"]).exit_code == 0
    spotcheck.save(Path("out"), [truth(row) for row in drawn])
    second = run(app, ["spotcheck", "out"])
    assert "30 of 30 sentences are marked" in second.output
    assert "Net Sentiment" in second.output
    page = Path("out/report.md").read_text(encoding="utf-8")
    assert "30 sentences that were drawn at random" in page
    again = run(app, ["digest", "in.jsonl", "-o", "out", "--writer", "none"])
    assert again.exit_code == 0
    assert Path("out/report.md").read_text(encoding="utf-8") == page  # a new report keeps the spot check
    Path("in.jsonl").write_text(json.dumps({"text": "Another text. It is bad."}) + "\n", encoding="utf-8")
    other = run(app, ["spotcheck", "out"])
    assert other.exit_code == 2
    assert "other records" in other.output
