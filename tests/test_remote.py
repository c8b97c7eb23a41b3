"""A model behind a server: asked once, within limits, through every fault a server has; killed and started again."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gistill.errors import ServerError, SettingError
from gistill.lm import Request
from gistill.schema import Message
from gistill.teacher.chat_api import CallError, chat_body, clean, read_answer, read_error, retry_after
from gistill.teacher.journal import Journal, request_key
from gistill.teacher.limits import Limits, Throttle
from gistill.teacher.prices import Price, Prices
from teacher_server import Reply, TeacherServer

pytest.importorskip("openai")
pytest.importorskip("stamina")
pytest.importorskip("aiolimiter")

from gistill.teacher.remote import Manner, RemoteModel

KEY = "sk-test-1234567890abcdef"
PRICES = Prices({"teacher": Price(input=1.0, output=10.0)})


@pytest.fixture(autouse=True)
def _key_and_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr("gistill.teacher.remote._WAIT_FIRST", 0.01)
    monkeypatch.setattr("gistill.teacher.remote._WAIT_MOST", 0.1)
    monkeypatch.setattr("gistill.teacher.remote._JITTER", 0.02)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "calls.sqlite", run="r") as made:
        yield made


def ask(question: str = "How was it?", beginning: str = "", **settings: Any) -> Request:
    messages = [Message(role="user", content=question)]
    if beginning:
        messages.append(Message(role="assistant", content=beginning))
    return Request.model_validate({"messages": messages, **settings})


def questions(count: int) -> list[Request]:
    return [ask(f"question {number}") for number in range(count)]


def outcomes(journal: Journal) -> dict[str, int]:
    return dict(journal.rows("SELECT coalesce(error, outcome), count(*) FROM attempts GROUP BY 1"))


# Asking


def test_requests_are_answered_in_order_with_tokens_and_keys(journal: Journal) -> None:
    with TeacherServer() as server, RemoteModel(server.url, "teacher", journal=journal) as model:
        answers = model.complete(questions(20))
        assert [answer.text.split(" ", 1)[1] for answer in answers] == [f"question {n}" for n in range(20)]
        assert (answers[3].prompt_tokens, answers[3].completion_tokens, answers[3].stop) == (2, 3, "end")
        assert answers[3].key == request_key("teacher", questions(4)[3])
        assert model.complete([]) == []
        assert server.headers[0]["authorization"] == f"Bearer {KEY}"


def test_nothing_is_told_about_this_machine(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with TeacherServer() as server, RemoteModel(server.url, "teacher", journal=journal) as model:
        model.complete([ask()])
        told = set(server.headers[0])
        assert told == {
            "host",
            "accept",
            "accept-encoding",
            "connection",
            "content-type",
            "content-length",
            "user-agent",
        }
        assert server.headers[0]["user-agent"] == "gistill"


def test_the_journal_holds_the_very_bytes_that_the_server_received(journal: Journal) -> None:
    with TeacherServer() as server, RemoteModel(server.url, "teacher", journal=journal) as model:
        model.complete([ask("Grüße 👋 \x00 \ud800"), ask("zweite", temperature=0.5, seed=3, stop=("x",))])
        for sent in journal.sent_bodies():
            assert sent.body in server.received
        assert len(list(journal.sent_bodies())) == 2


def test_equal_requests_are_asked_once_and_a_second_time_not_at_all(journal: Journal) -> None:
    with TeacherServer() as server, RemoteModel(server.url, "teacher", journal=journal, prices=PRICES) as model:
        first = model.complete(questions(5) * 3)
        assert first[0] == first[5] == first[10]
        assert model.complete([*questions(5), ask("question 2", max_tokens=9999)])[5].text == first[2].text
        assert server.counts["received"] == 5
        [row] = journal.costs()
        assert (row.calls, row.hits) == (5, 10 + 6)
        assert row.spent == pytest.approx(5 * (2 * 1 + 3 * 10) / 1e6)
        assert row.saved == pytest.approx(16 * (2 * 1 + 3 * 10) / 1e6)


def test_without_a_journal_equal_requests_are_asked_once_a_batch() -> None:
    with TeacherServer() as server, RemoteModel(server.url, "teacher") as model:
        assert model.complete([ask()] * 4)[3].key == ""
        model.complete([ask()])
        assert server.counts["received"] == 2


def test_a_second_sample_is_asked_for_by_another_seed(journal: Journal) -> None:
    with TeacherServer(repeats=False) as server, RemoteModel(server.url, "teacher", journal=journal) as model:
        model.complete([ask(temperature=0.7, seed=seed) for seed in (1, 2, 1)])
        assert sorted(body["seed"] for body in server.requests) == [1, 2]
        model.complete([ask(seed=seed) for seed in (1, 2)])  # greedy: the seed decides nothing
        assert server.counts["received"] == 3
        assert "seed" not in server.requests[-1]


def test_a_cut_answer_is_asked_again_only_with_a_larger_limit(journal: Journal) -> None:
    with TeacherServer() as server, RemoteModel(server.url, "teacher", journal=journal) as model:
        long = "one two three four five six"
        assert model.complete([ask(long, max_tokens=3)])[0].stop == "length"
        model.complete([ask(long, max_tokens=3), ask(long, max_tokens=2)])
        assert server.counts["received"] == 1
        whole = model.complete([ask(long, max_tokens=50)])[0]
        assert (whole.stop, whole.text.split(" ", 1)[1]) == ("end", long)
        model.complete([ask(long, max_tokens=3), ask(long, max_tokens=999)])
        assert server.counts["received"] == 2


@pytest.mark.parametrize("obeys", [True, False])
def test_beginnings_and_stops_hold_whatever_the_server_does(obeys: bool) -> None:
    def answer(body: Any) -> str:
        asked_in_words = "Begin your answer with exactly this" in body["messages"][-1]["content"]
        assert asked_in_words
        return "Verdict: good. END more" if obeys else " good. END more"

    with TeacherServer(answer=answer, stops=False) as server, RemoteModel(server.url, "teacher") as model:
        [given] = model.complete([ask("How?", "Verdict:", stop=("END",))])
        assert (given.text, given.stop) == ("Verdict: good. ", "end")


def test_a_server_that_continues_is_told_to() -> None:
    with (
        TeacherServer(answer=lambda body: "Verdict: good.") as server,
        RemoteModel(server.url, "teacher", manner=Manner(continues=True)) as model,
    ):
        assert model.complete([ask("How?", "Verdict:")])[0].text == "Verdict: good."
        assert server.requests[0]["continue_final_message"] is True
        assert server.requests[0]["messages"][-1] == {"role": "assistant", "content": "Verdict:"}


def test_a_server_that_tells_no_usage_leaves_tokens_and_price_unknown(journal: Journal) -> None:
    with (
        TeacherServer(usage=False) as server,
        RemoteModel(server.url, "teacher", journal=journal, prices=PRICES) as model,
    ):
        [answer] = model.complete([ask()])
        assert (answer.prompt_tokens, answer.completion_tokens) == (None, None)  # not a guess
        assert journal.rows("SELECT prompt_tokens, completion_tokens, price, price_source FROM attempts") == [
            (None, None, None, "unknown")
        ]
        [row] = journal.costs()
        assert (row.spent, row.untold, row.unknown_spent) == (None, 1, 1)


def test_a_schema_is_asked_for_and_given_up_where_the_server_refuses_it(journal: Journal) -> None:
    schema = json.dumps({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]})
    with TeacherServer() as server, RemoteModel(server.url, "teacher", journal=journal) as model:
        assert json.loads(model.complete([ask(answer_schema=schema)])[0].text) == {"a": 0}
        assert server.requests[0]["response_format"]["json_schema"]["strict"] is False
        server.change(schema="refuse")
        assert model.complete([ask("other", answer_schema=schema)])[0].failure is None
        assert "response_format" not in server.requests[-1]
        model.complete([ask("third", answer_schema=schema)])
        assert server.counts["refused_body"] == 1


def test_a_refused_field_is_left_out_also_for_the_calls_that_were_out_with_it() -> None:
    requests = [ask(f"{number}", answer_schema='{"type": "object"}') for number in range(20)]
    with (
        TeacherServer(schema="refuse", latency=0.02) as server,
        RemoteModel(server.url, "teacher", limits=Limits(concurrency=(8, 8))) as model,
    ):
        assert all(answer.failure is None for answer in model.complete(requests))
        assert server.counts["refused_body"] <= 8


# Faults


def test_a_server_that_fails_a_third_of_the_calls_loses_nothing(journal: Journal) -> None:
    faults = dict.fromkeys(("rate_limited", "errors", "unavailable", "cuts", "broken_json", "empty_choices"), 0.05)
    with (
        TeacherServer(**faults, stalls=0.02, stall_seconds=20, no_content=0.05) as server,
        RemoteModel(server.url, "teacher", journal=journal, limits=Limits(timeout=1.5)) as model,
    ):
        answers = model.complete(questions(100))
        assert [answer.text.split(" ", 1)[1] for answer in answers] == [f"question {n}" for n in range(100)]
        told = outcomes(journal)
        late = told["timeout"] - server.counts["stalls"]  # answers that a busy machine brought too late
        assert server.counts["answered"] == 100 + late
    assert told.pop("ok") == 100
    assert set(told) == {"rate_limited", "server_error", "unavailable", "cut", "broken_answer", "no_answer", "timeout"}
    assert sum(told.values()) > 30


def test_what_retries_cannot_mend_is_a_named_failure_and_asked_again_next_time(journal: Journal) -> None:
    with (
        TeacherServer(errors=1.0) as server,
        RemoteModel(server.url, "teacher", journal=journal, limits=Limits(retries=2)) as model,
    ):
        [answer] = model.complete([ask()])
        assert answer.failure is not None
        assert (answer.failure.kind, answer.failure.detail) == ("server_error", "Scripted: errors.")
        assert server.counts["received"] == 3
        assert [row[0] for row in journal.rows("SELECT price FROM attempts")] == [0.0] * 3  # refusals cost nothing
        server.change(errors=0.0)
        assert model.complete([ask()])[0].failure is None


@pytest.mark.parametrize(
    ("knobs", "kind"),
    [({"context": 10}, "too_long"), ({"refused": 1.0}, "filtered")],
)
def test_what_will_never_be_answered_is_asked_once(journal: Journal, knobs: dict[str, Any], kind: str) -> None:
    with TeacherServer(**knobs) as server, RemoteModel(server.url, "teacher", journal=journal) as model:
        [answer] = model.complete([ask()])
        assert answer.failure is not None
        assert answer.failure.kind == kind
        assert server.counts["received"] == 1


def test_a_wrong_key_is_one_sentence_without_the_key(journal: Journal) -> None:
    with TeacherServer(key="another") as server, RemoteModel(server.url, "teacher", journal=journal) as model:
        with pytest.raises(ServerError) as raised:
            model.complete(questions(50))
        assert "Incorrect API key" in str(raised.value)
        assert "OPENAI_API_KEY" in raised.value.hint
        assert KEY not in str(raised.value)
        assert server.counts["received"] <= 4


def test_an_unknown_model_and_an_absent_server_are_one_sentence(journal: Journal) -> None:
    with (
        TeacherServer(knows_only=True) as server,
        RemoteModel(server.url, "nobody", journal=journal) as model,
        pytest.raises(ServerError, match="'nobody' does not exist"),
    ):
        model.complete(questions(3))
    with RemoteModel(server.url, "teacher", journal=journal) as model, pytest.raises(ServerError, match="cannot be"):
        model.complete([ask()])
    assert set(outcomes(journal)) == {"not_found", "unreachable"}


def test_a_refused_key_names_the_variable_it_was_taken_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "wrong-key-77")
    with (
        TeacherServer(key=KEY) as server,
        RemoteModel(server.url, "teacher", manner=Manner(api_key_env="MY_KEY")) as model,
        pytest.raises(ServerError) as raised,
    ):
        model.complete([ask()])
    assert raised.value.hint == (
        "Put a valid key into the environment variable MY_KEY, or name another one with --key-env."
    )


def test_https_to_a_server_without_it_is_told_in_words(journal: Journal) -> None:
    with TeacherServer() as server:
        url = server.url.replace("http:", "https:")
        with RemoteModel(url, "teacher", journal=journal) as model, pytest.raises(ServerError) as raised:
            model.complete([ask()])
        assert str(raised.value) == f"{url} cannot be asked: the server does not speak https"
        assert raised.value.hint == f"Try {server.url}"
    assert outcomes(journal) == {"unreachable": 1}


def test_a_server_that_refuses_every_body_is_given_up_soon() -> None:
    refusal = Reply({"error": {"message": "temperature must be 1", "code": "x"}}, 400)
    with TeacherServer(answer=lambda body: refusal) as server, RemoteModel(server.url, "teacher") as model:
        with pytest.raises(ServerError, match="temperature must be 1"):
            model.complete(questions(100))
        assert server.counts["received"] < 15


def test_a_server_that_falls_silent_is_given_up_after_a_while(journal: Journal) -> None:
    with (
        TeacherServer(errors=1.0) as server,
        RemoteModel(
            server.url, "teacher", journal=journal, limits=Limits(retries=10**6, patience=0.3, timeout=0.3)
        ) as model,
        pytest.raises(ServerError, match=r"Scripted: errors") as raised,
    ):
        model.complete(questions(3))
    assert "kept in the journal" in raised.value.hint


def test_no_key_is_ever_written_down(tmp_path: Path) -> None:
    """Also not where the server repeats what it was sent, in an answer or in an error."""

    def echo(body: Any) -> Reply | str:
        if "fail" in body["messages"][0]["content"]:
            return Reply({"error": {"message": f"bad key {KEY} and other-secret and {KEY[:12]}***"}}, 400)
        return f"Your key is {KEY}."

    file = tmp_path / "calls.sqlite"
    with TeacherServer(answer=echo) as server, Journal(file) as journal:
        headers = {"X-Api-Key": "other-secret"}
        with RemoteModel(server.url, "teacher", journal=journal, manner=Manner(headers=headers)) as model:
            fine, failed = model.complete([ask(), ask("fail")])
        assert server.headers[0]["x-api-key"] == "other-secret"
    assert fine.text == "Your key is ***."
    assert failed.failure is not None
    assert failed.failure.detail == "bad key *** and *** and ***"
    data = b"".join(path.read_bytes() for path in tmp_path.glob("calls.sqlite*"))
    assert KEY.encode() not in data
    assert KEY[:12].encode() not in data
    assert b"other-secret" not in data


@pytest.mark.parametrize(
    "url", ["", "api.openai.com/v1", "ftp://x/v1", "http://", "https://u:p@x/v1", "http://x/v1?k=1"]
)
def test_an_address_is_checked_before_anything_else(url: str) -> None:
    with pytest.raises(SettingError):
        RemoteModel(url, "teacher")


# Limits


@pytest.mark.parametrize("date", [False, True])
def test_retry_after_stops_everybody(date: bool) -> None:
    times: list[float] = []
    lock = threading.Lock()

    def answer(body: Any) -> str | Reply:
        with lock:
            times.append(time.monotonic())
            if len(times) > 1:
                return "fine"
        wait = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True) if date else "1"
        return Reply({"error": {"message": "slow down"}}, 429, (("Retry-After", wait),))

    with (
        TeacherServer(answer=answer) as server,
        RemoteModel(server.url, "teacher", limits=Limits(concurrency=(1, 4))) as model,
    ):
        assert [answer.text for answer in model.complete(questions(6))] == ["fine"] * 6
    assert times[1] - times[0] > 0.95  # a date has whole seconds


def test_a_server_that_takes_few_at_once_is_asked_by_fewer_and_loses_nothing(journal: Journal) -> None:
    with (
        TeacherServer(at_once=2, latency=0.1) as server,
        RemoteModel(server.url, "teacher", journal=journal, limits=Limits(concurrency=(8, 8))) as model,
    ):
        assert all(answer.failure is None for answer in model.complete(questions(20)))
        assert server.counts["rate_limited"] > 0
        assert model.throttle.limit < 8  # halved at least once: 4 slots need 22 answers to become 8


class Simulated(selectors.DefaultSelector):
    """Time that passes only where everybody waits, and then at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        self.now += timeout or 0.0
        return super().select(0)


