"""Which sentences to correct: those that the queue offers, or as many at random? People are stood for by kept marks.

    python benchmarks/correcting.py OUT --data DATA                      # hours of a core; stopped, it goes on
    python benchmarks/correcting.py OUT --data DATA --domains book --seeds 1

A reader is trained on the marks of all other kinds of texts (`OUT/base`; nothing of `--domains`, in whatever part). For
each kind it reads the texts of the training part; sentences are corrected, in the order of `gistill.corrections.queue`
or at random, until they hold `--opinions` marked opinions; the reader learns from these alone, as `gistill finetune
reader --marks corrections.jsonl --start BASE` does, and is scored on the kind's dev and test parts. A seed draws the
random sentences and the order of training. The differences are paired by text, over all seeds.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from marks import MEASURES, read

from gistill.corpora import marks
from gistill.corpora.labelled import Labelled
from gistill.corrections.queue import queue
from gistill.digest.extract import extract, sentences_of
from gistill.evaluate.marks import score
from gistill.reader import load_reader
from gistill.schema import Record
from gistill.train.reader.finetune import ReaderTraining, finetune_reader

DOMAINS = ("electronics", "home", "airlines", "clinics", "book")
SHOWN = ("relaxed", "recall_negative")


def rows(data: Path) -> list[dict[str, Any]]:
    """Give every English row of the marks as it is written."""
    return [json.loads(line) for name in marks.ENGLISH for line in marks.read_marks(name, folder=data).splitlines()]


def base(out: Path, data: Path, apart: Sequence[str], limit: int) -> Path:
    """Train a reader that has seen nothing of some kinds of texts; gives its folder."""
    folder, file = out / "base", out / "base.jsonl"
    if not (folder / "model.onnx").is_file():
        kept = [row for row in rows(data) if row["domain"] not in apart and row["part"] != "test"]
        file.write_text("".join(json.dumps(row) + "\n" for row in kept), "utf-8")
        finetune_reader(None, out=folder, training=ReaderTraining(marks=file, epochs=3, limit=limit))
    return folder


def chosen(of: Sequence[dict[str, Any]], reader: Path, *, opinions: int, seed: int | None) -> list[dict[str, Any]]:
    """Choose sentences until they hold enough opinions; a seed draws at random, None takes the queue's order."""
    records = {
        row["id"]: Record(id=row["id"], text=marks.joined(row["sentences"], "en")[0], rating=row.get("stars"))
        for row in of
    }
    spans = {name: sentences_of(record, ("en",))[0] for name, record in records.items()}
    places = {(row["id"], start): (row, number) for row in of
              for number, start in enumerate(marks.joined(row["sentences"], "en")[1])}  # fmt: skip
    spans = {name: [one for one in some if (name, one.start) in places] for name, some in spans.items()}
    if seed is None:
        found = extract(records.values(), reader=load_reader(reader)).opinions
        order = [(item.record.id, item.sentence.start) for item in queue(spans, found, records, n=2 * opinions)]
    else:
        order = [(name, span.start) for name, some in sorted(spans.items()) for span in some]
        random.Random(seed).shuffle(order)
    made: list[dict[str, Any]] = []
    left = opinions
    for key in order:
        if left <= 0:
            break
        row, number = places[key]
        marked = [{**one, "sentence": 0} for one in row["opinions"] if one["sentence"] == number]
        made.append(
            {
                **row,
                "id": f"{row['id']}/{number}",
                "part": "train",
                "sentences": [row["sentences"][number]],
                "opinions": marked,
            }
        )
        left -= len(marked)
    return made


def counts(reader: Path, texts: Sequence[Labelled]) -> list[dict[str, int]]:
    """Read the texts; give the counts of each."""
    return [dict(score([(gold, found)]).of) for _, gold, found in read(load_reader(reader), texts)]


def measured(of: Sequence[dict[str, int]], name: str) -> float:
    """Give a measure of texts, in percent."""
    above, weight, below = MEASURES[name]
    return 100 * weight * sum(one.get(above, 0) for one in of) / sum(one.get(key, 0) for one in of for key in below)


def compared(
    first: Sequence[Sequence[dict[str, int]]], second: Sequence[Sequence[dict[str, int]]], name: str
) -> list[float]:
    """Give the mean difference over seeds and its 95% interval, resampled by text."""
    draws, generator = [], np.random.default_rng(0)
    size = len(first[0])
    for draw in range(1001):
        take = range(size) if draw == 0 else generator.integers(0, size, size)
        both = [[measured([one[i] for i in take], name) for one in side] for side in (first, second)]
        draws.append(float(np.mean(both[0]) - np.mean(both[1])))
    return [round(draws[0], 2), *(round(float(value), 2) for value in np.quantile(draws[1:], (0.025, 0.975)))]


def main() -> None:
    """Run what is missing, and print the table."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("out", type=Path)
    ask.add_argument("--data", type=Path, required=True)
    ask.add_argument("--domains", nargs="+", default=list(DOMAINS))
    ask.add_argument("--seeds", type=int, default=5)
    ask.add_argument("--opinions", type=int, default=200)
    ask.add_argument("--limit", type=int, default=8000, help="sentences that the base learns from")
    given = ask.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    begun = base(given.out, given.data, DOMAINS, given.limit)
    every = rows(given.data)
    for domain in given.domains:
        pool = [row for row in every if row["domain"] == domain and row["part"] == "train"]
        texts = [
            marks.labelled(row, source="marks") for row in every if row["domain"] == domain and row["part"] != "train"
        ]
        found: dict[str, list[list[dict[str, int]]]] = {"before": [], "queue": [], "random": []}
        for arm, seed in [("before", 0), *((arm, seed) for seed in range(given.seeds) for arm in ("queue", "random"))]:
            kept = given.out / f"{domain}-{arm}-{seed}.json"
            if not kept.is_file():
                folder = begun
                if arm != "before":
                    picked = chosen(pool, begun, opinions=given.opinions, seed=seed if arm == "random" else None)
                    file = given.out / "corrections.jsonl"
                    file.write_text("".join(json.dumps(row) + "\n" for row in picked), "utf-8")
                    folder = given.out / "tuned"
                    finetune_reader(
                        None, out=folder, training=replace(ReaderTraining(marks=file, start=begun), seed=seed, epochs=4)
                    )
                kept.write_text(json.dumps(counts(folder, texts)), "utf-8")
            found[arm].append(json.loads(kept.read_text("utf-8")))
        line = {
            name: {arm: round(float(np.mean([measured(one, name) for one in of])), 1) for arm, of in found.items()}
            for name in SHOWN
        }
        for name in SHOWN:
            line[name] |= {"queue less random": compared(found["queue"], found["random"], name)}
        print(json.dumps({"domain": domain, "texts": len(texts), **line}), flush=True)


if __name__ == "__main__":
    main()
