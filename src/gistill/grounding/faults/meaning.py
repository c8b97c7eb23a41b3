"""Negation, opposites, hedges, promises told as done, and degree: a summary's words held against the best evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gistill.grounding.faults.evidence import Found, covered, evidence
from gistill.grounding.faults.fault import Fault, fault
from gistill.grounding.faults.people import acts
from gistill.grounding.faults.reading import Reading, Sentence, clauses_of, is_negator, is_trouble, said
from gistill.grounding.wording import Clause, Token, stem, word_set

_ENOUGH = 0.5  # share of a clause's words that its evidence must say before the two are compared
_OPPOSITES = (
    "open/closed increase/decrease increased/decreased higher/lower high/low before/after early/late earlier/later "
    "accept/reject accepted/rejected accepted/declined approve/deny approved/denied agreed/refused agreed/declined "
    "allow/forbid allowed/forbidden enable/disable enabled/disabled buy/sell bought/sold win/lose won/lost start/end "
    "started/ended begin/finish arrive/depart arrived/departed arrival/departure fast/slow faster/slower "
    "quickly/slowly "
    "happy/unhappy satisfied/dissatisfied pleased/displeased positive/negative success/failure successful/unsuccessful "
    "correct/incorrect right/wrong safe/unsafe cheap/expensive "
    "more/fewer more/less best/worst better/worse good/bad easy/difficult easy/hard always/never everyone/nobody "
    "all/none first/last online/offline incoming/outgoing upgrade/downgrade upgraded/downgraded add/remove "
    "added/removed "
    "include/exclude included/excluded support/oppose supported/opposed rise/fall rose/fell gain/loss up/down in/out "
    "on/off strong/weak stronger/weaker large/small larger/smaller long/short longer/shorter new/old hot/cold "
    "clean/dirty full/empty love/hate loved/hated friendly/rude fresh/stale connected/disconnected resolved/unresolved "
    "paid/unpaid locked/unlocked login/logout credit/debit sent/received send/receive refunded/charged"
)
# Words that stand everywhere: their opposite in a sentence says nothing.
_COMMON = word_set("in out on off up down more less all none right first last before after new")
_HEDGE = re.compile(
    r"\b(?:may|might|maybe|perhaps|possibly|probabl[ey]|likely|seems (?:like|to be)|apparently|could be|"
    r"i think|i guess|i believe|not sure|unsure|suspect\w*|sounds like|looks like|usually|normally|hopefully)\b",
    re.IGNORECASE,
)
_SOFT = re.compile(
    rf"{_HEDGE.pattern}|\b(?:suggest\w*|asks?|asked|asking|whether|if|think\w*|thought|guess\w*|believ\w*|assum\w*|hop\w+|"
    r"wonder\w*|feels?|felt|try|tries|tried|trying|wants?|wanted|can|could|would|expect\w*|advis\w*|request\w*)\b",
    re.IGNORECASE,
)
_DENIAL = re.compile(
    r"\s+(?:\w+\s+)?(?:not|never|\w+n't)\s+(?:\w+ly\s+)?(?:ask|tell|told|inform|updat|request|suggest|advis|state|say|said|"
    r"complain|mention|repl|respond|explain|inquir|enquir|quer|agree|apolog|offer|provid)\w*",
    re.IGNORECASE,
)
_ASKING = word_set("why whether how if")
_PROMISE = re.compile(
    r"\b(?:will|'ll|shall|going to|gonna|can|could|would|may|might|want|try|trying|need|please|let us|once|when|if)\b",
    re.IGNORECASE,
)
_DONE = re.compile(
    r"\b(?:has|have|had|was|were|been|already|got)\s+(?:(?:been|already|now|successfully|just)\s+)*(\w+(?:ed|en|nt|id|ught|de))\b",
    re.IGNORECASE,
)
_DEGREES: dict[str, int] = {
    **dict.fromkeys(word_set("slightly somewhat partly mildly barely hardly rarely seldom occasionally sometimes"), -1),
    **dict.fromkeys(word_set("very extremely completely totally absolutely incredibly severely always constantly"), 1),
    **dict.fromkeys(word_set("highly entirely utterly never terribly deeply strongly hugely massively"), 1),
}
_DEGREE_WORDS = {-1: "a little", 1: "much"}


def _pairs() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for pair in _OPPOSITES.split():
        one, other = pair.split("/")
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return {word: frozenset(others) for word, others in found.items()}


OPPOSITES = _pairs()


def _best(clause: Clause, source: Reading) -> Found | None:
    words = said(clause)
    found = evidence(words, source, most=1)
    return found[0] if found and found[0].share >= _ENOUGH and len(found[0].shared) >= 2 else None


def find_negations(summary: Reading, source: Reading) -> Iterator[Fault]:
    """Find clauses that deny what all their evidence affirms, and the other way round.

    Of each only whether there is a "not" (or "unable", "without") is compared, because a word's place says little of
    what is negated. A sentence that speaks of trouble or asks is neither: "complains about loading" is "it does not
    load". Where the affirming side denies something else in the same sentence, nothing is decided.
    """
    for sentence in summary.sentences:
        if _is_unsure(summary, sentence):
            continue
        for clause in clauses_of(summary, sentence):
            words = said(clause)
            found = [one for one in evidence(words, source, most=5) if one.share >= _ENOUGH and len(one.shared) >= 2]
            if not found or any(_is_unsure(source, one.sentence) for one in found):
                continue
            here = _is_negated(clause)
            whole = [sentence.tokens] if not here else [one.sentence.tokens for one in found]
            near = [_nearest(one, source) for one in found]
            if any(map(_is_negated, whole)) or any(_is_negated(one) == here for one in near):
                continue
            if _denied(clause if here else near[0]) in found[0].shared:
                yield _negation(summary, source, clause, here, found[0])


def find_denials(summary: Reading, source: Reading) -> Iterator[Fault]:
    """Find that somebody is said not to have said what their own turns say: "the agent did not ask for a photo"."""
    for act in acts(summary):
        denial = _DENIAL.match(summary.text, act.name[1], act.span[1])
        words = [word for word in act.words if denial and word.start >= denial.end()]
        if denial is None or len({word.stem for word in words}) < 2:
            continue
        own = covered(words, source.of(act.side), source)
        if own is not None and own >= _ENOUGH:
            best = evidence(words, source, most=1, among=source.of(act.side))[0].sentence
            quoted = " ".join(source.text[best.start : best.end].split())[:160]
            span = (act.name[0], denial.end())
            says = f"“{summary.text[slice(*span)]}” denies what they do say: “{quoted}”."
            yield fault("E4", "negation", says, span=span, source=(best.start, best.end))


def _nearest(found: Found, source: Reading) -> Clause:
    """Give that clause of the evidence which says most of the words."""
    cut = clauses_of(source, found.sentence)
    return max(cut, key=lambda one: len(found.shared & {word.stem for word in said(one)}))


def _is_negated(words: Sequence[Token]) -> bool:
    return any(is_negator(word.text) for word in words)


def _denied(clause: Clause) -> str:
    """Give the stem of the first word that needs evidence behind the clause's first "not"."""
    at = next(word.start for word in clause if is_negator(word.text))
    return next((word.stem for word in said(clause) if word.start > at), "")