@pytest.mark.parametrize("takes", [1, 6, 40])
@pytest.mark.parametrize("start", [1, 64])
def test_calls_at_once_settle_at_what_the_server_takes(takes: int, start: int, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Simulated()
    monkeypatch.setattr("gistill.teacher.limits.time", SimpleNamespace(monotonic=lambda: clock.now))
    loop = asyncio.SelectorEventLoop(clock)
    monkeypatch.setattr(loop, "time", lambda: clock.now)
    throttle, busy, seen = Throttle(start, 64), 0, list[tuple[int, float, bool]]()

    async def call() -> None:
        nonlocal busy
        async with throttle.slot() as began:
            busy += 1
            at_once, over = busy, busy > takes
            await asyncio.sleep(0.01 if over else 0.1)
            busy -= 1
            if over:
                throttle.overload(began)
            else:
                throttle.answered()
            seen.append((at_once, throttle.limit, over))

    async def all_calls() -> None:
        await asyncio.gather(*(call() for _ in range(1500)))

    with contextlib.closing(loop):
        loop.run_until_complete(all_calls())
    settled = seen[750:]
    assert max(at_once for at_once, _, _ in settled) == takes + 1  # it tries one more, and no crowd
    assert takes / 2 <= min(limit for _, limit, _ in settled)
    assert max(limit for _, limit, _ in settled) < takes + 3
    assert sum(over for _, _, over in settled) / len(settled) <= (0.5 if takes == 1 else 2 / takes**2 + 0.02)
    assert clock.now < 1500 * 0.1 / takes * 2  # at least half of what the server could have done


def test_calls_a_minute_are_spread(journal: Journal) -> None:
    with TeacherServer() as server, RemoteModel(server.url, "teacher", limits=Limits(rpm=1200)) as model:
        began = time.monotonic()
        model.complete(questions(20))
        assert time.monotonic() - began > 0.8  # 20 calls, 50 ms apart, the first ones at once
        assert server.most_at_once <= 4


def test_tokens_a_minute_hold_calls_back() -> None:
    with TeacherServer() as server, RemoteModel(server.url, "teacher", limits=Limits(tpm=60_000)) as model:
        began = time.monotonic()
        model.complete([ask(f"{number}", max_tokens=100) for number in range(10)])  # over 1,000 tokens: a second
        assert time.monotonic() - began > 0.7


def test_max_calls_stops_and_the_next_run_goes_on(journal: Journal) -> None:
    with TeacherServer() as server:
        with RemoteModel(server.url, "teacher", journal=journal, limits=Limits(max_calls=7)) as model:
            answers = model.complete(questions(20))
            assert sum(answer.failure is None for answer in answers) == 7
            kinds = {answer.failure.kind for answer in answers if answer.failure}
            assert kinds == {"over_budget"}
            assert {a.failure.kind for a in model.complete(questions(20)) if a.failure} == {"over_budget"}
        assert server.counts["received"] == 7
        with RemoteModel(server.url, "teacher", journal=journal, limits=Limits(max_calls=20)) as model:
            assert all(answer.failure is None for answer in model.complete(questions(20)))
        assert server.counts["received"] == server.counts["delivered"] == 20


def test_max_cost_is_never_passed_and_spent_as_far_as_possible(journal: Journal) -> None:
    one = (2 * 1 + 3 * 10) / 1e6  # what a call turns out to cost; the estimate before is many times that
    with (
        TeacherServer(latency=0.01) as server,
        RemoteModel(server.url, "teacher", journal=journal, prices=PRICES, limits=Limits(max_cost=0.0015)) as model,
    ):
        answers = model.complete([ask(f"question {number}", max_tokens=100) for number in range(60)])
        answered = sum(answer.failure is None for answer in answers)
        spent = journal.costs()[0].spent
        assert spent is not None
        assert spent == pytest.approx(answered * one)
        most = 0.0011  # 100 tokens of answer and the prompt
        assert 0.0015 - most < spent <= 0.0015
        assert server.counts["received"] == answered
        assert server.most_at_once == 1  # two estimates do not fit


def test_max_cost_without_a_price_is_an_error_before_the_first_call(journal: Journal) -> None:
    with TeacherServer() as server, pytest.raises(SettingError, match="no price is known for 'teacher'") as raised:
        RemoteModel(server.url, "teacher", journal=journal, limits=Limits(max_cost=1.0))
    assert "price file" in raised.value.hint
    assert server.counts["received"] == 0


def test_an_estimate_asks_nobody(journal: Journal) -> None:
    with TeacherServer() as server, RemoteModel(server.url, "teacher", journal=journal, prices=PRICES) as model:
        model.complete(questions(3))
        told = model.estimate([*questions(5), *questions(5)])
        assert (told.requests, told.hits, told.calls) == (10, 8, 2)
        assert told.completion_tokens_most == 256
        assert told.money_most == pytest.approx((told.prompt_tokens + 256 * 10) / 1e6)
        assert server.counts["received"] == 3
        assert RemoteModel(server.url, "other", journal=journal).estimate([ask()]).money_most is None
        assert model.estimate([]).money_most == 0


# Processes


WORK = """
import json, os, signal, sys
from gistill.lm import Request
from gistill.teacher.journal import Journal
from gistill.teacher.limits import Limits
from gistill.teacher.remote import RemoteModel
from gistill.schema import Message

def work(url, file, count, most, rests):
    requests = [Request(messages=(Message(role="user", content=f"question {n}"),)) for n in range(count)]
    size = 10 if rests else count
    journal = Journal(file, run="r")
    with journal, RemoteModel(url, "teacher", journal=journal, limits=Limits(concurrency=(most, most))) as model:
        print("begun", flush=True)
        texts = []
        for start in range(0, count, size):
            texts += [answer.text for answer in model.complete(requests[start : start + size])]
            if rests:
                print("at rest", flush=True)
                sys.stdin.readline()
        print(json.dumps(texts), flush=True)

import openai  # once, and not in every process that is made of this one
for line in sys.stdin:
    pid = os.fork()
    if not pid:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background is made deaf to it
        try:
            work(*json.loads(line))
        except BaseException as error:
            print(type(error).__name__, flush=True)
        os._exit(0)
    print(pid, flush=True)
    os.waitpid(pid, 0)
    print("ended", flush=True)
"""


class Workers:
    """Processes that ask, one after another, each made in no time from one that has imported everything."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.pid = 0  # of the one that runs

    def start(self, server: TeacherServer, file: Path, count: int, most: int, *, rests: bool = False) -> None:
        self.tell(json.dumps([server.url, str(file), count, most, rests]))
        self.pid = int(self.said())

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def said(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def until(self, word: str) -> list[str]:
        lines = []
        while (line := self.said()) != word:
            assert line or self.process.poll() is None, "it died"
            lines.append(line)
        self.pid = 0 if word == "ended" else self.pid
        return lines

    def send(self, what: signal.Signals) -> list[str]:
        os.kill(self.pid, what)
        return self.until("ended")

    def free(self) -> None:
        """End what a test that failed has left."""
        if self.pid:
            self.send(signal.SIGKILL)


@pytest.fixture(scope="module")
def _processes() -> Iterator[list[Workers]]:
    """Two of them for the whole file: each takes a second of processor time to import what it needs."""
    both = [Workers(), Workers()]
    yield both
    for workers in both:
        workers.process.communicate()


@pytest.fixture
def pair(_processes: list[Workers]) -> Iterator[list[Workers]]:
    yield _processes
    for workers in _processes:
        workers.free()


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is neither fork nor kill -9")


@pytest.mark.slow
@needs_fork
def test_killed_ten_times_every_record_is_answered_once(tmp_path: Path, pair: list[Workers]) -> None:
    """What was delivered and written down is one pass; what was in flight at a kill is open, and counted."""
    file, count, most, drawn = tmp_path / "calls.sqlite", 200, 4, random.Random(0)
    workers, _ = pair
    with TeacherServer(latency=0.01) as server:
        for _ in range(10):
            workers.start(server, file, count, most)
            workers.until("begun")
            time.sleep(drawn.uniform(0.0, 0.15))
            workers.send(signal.SIGKILL)
        workers.start(server, file, count, most)
        texts = json.loads(workers.until("ended")[-1])
        assert [text.split(" ", 1)[1] for text in texts] == [f"question {n}" for n in range(count)]
        with Journal(file, readonly=True) as journal:
            [row] = journal.costs()
            twice = journal.rows("SELECT key FROM attempts WHERE outcome = 'ok' GROUP BY key HAVING count(*) > 1")
        assert twice == []
        assert (row.answered, row.failed) == (count, 0)
        assert row.open <= 10 * most
        assert server.counts["received"] <= row.calls == count + row.open
        # paid calls: one pass, and at most those that were open at a kill
        assert count <= server.counts["answered"] <= count + row.open


@pytest.mark.slow
@needs_fork
def test_killed_between_answers_exactly_one_pass_is_paid(tmp_path: Path, pair: list[Workers]) -> None:
    file, count = tmp_path / "calls.sqlite", 60
    workers, _ = pair
    with TeacherServer() as server:
        for kill in range(1, 5):
            workers.start(server, file, count, 1, rests=True)
            for _ in range(kill - 1):
                workers.until("at rest")
                workers.tell("go on")
            workers.until("at rest")
            workers.send(signal.SIGKILL)
            assert server.counts["received"] == 10 * kill
        workers.start(server, file, count, 1)
        assert len(json.loads(workers.until("ended")[-1])) == count
        assert server.counts["received"] == server.counts["answered"] == count


@pytest.mark.slow
@needs_fork
def test_an_interrupt_keeps_what_was_answered(tmp_path: Path, pair: list[Workers]) -> None:
    file, (workers, _) = tmp_path / "calls.sqlite", pair
    with TeacherServer(latency=0.05) as server:
        workers.start(server, file, 2000, 4)
        while server.counts["delivered"] < 12:
            time.sleep(0.01)
        assert workers.send(signal.SIGINT)[-1] == "KeyboardInterrupt"
        with Journal(file, readonly=True) as journal:
            told = outcomes(journal)
        assert told["ok"] >= 12 - 4
        assert "open" not in told
        assert told.get("interrupted", 0) <= 4


@pytest.mark.slow
@needs_fork
def test_two_processes_share_a_journal_and_the_work(tmp_path: Path, pair: list[Workers]) -> None:
    with TeacherServer(latency=0.01) as server:
        for workers in pair:
            workers.start(server, tmp_path / "calls.sqlite", 100, 2)
        texts = [json.loads(workers.until("ended")[-1]) for workers in pair]
        assert texts[0] == texts[1]
        assert len(texts[0]) == 100
        assert server.counts["answered"] <= 200


def test_threads_may_ask_the_same_model(journal: Journal) -> None:
    with TeacherServer() as server, RemoteModel(server.url, "teacher", journal=journal) as model:
        answers: dict[int, str] = {}

        def work(number: int) -> None:
            answers[number] = model.complete([ask(f"{number}")])[0].text

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(text.split()[-1] for text in answers.values()) == [str(number) for number in range(8)]


def test_it_works_inside_a_running_loop() -> None:
    async def notebook() -> str:
        return model.complete([ask("cell")])[0].text

    with TeacherServer() as server, RemoteModel(server.url, "teacher") as model:
        assert asyncio.run(notebook()).endswith("cell")


def test_a_replay_is_quick(journal: Journal) -> None:
    """benchmarks/journal.py replays 50,000; here a tenth of them, in a tenth of a minute of processor time at most."""
    requests = questions(5000)
    journal.rows("BEGIN")
    for request in requests:
        attempt = journal.begin(
            request_key("teacher", request), model="teacher", url="u", max_tokens=128, body=b"{}" * 500
        )
        journal.rows("UPDATE attempts SET outcome = 'ok', stop = 'end', text = 'fine' WHERE id = ?", (attempt,))
    journal.rows("COMMIT")
    with RemoteModel("http://127.0.0.1:1/v1", "teacher", journal=journal) as model:
        began = time.process_time()
        answers = model.complete(requests)
        assert time.process_time() - began < 6
    assert {answer.text for answer in answers} == {"fine"}
    assert journal.costs()[0].hits == 5000


# Reading what servers say


def test_bodies_hold_what_was_asked() -> None:
    request = ask("Hi \ud83d", temperature=0.5, seed=9, stop=("a", "b", "c", "d", "e"), max_tokens=7)
    assert chat_body("m", request) == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi �"}],
        "temperature": 0.5,
        "max_tokens": 7,
        "seed": 9,
        "stop": ["a", "b", "c", "d"],
    }
    assert chat_body("m", ask(max_tokens=7), without=frozenset({"max_tokens"}))["max_completion_tokens"] == 7
    closed = {"type": "object", "properties": {"a": {"type": "null"}}, "required": ["a"], "additionalProperties": False}
    body = chat_body("m", ask(answer_schema=json.dumps(closed)))
    assert body["response_format"]["json_schema"]["strict"] is True


def test_surrogates_that_belong_together_stay() -> None:
    assert clean("\ud83d\ude00 \ude00") == "😀 �"


def reply(content: object = "x", finish: str | None = "stop", **extra: Any) -> bytes:
    choice = {"message": {"role": "assistant", "content": content}, "finish_reason": finish}
    return json.dumps({"choices": [choice], **extra}).encode()


@pytest.mark.parametrize(
    ("finish", "usage", "stop"),
    [
        ("stop", None, "end"),
        ("length", None, "length"),
        ("eos_token", None, "end"),
        (None, {"completion_tokens": 128, "prompt_tokens": 1}, "length"),
        (None, {"completion_tokens": 127, "prompt_tokens": 1}, "end"),
    ],
)
def test_how_an_answer_ended(finish: str | None, usage: Any, stop: str) -> None:
    assert read_answer(reply(finish=finish, usage=usage), ask()).stop == stop


@pytest.mark.parametrize(
    ("usage", "told"),
    [
        (None, (None, None, None)),
        ([], (None, None, None)),
        ({"prompt_tokens": 0, "completion_tokens": 0}, (None, 0, None)),
        ({"prompt_tokens": -1, "completion_tokens": True}, (None, None, None)),
        ({"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}}, (5, 2, 4)),
        ({"prompt_tokens": 5.5, "completion_tokens": "2", "prompt_tokens_details": None}, (None, None, None)),
    ],
)
def test_token_counts_are_believed_only_if_they_are_counts(usage: Any, told: tuple[int | None, ...]) -> None:
    read = read_answer(reply(usage=usage), ask()).usage
    assert (read.prompt, read.completion, read.cached) == told


@pytest.mark.parametrize(
    ("content", "kind", "scope"),
    [
        (b"", "broken_answer", "again"),
        (b"<html>sign in</html>", "not_an_api", "all"),
        (b"null", "not_an_api", "all"),
        (b"[1]", "not_an_api", "all"),
        (b'data: {"choices": []}\n\n', "not_an_api", "all"),
        (b'{"choices": [{"message": {"con', "broken_answer", "again"),
        (b"\xff\xfe\x00", "broken_answer", "again"),
        (b"[" * 100_000, "broken_answer", "again"),
        (b'{"choices": []}', "no_answer", "again"),
        (b'{"choices": [{"message": null}]}', "no_answer", "again"),
        (reply(None), "no_answer", "again"),
        (reply(""), "no_answer", "again"),
        (reply(None, "length"), "no_answer", "again"),
        (reply("<think>So much to th", "length"), "reasoning", "again"),
        (reply("<think></think>"), "reasoning", "again"),
        (reply(None, usage={"completion_tokens_details": {"reasoning_tokens": 12}}), "reasoning", "again"),
        (reply([{"type": "thinking", "thinking": []}]), "reasoning", "again"),
        (reply("", "content_filter"), "filtered", "request"),
        (b'{"error": {"message": "overloaded", "code": 429}}', "rate_limited", "again"),
        (b'{"error": "CUDA out of memory"}', "server_error", "again"),
        (b'{"choices": [{"message": {"content": null, "refusal": "No."}}]}', "refused", "request"),
    ],
)
def test_what_is_no_answer_has_a_name(content: bytes, kind: str, scope: str) -> None:
    with pytest.raises(CallError) as raised:
        read_answer(content, ask())
    assert (raised.value.kind, raised.value.scope) == (kind, scope)


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "thinking"])
def test_tokens_spent_on_reasoning_are_named_with_the_limit_that_they_met(field: str) -> None:
    """A model that thinks may use up its tokens before it says anything."""
    message = {"role": "assistant", "content": None, field: "The user wants ..."}
    told = {"choices": [{"message": message, "finish_reason": "length"}]}
    with pytest.raises(CallError, match="all 128 tokens it may have on reasoning") as raised:
        read_answer(json.dumps(told).encode(), ask())
    assert (raised.value.kind, raised.value.once) == ("reasoning", True)
    assert "--max-tokens" in raised.value.hint


def test_a_called_tool_is_no_answer_and_is_not_asked_for_again() -> None:
    message = {"content": None, "tool_calls": [{"function": {"name": "answer", "arguments": "{}"}}]}
    told = {"choices": [{"message": message, "finish_reason": "tool_calls"}]}
    with pytest.raises(CallError, match="calls a tool") as raised:
        read_answer(json.dumps(told).encode(), ask())
    assert (raised.value.kind, raised.value.scope) == ("tool_call", "request")


def test_content_in_parts_is_read_without_what_is_thinking() -> None:
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, {"type": "text", "text": "zip "}]
    assert read_answer(reply([*parts, {"type": "text", "text": "jams"}]), ask()).text == "zip jams"


def test_an_answer_that_only_repeats_its_beginning_is_one() -> None:
    assert read_answer(reply(""), ask(beginning="That is all.")).text == "That is all."


@pytest.mark.parametrize(
    ("status", "told", "kind", "scope"),
    [
        (429, {"error": {"message": "slow", "code": "rate_limit_exceeded"}}, "rate_limited", "again"),
        (429, {"error": {"message": "You exceeded", "code": "insufficient_quota"}}, "no_quota", "all"),
        (402, {"error": {"message": "Insufficient credits. Add more", "code": 402}}, "no_quota", "all"),
        (402, "", "no_quota", "all"),
        (403, {"error": {"message": "Key limit exceeded (monthly limit).", "code": 403}}, "no_quota", "all"),
        (400, {"error": {"message": "Your credit balance is too low to access the API."}}, "no_quota", "all"),
        (429, {"error": {"message": "You exceeded your current quota, please retry in 30s."}}, "rate_limited", "again"),
        (429, {"error": {"message": "Insufficient balance"}}, "no_quota", "all"),
        (403, {"error": {"message": "This key may not use the model."}}, "unauthorized", "all"),
        (401, {"error": {"message": "no"}}, "unauthorized", "all"),
        (404, {"detail": "Not Found"}, "not_found", "all"),
        (307, "", "not_found", "all"),
        (408, "", "timeout", "again"),
        (409, "", "server_error", "again"),
        (500, "<html>", "server_error", "again"),
        (503, None, "unavailable", "again"),
        (529, {"error": "busy"}, "server_error", "again"),
        (413, "", "too_long", "request"),
        (400, {"error": {"message": "maximum context length is 8192 tokens"}}, "too_long", "request"),
        (400, {"object": "error", "message": "Input is too long"}, "too_long", "request"),
        (400, {"error": {"message": "x", "code": "content_filter"}}, "filtered", "request"),
        (400, {"error": {"message": "bad temperature"}}, "bad_request", "request"),
        (422, {"detail": [{"msg": "field required"}]}, "bad_request", "request"),
    ],
)
def test_errors_have_names_and_a_scope(status: int, told: Any, kind: str, scope: str) -> None:
    error = read_error(status, told, {})
    assert (error.kind, error.scope, error.paid, error.status) == (kind, scope, False, status)


@pytest.mark.parametrize(
    ("message", "dropped"),
    [
        (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'",
            "max_tokens",
        ),
        ("Unrecognized request argument supplied: seed", "seed"),
        ("Invalid schema for response_format 'answer'", "response_format"),
        ("json_schema is not supported", "response_format"),
        ("The stop of the bus is not nice", ""),
        ("temperature is not supported", "temperature"),
        ("Unsupported value: 'temperature' does not support 0.0 with this model. Only the default (1)", "temperature"),
        ("`temperature` is deprecated for this model.", "temperature"),
        ("The temperature of the sea is 12 degrees", ""),
    ],
)
def test_fields_that_a_server_does_not_take_are_found(message: str, dropped: str) -> None:
    assert read_error(400, {"error": {"message": message}}, {}).dropped == dropped


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("soon", None), ("", None), ("Thu, 01 Jan 2015 00:00:00 GMT", 0.0)],
)
def test_retry_after_is_seconds_or_a_date(header: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": header}) == seconds
    assert retry_after({"retry-after-ms": "250", "retry-after": "9"}) == 0.25
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert 58 < (retry_after({"retry-after": later}) or 0) <= 60
