"""Sentences that attack people: insults, slurs, threats. Words and patterns, and a small linear head over them.

Who swears at a thing is angry and not toxic ("this damn phone is shit"); hard words for what somebody did are not,
either ("the staff were rude"). It reads English, and knows what is written out; it does not know what is meant between
the lines. `weights/toxic` has the words, the head's weights (JSON) and what was measured.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "weights" / "toxic" / "toxic.json"
NEAR = 5  # words between a hard word and whom it is for
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_LEET = str.maketrans({"0": "o", "1": "i", "3": "e", "@": "a", "$": "s", "!": "i"})
FEATURES = (
    *("slur", "insult", "insult of you", "insult of people", "insult of a thing", "insult of oneself"),
    *("harsh", "harsh of you", "harsh of people", "harsh of a thing", "swear", "swear at a thing"),
    *(
        "threat",
        "menace",
        "wish",
        "wish for people",
        "order",
        "banned",
        "reported",
        "feels_like",
        "you",
        "two hard words",
    ),
)


def is_toxic(sentence: str) -> bool:
    """Say whether a sentence attacks people.

    >>> is_toxic("The manager is a moron."), is_toxic("This damn phone is shit.")
    (True, False)
    """
    return probability(sentence) >= 0.5


def probability(sentence: str) -> float:
    """Say how likely a sentence attacks people: from 0 to 1, as the head was taught, not calibrated."""
    head = _head()
    value = head["bias"] + sum(w * x for w, x in zip(head["weights"], features(sentence), strict=True))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, value))))


def features(sentence: str) -> list[float]:
    """Give what the head sees of a sentence: for each of `FEATURES` 1 where it is there, else 0."""
    head = _head()
    text = _plain(sentence)
    words = _WORD.findall(text)
    kinds = {name: [place for place, word in enumerate(words) if word in some] for name, some in head["words"].items()}

    def near(hard: str, whom: str) -> bool:
        """Say whether a hard word stands near a word for whom it is, and is not that word."""
        return any(0 < abs(one - other) <= NEAR for one in kinds[hard] for other in kinds[whom])

    found = {
        "slur": bool(kinds["slurs"]),
        "insult": bool(kinds["insults"]),
        "insult of you": near("insults", "you"),
        "insult of people": near("insults", "people"),
        "insult of a thing": near("insults", "things"),
        "insult of oneself": near("insults", "self"),
        "harsh": bool(kinds["harsh"]),
        "harsh of you": near("harsh", "you"),
        "harsh of people": near("harsh", "people"),
        "harsh of a thing": near("harsh", "things"),
        "swear": bool(kinds["swears"]),
        "swear at a thing": near("swears", "things"),
        "you": bool(kinds["you"]),
        "two hard words": len(kinds["insults"]) + len(kinds["harsh"]) + len(kinds["slurs"]) > 1,
    }
    found |= {name: bool(pattern.search(text)) for name, pattern in head["patterns"].items()}
    found["wish for people"] = found["wish"] and bool(kinds["you"] or kinds["people"])
    return [float(found[name]) for name in FEATURES]


def _plain(text: str) -> str:
    """Write a text as its words are listed: small letters, signs that stand for letters read, no letter thrice."""
    text = unicodedata.normalize("NFKC", text).replace("’", "'").casefold()
    text = re.sub(r"[\u200b-\u200f\u2060\ufeff\u00ad]", "", text)
    text = re.sub(r"(?<=[a-z])[01$@!3](?=[a-z])", lambda found: found[0].translate(_LEET), text)
    text = re.sub(r"\bf[*#u]+c?k", "fuck", text)
    text = re.sub(r"\bsh[*#]t", "shit", text)
    return re.sub(r"([a-z])\1{2,}", r"\1", text)


@cache
def _head() -> dict[str, Any]:
    head: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    head["words"] = {name: frozenset(words) for name, words in head["words"].items()}
    head["patterns"] = {name: re.compile(pattern) for name, pattern in head["patterns"].items()}
    return head
