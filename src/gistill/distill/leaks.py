"""The texts that nothing may be trained on, because they are what it will be measured by."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gistill.corpora import index
from gistill.corpora.labelled import fingerprint
from gistill.errors import SettingError
from gistill.sentences import split
from gistill.train.writer.examples import open_test_texts

ALL = "all"
_STOCK = 40  # characters; what is shorter recurs by chance


class Apart(NamedTuple):
    """Fingerprints of test texts, the sets they are from, and the open tests that could not be looked at."""

    prints: frozenset[str]
    sets: tuple[str, ...]
    missing: tuple[str, ...]


def test_texts(names: Sequence[str], folder: Path | None) -> Apart:
    """Fingerprint the texts of test sets.

    Args:
        names: Sets by name, or "all" for every open test in the folder; none for no check.
        folder: The folder of public data; may be None only where nothing is named.

    Raises:
        SettingError: No such set, or no folder.
        InputError: A named set is not in the folder.
    """
    if not names:
        return Apart(frozenset(), (), ())
    if folder is None:
        raise SettingError("the test sets are in the folder of public data", hint="Give it with --data.")
    prints: set[str] = set()
    missing: list[str] = []
    for name in names:
        if name == ALL:
            found, missing = open_test_texts(folder)
            prints |= found
        else:
            for example in index.load(name, folder=folder):
                prints |= {fingerprint(example.text), *_pieces(example.text)}
    return Apart(frozenset(prints - {""}), tuple(names), tuple(missing))


def _pieces(text: str) -> set[str]:
    """Fingerprint the clauses a long sentence would be cut into, where they are long enough to be its own."""
    return {fingerprint(text[s.start : s.end]) for s in split(text) if s.end - s.start > _STOCK}
