"""Conversations as help desks nest them: an opening message beside a list of answers, each with its author."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gistill.speakers import role_in_cell, side_of
from gistill.tables.asked import tokens
from gistill.tables.shapes.html import html_text
from gistill.tables.shapes.recipients import sender
from gistill.text import normalise

_AUTHORS = ("author", "sender", "from", "user", "actor", "createdBy", "created_by")
_SIDES = ("type", "role", "kind")  # of an author: "user", "admin", "bot"
_AUTHOR_IDS = ("author_id", "authorId", "user_id", "userId", "sender_id", "senderId", "from_id", "created_by_id")
_IDS = ("id", "accountId", "account_id", "key", "login", "email", "emailAddress")  # of an author, or of who asks
_INBOUND = ("incoming", "inbound", "is_inbound", "isInbound", "is_incoming", "from_customer")
_HIDDEN = {
    "private": True, "is_private": True, "internal": True, "public": False, "is_public": False, "jsdPublic": False,
}  # fmt: skip
_SAYS = ("plain_body", "body_text", "body", "text", "content", "message", "html_body")
_OPENS = ("description_text", *_SAYS, "description")
_SUBJECTS = ("subject", "title", "summary")
_ANSWERS = frozenset({"comments", "conversations", "messages", "replies", "threads"})
_ASKS = frozenset({"requester", "customer", "reporter", "contact", "client", "enduser", "visitor"})


def gather(cells: Mapping[str, object]) -> dict[str, object]:
    """Join an opening message and the list of its answers to a column `messages`, where both say who wrote.

    Each message is `{"role": side, "content": words}`; what has no words, such as a change of the assignee, is left
    out. Who wrote is the kind of the author ("user", "admin"), else what says whether the message came in, else whether
    the author is the one who asks (`requester_id`); a message that is not public is the company's. Cells without such
    a list stay as they are.

    Args:
        cells: The cells of one record, by names with dots.
    """
    for name, cell in cells.items():
        if "messages" in cells and name != "messages":
            continue
        if not (isinstance(cell, list) and all(isinstance(one, Mapping) for one in cell)):
            continue
        if not cell and not (name.rpartition(".")[2] in _ANSWERS and _who_asks(cells)):  # nobody answered yet
            continue
        sides = [_kind(one) for one in cell]
        typed = bool(sides) and all(sides)
        if cell and not typed:
            sides = _by_ids(cells, cell)
        if sides or not cell:
            opening = _typed_opening(cells) if typed else _opening(cells, cell)
            messages = [*opening.values(), *_said_by(cell, _unlike(sides))]
            left = {key: cell for key, cell in cells.items() if key != name and key not in opening}
            return {**_customer(cell, sides), **left, "messages": messages}
    return dict(cells)


def _customer(messages: Sequence[Mapping[str, object]], sides: Sequence[str]) -> dict[str, object]:
    """Name the customer whose messages list their people, where it is one."""
    wrote = (sender(one) for one, side in zip(messages, sides, strict=True) if side_of(side) == "customer")
    names = set(wrote) - {""}
    return {"customer": names.pop()} if len(names) == 1 else {}


def _unlike(sides: Sequence[str]) -> list[str]:
    """Call a "user" beside a "customer" an agent: some help desks name their own people so."""
    if not any(side.casefold() in ("customer", "contact") for side in sides):
        return list(sides)
    return ["agent" if side.casefold() == "user" else side for side in sides]


def _kind(one: Mapping[str, object]) -> str:
    """Give the kind of a message's author, where the author is an object that has one; "" where not."""
    for key in _AUTHORS:
        author = one.get(key)
        if isinstance(author, Mapping):
            return next((str(author[side]) for side in _SIDES if isinstance(author.get(side), str)), "")
    return ""