def _is_unsure(reading: Reading, sentence: Sentence) -> bool:
    asks = reading.text[sentence.end - 1] == "?" or any(word.text in _ASKING for word in sentence.tokens)
    return asks or (is_trouble(sentence) and not _is_negated(sentence.tokens))


def _negation(summary: Reading, source: Reading, clause: Clause, negated: bool, best: Found) -> Fault:
    span = (clause[0].start, clause[-1].end)
    quoted = " ".join(source.text[best.sentence.start : best.sentence.end].split())[:160]
    says = f"“{summary.text[slice(*span)]}” {'denies' if negated else 'affirms'} what the source says: “{quoted}”."
    return fault("E4", "negation", says, span=span, source=(best.sentence.start, best.sentence.end))


def find_opposites(summary: Reading, source: Reading) -> Iterator[Fault]:
    """Find words that the source does not have while its best evidence has their opposite."""
    for sentence in summary.sentences:
        for token in sentence.tokens:
            opposite = OPPOSITES.get(token.text)
            if (
                opposite is None
                or token.text in _COMMON
                or stem(token.text) in source.stems
                or _is_unsure(summary, sentence)
            ):
                continue
            rest = [word for word in sentence.words if word.start != token.start]
            for found in evidence(rest, source, most=2):
                if len(found.shared) < 2 and found.share < _ENOUGH:
                    continue
                there = next((one for one in found.sentence.tokens if one.text in opposite), None)
                if there is not None:
                    right = source.text[there.start : there.end]
                    says = f"“{token.text}” is the opposite of what the source says: “{right}”."
                    at = (there.start, there.end)
                    yield fault("E4", "opposite", says, span=(token.start, token.end), source=at, value=right)
                    break


