"""A sentence in, its check out: do the words it cites, and the counts, bear it out? Fails closed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from gistill.grounding.counting import (
    Claim,
    Counts,
    Voices,
    check_numbers,
    check_quantities,
    count_voices,
    person,
    quantity_places,
)
from gistill.grounding.form import check_form
from gistill.grounding.select import core_of
from gistill.grounding.wording import MASK, NAME, Clause, Word, clauses, content, covers, signs, stem
from gistill.schema import Check, Opinion, Polarity, Record, Tally

CHECKS = ("form", "quotes", "numbers", "quantity", "polarity", "support")
_SIGN: dict[Polarity, int] = {"positive": 1, "negative": -1, "neutral": 0}

__all__ = ["Voices", "count_voices", "verify"]


class Evidence(NamedTuple):
    """One cited opinion as the checks see it."""

    opinion: Opinion
    person: tuple[str, str]
    text: str  # the sentence that was read, verbatim
    claims: tuple[tuple[Word, ...], ...]
    clauses: tuple[Clause, ...]


def verify(
    sentence: str,
    *,
    cites: Sequence[Opinion],
    records: Mapping[str, Record],
    tally: Tally,
    voices: Voices | None = None,
    terms: Iterable[str] = (),
    parts: Mapping[str, tuple[Tally, Voices]] | None = None,
) -> Check:
    """Check one sentence of a summary against the opinions it cites and the counts.

    Every check runs and must pass; what cannot be decided fails. The checks know English: a sentence in another
    language fails, and quotes stand in its place.

    * form: one complete plain sentence of 4 to 40 words; no "I" or "you", no advice, address or markup.
    * quotes: somebody is cited, every cited opinion's words stand where it says, and every quoted string stands,
      word for word, in the sentence of a cited opinion.
    * numbers: see `counting.check_numbers`.
    * quantity: see `counting.check_quantities`.
    * polarity: praise cites praise, blame cites blame, and no word is negated that the evidence does not negate.
    * support: every word that says something, and every number about the thing itself, stands in the cited
      sentences, and the words of one claim stand together in one claim of one of them.

    Args:
        sentence: What is to be shown. Quotation marks are “ ” or " ".
        cites: The opinions it cites, of the aspect it is about.
        records: Record id -> record, at least of the opinions cited.
        tally: The counts of the aspect (or of everything, for the summary of the whole).
        voices: People by feeling, as `count_voices` gives them for the same opinions. Without them a number of people
            that praise or blame cannot be checked and so fails.
        terms: The aspect's name and surface terms, which need no evidence.
        parts: For a sentence about several aspects: name -> its counts; a number belongs to the name before it.

    Returns:
        "supported", or "not_supported" with a clause per failed check that says why. Never "not_checked".
    """
    names = sorted({term for term in (*terms, *(parts or ())) if term.strip()}, key=lambda name: (-len(name), name))
    broken = _broken(cites, records)
    if broken:
        return Check(verdict="not_supported", by=("quotes",), reasons=(broken,))
    evidence = [_evidence(opinion, records[opinion.record], names) for opinion in cites]
    quoted, bare = _unquote(sentence)
    claims = _claims(bare, names, _feelings(evidence), parts or {})
    counts = _counts(claims, evidence, tally, voices, parts or {})
    numbers, numbered = check_numbers(claims, counts)
    claims = [_without(claim, numbered) for claim in claims]
    reasons = (
        check_form(sentence, bare),
        _quotes(quoted, bare, evidence),
        numbers,
        check_quantities(claims, counts, numbered=numbered),
        _polarity(claims, evidence),
        _support(claims, evidence),
    )
    failed = tuple(reason for reason in reasons if reason)
    return Check(verdict="not_supported" if failed else "supported", by=CHECKS, reasons=failed)


def _broken(cites: Sequence[Opinion], records: Mapping[str, Record]) -> str:
    """Say what is wrong with the citations themselves; nothing else can be checked until they stand."""
    if not cites:
        return "it cites nobody's words"
    for opinion in cites:
        record = records.get(opinion.record)
        if record is None or opinion.sentence.end > len(record.text):
            return "it cites words that are not in the data"
        for quote in (opinion.aspect, opinion.opinion):
            if quote is not None and record.text[quote.start : quote.end] != quote.text:
                return "it cites words that do not stand where they are said to"
    return ""


def _evidence(opinion: Opinion, record: Record, names: Sequence[str]) -> Evidence:
    text = record.text[opinion.sentence.start : opinion.sentence.end]
    hidden, _ = _hide(text, names)
    first, last = core_of(opinion)
    core = range(first - opinion.sentence.start, last - opinion.sentence.start)
    cut = [clause for clause in clauses(hidden) if _is_about(clause, core)]
    return Evidence(opinion, person(record), text, tuple(_specific(clause, names) for clause in cut), tuple(cut))


def _is_about(clause: Clause, core: range) -> bool:
    """Tell whether a clause of a cited sentence speaks of the opinion's aspect, as far as its words show it.

    It does where the opinion's own words stand, where it names the aspect or points back to it ("it gets hot"), and
    where it goes on without a new subject ("and lasts all day", but not "and the screen flickers").
    """
    words = [token.text for token in clause]
    if any(token.start in core for token in clause) or _BACK.intersection(words):
        return True
    return words[0] in _GOES_ON and words[1:2] != [] and words[1] not in _NEW_SUBJECT


_BACK = frozenset((NAME, "it", "its", "it's", "they", "them", "their", "this", "these", "which"))
_GOES_ON = frozenset(("and", "because", "so", "or", "but", "yet"))
_NEW_SUBJECT = frozenset(("the", "a", "an", "my", "our", "his", "her", "your", "i", "we", "you", "he", "she"))


_QUOTED = re.compile(r"“([^“”]*)”|\"([^\"]*)\"|«([^«»]*)»|(?<!\w)‘([^‘’]*)’(?!\w)|(?<!\w)'([^']*)'(?!\w)")


def _unquote(sentence: str) -> tuple[list[str], str]:
    """Take the quoted strings out, leaving a mark of the same length, so that places stay what they were."""
    quoted = ["".join(part or "" for part in match.groups()) for match in _QUOTED.finditer(sentence)]
    return quoted, _QUOTED.sub(lambda match: f" {MASK}".ljust(len(match.group())), sentence)


def _hide(text: str, names: Sequence[str]) -> tuple[str, list[tuple[int, str]]]:
    """Put a mark of the same length in place of each name; also say which name stood where."""
    if not names:
        return text, []
    found: list[tuple[int, str]] = []
    by_key = {_key(name): name for name in reversed(names)}

    def mark(match: re.Match[str]) -> str:
        found.append((match.start(), by_key.get(_key(match.group()), "")))
        return NAME.ljust(len(match.group()))

    any_name = "|".join(r"\s+".join(re.escape(word) for word in name.split()) for name in names)
    return re.sub(rf"(?<!\w)(?:{any_name})(?!\w)", mark, text, flags=re.IGNORECASE), found


def _key(name: str) -> str:
    return " ".join(name.casefold().split())


def _specific(clause: Clause, names: Sequence[str]) -> tuple[Word, ...]:
    """List the words of a clause that need evidence. The aspect's name needs it only where it is negated."""
    own = {stem(word.casefold()) for name in names for word in name.split()} | {NAME}
    words = [word._replace(stem=NAME) if word.stem in own else word for word in content(clause)]
    return tuple(word for word in words if word.stem != NAME or word.negated)


