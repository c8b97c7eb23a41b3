"""What a tokenizer cannot read, written so that it can: emoji and signs on words, styled letters, letters it lacks.

A word-piece tokenizer makes one unknown word of a whole word in which it does not know one character, so that
"terrible" with an emoji written onto it is lost. What is written here is for the model alone: offsets lead back to the
text as it is.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import NamedTuple

# Emoji that say a feeling by themselves, as the word that the model reads instead; it reads an unknown sign as a
# complaint. Those that are used both ways (tears, folded hands, fire) are left out, as pictures of things are.
_MEANT = {
    "good": "👍👌👏💪🏆🥇🤝💯✅✔🆗",
    "love": "❤♥💕💖💗💙💚💛💜🖤🧡💓💞💘💝💟🤍🤎😍🥰😘😻🤩🫶",
    "happy": "😀😃😄😁😊☺🙂😇🤗😺😸🥳😎😋🤤",
    "angry": "😡🤬😠👿😤😾",
    "bad": "👎💩🤦❌✖🚫🗑",
    "disgusting": "🤮🤢",
    "disappointed": "😞😔☹🙁😢😟😣😖😫😩😕😒💔😿",
    "annoyed": "🙄😑",
}
_WORDS = {emoji: word for word, emojis in _MEANT.items() for emoji in emojis}
_SIGNS = frozenset(("So", "Sk", "Sm", "Cn", "Co"))


class Legible(NamedTuple):
    """A text for a tokenizer, and for each of its characters the stretch of the original that it stands for."""

    text: str
    origins: Sequence[tuple[int, int]]

    def back(self, start: int, end: int) -> tuple[int, int]:
        """Give the stretch of the original, in code points, that a stretch of the text stands for."""
        if end <= start:
            return (0, 0)
        return self.origins[start][0], self.origins[end - 1][1]


def make_legible(text: str, is_known: Callable[[str], bool]) -> Legible:
    """Write a text so that a tokenizer knows as many of its words as it can.

    Styled and full-width letters become plain ones. Emoji and other signs, and letters that the tokenizer lacks, are
    parted from the words beside them; the feeling of an emoji is said in a word, and what says nothing is left out.

    Args:
        text: Any text.
        is_known: Whether the tokenizer has a character; asked about those beyond ASCII alone.

    >>> make_legible("𝓫𝓪𝓭😡😡!", str.isascii).text
    'bad angry !'
    """
    out: list[str] = []
    origins: list[tuple[int, int]] = []

    def put(characters: str, start: int, end: int) -> None:
        out.extend(characters)
        origins.extend([(start, end)] * len(characters))

    signs: list[str] = []  # the run that is being read
    begun = 0
    whole = _unmixed(text)
    for place, character in enumerate([*text, ""]):
        plain = character if place in whole else _plain(character, is_known)
        if plain is None or (signs and plain == "" and place < len(text)):  # a joiner between two signs
            begun = begun if signs else place
            signs.append(character)
            continue
        if signs:
            # each feeling once; it stands for the signs from its first one up to that of the next feeling
            firsts = {_WORDS[sign]: begun + at for at, sign in reversed([*enumerate(signs)]) if sign in _WORDS}
            words = sorted(firsts, key=lambda word: firsts[word])
            borders = [begun, *(firsts[word] for word in words[1:]), place]
            for word, (start, end) in zip(words, itertools.pairwise(borders), strict=False):
                put(" ", start, start)
                put(word, start, end)
            put(" ", place, place)
            signs = []
        put(plain, place, place + 1)
    return Legible("".join(out), origins)


def _unmixed(text: str) -> set[int]:
    """List the places of words of other letters alone: no plain letter or digit in them, and no known feeling.

    Parting their letters would lose them: a tokenizer that lacks a script makes one unknown word of each, which is
    better than none.
    """
    found: set[int] = set()
    for word in re.finditer(r"\S+", text):
        plain = any((c.isascii() and c.isalnum()) or unicodedata.normalize("NFKC", c) != c for c in word[0])
        if any(c.isalpha() for c in word[0]) and not plain and _WORDS.keys().isdisjoint(word[0]):
            found.update(range(*word.span()))
    return found


def _plain(character: str, is_known: Callable[[str], bool]) -> str | None:
    """Give what a tokenizer reads for a character, "" for one that it need not see, None for a sign."""
    if character.isascii():
        return character
    folded = unicodedata.normalize("NFKC", character)
    category = unicodedata.category(character)
    if folded != character and folded.isalnum() and (category[0] in "LN" or len(folded) == 1):
        return folded
    if category in ("Cf", "Mn", "Me") and not is_known(character):
        return ""  # joiners and variation selectors; a sign beside them ends no word
    if category in _SIGNS or not is_known(character):
        return None
    return character
