"""How a running service stands load: latencies, throughput, memory, and mixed work among injected faults.

    python benchmarks/serving.py load --seconds 30 --clients 64     # batched, unbatched, `gistill extract`; needs wrk
    python benchmarks/serving.py mixed --minutes 30                 # killed jobs, slow clients, a full disk (as root)
    python benchmarks/serving.py mixed --minutes 1 --writer none    # a short look

It starts `gistill serve` itself, on a free port with a folder of its own. `load` sends one record a request, from each
client as soon as the last answer is there, and never a sentence twice. `mixed` sends files, opinions and chats, kills
the process of a running job, opens connections that say nothing, stop in the middle or trickle, and fills the disk for
some seconds. At the end every job that was accepted must have ended, and its opinions must be those of a run without
faults. Memory is read from /proc once a second.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
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

THINGS = ("battery", "screen", "zip", "app", "hinge", "manual", "strap", "charger")
VERDICTS = ("broke", "still works great", "got slow", "looks cheap", "is easy to use")
ENDS = ("support never answered", "I would buy it again", "the price is fair", "they refunded me at once")
TEXTS = [
    f"{start} The {thing} {verdict} after {days} days, and {end}."
    for start in ("I bought it last month.", "Second one we own.", "A gift.", "Honestly?")
    for thing in THINGS
    for verdict in VERDICTS
    for days in (2, 30)
    for end in ENDS
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


def loaded(url: str, key: str, options: argparse.Namespace) -> dict[str, Any]:
    """Ask from many clients at once, each again when it has its answer; the client is wrk, which costs little."""
    script = str(Path(__file__).with_name("load.lua"))
    command = ["wrk", "-t1", f"-c{options.clients}", f"-d{options.seconds}s", "--timeout", "120s", "-s", script, url]
    ran = subprocess.run([*command, "--", key, str(options.sentences)], check=True, capture_output=True, text=True)
    return json.loads(ran.stdout.splitlines()[-1])


def extracted(folder: Path, count: int, sentences: int) -> float:
    """Give the records a second of `gistill extract` over as many such texts, loading not counted."""
    draw = random.Random(0)
    seconds = []
    for many in (1, count):
        rows = []
        for row in range(many):
            said = (
                f"The {draw.choice(THINGS)} of order e{many}-{row}-{number} {draw.choice(VERDICTS)}, and "
                f"{draw.choice(ENDS)}."
                for number in range(sentences)
            )
            rows.append(json.dumps({"text": " ".join(said)}))
        file = folder / f"{many}.jsonl"
        file.write_text("\n".join(rows), "utf-8")
        began = time.monotonic()
        command = [sys.executable, "-m", "gistill", "extract", str(file), "-o", str(folder / f"{many}.out.jsonl")]
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.monotonic() - began)
    return (count - 1) / max(seconds[1] - seconds[0], 1e-9)


def load(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {"clients": options.clients, "seconds": options.seconds, "sentences": options.sentences}
    for name, more in (("batched", []), ("unbatched", ["--no-batching"])):
        with serving(folder / name, "--writer", "none", *more) as (url, pid):
            before = memory(pid)
            found[name] = loaded(url, name[0], options)
            found[name] |= {"memory_mib": [round(before), round(memory(pid))]}
    found["extract_a_second"] = round(extracted(folder, max(500, found["batched"]["answers"]), options.sentences), 1)
    rate = found["batched"]["a_second"]
    found["times_unbatched"] = round(rate / found["unbatched"]["a_second"], 2)
    found["share_of_extract"] = round(rate / found["extract_a_second"], 2)
    return found


async def mixed_load(url: str, pid: int, disk: Path | None, options: argparse.Namespace) -> dict[str, Any]:
    """Send files, opinions and chats for some minutes, with faults between them."""
    began = time.monotonic()
    end, draw = began + 60 * options.minutes, random.Random(options.seed)
    held: list[tuple[float, float]] = []
    statuses: Counter[str] = Counter()
    jobs: dict[str, str] = {}  # id -> its file
    watching = asyncio.create_task(watched(pid, held, began))

    async def ask(client: httpx2.AsyncClient, path: str, **body: Any) -> httpx2.Response | None:
        try:
            told = await client.post(f"{url}{path}", **body)
        except httpx2.HTTPError as error:
            statuses[f"{path} {type(error).__name__}"] += 1
            return None
        statuses[f"{path} {told.status_code}"] += 1
        return told

    async def files(client: httpx2.AsyncClient) -> None:
        while time.monotonic() < end:
            text = "text\n" + "\n".join(f'"{draw.choice(TEXTS)}"' for _ in range(options.rows))
            kind = {"Content-Type": "application/octet-stream"}
            told = await ask(client, "/v1/digests?writer=none", content=text.encode(), headers=kind)
            if told is not None and told.status_code == 202:
                jobs[told.json()["id"]] = text
            await asyncio.sleep(options.pause)

    async def others(client: httpx2.AsyncClient) -> None:
        chat = {"model": "gistill", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 16}
        while time.monotonic() < end:
            await ask(client, "/v1/opinions", json={"records": [{"text": draw.choice(TEXTS)}]})
            if options.writer != "none":
                await ask(client, "/v1/chat/completions", json=chat)
            await asyncio.sleep(options.rest)

    async def faults() -> None:
        host, port = url.removeprefix("http://").split(":")
        lines: list[asyncio.StreamWriter] = []
        for number in itertools.count(1):
            await asyncio.sleep(options.fault)
            if time.monotonic() > end:
                break
            found = (file.read_text("ascii").split() for file in Path(f"/proc/{pid}/task").glob("*/children"))
            for child in [child for children in found for child in children][:1]:
                with contextlib.suppress(OSError):
                    os.kill(int(child), signal.SIGKILL)
                    statuses["fault: killed job"] += 1
            _, line = await asyncio.open_connection(host, int(port))
            begun = b"POST /v1/opinions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90\r\n\r\n{"
            line.write(draw.choice([b"", b"GET / HT", begun]))
            lines.append(line)
            statuses["fault: half-open connection"] += 1
            if number % 3 == 0:
                await slow(host, int(port))
            if number % 6 == 0 and disk is not None:
                await full(disk)
        for line in lines:
            line.close()

    async def slow(host: str, port: int) -> None:
        """Send a body a byte at a time, for as long as the server bears it."""
        statuses["fault: slow client"] += 1
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"POST /v1/opinions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n")
        writer.write(b"Content-Length: 9000\r\n\r\n")
        answer = asyncio.ensure_future(reader.read(12))
        with contextlib.suppress(OSError):
            while not answer.done():
                writer.write(b" ")
                await writer.drain()
                await asyncio.wait([answer], timeout=1)
            statuses[f"slow client: {(await answer).decode()[9:]}"] += 1
        writer.close()

    async def full(disk: Path) -> None:
        """Leave no room on the disk for some seconds."""
        statuses["fault: full disk"] += 1
        filler = disk / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(2**16))
        await asyncio.sleep(5)
        filler.unlink()

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


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path | None]:
    """Make a disk of 512 MiB that can be filled, in memory; None where the system does not let us."""
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512m", "tmpfs", folder], check=False).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=False)


def mixed(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    jobs = folder / "disk" / "jobs"
    with small_disk(folder / "disk") as disk, serving(jobs, "--writer", options.writer) as (url, pid):
        return asyncio.run(mixed_load(url, pid, disk, options))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="kind", required=True)
    one = kinds.add_parser("load")
    one.add_argument("--clients", type=int, default=64)
    one.add_argument("--seconds", type=int, default=30)
    one.add_argument("--sentences", type=int, default=1, help="sentences of a record")
    two = kinds.add_parser("mixed")
    two.add_argument("--minutes", type=float, default=30)
    two.add_argument("--writer", default="auto")
    two.add_argument("--rows", type=int, default=30, help="records of a file")
    two.add_argument("--pause", type=float, default=15, help="seconds between two files")
    two.add_argument("--rest", type=float, default=0.2, help="seconds between two requests of a client; there are four")
    two.add_argument("--fault", type=float, default=20, help="seconds between two faults")
    two.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = {"load": load, "mixed": mixed}[options.kind](options, Path(folder))
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
