"""How well a reader reads: strict scores with intervals on the open tests, over one or several training seeds.

    GISTILL_DATA=DATA python benchmarks/quality.py READER [READER ...] [--tests 14lap 14res] [--out FILE] [--card]

Tests are measured, never tuned on. What each score means is said in docs/evaluation.md.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from measures import (
    CHINESE,
    TESTS,
    Rows,
    Score,
    SentenceReader,
    f1,
    interval,
    load_test,
    macro_f1,
    measured,
    outcomes,
    percent,
    precision,
    read_reviews,
    read_sentences,
    recall,
    share,
    table,
    term_rows,
    towe_rows,
    triplet_rows,
    without_implicit,
    write_json,
)

from gistill.corpora.dmaste import DOMAINS
from gistill.corpora.labelled import Labelled, data_folder
from gistill.errors import GistillError, SettingError
from gistill.evaluate.calibration import expected_calibration_error
from gistill.reader import Reader, Reading, load_reader


def strict(test: str, unit: str, rows: Rows) -> list[Score]:
    """Precision, recall and F1 of (correct, predicted, gold)."""
    return [
        measured(test, f"{unit} precision", rows, precision, of=[1]),
        measured(test, f"{unit} recall", rows, recall, of=[2]),
        measured(test, f"{unit} F1", rows, f1, of=[1, 2]),
    ]


def of_triplets(test: str, examples: Sequence[Labelled], found: Sequence[list[Reading]]) -> list[Score]:
    """Strict scores, and the calibration error: without an interval, because resampling can only make it larger."""
    confidences, correct = outcomes(examples, found)
    error = expected_calibration_error(confidences, correct)
    return [
        *strict(test, "triplet", triplet_rows(examples, found)),
        Score(test, "calibration error", error, None, None),
    ]


def of_terms(test: str, examples: Sequence[Labelled], found: Sequence[list[Reading]]) -> list[Score]:
    looked_up, by_polarity = term_rows(examples, found)
    right = [(correct, hit) for hit, _, correct in looked_up]
    return [
        measured(test, "labelled terms found", looked_up, share, of=[1]),
        measured(test, "polarity accuracy on found terms", right, share, of=[1]),
        measured(test, "polarity macro-F1 on found terms", by_polarity, macro_f1, of=[2, 5, 8]),
    ]


def measure(
    reader: SentenceReader, name: str, *, folder: Path, limit: int | None = None
) -> tuple[list[Score], dict[str, int]]:
    """Read one open test and score what was found.

    Args:
        reader: Anything that reads sentences.
        name: One of `measures.TESTS`, or `measures.CHINESE`.
        folder: The data folder.
        limit: Only the first texts of each part: to try the script, not to report.

    Returns:
        The scores, and for tests whose guideline has no implicit parts how many predictions were left out for it.
    """
    if name == "dmaste":
        parts = {domain: load_test(f"dmaste/{domain}", folder=folder)[:limit] for domain in DOMAINS}
        found = {domain: read_reviews(reader, examples) for domain, examples in parts.items()}
        scores = [s for d in DOMAINS for s in of_triplets(f"DMASTE {d}", parts[d], found[d])]
        everything = [e for d in DOMAINS for e in parts[d]], [f for d in DOMAINS for f in found[d]]
        return scores + of_triplets("DMASTE all", *everything), {}
    examples = load_test(name, folder=folder)[:limit]
    if name == CHINESE:
        return of_triplets("Datastory zh dev", examples, read_reviews(reader, examples, language="zh")), {}
    read = read_sentences(reader, examples)
    if name == "mams":
        return of_terms("MAMS", examples, read), {}
    if name.startswith("towe-"):
        return strict(f"TOWE {name.removeprefix('towe-')}", "opinion words", towe_rows(examples, read)), {}
    kept, left_out = without_implicit(read)
    test = f"ASTE {name}"
    return of_triplets(test, examples, kept), {test: left_out}


def over_seeds(seeds: Sequence[Sequence[Score]]) -> list[dict[str, Any]]:
    """Put the same scores of several seeds in one row: value and interval of the first, mean and deviation of all."""
    rows = []
    for same in zip(*seeds, strict=True):
        values = [score.value for score in same]
        known = [value for value in values if value is not None]
        row = {**asdict(same[0]), "seeds": values, "mean": statistics.mean(known) if known else None}
        rows.append({**row, "deviation": statistics.stdev(known) if len(known) > 1 else None})
    return rows


def load_seeds(folders: Sequence[Path]) -> list[Reader]:
    """Load readers that differ in nothing but their seed.

    Raises:
        SettingError: They are of different recipes, or two are the same.
    """
    readers = [load_reader(folder) for folder in folders]
    if len({reader.card.get("recipe") for reader in readers}) > 1:
        raise SettingError("the readers are of different recipes; their mean would mean nothing")
    if len({reader.hash for reader in readers}) < len(readers):
        raise SettingError("a reader was given twice")
    return readers


def shown(rows: Sequence[dict[str, Any]], seeds: int) -> str:
    """The rows as a table, in per cent."""
    header = ["test", "measure", "value", "95% interval"] + ([f"mean of {seeds}", "deviation"] if seeds > 1 else [])
    cells = []
    for row in rows:
        cell = [row["test"], row["measure"], percent(row["value"]), interval(row["low"], row["high"])]
        cells.append(cell + ([percent(row["mean"]), percent(row["deviation"])] if seeds > 1 else []))
    return table(header, cells)


def write_scores(folder: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """Write what the model card shows into a reader's folder, and the card again. Returns the card's path."""
    from gistill.train.reader.card import write_card

    keys = ("test", "measure", "value", "low", "high")
    complete = [{key: row[key] for key in keys} for row in rows if row["value"] is not None]
    write_json(folder / "scores.json", complete)
    return write_card(folder)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("readers", nargs="+", type=Path, metavar="READER", help="folders of one recipe, a seed each")
    names = (*TESTS, CHINESE)
    parser.add_argument("--tests", nargs="+", choices=names, default=TESTS, metavar="TEST", help=", ".join(names))
    parser.add_argument("--out", type=Path, help="also write everything as JSON")
    parser.add_argument("--card", action="store_true", help="write scores.json and the card of the first reader")
    parser.add_argument("--limit", type=int, help="only the first texts of each part: to try it, not to report")
    options = parser.parse_args(arguments)
    if options.card and options.limit:
        parser.error("--card is for whole tests, so not with --limit")
    try:
        folder, readers = data_folder(), load_seeds(options.readers)
        seeds: list[list[Score]] = []
        left_out: dict[str, int] = {}
        for reader in readers:
            measures = [measure(reader, name, folder=folder, limit=options.limit) for name in options.tests]
            seeds.append([score for scores, _ in measures for score in scores])
            left_out = left_out or {test: count for _, counts in measures for test, count in counts.items()}
    except GistillError as error:
        print(f"{error} {error.hint}".strip(), file=sys.stderr)
        return error.exit_code
    rows = over_seeds(seeds)
    print(shown(rows, len(seeds)))
    for test, count in left_out.items():
        print(f"{test}: {count} predictions with an implicit part left out, since its guideline has none.")
    if options.out:
        about = [{"name": r.name, "hash": r.hash, "seed": r.card.get("settings", {}).get("seed")} for r in readers]
        result = {"readers": about, "scores": rows, "left_out": left_out, "limit": options.limit}
        write_json(
            options.out, {**result, "interval": "95% bootstrap over texts, 2000 resamples, seed 0, first reader"}
        )
    if options.card:
        print(f"Card: {write_scores(options.readers[0], rows)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
