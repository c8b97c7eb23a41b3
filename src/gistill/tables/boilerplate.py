"""Long passages that recur over many cells: disclaimers of mails, templates. Found by counting, so in any language.

What recurs is a run of at least 30 words, beginning with a sentence, in at least five different texts. A title or a
short review is none, however often it comes: equal short texts of different people are what they wrote.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from gistill.files import short_hash
from gistill.schema import Apart, Record
from gistill.tables.apart import Stretch, joined

_WORDS = 30
_LEAST_TEXTS, _LEAST_SHARE = 5, 0.001
_LEAST_LEFT = 4  # characters of a record
_MOST_HELD = 1_000_000  # hashes; beyond, what was seen once is forgotten
_SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？]*")
_WORD = re.compile(r"[^\W_]+")
_DIGIT = re.compile(r"\d+")


@dataclass(frozen=True)
class Boilerplate:
    """What recurs over the texts of a source, as hashes."""

    runs: frozenset[int] = frozenset()  # of 30 words from the beginning of a sentence
    sentences: frozenset[int] = frozenset()

    def find(self, text: str) -> list[Stretch]:
        """List the passages of a text that recur; each ends with a sentence, and none is empty."""
        if not self.runs:
            return []
        pieces = _pieces(text)
        found: list[Stretch] = []
        place = 0
        while place < len(pieces):
            last = self._last(pieces, place)
            if last is not None:
                found.append(Stretch(pieces[place].start, pieces[last].end, "boilerplate"))
            place = place + 1 if last is None else last + 1
        return found

    def _last(self, pieces: list[_Piece], first: int) -> int | None:
        """Say with which piece a passage ends that begins with one; None where none does."""
        if pieces[first].run not in self.runs:
            return None
        last, words = first, 0
        for place in range(first, len(pieces)):
            words = max(words - pieces[place - 1].words, 0) if place > first else 0
            words = _WORDS if pieces[place].run in self.runs else words
            if not words and pieces[place].sentence not in self.sentences:
                break
            last = place
        return last


def without_boilerplate(record: Record, common: Boilerplate, *, messages: bool = False) -> Record:
    """Set what recurs apart in each part of a record, beside what is set apart already.

    A conversation in a cell stays as it is, since its turns say whose words are read, and so does a record of which
    nothing would be left: people answer the same form in the same words.

    Args:
        record: A record of the source in which was counted.
        common: What recurs.
        messages: Whether each turn is a text in which was counted, as where a conversation stands over several rows.
    """
    if record.turns and not messages:
        return record
    spans = [(part.start, part.end) for part in record.turns or record.parts] or [(0, len(record.text))]
    more = [
        Stretch(start + stretch.start, start + stretch.end, stretch.reason)
        for start, end in spans
        for stretch in common.find(record.text[start:end])
    ]
    left = sum(end - start for start, end in spans) - sum(one.end - one.start for one in more)
    if not more or left < _LEAST_LEFT:
        return record
    before = [Stretch(one.start, one.end, one.reason) for one in record.apart]
    return record.model_copy(update={"apart": tuple(Apart(**one._asdict()) for one in joined([*before, *more]))})


@dataclass(frozen=True)
class _Piece:
    start: int
    end: int
    words: int
    sentence: int
    run: int | None  # the 30 words from here; None where fewer are left


def find_boilerplate(texts: Iterable[str]) -> Boilerplate:
    """Count what recurs over texts. Equal texts count once: a text that was copied is no boilerplate.

    Args:
        texts: One after another; nothing of them is held but hashes of 8 bytes, a million at most of each kind.
    """
    seen: set[int] = set()
    runs: Counter[int] = Counter()
    sentences: Counter[int] = Counter()
    for text in texts:
        if len(text) < 4 * _WORDS or (whole := short_hash(_DIGIT.sub("0", text))) in seen:
            continue
        if len(seen) < _MOST_HELD:
            seen.add(whole)
        pieces = _pieces(text)
        runs.update({piece.run for piece in pieces if piece.run is not None})
        sentences.update({piece.sentence for piece in pieces})
        for counts in (runs, sentences):
            if len(counts) > _MOST_HELD:
                for rare in [key for key, count in counts.items() if count == 1]:
                    del counts[rare]
    least = max(_LEAST_TEXTS, _LEAST_SHARE * len(seen))
    often = frozenset(key for key, count in runs.items() if count >= least)
    kept = frozenset(key for key, count in sentences.items() if count >= least) if often else frozenset()
    return Boilerplate(often, kept)


def _pieces(text: str) -> list[_Piece]:
    """Cut a text at its sentences; numbers in them make no difference, as tickets have their own."""
    spans: list[tuple[int, int, list[str]]] = []
    words: list[str] = []
    begins: list[int] = []
    for match in _SENTENCE.finditer(text):
        own = _WORD.findall(_DIGIT.sub("0", match[0].casefold()))
        if own:
            start = match.start() + len(match[0]) - len(match[0].lstrip())
            spans.append((start, match.start() + len(match[0].rstrip()), own))
            begins.append(len(words))
            words += own
    return [
        _Piece(
            start,
            end,
            len(own),
            short_hash(" ".join(own)),
            short_hash(" ".join(words[begin : begin + _WORDS])) if begin + _WORDS <= len(words) else None,
        )
        for (start, end, own), begin in zip(spans, begins, strict=True)
    ]
