"""Records to the texts a teacher is asked about: readable, once each, not in any test set, as many as are paid for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from gistill.corpora.leaks import fingerprint
from gistill.distill.tasks import Item
from gistill.files import hash_file, replacing, short_hash
from gistill.schema import Failure, Record, Span
from gistill.screen import customer_spans, screen
from gistill.sentences import split
from gistill.tables import read_jsonl, write_jsonl
from gistill.text import clean, is_blank, normalise, why_not_text

MAX_CHARACTERS = 20_000  # of a text asked about as a whole: about 5,000 tokens, which any server's context holds

Choose = Callable[[Sequence[str], int], Sequence[int]]  # texts and how many -> places, see `choose`


class Plan(NamedTuple):
    """What will be asked about, on disk.

    Attributes:
        path: The items, as JSONL.
        set_apart: What was set apart before, as JSONL of failures.
        items: How many will be asked about.
        candidates: How many there were to choose from.
        hash: Of the items.
        counts: What was set apart, by kind; `leak` is a text that stands in a test set.
    """

    path: Path
    set_apart: Path
    items: int
    candidates: int
    hash: str
    counts: dict[str, int]

    def read(self, start: int = 0, count: int | None = None) -> Iterator[Item]:
        """Go through the items from a place on."""
        items = read_jsonl(self.path, Item)
        for number, item in enumerate(items):
            if count is not None and number >= start + count:
                return
            if number >= start:
                yield item


def make_plan(
    found: Iterable[Item | Failure],
    folder: Path,
    *,
    apart: Collection[str] = frozenset(),
    limit: int | None = None,
    choose: Choose | None = None,
) -> Plan:
    """Write down what will be asked about, before anything is.

    Args:
        found: Candidates, and what was set apart before; see `items_of`.
        folder: Where the plan goes; it exists.
        apart: Fingerprints (`corpora.leaks.fingerprint`) of the texts that must not be trained on.
        limit: The most texts to ask about; None asks about all.
        choose: Which texts a limit leaves; None takes the first. Asked only where there are more than the limit.

    Returns:
        The plan. Of a candidate 8 bytes are held in memory, and the text only while `choose` looks at it.
    """
    path, set_apart = folder / "plan.jsonl", folder / "set_apart.jsonl"
    counts: Counter[str] = Counter()
    passed = 0
    with replacing(set_apart, private=True) as refused:

        def keep(items: Iterable[Item | Failure]) -> Iterator[Item]:
            nonlocal passed
            for item in items:
                if isinstance(item, Item):
                    passed += 1
                    yield item
                else:
                    counts[item.kind] += 1
                    refused.write(item.model_dump_json().encode() + b"\n")

        candidates = keep(_without_repeats(_items_without_leaks(found, apart)))
        if limit is not None and choose is None:
            candidates = (item for n, item in enumerate(candidates) if n < limit)
        items = write_jsonl(path, candidates, private=True)
    if limit is not None and choose is not None and passed > limit:
        chosen = frozenset(choose([item.text for item in read_jsonl(path, Item)], limit))
        kept = (item for n, item in enumerate(read_jsonl(path, Item)) if n in chosen)
        items = write_jsonl(path, kept, private=True)
    return Plan(path, set_apart, items, passed, hash_file(path), dict(sorted(counts.items())))


def items_of(records: Iterable[Record | Item | Failure], unit: str) -> Iterator[Item | Failure]:
    """Cut records into what is asked about, without repeated and unreadable ones.

    Whoever wrote it, a text is paid for once: unlike a digest, which counts people, nothing is gained by the same words
    from two of them. Of a conversation only what customers say is asked about, a turn at a time.
    """
    if unit not in ("sentence", "text"):
        yield from (item for item in records if not isinstance(item, Record))
        return
    anonymous = (
        item.model_copy(update={"author": None, "entity": None, "text": clean(item.text)})
        if isinstance(item, Record)
        else item
        for item in records
        if not isinstance(item, Item)
    )
    for record in screen(anonymous):
        if isinstance(record, Failure):
            yield record
            continue
        number = 0
        for part in customer_spans(record):
            for span in _units(record, part, unit):
                text = record.text[span.start : span.end]
                wrong = _why_unread(text)
                if wrong:
                    yield Failure(kind=wrong, record=record.id, row=record.row)
                    continue
                yield Item(
                    id=f"{record.id}#{number}",
                    record=record.id,
                    text=text,
                    start=span.start,
                    language=record.language,
                )
                number += 1


def records_without_leaks(
    records: Iterable[Record | Item | Failure], apart: Collection[str]
) -> Iterator[Record | Item | Failure]:
    """Set whole records apart that stand in a test set; cut first, a long test sentence would pass in pieces."""
    for record in records:
        if isinstance(record, Record) and apart and fingerprint(record.text) in apart:
            yield Failure(kind="leak", record=record.id, row=record.row, detail=clean(record.text[:200]))
        else:
            yield record


def _units(record: Record, part: Span, unit: str) -> list[Span]:
    if unit != "sentence":
        text = record.text[part.start : part.end]
        lead = len(text) - len(text.lstrip())
        return [Span(start=part.start + lead, end=part.start + len(text.rstrip()))] if text.strip() else []
    return [
        Span(start=part.start + s.start, end=part.start + s.end)
        for s in split(record.text[part.start : part.end], record.language)
    ]


def _why_unread(text: str) -> str:
    if len(text) > MAX_CHARACTERS:
        return "too_long"
    return "nothing_to_read" if is_blank(text) or why_not_text(text) else ""


def _items_without_leaks(found: Iterable[Item | Failure], apart: Collection[str]) -> Iterator[Item | Failure]:
    for item in found:
        if isinstance(item, Item) and apart and fingerprint(item.text) in apart:
            yield Failure(kind="leak", record=item.record, detail=item.text[:200])
        else:
            yield item


def _without_repeats(found: Iterable[Item | Failure]) -> Iterator[Item | Failure]:
    seen: set[int] = set()
    for item in found:
        if isinstance(item, Item):
            short = short_hash(f"{normalise(item.text)}\0{sorted(item.asked.items())}")
            if short in seen:
                yield Failure(kind="duplicate", record=item.record, detail=item.text[:200])
                continue
            seen.add(short)
        yield item
