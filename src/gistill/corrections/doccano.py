"""Sentences to lines of doccano (sequence labelling with relations), and its lines to corrections.

doccano knows one label an entity, so a label holds all that is said of an opinion: `words | negative | battery | fact`.
Offsets are code points.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from gistill.corrections.form import KINDS, HandCorrection, named
from gistill.corrections.tasks import ABOUT, LEVELS, Region, Role, Task, marks_of, regions_of

META = "gistill"
_BETWEEN, _NONE = " | ", "-"


def lines(tasks: Iterable[Task]) -> list[dict[str, Any]]:
    """Write sentences as lines to import, with what was read as their entities and relations."""
    found = []
    for task in tasks:
        regions, relations = regions_of(task)
        entities = [
            {"id": number, "start_offset": one.start, "end_offset": one.end, "label": _label(one)}
            for number, one in enumerate(regions, 1)
        ]
        links = [
            {"id": number, "from_id": one + 1, "to_id": other + 1, "type": ABOUT}
            for number, (one, other) in enumerate(relations, 1)
        ]
        read = [mark.model_dump(mode="json") for mark in task.marks]
        meta = {"record": task.record, "at": list(task.at), "language": task.language, "read": read}
        found.append({"text": task.sentence, "entities": entities, "relations": links, META: meta})
    return found


def _label(one: Region) -> str:
    if one.level is None:
        return one.role
    kind = next((name for name, letter in KINDS.items() if letter == one.kind), _NONE)
    return _BETWEEN.join([one.role, LEVELS[one.level], one.category or _NONE, kind])


def corrections_of(rows: Iterable[Mapping[str, Any]], *, author: str | None) -> list[HandCorrection]:
    """Read exported lines, each as what one person says stands in a sentence.

    Args:
        rows: As doccano wrote them; what was given beside the text is in `meta` or beside it.
        author: Who made them; doccano's files do not say.

    Raises:
        ValueError: A line is of another project, or holds a label that means nothing here; names it.
    """
    found = []
    for number, row in enumerate(rows, 1):
        try:
            found.append(_correction(row, author))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"line {number} is not as this tool wrote it: {error!r}") from error
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from error
    return found


def _correction(row: Mapping[str, Any], author: str | None) -> HandCorrection:
    meta = row.get(META) or row["meta"][META]
    regions = [_region(one) for one in row["entities"]]
    places = {one["id"]: number for number, one in enumerate(row["entities"])}
    links = [(places[one["from_id"]], places[one["to_id"]]) for one in row.get("relations", ())]
    given = {
        "kind": "sentence",
        "author": author,
        "record": meta["record"],
        "at": meta["at"],
        "language": meta.get("language"),
        "sentences": [row["text"]],
        "opinions": [mark.model_dump() for mark in marks_of(row["text"], regions, links)],
        "read": meta["read"],
    }
    return named(HandCorrection.model_validate_json(json.dumps(given)))


def _region(entity: Mapping[str, Any]) -> Region:
    role, *said = entity["label"].split(_BETWEEN)
    level: int | None = None
    if role not in get_args(Role) or len(said) not in (0, 3):
        raise ValueError(f"the label {entity['label']!r} means nothing here")
    if said:
        level = next((value for value, words in LEVELS.items() if words == said[0]), None)
        if level is None or (said[2] not in KINDS and said[2] != _NONE):
            raise ValueError(f"the label {entity['label']!r} means nothing here")
    category = said[1] if said and said[1] != _NONE else None
    kind = KINDS.get(said[2]) if said else None
    return Region(int(entity["start_offset"]), int(entity["end_offset"]), role, level, category, kind)
