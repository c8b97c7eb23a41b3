"""How a conversation ended: solved, moved elsewhere, or open; measured in docs/evaluation.md.

The last turns decide. A linear head weighs what the last two turns of each side mean (vectors of the likeness encoder)
and which signs stand in the last six; a sign nearer the end weighs more. `weights/outcome` has its weights, and who
taught it. The turn that is named is the one with the strongest sign of that outcome. Both know English only.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gistill.digest.briefs.talk import Said
from gistill.likeness import load_likeness, window
from gistill.schema import Outcome
from gistill.skills.conversation_summary import Speaker

_LAST = 6  # turns of each side that are looked at
# How much less a sign weighs for each turn after it; who hands a case over often goes on talking.
_FADING: dict[Outcome, float] = {"solved": 0.7, "moved": 0.3, "open": 0.7}
_NOTHING = 0.5  # weight of "open" where no sign is found
_ANSWERED = 1.0  # weight of "solved" where the company has the last word and leaves nothing open
_FADED = 0.7  # the same in what the head sees, for every outcome
_READ = 400  # characters of a turn that the encoder reads, the last ones
_MEANT = 2.0  # how much a vector weighs beside a sign
FILE = Path(__file__).parents[2] / "weights" / "outcome" / "outcome.json"
OUTCOMES: tuple[Outcome, ...] = ("solved", "moved", "open")


class Ending(NamedTuple):
    """How a conversation ended, and the number of the turn that says it best."""

    outcome: Outcome
    turn: int


class _Rule(NamedTuple):
    outcome: Outcome
    weight: float
    sign: re.Pattern[str]


def _rule(outcome: Outcome, weight: float, *signs: str) -> _Rule:
    return _Rule(outcome, weight, re.compile("|".join(signs), re.IGNORECASE))


_OTHERS = (
    r"(?:team|department|dept|section|desk|colleagues?|specialists?|manager|supervisor|engineers?|engineering|office|"
    r"cent(?:re|er)|pharmacist|technicians?|insurer|insurance|bank|courier|carrier|manufacturer|provider|partner|"
    r"claims|billing|finance|disputes|renewals|appeals)"
)
_TAKE_OVER = (
    r"(?:will|decides?|calls?|answers?|writes?|takes? over|has to|have to|must|can help|contacts?|get back|reply|"
    r"replies|looks? (?:into|at)|work on)"
)
_PRIVATE = r"(?:dm|pm|direct message|private message)"
_I_HAVE = r"\b(?:i|we)(?:['’]ve| have)(?: (?:just|now|also))? "
_I_WILL = r"\b(?:i|we)(?:['’]ll| will) "
_CUSTOMER = (
    _rule("solved", 3.0, r"\b(?:it |that |this )?(?:works?|worked|working)\b(?! (?:hours|days|out))(?<!n't work)"),
    _rule(
        "solved", 3.0,
        r"\b(?:is|are|am|it's|i'm|all|now|got) (?:back|gone|fixed|sorted|resolved|solved|good|clear|set|in)\b",
    ),
    _rule(
        "solved", 2.5,
        r"^\W*(?:fixed|sorted|resolved|solved|perfect|brilliant|excellent|legend|awesome|great|yes+!)\b",
    ),
    _rule(  # agrees, without a question or an objection
        "solved", 2.0,
        r"^\W*(?:ok(?:ay)?|alright|all right|fine|good|cool|super|nice|lovely|got it|understood|noted|i see|will do|"
        r"sounds good|that works|works for me|see you|deal)\b"
        r"(?![\s\S]*(?:\bbut\b|\?|n['’]t\b|\bnot\b|\bi['’]ll\b|\bgonna\b))",
    ),
    _rule("solved", 1.5, r"\b(?:thanks?|thank you|thx|cheers|appreciate|lifesaver|you saved|much obliged)\b"),
    _rule("solved", 1.0, r"\bno,? (?:that's (?:all|it)|ta|thanks?|thank you)\b", r"\bcoming (?:at|to|tomorrow)\b"),
    _rule(
        "open", 3.0,
        r"\bstill (?:not|no|does|is|have|waiting)\b",
        r"\b(?:does|did|is|has|have|wo)n['’]?t (?:work|help|arriv|been|come|open|load)",
        r"\bnot work|\bunacceptable\b|\bridiculous\b|\binsult\b|\buseless\b|\bjoke\b",
    ),
    _rule(
        "open", 1.5,
        r"\b(?:i do not accept|don['’]?t bother|leave it|gonna appeal|i refuse|let me (?:know|think))\b",
        r"\bi(?:['’]ll| will) (?:come back|think|wait|see|try|appeal|send)\b|\bwill (?:turn|complain|leave|switch)\b",
    ),
    _rule("open", 2.0, r"\?\W*$"),
    _rule(
        "moved", 1.5,
        r"\bi(?:['’]ll| will) (?:call|ring|phone|ask|contact|write to|e-?mail|go to) (?:them|him|her|the|my|it)\b",
    ),
    _rule(
        "moved", 2.0,
        r"\b(?:dm|pm|messag)(?:ed|['’]d|ing|s)? (?:you|sent)\b",
        rf"\b(?:just )?sent (?:you )?(?:a |the )?{_PRIVATE}",
    ),
)  # fmt: skip
_COMPANY = (
    _rule(
        "moved", 4.0,
        rf"\b{_PRIVATE}s?\b",
        r"\bmessage us (?:privately|directly)",
    ),
    _rule(
        "moved", 4.0,
        r"\b(?:escalat\w+|forward(?:ed|ing)|transferr?(?:ed|ing)|referr?(?:ed|ing)|redirect(?:ed|ing) you)\b",
        r"\bhand(?:ed|ing) (?:it|this|you|your \w+|the \w+) over\b",
        r"\bpass(?:ed|ing) (?:it|this|you|that|your|the|on)\b|\bconnect(?:ing)? you\b|\bput(?:ting)? you through\b",
    ),
    _rule("moved", 4.0, rf"\b{_OTHERS}\b[^.?!]{{0,40}}\b{_TAKE_OVER}\b"),
    _rule(
        "moved", 2.0,
        r"\b(?:ask|contact|call|ring|phone|write to|speak (?:to|with)|talk to|reach out to|turn to|e-?mail|visit) "
        r"(?:the|our|their|his|her|them|him)\b",
        r"\bget in touch with\b",
    ),
    _rule(
        "moved", 2.0,
        r"\bcall(?:-?back)? (?:from|with|by)\b|\b(?:callback|call) (?:is |has been )?(?:booked|arranged|scheduled)\b",
        r"\bbooked:[^.]*call\b",
    ),
    _rule(
        "moved", 1.5,
        r"\bcase (?:for them|to them|number|with (?:the|our))\b|\bwrite to \S+@|\bin (?:their|another) queue\b",
    ),
    _rule(
        "solved", 2.5,
        r"(?:^|[.!]\s)\W*(?:all )?(?:done|booked|sorted|fixed|cancelled|renewed|reset|swapped|confirmed|connected|"
        r"changed)\b",
    ),
    _rule(
        "solved", 2.0,
        _I_HAVE + r"(?:credited|refunded|corrected|reset|cancelled|changed|updated|fixed|removed|renewed|replaced|"
        r"waived|booked|activated|taken off|switched|unlocked|added|issued|reversed|restored|approved|extended|"
        r"received|moved|ordered|sent|re-?sent|swapped|adjusted)\b",
    ),
    _rule(
        "solved", 2.0,
        r"\b(?:has|have|is|are) (?:now |already |just )?(?:been )?(?:cancelled|refunded|credited|corrected|renewed|"
        r"replaced|fixed|resolved|restored|confirmed|booked|issued|stopped|attached|active|activated|enabled|unlocked|"
        r"reversed|connected|done|ready|printing|changed|updated|approved|extended)\b",
    ),
    _rule(
        "solved", 1.5,
        r"\b(?:glad|happy|great) (?:to (?:hear|help|be)|that|it|we|you)|\byou['’]?re (?:very |most )?welcome\b",
        r"\bwonderful\b|\benjoy\b",
        _I_WILL + r"(?:send|refund|credit|deliver|replace|reprint)\b[^.?!]*\b(?:today|tomorrow|free)\b",
    ),
    _rule(
        "open", 2.0,
        r"\b(?:can['’]?t|cannot|can not|unable|not able|unfortunately|i['’]m afraid|no other|stays no)\b",
        r"\bnot (?:possible|guaranteed)\b|\b(?:refus|declin)\w+",
    ),
    _rule(
        "open", 2.0,
        _I_WILL + r"(?:ask|check|look|investigate|find out|get back|come back|update|keep you|let you know|write|call|"
        r"try|see|wait)\b",
        r"\blook(?:ing)? into\b|\bexpect (?:their|an|the) (?:answer|reply)\b",
        r"\bno (?:date|time|answer|eta) (?:for|from|yet)\b",
    ),
    _rule(
        "open", 2.0,
        r"\b(?:once|as soon as|until) (?:we|you|i|it|they)\b|\b(?:need|require)\b",
        r"\bplease (?:send|provide|confirm|share|reply|tell|try|upload|attach)\b",
        r"\brequest (?:has been |was )?created\b|\bhaven['’]?t sent anything\b|\bnothing has been\b",
    ),
    _rule(
        "open", 1.5,
        r"\?\W*$|\byou (?:can|may|could) (?:appeal|lodge|object|complain|submit)\b|\boffer stays open\b",
    ),
)  # fmt: skip


def ending(said: Sequence[Said]) -> Ending | None:
    """Say how a conversation ended.

    Args:
        said: All turns, in order; notes are the company's and say nothing here.

    Returns:
        The likeliest outcome, and the turn whose sign weighs most for it; the last turn where no sign stands for it.
        None where one side only speaks: then nothing was answered that could be judged.
    """
    turns = [turn for turn in said if turn.speaker != "note"]
    if len({turn.speaker == "customer" for turn in turns}) < 2:
        return None
    weights, bias = _head()
    found = OUTCOMES[int(np.argmax(features(turns) @ weights + bias))]
    signs = [
        (weighs / (1 + _FADING[found] * (len(turns) - 1 - place)), turn.number)
        for customers, rules in ((True, _CUSTOMER), (False, _COMPANY))
        for place, turn in _last(turns, customers)
        if (weighs := _signs(turn.text, rules).get(found, 0.0))
    ]
    return Ending(found, max(signs)[1] if signs else turns[-1].number)


def features(turns: Sequence[Said]) -> NDArray[np.float64]:
    """Give what the head sees of a conversation.

    Args:
        turns: Both sides, without notes.

    Returns:
        Shape (F,): the vectors of the last and the last but one turn of the customer, then of the company; for each
        sign how near to the end it last stands (1: in the last turn, 0: in none of the last six of its side); whether
        the customer has the last word; and what the signs weigh in all for each of `OUTCOMES`, by weights that were
        chosen by hand on 40 conversations. A turn that is not there is a vector of zeros.
    """
    read, signs = [], []
    for customers, rules in ((True, _CUSTOMER), (False, _COMPANY)):
        mine = _last(turns, customers)
        last = [turn.text[-_READ:] for _, turn in mine[-2:]][::-1]
        read += [*last, *[""] * (2 - len(last))]
        for rule in rules:
            after = [len(turns) - 1 - place for place, turn in mine if rule.sign.search(turn.text)]
            signs.append(max((1 / (1 + _FADED * many) for many in after), default=0.0))
    with _encoding:
        vectors = _encoder().embed([window(text, (0, len(text))) for text in read])
    vectors[[not text.strip() for text in read]] = 0.0
    whole = [float(turns[-1].speaker == "customer")]
    return np.concatenate([_MEANT * vectors.astype(np.float64).ravel(), signs, whole, _sums(turns)])


def _sums(turns: Sequence[Said]) -> list[float]:
    weights: dict[Outcome, float] = {"solved": 0.0, "moved": 0.0, "open": _NOTHING}
    for customers, rules in ((True, _CUSTOMER), (False, _COMPANY)):
        for place, turn in _last(turns, customers):
            for outcome, weighs in _signs(turn.text, rules).items():
                weights[outcome] += weighs / (1 + _FADING[outcome] * (len(turns) - 1 - place))
    if turns[-1].speaker != "customer" and "open" not in _signs(turns[-1].text, _COMPANY):
        weights["solved"] += _ANSWERED
    return [weights[outcome] for outcome in OUTCOMES]


def rules_hash() -> str:
    """Name the signs that the head was taught with: first 16 hexadecimal digits of the sha256 over their patterns."""
    return hashlib.sha256("\n".join(rule.sign.pattern for rule in (*_CUSTOMER, *_COMPANY)).encode()).hexdigest()[:16]


_encoding = Lock()  # the encoder serves one thread at a time
_encoder = cache(load_likeness)


@cache
def _head() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    head = json.loads(FILE.read_text(encoding="utf-8"))
    return np.array(head["weights"], dtype=np.float64), np.array(head["bias"], dtype=np.float64)


def _last(turns: Sequence[Said], customers: bool) -> list[tuple[int, Said]]:
    """Give the last turns of a side with their places."""
    return [(place, turn) for place, turn in enumerate(turns) if (turn.speaker == "customer") == customers][-_LAST:]


def weight(text: str, outcome: Outcome, speaker: Speaker) -> float:
    """Say how much the words of a speaker weigh for an outcome; 0 where they hold no sign of it."""
    return _signs(text, _CUSTOMER if speaker == "customer" else _COMPANY).get(outcome, 0.0)


def _signs(text: str, rules: Sequence[_Rule]) -> dict[Outcome, float]:
    """Give what the strongest sign of each outcome in a text weighs."""
    found: dict[Outcome, float] = {}
    for rule in rules:
        if rule.sign.search(text):
            found[rule.outcome] = max(found.get(rule.outcome, 0.0), rule.weight)
    return found
