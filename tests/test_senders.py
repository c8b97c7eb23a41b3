"""Who is the customer where no role says it: by who deals with whom. Mail, and tables of messages."""

from __future__ import annotations

import csv
import io
import json
import mailbox
import zipfile
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from gistill.schema import Failure, Record
from gistill.screen import customer_spans, screen
from gistill.tables import open_table, read_records
from gistill.tables.senders import Message, addresses_of, find_company, is_answered_subject, is_company

Mail = tuple[str, str, str, str]  # from, to, subject, text


def boxed(folder: Path, mails: Sequence[Mail]) -> Path:
    box = mailbox.mbox(folder / "mails.mbox")
    for number, (sender, receiver, subject, text) in enumerate(mails):
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, receiver, subject
        mail["Date"] = f"Wed, {number % 28 + 1:02} May 2024 10:00:00 +0200"
        mail["Message-ID"] = f"<m{number}@example.org>"
        mail.set_content(text)
        box.add(mail)
    box.close()
    return folder / "mails.mbox"


def read(path: Path) -> list[tuple[str | None, list[str]]]:
    """Give the author of each record that is left, and the customer's words in it."""
    found = [item for item in screen(read_records(path)) if isinstance(item, Record)]
    return [(item.author, [item.text[s.start : s.end].strip() for s in customer_spans(item)]) for item in found]


KETTLE, LID, HUM = "The kettle drips on the table.", "The lid came off in my hand.", "It hums all night long."
SORRY = "We are sorry, our kettles are a shame."

# name -> the mails of a mailbox, and who must be read.
MAILBOXES: list[tuple[str, list[Mail], list[str]]] = [
    (
        "a desk and its customers",
        [
            ("Ina <ina@gmail.com>", "help@lidco.example", "Kettle", KETTLE),
            ("help@lidco.example", "ina@gmail.com", "Re: Kettle", SORRY),
            ("bo@web.de", "help@lidco.example", "Lid", LID),
        ],
        ["ina@gmail.com", "bo@web.de"],
    ),
    (
        "people of the company by name, with the customers at one provider",
        [
            ("ina@gmail.com", "mo@lidco.example", "Kettle", KETTLE),
            ("Mo Ott <mo@lidco.example>", "ina@gmail.com", "Re: Kettle", SORRY),
            ("bo@gmail.com", "kim@lidco.example", "Lid", LID),
            ("Kim <kim@lidco.example>", "bo@gmail.com", "AW: Lid", SORRY),
            ("cy@gmail.com", "kim@lidco.example", "Noise", HUM),
        ],
        ["ina@gmail.com", "bo@gmail.com", "cy@gmail.com"],
    ),
    (
        "a company that has its address where everybody has one",
        [
            ("lidco@gmail.com", "ina@gmail.com", "Re: Kettle", SORRY),
            ("ina@gmail.com", "lidco@gmail.com", "Kettle", KETTLE),
            ("bo@gmail.com", "lidco@gmail.com", "Lid", LID),
        ],
        ["ina@gmail.com", "bo@gmail.com"],
    ),
    (
        "a company that writes first",
        [
            ("kim@lidco.example", "ina@web.de", "How was it?", "We hope that you love our superb kettle."),
            ("kim@lidco.example", "bo@web.de", "How was it?", "We hope that you love our superb kettle."),
            ("ina@web.de", "kim@lidco.example", "Re: How was it?", KETTLE),
            ("bo@web.de", "kim@lidco.example", "Re: How was it?", LID),
        ],
        ["ina@web.de", "bo@web.de"],
    ),
    (
        "customers at one domain, told by the desk's address",
        [
            ("ina@mill.example", "service@lidco.example", "Kettle", KETTLE),
            ("service@lidco.example", "ina@mill.example", "Re: Kettle", SORRY),
        ],
        ["ina@mill.example"],
    ),
    (
        "two people, told by who opens",
        [
            ("ina@mill.example", "mo@lidco.example", "Kettle", KETTLE),
            ("mo@lidco.example", "ina@mill.example", "Re: Kettle", SORRY),
            ("ina@mill.example", "mo@lidco.example", "Re: Re: Kettle", HUM),
        ],
        ["ina@mill.example", "ina@mill.example"],
    ),
    (
        "mail that came in alone",
        [("ina@web.de", "kim@lidco.example", "Kettle", KETTLE), ("bo@web.de", "kim@lidco.example", "Lid", LID)],
        ["ina@web.de", "bo@web.de"],
    ),
    (
        "a form that sends everything",
        [
            ("noreply@forms.example", "kim@lidco.example", "New entry", KETTLE),
            ("noreply@forms.example", "kim@lidco.example", "New entry", LID),
        ],
        ["noreply@forms.example", "noreply@forms.example"],
    ),
]


