"""Unlabelled Amazon reviews of seven domains, as DMASTE's authors published them for domain adaptation. MIT.

Format: one review a line, `stars #### tokens joined by spaces`.
"""

from __future__ import annotations

import random
from pathlib import Path

from gistill.corpora.labelled import Labelled, retokenised
from gistill.errors import InputError
from gistill.sentences import split

DOMAINS = ("book", "electronics", "fashion", "grocery", "home", "pet", "toy")


def sample_sentences(count: int, *, folder: Path, seed: int = 0) -> list[Labelled]:
    """Draw sentences without labels, the same number from each domain, half of them as customers type.

    Args:
        count: How many in all, about.
        folder: The data folder.
        seed: Of the draw.

    Raises:
        InputError: A domain's file is missing.
    """
    draw = random.Random(seed)
    sentences: list[Labelled] = []
    for domain in DOMAINS:
        path = folder / "pool" / "amazon-reviews" / f"{domain}.txt"
        if not path.is_file():
            raise InputError("no such file", file=str(path))
        reviews = path.read_text(encoding="utf-8").splitlines()
        draw.shuffle(reviews)
        wanted = len(sentences) + count // len(DOMAINS)
        for review in reviews:
            text = review.partition(" #### ")[2]
            for span in split(text, "en"):
                sentences.append(Labelled(text[span.start : span.end], (), source=f"pool/{domain}"))
            if len(sentences) >= wanted:
                break
    return [retokenised(s) if draw.random() < 0.5 else s for s in sentences]
