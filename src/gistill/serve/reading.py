"""One reader for many requests at once: what waits is read together, so that many small requests cost one call."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from gistill.digest.extract import BATCH
from gistill.reader import ReadersByLanguage
from gistill.serve.batching import Batcher
from gistill.serve.limits import still_wanted
from gistill.serve.openai.bodies import BodyError
from gistill.serve.openai.streaming import Asked

if TYPE_CHECKING:
    from gistill.digest.extract import SentenceReader
    from gistill.lm.seam import Completion, LanguageModel, Request

_Answers = Sequence[Sequence[Any]]  # readings and failures, a list for each sentence


class SharedReader:
    """A reader that several threads may ask; it answers in one thread, all that wait together.

    Args:
        reader: One that reads some languages; see `shared` for several.
        together: Whether to; False asks it one request at a time, to compare with.
    """

    def __init__(self, reader: SentenceReader, *, together: bool = True) -> None:
        self.name, self.hash = reader.name, reader.hash
        self.languages: tuple[str, ...] = tuple(getattr(reader, "languages", ()))
        most = 16 if together else 1
        self._batcher: Batcher[tuple[str, ...], _Answers] = Batcher(
            partial(_read_together, reader), most=most, gather=0.002 if together else 0.0, waiting=1024
        )

    def read(self, sentences: Sequence[str]) -> Any:
        """Read sentences; see `Reader.read`.

        Raises:
            BodyError: Nobody waits for the answer any longer, or too many do.
        """
        still_wanted()
        future = self._batcher.ask(tuple(sentences))
        if future is None:
            raise BodyError("Too many requests are waiting. Try again later.", status=429, code="rate_limited")
        return future.result()

    @property
    def waiting(self) -> int:
        """How many calls wait."""
        return self._batcher.waiting

    def close(self, seconds: float) -> None:
        """Answer what waits, and end."""
        self._batcher.close(seconds)


def shared(reader: SentenceReader, *, together: bool = True) -> tuple[SentenceReader, list[SharedReader]]:
    """Let many threads ask a reader, or each of several by language.

    Returns:
        What answers as `reader` does, and what has to be closed.
    """
    if isinstance(reader, ReadersByLanguage):
        all_of = [SharedReader(one, together=together) for one in reader.readers]
        return ReadersByLanguage(all_of), all_of
    alone = SharedReader(reader, together=together)
    return alone, [alone]


class SharedModel:
    """A language model that several threads may ask; it answers in one thread, all that wait together.

    Args:
        model: Answers.
        batcher: Asks it.
    """

    def __init__(self, model: LanguageModel, batcher: Batcher[Asked, Completion]) -> None:
        self.name, self.hash, self._batcher = model.name, model.hash, batcher

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        """Answer every request; see `LanguageModel.complete`.

        Raises:
            BodyError: As `SharedReader.read`.
        """
        still_wanted()
        futures = [self._batcher.ask(Asked(request)) for request in requests]
        if any(future is None for future in futures):
            for future in futures:
                if future is not None:
                    future.cancel()
            raise BodyError("Too many requests are waiting. Try again later.", status=429, code="rate_limited")
        answers = []
        for future in futures:
            assert future is not None
            answers.append(future.result())
            still_wanted()
        return answers


def _read_together(reader: SentenceReader, asked: Sequence[tuple[str, ...]]) -> list[_Answers]:
    """Read each different sentence once, the short ones together, as `extract` does within a request."""
    if len(asked) == 1:
        return [reader.read(asked[0])]
    different = sorted(dict.fromkeys(sentence for sentences in asked for sentence in sentences), key=len)
    answers: dict[str, Sequence[Any]] = {}
    for start in range(0, len(different), BATCH):
        batch = different[start : start + BATCH]
        answers.update(zip(batch, reader.read(batch), strict=True))
    return [[answers[sentence] for sentence in sentences] for sentences in asked]
