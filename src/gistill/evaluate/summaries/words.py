"""Words and sentences of summaries, in every script, as all measures here count them."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

from gistill import install
from gistill.errors import ExtraMissingError
from gistill.sentences import split
from gistill.text import UNSPACED

_WORD = re.compile(f"[{UNSPACED}]|[^\\W_{UNSPACED}]+")  # of scripts without spaces, each character
_ASCII = re.compile(r"[a-z0-9]+")
_COMMON = """
a about after all also am an and any are as at be because been before being but by can could did do does doing
down during each few for from further had has have having he her here hers him his how i if in into is it its
just me more most my no nor not now of off on once only or other our out over own s same she should so some such
t than that the their them then there these they this those through to too under until up very was we were what
when where which while who whom why will with would you your
"""
COMMON = frozenset(_COMMON.split())  # of English
_REMEMBERED = 20_000  # texts; the same reviews are asked about once for each aspect and system
_STEMMED = 3  # letters up to which a word stays as it is, as in rouge-score


def words(text: str) -> list[str]:
    """Give the words of a text, case apart; of a script without spaces, its characters.

    >>> words("It's GREAT, 好き!")
    ['it', 's', 'great', '好', 'き']
    """
    return _WORD.findall(text.casefold())


def stems(text: str) -> list[str]:
    """Give the words, those of plain letters by Porter's stem, as rouge-score with its stemmer does.

    Raises:
        ExtraMissingError: nltk is not installed.
    """
    return [_stem(word) if len(word) > _STEMMED and _ASCII.fullmatch(word) else word for word in words(text)]


@lru_cache(maxsize=_REMEMBERED)
def content(text: str) -> tuple[str, ...]:
    """Give the stems of the words with a meaning: without the commonest words of English."""
    kept = [word for word in words(text) if word not in COMMON]
    return tuple(_stem(word) if len(word) > _STEMMED and _ASCII.fullmatch(word) else word for word in kept)


@lru_cache(maxsize=_REMEMBERED)
def sentences(text: str) -> tuple[str, ...]:
    """Give the sentences of a text, as they stand in it."""
    return tuple(text[one.start : one.end] for one in split(text))


def cut(text: str, most: int) -> str:
    """Give the beginning of a text up to so many words, as it is written; all of it where it is not longer."""
    for number, found in enumerate(_WORD.finditer(text), 1):
        if number == most:
            return text[: found.end()]
    return text


class Stems:
    """The tokenizer that rouge-score is given: right in every script, and equal to its own on plain English."""

    def tokenize(self, text: str) -> list[str]:
        """Give the stems."""
        return stems(text)


@cache
def stemmer() -> Any:
    """Give Porter's stemmer.

    Raises:
        ExtraMissingError: nltk is not installed.
    """
    try:
        from nltk.stem.porter import PorterStemmer
    except ImportError as error:
        raise ExtraMissingError("Scoring summaries needs nltk.", hint=install.hint("eval")) from error
    return PorterStemmer()


@lru_cache(maxsize=65536)
def _stem(word: str) -> str:
    return str(stemmer().stem(word))
