"""Who did what, what is missing of a conversation, and how many people are said to say something."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gistill.grounding.faults.evidence import covered, evidence
from gistill.grounding.faults.fault import Fault, fault
from gistill.grounding.faults.reading import Reading, Said, Sentence, Side
from gistill.grounding.quantity import BOUNDS
from gistill.grounding.wording import NEGATIVE, number, stem, word_set
from gistill.schema import Opinion

_ROLE: dict[str, Side] = {
    **dict.fromkeys(word_set("customer customers client user caller guest passenger buyer complainant"), "customer"),
    **dict.fromkeys(word_set("agent agents representative rep support advisor staff company assistant bot"), "company"),
}  # fmt: skip
_OTHER: dict[Side, Side] = {"customer": "company", "company": "customer"}
_JOINS = frozenset(("and", "but", "while", "then", "whereas", "so", ",", ";", "."))
_PASSIVE = re.compile(
    r"^\W*(?:is|was|were|are|been|being|has been|had been|gets?|got)\s+(?:\w+ly\s+)?(?:asked|told|informed|advised|"
    r"requested|suggested|updated|given|offered|directed|instructed|referred|assured|provided|sent|contacted|helped)\b",
    re.IGNORECASE,
)
_TOO_MANY = re.compile(
    r"\b(?:everyone|everybody|all (?:the )?(?:customers|users|clients|people|guests)|(?:many|most|several|some|"
    r"numerous) (?:customers|users|clients|people|guests)|(?:customers|users|people) (?:say|complain|report|want))\b",
    re.IGNORECASE,
)
_ACTION = re.compile(
    r"\b(?:dm|direct message|call|contact|e-?mail|link|refund\w*|replac\w*|restart\w*|reinstall\w*|updat\w*|check\w*|"
    r"look into|pass(?:ed)?|forward\w*|try|send|provide|let us know|follow\w*|visit|cancel\w*|credit\w*|book\w*|"
    r"resolv\w*|fix\w*|investigat\w*|escalat\w*|apolog\w*|sorry|working on|will)\b",
    re.IGNORECASE,
)
_OWN_AT_MOST = 0.2  # share of a stretch's words that its own speaker says, where somebody else is to have said it
_OTHER_AT_LEAST = 0.6


class Acted(NamedTuple):
    """A stretch of a summary about what one side did or said; `span` begins with the word that names the side."""

    side: Side
    span: tuple[int, int]
    name: tuple[int, int]
    words: tuple[Said, ...]


def acts(summary: Reading) -> list[Acted]:
    """Cut a summary into what each side is said to do: "Customer asks ..., and agent tells ..." are two."""
    found = []
    for sentence in summary.sentences:
        starts: list[tuple[Side, int, int]] = []
        for place, token in enumerate(sentence.tokens):
            side = _ROLE.get(token.text)
            before = [one.text for one in sentence.tokens[max(0, place - 2) : place] if one.text not in ("the", "a")]
            if side and (not starts or not before or before[-1] in _JOINS) and token.start < sentence.end - 12:
                starts.append((side, token.start, token.end))
        for place, (side, start, end) in enumerate(starts):
            until = starts[place + 1][1] if place + 1 < len(starts) else sentence.end
            flipped = _OTHER[side] if _PASSIVE.match(summary.text[end:until]) else side
            words = tuple(word for word in sentence.words if end <= word.start < until and stem(word.stem) not in _ROLE)
            found.append(Acted(flipped, (start, until), (start, end), words))
    return found


def find_roles(summary: Reading, source: Reading) -> Iterator[Fault]:
    """Find what one side is said to have done while only the other speaks of it."""
    for act in acts(summary):
        words = [word for word in act.words if word.stem in source.weights]
        if len({word.stem for word in words}) < 3:
            continue
        own = covered(words, source.of(act.side), source)
        other = covered(words, source.of(_OTHER[act.side]), source)
        if own is None or other is None or own > _OWN_AT_MOST or other < _OTHER_AT_LEAST:
            continue
        best = evidence(words, source, most=1, among=source.of(_OTHER[act.side]))
        at = (best[0].sentence.start, best[0].sentence.end) if best else None
        who = {"customer": "the customer", "company": "the company"}
        says = f"It is said of {who[act.side]}, but it is {who[_OTHER[act.side]]} who speaks of it."
        yield fault("E5", "role", says, span=act.span, source=at)


def find_missing_issue(summary: Reading, source: Reading) -> Iterator[Fault]:
    """Find that a summary says nothing of what the customer wants or complains about."""
    issue = main_issue(source)
    if issue is not None and not _tells_of(summary, source, "customer"):
        says = f"The customer's matter is missing: “{_quoted(issue, source)}”."
        yield fault("E1", "issue", says, source=(issue.start, issue.end))


def main_issue(source: Reading) -> Sentence | None:
    """Give the customer's sentence that says most of what the conversation is about; None where there is none."""
    theirs = [one for one in source.of("customer") if len(one.words) >= 2]
    if not theirs:
        return None
    everywhere = [word.stem for one in source.sentences for word in one.words]
    repeated = {root for root in everywhere if everywhere.count(root) > 1}

    def weight(place: int) -> float:
        roots = {word.stem for word in theirs[place].words}
        bad = any(root in NEGATIVE for root in roots) or any(word.negated for word in theirs[place].words)
        return len(roots & repeated) + 1.5 * bad + min(len(roots), 12) / 12 - 0.3 * min(place, 5)

    return theirs[max(range(len(theirs)), key=lambda place: (weight(place), -place))]


