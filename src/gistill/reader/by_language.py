"""Several readers as one: each record is read by the first of them that reads its language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gistill.files import hash_text
from gistill.reader.decode import Reading


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
