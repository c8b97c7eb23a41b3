"""Which of two opinions comes first where nothing else decides: by what was written and where, never by a number."""

from __future__ import annotations

from hashlib import blake2b

from gistill.schema import Opinion, Record


def tie_break(opinion: Opinion, record: Record) -> bytes:
    """Give an opinion's place in an order drawn by lot, and always the same lot.

    The lot is a hash of the record's text and of where in it the opinion stands: sentence, aspect and opinion words,
    polarity. So early rows have no advantage, and neither the order of the rows nor the ids, which follow from it
    where the data have none, decide which quotes are shown. Different people may have written the same text; there a
    second hash decides, of what else a reader of the report may see or the counts may know of a record: its entity,
    author, date, rating and language. Of two records that are alike in all of this, either may stand for the other:
    their ties are equal, and a stable sort (or `max`) keeps the first.

    Args:
        opinion: Of this record.
        record: Its id, file, row and further columns do not matter.

    Returns:
        24 bytes, to sort by; equal where nothing that is shown or counted tells two opinions apart.
    """
    stretches = (opinion.sentence, opinion.aspect, opinion.opinion)
    place = [(span.start, span.end) if span else None for span in stretches]
    about = (record.entity, record.author, str(record.date), record.rating, record.language)
    text = record.text.encode("utf-8", "surrogatepass")
    return _lot(ascii((place, opinion.polarity)).encode() + text, 16) + _lot(ascii(about).encode(), 8)


def _lot(data: bytes, size: int) -> bytes:
    return blake2b(data, digest_size=size).digest()
