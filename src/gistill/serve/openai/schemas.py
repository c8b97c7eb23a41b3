"""What a schema may be that a stranger sends: small enough that an engine compiles it in about a second.

The engine makes a grammar of a schema before it answers, and nothing can stop it meanwhile: 500 optional properties
took 33 seconds, 2,000 for ever. So size, depth and everything that a grammar multiplies are bounded before it sees any.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

MOST_BYTES = 16_384
MOST_DEPTH = 32  # of the JSON: an object in an object's properties is two
MOST_NODES = 1_000  # objects, lists and values
MOST_OPTIONAL = 64  # properties in all that are not required: any of them may be left out in any combination
MOST_CHOICES = 256  # of one enum, anyOf, oneOf or allOf
MOST_COUNT = 500  # minLength, maxItems and the like; twice as much costs four times as long
MOST_COUNTED = 2_000  # of these and of {m,n} in patterns, all together
MOST_PATTERN = 200  # characters

_COUNTS = {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains"}
_CHOICES = {"enum", "anyOf", "oneOf", "allOf"}


def why_not(schema: dict[str, Any], size: int) -> str:
    """Say what is too large in a schema; "" where nothing is.

    Args:
        schema: As it was sent.
        size: Its bytes as JSON.
    """
    if size > MOST_BYTES:
        return f"it has {size:,} bytes, and at most {MOST_BYTES:,} are taken"
    optional, counted = 0, 0.0
    for nodes, (node, depth) in enumerate(_nodes(schema), 1):
        if nodes > MOST_NODES:
            return f"it has more than {MOST_NODES:,} parts"
        if depth > MOST_DEPTH:
            return f"it is nested deeper than {MOST_DEPTH} levels"
        if isinstance(node, dict):
            named, needed = node.get("properties"), node.get("required")
            if isinstance(named, dict):
                required = {name for name in needed if isinstance(name, str)} if isinstance(needed, list) else set()
                optional += len(named.keys() - required)
            if optional > MOST_OPTIONAL:
                return f"more than {MOST_OPTIONAL} properties are optional: name them in `required`"
            if why := _keyword(node):
                return why
            counted += _counted(node)
            if counted > MOST_COUNTED:
                return f"its lengths, counts and repeats add up to more than {MOST_COUNTED:,}"
    return ""


def _counted(node: dict[str, Any]) -> float:
    """Add up what a grammar writes out as often as it is said."""
    total = 0.0
    for name, value in node.items():
        if name in _COUNTS and isinstance(value, int | float):
            total += value if value <= MOST_COUNT else MOST_COUNTED + 1
        if name == "pattern" and isinstance(value, str):
            repeats = " ".join(re.findall(r"\{[^{}]*\}", value))
            total += sum(int(digits[:9]) for digits in re.findall(r"\d+", repeats))
    return total


def _keyword(node: dict[str, Any]) -> str:
    for name, value in node.items():
        if name in _CHOICES and isinstance(value, list) and len(value) > MOST_CHOICES:
            return f"{name} has more than {MOST_CHOICES} choices"
        if name == "pattern" and isinstance(value, str) and len(value) > MOST_PATTERN:
            return f"a pattern has more than {MOST_PATTERN} characters"
    return ""


def _nodes(schema: Any) -> Iterator[tuple[Any, int]]:
    """Go through all parts, without recursion: a hostile schema is nested deeper than Python's stack."""
    waiting = [(schema, 1)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        waiting.extend((one, depth + 1) for one in inner)
