"""What a column's name says besides its role: whose words it holds, what was asked, whether for praise or for blame.

Words only, folded, in the languages exports come in. `texts` decides with the cells.
"""

from __future__ import annotations

import re
from typing import Literal

from gistill.tables.names import HINTS
from gistill.tables.values import fold

Side = Literal["positive", "negative"]

_HINTS = {hint: frozenset(words.split()) for hint, words in HINTS.items()}

_WRAPPERS = frozenset(["label", "value", "text", "t", "content", "body"])  # of feeds: title.label, review.value

_ASKING = re.compile(
    r"^(?:what|how|why|which|who|where|when|would|could|should|do|did|does|is|are|was|were|please|tell|describe|share|"
    r"any|explain|was|wie|warum|welche|wo|wann|wurden|haben|sind|ist|bitte|gibt|que|quel|quelle|quels|quelles|"
    r"pourquoi|avez|souhaitez|qu|cosa|come|perche|quale|por|cual|como|tiene|hay)\b"
)
_NEGATIVE = re.compile(
    r"\b(?:cons|contras?|negatives?|negativ|negatifs?|negativ[oi]s?|disliked?|dislikes|worst|disadvantages?|"
    r"weakness(?:es)?|drawbacks?|downsides?|pain points?|frustrat\w*|annoy\w*|side ?effects?|improve\w*|"
    r"nachteile?|verbesser\w*|missfallen|kritik|inconvenients?|ameliorer|ameliorations?|points? faibles?|deplu|"
    r"desventajas?|mejorar|mejoras?|peor|disgusto|svantaggi|difetti|migliorare|desvantagens?|melhorar|nadelen|"
    r"verbeteren|verbeterpunten|minpunten|wady|недостатки|минусы)\b|缺点|不足|改进|悪い点|改善|不満|단점|개선"
)
_POSITIVE = re.compile(
    r"\b(?:pros|positives?|positiv|positifs?|positiv[oi]s?|liked?|likes|best|advantages?|strengths?|benefits?|upsides?|"
    r"favou?rites?|praise|compliments?|vorteile?|gefallen|gefallt|lob|avantages?|points? forts?|plu|"
    r"ventajas?|gusto|gusta|vantaggi|pregi|piaciuto|piace|vantagens|gostou|voordelen|pluspunten|lo mejor|zalety|"
    r"достоинства|плюсы)\b|优点|优势|喜欢|良い点|良かった|장점"
)
# Words that name a side in a question, where a label alone ("Problem", "Best", "Complaint") names a kind of row.
_ASKED_NEGATIVE = re.compile(
    r"\b(?:bad|complaints?|problems?|issues?|least|better|worse|missing|lack\w*|change|wrong|struggl\w*|difficult\w*|"
    r"challenges?|schlecht\w*|besser|storend|storte|probleme?|fehlt|manque|mieux|problemas?|falta|problemi|"
    r"peggiore|pior|gestort|geargert|"
    r"beter|zmienic|poprawic|ulepszyc|улучшить|изменить|gelistir\w*|iyilestir\w*)\b"
)
_ASKED_POSITIVE = re.compile(
    r"\b(?:good|great|love[ds]?|enjoy\w*|well|most|gut|besten?|apprecie\w*|aime\w*|mejor|migliore|melhor|goed|"
    r"leukste?|podoba\w*|понравилось|нравится|begen\w*)\b"
)
# Several words that together turn the side of one of them: "liked least", "could we do better".
_BLAME_FIRST = re.compile(
    r"\b(?:do|done|be|been|work|go|gone) better\b|\bliked? (?:the )?least\b|\bleast (?:liked?|favou?rite)|"
    r"\b(?:not|t|nicht) (?:so |as )?(?:like|enjoy|love|good|well|gut|gefallen)\b|\bless (?:well|good)\b|"
    r"\bcould\b.*\b(?:better|improve)|\bwould you (?:change|improve)|\bbesser\b|\bno te gust|"
    r"\bwould (?:have )?(?:you )?liked?\b|"
    r"\b(?:moins|pas) (?:bien |trop |beaucoup |vraiment )?(?:aim|appreci|plu\b|plai|bien\b|bon)|"
    r"\bno (?:te |le |les |os |se )?(?:ha |han )?(?:gust|agrad)|\bmenos (?:te |le |les |os )?(?:gust|gost|agrad)|"
    r"\b(?:gust|gost)\w* menos\b|\bnon (?:ti |le |vi |gli )?(?:e |sono )?piac|\bmeno (?:bene|piac)|"
    r"\bpiaciut\w+ (?:di )?meno\b|"
    r"\bnao (?:te |lhe |lhes |voce )?(?:gost|agrad)|\b(?:minder|niet) (?:zo )?(?:goed|leuk|fijn|prettig)|"
    r"\bweniger (?:gut|gefallen)|\bam wenigsten|\bnie podoba|не (?:по)?нрав|\bbegenme|不喜欢|不滿|不满"
)
# "What problems is it solving for you?" asks for neither.
_SOLVED = re.compile(
    r"\b(?:problems?|issues?|challenges?|pain points?)\b.*\b(?:solv\w*|address\w*)|\bsolv\w*\b.*\bproblems?\b"
)
_PRAISE_FIRST = re.compile(
    r"\bliked? (?:the )?(?:most|best)\b|\bmost liked?\b|\bdo(?:es|ing)? (?:we |you )?(?:well|best)\b"
)


