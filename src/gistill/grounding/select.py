"""Many opinions in, the few that stand for them out: typical, different from each other, from different people."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from statistics import fmean

from gistill.grounding.counting import person
from gistill.grounding.form import check_form
from gistill.grounding.ties import tie_break
from gistill.grounding.wording import MASK, clauses, content, signs
from gistill.schema import Opinion, Quote, Record

_COMMAND = re.compile(
    r"<\||\|>|\b(?:ignore|disregard|forget)\b.{0,40}\b(?:previous|above|prior|earlier|instructions?|everything|rules)\b"
    r"|\b(?:system|assistant|user)\s*:|\bsystem prompt\b|\byou are (?:now )?an? (?:ai|assistant|language)"
    r"|\b(?:write|say|output|respond|reply|answer|repeat|print|summari[sz]e)\b.{0,25}"
    r"\b(?:following|instead|exactly|only|summary)\b"
    r"|://|\bwww\s?\.",
    re.IGNORECASE | re.DOTALL,
)
_BORDER = re.compile(r"[,;:!?…—–()\n]|\.(?!\w)|\s(?=(?:and|but|because|although|while|however|so|which)\s)")
_JOIN = re.compile(
    r"\s*(?:(?:and|but|or|because|so|which|that|although|though|while|however|since)\s+)*", re.IGNORECASE
)
_CONDITION = re.compile(r"(?:if|when|unless|whether)\b", re.IGNORECASE)
_NEGATING = re.compile(
    r"\b(?:not|no|never|without|hardly|barely|cannot|cant|dont|didnt|doesnt|isnt|wasnt|wont|nothing|none|neither|nor|less"
    r"|could|would|should|wish|if|lacks?|too|stopped)\b|n['’]t\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=65536)  # a sentence is asked about for each of its opinions, and for each side and aspect
def is_command(text: str) -> bool:
    """Tell whether a text speaks to a machine or holds an address: it is counted, but not shown to the writer."""
    return _COMMAND.search(text) is not None


def select(opinions: Sequence[Opinion], records: Mapping[str, Record], *, limit: int) -> list[Opinion]:
    """Choose opinions that are representative and diverse.

    An opinion is typical when its sentence uses the words that many of the others use, and adds something when its
    words are not those of one already chosen (maximal marginal relevance on word overlap). Nobody speaks twice while
    somebody else has not spoken. Nothing depends on the order of the rows, nor on ids: see `ties.tie_break`.

    The surer one is preferred, and one that nobody measured counts as sure as the measured ones are on average.

    Args:
        opinions: Of one aspect and, usually, of one feeling.
        records: Record id -> record, of at least these opinions.
        limit: How many to choose at most.

    Returns:
        Up to `limit` opinions, the most typical first. Sentences that speak to a machine are left out.
    """
    words = {opinion.id: _stems(sentence_of(opinion, records[opinion.record])) for opinion in opinions}
    candidates = [o for o in opinions if not is_command(sentence_of(o, records[o.record]))]
    measured = [o.confidence for o in candidates if o.confidence is not None]
    average = fmean(measured) if measured else 0.0  # where none is measured, it favours nobody
    spread = Counter(stem for stems in words.values() for stem in stems)

    def typical(opinion: Opinion) -> float:
        stems = words[opinion.id]
        shared = sum(spread[stem] for stem in stems) / (len(stems) * max(len(words), 1)) if stems else 0.0
        length = len(sentence_of(opinion, records[opinion.record]))
        sure = average if opinion.confidence is None else opinion.confidence
        return shared + 0.5 * sure - (0.3 if length > 200 or length < 12 else 0.0)

    worth = {opinion.id: typical(opinion) for opinion in candidates}
    lots = {opinion.id: tie_break(opinion, records[opinion.record]) for opinion in candidates}
    chosen: list[Opinion] = []
    while candidates and len(chosen) < limit:
        heard = {person(records[opinion.record]) for opinion in chosen}
        fresh = [o for o in candidates if person(records[o.record]) not in heard] or candidates

        def gain(opinion: Opinion) -> tuple[float, bytes]:
            alike = max((_overlap(words[opinion.id], words[other.id]) for other in chosen), default=0.0)
            return worth[opinion.id] - alike, lots[opinion.id]

        best = max(fresh, key=gain)
        chosen.append(best)
        candidates.remove(best)
    return chosen


def sentence_of(opinion: Opinion, record: Record) -> str:
    """Give the sentence an opinion was read from, verbatim."""
    return record.text[opinion.sentence.start : opinion.sentence.end]


def context(opinion: Opinion, record: Record, *, limit: int = 140) -> Quote:
    """Quote an opinion's sentence, cut at clause borders around its words where it is longer than `limit`."""
    start, end = core_of(opinion)
    left, right = opinion.sentence.start, opinion.sentence.end
    borders = [left, *(left + match.end() for match in _BORDER.finditer(record.text[left:right])), right]
    if right - left > limit:
        first = max((at for at in borders if at <= start), default=left)
        last = min((at for at in borders if at >= end), default=right)
        for at in sorted((at for at in borders if at < first), reverse=True):
            first = at if last - at <= limit else first
        for at in sorted(at for at in borders if at > last):
            last = at if at - first <= limit else last
        left, right = first, last
    return _trimmed(record.text, left, right)


