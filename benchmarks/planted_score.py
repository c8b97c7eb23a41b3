"""Hold reports against planted facts: which are found, how many people are counted, which changes are told.

    python benchmarks/planted.py FILES --files 12 --seed 1
    python benchmarks/planted.py FILES --files 20 --seed 1 --flat
    python benchmarks/planted_score.py FILES [--reader FOLDER] [--json OUT]

Every file is digested without a writer. A fact is *read* in a text where an opinion of its category and direction
stands. A fact is *found* where a point of its category and direction holds most of its people that any point holds, and
most of the point's people say it: half of them at least. For a fact that is found, `counted` says whether the number of
people who say it lies in the point's bounds, and `off` how far the point's raw count is from it, as a share of the
truth. A planted change is *told* where a change of that point names the month (one step early or late counts) or the
product. A flat file is *quiet* where no change is told.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from gistill.digest.run import digest
from gistill.reader import load_reader
from gistill.schema import Change, Digest, Opinion, Point, Record
from gistill.stats import wilson
from gistill.tables import read_jsonl, read_records


@dataclass(frozen=True)
class Found:
    """What became of one fact; `counted`, `off` and `width` are None where it was not found."""

    file: str
    fact: str
    direction: str
    people: int  # who say it
    read: float  # share of its texts in which an opinion of its category and direction stands
    in_direction: float  # the same for any category
    point: str | None  # name of the point
    of_fact: float  # share of the fact's people that the best point holds
    of_point: float  # share of that point's people who say the fact
    counted: bool | None
    off: float | None
    width: float | None  # half of the width of the bounds as a share of the truth
    told: bool | None  # None where nothing was planted


def direction(opinion: Opinion) -> str:
    """Give the direction of an opinion as a truth names it."""
    return "wish" if opinion.kind == "wish" else opinion.polarity


def score_file(
    truth: dict[str, Any], made: Digest, opinions: Sequence[Opinion], authors: dict[str, str]
) -> list[Found]:
    """Score all facts of one file; `authors` gives the author of each record."""
    name = f"{truth['business']}-{truth['number']:02d}"
    return [_score_fact(name, fact, made, opinions, authors) for fact in truth["facts"]]


def _score_fact(
    name: str, fact: dict[str, Any], made: Digest, opinions: Sequence[Opinion], authors: dict[str, str]
) -> Found:
    texts = set(fact["records"])
    fits = {o.record for o in opinions if o.category == fact["category"] and direction(o) == fact["direction"]}
    same_way = {o.record for o in opinions if direction(o) == fact["direction"]}
    people = {authors[record] for record in texts}
    record_of = {opinion.id: opinion.record for opinion in opinions}
    best: tuple[int, Point, set[str]] | None = None
    for point in made.points:
        if point.category == fact["category"] and point.direction == fact["direction"]:
            who = {authors[record_of[one]] for one in point.opinions}
            if best is None or len(who & people) > best[0]:
                best = (len(who & people), point, who)
    shared, point, who = best if best else (0, None, set())
    found = point is not None and 2 * shared >= len(who) and shared > 0
    change = fact["change"]
    common = {
        "file": name,
        "fact": fact["id"],
        "direction": fact["direction"],
        "people": fact["people"],
        "read": len(texts & fits) / len(texts),
        "in_direction": len(texts & same_way) / len(texts),
        "of_fact": shared / len(people),
        "of_point": shared / len(who) if who else 0.0,
    }
    if not found or point is None:
        told = None if change is None else False
        return Found(**common, point=None, counted=None, off=None, width=None, told=told)
    low, high = (bound * point.tally.share.of for bound in point.bounds or (0.0, 0.0))
    return Found(
        **common,
        point=point.name,
        counted=low <= fact["people"] <= high,
        off=abs(point.tally.people - fact["people"]) / fact["people"],
        width=(high - low) / 2 / fact["people"],
        told=None if change is None else any(_tells(c, change) for c in made.changes if c.point == point.id),
    )


def _tells(change: Change, planted: dict[str, str]) -> bool:
    if planted["kind"] == "product":
        return change.by == "entity" and change.value == planted["product"] and _more(change)
    return change.by == "date" and _more(change) and abs(_month(change.value) - _month(planted["month"])) <= 1


def _more(change: Change) -> bool:
    return (change.here.value or 0.0) > (change.elsewhere.value or 0.0)


def _month(date: str) -> int:
    return 12 * int(date[:4]) + int(date[5:7])


def summary(found: Sequence[Found], quiet: Sequence[bool]) -> dict[str, Any]:
    """Sum up: shares with their 95% intervals as [value, low, high], None where nothing was to be measured."""
    there = [one for one in found if one.point is not None]
    changed = [one.told for one in found if one.told is not None]
    return {
        "facts": len(found),
        "read": median(one.read for one in found) if found else None,
        "read in any category": median(one.in_direction for one in found) if found else None,
        "found": _share([one.point is not None for one in found]),
        "counted": _share([bool(one.counted) for one in there]),
        "count off, median": median(one.off or 0.0 for one in there) if there else None,
        "half width of the interval, median": median(one.width or 0.0 for one in there) if there else None,
        "changes told": _share([bool(told) for told in changed]),
        "quiet": _share(list(quiet)),
    }


def _share(values: Sequence[bool]) -> list[float] | None:
    if not values:
        return None
    one = wilson(sum(values), len(values))
    return [round(value, 3) for value in (one.value or 0.0, one.low or 0.0, one.high or 0.0)]


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("files", type=Path, help="folder that planted.py wrote")
    ask.add_argument("--reader", help="folder of a reader instead of the shipped one")
    ask.add_argument("--json", type=Path, help="where the rows go")
    given = ask.parse_args()
    reader = load_reader(given.reader)
    found: list[Found] = []
    quiet: list[bool] = []
    for path in sorted(given.files.glob("*.truth.json")):
        truth = json.loads(path.read_text(encoding="utf-8"))
        table = path.with_name(path.name.replace(".truth.json", ".csv"))
        roles = {"id": "id", "author": "author", "date": "date", "entity": "product", "text": "text"}
        records = [record for record in read_records(table, columns=roles) if isinstance(record, Record)]
        with table.open(encoding="utf-8", newline="") as file:  # numbers in the order of the file are no ids of records
            ids = [row["id"] for row in csv.DictReader(file)]
        named = {record.id: ids[(record.row or 0) - 2] for record in records}
        authors = {named[record.id]: record.author or record.id for record in records}
        out = given.files / "reports" / table.stem
        made = digest(records, folder=out, reader=reader, writer=None)
        if truth["flat"]:
            quiet.append(not made.changes)
        opinions = [
            opinion.model_copy(update={"record": named[opinion.record]})
            for opinion in read_jsonl(out / "opinions.jsonl", Opinion)
        ]
        found += score_file(truth, made, opinions, authors)
        print(f"{table.stem}: {sum(one.point is not None for one in found[-8:])} of 8 found", file=sys.stderr)
    for one in found:
        print(json.dumps(asdict(one), ensure_ascii=False))
    print(json.dumps(summary(found, quiet), indent=1))
    if given.json:
        rows = {"facts": [asdict(one) for one in found], "summary": summary(found, quiet)}
        given.json.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
