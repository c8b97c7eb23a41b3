"""What Mixtral answered for 499 reviews: analyses and rewritings, with all that a real teacher leaves around them.

Rows of JSON: ID, Text, Overall (stars), mixtral_response. The two kinds of answer are told apart by the published
headings, and nobody says why the model stopped. No licence is stated: for measuring only.
Source: the repository of Distilling Fine-grained Sentiment Understanding from Large Language Models (arXiv 2412.18552).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from gistill.corpora.labelled import Source, open_part
from gistill.errors import InputError
from gistill.skills.debris import finished
from gistill.skills.understanding import Kind

SOURCE = Source(
    name="fsa-distillation-mixtral",
    address="https://github.com/HITSZ-HLT/FSA-Distillation",
    licence="",
    ship=False,
    files={"test_500_4m8d.jsonl": "6eae55e43cf3421f0f7cf4c1269182c6c3b04bf8c713ecba661069befb9b4ed8"},
    shelf="teacher",
)


class Answered(NamedTuple):
    """A review and what the teacher answered about it.

    Attributes:
        id: The published one, with the kind, since one review was asked about twice.
        text: The review.
        stars: 1 to 5.
        answer: As the teacher wrote it.
        kind: What it was asked for.
        complete: Whether the answer ends like one; a guess from its last mark.
    """

    id: str
    text: str
    stars: float
    answer: str
    kind: Kind
    complete: bool


def load(*, folder: Path) -> list[Answered]:
    """Load all answers, in the published order.

    Args:
        folder: The data folder.

    Raises:
        InputError: The file is missing, is not the published one, or a line is not in the format.
    """
    file = next(iter(SOURCE.files))
    found = []
    for number, line in enumerate(open_part(SOURCE, file, folder=folder).strip().split("\n"), 1):
        try:
            row = json.loads(line)
            answer = str(row["mixtral_response"])
            kind: Kind = "analysis" if "opinion target" in answer.lower() else "rewriting"
            row_id = f"{row['ID']}:{kind}"
            found.append(Answered(row_id, str(row["Text"]), float(row["Overall"]), answer, kind, finished(answer)))
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(f"not an answer ({error!r:.80})", file=file, row=number) from error
    return found
