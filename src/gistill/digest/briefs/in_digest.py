"""Briefs in a digest: a brief of each conversation, and how those ended in which a point is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from gistill.digest.briefs.writing import make_briefs
from gistill.errors import ExtraMissingError, ModelMissingError
from gistill.lm import find_writer, load_writer
from gistill.lm.seam import LanguageModel
from gistill.lm.weights import SUMMARY_WRITER
from gistill.schema import Brief, Digest, Opinion, Outcomes, Record
from gistill.stats import wilson

MOST = 1_000  # conversations that a model sums up for a digest, and whose briefs it carries


def with_briefs(
    digest: Digest,
    records: Iterable[Record],
    opinions: Sequence[Opinion],
    *,
    with_model: bool,
    progress: Callable[[int, int], None],
    say: Callable[[str], None],
) -> Digest:
    """Add the briefs of the conversations to a digest, and how conversations ended, over all and for each point.

    Opinions are not touched: they are those of customers, as they were.

    Args:
        digest: With its points.
        records: Those that were read; what has no turns is no conversation.
        opinions: The ones that the points are made of.
        with_model: Whether the model of the package may write, where it is installed and there are not too many.
        progress: Called with briefs made and briefs in all, from 0 on.
        say: Called with a sentence when no model writes, and before one does, which takes long.

    Returns:
        The digest; unchanged where there are no conversations. Of more than `MOST` only those that are quoted have a
        brief in it; all are counted.
    """
    talks = [record for record in records if record.turns]
    if not talks:
        return digest
    model = load_summary_writer(say) if with_model and len(talks) <= MOST else None
    progress(0, len(talks))
    if model is not None:
        say(f"{model.name} writes a brief of {_each(len(talks))} some seconds. --writer none takes their own words.")
    briefs = list(make_briefs(talks, writer=model, made=lambda done: progress(done, len(talks))))
    ended = {brief.record: brief for brief in briefs}
    record_of = {opinion.id: opinion.record for opinion in opinions}
    points = [
        point.model_copy(update={"outcomes": outcomes_of(_briefs_of(point.opinions, record_of, ended))})
        for point in digest.points
    ]
    kept = briefs if len(briefs) <= MOST else [brief for brief in briefs if brief.record in digest.contexts]
    made = {**digest.made_with, "briefs": f"{model.name} {model.hash}" if model else "none (own words alone)"}
    new = {"points": tuple(points), "briefs": tuple(kept), "outcomes": outcomes_of(briefs), "made_with": made}
    return digest.model_copy(update=new)


def outcomes_of(briefs: Iterable[Brief]) -> Outcomes | None:
    """Count how conversations ended, of those that were judged; None where none was."""
    found = Counter(brief.outcome for brief in briefs if brief.outcome is not None)
    if not found:
        return None
    solved, moved, still_open = (wilson(found[name], found.total()) for name in ("solved", "moved", "open"))
    return Outcomes(solved=solved, moved=moved, open=still_open)


def load_summary_writer(say: Callable[[str], None]) -> LanguageModel | None:
    """Load the model of the package that sums up conversations; None, with a sentence, where it cannot be had."""
    if find_writer(SUMMARY_WRITER) is None:
        say(
            "There is no model that sums up conversations here, so the briefs are made of the conversations' own words."
        )
        return None
    try:
        return load_writer(SUMMARY_WRITER)
    except (ModelMissingError, ExtraMissingError) as error:
        say(f"No model writes briefs: {error} They are made of the conversations' own words. {error.hint}")
        return None


def _each(talks: int) -> str:
    return "1 conversation; it takes" if talks == 1 else f"{talks:,} conversations; each takes"


def _briefs_of(opinions: Iterable[str], record_of: dict[str, str], ended: dict[str, Brief]) -> list[Brief]:
    """Give the conversations that some opinions are from, each once."""
    records = dict.fromkeys(record_of[name] for name in opinions if name in record_of)
    return [ended[record] for record in records if record in ended]
