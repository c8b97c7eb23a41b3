"""Conversations that stand over several rows: a column says who speaks, another which rows belong together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from email.utils import mktime_tz, parsedate_tz
from typing import NamedTuple

from gistill.schema import Failure
from gistill.speakers import are_speakers, of_customers, role_in_cell, side_of
from gistill.tables.asked import tokens, whose
from gistill.tables.columns import Guess, Overrides, choose_columns
from gistill.tables.senders import (
    addresses_of,
    find_company,
    find_senders,
    is_answered_subject,
    is_company,
    read_message,
)
from gistill.tables.shapes.sheets import Row, Rows
from gistill.tables.values import cell_text
from gistill.text import is_blank, normalise

_NAMES = re.compile(
    "conversation|thread|ticket|chat|case|session|dialog|transcript|call|interaction|issue|request|incident|konversation|"
    "gespräch|vorgang|fall|conversación|discussion|échange|conversazione|conversa|gesprek|диалог|会话|对话|会話",
    re.IGNORECASE,
)
_MESSAGE_ID = re.compile(r"<[^<>\s]+@[^<>\s]+>")


class Thread(NamedTuple):
    """The columns of a conversation over several rows."""

    speaker: str
    text: str
    conversation: str | None  # None: each row is a message by itself, and the company's say nothing
    company: tuple[str, ...] = ()  # where the speakers are senders: those of the company (`senders.find_company`)
    subject: str | None = None  # where they are: the column of subjects; a customer's first one is said as well


def choose_thread(
    guess: Guess, names: Sequence[str], cells: Sequence[Mapping[str, object]], overrides: Overrides
) -> tuple[Thread | None, Guess]:
    """See whether conversations stand over several rows; then the text column holds the messages of one.

    Where rows are messages of senders, and no column says which belong together, the thread is without a conversation
    and the rows stay what they are: `of_company` tells whose words are not read.
    """
    columns = dict(guess.columns)
    if "messages" in columns or "text" not in columns:
        return None, guess
    taken = [columns[role] for role in ("rating", "date", "language") if role in columns]
    thread = find_thread(names, cells, columns["text"], taken=taken)
    if thread is None:
        return _choose_senders(guess, names, cells, taken, overrides)
    columns = {role: name for role, name in columns.items() if name != thread.speaker and role not in ("text", "id")}
    columns["messages"] = thread.text
    if "author" not in overrides and (author := _author(columns.get("author"), thread, names, cells)) is not None:
        columns["author"] = author
    note = f"column {thread.speaker!r} says who speaks, so the words of customers alone are read"
    if thread.conversation is not None:
        columns["id"] = thread.conversation
        note += f"; rows with the same {thread.conversation!r} are one conversation"
    return thread, guess._replace(columns=columns, texts=(), notes=(*guess.notes, note))


def _author(
    author: str | None, thread: Thread, names: Sequence[str], cells: Sequence[Mapping[str, object]]
) -> str | None:
    """Give the column of authors; where it is empty in the customers' rows, the one that names them there."""
    spoken = [(role_in_cell(thread.speaker, cell_text(row.get(thread.speaker))), "") for row in cells]
    theirs = [row for row, customer in zip(cells, of_customers(spoken), strict=True) if customer]
    if author is not None and any(cell_text(row.get(author)).strip() for row in theirs):
        return author
    senders = find_senders(names, theirs, named=False)
    if senders is not None:
        return senders.sender
    filled = [name for name in names if any(cell_text(row.get(name)).strip() for row in theirs)]
    if thread.text not in filled:
        return author
    return choose_columns(filled, theirs, {"text": thread.text}, file="").columns.get("author", author)


def _choose_senders(
    guess: Guess,
    names: Sequence[str],
    cells: Sequence[Mapping[str, object]],
    taken: Sequence[str],
    overrides: Overrides,
) -> tuple[Thread | None, Guess]:
    """Tell the company's messages by who deals with whom; the author is then the customer's address."""
    columns = dict(guess.columns)
    free = [name for name in names if name not in taken]
    told = [name for name in free if _is_key(name)]
    senders = find_senders(free, cells, named=bool(told))
    if senders is None:
        return None, guess
    written = [cell_text(row.get(senders.sender)) for row in cells]
    keys = (name for name in told if name != senders.sender)
    key = next((name for name in keys if _joins(name, [cell_text(row.get(name)) for row in cells], written)), None)
    if "author" not in overrides:
        columns.setdefault("author", senders.sender)
    company = find_company([read_message(row, senders, key) for row in cells])
    if not company:
        return None, guess._replace(columns=columns)
    whose = " and ".join(map(repr, company[:3]))
    note = f"column {senders.sender!r} says who writes; the words of {whose} are the company's and not read"
    thread = Thread(senders.sender, columns["text"], key, company, senders.subject)
    if key is None:
        return thread, guess._replace(columns=columns, notes=(*guess.notes, note))
    note += f"; rows with the same {key!r} are one conversation"
    columns = {role: name for role, name in columns.items() if role not in ("text", "id")}
    columns |= {"messages": thread.text, "id": key}
    return thread, guess._replace(columns=columns, texts=(), notes=(*guess.notes, note))


