"""Which column is the text, the rating, the author: found from what its cells hold, with its name as a hint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from gistill.errors import InputError, SettingError, UnsureError
from gistill.tables.asked import is_question, is_title, short, tokens, whose
from gistill.tables.dated import find_dated
from gistill.tables.facts import Facts
from gistill.tables.names import HINTS, NAMES
from gistill.tables.texts import Texts, choose_texts

ROLES = ("text", "messages", "id", "entity", "author", "rating", "date", "language")
Overrides = Mapping[str, str | Sequence[str]]

_BY_TAIL = ("text", "rating", "date")  # whose cells can tell "fecha de compra" from "date format"
_COUNTS = frozenset(HINTS["counts"].split())
_LATER = frozenset(HINTS["later"].split())
_NEVER = frozenset(HINTS["other dates"].split())
_OVERALL = frozenset(HINTS["overall"].split())
_RATE = frozenset(HINTS["rate"].split())
_RATED = frozenset(HINTS["rated"].split())
_STAFF = frozenset(HINTS["staff"].split())


def squeeze(name: str) -> str:
    """Fold a column name for look-up: "Review Text", "review_text" and "reviewText" are the same."""
    return "".join(tokens(name))


_RANKS = {
    role: {squeeze(name): rank for rank, name in reversed(list(enumerate(names.split())))}
    for role, names in NAMES.items()
}


def is_known_name(cell: str) -> bool:
    """Say whether a cell is, as a whole, a column name that some role goes by."""
    return any(squeeze(cell) in ranks for ranks in _RANKS.values())


class Guess(NamedTuple):
    """Role -> column name, what a user should be told about the choice, and what becomes of the other columns."""

    columns: dict[str, str]
    notes: tuple[str, ...]
    texts: tuple[str, ...] = ()  # the columns that are read, in the order of the file
    question: str | None = None  # the column whose cells say what each row's text answers
    ratings: tuple[str, ...] = ()  # the other columns with ratings
    unread: Mapping[str, str] = {}  # column that holds text -> why it is not read
    dated: tuple[str, ...] = ()  # where no column is the date: those of year, month and perhaps day


def choose_columns(
    header: Sequence[str],
    rows: Sequence[Mapping[str, object]],
    overrides: Overrides,
    *,
    file: str,
    named: bool = True,
    questions: Mapping[str, str] | None = None,
    typed: bool = False,
) -> Guess:
    """Decide which column plays which role.

    A name must match and the cells must bear it out: 80% of a column of ratings, dates or languages read as such; an
    id column is at least 95% distinct. Whole names go before last words ("Kunden Kommentar") and those, for
    text, rating and date, before first words ("fecha de compra"); of a question only the whole counts. All columns
    with the customer's words are read: see `texts.choose_texts`. Without a name, the text is the column most like
    prose, a date one of written dates; and where there is no header, a rating one of few small numbers. Author,
    entity and language are never guessed without a name. Of several dates the first (created before updated), of
    authors ids before names, of ratings the overall one, of entities companies before products are taken; others stay.

    Args:
        header: Column names.
        rows: Sampled rows; may be empty, then names alone decide.
        overrides: Role -> column as the user said: its name (in any case) or its place from 1; "" none; texts several.
        file: Named in errors.
        named: Whether the file had a header; `typed` whether overrides stand whatever the cells look like.
        questions: Column -> what was asked, where a second header says it.

    Raises:
        SettingError: An override names no role or no column, or a column whose cells do not fit.
        InputError: No column holds text, or nothing tells which of several is the customer's.
    """
    facts = {name: Facts([row.get(name) for row in rows]) for name in header}
    labels = {name: (questions or {}).get(name) or short(name) for name in header}
    columns, texts = _read_overrides(header, overrides, {} if typed else facts, file=file)
    free = [name for name in header if name not in columns.values() and name not in texts]
    for role, name in _by_name(free, facts, labels):
        if role not in columns and role not in overrides and name not in columns.values():
            columns[role] = name
    question = _find_question(free, columns, facts)
    notes = _leave_nobody(columns, overrides, free, facts, labels)
    _rest_by_content(columns, header, facts, overrides, named=named)
    ratings = _other_ratings(columns, free, facts, labels)
    chosen = Texts(texts, {})
    if not texts and ("messages" not in columns or overrides.get("text")):
        taken = {*columns.values(), question, *ratings}
        left = [name for name in header if name not in taken]
        chosen = choose_texts(left, facts, labels, lambda name: _fits_name(labels[name], "text"))
        if not chosen.read and not chosen.unsure and question is not None:
            chosen, question = Texts((question,), chosen.unread), None  # what they ask is all they say
        if not chosen.read:
            chosen = _by_content(columns, header, facts, overrides, chosen, file=file, named=named)
    columns.pop("text", None)
    if chosen.read:
        columns["text"] = texts[0] if texts else min(chosen.read, key=lambda name: _main_first(name, facts, labels))
        if "messages" in columns and "messages" not in overrides:
            del columns["messages"]
    found = {role: columns[role] for role in ROLES if columns.get(role)}
    dated = () if "date" in {**found, **overrides} else find_dated(header, labels, rows)
    return Guess(found, notes, chosen.read, question, ratings, {**chosen.unread, **_lists(facts, found)}, dated)


def _lists(facts: Mapping[str, Facts], columns: Mapping[str, str]) -> dict[str, str]:
    return {name: "a list of comments" for name in facts if _are_comments(name, facts[name], columns)}


def _are_comments(name: str, column: Facts, columns: Mapping[str, str]) -> bool:
    if name in columns.values():
        return False
    said = set(tokens(name)) & {"comments", "replies", "notes", "messages", "responses", "thread", "posts"}
    return column.messages >= 0.5 or (column.lists >= 0.5 and bool(said))


def _main_first(name: str, facts: Mapping[str, Facts], labels: Mapping[str, str]) -> tuple[bool, int, float]:
    tier = _fits_name(labels[name], "text")
    return is_title(labels[name]), 9 if tier is None else tier, -facts[name].prose


def _read_overrides(
    header: Sequence[str], overrides: Overrides, facts: Mapping[str, Facts], *, file: str
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Find the columns that the user named: by role, and those of the text. Without facts they fit in any case."""
    columns: dict[str, str] = {}
    texts: list[str] = []
    for role, wanted in overrides.items():
        if role not in ROLES:
            raise SettingError(f"{role!r} is not a role of a column", hint=f"Roles are {', '.join(ROLES)}.")
        for each in (wanted,) if isinstance(wanted, str) else wanted:
            if not each:
                continue
            name = find_column(header, each, role, file=file)
            if name in facts and (why := _misfit(role, facts[name])):
                raise SettingError(f"column {name!r} cannot be the {role}: {why}", file=file)
            columns.setdefault(role, name)
            texts += [name] if role == "text" else []
    return columns, tuple(name for name in header if name in texts)


