"""What the walk needs around its steps: the folder, the times, the failures set apart, the whole, the manifest."""

from __future__ import annotations

import json
import platform
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from gistill import files
from gistill.corrections.form import HandCorrection
from gistill.digest.correction.points_by_hand import with_point_corrections
from gistill.digest.group.changes import LEAST, find_changes
from gistill.digest.group.grouping import Grouping
from gistill.digest.group.points import find_points
from gistill.digest.group.tally import counted, tallies_by
from gistill.errors import InputError, SettingError
from gistill.grounding.counting import person
from gistill.likeness import Likeness
from gistill.presets import find_preset
from gistill.runs import LOCK
from gistill.schema import Digest, Failure, Opinion, Record, StepTime, Summary, Unattached

OUTPUTS = (
    *("report.html", "report.md", "report.xlsx", "chart.svg", "digest.json", "points.csv", "aspects.csv"),
    "opinions.jsonl",
)
MARKS = ("spotcheck.jsonl", "corrections.jsonl")  # a person's work: never written over by a report
SOMETIMES = ("corrected.csv", "briefs.csv")  # where the reader's mistakes are known; where there are conversations
INDEX = "explore.sqlite3"  # what the pages of the service and an agent's `compare` count from
ASKED = ("correct.html", "label-studio.json", "label-studio.xml", "doccano.jsonl")  # what `gistill correct` writes
OURS = frozenset(
    {*OUTPUTS, *SOMETIMES, *MARKS, *ASKED, INDEX, LOCK}
    | {"opinions.readings.jsonl", "opinions.manifest.json", "manifest.json"}
)
UNMASKED = ("digest.json", "opinions.jsonl", "opinions.readings.jsonl")  # exact; names of customers stay in them
EXAMPLES = 5  # failures of each kind that are shown as examples


def prepare_folder(folder: str | Path | None) -> Path | None:
    """Make the folder for a report, if one is wanted.

    Raises:
        SettingError: There is a file of that name.
        OSError: It cannot be made.
    """
    if folder is None:
        return None
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise SettingError(f"{place} cannot be a folder: there is a file of that name") from None
    return place


class Steps:
    """Times the steps of a walk, in the order in which they ended."""

    def __init__(self) -> None:
        self.times: list[StepTime] = []

    @contextmanager
    def __call__(self, step: str) -> Iterator[Callable[[int], None]]:
        """Time what is done inside; the value takes the number of items it was done to."""
        began, items = time.perf_counter(), 0

        def count(number: int) -> None:
            nonlocal items
            items = number

        yield count
        self.times.append(StepTime(step=step, seconds=round(time.perf_counter() - began, 3), items=items))


def sift(items: Iterable[Record | Failure]) -> tuple[list[Record], list[Failure]]:
    """Set the failures apart from the records.

    Raises:
        InputError: Two records have the same id; their opinions could not be told apart.
    """
    records: dict[str, Record] = {}
    failures: list[Failure] = []
    for item in items:
        if isinstance(item, Failure):
            failures.append(item)
        elif item.id in records:
            raise InputError(f"two records have the id {item.id!r}", file=item.file, row=item.row)
        else:
            records[item.id] = item
    return list(records.values()), failures


def with_points(
    grouping: Grouping,
    opinions: Sequence[Opinion],
    records: Sequence[Record],
    likeness: Likeness,
    corrections: Sequence[HandCorrection] = (),
) -> tuple[Grouping, list[Unattached]]:
    """Add to a grouping what several people say alike, and what changed over time and between entities.

    Returns:
        The grouping, and the corrections of points that found none.
    """
    found = find_points(opinions, records, embed=likeness.embed, enough=likeness.enough)
    found, unattached = with_point_corrections(found, opinions, records, corrections)
    by: dict[str, list[str | None]] = {"entity": [record.entity for record in records]}
    by |= {one.column: [record.meta.get(one.column, "").strip() or None for record in records] for one in grouping.by}
    counts = counted(opinions, records)
    changes = find_changes(found.points, opinions, records, counts, by=by)
    compared = [point for point in found.points if point.tally.people >= LEAST]
    number = {point.id: i for i, point in enumerate(compared)}
    place = np.array([number.get(found.assignment.get(opinion.id, ""), -1) for opinion in opinions], dtype=np.int64)
    columns = []
    for one in grouping.by:
        rows = tallies_by(counts, place, len(compared), by[one.column])
        columns.append(one.model_copy(update={"points": dict(zip(number, rows, strict=True))}))
    whole = replace(grouping, points=found.points, said_once=len(found.once), changes=changes, by=tuple(columns))
    return whole, unattached


def with_preset(
    digest: Digest,
    given: str | None,
    opinions: Sequence[Opinion],
    records: Sequence[Record],
    columns: Collection[str],
    say: Callable[[str], None],
) -> Digest:
    """Choose the words of the report, and say which were found; what was given is taken as it is."""
    if given is not None:
        return _worded(digest, given, "given")
    categories = Counter(opinion.category for opinion in opinions if opinion.category)
    found = find_preset(columns, categories, turns=any(record.turns for record in records))
    if found is None:
        return _worded(digest, None, "none found")
    name, by = found
    say(f"The report is worded for the preset {name}, found by {by}; --preset chooses another.")
    return _worded(digest, name, f"found by {by}")


