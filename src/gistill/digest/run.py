"""Walk 1, whole: records -> screen -> extract -> group -> summarize -> report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial, wraps
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, ParamSpec, cast

from gistill.digest.briefs.in_digest import with_briefs
from gistill.digest.correction.applying import corrected
from gistill.digest.correction.by_hand import counted_by_hand, load_corrections, with_corrections
from gistill.digest.ends import answered, count_failures, rated_alone, refuse_broken
from gistill.digest.extract import Progress, SentenceReader, extract, extract_to, language_of
from gistill.digest.group.grouping import Grouping, group, with_topics
from gistill.digest.group.taxonomy import Taxonomy
from gistill.digest.intent import with_intent
from gistill.digest.report.attacks import with_attacks
from gistill.digest.report.masking import with_masks
from gistill.digest.report.writing import write_report
from gistill.digest.steps import Steps, assemble, prepare_folder, sift, with_points, with_preset, write_manifest
from gistill.digest.summary.summarizing import summarize
from gistill.errors import ExtraMissingError, InputError, ModelMissingError
from gistill.files import hash_text
from gistill.likeness import Likeness, load_likeness
from gistill.lm import LanguageModel, load_writer
from gistill.presets import preset_of
from gistill.reader import load_readers
from gistill.runs import holding
from gistill.schema import Digest, Failure, Opinion, Record, Summary
from gistill.screen import screen
from gistill.tables import Records as TableRecords
from gistill.tables import TableInfo, is_frame, read_jsonl, read_records, tell, write_jsonl
from gistill.vectors import TermVectors, load_vectors

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame

Given = ParamSpec("Given")


def _alone(walk: Callable[Given, Digest]) -> Callable[Given, Digest]:
    """Keep other runs out of the folder, which `walk` takes as a keyword, while it works there."""

    @wraps(walk)
    def held(*args: Given.args, **settings: Given.kwargs) -> Digest:
        place = prepare_folder(cast("str | Path | None", settings.get("folder")))
        with nullcontext() if place is None else holding(place):
            return walk(*args, **settings)

    return held


@_alone
def digest(
    records: Iterable[Record | Failure] | IntoDataFrame,
    *,
    folder: str | Path | None = None,
    reader: SentenceReader | None = None,
    writer: LanguageModel | str | None = "auto",
    taxonomy: Taxonomy | None = None,
    preset: str | None = None,
    corrections: str | Path | None = None,
    seed: int = 0,
    title: str = "",
    min_confidence: float = 0.0,
    show_names: bool = False,
    mask_toxic: bool = False,
    resume: bool = True,
    progress: Progress = lambda step, done, total: None,
    say: Callable[[str], None] = lambda message: None,
) -> Digest:
    """Read records for opinions, count who says what, and summarize it in sentences that can be checked.

    Args:
        records: What `gistill.read_records` gives, or a data frame, which it then reads. Records have different ids.
        folder: Where the report and everything it is made of goes; made if missing. None writes nothing.
        reader: See `gistill.load_reader`; None loads all that are installed.
        writer: What writes the summaries (`gistill.load_writer`), or its name. "auto" is the default writer where
            it is installed; None makes the same report from quotes alone.
        taxonomy: Names the aspects; None lets them follow from the terms.
        preset: How the report is worded, a name of `gistill.presets`; None finds it from the data.
        corrections: A file of what people put right (`gistill correct`), beside the folder's own corrections.jsonl.
        seed: Of everything drawn by lot.
        title: Heading of the report.
        min_confidence: In [0, 1]; less sure opinions are not counted; those whose confidence nobody measured are.
        show_names: Whether the pages show names and addresses of customers; else a marked placeholder stands there.
        mask_toxic: Whether the pages hide sentences that attack people; they are marked and counted all the same.
        resume: Whether to go on from what an earlier run left in the folder.
        progress: Called with step, items done and items in all (None when not known).
        say: Called with a sentence when there is something to say about an earlier run, a missing writer or a wait.

    Returns:
        The digest. The same records, models and settings give the same one, and the same bytes in the folder.

    Raises:
        SettingError: There is no preset of that name.
        InputError: Nothing was read, or few rows could be; two records have one id; folder in use; a path; a bad file.
        ModelMissingError: There is no reader, or no writer of that name.
        OSError: The folder cannot be written; what was extracted is kept.
    """
    preset_of(preset)  # a wrong name ends it before anything is read
    steps, place = Steps(), prepare_folder(folder)
    hand = load_corrections(place, Path(corrections) if corrections else None)
    given = _given(records)
    info = given.info if isinstance(given, TableRecords) else None
    with steps("load models"):
        reader = reader or load_readers()
        writer = _find_writer(writer, say)
        vectors, likeness = load_vectors(), load_likeness()
    with steps("read") as count:
        items = list(_counted(given, progress))
        count(len(items))
    with steps("screen") as count:
        kept, failures = sift(screen(items))
        refuse_broken(count_failures(failures), len(kept), info)
        count(len(items))
    with steps("extract") as count:
        found = _extract(kept, place, reader, resume=resume, progress=progress, say=say)
        refuse_broken(count_failures(failures) + found.failed, found.sentences, info)
        as_read = _sure(found.opinions, min_confidence)
        count(found.sentences)
    with steps("group") as count:
        by_hand = with_corrections(found.opinions, kept, hand)
        sure = _sure(by_hand.opinions, min_confidence)
        grouping = group(sure, kept, vectors=vectors, taxonomy=taxonomy, by=info.by if info else ())
        sure = with_topics(sure, grouping)
        _write_topics(found, grouping)
        count(len(sure))
    with steps("find points") as count:
        grouping, unmatched = with_points(grouping, sure, kept, likeness, hand)
        count(len(grouping.points))
    with steps("summarize") as count:
        summaries = _summarize(grouping, sure, kept, writer, seed, taxonomy, progress=progress, say=say)
        count(len(summaries))
    result = assemble(
        title=title,
        items=items,
        records=kept,
        sentences=found.sentences,
        opinions=sure,
        grouping=grouping,
        summaries=summaries,
        failures=failures,
        failed=found.failed + Counter(unsure=len(found.opinions) - len(as_read)),
        made_with=_models(reader, writer, vectors, likeness, taxonomy)
        | {"seed": str(seed), "min_confidence": _threshold(min_confidence, sure, say)},
    )
    result = with_preset(_rated(result, info, items, failures), preset, sure, kept, info.header if info else (), say)
    result = _finished(_with_source(result, info, kept, grouping), kept, sure, steps, writer, show_names, progress, say)
    told = counted_by_hand(hand, [*by_hand.unattached, *unmatched], as_read, kept)
    result = with_attacks(result, sure, kept, hide=mask_toxic)
    result = corrected(result.model_copy(update={"by_hand": told}), reader, as_read, kept, folder=place, say=say)
    if place is not None:
        with steps("report") as count:
            write_report(result, place, opinions=sure, records=kept)
            count(len(result.aspects))
        write_manifest(place, result, steps.times, repaired=sum(bool(record.pieces) for record in kept))
    return result


def _sure(opinions: Sequence[Opinion], min_confidence: float) -> list[Opinion]:
    return [one for one in opinions if one.confidence is None or one.confidence >= min_confidence]


def _models(
    reader: SentenceReader,
    writer: LanguageModel | None,
    vectors: TermVectors,
    likeness: Likeness,
    taxonomy: Taxonomy | None,
) -> dict[str, str]:
    return {
        "gistill": version("gistill"),
        "reader": f"{reader.name} {reader.hash}",
        "writer": f"{writer.name} {writer.hash}" if writer else "none (quotes alone)",
        "term vectors": vectors.hash,
        "likeness": likeness.hash,
        "taxonomy": hash_text(taxonomy.model_dump_json())[:16] if taxonomy else "none",
    }


def _finished(
    result: Digest,
    records: Sequence[Record],
    opinions: Sequence[Opinion],
    steps: Steps,
    writer: LanguageModel | None,
    show_names: bool,
    progress: Progress,
    say: Callable[[str], None],
) -> Digest:
    """Add what people would do again, the briefs of conversations, and where names of customers stand."""
    result = with_intent(result, records)
    if talks := sum(bool(record.turns) for record in records):
        with steps("write briefs") as count:
            result = with_briefs(
                result, records, opinions, with_model=bool(writer), progress=partial(progress, "write briefs"), say=say
            )
            count(talks)
    return with_masks(result, records, show_names=show_names)


def _with_source(result: Digest, info: TableInfo | None, records: Sequence[Record], grouping: Grouping) -> Digest:
    """Add what was read of the source, and what is counted by."""
    said = tell(info, path=False) if info else ()
    of = {
        record.id: [(one.column, record.meta.get(one.column, "").strip()) for one in grouping.by] for record in records
    }
    contexts = {
        key: one.model_copy(update={"meta": {column: value for column, value in of[key] if value}})
        for key, one in result.contexts.items()
    }
    return result.model_copy(update={"source": said, "by": grouping.by, "contexts": contexts})


def _rated(
    result: Digest, info: TableInfo | None, items: Sequence[Record | Failure], failures: Sequence[Failure]
) -> Digest:
    """Add what people answered to questions for a rating, also those who wrote nothing."""
    apart = {failure.record for failure in failures}
    records = [item for item in items if isinstance(item, Record) and item.id not in apart]
    main = info.columns.get("rating", "rating") if info else "rating"
    ratings = answered(records, main, silent=rated_alone(items, failures))
    return result.model_copy(update={"ratings": ratings})


def _threshold(min_confidence: float, sure: Sequence[Opinion], say: Callable[[str], None]) -> str:
    """Write the lowest confidence that was counted, and to how many opinions it could not be applied."""
    unmeasured = sum(opinion.confidence is None for opinion in sure)
    if not min_confidence or not unmeasured:
        return str(min_confidence)
    opinions = "1 opinion has" if unmeasured == 1 else f"{unmeasured:,} opinions have"
    note = f"{opinions} no measured confidence and {'is' if unmeasured == 1 else 'are'} counted all the same"
    say(f"The lowest confidence counted is {min_confidence}; {note}.")
    return f"{min_confidence} ({note})"


def _given(records: Iterable[Record | Failure] | IntoDataFrame) -> Iterable[Record | Failure]:
    return read_records(records) if is_frame(records) else cast("Iterable[Record | Failure]", records)


def _counted(records: Iterable[Record | Failure], progress: Progress) -> Iterator[Record | Failure]:
    if isinstance(records, str | Path):
        raise InputError("is a path, not records", file=str(records), hint="Pass gistill.read_records(path) instead.")
    for number, record in enumerate(records, 1):
        progress("read", number, None)
        yield record


def _summarize(
    grouping: Grouping,
    opinions: Sequence[Opinion],
    records: Sequence[Record],
    writer: LanguageModel | None,
    seed: int,
    taxonomy: Taxonomy | None,
    *,
    progress: Progress,
    say: Callable[[str], None],
) -> list[Summary]:
    aspects, rules = grouping.aspects, taxonomy.rules if taxonomy else ()
    progress("summarize", 0, len(aspects))
    if writer and aspects:  # all answers come at once, so there is no progress to show
        say(f"{writer.name} writes about {_aspects(len(aspects))}; this can take minutes.")
    summaries = summarize(aspects, opinions, records, writer=writer, seed=seed, total=grouping.total, rules=rules)
    progress("summarize", len(aspects), len(aspects))
    return summaries


def _aspects(count: int) -> str:
    return "1 aspect" if count == 1 else f"{count:,} aspects"


class _Found(NamedTuple):
    opinions: list[Opinion]
    sentences: int
    failed: Counter[str]
    file: Path | None  # where the opinions are, if they are in a file


def _extract(
    records: Sequence[Record],
    folder: Path | None,
    reader: SentenceReader,
    *,
    resume: bool,
    progress: Progress,
    say: Callable[[str], None],
) -> _Found:
    """Extract in memory, or into the folder where an earlier run may have done a part of it."""
    total, records = len(records), _in_main_language(records)
    if folder is None:
        done = extract(records, reader=reader, total=total, progress=progress)
        return _Found(done.opinions, done.sentences, count_failures(done.failures), None)
    path = folder / "opinions.jsonl"
    made = extract_to(path, records, reader=reader, resume=resume, total=total, progress=progress, say=say)
    opinions = list(read_jsonl(path, Opinion)) if made.sentences else []
    return _Found(opinions, made.sentences, Counter(made.failures), path)


def _in_main_language(records: Sequence[Record]) -> Sequence[Record]:
    """Let records that are too short to tell their language have that of most others, where it is not English."""
    told = [language_of(record) for record in records]
    counts = Counter(language for language in told if language)
    main = max(counts, key=lambda language: (counts[language], language), default="en")
    if main == "en" or 2 * counts[main] <= counts.total():
        return records
    return [
        record if language else record.model_copy(update={"language": main})
        for record, language in zip(records, told, strict=True)
    ]


def _write_topics(found: _Found, grouping: Grouping) -> None:
    """Write the taxonomy's topics into the file of opinions."""
    if found.file is not None:
        opinions = with_topics(found.opinions, grouping)
        if opinions != found.opinions:
            write_jsonl(found.file, opinions)


def _find_writer(writer: LanguageModel | str | None, say: Callable[[str], None]) -> LanguageModel | None:
    if not isinstance(writer, str):
        return writer
    if writer != "auto":
        return load_writer(writer)
    try:
        return load_writer(None)
    except (ModelMissingError, ExtraMissingError) as error:
        say(f"No language model for the summaries: {error}. They are made from quotes alone. {error.hint}")
        return None
