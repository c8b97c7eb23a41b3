"""The words of quantity of a sentence ("most", "a few", "customers"), checked against how many there are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from gistill.grounding.counting import Allowed, Claim, in_words
from gistill.grounding.findings import finding
from gistill.grounding.wording import PEOPLE, Clause
from gistill.schema import Finding

_QUANTIFIERS = {"many", "most", "some", "several", "few", "everyone", "everybody", "nobody", "someone"}
_WHO = f"(?:{'|'.join(sorted(PEOPLE - _QUANTIFIERS))})"


class Bound(NamedTuple):
    """A word of quantity: how many people it needs, and what share of those who mention the aspect it may stand for."""

    words: str
    people: int
    low: float  # the share must be above this
    high: float  # and not above this


_BOUND_TABLE = (
    (r"almost all|nearly all|(?:almost|nearly) (?:everyone|everybody|every \w+)", 5, 0.8, 1.0),
    (r"vast majority|overwhelming\w*|virtually all|consistently", 5, 0.8, 1.0),
    (r"everyone|everybody|unanimous\w*|universal\w*|all of them|they all|all agree", 2, 0.9999, 1.0),
    (rf"all (?:of )?(?:the |these |those )?(?:[\d,]+ )?{_WHO}|(?:every|each) (?:\w+ )?{_WHO}", 2, 0.9999, 1.0),
    (r"most|majority|mostly|mainly|largely|generally|usually|typically|widely|primarily|overall|tend to", 2, 0.5, 1.0),
    (r"half", 2, 0.4, 0.6),
    (r"dozens", 24, 0.0, 1.0),
    (r"hundreds", 200, 0.0, 1.0),
    (r"thousands", 2000, 0.0, 1.0),
    (r"a few|a handful|a couple", 2, 0.0, 0.3),
    (r"few|handful|couple|rarely|seldom", 1, 0.0, 0.2),
    (r"minority", 1, 0.0, 0.4999),
    (r"many|numerous|lots|plenty|a lot|frequently|often|commonly|countless|a number of", 5, 0.15, 1.0),
    (r"several|multiple|various", 3, 0.0, 1.0),
    (r"some|certain|sometimes|occasionally", 2, 0.0, 0.6),
    (rf"someone|(?:one|an?|a single|another) {_WHO}", 1, 0.0, 1.0),
)
BOUNDS = tuple(Bound(rf"\b(?:{words})\b", people, low, high) for words, people, low, high in _BOUND_TABLE)
_UNDECIDABLE = re.compile(
    r"\b(?:nobody|no one|none|not (?:all|every\w*|many|most|everyone|everybody)|no "
    + _WHO
    + rf"|twice|equally|outnumber\w*|(?:more|fewer|less) {_WHO}\b.* than)\b"
)
_BARE = Bound("", 2, 0.1, 1.0)  # "customers say", without a word of quantity
_FACT = 0.5  # "it is great", without any people: more than half of them must feel so


def quantity_places(clause: Clause) -> set[int]:
    """Say where in the sentence a clause's words of quantity stand: "all" in "all customers", not in "all day"."""
    text, starts = _joined(clause)
    spans = [match.span() for bound in BOUNDS for match in re.finditer(bound.words, text)]
    return {start for at, start in starts if any(first <= at < last for first, last in spans)}


def check_quantities(claims: Sequence[Claim], counts: Sequence[Allowed], *, numbered: set[int]) -> Finding | None:
    """Check words of quantity against the shares of `_BOUND_TABLE`, in people of those who mention the aspect.

    | words | people, at least | share |
    | --- | --- | --- |
    | all, everyone, every customer, unanimously | 2 | all |
    | almost all, vast majority, overwhelmingly, consistently | 5 | above 80% |
    | most, majority, mostly, generally, usually, overall | 2 | above 50% |
    | half | 2 | 40% to 60% |
    | many, numerous, lots, often, frequently | 5 | above 15% |
    | several, multiple, various | 3 | any |
    | some, sometimes, occasionally | 2 | up to 60% |
    | a few, a handful, a couple | 2 | up to 30% |
    | few, rarely, seldom | 1 | up to 20% |
    | minority | 1 | below 50% |
    | one customer, someone | 1 | any |
    | customers, people (no word of quantity) | 2 | above 10% |
    | a plain statement ("it is great") | 1 | above 50% |

    A claim with words of its own ("most say it is too thin") needs as many people among those cited, and a reason
    ("most like it because it is light") needs two of them, unless it is given for example. "No one",
    "not all" and "more people than" cannot be decided from the counts of one feeling and fail.

    Args:
        claims: The sentence, clause by clause.
        counts: What may be said, claim by claim.
        numbered: Places that `check_numbers` accounted for: a claim with a checked number needs no word of quantity.

    Returns:
        The first thing that does not fit.
    """
    softened = re.search(r"\b(?:example|instance|such as|including|among other)\b", " ".join(_words(claims)))
    spoken = several = reasoned = False
    for place, (claim, count) in enumerate(zip(claims, counts, strict=True)):
        if not claim.signs and not claim.specific and place + 1 < len(claims):
            count = counts[place + 1]  # "most people say, it is too thin"
        counted = any(token.start in numbered for token in claim.clause)
        wrong, who, plural = _check_clause(claim.clause, count, counted=counted)
        if wrong is not None:
            return wrong
        spoken, several = spoken or counted or who, several or plural
        reasoned = reasoned or claim.clause[0].text in ("because", "since")
        alone = count.shown is None or count.shown < 2
        if reasoned and several and not softened and claim.specific and alone:
            reason = "only one of the people cited gives this reason, and not “for example”"
            return finding("single_reason", reason, span=claim.span, against=_said(count))
    return None if spoken else _check_facts(claims, counts)


