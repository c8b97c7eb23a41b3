"""Names and addresses of customers out of whatever a report shows. Every page, table and picture passes `shown`.

`with_masks` finds them in the records while their authors are known, and keeps where they stand in the digest.
`shown` writes the digest with a marked placeholder in each such place and moves every span, so that a quotation is
still exactly what stands in the text as it is shown. Data for programs (digest.json, opinions.jsonl) stay as they are.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import NamedTuple, cast

from gistill.privacy import KINDS, Found
from gistill.privacy.redaction import find_together, merged
from gistill.record import Noun, Quote, Record, Span
from gistill.schema import Aspect, Digest, Estimate, Mask, Opinion, Point, Proportion, SummarySentence, Tally
from gistill.toxic import is_toxic

PLACEHOLDERS = {
    "NAME": "[name hidden]",
    "EMAIL": "[e-mail hidden]",
    "PHONE": "[phone number hidden]",
    "ADDRESS": "[address hidden]",
    "URL": "[link hidden]",
    "USER": "[account name hidden]",
    "IBAN": "[bank account hidden]",
    "CARD": "[card number hidden]",
    "ID": "[personal number hidden]",
    "IP": "[internet address hidden]",
    "DATE_OF_BIRTH": "[date of birth hidden]",
    "SECRET": "[password or code hidden]",
}
ATTACK, HIDDEN_ATTACK = "ATTACK", "[attack on a person hidden]"  # no kind of personal data; see `attacks`
COMMON = 3  # records that write a word in small letters from which it is no name, whoever else is called so
_WORD = re.compile(r"\w+")
_AUTHOR = re.compile(r"\[author \d+\]")
_NAME_PART = re.compile(r"[^\W\d_]{3,}")

# Fields that hold an identifier; of something else; what is of nobody. What is not named here is text.
_IDS = frozenset(
    {"id", "record", "opinions", "quoted", "quotes", "cites", "carried_by", "point", "contexts", "Summary.aspect"}
)
_IDS_OF = frozenset({"Compared.aspects", "Compared.points", "Correction.aspects"})  # their keys
_THINGS = frozenset({"entity", "value", "title", "meta", "column"})
_OF_THINGS_TOO = ("NAME", "ADDRESS", "URL")  # shops and doctors have them, and theirs are not a customer's
# Made of a few words of records, without the words beside them by which names and accounts are known.
_WORDS = frozenset({"name", "topic", "Phrase.text", "terms", "Point.aspects"})
_OF_THINGS = tuple(kind for kind in KINDS if kind not in _OF_THINGS_TOO)
_BY_SHAPE = ("EMAIL", "PHONE", "IBAN", "CARD", "URL", "IP")
_AS_IT_IS = frozenset({"made_with", "preset", "failures", "kind", "kinds", "why", "note", "shows_names", "masks"})

Index = dict[str, list[tuple[int, str, str]]]  # first word of a value -> its place in the value, the value, its kind


class _Masked(NamedTuple):
    """A text with placeholders, and where its stretches went."""

    text: str
    gaps: tuple[tuple[int, int, int, int], ...]  # start and end before, start and end after

    def move(self, span: Span) -> Span:
        """Give the place of a span; one that begins or ends inside a placeholder takes all of it."""
        return Span(start=self._moved(span.start, False), end=self._moved(span.end, True))

    def _moved(self, place: int, is_end: bool) -> int:
        at = bisect_right(self.gaps, place, key=lambda gap: gap[0]) - 1
        if at < 0:
            return place
        start, end, new_start, new_end = self.gaps[at]
        if place >= end:
            return place - end + new_end
        return new_end if is_end and place > start else new_start


def with_masks(digest: Digest, records: Iterable[Record], *, show_names: bool) -> Digest:
    """Note in a digest where names and addresses of customers stand in the records it shows.

    Args:
        digest: With contexts that name no author.
        records: Those that were read, with their authors.
        show_names: Whether the report shows them; then authors are noted and nothing is hidden.

    Returns:
        The digest; the authors of its records are numbered in their order ("[author 1]"), so that it can be seen what
        one person said and not who.
    """
    every = list(records)
    around = [record for record in every if record.id in digest.contexts]
    authors = {r.id: r.author for r in around} if show_names else _numbered(around)
    contexts = {key: one.model_copy(update={"author": authors[key]}) for key, one in digest.contexts.items()}
    masks = {} if show_names else find_masks(every)
    return digest.model_copy(update={"contexts": contexts, "masks": masks, "shows_names": show_names})


def with_all(digest: Digest, opinions: Sequence[Opinion], records: Iterable[Record]) -> Digest:
    """Give a digest of nothing but points that carries all of some opinions and their records, to be shown as a table.

    Args:
        digest: With masks for all records (`with_masks`).
        opinions: That it counts.
        records: Those that were read.
    """
    said = {opinion.record for opinion in opinions}
    every = sorted((one for one in records if one.id in said), key=lambda one: one.id not in digest.contexts)
    authors = {r.id: r.author for r in every} if digest.shows_names else _numbered(every)
    contexts = {
        one.id: one.model_copy(update={"author": authors[one.id], "meta": {}, "file": PurePath(one.file).name})
        for one in every
    }
    nothing: dict[str, object] = {"aspects": (), "summaries": (), "briefs": (), "changes": (), "corrections": ()}
    return digest.model_copy(update={**nothing, "cited": tuple(opinions), "contexts": contexts})


def _numbered(records: Sequence[Record]) -> dict[str, str | None]:
    """Record id -> the number of its author, in their order; None where none is known."""
    numbers: dict[str, str] = {}
    for record in records:
        if record.author:
            numbers.setdefault(record.author, f"[author {len(numbers) + 1}]")
    return {record.id: numbers.get(record.author or "") for record in records}


def find_masks(records: Collection[Record]) -> dict[str, tuple[Mask, ...]]:
    """Find names and addresses of customers: what the privacy gate finds, and a record's author in its own text.

    What was found in one record is hidden in all of them, in any case of letters, unless it is a common word (`COMMON`)
    or part of the name of an entity.

    Returns:
        Record id -> stretches of its text, in order, that do not overlap; records without any are left out.
    """
    texts = [record.text for record in records]
    found = [find_together([text])[0] for text in texts]
    common = _Common([_without(text, finds) for text, finds in zip(texts, found, strict=True)], _entities(records))
    values: dict[str, str] = {}
    for number, record in enumerate(records):
        found[number] = merged(record.text, [*found[number], *_author(record, common)])
        values |= {record.text[start:end]: kind for start, end, kind in found[number]}
    index = _index(common.without(values))
    everywhere = [merged(text, [*finds, *_occurrences(text, index)]) for text, finds in zip(texts, found, strict=True)]
    return {
        record.id: tuple(Mask(start=start, end=end, kind=kind) for start, end, kind in finds)
        for record, finds in zip(records, everywhere, strict=True)
        if finds
    }


def shown(digest: Digest) -> Digest:
    """Write a digest as it may be shown: with placeholders, unless it shows names. Its own spans hold in its own texts.

    What is hidden in the records is hidden in every text of the digest, and each of those is searched, too: names of
    points, phrases, sentences, examples of failures, files, ids. Names of entities and titles are not searched for
    names and addresses, because a shop or a doctor may be called like a person and have an address.
    """
    hides = digest.attacks is not None and digest.attacks.hidden
    return digest if digest.shows_names and not hides else _Masking(digest).whole


class _Common:
    """Which words are not names because many write them in small letters, or because an entity is called so."""

    def __init__(self, texts: Sequence[str], entities: Collection[str]) -> None:
        self._texts = texts
        self._small: Counter[str] = Counter()
        self._any: Counter[str] = Counter()
        for text in texts:
            words = set(_WORD.findall(text))
            self._small.update(word for word in words if word.islower())
            self._any.update({word.lower() for word in words})
        self._entities = [f" {' '.join(_WORD.findall(name.lower()))} " for name in entities]

    def without(self, values: Mapping[str, str]) -> dict[str, str]:
        """Leave out of found values what is to be hidden only where it was found."""
        return {
            value: kind
            for value, kind in values.items()
            if not (kind in _OF_THINGS_TOO and self._is_of_entity(value)) and not (kind == "NAME" and self.holds(value))
        }

    def _is_of_entity(self, value: str) -> bool:
        words = f" {' '.join(_WORD.findall(value.lower()))} "
        return any(words in name for name in self._entities)

    def holds(self, value: str) -> bool:
        """Say whether a name is a word, or an entity's."""
        words = _WORD.findall(value.lower())
        if not words or self._is_of_entity(value):
            return True
        if min(self._small[word] for word in words) < COMMON:
            return False
        return len(words) == 1 or sum(value.lower() in text for text in self._texts) >= COMMON

    def is_used(self, word: str) -> bool:
        """Say whether many records have a word, in whatever letters: then it is not its author's alone."""
        return self._any[word.lower()] > COMMON or self.holds(word)


