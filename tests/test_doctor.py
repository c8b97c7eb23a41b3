"""The doctor: every fault of a server is found by asking it, and named with what follows from it."""

from __future__ import annotations

import contextlib
import json
import random
import re
import socket
import threading
import time
from typing import Any

import pytest

pytest.importorskip("openai")
pytest.importorskip("json_repair")

from typer.testing import CliRunner

from gistill.cli import app
from gistill.errors import ServerError, SettingError
from gistill.teacher import doctor_checks as checks
from gistill.teacher.doctor import CHECKS, Diagnosis, diagnose
from gistill.teacher.doctor_line import Line
from teacher_server import Reply, TeacherServer, fault


def sensible(body: dict[str, Any]) -> str:
    """Answer the doctor's questions as a fair model would; sampling depends on the seed alone."""
    question = next(message["content"] for message in body["messages"] if message["role"] == "user")
    if question.startswith("Count"):
        return " ".join(map(str, range(1, 61)))
    if "sky" in question:
        return "The sky is blue because air scatters blue light more than red light."
    if "Invent" in question:
        draw = random.Random(body.get("seed") if body.get("temperature") else 0)
        return f"Café {draw.choice(['Gull', 'Tide', 'Salt'])} serves {draw.randint(2, 9999)} kinds of soup."
    return "yes"


def examined(*, longest_prompt: int = 0, seconds: float = 60, call_seconds: float = 20, **knobs: Any) -> Diagnosis:
    with TeacherServer(**{"answer": sensible, **knobs}) as server:
        return diagnose(server.url, longest_prompt=longest_prompt, seconds=seconds, call_seconds=call_seconds)


def found(diagnosis: Diagnosis, check: str) -> tuple[str, str]:
    [finding] = [finding for finding in diagnosis.findings if finding.check == check]
    assert finding.sentence.endswith(".")
    return finding.verdict, finding.answer


def test_a_good_server_passes_every_check() -> None:
    diagnosis = examined(context=32_000, tells_context=True)
    assert [finding.check for finding in diagnosis.findings] == list(CHECKS)
    assert {finding.verdict for finding in diagnosis.findings} == {"good"}
    assert (diagnosis.model, diagnosis.models, diagnosis.context) == ("teacher", ("teacher",), 32_000)
    assert diagnosis.calls < 45
    assert diagnosis.prompt_tokens > 0


def asked(check: str, *, longest_prompt: int = 0, **knobs: Any) -> tuple[str, str]:
    """Make one check alone."""
    with TeacherServer(**{"answer": sensible, **knobs}) as server:
        line = Line(server.url, "", seconds=30, call_seconds=10)
        line.model = "teacher"
        try:
            if check == "schema":
                finding = checks.check_schema(line)
            elif check == "context":
                models, props = line.look("/models").body, line.look(server.root + "/props")
                finding = checks.check_context(line, models, props, longest_prompt)[1]
            else:
                length, plain = checks.check_length(line)
                others = {
                    "stop": lambda: checks.check_stop(line, plain),
                    "repeats": lambda: checks.check_repeats(line, plain),
                    "seeds": lambda: checks.check_seeds(line),
                    "continues": lambda: checks.check_continues(line, plain),
                    "usage": lambda: checks.check_usage(line),
                }
                finding = others[check]() if check in others else length[check == "finish"]
        finally:
            line.close()
    assert finding.check == check
    assert finding.sentence.endswith(".")
    return finding.verdict, finding.answer


