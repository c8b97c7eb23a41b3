"""How a conversation ended, by rules: solved, moved elsewhere, or open; measured in docs/evaluation.md.

The last turns decide. A rule is a sign in a turn of one side, with a weight for one of the three outcomes; signs nearer
the end weigh more. Weights were chosen on 40 conversations, and the rules know English only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from gistill.digest.briefs.talk import Said
from gistill.schema import Outcome
from gistill.skills.conversation_summary import Speaker

_LAST = 6  # turns of each side that are looked at
# How much less a sign weighs for each turn after it; who hands a case over often goes on talking.
_FADING: dict[Outcome, float] = {"solved": 0.7, "moved": 0.3, "open": 0.7}
_NOTHING = 0.5  # weight of "open" where no sign is found
_ANSWERED = 1.0  # weight of "solved" where the company has the last word and leaves nothing open


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
        The outcome, and the turn whose sign weighs most for it. Where no sign is found it is solved if the company has
        the last word, else open, by the last turn. None where one side only speaks: then nothing was answered that
        could be judged.
    """
    turns = [turn for turn in said if turn.speaker != "note"]
    if len({turn.speaker == "customer" for turn in turns}) < 2:
        return None
    weights: dict[Outcome, float] = {"solved": 0.0, "moved": 0.0, "open": _NOTHING}
    best: dict[Outcome, tuple[float, int]] = {}
    for customers, rules in ((True, _CUSTOMER), (False, _COMPANY)):
        mine = [(place, turn) for place, turn in enumerate(turns) if (turn.speaker == "customer") == customers]
        for place, turn in mine[-_LAST:]:
            for outcome, weighs in _signs(turn.text, rules).items():
                faded = weighs / (1 + _FADING[outcome] * (len(turns) - 1 - place))
                weights[outcome] += faded
                best[outcome] = max(best.get(outcome, (0.0, 0)), (faded, turn.number))
    if turns[-1].speaker != "customer" and "open" not in _signs(turns[-1].text, _COMPANY):
        weights["solved"] += _ANSWERED
    found = max(weights, key=lambda name: weights[name])
    return Ending(found, best[found][1] if found in best else turns[-1].number)


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
