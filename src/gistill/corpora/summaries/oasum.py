"""The format of OASum: articles, a section's name as the aspect, its summary, and the sentences it rests on.

Format: JSON lines, `{"title", "document": [SENTENCE], "aspect", "aspect_sents": [SENTENCE or NUMBER], "summary":
[SENTENCE]}`. The published corpus has 3.5 million rows (CC BY-SA 3.0); here is the loader, for a file of one's own.
Source: Yang et al., OASum: Large-Scale Open Domain Aspect-based Summarization (ACL Findings 2023).
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from gistill.errors import InputError
from gistill.task import Evidence, SummaryTask, joined

Variant = Literal["frequent", "rare", "random"]
# The domains of arXiv 2408.02584, by aspect.
DOMAINS = {
    "Education": ("history", "geography", "education"),
    "Life and career": ("career", "background", "life and career"),
    "Music": ("production", "composition", "soundtrack"),
}
_BY_ASPECT = {aspect: domain for domain, aspects in DOMAINS.items() for aspect in aspects}


def load(path: Path) -> list[SummaryTask]:
    """Load a file in the format, in its order.

    Raises:
        InputError: It cannot be read, or a line is not in the format.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("cannot be read", file=str(path)) from error
    return [parse(line, row=row, file=str(path)) for row, line in enumerate(lines, 1) if line.strip()]


def parse(line: str, *, row: int, file: str = "") -> SummaryTask:
    """Read one line. Evidence keeps its place in the given list of sentences, so that nothing is cut a second time.

    Raises:
        InputError: It is not in the format, or its evidence is no sentence of the document.
    """
    try:
        given = json.loads(line)
        sentences = [str(one).strip() for one in given["document"]]
        aspect, title = str(given["aspect"]).strip(), str(given.get("title", "")).strip()
        summary = " ".join(str(one).strip() for one in given["summary"])
        numbers = [one if isinstance(one, int) else sentences.index(str(one).strip()) for one in given["aspect_sents"]]
        text, places = joined(sentences)
        evidence = tuple(Evidence(0, *places[number]) for number in sorted(set(numbers)))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise InputError("no article with an aspect and its sentences", file=file, row=row) from error
    return SummaryTask(
        id=f"{row}/{aspect}",
        sources=(text,),
        shape="document",
        asked=aspect,
        references=(summary,),
        evidence=evidence,
        title=title,
        domain=_BY_ASPECT.get(aspect.casefold(), ""),
        group=title,
    )


def variant(tasks: Sequence[SummaryTask], which: Variant, *, share: float = 0.5, seed: int = 0) -> list[SummaryTask]:
    """Keep the tasks of some aspects, to see whether a summarizer knows only what is asked often.

    Args:
        tasks: With aspects.
        which: "frequent" keeps the aspects asked most often, "rare" those asked least, "random" some drawn.
        share: Of the different aspects that are kept, at least one; equally frequent ones by name.
        seed: Of the draw.
    """
    counted = Counter(task.asked for task in tasks)
    ordered = sorted(counted, key=lambda aspect: (-counted[aspect], aspect))
    if which == "rare":
        ordered.reverse()
    elif which == "random":
        random.Random(seed).shuffle(ordered)
    kept = set(ordered[: max(1, round(share * len(ordered)))])
    return [task for task in tasks if task.asked in kept]
