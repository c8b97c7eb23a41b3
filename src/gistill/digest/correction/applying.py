"""A report's readings in, its figures out as they would be without the reader's mistakes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gistill.digest.correction import spotcheck
from gistill.digest.correction.known_error import Corrector
from gistill.digest.extract import SentenceReader, language_of
from gistill.digest.group.tally import Counted, counted
from gistill.evaluate.error_rates import load_error_rates
from gistill.schema import Aspect, CategoryCorrected, Corrected, Correction, Digest, Opinion, Record

MOST = 0.9  # of the records one reader must have read for its mistakes to stand for those of the report


def corrected(
    digest: Digest,
    reader: SentenceReader,
    opinions: Sequence[Opinion],
    records: Sequence[Record],
    *,
    folder: Path | None,
    say: Callable[[str], None] = lambda message: None,
) -> Digest:
    """Add to a digest its figures as they would be without the reader's mistakes, as far as these are known.

    Args:
        digest: What was made of the opinions.
        reader: What read; its folder may hold its error rates.
        opinions: What it read and what is counted of it, before any mark that somebody chose to make.
        records: All records that were read.
        folder: The report's folder, where a spot check may be.
        say: Called with a sentence where something is known that cannot be used.

    Raises:
        InputError: A file of error rates or of a spot check is damaged.
    """
    seed = int(digest.made_with.get("seed", "0"))
    found = [known_error(reader, opinions, records, digest.aspects, seed=seed, say=say)]
    rows = spotcheck.load(folder) if folder is not None else []
    if rows:
        try:
            sentences = spotcheck.frame(records, opinions, getattr(reader, "languages", ()))
            found.append(spotcheck.estimate(rows, sentences, key=spotcheck.frame_key(digest)))
        except ValueError as error:
            say(f"The spot check in the folder is not used: {error}.")
    return digest.model_copy(update={"corrections": tuple(one for one in found if one is not None)})


def known_error(
    reader: SentenceReader,
    opinions: Sequence[Opinion],
    records: Sequence[Record],
    aspects: Sequence[Aspect],
    *,
    seed: int = 0,
    say: Callable[[str], None] = lambda message: None,
) -> Correction | None:
    """Correct a report by the mistakes that its reader made on marked texts.

    An aspect is corrected as the category of most of its opinions; an aspect or a category that fewer than 30 marked
    opinions bear out is not corrected.

    Args:
        reader: What read; its folder may hold `errors.json` (`gistill.evaluate.error_rates`).
        opinions: What it read, as it read it: no mark that somebody chose to make may have changed them.
        records: All records that were read.
        aspects: The report's aspects.
        seed: Of the resampling.
        say: Called with a sentence where there are error rates that cannot be used.

    Returns:
        None where nothing is known of the reader's mistakes.

    Raises:
        InputError: `errors.json` is no file of error rates.
    """
    reader, share = _main_reader(reader, records)
    folder = getattr(reader, "folder", None)
    rates = load_error_rates(folder) if folder is not None else None
    if rates is None:
        return None
    if share < MOST:
        say(f"Several readers read these records, the main one {share:.0%} of them; nothing is corrected.")
        return None
    if rates.reader.split()[-1:] != [reader.hash] or len(rates.domains) < 2:
        say("The error rates beside the reader are of another reader or of one domain alone; nothing is corrected.")
        return None
    corrector = Corrector(rates)
    total, categories, by_aspect = _corrected_groups(corrector, opinions, records, aspects, seed)
    marked, domains = corrector.marked(), len(rates.domains)
    return Correction(
        by="known error",
        note=f"Corrected by the mistakes that the reader made on {len(rates.domain):,} marked texts of {domains} other "
        f"domains ({marked:,} marked opinions), which it had not learned from.",
        total=total,
        categories=categories,
        aspects=by_aspect,
    )


def _main_reader(reader: SentenceReader, records: Sequence[Record]) -> tuple[SentenceReader, float]:
    """Give the reader that read most records, and its share of them."""
    choose = getattr(reader, "for_language", None)
    if choose is None or not records:
        return reader, 1.0
    chosen = Counter(choose(language_of(record)) for record in records)
    main, count = chosen.most_common(1)[0]
    return main, count / len(records)


def _corrected_groups(
    corrector: Corrector, opinions: Sequence[Opinion], records: Sequence[Record], aspects: Sequence[Aspect], seed: int
) -> tuple[Corrected | None, tuple[CategoryCorrected, ...], dict[str, Corrected]]:
    """Correct all opinions, each category, and each aspect whose category can be corrected."""
    counts = counted(opinions, records)
    everyone = counts.people

    def of(chosen: Sequence[int], category: str | None) -> Corrected | None:
        people = by_person(counts, np.array(chosen, dtype=np.int64))
        return corrector.correct(people, read=everyone, category=category, seed=seed)

    inside: dict[str, list[int]] = {}
    for i, opinion in enumerate(opinions):
        if opinion.category:
            inside.setdefault(opinion.category, []).append(i)
    categories = tuple(
        CategoryCorrected(category=name, mentions=len(chosen), corrected=of(chosen, name))
        for name, chosen in sorted(inside.items(), key=lambda item: (-len(item[1]), item[0]))
    )
    place = {opinion.id: i for i, opinion in enumerate(opinions)}
    by_aspect = {}
    for aspect in aspects:
        mine = [place[name] for name in aspect.opinions if name in place]
        category = main_category([opinions[i] for i in mine])
        if category and (figures := of(mine, category)):
            by_aspect[aspect.id] = figures
    return of(range(len(opinions)), None), categories, by_aspect


def main_category(opinions: Sequence[Opinion]) -> str | None:
    """Name the category of most of some opinions; None where none has one."""
    found = Counter(opinion.category for opinion in opinions if opinion.category)
    return min(found, key=lambda name: (-found[name], name)) if found else None


def by_person(counts: Counted, inside: NDArray[np.int64]) -> NDArray[np.float64]:
    """Count the opinions at some places by person and polarity, shape (people who have any, 3)."""
    who, person = np.unique(counts.person[inside], return_inverse=True)
    return np.bincount(person * 3 + counts.polarity[inside], minlength=3 * len(who)).reshape(-1, 3).astype(np.float64)
