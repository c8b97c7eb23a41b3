"""What the words of an English sentence do: negate, praise, blame, count, or name something that needs evidence.

Small word lists written from general knowledge of English. They decide only what a *checked* sentence may say, so a
missing word makes a true sentence fail and quotes stand in its place; it never lets a false one pass.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

MASK = "\ufffc"  # stands for quoted words, which are checked on their own
NAME = "\ufffb"  # stands for the aspect's name, which needs no evidence

_TOKEN = re.compile(rf"[{MASK}{NAME}]|\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|['’][^\W\d_]+|[%,;:.!?()…—–]")


class Token(NamedTuple):
    """A word, number or mark in lower case, with its place in the text, `[start, end)`."""

    text: str
    start: int
    end: int


class Word(NamedTuple):
    """A word that carries content: its stem, and whether it stands under a negation."""

    stem: str
    negated: bool
    token: Token


Clause = tuple[Token, ...]


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Cut an English word to the part its forms share: "lasting", "lasts" and "lasted" become "last".

    Cruder than a real stemmer on purpose, and used only to compare words with each other: Snowball's makes "use" of
    "useful" and "posit" of "positive" and "position" (docs/decisions/0010).
    """
    word = word.removesuffix("'s").removesuffix("'")
    word = _IRREGULAR.get(word, word)
    for ending, put in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)] + put
            if (
                ending in ("ing", "ed", "er", "est")
                and len(word) > 3
                and word[-1] == word[-2]
                and word[-1] not in "lsz"
            ):
                word = word[:-1]
            break
    if word.endswith("e") and len(word) > 3:
        word = word[:-1]
    return word[:-1] + "i" if word.endswith("y") and len(word) > 3 else word


_ENDINGS = (
    ("ically", "ic"), ("ability", "abl"), ("ibility", "ibl"), ("iness", "i"), ("ments", ""), ("ment", ""),
    ("ness", ""), ("ingly", ""), ("edly", ""), ("ily", "i"), ("ably", "abl"), ("ibly", "ibl"), ("ies", "i"),
    ("ied", "i"), ("ier", "i"), ("iest", "i"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"),
    ("ing", ""), ("ed", ""), ("ly", ""), ("ss", "ss"), ("us", "us"), ("is", "is"), ("s", ""),
)  # fmt: skip
_IRREGULAR = {
    "broke": "break", "broken": "break", "fell": "fall", "fallen": "fall", "felt": "feel", "found": "find",
    "thought": "think", "said": "say", "says": "say", "bought": "buy", "kept": "keep", "held": "hold", "lost":
    "lose", "made": "make", "making": "make", "went": "go", "gone": "go", "goes": "go", "got": "get", "gets": "get",
    "came": "come", "gave": "give", "given": "give", "took": "take", "taken": "take", "wore": "wear", "worn":
    "wear", "tore": "tear", "torn": "tear", "ran": "run", "running": "run", "died": "die", "dying": "die",
    "children": "child", "men": "man", "women": "woman", "feet": "foot", "worse": "bad", "worst": "bad", "best":
    "good", "better": "good", "well": "good", "sent": "send", "paid": "pay", "told": "tell", "left": "leave",
    "stood": "stand", "slept": "sleep", "ate": "eat", "does": "do", "did": "do", "done": "do", "was": "be", "were":
    "be", "been": "be", "is": "be", "are": "be", "using": "use", "used": "use", "uses": "use", "stopped": "stop",
    "fits": "fit",
}  # fmt: skip


def word_set(text: str) -> frozenset[str]:
    """Make a word list from words written in a row."""
    return frozenset(text.split())


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in text.split())


_BREAKS = set(",;:.!?()…—–")
_JOINS = word_set(
    "and but while although though however yet whereas because which since despite except unless or nor plus so if when"
)
_NEGATORS = word_set(
    "not no never without hardly barely scarcely cannot cant dont doesnt didnt isnt wasnt wont wouldnt couldnt "
    "arent werent nothing none neither nor nobody less least lack lacks lacked lacking fail fails failed zero "
    "stop stops stopped"
)
_NOT_NEGATING = {
    ("not", "only"),
    ("not", "just"),
    ("no", "doubt"),
    ("nothing", "but"),
    ("least", "of"),
    ("at", "least"),
}
_HYPOTHETICAL = word_set("could would should wish wished wishes hope hoped hoping expected supposed instead ought")