def find_column(header: Sequence[str], wanted: str, role: str, *, file: str) -> str:
    """Find a column that the user named: by its name, in any case, or its place from 1.

    Raises:
        SettingError: There is none; names the nearest.
    """
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


def _misfit(role: str, column: Facts) -> str:
    """Say in a clause why a column that the user named does not fit its role; empty where it does."""
    if column.empty or role == "messages":
        return ""
    if role in ("rating", "date", "language"):
        share = column.date_or_relative if role == "date" else float(getattr(column, role))
        return "" if share >= 0.5 else f"its cells are no {role}s"
    if column.lists >= 0.5 or column.messages >= 0.5:
        return "its cells are lists"
    if role == "text":
        return "its cells are no texts" if not column.letters or column.written_date >= 0.8 else ""
    if role == "author":
        if column.damaged >= 0.5:
            return "its numbers were rounded by a spreadsheet"
        return (
            "its cells are dates" if column.written_date >= 0.8 else "its cells are texts" if column.words > 8 else ""
        )
    return ""


def _fits_name(label: str, role: str) -> int | None:
    """Say how well a name fits a role: 0 as a whole, 1 by its last words, 2 by its last, 3 by its first; None not."""
    words, ranks = tokens(label), _RANKS[role]
    if len(words) > 1 and words[-1].isdecimal():  # the second of two columns of one name
        words.pop()
    if "".join(words) in ranks:
        return 0
    if not words or is_question(label):
        return None
    if any("".join(words[start:]) in ranks for start in range(1, len(words) - 1)):
        return 1
    if words[-1] in ranks and words[-1] not in _WHOLE.get(role, ()):
        return 2
    return 3 if role in _BY_TAIL and words[0] in ranks else None


_WHOLE = {  # what says nothing as the last of several words
    "author": frozenset(["name", "nom", "nombre", "email", "fullname", "handle", "client", "patient", "consumer"]),
    "entity": frozenset(
        ["location", "place", "service", "item", "course", "entity", "package", "trust", "bank", "firm"]
    ),
}


