"""Records in, readable unique records out; what is set apart leaves as a `Failure` by name, so that it is counted.

Of a conversation, `customer_spans` says which turns are read.

Counts are of people, so the question about two equal texts is whether one person wrote both. "Great product" from forty
people is forty people; forty words that come twice were copied.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from gistill.errors import SettingError
from gistill.files import short_hash
from gistill.fillers import is_deleted, is_filler
from gistill.schema import Failure, Record, Span
from gistill.speakers import of_customers
from gistill.text import count_words, is_blank, normalise, why_not_text

# Of 69,634 anonymous product reviews, those of 9 words and more that come twice concern, as far as one can tell, one
# writer; shorter ones were not in that collection, and "works great, thanks" plainly has many.
MIN_WORDS = 8

_SHINGLE = 5  # characters; words would not serve Chinese or Thai
_HASHES = 128  # standard error of the estimated similarity at 0.9: 0.027
_BANDS, _ROWS = 8, 6  # a pair as similar as 0.9 meets in some band with probability 0.998, of 0.8 with 0.91
_MARKS = re.compile(r"[\W_]+")


def screen(
    items: Iterable[Record | Failure], *, max_characters: int = 50_000, near_duplicate: float = 0.9
) -> Iterator[Record | Failure]:
    """Pass on the records that can be read and stand for somebody; turn the others into failures.

    The kinds, in the order they are looked for: `too_long`, `empty` (nothing visible, or the reason of what is set
    apart where that is all), `deleted` ("[removed]"), `filler` (answers that say nothing, see `fillers`),
    `not_text` (see `text.why_not_text`; emoji alone are text), `duplicate`, `near_duplicate`. Of repeated
    records the first is kept, and the detail of the others names it.

    A record repeats another if the words are the same (case, white space and Unicode compatibility forms aside), the
    entity is the same or both have none, and one person wrote both, which is taken to be so

    * when both have the same author, however short the text;
    * when neither has an author and the text has at least 8 words: shorter ones are what different people write.

    Equal texts by different authors, or by a known and an unknown one, are different people and are all kept. Near
    duplicates obey the same rules and have at least 8 words in any case; they are found by MinHash over runs of five
    characters, letters and digits only, so punctuation and emoji make no difference. In a bucket of alike texts only
    the first is compared with, so a few pairs (see the constants) are missed; none is invented beyond the error of the
    estimate.

    Args:
        items: Records and failures, in order; failures pass through. Taken one at a time: nothing is held of a record
            but its id and about a kilobyte of hashes (1.1 KB in all, measured), so a million
            records need about a gigabyte.
        max_characters: The longest text that is kept, in code points.
        near_duplicate: The least Jaccard similarity of near duplicates, from 0.8 (below, the search would miss too
            many) to 1.

    Returns:
        As many items as came in, in the same order. The same items give the same output on every machine.

    Raises:
        SettingError: A limit that cannot be meant. Raised at once.

    Source:
        Broder, On the resemblance and containment of documents, SEQUENCES 1997; banding: Leskovec, Rajaraman and
        Ullman, Mining of Massive Datasets, section 3.4.
    """
    if not 0.8 <= near_duplicate <= 1:
        raise SettingError(f"near_duplicate is {near_duplicate}; it must be from 0.8 to 1")
    if max_characters < 1:
        raise SettingError(f"max_characters is {max_characters}; it must be at least 1")
    return _screen(items, max_characters, near_duplicate)


def _screen(items: Iterable[Record | Failure], max_characters: int, least: float) -> Iterator[Record | Failure]:
    seen: dict[int, str] = {}
    near = NearDuplicates(least)
    for item in items:
        if isinstance(item, Failure):
            yield item
            continue
        kind, detail = _unreadable(item, max_characters)
        if not kind:
            kind, detail = _repeated(item, seen, near)
        yield Failure(kind=kind, record=item.id, row=item.row, detail=detail) if kind else item


def _unreadable(record: Record, max_characters: int) -> tuple[str, str]:
    if len(record.text) > max_characters:
        return "too_long", f"{len(record.text):,} characters; at most {max_characters:,} are read"
    said = _own_words(record)
    if is_blank(said):
        kind = record.apart[0].reason if record.apart else "agent" if record.turns else "empty"
        return (kind, "no words of a customer") if kind == "agent" else (kind, "")
    if is_deleted(said):
        return "deleted", ""
    if all(_says_nothing(record, span) for span in customer_spans(record)):
        return "filler", ""
    reason = why_not_text(said)
    return ("not_text", reason) if reason else ("", "")


def _says_nothing(record: Record, span: Span) -> bool:
    side = next((part.side for part in record.parts if part.start <= span.start < part.end), None)
    return is_filler(record.text[span.start : span.end], side)


def _repeated(record: Record, seen: dict[int, str], near: NearDuplicates) -> tuple[str, str]:
    text = normalise(_own_words(record))
    author = normalise(record.author or "")
    long = count_words(text) >= MIN_WORDS
    if not long and not author:
        return "", ""
    about = f"{normalise(record.entity or '')}\0{author}\0"
    first = seen.setdefault(short_hash(about + text), record.id)
    if first != record.id:
        return "duplicate", f"repeats {first}"
    if long and (first := near.find_or_add(text, short_hash(about), record.id)) != record.id:
        return "near_duplicate", f"nearly repeats {first}"
    return "", ""


def customer_spans(record: Record) -> list[Span]:
    """Say which stretches of a record are read: its parts, or the customers' turns in them, without what is set apart.

    Whose a turn is, its role says, or who opens the conversation: see `speakers.of_customers`.
    """
    theirs = of_customers([(turn.role, record.text[turn.start : turn.end]) for turn in record.turns])
    spoken: list[Span] = [turn for turn, whose in zip(record.turns, theirs, strict=True) if whose]
    written = [part for part in record.parts or _whole(record) if not any(_holds(part, turn) for turn in record.turns)]
    spans = without(sorted([*spoken, *written], key=lambda span: span.start), record.apart)
    return [span for span in spans if not is_blank(record.text[span.start : span.end])]


def _holds(part: Span, turn: Span) -> bool:
    return part.start <= turn.start and turn.end <= part.end


def without(spans: Sequence[Span], apart: Sequence[Span]) -> list[Span]:
    """Cut stretches out of others: what is left of `spans`, in order. Both are in the order of the text."""
    left: list[Span] = []
    for span in spans:
        place = span.start
        for cut in apart:
            if cut.end <= place or cut.start >= span.end:
                continue
            if cut.start > place:
                left.append(Span(start=place, end=cut.start))
            place = cut.end
        if place < span.end:
            left.append(Span(start=place, end=span.end))
    return left


def _whole(record: Record) -> list[Span]:
    return [Span(start=0, end=len(record.text))] if record.text else []


def _own_words(record: Record) -> str:
    """Give what is read of a record: two conversations are not alike because an agent greets alike in both."""
    return " ".join(record.text[span.start : span.end] for span in customer_spans(record))


class NearDuplicates:
    """An index of texts that finds the first one added that a new text nearly repeats.

    Written here and not taken from datasketch because that one's index took 3.2 KB a record, ten times the text of an
    average review (this one takes a third), and brings SciPy.
    """

    def __init__(self, least: float) -> None:
        random = np.random.default_rng(20240229)  # any fixed number; other numbers would find slightly other pairs
        self._factors = random.integers(0, 2**31, (_HASHES, 1), dtype=np.uint32) * 2 + 1
        self._offsets = random.integers(0, 2**32, (_HASHES, 1), dtype=np.uint32)
        self._least = least
        self._bands: list[dict[int, int]] = [{} for _ in range(_BANDS)]
        self._ids: list[str] = []
        self._signatures = np.empty((1024, _HASHES), dtype=np.uint16)

    def find_or_add(self, text: str, about: int, name: str) -> str:
        """Name the first text, of those with the same `about`, that this one nearly repeats; else add it as `name`."""
        minima = self._minima(text)
        signature = minima.astype(np.uint16)  # the low half tells two hashes apart as well, but for 1 in 65,536
        buckets = self._buckets(minima, about)
        found = {band[bucket] for band, bucket in zip(self._bands, buckets, strict=True) if bucket in band}
        for place in sorted(found):
            if np.count_nonzero(self._signatures[place] == signature) >= self._least * _HASHES:
                return self._ids[place]
        place = len(self._ids)
        if place == len(self._signatures):
            self._signatures = np.concatenate([self._signatures, np.empty_like(self._signatures)])
        self._signatures[place] = signature
        self._ids.append(name)
        for band, bucket in zip(self._bands, buckets, strict=True):
            band.setdefault(bucket, place)
        return name

    def _minima(self, text: str) -> npt.NDArray[np.uint32]:
        """Take the least value of each hash function over the text's shingles; shape (128,)."""
        letters = _MARKS.sub(" ", text).strip().ljust(_SHINGLE)
        codes = np.frombuffer(letters.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
        shingles = np.zeros(len(codes) - _SHINGLE + 1, dtype=np.uint64)
        for place in range(_SHINGLE):
            shingles = shingles * np.uint64(0x9E3779B97F4A7C15) + codes[place : place + len(shingles)]
        shingles ^= shingles >> np.uint64(29)
        shingles *= np.uint64(0xBF58476D1CE4E5B9)
        values = (shingles >> np.uint64(32)).astype(np.uint32)
        minima = np.full(_HASHES, 0xFFFFFFFF, dtype=np.uint32)
        for start in range(0, len(values), 512):  # 128 times the text would not fit the cache
            minima = np.minimum(minima, (values[start : start + 512] * self._factors + self._offsets).min(axis=1))
        return minima

    def _buckets(self, minima: npt.NDArray[np.uint32], about: int) -> list[int]:
        rows = minima[: _BANDS * _ROWS].reshape(_BANDS, _ROWS).astype(np.uint64)
        mixed = np.full(_BANDS, about, dtype=np.uint64)
        for place in range(_ROWS):
            mixed = (mixed ^ rows[:, place]) * np.uint64(0x9E3779B97F4A7C15)
            mixed ^= mixed >> np.uint64(31)
        return [int(bucket) for bucket in mixed]