def _entities(records: Iterable[Record]) -> set[str]:
    return {record.entity for record in records if record.entity}


def _without(text: str, finds: Sequence[Found]) -> str:
    edges = [0, *(edge for one in finds for edge in (one.start, one.end)), len(text)]
    return "\n".join(text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True))


def _author(record: Record, common: _Common) -> list[Found]:
    """Find a record's author in its text: the whole name, and its parts as they are written."""
    author = (record.author or "").strip()
    if len(author) < 3 or common.holds(author):
        return []
    patterns = [(re.escape(author), re.IGNORECASE)]
    parts = author.split()
    if 1 < len(parts) < 4 and all(part[0].isupper() for part in parts):
        names = [part for part in parts if _NAME_PART.fullmatch(part) and not common.is_used(part)]
        patterns += [(re.escape(part), re.NOFLAG) for part in names]
    found = (re.finditer(rf"(?<!\w){pattern}(?!\w)", record.text, flags) for pattern, flags in patterns)
    return [Found(*match.span(), "NAME") for matches in found for match in matches]


def _index(values: Mapping[str, str]) -> Index:
    index: Index = {}
    for value, kind in sorted(values.items(), key=lambda item: -len(item[0])):
        folded = _folded(value)
        if len(folded) >= 3 and (first := _WORD.search(folded)):
            index.setdefault(first[0], []).append((first.start(), folded, kind))
    return index


