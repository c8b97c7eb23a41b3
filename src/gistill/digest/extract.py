"""Records to opinions: split, read each different sentence once, and anchor every answer in the record's text.

What a reader says about a sentence can depend a little on the sentences it is batched with (quantised arithmetic), so
records are read in chunks whose borders depend on nothing but the records, and nothing is carried from one chunk to
the next. That is what makes a run that was killed and started again end with the same bytes as one that was not.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple, Protocol, get_args

from gistill.digest.readings import Extracted, Kept, Readings, seen
from gistill.digest.rules import read_by_rule
from gistill.digest.sides import from_questions, short_name, standing
from gistill.errors import ModelBrokenError
from gistill.files import hash_json
from gistill.reader import load_readers
from gistill.runs import holding
from gistill.schema import Failure, InCell, Opinion, Part, Polarity, Quote, Record, Span
from gistill.screen import customer_spans
from gistill.sentences import MAX_WORDS, split
from gistill.tables.parts import in_cell, part_of
from gistill.text import find_language, is_in_one_of

if TYPE_CHECKING:
    from pathlib import Path

    from gistill.reader import Reading

CHUNK_RECORDS = 256  # a chunk is closed by whichever comes first: what a kill can lose stays within seconds
CHUNK_SENTENCES = 2_000
_WAY = 4  # raised when the same sentences are read in another way, so that what was read before is read again
BATCH = 64  # sentences handed to the reader at once, of nearly equal length

Progress = Callable[[str, int, int | None], None]  # step, items done, items in all (None when not known)


class SentenceReader(Protocol):
    """What reads sentences. `hash` changes whenever an answer could.

    One that reads some languages only says so in `languages`, a sequence of ISO 639-1 codes. One that is made of
    several has `for_language`, which gives the reader of a record's language.
    """

    name: str
    hash: str

    def read(self, sentences: Sequence[str]) -> Sequence[Sequence[Reading | Failure]]:
        """Answer each sentence in its place with its opinions, offsets counted within the sentence.

        A failure stands for an opinion that the reader's answer did not give in a usable form.
        """


class Extraction(NamedTuple):
    """Opinions in the order of the records, and the counts that belong to them."""

    opinions: list[Opinion]
    records: int
    sentences: int
    failures: list[Failure]  # answers that did not fit the text, records with nothing to read


def extract(
    records: Iterable[Record | Failure],
    *,
    reader: SentenceReader | None = None,
    total: int | None = None,
    progress: Progress | None = None,
) -> Extraction:
    """Read records for opinions, in memory.

    Args:
        records: What `gistill.read_records` gives, with different ids. Of a conversation only the customers' turns are
            read. A failure among them comes back among the failures.
        reader: See `gistill.load_reader`; None loads all that are installed.
        total: Number of records, for progress; None when it is not known.
        progress: Called after each batch.

    Raises:
        ModelMissingError: There is no reader.
        ModelBrokenError: The reader answered another number of sentences than it was asked.
    """
    opinions: list[Opinion] = []
    failures: list[Failure] = []
    done = sentences = 0

    def readable() -> Iterator[Record]:
        for record in records:
            if isinstance(record, Failure):
                failures.append(record)
            else:
                yield record

    for part in extract_chunks(readable(), reader=reader or load_readers(), total=total, progress=progress):
        opinions += part.opinions
        failures += part.failures
        done += part.records
        sentences += part.sentences
    return Extraction(opinions, done, sentences, failures)


def extract_chunks(
    records: Iterable[Record],
    *,
    reader: SentenceReader,
    total: int | None = None,
    chunk_sentences: int = CHUNK_SENTENCES,
    progress: Progress | None = None,
) -> Iterator[Extraction]:
    """Read records for opinions as they come, a chunk at a time: see `extract`."""
    done = 0
    for chunk in _chunks(records, chunk_sentences, getattr(reader, "languages", ())):
        read = _read_chunk(chunk, reader, _ticker(progress, done, total, len(chunk)))
        done += len(chunk)
        yield Extraction(
            [opinion for one in read for opinion in one.opinions],
            len(chunk),
            sum(len(spans) for _, spans, _ in chunk),
            [failure for one in read for failure in one.failures],
        )


def extract_to(
    path: Path,
    records: Iterable[Record],
    *,
    reader: SentenceReader,
    resume: bool = True,
    total: int | None = None,
    chunk_sentences: int = CHUNK_SENTENCES,
    progress: Progress | None = None,
    say: Callable[[str], None] = lambda message: None,
) -> Extracted:
    """Read records for opinions into a JSON-lines file, each record once for as long as it stays as it is.

    What is read is kept beside the file (`digest.readings`), a chunk of records at a time, so that no answer is lost to
    a crash, and a file of records that grew, shrank or changed costs only its new and changed records. The opinions
    are those of a fresh run; their confidence may differ from it in the third decimal, as an answer depends a little on
    the sentences it is batched with. Their file is written last and in one move, so it is always whole.

    Args:
        path: Where the opinions go; its folder exists.
        records: As for `extract`; they may come from a stream larger than memory, of which about half a kilobyte a
            record is held.
        reader: As for `extract`.
        resume: False begins afresh.
        total: As for `extract`.
        chunk_sentences: Sentences after which a chunk is closed; fewer for a slow reader, so that a kill loses little.
        progress: As for `extract`.
        say: Called with one sentence when work goes on from, or cannot go on from, an earlier run.

    Returns:
        The counts. The opinions are in the file; where no sentence was read, none is written.

    Raises:
        InputError: An older version of gistill made the file, and `resume` is true; or another run writes it.
        ModelBrokenError: As for `extract`.
        OSError: The file cannot be written. What was read stays, and is used next time.
    """
    with holding(path):
        made_from = {"reader": f"{reader.name} {reader.hash}", "way of reading": _settings(chunk_sentences)}
        readings = Readings.open(path, made_from, resume=resume, say=say)
        order: list[tuple[str, str]] = []
        read = _read_new(readings, records, order, reader, total, chunk_sentences, progress)
        if progress is not None and order:
            progress("extract", len(order), total)
        return readings.finish(order, read=read)


def _read_new(
    readings: Readings,
    records: Iterable[Record],
    order: list[tuple[str, str]],
    reader: SentenceReader,
    total: int | None,
    chunk_sentences: int,
    progress: Progress | None,
) -> int:
    """Read what was not read before, and say how many records that were; `order` gets all of them as they come."""
    waiting: deque[str] = deque()  # what is seen of the records that are not read yet
    read = 0

    def unread() -> Iterator[Record]:
        def ordered() -> Iterator[tuple[Record, str]]:
            for record in records:
                order.append((record.id, seen(record)))
                yield record, order[-1][1]

        full: Callable[[int, int], bool] = lambda records, sentences: _is_full(records, sentences, chunk_sentences)  # noqa: E731
        for record, what in readings.unread(ordered(), full):
            waiting.append(what)
            yield record

    with readings.adding() as add:
        for chunk in _chunks(unread(), chunk_sentences, getattr(reader, "languages", ())):
            tick = _ticker(progress, len(order) - len(chunk), total, len(chunk))
            answered = _read_chunk(chunk, reader, tick)
            what = [waiting.popleft() for _ in chunk]
            add([_kept(*each) for each in zip(chunk, what, answered, strict=True)])
            read += len(chunk)
    return read


def _kept(of: tuple[Record, list[Span], str], what: str, one: _Read) -> Kept:
    record, sentences, _ = of
    failures = dict(sorted(Counter(failure.kind for failure in one.failures).items()))
    return Kept(record.id, what, len(sentences), failures, tuple(opinion.model_dump_json() for opinion in one.opinions))


def _settings(chunk_sentences: int) -> str:
    size = f"chunk {CHUNK_RECORDS}/{chunk_sentences}, batch {BATCH}, words {MAX_WORDS}"
    return f"gistill {version('gistill')}, {size}, way {_WAY}"


_Chunk = list[tuple[Record, list[Span], str]]  # the name of what is wrong where nothing can be read


def _chunks(records: Iterable[Record], chunk_sentences: int, languages: Collection[str]) -> Iterator[_Chunk]:
    chunk: _Chunk = []
    size = 0
    for record in records:
        sentences, wrong = sentences_of(record, languages)
        chunk.append((record, sentences, wrong))
        size += len(sentences)
        if _is_full(len(chunk), size, chunk_sentences):
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _is_full(records: int, sentences: int, most: int) -> bool:
    return records >= CHUNK_RECORDS or sentences >= most


def sentences_of(record: Record, languages: Collection[str]) -> tuple[list[Span], str]:
    """Say where the sentences are that are read of a record, or the name of what is wrong where none is.

    Args:
        record: What is read.
        languages: Those that the reader reads, ISO 639-1; empty for all.
    """
    parts = customer_spans(record)
    sentences = [
        Span(start=part.start + span.start, end=part.start + span.end)
        for part in parts
        for span in split(record.text[part.start : part.end], record.language)
    ]
    wrong = _why_unread(record, parts, languages) or ("" if sentences else "nothing_to_read")
    return ([] if wrong else sentences), wrong


class _Read(NamedTuple):
    """What came of one record."""

    opinions: list[Opinion]
    failures: list[Failure]


def _read_chunk(chunk: _Chunk, reader: SentenceReader, tick: Callable[[float], None]) -> list[_Read]:
    choose = getattr(reader, "for_language", None)
    readers = [choose(language_of(record)) if choose else reader for record, _, _ in chunk]
    wanted: dict[str, tuple[SentenceReader, list[str]]] = {}
    for one, (record, spans, _) in zip(readers, chunk, strict=True):
        sentences = wanted.setdefault(one.hash, (one, []))[1]
        sentences += (record.text[span.start : span.end] for span in spans)
    answers: dict[str, Mapping[str, Sequence[Reading | Failure]]] = {}
    for one, sentences in wanted.values():
        answers[one.hash] = _read_once(sentences, one, tick if len(wanted) == 1 else lambda share: None)
        tick(len(answers) / len(wanted))
    return [
        _read(record, spans, wrong, answers[one.hash])
        for one, (record, spans, wrong) in zip(readers, chunk, strict=True)
    ]


def _read(
    record: Record, spans: Sequence[Span], wrong: str, answers: Mapping[str, Sequence[Reading | Failure]]
) -> _Read:
    """Anchor what was answered about a record's sentences in its text."""
    opinions: list[Opinion] = []
    failures = [Failure(kind=wrong, record=record.id, row=record.row)] if wrong else []
    marks: Counter[str] = Counter()
    for sentence in spans:
        answered = answers[record.text[sentence.start : sentence.end]]
        failed = (reading for reading in answered if isinstance(reading, Failure))
        failures += (failure.model_copy(update={"record": record.id, "row": record.row}) for failure in failed)
        readings = (reading for reading in answered if not isinstance(reading, Failure))
        for reading in sorted(readings, key=_place):
            made = _opinion(record, sentence, marks, reading)
            if isinstance(made, Opinion):
                opinions.append(made)
            else:
                failures.append(made)
    asked = from_questions(record, spans, opinions)
    opinions = standing(record, opinions, [part for part, _ in asked])
    opinions += [_from_question(record, part, answer, marks) for part, answer in asked]
    return _Read(opinions, failures)


