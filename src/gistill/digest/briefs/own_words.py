"""A brief in the words of the conversation: for each slot the sentence of a turn that fills it best.

Whatever language is spoken, the issue is looked for where the customer begins, and what was done where the company
ends; in English also by the words that announce a problem, a deed or a next step.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from gistill.digest.briefs.outcome import Ending, weight
from gistill.digest.briefs.talk import Said
from gistill.schema import BriefSentence
from gistill.sentences import split
from gistill.text import UNSPACED

_LONGEST = 300  # characters of a sentence; a longer one is cut at a word, with a mark
_SHORT = 3  # words; what is shorter says little by itself
_EMPTY = re.compile(
    r"^\W*(?:(?:hi|hello|hey|dear|good (?:morning|day|afternoon|evening)|thanks?|thank you|thx|cheers|sorry|welcome|"
    r"great|ok(?:ay)?|yes|no|hallo|guten tag|hola|bonjour|buongiorno|olá|re|fwd?)\b(?:[^.!?\n]{0,40})?[.!,:\s]*)$|"
    r"how (?:can|may) (?:i|we) help|(?:happy|glad|here) to (?:help|assist)|apologi[sz]e for|sorry to hear|condolences|"
    r"^\W*(?:kind |best |warm )?(?:regards|wishes)\b|(?:thanks?|thank you) for (?:contacting|reaching|your|the)",
    re.IGNORECASE,
)
_SUBJECT = re.compile(r"^\s*(?:subject|betreff|asunto|objet|oggetto)\s*:\s*", re.IGNORECASE)
_ISSUE = re.compile(
    r"\b(?:not|no|never|can['’]?t|cannot|\w+n['’]t|wrong|broke\w*|missing|lost|late|delay\w*|cancel\w*|refund\w*|"
    r"charged?|error|fail\w*|problem|issue|want|need|would like|how|why|when|where|please|help|still|stopped|"
    r"damaged)\b|\?",
    re.IGNORECASE,
)
_DONE = re.compile(
    r"\b(?:i|we)(?:['’]ve| have)\b|\b(?:has|have|is|are|was|were) (?:now |already |just )?(?:been )?\w+ed\b|"
    r"^\W*(?:done|booked|fixed|sorted)\b|\b(?:i|we) (?:\w+ed|sent|made|put|took|gave)\b|"
    r"\b(?:escalat|forward|refund|credit|replac|cancell|reset|order|transferr)\w*ed\b",
    re.IGNORECASE,
)
_ADVICE = re.compile(r"\bplease\b|\byou (?:can|could|need|may|should)\b|\btry\b|\bcan['’]?t|unable", re.IGNORECASE)
_NEXT = re.compile(
    r"\b\w+(?:['’]ll| will)\b|\bwithin \w+|\b(?:by|on|until|before|next) (?:mon|tues|wednes|thurs|fri|satur|sun|"
    r"tomorrow|the end|week|month)|\bonce (?:you|we|i)\b|\bplease\b|"
    r"\b(?:dm|direct message|call|contact|write|send|reply)\b",
    re.IGNORECASE,
)


class _Sentence(NamedTuple):
    turn: Said
    place: int  # of the turn among all that are looked at
    text: str


def own_words(said: Sequence[Said], end: Ending | None, *, language: str | None = None) -> list[BriefSentence]:
    """Choose the sentences of a brief.

    Args:
        said: The turns that it may be made from, in order.
        end: How the conversation ended; its turn gives the sentence of the outcome.
        language: For the ends of sentences; None reads as English.

    Returns:
        At most one sentence for each slot, in the order issue, done, outcome, next; none twice.
    """
    sentences = [
        _Sentence(turn, place, text)
        for place, turn in enumerate(said)
        if turn.speaker != "note"
        for text in _sentences(turn, language)
    ]
    customer = [one for one in sentences if one.turn.speaker == "customer"]
    company = [one for one in sentences if one.turn.speaker != "customer"]
    last = len(said) - 1
    issue = _best(customer, lambda one: _weight(one, _ISSUE, 1.5) - min(one.place, 6))
    done = _best(company, lambda one: _weight(one, _DONE, 3.0) + _weight(one, _ADVICE, 1.0) - 0.4 * (last - one.place))
    chosen = {"issue": issue, "done": done}
    if end is not None:
        signs = [
            (weight(one.text, end.outcome, one.turn.speaker), one)
            for one in sentences
            if one.turn.number == end.turn and one not in chosen.values()
        ]
        _, chosen["outcome"] = max((s for s in signs if s[0]), key=lambda s: s[0], default=(0.0, None))
    near = 1 if end is not None and end.outcome == "solved" else 3  # what was asked for before is done by then
    late = [one for one in sentences if one.place >= last - near and one not in chosen.values()]
    rest = [one for one in late if _NEXT.search(one.text)]
    chosen["next"] = _best(rest, lambda one: one.place + (one.turn.speaker != "customer"))
    return [
        BriefSentence.model_validate(
            {
                "slot": slot,
                "text": one.text,
                "turns": (one.turn.number,),
                "origin": "words",
                "speaker": one.turn.speaker,
            }
        )
        for slot, one in chosen.items()
        if one is not None
    ]


def _sentences(turn: Said, language: str | None) -> list[str]:
    """Cut a turn into its sentences, without greetings; all of them where nothing else is said."""
    found = [_SUBJECT.sub("", turn.text[span.start : span.end]) for span in split(turn.text, language)]
    found = [" ".join(text.split()) for text in found if text.strip()]
    telling = [text for text in found if not _EMPTY.search(text)]
    return [_short(text) for text in telling or found]


def _short(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return text[:_LONGEST].rpartition(" ")[0].rstrip() + " …" if " " in text[:_LONGEST] else text[:_LONGEST] + "…"


def _weight(one: _Sentence, sign: re.Pattern[str], weight: float) -> float:
    """Weigh a sentence by a sign in it and by its length: up to twelve words, more say more."""
    words = len(one.text.split()) + len(re.findall(f"[{UNSPACED}]", one.text)) / 2
    return (weight if sign.search(one.text) else 0.0) + min(words, 12) / 6 - (2.0 if words < _SHORT else 0.0)


def _best(sentences: Sequence[_Sentence], weight: Callable[[_Sentence], float]) -> _Sentence | None:
    """Give the first of the sentences that weigh most; None where there are none."""
    return max(sentences, key=weight, default=None)
