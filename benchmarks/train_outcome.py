"""Teach the head that says how a conversation ended, and score it on conversations that it was not taught on.

    python benchmarks/train_outcome.py --data DATA            # writes src/gistill/weights/outcome/outcome.json
    python benchmarks/train_outcome.py --data DATA --score    # writes nothing; TweetSumm's part test, parts 8 to 12

It learns from TweetSumm's part `summarise`, read by a large language model through batch files in November 2026
(outcomes.jsonl; 60 of the tests were read twice), and from parts 1 to 7 of benchmarks/conversations; also from the same
conversations cut after a turn of the company that asks (open) or invites to a private message (moved), since few
that it learns from are short. How much large weights cost was chosen by ten-fold cross-validation.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from conversations import rows, share, turns

from gistill.digest.briefs.outcome import FILE, OUTCOMES, ending, features, rules_hash
from gistill.digest.briefs.talk import Said
from gistill.distill.loop.talks import load_talks

MARKS = Path(__file__).parent / "outcomes.jsonl"
DECAY = 3.0
_PRIVATE = re.compile(r"\b(?:dm|direct message|private message|message us privately)\b", re.IGNORECASE)
Talk = tuple[list[Said], str]


def tweets(part: str, data: Path, *, reader: str = "") -> list[Talk]:
    marks = [json.loads(line) for line in MARKS.read_text("utf-8").splitlines()]
    talks = {talk.id: talk for talk in load_talks(f"tweetsumm/{part}", data=data)}
    return [
        ([Said(n, turn.speaker, turn.text) for n, turn in enumerate(talks[mark["id"]].turns, 1)], mark["outcome"])
        for mark in marks
        if mark["part"] == part and (mark["reader"] == "second") == (reader == "second")
    ]


def cut(talks: Sequence[Talk]) -> list[Talk]:
    """Cut each conversation after its first answer, where this asks something or leads elsewhere."""
    short = []
    for said, _ in talks:
        whose = [turn.speaker == "customer" for turn in said]
        first = next((n for n in range(1, len(said) - 1) if any(whose[:n]) and not whose[n]), None)
        while first is not None and first + 1 < len(said) - 1 and not whose[first + 1]:
            first += 1
        if first is not None and _PRIVATE.search(said[first].text):
            short.append((said[: first + 1], "moved"))
        elif first is not None and said[first].text.rstrip().endswith("?"):
            short.append((said[: first + 1], "open"))
    return short


def written(parts: Sequence[int]) -> list[Talk]:
    return [(turns(row), row["outcome"]) for row in rows(parts) if row["language"] == "en"]


def train(talks: Sequence[Talk]) -> None:
    both = [(said, gold) for said, gold in talks if ending_possible(said)]
    seen = torch.tensor(np.array([features([turn for turn in said if turn.speaker != "note"]) for said, _ in both]))
    gold = torch.tensor([OUTCOMES.index(outcome) for _, outcome in both])  # type: ignore[arg-type]
    weights = torch.zeros(seen.shape[1], len(OUTCOMES), dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(len(OUTCOMES), dtype=torch.float64, requires_grad=True)
    steps = torch.optim.LBFGS([weights, bias], max_iter=500, tolerance_grad=1e-6, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        steps.zero_grad()
        value = torch.nn.functional.cross_entropy(seen @ weights + bias, gold, reduction="sum")
        value = value + DECAY * (weights**2).sum()
        value.backward()
        return value

    steps.step(loss)
    head = {
        "rules": rules_hash(),
        "outcomes": OUTCOMES,
        "bias": [round(one, 4) for one in bias.tolist()],
        "weights": [[round(one, 4) for one in row] for row in weights.tolist()],
    }
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(head) + "\n", "utf-8")
    print(f"taught on {len(both)} conversations")


def ending_possible(said: Sequence[Said]) -> bool:
    return len({turn.speaker == "customer" for turn in said if turn.speaker != "note"}) == 2


def score(name: str, talks: Sequence[Talk]) -> None:
    ends = [(gold, end.outcome if (end := ending(said)) else None) for said, gold in talks]
    print(f"{name}: right {share(sum(a == b for a, b in ends), len(ends))}")
    for outcome in OUTCOMES:
        both = sum(a == b == outcome for a, b in ends)
        gold, said = (sum(pair[k] == outcome for pair in ends) for k in (0, 1))
        print(f"  {outcome}: recall {share(both, gold)}; precision {share(both, said)}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Teach, or score, how a conversation ended.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--score", action="store_true")
    given = parser.parse_args()
    if given.score:
        score("TweetSumm, test", tweets("test", given.data))
        score("benchmarks/conversations, parts 8 to 12", written(range(8, 13)))
    else:
        whole = [*tweets("summarise", given.data), *written(range(1, 8))]
        train([*whole, *cut(whole)])


if __name__ == "__main__":
    main()
