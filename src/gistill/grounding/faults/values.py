"""Numbers, dates, ids and names of a summary that its source does not have; personal data in a summary."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from gistill.grounding.faults.evidence import evidence
from gistill.grounding.faults.fault import Fault, fault
from gistill.grounding.faults.reading import Reading, Sentence, said
from gistill.grounding.wording import NEUTRAL, number, stem, word_set
from gistill.privacy import find
from gistill.skills.rewrites import new_names

# Kinds that a summary should not repeat. An order number is what the reader of a summary looks for, and a name of a
# person is not told from that of a product without a model.
_PERSONAL = {
    "SECRET": "a password or key", "EMAIL": "an e-mail address", "IBAN": "a bank account", "CARD": "a card number",
    "IP": "an IP address", "DATE_OF_BIRTH": "a date of birth", "PHONE": "a phone number", "ADDRESS": "an address",
}  # fmt: skip
_NUMBER = re.compile(r"(?<![\w.,])[$£€#]?\d+(?:[.,:/-]\d+)*(?:st|nd|rd|th)?%?(?![\w])|(?<=[A-Za-z])\d+|\d+(?=[A-Za-z])")
_SURE = 0.5  # share of a sentence's other words that the evidence for its right name must say
_MAGNITUDE = 100  # "hundred" and "million" belong to the number before them
_SMALL = 3  # "one" and "two" as words count what the summary lists itself
_CODE = re.compile(r"(?<!\w)(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z\d][\w-]{4,}(?!\w)")
_PLAIN_NAMES = word_set("URL URLs DM DMs PM ASAP ID OS FAQ ETA OK Direct Message Mr Mrs Ms Agent Customer")
_ORDINALS = dict(zip(("first", "second", "third", "fourth", "fifth", "sixth"), range(1, 7), strict=True))


class Figure(NamedTuple):
    """A number of a text: the digits by which it is compared, what it counts, and where it stands."""

    digits: tuple[str, ...]  # of each part: 10:30 has two
    unit: str  # stem of the word after it; "" at the end
    start: int
    end: int


def figures(reading: Reading) -> list[Figure]:
    """List the numbers of a text, in digits or in words; codes of letters and digits are not among them."""
    codes = [match.span() for match in _CODE.finditer(reading.text)]
    found = []
    for match in _NUMBER.finditer(reading.text):
        if any(start <= match.start() < end for start, end in codes):
            continue
        parts = tuple(part.lstrip("0") or "0" for part in re.findall(r"\d+", match.group().replace(",", "")))
        found.append(Figure(parts, _unit(reading, match.end()), *match.span()))
    for sentence in reading.sentences:
        for token in sentence.tokens:
            value = None if token.text[0].isdecimal() else number(token.text) or _ORDINALS.get(token.text)
            if value is not None and value < _MAGNITUDE:
                found.append(Figure((f"{value:g}",), _unit(reading, token.end), token.start, token.end))
    return sorted(found, key=lambda one: one.start)


def _unit(reading: Reading, end: int) -> str:
    after = re.match(r"[\s-]*([A-Za-z]+)", reading.text[end : end + 40])
    word = after.group(1).casefold() if after else ""
    return "" if word in NEUTRAL or number(word) is not None else stem(word)


def find_numbers(summary: Reading, source: Reading) -> Iterator[Fault]:
    """Find numbers that the source does not have, and numbers that it gives to something else.

    "3 weeks" where the source says "5 weeks" and "3 days" is the second kind. A number that counts what the summary
    itself lists ("two options") is not looked at.
    """
    there = figures(source)
    known = {part for one in there for part in one.digits}
    known.update(part.lstrip("0") or "0" for part in re.findall(r"\d+", source.text.replace(",", "")))
    by_unit: dict[str, set[str]] = {}
    for one in there:
        by_unit.setdefault(one.unit, set()).update(one.digits)
    given = figures(summary)
    for one in given:
        words = summary.text[one.start : one.end]
        small = not words[0].isdigit() and all(float(part) < _SMALL for part in one.digits)
        if small or (words in _ORDINALS):
            continue
        right = _right(one, there, given)
        if not set(one.digits) <= known:
            says = f"“{words}” is not in the source" + (f", which has “{_text(source, right)}”." if right else ".")
            yield fault("E6", "number", says, span=(one.start, one.end), source=_at(right), value=_text(source, right))
        elif one.unit and len(one.unit) > 2 and by_unit.get(one.unit, set(one.digits)).isdisjoint(one.digits) and right:
            says = f"“{words}” is said of something else; the source has “{_text(source, right)}” here."
            yield fault("E6", "unit", says, span=(one.start, one.end), source=_at(right), value=_text(source, right))


def _right(wrong: Figure, there: list[Figure], given: list[Figure]) -> Figure | None:
    """Find the number that should stand there: the only one of the source that counts the same.

    Where none does, it is the only one that the summary does not have.
    """
    same = [one for one in there if one.unit == wrong.unit and one.unit and one.digits != wrong.digits]
    if not same and wrong.digits not in {one.digits for one in there}:
        said = {one.digits for one in given}
        same = [one for one in there if one.digits not in said and one.unit]
    return same[0] if len({one.digits for one in same}) == 1 else None


def _at(figure: Figure | None) -> tuple[int, int] | None:
    return None if figure is None else (figure.start, figure.end)


def _text(source: Reading, figure: Figure | None) -> str | None:
    return None if figure is None else source.text[figure.start : figure.end]


def find_codes(summary: Reading, source: Reading) -> Iterator[Fault]:
    """Find order numbers and other codes of letters and digits that the source does not have."""
    there = {_plain(match.group()) for match in _CODE.finditer(source.text)}
    together = _plain(source.text)
    for match in _CODE.finditer(summary.text):
        code = _plain(match.group())
        parts = re.findall(r"[a-z]+|\d+", code)
        if code in there or code in together or all(part in together for part in parts if len(part) > 1):
            continue
        says = f"“{match.group()}” is not in the source."
        yield fault("E6", "code", says, span=match.span())


def _plain(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def find_names(summary: Reading, source: Reading) -> Iterator[Fault]:
    """Find capitalised words inside sentences that the source does not have, in any case and nearly any spelling."""
    names = new_names(summary.text, source.text) - _PLAIN_NAMES
    for name in sorted(name for name in names if not any(map(str.isdecimal, name))):  # "Q3" is looked at as a number
        for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", summary.text):
            sentence = next((one for one in summary.sentences if one.start <= match.start() < one.end), None)
            right = _right_name(summary, source, sentence, match.span()) if sentence else None
            value = source.text[right[0] : right[1]] if right else None
            says = f"“{name}” is not in the source" + (f", which speaks of “{value}” here." if value else ".")
            yield fault("E6", "name", says, span=match.span(), source=right, value=value)


_NAME = re.compile(r"(?<=[a-z,] )[A-Z][A-Za-z]+")


def _right_name(summary: Reading, source: Reading, sentence: Sentence, span: tuple[int, int]) -> tuple[int, int] | None:
    """Find the name that should stand there: the only one in the best evidence that stands beside a like word."""
    rest = [word for word in sentence.words if not span[0] <= word.start < span[1]]
    best = evidence(rest, source, most=1)
    if not best or len(best[0].shared) < 2 or best[0].share < _SURE:
        return None
    at = best[0].sentence
    beside = _beside(sentence, *span)
    names = [
        match
        for match in _NAME.finditer(source.text, at.start, at.end)
        if match.group() not in summary.text and beside & _beside(at, *match.span())
    ]
    return names[0].span() if len({match.group() for match in names}) == 1 else None


def _beside(sentence: Sentence, start: int, end: int) -> set[str]:
    """Give the stems of the two words on either side of a stretch; function words tell nothing."""
    before = [token for token in sentence.tokens if token.end <= start][-2:]
    after = [token for token in sentence.tokens if token.start >= end][:2]
    return {stem(token.text) for token in (*before, *after) if token.text not in NEUTRAL and token.text[0].isalnum()}


def find_personal(summary: Reading, source: Reading) -> Iterator[Fault]:
    """Find personal data that a summary repeats or makes up; an order number is none."""
    for one in find(summary.text):
        if one.kind in _PERSONAL:
            at = source.text.find(summary.text[one.start : one.end])
            where = (at, at + one.end - one.start) if at >= 0 else None
            says = f"It gives {_PERSONAL[one.kind]}, which a summary should leave out."
            yield fault("E12", "personal", says, span=(one.start, one.end), source=where)


def find_unsupported(summary: Reading, source: Reading) -> Iterator[Fault]:
    """Find clauses of which the source has none of at least three words that say something."""
    from gistill.grounding.faults.reading import clauses_of

    letters = _plain(source.text)
    for sentence in summary.sentences:
        for clause in clauses_of(summary, sentence):
            words = [word for word in said(clause) if not word.stem.startswith("#")]
            if len(words) < LEAST_NEW or any(word.stem in source.stems or word.stem[:4] in letters for word in words):
                continue
            alone = len(said(clause)) == len(sentence.words)
            span = (sentence.start, sentence.end) if alone else (clause[0].start, clause[-1].end)
            says = f"Nothing in the source speaks of “{summary.text[slice(*span)]}”."
            yield fault("E3", "unsupported", says, span=span)


LEAST_NEW = 3
