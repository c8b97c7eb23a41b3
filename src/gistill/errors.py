"""The exceptions gistill raises on purpose. Anything else that escapes is a bug.

GistillError                   exit code 1; carries a hint: the next step in one sentence
├── InputError                 exit code 2; what the caller gave cannot be used (file, row, column)
│   ├── RecordError            one row is unusable; counted and skipped, never ends a run
│   ├── UnsureError            nothing tells which columns hold the customers' words
│   └── SettingError           a flag, taxonomy or recipe value is wrong
├── ModelMissingError          no weights where they were looked for; the hint is the command that brings them
├── ModelBrokenError           a model folder is there but does not load or does not fit
├── ServerError                a server cannot be asked: not there, or it refuses us altogether
├── ExtraMissingError          an optional dependency is needed; the hint is the pip command
└── AnchorError                a quotation does not stand in the text it is said to come from

A bad model *answer* is not an exception: it is data, and is counted by name (`schema.Failure`).
"""

from __future__ import annotations


class GistillError(Exception):
    """An error with a next step.

    Args:
        message: One sentence that says what happened, with the offending value.
        hint: One sentence that says what to do about it; empty when there is nothing to suggest.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class InputError(GistillError):
    """What the caller gave cannot be used.

    Args:
        message: One sentence.
        file: The file's path as the caller wrote it.
        row: 1-based row of the file as an editor counts lines or a sheet counts rows; None if not about a row.
        column: Column name as it stands in the header; None if not about a column.
        hint: See `GistillError`.
    """

    exit_code = 2

    def __init__(
        self, message: str, *, file: str = "", row: int | None = None, column: str | None = None, hint: str = ""
    ) -> None:
        place = ", ".join(
            part
            for part in (file, f"row {row}" if row is not None else "", f"column {column!r}" if column else "")
            if part
        )
        super().__init__(f"{place}: {message}" if place else message, hint=hint)
        self.file, self.row, self.column = file, row, column


class RecordError(InputError):
    """One row cannot become a record. Counted under its name and skipped."""


class UnsureError(InputError):
    """Nothing tells which columns hold the customers' words. A terminal asks for them; `columns` are to choose from."""

    def __init__(self, message: str, *, file: str = "", hint: str = "", columns: tuple[str, ...] = ()) -> None:
        super().__init__(message, file=file, hint=hint)
        self.columns = columns


class SettingError(InputError):
    """A flag, a taxonomy entry or a recipe value is wrong."""


class ModelMissingError(GistillError):
    """No weights where they were looked for. The hint is the command that brings them."""


class ModelBrokenError(GistillError):
    """A model folder exists but does not load, or is of another kind or version than asked for."""


class ServerError(GistillError):
    """A server cannot be asked: it is not there, knows no such model, or refuses our key. One bad answer is data."""


class ExtraMissingError(GistillError):
    """An optional dependency is needed. The hint is the pip command that installs it."""


class AnchorError(GistillError):
    """A quotation does not stand in the text it is said to come from."""