@pytest.mark.parametrize(("mails", "authors"), [(m, a) for _, m, a in MAILBOXES], ids=[n for n, _, _ in MAILBOXES])
def test_of_mail_the_customers_are_read_and_a_person_is_an_address(
    tmp_path: Path, mails: list[Mail], authors: list[str]
) -> None:
    found = read(boxed(tmp_path, mails))
    assert [author for author, _ in found] == authors
    said = [text for _, texts in found for text in texts]
    assert SORRY not in said
    assert not any("superb" in text for text in said)


def test_the_companys_mail_is_counted_by_name_and_the_choice_is_said(tmp_path: Path) -> None:
    path = boxed(tmp_path, MAILBOXES[0][1])
    items = list(screen(read_records(path)))
    assert [item.kind for item in items if isinstance(item, Failure)] == ["agent"]
    assert open_table(path).info.notes == (
        "column 'from' says who writes; the words of '@lidco.example' are the company's and not read",
    )


def test_the_subject_of_what_is_answered_is_not_said_again(tmp_path: Path) -> None:
    mails = [
        ("ina@web.de", "kim@lidco.example", "Loose lid", LID),
        ("ina@web.de", "kim@lidco.example", "Re: Loose lid", f"{HUM}\n\nOn Wed, Kim wrote:\n> our lids are bad\n"),
        ("bo@web.de", "kim@lidco.example", "WG: Kettle", KETTLE),
    ]
    assert [texts for _, texts in read(boxed(tmp_path, mails))] == [["Loose lid", LID], [HUM], [KETTLE]]


@pytest.mark.parametrize(
    ("subject", "answered"),
    [("Re: Lid", True), ("AW: Re: Lid", True), ("RE[2]: Lid", True), ("Fwd: Lid", True), ("Reading lamp", False)],
)
def test_a_subject_says_whether_it_is_answered(subject: str, answered: bool) -> None:
    assert is_answered_subject(subject) is answered


def table(folder: Path, columns: Mapping[str, Sequence[object]]) -> Path:
    out = io.StringIO()
    csv.writer(out).writerows([list(columns), *zip(*columns.values(), strict=True)])
    (folder / "messages.csv").write_text(out.getvalue(), encoding="utf-8")
    return folder / "messages.csv"


TABLES: list[tuple[str, dict[str, list[object]], list[tuple[str, list[str]]]]] = [
    (
        "addresses and a conversation",
        {
            "thread_id": [1, 1, 2, 2, 3, 3],
            "from": [
                "ina@web.de",
                "kim@lidco.example",
                "bo@gmx.net",
                "mo@lidco.example",
                "cy@web.de",
                "mo@lidco.example",
            ],
            "message": [KETTLE, SORRY, LID, SORRY, HUM, SORRY],
        },
        [("ina@web.de", [KETTLE]), ("bo@gmx.net", [LID]), ("cy@web.de", [HUM])],
    ),
    (
        "names and a conversation",
        {
            "Ticket": ["A", "A", "B", "B", "C", "C"],
            "Sender": ["Ina Ost", "Kim", "Bo West", "Kim", "Kim", "Cy Nord"],
            "Message": [KETTLE, SORRY, LID, SORRY, SORRY, HUM],
        },
        [("Ina Ost", [KETTLE]), ("Bo West", [LID]), ("Cy Nord", [HUM])],
    ),
    (
        "as a mail program exports",
        {
            "Subject": ["Kettle", "RE: Kettle", "Lid", "RE: Lid"],
            "Body": [KETTLE, SORRY, LID, SORRY],
            "From: (Name)": ["Ina Ost", "Kim", "Bo West", "Kim"],
            "From: (Address)": ["ina@web.de", "kim@lidco.example", "bo@web.de", "kim@lidco.example"],
            "To: (Name)": ["Kim", "Ina Ost", "Kim", "Bo West"],
            "To: (Address)": ["kim@lidco.example", "ina@web.de", "kim@lidco.example", "bo@web.de"],
        },
        [("ina@web.de", ["Kettle", KETTLE]), ("bo@web.de", ["Lid", LID])],
    ),
    (
        "a column that is no sender",
        {"shipped from": ["Leer", "Emden", "Leer"], "Review": [KETTLE, LID, HUM], "User": ["a1", "b2", "c3"]},
        [("a1", [KETTLE]), ("b2", [LID]), ("c3", [HUM])],
    ),
]