def _by_name(free: Sequence[str], facts: Mapping[str, Facts], labels: Mapping[str, str]) -> list[tuple[str, str]]:
    """List (role, column), most telling first."""
    found: list[tuple[float, int, int, str, str]] = []
    for name in free:
        label = labels[name]
        words = set(tokens(label))
        if whose(label) in ("a reply to the customer", "notes of the staff"):
            continue
        for order, role in enumerate(("messages", "rating", "date", "language", "id", "author", "entity")):
            tier = _tier(role, label, words)
            if tier is None or not _bears_out(role, facts[name], tier):
                continue
            ranks = _RANKS[role]
            rank = next(
                (ranks[word] for word in ("".join(tokens(label)), *reversed(tokens(label))) if word in ranks), 0
            )
            found.append((tier, order, rank, role, name))
    found.sort(key=lambda item: item[:3])
    return [item[3:] for item in found]


def _tier(role: str, label: str, words: set[str]) -> float | None:
    """Say how telling a name is for a role, less is more; None where it says nothing or speaks against it."""
    tier = _fits_name(label, role)
    if role == "rating":
        if words & _COUNTS:
            return None
        if tier is None and is_question(label) and words & _RATE:
            return 1.5
        if tier is None:
            return 3.5 if words & {"rating", "stars"} and not is_question(label) else None
        return tier - 0.5 * bool(words & _OVERALL)
    if tier is None:
        return None
    if role == "date":
        return None if words & _NEVER else tier + 10 * bool(words & _LATER)
    if role == "author" and words & _STAFF:
        return None
    return float(tier)


def _bears_out(role: str, column: Facts, tier: float) -> bool:
    """Say whether the cells fit a role that the column's name suggests."""
    if column.empty:
        return role != "messages" and not column.rows
    if role == "messages":
        return column.messages >= 0.5
    if column.messages or column.lists >= 0.5:
        return False
    match role:
        case "id":
            return column.distinct >= 0.95 and column.filled >= 0.5
        case "rating":
            return _are_ratings(column)
        case "date":
            return column.date_or_relative >= 0.8
        case "language":
            return column.language >= 0.8
        case "author":
            return column.words <= 8 and column.truth < 0.8 and column.named > 0 and column.paths < 0.5
        case _:
            numbers = column.rating >= 0.8 and (tier > 0 or column.truth == 1 or column.few_ratings)
            return column.words <= 25 and column.written_date < 0.8 and column.truth < 0.8 and not numbers


def _are_ratings(column: Facts) -> bool:
    """Zeros and ones are classes: "label", "verified", "recommended"."""
    return column.rating >= 0.8 and column.on_scale and not column.classes


def _other_ratings(
    columns: Mapping[str, str], free: Sequence[str], facts: Mapping[str, Facts], labels: Mapping[str, str]
) -> tuple[str, ...]:
    return tuple(
        name
        for name in free
        if name not in columns.values()
        and not facts[name].empty
        and (
            _tier("rating", labels[name], set(tokens(labels[name]))) is not None
            or _is_rated("rating" in columns, labels[name])
        )
        and _are_ratings(facts[name])
    )


def _is_rated(beside: bool, label: str) -> bool:
    """Say whether a column of numbers beside a rating is a rating of one thing: "Cleanliness", "Value for money"."""
    words = tokens(label)
    return beside and len(words) <= 4 and not set(words) & _COUNTS and bool(set(words[-1:] + words[:1]) & _RATED)


def _find_question(free: Sequence[str], columns: Mapping[str, str], facts: Mapping[str, Facts]) -> str | None:
    """Find the column whose cells are the question that the row's text answers: few, and the same again and again."""
    for name in free:
        column = facts[name]
        if set(tokens(name)) & {"question", "questions", "frage", "pregunta", "domanda", "vraag", "pergunta"}:
            again = column.count >= 4 and column.distinct <= 0.5 and column.words >= 2
            if again and name not in columns.values():
                return name
    return None


