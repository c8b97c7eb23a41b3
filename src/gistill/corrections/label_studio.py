"""Sentences to tasks of Label Studio, and its annotations to corrections.

Offsets are code points. Label Studio counted UTF-16 units before it stored code points (its pull request 1559): what it
says the words are decides which of the two a file has.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from xml.sax.saxutils import quoteattr

from gistill.categories import CODES
from gistill.corrections.form import KINDS, HandCorrection, named
from gistill.corrections.tasks import ABOUT, LEVELS, Region, Task, marks_of, regions_of

META = "gistill"  # the field of a task's data that says which sentence it is


def label_config() -> str:
    """Write the labelling interface (XML) that the tasks are made for."""
    rows = [("level", LEVELS.values()), ("category", CODES), ("kind", KINDS)]
    choices = "".join(
        f'  <Choices name="{name}" toName="text" perRegion="true" choice="single">'
        + "".join(f"<Choice value={quoteattr(value)}/>" for value in values)
        + "</Choices>\n"
        for name, values in rows
    )
    labels = "".join(f'<Label value="{role}"/>' for role in ("words", "thing", "sentence"))
    return (
        f'<View>\n  <Relations><Relation value="{ABOUT}"/></Relations>\n'
        f'  <Labels name="label" toName="text">{labels}</Labels>\n  <Text name="text" value="$text"/>\n'
        f"{choices}</View>\n"
    )


def tasks_json(tasks: Iterable[Task], *, model: str = "") -> list[dict[str, Any]]:
    """Write sentences as tasks to import, with what was read as their predictions."""
    return [
        {
            "data": {"text": task.sentence, "why": task.why, META: _meta(task)},
            "predictions": [{"model_version": model, "result": _result(task)}],
        }
        for task in tasks
    ]


def _meta(task: Task) -> dict[str, Any]:
    read = [mark.model_dump(mode="json") for mark in task.marks]
    return {"record": task.record, "at": list(task.at), "language": task.language, "read": read}


def _result(task: Task) -> list[dict[str, Any]]:
    regions, relations = regions_of(task)
    found: list[dict[str, Any]] = []
    for number, one in enumerate(regions):
        value = {"start": one.start, "end": one.end, "text": task.sentence[one.start : one.end]}
        base = {"id": f"r{number}", "to_name": "text"}
        found.append({**base, "from_name": "label", "type": "labels", "value": {**value, "labels": [one.role]}})
        kind = next((name for name, letter in KINDS.items() if letter == one.kind), None)
        level = None if one.level is None else LEVELS[one.level]
        for name, choice in (("level", level), ("category", one.category), ("kind", kind)):
            if choice is not None:
                found.append({**base, "from_name": name, "type": "choices", "value": {**value, "choices": [choice]}})
    for one_id, other in relations:
        relation = {"type": "relation", "from_id": f"r{one_id}", "to_id": f"r{other}", "direction": "right"}
        found.append({**relation, "labels": [ABOUT]})
    return found


def corrections_of(tasks: Iterable[Mapping[str, Any]]) -> list[HandCorrection]:
    """Read the annotations of exported tasks, each as what one person says stands in a sentence.

    Raises:
        ValueError: A task is of another project, or an annotation holds what the interface does not offer; names it.
    """
    found = []
    for number, task in enumerate(tasks, 1):
        try:
            for one in task.get("annotations", ()):
                if not one.get("was_cancelled"):
                    found.append(_correction(task["data"], one))
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(f"task {number} is not as this tool wrote it: {error!r}") from error
        except ValueError as error:
            raise ValueError(f"task {number}: {error}") from error
    return found


def _correction(data: Mapping[str, Any], annotation: Mapping[str, Any]) -> HandCorrection:
    meta, text = data[META], data["text"]
    regions: dict[str, dict[str, Any]] = {}
    relations = []
    for one in annotation["result"]:
        if one["type"] == "relation":
            relations.append((one["from_id"], one["to_id"]))
            continue
        known = regions.setdefault(one["id"], {})
        if one["type"] == "labels":
            start, end = _place(text, one["value"])
            known |= {"start": start, "end": end, "role": one["value"]["labels"][0]}
        elif one["type"] == "choices":
            known |= _chosen(one["from_name"], one["value"]["choices"][0])
    places = {name: number for number, name in enumerate(regions)}
    links = [(places[one], places[other]) for one, other in relations]
    marks = marks_of(text, [Region(**one) for one in regions.values()], links)
    when = annotation.get("updated_at") or annotation.get("created_at")
    given = {
        "kind": "sentence",
        "author": _author(annotation.get("completed_by")),
        "time": str(when) if when else None,
        "record": meta["record"],
        "at": tuple(meta["at"]),
        "language": meta.get("language"),
        "sentences": (text,),
        "opinions": marks,
        "read": meta["read"],
    }
    return named(HandCorrection.model_validate_json(json.dumps(given, default=lambda mark: mark.model_dump())))


def _author(by: Any) -> str | None:
    if isinstance(by, Mapping):
        by = by.get("email") or by.get("username") or by.get("id")
    return None if by in (None, "") else str(by)


def _place(text: str, value: Mapping[str, Any]) -> tuple[int, int]:
    """Give a region's code points, whichever unit its offsets count."""
    start, end, words = int(value["start"]), int(value["end"]), value.get("text")
    if words is None or (text[start:end] == words and end <= len(text)):
        return start, end
    raw = text.encode("utf-16-le")
    first = len(raw[: 2 * start].decode("utf-16-le", "ignore"))
    last = first + len(raw[2 * start : 2 * end].decode("utf-16-le", "ignore"))
    if text[first:last] != words:
        raise ValueError(f"{words!r} does not stand at {start} in its sentence")
    return first, last


def _chosen(name: str, choice: str) -> dict[str, Any]:
    if name == "level":
        return {"level": next(level for level, words in LEVELS.items() if words == choice)}
    return {"kind": KINDS[choice]} if name == "kind" else {"category": choice}  # type: ignore[index]
