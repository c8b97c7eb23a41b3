"""Transcripts inside a cell: "Agent: ... Customer: ..." as turns, with times and bold marks or without.

The cell stays what it is; a turn is the stretch of its words, so that labels and times are never read.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from gistill.speakers import of_customers, side_of
from gistill.text import is_blank, normalise

_TIME = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:[.,]\d{1,3})?(?:[ \u00a0\u202f]?[AaPp]\.?[Mm]\.?)?(?:Z|\s?UTC|\s?GMT)?"
_DAY = r"(?:\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\.?|\d{1,2}\s[^\W\d_]{3,9}\.?,?\s\d{4}|[^\W\d_]{3,9}\.?\s\d{1,2},?\s\d{4})"
_WHEN = rf"(?:(?:{_DAY})[,T]?\s*(?:at\s|um\s|à\s)?)?{_TIME}"
_STAMP = rf"[\[(<]?\s*{_WHEN}\s*[\])>]?\s*(?:[-–—|:]\s+)?"
_BOLD = r"(?:\*{1,3}|_{2}|<(?:b|strong)>|</(?:b|strong)>)?"
_NAME = r"[^\W\d_](?:[^\n:：*<>\[\](){}|\"“”;!?]|\((?!\s*\d)[^)\n]{1,20}\)){0,39}?"
# A line that begins with a label: "Agent: ", "**Agent:** ", "[10:01] Agent: ", "Agent (10:01 AM): ", "Agent 2："
_LINE = re.compile(
    rf"^[ \t\u200e\u200f>•-]*{_BOLD}(?P<before>{_STAMP})?{_BOLD}(?P<name>{_NAME}|\d{{1,2}})\s*"
    rf"(?P<after>[-–—,|]?\s*[\[(<]?\s*{_WHEN}\s*[\])>]?)?\s*{_BOLD}\s*(?:[:：](?!//|\d\d\b)|(?<=\|))\s*{_BOLD}[ \t]*",
    re.MULTILINE,
)
# A line of its own with name and time, the words under it: "Bella (10:01 AM)", "10:01 | Visitor 8812"
_HEAD = re.compile(
    rf"^[ \t\u200e\u200f]*{_BOLD}(?:(?P<before>{_STAMP}){_BOLD}(?P<name>{_NAME})|"
    rf"(?P<name2>{_NAME})[-–—,|]?\s*(?P<after>[\[(<]?\s*{_WHEN}\s*[\])>]?)){_BOLD}[ \t]*$",
    re.MULTILINE,
)
# What a phone writes without a sender: "12/03/2024, 09:14 - Messages and calls are end-to-end encrypted."
_NOTICE = re.compile(rf"^[ \t\u200e\u200f]*[\[(]?{_DAY},?\s+{_TIME}[\])]?\s*(?:[-–—|]\s+)?", re.MULTILINE)
# Labels that stand inside a line, after the end of a sentence, a separator or, in capitals, anywhere.
_INLINE = re.compile(
    rf"(?P<gap>^|[.!?…|/;>)\]\"”’*]\s*|\s){_BOLD}(?P<name>[^\W\d_][\w'’-]*(?: \d{{1,5}})?){_BOLD}"
    rf"\s*[:：](?!//|\d\d\b){_BOLD}\s*"
)
_ARTICLES = re.compile(
    r"the|an?|my|our|your|his|her|their|this|that|with|to|from|of|and|der|die|das|de[nmr]|l[ea]|el", re.IGNORECASE
)
_ENDS = frozenset('.!?…|/;>)]"”’*')
_OMITTED = re.compile(
    r"^[\u200e<\[( ]*(?:(?:media|image|video|audio|sticker|gif|document|contact card|file|photo)s? (?:omitted|attached|"
    r"removed|weggelassen)|medien ausgeschlossen|bild weggelassen|this message was deleted|you deleted this message|"
    r"diese nachricht wurde gelöscht|missed (?:voice|video) call|null)[>\])\. ]*$",
    re.IGNORECASE,
)
# A short first line that is the transcript's title and nobody's words.
_TITLE = re.compile(
    r"^\W*(?:chat|call|conversation|transcript|ticket|case|session|date|agent|visitor|time|subject|started|messages?)\b",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^(?:speaker|sprecher|participant|person|locuteur|hablante|spk)[ _]?\d{1,2}$")
_SURE = re.compile(rf"[\[(<|]|{_DAY}|\d:\d\d:\d\d")
_LONGEST_LABEL = 40  # characters
_MOST_WORDS = 5


class Said(NamedTuple):
    """What somebody said: `cell[start:end]`, in code points, without the label."""

    role: str
    start: int
    end: int


class _Label(NamedTuple):
    name: str  # "" for a phone's notice
    start: int
    end: int
    stamp: str  # the time beside it, with its brackets; "" where there is none


def split_labels(cell: str) -> list[Said]:
    """Find who says what in a cell that holds a transcript.

    A cell is a transcript where its labels name both sides, or where names with a time stand in front of the lines, or
    where two names or more take turns. A review with headings ("Pros: ...", "Service: 5/5") is none.

    Args:
        cell: Any text.

    Returns:
        The turns in order, without empty ones and what a phone left out; none where the cell is no transcript. Words
        before the first label are the customer's, unless they are a title.
    """
    labels = _labels(cell)
    if not _is_transcript(labels, cell):
        return []
    ends = [label.start for label in labels[1:]] + [len(cell)]
    turns = [_said(cell, label.name, label.end, end) for label, end in zip(labels, ends, strict=True) if label.name]
    opening = cell[: labels[0].start]
    if not is_blank(opening) and not (_TITLE.match(opening) and len(opening) < 200) and len(opening.split()) > 3:
        theirs = of_customers([(turn.role, cell[turn.start : turn.end]) for turn in turns])
        role = next((turn.role for turn, whose in zip(turns, theirs, strict=True) if whose), "customer")
        turns.insert(0, _said(cell, role, 0, labels[0].start))
    return [turn for turn in turns if turn.end > turn.start and not _OMITTED.match(cell[turn.start : turn.end])]


def _said(cell: str, role: str, start: int, end: int) -> Said:
    words = cell[start:end]
    begin = start + len(words) - len(words.lstrip())
    return Said(role, begin, max(begin, start + len(words.rstrip(" \t\r\n|*_"))))


def _labels(cell: str) -> list[_Label]:
    """Find what may be labels: at the beginning of lines, alone on a line with a time, and inside a line."""
    found: dict[int, _Label] = {}
    for match in _LINE.finditer(cell):
        name = match["name"].strip(" -–—,|*_")
        if _may_be_name(name):
            found[match.start()] = _Label(name, match.start(), match.end(), match["before"] or match["after"] or "")
    for match in _HEAD.finditer(cell):
        name = (match["name"] or match["name2"]).strip(" -–—,|*_")
        if match.start() not in found and _may_be_name(name):
            found[match.start()] = _Label(name, match.start(), match.end(), match["before"] or match["after"])
    if any(label.stamp for label in found.values()):
        for match in _NOTICE.finditer(cell):
            found.setdefault(match.start(), _Label("", match.start(), match.end(), match[0]))
    sides = {side_of(label.name) for label in found.values() if label.start == 0 or not label.stamp}
    if sides & {"customer", "company"}:
        for label in _inline(cell):
            if not any(one.start <= label.start < one.end for one in found.values()):
                found[label.start] = label
    return [found[start] for start in sorted(found)]


def _inline(cell: str) -> list[_Label]:
    """Find labels inside a line; only roles that name a side, as a colon inside a sentence is common."""
    found = []
    one_line = "\n" not in cell.strip()
    for match in _INLINE.finditer(cell):
        name, start = match["name"], match.start("name")
        before = cell[:start].split(" ")[-2:-1]
        if side_of(name) is None or (before and _ARTICLES.fullmatch(before[0])):
            continue
        if before and before[0][:1].isupper() and name[0].isupper() and side_of(before[0]):  # "Customer Support:"
            name, start = f"{before[0]} {name}", start - len(before[0]) - 1
        ended = bool(match["gap"].strip()) or not cell[:start].strip() or cell[:start].rstrip()[-1] in _ENDS
        if ended or (one_line and (name[0].isupper() or cell[:1].islower())):
            found.append(_Label(name, start, match.end(), ""))
    return found


def _may_be_name(name: str) -> bool:
    if not name or len(name) > _LONGEST_LABEL or len(name.split()) > _MOST_WORDS:
        return False
    if side_of(name) is None and _TITLE.match(name):
        return False
    return name.casefold() not in ("http", "https", "re", "fwd", "fw", "ps", "note", "edit", "update")


def _is_transcript(labels: list[_Label], cell: str) -> bool:
    named = [label for label in labels if label.name]
    if not named:
        return False
    names = {normalise(label.name) for label in named}
    sides = {name: side_of(name) for name in names}
    present = set(sides.values())
    first = not cell[: named[0].start].strip()
    if {"customer", "company"} <= present:
        return True
    if "customer" in present and first and (len(names) > 1 or sides[normalise(named[0].name)] == "customer"):
        return True
    again = max(Counter(normalise(label.name) for label in named).values())
    stamped = [label.stamp for label in named if label.stamp]
    sure = again > 1 or all(_SURE.search(stamp) for stamp in stamped)  # "12:00 - Lunch: cold" is a day, not a chat
    if len(names) > 1 and len(stamped) > 1 and 2 * len(stamped) > len(named) and sure:
        return True
    if len(names) > 1 and all(_NUMBERED.match(name) for name in names):
        return True
    return len(names) == 2 and again > 1 and "company" in present  # "Agent: ... Mark: ... Agent: ..."
