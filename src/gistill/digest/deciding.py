"""Which words decided an opinion's polarity: each word of its sentence is left out, and the reader is asked again."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from gistill.digest.extract import SentenceReader, extract, language_of
from gistill.schema import Failure, Noun, Opinion, Polarity, Quote, Record, Span
from gistill.text import UNSPACED, clean

# A character of scripts without spaces between words, a word with its apostrophes and hyphens, or signs (emoji).
_WORD = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+(?:['’-][^\W_{UNSPACED}]+)*|[^\w\s]+")


class Without(Noun):
    """What is read of an opinion where one word is left out of its sentence."""

    word: Quote  # in the text
    polarity: Polarity | None  # None where the opinion is not found any more
    # By how much less sure the same polarity is read, negative where it is surer; None where it is another one, or
    # where the reader measures no confidence.
    fall: float | None

    def decides(self, opinion: Opinion) -> bool:
        """Say whether the opinion has another polarity without the word, or is not found."""
        return self.polarity != opinion.polarity


class Explained(Noun):
    """An opinion, the words that decided its polarity, and what is read without each word of its sentence."""

    opinion: Opinion
    decided_by: tuple[Quote, ...]  # in the order of the text; empty where no single word decides
    without: tuple[Without, ...]  # every word, in the order of the text


class Explanation(Noun):
    """A text as it was read, its opinions explained, and why nothing was read where nothing was."""

    text: str
    opinions: tuple[Explained, ...]
    failures: tuple[Failure, ...] = ()


def explain(text: str, *, reader: SentenceReader) -> Explanation:
    """Find the opinions of a text and the words that decided the polarity of each.

    A word decides where the reader, asked again without it, finds the opinion with another polarity or does not find
    it. Of two words that say the same ("bad, bad") none may decide, since each stands in for the other. What decides is
    so for this reader: it is no statement about what somebody meant.

    Args:
        text: Any text; NUL and lone surrogates are replaced.
        reader: Asked about the text, and then about each sentence that has an opinion as often as it has words.

    Raises:
        ModelBrokenError: The reader answered what is not in the text.
    """
    record = Record(id="text", text=clean(text))
    record = record.model_copy(update={"language": language_of(record)})
    found = extract([record], reader=reader)
    sentences = sorted({(one.sentence.start, one.sentence.end) for one in found.opinions})
    words = {place: _words(record.text, *place) for place in sentences}
    asked = [(place, word) for place in sentences for word in words[place]]
    again = extract(
        [
            record.model_copy(update={"id": str(number), "text": _left_out(record.text[start:end], start, word)})
            for number, ((start, end), word) in enumerate(asked)
        ],
        reader=reader,
    )
    answers: dict[int, list[Opinion]] = {}
    for opinion in again.opinions:
        answers.setdefault(int(opinion.record), []).append(opinion)
    of_word = {(place, word): answers.get(number, []) for number, (place, word) in enumerate(asked)}
    explained = []
    for opinion in found.opinions:
        place = (opinion.sentence.start, opinion.sentence.end)
        rivals = [one for one in found.opinions if one.sentence == opinion.sentence]
        without = [_without(opinion, rivals, of_word[place, word], place[0], word, record) for word in words[place]]
        decided = tuple(one.word for one in without if one.decides(opinion))
        explained.append(Explained(opinion=opinion, decided_by=decided, without=tuple(without)))
    return Explanation(text=record.text, opinions=tuple(explained), failures=tuple(found.failures))


def _words(text: str, start: int, end: int) -> list[Span]:
    """Find what can be left out; of signs only those that show something, as emoji do."""
    found = [match for match in _WORD.finditer(text, start, end) if not text[match.start()].isspace()]
    said = [m for m in found if m[0][0].isalnum() or any(unicodedata.category(sign) == "So" for sign in m[0])]
    return [Span(start=match.start(), end=match.end()) for match in said]


def _left_out(sentence: str, start: int, word: Span) -> str:
    """Leave a word out of its sentence, which starts at `start` of the text: what stood after it moves up."""
    at, to = word.start - start, word.end - start
    return sentence[:at] + sentence[_next(sentence, to) :]


def _next(sentence: str, place: int) -> int:
    """Find where the sentence goes on after a word that is left out: the white space after it goes too."""
    return place + len(sentence[place:]) - len(sentence[place:].lstrip())


def _without(
    opinion: Opinion, rivals: Sequence[Opinion], found: Sequence[Opinion], start: int, word: Span, record: Record
) -> Without:
    """Find an opinion among what was read without a word, and leave alone what is another opinion of the sentence."""
    gone = range(word.start, start + _next(record.text[start : opinion.sentence.end], word.end - start))
    own = [one for one in found if _nearest(one, rivals, start, gone) is opinion]
    best = max(own, key=lambda one: -1.0 if one.confidence is None else one.confidence, default=None)
    polarity = best.polarity if best else None
    fall = None
    if best and polarity == opinion.polarity and best.confidence is not None and opinion.confidence is not None:
        fall = round(opinion.confidence - best.confidence, 4)
    quote = Quote(start=word.start, end=word.end, text=record.text[word.start : word.end])
    return Without(word=quote, polarity=polarity, fall=fall)


def _nearest(found: Opinion, rivals: Sequence[Opinion], start: int, gone: range) -> Opinion | None:
    """Say which opinion of the whole sentence one of the shortened sentence is: the one of most common words."""

    def shared(rival: Opinion) -> tuple[int, int, int]:
        pairs = ((found.opinion, rival.opinion), (found.aspect, rival.aspect))
        said, named = (_common(one, other, start, gone) for one, other in pairs)
        bare = all(quote is None for quote in (found.aspect, found.opinion, rival.aspect, rival.opinion))
        return said, named, int(bare)

    best = max(rivals, key=shared)
    return best if any(shared(best)) else None


def _common(found: Quote | None, whole: Quote | None, start: int, gone: range) -> int:
    """Count the characters that a quotation of the shortened sentence shares with one of the text."""
    if found is None or whole is None:
        return 0
    first, last = (_back(place + start, gone) for place in (found.start, found.end - 1))
    return max(0, min(last + 1, whole.end) - max(first, whole.start))


def _back(place: int, gone: range) -> int:
    """Give a place of the shortened text in the text."""
    return place if place < gone.start else place + len(gone)
