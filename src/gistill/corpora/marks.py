"""Opinions marked for what an analyst needs: a JSON-lines format, and the texts that a large language model marked.

A row: `id, domain, stars, language, part, sentences, opinions`. The text is the sentences joined by a space (by
nothing in Chinese and Japanese). An opinion: `sentence` (its number), `aspect` with `aspect_at` (null where nothing is
named), `opinion` with `opinion_at` (half-open code points within the sentence), `category` (see gistill.categories),
`level` (-2 to 2) and `kind` (o evaluation, f fact, w wish). docs/marking.md says how they were marked.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gistill.categories import CODES, Kind
from gistill.corpora.labelled import Labelled, Triplet
from gistill.corpora.leaks import fingerprint
from gistill.errors import InputError
from gistill.files import hash_bytes, hash_text
from gistill.schema import Polarity

# File -> sha256. Marked in November 2026 by a large language model, by reading. `languages-real` states no licence.
FILES = {
    "reviews": "8c4faa2f5505218e438c7f0d96e55e9ffb4310acdee44f67546e9d77cd69edc2",
    "services": "9432d3e0d6cc76c1e105e1065fafc9a6925535fdc516a0f7e110f3cd39dcad05",
    "contrast": "a6365329fe9c38c9a0643c113c02a0367772cc348574cd91e437b8a680f78291",
    "feedback": "621d8c20c754f6f1a093dbbe845448ce37be31515028aa33077ba48c80876e11",
    "languages-1": "c33a94bf87a7592e8c348b6c43266e96650a98cb8d5f38b4863b987abde79932",
    "languages-2": "d265123175eda440c394d299be3cbdbfddf123a2a8f708244e9bf3924a5d594f",
    "languages-3": "ac62e21daa293c5221454d3f2767f9327276295529ad4e8f16a38d7a60d5f6b7",
    "languages-real": "0780624da4c6399bf04c1a5ddc11e2223917699082f18ca17e64244d2131cbb0",
}
ENGLISH = ("reviews", "services", "contrast", "feedback")
OTHER_LANGUAGES = ("languages-1", "languages-2", "languages-3")
MEASURE_ONLY = ("languages-real",)
PARTS = ("train", "dev", "test")
KIND_OF: dict[str, Kind] = {"o": "evaluation", "f": "fact", "w": "wish"}
_UNSPACED = ("zh", "ja")


def folder_of(data: Path) -> Path:
    """Give the folder of the marks: `teacher` beside the data folder."""
    return data.parent / "teacher"


def load(name: str, part: str, *, folder: Path) -> list[Labelled]:
    """Load one part of one file of marks, a whole text each.

    Args:
        name: A key of `FILES`.
        part: "train", "dev" or "test".
        folder: The data folder; the marks stand beside it.

    Raises:
        InputError: The file is missing, differs from the one the scores were made with, or is measured only and
            `part` is "train".
    """
    if part == "train" and name in MEASURE_ONLY:
        raise InputError(f"the set {name} states no licence, so nothing is trained on it")
    rows = map(json.loads, read_marks(name, folder=folder).splitlines())
    return [labelled(row, source=f"marks/{name}") for row in rows if row["part"] == part]


def read_marks(name: str, *, folder: Path) -> str:
    """Read one file of marks as it is, all parts of it.

    Raises:
        InputError: The file is missing, or differs from the one the scores were made with.
    """
    path = folder_of(folder) / f"{name}.jsonl"
    if not path.is_file():
        raise InputError("no such file", file=str(path), hint="The marks are in `teacher`, beside the data folder.")
    data = path.read_bytes()
    if hash_bytes(data) != FILES[name]:
        raise InputError("the file differs from the one that scores were made with", file=str(path))
    return data.decode("utf-8")


def load_file(path: Path, part: str) -> list[Labelled]:
    """Load one part of a file of marks of one's own; a row that names no part is of the training part.

    Raises:
        InputError: The file is missing, or a row is not a row of marks; names the row.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot be read: {error}", file=str(path)) from error
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if row.get("part", "train") == part:
                found.append(labelled({"id": f"{path.stem}/{number}", **row}, source=f"marks/{path.stem}"))
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            raise InputError(f"is not a row of marks: {error!r}", file=str(path), row=number) from error
        except InputError as error:
            raise InputError(str(error), file=str(path), row=number) from error
    return found


def labelled(row: dict[str, Any], *, source: str) -> Labelled:
    """Turn a row of marks into a labelled text.

    Raises:
        InputError: A quotation does not stand where the row says, or a category, level or kind is none.
    """
    text, starts = joined(row["sentences"], row.get("language") or "en")
    triplets = []
    for mark in row["opinions"]:
        at, sentence = starts[mark["sentence"]], row["sentences"][mark["sentence"]]
        places: list[tuple[int, int] | None] = []
        for name in ("aspect", "opinion"):
            place, words = mark.get(f"{name}_at"), mark[name]
            if (words is None) != (place is None) or (place and sentence[place[0] : place[1]] != words):
                raise InputError(f"{row['id']}: {name} {words!r} does not stand at {place} in its sentence")
            places.append((at + place[0], at + place[1]) if place else None)
        category, level, kind = mark.get("category"), mark["level"], mark.get("kind")
        if (category is not None and category not in CODES) or level not in range(-2, 3):
            raise InputError(f"{row['id']}: no such category or level: {category!r}, {level!r}")
        triplets.append(
            Triplet(places[0], places[1], polarity_of(level), category, KIND_OF[kind] if kind else None, level)
        )
    return Labelled(
        text,
        tuple(triplets),
        implicit_aspects=True,
        implicit_opinions=True,  # an opinion always has words, so one without is known not to be there
        source=source,
        group=str(row.get("group") or row["id"]),
        language=row.get("language") or "en",
        domain=row.get("domain") or "",
    )


def joined(sentences: list[str], language: str) -> tuple[str, list[int]]:
    """Join sentences to the text, and say where each begins in it."""
    gap = "" if language in _UNSPACED else " "
    starts, at = [], 0
    for sentence in sentences:
        starts.append(at)
        at += len(sentence) + len(gap)
    return gap.join(sentences), starts


def polarity_of(level: int) -> Polarity:
    """Give the side of a level: below, at or above 0."""
    return "negative" if level < 0 else "positive" if level > 0 else "neutral"


def held_out(folder: Path) -> frozenset[str]:
    """Load the hashes of every text that must not be learned from in any form; see `is_held_out`."""
    path = folder_of(folder) / "held-out.sha256"
    if not path.is_file():
        raise InputError("no such file", file=str(path))
    return frozenset(path.read_text(encoding="utf-8").split())


def is_held_out(text: str, hashes: frozenset[str]) -> bool:
    """Say whether a whole text's letters and digits, case folded, equal those of a held-out text."""
    return bool(hashes) and hash_text(fingerprint(text)) in hashes
