"""`gistill summarize --as document` or `--as reviews`: sentences chosen from the sources, in three forms."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gistill.digest.extractive import Chosen, Shape
    from gistill.schema import Record

COLUMNS = ("aspect", "sentence", "record", "start", "end")
Summaries = list[tuple[str, "list[Chosen]"]]  # aspect, empty for everything; its sentences


def summarize_texts(
    records: Sequence[Record],
    shape: Shape,
    aspects: Sequence[str],
    words: int,
    *,
    progress: Callable[[int, int], None],
) -> Summaries:
    """Choose the sentences of each aspect; without aspects, of everything."""
    from gistill.digest.extractive import summarize_records
    from gistill.likeness import load_likeness
    from gistill.vectors import load_vectors

    encoder, vectors = load_likeness(), load_vectors()
    choose = partial(
        summarize_records, records, shape, encoder=encoder, vectors=vectors, words=words, progress=progress
    )
    return [(aspect, choose(aspect=aspect)) for aspect in aspects or ("",)]


def lines(found: Summaries, form: str, shape: Shape, records: int) -> Iterator[str]:
    """Give the result line by line, as "markdown", "csv" or "json"."""
    from gistill.tables import csv_lines

    if form == "json":
        rows = [{"aspect": aspect or None, "sentences": [one._asdict() for one in said]} for aspect, said in found]
        whole = {"as": shape, "records": records, "by": "extraction", "summaries": rows}
        yield json.dumps(whole, ensure_ascii=False, indent=1)
    elif form == "csv":
        cells = [(aspect, one.text, one.record, one.start, one.end) for aspect, said in found for one in said]
        yield from (line.removesuffix("\r\n") for line in csv_lines(COLUMNS, cells))
    else:
        for aspect, said in found:
            if aspect:
                yield f"## {_plain(aspect)}\n"
            for one in said:
                yield f"* {_plain(one.text)}"
            yield "" if said else "Nothing was said about this.\n"
        yield "No model wrote this: each sentence stands word for word in the source."


def _plain(text: str) -> str:
    """Keep what somebody wrote from becoming Markdown or HTML."""
    from gistill.digest.report.markdown import escape_markdown

    return escape_markdown(" ".join(text.split()))
