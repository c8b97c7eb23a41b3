"""Servers as they are in the wild: what each does that no API says, and that it costs one sentence, not a corpus."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

pytest.importorskip("openai")
pytest.importorskip("stamina")
pytest.importorskip("aiolimiter")
pytest.importorskip("json_repair")

from gistill.cli import app
from gistill.errors import ServerError, SettingError
from gistill.teacher.connection import key_in
from gistill.teacher.doctor import diagnose
from teacher_server import Body, Reply, TeacherServer, fault

NAMES = ("strap", "zip", "lid", "lamp", "box", "door")
FEELINGS = ("great", "awful")
TEXTS = [f"The {name} number {n} is {FEELINGS[n % 2]}." for n in range(4) for name in NAMES]


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-1234567890abcdef")
    monkeypatch.setattr("gistill.teacher.remote._WAIT_FIRST", 0.01)
    monkeypatch.setattr("gistill.teacher.remote._WAIT_MOST", 0.05)


def right(body: Body) -> str:
    """Give the right answer of the skill that is asked for: opinions, a rating or a rewriting."""
    text = str(body["messages"][-1]["content"])
    system = " ".join(str(message["content"]) for message in body["messages"] if message["role"] == "system")
    sentence = next((line for line in reversed(text.splitlines()) if "number" in line), "")
    word = "great" if "great" in sentence else "awful"
    if "feeling" in system + text and "|" not in system:
        return "positive" if word == "great" else "negative"
    name = next((name for name in NAMES if name in sentence), "")
    return f"{name} | {word} | {'positive' if word == 'great' else 'negative'}"


def message(content: Any, finish: str = "stop", **extra: Any) -> Reply:
    said = {"role": "assistant", "content": content, **extra}
    return Reply({"choices": [{"index": 0, "message": said, "finish_reason": finish}]})


def annotated(
    server: TeacherServer, folder: Path, *options: str, skill: str = "opinions", texts: list[str] = TEXTS
) -> Any:
    file = folder / "reviews.jsonl"
    file.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    asked = ["annotate", str(file), "-o", str(folder / "corpus"), "--skill", skill, "--server", server.url]
    return CliRunner().invoke(app, [*asked, "--model", "teacher", *options])


def kept(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "corpus" / "train.jsonl").read_text().splitlines()]


# What is around an answer

DRESSES: dict[str, Callable[[str], str]] = {
    "think": lambda good: f"<think>\nMaybe zip | bad | negative, or positive.\n</think>\n\n{good}",
    "think_open": lambda good: f"It may be negative.\nlid | bad | negative\n</think>\n\n{good}",
    "thinking": lambda good: f"<thinking>positive? negative?</thinking>\n{good}",
    "harmony": lambda good: (
        "<|channel|>analysis<|message|>negative, lid | bad | negative<|end|><|start|>assistant"
        f"<|channel|>final<|message|>{good}"
    ),
    "end_of_sequence": lambda good: f"{good}</s>",
    "im_end": lambda good: f"{good}<|im_end|>\n<|im_start|>user\nlid | bad | negative",
}


def test_thinking_channels_and_end_marks_are_learnt_in_no_skill(tmp_path: Path) -> None:
    with TeacherServer(answer=right) as server:
        for skill in ("opinions", "rating"):
            learnt = []
            for name, dress in {"plain": str, **DRESSES}.items():
                folder = tmp_path / skill / name
                folder.mkdir(parents=True)
                server.change(answer=lambda body, dress=dress: dress(right(body)))
                assert annotated(server, folder, skill=skill, texts=TEXTS[:6]).exit_code == 0
                learnt.append([row["completion"] for row in kept(folder)])
            assert len(learnt[0]) == 6
            assert all(rows == learnt[0] for rows in learnt)


# Who refuses


@pytest.mark.parametrize("status", [402, 403])
def test_an_account_that_runs_dry_stops_the_run_and_the_rest_is_asked_next_time(status: int, tmp_path: Path) -> None:
    said = {402: "Insufficient credits. Add more using https://host/credits", 403: "Key limit exceeded (monthly)."}
    answers = iter(range(10))

    def dry(body: Body) -> str | Reply:
        return right(body) if next(answers, None) is not None else Reply(fault(said[status], str(status)), status)

    with TeacherServer(answer=dry) as server:
        stopped = annotated(server, tmp_path, "--concurrency", "1")
        assert stopped.exit_code == 1
        assert f"cannot be asked: {said[status].rstrip('.')}." in stopped.stderr
        assert "Top up the account" in stopped.stderr
        assert server.counts["received"] == 11
        server.change(answer=right)
        assert annotated(server, tmp_path, "--concurrency", "1").exit_code == 0
        assert server.counts["received"] == 11 + len(TEXTS) - 10
    assert len(kept(tmp_path)) == len(TEXTS)


def test_a_temperature_that_a_model_refuses_is_left_out(tmp_path: Path) -> None:
    refusal = fault("Unsupported value: 'temperature' does not support 0.0 with this model.", "unsupported_value")

    def answer(body: Body) -> str | Reply:
        return Reply(refusal, 400) if "temperature" in body else right(body)

    with TeacherServer(answer=answer) as server:
        assert annotated(server, tmp_path).exit_code == 0
        assert server.counts["refused_body"] <= 5  # those that were out before the first refusal came
    assert len(kept(tmp_path)) == len(TEXTS)


# Answers without an answer


@pytest.mark.parametrize("finish", ["stop", "length"])
def test_tokens_spent_on_reasoning_cost_one_retry_and_a_higher_limit_mends_it(finish: str, tmp_path: Path) -> None:
    def thinks(body: Body) -> str | Reply:
        limit = body["max_tokens"]
        return right(body) if limit >= 4000 else message(None, finish, reasoning_content="The user wants ...")

    with TeacherServer(answer=thinks, limits=False) as server:
        stopped = annotated(server, tmp_path, "--concurrency", "1")
        assert stopped.exit_code == 1
        assert "on reasoning and answered nothing" in stopped.stderr
        assert "--max-tokens" in stopped.stderr
        assert server.counts["received"] == 5 * 2  # five texts, each once more; then it is clear that it goes on so
        assert annotated(server, tmp_path, "--max-tokens", "4096").exit_code == 0
    assert len(kept(tmp_path)) == len(TEXTS)


def test_one_text_that_is_only_thought_about_is_named_and_asked_again_next_time(tmp_path: Path) -> None:
    def thinks(body: Body) -> str | Reply:
        about = str(body["messages"][-1]["content"])
        return message("", reasoning_content="Hm.") if "lamp number 1" in about else right(body)

    with TeacherServer(answer=thinks) as server:
        assert annotated(server, tmp_path, "--concurrency", "1").exit_code == 0
        assert server.counts["received"] == len(TEXTS) + 1
        [failure] = [json.loads(line) for line in (tmp_path / "corpus" / "failures.jsonl").read_text().splitlines()]
        assert failure["kind"] == "reasoning"
        server.change(answer=right)
        assert annotated(server, tmp_path).exit_code == 0
        assert server.counts["received"] == len(TEXTS) + 2
    assert len(kept(tmp_path)) == len(TEXTS)


CALLED = {"tool_calls": [{"id": "1", "type": "function", "function": {"name": "answer", "arguments": "{}"}}]}
STREAM = b'data: {"choices": [{"index": 0, "delta": {"content": "none"}}]}\n\ndata: [DONE]\n\n'
NO_ANSWERS = {
    "html200": (Reply(b"<html><body>Sign in to continue</body></html>"), "a web page ('Sign in to continue')", 1),
    "null": (Reply(b"null"), "it answers 'null', which is no chat completion", 1),
    "sse": (Reply(STREAM), "it streams its answers, although it is not asked to", 1),
    "toolcall": (message(None, "tool_calls", **CALLED), "the model calls a tool instead of answering", 5),
    "empty": (message(None), "the answer has no content", 10),
}


@pytest.mark.parametrize("quirk", NO_ANSWERS)
def test_what_no_server_of_this_api_says_is_one_sentence_and_not_eleven_tries(quirk: str, tmp_path: Path) -> None:
    reply, sentence, calls = NO_ANSWERS[quirk]
    with TeacherServer(answer=lambda body: reply) as server:
        stopped = annotated(server, tmp_path, "--concurrency", "1")
        assert stopped.exit_code == 1
        [told] = [line for line in stopped.stderr.splitlines() if line.startswith("Error")]
        assert sentence in told
        assert server.counts["received"] == calls


def test_content_in_parts_is_read(tmp_path: Path) -> None:
    def parts(body: Body) -> Reply:
        return message([{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": right(body)}])

    with TeacherServer(answer=parts) as server:
        assert annotated(server, tmp_path, texts=TEXTS[:3]).exit_code == 0
    assert len(kept(tmp_path)) == 3


@pytest.mark.parametrize(
    ("answers", "verdict", "sentence"),
    [
        (lambda body: "yes", "good", "at once"),
        (lambda body: "<think>Hm.</think>yes", "bad", "reasons before it answers"),
        (
            lambda body: "yes" if body["max_tokens"] > 1000 else message("", "length", reasoning_content="Hm."),
            "bad",
            "--max-tokens of 4096",
        ),
        (lambda body: message(None, "tool_calls", **CALLED), "bad", "It calls a tool instead."),
    ],
)
def test_the_doctor_says_where_the_tokens_go(answers: Any, verdict: str, sentence: str) -> None:
    with TeacherServer(answer=answers) as server:
        found = diagnose(server.url, longest_prompt=0)
    [finding] = [finding for finding in found.findings if finding.check == "answers"]
    assert finding.verdict == verdict
    assert sentence in finding.sentence


@pytest.mark.parametrize(
    ("reply", "sentence"), [(b"<html>Sign in</html>", "a web page"), (b"null", "not JSON"), (b"[1]", "but \\[1]")]
)
def test_the_doctor_says_that_it_is_no_such_server(reply: bytes, sentence: str) -> None:
    with TeacherServer(answer=lambda body: Reply(reply)) as server, pytest.raises(ServerError, match=sentence):
        diagnose(server.url, longest_prompt=0)


# Keys and who is asked


@pytest.mark.parametrize(
    "key", ["“sk-test-1234567890abcdef”", "sk-tést-1234567890", "sk-test\n-123456", '"sk-test-123"']
)
def test_a_key_that_cannot_be_sent_is_one_sentence_without_the_key(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(SettingError, match="the key in OPENAI_API_KEY"):
        key_in("OPENAI_API_KEY")
    with TeacherServer(answer=right) as server:
        refused = annotated(server, tmp_path)
        assert refused.exit_code == 2
        assert refused.stderr.count("Error") == 1
        assert "sk-t" not in refused.stderr
        assert CliRunner().invoke(app, ["doctor", "--server", server.url]).exit_code == 2
        assert not server.counts["received"]


def test_a_server_and_a_teacher_are_both_asked_and_the_one_of_the_environment_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "reviews.jsonl"
    file.write_text(json.dumps({"text": TEXTS[0]}) + "\n")
    with TeacherServer(answer=right) as one, TeacherServer(answer=right, models=("other",)) as two:
        asked = ["annotate", str(file), "--skill", "opinions", "--teacher", f"{two.url}#other"]
        both = CliRunner().invoke(app, [*asked, "-o", str(tmp_path / "a"), "--server", one.url])
        assert both.exit_code == 0, both.stderr
        assert (one.counts["received"], two.counts["received"]) == (1, 1)
        assert one.requests[0]["model"] == "teacher"
        monkeypatch.setenv("OPENAI_BASE_URL", one.url)
        alone = CliRunner().invoke(app, [*asked, "-o", str(tmp_path / "b")])
        assert alone.exit_code == 0, alone.stderr
        assert "OPENAI_BASE_URL" in alone.stderr
        assert (one.counts["received"], two.counts["received"]) == (1, 2)
