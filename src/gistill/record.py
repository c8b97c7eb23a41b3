"""What was loaded: a record and the stretches of its text, or why there is none. `gistill.schema` has these nouns too.

Frozen, and unknown fields are refused. Offsets are Unicode code points of `Record.text`, half-open.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

# Why a stretch of a record's text is set apart.
ApartReason = Literal[
    "owner_reply",
    "translation",
    "quoted",
    "signature",
    "boilerplate",
    "automatic",
    "agent",
    "status",
    "markup",
]


class Noun(BaseModel):
    """Base of every noun: immutable, and a misspelt field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(Noun):
    """A stretch of a record's text, `[start, end)` in Unicode code points. Never empty."""

    start: int = Field(ge=0)
    end: int

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"span [{self.start}, {self.end}) is empty")
        return self


class Quote(Span):
    """A span together with the words that stand there: `record.text[start:end] == text`."""

    text: str


class Turn(Span):
    """One speaker's stretch of a conversation's text, without the speaker label."""

    role: str


class Part(Span):
    """One of the cells that a record's text is made of, where it is made of several or its column says something."""

    column: str
    question: str | None = None  # what the column is called, where that says what was asked
    side: Literal["positive", "negative"] | None = None  # of what the column asks for: praise or blame


class Apart(Span):
    """A stretch of a record's text that is not the customer's words, and so is read for nothing."""

    reason: ApartReason


class Piece(Span):
    """A stretch of a record's text that stands elsewhere, or otherwise, in the cell as it was.

    Of equal length, it was copied character by character; else it was replaced as a whole.
    """

    cell_start: int = Field(ge=0)  # code points of the cell
    cell_end: int


class Failure(Noun):
    """Something that was asked for and did not come about, by name. Counted in the report, never dropped in silence."""

    kind: str  # empty, duplicate, near_duplicate, too_long, not_text, bad_row, unparsable, truncated, ...
    record: str | None = None
    row: int | None = None
    detail: str = ""


class Record(Noun):
    """A review, a document or a conversation, as it was loaded.

    `id` is its identity, what it is found again by when it is loaded another time: see `tables.read_records`. `text` is
    what offsets count in and is never changed after loading. A conversation's `text` is its messages
    written one under another, and `turns` says who spoke where; only turns of customers are read for opinions.

    Cells of several columns that hold one customer's words are joined by a blank line, and `parts` says which is which,
    in the order of the text; no sentence crosses their borders. Without `parts` the whole text is one cell. What is in
    `apart` (inside of a part or a turn, in the order of the text, never overlapping) is not read and not compared.
    `pieces` leads back to the cells where cells were repaired before they were read: in the order of the text, together
    all of each part that was changed; a part (or a text without parts) in which no piece lies is its cell as it was.
    `cells` keeps the cells that were changed as they were, by column; `pieces` counts in these.
    """

    id: str
    text: str
    parts: tuple[Part, ...] = ()
    apart: tuple[Apart, ...] = ()
    pieces: tuple[Piece, ...] = ()
    cells: dict[str, str] = Field(default_factory=dict)
    turns: tuple[Turn, ...] = ()
    entity: str | None = None  # the product, hotel or service the text is about
    author: str | None = None
    rating: float | None = None
    ratings: dict[str, float] = Field(default_factory=dict)  # answers to other questions for one, by column
    date: dt.date | None = None
    date_unit: Literal["day", "month", "year"] = "day"  # what was given; `date` is then the first of the month or year
    language: str | None = None  # ISO 639-1
    file: str = ""
    row: int | None = None  # 1-based, as an editor counts lines or a sheet counts rows
    meta: dict[str, str] = Field(default_factory=dict)  # the other columns, as text
