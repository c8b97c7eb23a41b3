"""Summaries of one side of an aspect: the evidence that a digest would show a writer, and the checks it would make.

All records are read and grouped first, as for a digest, so they are held in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, cast

from gistill.digest.extract import SentenceReader, extract
from gistill.digest.group.grouping import group
from gistill.digest.summary.summarizing import Side, check_draft, gather_sides
from gistill.distill.tasks import Answer, Item, Read, Row, Task
from gistill.schema import Failure, Message, Record
from gistill.screen import screen
from gistill.skills import summary
from gistill.skills.summary import SummaryInput

_MAX_TOKENS = 64


class Evidence(NamedTuple):
    """What there is to summarize, and the task that knows how to check it."""

    items: list[Item | Failure]
    task: Task


def summary_evidence(records: Iterable[Record | Failure], reader: SentenceReader) -> Evidence:
    """Read and group records, and give each side of each aspect that more than one opinion bears out.

    Of an answer its first sentence is kept, if it goes on from the beginning that was given and every check of a digest
    passes: what is taught stands on the words that are cited.

    Args:
        records: All of them; what cannot be read comes out as it went in.
        reader: See `gistill.reader.load_reader`.
    """
    screened = list(screen(records))
    kept = {record.id: record for record in screened if isinstance(record, Record)}
    found = extract(list(kept.values()), reader=reader)
    aspects = group(found.opinions, list(kept.values())).aspects
    by_id = {opinion.id: opinion for opinion in found.opinions}
    sides: dict[str, Side] = {}
    items: list[Item | Failure] = [one for one in screened if isinstance(one, Failure)]
    for aspect in aspects:
        for side in gather_sides(aspect, by_id, kept):
            if len(side.evidence) > 1:
                name = f"{aspect.id}#{side.feeling}"
                sides[name] = side
                items.append(Item(id=name, record=aspect.id, text="\n".join(side.asked.quotes), asked=_asked(side)))

    def read(answer: str, item: Item, whole: bool) -> Read:
        return _read(answer, item, sides[item.id], kept) if item.id in sides else Read(None)

    return Evidence(items, Task("summary", "side", _MAX_TOKENS, ("parsed", "supported"), _ask, read, _lessons))


def _asked(side: Side) -> Answer:
    return {**side.asked._asdict(), "quotes": list(side.asked.quotes)}


def _input(asked: Answer) -> SummaryInput:
    fields = cast("dict[str, Any]", asked)
    return SummaryInput(fields["aspect"], fields["feeling"], fields["who"], tuple(fields["quotes"]))


def _ask(item: Item) -> tuple[Message, ...]:
    return summary.render(_input(item.asked))


def _read(answer: str, item: Item, side: Side, records: dict[str, Record]) -> Read:
    drafts = summary.parse(answer, limit=1)
    if isinstance(drafts, Failure):
        return Read(None, (drafts.model_copy(update={"record": item.record}),))
    text = drafts[0].text
    if not text.startswith(summary.lead(side.asked)):
        return Read(None, (Failure(kind="other_beginning", record=item.record, detail=text[:200]),))
    checked = check_draft(side, drafts[0], records)
    if checked.check.verdict != "supported":
        detail = f"{text[:300]} ({'; '.join(checked.check.reasons)})"
        return Read(None, (Failure(kind="not_supported", record=item.record, detail=detail),))
    return Read({"summary": text, "cites": list(checked.cites)})


def _lessons(row: Row) -> Sequence[tuple[tuple[Message, ...], str]]:
    """Teach the whole sentence: the product gives its beginning, which a chat template joins to the same tokens."""
    return [(summary.render(_input(row.asked))[:-1], str(row.answer["summary"]))]
