"""The nouns: Record, Opinion, Aspect, Summary, Check, Digest, and the counts they carry; and what labels are made of.

Everything here is frozen, forbids unknown fields, and is also the JSON on disk. Offsets are Unicode code points of
`Record.text`, half-open, and every quotation satisfies `text[start:end] == quote`. Not measured is None, never 0.
"""

from __future__ import annotations

import datetime as dt
from importlib import import_module
from typing import Any, Literal, NamedTuple, get_args

from pydantic import Field

from gistill.brief import Brief as Brief
from gistill.brief import BriefSentence as BriefSentence
from gistill.brief import Outcome as Outcome
from gistill.categories import Kind
from gistill.counts import Answered as Answered
from gistill.counts import Compared as Compared
from gistill.counts import EntityTally as EntityTally
from gistill.counts import Estimate as Estimate
from gistill.counts import Period as Period
from gistill.counts import Proportion as Proportion
from gistill.counts import Tally as Tally
from gistill.intent import Intent as Intent
from gistill.record import Apart as Apart
from gistill.record import ApartReason as ApartReason
from gistill.record import Failure as Failure
from gistill.record import Noun as Noun
from gistill.record import Part as Part
from gistill.record import Piece as Piece
from gistill.record import Quote as Quote
from gistill.record import Record as Record
from gistill.record import Span as Span
from gistill.record import Turn as Turn

Polarity = Literal["positive", "negative", "neutral"]
Direction = Literal["positive", "negative", "neutral", "wish"]
Sentiment = Literal["very positive", "positive", "neutral", "negative", "very negative"]
SENTIMENTS: tuple[Sentiment, ...] = get_args(Sentiment)  # from the best to the worst

Element = Literal["aspect", "category", "opinion", "polarity"]
SentimentTask = Literal["tsa", "asa", "aope", "aste", "tasd", "asqp"]
# The tasks of fine-grained sentiment analysis, each a choice of elements.
ELEMENTS: dict[SentimentTask, tuple[Element, ...]] = {
    "tsa": ("aspect", "polarity"),
    "asa": ("category", "polarity"),
    "aope": ("aspect", "opinion"),
    "aste": ("aspect", "opinion", "polarity"),
    "tasd": ("aspect", "category", "polarity"),
    "asqp": ("aspect", "category", "opinion", "polarity"),  # ACOS is the same with implicit opinions
}


class InCell(Noun):
    """Where an opinion stands in the cell as it was: column, and code points of the cell for each of its spans.

    `text` is the cell's `[sentence.start, sentence.end)`, the sentence as it stood there, where the cell was repaired;
    None where it was read as it is.
    """

    column: str | None  # None where the record has one text
    sentence: Span
    aspect: Span | None
    opinion: Span | None
    text: str | None = None


class Opinion(Noun):
    """Somebody's feeling about something: who (the record), about what, in which words, how, and how sure we are.

    `aspect` None means the thing is not named (implicit); `opinion` None means the feeling has no words of its own.
    Both None is allowed when a sentence is plainly good or bad about nothing named.
    """

    id: str  # "<record id>:<hash of place and words>", which stays when other opinions of the record come or go
    record: str
    sentence: Span  # the sentence that was read
    aspect: Quote | None
    opinion: Quote | None
    polarity: Polarity
    category: str | None = None  # a code of gistill.categories; None where the reader was taught none
    kind: Kind | None = None  # a judgement in words, a fact that speaks for itself, or a wish; None likewise
    strength: int | None = Field(default=None, ge=-2, le=2)  # on the side of the polarity; None likewise
    topic: str | None = None  # of the user's taxonomy, when one was given
    # calibrated: of the opinions with 0.8, about 80% are right; None where nobody measured it, never a guess
    confidence: float | None = Field(ge=0, le=1)
    # None where the record is one cell that was read as it is: the spans above are then those of the cell
    cell: InCell | None = None

    @property
    def direction(self) -> Direction:
        """Where it belongs in a report: a wish is for something that is not there, whatever feeling it shows."""
        return "wish" if self.kind == "wish" else self.polarity


class Message(Noun):
    """One message to a language model. A last message of the assistant is the beginning of its answer."""

    role: Literal["system", "user", "assistant"]
    content: str


