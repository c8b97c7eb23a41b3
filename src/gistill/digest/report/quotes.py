"""An opinion in, the excerpt of its record out: the sentence in its surroundings, its words marked. Pure."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gistill.schema import Opinion, Quote, Record, Span

AROUND = 160  # characters shown before and after the sentence
LONG = 480  # a sentence longer than this is itself cut to the surroundings of its marked words
_SLACK = 24  # how far a cut may move to reach a word border; Chinese and Thai have none within it


class Piece(NamedTuple):
    """A stretch of an excerpt that is shown in one way. `marks` is empty, or names what the words are."""

    text: str
    in_sentence: bool
    marks: tuple[str, ...]  # of "aspect" and "opinion", in that order


class Excerpt(NamedTuple):
    """What is shown of one opinion. `pieces` is empty when the words do not stand where the opinion says."""

    opinion: Opinion | None
    record: Record | None
    pieces: tuple[Piece, ...]
    problem: str  # why there are no pieces, as a sentence; otherwise empty


def excerpts(cites: tuple[str, ...], *, cited: Mapping[str, Opinion], contexts: Mapping[str, Record]) -> list[Excerpt]:
    """Look up the opinions a sentence or phrase cites, in the order it cites them, each once."""
    return [_excerpt(cited.get(name), contexts) for name in dict.fromkeys(cites)]


def _excerpt(opinion: Opinion | None, contexts: Mapping[str, Record]) -> Excerpt:
    if opinion is None:
        return Excerpt(None, None, (), "The cited opinion is not in this digest.")
    record = contexts.get(opinion.record)
    if record is None:
        return Excerpt(opinion, None, (), "The record of this opinion is not in this digest.")
    if not _stands(opinion, record.text):
        return Excerpt(
            opinion, record, (), "These words do not stand in the record where they were said to; not shown."
        )
    return Excerpt(opinion, record, tuple(cut(record.text, opinion)), "")


def _stands(opinion: Opinion, text: str) -> bool:
    quotes = [quote for quote in (opinion.aspect, opinion.opinion) if quote is not None]
    inside = opinion.sentence.end <= len(text) and bool(text[opinion.sentence.start : opinion.sentence.end].strip())
    return inside and all(text[quote.start : quote.end] == quote.text for quote in quotes)


def cut(text: str, opinion: Opinion) -> list[Piece]:
    """Cut a record to a window around an opinion's sentence and mark the aspect and the opinion words in it.

    Args:
        text: The record's text; every offset of the opinion holds in it.
        opinion: What is shown.

    Returns:
        Pieces whose texts, joined, are the window, with `… ` before and ` …` after where something was left out.
        The sentence and both quotes are always whole unless the sentence is longer than `LONG`: then the words
        around the quotes are kept, and a reader's limit on tokens bounds how far apart those are.
    """
    start, end = _window(text, opinion)
    marks = [(name, quote) for name, quote in (("aspect", opinion.aspect), ("opinion", opinion.opinion)) if quote]
    borders = {start, end, *(edge for _, quote in marks for edge in (quote.start, quote.end))}
    borders |= {edge for edge in (opinion.sentence.start, opinion.sentence.end) if start < edge < end}
    edges = sorted(borders)
    pieces = [
        Piece(
            text[left:right],
            _covers(opinion.sentence, left),
            tuple(name for name, quote in marks if _covers(quote, left)),
        )
        for left, right in itertools.pairwise(edges)
    ]
    if text[:start].strip():
        pieces.insert(0, Piece("… ", False, ()))
    if text[end:].strip():
        pieces.append(Piece(" …", False, ()))
    return pieces


def sentence(pieces: Sequence[Piece]) -> str:
    """Join what belongs to the sentence of the opinion, without its surroundings."""
    return "".join(piece.text for piece in pieces if piece.in_sentence)


def lines(excerpt: Excerpt) -> list[str]:
    """Write an excerpt without marks, a conversation one turn a line: what an agent says is then no customer's.

    Args:
        excerpt: With pieces.

    Returns:
        Of a record without turns one line. A turn of which the beginning was left out is still called by its label.
    """
    record, opinion = excerpt.record, excerpt.opinion
    if record is None or opinion is None or not record.turns:
        return ["".join(piece.text for piece in excerpt.pieces)]
    text, (start, end) = record.text, _window(record.text, opinion)
    ends = [0, *(turn.end for turn in record.turns[:-1])]  # before each turn stands its label
    begun = [border for border, turn in zip(ends, record.turns, strict=True) if border < start <= turn.start]
    start = min([start, *begun])  # a label is not cut
    found = [
        text[max(start, border) : min(end, after)].strip()
        for border, after in itertools.pairwise([*ends, len(text)])
        if border < end and after > start
    ]
    for border, turn in zip(ends, record.turns, strict=True):
        if turn.start <= start < turn.end and text[:start].strip():
            label = text[border : turn.start].strip().rpartition("\n")[2].rstrip()
            found[0] = f"{label} … {found[0]}" if label else f"… {found[0]}"
    return [line for line in [*found[:-1], f"{found[-1]} …" if text[end:].strip() else found[-1]] if line]


def _covers(span: Span, place: int) -> bool:
    return span.start <= place < span.end


def _window(text: str, opinion: Opinion) -> tuple[int, int]:
    quotes: list[Quote] = [quote for quote in (opinion.aspect, opinion.opinion) if quote is not None]
    sentence = opinion.sentence
    start, end = sentence.start, sentence.end
    if end - start > LONG:
        start = min((quote.start for quote in quotes), default=start)
        end = max((quote.end for quote in quotes), default=start + LONG)
    start = min([start, *(quote.start for quote in quotes)])
    end = max([end, *(quote.end for quote in quotes)])
    return _border_before(text, start), _border_after(text, end)


def _border_before(text: str, kept: int) -> int:
    """Find where a window may begin: about `AROUND` characters before `kept`, at a word border if one is near."""
    wanted = kept - AROUND
    if wanted <= _SLACK:
        return 0
    for place in range(wanted, wanted - _SLACK, -1):
        if text[place - 1].isspace():
            return place
    while wanted and _continues(text, wanted):
        wanted -= 1
    return wanted


def _border_after(text: str, kept: int) -> int:
    wanted = kept + AROUND
    if wanted >= len(text) - _SLACK:
        return len(text)
    for place in range(wanted, wanted + _SLACK):
        if text[place].isspace():
            return place
    while wanted < len(text) and _continues(text, wanted):
        wanted += 1
    return wanted


def _continues(text: str, place: int) -> bool:
    """Say whether the character at `place` belongs to the one before it: an accent, a joined or coloured emoji."""
    character = text[place]
    joined = "\u200d" in (character, text[place - 1])
    return joined or unicodedata.category(character) in ("Mn", "Me", "Mc") or "\U0001f3fb" <= character <= "\U0001f3ff"
