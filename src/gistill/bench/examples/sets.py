"""Files of examples as sets to be scored on: every line an input of one skill and its right result."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from gistill.bench.answers import digest
from gistill.errors import InputError
from gistill.skills.all import SKILLS, SkillExample, example_of
from gistill.skills.skill import Skill, to_json


@dataclass(frozen=True)
class ExampleSet:
    """Examples of one skill.

    Args:
        name: The file; before it the skill and a colon, where the lines need not name it.
        skill: What they are examples of.
        examples: Input and right result, in order.
    """

    name: str
    skill: Skill[Any, Any]
    examples: tuple[SkillExample, ...]

    @cached_property
    def hash(self) -> str:
        """Says which examples these are, and in which order."""
        return digest([self.skill.name, [[to_json(e.asked), to_json(e.result)] for e in self.examples]])


def load_examples(name: str, *, limit: int | None = None, seed: int = 0) -> ExampleSet:
    """Load a file of examples.

    A line is `{"skill": NAME, "input": {...}, "result": ...}`; train.jsonl of `gistill annotate` holds such lines.

    Args:
        name: A path; "SKILL:PATH" where the lines name no skill.
        limit: Only the first so many after a shuffle.
        seed: Of that shuffle.

    Raises:
        InputError: The file cannot be read, is empty, or a line is no example of the skill.
    """
    before, _, after = name.partition(":")
    wanted, path = (before, Path(after)) if before in SKILLS and after else ("", Path(name))
    found = [_example(line, wanted, path, row) for row, line in enumerate(_lines(path), 1) if line.strip()]
    if not found:
        raise InputError("no examples in it", file=str(path))
    skill = found[0].skill
    other = next((row for row, one in enumerate(found, 1) if one.skill is not skill), None)
    if other is not None:
        raise InputError(f"an example of {found[other - 1].skill.name} among those of {skill.name}", file=str(path))
    if limit is not None and limit < len(found):
        random.Random(seed).shuffle(found)
        found = found[:limit]
    return ExampleSet(name, skill, tuple(found))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise InputError(f"cannot be read ({(error.strerror or str(error)).lower()})", file=str(path)) from error
    except UnicodeDecodeError as error:
        raise InputError("not UTF-8", file=str(path)) from error


def _example(line: str, wanted: str, path: Path, row: int) -> SkillExample:
    try:
        given = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError("not a JSON object", file=str(path), row=row) from error
    if not isinstance(given, dict) or not {"input", "result"} <= given.keys() or not (wanted or "skill" in given):
        raise InputError("no example of a skill", file=str(path), row=row, hint=_FORM)
    named = given.get("skill") or wanted
    if wanted and named != wanted:
        raise InputError(f"an example of {named}, not of {wanted}", file=str(path), row=row)
    return example_of({**given, "skill": named}, file=str(path), row_number=row)


_FORM = 'A line is {"skill": NAME, "input": {...}, "result": ...}.'
