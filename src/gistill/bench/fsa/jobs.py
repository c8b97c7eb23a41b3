"""One system on one set: what decides its answers, how it is asked, and what an answer says."""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from gistill.bench.answers import digest
from gistill.bench.asking import failure_of, writer_job
from gistill.bench.benchmark import Job, Settings
from gistill.bench.fsa.sets import BenchSet
from gistill.bench.models import Models, engines
from gistill.bench.shots import draw, nearest
from gistill.bench.systems import SUMMARIZERS, Member
from gistill.corpora.tuples import Example
from gistill.errors import InputError
from gistill.files import hash_bytes
from gistill.lm import Request
from gistill.reader import Reading
from gistill.schema import ELEMENTS, Failure, OpinionTuple, Polarity, SentimentTask, TupleAnswer
from gistill.skills.opinions import OpinionsInput, parse, render, vote
from gistill.skills.opinions import orders as element_orders
from gistill.text import places

SHARE = 0.5  # of the orders that must give a tuple
_MOST_ILLEGAL = 10_000  # lines of one answer in a file


def job(member: Member, on: BenchSet, models: Models, settings: Settings) -> Job:
    """Prepare a system for a set; nothing is loaded and nothing asked.

    Args:
        member: One that can do the set's task (`why_not`).
        on: The set.
        models: What brings the models.
        settings: The longest answer of a writer, and how many orders of elements a vote is taken over.

    Raises:
        ModelMissingError: There is no such model.
        InputError: A file of answers is not there, is not in the format or lacks some texts.
        SettingError: More examples are to be shown than there are.
    """
    if member.kind == "majority":
        return _majority_job(on)
    if member.kind in ("answers", "lexicon"):
        return _answers_job(Path(member.path or ""), on)
    if member.kind == "reader":
        return _reader_job(member.path, on, models)
    return _writer_job(member, on, models, settings)


def why_not(member: Member, on: BenchSet) -> str:
    """Say why a system cannot do a set's task; empty where it can."""
    if member.kind in SUMMARIZERS:
        return f"{member.kind} writes summaries, no opinions"
    if member.kind == "lexicon" and member.path is None:
        return "its answers are made by benchmarks/baselines.py lexicon and given as lexicon:FILE"
    if member.kind in ("reader", "lexicon") and "category" in ELEMENTS[on.task]:
        return f"a {member.kind} names no categories"
    return ""


def _writer_job(member: Member, on: BenchSet, models: Models, settings: Settings) -> Job:
    questions = _questions(member, on, settings.orders if member.kind == "vote" else 1)
    requests = [
        [Request(messages=render(asked), max_tokens=settings.max_tokens) for asked in text] for text in questions
    ]
    # A category that only the scored texts have is not shown, but who names it is not wrong.
    scored = {t.category for example in on.examples for t in example.tuples if t.category}
    known = frozenset({*on.categories, *scored}) if "category" in ELEMENTS[on.task] else None

    def read(i: int, reply: Any) -> TupleAnswer:
        return elect([_answer(kept, asked, known) for kept, asked in zip(reply, questions[i], strict=True)])

    # Long prompts that begin alike are worth keeping; else the last bit shall not depend on what was asked before.
    return writer_job(member, on.hash, requests, models, read, prefix_cache=member.kind == "few-shot")


def _questions(member: Member, on: BenchSet, orders: int) -> list[list[OpinionsInput]]:
    """Give what is asked about each text: one question for each order of elements."""
    texts = [example.text for example in on.examples]
    shown: Sequence[Sequence[Example]] = [[]] * len(texts)
    if member.kind == "few-shot":
        shown = [draw(on.training, member.shots, seed=member.seed)] * len(texts)
    elif member.kind == "nearest":
        shown = nearest(on.training, texts, member.shots)
    untrained = member.kind in ("zero-shot", "few-shot", "nearest")
    categories = on.categories if untrained and on.categories else None
    return [
        [
            OpinionsInput(text, on.task, order, categories, tuple((e.text, e.tuples) for e in examples))
            for order in element_orders(on.task, orders)
        ]
        for text, examples in zip(texts, shown, strict=True)
    ]


def _answer(kept: dict[str, str], asked: OpinionsInput, known: frozenset[str] | None) -> TupleAnswer:
    if failure := failure_of(kept):
        return TupleAnswer((), (failure,))
    return parse(kept["text"], asked, categories=known, complete=kept["stop"] == "end")


