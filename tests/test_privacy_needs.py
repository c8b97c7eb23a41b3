"""A pattern that is not tried would have found nothing."""

from __future__ import annotations

import json
import re
from itertools import chain
from pathlib import Path

import pytest

from gistill.privacy import addresses, contacts, cues, needs, numbers, people
from gistill.privacy.redaction import fold

TESTS = Path(__file__).parent
PATTERNS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": pattern
    for module in (addresses, contacts, cues, numbers, people)
    for name, pattern in [*vars(module).items(), *((f"shape {n}", p) for n, (p, _) in enumerate(numbers._SHAPES))]
    if isinstance(pattern, re.Pattern)
}


def texts() -> list[str]:
    """Texts with personal data of every kind, also in letters that "ignore case" takes for others."""
    rows = [
        json.loads(line)["text"]
        for path in (TESTS / "privacy_cases.jsonl", TESTS.parent / "benchmarks" / "privacy_countries.jsonl")
        for line in path.read_text("utf-8").splitlines()
    ]
    some = rows[::6]
    odd = [text.replace("i", "İ").replace("s", "ſ").replace("k", "\u212a") for text in some[::4]]
    odd += [text.replace("i", "ı") for text in some[1::4]]
    return [fold(text)[0] for text in chain(rows, map(str.upper, some), map(str.lower, some), odd)]


@pytest.mark.slow
def test_what_is_found_is_what_every_pattern_finds() -> None:
    found = 0
    for text in texts():
        for name, pattern in PATTERNS.items():
            everywhere = [match.span() for match in pattern.finditer(text)]
            assert [match.span() for match in needs.look(pattern, text)] == everywhere, (name, text)
            found += len(everywhere)
    assert found > 3_000


@pytest.mark.parametrize(
    ("pattern", "digits", "words"),
    [
        (r"(?i:Phone|Tel)[.:] \d{3}-[0-9]+", 4, ["tel", "phone"]),
        (r"\d*x", 0, []),  # a letter is in nearly every text
        (r"@\w+", 0, ["@"]),
        (r"(?:passport|password)s?", 0, ["pass"]),  # what they begin with alike
        (r"(?:call|\d\d)", 0, []),
        (r"(?:ab1|cd22)", 1, ["ab1", "cd22"]),
        (r"(?<=card )\d{2,3}", 2, ["card "]),
        (r"(?!name)\d", 1, []),
        (r"(?:name)?\d", 1, []),
        (r"(?i)adım", 0, ["ad"]),  # behind it "i" may stand, too
    ],
)
def test_what_a_pattern_needs(pattern: str, digits: int, words: list[str]) -> None:
    assert needs._need(re.compile(pattern)) == (digits, words)


def test_a_value_that_is_a_number_is_one_that_is_looked_for() -> None:
    patterns = [numbers._CUED, numbers._RIGHT_BEHIND, numbers._BARE_ACCOUNT, numbers._LOWER]
    values = 0
    for text in texts():
        for match in chain.from_iterable(pattern.finditer(text) for pattern in patterns):
            if numbers._is_number(match[match.lastindex or 0]):
                values += 1
                assert numbers._MAY_BE_NUMBER.search(match[0]), match[0]
    assert values > 100
    for value in ("1 2 3 4", "AB 123", "ABCD 1", "12-ABC", "12345", "a1b2c3", "ABCDEF", "1.2/3-4", "1 AB2 C3"):
        assert numbers._is_number(value), value
        assert numbers._MAY_BE_NUMBER.search(value), value
