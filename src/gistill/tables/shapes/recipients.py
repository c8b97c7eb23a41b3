"""Who wrote to whom, where a message lists its people: [{"role": "from", "handle": "ina@example.org"}, ...]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_ADDRESSES = ("handle", "address", "email", "emailAddress", "mail")
_NAMES = ("name", "displayName", "display_name", "username")
_SIDES = {"from": "from", "sender": "from", "author": "from", "to": "to", "recipient": "to"}
_LISTS = {"recipients": "", "participants": "", "toRecipients": "to", "to_recipients": "to"}  # "": each says its own


def with_senders(cells: Mapping[str, object]) -> dict[str, object]:
    """Make the columns `from` and `to` of a list of a message's people; cells without such a list stay as they are.

    Of somebody with an address it is the address, else the name.

    >>> with_senders({"recipients": [{"role": "from", "handle": "i@x.org"}, {"role": "cc", "handle": "b@x.org"}]})
    {'from': 'i@x.org'}
    """
    for name, cell in cells.items():
        side = _LISTS.get(name.rpartition(".")[2])
        if side is None or not isinstance(cell, list) or not all(isinstance(one, Mapping) for one in cell):
            continue
        people = _people(cell, side)
        if people and not any(column in cells for column in people):
            return {key: value for key, value in cells.items() if key != name} | people
    return dict(cells)


def sender(message: Mapping[str, object]) -> str:
    """Give who wrote a message that lists its people; "" where it says nothing."""
    return str(with_senders(message).get("from", "")) if "from" not in message else ""


def _people(listed: Sequence[Mapping[str, object]], side: str) -> dict[str, object]:
    found: dict[str, list[str]] = {}
    for one in listed:
        whose = side or _SIDES.get(str(one.get("role", "")).casefold(), "")
        if whose and (told := _told(one)):
            found.setdefault(whose, []).append(told)
    return {whose: "; ".join(told) for whose, told in found.items()}


def _told(one: Mapping[str, object]) -> str:
    for key in (*_ADDRESSES, *_NAMES):
        value = one.get(key)
        if isinstance(value, Mapping):
            value = _told(value)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""