def _folded(text: str) -> str:
    """Write in small letters where that keeps every offset, as it nearly always does."""
    small = text.lower()
    return small if len(small) == len(text) else text


def _occurrences(text: str, index: Index) -> list[Found]:
    """Find values in a text, whatever their letters, where they are whole words."""
    folded, found = _folded(text), []
    for word in _WORD.finditer(folded) if index else ():
        for before, value, kind in index.get(word[0], ()):
            start = word.start() - before
            end = start + len(value)
            if start >= 0 and folded.startswith(value, start) and not _in_word(folded, start, end):
                found.append(Found(start, end, kind))
    return found


def _in_word(text: str, start: int, end: int) -> bool:
    before = start > 0 and text[start].isalnum() and text[start - 1].isalnum()
    return before or (end < len(text) and text[end - 1].isalnum() and text[end].isalnum())


def _with(names: Iterable[tuple[int, int, str]], attacks: Sequence[Span]) -> list[tuple[int, int, str]]:
    """Put attacks among the names that are hidden; a name within one is hidden with it."""
    left = [(s, e, kind) for s, e, kind in names if not any(s < one.end and one.start < e for one in attacks)]
    return sorted([*left, *((one.start, one.end, ATTACK) for one in attacks)])


def _mask(text: str, finds: Sequence[tuple[int, int, str]]) -> _Masked:
    parts, gaps, at, length = [], [], 0, 0
    for start, end, kind in finds:
        placeholder = HIDDEN_ATTACK if kind == ATTACK else PLACEHOLDERS[kind]
        length += start - at
        gaps.append((start, end, length, length + len(placeholder)))
        parts += [text[at:start], placeholder]
        at, length = end, length + len(placeholder)
    return _Masked("".join([*parts, text[at:]]), tuple(gaps))


