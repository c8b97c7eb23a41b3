"""Do two versions of gistill find the same? Fixed walks over real data, and what of their results differs.

    python benchmarks/same_results.py OUT --tree SRC --data DATA [--only digest,bench]
    python benchmarks/same_results.py --compare OUT1 OUT2 [--show 5]

The first line runs every walk with the source tree SRC (the folder that holds the package), one process a command,
into OUT, which must be empty, and prints a hash of each result; OUT/commands.txt says what was run. With --weights
FOLDER (src/gistill/weights of another version) a copy of the tree with those models runs, so that a new model is not
taken for a change of the code. The second compares two such folders, line by line, and ends with 1 where they differ.
See `canonical.py` for what a result is: neither the ids of records and opinions nor the names of modules are part of
it. Takes about four minutes of one core.

digest    shop reviews, hotels with entities and dates, and conversations, from quotes alone; 60 reviews with the writer
extract   the same three; a few sentences with the fine-tuned writer
annotate  opinions, analyses, rewritings, ratings and summaries of a scripted teacher over HTTP (`scripted.py`), some
          answers being Mixtral's real ones; then once more but for summaries, which must ask nothing
bench     the reader and the majority on a part of ASTE 14lap dev
distill   two students of a tiny model, one taught by the annotated analyses
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from canonical import Results, results_of
from scripted import teacher
from walk_inputs import make_inputs

BENCH = "aste/14lap/dev:aste"
SIZES = {"shop": 100, "hotels": 40, "chats": 40, "written": 60, "asked": 100}


class Walk(NamedTuple):
    """One command: its folder's name in OUT, and what follows `gistill`."""

    name: str
    arguments: list[str]


def walks(out: Path, data: Path, server: str) -> Iterator[Walk]:
    """List all commands in an order in which they can be run."""
    given = out / "inputs"
    files = {"shop": "shop.csv", "hotels": "hotels.csv", "chats": "chats.jsonl"}
    for name, file in files.items():
        place = out / f"digest-{name}"
        yield Walk(place.name, ["digest", f"{given / file}", "--writer", "none", "-o", f"{place}", "--json"])
    place = out / "digest-written"
    yield Walk(place.name, ["digest", f"{given / 'written.csv'}", "-o", f"{place}", "--json"])
    for name, file in files.items():
        place = out / f"extract-{name}"
        yield Walk(place.name, ["extract", f"{given / file}", "-o", f"{place / 'opinions.jsonl'}", "--json"])
    place = out / "extract-written"
    few = ["--model", "writer", "--limit", "5", "-o", f"{place / 'opinions.jsonl'}", "--json"]
    yield Walk(place.name, ["extract", f"{given / 'written.csv'}", *few])
    asked = {
        "opinions": ["asked.csv", "--limit", "100", "--select", "diverse", "--tests", "all", "--data", f"{data}"],
        "analysis": ["analysis.jsonl"],
        "rewriting": ["rewriting.jsonl"],
        "rating": ["asked.csv"],
        "summary": ["shop.csv"],
    }
    for skill, (file, *more) in asked.items():
        place = out / f"annotate-{skill}"
        teach = ["--server", server, "--model", "teacher", "--go-on", "--shard-size", "40", "--json"]
        again = ["annotate", f"{given / file}", "--skill", skill, "-o", f"{place}", *teach, *more]
        yield Walk(place.name, again)
        if skill != "summary":  # which reads everything before it knows that it is done
            yield Walk(f"{place.name} again", again)
    place = out / "bench-reader"
    systems = ["--systems", "majority,reader", "--sets", BENCH, "--limit", "60", "--as-published"]
    yield Walk(place.name, ["bench", "fsa", "-o", f"{place}", "--data", f"{data}", *systems])
    place = out / "distill-tiny"
    yield Walk(place.name, ["distill", f"{given / 'distill.yaml'}", "-o", f"{place}", "--data", f"{data}", "--json"])


def with_weights(tree: Path, weights: Path, place: Path) -> Path:
    """Copy a source tree with other models in the place of its own, and give the copy."""
    if not (weights / "reader").is_dir():
        raise SystemExit(f"{weights} holds no reader.")
    shutil.copytree(tree / "gistill", place / "gistill", ignore=shutil.ignore_patterns("weights", "__pycache__"))
    (place / "gistill" / "weights").symlink_to(weights)
    return place


