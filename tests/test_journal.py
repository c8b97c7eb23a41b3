"""The journal: what is kept, what is served again, what it cost; several processes, readers, broken files."""

from __future__ import annotations

import json
import math
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gistill.cli import main
from gistill.errors import GistillError, InputError, SettingError
from gistill.lm import Request
from gistill.schema import Message
from gistill.teacher.journal import VERSION, Journal, Outcome, request_key
from gistill.teacher.prices import Price, Prices, read_prices


def ask(question: str = "How was it?", **settings: Any) -> Request:
    return Request.model_validate({"messages": [Message(role="user", content=question)], **settings})


def answer(journal: Journal, key: str, text: str = "Fine.", *, limit: int = 128, **ended: Any) -> int:
    attempt = journal.begin(key, model="m", url="http://s/v1", max_tokens=limit, body=b'{"a": 1}')
    told: dict[str, Any] = {"seconds": 1.5, "outcome": "ok", "status": 200, "stop": "end", "text": text, **ended}
    journal.finish(attempt, Outcome(**told))
    return attempt


@pytest.fixture
def journal(tmp_path: Path) -> Any:
    with Journal(tmp_path / "calls.sqlite", run="r", step="s") as made:
        yield made


# The key


def test_the_key_is_what_decides_an_answer_and_nothing_else() -> None:
    base = ask()
    same = [ask(max_tokens=4), ask(seed=7), ask(temperature=0)]
    other = [
        ask("How was that?"),
        ask(temperature=0.5),
        ask(stop=("x",)),
        ask(answer_schema='{"type": "object"}'),
        Request(messages=(Message(role="system", content="How was it?"),)),
    ]
    assert {request_key("m", request) for request in same} == {request_key("m", base)}
    assert len({request_key("m", base), request_key("n", base), *(request_key("m", o) for o in other)}) == 7
    assert request_key("m", ask(temperature=1, seed=1)) != request_key("m", ask(temperature=1, seed=2))
    assert request_key("m", ask(temperature=1, top_p=0.5)) != request_key("m", ask(temperature=1))
    assert request_key("m", ask(top_p=0.5)) == request_key("m", base)


def test_the_key_stays_what_it_was() -> None:
    """Changing how it is made would throw away every journal."""
    assert request_key("m", ask()) == "7e247dc3860265fc9282af29413746691cde5bf4098da9ab2f67562403d73d76"


@given(st.lists(st.text(), min_size=2, max_size=2, unique=True))
def test_texts_that_differ_have_keys_that_differ(texts: list[str]) -> None:
    assert request_key("m", ask(texts[0])) != request_key("m", ask(texts[1]))


def test_where_one_message_ends_is_part_of_the_key() -> None:
    one = Request(messages=(Message(role="user", content="a"), Message(role="user", content="b")))
    assert request_key("m", one) != request_key("m", ask("ab"))
    assert request_key("m", ask("\ud800 lone")) != request_key("m", ask("\ufffd lone"))


# What is served again


def test_only_answers_are_served_again(journal: Journal) -> None:
    journal.begin("open", model="m", url="u", max_tokens=9, body=b"")
    answer(journal, "bad", outcome="failed", error="server_error", stop="", status=500)
    answer(journal, "good", "Yes.")
    assert journal.find("open", 9) is None
    assert journal.find("bad", 9) is None
    kept = journal.find("good", 1)
    assert kept is not None
    assert (kept.text, kept.stop, kept.prompt_tokens) == ("Yes.", "end", None)


@pytest.mark.parametrize(("asked", "served"), [(49, True), (50, True), (51, False)])
def test_a_cut_answer_serves_no_larger_limit(journal: Journal, asked: int, served: bool) -> None:
    answer(journal, "k", "And then", limit=50, stop="length")
    assert (journal.find("k", asked) is not None) is served


def test_a_whole_answer_serves_every_limit_and_goes_before_a_cut_one(journal: Journal) -> None:
    answer(journal, "k", "And", limit=10, stop="length")
    answer(journal, "k", "And then it broke.", limit=20)
    answer(journal, "k", "And then it stopped.", limit=30)
    found = journal.find_many([("k", 5), ("k", 1000), ("none", 1)])
    assert [kept.text if kept else None for kept in found] == ["And then it broke."] * 2 + [None]