def _by_ids(cells: Mapping[str, object], messages: Sequence[Mapping[str, object]]) -> list[str]:
    """Say who wrote each message by what came in, or by who asks; empty where neither tells."""
    flags = [next((one[key] for key in _INBOUND if isinstance(one.get(key), bool)), None) for one in messages]
    authors = [_author_ids(one) for one in messages]
    hidden = [any(one.get(key) is value for key, value in _HIDDEN.items()) for one in messages]
    asks = _who_asks(cells)
    if flags and all(flag is not None for flag in flags):
        sides = [role_in_cell("inbound", str(flag)) for flag in flags]
    elif all(authors) and asks:
        sides = ["customer" if ids & asks else "agent" for ids in authors]
    elif all(authors) and any(key in one for one in messages for key in _HIDDEN):
        opens = next((ids for ids, private in zip(authors, hidden, strict=True) if not private), frozenset())
        sides = ["customer" if ids & opens else "agent" for ids in authors]
    else:
        return []
    return ["internal note" if private else side for side, private in zip(sides, hidden, strict=True)]


def _author_ids(one: Mapping[str, object]) -> frozenset[str]:
    found = [one[key] for key in _AUTHOR_IDS if key in one]
    for key in _AUTHORS:
        author = one.get(key)
        if isinstance(author, Mapping):
            found += [author[inner] for inner in _IDS if inner in author]
    return frozenset(str(value) for value in found if isinstance(value, str | int) and not isinstance(value, bool))


def _who_asks(cells: Mapping[str, object]) -> frozenset[str]:
    """Give the ids of the customer of a record: "requester_id", "requester.id", "fields.reporter.accountId"."""
    found = set()
    for name, cell in cells.items():
        words = tokens(".".join(name.split(".")[-2:]))
        whose = "".join(words[:2]) if words[:2] == ["end", "user"] else words[0] if words else ""
        named = words[-1:] == ["id"] or name.rpartition(".")[2] in _IDS
        if whose in _ASKS and named and isinstance(cell, str | int) and not isinstance(cell, bool) and str(cell):
            found.add(str(cell))
    return frozenset(found)


def _said_by(messages: Sequence[Mapping[str, object]], sides: Sequence[str]) -> list[dict[str, object]]:
    said: list[dict[str, object]] = []
    for one, side in zip(messages, sides, strict=True):
        words = next((str(one[key]) for key in _SAYS if isinstance(one.get(key), str) and str(one[key]).strip()), None)
        if words is not None:
            said.append({"role": side, "content": _words(words)})
    return said


def _typed_opening(cells: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """Find the opening message that stands beside the kind of its author; column -> message."""
    for name, said in cells.items():
        before, _, last = name.rpartition(".")
        if last not in _SAYS or not isinstance(said, str) or not said.strip():
            continue
        start = f"{before}." if before else ""
        places = (f"{start}{author}.{side}" for author in _AUTHORS for side in _SIDES)
        if side := next((cells[place] for place in places if isinstance(cells.get(place), str)), None):
            return {name: {"role": side, "content": _words(said)}}
    return {}


def _opening(cells: Mapping[str, object], messages: Sequence[Mapping[str, object]]) -> dict[str, dict[str, object]]:
    """Find the subject, and the words with which the customer opened; without what the list of messages begins with."""
    listed = [normalise(str(said["content"])) for said in _said_by(messages, [""] * len(messages))]
    opening: dict[str, dict[str, object]] = {}
    names = {name.rpartition(".")[2]: name for name in reversed(list(cells)) if name.count(".") <= 1}
    for known in (_SUBJECTS, _OPENS):
        name = next((names[last] for last in known if last in names and isinstance(cells[names[last]], str)), None)
        words = _words(str(cells[name])) if name is not None else ""
        if name is not None and words.strip() and not any(said.startswith(normalise(words)[:200]) for said in listed):
            opening[name] = {"role": "customer", "content": words}
    return opening


def _words(text: str) -> str:
    return html_text(text) if "</" in text or "<br" in text else text