def of_company(cells: Mapping[str, object], thread: Thread | None) -> bool:
    """Say whether a row is a message of the company's, where senders tell and each row is a record."""
    if thread is None or not thread.company or thread.conversation is not None:
        return False
    return any(is_company(sender, thread.company) for sender in addresses_of(cells.get(thread.speaker))[:1])


def find_thread(
    header: Sequence[str], rows: Sequence[Mapping[str, object]], text: str, *, taken: Sequence[str] = ()
) -> Thread | None:
    """Find the column that says who speaks in a row, and the one whose cells are alike in a conversation's rows.

    Args:
        header: The column names.
        rows: Sampled rows.
        text: The column with the words.
        taken: Columns that are something else: a rating, a date.

    Returns:
        None where no column names customers and company; see `speakers.are_speakers`.
    """
    free = [name for name in header if name != text and name not in taken]
    cells = {name: [cell_text(row.get(name)) for row in rows] for name in free}
    speaker = next((name for name in free if are_speakers(name, cells[name])), None)
    if speaker is None:
        return None
    roles = [role_in_cell(speaker, cell) for cell in cells[speaker]]
    keys = [name for name in free if name != speaker and _joins(name, cells[name], roles)]
    named = [name for name in keys if _is_key(name)]
    return Thread(speaker, text, next(iter(named or keys), None))


def _is_key(name: str) -> bool:
    """Say whether a column is called like what tells conversations apart: "Ticket ID", but not "Ticket status"."""
    words = [
        word for word in tokens(name) if word not in ("id", "ids", "uid", "uuid", "key", "no", "nr", "number", "ref")
    ]
    return _NAMES.search(name) is not None and (not whose(name) or _NAMES.search(words[-1]) is not None)


def _joins(name: str, cells: Sequence[str], roles: Sequence[str]) -> bool:
    """Say whether rows with equal cells are conversations: every cell is filled, and few hold many rows.

    Both sides speak in one of them, where the column's name says what it is, and in most, where it does not. A label
    that comes again ("closed"), and who of the company had to do with it, tell no conversations apart.
    """
    if not _is_key(name) and (whose(name) or side_of(name) == "company"):
        return False
    groups: dict[str, set[str | None]] = {}
    sizes: dict[str, int] = {}
    for cell, role in zip(cells, roles, strict=True):
        if is_blank(cell):
            return False
        groups.setdefault(cell, set()).add(side_of(role) or normalise(role))
        sizes[cell] = sizes.get(cell, 0) + 1
    both = sum(len(sides) > 1 for sides in groups.values())
    enough = both >= 1 if _is_key(name) else 2 * both > len(groups) > 1
    return enough and max(sizes.values()) <= max(200, len(cells) // 2)


def gather(rows: Rows, thread: Thread) -> Rows:
    """Make one row of each conversation, whose text cell is a list of messages.

    A conversation's rows may stand anywhere, so all rows are held until the last is read; failures pass at once.
    Its other cells are those of the customer's first row, and its number is the first row's. Mails are put in the order
    in which they were sent.
    """
    if thread.conversation is None and thread.company:
        yield from rows
        return
    if thread.conversation is None:
        yield from (row if isinstance(row, Failure) else _conversation([row], thread) for row in rows)
        return
    found: dict[str, list[Row]] = {}
    for row in rows:
        if isinstance(row, Failure):
            yield row
        else:
            key = cell_text(row.cells.get(thread.conversation)) or f"\0{len(found)}"
            mail = _MESSAGE_ID.fullmatch(key) is not None  # which is the same in all files
            found.setdefault(key if mail else f"{row.file or ''}\0{key}", []).append(row)
    for key, held in found.items():
        yield _conversation(held if "\0" in key else _as_sent(held), thread)


def _as_sent(mails: Sequence[Row]) -> Sequence[Row]:
    """Put mails in the order in which they were sent, where all say when: mailboxes hold them in any order."""
    times = [parsedate_tz(cell_text(mail.cells.get("date"))) for mail in mails]
    told = [mktime_tz(time) for time in times if time is not None]
    return mails if len(told) < len(mails) else [mails[at] for at in sorted(range(len(mails)), key=told.__getitem__)]


def _conversation(rows: Sequence[Row], thread: Thread) -> Row:
    roles = [_role(row, thread) for row in rows]
    words = [cell_text(row.cells.get(thread.text)) for row in rows]
    theirs = of_customers(list(zip(roles, words, strict=True)))
    first = next((row for row, whose in zip(rows, theirs, strict=True) if whose), rows[0])
    messages = [{"role": role, "content": said} for role, said in zip(roles, words, strict=True)]
    subject = cell_text(rows[0].cells.get(thread.subject)) if thread.subject is not None and theirs[0] else ""
    if subject and not is_answered_subject(subject):
        messages.insert(0, {"role": roles[0], "content": subject})
    others = {name: cell for name, cell in first.cells.items() if name != thread.speaker or thread.company}
    return Row(rows[0].number, {**others, thread.text: messages}, rows[0].file)


def _role(row: Row, thread: Thread) -> str:
    cell = cell_text(row.cells.get(thread.speaker))
    if not thread.company:
        return role_in_cell(thread.speaker, cell) or "unknown"
    return "agent" if any(is_company(sender, thread.company) for sender in addresses_of(cell)[:1]) else "customer"