def _check_clause(clause: Clause, count: Allowed, *, counted: bool) -> tuple[Finding | None, bool, bool]:
    """Check one clause's words of quantity; also say whether it speaks of people, and of more than one."""
    text, starts = _joined(clause)
    whole, spoken = text, False

    def span(match: re.Match[str]) -> tuple[int, int]:
        ends = {at: token.end for (at, _), token in zip(starts, clause, strict=True)}
        first = max(at for at, _ in starts if at <= match.start())
        last = max(at for at, _ in starts if at < match.end())
        return dict(starts)[first], ends[last]

    if unclear := _UNDECIDABLE.search(text):
        reason = f"“{unclear.group()}” cannot be checked against the counts"
        return finding("quantity_unclear", reason, span=span(unclear), against=in_words(count)), True, True
    for bound in BOUNDS:
        for match in re.finditer(bound.words, text):
            spoken = True
            if not _within(bound, count) and not counted:
                reason = f"“{match.group()}” does not fit the counts ({_said(count)})"
                return finding("quantity", reason, span=span(match), against=_said(count)), True, True
        text = re.sub(bound.words, lambda match: "#" * len(match.group()), text)
    who = re.search(rf"\b{_WHO}\b", text)
    if who and not counted and "#" not in text and not _within(_BARE, count):
        reason = f"“{who.group()}” is too many for the counts ({_said(count)})"
        return finding("plural", reason, span=span(who), against=_said(count)), True, True
    several = who is not None or any(bound.people > 1 and re.search(bound.words, whole) for bound in BOUNDS)
    return None, spoken or who is not None, several


def _check_facts(claims: Sequence[Claim], counts: Sequence[Allowed]) -> Finding | None:
    """Check a sentence that speaks of nobody ("it is great"): more than half of the people must say so."""
    for claim, count in zip(claims, counts, strict=True):
        side, of = _side(count)
        if claim.sign and (not of or side is None or side / of <= _FACT):
            reason = f"it is stated as a fact, but {_said(count)} say so"
            return finding("generalization", reason, span=claim.span, against=_said(count))
    return None


def _side(count: Allowed) -> tuple[int | None, int | None]:
    """Give those who feel so and those who mention it: people, or mentions where people are not known."""
    if count.side_people is None:
        return count.side_mentions, count.mentions
    return count.side_people, count.people


def _words(claims: Sequence[Claim]) -> list[str]:
    return [token.text for claim in claims for token in claim.clause]


def _joined(clause: Clause) -> tuple[str, list[tuple[int, int]]]:
    """Join a clause's words by spaces; also list each word's place in that text and in the sentence."""
    text, starts = "", []
    for token in clause:
        starts.append((len(text), token.start))
        text += token.text + " "
    return text.strip(), starts


def _within(bound: Bound, count: Allowed) -> bool:
    side, whole = _side(count)
    if not whole or side is None:
        return False
    enough = side if count.shown is None else count.shown
    return enough >= bound.people and enough / whole > bound.low and side / whole <= bound.high


def _said(count: Allowed) -> str:
    if count.shown is not None:
        return f"{count.shown} of the people cited"
    if count.side_people is None:
        known = count.side_mentions is not None and count.mentions is not None
        return f"{count.side_mentions} of {count.mentions} mentions" if known else "an unknown number of people"
    return f"{count.side_people} of {count.people} people"