@pytest.mark.parametrize(("columns", "right"), [(c, r) for _, c, r in TABLES], ids=[n for n, _, _ in TABLES])
def test_of_messages_in_rows_the_customers_are_read(
    tmp_path: Path, columns: dict[str, list[object]], right: list[tuple[str, list[str]]]
) -> None:
    assert read(table(tmp_path, columns)) == right


def message(number: int, body: str, **more: object) -> dict[str, object]:
    return {"id": number, "body": body, "created_at": "2024-05-01T10:00:00Z", **more}


NOTE = "This customer is a pain."
TICKETS: list[tuple[str, dict[str, Any], list[str]]] = [
    (
        "who asks is the author of some comments",
        {
            "subject": "Kettle", "description": KETTLE, "requester_id": 31, "assignee_id": 8,
            "comments": [
                message(1, KETTLE, author_id=31, public=True), message(2, SORRY, author_id=8, public=True),
                message(3, NOTE, author_id=8, public=False), message(4, HUM, author_id=31, public=True),
            ],
        },
        ["Kettle", KETTLE, HUM],
    ),
    (
        "nobody is named as who asks, and the first comment is the customer's",
        {
            "subject": "Kettle",
            "comments": [
                message(1, KETTLE, author_id=31, public=True), message(2, SORRY, author_id=8, public=True),
                message(3, NOTE, author_id=31, public=False),
            ],
        },
        ["Kettle", KETTLE],
    ),
    (
        "what came in, and a description beside it",
        {
            "subject": "Lid", "description_text": LID, "requester_id": 31,
            "conversations": [
                message(1, SORRY, user_id=8, incoming=False, private=False),
                message(2, NOTE, user_id=8, incoming=False, private=True),
                message(3, HUM, user_id=31, incoming=True, private=False),
            ],
        },
        ["Lid", LID, HUM],
    ),
    (
        "authors and who reports are objects",
        {
            "fields": {
                "summary": "Lid", "description": LID, "reporter": {"accountId": "5f", "displayName": "Ina"},
                "comment": {
                    "comments": [
                        message(1, SORRY, author={"accountId": "77", "displayName": "Kim"}, jsdPublic=True),
                        message(2, HUM, author={"accountId": "5f", "displayName": "Ina"}, jsdPublic=True),
                    ]
                },
            },
        },
        ["Lid", LID, HUM],
    ),
    (
        "a customer beside users, who are the desk's own people",
        {
            "subject": "Lid",
            "threads": [
                message(1, LID, createdBy={"type": "customer", "email": "ina@web.de"}),
                message(2, SORRY, createdBy={"type": "user", "email": "kim@lidco.example"}),
            ],
        },
        [LID],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("ticket", "right"), [(t, r) for _, t, r in TICKETS], ids=[n for n, _, _ in TICKETS])
@pytest.mark.parametrize("lines", [False, True])
def test_of_a_tickets_comments_those_of_who_asks_are_read(
    tmp_path: Path, ticket: dict[str, Any], right: list[str], lines: bool
) -> None:
    tickets = [{"id": 100 + n, **ticket} for n in range(2)]
    path = tmp_path / ("t.jsonl" if lines else "t.json")
    path.write_text("\n".join(map(json.dumps, tickets)) if lines else json.dumps({"tickets": tickets}), "utf-8")
    assert [texts for _, texts in read(path)][:1] == [right]


def test_a_ticket_that_nobody_answered_yet_is_what_its_customer_wrote(tmp_path: Path) -> None:
    answered = {"id": 1, "requester_id": 4, "description": LID, "conversations": [message(1, SORRY, user_id=9)]}
    waiting = {"id": 2, "requester_id": 5, "description": KETTLE, "conversations": []}
    (tmp_path / "t.json").write_text(json.dumps([answered, waiting]), "utf-8")
    assert read(tmp_path / "t.json") == [("4", [LID]), ("5", [KETTLE])]


def test_comments_of_others_under_a_post_are_not_opened(tmp_path: Path) -> None:
    post = {"id": 1, "title": "Lid", "body": LID, "author_id": 4, "comments": [message(1, HUM, author_id=9)]}
    (tmp_path / "p.json").write_text(json.dumps([post, {**post, "id": 2, "body": KETTLE}]), "utf-8")
    assert [texts for _, texts in read(tmp_path / "p.json")] == [["Lid", LID], ["Lid", KETTLE]]


Threaded = tuple[str, str, str, str, int, tuple[int, ...]]  # from, to, subject, text, day, the mails it answers
INA, DESK = "Ina <ina@gmail.com>", "help@lidco.example"
THREADED: list[Threaded] = [
    (INA, DESK, "Loose kettle", KETTLE, 1, ()),
    (DESK, INA, "Re: Loose kettle", SORRY, 2, (1,)),
    (INA, DESK, "Re: Loose kettle", f"{HUM}\n\nOn Wed, 2 May, help wrote:\n> {SORRY}\n", 3, (1, 2)),
    ("bo@web.de", DESK, "Lid", LID, 4, ()),
    ("cy@web.de", DESK, "Noise", HUM, 5, ()),
    (DESK, "cy@web.de", "Re: Noise", SORRY, 6, (5,)),
]
JOINED = [("ina@gmail.com", ["Loose kettle", KETTLE, HUM]), ("bo@web.de", ["Lid", LID]), ("cy@web.de", ["Noise", HUM])]


def threaded(mail: Threaded, *, references: bool) -> EmailMessage:
    sender, receiver, subject, text, day, before = mail
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, receiver, subject
    made["Date"], made["Message-ID"] = f"Wed, {day:02} May 2024 10:00:00 +0200", f"<m{day}@example.org>"
    if before:
        made["In-Reply-To"] = f"<m{before[-1]}@example.org>"
    if before and references:
        made["References"] = " ".join(f"<m{number}@example.org>" for number in before)
    made.set_content(text)
    return made


def as_mailbox(folder: Path, mails: Sequence[Threaded], *, references: bool = True) -> Path:
    box = mailbox.mbox(folder / "mails.mbox")
    for mail in mails:
        box.add(threaded(mail, references=references))
    box.close()
    return folder / "mails.mbox"


@pytest.mark.parametrize("references", [True, False])
@pytest.mark.parametrize("order", [1, -1])
def test_mails_of_one_thread_are_one_conversation_in_the_order_they_were_sent(
    tmp_path: Path, references: bool, order: int
) -> None:
    mails = THREADED[::order] if references else THREADED  # without references, an answer follows what it answers
    found = read(as_mailbox(tmp_path, mails, references=references))
    assert sorted(found) == sorted(JOINED)
    assert not any(SORRY in text for _, texts in found for text in texts)


@pytest.mark.parametrize("packed", [True, False])
def test_mails_of_one_thread_in_files_of_their_own_are_one_conversation(tmp_path: Path, packed: bool) -> None:
    for mail in THREADED:
        (tmp_path / "mails").mkdir(exist_ok=True)
        (tmp_path / "mails" / f"{mail[4]}.eml").write_bytes(threaded(mail, references=True).as_bytes())
    if packed:
        with zipfile.ZipFile(tmp_path / "mails.zip", "w") as archive:
            for path in sorted((tmp_path / "mails").iterdir()):
                archive.write(path, path.name)
    assert read(tmp_path / ("mails.zip" if packed else "mails")) == JOINED


def test_mails_that_nobody_answered_stay_records_of_their_own(tmp_path: Path) -> None:
    found = read(as_mailbox(tmp_path, [mail for mail in THREADED if not mail[5]]))
    assert found == [("ina@gmail.com", ["Loose kettle", KETTLE]), *JOINED[1:]]
    assert open_table(tmp_path / "mails.mbox").info.texts == ("subject", "text")


def test_what_recurs_in_mails_is_set_apart_in_their_threads_too(tmp_path: Path) -> None:
    notice = "This letter is for its reader alone. " + "Whoever else holds it shall send it back at once. " * 3
    mails: list[Threaded] = [
        (f"c{n}@web.de", DESK, "Kettle", f"The lid came off on day {word} of its life.\n\n{notice}", n, ())
        for n, word in enumerate(["one", "two", "three", "four", "five", "six"], 1)
    ]
    mails.append((DESK, "c1@web.de", "Re: Kettle", SORRY, 7, (1,)))
    found = read(as_mailbox(tmp_path, mails))
    assert len(found) == 6
    assert not any("reader alone" in text for _, texts in found for text in texts)
    assert all("came off" in texts[1] for _, texts in found)


def fronted(number: int, inbound: bool, customer: str, text: str, talk: str) -> dict[str, object]:
    sides = ("from", "to") if inbound else ("to", "from")
    people = [{"role": side, "handle": handle} for side, handle in zip(sides, (customer, DESK), strict=True)]
    return {
        "id": f"msg_{number}", "type": "email", "is_inbound": inbound, "created_at": 1715000000.5 + number,
        "author": None if inbound else {"id": "tea_1", "username": "kim"}, "subject": "Kettle", "text": text,
        "body": f"<p>{text}</p>", "recipients": people, "_links": {"related": {"conversation": f"https://x.example/{talk}"}},
    }  # fmt: skip


FRONTED = [
    fronted(1, True, "ina@gmail.com", KETTLE, "a"), fronted(2, False, "ina@gmail.com", SORRY, "a"),
    fronted(3, True, "bo@web.de", LID, "b"), fronted(4, True, "ina@gmail.com", HUM, "c"),
]  # fmt: skip


@pytest.mark.parametrize("form", ["answer", "lines", "conversations"])
def test_the_customer_is_a_person_where_a_message_lists_its_people(tmp_path: Path, form: str) -> None:
    path = tmp_path / ("m.jsonl" if form == "lines" else "m.json")
    talks = [{"id": f"cnv_{n}", "messages": part} for n, part in enumerate([FRONTED[:2], FRONTED[2:3], FRONTED[3:]])]
    document = {"_pagination": {"next": None}, "_results": talks if form == "conversations" else FRONTED}
    path.write_text("\n".join(map(json.dumps, FRONTED)) if form == "lines" else json.dumps(document), "utf-8")
    found = [(author, [text for text in texts if text != "Kettle"]) for author, texts in read(path)]
    assert found == [("ina@gmail.com", [KETTLE]), ("bo@web.de", [LID]), ("ina@gmail.com", [HUM])]


def test_the_contact_is_the_person_where_the_author_is_named_for_the_company_alone(tmp_path: Path) -> None:
    rows = [
        ("Message ID", "Conversation ID", "Direction", "Status", "Author", "Contact name", "Contact handle", "Extract"),
        ("m1", "c1", "Inbound", "archived", "", "Ina", "ina@gmail.com", KETTLE),
        ("m2", "c1", "Outbound", "archived", "Kim", "Ina", "ina@gmail.com", SORRY),
        ("m3", "c2", "Inbound", "archived", "", "Bo", "bo@web.de", LID),
        ("m4", "c3", "Inbound", "archived", "", "Ina", "ina@gmail.com", HUM),
    ]
    with (tmp_path / "m.csv").open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(rows)
    assert read(tmp_path / "m.csv") == [("ina@gmail.com", [KETTLE]), ("bo@web.de", [LID]), ("ina@gmail.com", [HUM])]
    assert open_table(tmp_path / "m.csv").info.columns["id"] == "Conversation ID"


@pytest.mark.parametrize("label", ["Status", "Channel", "Assignee", "Inbox"])
def test_a_label_joins_no_messages(tmp_path: Path, label: str) -> None:
    said = [("a", "Inbound", KETTLE), ("a", "Outbound", SORRY), ("b", "Inbound", LID), ("b", "Outbound", SORRY)]
    with (tmp_path / "m.csv").open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([(label, "Direction", "Text"), *said])
    assert [texts for _, texts in read(tmp_path / "m.csv")] == [[KETTLE], [LID]]


def test_who_deals_with_most_is_the_company_whatever_the_order() -> None:
    said = [Message(f"c{n}@web.de", ("kim@lidco.example",), "") for n in range(3)]
    for messages in (said, said[::-1]):
        assert find_company(messages) == ("@lidco.example",)
    assert is_company("mo@lidco.example", ["@lidco.example"])
    assert not is_company("mo@notlidco.example", ["@lidco.example"])
    assert find_company([]) == find_company(said[:1]) == ()


def test_addresses_of_a_cell() -> None:
    assert addresses_of('"Ost, Ina" <Ina@Web.de>; bo@web.de') == ("ina@web.de", "bo@web.de")
    assert addresses_of("Ina Ost;Bo") == ("ina ost", "bo")
    assert addresses_of(None) == ()
