"""How well a reader reads what a large language model marked: by file, domain, class and language.

    python benchmarks/marks.py --data DATA [--reader FOLDER] [--part test] [--by domain] [--card]
    python benchmarks/marks.py --contrast [--reader FOLDER]
    python benchmarks/marks.py --data DATA --part dev --files reviews services --errors

The same score as `score.py` beside the marks, with 95% bootstrap intervals over texts. `--card` writes `scores.json`
into the reader's folder and its model card anew. On `test` nothing is ever chosen.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from gistill.categories import CODES
from gistill.corpora import marks
from gistill.corpora.labelled import Labelled
from gistill.digest.extract import extract
from gistill.evaluate.error_rates import FILE, error_rates, error_rates_json
from gistill.evaluate.marks import Marked, score
from gistill.reader import load_reader
from gistill.reader.model import Reader
from gistill.schema import Opinion, Quote, Record

SHOWN = (
    "right",
    "relaxed", "precision", "recall", "recall_positive", "recall_negative", "recall_neutral", "strict", "wrong_way",
    "words", "category", "kind", "strength",
)  # fmt: skip
BARE = ("words",)  # no share
Scored = tuple[Labelled, list[Marked], list[Marked]]


def read(reader: Reader, texts: Sequence[Labelled]) -> list[Scored]:
    """Read every text, and give it with what was marked and what was read."""
    records = [Record(id=str(i), text=text.text, language=text.language) for i, text in enumerate(texts)]
    found: list[list[Marked]] = [[] for _ in texts]
    for opinion in extract(records, reader=reader).opinions:
        found[int(opinion.record)].append(_marked(opinion))
    gold = [
        [Marked(t.aspect, t.opinion, t.polarity or "neutral", t.category, t.kind, t.strength) for t in text.triplets]
        for text in texts
    ]
    return list(zip(texts, gold, found, strict=True))


def _marked(opinion: Opinion) -> Marked:
    def extent(quote: Quote | None) -> tuple[int, int] | None:
        return None if quote is None else (quote.start, quote.end)

    aspect, words = extent(opinion.aspect), extent(opinion.opinion)
    return Marked(aspect, words, opinion.polarity, opinion.category, opinion.kind, opinion.strength)


def table(rows: Sequence[Scored]) -> dict[str, float | int | None]:
    """Score some texts."""
    return score((gold, found) for _, gold, found in rows).table()


MEASURES = {  # name -> (numerator, weight of it, denominators)
    "relaxed": ("relaxed", 2, ("marked", "read")),
    "strict": ("strict", 2, ("marked", "read")),
    "recall_negative": ("relaxed_negative", 1, ("marked_negative",)),
}


def interval(rows: Sequence[Scored], name: str, *, draws: int = 1000) -> tuple[float, float]:
    """Give the 95% bootstrap interval of one of `MEASURES`, over texts."""
    above, weight, below = MEASURES[name]
    counts = [score([(gold, found)]).of for _, gold, found in rows]
    parts = np.array([[weight * of[above], sum(of[key] for key in below)] for of in counts], dtype=float)
    order = np.random.default_rng(0).integers(0, len(rows), (draws, len(rows)))
    sums = parts[order].sum(axis=1)
    low, high = np.quantile(sums[:, 0] / sums[:, 1], (0.025, 0.975))
    return round(float(low), 4), round(float(high), 4)


def main() -> None:
    """Read, score and print; see the module."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--data", type=Path)
    ask.add_argument("--reader", type=Path)
    ask.add_argument("--part", choices=marks.PARTS, default="test")
    ask.add_argument("--files", nargs="+", choices=sorted(marks.FILES), default=list(marks.ENGLISH))
    ask.add_argument("--by", choices=("source", "domain", "language", "category"), default="source")
    ask.add_argument("--contrast", action="store_true", help="the contrast set of our own, by class")
    ask.add_argument("--card", action="store_true", help="write scores.json and the card into the reader's folder")
    ask.add_argument(
        "--errors", action="store_true", help="write errors.json, by which reports are corrected; of dev only"
    )
    given = ask.parse_args()
    if given.contrast:
        texts, given.by = contrast(), "domain"
    else:
        texts = [text for name in given.files for text in marks.load(name, given.part, folder=given.data)]
    reader = load_reader(given.reader)
    rows = read(reader, texts)
    print(f"| part | marked | {' | '.join(SHOWN)} |\n|{' --- |' * (len(SHOWN) + 2)}")
    for name, part in {"all": rows, **groups(rows, given.by)}.items():
        print(line(name, table(part)))
    if given.errors:
        if given.part != "dev":
            ask.error("error rates come from dev, never from test")
        counted = ((text.domain, gold, found) for text, gold, found in rows)
        rates = error_rates(counted, reader=f"{reader.name} {reader.hash}")
        (reader.folder / FILE).write_text(error_rates_json(rates), encoding="utf-8")
    if given.card:
        write_scores(reader.folder, rows, given.part)


def contrast() -> list[Labelled]:
    """Load the contrast set of our own, with the class of each row as its domain."""
    path = Path(__file__).parent / "contrast.jsonl"
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [replace(marks.labelled(row, source="contrast"), domain=row["class"]) for row in rows]


def groups(rows: Sequence[Scored], by: str) -> dict[str, list[Scored]]:
    """Split by file, domain or language of the text, or by category of what is marked and read."""
    if by == "category":
        return {
            code: [
                (t, [m for m in gold if m.category == code], [f for f in found if f.category == code])
                for t, gold, found in rows
            ]
            for code in CODES
        }
    found: dict[str, list[Scored]] = {}
    for row in rows:
        found.setdefault(str(getattr(row[0], by)), []).append(row)
    return dict(sorted(found.items()))


def line(name: str, figures: dict[str, float | int | None]) -> str:
    """Write one row of the table."""
    cells = [
        "-" if figures[key] is None else f"{figures[key]:.2f}" if key in BARE else f"{100 * (figures[key] or 0):.1f}"
        for key in SHOWN
    ]
    return f"| {name} | {figures['marked']} | {' | '.join(cells)} |"


def write_scores(folder: Path, rows: Sequence[Scored], part: str) -> None:
    """Write `scores.json` and the card of a reader's folder."""
    from gistill.train.reader.card import write_card

    kept = []
    for name, some in {"all files": rows, **groups(rows, "source")}.items():
        for measure in MEASURES:
            value = table(some)[measure]
            low, high = interval(some, measure)
            kept.append(
                {"test": f"marks, {part}: {name}", "measure": measure, "value": value, "low": low, "high": high}
            )
    (folder / "scores.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    write_card(folder)


if __name__ == "__main__":
    main()
