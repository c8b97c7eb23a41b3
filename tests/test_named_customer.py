"""Who the person of a conversation is, where the only sign is the name under which the customer speaks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gistill.schema import Record
from gistill.tables import read_records


def only(path: Path) -> Record:
    (record,) = [item for item in read_records(path) if isinstance(item, Record)]
    return record


def test_the_customer_of_a_phones_chat_is_the_person(tmp_path: Path) -> None:
    path = tmp_path / "chat.txt"
    path.write_text(
        "25/05/2024, 09:15 - Bea Stone: The kettle leaks\n"
        "25/05/2024, 09:16 - Support Team: Sorry to hear that!\n"
        "25/05/2024, 09:18 - Bea Stone: And the lid is loose\n",
        encoding="utf-8",
    )
    assert only(path).author == "Bea Stone"


@pytest.mark.parametrize(
    "roles",
    [
        ("user", "assistant", "user"),  # a role names nobody
        ("Visitor 8812", "Agent", "Visitor 8812"),
        ("1", "2", "1"),
        ("Bea", "Agent", "Tom"),  # two customers
    ],
)
def test_roles_and_several_customers_name_nobody(tmp_path: Path, roles: tuple[str, str, str]) -> None:
    said = ("The kettle leaks.", "Sorry!", "And the lid is loose.")
    messages = [{"role": role, "content": words} for role, words in zip(roles, said, strict=True)]
    path = tmp_path / "chat.jsonl"
    path.write_text(json.dumps({"id": "c-1", "messages": messages}) + "\n", encoding="utf-8")
    assert only(path).author is None


def test_a_column_of_authors_goes_before_the_name_in_the_messages(tmp_path: Path) -> None:
    messages = [{"role": "Bea", "content": "The kettle leaks."}, {"role": "Agent", "content": "Sorry!"}]
    path = tmp_path / "chat.jsonl"
    rows = [json.dumps({"id": f"c-{n}", "author": f"person {n}", "messages": messages}) for n in range(3)]
    path.write_text("\n".join(rows), encoding="utf-8")
    assert [item.author for item in read_records(path) if isinstance(item, Record)] == [
        "person 0",
        "person 1",
        "person 2",
    ]