def _from_question(record: Record, part: Part, answer: Span, marks: Counter[str]) -> Opinion:
    """Make an opinion of an answer that has its side from its question: see `sides`. Nobody measured how sure it is."""
    name = short_name(record.text[answer.start : answer.end])
    aspect = _quote(record, answer, name)
    mark = key_of(record, answer, aspect, None)
    marks[mark] += 1
    return Opinion(
        id=f"{record.id}:{mark}" if marks[mark] == 1 else f"{record.id}:{mark}-{marks[mark]}",
        record=record.id,
        sentence=answer,
        aspect=aspect,
        opinion=None,
        polarity=part.side or "neutral",
        kind="fact",
        strength=1 if part.side == "positive" else -1,
        confidence=None,
        cell=cell_of(record, answer, aspect, None),
    )


def language_of(record: Record) -> str | None:
    """Give the language that was declared of a record, else the one that its customer's words are in; None: unknown."""
    if record.language is not None:
        return record.language
    return find_language("\n".join(record.text[part.start : part.end] for part in customer_spans(record)))


def _why_unread(record: Record, parts: Sequence[Span], languages: Collection[str]) -> str:
    """Name what keeps a record from being read; empty when nothing does."""
    if not _is_text(record.text):
        return "not_text"
    words = "\n".join(record.text[part.start : part.end] for part in parts)
    return "" if is_in_one_of(words, languages, declared=record.language) else "language_not_read"


