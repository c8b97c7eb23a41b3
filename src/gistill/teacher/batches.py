"""Batch files of OpenAI's kind, also for `vllm run-batch`: requests written today, answers read tomorrow at less cost.

The walk: ask through a `CollectingModel` in the place of the server's, write what it collected, let the provider work,
read what comes back into the journal, and run the same command again: every answer is then a hit.

The files hold the very bytes that will leave, so they must come from below the privacy gate, as everything else that
leaves: `PrivateModel(CollectingModel(...))` collects redacted requests.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gistill.errors import InputError, SettingError
from gistill.files import replacing
from gistill.lm.seam import Completion, Request, failed
from gistill.teacher.chat_api import Answer, CallError, Usage, chat_body, read_answer, read_error
from gistill.teacher.journal import Journal, Outcome, request_key
from gistill.teacher.prices import Prices

MOST_REQUESTS = 50_000  # in a file, as OpenAI takes it
MOST_BYTES = 200 * 10**6
_COUNTS = ("answered", "already", "failed", "missing", "duplicates", "unknown", "broken")


class CollectingModel:
    """Answers from the journal, and keeps what it cannot answer, to be written as a batch.

    Args:
        model: The server's name for the model that will answer; part of each request's key.
        journal: Where answers may already be; None holds none.

    Attributes:
        requests: What was asked and is not in the journal, in order; equal requests once.
    """

    def __init__(self, model: str, *, journal: Journal | None = None) -> None:
        self.name, self.hash = model, f"remote:{model}"
        self.journal = journal
        self._collected: dict[str, Request] = {}

    @property
    def requests(self) -> list[Request]:
        """What is to be written."""
        return list(self._collected.values())

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        """Answer what the journal answers; the others fail as `waiting`."""
        answers = _from_journal(self.name, requests, self.journal)
        for request, answer in zip(requests, answers, strict=True):
            if answer is None:
                _keep_longest(self._collected, request_key(self.name, request), request)
        return [answer or failed("waiting", "to be asked in a batch") for answer in answers]


@dataclass(frozen=True)
class BatchModel:
    """The model that a batch is for, and how requests to it are written.

    Attributes:
        name: The server's name for the model.
        server: The provider's address, as `https://api.openai.com/v1`: whose price list counts. May be empty.
        continues: See `remote.Manner`. `request_schema` likewise.
    """

    name: str
    server: str = ""
    continues: bool = False
    request_schema: bool = True

    @property
    def booked_as(self) -> str:
        """The address in the journal, apart from those of live calls."""
        return f"batch:{self.server}"

    def body(self, request: Request) -> bytes:
        """Write a request as the bytes that will leave."""
        without = frozenset() if self.request_schema else frozenset({"response_format"})
        body = chat_body(self.name, request, continues=self.continues, without=without)
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True)
class BatchRead:
    """What came back.

    Attributes:
        completions: One for each request, in order. What has not come back failed as `missing`.
        counts: answered, already (in the journal before), failed, and missing of the distinct requests. Left aside:
            duplicates (a second answer to the same request), unknown (to nothing we asked) and broken (no lines). An
            answer to none of `requests` that the journal has nevertheless counts as `already`, too.
    """

    completions: list[Completion]
    counts: dict[str, int]


def write_batch(
    requests: Sequence[Request],
    folder: Path,
    *,
    model: BatchModel,
    url: str = "/v1/chat/completions",
    journal: Journal | None = None,
    most_requests: int = MOST_REQUESTS,
    most_bytes: int = MOST_BYTES,
) -> list[Path]:
    """Write requests as batch files, with the journal's key as each `custom_id`.

    Args:
        requests: As they may leave (see above). Of equal ones that differ in `max_tokens` the longest is written.
        folder: A new or empty one.
        model: Who will answer.
        url: What each line asks for.
        journal: What it answers is not written. All that is written stands in it as an open attempt, bytes and all,
            until the answer has been read: for the audit, and because nobody knows whether you send the files.
        most_requests: In one file.
        most_bytes: In one file.

    Returns:
        The files, in order; none where everything is answered.

    Raises:
        SettingError: The folder holds something, or one request alone is larger than a file may be.
    """
    if folder.exists() and any(folder.iterdir()):
        raise SettingError(f"{folder} is not empty", hint="Give each batch a folder of its own.")
    chosen: dict[str, Request] = {}
    for request, answer in zip(requests, _from_journal(model.name, requests, journal), strict=True):
        if answer is None:
            _keep_longest(chosen, request_key(model.name, request), request)
    bodies = {key: model.body(request) for key, request in chosen.items()}
    parts = list(_parts(_lines_of(bodies, url), most_requests, most_bytes))
    if journal is not None:  # before anything is there to be sent
        for key, body in bodies.items():
            journal.begin(key, model=model.name, url=model.booked_as, max_tokens=chosen[key].max_tokens, body=body)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"batch-{number:04}.jsonl" for number in range(1, len(parts) + 1)]
    for path, part in zip(paths, parts, strict=True):
        _write(path, part)
    return paths


def read_batch(
    paths: Sequence[Path],
    journal: Journal | None,
    requests: Sequence[Request],
    *,
    model: BatchModel,
    prices: Prices | None = None,
    price_share: float = 1.0,
) -> BatchRead:
    """Read what came back from a batch, output and error files in any order, into answers and into the journal.

    It can be read as often as you like, in parts and again: what came back is booked once.

    Args:
        paths: The files that the provider gave back.
        journal: Where the answers are kept for the runs that need them; None keeps nothing.
        requests: What was asked, as it was written.
        model: The same as when it was written.
        prices: See `Prices`; None asks the table of genai-prices alone.
        price_share: What a batch costs of the list price. 1 is the list price; give 0.5 where your provider says so.

    Raises:
        InputError: A file cannot be read.
        SettingError: `price_share` is not in [0, 1].
    """
    if not 0 <= price_share <= 1:
        raise SettingError(f"a price share of {price_share:g} makes no sense", hint="Half of the list price is 0.5.")
    asked: dict[str, Request] = {}
    for request in requests:
        _keep_longest(asked, request_key(model.name, request), request)
    counts = Counter(dict.fromkeys(_COUNTS, 0))
    before = _from_journal(model.name, list(asked.values()), journal)
    known = {key: answer for key, answer in zip(asked, before, strict=True) if answer is not None}
    answers, errors = _returned(paths, asked, journal, counts)
    book = _Book(journal, model, prices or Prices(), price_share)
    found: dict[str, Completion] = {}
    for key, request in asked.items():
        if key in known:
            found[key] = known[key]
            counts["already"] += 1
        elif key in answers:
            found[key] = book.answer(key, request, answers[key])
            counts["answered"] += 1
        elif key in errors:
            found[key] = book.failure(key, request, errors[key])
            counts["failed"] += 1
        else:
            found[key] = failed("missing", "it has not come back")
            counts["missing"] += 1
    return BatchRead([found[request_key(model.name, request)] for request in requests], dict(counts))


def _returned(
    paths: Sequence[Path], asked: dict[str, Request], journal: Journal | None, counts: Counter[str]
) -> tuple[dict[str, Answer], dict[str, CallError]]:
    """Read all files; of several answers to a request the first counts, and an answer before any error."""
    answers: dict[str, Answer] = {}
    errors: dict[str, CallError] = {}
    unasked: list[str] = []
    for told in _lines(paths, counts):
        key = told.get("custom_id")
        if not isinstance(key, str) or key not in asked:
            unasked.append(str(key))
            continue
        try:
            answer = _answer(told, asked[key])
        except CallError as error:
            error.detail = f"{error.detail} [{told.get('id')}]"  # the same line read again is the same failure
            errors.setdefault(key, error)
            continue
        counts["duplicates"] += key in answers
        answers.setdefault(key, answer)
    read_before = journal.find_many([(key, 1) for key in unasked]) if journal is not None else []
    counts["already"] += sum(kept is not None for kept in read_before)
    counts["unknown"] += len(unasked) - sum(kept is not None for kept in read_before)
    return answers, errors


def _lines(paths: Sequence[Path], counts: Counter[str]) -> Iterator[dict[str, Any]]:
    for path in paths:
        try:
            with path.open("rb") as file:
                for line in file:
                    if not line.strip():
                        continue
                    try:
                        told = json.loads(line)
                    except (ValueError, RecursionError):  # the last line of a download that broke off, as a rule
                        told = None
                    if isinstance(told, dict):
                        yield told
                    else:
                        counts["broken"] += 1
        except OSError as error:
            raise InputError((error.strerror or str(error)).lower(), file=str(path)) from error


def _answer(told: dict[str, Any], request: Request) -> Answer:
    """Read one line.

    Raises:
        CallError: It tells of a failure.
    """
    response, error = told.get("response"), told.get("error")
    response = response if isinstance(response, dict) else {}
    status = response.get("status_code")
    if status == 200 and not error:
        return read_answer(json.dumps(response.get("body")).encode(), request)
    if isinstance(status, int) and 400 <= status < 600:
        raise read_error(status, response.get("body") or {"error": error}, {})
    about = error if isinstance(error, dict) else {"message": error or "no reason given"}
    raise CallError(str(about.get("code") or "not_answered"), str(about.get("message") or about), paid=False)


class _Book:
    """Writes what came back into the journal, once."""

    def __init__(self, journal: Journal | None, model: BatchModel, prices: Prices, share: float) -> None:
        self._journal, self._model, self._prices, self._share = journal, model, prices, share
        self._open: dict[str, int] = {}
        self._failed: set[tuple[str, str]] = set()
        if journal is not None:
            # newest first, so that the oldest of several attempts at the same request is the one that is left
            opened = "SELECT key, id FROM attempts WHERE outcome = 'open' AND url = ? ORDER BY id DESC"
            self._open = dict(journal.rows(opened, (model.booked_as,)))
            failures = "SELECT key, detail FROM attempts WHERE outcome = 'failed' AND url = ?"
            self._failed = {(key, detail) for key, detail in journal.rows(failures, (model.booked_as,))}

    def answer(self, key: str, request: Request, answer: Answer) -> Completion:
        usage = answer.usage
        price, source = self._price(usage)
        outcome = Outcome(
            0.0, "ok", 200, usage.prompt, usage.completion, usage.cached, price, source,
            text=answer.text, stop=answer.stop,
        )  # fmt: skip
        self._write(key, request, outcome)
        return Completion(
            text=answer.text,
            prompt_tokens=usage.prompt,
            completion_tokens=usage.completion,
            stop=answer.stop,
            key=key if self._journal is not None else "",
        )

    def failure(self, key: str, request: Request, error: CallError) -> Completion:
        usage = error.usage
        price, source = self._price(usage) if error.paid else (0.0, "refused")
        outcome = Outcome(
            0.0, "failed", error.status, usage.prompt, usage.completion, usage.cached, price, source,
            error=error.kind, detail=error.detail,
        )  # fmt: skip
        if (key, error.detail) not in self._failed:
            self._write(key, request, outcome)
        return failed(error.kind, error.detail)

    def _price(self, usage: Usage) -> tuple[float | None, str]:
        model = self._model
        price, source = self._prices.of(model.name, model.server, usage.prompt, usage.completion, usage.cached)
        if price is None or self._share == 1:
            return price, source
        return price * self._share, f"{source} x {self._share:g} (batch)"

    def _write(self, key: str, request: Request, outcome: Outcome) -> None:
        if self._journal is None:
            return
        attempt = self._open.pop(key, None)
        if attempt is None:
            attempt = self._journal.begin(
                key,
                model=self._model.name,
                url=self._model.booked_as,
                max_tokens=request.max_tokens,
                body=self._model.body(request),
            )
        self._journal.finish(attempt, outcome)


def _from_journal(model: str, requests: Sequence[Request], journal: Journal | None) -> list[Completion | None]:
    if journal is None:
        return [None] * len(requests)
    kept = journal.find_many([(request_key(model, request), request.max_tokens) for request in requests])
    return [
        None
        if one is None
        else Completion(
            text=one.text,
            prompt_tokens=one.prompt_tokens,
            completion_tokens=one.completion_tokens,
            stop=one.stop,
            key=one.key,
        )
        for one in kept
    ]


def _keep_longest(kept: dict[str, Request], key: str, request: Request) -> None:
    if key not in kept or kept[key].max_tokens < request.max_tokens:
        kept[key] = request


def _lines_of(bodies: dict[str, bytes], url: str) -> Iterator[bytes]:
    for key, body in bodies.items():
        head = json.dumps({"custom_id": key, "method": "POST", "url": url}, separators=(",", ":"))
        yield head[:-1].encode() + b',"body":' + body + b"}\n"


def _parts(lines: Iterator[bytes], most_requests: int, most_bytes: int) -> Iterator[list[bytes]]:
    part: list[bytes] = []
    size = 0
    for line in lines:
        if len(line) > most_bytes:
            raise SettingError(f"one request has {len(line):,} bytes, and a file may have {most_bytes:,}")
        if part and (len(part) >= most_requests or size + len(line) > most_bytes):
            yield part
            part, size = [], 0
        part.append(line)
        size += len(line)
    if part:
        yield part


def _write(path: Path, lines: Sequence[bytes]) -> None:
    """Write a file in whole or not at all, readable by its owner alone: it holds what people wrote."""
    with replacing(path, private=True) as file:
        file.writelines(lines)