def _leave_nobody(
    columns: dict[str, str],
    overrides: Overrides,
    free: Sequence[str],
    facts: Mapping[str, Facts],
    labels: Mapping[str, str],
) -> tuple[str, ...]:
    """Count no people by ids that name nobody, but by the next column that does; say so, also of other ids."""
    whys = ((name, _tells_nothing(labels[name], facts[name], has_ids="id" in columns)) for name in free)
    notes = [f"column {name!r} {why}" for name, why in whys if why]
    if "author" in overrides:
        return tuple(notes)
    while (name := columns.get("author")) is not None and (why := _names_nobody(facts[name])):
        notes.append(f"column {name!r} {why}, so people are not counted by it")
        del columns["author"]
        free = [other for other in free if other != name]
        for role, other in _by_name(free, facts, labels):
            if role == "author" and other not in columns.values():
                columns["author"] = other
                break
    if name is not None and facts[name].rounded:
        notes.append(f"numbers in column {name!r} that a spreadsheet rounded are nobody's")
    return tuple(dict.fromkeys(notes))


def _tells_nothing(label: str, column: Facts, *, has_ids: bool) -> str:
    """Say why a column that is called like ids or names tells neither people nor records apart; empty where it may.

    What the column of authors lacks is said where it is left.
    """
    if column.empty:
        return ""
    if _tier("author", label, set(tokens(label))) is not None:
        if column.damaged >= 0.5:
            return "holds numbers that a spreadsheet rounded, so people are not counted by it"
        nobody = column.rows[0] or "N/A"
        return f"names nobody ({nobody!r}), so people are not counted by it" if column.named == 0 else ""
    if column.damaged >= 0.5 and tokens(label)[-1:] in (["id"], ["ids"], ["uid"], ["uuid"]):
        return "holds numbers that a spreadsheet rounded, so neither people nor records are told apart by it"
    constant = not has_ids and column.constant and column.count >= 5 and _fits_name(label, "id") == 0
    return "is the same in every row, so ids are made from the records" if constant else ""


def _names_nobody(column: Facts) -> str:
    if column.damaged >= 0.5:
        return "holds numbers that a spreadsheet rounded"
    if column.numbers_rows:
        return "only numbers the rows"
    return "is the same in every row" if column.constant and column.count >= 5 else ""


def _by_content(
    columns: dict[str, str],
    header: Sequence[str],
    facts: Mapping[str, Facts],
    overrides: Overrides,
    chosen: Texts,
    *,
    file: str,
    named: bool,
) -> Texts:
    """Find the text, or the conversations, where no name says anything."""
    if len(chosen.unsure) > 1:
        listed = ", ".join(map(repr, chosen.unsure[:30]))
        flags = " ".join(f"--text-column {name!r}" for name in chosen.unsure[:2])
        raise UnsureError(
            f"nothing says which of these columns hold the customers' words: {listed}",
            file=file,
            hint=f"Name them: {flags}.",
            columns=chosen.unsure,
        )
    by_user = {columns[role] for role in overrides if role in columns}
    names = {name for role, name in columns.items() if role == "author" and facts[name].words < 3}
    empty = [name for name in header if facts[name].empty and _fits_name(name, "text") is not None]
    for again, taken in enumerate((set(columns.values()), by_user | names)):
        if again and empty:  # what another role took is no text because the texts are empty
            return Texts((empty[0],), chosen.unread)
        left = [name for name in header if name not in taken]
        for role, kind in (("messages", "messages"), ("text", "prose")):
            best = max(left, key=lambda name: float(getattr(facts[name], kind)), default=None)
            if best is None or getattr(facts[best], kind) < (0.5 if role == "messages" else 0) or role in overrides:
                continue
            if role == "text" and not (facts[best].is_text and (facts[best].prose >= 0.5 or facts[best].words >= 2)):
                continue
            for other in [other for other, name in columns.items() if name == best]:
                del columns[other]
            if role == "messages":
                columns["messages"] = best
                return chosen
            return Texts((best,), {name: why for name, why in chosen.unread.items() if name != best})
    raise InputError(
        f"no column looks like text; the columns are: {', '.join(header[:30])}",
        file=file,
        hint="Name it: --text-column NAME.",
    )


def _rest_by_content(
    columns: dict[str, str],
    header: Sequence[str],
    facts: Mapping[str, Facts],
    overrides: Overrides,
    *,
    named: bool,
) -> None:
    for role in ("date", "rating"):
        if role in columns or role in overrides:
            continue
        for name in header:
            column = facts[name]
            fits = (
                column.written_date >= 0.95 and not set(tokens(name)) & (_NEVER | _LATER) and not whose(name)
                if role == "date"
                else not named and column.rating == 1 and column.few_ratings and not column.classes
            )
            if fits and not column.empty and name not in columns.values() and not column.numbers_rows:
                columns[role] = name
                break