@pytest.mark.parametrize(
    ("check", "knobs", "expected"),
    [
        ("usage", {"usage": False}, ("bad", "missing")),
        ("schema", {"schema": "ignore"}, ("bad", "ignores")),
        ("schema", {"schema": "refuse"}, ("bad", "refuses")),
        ("schema", {"schema": "fail_open"}, ("bad", "fails open")),
        ("schema", {"schema": "fail_open", "hard": ("additionalProperties",)}, ("bad", "ignores")),
        ("schema", {"schema": "fail_open", "hard": ("const",)}, ("bad", "fails open")),
        ("schema", {"schema": "fail_open", "hard": ("minimum",)}, ("bad", "fails open")),
        ("schema", {"errors": 0.2}, ("good", "enforces")),
        ("max_tokens", {"limits": False}, ("bad", "ignored")),
        ("finish", {"limits": False}, ("unknown", "not known")),
        ("finish", {"tells_length": False}, ("bad", "hidden")),
        ("max_tokens", {"tells_length": False}, ("good", "honoured")),
        ("stop", {"stops": False}, ("bad", "ignored")),
        ("repeats", {"repeats": False}, ("bad", "no")),
        ("seeds", {"repeats": False}, ("bad", "ignored")),
        ("seeds", {"answer": lambda body: sensible({**body, "seed": 1})}, ("bad", "no sampling")),
        ("continues", {"continues": False}, ("bad", "no")),
        ("context", {"context": 2500, "tells_context": True}, ("bad", "2500")),
        ("context", {"context": 8192, "props": True}, ("good", "8192")),
        ("context", {"context": 2500, "longest_prompt": 4096}, ("bad", "2008+")),
        ("context", {"context": 900, "longest_prompt": 4096}, ("bad", "0+")),
        ("context", {"context": 2500, "longest_prompt": 4096, "silent_context": True}, ("bad", "2500 silently")),
        ("context", {"context": 300, "longest_prompt": 4096, "silent_context": True}, ("bad", "300 silently")),
        ("context", {"longest_prompt": 5000}, ("good", "4008+")),
        ("context", {"longest_prompt": 5000, "usage": False}, ("unknown", "4000+")),
        ("context", {}, ("unknown", "not known")),
        ("stop", {"answer": lambda _: "yes"}, ("unknown", "not known")),
        ("continues", {"answer": lambda _: "yes"}, ("unknown", "not known")),
        ("finish", {"answer": lambda _: "yes"}, ("unknown", "not known")),
    ],
)
def test_each_fault_is_found(check: str, knobs: dict[str, Any], expected: tuple[str, str]) -> None:
    assert asked(check, **knobs) == expected


def test_a_server_that_fails_open_is_told_with_what() -> None:
    with TeacherServer(answer=sensible, schema="fail_open", hard=("pattern",)) as server:
        line = Line(server.url, "", seconds=30, call_seconds=10)
        finding = checks.check_schema(line)
        line.close()
    assert finding.sentence.startswith("Fails open: 9 of 10 schemas were enforced, but with pattern ")


def test_json_of_another_shape_is_not_taken_for_an_enforced_schema() -> None:
    def wrapped(body: dict[str, Any]) -> str:
        return '{"answer": "blue"}' if body.get("response_format") else sensible(body)

    assert asked("schema", answer=wrapped, schema="ignore") == ("bad", "ignores")


def test_calls_that_fail_are_tried_again_and_told() -> None:
    verdict, answer = found(examined(errors=0.1, rate_limited=0.1, retry_after=0.01, broken_json=0.02), "reliable")
    assert verdict == "bad"
    assert answer.endswith("failed")


def test_what_newer_models_no_longer_take_is_asked_without() -> None:
    def picky(body: dict[str, Any]) -> str | Reply:
        if "max_tokens" in body:
            return Reply(fault("Use 'max_completion_tokens' instead of 'max_tokens'.", "unsupported_parameter"), 400)
        if body.get("temperature") != 1 and "temperature" in body:
            return Reply(fault("'temperature' does not support 0.", "unsupported_value"), 400)
        return sensible(body)

    diagnosis = examined(answer=picky)
    assert found(diagnosis, "max_tokens") == ("good", "honoured")
    assert found(diagnosis, "repeats") == ("bad", "no temperature")


def test_continuing_only_with_vllms_fields_is_told() -> None:
    def vllm(body: dict[str, Any]) -> str:
        beginning = body["messages"][-1]["content"] if body["messages"][-1]["role"] == "assistant" else ""
        text = sensible(body)
        return text.removeprefix(beginning) if body.get("continue_final_message") else text

    assert asked("continues", answer=vllm, continues=False) == ("bad", "on demand")


