"""Personal data found in a text, written as placeholders, and put back.

Every pattern looks; finds that overlap become one, and no find crosses a line. Patterns are regular expressions with
checksums and the words beside a number, in a dozen languages. They are ours because they are several times faster than
presidio's and find more of what stands in reviews; docs/privacy.md has the comparison.

A placeholder is "[KIND_n]", n counted from 1 within one request in the order of its messages. Nothing global decides
n, so the same request is redacted to the same bytes in every run, and a journal finds its answer again.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from gistill.privacy.addresses import places
from gistill.privacy.contacts import contacts, phones
from gistill.privacy.found import KINDS, Found, NameDetector
from gistill.privacy.numbers import ids, numbers
from gistill.privacy.people import people, signed

# A find holds none of these, so that a restored placeholder never breaks the JSON string it stands in.
_BREAKS = re.compile(r'[\n\r\v\f\x1c-\x1f\x85\u2028\u2029"\\]+')
_PLACEHOLDER = re.compile(rf"\[(?:{'|'.join(KINDS)}|TEXT)_\d+\]")  # is nothing personal, whatever stands beside it
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]")
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_SPACES = "\t\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_RANK = {kind: rank for rank, kind in enumerate([*KINDS, "TEXT"])}
_ALL = "|".join(kind.replace("_", r"[\s_\\-]*").replace("EMAIL", "E-?MAIL") for kind in [*KINDS, "TEXT"])
_CAPITALS = "|".join([*KINDS, "TEXT"])
_BETWEEN = r"(?:[\s_:.#№–—-]|\\(?=_)){0,5}"
# How teachers bend them: another case, another bracket, escaped brackets, "_" written as space, dash, colon, "\_" or
# not at all; no brackets but "_"; or no brackets, and capitals. Two groups in each, the kind and the number.
_BENT = re.compile(
    rf"\[({_ALL})_(\d+)\]"
    rf"|\\\[\s*({_ALL}){_BETWEEN}(\d{{1,6}})\s*\\\]"
    rf"|%5B({_ALL})(?:_|%5F)(\d{{1,6}})%5D"
    rf"|[\[(<{{【［«‹「]\s*({_ALL}){_BETWEEN}(\d{{1,6}})\s*[\])>}}】］»›」]"
    rf"|(?<![^\W_])({_ALL})\\?_(\d{{1,6}})(?!_*[^\W_])"
    rf"|(?<![^\W_])(?-i:({_CAPITALS}))[ -]?#?(\d{{1,6}})(?!_*[^\W_]|[.,:]\d|%)",
    re.IGNORECASE,
)
_OPEN = 9  # from this group on there is no bracket that says where a placeholder ends
# Everything that any of these could be, with no regard to what stands behind it.
_ALIKE = re.compile(
    rf"[\[(<{{【［«‹「]\s*({_ALL}){_BETWEEN}(\d+)|({_ALL})(?:[\s-]|\\?_|%5F){{1,2}}#?(\d+)|(?-i:({_CAPITALS}))#?(\d+)",
    re.IGNORECASE,
)
# What was a placeholder and is bent too far: without its number, of a kind that there is not, with other signs between.
_LOST = re.compile(
    rf"[\[<{{【]\s*(?:{_ALL})(?![^\W_])[^\]>}}】\n]{{0,12}}[\]>}}】]"
    rf"|(?-i:\[[A-Z][A-Z_]{{1,24}}[_ ]\d{{1,6}}\]|(?<![^\W_])(?:{_CAPITALS})[_.\\#-]{{1,3}}\d{{1,6}}(?!\w))",
    re.IGNORECASE,
)
# Names that are also words: elsewhere in the text they are most likely the word.
_WORD_NAMES = """
    art autumn bill black brown chance chase christian dawn dean drew earl faith forest frank good grace grant green
    guy harmony heath holly home hope hunter ivy jack jade joy june king long love major mark may melody mercy miles
    miss olive page pat penny pearl poppy price ray rich rob rose ruby sandy sky star stone sue summer sunny victor
    violet white will winter wood young smart best swift day bell bank mason iris lily