def _worded(digest: Digest, name: str | None, how: str) -> Digest:
    made = {**digest.made_with, "preset": f"{name} ({how})" if name else how}
    return digest.model_copy(update={"preset": name, "made_with": made})


def assemble(
    *,
    title: str,
    items: Sequence[Record | Failure],
    records: Sequence[Record],
    sentences: int,
    opinions: Sequence[Opinion],
    grouping: Grouping,
    summaries: Sequence[Summary],
    failures: Sequence[Failure],
    failed: Counter[str],
    made_with: dict[str, str],
) -> Digest:
    """Put a digest together from what the steps made, with every opinion that it cites and the record around each.

    Args:
        title: Heading of the report; empty names what the records are about.
        items: Everything that was loaded, for the count and the hash of the input.
        records: What was read.
        sentences: Number of sentences read.
        opinions: The opinions that were grouped.
        grouping: Their aspects and tallies.
        summaries: What was written about them.
        failures: What was set apart before reading.
        failed: What failed later, by kind.
        made_with: How it was made.
    """
    phrases = [phrase for aspect in grouping.aspects for phrase in (*aspect.pros, *aspect.cons)]
    ids = {cite for summary in summaries for sentence in summary.sentences for cite in sentence.cites}
    ids.update(cite for phrase in phrases for cite in phrase.opinions)
    ids.update(cite for point in grouping.points for cite in point.quotes)
    cited = tuple(opinion for opinion in opinions if opinion.id in ids)
    around = {opinion.record for opinion in cited}
    dates = [record.date for record in records if record.date is not None]
    return Digest(
        title=title or _title(records),
        records=sum(isinstance(item, Record) or item.kind != "boilerplate" or item.row is not None for item in items),
        read=len(records),
        people=len({person(record) for record in records}),
        sentences=sentences,
        opinions=len(opinions),
        tally=grouping.total,
        dates=(min(dates), max(dates)) if dates else None,
        aspects=tuple(grouping.aspects),
        points=grouping.points,
        said_once=grouping.said_once,
        changes=grouping.changes,
        trend=grouping.trend,
        entities=grouping.entities,
        ungrouped=grouping.ungrouped,
        summaries=tuple(summaries),
        cited=cited,
        contexts={record.id: _unnamed(record) for record in records if record.id in around},
        failures=dict(sorted((Counter(failure.kind for failure in failures) + failed).items())),
        failure_examples=_examples(failures),
        made_with={**made_with, "input": input_hash(items)},
    )


def _unnamed(record: Record) -> Record:
    """Leave out what a report that is sent on need not tell: the author, unused columns, whose disk the file is on."""
    return record.model_copy(update={"author": None, "meta": {}, "file": Path(record.file).name if record.file else ""})


def _title(records: Sequence[Record]) -> str:
    """Name a digest after the one thing its records are about, else after their number."""
    entities = {record.entity for record in records}
    only = next(iter(entities)) if len(entities) == 1 else None
    if only:
        return f"What people say about {only}"
    return "What 1 text says" if len(records) == 1 else f"What {len(records):,} texts say"


def _examples(failures: Sequence[Failure]) -> tuple[Failure, ...]:
    """Take the first few failures of each kind."""
    taken: Counter[str] = Counter()
    chosen = []
    for failure in failures:
        taken[failure.kind] += 1
        if taken[failure.kind] <= EXAMPLES:
            chosen.append(failure)
    return tuple(chosen)


def input_hash(items: Iterable[Record | Failure]) -> str:
    """Hash everything that was loaded, in its order; the path of the file does not matter."""
    return files.hash_json([files.hash_text(repr([pair for pair in item if _is_told(*pair)])) for item in items])


def _is_told(field: str, value: object) -> bool:
    """Say whether a field goes into the hash; those that came later do where they hold something.

    `cells` is what `text` was made of, and `pieces` says how.
    """
    later = ("parts", "apart", "pieces", "ratings", "date_unit")
    return field not in ("file", "cells") and (field not in later or value not in ((), {}, "day"))


def write_manifest(folder: Path, digest: Digest, times: Sequence[StepTime], *, repaired: int = 0) -> None:
    """Say beside the report how each file of it was made, from what, and how long that took.

    `repaired` counts the records whose cells were changed before they were read: damaged letters, entities, tags.
    """
    manifest = {
        "title": digest.title,
        "made_with": digest.made_with,
        "python": platform.python_version(),
        "packages": _versions("numpy", "openvino", "openvino-genai", "sentencex", "tokenizers"),
        "counts": {"records": digest.records, "read": digest.read, "repaired": repaired, "opinions": digest.opinions},
        "failures": digest.failures,
        "shows_names": digest.shows_names,
        "unmasked": list(UNMASKED),
        "outputs": _output_hashes(folder),
        "steps": [time.model_dump() for time in times],
    }
    files.write(folder / "manifest.json", json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")


def refresh_manifest(folder: Path) -> None:
    """Hash the files of a report again after some were made again from the same digest."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["outputs"] = _output_hashes(folder)
    files.write(path, json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")


def _output_hashes(folder: Path) -> dict[str, str]:
    there = (name for name in (*OUTPUTS, *SOMETIMES) if name in OUTPUTS or (folder / name).is_file())
    return {name: files.hash_file(folder / name) for name in there}


def _versions(*names: str) -> dict[str, str | None]:
    versions: dict[str, str | None] = {}
    for name in names:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = None
    return versions
