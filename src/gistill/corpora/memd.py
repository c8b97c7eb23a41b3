"""MEMD-ABSA: quads with implicit aspects and opinions, five domains. No licence stated: for measuring only.

Format: a JSON list of `{raw_words, quadruples: [{aspect: {from, to}, category, opinion: {from, to}, sentiment}]}` with
half-open token indexes; an empty or negative range is implicit.
Source: Cai et al., MEMD-ABSA: A Multi-Element Multi-Domain Dataset for ABSA (2023).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gistill.corpora.acos import SpanQuad, as_triplets, from_spans
from gistill.corpora.aste import POLARITIES
from gistill.corpora.labelled import Extent, Labelled, Source, join_tokens, open_part
from gistill.corpora.tuples import Example

_ROOT = "MEMD_ABSA_Dataset"
SOURCE = Source(
    name="memd-absa",
    address="https://github.com/NUSTM/MEMD-ABSA",
    licence="",
    ship=False,
    files={
        f"{_ROOT}/Books/Train.json": "25e54582c68931d1edcbdfe698ed8ee02e8b89687639ab420359dd1582824da6",
        f"{_ROOT}/Books/Dev.json": "fc352c95ac8533cca903318a3bd90f2bc35b99d41d3d9555ab2b86e44094ee9d",
        f"{_ROOT}/Books/Test.json": "024439878ad18fe05473d317bcbe71d99c6d1dfa478d2967285b473ba3dfa0bb",
        f"{_ROOT}/Clothing/Train.json": "f6c960f9f3e11cbe790c7852679f5c2bfb77e7efdf4136369e85f01bf72a1b80",
        f"{_ROOT}/Clothing/Dev.json": "bbde36bbd0cd8d7dac889d21f65815bd48882ec65daed23d32f46211d59103a8",
        f"{_ROOT}/Clothing/Test.json": "995b727956bb9c89399c3c73995212133c8d173445595b0dc164e9a1e961142d",
        f"{_ROOT}/Hotel/Train.json": "ea54ff41d63c6d05fa9abe62e6e231534018d065d2f19efd4978e5363c608e62",
        f"{_ROOT}/Hotel/Dev.json": "2acea02abf98ff435674ea261ef8597e1d3f26a5f6a40df37c7616805b42f21a",
        f"{_ROOT}/Hotel/Test.json": "118f77698da1dbe7ed28520f8bd92781385e7f712a753ba0daae0f3fee7dbc5d",
        f"{_ROOT}/Restaurant/Train.json": "ebbcf594f0e4bcda0f90a0a30bd222d44ecf7635a414e98b5fb885ec0837c9b9",
        f"{_ROOT}/Restaurant/Dev.json": "7535ddc6b65b2529e371e22cd2ef44ea49da972d9e20c582721db16e24e4cce8",
        f"{_ROOT}/Restaurant/Test.json": "f8439ba3c3224f57d4984fff551ce378dc321012ad33034a8e7fbad8d22e2261",
    },
)


def load(domain: str, *, folder: Path) -> list[Labelled]:
    """Load one domain's training part.

    Args:
        domain: "Books", "Clothing", "Hotel" or "Restaurant".
        folder: The data folder.
    """
    source = f"memd/{domain.lower()}"
    return [as_triplets(text, quads, source) for text, quads in _parsed(domain, "Train", folder)]


def load_quads(domain: str, part: str, *, folder: Path) -> list[Example]:
    """Load one part as quads.

    Args:
        domain: As for `load`.
        part: "train", "dev" or "test".
        folder: The data folder.
    """
    source = f"memd/{domain.lower()}/{part}"
    return [from_spans(text, quads, source) for text, quads in _parsed(domain, part.title(), folder)]


def _parsed(domain: str, part: str, folder: Path) -> list[tuple[str, list[SpanQuad]]]:
    parsed = []
    for row in json.loads(open_part(SOURCE, f"{_ROOT}/{domain}/{part}.json", folder=folder)):
        text, places = join_tokens(row["raw_words"].split(), raw=False)
        quads: list[SpanQuad] = [
            (_extent(q["aspect"], places), q["category"], _extent(q["opinion"], places), POLARITIES[q["sentiment"]])
            for q in row["quadruples"]
        ]
        parsed.append((text, quads))
    return parsed


def _extent(part: dict[str, Any], places: list[Extent]) -> Extent | None:
    start, end = int(part["from"]), int(part["to"])
    return None if start < 0 or end <= start else (places[start][0], places[end - 1][1])
