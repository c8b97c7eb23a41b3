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


_WITHOUT_A_WORD = ("empty", "no_comment", "filler", "not_text")


def rated_alone(items: Sequence[Record | Failure], failures: Sequence[Failure]) -> list[Record]:
    """List the records of people who rated and wrote nothing that can be read: their ratings count all the same.

    Args:
        items: All that was read of the source.
        failures: What was set apart of it.
    """
    silent = {failure.record for failure in failures if failure.kind in _WITHOUT_A_WORD}
    return [item for item in items if isinstance(item, Record) and item.id in silent]


def answered(records: Sequence[Record], main: str, *, silent: Sequence[Record] = ()) -> tuple[Answered, ...]:
    """Count what the records answered to each question for a rating.

    Args:
        records: What was read.
        main: How the column of `Record.rating` is called.
        silent: Records without a word; see `rated_alone`.
    """
    read, alone = _by_question(records, main), _by_question(silent, main)
    order = sorted(dict.fromkeys([*read, *alone]), key=lambda question: question != main)
    return tuple(_answered(question, read.get(question, []), alone.get(question, [])) for question in order)


def _by_question(records: Sequence[Record], main: str) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for record in records:
        if record.rating is not None:
            found.setdefault(main, []).append(record.rating)
        for question, rating in record.ratings.items():
            found.setdefault(question, []).append(rating)
    return found


def _answered(question: str, read: Sequence[float], alone: Sequence[float]) -> Answered:
    ratings = [*read, *alone]
    counts = Counter(ratings)
    shown = {f"{rating:g}": counts[rating] for rating in sorted(counts)}
    mean = round(sum(ratings) / len(ratings), 4) if ratings else None
    return Answered(question=question, answers=len(ratings), without_text=len(alone), mean=mean, counts=shown)
