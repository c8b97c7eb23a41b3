"""Whether a sentence may stand in a report at all: plain, complete, nobody's advice, no markup, no address."""

from __future__ import annotations

import re
from itertools import pairwise

from gistill.grounding.wording import MASK, NAME, NEUTRAL, clauses, word_set

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


def check_form(sentence: str, bare: str) -> str:
    """Say what about a sentence's form must not be shown to a reader, or "".

    Args:
        sentence: The whole sentence. Its length, its characters and addresses count inside quotes too.
        bare: The same with the quoted words masked: people quoted may say "I" and give advice.
    """
    if not 4 <= len(sentence.split()) <= 40:
        return "it is not between 4 and 40 words long"
    if _UNPRINTABLE.search(sentence):
        return "it holds characters that cannot be shown"
    if _ADDRESS.search(sentence):
        return "it holds an address"
    if _MARKUP.search(bare):
        return "it holds marks that do not belong in a sentence"
    whole = re.match(r"[“\"«‘']?[^\W_]", sentence) and re.search(r"[.!][”\"»’']?$", sentence)
    if not whole or sentence[0].islower():
        return "it is not a complete sentence"
    if re.search(r"[.!?]\s+[^\W\d_]", bare) or "?" in bare:
        return "it is more than one plain sentence"
    words = [token.text for clause in clauses(bare) for token in clause]
    if found := next((word for word in words if word.partition("'")[0] in _PERSONAL), None):
        return f"it speaks as somebody itself (“{found}”)"
    if (words and words[0] in _IMPERATIVE) or _ADVICE.search(bare):
        return "it gives advice or an instruction"
    pairs = [pair for pair in pairwise(words) if not NEUTRAL.union((MASK, NAME)).intersection(pair)]
    if len(set(pairs)) < len(pairs) or _TWICE.search(bare):
        return "it repeats itself"
    if _LEAK.search(bare):
        return "it repeats what it was told to do"
    return ""