class _Masking:
    """One digest while it is written as it may be shown. Each different text is searched once."""

    def __init__(self, digest: Digest) -> None:
        self._names = not digest.shows_names
        masks = find_masks(digest.contexts.values()) if digest.masks is None and self._names else digest.masks or {}
        spans = {key: [(mask.start, mask.end, mask.kind) for mask in masks.get(key, ())] for key in digest.contexts}
        self._attacks = digest.attacks if digest.attacks is not None and digest.attacks.hidden else None
        attacks = self._attacks.spans if self._attacks else {}
        self._records = {
            key: _mask(record.text, _with(spans[key], attacks.get(key, ()))) for key, record in digest.contexts.items()
        }
        self._texts = {key: record.text for key, record in digest.contexts.items()}
        texts = [_without(self._texts[key], [Found(*span) for span in spans[key]]) for key in spans]
        common = _Common(texts, {*_entities(digest.contexts.values()), *(one.entity for one in digest.entities)})
        values = {self._texts[key][start:end]: kind for key, found in spans.items() for start, end, kind in found}
        self._index = _index(common.without(values))
        self._found: dict[tuple[str, tuple[str, ...]], _Masked] = {}
        self._authors: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        named: tuple[Aspect | Point, ...] = (*digest.aspects, *digest.points)
        for one in named:  # their ids are made of their names
            if self.masked(one.name, _BY_SHAPE).text != one.name:
                self._ids[one.id] = f"hidden-{len(self._ids) + 1}"
        self.whole = cast("Digest", self._noun(digest)).model_copy(update={"masks": {}})

    def masked(self, text: str, kinds: tuple[str, ...] = KINDS) -> _Masked:
        """Hide what is known, and what is found of some kinds."""
        key = (text, kinds)
        if key not in self._found:
            finds = [one for one in find_together([text])[0] if one.kind in kinds] if self._names else []
            names = merged(text, [*finds, *_occurrences(text, self._index)])
            attacks = self._attacks is not None and text.strip() and is_toxic(text)
            self._found[key] = _mask(text, _with(names, [Span(start=0, end=len(text))] if attacks else []))
        return self._found[key]

    def text(self, text: str) -> str:
        return self.masked(text).text

    def _id(self, name: str) -> str:
        """Give an identifier another name where it tells something; two never get the same."""
        if name not in self._ids:
            tells = "@" in name or _occurrences(name, self._index)
            new = self.text(name) if tells else name
            self._ids[name] = name if new == name else f"{new} {len(self._ids) + 1}"
        return self._ids[name]

    def _noun(self, noun: Noun) -> Noun:
        match noun:
            case Opinion():
                return self._opinion(noun)
            case Record():
                return self._record(noun)
            case SummarySentence():
                return self._sentence(noun)
            case Tally() | Estimate() | Proportion():
                return noun  # figures, of which there are many
        return self._fields(noun)

    def _fields(self, noun: Noun, *, but: Collection[str] = ()) -> Noun:
        owner = type(noun).__name__
        new = {
            field: self._value(owner, field, getattr(noun, field))
            for field in type(noun).model_fields
            if field not in but and field not in _AS_IT_IS
        }
        return noun.model_copy(update=new)

    def _value(self, owner: str, field: str, value: object) -> object:
        match value:
            case str():
                return self._string(owner, field, value)
            case Noun():
                return self._noun(value)
            case tuple():
                return tuple(self._value(owner, field, one) for one in value)
            case dict():
                return self._dict(owner, field, value)
        return value

    def _string(self, owner: str, field: str, value: str) -> str:
        if field in _IDS or f"{owner}.{field}" in _IDS:
            return self._id(value)
        if field in _WORDS or f"{owner}.{field}" in _WORDS:
            return self.masked(value, _BY_SHAPE).text
        return self.masked(value, _OF_THINGS if field in _THINGS else KINDS).text

    def _dict(self, owner: str, field: str, value: Mapping[object, object]) -> dict[object, object]:
        """Keys are texts, too; counts of those that have become alike are added."""
        is_id = field in _IDS or f"{owner}.{field}" in _IDS_OF
        new: dict[object, object] = {}
        for key, one in value.items():
            name = self._id(str(key)) if is_id else self._string(owner, field, str(key))
            shown_one = self._value(owner, field, one)
            before = new.get(name)
            both = isinstance(before, int) and isinstance(shown_one, int)
            new[name] = before + shown_one if both else shown_one  # type: ignore[operator]
        return new

    def _record(self, record: Record) -> Record:
        masked = self._records[record.id]
        moved = {
            field: tuple(one.model_copy(update=dict(masked.move(one))) for one in getattr(record, field))
            for field in ("parts", "apart", "pieces", "turns")
        }
        author = record.author
        if author and self._names and not _AUTHOR.fullmatch(author):
            author = self._authors.setdefault(author, f"[author {len(self._authors) + 1}]")
        rest = self._fields(record, but=("text", "author", *moved))
        return cast("Record", rest).model_copy(update={"text": masked.text, "author": author, **moved})

    def _opinion(self, opinion: Opinion) -> Opinion:
        rest = cast("Opinion", self._fields(opinion, but=("sentence", "aspect", "opinion", "cell")))
        masked = self._records.get(opinion.record)
        if masked is None:
            quotes = {name: self._fields(one) for name in ("aspect", "opinion") if (one := getattr(opinion, name))}
            return rest.model_copy(update=quotes)
        text = self._texts[opinion.record]
        quotes = {
            name: self._quote(one, text, masked)
            for name in ("aspect", "opinion")
            if (one := getattr(opinion, name)) is not None
        }
        return rest.model_copy(update={"sentence": masked.move(opinion.sentence), **quotes})

    def _quote(self, quote: Quote, text: str, masked: _Masked) -> Quote:
        """Move a quotation; one that does not stand in its record still does not."""
        place = masked.move(quote)
        stands = text[quote.start : quote.end] == quote.text
        words = masked.text[place.start : place.end] if stands else self.text(quote.text)
        return Quote(start=place.start, end=place.end, text=words)

    def _sentence(self, sentence: SummarySentence) -> SummarySentence:
        masked = self.masked(sentence.text)
        rest = cast("SummarySentence", self._fields(sentence))
        findings = tuple(
            one if one.span is None else one.model_copy(update={"span": masked.move(one.span)})
            for one in rest.check.findings
        )
        return rest.model_copy(update={"check": rest.check.model_copy(update={"findings": findings})})