# Words whose feeling does not depend on what they are said of. "cheap", "small", "hot" and the like are left out.
POSITIVE = _stems(
    "accurate admire adorable affordable amazing appreciate attractive awesome beautiful beautifully best better "
    "breathtaking brilliant charming clean comfortable comfy convenient cool cozy crisp delicious delight "
    "delighted delightful dependable durable effective efficient elegant enjoy enjoyable enjoyed excellent "
    "exceptional exceptionally fabulous fantastic flawless flawlessly fresh friendly fun generous glad good "
    "gorgeous great happy helpful ideal impressed impressive incredible incredibly intuitive like liked likes "
    "love loved lovely loves nice nicely outstanding perfect perfectly pleasant pleased pleasing pleasure polite "
    "positive praise praised praises prompt reasonable recommend recommended reliable responsive rich satisfied "
    "satisfying satisfaction sharp sleek smooth smoothly solid spectacular sturdy superb superior tasty terrific "
    "thrilled tough useful versatile vivid well wonderful wonderfully worth favorite favourite bargain bonus plus"
)
NEGATIVE = _stems(
    "annoyed annoying annoy awful awkward bad badly blurry break breaks broke broken bug buggy bulky burnt "
    "cheaply clumsy complain complained complaint complaints confusing crack cracked crap crappy criticise "
    "criticize criticism damage damaged dead defect defective die died difficult difficulty dirty disappoint "
    "disappointed disappointing disappointment disgusting dislike disliked dislikes dissatisfied distorted "
    "dreadful error excessive fault faulty fell filthy flaw flawed flimsy fragile frustrate frustrated "
    "frustrating frustration garbage grainy gross hate hated horrible horribly impossible inaccurate inadequate "
    "inconvenient inferior irritating issue issues junk lousy mediocre mess misleading negative noisy overpriced "
    "pain painful pathetic peel peeling poor poorly problem problems refund regret ridiculous rip ripped rude "
    "rusty scratch scratched scratchy shoddy smelly stale struggle terrible terribly thumbs-down tear torn trash "
    "trouble ugly unacceptable uncomfortable unfortunately unhappy unpleasant unreliable unresponsive unusable "
    "upset useless waste wasted weak worse worst worthless wrong"
)
# Praise on their own, but not beside blame: "easy to break", "quickly wore out", "pretty bad".
_MILD = _stems("easy easily quick quickly fast pretty")
_COMPARING = _stems("feel sound look smell taste seem be just work act something anything more")
# What a summary may say about any feeling of the right polarity, without finding the very word in the evidence.
GENERIC = _stems(
    "like liked dislike disliked praise praised complain complained complaint good great nice bad poor happy "
    "unhappy positive negative pleased satisfied dissatisfied disappointed disappointing problem problems issue "
    "issues criticise criticize appreciate enjoy"
)
PEOPLE = word_set(
    "people person persons customer customers user users reviewer reviewers buyer buyers owner owners respondent "
    "respondents guest guests diner diners visitor visitors shopper shoppers consumer consumers reader readers "
    "everyone everybody nobody someone many most some several few others commenters patients students travellers "
    "travelers"
)
_FUNCTION = word_set(
    "a an the this that these those it its it's he she his her they their them theirs they're themselves who whom "
    "whose which what as at by for from in into of off on onto out over to up with within about after before "
    "between during through under than then too also both either very quite so such just even still only really "
    "rather more much be is are was were been being am have has had having do does did doing done will would can "
    "could may might must 's 're 've 'd 'll there here when where while how why because if and or but nor not n't "
    "no yet though although however since despite unless except plus whereas one ones other another same own way "
    "lot lots bit ca wo"
)
_REPORTING = word_set(
    "say says said saying mention mentions mentioned mentioning report reports reported reporting find finds "
    "found finding think thinks thought feel feels felt describe describes described note notes noted call calls "
    "called state states stated express expresses expressed comment comments commented opinion opinions review "
    "reviews experience regard view views word words such including overall general generally people's customer's "
    "product item thing things something aspect among according who total mostly example instance neutral enough"
)
# Bounded by the quantity check wherever they stand, so they need no evidence of their own.
_QUANTITY = word_set(
    "majority minority half handful couple dozens hundreds thousands numerous plenty multiple various certain "
    "frequently often commonly countless rarely seldom usually typically widely primarily largely mainly "
    "consistently overwhelming overwhelmingly vast unanimous unanimously universal universally virtually almost "
    "nearly sometimes occasionally tend percent per cent"
)
NEUTRAL = _QUANTITY | _stems(" ".join(_FUNCTION | _REPORTING | PEOPLE)) | _FUNCTION | _REPORTING | PEOPLE

