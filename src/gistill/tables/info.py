"""What was found out about a source."""

from __future__ import annotations

import datetime as dt

from pydantic import Field

from gistill.schema import Noun


class TableInfo(Noun):
    """What was found out about a source, for showing to the user before it is read."""

    file: str
    format: str  # one of formats.FORMATS
    encoding: str | None  # None for binary formats and folders
    delimiter: str | None  # None where there is none, also for a table of one column
    has_header: bool
    header: tuple[str, ...]
    columns: dict[str, str]  # role -> column; of several text columns the first
    texts: tuple[str, ...] = ()  # columns with the customer's words, in the order of the file
    questions: dict[str, str] = Field(default_factory=dict)  # text column -> what was asked, where not its name
    question: str | None = None  # the column whose cells say what the row's text answers
    dated: tuple[str, ...] = ()  # the columns of year, month and perhaps day, where no column is the date
    ratings: tuple[str, ...] = ()  # columns with answers to other questions for a rating
    unread: dict[str, str] = Field(default_factory=dict)  # column that holds text -> in a clause, why it is not read
    by: tuple[str, ...] = ()  # columns that a digest counts by
    as_of: dt.date | None = None  # the day that "2 weeks ago" is counted from; None leaves such dates empty
    day_first: bool | None  # how "03/04/2024" is read; None where there is no date column
    notes: tuple[str, ...] = ()  # sentences without a full stop: choices the user may want to overrule
