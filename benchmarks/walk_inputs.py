"""Files for the walks of `same_results.py`, made of public data: the same bytes on every machine."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from scripted import mixtral

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

SHOP = Path("pool", "amazon-reviews")
HOTELS = Path("opinion", "space", "reviews")
CHATS = Path("conversations", "tweetsumm", "valid.jsonl")
PERSONAL = (  # written for this file, so that personal data is replaced and put back
    "The seller was great, write to jo.miller@example.org or call +44 20 7946 0958 and she helps.",
    "Terrible service at 12 Long Lane, they billed card 4111 1111 1111 1111 twice.",
)
TOKENS = 4096  # whole reviews: the tiny model has a token for nearly every letter
DISTILL = {
    "name": "same-results",
    "model": "tiny",
    "corpora": {"analyses": "../annotate-analysis"},
    "students": {"untaught": [], "taught": ["analyses"]},
    "tasks": {"triplets": {"train": [{"set": "aste/14lap/train:aste", "limit": 24}], "tests": ["aste/14lap/dev:aste"]}},
    "teach": {"epochs": 1, "max_length": TOKENS},
    "finetune": {"epochs": 1, "max_length": TOKENS},
    "seeds": [0],
    "texts": 6,
    "max_tokens": 24,
}


def make_inputs(folder: Path, data: Path, sizes: Mapping[str, int]) -> None:
    """Write the files that the walks read, and a tiny model to be taught."""
    import tiny_models

    folder.mkdir(parents=True)
    electronics, home = (shop_reviews(data, domain) for domain in ("electronics", "home"))
    _table(folder / "shop.csv", ("stars", "review"), electronics[: sizes["shop"]])
    _table(folder / "written.csv", ("stars", "review"), home[: sizes["written"]])
    asked = [*electronics[-sizes["asked"] :], *(("5", text) for text in PERSONAL)]
    _table(folder / "asked.csv", ("stars", "review"), asked)
    _table(folder / "hotels.csv", ("hotel", "date", "review"), hotel_reviews(data, sizes["hotels"]))
    _lines(folder / "chats.jsonl", conversations(data, sizes["chats"]))
    for kind in ("analysis", "rewriting"):
        texts = [text for found, text, _ in mixtral(data) if found == kind]
        _lines(folder / f"{kind}.jsonl", ({"review": text} for text in texts[: sizes["asked"]]))
    tiny = tiny_models.causal(folder / "tiny")
    config = json.loads((tiny / "config.json").read_text("utf-8"))
    (tiny / "config.json").write_text(json.dumps({**config, "max_position_embeddings": TOKENS}), "utf-8")
    recipe = {**DISTILL, "model": str(tiny)}
    (folder / "distill.yaml").write_text(json.dumps(recipe), "utf-8")  # JSON is YAML


def shop_reviews(data: Path, domain: str) -> list[tuple[str, str]]:
    """Read shop reviews: (stars, text)."""
    lines = (data / SHOP / f"{domain}.txt").read_text("utf-8").split("\n")
    pairs = (line.partition(" #### ") for line in lines if line.strip())
    return [(stars, text) for stars, _, text in pairs]


def hotel_reviews(data: Path, count: int) -> list[tuple[str, str, str]]:
    """Read as many reviews of each of four hotels, with dates over two years, which the data do not have."""
    found = []
    for path in sorted((data / HOTELS).glob("*.txt"))[:4]:
        texts = re.findall(r"^\d+\. (.+)$", path.read_text("utf-8"), re.MULTILINE)
        found += [(path.stem, text) for text in texts[: count // 4]]
    first = dt.date(2023, 1, 1)
    return [(hotel, str(first + dt.timedelta(days=37 * n % 730)), text) for n, (hotel, text) in enumerate(found)]


def conversations(data: Path, count: int) -> list[dict[str, Any]]:
    """Read support chats as lists of messages."""
    found = []
    for line in (data / CHATS).read_text("utf-8").split("\n")[:count]:
        row = json.loads(line)
        parts = re.split(r"\b(customer|support): ", row["dialogue"])[1:]
        said = [{"role": role, "content": text.strip()} for role, text in zip(parts[::2], parts[1::2], strict=True)]
        found.append({"id": row["id"], "messages": said})
    return found


def _table(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def _lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
