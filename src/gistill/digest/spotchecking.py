"""A report's folder and the file it was made from in, a spot check out: drawn once, gone on with, and counted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gistill.digest.correction import spotcheck
from gistill.digest.correction.applying import corrected
from gistill.digest.extract import SentenceReader
from gistill.digest.report.writing import write_report
from gistill.digest.steps import input_hash, refresh_manifest, sift
from gistill.errors import InputError
from gistill.schema import Digest, Failure, Opinion, Record
from gistill.screen import screen
from gistill.tables import read_jsonl


class SpotCheck(NamedTuple):
    """A report that is being checked."""

    folder: Path
    digest: Digest
    records: list[Record]
    opinions: list[Opinion]
    reader: SentenceReader
    rows: list[spotcheck.Row]  # what was drawn, in the order in which it is marked


def load_digest(folder: Path) -> Digest:
    """Load the digest of a report's folder.

    Raises:
        InputError: There is none, or it is of another version.
    """
    path = folder / "digest.json"
    if not path.is_file():
        raise InputError("is no folder of a report", file=str(folder), hint="Make one with `gistill digest FILE -o`.")
    try:
        return Digest.model_validate_json(path.read_bytes())
    except ValueError:
        raise InputError("is no digest of this version", file=str(path), hint="Make the report again.") from None


def open_spot_check(
    folder: Path, items: Sequence[Record | Failure], reader: SentenceReader, *, n: int = 100, seed: int = 0
) -> SpotCheck:
    """Draw the sentences to be marked, or load them where they were drawn before.

    Args:
        folder: The report's folder; the drawn sentences go into its `spotcheck.jsonl`.
        items: What the report was made from, as it was loaded.
        reader: What read it.
        n: Sentences to draw, the first time.
        seed: Of the draw.

    Raises:
        InputError: The report was made from other records or by another reader, a file is damaged, or what is drawn in
            the folder is of an earlier report.
    """
    digest = load_digest(folder)
    if input_hash(items) != digest.made_with.get("input"):
        raise InputError("the report was made from other records", file=str(folder), hint="Name its file with --file.")
    if f"{reader.name} {reader.hash}" != digest.made_with.get("reader"):
        raise InputError("another reader made the report", file=str(folder), hint="Name it with --reader.")
    least = float(digest.made_with.get("min_confidence", "0"))
    read = read_jsonl(folder / "opinions.jsonl", Opinion)
    opinions = [one for one in read if not least or (one.confidence is not None and one.confidence >= least)]
    records, key, rows = sift(screen(items))[0], spotcheck.frame_key(digest), spotcheck.load(folder)
    if any(row.drawn is None or row.drawn.frame != key for row in rows):
        hint = "Move spotcheck.jsonl elsewhere to begin a new one; its marks stay good as marks of these sentences."
        raise InputError("the spot check is of an earlier report", file=str(folder / spotcheck.FILE), hint=hint)
    if not rows:
        sentences = spotcheck.frame(records, opinions, getattr(reader, "languages", ()))
        rows = spotcheck.draw_rows(sentences, n, key=key, seed=seed)
        spotcheck.save(folder, rows)
    return SpotCheck(folder, digest, records, opinions, reader, rows)


def count_spot_check(check: SpotCheck) -> Digest:
    """Correct the report by what is marked so far, and write its files again.

    The aspects, summaries and raw figures stay what they were.
    """
    result = corrected(check.digest, check.reader, check.opinions, check.records, folder=check.folder)
    write_report(result, check.folder, opinions=check.opinions, records=check.records)
    refresh_manifest(check.folder)
    return result
