"""How a running service stands load: latencies, throughput, memory, and mixed work among injected faults.

    python benchmarks/serving.py load --seconds 30 --clients 64     # batched, unbatched, `gistill extract`, in one run
    python benchmarks/serving.py mixed --minutes 30                 # killed jobs, silent clients
    python benchmarks/serving.py mixed --minutes 1 --writer none    # a short look

It starts `gistill serve` itself, on a free port with a folder of its own. `load` sends one record a request, from each
client as soon as the last answer is there. `mixed` sends files, opinions and chats, kills the process of a running job,
and opens connections that say nothing or stop in the middle. At the end every job that was accepted must have
ended, and its opinions must be those of a run without faults. Memory is read from /proc once a second.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import numpy as np

TEXTS = [
    f"{start} The {thing} {verdict} after {days} days, and {end}"
    for start in ("I bought it last month.", "Second one we own.", "A gift.", "Honestly?")
    for thing in ("battery", "screen", "zip", "app", "hinge", "manual")
    for verdict in ("broke", "still works great", "got slow")
    for days in (2, 30)
    for end in ("support never answered.", "I would buy it again.", "the price is fair.")
]


@contextlib.contextmanager
def serving(folder: Path, *options: str) -> Iterator[tuple[str, int]]:
    """Run `gistill serve` until the block ends; gives its address and its process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gistill", "serve", "--port", str(port), "--folder", str(folder), *options]
    url = f"http://127.0.0.1:{port}"
    with (folder.parent / f"{folder.name}.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        for _ in range(600):
            with contextlib.suppress(httpx2.HTTPError):
                if httpx2.get(f"{url}/readyz").status_code == 200:
                    break
            time.sleep(0.5)
        yield url, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def memory(pid: int) -> float:
    """Give what a process holds in memory, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) / 1024


async def watched(pid: int, kept: list[tuple[float, float]], began: float) -> None:
    while True:
        kept.append((time.monotonic() - began, memory(pid)))
        await asyncio.sleep(1)


def told(seconds: list[float], span: float) -> dict[str, float]:
    p50, p95, p99 = np.percentile(seconds, [50, 95, 99]) if seconds else (float("nan"),) * 3
    return {
        "answers": len(seconds),
        "a_second": round(len(seconds) / span, 2),
        "p50_ms": round(1000 * float(p50), 1),
        "p95_ms": round(1000 * float(p95), 1),
        "p99_ms": round(1000 * float(p99), 1),
    }


async def loaded(url: str, clients: int, seconds: float) -> dict[str, Any]:
    """Ask from many clients at once, each again when it has its answer."""
    took: list[float] = []
    statuses: Counter[int] = Counter()
    end = time.monotonic() + seconds

    async def one(client: httpx2.AsyncClient, draw: random.Random) -> None:
        while time.monotonic() < end:
            began = time.monotonic()
            told = await client.post(f"{url}/v1/opinions", json={"records": [{"text": draw.choice(TEXTS)}]})
            statuses[told.status_code] += 1
            if told.status_code == 200:
                took.append(time.monotonic() - began)

    limits = httpx2.Limits(max_connections=clients, max_keepalive_connections=clients)
    async with httpx2.AsyncClient(timeout=120, limits=limits) as client:
        await asyncio.gather(*(one(client, random.Random(number)) for number in range(clients)))
    return told(took, seconds) | {"statuses": dict(statuses)}


def extracted(folder: Path, count: int) -> float:
    """Give the records a second of `gistill extract` over as many different texts, loading not counted."""
    draw = random.Random(0)
    seconds = []
    for many in (1, count):
        file = folder / f"{many}.jsonl"
        file.write_text("".join(json.dumps({"text": draw.choice(TEXTS)}) + "\n" for _ in range(many)), "utf-8")
        began = time.monotonic()
        command = [sys.executable, "-m", "gistill", "extract", str(file), "-o", str(folder / f"{many}.out.jsonl")]
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.monotonic() - began)
    return count / max(seconds[1] - seconds[0], 1e-9)


def load(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {"clients": options.clients, "seconds": options.seconds}
    for name, more in (("batched", []), ("unbatched", ["--no-batching"])):
        with serving(folder / name, "--writer", "none", *more) as (url, pid):
            before = memory(pid)
            found[name] = asyncio.run(loaded(url, options.clients, options.seconds))
            found[name] |= {"memory_mib": [round(before), round(memory(pid))]}
    found["extract_a_second"] = round(extracted(folder, max(500, found["batched"]["answers"])), 2)
    return found


async def mixed_load(url: str, pid: int, options: argparse.Namespace) -> dict[str, Any]:
    """Send files, opinions and chats for some minutes, with faults between them."""
    began = time.monotonic()
    end, draw = began + 60 * options.minutes, random.Random(options.seed)
    held: list[tuple[float, float]] = []
    statuses: Counter[str] = Counter()
    jobs: dict[str, str] = {}  # id -> its file
    watching = asyncio.create_task(watched(pid, held, began))

    async def ask(client: httpx2.AsyncClient, path: str, body: Any) -> None:
        told = await client.post(f"{url}{path}", json=body)
        statuses[f"{path} {told.status_code}"] += 1

    async def files(client: httpx2.AsyncClient) -> None:
        while time.monotonic() < end:
            text = "text\n" + "\n".join(f'"{draw.choice(TEXTS)}"' for _ in range(options.rows))
            kind = {"Content-Type": "application/octet-stream"}
            told = await client.post(f"{url}/v1/digests?writer=none", content=text.encode(), headers=kind)
            statuses[f"/v1/digests {told.status_code}"] += 1
            if told.status_code == 202:
                jobs[told.json()["id"]] = text
            await asyncio.sleep(options.pause)

    async def others(client: httpx2.AsyncClient) -> None:
        chat = {"model": "gistill", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 16}
        while time.monotonic() < end:
            await ask(client, "/v1/opinions", {"records": [{"text": draw.choice(TEXTS)}]})
            if options.writer != "none":
                await ask(client, "/v1/chat/completions", chat)
            await asyncio.sleep(0.2)

    async def faults() -> None:
        host, port = url.removeprefix("http://").split(":")
        silent: list[asyncio.StreamWriter] = []
        while time.monotonic() < end:
            await asyncio.sleep(options.fault)
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
            for child in children[:1]:
                with contextlib.suppress(OSError):
                    os.kill(int(child), signal.SIGKILL)
                    statuses["killed jobs"] += 1
            _, line = await asyncio.open_connection(host, int(port))
            line.write(draw.choice([b"", b"GET / HT", b"POST /v1/opinions HTTP/1.1\r\nContent-Length: 9\r\n\r\n{"]))
            silent.append(line)
        for line in silent:
            line.close()

    async with httpx2.AsyncClient(timeout=130) as client:
        await asyncio.gather(files(client), *(others(client) for _ in range(4)), faults())
        states = await _until_ended(client, url, jobs)
    watching.cancel()
    return {"statuses": dict(statuses), "jobs": states, "memory_mib": _memories(held)}


async def _until_ended(client: httpx2.AsyncClient, url: str, jobs: dict[str, str]) -> dict[str, Any]:
    """Wait for every accepted job, do each once more where nothing goes wrong, and compare what they found."""
    states: Counter[str] = Counter()
    same = 0
    for name, text in jobs.items():
        while (told := (await client.get(f"{url}/v1/digests/{name}")).json())["state"] in ("queued", "running"):
            await asyncio.sleep(0.5)
        states[told["state"]] += 1
        kind = {"Content-Type": "application/octet-stream"}
        again = (await client.post(f"{url}/v1/digests?writer=none", content=text.encode(), headers=kind)).json()["id"]
        while (await client.get(f"{url}/v1/digests/{again}")).json()["state"] in ("queued", "running"):
            await asyncio.sleep(0.5)
        files = [await client.get(f"{url}/v1/digests/{each}/files/opinions.jsonl") for each in (name, again)]
        same += files[0].status_code == 200 and files[0].content == files[1].content
    return {"accepted": len(jobs), **states, "same_as_without_faults": same}


def _memories(held: list[tuple[float, float]]) -> dict[str, float]:
    """Give the memory at some minutes, each the median of the readings around it."""
    found = {}
    for minute in (1, 5, 10, 20, 30):
        near = [mib for at, mib in held if abs(at - 60 * minute) < 15]
        if near:
            found[f"minute {minute}"] = round(float(np.median(near)), 1)
    return found


def mixed(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    with serving(folder / "mixed", "--writer", options.writer) as (url, pid):
        return asyncio.run(mixed_load(url, pid, options))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="kind", required=True)
    one = kinds.add_parser("load")
    one.add_argument("--clients", type=int, default=64)
    one.add_argument("--seconds", type=float, default=30)
    two = kinds.add_parser("mixed")
    two.add_argument("--minutes", type=float, default=30)
    two.add_argument("--writer", default="auto")
    two.add_argument("--rows", type=int, default=30, help="records of a file")
    two.add_argument("--pause", type=float, default=15, help="seconds between two files")
    two.add_argument("--fault", type=float, default=20, help="seconds between two faults")
    two.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = {"load": load, "mixed": mixed}[options.kind](options, Path(folder))
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