def test_of_cut_answers_one_that_is_long_enough_is_found(journal: Journal) -> None:
    answer(journal, "k", "short", limit=10, stop="length")
    answer(journal, "k", "longer", limit=20, stop="length")
    assert [kept.text if kept else None for kept in journal.find_many([("k", 8), ("k", 15), ("k", 25)])] == [
        "short",
        "longer",
        None,
    ]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"])), st.binary())
def test_texts_and_bytes_come_back_as_they_were(journal: Journal, text: str, body: bytes) -> None:
    attempt = journal.begin("k", model="m", url="u", max_tokens=1, body=body)
    journal.finish(attempt, Outcome(1.0, "ok", 200, text=text, stop="end"))
    assert journal.rows("SELECT text, body FROM attempts WHERE id = ?", (attempt,)) == [(text, body)]


def test_an_attempt_ends_once(journal: Journal) -> None:
    attempt = answer(journal, "k")
    with pytest.raises(ValueError, match="not open"):
        journal.finish(attempt, Outcome(1.0, "failed"))


def test_bodies_of_all_attempts_are_shown_in_order_also_of_open_ones(journal: Journal) -> None:
    for number in range(450):
        journal.step = f"step {number % 2}"
        journal.begin("k", model="m", url="u", max_tokens=1, body=str(number).encode())
    sent = list(journal.sent_bodies())
    assert [one.body for one in sent] == [str(number).encode() for number in range(450)]
    assert (sent[1].run, sent[1].step) == ("r", "step 1")


def test_a_step_can_be_set_for_a_while(journal: Journal) -> None:
    with journal.during("judge"):
        answer(journal, "a")
    answer(journal, "b")
    assert [row.step for row in journal.costs()] == ["judge", "s"]


# Money


def test_costs_are_summed_per_run_step_and_model_and_unknown_stays_unknown(journal: Journal) -> None:
    first = answer(journal, "a", prompt_tokens=100, completion_tokens=10, price=0.25, price_source="file p 1")
    answer(journal, "b", prompt_tokens=50, completion_tokens=5, price=0.5, price_source="file p 1")
    answer(journal, "c", outcome="failed", status=500, price=0.0, price_source="refused", stop="", text="")
    journal.hit([first, first])
    [row] = journal.costs()
    assert (row.run, row.step, row.model) == ("r", "s", "m")
    assert (row.calls, row.answered, row.failed, row.open, row.hits) == (3, 2, 1, 0, 2)
    assert (row.prompt_tokens, row.completion_tokens, row.untold) == (150, 15, 0)
    assert (row.spent, row.saved, row.price_sources) == (0.75, 0.5, ("file p 1",))
    assert math.isclose(row.seconds, 4.5)

    second = answer(journal, "d")  # the server told no usage
    journal.begin("e", model="m", url="u", max_tokens=1, body=b"")
    journal.hit([second])
    [row] = journal.costs()
    assert (row.spent, row.known_spent, row.unknown_spent) == (None, 0.75, 2)
    assert (row.saved, row.known_saved, row.unknown_saved) == (None, 0.5, 1)
    assert (row.open, row.untold) == (1, 1)


def test_a_run_that_the_journal_answered_alone_has_hits_and_no_calls(journal: Journal) -> None:
    attempt = answer(journal, "a", price=0.25)
    journal.run = "again"
    journal.hit([attempt])
    [row] = journal.costs("again")
    assert (row.calls, row.hits, row.spent, row.saved) == (0, 1, 0.0, 0.25)


def test_what_a_run_has_spent_counts_unknown_prices_at_their_most(journal: Journal) -> None:
    answer(journal, "a", price=0.25)
    journal.begin("b", model="m", url="u", max_tokens=1, body=b"", price_most=2.0)
    assert journal.spent("r") == (2, 2.25)
    assert journal.spent("other") == (0, 0.0)