_TORN = re.compile(r"(?:n['’]t|['’](?:s|t|re|ve|ll|d|m))\b", re.IGNORECASE)
_LIST_WORDS = 6  # longest list that is quoted whole


def phrase(opinion: Opinion, record: Record, *, limit: int = 70) -> Quote | None:
    """Quote an opinion in a few words: aspect and opinion words with what stands between.

    Where a word before them in the same clause could turn them round ("not", "could", "too"), the quotation begins at
    the clause, so that "not a great battery" is never quoted as "great battery".

    Returns:
        None where no short quotation says what the opinion says, or where it should not be shown (an address, quotation
        marks, control characters, a command to a machine).
    """
    start, end = core_of(opinion)
    text = record.text
    border = _BORDER.search(text, start, end)
    if opinion.opinion is not None and border and not _is_list(opinion, text[start:end], text[border.end() : end]):
        start, end = opinion.opinion.start, opinion.opinion.end  # named in one clause, judged in another
    before = list(_BORDER.finditer(text, opinion.sentence.start, start))
    clause = before[-1].end() if before else opinion.sentence.start
    after = _BORDER.search(text, end, opinion.sentence.end)
    clause_end = after.start() if after else opinion.sentence.end
    single = len(text[start:end].split()) < 2
    if _NEGATING.search(text[clause:start]) or single:
        start = clause
    if len(text[start:end].split()) < 2 or (single and border):  # "a great" of "a great feel and sound" says nothing
        end = clause_end
    start = end - len(_JOIN.sub("", text[start:end].lstrip(), count=1))
    if not text[start:end].strip():
        return None
    if _TORN.match(text, start):  # tokenised text: "is n't great" must not be quoted as "n't great"
        start = max(clause, text[:start].rstrip().rfind(" ") + 1)
    quote = _trimmed(text, start, end)
    if not 3 <= len(quote.text) <= limit or (len(quote.text.split()) < 2 and opinion.aspect is not None):
        return None
    if _CONDITION.match(quote.text) or re.search(r"[“”\"«»]", quote.text) or is_command(quote.text):
        return None
    if check_form(f"People say “{quote.text}” about it.", f"People say {MASK} about it."):
        return None
    felt = {sign for part in clauses(quote.text) for sign in signs(part)}
    return None if felt == {{"positive": -1, "negative": 1, "neutral": 2}[opinion.polarity]} else quote


_WISH = re.compile(
    r"\b(?:could|should|wish|wished|hope|hoped|hoping|might|would (?:be|have|like|prefer))\b", re.IGNORECASE
)


def is_wish(opinion: Opinion, record: Record) -> bool:
    """Tell a wish ("the cable could be longer") from a report; retold as a fact, it would say the opposite."""
    start, end = core_of(opinion)
    before = list(_BORDER.finditer(record.text, opinion.sentence.start, start))
    return _WISH.search(record.text, before[-1].end() if before else opinion.sentence.start, end) is not None


def clause_of(opinion: Opinion, record: Record) -> str:
    """Give the clause, or clauses, of an opinion's words: from the mark or joining word before to the one behind."""
    start, end = core_of(opinion)
    before = list(_BORDER.finditer(record.text, opinion.sentence.start, start))
    after = _BORDER.search(record.text, end, opinion.sentence.end)
    return record.text[
        before[-1].end() if before else opinion.sentence.start : after.start() if after else opinion.sentence.end
    ].strip()


def _is_list(opinion: Opinion, core: str, rest: str) -> bool:
    """Tell "great feel and sound", one judgement of two things, from "a sound that I like and great"."""
    judged_first = (
        opinion.aspect is not None and opinion.opinion is not None and opinion.opinion.start < opinion.aspect.start
    )
    return judged_first and rest.startswith("and ") and len(core.split()) <= _LIST_WORDS


def core_of(opinion: Opinion) -> tuple[int, int]:
    """Give the stretch from the first to the last of an opinion's words; the sentence where it has none."""
    words = [quote for quote in (opinion.aspect, opinion.opinion) if quote is not None]
    if not words:
        return opinion.sentence.start, opinion.sentence.end
    return min(quote.start for quote in words), max(quote.end for quote in words)


def _trimmed(text: str, start: int, end: int) -> Quote:
    """Quote a stretch without the spaces and marks at its ends; as it is, where nothing else would be left."""
    inner = re.search(r"[^\s,;:.!?…—–()-].*[^\s,;:.!?…—–(-]|\w", text[start:end], re.DOTALL)
    if inner is not None:
        start, end = start + inner.start(), start + inner.end()
    return Quote(start=start, end=end, text=text[start:end])


@lru_cache(maxsize=65536)
def _stems(sentence: str) -> frozenset[str]:
    return frozenset(
        ("not " if word.negated else "") + word.stem for clause in clauses(sentence) for word in content(clause)
    )


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one or other else 1.0
