"""What a summary alone decides: repetition, greetings, length, cut sentences, marks, another language."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rapidfuzz import fuzz

from gistill.grounding.faults.fault import Fault, fault
from gistill.grounding.faults.reading import Reading
from gistill.grounding.wording import word_set
from gistill.skills.debris import refuses
from gistill.text import count_words, find_language

_ALIKE = 90.0  # of 100 (rapidfuzz, words sorted): two sentences say the same
_CHAT = re.compile(
    r"\b(?:(?:hi|hello|hey|dear)(?: there)?[,!]|good (?:morning|afternoon|evening)\b|thanks? (?:you )?(?:so much )?for "
    r"(?:contacting|reaching|calling|getting in touch|your (?:patience|message|call|time))|have a (?:great|nice|lovely|"
    r"good|wonderful) (?:day|one|weekend|evening)|how (?:can|may) (?:i|we) help|you(?:'re| are) (?:very )?welcome|"
    r"(?:please )?(?:do not|don't) hesitate|is there anything else|take care|best regards|kind regards|talk to you)",
    re.IGNORECASE,
)
_MARKS = re.compile(r"```|^#{1,6} |\*\*|<[a-z/][^>]*>|^\s*[-*•] |\[(?:INST|/INST)\]|<\|", re.MULTILINE)
_DANGLING = word_set(
    "a an the and or but of to in on at by for from with that which who because if as is are was were be been has have "
    "had will would can could not their his her its our your my this these those so than then when while about into "
    "also"
)
_LEAKED = re.compile(
    r"\b(?:as an ai|language model|here(?:'s| is) (?:a|the|your) (?:short |brief )?summary|summary:|"
    r"the (?:above|following) (?:text|conversation|review)|in \d+ (?:words|sentences)|instructions?:)",
    re.IGNORECASE,
)
_LONGEST_SHARE = 1.0  # of the source's words


def find_repetitions(summary: Reading, _: Reading) -> Iterator[Fault]:
    """Find sentences that say again what an earlier one says, and words that stand twice in a row."""
    seen: list[tuple[str, int, int]] = []
    for one in summary.sentences:
        words = summary.text[one.start : one.end]
        if len(words.split()) >= 4:
            same = next((old for old in seen if fuzz.token_sort_ratio(old[0], words) >= _ALIKE), None)
            if same is not None:
                says = f"It says again: “{same[0][:120]}”."
                yield fault("E9", "repetition", says, span=(one.start, one.end))
                continue
        seen.append((words, one.start, one.end))
    for match in re.finditer(r"(?i)\b(\w{2,}(?:\s+\w+){0,5}?)\s+\1\b", summary.text):
        if not match.group(1).isdigit() and match.group(1).casefold() not in ("that", "had", "very"):
            start = match.start(1) + len(match.group(1))
            yield fault("E9", "twice", f"“{match.group(1)}” stands twice in a row.", span=(start, match.end()))


def find_chat(summary: Reading, source: Reading) -> Iterator[Fault]:
    """Find greetings and phrases of politeness that tell nothing."""
    quoted = [match.span() for match in re.finditer("“[^”]*”", summary.text)]
    for match in _CHAT.finditer(summary.text):
        if any(start <= match.start() < end for start, end in quoted):
            continue
        at = source.text.casefold().find(match.group().casefold())
        where = (at, at + len(match.group())) if at >= 0 else None
        says = f"“{match.group()}” is a greeting or a phrase of politeness and tells nothing."
        yield fault("E9", "chit_chat", says, span=match.span(), source=where)


def find_cut(summary: Reading, _: Reading) -> Iterator[Fault]:
    """Find a summary that is empty, or whose last sentence does not end.

    It does not where its last word goes on ("and"), or where an earlier sentence has an end mark and it has none.
    """
    if not summary.sentences:
        yield fault("E11", "empty", "There is no summary.")
        return
    last = summary.sentences[-1]
    words = summary.text[last.start : last.end].rstrip("\"'”’)")
    if re.search(r"[.!?…。！？।؟]$", words):
        return
    tail = words.split()[-1].casefold().strip(",;:-")
    ended = any(summary.text[one.end - 1] in ".!?…。！？" for one in summary.sentences[:-1])
    if ended or tail in _DANGLING or re.search(r"[,;:(-]$", words):
        yield fault("E11", "cut", f"The last sentence stops after “{tail}”.", span=(last.start, last.end))


def find_marks(summary: Reading, _: Reading) -> Iterator[Fault]:
    """Find marks of Markdown or HTML, a refusal, and words about the task instead of the matter."""
    if match := _MARKS.search(summary.text):
        yield fault("E11", "marks", f"“{match.group().strip()}” is a mark and no text.", span=match.span())
    if match := _LEAKED.search(summary.text):
        yield fault("E11", "task", f"“{match.group()}” speaks of the task and not of the matter.", span=match.span())
    elif refuses(summary.text):
        yield fault("E11", "refusal", "The model refused instead of summarizing.")


def find_length(summary: Reading, source: Reading) -> Iterator[Fault]:
    """Find a summary that is longer than its source."""
    said, read = count_words(summary.text), count_words(source.text)
    if said > _LONGEST_SHARE * read and said > 10:
        yield fault("E11", "longer", f"The summary has {said} words, its source {read}.")


def find_other_language(summary: Reading, source: Reading) -> Iterator[Fault]:
    """Find a summary in another language than its source, as far as small words can tell."""
    said, read = find_language(summary.text), find_language(source.text)
    if said and read and said != read:
        yield fault("E11", "language", f"The summary is in another language ({said}) than its source ({read}).")
