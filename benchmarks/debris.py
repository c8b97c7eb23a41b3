"""What a real teacher leaves behind: what is kept, mended and refused of 499 answers of Mixtral, by kind.

    GISTILL_DATA=DATA python benchmarks/debris.py [--json FILE] [--sheet FILE]

--sheet writes every refused and so many kept ones, drawn by lot, for a person to read. The data is for measuring only:
keep the sheet out of any repository.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from measures import table

from gistill.corpora import mixtral
from gistill.corpora.labelled import data_folder
from gistill.corpora.mixtral import Answered
from gistill.errors import GistillError
from gistill.schema import Failure
from gistill.skills.understanding import anchor, parse_analysis, parse_rewriting, write_analysis
from gistill.tables import write_csv

KEPT_TO_READ = 60
Sheet = list[tuple[str, str, str, str]]  # kind, verdict, review, answer


def analyses(rows: list[Answered], sheet: Sheet) -> dict[str, Any]:
    """Count targets; an answer counts as kept with one target or an honest "none"."""
    kept, refused, mended, answers, lengths = 0, Counter[str](), Counter[str](), Counter[str](), []
    levels = Counter[str]()
    for row in rows:
        read = parse_analysis(row.answer, row.text, complete=row.complete)
        whole = "whole" if not read.failures else "in part" if read.targets else "refused"
        answers[whole] += 1
        kept += len(read.targets)
        refused.update(failure.kind for failure in read.failures)
        mended.update(read.mended)
        levels.update(target.sentiment for target in read.targets)
        lengths.append(len(write_analysis(read.targets).split()))
        for target in read.targets:
            place = anchor(target, row.text)
            assert place is None or row.text[slice(*place)] == target.target
            sheet.append(("analysis", "kept", row.text, write_analysis([target])))
        sheet.extend(("analysis", failure.kind, row.text, failure.detail) for failure in read.failures)
    return {
        "answers": dict(answers),
        "kept": kept,
        "refused": dict(refused.most_common()),
        "mended": dict(mended.most_common()),
        "levels": dict(levels.most_common()),
        "median words of an answer, written short": statistics.median(lengths),
    }


def rewritings(rows: list[Answered], sheet: Sheet) -> dict[str, Any]:
    """Count rewritings, each kept or refused as a whole."""
    kept, refused, mended, ratios = 0, Counter[str](), Counter[str](), []
    for row in rows:
        read = parse_rewriting(row.answer, row.text, complete=row.complete)
        if isinstance(read, Failure):
            refused[read.kind] += 1
            sheet.append(("rewriting", read.kind, row.text, row.answer))
            continue
        kept += 1
        mended.update(read.mended)
        ratios.append(len(read.text.split()) / max(1, len(row.text.split())))
        sheet.append(("rewriting", "kept", row.text, read.text))
    return {
        "answers": {"whole": kept, "refused": sum(refused.values())},
        "kept": kept,
        "refused": dict(refused.most_common()),
        "mended": dict(mended.most_common()),
        "median length, of the review's": round(statistics.median(ratios), 2),
    }


def to_read(sheet: Sheet) -> Sheet:
    """Take everything refused, and of each kind so many kept ones by lot."""
    chosen = [row for row in sheet if row[1] != "kept"]
    for kind in ("analysis", "rewriting"):
        kept = [row for row in sheet if row[:2] == (kind, "kept")]
        chosen += random.Random(0).sample(kept, min(KEPT_TO_READ, len(kept)))
    return chosen


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="where to write the counts")
    parser.add_argument("--sheet", type=Path, help="where to write what a person should read, as CSV")
    options = parser.parse_args()
    try:
        rows = mixtral.load(folder=data_folder())
    except GistillError as error:
        print(f"{error}\n{error.hint}", file=sys.stderr)
        return error.exit_code
    sheet: Sheet = []
    found = {
        "analysis": analyses([row for row in rows if row.kind == "analysis"], sheet),
        "rewriting": rewritings([row for row in rows if row.kind == "rewriting"], sheet),
    }
    for kind, counts in found.items():
        lines = [(what, name, str(n)) for what in ("answers", "refused", "mended") for name, n in counts[what].items()]
        print(f"{kind}: {counts['kept']} {'targets' if kind == 'analysis' else 'rewritings'} kept\n")
        print(table(("", "", "count"), lines), end="\n\n")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if options.sheet:
        columns = ("kind", "verdict", "review", "answer", "judged wrongly: yes/no", "remark")
        write_csv(options.sheet, columns, [(*row, "", "") for row in to_read(sheet)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
