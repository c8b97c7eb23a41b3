"""Chats and transcripts in text files: lines that begin with a time and a sender, or with a sender alone."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gistill.tables.shapes.limits import MAX_CELL
from gistill.tables.shapes.sheets import Row, Rows, Sheet
from gistill.tables.shapes.sources import TextSource

_MARKS = "\u200e\u200f\u202a\u202c\ufeff"
# A line above a transcript that numbers it: "Transcript 2", "Chat #118".
_HEADING = re.compile(
    r"^\W*(?:chat|call|conversation|transcript|ticket|case|session|dialog(?:ue)?|gespräch|unterhaltung|discussion|"
    r"conversación|conversazione|conversa|gesprek)\W*(?:no|nr|id|number)?\W*\d[\w-]*\W*$",
    re.IGNORECASE,
)
_TIMED = re.compile(
    rf"[{_MARKS}]*\[?(?P<date>\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{1,4}}),?\s+"
    r"(?P<time>\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:[\s\u202f]?[AaPp]\.?\s?[Mm]\.?)?)\]?(?:\s+[-–])?:?\s+(?P<rest>.*)"
)
_CLOCK = re.compile(r"\s*[\[(]?\d{1,2}:\d{2}(?::\d{2})?(?:\s?[AaPp][Mm])?[\])]?\s*[-–]?\s+(?=\S)")
_SENDER = re.compile(rf"[{_MARKS}]*(?P<sender>[^\W_][^:\n]{{0,50}}?|\+?[\d ()-]{{6,20}}):(?:\s+(?P<text>.*)|\s*)$")
# What stands where a picture was: "<Media omitted>", "image omitted".
_OMITTED = re.compile(
    rf"[{_MARKS}]*(?:<[^<>]{{3,60}}>|(?:image|video|audio|sticker|GIF|document|Contact card) omitted)"
)
_GAP = re.compile(r"\s*[-=*_]{3,}\s*$")


class _Message(NamedTuple):
    number: int
    date: str
    time: str
    sender: str
    lines: list[str]


def is_chat(lines: Sequence[str]) -> bool:
    """Say whether lines are messages with their times and senders, as phones export chats."""
    filled = [line.strip() for line in lines if line.strip()][:400]
    timed = [found["rest"] for line in filled if (found := _TIMED.match(line))]
    senders = [found["sender"] for rest in timed if (found := _sender(rest))]
    return len(timed) >= 0.3 * len(filled) and len(senders) >= 0.6 * len(timed) and _recur(senders)


def is_transcript(lines: Sequence[str]) -> bool:
    """Say whether lines are what two or more people said in turn, each with a name in front."""
    filled = [line.strip() for line in lines if line.strip() and not _GAP.match(line)][:400]
    senders = [found["sender"] for line in filled if (found := _sender(_CLOCK.sub("", line, count=1)))]
    many = 2 <= len(set(senders)) <= max(2, 0.5 * len(senders))
    return len(senders) >= 0.6 * len(filled) and many and _recur(senders) and len(filled) > 2


def _sender(line: str) -> re.Match[str] | None:
    found = _SENDER.match(line)
    return found if found and len(found["sender"].split()) <= 4 else None


def _recur(senders: Sequence[str]) -> bool:
    return len(senders) > 1 and Counter(senders).most_common(1)[0][1] > 1 and len(set(senders)) <= 0.7 * len(senders)


def open_chat(text: TextSource, *, timed: bool) -> Sheet:
    """Open a chat: one record whose messages are `{"role": sender, "content": text, "date": when}`.

    A transcript without times is several conversations where blank or ruled lines stand between them and each has at
    least two senders. Notices without a sender, and what stands for pictures, are left out.

    Args:
        text: The file.
        timed: Whether its lines begin with a date and a time.
    """
    if timed:
        return Sheet("chat", _chat(text), ("messages", "date"), has_header=False)
    return Sheet("chat", _transcripts(text), ("messages",), has_header=False)


def _chat(text: TextSource) -> Rows:
    messages: list[_Message] = []
    open_one = False
    for number, line in text.lines():
        line = line.rstrip("\r\n")
        if found := _TIMED.match(line):
            sender = _sender(found["rest"])
            open_one = sender is not None
            if sender is not None:
                messages.append(
                    _Message(number, found["date"], found["time"], sender["sender"].strip(), [sender["text"] or ""])
                )
        elif open_one:
            messages[-1].lines.append(line)
    day_first = _day_first(messages)
    spoken = [
        {"role": m.sender, "content": content, "date": _when(m, day_first)}
        for m in messages
        if (content := "\n".join(m.lines).strip()[:MAX_CELL]) and not _OMITTED.fullmatch(content)
    ]
    first = next((date for m in messages if (date := _day(m.date, day_first))), None)
    if spoken:
        yield Row(messages[0].number, {"messages": spoken, "date": first})


def _day_first(messages: Sequence[_Message]) -> bool:
    """Find out which order of day and month a phone writes.

    A number over 12 decides. Else a clock of twelve hours goes with month-first, as American phones write both, unless
    numbers below ten have a zero in front.
    """
    parts = [re.split(r"[./-]", message.date) for message in messages]
    short = [part for part in parts if len(part[0]) < 4]
    if any(int(part[0]) > 12 for part in short):
        return True
    if any(int(part[1]) > 12 for part in short):
        return False
    twelve = any(re.search(r"[AaPp]\.?\s?[Mm]", message.time) for message in messages)
    return not twelve or any(part[0].startswith("0") for part in short) or any("." in m.date for m in messages)


def _day(date: str, day_first: bool) -> dt.date | None:
    one, two, three = (int(part) for part in re.split(r"[./-]", date))
    if one > 31:
        year, month, day = one, two, three
    else:
        day, month, year = (one, two, three) if day_first else (two, one, three)
    try:
        return dt.date(year + 2000 if year < 100 else year, month, day)
    except ValueError:
        return None


def _when(message: _Message, day_first: bool) -> str:
    day = _day(message.date, day_first)
    return f"{day.isoformat()} {message.time}" if day else f"{message.date} {message.time}"


def _transcripts(text: TextSource) -> Rows:
    blocks: list[list[_Message]] = [[]]
    for number, line in text.lines():
        line = line.rstrip("\r\n")
        if not line.strip() or _GAP.match(line):
            if blocks[-1]:
                blocks.append([])
            continue
        if not blocks[-1] and _HEADING.match(line):
            continue
        found = _sender(_CLOCK.sub("", line.strip(), count=1))
        if found:
            blocks[-1].append(_Message(number, "", "", found["sender"].strip(), [found["text"] or ""]))
        elif blocks[-1]:
            blocks[-1][-1].lines.append(line)
        elif len(blocks) > 1 and blocks[-2]:
            blocks[-2][-1].lines.append(line)
    filled = [block for block in blocks if block]
    apart = all(len({message.sender for message in block}) > 1 for block in filled)
    for talk in filled if apart else [[message for block in filled for message in block]]:
        yield Row(talk[0].number, {"messages": list(_said(talk))})


def _said(block: Sequence[_Message]) -> Iterator[dict[str, object]]:
    for message in block:
        content = "\n".join(message.lines).strip()[:MAX_CELL]
        if content and not _OMITTED.fullmatch(content):
            yield {"role": message.sender, "content": content}
