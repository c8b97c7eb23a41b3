"""Conversations however they are written down: over several rows, as messages, inside one cell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gistill.schema import Failure, Record
from gistill.screen import customer_spans, screen
from gistill.tables import open_table, read_records
from gistill.tables.conversations import looks_like_messages
from gistill.tables.parts import Asked, join, read_cell


def read(folder: Path, name: str, content: str) -> list[Record | Failure]:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return list(screen(read_records(path)))


def words(item: Record | Failure) -> list[str]:
    if isinstance(item, Failure):
        return [item.kind]
    return [item.text[span.start : span.end] for span in customer_spans(item)]


def test_rows_of_a_conversation_are_one_record_wherever_they_stand(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "chat.csv",
        "ticket,sender,text,date,author\n"
        "7,agent,Good day our kettles are superb,2024-06-01,Nora\n"
        "8,customer,The lid is loose,2024-06-02,Omar\n"
        "7,customer,The kettle hums,2024-06-03,Kim\n"
        "8,agent,That is wonderful,2024-06-04,Nora\n"
        "7,customer,And it leaks,2024-06-05,Kim\n",
    )
    assert [words(item) for item in found] == [["The kettle hums", "And it leaks"], ["The lid is loose"]]
    first = found[0]
    assert isinstance(first, Record)
    assert (first.author, str(first.date), first.row) == ("Kim", "2024-06-03", 2)
    assert [turn.role for turn in first.turns] == ["agent", "customer", "customer"]


def test_without_a_conversations_column_rows_of_the_company_say_nothing(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "tweets.csv",
        "inbound,text,sent\nTrue,My bag is still at the gate,2024-06-01\n"
        "False,We are great and love you,2024-06-02\nTrue,The crew was kind to us,2024-06-03\n",
    )
    assert [words(item) for item in found] == [["My bag is still at the gate"], ["agent"], ["The crew was kind to us"]]


def test_what_was_chosen_is_said(tmp_path: Path) -> None:
    path = tmp_path / "chat.csv"
    path.write_text("case,role,text\n1,user,The kettle hums a lot\n1,agent,We love it all\n", encoding="utf-8")
    table = open_table(path)
    assert table.info.columns == {"messages": "text", "id": "case"}
    assert table.info.notes == (
        "column 'role' says who speaks, so the words of customers alone are read; "
        "rows with the same 'case' are one conversation",
    )
    assert table.count() == 1
    assert [item.text for item in table.records() if isinstance(item, Record)] == [
        "user: The kettle hums a lot\nagent: We love it all"
    ]


def test_a_column_of_job_titles_groups_nothing(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "jobs.csv",
        "company,job,review\nLidco,Store manager,The hours are too long\nLidco,Support agent,My team is kind and fun\n",
    )
    assert [words(item) for item in found] == [["The hours are too long"], ["My team is kind and fun"]]


def test_a_transcript_stands_beside_another_text_in_a_record() -> None:
    cells = [
        (Asked("subject"), read_cell("Loose lid")),
        (Asked("chat"), read_cell("Agent: Superb day!\nCustomer: The lid is loose.")),
    ]
    record = Record(id="1", **join(cells, alone=False)._asdict())
    assert words(record) == ["Loose lid", "The lid is loose."]


DESKS: list[list[dict[str, object]]] = [
    [
        {"author": {"type": "admin"}, "body": "<p>Great!</p>"},
        {"author": {"type": "user"}, "body": "<p>It hums.</p>"},
    ],
    [{"direction": "outbound", "text": "Great!"}, {"direction": "inbound", "text": "It hums."}],
    [{"inbound": False, "body": "Great!"}, {"inbound": True, "body": "It hums."}],
    [{"sender_type": "Agent", "name": "Kim", "text": "Great!"}, {"sender_type": "Contact", "text": "It hums."}],
    [{"public": False, "author": "Kim", "body": "Great!"}, {"role": "requester", "author": "Kim", "body": "It hums."}],
    [{"type": "bot", "text": "Great!"}, {"type": "visitor", "text": "It hums."}],
    [
        {"speaker": "Nora", "text": "How can I help you?"},
        {"speaker": "Omar", "text": "It hums."},
        {"speaker": "System", "text": "Great!"},
    ],
]


@pytest.mark.parametrize("messages", DESKS)
def test_messages_of_help_desks_say_who_speaks(tmp_path: Path, messages: list[dict[str, object]]) -> None:
    rows = [
        json.dumps({"n": n, "thread": messages}).replace("Omar", name) for n, name in enumerate(("Omar", "Ada", "Li"))
    ]
    found = read(tmp_path, "desk.jsonl", "\n".join(rows))  # one customer who says the same three times says it once
    assert [[text.strip() for text in words(item)] for item in found] == [["It hums."]] * 3


def test_comments_by_other_people_are_no_conversation() -> None:
    assert not looks_like_messages([{"author": "zoe", "body": "I love mine"}, {"author": "kim", "body": "Me too"}])
    assert looks_like_messages([{"author": "zoe", "body": "It hums"}, {"author": "Support", "body": "Great!"}])
    assert looks_like_messages([{"role": "1", "content": "It hums"}, {"role": "2", "content": "Great!"}])


def test_two_conversations_with_one_greeting_do_not_repeat_each_other(tmp_path: Path) -> None:
    greeting = "Agent: Welcome to Lidco, where each kettle is tested twice by people who care about tea and you."
    lines = ["id,chat"] + [f'{n},"{greeting}\nCustomer: {said}"' for n, said in enumerate(["It hums.", "It leaks."])]
    assert [words(item) for item in read(tmp_path, "chats.csv", "\n".join(lines))] == [["It hums."], ["It leaks."]]


def test_quotes_and_signatures_are_set_apart_in_messages(tmp_path: Path) -> None:
    body = "It hums.\n\nOn 3 Jun 2024 Lidco wrote:\n> Great\n\n--\nKim"
    row = {"messages": [{"role": "user", "content": body}, {"role": "agent", "content": "Great!"}]}
    assert [words(item) for item in read(tmp_path, "mail.jsonl", json.dumps(row))] == [["It hums.\n\n"]]
