"""The examples of docs/serving.md against a running service, and what the page and the files of deploy/ promise."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("openai")
pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx2")

import httpx2
import yaml

from gistill.serve.limits import RECORDS, Limits
from sample_digest import sample_digest
from serve_process import serving, until

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_examples_of_the_page_work(tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").write_text("text\nThe sound is great\n", "utf-8")
    programs = [["bash", "-ec", text] for text in examples("bash")]
    programs += [[sys.executable, "-c", text] for text in examples("python")]
    if shutil.which("node"):
        programs += [["node", "--input-type=module", "-e", text] for text in examples("javascript")]
    with serving(tmp_path / "service") as server:
        until(lambda: httpx2.get(f"{server.url}/readyz").status_code == 200)
        told = [
            subprocess.run(
                program,
                cwd=tmp_path,
                env={**os.environ, "URL": server.url},
                capture_output=True,
                text=True,
                check=False,
            )
            for program in programs
        ]
    assert [(one.returncode, one.stderr) for one in told] == [(0, "")] * len(programs)
    wanted = [
        '"text":"great"',
        '"state":"queued"',
        f"done {sample_digest().records}",
        "you said hello",
        "positive battery",
    ]
    for one, words in zip(told, wanted, strict=False):
        assert words in one.stdout


def test_the_limits_of_the_page_are_those_of_the_code() -> None:
    limits = Limits()
    assert f"| a JSON body | {limits.body // 2**20} MiB, {RECORDS:,} records of 50,000 characters each |" in PAGE
    assert f"| a file | {limits.upload // 2**20} MiB (`--most-upload`) |" in PAGE
    assert f"{limits.body_seconds:g} seconds; of a file" in PAGE
    assert f"| time for an answer | {limits.seconds:g} seconds" in PAGE
    assert f"| requests at work and waiting | {limits.waiting} " in PAGE
    assert f"| digests that wait | {limits.jobs} " in PAGE
    assert f"| a digest | {limits.job_seconds / 3600:g} hours, {limits.job_memory:,} MiB" in PAGE


def test_the_container_is_nobody_special_and_only_its_volume_is_written() -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
    last = dockerfile.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001$", last, re.MULTILINE)
    assert "HEALTHCHECK" in last
    services = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))["services"]
    assert services["gistill"]["read_only"] is True
    assert services["gistill"]["ports"] == ["127.0.0.1:8321:8321"]
    assert services["vllm"]["profiles"] == ["vllm"]
