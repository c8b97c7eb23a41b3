"""Cells that a program damaged on the way: letters decoded wrongly, HTML entities, escapes of a spreadsheet.

Only damage is repaired. Quotation marks, widths, ligatures and everything else stays as the customer typed it. What is
returned are changes, so that offsets lead back to the cell as it was; see `parts.changed`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator

from gistill.tables.markup import Change

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_(\r?\n)?")
# What became of "’", “ and others where UTF-8 was read as Windows-1252 and that was written in ASCII.
_ASCII = {"tm": "’", "(tm)": "’", "~": "‘", "oe": "“", "|": "…", '"': "–"}
_IN_ASCII = re.compile(r"aEUR(tm|\(tm\)|~|oe|\||\")", re.IGNORECASE)
# A letter that no encoding had, where only an apostrophe can have stood: "wasn?t".
_LOST = re.compile("(?<=[A-Za-z]n)\\?(?=t\\b)|(?<=[^\\W\\d_])\ufffd(?=(?:t|s|d|m|re|ve|ll)\\b)", re.IGNORECASE)
_C1 = re.compile("[\x80-\x9f]")
_LINE = re.compile(r"[^\r\n]+")
_WORD = re.compile(r"\S+")


def repairs(text: str) -> Iterator[Callable[[str], list[Change]]]:
    """Give the steps of repair that a text may need, in their order; each is asked about what the last one left."""
    if "&" in text:
        yield find_entities
        yield find_entities  # "&amp;#39;" was escaped twice
    if "_x" in text:
        yield find_escapes
    if not text.isascii() or "&" in text:
        yield find_mojibake
    if "EUR" in text or "?" in text or "\ufffd" in text:
        yield find_lost_signs


def find_entities(text: str) -> list[Change]:
    """List the HTML entities of a text; a no-break space becomes a space.

    >>> find_entities("wasn&#39;t R&D &amp; not&nbsp;ok")
    [(4, 9, "'"), (15, 20, '&'), (24, 30, ' ')]
    """
    found = []
    for match in _ENTITY.finditer(text):
        meant = html.unescape(match[0])
        if meant != match[0] and "\ufffd" not in meant:
            found.append((*match.span(), meant.replace("\xa0", " ")))
    return found


def find_escapes(text: str) -> list[Change]:
    """List what a workbook writes for control characters: "_x000D_" is the end of a line."""
    found = []
    for match in _ESCAPE.finditer(text):
        code = int(match[1], 16)
        if code in (10, 13):
            found.append((*match.span(), "\n"))
        elif code < 32:
            found.append((match.start(), match.end(1) + 1, " " if code == 9 else ""))
        elif code == 0x5F:
            found.append((match.start(), match.end(1) + 1, "_"))
    return found


def find_mojibake(text: str) -> list[Change]:
    """List the words whose letters were decoded wrongly ("cafÃ©"), each cut to what changes in it.

    A line is looked at as a whole, since a letter alone says little; where it is not wrong throughout, its words are.
    """
    if text.isascii():
        return []
    from ftfy import TextFixerConfig, fix_encoding  # here, so that loading is light
    from ftfy.badness import is_bad

    config = TextFixerConfig(unescape_html=False, explain=False)
    changes: list[Change] = []
    for line in _LINE.finditer(text):
        if line[0].isascii() or not (is_bad(line[0]) or _C1.search(line[0])):
            continue
        fixed = fix_encoding(line[0], config)
        if fixed == line[0] or is_bad(fixed):
            words = [(word.start(), word[0], fix_encoding(word[0], config)) for word in _WORD.finditer(line[0])]
            changes += [_narrowed(old, new, line.start() + at) for at, old, new in words if old != new]
        else:
            changes += _words_changed(line[0], fixed, line.start())
    return changes


def find_lost_signs(text: str) -> list[Change]:
    """List the apostrophes and quotation marks that were lost in ASCII: "wasnaEURTMt", "wasn?t"."""
    found = [(*match.span(), _ASCII[match[1].lower()]) for match in _IN_ASCII.finditer(text)]
    found += [(*match.span(), "’") for match in _LOST.finditer(text)]
    return sorted(found)


def _words_changed(line: str, fixed: str, at: int) -> list[Change]:
    before, after = list(_WORD.finditer(line)), list(_WORD.finditer(fixed))
    if len(before) != len(after):  # a letter ended in what looks like a space
        return [_narrowed(line, fixed, at)]
    pairs = zip(before, after, strict=True)
    return [_narrowed(old[0], new[0], at + old.start()) for old, new in pairs if old[0] != new[0]]


def _narrowed(old: str, new: str, at: int) -> Change:
    """Leave out what both begin and end with."""
    shorter = min(len(old), len(new))
    first = next((place for place in range(shorter) if old[place] != new[place]), shorter)
    rest = shorter - first
    last = next((place for place in range(rest) if old[-1 - place] != new[-1 - place]), rest)
    return at + first, at + len(old) - last, new[first : len(new) - last]
