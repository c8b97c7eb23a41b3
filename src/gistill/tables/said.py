"""What a row says, of its messages or of its text columns, and who says it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gistill.errors import RecordError
from gistill.schema import Apart
from gistill.speakers import of_customers, side_of
from gistill.tables.asked import find_side, is_title
from gistill.tables.columns import is_known_name
from gistill.tables.conversations import render_messages
from gistill.tables.parts import Asked, Cell, Joined, join, read_cell
from gistill.tables.senders import is_answered_subject
from gistill.tables.values import cell_text, parse_name
from gistill.text import clean

if TYPE_CHECKING:
    from gistill.tables.info import TableInfo


def read_said(cells: Mapping[str, object], info: TableInfo) -> Joined:
    """Put a record's text together from its messages or its text columns."""
    if (column := info.columns.get("messages")) is not None:
        try:
            talk = render_messages(cells.get(column) or [])
        except RecordError as error:
            raise RecordError(str(error), column=column) from None
        return Joined(talk.text, apart=talk.apart, turns=talk.turns)
    found: list[tuple[Asked, Cell]] = []
    for column in info.texts:
        value = cells.get(column)
        if isinstance(value, list | dict):
            if len(info.texts) == 1:
                raise RecordError(f"is a {type(value).__name__}, not text", column=column)
            continue
        cell = read_cell(value)
        if len(info.texts) > 1 and is_title(column) and is_answered_subject(cell.text):
            cell = cell._replace(apart=(Apart(start=0, end=len(cell.text), reason="quoted"),))
        found.append((_asked(column, cells, info), cell))
    return join(found, alone=len(info.texts) == 1)


def _asked(column: str, cells: Mapping[str, object], info: TableInfo) -> Asked:
    """Say what a cell of a text column answers, and for which side that asks."""
    said = cell_text(cells.get(info.question)).strip() if info.question is not None else ""
    question = clean(said or info.questions.get(column, column))
    side = find_side(question)
    told = bool(said) or side is not None or (len(info.texts) > 1 and not is_known_name(question))
    return Asked(clean(column), question if told else None, side)


def said_by_company(said: Joined) -> Joined:
    """Set all words of a row apart: they are the company's."""
    spans = [(part.start, part.end) for part in said.parts] or ([(0, len(said.text))] if said.text else [])
    return said._replace(apart=tuple(Apart(start=start, end=end, reason="agent") for start, end in spans))


def named_customer(said: Joined) -> str | None:
    """Give the name under which a conversation's customer speaks: one name, and no role ("user") and no number."""
    turns = [(turn.role, said.text[turn.start : turn.end]) for turn in said.turns]
    theirs = zip(turns, of_customers(turns), strict=True)
    names = {role for (role, _), customer in theirs if customer and side_of(role) is None}
    (name,) = names if len(names) == 1 else ("",)
    return parse_name(name) if any(character.isalpha() for character in name) else None
