"""The flags about columns: what they choose, what they refuse, and what the report says of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fake_reader import FakeReader

Result = tuple[int, str, str]  # of the fixture `run`


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """An app store's export: title and body, version, device, stars, a question for a recommendation, replies."""
    rows = ["id,user,App Version,Device,Star Rating,NPS,Title,Review Text,Developer Reply Text,Date"]
    for n in range(12):
        good = n % 2 == 0
        text = f"Great sound in week {n}." if good else f"It has a bad battery since week {n}."
        rows.append(
            f"r{n},u{n},{'1.0' if good else '1.1'},{'pixel' if n < 4 else 'tab'},{5 if good else 1},{n % 11},"
            f"Title {n},{text},Thank you we love our great users and our great sound number {n},2025-03-{n + 1:02d}"
        )
    path = tmp_path / "export.csv"
    path.write_text("\n".join(rows), "utf-8")
    return path


def test_counts_per_version_need_no_flag_but_by(run: Callable[..., Result], export: Path, tmp_path: Path) -> None:
    code, _, err = run(
        "digest", str(export), "-o", "r", "--writer", "none", "--by", "app version", "--by", "Star Rating"
    )
    assert code == 0
    assert "text = 'Title' + 'Review Text'" in err
    assert "Not read: 'Developer Reply Text' (a reply to the customer); for --by: 'App Version', 'Device'." in err
    made = json.loads((tmp_path / "r" / "digest.json").read_text("utf-8"))
    by_column = {one["column"]: one for one in made["by"]}
    versions = {value["entity"]: value["tally"] for value in by_column["App Version"]["values"]}
    assert {name: (one["positive"], one["negative"]) for name, one in versions.items()} == {
        "1.0": (6, 0),
        "1.1": (0, 6),
    }
    assert {value["entity"] for value in by_column["Star Rating"]["values"]} == {"1", "5"}
    assert [(one["question"], one["answers"], one["mean"]) for one in made["ratings"]] == [
        ("Star Rating", 12, 3.0),
        ("NPS", 12, 4.5833),
    ]
    assert made["ratings"][0]["counts"] == {"1": 6, "5": 6}
    for page in ("report.md", "report.html"):
        report = (tmp_path / "r" / page).read_text("utf-8")
        assert "App Version" in report
        assert "a reply to the customer" in report
        assert "1: 6, 5: 6" in report


