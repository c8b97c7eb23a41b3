"""Rows of a chat's export that nobody wrote: who joined or left, what was pinned, what a program posted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from gistill.schema import Failure
from gistill.tables.asked import tokens
from gistill.tables.shapes.sheets import Row, Rows
from gistill.tables.values import cell_text

_KINDS = frozenset(["subtype", "type", "messagetype", "eventtype", "messagesubtype", "t", "kind", "event"])
# What chats call such a row, in a column of kinds. Whole names only: "service_request" is a customer's.
_HAPPENED = re.compile(
    r"(?:channel|group|mpim|conversation)_(?:join|leave|topic|purpose|name|archive|unarchive|convert\w*|posting\w*|move)|"
    r"bot_(?:message|add|remove|enable|disable)|(?:un)?pinned_item|reminder_(?:add|delete)|tombstone|slackbot_response|"
    r"joiner_notification\w*|sh_room_\w+|huddle_thread|app_conversation_\w+|ekm_access_denied|"
    r"system_(?:join|leave|add|remove|header|displayname|purpose|channel|convert|ephemeral|guest|combined|me_)\w*|"
    r"systemEventMessage|"
    r"RecipientAdd|RecipientRemove|Channel(?:Name|Icon)Change|ChannelPinnedMessage|GuildMemberJoin|UserJoin|GuildBoost\w*|"
    r"UserPremiumGuildSubscription\w*|ThreadCreated|AutoModerationAction|"
    r"m\.room\.(?!message$)\w+"
)
_SERVICE = "service"  # says so only in a column whose other cells are "message"
_PROGRAM = re.compile(r"B[0-9A-Z]{6,}|[Tt]rue")  # a program's id begins with B, a person's with U or W
# "<@U024BE7LH> has joined the channel": who speaks of itself so is the chat.
_SAID = re.compile(
    r"<@[UW][0-9A-Z]+(?:\|[^>\n]*)?> (?:has )?(?:joined|left|(?:un)?archived|renamed|was (?:added|removed)|"
    r"(?:un)?pinned|(?:set|cleared|changed) the (?:channel|group|conversation)|added an integration|"
    r"has (?:invited|enabled|disabled))\b"
    r".{0,40}(?:channel|group|conversation|topic|purpose|description|integration|to join|message)\b",
    re.DOTALL,
)


def find_services(header: Sequence[str], rows: Sequence[Mapping[str, object]]) -> frozenset[str]:
    """Find the columns that tell messages from what a service writes, and tell nothing else."""
    kinds = filter(_is_kind, header)
    return frozenset(
        name for name in kinds if {cell_text(row.get(name)).strip() for row in rows} - {""} == {_SERVICE, "message"}
    )


def without_notices(rows: Rows, services: frozenset[str]) -> Rows:
    """Set the rows that nobody wrote apart, as failures of kind `automatic` in their places."""
    for row in rows:
        why = _why(row.cells, services) if isinstance(row, Row) else ""
        yield Failure(kind="automatic", row=row.number, detail=why) if isinstance(row, Row) and why else row


def _why(cells: Mapping[str, object], services: frozenset[str]) -> str:
    """Say in a clause why nobody wrote a row; empty where somebody did."""
    for name, cell in cells.items():
        if isinstance(cell, str) and cell.startswith("<@") and _SAID.match(cell):
            return "says what happened in the chat"
        if _is_kind(name):
            kind = cell_text(cell).strip()
            if _HAPPENED.fullmatch(kind) or (kind == _SERVICE and name in services):
                return f"its {name!r} is {kind!r}"
        elif _is_program(name) and (cell is True or _PROGRAM.fullmatch(cell_text(cell).strip())):
            return "a program wrote it"
    return ""


@cache
def _is_kind(name: str) -> bool:
    return "".join(tokens(name.rpartition(".")[2])) in _KINDS


@cache
def _is_program(name: str) -> bool:
    """Say whether a column holds programs' ids ("bot_id"), or whether the author is one ("author.isBot")."""
    words = tokens(name)
    return words[-2:] == ["bot", "id"] or words[1:] == ["is", "bot"]
