"""How a run ends honestly: what is refused because nothing was read, and what is said of languages nobody knew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from gistill.errors import InputError, ModelMissingError
from gistill.reader import find_reader
from gistill.schema import Answered, Failure, Record
from gistill.tables import TableInfo

# Rows that the file, and not the customer, kept from being read.
_OF_THE_FILE = ("bad_row", "unreadable")
_KINDS = {
    "empty": "hold no text",
    "no_comment": "hold no comment",
    "filler": "say nothing (N/A, none, see above)",
    "deleted": "were deleted",
    "automatic": "were written by a program",
    "agent": "are the company's own",
    "owner_reply": "are the owner's replies",
    "duplicate": "repeat others",
    "near_duplicate": "nearly repeat others",
    "not_text": "hold no words",
    "too_long": "are too long",
    "bad_row": "could not be read because of the file",
    "unreadable": "could not be read because of the file",
    "language_not_read": "are in a language that the reader does not know",
    "nothing_to_read": "hold nothing that a customer wrote",
}


def refuse_broken(failures: Mapping[str, int], kept: int, info: TableInfo | None = None) -> None:
    """End a run of which nothing can be said: no record is left, or the file kept most of them from being read.

    Rows without a comment, agents' rows, deleted posts, repeats and unknown languages are no reason to refuse while
    anything else is left.

    Args:
        failures: How many rows were set apart, by kind.
        kept: How many records are left to be read, or sentences of them.
        info: What is known of the source, to name it in the error.

    Raises:
        InputError: Nothing was read, or more than half of the rows that hold a text could not be.
    """
    file = info.file if info else ""
    broken = sum(failures.get(kind, 0) for kind in _OF_THE_FILE)
    if not kept:
        why = listed(failures) or "there are no rows"
        raise InputError(f"nothing was read: {why}", file=file)
    with_text = kept + broken + sum(failures.get(kind, 0) for kind in ("duplicate", "near_duplicate", "filler"))
    if broken > 0.5 * with_text:
        raise InputError(
            f"{broken:,} of {with_text:,} rows with a text could not be read because of the file",
            file=file,
            hint="See its encoding (--encoding), its form (--format) or the rows that `gistill extract` names.",
        )


def listed(failures: Mapping[str, int]) -> str:
    """Say how many rows were set apart and why, most frequent first; empty where none was."""
    return ", ".join(
        f"{count:,} {_KINDS.get(kind, kind) if count > 1 else _one(_KINDS.get(kind, kind))}"
        for kind, count in sorted(failures.items(), key=lambda item: (-item[1], item[0]))
        if count
    )


def _one(words: str) -> str:
    verbs = {"hold": "holds", "say": "says", "were": "was", "are": "is", "repeat": "repeats", "nearly": "nearly"}
    first, _, rest = words.partition(" ")
    return f"{verbs.get(first, first)} {rest}".replace("nearly repeat ", "nearly repeats ")


def languages_note(failures: Mapping[str, int], records: int) -> str:
    """Say which share of the records is in a language that the reader does not know; empty where none is.

    Where the reader of more languages is not installed, it says what brings it.
    """
    count = failures.get("language_not_read", 0)
    if not count:
        return ""
    what = "1 record is" if count == 1 else f"{count:,} of {records:,} records ({100 * count / records:.0f}%) are"
    try:
        find_reader("multilingual")
    except ModelMissingError as missing:
        more = f" Twelve more languages are read by another reader: {missing.hint}"
    else:
        more = ""
    return f"{what} in a language that the reader does not know, and set apart.{more}"


def count_failures(failures: Sequence[Failure]) -> Counter[str]:
    """Count failures by kind."""
    return Counter(failure.kind for failure in failures)


def answered(records: Sequence[Record], main: str) -> tuple[Answered, ...]:
    """Count what the records answered to each question for a rating.

    Args:
        records: What was read.
        main: How the column of `Record.rating` is called.
    """
    by_question: dict[str, list[float]] = {}
    for record in records:
        if record.rating is not None:
            by_question.setdefault(main, []).append(record.rating)
        for question, rating in record.ratings.items():
            by_question.setdefault(question, []).append(rating)
    order = sorted(by_question, key=lambda question: question != main)
    return tuple(_answered(question, by_question[question]) for question in order)


def _answered(question: str, ratings: Sequence[float]) -> Answered:
    counts = Counter(ratings)
    shown = {f"{rating:g}": counts[rating] for rating in sorted(counts)}
    mean = round(sum(ratings) / len(ratings), 4) if ratings else None
    return Answered(question=question, answers=len(ratings), mean=mean, counts=shown)
