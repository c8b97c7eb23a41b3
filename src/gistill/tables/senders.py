"""Who of those that write to each other is the company, where no role says it: who deals with most of the others."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from email.utils import getaddresses
from typing import NamedTuple

from gistill.speakers import side_of
from gistill.tables.asked import is_title, tokens
from gistill.tables.values import cell_text
from gistill.text import normalise


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FROM = _words(
    "from sender absender von expediteur emetteur de remitente mittente da remetente afzender van nadawca отправитель "
    "发件人 發件人 差出人 보낸사람"
)
_TO = _words(
    "to recipient recipients receiver an empfanger destinataire destinataires destinatario destinatari para aan "
    "odbiorca получатель 收件人 宛先 받는사람"
)
_KINDS = _words("name names address addresses email mail e display adresse addr smtp")  # beside these words
_ADDRESS = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+\.[^\s@<>,;\"]+")
_ANSWERED = re.compile(r"^(?:(?:re|aw|antw|fwd?|wg|tr|rv|sv|vs|odp|i|r|res|回复|答复|转发)\s*(?:\[\d+\])?\s*[:：]\s*)+")
# Where anybody has an address; a domain of these is no company.
_PUBLIC = re.compile(
    r"@(?:[^@]*\.)?(?:gmail|googlemail|outlook|hotmail|live|msn|yahoo|ymail|rocketmail|icloud|me|mac|aol|gmx|web|t-online|"
    r"freenet|posteo|mailbox|proton|protonmail|pm|zoho|mail|inbox|yandex|ya|rambler|bk|list|orange|wanadoo|free|sfr|"
    r"laposte|libero|virgilio|tiscali|telenet|skynet|ziggo|kpnmail|planet|wp|o2|onet|interia|seznam|centrum|qq|163|126|"
    r"sina|naver|daum|hanmail|comcast|verizon|att|sbcglobal|bellsouth|cox|btinternet|sky|virginmedia|talktalk|bigpond|"
    r"optusnet|shaw|rogers|sympatico|fastmail|hey|tutanota|tuta|duck)\.[a-z.]{2,6}$"
)
_DESK = _words(
    "help hello info noreply donotreply reply no hilfe kontakt kontakte office team orders order billing sales returns "
    "contacto contatto ayuda aide aiuto bestellung bestellungen rechnung versand vertrieb mailer daemon postmaster "
    "notifications notification newsletter accounts reservations booking bookings enquiries inquiries feedback"
)
_CLEAR = 1.5  # times as many partners as anybody else has the company


class Message(NamedTuple):
    """Who wrote to whom: addresses, or folded names where there are none."""

    sender: str
    receivers: tuple[str, ...]
    thread: str  # alike in the messages of one exchange; "" where nothing says it


class Senders(NamedTuple):
    """The columns that say who writes to whom."""

    sender: str
    receivers: str | None
    subject: str | None


def addresses_of(cell: object) -> tuple[str, ...]:
    """Give the addresses in a cell, in small letters; of a cell without any the names, folded.

    >>> addresses_of('"Ost, Ina" <Ina@Example.org>, bo@example.org'), addresses_of("Ina Ost")
    (('ina@example.org', 'bo@example.org'), ('ina ost',))
    """
    text = cell_text(cell).strip()
    if "@" not in text:
        return tuple(normalise(name) for name in text.split(";") if name.strip())
    found = [address for _, address in getaddresses([text.replace(";", ",")]) if _ADDRESS.fullmatch(address)]
    return tuple(dict.fromkeys(address.lower() for address in found or _ADDRESS.findall(text)))


def is_answered_subject(subject: str) -> bool:
    """Say whether a subject is that of the message that is answered or passed on: "Re: Order 5"."""
    return _ANSWERED.match(normalise(subject)) is not None


def find_senders(header: Sequence[str], rows: Sequence[Mapping[str, object]], *, named: bool) -> Senders | None:
    """Find the columns of senders, receivers and subjects, by their names and by the addresses in them.

    Args:
        header: The columns' names.
        rows: Sampled rows.
        named: Whether names without addresses will do, because something else says that rows are messages.
    """
    senders = [name for name in header if _is_called(name, _FROM)]
    sender = max(senders, key=lambda name: _addresses(rows, name), default=None)
    if sender is None or not (named or _addresses(rows, sender) >= 0.8):
        return None
    receivers = max(
        (name for name in header if _is_called(name, _TO)), key=lambda name: _addresses(rows, name), default=None
    )
    return Senders(sender, receivers, next((name for name in header if is_title(name)), None))


def _is_called(name: str, words: frozenset[str]) -> bool:
    told = tokens(name)
    return any(word in words for word in told) and all(word in words or word in _KINDS for word in told)


def _addresses(rows: Sequence[Mapping[str, object]], name: str) -> float:
    filled = [text for row in rows if (text := cell_text(row.get(name)).strip())]
    return sum(bool(_ADDRESS.search(text)) for text in filled) / len(filled) if filled else 0.0


def read_message(row: Mapping[str, object], columns: Senders, thread: str | None) -> Message:
    """Say who wrote to whom in a row; `thread` is the column whose cells are alike in an exchange, if there is one."""
    sender = addresses_of(row.get(columns.sender))
    receivers = addresses_of(row.get(columns.receivers)) if columns.receivers is not None else ()
    told = cell_text(row.get(thread)).strip() if thread is not None else ""
    if not told and columns.subject is not None:
        told = _ANSWERED.sub("", normalise(cell_text(row.get(columns.subject))))
    return Message(sender[0] if sender else "", receivers, told)


def find_company(messages: Sequence[Message]) -> tuple[str, ...]:
    """Find whose messages are the company's: an address, a name, or "@" and a domain.

    It is who deals with most of the others: everybody writes to the company, and it answers everybody, while a customer
    deals with the company alone. Where two deal with about as many, a desk's address ("support@") tells, and else who
    never begins an exchange. A domain that everybody may have an address at is no company, nor is who sends everything,
    such as a form.

    Args:
        messages: In the order in which they were sent.

    Returns:
        Nothing where nothing tells.
    """
    if len({message.sender for message in messages} - {""}) < 2:
        return ()
    partners = _partners(messages)
    groups: dict[str, set[str]] = defaultdict(set)
    for address in partners:
        groups[address].add(address)
        if domain := _domain(address):
            groups[domain].add(address)
    counts = {name: len(_outside(partners, members)) for name, members in groups.items()}
    order = sorted(counts, key=lambda name: (-counts[name], not name.startswith("@"), name))
    best = order[0]
    others = (counts[name] for name in order if not groups[name] & groups[best])
    if counts[best] >= 2 and counts[best] >= _CLEAR * max(others, default=0):
        return (best,)
    return _by_desk(partners) or _by_opening(messages)


def is_company(sender: str, company: Iterable[str]) -> bool:
    """Say whether a sender, as `addresses_of` gives it, is one of those that `find_company` found."""
    return any(sender == name or (name.startswith("@") and sender.endswith(name)) for name in company)


def _partners(messages: Sequence[Message]) -> dict[str, set[str]]:
    """List with whom each deals: whom it writes to and who writes to it, or else who writes in the same exchange."""
    partners: dict[str, set[str]] = defaultdict(set)
    threads: dict[str, set[str]] = defaultdict(set)
    addressed = any(message.receivers for message in messages)
    for sender, receivers, thread in messages:
        for receiver in receivers:
            partners[sender].add(receiver)
            partners[receiver].add(sender)
        if sender and thread and not addressed:
            threads[thread].add(sender)
    for people in threads.values():
        for one in people:
            partners[one] |= people - {one}
    partners.pop("", None)
    return partners


def _outside(partners: Mapping[str, set[str]], members: set[str]) -> set[str]:
    return {other for member in members for other in partners[member]} - members


def _domain(address: str) -> str:
    at = address.rfind("@")
    return "" if at < 0 or _PUBLIC.search(address) else address[at:]


def _by_desk(partners: Mapping[str, set[str]]) -> tuple[str, ...]:
    """Take the addresses of desks, with their domains, where those they deal with are none."""
    desks = [address for address in partners if _is_desk(address)]
    inside = {_domain(desk) or desk for desk in desks}
    others = [address for address in partners if not is_company(address, inside)]
    return tuple(sorted(inside)) if others else tuple(sorted(desks)) if len(desks) < len(partners) else ()


def _is_desk(address: str) -> bool:
    words = re.findall(r"[^\W\d_]+", address.partition("@")[0])
    return bool(words) and all(word in _DESK or side_of(word) == "company" for word in words)


def _by_opening(messages: Sequence[Message]) -> tuple[str, ...]:
    """Take who answers and never opens an exchange, where everybody else opens one."""
    opened: dict[str, str] = {}
    answered: set[str] = set()
    for sender, _, thread in messages:
        if sender and thread and opened.setdefault(thread, sender) != sender:
            answered.add(sender)
    never = answered - set(opened.values())
    return tuple(sorted(never)) if len(never) == 1 else ()