"""
_WORDS = frozenset(_WORD_NAMES.split())


def find(text: str, *, names: NameDetector | None = None) -> list[Found]:
    """Find what would tell who somebody is or how to reach them.

    Args:
        text: Any text, in any language; reviews and conversations are what was measured.
        names: Finds people's names; without it only those beside a sure sign ("my name is") are found.

    Returns:
        Finds in order of place. They do not overlap, are not empty, and hold no line break, no double quote and no
        backslash. A find is not proof, and a text without one is not proved to be anonymous.
    """
    if names is None:
        return list(_found(text))
    return merged(text, [*_found(text), *(Found(start, end, "NAME") for start, end in names(text))])


@lru_cache(maxsize=4096)  # a run asks with the same instructions and examples thousands of times
def _found(text: str) -> tuple[Found, ...]:
    folded, offsets = fold(text)
    finds = [*contacts(folded), *people(folded)]
    if any(map(str.isdigit, folded)):
        finds += [*numbers(folded), *ids(folded), *phones(folded), *places(folded)]
    else:
        finds += numbers(folded)  # a key or a password need not have a digit
    if finds:
        finds += signed(folded, finds)
    if offsets is not None:
        finds = [Found(offsets[one.start], offsets[one.end - 1] + 1, one.kind) for one in finds]
    gaps = [match.span() for match in _PLACEHOLDER.finditer(text)]
    return tuple(one for one in merged(text, finds) if not _is_gap(text, one, gaps))


def _is_gap(text: str, one: Found, gaps: Sequence[tuple[int, int]]) -> bool:
    """Say whether a find is in a placeholder, or is nothing but placeholders and the signs beside them."""
    if any(start <= one.start and one.end <= end for start, end in gaps):
        return True
    held = any(one.start <= start and end <= one.end for start, end in gaps)
    return held and not any(map(str.isalnum, _PLACEHOLDER.sub("", text[one.start : one.end])))


def merged(text: str, finds: Iterable[Found]) -> list[Found]:
    """Make one find of those that overlap, of the most trusted kind, and split at line breaks and quotation marks.

    The union is taken and not the better one, because what only the other covers would leave.
    """
    together: list[Found] = []
    for one in sorted(finds):
        if together and one.start < together[-1].end:
            last = together[-1]
            kind = min(last.kind, one.kind, key=_RANK.__getitem__)
            together[-1] = Found(last.start, max(last.end, one.end), kind)
        else:
            together.append(one)
    return [piece for one in together for piece in _pieces(text, one)]


def _pieces(text: str, one: Found) -> Iterable[Found]:
    start = one.start
    for match in _BREAKS.finditer(text, one.start, one.end):
        yield from _trimmed(text, start, match.start(), one.kind)
        start = match.end()
    yield from _trimmed(text, start, one.end, one.kind)


def _trimmed(text: str, start: int, end: int, kind: str) -> Iterable[Found]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield Found(start, end, kind)


def fold(text: str) -> tuple[str, list[int] | None]:
    """Write a text as the patterns expect it: plain digits, spaces and dashes, nothing invisible.

    Args:
        text: Any text.

    Returns:
        The folded text, and for each of its characters (and its end) the offset in the text it came from; None where
        they are the same offsets, which is nearly always.
    """
    if text.isascii():
        return text.replace("\t", " "), None
    if not _INVISIBLE.search(text):
        return text.translate(_PLAIN), None
    kept = [offset for offset, char in enumerate(text) if not _INVISIBLE.match(char)]
    return "".join(text[offset] for offset in kept).translate(_PLAIN), [*kept, len(text)]


def _plain_characters() -> dict[int, str]:
    """Map digits of every script, full-width letters, dashes and spaces to their plain forms, one for one."""
    plain = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    plain |= {code: str(unicodedata.decimal(chr(code))) for code in range(0x660, sys.maxunicode) if _is_digit(code)}
    return plain | dict.fromkeys(map(ord, _DASHES), "-") | dict.fromkeys(map(ord, _SPACES), " ")


def _is_digit(code: int) -> bool:
    return 0x660 <= code < 0x1FC00 and unicodedata.category(chr(code)) == "Nd"


_PLAIN = _plain_characters()


class Memory:
    """What the placeholders of one request stand for. It stays in this process: nothing here can be written.

    Attributes:
        unknown: Placeholders of an answer that stood for nothing, by how they were written.
    """

    def __init__(self) -> None:
        self.unknown: Counter[str] = Counter()
        self._originals: dict[tuple[str, int], str] = {}
        self._numbers: dict[tuple[str, str], int] = {}
        self._last: Counter[str] = Counter()  # the last number given to each kind
        self._literal: set[tuple[str, int]] = set()  # not placeholders: somebody wrote them so
        self._written: set[str] = set()  # the same of what is no placeholder, but looks like one that was lost

    def __len__(self) -> int:
        return len(self._originals)

    def __repr__(self) -> str:
        return f"Memory({len(self)} values)"  # never the values: this ends up in logs and tracebacks

    def placeholder(self, value: str, kind: str) -> str:
        """Name the placeholder of a value, a new one where it has none yet."""
        number = self._numbers.get((kind, value))
        if number is None:
            number = self._last[kind] + 1
            while (kind, number) in self._literal:
                number += 1
            self._last[kind] = number
            self._numbers[kind, value] = number
            self._originals[kind, number] = value
        return f"[{kind}_{number}]"

    def original(self, kind: str, number: int) -> str | None:
        """Look up what a placeholder stands for; None where it stands for nothing."""
        return self._originals.get((kind, number))

    def reserve(self, text: str) -> list[Found]:
        """Set apart what looks like a placeholder in a text, so that no value gets that name.

        Returns:
            Those whose name a value already has; they need a placeholder of their own.
        """
        clashing = []
        self._written.update(_lost(text))
        for match in _ALIKE.finditer(text):
            name = _named(match)
            if name in self._originals:
                clashing.append(Found(match.start((match.lastindex or 0) - 1), match.end(), "TEXT"))
            else:
                self._literal.add(name)
        return clashing

    def is_literal(self, kind: str, number: int) -> bool:
        """Say whether somebody wrote this placeholder-looking text themselves."""
        return (kind, number) in self._literal

    def count_lost(self, text: str) -> None:
        """Count what an answer has in the place of a placeholder, and what can be put back by nobody."""
        self.unknown.update(form for form in _lost(text) if form not in self._written)


def _lost(text: str) -> list[str]:
    """List what looks like a placeholder that lost its number, beside those that can be understood."""
    return [match[0] for match in _LOST.finditer(_BENT.sub("\n", text))]


def redact(text: str, memory: Memory, *, names: NameDetector | None = None) -> str:
    """Replace the personal data of one text; see `redact_all`.

    >>> memory = Memory()
    >>> redact("Write to ada@example.com, not to [EMAIL_1].", memory)
    'Write to [EMAIL_2], not to [EMAIL_1].'
    >>> restore(_, memory)
    'Write to ada@example.com, not to [EMAIL_1].'
    """
    return redact_all([text], memory, names=names)[0]


def redact_all(
    texts: Sequence[str], memory: Memory, *, names: NameDetector | None = None, counts: Counter[str] | None = None
) -> list[str]:
    """Replace the personal data of texts that belong together, as the messages of a request do.

    What was found in one text is replaced in all of them: a name stands beside "my name is" once, and alone later.
    What is left is searched again, because a text with gaps can read differently, so that an audit of the result
    finds nothing.

    Args:
        texts: In the order in which placeholders are numbered.
        memory: Learns what the placeholders stand for. Share it between calls only for one record or conversation.
        names: Finds people's names; without it only those that a sure sign gives away are found.
        counts: Grows by the finds of each kind.

    Returns:
        One text for each, in order, with `restore(redacted, memory) == text`.
    """
    found = find_together(texts, names=names)
    for text, finds in zip(texts, found, strict=True):
        for part in _between(text, finds):
            memory.reserve(part)
    redacted = []
    for text, finds in zip(texts, found, strict=True):
        if counts is not None:
            counts.update(one.kind for one in finds)
        # A name that a value got in an earlier call and that stands here as plain text.
        written = merged(text, [*finds, *memory.reserve(text)])
        redacted.append(_written(text, written, memory))
    return redacted


def find_together(texts: Sequence[str], *, names: NameDetector | None = None) -> list[list[Found]]:
    """Find the personal data of texts that belong together, as `redact_all` replaces it."""
    found = [find(text, names=names) for text in texts]
    everywhere = _values(texts, found)
    if not everywhere:
        return found
    return [
        _settled(text, merged(text, [*finds, *_occurrences(text, everywhere)]), names)
        for text, finds in zip(texts, found, strict=True)
    ]


def restore(text: str, memory: Memory) -> str:
    r"""Put the originals back, also for placeholders that a model bent a little.

    These are understood: "[EMAIL_1]" in any case and in any of the brackets [ ( < { 【 ［ « ‹ 「, also escaped
    ("\[EMAIL\_1\]"), with a space, a dash, a colon or nothing for "_"; "EMAIL_1" without brackets; "EMAIL 1",
    "EMAIL-1" and "EMAIL1" in capitals. What looks like one and stands for nothing, and what lost its number
    ("[EMAIL]"), stays as it is and is counted in `memory.unknown`, except where the request itself had it.
    """

    def put_back(match: re.Match[str]) -> str:
        kind, number = _named(match)
        original = memory.original(kind, number)
        cut = (match.lastindex or 0) > _OPEN and match.end() == len(text) and _may_go_on(memory, kind, number)
        if original is not None and not cut:
            return original
        if not memory.is_literal(kind, number):
            memory.unknown[match[0]] += 1
        return match[0]

    memory.count_lost(text)
    return _BENT.sub(put_back, text)


def _may_go_on(memory: Memory, kind: str, number: int) -> bool:
    """Say whether "EMAIL_1" at the very end may be a cut "EMAIL_12"."""
    return any(memory.original(kind, 10 * number + digit) is not None for digit in range(10))


def _named(match: re.Match[str]) -> tuple[str, int]:
    """Read the kind and the number of what one of the patterns above matched."""
    group = match.lastindex or 0
    kind = re.sub(r"[\s_\\-]+", "_", match[group - 1]).upper().replace("E_MAIL", "EMAIL")
    return kind, int(match[group][:9])


def _values(texts: Sequence[str], found: Sequence[Iterable[Found]]) -> dict[str, str]:
    """Collect what is worth looking for in all texts, and its kind; of names also the parts."""
    values: dict[str, str] = {}
    for text, finds in zip(texts, found, strict=True):
        for start, end, kind in finds:
            value = text[start:end]
            parts = [value, *value.split()] if kind == "NAME" else [value]
            for part in parts:
                if len(part) >= 3 and not (kind == "NAME" and part.casefold().strip(".") in _WORDS):
                    values.setdefault(part, kind)
    return values


def _occurrences(text: str, values: dict[str, str]) -> list[Found]:
    there = [value for value in values if value in text]
    if not there:
        return []
    pattern = "|".join(map(re.escape, sorted(there, key=len, reverse=True)))
    return [Found(*match.span(), values[match[0]]) for match in re.finditer(rf"(?<!\w)(?:{pattern})(?!\w)", text)]


def _settled(text: str, finds: list[Found], names: NameDetector | None) -> list[Found]:
    """Add what is found in the text with gaps, until nothing is."""
    for _ in range(5):
        if not finds:
            return finds
        gapped, places = _gapped(text, finds)
        more = [Found(places[start][0], places[end - 1][1], kind) for start, end, kind in find(gapped, names=names)]
        if not more:
            return finds
        finds = merged(text, [*finds, *more])
    return finds


def _gapped(text: str, finds: list[Found]) -> tuple[str, list[tuple[int, int]]]:
    """Write placeholders for finds, and say for each character from which span of the text it is."""
    parts, places, end = [], [], 0
    for one in finds:
        gap = f"[{one.kind}_1]"
        parts += [text[end : one.start], gap]
        places += [(n, n + 1) for n in range(end, one.start)] + [(one.start, one.end)] * len(gap)
        end = one.end
    places += [(n, n + 1) for n in range(end, len(text))]
    return "".join([*parts, text[end:]]), places


def _between(text: str, finds: list[Found]) -> Iterable[str]:
    ends = [0, *(one.end for one in finds)]
    starts = [*(one.start for one in finds), len(text)]
    return (text[end:start] for end, start in zip(ends, starts, strict=True))


def _written(text: str, finds: list[Found], memory: Memory) -> str:
    parts, end = [], 0
    for one in finds:
        parts += [text[end : one.start], memory.placeholder(text[one.start : one.end], one.kind)]
        end = one.end
    return "".join([*parts, text[end:]])
