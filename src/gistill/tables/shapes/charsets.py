"""Which encoding some bytes are in.

The rule, in this order: a byte order mark; UTF-16 told by its zero bytes; UTF-8; where a fifth and more of the bytes
stand beyond ASCII, the Cyrillic encoding whose reading has the letters and the capitals of words, else what
charset-normalizer finds among the multi-byte and non-Western encodings; where fewer do, Windows-1252, of which Latin-1
is a part, unless another encoding of Latin letters gives at most half as many places that no language writes so.
"""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Latin encodings are left out: short Western texts are often mistaken for Eastern ones.
_CANDIDATES = ["cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr"]
_CYRILLIC = ("cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic")
_FREQUENT = frozenset("оеаинтсрвлкмдпуяыі")  # more than four of five letters of a Cyrillic text
# Encoding -> the letters beyond ASCII of each language that is written in it.
_WESTERN = "àâæçéèêëîïôœùûüÿ äöüßé áéíóúüñªº áâãàçéêíóôõúüªº àèéìíîòóùú éëïóöüèêáí åäöé æøåéèêóòâô äöåšžé àçéèíïóòúü"
_LATIN = {
    "cp1252": _WESTERN,
    "iso8859_15": _WESTERN,
    "cp1250": "ąćęłńóśźż áčďéěíňóřšťúůýž áäčďéíĺľňóôŕšťúýž áéíóöőúüű ăâîşţ čćđšž äöüßé",
    "cp1254": "çğıiöşüâîûİ",
    "cp1257": "ąčęėįšųūž āčēģīķļņšūž äõöüšž",
    "mac_roman": _WESTERN,
    "cp437": _WESTERN,
    "cp850": _WESTERN,
    "cp852": "ąćęłńóśźż áčďéěíňóřšťúůýž áéíóöőúüű",
}
_ALPHABETS = {name: [set(letters) for letters in languages.split()] for name, languages in _LATIN.items()}
# Icelandic is told by what Turkish, whose own letters stand in the places of its eth, thorn and y, never has.
_ICELANDIC, _ICELANDIC_ONLY = set("áðéíóúýþæö"), frozenset("áíóæ")
_JOINS = frozenset("’‘´`·–—…-")  # may stand between two letters
_ESCAPES = re.compile("[\udc80-\udcff]+")


def find_encoding(head: bytes) -> str:
    """Name the encoding of a file by its first bytes; the rule stands at the top of this module."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    if wide := _find_wide(head):
        return wide
    decoded = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(head)
    bad = sum(len(match.group()) for match in _ESCAPES.finditer(decoded))
    if not bad:
        return "utf-8"
    if sum(not char.isascii() for char in decoded) - bad > bad:
        return "utf-8"  # a few stray bytes in a UTF-8 file do not make it another one
    return _find_narrow(head)


def _find_wide(head: bytes) -> str | None:
    """Tell UTF-16 without a byte order mark: its zero bytes all stand on the same side."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    zeros = even + odd
    if zeros * 500 < len(head) or max(even, odd) < 0.9 * zeros:
        return None
    name = "utf-16-le" if odd > even else "utf-16-be"
    if zeros * 5 < len(head) and _decodes(head, "utf-8"):
        return None  # UTF-8 with some stray zero bytes
    return name if _decodes(head, name) else None


def _decodes(head: bytes, name: str) -> bool:
    try:
        codecs.getincrementaldecoder(name)().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _find_narrow(head: bytes) -> str:
    lines = [line for line in head.splitlines() if not line.isascii()]
    sample = b"\n".join(lines)[: 1 << 15]
    special = sum(byte >= 0x80 for byte in sample)
    if special * 5 < len(sample):
        return _find_latin(sample)
    if cyrillic := _find_cyrillic(sample):
        return cyrillic
    if special < 32:
        return _find_latin(sample)
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=_CANDIDATES).best()
    return best.encoding if best is not None else "cp1252"


def _find_cyrillic(sample: bytes) -> str | None:
    """Find the encoding in which the bytes are Cyrillic words: frequent letters, and capitals only in front."""
    best, most = None, 0.7
    for name in _CYRILLIC:
        text = sample.decode(name, "replace")
        special = [char for char in text if not char.isascii()]
        letters = [char for char in special if "\u0400" <= char <= "\u045f" or char in "ґҐ"]
        if len(letters) < 0.9 * len(special):
            continue
        odd = len(re.findall(r"[а-яёіїєґ][А-ЯЁІЇЄҐ]", text))
        score = (sum(char.lower() in _FREQUENT for char in letters) - 2 * odd) / len(special)
        if score > most:
            best, most = name, score
    return best


def _find_latin(sample: bytes) -> str:
    """Name the encoding of text in Latin letters: Windows-1252 unless another makes much more sense of it."""
    faults = {name: _count_faults(sample, name) for name in _LATIN}
    best = min(faults, key=faults.__getitem__)
    return best if 2 * faults[best] <= faults["cp1252"] and faults["cp1252"] else "cp1252"


def _count_faults(sample: bytes, name: str) -> int:
    """Count the places that no language writes so, if the bytes are in this encoding.

    These are capitals behind small letters, signs between letters, control characters, and letters that are not in the
    alphabet of the language which most letters of the line are in.
    """
    faults = 0
    text = sample.decode(name, "replace")
    alphabets = _ALPHABETS[name]
    if alphabets is _ALPHABETS["cp1252"] and not _ICELANDIC_ONLY.isdisjoint(text.lower()):
        alphabets = [*alphabets, _ICELANDIC]
    for line in text.splitlines():
        special = [char for char in line.lower() if not char.isascii() and char.isalpha()]
        faults += min(sum(char not in alphabet for char in special) for alphabet in alphabets)
        for place, char in enumerate(line):
            if not char.isascii():
                faults += _is_odd(line[place - 1 : place], char, line[place + 1 : place + 2])
    return faults


def _is_odd(before: str, char: str, after: str) -> bool:
    if char.isalpha():
        return char.isupper() and before.islower()
    if "\x80" <= char <= "\x9f" or char in "\ufffd¤":
        return True
    if char in "‚„‹" and before.isalpha():
        return True
    return before.isalpha() and after.isalpha() and char not in _JOINS
