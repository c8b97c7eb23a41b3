"""Pictures and sound of records become parts of their text, by a function or a command; what fails is counted."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gistill.cli import app
from gistill.errors import SettingError
from gistill.record import Failure, Record, Turn
from gistill.tables.media import command, with_media

SAYS = "import sys; print({'a.jpg': 'The lid is cracked.', 'b.wav': ' '}[sys.argv[-1]])"


def one(record: Record, said: str | None = "The lid is cracked.") -> Record:
    (found,) = with_media([record], "photo", lambda cell: said)
    assert isinstance(found, Record)
    return found


def test_what_is_said_becomes_a_part_named_by_its_column() -> None:
    found = one(Record(id="r", text="Bad lamp.", meta={"photo": " a.jpg "}))
    assert found.text == "Bad lamp.\n\nThe lid is cracked."
    assert [(part.column, found.text[part.start : part.end]) for part in found.parts] == [
        ("text", "Bad lamp."), ("photo", "The lid is cracked.")
    ]  # fmt: skip
    assert found.id == "r"


def test_a_record_without_words_has_those_of_its_picture_and_a_conversation_one_turn_more() -> None:
    alone = one(Record(id="r", text="", meta={"photo": "a.jpg"}))
    assert (alone.text, len(alone.parts)) == ("The lid is cracked.", 1)
    talk = Record(id="t", text="user: Hi", turns=(Turn(role="user", start=6, end=8),), meta={"photo": "a.jpg"})
    last = one(talk).turns[-1]
    assert (last.role, one(talk).text[last.start : last.end]) == ("user", "The lid is cracked.")


@pytest.mark.parametrize("said", [None, "", " \n"])
def test_a_record_stays_as_it_is_where_nothing_is_said_or_shown(said: str | None) -> None:
    record = Record(id="r", text="Bad lamp.", meta={"photo": "a.jpg"})
    assert one(record, said) is record
    bare = Record(id="r", text="Bad lamp.", meta={"photo": " "})
    assert one(bare) is bare


def test_a_function_that_fails_is_counted_and_its_record_kept() -> None:
    def broken(cell: str) -> str:
        raise OSError(f"no file {cell}")

    record, before = Record(id="r", text="Bad lamp.", meta={"photo": "x.jpg"}, row=3), Failure(kind="bad_row")
    assert list(with_media([before, record], "photo", broken)) == [
        before, record, Failure(kind="media", record="r", row=3, detail="x.jpg: no file x.jpg")
    ]  # fmt: skip


def test_a_command_gets_the_cell_as_an_argument_and_no_shell_reads_it(tmp_path: Path) -> None:
    echo = command(f'"{sys.executable}" -c "import sys; print(sys.argv[1:])"')
    assert echo("a b; rm *").strip() == "['a b; rm *']"  # type: ignore[union-attr]
    assert echo("--help").strip() == "['./--help']"  # type: ignore[union-attr]
    with pytest.raises(OSError, match="KeyError"):
        command(f'"{sys.executable}" -c "{SAYS}"')("c.png")
    for line in ("", "'"):
        with pytest.raises(SettingError):
            command(line)


@pytest.mark.slow
def test_a_report_reads_what_a_command_says_and_counts_what_it_cannot(tmp_path: Path) -> None:
    file = tmp_path / "r.csv"
    rows = ["My new lamp arrived today.,a.jpg", "The lamp is very bright and good.,b.wav", "A nice lamp.,c.png"]
    file.write_text("review,photo\n" + "\n".join(rows), encoding="utf-8")
    asked = ["--writer", "none", "-o", str(tmp_path / "out"), "--media", "photo"]
    done = CliRunner().invoke(app, ["digest", str(file), *asked, "--media-command", f'"{sys.executable}" -c "{SAYS}"'])
    assert done.exit_code == 0, done.output
    assert "1 media" in done.stdout
    assert "cracked" in (tmp_path / "out" / "opinions.jsonl").read_text("utf-8")
    alone = CliRunner().invoke(app, ["digest", str(file), *asked])
    assert alone.exit_code == 2
    assert "--media and --media-command go together" in alone.stderr
