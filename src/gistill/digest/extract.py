"""Records to opinions: split, read each different sentence once, and anchor every answer in the record's text.

What a reader says about a sentence can depend a little on the sentences it is batched with (quantised arithmetic), so
records are read in chunks whose borders depend on nothing but the records, and nothing is carried from one chunk to
the next. That is what makes a run that was killed and started again end with the same bytes as one that was not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple, Protocol, get_args

from gistill.digest.checkpoint import Checkpoint
from gistill.errors import ModelBrokenError
from gistill.schema import Failure, Opinion, Polarity, Quote, Record, Span
from gistill.screen import customer_spans
from gistill.sentences import MAX_WORDS, split
from gistill.text import is_in_one_of

if TYPE_CHECKING:
    from pathlib import Path

    from gistill.reader import Reading

CHUNK_RECORDS = 256  # a chunk is closed by whichever comes first: what a kill can lose stays within seconds
CHUNK_SENTENCES = 2_000
BATCH = 64  # sentences handed to the reader at once, of nearly equal length

Progress = Callable[[str, int, int | None], None]  # step, items done, items in all (None when not known)


class SentenceReader(Protocol):
    """What reads sentences. `hash` changes whenever an answer could.

    One that reads some languages only says so in `languages`, a sequence of ISO 639-1 codes.
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
    records: Iterable[Record], *, reader: SentenceReader, total: int | None = None, progress: Progress | None = None
) -> Extraction:
    """Read records for opinions, in memory.

    Args:
        records: Records with different ids. Of a conversation only the customers' turns are read.
        reader: See `gistill.load_reader`.
        total: Number of records, for progress; None when it is not known.
        progress: Called after each batch.

    Raises:
        ModelBrokenError: The reader answered another number of sentences than it was asked.
    """
    opinions: list[Opinion] = []
    failures: list[Failure] = []
    done = sentences = 0
    for part in extract_chunks(records, reader=reader, total=total, progress=progress):
        opinions += part.opinions
        failures += part.failures
        done += part.records
        sentences += part.sentences
    return Extraction(opinions, done, sentences, failures)


def extract_chunks(
    records: Iterable[Record],
    *,
    reader: SentenceReader,
    done: int = 0,
    total: int | None = None,
    chunk_sentences: int = CHUNK_SENTENCES,
    progress: Progress | None = None,
) -> Iterator[Extraction]:
    """Read records for opinions as they come, a chunk at a time: see `extract`. `done` is where progress begins."""
    for chunk in _chunks(records, chunk_sentences, getattr(reader, "languages", ())):
        opinions, failures = _read_chunk(chunk, reader, _ticker(progress, done, total, len(chunk)))
        done += len(chunk)
        yield Extraction(opinions, len(chunk), sum(len(spans) for _, spans, _ in chunk), failures)


def extract_to(
    path: Path,
    records: Iterable[Record],
    *,
    reader: SentenceReader,
    input_hash: str | None = None,
    resume: bool = True,
    total: int | None = None,
    chunk_sentences: int = CHUNK_SENTENCES,
    progress: Progress | None = None,
    say: Callable[[str], None] = lambda message: None,
) -> Checkpoint:
    """Read records for opinions into a JSON-lines file, so that no answer is lost to a crash.

    Opinions are added to `<path>.part` as they come; after each chunk `<stem>.manifest.json` says how far the file
    is good. Started again with the same input, reader and settings, work goes on from there, and a finished file is
    not made again. The finished file takes its name at the end, so a file under that name is always whole.

    Args:
        path: Where the opinions go; its folder exists.
        records: As for `extract`; they may come from a stream larger than memory.
        reader: As for `extract`.
        input_hash: Stands for the records (`fingerprint`). None computes it from a list or tuple, and switches
            resuming off for anything that can be gone through only once.
        resume: False begins afresh.
        total: As for `extract`.
        chunk_sentences: Sentences after which a chunk is closed; fewer for a slow reader, so that a kill loses little.
        progress: As for `extract`.
        say: Called with one sentence when work goes on from, or cannot go on from, an earlier run.

    Returns:
        The last checkpoint, with the counts. The opinions are in the file.

    Raises:
        ModelBrokenError: As for `extract`.
        OSError: The file cannot be written. What was written stays, and is used next time.
    """
    if input_hash is None and isinstance(records, Sequence):
        input_hash = fingerprint(records)[0]
    checkpoint = Checkpoint.open(
        path,
        {"input": input_hash or "", "reader": f"{reader.name} {reader.hash}", "settings": _settings(chunk_sentences)},
        resume=resume and input_hash is not None,
        say=say,
    )
    if checkpoint.done:
        return checkpoint
    stream = iter(records)
    for _ in range(checkpoint.records):
        next(stream, None)
    with checkpoint.appending() as add:
        for part in extract_chunks(
            stream,
            reader=reader,
            done=checkpoint.records,
            total=total,
            chunk_sentences=chunk_sentences,
            progress=progress,
        ):
            add(part.opinions, part.failures, part.records, part.sentences)
    checkpoint.finish()
    return checkpoint