class OpinionTuple(NamedTuple):
    """One opinion as words. None is an implicit element, or one that the task does not ask for."""

    aspect: str | None = None
    category: str | None = None
    opinion: str | None = None
    polarity: Polarity | None = None


class TupleAnswer(NamedTuple):
    """What an answer says: the legal tuples, once each, and a named failure for every line that is none."""

    tuples: tuple[OpinionTuple, ...]
    failures: tuple[Failure, ...]


class Target(Noun):
    """What one review thinks about one thing. `target` is exact words of the review; None where it names no thing."""

    target: str | None = Field(default=None, min_length=1)
    aspect: str = Field(min_length=1)
    sentiment: Sentiment
    reasoning: str = Field(min_length=1)

    @property
    def implicit(self) -> bool:
        """Say whether the review does not name the thing."""
        return self.target is None


class TrainingExample(NamedTuple):
    """What a model is asked and the answer it should learn. Without messages the answer is plain text to continue.

    Attributes:
        messages: What is asked.
        answer: The words to learn.
        source: The set or file it comes from.
        text: What leaks are looked for by: the text that was annotated, or all that is asked.
        skill: The name of its skill; "" where it is of none, so that an answer is right only word by word.
        asked: The skill's input.
        result: What the answer says, as the skill parses it; an answer is scored against it.
    """

    messages: tuple[Message, ...]
    answer: str
    source: str
    text: str
    skill: str = ""
    asked: Any = None
    result: Any = None


class Phrase(Noun):
    """An opinion phrase many people used about an aspect: a pro or a con."""

    text: str
    polarity: Polarity
    people: int
    opinions: tuple[str, ...]  # opinion ids, most confident first, those not measured last


class Aspect(Noun):
    """A group of opinions about the same thing."""

    id: str  # made from the canonical name, so it stays when rows are added
    name: str
    topic: str | None = None  # of the user's taxonomy, when one was given
    terms: dict[str, int]  # surface term (normalised) -> mentions; most frequent first
    opinions: tuple[str, ...]  # opinion ids, in the order of `grounding.ties.tie_break`
    tally: Tally
    trend: tuple[Period, ...] = ()
    entities: tuple[EntityTally, ...] = ()
    pros: tuple[Phrase, ...] = ()
    cons: tuple[Phrase, ...] = ()


class Ratings(Noun):
    """The mean rating that people gave who say something, and that of everybody else with a rating; None where too few.

    `difference` is the first minus the second.
    """

    said: Estimate
    rest: Estimate
    difference: Estimate


class Outcomes(Noun):
    """How conversations ended, by rules: each of all that were judged."""

    solved: Proportion
    moved: Proportion
    open: Proportion


class Point(Noun):
    """What several people say alike, whatever words they use: opinions of one category and direction."""

    id: str  # from category, direction and name; that of an earlier run where most of its opinions were in one
    name: str  # a short phrase in the words of a customer
    category: str | None  # a code of gistill.categories; None where the reader was taught none
    direction: Direction
    opinions: tuple[str, ...]  # opinion ids, the most typical first
    quotes: tuple[str, ...] = ()  # of these, up to three that are quoted, of different people, the best first
    tally: Tally
    near: Proportion | None = None  # people who say it or nearly the same, in whatever point; None: not looked for
    strength: float | None  # mean strength of the opinions, without a sign; None where the reader was taught none
    aspects: dict[str, int] = Field(default_factory=dict)  # things that it is about, as named -> mentions; most first
    first: dt.date | None = None  # of the records; None where no date is known
    last: dt.date | None = None
    entities: tuple[EntityTally, ...] = ()  # those of which anybody says it, most people first
    ratings: Ratings | None = None  # None where no record has a rating
    outcomes: Outcomes | None = None  # of the conversations in which it is said; None where none was judged

    @property
    def bounds(self) -> tuple[float, float] | None:
        """From which share of people to which it may be: by chance, and above by what is said nearly alike."""
        low, high = self.tally.share.low, (self.near or self.tally.share).high
        return None if low is None or high is None else (low, high)


class Change(Noun):
    """A point that more people make, or fewer, in one part of the records than in the rest.

    `by` is "date" or a column's name; `value` the first day of the part (ISO), or the column's value.
    """

    point: str
    by: str
    value: str
    here: Proportion  # of the people of that part, those who make the point
    elsewhere: Proportion  # of the people of the rest; somebody who wrote in both is in both
    p: float  # corrected for all that was tested; see `digest.group.changes`

    @property
    def more(self) -> bool:
        """Whether more people make the point there than elsewhere."""
        return self.here.count * self.elsewhere.of > self.elsewhere.count * self.here.of