def find_missing_outcome(summary: Reading, source: Reading) -> Iterator[Fault]:
    """Find that a summary says nothing of what the company did, said or asked for."""
    step = last_action(source)
    if step is not None and not _tells_of(summary, source, "company"):
        says = f"What the company did is missing: “{_quoted(step, source)}”."
        yield fault("E2", "outcome", says, source=(step.start, step.end))


def _tells_of(summary: Reading, source: Reading, side: Side) -> bool:
    """Say whether a summary names a side with what it did or said, or has two words that only this side says."""
    if any(act.side == side and act.words for act in acts(summary)):
        return True
    own, others = ({word.stem for one in source.of(who) for word in one.words} for who in (side, _OTHER[side]))
    told = {word.stem for one in summary.sentences for word in one.words}
    return len(told & (own - others)) >= 2


def _quoted(sentence: Sentence, source: Reading) -> str:
    return " ".join(source.text[sentence.start : sentence.end].split())[:160]


def last_action(source: Reading) -> Sentence | None:
    """Give the company's last sentence that says what is done or to be done; None where there is none."""
    acting = [one for one in source.of("company") if _ACTION.search(source.text, one.start, one.end)]
    telling = [one for one in acting if len(one.words) >= 2]
    return telling[-1] if telling else acting[-1] if acting else None


def find_too_many(summary: Reading, source: Reading) -> Iterator[Fault]:
    """Find that many people are said to say what one customer says."""
    for match in _TOO_MANY.finditer(summary.text):
        if match.group().casefold() in source.text.casefold():
            continue
        says = f"“{match.group()}” are said to say so; in the source it is one customer."
        yield fault("E13", "one_customer", says, span=match.span())


def find_prevalence(
    summary: Reading, source: Reading, said: Sequence[Opinion], there: Sequence[Opinion]
) -> Iterator[Fault]:
    """Find "all", "most" and numbers of people that the texts of several people do not bear out.

    What a summary says in its own words is counted by what it is said of: "all" is wrong where somebody feels the
    opposite about the thing, "most" where not more people feel so than feel the opposite. A number of people is wrong
    where there are not so many texts.

    Args:
        summary: The summary.
        source: The texts of several people.
        said: The opinions that a reader found in the summary; `there` those of the source.
    """
    people = _people(source, there)
    for sentence in summary.sentences:
        words = summary.text[sentence.start : sentence.end].casefold()
        for bound in BOUNDS:
            match = re.search(bound.words, words) if bound.low >= _MOST else None
            match = None if match and match.group() in _LOOSE else match
            about = [one for one in said if sentence.start <= one.sentence.start < sentence.end] if match else []
            reasons = [_too_many(bound.low, one, people) for one in about]
            if match and reasons and all(reasons):
                wrong = reasons[0]
                span = (sentence.start + match.start(), sentence.start + match.end())
                says = f"“{match.group()}” is too many: {wrong}."
                yield fault("E13", "prevalence", says, span=span)
                break
    for match in _SO_MANY.finditer(summary.text):
        value = number(match.group(1).casefold())
        if value is not None and value > len(source.texts):
            says = f"“{match.group()}” are more than the {len(source.texts)} texts there are."
            yield fault("E13", "people", says, span=match.span())


def _people(source: Reading, there: Sequence[Opinion]) -> dict[tuple[str, str], set[int]]:
    """Give the texts by what is felt about what: (stem of the thing, polarity) -> numbers of texts."""
    found: dict[tuple[str, str], set[int]] = {}
    for one in there:
        text = next((n for n, span in enumerate(source.texts) if span.start <= one.sentence.start < span.end), -1)
        for root in things(one):
            found.setdefault((root, one.polarity), set()).add(text)
    return found


def _too_many(low: float, opinion: Opinion, people: dict[tuple[str, str], set[int]]) -> str:
    """Say why a word of quantity is too much for an opinion; "" where nothing speaks against it."""
    opposite = {"positive": "negative", "negative": "positive"}.get(opinion.polarity)
    for root in things(opinion) if opposite else []:
        so, other = people.get((root, opinion.polarity), set()), people.get((root, opposite or ""), set())
        if (other and low > _MOST) or (other and len(other) >= len(so)):
            name = opinion.aspect.text if opinion.aspect else root
            return f"{len(so)} texts feel {opinion.polarity} about “{name}” and {len(other)} {opposite}"
    return ""


def things(opinion: Opinion) -> list[str]:
    """Give the stem of the last word of what an opinion names; nothing where it names nothing."""
    words = opinion.aspect.text.casefold().split() if opinion.aspect else []
    return [stem(words[-1])] if words else []


_MOST = 0.5
_LOOSE = word_set("overall generally usually typically widely primarily largely mainly consistently")
_SO_MANY = re.compile(
    r"\b(\d+|[a-z]+) (?:of the )?(?:reviewers|customers|users|people|guests|reviews|respondents)\b", re.IGNORECASE
)
