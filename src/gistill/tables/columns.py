"""Which column is the text, the rating, the author: guessed from what it is called and from what its cells hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from gistill.errors import InputError, SettingError
from gistill.tables.conversations import looks_like_messages
from gistill.tables.names import NAMES
from gistill.tables.values import cell_text, fold, parse_date, parse_language, parse_rating
from gistill.text import count_words

ROLES = ("text", "messages", "id", "entity", "author", "rating", "date", "language")


def squeeze(name: str) -> str:
    """Fold a column name for look-up: "Review Text", "review_text" and "reviewText" are the same."""
    return "".join(_tokens(name))


def _tokens(name: str) -> list[str]:
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return re.findall(r"[^\W_]+", fold(split))


_RANKS = {
    role: {squeeze(name): rank for rank, name in reversed(list(enumerate(names.split())))}
    for role, names in NAMES.items()
}


def is_known_name(cell: str) -> bool:
    """Say whether a cell is, as a whole, a column name that some role goes by."""
    return any(squeeze(cell) in ranks for ranks in _RANKS.values())


class Guess(NamedTuple):
    """Role -> column name, and what a user should be told about the choice."""

    columns: dict[str, str]
    notes: tuple[str, ...]


def choose_columns(
    header: Sequence[str],
    rows: Sequence[Mapping[str, object]],
    overrides: Mapping[str, str],
    *,
    file: str,
    named: bool = True,
) -> Guess:
    """Decide which column plays which role.

    A name must match and the cells must bear it out: 80% of a rating column read as ratings, of a date column as dates,
    of a language column as languages; an id column is at least 95% distinct. Whole names go before last words ("Kunden
    Kommentar") and those, for text, rating and date, before first words ("fecha de compra"). Without a name, the text
    is the column whose cells are most like prose: many words, few repeats, few gaps; a date is a column of written
    dates; and where there is no header, a rating is a column of few small numbers. Author, entity and language are
    never guessed without a name.

    Args:
        header: Column names.
        rows: Sampled rows; may be empty, then names alone decide.
        overrides: Role -> column as the user said: its name (in any case) or its place from 1; "" for none.
        file: Named in errors.
        named: Whether the file had a header.

    Raises:
        SettingError: An override names no role or no column.
        InputError: No column holds text.
    """
    columns = _read_overrides(header, overrides, file=file)
    stats = {name: _Column([row.get(name) for row in rows]) for name in header}
    free = [name for name in header if name not in columns.values()]
    for role, name in _by_name(free, stats):
        if role not in columns and role not in overrides and name not in columns.values():
            columns[role] = name
    if "text" not in columns and ("messages" not in columns or overrides.get("text")):
        _text_by_content(columns, header, stats, overrides, file=file)
    if "messages" in columns and "text" in columns and "messages" not in overrides:
        columns.pop("messages" if "text" in overrides else "text")
    _rest_by_content(columns, header, stats, overrides, named=named)
    return Guess({role: columns[role] for role in ROLES if columns.get(role)}, _notes(columns, stats))


def _read_overrides(header: Sequence[str], overrides: Mapping[str, str], *, file: str) -> dict[str, str]:
    columns: dict[str, str] = {}
    for role, wanted in overrides.items():
        if role not in ROLES:
            raise SettingError(f"{role!r} is not a role of a column", hint=f"Roles are {', '.join(ROLES)}.")
        if wanted:
            columns[role] = _find_column(header, wanted, role, file=file)
    return columns


def _find_column(header: Sequence[str], wanted: str, role: str, *, file: str) -> str:
    if wanted in header:
        return wanted
    if same := [name for name in header if squeeze(name) == squeeze(wanted)]:
        return same[0]
    if wanted.isdecimal() and 1 <= int(wanted) <= len(header):
        return header[int(wanted) - 1]
    close = get_close_matches(wanted.casefold(), [name.casefold() for name in header], n=1, cutoff=0.5)
    nearest = next((name for name in header if close and name.casefold() == close[0]), None)
    listed = ", ".join(header[:30]) + (", ..." if len(header) > 30 else "")
    raise SettingError(
        f"there is no column {wanted!r} to be the {role}; the columns are: {listed}",
        file=file,
        hint=f"Did you mean {nearest!r}?" if nearest else "",
    )


class _Column:
    """What the sampled cells of one column hold, as shares of those that are filled."""

    def __init__(self, cells: Sequence[object]) -> None:
        filled = [cell for cell in cells if cell_text(cell).strip()]
        texts = [cell_text(cell).strip() for cell in filled]
        self.empty = not filled
        count = max(len(filled), 1)
        self.distinct = len(set(texts)) / count
        ratings = [rating for rating in map(parse_rating, filled) if rating is not None]
        self.rating = len(ratings) / count
        self.few_ratings = len(set(ratings)) <= 11 and all(0 <= rating <= 10 for rating in ratings)
        self.date = sum(parse_date(cell) is not None for cell in filled) / count
        self.written_date = sum(
            parse_date(cell) is not None and not text.replace(".", "").isdigit()
            for cell, text in zip(filled, texts, strict=True)
        ) / count  # fmt: skip
        self.language = sum(parse_language(cell) is not None for cell in filled) / count
        self.messages = sum(looks_like_messages(cell) for cell in filled) / count
        words = sum(count_words(text) for text in texts) / max(len(cells), 1)
        letters = sum(any(char.isalpha() for char in text) for text in texts) / count
        links = sum(text.startswith(("http://", "https://")) for text in texts) / count
        plain = max(self.rating, self.date, links) < 0.8 and not self.messages
        self.prose = words * self.distinct * letters if plain else 0.0

    def bears_out(self, role: str) -> bool:
        """Say whether the cells fit a role that the column's name suggests."""
        if self.empty:
            return role != "messages"
        match role:
            case "text":
                return self.prose > 0
            case "id":
                return self.distinct >= 0.95
            case "messages":
                return self.messages >= 0.5
            case "rating" | "date" | "language":
                return float(getattr(self, role)) >= 0.8
            case _:
                return not self.messages


def _by_name(header: Sequence[str], stats: Mapping[str, _Column]) -> list[tuple[str, str]]:
    """List (role, column), most telling first."""
    found: list[tuple[int, int, float, int, str, str]] = []
    for name in header:
        tokens = _tokens(name)
        for order, role in enumerate(("messages", "text", "rating", "date", "language", "id", "author", "entity")):
            ranks = _RANKS[role]
            places = ["".join(tokens), tokens[-1] if tokens else ""]
            if role in ("text", "rating", "date"):  # whose cells can tell "fecha de compra" from "date format"
                places.append(tokens[0] if tokens else "")
            tier = next((tier for tier, place in enumerate(places) if place in ranks), None)
            if tier is None or not stats[name].bears_out(role):
                continue
            prose = -stats[name].prose if role == "text" else 0.0
            found.append((tier, order, prose, ranks[places[tier]], role, name))
    found.sort(key=lambda item: item[:4])
    return [item[4:] for item in found]


def _text_by_content(
    columns: dict[str, str],
    header: Sequence[str],
    stats: Mapping[str, _Column],
    overrides: Mapping[str, str],
    *,
    file: str,
) -> None:
    chosen = {columns[role] for role in overrides if role in columns}
    for taken in (set(columns.values()), chosen):
        left = [name for name in header if name not in taken]
        for role, kind in (("messages", "messages"), ("text", "prose")):
            best = max(left, key=lambda name: float(getattr(stats[name], kind)), default=None)
            if best is not None and getattr(stats[best], kind) >= 0.5 and role not in overrides:
                for other in [other for other, name in columns.items() if name == best]:
                    del columns[other]
                columns[role] = best
                return
    raise InputError(
        f"no column looks like text; the columns are: {', '.join(header[:30])}",
        file=file,
        hint="Name it: --text-column NAME.",
    )


def _rest_by_content(
    columns: dict[str, str],
    header: Sequence[str],
    stats: Mapping[str, _Column],
    overrides: Mapping[str, str],
    *,
    named: bool,
) -> None:
    for role in ("date", "rating"):
        if role in columns or role in overrides:
            continue
        for name in header:
            column = stats[name]
            fits = (
                column.written_date >= 0.95
                if role == "date"
                else not named and column.rating == 1 and column.few_ratings
            )
            if fits and not column.empty and name not in columns.values():
                columns[role] = name
                break


def _notes(columns: Mapping[str, str], stats: Mapping[str, _Column]) -> tuple[str, ...]:
    text = columns.get("text")
    if text is None or stats[text].empty:
        return ()
    least = max(3.0, stats[text].prose / 4)
    others = [name for name, column in stats.items() if name not in columns.values() and column.prose >= least]
    return (f"these columns hold text too and are not read: {', '.join(others)}",) if others else ()
