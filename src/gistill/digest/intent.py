"""Whether people would buy again or recommend it, and whom they say it suits: counted by rules, in English texts.

People who say nothing of it are in no count: a share is of those who say yes or no.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from gistill.counts import Proportion
from gistill.grounding.counting import person
from gistill.intent import Said, Suited
from gistill.record import Record
from gistill.schema import Digest, Intent
from gistill.screen import customer_spans
from gistill.sentences import split
from gistill.stats import wilson
from gistill.text import is_in_one_of

_LEAST = 2  # people who say whom it suits
_MOST = 12  # of these that are told
_VERBS = "buy|order|purchase|book|stay|come|return|visit|shop|eat|go|use|fly|rent"
_AGAIN = re.compile(
    rf"\b(?:would|will|'ll|shall|going to|plan to|can ?not wait to|can't wait to|never|not|don't|wo(?:n't|nt))\b"
    rf"[^.!?;,]{{0,30}}?\b(?:(?:{_VERBS})\b[^.!?;,]{{0,25}}?\b(?:again|back|anymore)|be\s+(?:\w+\s+)?back)\b"
    r"|\b(?:last time|never again)\b",
    re.IGNORECASE,
)
_RECOMMEND = re.compile(
    r"\b(?:(?:would|will|'d|can|could|do|i|we|highly|definitely|strongly|not|never|cannot|can't|don't|wouldn't)\s+)"
    r"(?:\w+\s+){0,2}?recommend(?:ed)?\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:not|never|cannot|last time|no longer|wont|dont|wouldnt|cant|hesitate)\b|n't\b", re.IGNORECASE
)
# "cannot wait to come back", "would not hesitate to recommend": a denial that is none
_WELCOME = re.compile(r"\b(?:can ?not|can't|cant) wait\b|\b(?:not|n't|never) hesitate\b|\bnot only\b", re.IGNORECASE)
_DOUBT = re.compile(r"\?|\b(?:if|unless|might|may|maybe|perhaps|not sure|don't know)\b", re.IGNORECASE)
_SUITS = re.compile(
    r"\b(?P<not>(?:not|isn't|n't|never)\s+(?:\w+\s+){0,2}?)?"
    r"(?:great|good|perfect|ideal|excellent|best|suitable|suited|wonderful|fantastic|made|recommended)\s+"
    r"(?:\w+\s+){0,1}?for\s+(?:an?|the|my|your|our|any|all|those|young|little|small|older)?\s*(?P<who>[a-z]+(?:\s[a-z]+)?)\b"
)
_PEOPLE = {
    name: kind
    for kind, names in {
        "children": "children child kids kid toddler toddlers baby babies son daughter boys girls teenagers teens",
        "families": "families family",
        "couples": "couples couple",
        "beginners": "beginners beginner novice novices starters starter newbies",
        "students": "students student",
        "seniors": "seniors elderly grandparents grandmother grandfather",
        "business travellers": "business",
        "travel": "travel traveling travelling trips travellers travelers",
        "gifts": "gift gifts presents",
        "pets": "dogs dog cats cat puppy puppies pets pet kitten kittens",
        "home use": "home",
        "office use": "office work",
        "gaming": "gaming gamers games",
        "music": "music musicians",
        "reading": "reading readers",
        "cooking": "cooking cooks baking",
        "camping": "camping campers hiking hikers",
        "sports": "running runners gym workouts sports exercise cycling",
        "groups": "groups group parties party",
        "small spaces": "apartments apartment dorm dorms",
    }.items()
    for name in names.split()
}
Key = tuple[str, str]  # who is one person


def with_intent(digest: Digest, records: Iterable[Record]) -> Digest:
    """Add to a digest what people say of coming back, of recommending and of whom it suits; unchanged without any."""
    found = find_intent(records)
    return digest if found is None else digest.model_copy(update={"intent": found})


def find_intent(records: Iterable[Record]) -> Intent | None:
    """Count what customers say in English texts; None where nobody says any of it.

    A question, a condition and a doubt ("if", "maybe") are passed over. "Good for" counts for a short list of people
    and uses, so that no name is taken for one.
    """
    again: dict[bool, dict[Key, str]] = {True: {}, False: {}}
    recommend: dict[bool, dict[Key, str]] = {True: {}, False: {}}
    suits: dict[tuple[str, bool], dict[Key, str]] = defaultdict(dict)
    for record in records:
        who = person(record)
        for sentence in _sentences(record):
            for pattern, into in ((_AGAIN, again), (_RECOMMEND, recommend)):
                said = _asserted(pattern, sentence)
                if said is not None:
                    into[said].setdefault(who, record.id)
            for kind, fits in _suited(sentence):
                suits[kind, fits].setdefault(who, record.id)
    told = [
        Suited(who=kind, fits=fits, people=len(by), records=tuple(by.values()))
        for (kind, fits), by in suits.items()
        if len(by) >= _LEAST
    ]
    told.sort(key=lambda one: (-one.people, one.who, not one.fits))
    found = Intent(again=_counted(again), recommend=_counted(recommend), suits=tuple(told[:_MOST]))
    return found if found != Intent() else None


def _counted(said: dict[bool, dict[Key, str]]) -> Said | None:
    both = said[True].keys() & said[False].keys()
    yes, no = (tuple(record for who, record in said[side].items() if who not in both) for side in (True, False))
    share: Proportion = wilson(len(yes), len(yes) + len(no))
    return Said(share=share, yes=yes, no=no) if yes or no else None


def _sentences(record: Record) -> Iterator[str]:
    """Give the sentences of customers' texts that are in English and may say any of it."""
    for span in customer_spans(record):
        text = record.text[span.start : span.end].replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
        looked_for = _AGAIN.search(text) or _RECOMMEND.search(text) or _SUITS.search(text.casefold())
        if looked_for and is_in_one_of(text, ("en",), declared=record.language):
            yield from (text[one.start : one.end] for one in split(text))


def _asserted(pattern: re.Pattern[str], sentence: str) -> bool | None:
    """Say whether a sentence says yes or no; None where it says neither, asks or doubts."""
    found = pattern.search(sentence)
    if found is None or _DOUBT.search(sentence):
        return None
    said = _WELCOME.sub("", sentence[max(0, found.start() - 12) : found.end()])
    return _DENIED.search(said) is None


def _suited(sentence: str) -> Iterator[tuple[str, bool]]:
    if _DOUBT.search(sentence):
        return
    for found in _SUITS.finditer(sentence.casefold()):
        kind = next((_PEOPLE[word] for word in found["who"].split() if word in _PEOPLE), None)
        if kind is not None:
            yield kind, not found["not"]