def _is_text(text: str) -> bool:
    """Lone surrogates cannot be written to any file, so what holds them is set apart before it is quoted."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _read_once(
    sentences: Iterable[str], reader: SentenceReader, tick: Callable[[float], None]
) -> dict[str, Sequence[Reading | Failure]]:
    """Read each different sentence once, the short ones together, so that batches carry little padding.

    What `rules.read_by_rule` decides, the reader is not asked.
    """
    answers: dict[str, Sequence[Reading | Failure]] = {}
    different = []
    for sentence in sorted(dict.fromkeys(sentences), key=len):
        if (known := read_by_rule(sentence)) is None:
            different.append(sentence)
        else:
            answers[sentence] = known
    decided = len(answers)
    for start in range(0, len(different), BATCH):
        batch = different[start : start + BATCH]
        readings = reader.read(batch)
        if len(readings) != len(batch):
            raise ModelBrokenError(f"the reader {reader.name} answered {len(readings)} of {len(batch)} sentences")
        answers.update(zip(batch, readings, strict=True))
        tick((len(answers) - decided) / len(different))
    return answers


def _place(reading: Reading) -> tuple[tuple[int, int], tuple[int, int], str]:
    """Order opinions by where their first words stand; those without words of their own come first."""
    aspect, opinion = reading.aspect or (-1, -1), reading.opinion or (-1, -1)
    first, second = sorted((aspect, opinion))
    return (second, first, reading.polarity) if first == (-1, -1) else (first, second, reading.polarity)


def _opinion(record: Record, sentence: Span, marks: Counter[str], reading: Reading) -> Opinion | Failure:
    """Anchor one answer in the record, or say by name why it is none: a model's answer is wrong until checked.

    `marks` counts the record's opinions so far by what their ids end in.
    """
    length = sentence.end - sentence.start
    for span in (reading.aspect, reading.opinion):
        if span is not None and not 0 <= span[0] < span[1] <= length:
            detail = f"span {tuple(span)} in a sentence of {length} characters"
            return Failure(kind="unanchored", record=record.id, row=record.row, detail=detail)
    confidence = None if reading.confidence is None else float(reading.confidence)
    if reading.polarity not in get_args(Polarity) or not (confidence is None or 0 <= confidence <= 1):
        detail = f"polarity {reading.polarity!r}, confidence {confidence}"
        return Failure(kind="malformed", record=record.id, row=record.row, detail=detail)
    aspect, opinion = _quote(record, sentence, reading.aspect), _quote(record, sentence, reading.opinion)
    mark = key_of(record, sentence, aspect, opinion)
    marks[mark] += 1
    return Opinion(
        id=f"{record.id}:{mark}" if marks[mark] == 1 else f"{record.id}:{mark}-{marks[mark]}",
        record=record.id,
        sentence=sentence,
        aspect=aspect,
        opinion=opinion,
        polarity=reading.polarity,
        category=reading.category,
        kind=reading.kind,
        strength=reading.strength,
        confidence=None if confidence is None else round(confidence, 4),
        cell=cell_of(record, sentence, aspect, opinion),
    )


def cell_of(record: Record, sentence: Span, aspect: Quote | None, opinion: Quote | None) -> InCell | None:
    """Say where an opinion stands in the cell that it was read from; None where that is what its spans say."""
    if not record.parts and not record.pieces:
        return None
    part = part_of(record, sentence)
    where = [None if span is None else in_cell(record, span) for span in (aspect, opinion)]
    column = None if part is None else part.column
    place = in_cell(record, sentence)
    was = record.cells.get(column) if column is not None else next(iter(record.cells.values()), None)
    text = None if was is None else was[place.start : place.end]
    return InCell(column=column, sentence=place, aspect=where[0], opinion=where[1], text=text)


def key_of(record: Record, sentence: Span, aspect: Quote | None, opinion: Quote | None) -> str:
    """Make what an opinion's id ends in of place and words: 8 hexadecimal digits.

    Neither the polarity nor the confidence is part of it, as another reader, or a person, may judge otherwise of the
    same words; nor is the sentence, unless the opinion has no words of its own.
    """
    words = [None if quote is None else [quote.start, quote.text] for quote in (aspect, opinion)]
    own = words if any(words) else [sentence.start, record.text[sentence.start : sentence.end]]
    return hash_json(own)[:8]


def _quote(record: Record, sentence: Span, span: tuple[int, int] | None) -> Quote | None:
    if span is None:
        return None
    start, end = sentence.start + span[0], sentence.start + span[1]
    return Quote(start=start, end=end, text=record.text[start:end])


def _ticker(progress: Progress | None, done: int, total: int | None, size: int) -> Callable[[float], None]:
    def tick(part: float) -> None:
        if progress is not None:
            progress("extract", done + int(size * part), total)

    return tick
