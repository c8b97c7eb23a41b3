"""Whether a mended summary may take the original's place: the detectors look again, and the edit must be small."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from gistill.analysis.cases import Case
from gistill.grounding.faults.fault import Fault
from gistill.grounding.faults.reading import Reading

NEAR = 3  # words around a flagged stretch that an edit may change with it, so that the sentence stays one
MOST = 0.6  # share of a summary's words that may change
_MISSING = frozenset(("E1", "E2"))
_MARKS = ".,;:!?*`#“”\"'"
_WORD = re.compile(r"\S+")


class Verdict(NamedTuple):
    """Whether it may, and if not why, as a clause."""

    accepted: bool
    reason: str = ""


def judged(
    case: Case,
    after: str,
    flagged: Sequence[Fault],
    before: Sequence[Fault],
    now: Sequence[Fault],
    *,
    most: float = MOST,
) -> Verdict:
    """Decide about a mended summary; what cannot be decided is not accepted.

    Args:
        case: With the summary before.
        after: The mended one.
        flagged: The faults that were to be mended.
        before: All that the detectors find in the summary before, `flagged` among it as far as they find it again.
        now: What they find in `after`.
        most: Share of the words before that may change.

    Returns:
        Accepted where flagged errors fell, none came, what was right of the source is still said, and nothing changed
        but what was flagged and up to three words beside it. Where something was missing, sentences may be added, and
        as many words as the summary had put into its own. A judge that reads twice sees more than once: an error that
        it marks in words that the edit left as they were, or a missing fact, did not come with the edit.
    """
    if not after.strip():
        return Verdict(False, "nothing is left")
    if after.split() == case.summary.split():
        return Verdict(False, "nothing was changed")
    codes = frozenset(one.code for one in flagged)
    had, has = Counter(one.code for one in before), Counter(one.code for one in now)
    if any(one.code not in had for one in flagged):
        return Verdict(False, "nobody who found the error can look again")
    new = Counter(one.code for one in now if one.tier != "judge" or _brought(case.summary, after, one))
    if came := sorted(code for code in new if new[code] > had[code]):
        return Verdict(False, f"new errors came: {', '.join(came)}")
    if sum(has[code] for code in codes) >= sum(had[code] for code in codes):
        return Verdict(False, "the error is still there")
    if lost := _lost(case, after, flagged):
        return Verdict(False, f"it no longer says “{lost}”")
    return _size(case.summary, after, flagged, most)


def _brought(before: str, after: str, found: Fault) -> bool:
    """Say whether an error lies in words that the edit put in. What is missing it cannot have put in; see `_lost`."""
    if found.code in _MISSING:
        return False
    if found.span is None:
        return True
    words = list(_WORD.finditer(after))
    put_in = {place for _, _, _, start, end in _differences(before, after) for place in range(start, end)}
    return any(found.span.start < words[place].end() and words[place].start() < found.span.end for place in put_in)


def _lost(case: Case, after: str, flagged: Sequence[Fault]) -> str:
    """Give a word of the source that the summary said outside of what is flagged, and says no more; "" for none."""
    reading, there = Reading(case.summary), case.reading.stems
    still = {word.stem for one in Reading(after).sentences for word in one.words}
    for sentence in reading.sentences:
        for word in sentence.words:
            inside = any(one.span and one.span.start < word.end and word.start < one.span.end for one in flagged)
            if not inside and word.stem in there and word.stem not in still:
                return case.summary[word.start : word.end]
    return ""


def _size(before: str, after: str, flagged: Sequence[Fault], most: float) -> Verdict:
    words = list(_WORD.finditer(before))
    changed, outside, added = 0, 0, 0
    missing = any(one.code in _MISSING for one in flagged)
    whole = any(one.span is None and one.code not in _MISSING for one in flagged)
    allowed = _allowed(words, flagged)
    for tag, first, last, start, end in _differences(before, after):
        size = max(last - first, end - start)
        if tag == "insert" and missing:
            added += 0 if _at_border(words, first) else size
            continue
        changed += size
        if not whole and not any(place in allowed for place in range(first, max(last, first + 1))):
            outside += size
        elif not whole:
            outside += sum(place not in allowed for place in range(first, last))
    if outside:
        return Verdict(False, "it changes more than what is wrong")
    if changed > max(most * len(words), 4) or added > max(most, 1) * len(words):
        return Verdict(False, "it changes too much")
    return Verdict(True)


def _allowed(words: Sequence[re.Match[str]], flagged: Iterable[Fault]) -> set[int]:
    """Give the places of the words that may change: those of flagged stretches and a few around."""
    found: set[int] = set()
    for one in flagged:
        if one.span is None:
            continue
        inside = [n for n, word in enumerate(words) if one.span.start < word.end() and word.start() < one.span.end]
        if inside:
            found.update(range(inside[0] - NEAR, inside[-1] + NEAR + 1))
    return found


def _at_border(words: Sequence[re.Match[str]], place: int) -> bool:
    """Say whether a word is the first, or stands behind one that ends a sentence."""
    return place == 0 or place >= len(words) or words[place - 1].group()[-1] in ".!?"


def _differences(before: str, after: str) -> list[tuple[str, int, int, int, int]]:
    """Compare word by word; case and marks at a word's border are no difference."""
    old, new = ([word.casefold().strip(_MARKS) for word in text.split()] for text in (before, after))
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return [step for step in matcher.get_opcodes() if step[0] != "equal"]


def words_changed(before: str, after: str) -> int:
    """Count the words that differ: of a replaced stretch the longer side.

    >>> words_changed("The customer paid 50 dollars.", "The customer paid 30 dollars.")
    1
    """
    return sum(max(last - first, end - start) for _, first, last, start, end in _differences(before, after))
