"""FewSum, Yelp: eight reviews of a business, and three summaries that people wrote; with GPT-3.5's beside them.

Format: tab-separated, `cat group_id rev1 ... rev8 summ1 summ2 summ3`; 30 train, 30 val. GPT-3.5's summaries by several
pipelines are one JSON object by `group_id`, recorded in 2022.
Source: Brazinskas et al., Few-Shot Learning for Opinion Summarization (EMNLP 2020); Bhaskar et al., Prompted Opinion
Summarization with GPT-3.5 (ACL Findings 2023).
"""

from __future__ import annotations

import json
from pathlib import Path

from gistill.corpora.labelled import Source, open_part
from gistill.errors import InputError, SettingError
from gistill.task import SummaryTask

SOURCE = Source(
    name="fewsum",
    address="https://github.com/abrazinskas/FewSum",
    licence="MIT",
    ship=True,
    files={
        "artifacts/yelp/gold_summs/train.csv": "072b9686de79d824ba160950489f4e2a8c1e5e7d66e2c031268d9d9c0a167e94",
        "artifacts/yelp/gold_summs/val.csv": "54ee20016064e588d3933bdd57fc008398e8283d23524a14318c6f90f1404ab1",
    },
    shelf="opinion",
)
RECORDED = Source(
    name="gpt35-yelp-summaries",
    address="https://github.com/testzer0/ZS-Summ-GPT3",
    licence="",
    ship=False,
    files={"summaries-yelp.json": "b3c91c831ccbb1d12c181fb081af18ceaa1922ff2d7fec99033ad76b1f82fe19"},
    shelf="teacher",
)
PIPELINES = ("gpt3", "gpt3-ml-fl", "gpt3-ml-ll", "qfsumm", "qfsumm-long", "qg")
PARTS = ("train", "val")
_REVIEWS, _SUMMARIES = 8, 3


def load(part: str, *, folder: Path) -> list[SummaryTask]:
    """Load one part, in the published order.

    Raises:
        SettingError: There is no such part.
        InputError: The file is missing or is not the published one.
    """
    if part not in PARTS:
        raise SettingError(f"fewsum has no part {part!r}", hint=f"One of: {', '.join(PARTS)}.")
    file = f"artifacts/yelp/gold_summs/{part}.csv"
    lines = open_part(SOURCE, file, folder=folder).splitlines()[1:]
    return [parse(line, row=row, file=file) for row, line in enumerate(lines, 2) if line.strip()]


def parse(line: str, *, row: int, file: str = "") -> SummaryTask:
    """Read one line.

    Raises:
        InputError: It has other columns.
    """
    cells = line.split("\t")
    if len(cells) != 2 + _REVIEWS + _SUMMARIES:
        raise InputError(f"{len(cells)} columns, not {2 + _REVIEWS + _SUMMARIES}", file=file, row=row)
    category, name = cells[:2]
    return SummaryTask(
        id=name,
        sources=tuple(cell.strip() for cell in cells[2 : 2 + _REVIEWS]),
        shape="reviews",
        references=tuple(cell.strip() for cell in cells[2 + _REVIEWS :]),
        domain=category,
    )


def recorded(pipeline: str, *, folder: Path) -> dict[str, str]:
    """Give what a pipeline over GPT-3.5 wrote: id of the business -> summary.

    Raises:
        SettingError: There is no such pipeline.
        InputError: The file is missing or is not the published one.
    """
    if pipeline not in PIPELINES:
        raise SettingError(f"there is no recorded pipeline {pipeline!r}", hint=f"One of: {', '.join(PIPELINES)}.")
    found = json.loads(open_part(RECORDED, "summaries-yelp.json", folder=folder))
    return {
        name: str(one["summaries"][pipeline]).strip() for name, one in found.items() if pipeline in one["summaries"]
    }
