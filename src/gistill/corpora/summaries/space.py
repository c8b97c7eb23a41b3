"""SPACE: 100 reviews of a hotel, and three summaries that people wrote of everything and of each of six aspects.

Format: `reviews/HOTEL.txt`, a review a line; `data/gold/ASPECT/HOTEL_N.txt`, a summary. There are reviews of 19 of the
25 hotels of the published development part; nine of them are for reporting and are never chosen on.
Source: Angelidis et al., Extractive Opinion Summarization in Quantized Transformer Spaces (TACL 2021).
"""

from __future__ import annotations

from pathlib import Path

from gistill.corpora.labelled import Source
from gistill.corpora.summaries.folders import open_folder
from gistill.errors import InputError, SettingError
from gistill.task import SummaryTask

SOURCE = Source(
    name="space",
    address="https://github.com/stangelid/qt",
    licence="MIT",
    ship=True,
    files={
        "reviews/*.txt": "de01dcae61e1787370bc501f7d58c74379f5be2d66a0f2c6a591e9b5bf13d9db",
        "data/gold/*/*.txt": "3bd84e9626b06ea33d0126d8e4a5217436c995e33876eb1f199e092b96c77794",
    },
    shelf="opinion",
)
REPORTING = ("1064610", "182002", "1722910", "182519", "197424", "156564", "185237", "1029276", "112429")
ASPECTS = ("building", "cleanliness", "food", "location", "rooms", "service")
PARTS = ("report", "report-general", "report-aspects", "dev", "dev-general", "dev-aspects")


def load(part: str, *, folder: Path) -> list[SummaryTask]:
    """Load the general and the aspect summaries of some hotels.

    Args:
        part: "report" has the nine hotels kept for reporting, "dev" the ten others; "-general" and "-aspects" after it
            leave out the other half.
        folder: The data folder.

    Raises:
        SettingError: There is no such part.
        InputError: A file is missing, or is not the published one.
    """
    if part not in PARTS:
        raise SettingError(f"space has no part {part!r}", hint=f"One of: {', '.join(PARTS)}.")
    which, _, half = part.partition("-")
    reviews = open_folder(SOURCE, "reviews/*.txt", folder=folder)
    gold = open_folder(SOURCE, "data/gold/*/*.txt", folder=folder)
    hotels = [Path(name).stem for name in reviews]
    known = [hotel for hotel in hotels if (hotel in REPORTING) == (which == "report")]
    asked = {"general": ("general",), "aspects": ASPECTS, "": ("general", *ASPECTS)}[half]
    return [_task(hotel, aspect, reviews, gold) for hotel in known for aspect in asked]


def _task(hotel: str, aspect: str, reviews: dict[str, str], gold: dict[str, str]) -> SummaryTask:
    references = [text for name, text in gold.items() if name.startswith(f"data/gold/{aspect}/{hotel}_")]
    if not references:
        raise InputError("no summary by people", file=f"data/gold/{aspect}/{hotel}_0.txt")
    return SummaryTask(
        id=f"{hotel}/{aspect}",
        sources=tuple(line.strip() for line in reviews[f"reviews/{hotel}.txt"].split("\n") if line.strip()),
        shape="reviews",
        asked="" if aspect == "general" else aspect,
        references=tuple(" ".join(text.split()) for text in references),
        domain=aspect,
        group=hotel,
    )
