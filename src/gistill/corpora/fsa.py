"""The FSA benchmark: TSA on rest14 and laptop14, ASA on rest16 and laptop16. No licence stated: for measuring only.

Format: a JSON list, with a byte order mark, of `{ID, sentence, aspects: [{from, to, target, category, polarity}]}`; a
target is null or "NULL" where none is named. In the test parts each aspect has `opinion_words`, null where the opinion
has no words of its own: this is what the benchmark's "implicit" view goes by. Its "multi" view goes by the polarities
of all aspects. Some aspects have the polarity "conflict", which the published code scores as a fourth polarity and
gistill, which has three, leaves out and counts.
Source: Zhang et al., Distilling Fine-grained Sentiment Understanding from Large Language Models (2024).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gistill.corpora.labelled import Source, open_part
from gistill.corpora.tuples import Example, Quad, from_quads
from gistill.errors import InputError
from gistill.schema import SentimentTask

_ROOT = "fsa_datasets/w_hard"
TASKS: dict[str, SentimentTask] = {"rest14": "tsa", "laptop14": "tsa", "rest16": "tasd", "laptop16": "asa"}
SOURCE = Source(
    name="fsa-distillation",
    address="https://github.com/HITSZ-HLT/FSA-Distillation",
    licence="",
    ship=False,
    files={
        f"{_ROOT}/atsa/rest14/train.json": "c4e7f6908e0e0c1128ee8d74f18882fa72c4d762871d95570a898003d0fd1978",
        f"{_ROOT}/atsa/rest14/dev.json": "3573db15d08ba652a3516459aa277640d2508663686116c051bb78be6bd7a243",
        f"{_ROOT}/atsa/rest14/test.json": "c892fa55877de9efe1732e8a0d3c885c5e81f9d5c489d5dcbddd1463e247c83c",
        f"{_ROOT}/atsa/laptop14/train.json": "3ed4987d4428f6a4b820a8da32f6e0a1748ab2dea98b99380cd1572eb5fccf90",
        f"{_ROOT}/atsa/laptop14/dev.json": "f9123858f82731641ebfacc2bbf3e880cfba3957d604dd47150f27d7b90439ee",
        f"{_ROOT}/atsa/laptop14/test.json": "59b22e85d3a4ffff9d964b5d908cca2e3ab20abec03544ce3406c91c0bf49cf2",
        f"{_ROOT}/acsa/rest16/train.json": "55c5fc70a120d996138c8df386a878215ea3ea75c38ab9de9507d9cf560651e4",
        f"{_ROOT}/acsa/rest16/dev.json": "35304ce547ad9ca015341c8ff5e67644867fc67dbbf331b531c5ff2ef0331a89",
        f"{_ROOT}/acsa/laptop16/train.json": "042ca71863e13d0b16fbb00c45c2d183dc43802fe70b159b1ef9f066984f6b33",
        f"{_ROOT}/acsa/laptop16/dev.json": "74785156c40899fddbf6f323daaa4301be06c12db13221593b74a8908834213e",
    },
)


def load(domain: str, part: str, *, folder: Path) -> list[Example]:
    """Load one part, with every element its labels have (`TASKS`).

    Args:
        domain: A key of `TASKS`.
        part: "train", "dev", or "test" of rest14 and laptop14.
        folder: The data folder.

    Raises:
        InputError: The file is not in the format.
    """
    task = TASKS[domain]
    file = f"{_ROOT}/{'atsa' if task == 'tsa' else 'acsa'}/{domain}/{part}.json"
    return read_rows(open_part(SOURCE, file, folder=folder), task, source=f"fsa/{domain}/{part}", file=file)


def read_rows(content: str, task: SentimentTask | None, *, source: str, file: str = "") -> list[Example]:
    """Read a file's content.

    Args:
        content: The JSON, without its byte order mark.
        task: "tsa", "asa" or "tasd"; None is the one of these that has all elements of the file.
        source: See `Example`.
        file: File name for the error.

    Raises:
        InputError: It is not JSON, or a row (counted from 1 in the list) is not in the format.
    """
    try:
        rows = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"not JSON ({error})", file=file) from error
    if not isinstance(rows, list):
        raise InputError("not a JSON list of sentences", file=file)
    task = task or _task(rows)
    marked = '"opinion_words"' in content
    return [_example(row, task, marked, source, file, number) for number, row in enumerate(rows, 1)]


def _task(rows: list[Any]) -> SentimentTask:
    """Say which elements the labels of a file have; rows that are none are met later."""
    aspects = [a for row in rows if isinstance(row, dict) for a in _listed(row) if isinstance(a, dict)]
    if not any(aspect.get("category") for aspect in aspects):
        return "tsa"
    return "tasd" if any(aspect.get("target") for aspect in aspects) else "asa"


def _listed(row: dict[str, Any]) -> list[Any]:
    aspects = row.get("aspects")
    return aspects if isinstance(aspects, list) else []


def _example(row: Any, task: SentimentTask, marked: bool, source: str, file: str, number: int) -> Example:
    quads: list[Quad] = []
    try:
        if not isinstance(row["aspects"], list) or not isinstance(row["sentence"], str) or not row["sentence"].strip():
            raise TypeError("aspects is no list, or sentence no text")
        for aspect in row["aspects"]:
            target, polarity = aspect["target"], aspect["polarity"]
            category = aspect["category"] if task != "tsa" else None
            if not (isinstance(polarity, str) and isinstance(target, str | None)):
                raise TypeError(f"target {target!r:.40} or polarity {polarity!r:.40} is not a text")
            if task != "tsa" and not (isinstance(category, str) and category):
                raise TypeError(f"category {category!r:.40} is not a text")
            target = None if task == "asa" or target in (None, "", "NULL") else target
            if task != "tsa" or target:
                quads.append((target, category, None, polarity))
        implicit = any(not aspect.get("opinion_words") for aspect in row["aspects"]) if marked else None
        return from_quads(row["sentence"], task, quads, source=source, implicit=implicit)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(f"not a sentence of the FSA format ({error})", file=file, row=number) from error
