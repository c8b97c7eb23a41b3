"""The list of skills: whoever adds one adds it here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from gistill.errors import InputError, SettingError
from gistill.skills.aspect_summary import ASPECT_SUMMARY
from gistill.skills.conversation_summary import CONVERSATION_SUMMARY
from gistill.skills.critique import CRITIQUE
from gistill.skills.editing import EDITING
from gistill.skills.opinions import OPINIONS
from gistill.skills.quality import QUALITY
from gistill.skills.rating import RATING
from gistill.skills.skill import Skill, from_json
from gistill.skills.summary import SUMMARY
from gistill.skills.understanding import ANALYSIS, REWRITING

SKILLS: dict[str, Skill[Any, Any]] = {
    skill.name: skill
    for skill in (
        OPINIONS,
        ANALYSIS,
        REWRITING,
        RATING,
        SUMMARY,
        ASPECT_SUMMARY,
        CONVERSATION_SUMMARY,
        CRITIQUE,
        EDITING,
        QUALITY,
    )
}


def skill_named(name: str) -> Skill[Any, Any]:
    """Give the skill of a name.

    Raises:
        SettingError: There is none.
    """
    if name not in SKILLS:
        raise SettingError(f"there is no skill {name!r}", hint=f"The skills are {', '.join(SKILLS)}.")
    return SKILLS[name]


class SkillExample(NamedTuple):
    """An input of a skill with the right result."""

    skill: Skill[Any, Any]
    asked: Any
    result: Any


def example_of(row: Mapping[str, Any], *, file: str = "", row_number: int | None = None) -> SkillExample:
    """Read `{"skill": NAME, "input": {...}, "result": ...}`, as a corpus keeps its examples.

    Args:
        row: The object; other keys are not looked at.
        file: For the error.
        row_number: For the error.

    Raises:
        InputError: There is no such skill, or the input or the result is none of this skill.
    """
    skill = SKILLS.get(str(row["skill"]))
    if skill is None:
        known = ", ".join(SKILLS)
        raise InputError(f"there is no skill {row['skill']!r}", file=file, row=row_number, hint=f"One of: {known}.")
    try:
        asked = from_json(skill.input, row["input"])
        return SkillExample(skill, asked, from_json(skill.result, row["result"]))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        reason = f"{where}: {first['msg']}" if where else str(first["msg"])
        raise InputError(f"no example of the skill {skill.name} ({reason})", file=file, row=row_number) from error
