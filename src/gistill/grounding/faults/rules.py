"""All rules: which code each finds, on which summaries it can be asked, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from gistill.grounding.faults import meaning, people, shape, values
from gistill.grounding.faults.fault import Fault, fault
from gistill.grounding.faults.reading import Reading
from gistill.grounding.wording import stem
from gistill.schema import Opinion
from gistill.text import is_in_one_of

Find = Callable[[Reading, Reading], Iterable[Fault]]


class Rule(NamedTuple):
    """A rule.

    Attributes:
        name: What `Fault.rule` may say is told by the function itself; this names the group.
        code: Of the taxonomy.
        find: Summary and source -> faults.
        on: "any" source, a "conversation" of which both sides are known, "one" conversation or text, "several" texts.
        words: Whether it needs to know the language; it is then asked about English alone.
    """

    name: str
    code: str
    find: Find
    on: str = "any"
    words: bool = True


RULES = (
    Rule("issue", "E1", people.find_missing_issue, "conversation"),
    Rule("outcome", "E2", people.find_missing_outcome, "conversation"),
    Rule("unsupported", "E3", values.find_unsupported),
    Rule("negation", "E4", meaning.find_negations, "one"),
    Rule("denial", "E4", meaning.find_denials, "conversation"),
    Rule("opposite", "E4", meaning.find_opposites, "one"),
    Rule("role", "E5", people.find_roles, "conversation"),
    Rule("number", "E6", values.find_numbers, "one"),
    Rule("code", "E6", values.find_codes, words=False),
    Rule("name", "E6", values.find_names),
    Rule("hedge", "E7", meaning.find_hedges, "one"),
    Rule("promise", "E8", meaning.find_promises, "one"),
    Rule("repetition", "E9", shape.find_repetitions, words=False),
    Rule("chit_chat", "E9", shape.find_chat),
    Rule("cut", "E11", shape.find_cut, words=False),
    Rule("marks", "E11", shape.find_marks, words=False),
    Rule("length", "E11", shape.find_length, words=False),
    Rule("language", "E11", shape.find_other_language, words=False),
    Rule("personal", "E12", values.find_personal, words=False),
    Rule("one_customer", "E13", people.find_too_many, "conversation"),
    Rule("degree", "E14", meaning.find_degrees, "one"),
)


class Checked(NamedTuple):
    """What the rules found, and the codes that they could be asked about."""

    faults: tuple[Fault, ...]
    codes: frozenset[str]


def check_summary(
    summary: str,
    source: Reading,
    *,
    codes: Collection[str] | None = None,
    opinions: tuple[Sequence[Opinion], Sequence[Opinion]] | None = None,
) -> Checked:
    """Hold a summary against its source by all rules.

    Args:
        summary: The summary.
        source: What it sums up.
        codes: Those that are looked for; None is all.
        opinions: What a reader found in the summary and in the source; None leaves polarity to words.

    Returns:
        Faults by their place in the summary. Where the source is empty or in another language than English, fewer
        codes were checked; a code that was not is no sign that the summary is right.
    """
    reading = Reading(summary)
    english = is_in_one_of(source.text, ["en"]) and is_in_one_of(summary, ["en"])
    rules = [rule for rule in RULES if codes is None or rule.code in codes]
    usable = [rule for rule in rules if _applies(rule, source, english) and (source.text.strip() or rule.code == "E11")]
    blank = not summary.strip()
    found: list[Fault] = []
    for rule in usable:
        if not blank or rule.name == "cut":
            found += rule.find(reading, source)
    asked = {rule.code for rule in usable}
    if opinions is not None and english and source.text.strip():
        if codes is None or "E4" in codes:
            found += find_turned(source, *opinions)
            asked.add("E4")
        if len(source.texts) > 1 and (codes is None or "E13" in codes):
            found += people.find_prevalence(reading, source, *opinions)
            asked.add("E13")
    kept = dict.fromkeys(sorted(found, key=_place))
    return Checked(tuple(kept), frozenset(asked))


def _applies(rule: Rule, source: Reading, english: bool) -> bool:
    if rule.words and not english:
        return False
    several = len(source.texts) > 1
    kinds = {"any": True, "one": not several, "several": several, "conversation": len(source.sides) == 2}
    return kinds[rule.on]


def _place(one: Fault) -> tuple[int, int, str]:
    return (one.span.start, one.span.end, one.code) if one.span else (1 << 30, 0, one.code)


def find_turned(source: Reading, said: Sequence[Opinion], there: Sequence[Opinion]) -> list[Fault]:
    """Find things that a summary praises while the source only complains about them, and the other way round.

    Words that the source has too are not looked at: what they are said of there is not known well enough.
    """
    known: dict[str, list[str]] = {}
    where: dict[str, Opinion] = {}
    least = 3 if len(source.texts) > 1 else 2  # opinions that must say the opposite: the reader errs, too
    for one in there:
        for root in people.things(one):
            known.setdefault(root, []).append(one.polarity)
            where.setdefault(root, one)
    found = []
    for one in said:
        against = {"positive": {"negative"}, "negative": {"positive"}}.get(one.polarity)
        root = next((root for root in people.things(one) if set(known.get(root, ())) == against), "")
        if not root or one.opinion is None or against is None or len(known[root]) < least:
            continue
        if all(word in source.stems for word in {stem(part) for part in one.opinion.text.casefold().split()}):
            continue
        quoted, at = where[root].opinion, where[root].sentence
        says = f"“{one.opinion.text}” is {one.polarity}; what the source says of it is {next(iter(against))}."
        place = (quoted.start, quoted.end) if quoted else (at.start, at.end)
        found.append(fault("E4", "polarity", says, span=(one.opinion.start, one.opinion.end), source=place))
    return found
