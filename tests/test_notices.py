"""Rows of a chat's export that nobody wrote are set apart by name, and everybody else's words are read."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from gistill.schema import Failure, Record
from gistill.screen import customer_spans, screen
from gistill.tables import open_table, read_records

INA, BO, CY = "U01AB2CD3", "U02AB2CD3", "U03AB2CD3"
SLOW, HIDES, FINE = "The search is slow and finds nothing", "The new sidebar hides my folders", "The export is superb"


def said(who: str, text: str, **more: object) -> dict[str, object]:
    return {"type": "message", "user": who, "text": text, "ts": f"1715000{len(text):03}.000100", **more}


SLACK: list[dict[str, object]] = [
    said(INA, f"<@{INA}> has joined the channel", subtype="channel_join"),
    said(INA, SLOW),
    said(BO, f"<@{BO}> set the channel topic: what is bad here", subtype="channel_topic"),
    said("", "Build failed: a terrible error", subtype="bot_message", username="CI", bot_id="B0AB2CD3"),
    said(CY, "Great, ticket 4 was closed", bot_id="B1AB2CD3", bot_profile={"name": "Tickets"}),
    said(BO, HIDES, subtype="thread_broadcast", thread_ts="1715000036.000100"),
    said(BO, f"<@{BO}> has left the channel", subtype="channel_leave"),
    said(CY, FINE),
    said(CY, f"<@{INA}> please tell us when it is mended, I left two days ago"),
]
READ = [(INA, SLOW), (BO, HIDES), (CY, FINE), (CY, f"<@{INA}> please tell us when it is mended, I left two days ago")]


def read(path: Path) -> tuple[list[tuple[str | None, str]], list[str]]:
    """Give author and words of each record that is left, and the kinds of what is set apart."""
    items = list(screen(read_records(path)))
    records = [item for item in items if isinstance(item, Record)]
    words = [(one.author, "|".join(one.text[s.start : s.end] for s in customer_spans(one))) for one in records]
    return words, [item.kind for item in items if isinstance(item, Failure)]


def put(folder: Path, name: str, rows: list[dict[str, Any]]) -> Path:
    path = folder / name
    if name.endswith(".csv"):
        names = list(dict.fromkeys(key for row in rows for key in row if key != "bot_profile"))
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, names, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
    elif name.endswith(".jsonl"):
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    else:
        path.write_text(json.dumps(rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["day.json", "day.jsonl", "day.csv"])
def test_of_a_chats_export_people_are_read_and_notices_and_programs_are_not(tmp_path: Path, name: str) -> None:
    assert read(put(tmp_path, name, SLACK)) == (READ, ["automatic"] * 5)


def test_of_a_whole_export_the_days_are_read_and_the_lists_of_people_are_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "slack.zip", "w") as archive:
        archive.writestr("users.json", json.dumps([{"id": INA, "profile": {"title": "Buyer", "real_name": "Ina"}}]))
        archive.writestr("channels.json", json.dumps([{"id": "C1", "name": "feedback", "members": [INA, BO]}]))
        archive.writestr("feedback/2024-05-06.json", json.dumps(SLACK[:4]))
        archive.writestr("feedback/2024-05-07.json", json.dumps(SLACK[4:]))
    assert read(tmp_path / "slack.zip") == (READ, ["automatic"] * 5)
    assert "users.json" in " ".join(open_table(tmp_path / "slack.zip").info.notes)


def test_without_a_column_of_kinds_the_words_of_a_notice_tell(tmp_path: Path) -> None:
    rows = [{key: row[key] for key in ("ts", "user", "text")} for row in SLACK if "bot_id" not in row]
    assert read(put(tmp_path, "day.csv", rows)) == (READ, ["automatic"] * 3)


@pytest.mark.parametrize(
    ("kind", "notice", "message"),
    [
        ("messageType", "systemEventMessage", "message"),
        ("type", "system_join_channel", ""),
        ("type", "GuildMemberJoin", "Default"),
        ("type", "m.room.member", "m.room.message"),
        ("type", "service", "message"),
    ],
)
def test_other_chats_name_their_notices_too(tmp_path: Path, kind: str, notice: str, message: str) -> None:
    rows = [
        {kind: message, "sender": "Ina", "text": SLOW},
        {kind: notice, "sender": "Bo", "text": "Bo is here now, welcome"},
        {kind: message, "sender": "Bo", "text": HIDES},
    ]
    assert read(put(tmp_path, "chat.csv", rows)) == ([("Ina", SLOW), ("Bo", HIDES)], ["automatic"])


def test_a_program_that_is_marked_as_an_author_is_not_read(tmp_path: Path) -> None:
    rows = [
        {"id": str(n), "content": text, "author": {"name": name, "isBot": name == "Roll"}}
        for n, (name, text) in enumerate([("Ina", SLOW), ("Roll", "You have won a superb prize"), ("Bo", HIDES)])
    ]
    assert read(put(tmp_path, "channel.jsonl", rows)) == ([("Ina", SLOW), ("Bo", HIDES)], ["automatic"])


@pytest.mark.parametrize(
    "kinds", [("service_request", "system_error"), ("service", "billing"), ("message", "bot"), ("join", "leave")]
)
def test_kinds_of_tickets_are_no_notices(tmp_path: Path, kinds: tuple[str, str]) -> None:
    rows = [{"type": kinds[0], "text": SLOW}, {"type": kinds[1], "text": HIDES}, {"type": kinds[0], "text": FINE}]
    assert read(put(tmp_path, "tickets.csv", rows)) == ([(None, SLOW), (None, HIDES), (None, FINE)], [])


def test_an_export_of_programs_alone_says_so_and_counts_each(tmp_path: Path) -> None:
    words, apart = read(put(tmp_path, "day.json", [row for row in SLACK if "bot_id" in row]))
    assert (words, apart) == ([], ["automatic"] * 2)


def test_a_column_that_is_empty_in_most_rows_is_no_id(tmp_path: Path) -> None:
    rows = [*SLACK, said(INA, "And it is too dear", parent_user_id=BO)]
    assert open_table(put(tmp_path, "day.json", rows)).info.columns == {"text": "text", "author": "user", "date": "ts"}