def test_time_is_bounded_and_what_was_not_asked_is_unknown() -> None:
    began = time.monotonic()
    diagnosis = examined(latency=0.3, seconds=2)
    assert time.monotonic() - began < 6
    assert found(diagnosis, "schema") == ("unknown", "not known")
    assert diagnosis.holds("max_tokens")
    assert not diagnosis.holds("schema")


@pytest.mark.parametrize("latency", [0.4, 9.0])
def test_no_call_goes_beyond_the_time_for_everything(latency: float) -> None:
    with TeacherServer(answer=sensible, latency=latency) as server:
        began = time.monotonic()
        result = CliRunner().invoke(app, ["doctor", "--server", server.url, "--seconds", "2", "--longest-prompt", "0"])
        assert time.monotonic() - began < 4  # with a call of 20 seconds it would not
    assert "--seconds" in result.output  # gives it more
    assert result.exit_code == (1 if latency > 2 else 0)
    if latency > 2:
        assert re.search(r"teacher cannot be asked \(no answer within [12][.\d]* seconds\)\.", result.stderr)


def test_a_server_that_holds_the_line_with_spaces_is_too_slow_too() -> None:
    def trickle() -> None:
        with contextlib.suppress(OSError):
            line, _ = listening.accept()
            with line:
                line.recv(65536)
                line.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                while True:
                    line.sendall(b"1\r\n \r\n")
                    time.sleep(0.1)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=trickle)
        thread.start()
        began = time.monotonic()
        with pytest.raises(ServerError, match=r"does not answer: no answer within [01]") as caught:
            diagnose(f"http://127.0.0.1:{listening.getsockname()[1]}/v1", seconds=1)
        assert time.monotonic() - began < 3
        thread.join(5)
    assert "--seconds" in caught.value.hint


def test_a_server_that_only_stalls_cannot_be_asked() -> None:
    with pytest.raises(ServerError, match="cannot be asked"):
        examined(stalls=1.0, stall_seconds=1.2, call_seconds=1, seconds=3)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_no_server_is_one_sentence() -> None:
    result = CliRunner().invoke(app, ["doctor", "--server", f"http://127.0.0.1:{free_port()}/v1"])
    assert result.exit_code == 1
    assert "does not answer" in result.stderr
    assert "Traceback" not in result.output


PUT_KEY = "Put a valid key into the environment variable"


def test_a_refused_key_is_told_and_the_right_one_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    with TeacherServer(answer=sensible, key="very-secret-7") as server:
        with pytest.raises(ServerError, match="refuses the key") as refused:
            diagnose(server.url)
        assert refused.value.hint == f"{PUT_KEY} OPENAI_API_KEY, or name another one with --key-env."
        monkeypatch.setenv("MY_KEY", "very-secret-7")
        diagnosis = diagnose(server.url, api_key_env="MY_KEY", longest_prompt=0)
        assert "very-secret-7" not in diagnosis.model_dump_json()


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_only_when_asked_has_the_same_hint(status: int) -> None:
    with (
        TeacherServer(answer=lambda _: Reply(fault("No such key.", "x"), status)) as server,
        pytest.raises(ServerError, match=f"cannot be asked \\({status}") as refused,
    ):
        diagnose(server.url, api_key_env="MY_KEY")
    assert refused.value.hint == f"{PUT_KEY} MY_KEY, or name another one with --key-env."


def test_https_to_a_server_without_it_is_told_in_words() -> None:
    with TeacherServer(answer=sensible) as server:
        result = CliRunner().invoke(app, ["doctor", "--server", server.url.replace("http:", "https:")])
    assert result.exit_code == 1
    assert "does not answer: the server does not speak https.\n" in result.stderr
    assert f"Try {server.url}\n" in result.stderr