def tokens(name: str) -> list[str]:
    """Split a column's name into folded words: "reviewText" and "Review_Text" are two."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return re.findall(r"[^\W_]+", fold(split))


def short(name: str) -> str:
    """Leave of a path into nested objects what says most: "item.review.author.id" is "author id"."""
    steps = name.split(".")
    if len(steps) < 2 or any(char.isspace() for char in name) or not all(steps):
        return name
    return " ".join(steps[-2:])


def unwrapped(name: str) -> list[str]:
    """Split a name without the words that feeds wrap every value in: "feed.title.label" is feed, title."""
    words = tokens(name)
    while len(words) > 1 and words[-1] in _WRAPPERS and words[-2] in _HINTS["titles"] | _WRAPPERS:
        words.pop()
    return words


def is_question(name: str) -> bool:
    """Say whether a name is what somebody was asked, and no label."""
    words = tokens(name)
    if name.rstrip(" )*:").endswith(("?", "？")) or "?" in name:
        return len(words) >= 2
    if len(words) >= 3 and _ASKING.match(" ".join(words)) and " " in name.strip():
        return True
    written = name.split()  # a sentence has small words, a label Has Capitals
    return len(written) >= 5 and sum(word[:1].islower() for word in written) >= 0.4 * len(written)


def is_title(name: str) -> bool:
    """Say whether a name is that of the line over a text, and not of a product, a job or a page."""
    words = unwrapped(name)
    if words in (["ticket", "name"], ["conversation", "name"]):
        return True
    if not words or words[-1] not in _HINTS["titles"] or len(words) > 4:
        return False
    return not (set(words) & (_HINTS["things"] | {"page", "job", "user", "author", "role", "video", "channel", "meta"}))


def whose(name: str) -> str:
    """Say in a clause why a column by its name does not hold the customer's words; empty where it may.

    "perhaps a reply" is for names that a reply and a customer's answer go by: other columns decide.
    """
    words = tokens(name)
    told = set(words)
    joined = "".join(words)
    if is_question(name):
        return ""
    if told & _HINTS["replies"] or any(word in joined for word in ("replytext", "replycontent", "devreply")):
        return "a reply to the customer"
    if told & _HINTS["answers"] and told & _HINTS["company"]:
        return "a reply to the customer"
    if (told & _HINTS["internal"] and told & _HINTS["notes"]) or joined in (
        "worknotes",
        "closenotes",
        "resolutionnotes",
        "resolution",
    ):
        return "notes of the staff"
    if told & _HINTS["things"] and told & _HINTS["about"] and not told & {"review", "reviews", "comment", "feedback"}:
        return "about the product"
    if "job" in told and told & {"title", "role"}:
        return "about the writer"
    if words and (
        words[-1] in _HINTS["attributes"]
        or (words[0] in _HINTS["attributes"] and len(words) <= 2 and words[-1] not in _HINTS["notes"])
    ):
        return "a label"
    return "perhaps a reply" if words and words[-1] in _HINTS["answers"] and len(words) <= 2 else ""


def find_side(name: str) -> Side | None:
    """Say whether a column or a question asks for praise or for blame; None where it asks for both or neither.

    >>> [find_side(name) for name in ("Pros", "What could we do better?", "What did you like least?", "Review")]
    ['positive', 'negative', 'negative', None]
    """
    plain = " ".join(tokens(name))
    if _SOLVED.search(plain):
        return None
    if not re.search(r"\b(?:least|worst)\b", plain) and _PRAISE_FIRST.search(plain):
        return "positive"
    if _BLAME_FIRST.search(plain):
        return "negative"
    asked = is_question(name)
    good = _POSITIVE.search(plain) or (asked and _ASKED_POSITIVE.search(plain))
    bad = _NEGATIVE.search(plain) or (asked and _ASKED_NEGATIVE.search(plain))
    if bool(good) == bool(bad):
        return None
    return "positive" if good else "negative"


def is_copy_name(name: str, of: str) -> str:
    """Say why a name is that of a translation or of a worked-over copy of another column; empty where it is not."""
    ours, theirs = tokens(name), tokens(of)
    extra = [word for word in ours if word not in theirs]
    less = [word for word in theirs if word not in ours]
    if not extra or not (set(ours) & set(theirs)) or any(word not in _HINTS["original"] for word in less):
        return ""
    if all(word in _HINTS["language_marks"] for word in extra):
        return "a translation"
    return "a copy" if all(word in _HINTS["copies"] for word in extra) else ""
