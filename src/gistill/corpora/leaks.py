"""What of a training set stands in a test set: texts are compared by their letters and digits alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from gistill.corpora import aste, dmaste, index, mams, towe
from gistill.corpora.labelled import Labelled
from gistill.corpora.sentences import by_sentence
from gistill.errors import InputError, SettingError
from gistill.sentences import split

ALL = "all"
_STOCK = 40  # characters; what is shorter recurs by chance ("highly recommended")


class _WithText(Protocol):
    @property
    def text(self) -> str: ...


Text = TypeVar("Text", bound=_WithText)


class Apart(NamedTuple):
    """Fingerprints of test texts, the sets they are from, and the open tests that could not be looked at."""

    prints: frozenset[str]
    sets: tuple[str, ...]
    missing: tuple[str, ...]


class Leak(NamedTuple):
    """How many texts of a training set stand in a test set, by letters and digits only."""

    train: str
    test: str
    texts: int  # of the training set
    found: int  # of those, also in the test set
    long: int  # of those, longer than a stock phrase that anybody writes


def fingerprint(text: str) -> str:
    """Reduce a text to what leak checks compare: letters and digits only, case folded."""
    return re.sub(r"[\W_]+", "", text.casefold())


def without_leaks(examples: Iterable[Text], test: Iterable[_WithText]) -> tuple[list[Text], int]:
    """Drop the examples whose text also stands in a test set.

    Args:
        examples: What would be trained on.
        test: What will be reported on; sentences and whole reviews alike.

    Returns:
        The kept examples and how many were dropped.
    """
    tests = _prints(test)
    examples = list(examples)
    kept = [example for example in examples if fingerprint(example.text) not in tests]
    return kept, len(examples) - len(kept)


def count_leaks(train: Sequence[str], test: Sequence[str], *, folder: Path) -> list[Leak]:
    """Count, for every pair of sets, how many training texts stand in the test.

    SemEval-derived sets share their sentences, so "another corpus" says nothing; this does.

    Args:
        train: Names of the sets that will be trained on.
        test: Names of the sets that will be reported on.
        folder: The data folder.

    Returns:
        A row per pair, in the order given, also where nothing was found.
    """
    tests = {name: _prints(index.load(name, folder=folder)) for name in test}
    rows = []
    for name in train:
        examples = index.load(name, folder=folder)
        for other in test:
            found = [e for e in examples if fingerprint(e.text) in tests[other]]
            rows.append(Leak(name, other, len(examples), len(found), sum(len(e.text) > _STOCK for e in found)))
    return rows


def _prints(examples: Iterable[_WithText]) -> set[str]:
    """Give what leaks are looked for by; a text without letters and digits says nothing that could leak."""
    return {fingerprint(example.text) for example in examples} - {""}


def open_tests(folder: Path) -> list[Labelled]:
    """Load every test text that a reader's scores are reported on, whole and cut into sentences."""
    reviews = [example for domain in dmaste.DOMAINS for example in dmaste.load(domain, "test", folder=folder)]
    tests = reviews + [
        sentence for review in reviews for sentence in by_sentence(review) if len(sentence.text) > _STOCK
    ]
    tests += mams.load("test", folder=folder)
    for domain in ("14lap", "14res"):
        tests += aste.load(domain, "test", folder=folder) + towe.load(domain, "test", folder=folder)
    return tests


def open_test_texts(folder: Path | None) -> tuple[set[str], list[str]]:
    """Fingerprint every open test of the data folder, and name those that are not there."""
    if folder is None:
        return set(), []
    tests = {name.partition(":")[0]: name for name in index.names() if index.is_test(name)}
    found: set[str] = set()
    missing = []
    for place, name in tests.items():
        try:
            found |= _prints(index.load(name, folder=folder))
        except InputError:
            missing.append(place)
    if not missing:  # whole reviews too, not only their sentences
        found |= _prints(open_tests(folder))
    return found, missing


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
        raise SettingError("--tests needs the folder of the public data sets", hint="Give it with --data.")
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
