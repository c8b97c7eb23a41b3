"""Several readers as one: each record is read by the first of them that reads its language."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from gistill.errors import ModelMissingError
from gistill.files import hash_text
from gistill.reader.decode import Reading
from gistill.reader.model import Reader, load_reader


class OneReader(Protocol):
    """What is known of each: `gistill.reader.Reader` is one."""

    name: str
    hash: str
    languages: tuple[str, ...]

    def read(self, sentences: Sequence[str]) -> list[list[Reading]]:
        """See `Reader.read`."""


class ReadersByLanguage:
    """Readers of different languages, in the order in which they are asked.

    Attributes:
        languages: Of all of them, ISO 639-1.
        hash: Changes when one of them does, or their order.
    """

    def __init__(self, readers: Sequence[OneReader]) -> None:
        """Take at least one reader."""
        self.readers = tuple(readers)
        self.name = " + ".join(reader.name for reader in readers)
        self.hash = hash_text(" ".join(reader.hash for reader in readers))[:16]
        self.languages = tuple(dict.fromkeys(language for reader in readers for language in reader.languages))

    def for_language(self, language: str | None) -> OneReader:
        """Give the reader of a language, ISO 639-1; the first where it is not known or nobody reads it."""
        return next((reader for reader in self.readers if language in reader.languages), self.readers[0])

    def read(self, sentences: Sequence[str]) -> list[list[Reading]]:
        """Read sentences of unknown language, with the first reader; see `Reader.read`."""
        return self.readers[0].read(sentences)


def load_readers(path: str | Path | None = None) -> Reader | ReadersByLanguage:
    """Load what reads when nothing else is said.

    Args:
        path: A folder or a name: that reader alone; see `find_reader`. None, where `GISTILL_READER` names none either,
            is the small one, and for the languages that it does not read the multilingual one where that is installed,
            which is loaded when the first record in such a language comes.

    Raises:
        ModelMissingError: There is no reader of that name, or in that folder.
        ModelBrokenError: A folder is incomplete, damaged or of a newer format.
    """
    first = load_reader(path)
    if path is not None or os.environ.get("GISTILL_READER"):
        return first
    try:
        return ReadersByLanguage([first, load_reader("multilingual", now=False)])
    except ModelMissingError:
        return first