def fingerprint(records: Iterable[Record | Failure]) -> tuple[str, int]:
    """Hash what the reader will see of the records, and count them: the key to resuming, and the total."""
    digest, count = hashlib.sha256(), 0
    for record in records:
        if isinstance(record, Record):
            count += 1
            turns = [(turn.role, turn.start, turn.end) for turn in record.turns]
            digest.update(repr((record.id, record.text, turns, record.language)).encode())
    return digest.hexdigest(), count


def _settings(chunk_sentences: int) -> str:
    return f"gistill {version('gistill')}, chunk {CHUNK_RECORDS}/{chunk_sentences}, batch {BATCH}, words {MAX_WORDS}"


_Chunk = list[tuple[Record, list[Span], str]]  # the name of what is wrong where nothing can be read


def _chunks(records: Iterable[Record], chunk_sentences: int, languages: Collection[str]) -> Iterator[_Chunk]:
    chunk: _Chunk = []
    size = 0
    for record in records:
        parts = customer_spans(record)
        sentences = [
            Span(start=part.start + span.start, end=part.start + span.end)
            for part in parts
            for span in split(record.text[part.start : part.end], record.language)
        ]
        wrong = _why_unread(record, parts, languages) or ("" if sentences else "nothing_to_read")
        sentences = [] if wrong else sentences
        chunk.append((record, sentences, wrong))
        size += len(sentences)
        if len(chunk) >= CHUNK_RECORDS or size >= chunk_sentences:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _read_chunk(
    chunk: _Chunk, reader: SentenceReader, tick: Callable[[float], None]
) -> tuple[list[Opinion], list[Failure]]:
    answers = _read_once((record.text[s.start : s.end] for record, spans, _ in chunk for s in spans), reader, tick)
    opinions: list[Opinion] = []
    failures: list[Failure] = []
    for record, spans, wrong in chunk:
        if wrong:
            failures.append(Failure(kind=wrong, record=record.id, row=record.row))
        number = 0
        for sentence in spans:
            answered = answers[record.text[sentence.start : sentence.end]]
            failed = (reading for reading in answered if isinstance(reading, Failure))
            failures += (failure.model_copy(update={"record": record.id, "row": record.row}) for failure in failed)
            readings = (reading for reading in answered if not isinstance(reading, Failure))
            for reading in sorted(readings, key=_place):
                made = _opinion(record, sentence, number, reading)
                if isinstance(made, Opinion):
                    opinions.append(made)
                    number += 1
                else:
                    failures.append(made)
    return opinions, failures


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
    """Read each different sentence once, the short ones together, so that batches carry little padding."""
    different = sorted(dict.fromkeys(sentences), key=len)
    answers: dict[str, Sequence[Reading | Failure]] = {}
    for start in range(0, len(different), BATCH):
        batch = different[start : start + BATCH]
        readings = reader.read(batch)
        if len(readings) != len(batch):
            raise ModelBrokenError(f"the reader {reader.name} answered {len(readings)} of {len(batch)} sentences")
        answers.update(zip(batch, readings, strict=True))
        tick(len(answers) / len(different))
    return answers


def _place(reading: Reading) -> tuple[tuple[int, int], tuple[int, int], str]:
    """Order opinions by where their first words stand; those without words of their own come first."""
    aspect, opinion = reading.aspect or (-1, -1), reading.opinion or (-1, -1)
    first, second = sorted((aspect, opinion))
    return (second, first, reading.polarity) if first == (-1, -1) else (first, second, reading.polarity)


def _opinion(record: Record, sentence: Span, number: int, reading: Reading) -> Opinion | Failure:
    """Anchor one answer in the record, or say by name why it is none: a model's answer is wrong until checked."""
    length = sentence.end - sentence.start
    for span in (reading.aspect, reading.opinion):
        if span is not None and not 0 <= span[0] < span[1] <= length:
            detail = f"span {tuple(span)} in a sentence of {length} characters"
            return Failure(kind="unanchored", record=record.id, row=record.row, detail=detail)
    confidence = None if reading.confidence is None else float(reading.confidence)
    if reading.polarity not in get_args(Polarity) or not (confidence is None or 0 <= confidence <= 1):
        detail = f"polarity {reading.polarity!r}, confidence {confidence}"
        return Failure(kind="malformed", record=record.id, row=record.row, detail=detail)
    return Opinion(
        id=f"{record.id}:{number}",
        record=record.id,
        sentence=sentence,
        aspect=_quote(record, sentence, reading.aspect),
        opinion=_quote(record, sentence, reading.opinion),
        polarity=reading.polarity,
        confidence=None if confidence is None else round(confidence, 4),
    )


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