def _feelings(evidence: Sequence[Evidence]) -> dict[str, int]:
    """Learn from the cited opinions what their own words express; a word that goes both ways is left out."""
    known: dict[str, set[int]] = {}
    for item in evidence:
        quote, sign = item.opinion.opinion, _SIGN[item.opinion.polarity]
        if quote is None or not sign:
            continue
        at = (quote.start - item.opinion.sentence.start, quote.end - item.opinion.sentence.start)
        for clause in item.claims:
            for word in clause:
                if at[0] <= word.token.start < at[1] and word.stem != NAME:
                    known.setdefault(word.stem, set()).add(-sign if word.negated else sign)
    return {root: next(iter(found)) for root, found in known.items() if len(found) == 1}


def _claims(
    bare: str, names: Sequence[str], known: Mapping[str, int], parts: Mapping[str, tuple[Tally, Voices]]
) -> list[Claim]:
    hidden, found = _hide(bare, names)
    made = []
    for clause in clauses(hidden):
        before = [name for at, name in found if at <= clause[-1].start and name in parts]
        part = before[-1] if before else None
        claim = Claim(clause, _specific(clause, names), tuple(signs(clause, known)), part)
        made.append(_without(claim, quantity_places(clause)))
    return made


def _without(claim: Claim, used: set[int]) -> Claim:
    return claim._replace(specific=tuple(word for word in claim.specific if word.token.start not in used))


