"""Groups of quotes about one thing that a large language model sorted into points, as a reader of reports would.

A group is 8 to 26 quotes by as many people, of one domain and one category. Each quote is in one point, or in the rest
that fits none; a point of a single quote is something said once. The parts are of different texts. Marked in November
2026 by a large language model, by reading; docs/evaluation.md says what is measured with them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gistill.categories import CODES
from gistill.corpora.marks import ENGLISH, KIND_OF, PARTS, folder_of, polarity_of, read_marks
from gistill.errors import InputError
from gistill.files import hash_bytes
from gistill.schema import Polarity

FILE = "points.jsonl"
SHA256 = "3e79011375c4555e26813c6c4ed974f301def2cd7f01b3afe3465d2d905cf6f6"


@dataclass(frozen=True, slots=True)
class Said:
    """One quote: a sentence, and the opinion in it that is sorted.

    Attributes:
        sentence: The whole sentence, or the part of it that was shown.
        words: The words of the opinion; they stand in the sentence.
        aspect: The words that name the thing; None where nothing is named.
        polarity: The direction.
        strength: -2 to 2.
        kind: Evaluation, fact or wish.
    """

    sentence: str
    words: str
    aspect: str | None
    polarity: Polarity
    strength: int
    kind: str


@dataclass(frozen=True, slots=True)
class PointGroup:
    """Quotes about one thing, and which of them say alike.

    Attributes:
        id: Number of the group in the file.
        domain: Where the quotes are from: "hotel", "toy" and so on.
        category: A code of gistill.categories.
        said: The quotes; each is of another person.
        points: Of each point its name and the places of its quotes in `said`; no quote is in two.
    """

    id: int
    domain: str
    category: str
    said: tuple[Said, ...]
    points: tuple[tuple[str, tuple[int, ...]], ...]

    @property
    def labels(self) -> list[int]:
        """One number for each quote, the same for the quotes of a point; a quote in no point has one of its own."""
        labels = [len(self.points) + place for place in range(len(self.said))]
        for number, (_, members) in enumerate(self.points):
            for member in members:
                labels[member] = number
        return labels


def load(part: str, *, folder: Path) -> list[PointGroup]:
    """Load the groups of one part.

    Args:
        part: "train", "dev" (choose on it) or "test" (report on it, never choose).
        folder: The data folder; the marks stand beside it.

    Raises:
        InputError: There is no such part, or the file is missing or differs from the one that scores were made with.
    """
    if part not in PARTS:
        raise InputError(f"there is no part {part!r}", hint=f"Parts: {', '.join(PARTS)}.")
    path = folder_of(folder) / FILE
    if not path.is_file():
        raise InputError("no such file", file=str(path), hint="The marks are in `teacher`, beside the data folder.")
    data = path.read_bytes()
    if hash_bytes(data) != SHA256:
        raise InputError("the file differs from the one that scores were made with", file=str(path))
    rows = map(json.loads, data.decode("utf-8").splitlines())
    return [parse(row) for row in rows if row["part"] == part]


def load_more(path: Path, *, folder: Path) -> list[PointGroup]:
    """Load further groups to learn from, whose quotes of marked texts are named and not held.

    Args:
        path: A file such as `benchmarks/taught/points.jsonl`. An item is written out as in `points.jsonl`, or it is the
            id of a marked text and the number of one of its opinions.
        folder: The data folder; the marks that quotes are of stand beside it.

    Raises:
        InputError: A text that is named is not among the training parts of the marks.
    """
    groups = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    wanted = {item[0] for group in groups for item in group["items"] if isinstance(item, list)}
    marked: dict[str, dict[str, Any]] = {}
    for name in ENGLISH if wanted else ():
        for line in read_marks(name, folder=folder).splitlines():
            row = json.loads(line)
            if row["id"] in wanted and row["part"] == "train":
                marked[row["id"]] = row
    if missing := sorted(wanted - set(marked)):
        raise InputError(f"no marked text {missing[0]!r} to learn from", file=str(path))

    def quoted(item: Any) -> dict[str, Any]:
        if isinstance(item, dict):
            return item
        mark = marked[item[0]]["opinions"][item[1]]
        kept = {name: mark[name] for name in ("aspect", "level", "kind")}
        return {"quote": marked[item[0]]["sentences"][mark["sentence"]], "words": mark["opinion"], **kept}

    return [parse({**group, "items": list(map(quoted, group["items"]))}) for group in groups]


def parse(row: dict[str, Any]) -> PointGroup:
    """Turn a row of the file into a group.

    Raises:
        InputError: The category is none, or a quote is in two points or in none that is there.
    """
    said = tuple(
        Said(
            item["quote"],
            item["words"],
            item["aspect"],
            polarity_of(item["level"]),
            item["level"],
            KIND_OF[item["kind"]],
        )
        for item in row["items"]
    )
    points = tuple((point["text"], tuple(point["members"])) for point in row["points"])
    members = [member for _, one in points for member in one]
    if row["about"] not in CODES:
        raise InputError(f"group {row['n']}: there is no category {row['about']!r}")
    if len(set(members)) != len(members) or not set(members) <= set(range(len(said))):
        raise InputError(f"group {row['n']}: a quote is in two points, or in one that is not there")
    return PointGroup(row["n"], row["domain"], row["about"], said, points)


def pools(groups: list[PointGroup], *, least: int = 500) -> list[list[PointGroup]]:
    """Put groups of one category together until each pool has many quotes, as the categories of real files have.

    Which quotes of two groups say alike nobody marked: sort a pool as a whole, and score it group by group.

    Args:
        groups: Of one part.
        least: Quotes that a pool should have. What is left of a category joins its last pool; a category with fewer
            quotes in all is left out.

    Returns:
        The groups of each pool.
    """
    found: list[list[PointGroup]] = []
    for category in CODES:
        bins: list[list[PointGroup]] = [[]]
        for group in (one for one in groups if one.category == category):
            if _size(bins[-1]) >= least:
                bins.append([])
            bins[-1].append(group)
        if len(bins) > 1 and _size(bins[-1]) < least:
            last = bins.pop()
            bins[-1].extend(last)
        found += [one for one in bins if _size(one) >= least]
    return found


def _size(groups: list[PointGroup]) -> int:
    return sum(len(group.said) for group in groups)
