"""Sentences that attack people, counted and noted in a digest: a report marks them, or hides them on wish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from gistill.digest.extract import sentences_of
from gistill.schema import Attacks, Digest, Opinion, Record, Span
from gistill.toxic import is_toxic


def with_attacks(digest: Digest, opinions: Sequence[Opinion], records: Sequence[Record], *, hide: bool) -> Digest:
    """Note which opinions stand in sentences that attack people, and where such sentences are in the records shown.

    No figure changes: they are opinions like others.

    Args:
        digest: Of these opinions.
        opinions: All that are counted.
        records: All that were read.
        hide: Whether the files people read show a placeholder instead; digest.json and opinions.jsonl stay exact.
    """
    texts = {record.id: record.text for record in records}
    judged = cache(is_toxic)
    found = {o.id for o in opinions if judged(texts[o.record][o.sentence.start : o.sentence.end])}
    noted = Attacks(
        opinions=len(found),
        of=len(opinions),
        quoted=tuple(o.id for o in digest.cited if o.id in found),
        spans=_spans(digest.contexts),
        hidden=hide,
    )
    return digest.model_copy(update={"attacks": noted})


def _spans(contexts: Mapping[str, Record]) -> dict[str, tuple[Span, ...]]:
    found = {}
    for name, record in contexts.items():
        spans = tuple(one for one in sentences_of(record, ())[0] if is_toxic(record.text[one.start : one.end]))
        if spans:
            found[name] = spans
    return found
