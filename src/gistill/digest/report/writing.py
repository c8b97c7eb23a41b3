"""A Digest in, the files somebody reads out: report.html and .md, digest.json, points.csv, aspects.csv, corrected.csv.

view.py      what is shown, in what order
words.py     figures in words, text made harmless
quotes.py    the piece of a record around an opinion
html.py      the page; charts.py draws its bars and trends
markdown.py  the same as Markdown
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gistill import files
from gistill.digest.report.html import render_html
from gistill.digest.report.markdown import render_markdown
from gistill.digest.report.quotes import sentence
from gistill.digest.report.view import View
from gistill.digest.report.words import FIGURES, category_name
from gistill.schema import Aspect, Corrected, Correction, Digest, Figure, Phrase
from gistill.tables import write_csv

COLUMNS = (
    "aspect", "id", "topic", "people", "people_read", "share", "share_low", "share_high", "records", "mentions",
    "mentions_per_100_records", "positive", "neutral", "negative", "net_sentiment", "net_sentiment_low",
    "net_sentiment_high", "net_sentiment_method", "terms", "pros", "cons", "summary",
)  # fmt: skip

POINTS = (
    "point", "id", "category", "direction", "people", "people_read", "share", "share_low", "share_high", "records",
    "mentions", "strength", "first", "last", "things", "entities", "rating", "rating_of_others", "quotation",
)  # fmt: skip
CORRECTED = ("corrected_by", "what", "name", "figure", "raw", "corrected", "low", "high", "marked_opinions", "method")


def write_report(digest: Digest, folder: Path) -> None:
    """Write a digest as report.html, report.md, digest.json, points.csv, aspects.csv and, if corrected, corrected.csv.

    Everything is rendered before anything is written, and each file is replaced in one move: a failure leaves what
    stood there before. The same digest gives the same bytes, on every machine; times and paths are not in them.

    Args:
        digest: What to show.
        folder: Where the files go; made if missing.

    Raises:
        InputError: points.csv or aspects.csv cannot be written.
        OSError: Another file cannot be written.
    """
    view = View(digest)
    pages = {
        "digest.json": digest_json(digest),
        "report.md": render_markdown(view),
        "report.html": render_html(view),
    }
    rows, points = list(_rows(view)), list(_point_rows(view))
    corrected = [row for one in view.digest.corrections for row in _corrected(view.digest, one)]
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / "aspects.csv", COLUMNS, rows)
    write_csv(folder / "points.csv", POINTS, points)
    if corrected:
        write_csv(folder / "corrected.csv", CORRECTED, corrected)
    else:
        (folder / "corrected.csv").unlink(missing_ok=True)  # an earlier run's
    for name, page in pages.items():
        files.write(folder / name, page)


def digest_json(digest: Digest) -> str:
    """Write a digest as JSON; without corrections, it does not speak of them."""
    return digest.model_dump_json(indent=2, exclude=None if digest.corrections else {"corrections"}) + "\n"


def _corrected(digest: Digest, correction: Correction) -> Iterator[tuple[object, ...]]:
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


def _rows(view: View) -> Iterator[tuple[object, ...]]:
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


def _point_rows(view: View) -> Iterator[tuple[object, ...]]:
    """One row a point, most people first; a cell is empty where nothing is known."""
    for point in view.digest.points:
        share, ratings = point.tally.share, point.ratings
        shown = [excerpt for excerpt in view.point_quotes(point) if excerpt.pieces]
        quotation = sentence(shown[0].pieces) if shown else ""
        yield (
            point.name, point.id, point.category, point.direction, point.tally.people, share.of, _short(share.value),
            _short(share.low), _short(share.high), point.tally.records, point.tally.mentions, _short(point.strength),
            point.first, point.last, "; ".join(f"{term} ({n})" for term, n in point.aspects.items()),
            "; ".join(f"{entry.entity} ({entry.tally.people})" for entry in point.entities),
            _short(ratings.said.value) if ratings else None, _short(ratings.rest.value) if ratings else None, quotation,
        )  # fmt: skip


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _phrases(phrases: tuple[Phrase, ...]) -> str:
    return "; ".join(f"{phrase.text} ({phrase.people})" for phrase in phrases)


def _summary(view: View, aspect: Aspect) -> str:
    summary = view.summary(aspect)
    return " ".join(sentence.text for sentence in summary.sentences) if summary else ""
