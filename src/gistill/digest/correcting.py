"""A report's folder in, what people are asked to correct out; and their files back in, kept beside the report."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gistill import files
from gistill.corrections import doccano, label_studio
from gistill.corrections.form import FILE, HandCorrection, load, looks_alike, mark_of, save, together
from gistill.corrections.page import render_page
from gistill.corrections.queue import Item, queue
from gistill.corrections.tasks import Task, as_exact, placed, shown_text
from gistill.digest.correction.spotcheck import frame_key
from gistill.digest.extract import sentences_of
from gistill.digest.report.masking import find_masks, shown
from gistill.digest.report.words import rating
from gistill.digest.spotchecking import load_digest
from gistill.errors import InputError
from gistill.runs import holding
from gistill.schema import Digest, Opinion, Record, Span
from gistill.tables import read_jsonl, write_jsonl

PAGE = "correct.html"
POINTS = 60  # points on the page; of each at most so many opinions to split off:
LISTED = 30


class Correcting(NamedTuple):
    """A report that is being corrected: its digest, what was read in the records it keeps, what was corrected."""

    folder: Path
    digest: Digest
    opinions: list[Opinion]
    corrections: list[HandCorrection]


def open_correcting(folder: Path) -> Correcting:
    """Open a report for correcting.

    A report keeps the texts of those records only that it quotes, so these are what is corrected.

    Raises:
        InputError: It is no report's folder, or its corrections are damaged.
    """
    digest = load_digest(folder)
    read = read_jsonl(folder / "opinions.jsonl", Opinion)
    return Correcting(folder, digest, [one for one in read if one.record in digest.contexts], load(folder / FILE))


def tasks_of(report: Correcting, *, n: int, again: bool, show_names: bool) -> list[Task]:
    """Choose the sentences that teach most, and write them as they may be shown.

    Args:
        report: See `open_correcting`.
        n: How many at most.
        again: Whether to ask about sentences that somebody has judged; a second person's answers tell the agreement.
        show_names: Whether names and addresses of customers are shown.
    """
    records = report.digest.contexts
    sentences = {name: sentences_of(record, ())[0] for name, record in records.items()}
    done = set() if again else {(one.record, one.at[0]) for one in report.corrections if one.record and one.at}
    chosen = queue(sentences, report.opinions, records, n=n, done=done)
    masks = _masks(report.digest, show_names=show_names)
    return [_task(item, masks.get(item.record.id, ())) for item in chosen]


def _masks(digest: Digest, *, show_names: bool) -> dict[str, Sequence[Span]]:
    if show_names or digest.shows_names:
        return {}
    return dict(find_masks(digest.contexts.values()) if digest.masks is None else digest.masks)


def _task(item: Item, masks: Sequence[Span]) -> Task:
    record, span = item.record, item.sentence
    text = shown_text(record.text, masks)[span.start : span.end]
    about = [record.entity or "", "" if record.rating is None else f"rating {rating(record.rating)}"]
    return Task(
        record=record.id,
        at=(span.start, span.end),
        language=record.language,
        sentence=text,
        marks=tuple(placed(mark_of(one), text) for one in item.opinions),
        ids=tuple(one.id for one in item.opinions),
        why=item.why,
        about=shown_text(", ".join(filter(None, about)), ()),
    )


def write_page(report: Correcting, tasks: Sequence[Task], path: Path, *, show_names: bool) -> None:
    """Write the offline page.

    Raises:
        OSError: It cannot be written.
    """
    digest = report.digest if show_names else shown(report.digest)
    masks = _masks(report.digest, show_names=show_names)
    by_id = {one.id: one for one in report.opinions}
    points: list[dict[str, Any]] = []
    for point, exact in zip(digest.points[:POINTS], report.digest.points[:POINTS], strict=True):
        some = [by_id[name] for name in exact.opinions if name in by_id][:LISTED]
        words = [(one.id, _words(one, report.digest.contexts[one.record], masks)) for one in some]
        points.append(
            {
                "id": exact.id,
                "name": shown_text(point.name, ()),
                "direction": exact.direction,
                "people": exact.tally.people,
                "opinions": exact.opinions,
                "quotes": words,
            }
        )
    command = f"gistill correct {report.folder.name} --read corrections.jsonl"
    title, hides = shown_text(digest.title, ()), not (show_names or report.digest.shows_names)
    page = render_page(tasks, points, title=title, command=command, key=frame_key(report.digest), hides=hides)
    files.write(path, page)


def _words(opinion: Opinion, record: Record, masks: dict[str, Sequence[Span]]) -> str:
    return shown_text(record.text, masks.get(record.id, ()))[opinion.sentence.start : opinion.sentence.end].strip()


def write_tasks(tasks: Sequence[Task], path: Path, tool: str, *, model: str = "") -> None:
    """Write the sentences for `label-studio` (with its labelling interface beside, .xml) or `doccano`.

    Raises:
        InputError, OSError: It cannot be written.
    """
    if tool == "doccano":
        write_jsonl(path, doccano.lines(tasks))
        return
    found = label_studio.tasks_json(tasks, model=model)
    files.write(path, json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    files.write(path.with_suffix(".xml"), label_studio.label_config())


def read_back(report: Correcting, paths: Sequence[Path], *, author: str | None = None) -> list[HandCorrection]:
    """Take people's files into the report's corrections.jsonl, each correction once, with the exact texts.

    Args:
        report: See `open_correcting`.
        paths: Files of the page, of Label Studio (JSON) or doccano (JSON lines).
        author: Of doccano's files, and of lines that name none; None takes the file's name for doccano.

    Returns:
        All corrections of the report now.

    Raises:
        InputError: A file is none of these, or damaged; nothing was taken then.
        OSError: It cannot be written.
    """
    with holding(report.folder):
        before = load(report.folder / FILE)
        given = [_exact(report, one) for path in paths for one in _read(path, author)]
        every = together(before, given)
        save(report.folder / FILE, every)
    return every


def _exact(report: Correcting, one: HandCorrection) -> HandCorrection:
    record = report.digest.contexts.get(one.record or "")
    if record is None or one.at is None or not one.sentences:
        return one
    sentence = record.text[slice(*one.at)]
    return as_exact(one, sentence) if looks_alike(one.sentences[0], sentence) else one


def _read(path: Path, author: str | None) -> list[HandCorrection]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("is not UTF-8", file=str(path)) from None
    try:
        if re.match(r"\s*\[", text):
            found = label_studio.corrections_of(json.loads(text))
        elif "entities" in (json.loads(text.lstrip().partition("\n")[0]) if text.strip() else {}):
            rows = [json.loads(line) for line in text.splitlines() if line.strip()]
            return doccano.corrections_of(rows, author=author or path.stem)
        else:
            found = load(path)
    except ValueError as error:
        raise InputError(f"is no file of corrections: {error}", file=str(path)) from None
    return [one if one.author else one.model_copy(update={"author": author}) for one in found]