_NUMBER_WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty":
    60, "seventy": 70, "eighty": 80, "ninety": 90, "dozen": 12, "hundred": 100, "thousand": 1000, "million":
    1_000_000,
}  # fmt: skip


def tokens(text: str) -> list[Token]:
    """Cut a text into words, numbers and marks; case is folded and ’ becomes '."""
    found = []
    for match in _TOKEN.finditer(text):
        word = match.group()
        found.append(Token(word.casefold().replace("’", "'"), match.start(), match.end()))
    return found


def clauses(text: str) -> list[Clause]:
    """Cut a text where a claim ends: at marks and at words that join claims. "and" begins the clause after it."""
    found: list[list[Token]] = [[]]
    for token in tokens(text):
        if token.text in _BREAKS:
            found.append([])
        elif token.text in _JOINS:
            found.append([token])
        else:
            found[-1].append(token)
    return [tuple(clause) for clause in found if any(token.text not in _JOINS for token in clause)]


def number(word: str) -> float | None:
    """Read a number in digits or as one English word; None for anything else. "1,200" is 1200."""
    if word and word[0].isdecimal():
        try:
            return float(word.replace(",", "")) if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?|\d+(\.\d+)?", word) else None
        except ValueError:
            return None
    value = _NUMBER_WORDS.get(word)
    return None if value is None else float(value)


def negations(clause: Clause) -> list[bool]:
    """Say for each token whether a negation before it in its clause turns it round; two negations cancel out."""
    flags, negated = [], False
    for place, token in enumerate(clause):
        flags.append(negated)
        after = clause[place + 1].text if place + 1 < len(clause) else ""
        before = clause[place - 1].text if place else ""
        skip = (token.text, after) in _NOT_NEGATING or (before, token.text) in _NOT_NEGATING
        if (token.text in _NEGATORS or token.text.endswith("n't")) and not skip:
            negated = not negated
    return flags


def content(clause: Clause) -> list[Word]:
    """List the words that need evidence: no function words, no verbs of reporting, no general praise or blame.

    A number becomes its value ("#2" for "2" and for "two"), so that either spelling supports the other. The mark for
    the aspect's name is a word of its own.
    """
    found = []
    for token, negated in zip(clause, negations(clause), strict=True):
        root = stem(token.text)
        skip = token.text in NEUTRAL or root in NEUTRAL or root in GENERIC or token.text in _NEGATORS
        if token.text != NAME and (skip or not token.text[0].isalnum()):
            continue
        value = number(token.text)
        found.append(Word(root, negated, token) if value is None else Word(f"#{value:g}", False, token))
    return found


def signs(clause: Clause, known: Mapping[str, int] | None = None) -> list[int]:
    """List the feelings a clause expresses, +1 or -1 each, in order.

    Args:
        clause: One clause; negation does not reach beyond it.
        known: Stems whose feeling is known from elsewhere (the opinions cited), for words that are in neither list.

    Returns:
        One number per word of feeling: "not good" and "could be better" are -1, "no problems" is +1, and "too" makes
        whatever follows -1.
    """
    found, mild, wished = [], [], False
    before = ""
    for token, negated in zip(clause, negations(clause), strict=True):
        root = stem(token.text)
        wished = wished or token.text in _HYPOTHETICAL
        if before == "too":
            found.append(1 if negated else -1)
        elif root in _MILD:
            mild.append(-1 if negated or wished else 1)
        elif not (token.text == "like" and stem(before) in _COMPARING) and (before, token.text) != ("as", "well"):
            sign = 1 if root in POSITIVE else -1 if root in NEGATIVE else (known or {}).get(root, 0)
            if sign:
                found.append(-1 if sign > 0 and wished else -sign if negated else sign)
        before = token.text
    return found or mild


def covers(evidence: Sequence[Word], claim: Sequence[Word]) -> bool:
    """Tell whether every word of a claim stands in one clause of evidence, negated there as in the claim."""
    have = {(word.stem, word.negated) for word in evidence}
    return all((word.stem, word.negated) in have for word in claim)
