"""Mail: messages and mailboxes, plain and HTML, in any encoding, and what keeps to no rule."""

from email.message import EmailMessage
from pathlib import Path

import pytest

from gistill.schema import Failure
from gistill.tables.shapes.formats import open_sheet
from gistill.tables.shapes.sheets import Row

A, B = "The kettle leaks from the lid.", "Größe passt, kocht schnell."


def message(number: int, text: str, *, page: str | None = None) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = f"Ina Ost <ina{number}@example.org>"
    mail["To"] = "help@example.org"
    mail["Subject"] = "Mein Wasserkocher läuft über, und das seit dem ersten Tag, an dem ich ihn benutze"
    mail["Date"] = f"Wed, 0{number} May 2024 10:00:00 +0200"
    mail["Message-ID"] = f"<m{number}@example.org>"
    if text:
        mail.set_content(text)
        if page:
            mail.add_alternative(page, subtype="html")
    elif page:
        mail.set_content(page, subtype="html")
    return mail


def rows(path: Path) -> list[dict[str, object]]:
    found = list(open_sheet(path).rows)
    assert all(isinstance(row, Row) for row in found), found
    return [dict(row.cells) for row in found if isinstance(row, Row)]


@pytest.mark.parametrize("name", ["m.eml", "m.txt", "m"])
def test_a_message_is_one_record(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(message(1, B, page="<p>other words</p>").as_bytes())
    assert rows(tmp_path / name) == [
        {
            "from": "Ina Ost <ina1@example.org>",
            "to": "help@example.org",
            "subject": "Mein Wasserkocher läuft über, und das seit dem ersten Tag, an dem ich ihn benutze",
            "date": "Wed, 01 May 2024 10:00:00 +0200",
            "message-id": "<m1@example.org>",
            "thread": "<m1@example.org>",
            "text": B,
        }
    ]


def test_mail_of_html_alone_is_its_words(tmp_path: Path) -> None:
    page = f"<html><head><style>p {{}}</style></head><body><p>{A}</p><div>Please&nbsp;call<br>me.</div></body></html>"
    (tmp_path / "m.eml").write_bytes(message(1, "", page=page).as_bytes())
    assert rows(tmp_path / "m.eml")[0]["text"] == f"{A}\n\nPlease call\nme."


def test_an_attachment_is_no_text(tmp_path: Path) -> None:
    mail = message(1, A)
    mail.add_attachment("Price,1\n", subtype="csv", filename="prices.csv")
    (tmp_path / "m.eml").write_bytes(mail.as_bytes())
    assert rows(tmp_path / "m.eml")[0]["text"] == A


def mailbox(*mails: bytes) -> bytes:
    begin = b"From ina@example.org Wed May  1 10:00:00 2024\n"
    return b"\n".join(begin + mail.replace(b"\nFrom ", b"\n>From ") for mail in mails)


@pytest.mark.parametrize("name", ["all.mbox", "all", "all.txt"])
def test_a_mailbox_is_its_messages(tmp_path: Path, name: str) -> None:
    mails = [message(1, f"{A}\n\nFrom here on it leaks.\n").as_bytes(), message(2, B).as_bytes()]
    (tmp_path / name).write_bytes(mailbox(*mails))
    found = rows(tmp_path / name)
    assert [row["text"] for row in found] == [f"{A}\n\nFrom here on it leaks.", B]
    assert [row["message-id"] for row in found] == ["<m1@example.org>", "<m2@example.org>"]


def test_names_of_encodings_that_are_wrong_or_unknown(tmp_path: Path) -> None:
    head = b"From: a@example.org\nTo: b@example.org\nSubject: x\nDate: Wed, 01 May 2024 10:00:00 +0200\n"
    kinds = {b"klingon-8": "utf-8", b"us-ascii": "cp1252", b"utf-8": "cp1252", b"iso-8859-1": "latin-1"}
    for named, real in kinds.items():
        content = head + b"Content-Type: text/plain; charset=" + named + b"\n\n" + B.encode(real)
        (tmp_path / "m.eml").write_bytes(content)
        assert rows(tmp_path / "m.eml")[0]["text"] == B


def test_a_broken_message_does_not_end_the_others(tmp_path: Path) -> None:
    broken = (
        b'From: =?x?q?=\nDate: nonsense\nSubject: =?utf-8?b?!!!?=\nContent-Type: multipart/mixed; boundary="\n\n--\n'
    )
    (tmp_path / "all.mbox").write_bytes(mailbox(message(1, A).as_bytes(), broken, message(2, B).as_bytes()))
    found = list(open_sheet(tmp_path / "all.mbox").rows)
    assert len(found) == 3
    assert [row.cells["text"] for row in (found[0], found[2]) if isinstance(row, Row)] == [A, B]


def test_a_message_too_large_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gistill.tables.shapes.mail.MAX_MESSAGE", 1_000)
    (tmp_path / "all.mbox").write_bytes(mailbox(message(1, A * 100).as_bytes(), message(2, B).as_bytes()))
    found = list(open_sheet(tmp_path / "all.mbox").rows)
    assert isinstance(found[0], Failure)
    assert found[0].detail == "is a mail of more than 1,000 bytes"
    assert isinstance(found[1], Row)
