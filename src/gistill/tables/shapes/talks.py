"""Conversations as help desks nest them: an opening message beside a list of answers, each with its author inside."""

from __future__ import annotations

from collections.abc import Mapping

from gistill.tables.shapes.html import html_text

_AUTHORS = ("author", "sender", "from", "user", "actor")
_SIDES = ("type", "role", "kind")  # of an author: "user", "admin", "bot"
_SAYS = ("body", "text", "content", "message", "plain_body", "html_body")


def gather(cells: Mapping[str, object]) -> dict[str, object]:
    """Join an opening message and the list of its answers to a column `messages`, where both say who wrote.

    Each message is `{"role": side, "content": words}`; what has no words, such as a change of the assignee, is left
    out. Cells without such a list stay as they are.

    Args:
        cells: The cells of one record, by names with dots.
    """
    name = next((name for name, cell in cells.items() if _is_talk(cell)), None)
    if name is None or "messages" in cells:
        return dict(cells)
    opening = next((found for key in cells if (found := _opening(cells, key)) is not None), None)
    answers = cells[name]
    messages = [opening[1]] if opening else []
    for one in answers if isinstance(answers, list) else []:
        if isinstance(one, Mapping) and (message := _message(one)) is not None:
            messages.append(message)
    used = {name, opening[0]} if opening else {name}
    return {**{key: cell for key, cell in cells.items() if key not in used}, "messages": messages}


def _is_talk(cell: object) -> bool:
    return isinstance(cell, list) and bool(cell) and all(isinstance(one, Mapping) and _side(one) for one in cell)


def _side(one: Mapping[str, object]) -> str:
    for key in _AUTHORS:
        author = one.get(key)
        if isinstance(author, Mapping):
            return next((str(author[side]) for side in _SIDES if isinstance(author.get(side), str)), "")
    return ""


def _message(one: Mapping[str, object]) -> dict[str, object] | None:
    said = next((one[key] for key in _SAYS if isinstance(one.get(key), str) and str(one[key]).strip()), None)
    return {"role": _side(one), "content": _words(str(said))} if said is not None else None


def _opening(cells: Mapping[str, object], name: str) -> tuple[str, dict[str, object]] | None:
    before, _, last = name.rpartition(".")
    said = cells[name]
    if last not in _SAYS or not isinstance(said, str) or not said.strip():
        return None
    start = f"{before}." if before else ""
    places = (f"{start}{author}.{side}" for author in _AUTHORS for side in _SIDES)
    side = next((cells[place] for place in places if isinstance(cells.get(place), str)), None)
    return (name, {"role": side, "content": _words(said)}) if side else None


def _words(text: str) -> str:
    return html_text(text) if "</" in text or "<br" in text else text