def _counts(
    claims: Sequence[Claim],
    evidence: Sequence[Evidence],
    tally: Tally,
    voices: Voices | None,
    parts: Mapping[str, tuple[Tally, Voices]],
) -> list[Counts]:
    """Say for each claim what its numbers may be: those of its feeling, of the aspect it names."""
    spoken = {sign for claim in claims for sign in claim.signs}
    cited = {_SIGN[item.opinion.polarity] for item in evidence}
    decisive = spoken or cited
    overall = next(iter(decisive)) if len(decisive) == 1 else 0
    made = []
    for claim in claims:
        counted, people = parts.get(claim.part or "", (tally, voices))
        sign = claim.sign or overall
        side_mentions = {1: counted.positive, -1: counted.negative, 0: counted.mentions}[sign]
        side_people = None if people is None else {1: people.positive, -1: people.negative, 0: people.people}[sign]
        specific = tuple(word for word in claim.specific if not word.stem.startswith("#"))
        mentions = any(token.text in ("mention", "mentions", "mentioned") for token in claim.clause)
        shown = None
        if specific:
            shown = len({item.person for item in evidence if _covered(specific, item)})
        elif not claim.signs and any(token.text == MASK for token in claim.clause):
            shown = len({item.person for item in evidence})  # "31 people say “too thin”"
        made.append(
            Counts(
                people=counted.people,
                side_people=counted.people if sign == 0 else side_people,
                mentions=counted.mentions,
                side_mentions=side_mentions,
                records=counted.records,
                read=None if claim.signs or not mentions else counted.share.of,
                shown=shown,
            )
        )
    return made


def _covered(words: Sequence[Word], item: Evidence) -> bool:
    return any(covers(claim, words) for claim in item.claims)


def _quotes(quoted: Sequence[str], bare: str, evidence: Sequence[Evidence]) -> str:
    """Check that every quoted string stands, as whole words, in a cited sentence."""
    if re.search(r"[“”\"«»]", bare):
        return "its quotation marks do not match"
    for words in quoted:
        exact = re.compile(rf"(?<!\w){re.escape(words)}(?!\w)")
        if not words.strip() or not any(exact.search(item.text) for item in evidence):
            return f"“{words}” is not in the words it cites"
    return ""


def _polarity(claims: Sequence[Claim], evidence: Sequence[Evidence]) -> str:
    """Check that praise cites praise and blame cites blame, each way round."""
    spoken = {sign for claim in claims for sign in claim.signs}
    cited = {_SIGN[item.opinion.polarity] for item in evidence} - {0}
    if spoken == cited:
        return ""
    if not spoken:
        return "whether it praises or complains cannot be told"
    if 1 in spoken - cited:
        return "it says something good that the people it cites did not say"
    if -1 in spoken - cited:
        return "it says something bad that the people it cites did not say"
    return "the people it cites disagree with each other and it does not say so"


def _support(claims: Sequence[Claim], evidence: Sequence[Evidence]) -> str:
    """Check that every claim's words stand together in one claim of one cited sentence of the same feeling."""
    said = {word.stem for item in evidence for claim in item.claims for word in claim}
    for claim in claims:
        strange = [word.token.text for word in claim.specific if word.stem not in said and word.stem != NAME]
        if strange:
            return f"the people it cites do not mention “{strange[0]}”"
        same = [item for item in evidence if claim.sign in (0, _SIGN[item.opinion.polarity])]
        if claim.specific and not any(_covered(claim.specific, item) for item in same):
            plain = [word._replace(negated=False) for word in claim.specific]
            if any(covers([w._replace(negated=False) for w in have], plain) for item in same for have in item.claims):
                return "the people it cites say the opposite"
            return "it joins words that no one it cites said together"
    return ""