def elect(answers: Sequence[TupleAnswer]) -> TupleAnswer:
    """Give the one answer as it is, and of several what half of them say.

    Illegal lines cannot vote for the same thing, so as many of them stay as could have won: a model does not get rid
    of its mistakes by being asked more often.
    """
    if len(answers) == 1:
        return answers[0]
    needed = math.ceil(len(answers) * SHARE)
    failures = [failure for answer in answers for failure in answer.failures]
    return TupleAnswer(vote([a.tuples for a in answers], share=SHARE), tuple(failures[: len(failures) // needed]))


def _reader_job(path: str | None, on: BenchSet, models: Models) -> Job:
    texts = [example.text for example in on.examples]
    decided_by = {
        "set": on.hash,
        "weights": models.hash("reader", path),
        "engines": engines("reader"),
        "implicit_aspects": on.implicit_aspects,
    }

    def ask(start: int, end: int) -> tuple[list[Any], float]:
        reader = models.reader(path)
        began = time.perf_counter()
        read = reader.read(texts[start:end])
        seconds = time.perf_counter() - began
        kept = [
            as_tuples(found, text, on.task, implicit_aspects=on.implicit_aspects)
            for found, text in zip(read, texts[start:end], strict=True)
        ]
        return [[list(t) for t in tuples] for tuples in kept], seconds

    return Job(decided_by, ask, _read_tuples)


def as_tuples(
    found: Sequence[Reading], text: str, task: SentimentTask, *, implicit_aspects: bool = True
) -> tuple[OpinionTuple, ...]:
    """Give a reader's opinions as the tuples of a task.

    Args:
        found: What it read in the text.
        text: The text.
        task: "tsa" wants each aspect once: an aspect with several opinions has the polarity of the surest, and that of
            an unmeasured one where none was measured.
        implicit_aspects: False leaves out opinions about nothing named, for a guideline that does not know them.

    Returns:
        The tuples, equal ones once, in the order of the readings.
    """

    def words(extent: tuple[int, int] | None) -> str | None:
        return " ".join(text[extent[0] : extent[1]].split()) if extent else None

    wanted = ELEMENTS[task]
    if "opinion" not in wanted:
        surest = {r.aspect: r for r in sorted(found, key=lambda r: -1.0 if r.confidence is None else r.confidence)}
        found = [r for r in found if surest[r.aspect] is r]
    return tuple(
        dict.fromkeys(
            OpinionTuple(
                words(r.aspect),
                None,
                words(r.opinion) if "opinion" in wanted else None,
                r.polarity if "polarity" in wanted else None,
            )
            for r in found
            if implicit_aspects or r.aspect
        )
    )


def _majority_job(on: BenchSet) -> Job:
    times = Counter(t for example in on.training for t in example.tuples)
    ranked = [t for t, _ in times.most_common()]

    def fits(found: OpinionTuple, text: str) -> bool:
        return all(places(words, text) for words in (found.aspect, found.opinion) if words)

    def ask(start: int, end: int) -> tuple[list[Any], float]:
        began = time.perf_counter()
        first = [next((t for t in ranked if fits(t, e.text)), None) for e in on.examples[start:end]]
        return [[list(t)] if t else [] for t in first], time.perf_counter() - began

    return Job({"set": on.hash, "ranked": digest(ranked)}, ask, _read_tuples)


def _answers_job(file: Path, on: BenchSet) -> Job:
    """Take the answers from a file of JSON lines: text, task, tuples and how many lines were illegal."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {(error.strerror or str(error)).lower()}", file=str(file)) from error
    known: dict[tuple[str, str], list[Any]] = {}
    for number, line in enumerate(data.decode("utf-8", "replace").split("\n"), 1):
        if line.strip():
            text, task, reply = _line_of(line, file, number)
            known[text, task] = reply
    replies = [known.get((example.text, on.task)) for example in on.examples]
    if None in replies:
        raise InputError(
            f"has no answer to {replies.count(None)} of the {len(replies)} texts of {on.name}", file=str(file)
        )

    def ask(start: int, end: int) -> tuple[list[Any], float]:
        return replies[start:end], 0.0

    return Job({"set": on.hash, "file": hash_bytes(data)[:16]}, ask, _read_tuples)


def _line_of(line: str, file: Path, number: int) -> tuple[str, str, list[Any]]:
    try:
        row = json.loads(line)
        text, task, tuples, illegal = str(row["text"]), str(row["task"]), row["tuples"], int(row.get("illegal", 0))
        found = [OpinionTuple(*(t[element] for element in OpinionTuple._fields)) for t in tuples]
        if not 0 <= illegal <= _MOST_ILLEGAL:
            raise ValueError(f"{illegal} illegal lines")
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"not an answer ({error})",
            file=str(file),
            row=number,
            hint='A line is {"text", "task", "tuples": [{"aspect", "category", "opinion", "polarity"}], "illegal"}.',
        ) from error
    strange = [t for t in found if not all(part is None or isinstance(part, str) for part in t)]
    return (
        " ".join(text.split()),
        task,
        [list(t) for t in found if t not in strange] + [None] * (illegal + len(strange)),
    )


def _read_tuples(_: int, reply: Any) -> TupleAnswer:
    """Read tuples that no writer wrote; None stands for an illegal prediction."""
    tuples = [OpinionTuple(*t) for t in reply if t is not None]
    legal = [t for t in tuples if t.polarity is None or t.polarity in get_args(Polarity)]
    illegal = len(reply) - len(legal)
    return TupleAnswer(tuple(dict.fromkeys(legal)), (Failure(kind="illegal"),) * illegal)