def test_a_price_is_worked_out_by_hand() -> None:
    prices = Prices({"m": Price(input=2, output=10, cached_input=0.5)})
    assert prices.of("m", "http://s/v1", 1_000_000, 100_000) == (3.0, "file")
    assert prices.of("m", "http://s/v1", 1_000_000, 100_000, 400_000) == (pytest.approx(1.2 + 0.2 + 1.0), "file")
    assert prices.of("m", "http://s/v1", None, 5) == (None, "unknown")
    assert prices.of("n", "http://s/v1", 5, 5) == (None, "unknown")


def test_the_table_of_prices_is_asked_with_the_address_and_names_its_version() -> None:
    genai_prices = pytest.importorskip("genai_prices")
    price, source = Prices().of("gpt-4o-mini", "https://api.openai.com/v1", 1_000_000, 1_000_000)
    assert price == pytest.approx(0.75)
    assert source == f"genai-prices {genai_prices.__version__}"
    assert Prices().of("gpt-4o-mini", "http://127.0.0.1:8000/v1", 1, 1) == (None, "unknown")
    assert Prices().of("no-such-model", "https://api.openai.com/v1", 1, 1) == (None, "unknown")


def test_a_price_file_is_yaml_or_json(tmp_path: Path) -> None:
    file = tmp_path / "prices.yaml"
    file.write_text("m: {input: 1, output: 2}\n")
    price, source = read_prices(file).of("m", "u", 1_000_000, 1_000_000)
    assert (price, source[:17]) == (3.0, "file prices.yaml ")
    file.write_text('{"free": {"input": 0, "output": 0}}')
    assert read_prices(file).of("free", "u", 10, 10)[0] == 0.0


@pytest.mark.parametrize(
    "content", ["m: {input: 1}", "m: {input: -1, output: 1}", "m: {input: .nan, output: 1}", "- 1", "m: {", "\x00"]
)
def test_a_wrong_price_file_is_one_sentence(tmp_path: Path, content: str) -> None:
    file = tmp_path / "prices.yaml"
    file.write_text(content)
    with pytest.raises(SettingError, match=r"prices\.yaml"):
        read_prices(file)


# The command


@pytest.fixture
def filled(journal: Journal) -> Path:
    attempt = answer(journal, "a", prompt_tokens=1200, completion_tokens=10, price=0.25, price_source="file p 1")
    journal.hit([attempt] * 3)
    with journal.during("judge"):
        answer(journal, "b")
    return journal.path


