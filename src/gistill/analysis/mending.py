"""What rules can mend: delete, put the evidenced value, add a missing fact in the source's own words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from gistill.analysis.cases import Case
from gistill.grounding.faults.fault import Fault
from gistill.grounding.faults.reading import is_negator
from gistill.grounding.wording import NEUTRAL, stem, tokens
from gistill.privacy import find

LONGEST = 30  # words of the source in an added sentence


class Edit(NamedTuple):
    """Words in the place of `summary[start:end]`, and the faults that it mends; an empty stretch is an insertion."""

    start: int
    end: int
    words: str
    codes: tuple[str, ...]


_ROLES = {"customer": "agent", "client": "agent", "user": "agent", "caller": "agent", "guest": "agent"}
_ROLES |= dict.fromkeys(("agent", "agents", "representative", "rep", "support", "advisor", "staff", "bot"), "customer")
_PHRASE = re.compile(
    r"\s*(?:\b(?:for|of|in|within|after|at|on|to|by|with|from|about|number|no\.?|:)\s+)?$", re.IGNORECASE
)
_HEDGES = frozenset("maybe perhaps possibly probably apparently likely hopefully usually normally".split())  # noqa: SIM905
_UNIT = re.compile(
    r"\s*(?:days?|weeks?|months?|hours?|minutes?|mins?|years?|dollars?|euros?|pounds?|percent|%|pm|am)\b", re.IGNORECASE
)


def edits(case: Case, faults: Sequence[Fault]) -> list[Edit]:
    """Propose an edit for each fault that a rule can mend; the same edit once, in the order of the summary.

    Args:
        case: The summary and its source.
        faults: What was found in this very summary, by any tier; what only a model can mend is left out.
    """
    found = [edit for one in faults if (edit := _edit(case, one)) is not None]
    return sorted(dict.fromkeys(found))


def apply(summary: str, some: Sequence[Edit]) -> str:
    """Make edits; of two that overlap the first. Gaps are closed, and a sentence begins large."""
    parts, at = [], 0
    for one in sorted(some):
        if one.start < at:
            continue
        parts += [summary[at : one.start], one.words]
        at = one.end
    text = "".join([*parts, summary[at:]])
    text = re.sub(r"[ \t]{2,}", " ", text)
    text = re.sub(r"\s+(?=[.,;:!?])", "", text)
    text = re.sub(r"(?<=[.!?])\s*[.,;](?=\s|$)", "", text).strip(" ,;")
    text = re.sub(r"([.!?]\s+)([a-z])", lambda match: match[1] + match[2].upper(), text)
    return text[:1].upper() + text[1:]


def _edit(case: Case, fault: Fault) -> Edit | None:
    if fault.span is None:
        return _added(case, fault)
    if fault.span.end > len(case.summary):
        return None
    start, end = fault.span.start, fault.span.end
    if fault.value is not None:
        return Edit(start, end, fault.value, (fault.code,))
    mend = _BY_CODE.get(fault.code)
    changed = mend(case, fault, (start, end)) if mend else None
    return None if changed is None else Edit(*changed, (fault.code,))


Change = tuple[int, int, str]
Span = tuple[int, int]


def _delete(case: Case, _: Fault, at: Span) -> Change | None:
    """Delete a stretch; a whole sentence with the blank before it, a clause with the word that joins it."""
    start, end = at
    before = case.summary[:start]
    joined = re.search(r",?\s*(?:\b(?:and|but|while|which)\s*)?$", before)
    start = joined.start() if joined else start
    rest = case.summary[end:]
    end += len(rest) - len(rest.lstrip(".")) if not before.strip() or re.search(r"[.!?]\s*$", before) else 0
    return start, end, " " if before.strip() and rest.strip(" .") else ""


def _delete_value(case: Case, _: Fault, at: Span) -> Change | None:
    """Delete a value with its unit and the preposition before it ("for 9 days"); alone it would leave a hole."""
    start, end = at
    before = _PHRASE.search(case.summary, 0, start)
    phrase = case.summary[before.start() : start].strip() if before else ""
    unit = _UNIT.match(case.summary, end)
    if not phrase:
        return None
    return (before.start() if before else start), (unit.end() if unit else end), ""


def _delete_personal(case: Case, fault: Fault, at: Span) -> Change | None:
    return _delete_value(case, fault, at) or (at[0], at[1], "[removed]")


def _cut(case: Case, fault: Fault, at: Span) -> Change | None:
    """Delete a last sentence that does not end, or marks; the rest of the summary stays."""
    if fault.rule == "cut":
        if at[0]:
            return at[0], len(case.summary), ""
        whole = re.match(r"(.{20,}\w)[,;]\s.*$", case.summary, re.DOTALL)
        return (len(whole[1]), len(case.summary), ".") if whole else None
    if fault.rule == "marks":
        plain = re.sub(
            r"```|\*\*|^#+ |^\s*[-*•] |<[^>]{1,40}>|\[/?INST\]|<\|.*?\|>", "", case.summary, flags=re.MULTILINE
        )
        return (0, len(case.summary), plain) if plain.strip() else None
    if fault.rule == "task":
        end = re.match(r"[^.!?\n:]{0,60}:\s*", case.summary[at[0] :])
        return at[0], at[0] + end.end() if end else at[1], ""
    return None


def _other_role(case: Case, _: Fault, at: Span) -> Change | None:
    """Name the other side, with the word that the summary has for it."""
    word = re.match(r"\w+", case.summary[at[0] :])
    other = _ROLES.get(word.group().casefold()) if word else None
    if word is None or other is None:
        return None
    return at[0], at[0] + word.end(), other.capitalize() if word.group()[0].isupper() else other


def _turn_round(case: Case, fault: Fault, at: Span) -> Change | None:
    """Take the "not" away where the summary denies, and put one in where it affirms."""
    if fault.rule != "negation":
        return None
    words = case.summary[at[0] : at[1]]
    negators = [token for token in tokens(words) if is_negator(token.text)]
    if negators:
        one = negators[0]
        start, end = at[0] + one.start, at[0] + one.end
        if one.text.endswith(("n't", "n’t")):
            return end - 3, end, ""
        put = {"cannot": "can", "unable": "able", "without": "with"}.get(one.text, "")
        if not put and one.text not in ("not", "never", "no"):
            return None
        return start, end + (case.summary[end : end + 1] == " " and not put), put
    denied = _denied(case, fault)
    for verb in re.finditer(r"\b(?:is|are|was|were|has|have|had|can|could|will|would|should|does|did) (\w+)", words):
        if denied and stem(verb[1].casefold()) == denied:
            return at[0] + verb.start(1), at[0] + verb.start(1), "not "
    return None


def _denied(case: Case, fault: Fault) -> str:
    """Give the stem of the word behind the "not" of the source; "" where there is none."""
    said = tokens(case.source[fault.source.start : fault.source.end]) if fault.source else []
    at = next((n for n, token in enumerate(said) if is_negator(token.text)), len(said))
    return next((stem(token.text) for token in said[at + 1 :] if token.text not in NEUTRAL), "")


def _hedged(case: Case, fault: Fault, at: Span) -> Change | None:
    """Put the hedge of the source before the stretch, where it is one word that can stand there."""
    hedge = case.source[fault.source.start : fault.source.end].casefold() if fault.source else ""
    verb = re.search(r"\b(?:is|are|was|were|has|have|had|will|would)\b", case.summary[at[0] : at[1]])
    return (at[0] + verb.end(), at[0] + verb.end(), f" {hedge}") if hedge in _HEDGES and verb else None


def _promised(case: Case, fault: Fault, at: Span) -> Change | None:
    """Say "will" with the verb as the source has it."""
    words = case.summary[at[0] : at[1]].split()
    if fault.source is None or words[0].casefold() not in ("has", "have", "had", "already"):
        return None
    said = case.source[fault.source.start : fault.source.end]
    plain = next((t.text for t in tokens(said) if stem(t.text) == stem(words[-1].casefold())), "")
    return None if not plain or plain.endswith(("ed", "ing")) else (at[0], at[1], f"will {plain}")


def _one(case: Case, fault: Fault, at: Span) -> Change | None:
    words = case.summary[at[0] : at[1]]
    if fault.rule == "one_customer":
        after = re.match(r"\w+", case.summary[at[1] :].lstrip())
        verb = {"are": "is", "have": "has", "were": "was", "say": "says"}.get(after.group() if after else "", "")
        end = at[1] + 1 + len(after.group()) if verb and after else at[1]
        return at[0], end, ("The customer" if words[0].isupper() else "the customer") + (f" {verb}" if verb else "")
    if re.fullmatch(r"(?i)most|all|everyone|everybody|the majority|majority", words):
        return at[0], at[1], "Some" if words[0].isupper() else "some"
    return None


_BY_CODE: dict[str, Callable[[Case, Fault, Span], Change | None]] = {
    "E3": _delete,
    "E4": _turn_round,
    "E5": _other_role,
    "E6": _delete_value,
    "E7": _hedged,
    "E8": _promised,
    "E9": _delete,
    "E11": _cut,
    "E12": _delete_personal,
    "E13": _one,
}


def _added(case: Case, fault: Fault) -> Edit | None:
    """Say what is missing in the words of the source: the matter first, what the company did last."""
    if fault.source is None or fault.code not in ("E1", "E2"):
        return None
    words = " ".join(case.source[fault.source.start : fault.source.end].split())
    words = re.sub(r"^(?:hi|hello|hey|thanks|thank you)\b[^\w]*(?:there\b[^\w]*)?", "", words, flags=re.IGNORECASE)
    if not words or find(words):
        return None
    quoted = " ".join(words.split()[:LONGEST]).replace("“", "'").replace("”", "'").replace('"', "'")
    quoted += " ..." if len(words.split()) > LONGEST else ""
    if fault.code == "E1":
        return Edit(0, 0, f"The customer says: “{quoted.rstrip('.')}”. ", ("E1",))
    end = len(case.summary)
    stop = "" if re.search(r"[.!?]\s*$", case.summary) else "."
    return Edit(end, end, f"{stop} The agent says: “{quoted.rstrip('.')}”.", ("E2",))
