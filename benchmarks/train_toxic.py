"""Teach the head that says which sentences attack people, and score it once on the half it was not taught on.

`python benchmarks/train_toxic.py` writes the weights into src/gistill/weights/toxic/toxic.json; with `--score` it
writes nothing and prints the figures of the held half. The texts (tests/toxic_texts.jsonl) were written for this.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from gistill.stats import wilson
from gistill.toxic import FEATURES, FILE, _head, features, is_toxic

TEXTS = Path(__file__).parent.parent / "tests" / "toxic_texts.jsonl"
STEPS, RATE, DECAY = 20_000, 0.5, 0.001


def load(part: str) -> tuple[list[str], np.ndarray]:
    rows = [json.loads(line) for line in TEXTS.read_text("utf-8").splitlines()]
    rows = [row for row in rows if row["part"] == part]
    return [row["text"] for row in rows], np.array([row["toxic"] for row in rows], dtype=np.float64)


def train() -> None:
    texts, gold = load("learn")
    seen = np.array([features(text) for text in texts])
    weights, bias = np.zeros(seen.shape[1]), 0.0
    for _ in range(STEPS):
        off = 1 / (1 + np.exp(-(seen @ weights + bias))) - gold
        weights -= RATE * (seen.T @ off / len(gold) + DECAY * weights)
        bias -= RATE * float(off.mean())
    head = json.loads(FILE.read_text("utf-8"))
    head |= {"features": list(FEATURES), "weights": [round(float(w), 4) for w in weights], "bias": round(bias, 4)}
    FILE.write_text(json.dumps(head, indent=1, ensure_ascii=False) + "\n", "utf-8")


def score(part: str) -> None:
    texts, gold = load(part)
    said = np.array([is_toxic(text) for text in texts])
    for name, right, of in (
        ("toxic found", said & (gold == 1), gold == 1),
        ("clean left alone", ~said & (gold == 0), gold == 0),
    ):
        one = wilson(int(right.sum()), int(of.sum()))
        print(f"{part}: {name}: {one.count} of {one.of}, 95% interval {one.low:.2f} to {one.high:.2f}")
    if part == "learn":
        print(*(f"  wrong: {text}" for text, a, b in zip(texts, said, gold, strict=True) if a != b), sep="\n")


if __name__ == "__main__":
    if "--score" in sys.argv:
        score("held")
    else:
        train()
        _head.cache_clear()
        score("learn")
