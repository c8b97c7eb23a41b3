"""Lists of opinions as teachers write them: what stands around the lines is taken off, and counted by kind."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import get_args

from gistill.schema import Polarity
from gistill.text import places

IMPLICIT = "-"  # an aspect or opinion that has no words of its own
NOTHING = "none"  # the whole answer where there is no opinion
_NO_WORDS = frozenset({"-", "–", "—", "none", "null", "n/a", "na", "implicit", "(implicit)", "nothing", "unknown"})
_NOTHING = re.compile(
    r"(?:none|nothing|\[\]|n/?a|(?:there are )?no (?:opinions?|sentiments?)(?: (?:expressed|found|here))?)[.!]?", re.I
)
_BULLET = re.compile(r"^\s*(?:[-*•]\s+(?!\|)|\d{1,2}[.)]\s+|->\s*)")
_RULE = re.compile(r"[\s|:+-]*")
_QUOTES = "\"'`*“”‘’"


def repair(answer: str, text: str, order: Sequence[str]) -> tuple[str, Counter[str]]:
    """Take off a list of opinions what teachers put around it, changing no word that is said to be quoted.

    Args:
        answer: As the teacher wrote it.
        text: What it was asked about.
        order: The elements in the order asked for.

    Returns:
        The lines as the skill's grammar has them, as far as they can be had, and what was repaired: `formatting`
        (thinking, code fences, bullets, tables, quotation marks), `surrounding_text` (sentences around the list),
        `nothing` (other words for "none"), `polarity` (its case), `implicit` (other words for "-"), `case` (letters
        of a quotation whose case is another in the text).
    """
    repaired: Counter[str] = Counter()
    plain = re.sub(r"<think>.*?</think>|```\w*", "\n", answer, flags=re.DOTALL)
    if plain != answer:
        repaired["formatting"] += 1
    lines = [line for line in plain.splitlines() if line.strip()]
    listed = [line for line in lines if "|" in line]
    if not listed:
        if any(_NOTHING.fullmatch(line.strip()) for line in lines):
            repaired.update(
                {"surrounding_text": 1} if len(lines) > 1 else {"nothing": 1} if lines[0].strip() != NOTHING else {}
            )
            return NOTHING, repaired
        return "\n".join(lines), repaired
    repaired["surrounding_text"] += len(lines) - len(listed)
    kept = [line for line in (_repair_line(line, text, order, repaired) for line in listed) if line]
    return "\n".join(kept) or NOTHING, +repaired


def _repair_line(line: str, text: str, order: Sequence[str], repaired: Counter[str]) -> str:
    bare = _BULLET.sub("", line).strip()
    if bare.startswith("|") and bare.endswith("|") and len(bare) > 1:
        bare = bare[1:-1]
    parts = [part.strip() for part in bare.split("|")]
    if (_RULE.fullmatch(bare) and "--" in bare) or [part.casefold() for part in parts] == list(order):
        repaired["formatting"] += 1  # the rule or the head of a table
        return ""
    repaired["formatting"] += bare.strip() != line.strip()
    if len(parts) != len(order):
        return bare
    return " | ".join(_repair_part(part, element, text, repaired) for part, element in zip(parts, order, strict=True))


def _repair_part(part: str, element: str, text: str, repaired: Counter[str]) -> str:
    if element == "polarity":
        word = part.strip(_QUOTES + " .").casefold()
        if word != part and word in get_args(Polarity):
            repaired["polarity"] += 1
            return word
        return part
    if element == "category" or places(part, text):
        return part
    if part.casefold() in _NO_WORDS:
        repaired["implicit"] += part != IMPLICIT
        return IMPLICIT
    bare = part.strip(_QUOTES)
    if bare != part and places(bare, text):
        repaired["formatting"] += 1
        return bare
    for found in re.finditer(re.escape(bare), text, re.IGNORECASE) if bare else ():
        if places(found.group(), text):
            repaired["case"] += 1
            return found.group()
    return part
