"""Mail: a message (.eml) or a mailbox (mbox) in, a row a message out. Quoted mail and signatures stay in the text."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from typing import cast

from gistill.schema import Failure
from gistill.tables.shapes.html import html_text
from gistill.tables.shapes.limits import MAX_CELL, MAX_MESSAGE
from gistill.tables.shapes.sheets import Row, Rows, Sheet
from gistill.tables.shapes.sources import ByteSource

COLUMNS = ("from", "to", "subject", "date", "message-id", "thread", "text")
_ID = re.compile(r"<[^<>\s]+>")
_FIELD = re.compile(rb"([A-Za-z][A-Za-z0-9-]*):[ \t]")
_KNOWN = {
    b"from", b"to", b"subject", b"date", b"message-id", b"received", b"return-path", b"delivered-to", b"mime-version",
    b"content-type", b"reply-to", b"dkim-signature", b"in-reply-to", b"x-original-to",
}  # fmt: skip
_MAILBOX = re.compile(rb"From \S+.*\d{4}|From - ")


def sniff(head: bytes) -> str | None:
    """Say whether bytes begin a mailbox, "mbox", or one message, "eml"; None for neither."""
    lines = head.lstrip(b"\r\n").split(b"\n", 40)[:40]
    if _MAILBOX.match(lines[0]) and len(lines) > 1 and _FIELD.match(lines[1]):
        return "mbox"
    fields: list[bytes] = []
    for line in lines:
        if not line.strip():
            break
        if line[:1] in b" \t" and fields:
            continue
        found = _FIELD.match(line)
        if not found:
            return None
        fields.append(found[1].lower())
    known = [name for name in fields if name in _KNOWN]
    return "eml" if len(set(known)) >= 3 and b"from" in known and len(known) >= 0.5 * len(fields) else None


def open_mail(source: ByteSource, *, mailbox: bool) -> Sheet:
    """Open a mailbox, which is streamed, or one message. The plain part is the text; without one, the words of HTML."""
    return Sheet("mail", _rows(source, mailbox=mailbox), COLUMNS)


def _rows(source: ByteSource, *, mailbox: bool) -> Rows:
    threads: dict[str, str] = {}  # id of a message -> id of the first one of its thread
    for number, data in _messages(source) if mailbox else [(1, _one(source))]:
        if len(data) > MAX_MESSAGE:
            yield Failure(kind="bad_row", row=number, detail=f"is a mail of more than {MAX_MESSAGE:,} bytes")
            continue
        try:
            yield Row(number, _cells(data, threads))
        except (LookupError, ValueError, TypeError, AttributeError, IndexError, RecursionError) as error:
            # What the library raises for mail that keeps to no rule; one message must not end the others.
            yield Failure(kind="bad_row", row=number, detail=f"is a mail that cannot be read: {type(error).__name__}")


def _one(source: ByteSource) -> bytes:
    with source.stream() as stream:
        return stream.read(MAX_MESSAGE + 1)


def _messages(source: ByteSource) -> Iterator[tuple[int, bytes]]:
    """Give each message of a mailbox with the number of its first line."""
    lines: list[bytes] = []
    size = start = 0
    blank = True
    with source.stream() as stream:
        for number, line in enumerate(iter(lambda: stream.readline(MAX_MESSAGE), b""), 1):
            if blank and _MAILBOX.match(line):
                if lines:
                    yield start, b"".join(lines)
                lines, size, start = [], 0, number + 1
                continue
            blank = not line.strip()
            size += len(line)
            if size <= MAX_MESSAGE + len(line):
                lines.append(re.sub(rb"^>(>*From )", rb"\1", line))
    if lines:
        yield start, b"".join(lines)


def _cells(data: bytes, threads: dict[str, str]) -> dict[str, object]:
    message = email.message_from_bytes(data, policy=email.policy.default)
    return {
        **{name: _field(message, name) for name in COLUMNS[:5]},
        "thread": _thread(message, threads),
        "text": _body(message)[:MAX_CELL],
    }


def _thread(message: EmailMessage, threads: dict[str, str]) -> str:
    """Give the id of the message that a message's exchange began with, itself where it answers none; "" without an id.

    Args:
        message: It.
        threads: What earlier messages of the mailbox told; is added to.
    """
    before = [told for name in ("references", "in-reply-to") for told in _ID.findall(_field(message, name))]
    own = _ID.findall(_field(message, "message-id"))[:1]
    first = next((threads[one] for one in before if one in threads), next(iter([*before, *own]), ""))
    threads.update(dict.fromkeys([*before, *own], first))
    return first


def _field(message: EmailMessage, name: str) -> str:
    value = message.get(name)
    return " ".join(str(value).split()) if value is not None else ""


def _body(message: EmailMessage) -> str:
    plain = message.get_body(preferencelist=("plain",))
    text = _decoded(cast(EmailMessage, plain)) if plain is not None else ""
    if text.strip():
        return text.replace("\r\n", "\n").strip("\n")
    page = message.get_body(preferencelist=("html",))
    return html_text(_decoded(cast(EmailMessage, page))) if page is not None else ""


def _decoded(part: EmailMessage) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    named = part.get_content_charset() or "utf-8"
    for encoding in _encodings(named):
        try:
            return data.decode(encoding)
        except (LookupError, UnicodeDecodeError):
            continue
    return data.decode("latin-1")


def _encodings(named: str) -> Sequence[str]:
    return ("utf-8", "cp1252") if named in ("us-ascii", "unknown-8bit") else (named, "utf-8", "cp1252")