def run_cost(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["gistill", "cost", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_cost_shows_a_table(filled: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cost(monkeypatch, str(filled)) == 0
    out, err = capsys.readouterr()
    head, judge, step, whole = out.splitlines()
    assert head.split()[:7] == ["run", "step", "model", "calls", "failed", "open", "hits"]
    assert judge.split() == [
        "r",
        "judge",
        "m",
        "1",
        "0",
        "0",
        "0",
        "unknown",
        "unknown",
        "1.5",
        "unknown",
        "0",
        "unknown",
    ]
    assert " ".join(step.split()) == "r s m 1 0 0 3 1,200 10 1.5 0.2500 0.7500 file p 1"
    assert whole.split()[:4] == ["all", "-", "-", "2"]
    assert "1,200+?" in whole
    assert "0.2500+?" in whole
    assert "price of 1 calls is unknown" in err


def test_cost_of_a_corpus_is_that_of_the_journal_in_it(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    assert run_cost(monkeypatch, str(folder)) == 2
    assert "there is no journal here" in capsys.readouterr().err
    with closing(sqlite3.connect(filled)) as old, closing(sqlite3.connect(folder / "journal.sqlite")) as new:
        old.backup(new)
    assert run_cost(monkeypatch, str(folder)) == 0
    assert "file p 1" in capsys.readouterr().out


def test_cost_as_json_has_null_for_unknown(
    filled: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_cost(monkeypatch, str(filled), "--json", "--run", "r") == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["spent"] for row in told["rows"]] == [None, 0.25]
    assert (told["total"]["spent"], told["total"]["known_spent"], told["total"]["saved"]) == (None, 0.25, 0.75)


def test_cost_of_nothing_is_one_sentence(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_cost(monkeypatch, str(tmp_path / "none.sqlite")) == 2
    assert "there is no journal here" in capsys.readouterr().err
    assert not (tmp_path / "none.sqlite").exists()
    assert run_cost(monkeypatch, str(filled), "--run", "x") == 2
    assert "has no run 'x'" in capsys.readouterr().err


# The file


def test_a_file_that_is_no_journal_is_one_sentence_and_left_as_it_is(tmp_path: Path) -> None:
    text, other = tmp_path / "notes.txt", tmp_path / "other.sqlite"
    text.write_text("Dear diary, " * 100)
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE things (a)")
    db.close()
    for file, said in [(text, "file is not a database"), (other, "not a journal of gistill")]:
        before = file.read_bytes()
        for readonly in (False, True):
            with pytest.raises(InputError, match=said):
                Journal(file, readonly=readonly)
        assert file.read_bytes() == before
    with pytest.raises(InputError, match="folder is not there"):
        Journal(tmp_path / "no" / "j.sqlite")


def test_a_journal_of_a_newer_version_is_one_sentence(journal: Journal) -> None:
    journal.rows(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(InputError, match=f"version {VERSION + 1}.*up to {VERSION}"):
        Journal(journal.path)


@pytest.mark.skipif(os.name == "nt", reason="permissions are others there")
def test_a_journal_is_readable_by_its_owner_alone(journal: Journal) -> None:
    answer(journal, "a")
    for file in journal.path.parent.glob("calls.sqlite*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_journal_that_cannot_be_written_says_so(journal: Journal) -> None:
    reader = Journal(journal.path, readonly=True)
    with pytest.raises(GistillError, match="cannot be written"):
        answer(reader, "a")
    with pytest.raises(GistillError, match="cannot be written"):
        reader.hit([1])
    reader.close()
    answer(journal, "a")
    assert journal.find("a", 1) is not None


WRITER = """
import sys, time
from gistill.teacher.journal import Journal, Outcome
journal = Journal(sys.argv[1], run=sys.argv[2])
for number in range(int(sys.argv[3])):
    attempt = journal.begin(f"{sys.argv[2]}{number}", model="m", url="u", max_tokens=9, body=b"b" * 2000)
    print(attempt, flush=True)
    journal.finish(attempt, Outcome(0.1, "ok", 200, text="t", stop="end"))
    print(-attempt, flush=True)
"""


def writer(file: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(file), name, str(count)], stdout=subprocess.PIPE, text=True
    )


def test_two_processes_make_and_fill_one_journal_while_a_third_reads(tmp_path: Path) -> None:
    file = tmp_path / "calls.sqlite"
    children = [writer(file, name, 300) for name in "ab"]
    while not file.exists() or not file.stat().st_size:
        time.sleep(0.01)
    seen = []
    while any(child.poll() is None for child in children):
        try:
            with Journal(file, readonly=True) as journal:
                seen.append(sum(row.calls for row in journal.costs()))
        except InputError:  # its tables are being made
            continue
    for child in children:
        child.communicate()
        assert child.returncode == 0
    with Journal(file, readonly=True) as journal:
        rows = journal.costs()
        assert [(row.run, row.calls, row.answered) for row in rows] == [("a", 300, 300), ("b", 300, 300)]
    assert seen
    assert seen == sorted(seen)


@pytest.mark.skipif(os.name == "nt", reason="there is no kill -9")
def test_what_was_committed_survives_a_kill(tmp_path: Path) -> None:
    """Every attempt that was said to be begun is there, and every one that was said to be finished is."""
    file = tmp_path / "calls.sqlite"
    for _ in range(2):
        child = writer(file, "a", 100_000)
        assert child.stdout is not None
        said = [int(child.stdout.readline()) for _ in range(200)]
        child.send_signal(signal.SIGKILL)
        said += [int(line) for line in child.communicate()[0].splitlines() if line.strip("-")]
        with Journal(file) as journal:
            kept = dict(journal.rows("SELECT id, outcome FROM attempts"))
            assert journal.rows("PRAGMA integrity_check") == [("ok",)]
        assert all(kept[abs(number)] == "ok" for number in said[:-1] if number < 0)
        assert {number for number in said[:-1] if number > 0} <= set(kept)
        assert list(kept.values()).count("open") <= 3