class Finding(Noun):
    """One way in which a sentence fails a check. The codes and what they mean are in `grounding.findings.CODES`."""

    code: str
    span: Span | None  # in the sentence; None where the finding is about the whole of it
    against: str  # what it was held against: the words cited, a count, a side; "" where the sentence alone decides
    reason: str  # one clause that a reader understands


class Check(Noun):
    """Whether a sentence stands, and by what that was decided. `failed` and `reasons` are those of the findings."""

    verdict: Literal["supported", "not_supported", "not_checked"]
    by: tuple[str, ...] = ()  # names of the checks that ran; those of every sentence are grounding.CHECKS
    failed: tuple[str, ...] = ()  # the codes of the findings
    reasons: tuple[str, ...] = ()  # for each finding, one clause that a reader understands
    findings: tuple[Finding, ...] = ()  # at most one for each check: the first thing that it found


class SummarySentence(Noun):
    """A sentence of a summary, the opinions it cites, and its check.

    A sentence whose origin is "quote" is built from verbatim quotes, and stands where a written sentence failed.
    """

    text: str
    cites: tuple[str, ...]  # opinion ids, at least one
    origin: Literal["writer", "revised", "quote"]
    check: Check
    # Of `cites` those without which its check fails, the first cited first; None where nobody looked: it cites fewer
    # than two, or no model wrote it.
    carried_by: tuple[str, ...] | None = None


class Summary(Noun):
    """What was written about one aspect; `aspect` None is the summary of the whole."""

    aspect: str | None
    sentences: tuple[SummarySentence, ...]
    written: int = 0  # sentences the writer wrote in its first draft
    revised: int = 0  # of those, replaced by a revision that passed
    replaced: int = 0  # of those, replaced by quotes because the revision failed too
    rejected: tuple[Failure, ...] = ()  # the sentences that failed, with the reason, so the count can be checked


class StepTime(Noun):
    """How long one step took, in seconds of wall clock. Kept out of `Digest` so that equal input gives equal bytes."""

    step: str
    seconds: float
    items: int


class Figure(Noun):
    """A figure as the reader's readings give it, and corrected. None where it was not measured, or not corrected."""

    raw: float | None
    corrected: Estimate | None


class Corrected(Noun):
    """What one group of opinions is after a correction, the raw figures beside. `people_positive` counts those who say
    anything positive, `people_negative` those who say anything negative; somebody may be in both."""

    positive: Figure  # opinions
    negative: Figure
    neutral: Figure
    people: Figure
    people_positive: Figure
    people_negative: Figure
    net_sentiment: Figure
    marked: int  # marked opinions that bear it out


class CategoryCorrected(Noun):
    """The opinions of one category; `corrected` is None where too few marked opinions bear a correction out."""

    category: str
    mentions: int
    corrected: Corrected | None


class Correction(Noun):
    """The figures of a report as they would be without the reader's mistakes.

    `by` is "known error" (measured on marked texts of other domains) or "spot check" (on sentences of these records,
    drawn at random and marked by a person). An aspect that is not in `aspects` is not corrected.
    """

    by: Literal["known error", "spot check"]
    note: str  # one sentence: by what it was corrected
    total: Corrected | None
    categories: tuple[CategoryCorrected, ...] = ()  # most mentions first
    aspects: dict[str, Corrected] = Field(default_factory=dict)  # aspect id -> figures


class Unattached(Noun):
    """A correction by hand that found nothing to correct: it is kept, and changes no figure."""

    id: str
    kind: str  # of gistill.corrections
    record: str | None
    words: str  # what it is about: the words that were corrected, the sentence, or the points
    author: str | None
    why: str  # one clause


class HandCorrections(Noun):
    """What people put right in single opinions and points. The raw figures count it; no estimate rests on it."""

    given: int
    applied: int  # of these
    kinds: dict[str, int]  # of those that are applied
    authors: int  # different ones who are named
    as_read: Tally  # over all opinions, without any correction
    unattached: tuple[Unattached, ...] = ()


