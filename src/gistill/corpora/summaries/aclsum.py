"""ACLSum: papers, a summary of each of three aspects (challenge, approach, outcome), and the sentences it rests on.

Format: JSON lines, `{"id", "title", "sentences": {SECTION: [...]}, "summary": {ASPECT: TEXT}, "highlights": {ASPECT:
{SECTION: [0 or 1]}}}`; 100 train, 50 val.
Source: Takeshita et al., ACLSum: A New Dataset for Aspect-based Summarization of Scientific Publications (NAACL 2024).
"""

from __future__ import annotations

import json
from pathlib import Path

from gistill.corpora.labelled import Source, open_part
from gistill.errors import InputError, SettingError
from gistill.task import Evidence, SummaryTask, joined

_ROOT = "src/aclsum/dataset"
SOURCE = Source(
    name="aclsum",
    address="https://github.com/sobamchan/aclsum",
    licence="MIT",
    ship=True,
    files={
        f"{_ROOT}/train.jsonl": "be8ee16765e0691745875e7e380382eaa5eb426d7c1bbe70270809729534e3eb",
        f"{_ROOT}/val.jsonl": "354ca637395a8597388f1751c288cb38a4697f7d7783722c1727135d3934ee60",
    },
    shelf="documents",
)
ASPECTS = ("challenge", "approach", "outcome")
PARTS = ("train", "val")


def load(part: str, *, folder: Path) -> list[SummaryTask]:
    """Load one part: three tasks a paper, in the published order.

    Raises:
        SettingError: There is no such part.
        InputError: The file is missing or is not the published one, or a line is not in the format.
    """
    if part not in PARTS:
        raise SettingError(f"aclsum has no part {part!r}", hint=f"One of: {', '.join(PARTS)}.")
    file = f"{_ROOT}/{part}.jsonl"
    lines = open_part(SOURCE, file, folder=folder).strip().split("\n")
    return [task for row, line in enumerate(lines, 1) for task in parse(line, row=row, file=file)]


def parse(line: str, *, row: int, file: str = "") -> list[SummaryTask]:
    """Read one line.

    Raises:
        InputError: It is no paper with summaries, or marks other sentences than it has.
    """
    try:
        given = json.loads(line)
        sections = {name: list(map(str, said)) for name, said in given["sentences"].items()}
        text, places = joined([sentence for said in sections.values() for sentence in said])
        found = []
        for aspect in ASPECTS:
            marks = [mark for name in sections for mark in given["highlights"][aspect][name]]
            evidence = tuple(Evidence(0, *at) for at, mark in zip(places, marks, strict=True) if mark)
            found.append(
                SummaryTask(
                    id=f"{given['id']}/{aspect}",
                    sources=(text,),
                    shape="document",
                    asked=aspect,
                    references=(str(given["summary"][aspect]).strip(),),
                    evidence=evidence,
                    title=str(given["title"]),
                    domain=aspect,
                    group=str(given["id"]),
                )
            )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError("no paper with summaries and highlights", file=file, row=row) from error
    return found