def test_two_text_columns_are_both_read(run: Callable[..., Result], export: Path, tmp_path: Path) -> None:
    flags = ("--text-column", "Title", "--text-column", "Review Text")
    code, _, err = run("extract", str(export), "-o", "o.jsonl", *flags)
    assert code == 0
    assert "text = 'Title' + 'Review Text'" in err
    columns = {json.loads(line)["cell"]["column"] for line in (tmp_path / "o.jsonl").read_text("utf-8").splitlines()}
    assert columns == {"Review Text"}  # the fake reader knows no words of the titles


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (("--date-column", "Star Rating"), "column 'Star Rating' cannot be the date: its cells are no dates"),
        (("--rating-column", "Review Text"), "column 'Review Text' cannot be the rating"),
        (("--text-column", "NPS"), "column 'NPS' cannot be the text"),
        (("--by", "Devise"), "Did you mean 'Device'?"),
        (("--as-of", "soon"), "--as-of 'soon' is no date"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_read(
    run: Callable[..., Result], export: Path, tmp_path: Path, flags: tuple[str, str], why: str
) -> None:
    code, out, err = run("digest", str(export), "-o", "r", "--writer", "none", *flags)
    assert (code, out) == (2, "")
    assert why in err
    assert not (tmp_path / "r").exists()


def test_columns_that_nothing_tells_apart_need_a_flag_where_nobody_can_be_asked(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    rows = ["aa,bb", *(f"The sound is great {n} times over,We also sell great sound number {n}" for n in range(6))]
    (tmp_path / "two.csv").write_text("\n".join(rows), "utf-8")
    code, _, err = run("digest", "two.csv", "-o", "r", "--writer", "none")
    assert code == 2
    assert "nothing says which of these columns hold the customers' words: 'aa', 'bb'" in err
    assert "--text-column 'aa'" in err
    assert run("digest", "two.csv", "-o", "r", "--writer", "none", "--text-column", "aa")[0] == 0


def test_a_terminal_is_asked(run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = ["aa,bb", *(f"The sound is great {n} times over,We also sell great sound number {n}" for n in range(6))]
    (tmp_path / "two.csv").write_text("\n".join(rows), "utf-8")
    monkeypatch.setattr("gistill.cli.source.is_terminal", lambda: True)
    monkeypatch.setattr("typer.prompt", lambda *args, **settings: "2")
    code, _, err = run("digest", "two.csv", "-o", "r", "--writer", "none")
    assert code == 0
    assert "text = 'bb'" in err


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("id,comment\n1,\n2,\n", "nothing was read: 2 hold no text"),
        ("id,comment\n1,N/A\n2,none\n3,\n", "2 say nothing (N/A, none, see above), 1 holds no text"),
        ("id,body\n1,[deleted]\n2,[removed]\n", "2 were deleted"),
    ],
)
def test_a_file_of_which_nothing_is_read_ends_with_2_and_no_report(
    run: Callable[..., Result], tmp_path: Path, text: str, why: str
) -> None:
    (tmp_path / "empty.csv").write_text(text, "utf-8")
    for command in (("digest", "empty.csv", "-o", "r", "--writer", "none"), ("extract", "empty.csv")):
        code, _, err = run(*command)
        assert code == 2
        assert why in err
    assert not (tmp_path / "r" / "report.html").exists()


@pytest.mark.parametrize("cells", [["", ""], ["[deleted]", "[removed]"], ["La batería es mala", "El sonido es malo"]])
def test_a_refused_run_writes_nothing_and_says_what_is_there_from_an_earlier_one(
    run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cells: list[str]
) -> None:
    monkeypatch.setattr(FakeReader, "languages", ("en",), raising=False)
    good = ["id,comment,language", *(f"{n},The sound is great on day {n}.,en" for n in range(4))]
    (tmp_path / "in.csv").write_text("\n".join(good), "utf-8")
    bad = [good[0], *(f"{n},{cell},es" for n, cell in enumerate(cells))]
    (tmp_path / "bad.csv").write_text("\n".join(bad), "utf-8")
    commands = {"r": ("digest", "--writer", "none"), "o.jsonl": ("extract",)}
    for out, (verb, *flags) in commands.items():
        code, _, err = run(verb, "bad.csv", "-o", out, *flags)
        assert code == 2
        assert "nothing was read" in err
        assert "from an earlier run" not in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv", "in.csv"]
    for out, (verb, *flags) in commands.items():
        assert run(verb, "in.csv", "-o", out, *flags)[0] == 0
        made = tmp_path / ("r/report.html" if out == "r" else out)
        before = made.read_bytes()
        code, _, err = run(verb, "bad.csv", "-o", out, *flags)
        assert code == 2
        assert f"{made.relative_to(tmp_path)} is from an earlier run." in err
        assert made.read_bytes() == before
        assert run(verb, "missing.csv", "-o", out, *flags)[2].endswith("is from an earlier run.\n")


def test_who_rated_without_a_word_counts_in_the_ratings_alone(run: Callable[..., Result], tmp_path: Path) -> None:
    rows = [
        "user,stars,How likely are you to recommend us?,review",
        "a,5,10,The sound is great.", "b,4,9,The battery is bad.", "c,1,0,", "d,2,,N/A", "e,,3,-",
        "a,5,10,The sound is great.",  # a repeat, which counts nowhere
    ]  # fmt: skip
    (tmp_path / "r.csv").write_text("\n".join(rows), "utf-8")
    assert run("digest", "r.csv", "-o", "r", "--writer", "none")[0] == 0
    made = json.loads((tmp_path / "r" / "digest.json").read_text("utf-8"))
    assert made["ratings"] == [
        {"question": "stars", "answers": 4, "without_text": 2, "mean": 3.0, "counts": {"1": 1, "2": 1, "4": 1, "5": 1}},
        {
            "question": "How likely are you to recommend us?", "answers": 4, "without_text": 2, "mean": 5.5,
            "counts": {"0": 1, "3": 1, "9": 1, "10": 1},
        },
    ]  # fmt: skip
    assert made["read"] == 2
    for name in ("report.md", "report.html"):
        said = (tmp_path / "r" / name).read_text("utf-8")
        assert said.count("2 of these rated without a word and are counted here alone.") == 2


def test_relative_dates_are_read_from_the_day_that_is_given(run: Callable[..., Result], tmp_path: Path) -> None:
    rows = ["date,review", *(f"{n} days ago,The sound is great on day {n}." for n in range(1, 7))]
    (tmp_path / "r.csv").write_text("\n".join(rows), "utf-8")
    _, _, err = run("digest", "r.csv", "-o", "a", "--writer", "none")
    assert "6 dates are relative" in err
    assert "--as-of" in err
    assert json.loads((tmp_path / "a" / "digest.json").read_text("utf-8"))["dates"] is None
    run("digest", "r.csv", "-o", "b", "--writer", "none", "--as-of", "2025-06-10")
    assert json.loads((tmp_path / "b" / "digest.json").read_text("utf-8"))["dates"] == ["2025-06-04", "2025-06-09"]


def test_languages_that_the_reader_does_not_know_are_said_at_the_end(
    run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeReader, "languages", ("en",), raising=False)
    rows = ["review,language", "The sound is great.,en", "La batería es mala,es", "Der Akku ist schlecht,de"]
    (tmp_path / "l.csv").write_text("\n".join(rows), "utf-8")
    code, out, _ = run("digest", "l.csv", "-o", "r", "--writer", "none")
    assert code == 0
    assert "2 of 3 records (67%) are in a language that the reader does not know, and set apart." in out
