"""The codes of errors as data: taxonomy.yaml, or a user's copy of it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from gistill.errors import InputError
from gistill.schema import Noun

SHIPPED = Path(__file__).parent / "taxonomy.yaml"
Validated = Literal["people", "made corruptions", "two readings", "nothing"]


class Example(Noun):
    """A source, a summary with the error, and a right one."""

    source: str
    summary: str
    right: str


class ErrorCode(Noun):
    """One kind of error.

    `validated` says what shows that its detection is right; where that is nothing, findings are shown and not summed.
    `instruction` is what an editor is told to do about it.
    """

    code: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,15}$")
    name: str = Field(min_length=1)
    definition: str = Field(min_length=1)
    severity: Literal["minor", "major", "critical"] = "major"
    example: Example | None = None
    detected: str = "judge only"
    validated: Validated = "nothing"
    instruction: str = "Correct it with the words of the source, or delete it."


Taxonomy = dict[str, ErrorCode]


def load_taxonomy(path: Path | None = None) -> Taxonomy:
    """Read the codes, in the order of the file.

    Args:
        path: A YAML or JSON file: a list of codes, as taxonomy.yaml is; None is the one in the package.

    Raises:
        InputError: The file is not there, is no such list, or has a code twice.
    """
    import yaml

    place = path or SHIPPED
    try:
        rows = yaml.safe_load(place.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError("cannot be read", file=str(place)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError("is not valid YAML", file=str(place)) from error
    if not isinstance(rows, list) or not rows:
        raise InputError("is no list of codes", file=str(place), hint=f"Copy {SHIPPED} and change it.")
    found: Taxonomy = {}
    for number, row in enumerate(rows, 1):
        try:
            one = ErrorCode.model_validate(row)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise InputError(f"code {number}: {where}: {first['msg']}", file=str(place)) from error
        if one.code in found:
            raise InputError(f"has the code {one.code} twice", file=str(place))
        found[one.code] = one
    return found