@pytest.mark.parametrize("flag", ["--key-env", "--api-key-env"])
def test_the_variable_with_the_key_is_named_as_for_annotate(monkeypatch: pytest.MonkeyPatch, flag: str) -> None:
    monkeypatch.setenv("MY_KEY", "very-secret-7")
    with TeacherServer(answer=sensible, key="very-secret-7") as server:
        asked = ["doctor", "--server", server.url, flag, "MY_KEY", "--longest-prompt", "0"]
        assert CliRunner().invoke(app, asked).exit_code == 0
        assert CliRunner().invoke(app, [*asked[:3], flag, "NO_KEY"]).exit_code == 1


def test_a_key_that_a_server_repeats_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "very-secret-7")
    with (
        TeacherServer(answer=lambda _: Reply(fault("Your key very-secret-7 is bad.", "x"), 400)) as server,
        pytest.raises(ServerError) as caught,
    ):
        diagnose(server.url)
    assert "***" in str(caught.value)
    assert "very-secret-7" not in str(caught.value)


def test_an_unknown_model_and_an_unlisted_one() -> None:
    with TeacherServer(answer=sensible, knows_only=True) as server:
        with pytest.raises(ServerError, match="nix cannot be asked \\(404"):
            diagnose(server.url, model="nix")
        server.change(knows_only=False)
        quick: dict[str, Any] = {"longest_prompt": 0, "seconds": 0.5}
        assert found(diagnose(server.url, model="nix", **quick), "models") == ("bad", "not listed")
        server.change(lists_models=False)
        assert found(diagnose(server.url, model="nix", **quick), "models") == ("bad", "none")
        with pytest.raises(ServerError, match="lists no models"):
            diagnose(server.url)


def test_the_v1_that_was_forgotten_is_added() -> None:
    with TeacherServer(answer=sensible) as server:
        assert diagnose(server.root, longest_prompt=0, seconds=0.5).url == server.url


def test_an_address_that_is_none_is_bad_input() -> None:
    with pytest.raises(SettingError):
        diagnose("localhost:8000")


def test_nothing_about_this_machine_is_told() -> None:
    with TeacherServer(answer=sensible) as server:
        diagnose(server.url, longest_prompt=0, seconds=0.5)
        received = server.received.lower()
    assert b"x-stainless" not in received
    assert b"authorization" not in received
    assert b"user-agent: gistill\r\n" in received


def test_the_command_shows_a_line_for_each_check_and_asks_for_what_is_required() -> None:
    with TeacherServer(answer=sensible, schema="ignore", models=("evil\x1b[31m",)) as server:
        run = ["doctor", "--server", server.url, "--longest-prompt", "0"]
        shown = CliRunner().invoke(app, run)
        assert shown.exit_code == 0
        assert "!! schema     JSON schemas are ignored" in shown.stdout
        assert "\x1b" not in shown.output
        lacking = CliRunner().invoke(app, [*run, "--require", "usage,schema", "--json"])
        assert lacking.exit_code == 3
        assert Diagnosis.model_validate_json(lacking.stdout).holds("usage")
        assert lacking.stderr.endswith("schema does not hold.\n")
        wrong = CliRunner().invoke(app, [*run, "--require", "nix"])
        assert wrong.exit_code == 2


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"<html>hello</html>"),
        Reply(b"[1, 2]"),
        Reply({"choices": [{"message": None}]}),
        Reply({"choices": [{"message": {"content": 5}, "finish_reason": ["x"]}], "usage": "many"}),
        Reply(b"[" * 100_000),
        Reply(json.dumps({"error": {"message": "\ud800"}}).encode(), 400),
    ],
)
def test_a_server_that_talks_nonsense_is_an_error_or_a_finding_and_never_a_crash(reply: Reply) -> None:
    try:
        diagnosis = examined(answer=lambda _: reply, seconds=2)
    except ServerError as error:
        told = str(error)
    else:
        told = found(diagnosis, "usage")[1]
    assert "cannot be asked" in told or told == "missing"
