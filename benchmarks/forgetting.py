"""What a reader that was trained on forgets of what it could before, and what keeping a share of its old weights saves.

    GISTILL_DATA=DATA python benchmarks/forgetting.py START READER [READER ...] [--keep 0 0.5] [--every 2]

START and READER are folders of `gistill finetune reader` with their `training/` weights, each READER trained with
`--start START`. F1 is on the development parts of both recipes, the scorer fitted on the texts it is not judged on.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measures import percent, table

from gistill.corpora.labelled import Labelled, data_folder
from gistill.errors import GistillError


def recipe_of(reader: Path) -> tuple[str, tuple[bool, bool]]:
    """The recipe a reader was trained with, and which implicit parts it was taught."""
    card = json.loads((reader / "reader.json").read_text(encoding="utf-8"))
    aspects, opinions = card["implicit"]
    return str(card["recipe"]), (bool(aspects), bool(opinions))


def rows_of(start: Path, readers: Sequence[Path], keeps: Sequence[float], *, data: Path, every: int) -> list[list[str]]:
    """A row for the start, then one for each reader and each share kept: F1 on the start's part and on its own."""
    from gistill.train.reader.data import held_out_examples
    from gistill.train.reader.finetune import hold_out, keep_of
    from gistill.train.reader.network import base_folder
    from gistill.train.reader.training import Settings, load_tokenizer, load_weights, new_network

    base = base_folder()
    tokenizer = load_tokenizer(base)
    before = start / "training" / "weights.safetensors"
    old, old_implicit = recipe_of(start)
    asked = held_out_examples(old, folder=data)[::every]

    def f1(network: Any, examples: Sequence[Labelled], implicit: tuple[bool, bool]) -> str:
        return percent(hold_out(network, examples, tokenizer, implicit=implicit)[1]["f1"])

    network = load_weights(new_network(base, Settings()), before)
    rows = [[start.name, "-", f1(network, asked, old_implicit), "-"]]
    for reader in readers:
        new, implicit = recipe_of(reader)
        for keep in keeps:
            network = keep_of(load_weights(network, reader / "training" / "weights.safetensors"), before, keep)
            own = f1(network, held_out_examples(new, folder=data), implicit)
            rows.append([reader.name, f"{keep:g}", f1(network, asked, old_implicit), f"{own} ({new})"])
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("start", type=Path, metavar="START")
    parser.add_argument("readers", nargs="+", type=Path, metavar="READER")
    parser.add_argument("--keep", nargs="+", type=float, default=[0.0, 0.5], metavar="SHARE", help="of START's weights")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="ask START's part every Nth text only")
    options = parser.parse_args(arguments)
    try:
        rows = rows_of(options.start, options.readers, options.keep, data=data_folder(), every=options.every)
    except GistillError as error:
        print(f"{error} {error.hint}".strip(), file=sys.stderr)
        return error.exit_code
    print(table(["reader", "kept", "F1 on what the start learnt", "F1 on what it learnt"], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
