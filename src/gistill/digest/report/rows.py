"""A View in, the rows of its tables out, for CSV, workbooks and data frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gistill.digest.report.quotes import sentence
from gistill.digest.report.view import View
from gistill.digest.report.words import FIGURES, category_name
from gistill.schema import Aspect, Corrected, Correction, Digest, EntityTally, Figure, Phrase, Point, Tally

Row = tuple[object, ...]

ASPECTS = (
    "aspect", "id", "topic", "people", "people_read", "share", "share_low", "share_high", "records", "mentions",
    "mentions_per_100_records", "positive", "neutral", "negative", "net_sentiment", "net_sentiment_low",
    "net_sentiment_high", "net_sentiment_method", "terms", "pros", "cons", "summary",
)  # fmt: skip
POINTS = (
    "point", "id", "category", "direction", "people", "people_read", "share", "share_low", "share_high",
    "people_near", "records", "mentions", "strength", "first", "last", "things", "entities", "rating",
    "rating_of_others", "quotation",
)  # fmt: skip
ENDED = ("conversations_judged", "solved", "moved", "open")  # more columns, where there are conversations
OPINIONS = (
    "quotation", "aspect", "opinion", "direction", "category", "kind", "strength", "confidence", "point", "entity",
    "rating", "date", "author", "record", "file", "row",
)  # fmt: skip
COUNTS = (
    "counted_by", "value", "people", "people_read", "share", "share_low", "share_high", "records", "mentions",
    "positive", "neutral", "negative", "net_sentiment", "net_sentiment_low", "net_sentiment_high",
)  # fmt: skip
CORRECTED = ("corrected_by", "what", "name", "figure", "raw", "corrected", "low", "high", "marked_opinions", "method")


def aspect_rows(view: View) -> Iterator[Row]:
    """One row an aspect. Proportions and Net Sentiment are fractions; a cell is empty where nothing was measured."""
    for aspect in view.digest.aspects:
        tally, share, net = aspect.tally, aspect.tally.share, aspect.tally.net_sentiment
        yield (
            aspect.name, aspect.id, aspect.topic, tally.people, share.of,
            _short(share.value), _short(share.low), _short(share.high), tally.records, tally.mentions,
            _short(tally.per_100_responses), tally.positive, tally.neutral, tally.negative,
            _short(net.value), _short(net.low), _short(net.high), net.method,
            "; ".join(f"{term} ({mentions})" for term, mentions in aspect.terms.items()),
            _phrases(aspect.pros), _phrases(aspect.cons), _summary(view, aspect),
        )  # fmt: skip


def point_columns(view: View) -> tuple[str, ...]:
    """The names of the cells of `point_rows`; how conversations ended where there are any."""
    return (*POINTS, *ENDED) if view.digest.outcomes else POINTS


def point_rows(view: View) -> Iterator[Row]:
    """One row a point under `point_columns`, most people first; a cell is empty where nothing is known."""
    for point in view.digest.points:
        share, ratings = point.tally.share, point.ratings
        shown = [excerpt for excerpt in view.point_quotes(point) if excerpt.pieces]
        quotation = sentence(shown[0].pieces) if shown else ""
        yield (
            point.name, point.id, point.category, point.direction, point.tally.people, share.of, _short(share.value),
            _short(share.low), _short(share.high), point.near.count if point.near else None, point.tally.records,
            point.tally.mentions, _short(point.strength), point.first, point.last,
            "; ".join(f"{term} ({n})" for term, n in point.aspects.items()),
            "; ".join(f"{entry.entity} ({entry.tally.people})" for entry in point.entities),
            _short(ratings.said.value) if ratings else None, _short(ratings.rest.value) if ratings else None, quotation,
            *(_ended(point) if view.digest.outcomes else ()),
        )  # fmt: skip


def opinion_rows(view: View) -> Iterator[Row]:
    """One row for each opinion that the digest quotes, in the order of the records; opinions.jsonl has all."""
    points = {name: point.name for point in view.digest.points for name in point.opinions}
    for opinion in view.digest.cited:
        record = view.digest.contexts.get(opinion.record)
        span = opinion.sentence
        yield (
            record.text[span.start : span.end] if record else None,
            opinion.aspect.text if opinion.aspect else None, opinion.opinion.text if opinion.opinion else None,
            opinion.direction, opinion.category, opinion.kind, opinion.strength, _short(opinion.confidence),
            points.get(opinion.id),
            *((record.entity, record.rating, record.date, record.author) if record else (None,) * 4),
            opinion.record, *((record.file or None, record.row) if record else (None,) * 2),
        )  # fmt: skip


def count_rows(view: View) -> Iterator[Row]:
    """All opinions counted in one, then by entity, by each column of `--by`, and by period."""
    digest = view.digest
    yield _count("all", "", digest.tally)
    groups: list[tuple[str, Sequence[EntityTally]]] = [("entity", digest.entities)]
    groups += [(one.column, one.values) for one in digest.by]
    for by, entries in groups:
        for entry in entries:
            yield _count(by, entry.entity, entry.tally)
    for step in digest.trend:
        yield _count(step.unit, step.start, step.tally)


def _count(by: str, value: object, tally: Tally) -> Row:
    share, net = tally.share, tally.net_sentiment
    return (
        by, value, tally.people, share.of, _short(share.value), _short(share.low), _short(share.high), tally.records,
        tally.mentions, tally.positive, tally.neutral, tally.negative, _short(net.value), _short(net.low),
        _short(net.high),
    )  # fmt: skip


def _ended(point: Point) -> tuple[int, int | None, int | None, int | None]:
    """Count how the conversations of a point ended, under `ENDED`; nothing is counted where none was judged."""
    if point.outcomes is None:
        return 0, None, None, None
    counts = point.outcomes
    return counts.solved.of, counts.solved.count, counts.moved.count, counts.open.count


def corrected_rows(digest: Digest, correction: Correction) -> Iterator[Row]:
    """One row a figure; the cells of what is not corrected are empty, and its method says so."""
    groups: list[tuple[str, str, Corrected | None]] = [("all opinions", "", correction.total)]
    groups += [("category", category_name(one.category), one.corrected) for one in correction.categories]
    groups += [("aspect", aspect.name, correction.aspects.get(aspect.id)) for aspect in digest.aspects]
    for what, name, corrected in groups:
        if corrected is None:
            yield (correction.by, what, name, *[None] * 6, "not corrected")
            continue
        for figure in FIGURES:
            one: Figure = getattr(corrected, figure)
            if one.corrected is not None:
                yield (
                    correction.by, what, name, figure, _short(one.raw), _short(one.corrected.value),
                    _short(one.corrected.low), _short(one.corrected.high), corrected.marked, one.corrected.method,
                )  # fmt: skip


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _phrases(phrases: tuple[Phrase, ...]) -> str:
    return "; ".join(f"{phrase.text} ({phrase.people})" for phrase in phrases)


def _summary(view: View, aspect: Aspect) -> str:
    summary = view.summary(aspect)
    return " ".join(sentence.text for sentence in summary.sentences) if summary else ""
