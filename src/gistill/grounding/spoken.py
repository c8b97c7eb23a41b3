"""A sentence about a conversation and its turns in, the check out: who is said to have said it, and did they?

A conversation has no counts and no sides to agree with, but it has speakers: what the customer is said to want is
looked for in the customer's turns alone, and what the agent is said to have done in the company's. Fails closed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from gistill.grounding.findings import concluded, finding
from gistill.grounding.form import check_form
from gistill.grounding.wording import Word, clauses, content, word_set
from gistill.schema import Check, Finding

CHECKS = ("form", "support")
_CITED = 3  # turns that carry a sentence, at most
_LENIENT = 5  # words from which one may be the writer's own
_TOGETHER = 0.7  # share of the words that one turn must say
_JOINED = 0.9  # the same where two things are joined by "and"; docs/log.md has how often such sentences are wrong
_CUSTOMER = re.compile(r"(?:the )?(?:customer|user|client|guest)s?\b", re.IGNORECASE)
_COMPANY = re.compile(r"(?:the )?(?:agent|bot|support|team|company|representative)s?\b", re.IGNORECASE)
_SPEAKER = re.compile(rf"{_CUSTOMER.pattern}|{_COMPANY.pattern}", re.IGNORECASE)
# What a summary says of a conversation in its own words.
_TELLING = word_set(
    "customer customers client clients agent agents bot support company team conversation complain complains "
    "complained ask asks asked asking request requests requested want wants wanted inform informs informed update "
    "updates updated advise advises advised suggest suggests suggested offer offers offered apologize apologizes "
    "apologized apologise promise promises promised explain explains explained confirm confirms confirmed answer "
    "answers answered reply replies replied enquire enquires enquired inquire report tell tells told thank thanks "
    "thanked issue problem trouble question help helps helped provide provides provided details detail "
    "information share send sends sent give gives given unable able need needs needed regarding due further try "
    "tries tried get gets got receive receives received use using contact let know look looks check checks"
)


class SpokenTurn(NamedTuple):
    """What one turn says.

    Attributes:
        number: By which it is cited.
        customer: Whether the customer says it.
        text: Its words.
    """

    number: int
    customer: bool
    text: str


class Grounded(NamedTuple):
    """The check of a sentence, and the numbers of the turns that carry it, at most three, in order."""

    check: Check
    turns: tuple[int, ...]


def check_spoken(sentence: str, turns: Sequence[SpokenTurn]) -> Grounded:
    """Check one sentence about a conversation against what was said in it.

    * form: see `form.check_form`.
    * support: every number, and every word that says something, stands in a turn of the side that the sentence begins
      with ("The customer ...", "The agent ..."); of any side where it begins with neither. Of five such words one may
      be the writer's own, if it is no number, name or negated word. A word that is negated must be negated there.
    * together: one of these turns says most of its words, those that name who speaks apart, and nearly all where the
      sentence joins two things: what is put together from several turns is wrong more than twice as often.

    The checks know English: a sentence in another language fails.

    Args:
        sentence: What is to be shown.
        turns: All of them, in order.

    Returns:
        "supported" or "not_supported"; `turns` are those in which the words stand, also where it fails.

    >>> said = [SpokenTurn(1, True, "My lamp came broken."), SpokenTurn(2, False, "A new lamp comes on Friday.")]
    >>> check_spoken("The agent says that a new lamp comes on Friday.", said).turns
    (2,)
    >>> check_spoken("The agent says that a new lamp comes on Monday.", said).check.reasons
    ('the turns do not mention “monday”',)
    """
    side = True if _CUSTOMER.match(sentence) else False if _COMPANY.match(sentence) else None
    heard = [turn for turn in turns if side is None or turn.customer == side]
    said = [(turn.number, _heard(turn.text)) for turn in heard]
    every = [word for clause in clauses(sentence) for word in content(clause)]
    words = [word for word in every if word.token.text not in _TELLING]
    found = _support(sentence, words, said) or _together(sentence, every, said)
    return Grounded(concluded((check_form(sentence, sentence), found), by=CHECKS), _carrying(words, said))


def _heard(text: str) -> dict[str, set[bool]]:
    """Give the stems of a turn, each with whether it is negated there; also without what joins words ("e-bike")."""
    found: dict[str, set[bool]] = {}
    for clause in clauses(text):
        for word in content(clause):
            found.setdefault(word.stem, set()).add(word.negated)
    return found


def _support(sentence: str, words: Sequence[Word], said: Sequence[tuple[int, dict[str, set[bool]]]]) -> Finding | None:
    if not words:
        return finding("support", "it says nothing that could be looked for in the turns")
    known: dict[str, set[bool]] = {}
    for _, stems in said:
        for root, negated in stems.items():
            known.setdefault(root, set()).update(negated)
    against = " / ".join(sorted(known))[:200]
    strange = [word for word in words if word.stem not in known]
    own = len(words) >= _LENIENT and len(strange) == 1 and not _is_firm(strange[0], sentence)
    if strange and not own:
        token = strange[0].token
        reason = f"the turns do not mention “{token.text}”"
        return finding("support", reason, span=(token.start, token.end), against=against)
    for word in words:
        if word.stem in known and word.negated not in known[word.stem]:
            token = word.token
            reason = f"the turns say the opposite of “{token.text}”"
            return finding("contradiction", reason, span=(token.start, token.end), against=against)
    return None


def _together(sentence: str, every: Sequence[Word], said: Sequence[tuple[int, dict[str, set[bool]]]]) -> Finding | None:
    stems = [word.stem for word in every if not _SPEAKER.fullmatch(word.token.text)]
    most = max((sum(stem in one for stem in stems) / len(stems) for _, one in said if stems), default=0.0)
    if most >= (_JOINED if " and " in sentence else _TOGETHER):
        return None
    return finding("support", "no turn says enough of it: its words are put together from several")


def _is_firm(word: Word, sentence: str) -> bool:
    """Say whether a word must stand in the turns: numbers, names, and what is negated."""
    first = sentence[word.token.start]
    return word.stem.startswith("#") or word.negated or first.isdigit() or (first.isupper() and word.token.start > 0)


def _carrying(words: Sequence[Word], said: Sequence[tuple[int, dict[str, set[bool]]]]) -> tuple[int, ...]:
    """Choose the fewest turns that hold most of the words: each time the one with most words not yet held."""
    left = {word.stem for word in words}
    chosen: list[int] = []
    while left and len(chosen) < _CITED:
        number, stems = max(said, key=lambda one: (len(left.intersection(one[1])), -one[0]), default=(0, {}))
        if not left.intersection(stems):
            break
        chosen.append(number)
        left -= set(stems)
    return tuple(sorted(chosen))
