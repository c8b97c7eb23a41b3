"""Batch files: written once, read in any order and as often as one likes, every answer booked once."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from gistill.errors import InputError, SettingError
from gistill.lm.seam import Request
from gistill.schema import Message
from gistill.teacher.batches import BatchModel, CollectingModel, read_batch, write_batch
from gistill.teacher.gate import PrivateModel
from gistill.teacher.journal import Journal, request_key
from gistill.teacher.prices import Price, Prices

BIG = BatchModel("big")
PRICES = Prices({"big": Price(input=1.0, output=10.0)})


def ask(text: str, **settings: Any) -> Request:
    return Request(messages=(Message(role="user", content=text),), **settings)


def answered(line: dict[str, Any], text: str = "", **settings: Any) -> dict[str, Any]:
    """Answer one line as OpenAI's batches and vLLM's run-batch do."""
    said = text or f"answer to {line['body']['messages'][-1]['content']}"
    choice = {"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop", **settings}
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    body = {"id": "chatcmpl-1", "object": "chat.completion", "model": "big", "choices": [choice], "usage": usage}
    response = {"status_code": 200, "request_id": "r", "body": body}
    return {
        "id": f"batch_req_{line['custom_id'][:6]}",
        "custom_id": line["custom_id"],
        "response": response,
        "error": None,
    }


def refused(line: dict[str, Any], status: int = 400) -> dict[str, Any]:
    body = {"error": {"message": "too long", "code": "context_length_exceeded"}}
    response = {"status_code": status, "request_id": "r", "body": body}
    return {
        "id": f"batch_req_{line['custom_id'][:6]}",
        "custom_id": line["custom_id"],
        "response": response,
        "error": None,
    }


def expired(line: dict[str, Any]) -> dict[str, Any]:
    error = {"code": "batch_expired", "message": "it was not executed in time"}
    return {"id": "batch_req_x", "custom_id": line["custom_id"], "response": None, "error": error}


def lines(paths: list[Path]) -> list[dict[str, Any]]:
    return [json.loads(line) for path in paths for line in path.read_bytes().splitlines()]


def came_back(path: Path, told: list[Any]) -> Path:
    path.write_bytes(b"".join(json.dumps(one).encode() + b"\n" for one in told))
    return path


def test_what_is_written_is_what_would_be_sent_under_the_journals_key(tmp_path: Path) -> None:
    request = ask("good soup", max_tokens=9, temperature=0.5, seed=3, stop=("X",), answer_schema='{"type":"object"}')
    [path] = write_batch([request], tmp_path / "b", model=BIG)
    [line] = lines([path])
    assert line["custom_id"] == request_key("big", request)
    assert (line["method"], line["url"]) == ("POST", "/v1/chat/completions")
    assert line["body"] == {
        "model": "big",
        "messages": [{"role": "user", "content": "good soup"}],
        "temperature": 0.5,
        "max_tokens": 9,
        "seed": 3,
        "stop": ["X"],
        "response_format": line["body"]["response_format"],
    }
    assert line["body"]["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert path.stat().st_mode & 0o077 == 0
    assert [file.name for file in (tmp_path / "b").iterdir()] == ["batch-0001.jsonl"]


def test_files_are_split_by_number_and_size_and_equal_requests_are_written_once(tmp_path: Path) -> None:
    requests = [ask(f"text {number:03}") for number in range(10)]
    by_number = write_batch([*requests, *requests], tmp_path / "a", model=BIG, most_requests=4)
    assert [len(path.read_bytes().splitlines()) for path in by_number] == [4, 4, 2]
    one = len(by_number[2].read_bytes()) // 2
    by_size = write_batch(requests, tmp_path / "b", model=BIG, most_bytes=3 * one)
    assert [len(path.read_bytes().splitlines()) for path in by_size] == [3, 3, 3, 1]
    assert lines(by_number) == lines(by_size)
    with pytest.raises(SettingError, match="one request has"):
        write_batch(requests, tmp_path / "c", model=BIG, most_bytes=one - 1)
    with pytest.raises(SettingError, match="not empty"):
        write_batch(requests, tmp_path / "a", model=BIG)
    assert write_batch([], tmp_path / "d", model=BIG) == []
    [longer] = lines(write_batch([ask("a", max_tokens=5), ask("a", max_tokens=7)], tmp_path / "e", model=BIG))
    assert longer["body"]["max_tokens"] == 7


def test_answers_come_back_in_any_order_with_everything_odd_counted(tmp_path: Path) -> None:
    requests = [ask(f"text {number}") for number in range(8)]
    with Journal(tmp_path / "j.sqlite", run="r") as journal:
        paths = write_batch(requests, tmp_path / "b", model=BIG, journal=journal)
        sent = lines(paths)
        output = [answered(line) for line in sent[:5]]
        output += [answered(sent[0], "another answer"), {**answered(sent[0]), "custom_id": "nobody's"}, {"no": "id"}]
        random.Random(1).shuffle(output)
        first = output.index(next(one for one in output if one.get("custom_id") == sent[0]["custom_id"]))
        said = output[first]["response"]["body"]["choices"][0]["message"]["content"]
        errors = [refused(sent[5]), expired(sent[6]), refused(sent[1], 500)]
        files = [came_back(tmp_path / "errors.jsonl", errors), came_back(tmp_path / "output.jsonl", [*output, [1], 5])]
        files[1].write_bytes(files[1].read_bytes() + b'\n{"custom_id": "cut he')
        read = read_batch(files, journal, requests, model=BIG, prices=PRICES)
        assert read.counts == {
            "answered": 5,
            "already": 0,
            "failed": 2,
            "missing": 1,
            "duplicates": 1,
            "unknown": 2,
            "broken": 3,
        }
        kinds = [one.failure.kind if one.failure else "" for one in read.completions]
        assert kinds == ["", "", "", "", "", "too_long", "batch_expired", "missing"]
        assert [one.text for one in read.completions[:5]] == [said, *(f"answer to text {n}" for n in range(1, 5))]
        # 5 answers of 100 and 20 tokens at 1 and 10 USD per million
        [cost] = journal.costs()
        assert journal.spent("r")[1] == pytest.approx(5 * 300e-6)
        assert journal.rows("SELECT outcome, count(*) FROM attempts GROUP BY 1 ORDER BY 1") == [
            ("failed", 2),
            ("ok", 5),
            ("open", 1),
        ]
        assert cost.model == "big"


def test_reading_again_books_nothing_twice_and_the_rest_can_be_written_again(tmp_path: Path) -> None:
    requests = [ask(f"text {number}") for number in range(4)]
    with Journal(tmp_path / "j.sqlite") as journal:
        sent = lines(write_batch(requests, tmp_path / "b", model=BIG, journal=journal))
        part = came_back(tmp_path / "part.jsonl", [answered(sent[0]), refused(sent[1], 500)])
        for _ in range(3):
            read = read_batch([part, part], journal, requests, model=BIG, prices=PRICES)
        assert read.counts["already"] == 1
        assert read.completions[0].text == "answer to text 0"
        attempts = journal.rows("SELECT count(*) FROM attempts")
        assert attempts == [(4,)]
        rest = lines(write_batch(requests, tmp_path / "again", model=BIG, journal=journal))
        assert [line["custom_id"] for line in rest] == [line["custom_id"] for line in sent[1:]]
        everything = came_back(tmp_path / "all.jsonl", [answered(line) for line in rest])
        read = read_batch([part, everything], journal, requests, model=BIG, prices=PRICES)
        assert [read.counts[name] for name in ("answered", "already", "failed", "missing")] == [3, 1, 0, 0]


def test_the_batch_price_is_a_setting_and_is_told(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.sqlite") as journal:
        sent = lines(write_batch([ask("a")], tmp_path / "b", model=BIG, journal=journal))
        path = came_back(tmp_path / "o.jsonl", [answered(sent[0])])
        with pytest.raises(SettingError):
            read_batch([path], journal, [ask("a")], model=BIG, price_share=50)
        read_batch([path], journal, [ask("a")], model=BIG, prices=PRICES, price_share=0.5)
        assert journal.rows("SELECT price, price_source FROM attempts") == [
            (pytest.approx(150e-6), "file x 0.5 (batch)")
        ]


def test_an_unknown_price_stays_unknown_at_half_of_it(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.sqlite") as journal:
        sent = lines(write_batch([ask("a")], tmp_path / "b", model=BatchModel("nobody-knows"), journal=journal))
        read_batch(
            [came_back(tmp_path / "o", [answered(sent[0])])],
            journal,
            [ask("a")],
            model=BatchModel("nobody-knows"),
            price_share=0.5,
        )
        assert journal.rows("SELECT price, price_source FROM attempts") == [(None, "unknown")]


def test_the_walk_collects_redacted_requests_and_finds_the_answers_in_the_journal(tmp_path: Path) -> None:
    requests = [ask("Write to jane.doe@example.org about the soup."), ask("The tea was cold.")]
    with Journal(tmp_path / "j.sqlite") as journal:
        collecting = CollectingModel("big", journal=journal)
        waiting = PrivateModel(collecting).complete(requests)
        assert [one.failure.kind for one in waiting if one.failure] == ["waiting", "waiting"]
        paths = write_batch(collecting.requests, tmp_path / "b", model=BIG, journal=journal)
        files = b"".join(path.read_bytes() for path in (tmp_path / "b").iterdir())
        assert b"jane.doe" not in files
        assert not any(b"jane.doe" in sent.body for sent in journal.sent_bodies())
        bodies = [json.dumps(line["body"], ensure_ascii=False, separators=(",", ":")) for line in lines(paths)]
        assert [sent.body.decode() for sent in journal.sent_bodies()] == bodies
        output = came_back(tmp_path / "o", [answered(line) for line in lines(paths)])
        read_batch([output], journal, collecting.requests, model=BIG)
        again = CollectingModel("big", journal=journal)
        answers = PrivateModel(again).complete(requests)
        assert again.requests == []
        assert read_batch([output], journal, again.requests, model=BIG).counts["already"] == 2
        assert [one.text for one in answers] == [
            "answer to Write to jane.doe@example.org about the soup.",
            "answer to The tea was cold.",
        ]


def test_a_cut_answer_says_so_and_a_beginning_is_put_before_its_answer(tmp_path: Path) -> None:
    talk = (Message(role="user", content="?"), Message(role="assistant", content="Once"))
    sent = lines(write_batch([Request(messages=talk), ask("b")], tmp_path / "b", model=BIG))
    told = [answered(sent[0], " upon a time"), answered(sent[1], "half", finish_reason="length")]
    first, second = read_batch(
        [came_back(tmp_path / "o", told)], None, [Request(messages=talk), ask("b")], model=BIG
    ).completions
    assert (first.text, first.stop, second.text, second.stop) == ("Once upon a time", "end", "half", "length")


@pytest.mark.parametrize(
    "response",
    [
        None,
        5,
        {"status_code": 200},
        {"status_code": 200, "body": {"choices": []}},
        {"status_code": 200, "body": {"choices": [{"message": {"content": None}}]}},
        {"status_code": 503, "body": "<html>"},
        {"status_code": 400, "body": None},
        {"status_code": "200"},
    ],
)
def test_any_line_that_holds_no_answer_is_a_failure(tmp_path: Path, response: Any) -> None:
    [line] = lines(write_batch([ask("a")], tmp_path / "b", model=BIG))
    path = came_back(tmp_path / "o", [{"custom_id": line["custom_id"], "response": response}])
    read = read_batch([path], None, [ask("a")], model=BIG)
    assert read.counts["failed"] == 1
    assert read.completions[0].failure is not None


def test_what_is_not_there_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_batch([tmp_path / "nothing"], None, [ask("a")], model=BIG)


def test_without_a_journal_at_writing_the_body_is_booked_when_it_is_read(tmp_path: Path) -> None:
    [line] = lines(write_batch([ask("a")], tmp_path / "b", model=BatchModel("big", "https://example.org/v1")))
    output = came_back(tmp_path / "o", [answered(line)])
    with Journal(tmp_path / "j.sqlite") as journal:
        read_batch([output], journal, [ask("a")], model=BatchModel("big", "https://example.org/v1"))
        [sent] = journal.sent_bodies()
        assert json.loads(sent.body) == line["body"]
        assert journal.rows("SELECT url, outcome FROM attempts") == [("batch:https://example.org/v1", "ok")]


def test_hostile_text_survives_as_one_line(tmp_path: Path) -> None:
    texts = ["\u2028 line\nbreaks\r\u0085", "\x00\x1f", "=cmd()", "<script>", "emoji 😀"]
    sent = lines(write_batch([ask(text) for text in texts], tmp_path / "b", model=BIG))
    assert [line["body"]["messages"][0]["content"] for line in sent] == texts
    [lone] = lines(write_batch([ask("lone \ud800 surrogate")], tmp_path / "c", model=BIG))
    assert lone["body"]["messages"][0]["content"] == "lone \ufffd surrogate"
