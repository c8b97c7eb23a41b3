"""QMSum: meetings, questions about them, an answer that people wrote, and the turns that it rests on.

Format: a JSON file a meeting, `{"meeting_transcripts": [{"speaker", "content"}], "general_query_list": [{"query",
"answer"}], "specific_query_list": [{"query", "answer", "relevant_text_span": [[FIRST, LAST]]}]}`, turns from 0, LAST
included; 162 train, 35 val.
Source: Zhong et al., QMSum: A New Benchmark for Query-based Multi-domain Meeting Summarization (NAACL 2021).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gistill.corpora.labelled import Source
from gistill.corpora.summaries.folders import open_folder
from gistill.errors import InputError, SettingError
from gistill.task import Evidence, SummaryTask

SOURCE = Source(
    name="qmsum",
    address="https://github.com/Yale-LILY/QMSum",
    licence="MIT",
    ship=True,
    files={
        "data/ALL/train/*.json": "1bcfbf9008349a008e5be36a0ecc2b47a1785421ba311f1552983bcd8af8cbb6",
        "data/ALL/val/*.json": "9ffb2c4fb24ada57c247b79a9b534f4024aa073806841d8ec9932a1cdecccd7d",
    },
    shelf="documents",
)
PARTS = ("train", "val")
_DOMAINS = (
    ("committee", ("covid", "education")),
    ("academic", ("Bdb", "Bed", "Bmr", "Bns", "Bro", "Bsr", "Btr", "Buw")),
)


def load(part: str, *, folder: Path) -> list[SummaryTask]:
    """Load one part: a task a question, meetings by name, the general questions first. These have no evidence.

    Raises:
        SettingError: There is no such part.
        InputError: Files are missing or are not the published ones, or one is not in the format.
    """
    if part not in PARTS:
        raise SettingError(f"qmsum has no part {part!r}", hint=f"One of: {', '.join(PARTS)}.")
    files = open_folder(SOURCE, f"data/ALL/{part}/*.json", folder=folder)
    return [task for name, text in files.items() for task in parse(text, file=name)]


def parse(text: str, *, file: str = "") -> list[SummaryTask]:
    """Read one meeting.

    Raises:
        InputError: It is none, or names turns that it does not have.
    """
    name = Path(file).stem
    try:
        given = json.loads(text)
        turns = tuple(f"{turn['speaker']}: {turn['content']}" for turn in given["meeting_transcripts"])
        asked = [*given["general_query_list"], *given["specific_query_list"]]
        return [
            SummaryTask(
                id=f"{name}/{number}",
                sources=turns,
                shape="conversation",
                asked=str(one["query"]),
                references=(str(one["answer"]).strip(),),
                evidence=_evidence(one, turns),
                domain=next((kind for kind, starts in _DOMAINS if name.startswith(starts)), "product"),
                group=name,
            )
            for number, one in enumerate(asked)
        ]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise InputError("no meeting with questions", file=file) from error


def _evidence(one: dict[str, Any], turns: tuple[str, ...]) -> tuple[Evidence, ...] | None:
    if "relevant_text_span" not in one:
        return None
    places = {n for first, last in one["relevant_text_span"] for n in range(int(first), int(last) + 1)}
    return tuple(Evidence(n, 0, len(turns[n])) for n in sorted(places) if n < len(turns))
