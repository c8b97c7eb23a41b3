"""MEMD-ABSA: quads with implicit aspects and opinions, five domains. No licence stated: for measuring only.

Format: a JSON list of `{raw_words, quadruples: [{aspect: {from, to}, category, opinion: {from, to}, sentiment}]}` with
half-open token indexes; an empty or negative range is implicit. Categories are not read yet.
Source: Cai et al., MEMD-ABSA: A Multi-Element Multi-Domain Dataset for ABSA (2023).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gistill.corpora.aste import POLARITIES
from gistill.corpora.labelled import Extent, Labelled, Source, Triplet, join_tokens, open_part

_ROOT = "MEMD_ABSA_Dataset"
SOURCE = Source(
    name="memd-absa",
    address="https://github.com/NUSTM/MEMD-ABSA",
    licence="",
    ship=False,
    files={
        f"{_ROOT}/Books/Train.json": "25e54582c68931d1edcbdfe698ed8ee02e8b89687639ab420359dd1582824da6",
        f"{_ROOT}/Clothing/Train.json": "f6c960f9f3e11cbe790c7852679f5c2bfb77e7efdf4136369e85f01bf72a1b80",
        f"{_ROOT}/Hotel/Train.json": "ea54ff41d63c6d05fa9abe62e6e231534018d065d2f19efd4978e5363c608e62",
        f"{_ROOT}/Restaurant/Train.json": "ebbcf594f0e4bcda0f90a0a30bd222d44ecf7635a414e98b5fb885ec0837c9b9",
    },
)


def load(domain: str, *, folder: Path) -> list[Labelled]:
    """Load one domain's training part.

    Args:
        domain: "Books", "Clothing", "Hotel" or "Restaurant".
        folder: The data folder.
    """
    examples = []
    for row in json.loads(open_part(SOURCE, f"{_ROOT}/{domain}/Train.json", folder=folder)):
        text, places = join_tokens(row["raw_words"].split(), raw=False)
        triplets = [
            Triplet(_extent(q["aspect"], places), _extent(q["opinion"], places), POLARITIES[q["sentiment"]])
            for q in row["quadruples"]
        ]
        examples.append(
            Labelled(
                text,
                tuple(dict.fromkeys(triplets)),
                implicit_aspects=True,
                implicit_opinions=True,
                source=f"memd/{domain.lower()}",
            )
        )
    return examples


def _extent(part: dict[str, Any], places: list[Extent]) -> Extent | None:
    start, end = int(part["from"]), int(part["to"])
    return None if start < 0 or end <= start else (places[start][0], places[end - 1][1])
