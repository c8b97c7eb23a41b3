"""Two ways to decode the same network: tag first and pair after, or choose spans and pairs jointly as the reader does.

    GISTILL_DATA=DATA python benchmarks/decodings.py READER [READER ...]

READER is a folder of `gistill finetune reader` with its `training/` weights, judged on its recipe's development part.
The joint way has a scorer, fitted on the half of the texts it is not judged on, so both columns are of unseen texts.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from measures import percent, table

from gistill.corpora.dmaste import DOMAINS
from gistill.corpora.dmaste import load as load_dmaste
from gistill.corpora.labelled import Labelled, data_folder
from gistill.corpora.sentences import by_sentence
from gistill.errors import GistillError
from gistill.reader.decode import Candidate, Floats, UnitSpan


def tag_then_pair(tags: Floats, grid: Floats, *, implicit: tuple[bool, bool]) -> list[Candidate]:
    """Decode the plain way: the likeliest tag of each unit, then every pair of spans that the grid is in favour of."""
    aspects = [*likeliest_spans(tags[1:, :3]), *([(0, 0)] if implicit[0] else [])]
    opinions = [*likeliest_spans(tags[1:, 3:]), *([(0, 0)] if implicit[1] else [])]
    chosen = []
    for a in aspects:
        for o in opinions:
            first, last = grid[a[0], o[0]], grid[a[1], o[1]]
            if (a[0] or o[0]) and first[0] + last[4] > 0:
                polarity = int(np.argmax(first[1:4] + last[5:8]))
                chosen.append(Candidate(a, o, polarity, ()))
    return chosen


def likeliest_spans(tags: Floats) -> list[UnitSpan]:
    """Spans of the likeliest tags; an I after an O opens a span."""
    found: list[UnitSpan] = []
    inside = False
    for unit, tag in enumerate(np.argmax(tags, axis=1), 1):
        if tag == 0 or (tag == 1 and not inside):
            found.append((unit, unit))
        elif tag == 1:
            found[-1] = (found[-1][0], unit)
        inside = tag != 2
    return found


def crossing(reviews: Sequence[Labelled]) -> tuple[int, int]:
    """Count labelled triplets whose aspect and opinion stand in different sentences, and all triplets."""
    kept = sum(t.aspect is not None for review in reviews for s in by_sentence(review) for t in s.triplets)
    named = sum(t.aspect is not None for review in reviews for t in review.triplets)
    return named - kept, sum(len(review.triplets) for review in reviews)


def both_ways(reader: Path, *, data: Path) -> list[str]:
    """Score a trained reader's network decoded both ways: its name, recipe and the two F1 in per cent."""
    from gistill.train.reader.data import held_out_examples
    from gistill.train.reader.finetune import hold_out
    from gistill.train.reader.fit import evaluate
    from gistill.train.reader.network import base_folder
    from gistill.train.reader.training import (
        Settings,
        gold_keys,
        infer,
        load_tokenizer,
        load_weights,
        new_network,
        prepare,
    )

    card = json.loads((reader / "reader.json").read_text(encoding="utf-8"))
    implicit = (bool(card["implicit"][0]), bool(card["implicit"][1]))
    base = base_folder()
    tokenizer = load_tokenizer(base)
    network = load_weights(new_network(base, Settings()), reader / "training" / "weights.safetensors")
    examples = held_out_examples(card["recipe"], folder=data)
    prepared = prepare(examples, tokenizer)
    read = infer(network, [p.units for p in prepared])
    plain = [tag_then_pair(tags, grid, implicit=implicit) for tags, grid in read]
    tagged = evaluate(plain, [gold_keys(p.target) for p in prepared], None).f1
    joint = hold_out(network, examples, tokenizer, implicit=implicit)[1]["f1"]
    return [reader.name, card["recipe"], percent(tagged), percent(joint)]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("readers", nargs="+", type=Path, metavar="READER", help="folders with their training/ weights")
    options = parser.parse_args(arguments)
    try:
        data = data_folder()
        rows = [both_ways(reader, data=data) for reader in options.readers]
        reviews = [review for domain in DOMAINS for review in load_dmaste(domain, "dev", folder=data)]
    except GistillError as error:
        print(f"{error} {error.hint}".strip(), file=sys.stderr)
        return error.exit_code
    print(table(["reader", "recipe", "tag, then pair", "joint"], rows))
    across, labelled = crossing(reviews)
    print(f"\nDMASTE dev: aspect and opinion of {across} of {labelled} labelled triplets stand in different sentences.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