def run(out: Path, tree: Path, data: Path, only: list[str], weights: Path | None = None) -> int:
    """Run the walks and say of each how it ended; returns how many commands failed."""
    if out.exists() and any(out.iterdir()):
        raise SystemExit(f"{out} is not empty; results of two versions must not mix.")
    logs = out / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    make_inputs(out / "inputs", data, SIZES)
    environment = source_environment(with_weights(tree, weights, out / "tree") if weights else tree)
    failed, lines = 0, []
    with teacher(data) as server:
        for walk in walks(out, data, server.url):
            if only and walk.name.partition("-")[0] not in only:
                continue
            (out / walk.name.partition(" ")[0]).mkdir(exist_ok=True)
            began, before = time.perf_counter(), server.counts["received"]
            command = [sys.executable, "-m", "gistill", *walk.arguments]
            done = subprocess.run(command, env=environment, capture_output=True, text=True)
            (logs / f"{walk.name}.txt").write_text(f"{done.stdout}\n----\n{done.stderr}", "utf-8")
            calls = server.counts["received"] - before
            wrong = done.returncode != 0 or (walk.name.endswith("again") and calls > 0)
            failed += wrong
            seconds = time.perf_counter() - began
            print(f"{walk.name:28} {seconds:6.1f} s  {calls:4} calls{'  FAILED' if wrong else ''}", flush=True)
            lines.append(f"{done.returncode} {calls} {shlex.join(walk.arguments)}\n")
    (out / "commands.txt").write_text("".join(lines), "utf-8")
    return failed


def source_environment(tree: Path) -> dict[str, str]:
    """Make sure that this tree is what runs, alone on one core and without the network or a key."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "GISTILL_", "PYTHON"))}
    one = dict.fromkeys(("OMP_NUM_THREADS", "GISTILL_THREADS", "RAYON_NUM_THREADS"), "1")
    environment = {**kept, **one, "PYTHONPATH": str(tree), "HF_HUB_OFFLINE": "1"}
    told = [sys.executable, "-c", "import gistill; print(gistill.__file__)"]
    found = Path(subprocess.run(told, env=environment, capture_output=True, text=True, check=True).stdout.strip())
    if not found.is_relative_to(tree):
        raise SystemExit(f"{tree} holds no gistill; {found} would run.")
    return environment


def hashes(results: Results) -> Iterator[str]:
    """Give a line a result: its hash, its number of lines, its name."""
    for name, lines in results.items():
        whole = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
        yield f"{whole} {len(lines):6,} lines  {name}"


def compare(first: Results, second: Results, show: int) -> Iterator[str]:
    """Say what differs: of every result the lines that only one side has, with counts; nothing for what is the same."""
    for name in dict.fromkeys([*first, *second]):
        if name not in first or name not in second:
            yield f"{name}: only in the {'first' if name in first else 'second'} folder"
            continue
        one, other = first[name], second[name]
        if one == other:
            continue
        gone, new = Counter(one) - Counter(other), Counter(other) - Counter(one)
        if not gone and not new:
            yield f"{name}: the same {len(one):,} lines in another order"
            continue
        yield f"{name}: {gone.total():,} of {len(one):,} lines gone, {new.total():,} of {len(other):,} new"
        for mark, lines in (("-", gone), ("+", new)):
            yield from (f"  {mark} {line if len(line) < 240 else line[:240] + ' ...'}" for line in list(lines)[:show])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", nargs="?", type=Path, help="an empty folder for the results")
    parser.add_argument("--tree", type=Path, help="the source tree to run, such as src")
    parser.add_argument("--weights", type=Path, help="a folder of models to run with, in place of the tree's own")
    parser.add_argument("--data", type=Path, default=os.environ.get("GISTILL_DATA"), help="the folder of public data")
    parser.add_argument("--only", default="", help="kinds of walks, with commas between; else all")
    parser.add_argument("--compare", nargs=2, type=Path, metavar="OUT", help="two folders of results")
    parser.add_argument("--show", type=int, default=5, metavar="N", help="lines shown of each difference")
    given = parser.parse_args()
    if given.compare:
        first, second = map(results_of, given.compare)
        different = list(compare(first, second, given.show))
        print("\n".join(different) or f"The same: {len(first)} results, {sum(map(len, first.values())):,} lines.")
        raise SystemExit(bool(different))
    if given.out is None or given.tree is None or given.data is None:
        parser.error("give OUT, --tree and --data, or --compare")
    only = [name for name in given.only.split(",") if name]
    weights = given.weights and given.weights.resolve()
    failed = run(given.out.resolve(), given.tree.resolve(), Path(given.data).resolve(), only, weights)
    lines = list(hashes(results_of(given.out)))
    (given.out / "hashes.txt").write_text("\n".join(lines) + "\n", "utf-8")
    print("\n".join(lines))
    raise SystemExit(bool(failed))


if __name__ == "__main__":
    main()
