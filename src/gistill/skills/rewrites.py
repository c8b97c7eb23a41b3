"""Whether a rewritten review may be learned from: rules that need no model, each with a name."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from rapidfuzz import fuzz

from gistill.skills.debris import refuses
from gistill.text import count_words, is_in_one_of, normalise

COPIED = 97.0  # of 100 (rapidfuzz ratio of the folded texts)
SPELT = 85.0  # of 100: a name that is nearer to a word of the review is that word, spelt right
SHORTEST = 0.4  # of the review's words
LONGEST = (4, 40)  # times the review's words, and so many more: a short review is made explicit in a few sentences
_FIRST = re.compile(r"\b(?:i|me|my|mine|myself|we|us|our|ours|ourselves)\b", re.IGNORECASE)
_THIRD = re.compile(
    r"\bthe (?:reviewer|author of the review)\b"
    r"|\bthe (?:user|customer|author|writer) (?:says|said|states|feels|felt|mentions|finds|found|expresses|likes)\b",
    re.IGNORECASE,
)
_META = re.compile(
    r"\bthe (?:original|rewritten|above|given|provided) (?:review|text)\b|\brewritten (?:review|in the first)\b"
    r"|\bfirst[- ]person (?:perspective|point of view)\b",
    re.IGNORECASE,
)
# "two" is left out: it counts what a review lists. So are ordinals and "one".
_NUMBERS = {"three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10"}
_NUMBERS |= {
    "eleven": "11",
    "twelve": "12",
    "twenty": "20",
    "thirty": "30",
    "forty": "40",
    "fifty": "50",
    "sixty": "60",
}
_NUMBERS |= {"hundred": "100", "thousand": "1000", "decade": "10", "dozen": "12"}
_ORDINALS = {"third": "3", "fourth": "4", "fifth": "5", "sixth": "6", "seventh": "7", "eighth": "8", "tenth": "10"}
# What a rewriting spells out, by how reviews write it; other names may also begin as a word of the review ("Dec").
_SHORT = {
    **dict.fromkeys(("us", "usa", "u.s.", "u.s"), "united states"),
    "bbq": "barbecue",
    "fries": "french fries",
    "hd": "hard drive",
    "hdd": "hard disk drive",
    "ms": "microsoft",
    "nyc": "new york city",
    "la": "los angeles",
    "sq": "square",
    "st": "street saint",
}
_DIGITS = re.compile(r"\d+(?:[.,:]\d+)*")


def why_not(rewriting: str, text: str, *, complete: bool) -> str:
    """Name the first reason why a rewriting is not one of its review, "" when there is none.

    A server that says an answer is complete is believed, also where no full stop ends it, as in chat and in verse.
    """
    if not rewriting:
        return "empty_answer"
    if refuses(rewriting):
        return "refused"
    if not complete:
        return "truncated"
    words, read = count_words(rewriting), count_words(text)
    checks = {
        "copied": fuzz.ratio(normalise(rewriting), normalise(text)) >= COPIED,
        "too_short": words < SHORTEST * read,
        "too_long": words > LONGEST[0] * read + LONGEST[1],
        "third_person": bool(_THIRD.search(rewriting)),
        "not_first_person": is_in_one_of(rewriting, ["en"]) and not _FIRST.search(rewriting),
        "meta": bool(_META.search(rewriting)),
        "repeated": repeats(rewriting),
        "invented_number": bool(new_numbers(rewriting, text)),
        "invented_name": bool(new_names(rewriting, text)),
    }
    return next((name for name, holds in checks.items() if holds), "")


def repeats(text: str) -> bool:
    """Say whether a sentence of five words or more stands twice."""
    sentences = Counter(normalise(part) for part in re.split(r"(?<=[.!?])\s+", text) if len(part.split()) >= 5)
    return any(count > 1 for count in sentences.values())


def new_numbers(rewriting: str, text: str) -> set[str]:
    """Give the numbers of a rewriting that its review does not have, as digits or as words."""
    # a time or a price that only gains ":00" or ".00" is no new number
    ordinals = {_ORDINALS[word] for word in re.findall(r"[a-z]+", text.lower()) if word in _ORDINALS}
    return _numbers(re.sub(r"[.:]00\b", "", rewriting)) - _numbers(re.sub(r"[.:]00\b", "", text)) - ordinals


def _numbers(text: str) -> set[str]:
    digits = {found.replace(",", "") for found in _DIGITS.findall(text)}
    parts = {part for found in digits for part in re.split(r"[.:]", found)}
    words = {_NUMBERS[word] for word in re.findall(r"[a-z]+", text.lower()) if word in _NUMBERS}
    return {number.lstrip("0") for number in digits | parts | words} - {""}


def new_names(rewriting: str, text: str) -> set[str]:
    """Give the capitalised words inside sentences that the review does not have, nor nearly, in any case."""
    known = [word.strip(".,;:!?()\"'*-") for word in text.casefold().split()]
    letters = _letters(" ".join((text, *(_SHORT[word] for word in known if word in _SHORT))))
    found = re.findall(r"(?<![.!?:;\"“(\-–—*])(?<!^)\s([A-Z][\w’'-]*\w)", rewriting)
    parts = {part for word in found for part in word.split("-") if part[:1].isupper() and not _FIRST.match(part)}
    return {
        part
        for part in parts
        if len(part) > 1 and part.casefold() not in {"one", *_NUMBERS} and not _is_known(part, known, letters)
    }


def _is_known(name: str, known: Sequence[str], letters: str) -> bool:
    """Say whether the review has a name, in singular or plural, in any case and nearly any spelling."""
    forms = (name, re.sub(r"['’]?s$", "", name))
    return any(
        _letters(form) in letters
        or any(fuzz.ratio(form.casefold(), w) >= SPELT or (len(w) > 2 and form.casefold().startswith(w)) for w in known)
        for form in forms
    )


def _letters(text: str) -> str:
    """Give the letters and digits, folded and without accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in plain if char.isalnum())
