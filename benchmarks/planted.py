"""Files of customers' texts in which known shares of people say known things, with the truth beside each file.

    python benchmarks/planted.py OUT --files N --seed S [--flat]

The sentences were written one by one and stand in `planted/*.json`: for three kinds of business ten facts or more
(problems, praise, wishes), each in forty wordings or more; sentences about other things, each of which few people say;
and verdicts on the whole. A file takes eight of the facts. 3% to 15% of its people say each of them, in one of its
wordings among one to four sentences; some people write twice. Every wording of a fact is used once before any is used
again.

`OUT/NAME.csv` has the columns id, author, date (twelve months), version (two), product (three), text. Each month, each
version and each product has as many people as the others. `OUT/NAME.truth.json` holds

* `business`, `seed`, `number` (which file of that seed), `flat`, `people`, `texts`, `without_facts` (texts with none);
* `months`, `versions`, `products`: the values of the three, in order;
* `facts`, for each: `id`, a plain `name`, `category` (a code of the marking guide), `direction` (positive, negative,
  wish), `people` (who say it, each counted once), `texts`, `share` (of all people), `by_month`, `by_version` and
  `by_product` (people, in the order of the three lists), `records` (ids of the texts that say it), and `change`: null,
  or what was planted: {"kind": "begins", "month": ...} (nobody says it before that month) or {"kind": "product",
  "product": ...} (only people who write about that product say it).

One fact of a file begins and one sits in a product; in a flat file, none does. Nothing else changes, by construction:
the people of a fact are spread so that no two months, versions or products (of those that the change leaves) differ by
more than one. That is more even than chance would have it, and it is meant: a change that a report says it sees and
that was not planted is its own mistake and not the luck of the draw. A report can so be held against the truth: which
facts it finds, how many people it counts, and where it sees a change.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "planted"
BUSINESSES = ("app", "hotel", "shop")
COLUMNS = ("id", "author", "date", "version", "product", "text")
MONTHS = [f"2025-{month:02d}" for month in range(1, 13)]
SIZES = (12, 2, 3)  # months, versions, products
PEOPLE_PER_CELL = (5, 6)  # 360 or 432 people: every month, version and product has as many
FACTS = 8
SHARES = (0.03, 0.15)
CHANGED_SHARES = (0.06, 0.10)  # of all people: enough to be seen in a third of them
BEGINS = (4, 8)  # first and last month, from 0, in which a fact may begin: four months at least on either side
FACTS_PER_PERSON = 3
LENGTHS = (30, 35, 22, 13)  # weights of one to four sentences
VERDICT = 0.2  # of the texts with room for one: no text judges the whole twice
TWICE = 25  # one person in so many writes a second text
# fmt: off
FIRST_NAMES = [
    "Ada", "Aisha", "Alan", "Ben", "Bea", "Carla", "Chen", "Dana", "David", "Ebba", "Elif", "Emre", "Fatou", "Femi",
    "Greta", "Hana", "Hugo", "Ines", "Ivan", "Jade", "Joao", "Kofi", "Lars", "Lea", "Luca", "Mads", "Maja", "Marta",
    "Milan", "Nadia", "Noor", "Omar", "Otto", "Pia", "Priya", "Quinn", "Rosa", "Ruben", "Sara", "Sven", "Tara",
    "Theo", "Uma", "Vera", "Wim", "Yara", "Yuki", "Zoe",
]
# fmt: on
INITIALS = "ABCDEFGHIJKLMNOPRSTUVWYZ"

Cell = tuple[int, int, int]  # month, version, product


@dataclass(frozen=True)
class Planted:
    """The rows of a file, as COLUMNS name them, and the truth about it, as the module says."""

    rows: list[dict[str, str]]
    truth: dict[str, Any]


def business(name: str) -> dict[str, Any]:
    """Read one of BUSINESSES: its versions, products, facts with their wordings, background sentences, verdicts."""
    read: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return read


def deal(rng: random.Random, sentences: list[str]) -> Iterator[str]:
    """Yield sentences without end, each once before any comes again, and none twice within one text."""
    last: list[str] = []
    while True:
        order = rng.sample(sentences, len(sentences))
        if not set(order[: len(LENGTHS)]) & set(last[-len(LENGTHS) :]):
            yield from order
            last = order


def join(sentences: list[str]) -> str:
    """Make one text; where a sentence has no end mark and another follows, it gets a full stop."""
    *front, end = sentences
    return " ".join([*(text if text[-1] in ".!?" else f"{text}." for text in front), end])


def evenly(rng: random.Random, cells: list[Cell], free: list[int], count: int) -> list[int]:
    """Draw people so that any two of their months, versions or products have as many of them, or one more or less."""
    places: dict[Cell, list[int]] = {}
    for person in free:
        places.setdefault(cells[person], []).append(person)
    levels = [sorted({cell[dimension] for cell in places}) for dimension in range(len(SIZES))]
    for _ in range(1000):
        decks = [rng.sample(level, len(level)) * (count // len(level) + 1) for level in levels]
        wanted = Counter(zip(*(rng.sample(deck[:count], count) for deck in decks), strict=True))
        if all(len(places.get(cell, [])) >= need for cell, need in wanted.items()):
            return [person for cell, need in sorted(wanted.items()) for person in rng.sample(places[cell], need)]
    raise RuntimeError(f"found no even way to draw {count} of {len(free)} people")


def changes(rng: random.Random, facts: list[dict[str, Any]]) -> dict[str, Cell]:
    """Choose a fact that begins, with its month, and a fact that sits in a product; a -1 leaves a place open."""
    begins, sits = rng.sample([fact["id"] for fact in facts], 2)
    return {begins: (rng.randint(*BEGINS), -1, -1), sits: (-1, -1, rng.randrange(SIZES[2]))}


def assign(
    rng: random.Random, facts: list[dict[str, Any]], cells: list[Cell], changed: dict[str, Cell]
) -> dict[str, list[int]]:
    """Say which people say which fact: shares by lot, people evenly from those that the change leaves."""
    load = Counter[int]()
    said: dict[str, list[int]] = {}
    # those with fewer people to choose from come first
    for name in [*changed, *(fact["id"] for fact in facts if fact["id"] not in changed)]:
        month, _, item = changed.get(name, (-1, -1, -1))
        share = rng.uniform(*(CHANGED_SHARES if name in changed else SHARES))
        count = min(round(share * len(cells)), int(SHARES[1] * len(cells)))
        free = [
            person
            for person, cell in enumerate(cells)
            if load[person] < FACTS_PER_PERSON and cell[0] >= month and item in (-1, cell[2])
        ]
        said[name] = sorted(evenly(rng, cells, free, count))
        load.update(said[name])
    return said


def texts(
    rng: random.Random, source: dict[str, Any], said: dict[str, list[int]], people: int
) -> list[tuple[int, str, list[str]]]:
    """Write a text for every person and a second one for a few: person, text, ids of the facts that it says."""
    wordings = {fact["id"]: deal(rng, fact["wordings"]) for fact in source["facts"] if fact["id"] in said}
    background, verdicts = deal(rng, source["background"]), deal(rng, source["verdicts"])
    of: dict[int, list[str]] = {}
    for name, who in said.items():
        for person in who:
            of.setdefault(person, []).append(name)
    plan = [(person, of.get(person, [])) for person in range(people)]
    plan += [(person, of.get(person, [])[:1]) for person in sorted(rng.sample(range(people), people // TWICE))]
    written = []
    for person, names in plan:
        length = max(len(names), rng.choices(range(1, len(LENGTHS) + 1), LENGTHS)[0])
        sentences = [next(wordings[name]) for name in names]
        if length > len(names) and rng.random() < VERDICT:
            sentences.append(next(verdicts))
        sentences += [next(background) for _ in range(length - len(sentences))]
        rng.shuffle(sentences)
        written.append((person, join(sentences), names))
    return written


def change(source: dict[str, Any], cell: Cell | None) -> dict[str, str] | None:
    """Say in words what `changes` chose."""
    if cell is None:
        return None
    month, _, item = cell
    if month >= 0:
        return {"kind": "begins", "month": MONTHS[month]}
    return {"kind": "product", "product": source["products"][item]}


def plant(name: str, *, seed: int, number: int = 1, flat: bool = False) -> Planted:
    """Make one file about a business of BUSINESSES.

    The same arguments give the same file. `number` tells the files of a seed apart; `flat` leaves the changes out.
    """
    rng = random.Random(f"{name}/{seed}/{number}/{flat}")
    source = business(name)
    facts: list[dict[str, Any]] = []
    while len({fact["direction"] for fact in facts}) < 3:
        facts = rng.sample(source["facts"], FACTS)
    cells = list(product(*map(range, SIZES))) * rng.choice(PEOPLE_PER_CELL)
    rng.shuffle(cells)
    changed = {} if flat else changes(rng, facts)
    said = assign(rng, facts, cells, changed)
    written = texts(rng, source, said, len(cells))
    authors = rng.sample([f"{first} {initial}." for first in FIRST_NAMES for initial in INITIALS], len(cells))
    dates = [f"{MONTHS[cells[person][0]]}-{rng.randint(1, 28):02d}" for person, *_ in written]

    rows: list[dict[str, str]] = []
    records: dict[str, list[str]] = {fact["id"]: [] for fact in facts}
    for date, (person, text, told) in sorted(zip(dates, written, strict=True)):
        _, version, item = cells[person]
        place = (source["versions"][version], source["products"][item])
        fields = (f"{len(rows) + 1:04d}", authors[person], date, *place, text)
        rows.append(dict(zip(COLUMNS, fields, strict=True)))
        for fact_id in told:
            records[fact_id].append(rows[-1]["id"])
    truth = {
        "business": name,
        "seed": seed,
        "number": number,
        "flat": flat,
        "people": len(cells),
        "texts": len(rows),
        "without_facts": sum(not told for _, _, told in written),
        "months": MONTHS,
        "versions": source["versions"],
        "products": source["products"],
        "facts": [
            fact_truth(fact, [cells[person] for person in said[fact["id"]]], records[fact["id"]], len(cells))
            | {"change": change(source, changed.get(fact["id"]))}
            for fact in facts
        ],
    }
    return Planted(rows, truth)


def fact_truth(fact: dict[str, Any], cells: list[Cell], records: list[str], people: int) -> dict[str, Any]:
    """Count who says a fact, in all and by month, version and product."""
    counts = [Counter(cell[place] for cell in cells) for place in range(len(SIZES))]
    by = [[count[level] for level in range(size)] for count, size in zip(counts, SIZES, strict=True)]
    return {
        **{key: fact[key] for key in ("id", "name", "category", "direction")},
        "people": len(cells),
        "texts": len(records),
        "share": len(cells) / people,
        "by_month": by[0],
        "by_version": by[1],
        "by_product": by[2],
        "records": records,
    }


def write(planted: Planted, folder: Path) -> Path:
    """Write the file and its truth into an existing folder; the path of the CSV file comes back."""
    truth = planted.truth
    name = f"{'flat-' if truth['flat'] else ''}{truth['business']}-{truth['number']:02d}"
    path = folder / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(planted.rows)
    told = json.dumps(truth, ensure_ascii=False, indent=1)
    (folder / f"{name}.truth.json").write_text(told + "\n", encoding="utf-8")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Write files of texts in which known shares of people say known things."
    )
    parser.add_argument("out", type=Path, help="the folder for the files and their truths")
    parser.add_argument("--files", type=int, default=3, help="how many; the businesses take turns")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--flat", action="store_true", help="nothing changes over time, version or product")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for number in range(1, args.files + 1):
        name = BUSINESSES[(number - 1) % len(BUSINESSES)]
        print(write(plant(name, seed=args.seed, number=number, flat=args.flat), args.out))


if __name__ == "__main__":
    main()