class Attacks(Noun):
    """Sentences that attack people (`gistill.toxic`). They count like all others."""

    opinions: int  # that stand in such a sentence
    of: int  # all opinions
    quoted: tuple[str, ...] = ()  # ids of those among the quoted ones
    spans: dict[str, tuple[Span, ...]] = Field(default_factory=dict)  # record id -> such sentences, of `contexts`
    hidden: bool = False  # whether the files people read show a placeholder in their place


class Mask(Span):
    """A stretch of a record's text in whose place a report shows a marked placeholder. `kind` is of `privacy.KINDS`."""

    kind: str


class Digest(Noun):
    """All of it: what was read, what was found, what was written, what failed, and how it was made."""

    title: str
    records: int  # rows seen, before anything was set apart
    read: int  # records read for opinions
    people: int  # distinct authors among the records read (a record without an author is one person)
    sentences: int  # sentences read
    opinions: int
    tally: Tally  # over all opinions
    dates: tuple[dt.date, dt.date] | None = None
    aspects: tuple[Aspect, ...]  # most people first
    points: tuple[Point, ...] = ()  # what several people say alike, most people first
    said_once: int = 0  # opinions that are in no point
    changes: tuple[Change, ...] = ()  # of points over time and between entities: what chance hardly explains
    trend: tuple[Period, ...] = ()  # over all opinions; empty where no dates are known
    entities: tuple[EntityTally, ...] = ()  # over all opinions of each; empty where no entities are known
    by: tuple[Compared, ...] = ()  # of each column that was asked for
    outcomes: Outcomes | None = None  # of the conversations; None where none was judged
    intent: Intent | None = None  # of people, by rules; None where nobody says any of it
    briefs: tuple[Brief, ...] = ()  # of the conversations; of very many, those that are quoted
    ratings: tuple[Answered, ...] = ()  # the main question first; empty where nobody was asked for a rating
    source: tuple[str, ...] = ()  # in a sentence or two: which columns were read and which were not
    preset: str | None = None  # of gistill.presets: how the report is worded; None where nothing tells
    ungrouped: Tally  # opinions about nothing named or about terms too rare to be an aspect
    summaries: tuple[Summary, ...]
    cited: tuple[Opinion, ...]  # every opinion that a summary, a pro or a con cites
    contexts: dict[str, Record]  # record id -> record, for the records of `cited`
    note: str = (
        "Texts and quotations in this file are exact and not masked. Where masks has a stretch of a record's text, "
        "report.html, report.md, report.xlsx and the CSV files show a placeholder."
    )
    shows_names: bool = False  # whether the files people read show names and addresses of customers
    masks: dict[str, tuple[Mask, ...]] | None = None  # record id -> what they hide; None where nobody has looked
    attacks: Attacks | None = None  # None where nobody has looked
    failures: dict[str, int]  # failure kind -> count
    failure_examples: tuple[Failure, ...] = ()
    corrections: tuple[Correction, ...] = ()  # empty where nothing is known of the reader's mistakes
    by_hand: HandCorrections | None = None  # what the counts hold of people's corrections; None where nobody made any
    made_with: dict[str, str]  # gistill version, reader and writer with hashes, settings, seed, input hash

    def points_frame(self, backend: str = "pandas") -> Any:
        """Make a data frame of what points.csv holds: one row a point, most people first.

        Args:
            backend: "pandas", "polars" or "pyarrow"; the first two have to be installed.

        Returns:
            A frame of that library. Names of customers are hidden as in the report.

        Raises:
            ExtraMissingError: The library is not installed.
            SettingError: No such library is known here.
        """
        return _shown_by("points_frame", self, backend)

    def opinions_frame(self, backend: str = "pandas") -> Any:
        """Make a data frame of the opinions that the digest quotes, as the workbook has them; see `points_frame`.

        opinions.jsonl in the folder of a report has all opinions.
        """
        return _shown_by("opinions_frame", self, backend)

    def _repr_html_(self) -> str:
        """Show the digest in a notebook; names of customers are hidden as in the report."""
        return str(_shown_by("repr_html", self))


def _shown_by(view: str, digest: Digest, *settings: str) -> Any:
    """Let a digest be shown by its view in a row above, which is named and not imported: docs/decisions/0013."""
    return getattr(import_module("gistill.digest.report.notebook"), view)(digest, *settings)
