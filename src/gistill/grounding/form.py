"""Whether a sentence may stand in a report at all: plain, complete, nobody's advice, no markup, no address."""

from __future__ import annotations

import re
from itertools import pairwise

from gistill.grounding.findings import finding
from gistill.grounding.wording import MASK, NAME, NEUTRAL, clauses, word_set
from gistill.schema import Finding

_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\uffff]"
)
_ENDINGS = "com|net|org|info|io|co|biz|shop|store|example|ru|cn|de|uk|eu|me|app|xyz|online|site|top|ly|gl"
_ADDRESS = re.compile(rf"://|\bwww\s?\.|@|\b[\w-]+\.(?:{_ENDINGS})\b", re.IGNORECASE)
_MARKUP = re.compile(r"[<>*`#\[\]{}|\\^~=_•]|^\s*[-–—\d]+[.)]\s")
_PERSONAL = word_set("i im ive my mine me myself we our ours us ourselves you your yours yourself u ya")
_IMPERATIVE = word_set(
    "answer ask avoid be buy call check choose click consider contact disregard do don't dont enjoy explore find "
    "follow forget get give go ignore imagine join keep let let's look make never note order please print "
    "purchase read remember repeat reply respond return save say see send shop skip stay stop subscribe summarize "
    "take tell translate try upgrade use visit wait watch write"
)
_ADVICE = re.compile(
    r"\b(?:should|must|need to|ought to|had better) (?:\w+ )?"
    r"(?:buy|avoid|get|try|order|visit|click|return|choose|consider|look|purchase|call|write|ignore|go|read|check|not)\b"
    r"|\b(?:must[- ]have|must[- ]buy|don't miss|do not miss|visit|click|subscribe|coupon|promo code|discount code)\b"
    r"|\b(?:whatsapp|telegram|call now|buy now|order now)\b",
    re.IGNORECASE,
)
_TWICE = re.compile(
    r"\b([^\W\d_]+),? (?:and|or|but) (?:(?:it|they) (?:is|are) )?\1\b", re.IGNORECASE
)  # "thin and thin"
_LEAK = re.compile(
    r"\b(?:as an ai|language model|instructions? (?:above|below|given)|(?:previous|prior|above) instructions?)\b"
    r"|\b(?:system (?:message|prompt)|prompts?|assistant|summar(?:y|ies|i[sz]e\w*)|sentences?|im_start|im_end|ignore)\b"
    r"|\b(?:comments?|quotes?|reviews?) (?:above|below|number|\d+)\b",
    re.IGNORECASE,
)


def check_form(sentence: str, bare: str) -> Finding | None:
    """Find what about a sentence's form must not be shown to a reader.

    Args:
        sentence: The whole sentence. Its length, its characters and addresses count inside quotes too.
        bare: The same with the quoted words masked, every place kept: people quoted may say "I" and give advice.
    """
    if not 4 <= len(sentence.split()) <= 40:
        return finding("length", "it is not between 4 and 40 words long", against="4 to 40 words")
    if match := _UNPRINTABLE.search(sentence):
        return finding("characters", "it holds characters that cannot be shown", span=match.span())
    if match := _ADDRESS.search(sentence):
        return finding("address", "it holds an address", span=match.span())
    if match := _MARKUP.search(bare):
        return finding("markup", "it holds marks that do not belong in a sentence", span=match.span())
    whole = re.match(r"[“\"«‘']?[^\W_]", sentence) and re.search(r"[.!][”\"»’']?$", sentence)
    if not whole or sentence[0].islower():
        return finding("fragment", "it is not a complete sentence")
    if match := re.search(r"[.!?]\s+[^\W\d_]|\?", bare):
        return finding("several_sentences", "it is more than one plain sentence", span=match.span())
    return _check_voice(bare)


def _check_voice(bare: str) -> Finding | None:
    """Find who the sentence speaks as, and to whom: it speaks of people, as nobody, and says a thing once."""
    words = [token for clause in clauses(bare) for token in clause]
    if found := next((word for word in words if word.text.partition("'")[0] in _PERSONAL), None):
        reason = f"it speaks as somebody itself (“{found.text}”)"
        return finding("person", reason, span=(found.start, found.end))
    advice = _ADVICE.search(bare)
    commands = bool(words) and words[0].text in _IMPERATIVE
    if commands or advice:
        span = (words[0].start, words[0].end) if commands else advice.span() if advice else None
        return finding("advice", "it gives advice or an instruction", span=span)
    texts = [word.text for word in words]
    pairs = [pair for pair in pairwise(texts) if not NEUTRAL.union((MASK, NAME)).intersection(pair)]
    twice = _TWICE.search(bare)
    if len(set(pairs)) < len(pairs) or twice:
        return finding("repetition", "it repeats itself", span=twice.span() if twice else None)
    if match := _LEAK.search(bare):
        return finding("prompt_leak", "it repeats what it was told to do", span=match.span())
    return None
