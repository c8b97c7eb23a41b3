"""`gistill audit` reads the bytes that were sent, and never shows what it finds in full."""

from __future__ import annotations

import json
import random
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gistill.cli import app
from gistill.errors import InputError
from gistill.teacher.audit import audit, mask
from gistill.teacher.journal import Journal


def journal(path: Path, *bodies: bytes) -> Path:
    with Journal(path, run="r") as kept:
        for number, body in enumerate(bodies):
            kept.begin(str(number), model="m", url="http://127.0.0.1/v1", max_tokens=9, body=body)
    return path


def body(content: str) -> bytes:
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": content}], "seed": 3}).encode()


def test_a_clean_journal_ends_with_0_and_says_how_much_was_looked_at(tmp_path: Path) -> None:
    path = journal(tmp_path / "j.sqlite", body("The kettle leaks, says [EMAIL_1]."), body("Order 4711 came late."))
    done = CliRunner().invoke(app, ["audit", str(path)])
    assert done.exit_code == 0, done.output
    assert "2 bodies in 1 files: nothing personal found" in done.stdout


def test_a_find_ends_with_3_names_the_attempt_and_hides_the_value(tmp_path: Path) -> None:
    path = journal(tmp_path / "j.sqlite", body("fine"), body("mail ada@ex\u00e4mple.com\nor +44 20 7946 0958"))
    done = CliRunner().invoke(app, ["audit", str(path)])
    assert done.exit_code == 3
    assert "attempt 2, messages[0].content: EMAIL a**@" in done.stdout
    assert "PHONE +** ** **** ****" in done.stdout
    assert "ada@" not in done.output
    assert "7946" not in done.output
    shown = json.loads(CliRunner().invoke(app, ["audit", str(path), "--json"]).stdout)
    assert shown["kinds"] == {"EMAIL": 1, "PHONE": 1}
    ignored = CliRunner().invoke(app, ["audit", str(path), "--ignore", "email", "--ignore", "PHONE"])
    assert ignored.exit_code == 0


def test_batch_files_of_a_folder_are_searched_and_a_corpus_is_not(tmp_path: Path) -> None:
    line = json.dumps({"custom_id": "1", "method": "POST", "body": json.loads(body("I am on 4111 1111 1111 1111"))})
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "batch.jsonl").write_text(line + "\n", encoding="utf-8")
    (tmp_path / "corpus.jsonl").write_text('{"text": "ada@example.com"}\n', encoding="utf-8")
    done = audit(tmp_path)
    assert [(Path(leak.file).name, leak.attempt, leak.kind) for leak in done.leaks] == [("batch.jsonl", 1, "CARD")]
    assert audit(tmp_path / "corpus.jsonl").kinds == {"EMAIL": 1}


def test_numbers_names_of_fields_and_bodies_that_are_no_json_are_searched_too(tmp_path: Path) -> None:
    path = journal(
        tmp_path / "j.sqlite",
        b'{"seed": 4111111111111111}',
        b'{"ada@example.com": 1}',
        b"ada@example.com \xff broken",
    )
    assert [(leak.attempt, leak.kind) for leak in audit(path).leaks] == [(1, "CARD"), (2, "EMAIL"), (3, "EMAIL")]


def test_nothing_to_look_at_is_not_nothing_found(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no journal"):
        audit(tmp_path)
    assert CliRunner().invoke(app, ["audit", str(tmp_path / "nothing")]).exit_code == 2
    assert CliRunner().invoke(app, ["audit", str(tmp_path), "--ignore", "SHOES"]).exit_code == 2


def test_short_values_are_hidden_whole() -> None:
    assert (mask("4821"), mask("Quill"), mask("ada@example.com")) == ("****", "*****", "a**@*******.***")


def damaged(path: Path, seed: int) -> Path:
    """Flip sixty bytes of a journal behind its header."""
    draw, data = random.Random(seed), bytearray(path.read_bytes())
    for _ in range(60):
        data[draw.randrange(100, len(data))] ^= draw.randrange(1, 256)
    copy = path.with_name(f"{seed}.sqlite")
    copy.write_bytes(data)
    return copy


def test_a_journal_with_flipped_bytes_is_one_sentence_for_whoever_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    with Journal(path, run="r") as journal:
        for n in range(200):
            journal.begin(f"k{n}", model="m", url="u", max_tokens=5, body=b'{"messages": [{"content": "%d"}]}' % n * 9)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def opened(copy: Path, ask: Callable[[Journal], object]) -> None:
        with Journal(copy, run="r") as journal:
            ask(journal)

    refusals: list[str] = []
    for seed in range(15):
        copy = damaged(path, seed)
        for read in (
            lambda copy=copy: audit(copy).bodies,
            lambda copy=copy: audit(copy.parent).bodies,
            lambda copy=copy: opened(copy, lambda journal: journal.costs()),
            lambda copy=copy: opened(copy, lambda journal: journal.spent("r")),
            lambda copy=copy: opened(copy, lambda journal: journal.find_many([(f"k{n}", 5) for n in range(200)])),
        ):
            try:
                read()
            except InputError as error:
                refusals.append(str(error))
        copy.unlink()
    assert len(refusals) > 20
    assert all(re.search(r"is damaged|not a journal", refusal) for refusal in refusals), refusals


@pytest.mark.parametrize("depth", [900, 5_000, 100_000])
def test_nested_json_is_looked_through_or_is_no_batch_file(depth: int, tmp_path: Path) -> None:
    nested = "[" * depth + '"ada@example.com"' + "]" * depth
    (tmp_path / "other.jsonl").write_text(nested)
    (tmp_path / "batch.jsonl").write_text(
        f'{{"custom_id": "a", "body": {{}}}}\n{{"custom_id": "b", "body": {nested}}}\n'
    )
    found = audit(tmp_path)
    assert found.files == [str(tmp_path / "batch.jsonl")]
    assert {leak.kind for leak in found.leaks} == {"EMAIL"}
