"""SummEdits: summaries edited by a large model, and for each edit what people say: consistent with its source, or not.

Format: a JSON list a domain; `doc`, `summary`, `label` ("1" is consistent), `original_summary`, `edit_types`. Four of
the ten domains are given out whole; nothing is a test set, so documents are divided here, by a hash.
Source: Laban et al., LLMs as Factual Reasoners (EMNLP 2023).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from gistill.corpora.labelled import Source, open_part
from gistill.errors import InputError, SettingError
from gistill.files import hash_text

DOMAINS = ("news", "podcast", "ectsum", "scitldr")
SOURCE = Source(
    name="summedits",
    address="https://github.com/salesforce/factualNLG",
    licence="Apache-2.0",
    ship=True,
    files={
        f"data/summedits/summedits_{domain}.json": digest
        for domain, digest in zip(
            DOMAINS,
            (
                "aa06a1998cf7bfe6e40f8a79e0c10a1f77528165d8659056202c0ed679191c8e",
                "3d6c777190ff1cad633fed48b52856774e078d8a8b78ae00189df7abb506f8dc",
                "dc255beb81ff1194b9069dfe03c1f888e0c5357c117e304bb44baaaa381a718b",
                "b4d359277bafa11587505f0332797266b69c316c713db17376f0d99413e4b350",
            ),
            strict=True,
        )
    },
    shelf="errors",
)
# What an edit did, as the publisher's model says, and our code for it.
EDITS = {
    "entity_modification": "E6",
    "antonym_swap": "E4",
    "negation_insertion_removal": "E4",
    "hallucinated_fact_insertion": "E3",
}


class Edited(NamedTuple):
    """An edited summary.

    Attributes:
        source: The document.
        document: A name for it, by which it is divided.
        domain: One of `DOMAINS`.
        summary: The edited summary; `original` is the one before.
        consistent: What people say.
        codes: Of our taxonomy, by the kinds of edits; empty where it is consistent or no kind is given.
    """

    source: str
    document: str
    domain: str
    summary: str
    original: str
    consistent: bool
    codes: tuple[str, ...]


def load(domain: str, *, folder: Path) -> list[Edited]:
    """Load a domain, in the published order.

    Raises:
        SettingError: There is no such domain.
        InputError: The file is missing or is not the published one, or a row is not in the format.
    """
    if domain not in DOMAINS:
        raise SettingError(f"summedits has no domain {domain!r}", hint=f"One of: {', '.join(DOMAINS)}.")
    file = f"data/summedits/summedits_{domain}.json"
    found = []
    for number, row in enumerate(json.loads(open_part(SOURCE, file, folder=folder)), 1):
        try:
            found.append(parse(row, domain))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError("no edited summary", file=file, row=number) from error
    return found


def parse(row: dict[str, str], domain: str) -> Edited:
    """Read one row."""
    kinds = row["edit_types"]
    named = [name for name in EDITS if name in kinds]
    consistent = {"1": True, "0": False}[str(row["label"])]
    return Edited(
        source=row["doc"],
        document=hash_text(row["doc"])[:16],
        domain=domain,
        summary=row["summary"],
        original=row["original_summary"],
        consistent=consistent,
        codes=() if consistent else tuple(dict.fromkeys(EDITS[name] for name in named)),
    )


def is_held(document: str) -> bool:
    """Say whether a document is kept for measuring: one of four, by its hash."""
    return int(document[:8], 16) % 4 == 0