def find_hedges(summary: Reading, source: Reading) -> Iterator[Fault]:
    """Find clauses that state as a fact what the source says with a hedge ("maybe", "I think")."""
    for sentence in summary.sentences:
        if _SOFT.search(summary.text, sentence.start, sentence.end) or _is_negated(sentence.tokens):
            continue
        for clause in clauses_of(summary, sentence):
            words = said(clause)
            best = _best(clause, source)
            if best is None:
                continue
            hedge = _hedge_in(source, best)
            if hedge and not _said_surely(best, source):
                span = (words[0].start, words[-1].end)
                says = f"It is stated as a fact; the source says “{hedge.group()}”."
                yield fault("E7", "hedge", says, span=span, source=hedge.span())


def _hedge_in(source: Reading, best: Found) -> re.Match[str] | None:
    """Find a hedge in that clause of the evidence which says most of the words."""
    clause = _nearest(best, source)
    if len(best.shared & {word.stem for word in said(clause)}) < 2:
        return None
    return _HEDGE.search(source.text, clause[0].start, clause[-1].end)


def _said_surely(best: Found, source: Reading) -> bool:
    """Say whether another sentence says the same without a hedge."""
    return any(
        one.start != best.sentence.start
        and len(best.shared & {word.stem for word in one.words}) >= min(3, len(best.shared))
        and not _HEDGE.search(source.text, one.start, one.end)
        for one in source.sentences
    )


def find_promises(summary: Reading, source: Reading) -> Iterator[Fault]:
    """Find what is told as done and was only promised, possible or asked for, wherever the source speaks of it."""
    for act in acts(summary):
        if act.side != "company":
            continue
        for match in _DONE.finditer(summary.text, *act.span):
            root = stem(match.group(1).casefold())
            there = [one for one in source.sentences if any(stem(t.text) == root for t in one.tokens)]
            rest = {word.stem for word in act.words if word.stem != root}
            there = [one for one in there if rest & {word.stem for word in one.words}]
            if not there or not all(_only_promised(one, root, source) for one in there):
                continue
            says = f"“{match.group()}” tells as done what the source does not say was done."
            yield fault("E8", "promise", says, span=match.span(), source=(there[0].start, there[0].end))


def _only_promised(one: Sentence, root: str, source: Reading) -> bool:
    words = [token for token in one.tokens if stem(token.text) == root]
    done = any(word.text.endswith(("ed", "en")) for word in words)
    before = source.text[one.start : words[0].start]
    return bool(_PROMISE.search(before) or source.text[one.end - 1] == "?") and not (
        done and not re.search(r"\b(?:be|get|been)\s*$", before)
    )


def find_degrees(summary: Reading, source: Reading) -> Iterator[Fault]:
    """Find words that are made strong in the summary and weak in the source, or the other way round."""
    there: dict[str, set[int]] = {}
    places: dict[str, tuple[int, int]] = {}
    for one in source.sentences:
        for place, token in enumerate(one.tokens):
            degree = _DEGREES.get(one.tokens[place - 1].text, 0) if place else 0
            root = stem(token.text)
            there.setdefault(root, set()).add(degree)
            if degree:
                places[root] = (one.tokens[place - 1].start, token.end)
    for one in summary.sentences:
        for place, token in enumerate(one.tokens[1:]):
            degree = _DEGREES.get(one.tokens[place].text, 0)
            root = stem(token.text)
            if degree and there.get(root) == {-degree}:
                at = places[root]
                words = source.text[slice(*at)]
                says = f"The source says “{words}”, which is {_DEGREE_WORDS[-degree]}."
                span = (one.tokens[place].start, token.end)
                yield fault("E14", "degree", says, span=span, source=at, value=words)
